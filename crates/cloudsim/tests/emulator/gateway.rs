//! How requests find their service, and what they get when they do not fit.

use serde_json::{Value, json};

use super::client::*;

#[test]
fn origin_form_and_absolute_form_are_both_served() {
    let emulator = Emulator::start();
    for form in [Form::Origin, Form::Absolute] {
        let wire = rpc(&emulator.key, STS, "GetCallerIdentity", &[]);
        let reply = wire.send(emulator.address(), form).unwrap();
        assert_eq!(reply.body_json()["AccountId"], ACCOUNT);
    }
}

#[test]
fn own_address_serves_rpc_by_version() {
    let emulator = Emulator::start();
    let wire = Wire::new("POST", &emulator.address().to_string(), "/", Vec::new());
    let wire = sign_rpc(wire, &emulator.key, "GetCallerIdentity", "2015-04-01", jiff::Timestamp::now());
    let reply = wire.send(emulator.address(), Form::Origin).unwrap();
    assert_eq!(reply.body_json()["Arn"], format!("acs:ram::{ACCOUNT}:root"));
}

#[test]
fn name_below_a_domain_is_a_project_in_the_region_that_is_signed_for() {
    let emulator = Emulator::start_as(&["Sim.test"]);
    let body = json!({"projectName": "my-proj", "description": ""}).to_string().into_bytes();
    for (host, region) in [("my-proj.sim.test", "cn-shanghai"), ("my-proj.localhost", "cn-beijing")] {
        let wire = Wire::new("POST", host, "/", body.clone());
        let wire = sign_sls(wire, &emulator.key, region, jiff::Timestamp::now());
        assert_eq!(emulator.send(&wire).status, 200, "{host}");
        let projects = emulator.account()["projects"].clone();
        assert!(projects.as_array().unwrap().iter().any(|project| project["region"] == region), "{projects}");
    }
}

#[test]
fn control_api_is_reached_by_the_domain_through_a_proxy() {
    let emulator = Emulator::start_as(&["sim.test"]);
    assert_eq!(emulator.send(&Wire::new("GET", "sim.test", "/_sim/health", Vec::new())).status, 200);
    assert_eq!(emulator.send(&Wire::new("GET", "other.test", "/_sim/health", Vec::new())).status, 502);
}

#[test]
fn get_is_as_good_as_post() {
    let emulator = Emulator::start();
    let wire = Wire::new("GET", STS, "/", Vec::new());
    let wire = sign_rpc(wire, &emulator.key, "GetCallerIdentity", "2015-04-01", jiff::Timestamp::now());
    assert_eq!(emulator.send(&wire).status, 200);
}

#[test]
fn unknown_region_does_not_resolve() {
    let emulator = Emulator::start();
    let wire = rpc(&emulator.key, "actiontrail.cn-atlantis.aliyuncs.com", "DescribeInnerTrails", &[]);
    let reply = emulator.send(&wire);
    assert_eq!(reply.status, 502);
    assert!(reply.text().contains("actiontrail.cn-atlantis.aliyuncs.com"), "{}", reply.text());
}

#[test]
fn host_outside_the_cloud_does_not_resolve() {
    let emulator = Emulator::start();
    assert_eq!(emulator.send(&Wire::new("GET", "example.org", "/", Vec::new())).status, 502);
}

#[test]
fn control_api_does_not_answer_under_a_cloud_host() {
    let emulator = Emulator::start();
    let reply = emulator.send(&Wire::new("GET", RAM, "/_sim/state", Vec::new()));
    assert_refused(&reply, 400, "MissingAccessKeyId");
}

#[test]
fn unknown_rpc_operation_is_refused_as_the_gateway_does() {
    let emulator = Emulator::start();
    let reply = emulator.rpc(ACTIONTRAIL, "CreateDeliveryHistoryJob", &[]);
    assert_refused(&reply, 404, "InvalidAction.NotFound");
    assert_eq!(reply.body_json()["HostId"], ACTIONTRAIL);
}

#[test]
fn unknown_log_service_operation_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    assert_refused(
        &emulator.sls("my-proj", "GET", "/machinegroups/none", &Value::Null),
        405,
        "InvalidMethod",
    );
}

#[test]
fn operation_on_a_project_needs_one_in_the_host() {
    let emulator = Emulator::start();
    assert_refused(&emulator.sls("", "GET", "/logstores", &Value::Null), 400, "InvalidHost");
}

#[test]
fn replies_carry_request_id_and_date() {
    let emulator = Emulator::start();
    let rpc = emulator.rpc(STS, "GetCallerIdentity", &[]);
    assert_eq!(
        rpc.header("x-acs-request-id").map(str::to_owned),
        rpc.body_json()["RequestId"].as_str().map(str::to_owned)
    );
    let sls = emulator.sls("", "GET", "/", &Value::Null);
    assert_eq!(sls.header("x-log-requestid").map(str::len), Some(24));
    assert!(sls.header("date").is_some_and(|date| date.ends_with(" GMT")));
}

#[test]
fn date_header_follows_the_clock_of_the_emulator() {
    let emulator = Emulator::start();
    emulator.post("/_sim/clock", &json!({"offsetSeconds": 400 * 86_400}));
    let year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year() + 1;
    let reply = emulator.rpc(STS, "GetCallerIdentity", &[]);
    let date = reply.header("date").unwrap();
    assert!(date.contains(&year.to_string()) || date.contains(&(year + 1).to_string()), "{date}");
}

#[test]
fn repeated_decisive_header_is_refused() {
    let emulator = Emulator::start();
    let mut wire = rpc(&emulator.key, STS, "GetCallerIdentity", &[]);
    wire.header("x-acs-action", "AssumeRole");
    assert!(emulator.send(&wire).status >= 400);
}

#[test]
fn oversized_body_is_refused_by_the_documented_code() {
    let emulator = Emulator::start();
    let wire = unsigned_sls("my-proj", "POST", "/logstores/abc/shards/lb", vec![0; 11 * 1024 * 1024], &[]);
    assert_refused(&emulator.send(&wire), 413, "PostBodyTooLarge");
}

#[test]
fn deeply_nested_body_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let body = "[".repeat(100_000).into_bytes();
    let wire = sls_bytes(&emulator.key, "my-proj", "POST", "/logstores", body, &[]);
    assert_refused(&emulator.send(&wire), 400, "PostBodyInvalid");
}

#[test]
fn body_that_is_not_utf8_is_refused() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let wire = sls_bytes(&emulator.key, "my-proj", "POST", "/logstores", vec![0xff, 0xfe, 0x00], &[]);
    assert_refused(&emulator.send(&wire), 400, "PostBodyInvalid");
}

#[test]
fn odd_targets_do_not_stop_the_server() {
    let emulator = Emulator::start();
    for target in
        ["/%", "/%zz?%=%&&&=", "/logstores/%ff%fe?type=%ff", "/logstores//index", "/?a=1&a=2&a", "/_sim/%00"]
    {
        for host in ["p.cn-hangzhou.log.aliyuncs.com", RAM, "127.0.0.1", "", "..log.aliyuncs.com", "a:b:c"] {
            for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD"] {
                let _any = Wire::new(method, host, target, Vec::new()).send(emulator.address(), Form::Origin);
            }
        }
    }
    assert_eq!(emulator.get("/_sim/health")["status"], "ok");
}

#[test]
fn ram_user_is_refused_what_it_was_not_given_and_told_what() {
    let emulator = Emulator::start();
    let user = emulator.user("reader", &["actiontrail:Describe*", "log:GetProject"]);
    assert_eq!(emulator.send(&rpc(&user, ACTIONTRAIL, "DescribeInnerTrails", &[])).status, 200);
    let reply = emulator.send(&rpc(&user, RAM, "GetRole", &[("RoleName", ROLE)]));
    assert_refused(&reply, 403, "NoPermission");
    assert_eq!(reply.body_json()["AccessDeniedDetail"]["AuthAction"], "ram:GetRole");
    let reply = emulator.send(&rpc(&user, ACTIONTRAIL, "CreateInnerTrail", &[]));
    assert_refused(&reply, 403, "Forbidden.RAM");
    assert!(reply.message().contains("actiontrail:CreateInnerTrail"), "{}", reply.text());
    let reply = emulator.send(&sls(&user, "p12", "POST", "/logstores", &json!({})));
    assert_refused(&reply, 401, "Unauthorized");
    assert!(reply.message().contains("log:CreateLogStore"), "{}", reply.text());
}

#[test]
fn new_permissions_count_at_once() {
    let emulator = Emulator::start();
    let user = emulator.user("reader", &[]);
    let call = || emulator.send(&rpc(&user, RAM, "GetRole", &[("RoleName", ROLE)])).status;
    assert_eq!(call(), 403);
    emulator.act(&json!({"action": "set-user-permissions", "name": "reader", "permissions": ["ram:Get*"]}));
    assert_eq!(call(), 200);
}

#[test]
fn caller_identity_names_user_and_account() {
    let emulator = Emulator::start();
    let user = emulator.user("reader", &[]);
    let body = emulator.send(&rpc(&user, STS, "GetCallerIdentity", &[])).body_json();
    assert_eq!(body["IdentityType"], "RAMUser");
    assert_eq!(body["Arn"], format!("acs:ram::{ACCOUNT}:user/reader"));
}

#[test]
fn target_and_host_that_disagree_are_refused() {
    let emulator = Emulator::start();
    let wire = rpc(&emulator.key, STS, "GetCallerIdentity", &[]);
    let other = Wire { path: format!("http://{RAM}/"), ..wire };
    assert_eq!(other.send(emulator.address(), Form::Origin).unwrap().status, 400);
}
