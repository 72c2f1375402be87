//! What is sent for each operation.

use std::sync::Arc;

use alicloud::{LogQuery, NewInnerTrail, NewLogstore, PolicyType};
use alicloud_sign::{acs3, sls_v4};
use serde_json::{Value, json};

use crate::support::{
    SECRET, Script, TOKEN, as_signed, empty, header, json_body, ok, only, parameters, session,
};

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let format = std::iter::once(("Format", "JSON"));
    let mut pairs: Vec<(String, String)> = expected
        .iter()
        .copied()
        .chain(format)
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    pairs.sort();
    pairs
}

fn done() -> Arc<Script> {
    Script::new([ok(json!({ "RequestId": "R" }))])
}

/// Host, action and version of an RPC request, its parameters, and that it is a signed POST without a body.
fn rpc(script: &Script) -> (String, String, String, Vec<(String, String)>) {
    let request = only(script);
    let signer = as_signed(&request, |signed| {
        let presented = acs3::presented(signed).unwrap();
        acs3::verify(signed, &presented, SECRET).unwrap();
        presented.access_key_id
    });
    assert_eq!(signer, "LTAI-id");
    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/"));
    assert!(request.body().is_empty());
    let text = |name| header(&request, name).to_owned();
    assert_eq!(request.uri().host(), Some(text("host").as_str()));
    (text("host"), text("x-acs-action"), text("x-acs-version"), parameters(&request))
}

/// Method, host, path with query, and body of a Log Service request, and that it is signed.
fn sls(script: &Script) -> (String, String, String, Value) {
    let request = script.sent().pop().unwrap();
    as_signed(&request, |signed| {
        let presented = sls_v4::presented(signed).unwrap();
        assert_eq!((&*presented.region, &*presented.date), ("cn-hangzhou", "20260102"));
        sls_v4::verify(signed, &presented, SECRET).unwrap();
    });
    assert_eq!(header(&request, "x-log-apiversion"), "0.6.0");
    assert_eq!(header(&request, "x-log-bodyrawsize"), request.body().len().to_string());
    let body = if request.body().is_empty() { Value::Null } else { json_body(&request) };
    assert_eq!(header(&request, "content-type"), if body.is_null() { "" } else { "application/json" });
    let target = request.uri().path_and_query().unwrap().to_string();
    (request.method().to_string(), header(&request, "host").to_owned(), target, body)
}

const ACTIONTRAIL: &str = "actiontrail.cn-hangzhou.aliyuncs.com";
const RAM: &str = "ram.aliyuncs.com";
const PROJECT: &str = "my-proj.cn-hangzhou.log.aliyuncs.com";

fn expect_rpc(script: &Script, host: &str, action: &str, version: &str, expected: &[(&str, &str)]) {
    assert_eq!(rpc(script), (host.to_owned(), action.to_owned(), version.to_owned(), pairs(expected)));
}

fn expect_sls(script: &Script, method: &str, target: &str, body: Value) {
    assert_eq!(sls(script), (method.to_owned(), PROJECT.to_owned(), target.to_owned(), body));
}

#[tokio::test]
async fn get_caller_identity_goes_to_the_regional_sts() {
    let script = Script::new([ok(json!({ "AccountId": "1", "Arn": "a", "IdentityType": "Account" }))]);
    session(script.clone()).get_caller_identity().await.unwrap();
    expect_rpc(&script, "sts.cn-hangzhou.aliyuncs.com", "GetCallerIdentity", "2015-04-01", &[]);
}

#[tokio::test]
async fn get_role_goes_to_the_global_ram() {
    let role = json!({ "RoleName": "R", "Arn": "a", "AssumeRolePolicyDocument": "{}" });
    let script = Script::new([ok(json!({ "Role": role }))]);
    session(script.clone()).get_role("R").await.unwrap();
    expect_rpc(&script, RAM, "GetRole", "2015-05-01", &[("RoleName", "R")]);
}

#[tokio::test]
async fn create_role_sends_trust_and_description() {
    let role = json!({ "RoleName": "R", "Arn": "a", "AssumeRolePolicyDocument": "{}" });
    let script = Script::new([ok(json!({ "Role": role }))]);
    session(script.clone()).create_role("R", "{\"a b\":[\"*+~\"]}", "say é").await.unwrap();
    let sent =
        [("RoleName", "R"), ("AssumeRolePolicyDocument", "{\"a b\":[\"*+~\"]}"), ("Description", "say é")];
    expect_rpc(&script, RAM, "CreateRole", "2015-05-01", &sent);
}

#[tokio::test]
async fn update_role_sends_the_new_trust() {
    let script = done();
    session(script.clone()).update_role("R", "{}").await.unwrap();
    let sent = [("RoleName", "R"), ("NewAssumeRolePolicyDocument", "{}")];
    expect_rpc(&script, RAM, "UpdateRole", "2015-05-01", &sent);
}

#[tokio::test]
async fn list_policies_for_role_names_the_role() {
    let script = Script::new([ok(json!({ "Policies": { "Policy": [] } }))]);
    session(script.clone()).list_policies_for_role("R").await.unwrap();
    expect_rpc(&script, RAM, "ListPoliciesForRole", "2015-05-01", &[("RoleName", "R")]);
}

#[tokio::test]
async fn get_policy_names_type_and_policy() {
    let policy =
        json!({ "Policy": { "PolicyName": "P" }, "DefaultPolicyVersion": { "PolicyDocument": "{}" } });
    let script = Script::new([ok(policy)]);
    session(script.clone()).get_policy(PolicyType::System, "P").await.unwrap();
    expect_rpc(&script, RAM, "GetPolicy", "2015-05-01", &[("PolicyType", "System"), ("PolicyName", "P")]);
}

#[tokio::test]
async fn attach_policy_to_role_names_all_three() {
    let script = done();
    session(script.clone()).attach_policy_to_role(PolicyType::Custom, "P", "R").await.unwrap();
    let sent = [("PolicyType", "Custom"), ("PolicyName", "P"), ("RoleName", "R")];
    expect_rpc(&script, RAM, "AttachPolicyToRole", "2015-05-01", &sent);
}

#[tokio::test]
async fn describe_inner_trails_asks_for_all() {
    let script = Script::new([ok(json!({ "TrailList": [] }))]);
    session(script.clone()).describe_inner_trails().await.unwrap();
    expect_rpc(&script, ACTIONTRAIL, "DescribeInnerTrails", "2020-07-06", &[]);
}

fn new_trail(logstore: Option<&str>) -> NewInnerTrail {
    NewInnerTrail {
        name: "main".to_owned(),
        sls_project_arn: "acs:log:cn-hangzhou:1:project/my-proj".to_owned(),
        sls_write_role_arn: "acs:ram::1:role/r".to_owned(),
        sls_logstore: logstore.map(str::to_owned),
    }
}

#[tokio::test]
async fn create_inner_trail_leaves_the_logstore_to_the_service() {
    let script = done();
    session(script.clone()).create_inner_trail(&new_trail(None)).await.unwrap();
    let sent = [
        ("Name", "main"),
        ("SlsProjectArn", "acs:log:cn-hangzhou:1:project/my-proj"),
        ("SlsWriteRoleArn", "acs:ram::1:role/r"),
    ];
    expect_rpc(&script, ACTIONTRAIL, "CreateInnerTrail", "2020-07-06", &sent);
}

#[tokio::test]
async fn create_inner_trail_sends_a_chosen_logstore() {
    let script = done();
    session(script.clone()).create_inner_trail(&new_trail(Some("own"))).await.unwrap();
    assert!(rpc(&script).3.contains(&("SlsLogStore".to_owned(), "own".to_owned())));
}

#[tokio::test]
async fn delete_inner_trail_names_the_trail() {
    let script = done();
    session(script.clone()).delete_inner_trail("main").await.unwrap();
    expect_rpc(&script, ACTIONTRAIL, "DeleteInnerTrail", "2020-07-06", &[("Name", "main")]);
}

#[tokio::test]
async fn get_trail_status_names_the_trail() {
    let script = done();
    session(script.clone()).get_trail_status("main").await.unwrap();
    expect_rpc(&script, ACTIONTRAIL, "GetTrailStatus", "2020-07-06", &[("Name", "main")]);
}

#[tokio::test]
async fn get_project_asks_the_host_of_the_project() {
    let script = Script::new([ok(json!({ "projectName": "my-proj", "region": "r", "status": "Normal" }))]);
    session(script.clone()).get_project("my-proj").await.unwrap();
    expect_sls(&script, "GET", "/", Value::Null);
}

#[tokio::test]
async fn create_project_asks_the_host_of_the_project_to_be() {
    let script = Script::new([empty()]);
    session(script.clone()).create_project("my-proj", "made by a test").await.unwrap();
    let body = json!({ "projectName": "my-proj", "description": "made by a test" });
    expect_sls(&script, "POST", "/", body);
}

#[tokio::test]
async fn get_logstore_encodes_the_name_into_the_path() {
    let script = Script::new([ok(json!({ "logstoreName": "l", "ttl": 30, "shardCount": 2 }))]);
    session(script.clone()).get_logstore("my-proj", "a/../b").await.unwrap();
    expect_sls(&script, "GET", "/logstores/a%2F..%2Fb", Value::Null);
}

#[tokio::test]
async fn create_logstore_sends_name_retention_and_shards() {
    let script = Script::new([empty()]);
    let logstore = NewLogstore { name: "innertrail_main".to_owned(), retention_days: 365, shard_count: 2 };
    session(script.clone()).create_logstore("my-proj", &logstore).await.unwrap();
    let body = json!({ "logstoreName": "innertrail_main", "ttl": 365, "shardCount": 2 });
    expect_sls(&script, "POST", "/logstores", body);
}

#[tokio::test]
async fn a_change_of_retention_sends_every_other_setting_back() {
    let read = json!({
        "logstoreName": "l", "ttl": 30, "shardCount": 2, "enable_tracking": true, "hot_ttl": 7,
        "createTime": 1, "lastModifyTime": 2, "productType": "actiontrail", "resourceQuota": {},
    });
    let script = Script::new([ok(read), empty()]);
    session(script.clone()).update_logstore_retention("my-proj", "l", 90).await.unwrap();
    let body = json!({
        "logstoreName": "l", "ttl": 90, "shardCount": 2, "enable_tracking": true, "hot_ttl": 7,
    });
    expect_sls(&script, "PUT", "/logstores/l", body);
}

#[tokio::test]
async fn get_index_asks_for_the_index_of_the_logstore() {
    let script = Script::new([ok(json!({}))]);
    session(script.clone()).get_index("my-proj", "l").await.unwrap();
    expect_sls(&script, "GET", "/logstores/l/index", Value::Null);
}

#[tokio::test]
async fn create_index_posts_the_document() {
    let script = Script::new([empty()]);
    let index = json!({ "line": { "token": [" "] }, "keys": { "EventID": { "type": "text" } } });
    session(script.clone()).create_index("my-proj", "l", &index).await.unwrap();
    expect_sls(&script, "POST", "/logstores/l/index", index);
}

#[tokio::test]
async fn update_index_sends_unknown_settings_back_and_leaves_out_what_the_service_sets() {
    let script = Script::new([empty()]);
    let index = json!({ "keys": {}, "max_text_len": 4096, "later_setting": [1],
        "index_mode": "v2", "storage": "pg", "lastModifyTime": 3 });
    session(script.clone()).update_index("my-proj", "l", &index).await.unwrap();
    let body = json!({ "keys": {}, "max_text_len": 4096, "later_setting": [1] });
    expect_sls(&script, "PUT", "/logstores/l/index", body);
}

#[tokio::test]
async fn get_logs_posts_the_query_and_accepts_lz4() {
    let script = Script::new([ok(json!({ "meta": { "progress": "Complete" }, "data": [] }))]);
    let query =
        LogQuery { from: 1, to: 2, query: "EventID: x".to_owned(), line: 10, offset: 5, reverse: true };
    let session = session(script.clone());
    session.get_logs("my-proj", "l", &query).await.unwrap();
    let request = only(&script);
    assert_eq!(header(&request, "accept-encoding"), "lz4");
    assert_eq!(request.uri().path(), "/logstores/l/logs");
    let body = json!({ "from": 1, "to": 2, "query": "EventID: x", "topic": "", "line": 10, "offset": 5,
        "reverse": true });
    assert_eq!(json_body(&request), body);
}

#[tokio::test]
async fn get_histograms_asks_the_index_for_a_histogram() {
    let script = Script::new([ok(json!([]))]);
    session(script.clone()).get_histograms("my-proj", "l", 1, 2, "a & b").await.unwrap();
    let target = "/logstores/l/index?type=histogram&from=1&to=2&query=a%20%26%20b&topic=";
    expect_sls(&script, "GET", target, Value::Null);
}

#[tokio::test]
async fn a_call_can_run_as_a_task_of_its_own() {
    let session = session(Script::new([ok(json!({ "TrailList": [] }))]));
    let task = tokio::spawn(async move { session.describe_inner_trails().await });
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn every_call_has_a_nonce_of_its_own() {
    let answer = || ok(json!({ "TrailList": [] }));
    let script = Script::new([answer(), answer()]);
    let session = session(script.clone());
    session.describe_inner_trails().await.unwrap();
    session.describe_inner_trails().await.unwrap();
    let nonces: Vec<String> =
        script.sent().iter().map(|request| header(request, "x-acs-signature-nonce").to_owned()).collect();
    assert_ne!(nonces[0], nonces[1]);
}

#[tokio::test]
async fn a_call_carries_the_time_of_the_clock_in_whole_seconds() {
    let script = Script::new([ok(json!({ "TrailList": [] })), empty()]);
    let session = session(script.clone());
    session.describe_inner_trails().await.unwrap();
    session.create_project("my-proj", "").await.unwrap();
    let sent = script.sent();
    assert_eq!(header(&sent[0], "x-acs-date"), "2026-01-02T03:04:05Z");
    assert_eq!(header(&sent[1], "x-log-date"), "20260102T030405Z");
}

#[tokio::test]
async fn a_temporary_credential_sends_its_token() {
    let script = Script::new([ok(json!({ "TrailList": [] })), empty()]);
    let session = session(script.clone());
    session.describe_inner_trails().await.unwrap();
    session.create_project("my-proj", "").await.unwrap();
    for request in script.sent() {
        assert_eq!(header(&request, "x-acs-security-token"), TOKEN);
    }
}

#[tokio::test]
async fn a_project_name_cannot_choose_another_host() {
    for name in ["evil.example/", "a@b", "a.b", "", "-a", "A", "a:80", "a?b#c", &"a".repeat(64)] {
        let script = Script::new([]);
        let fault = session(script.clone()).get_project(name).await.unwrap_err().fault();
        assert_eq!((fault.kind, script.sent().len()), (alicloud::FaultKind::Invalid, 0), "{name}");
    }
}

#[tokio::test]
async fn a_region_cannot_choose_another_host() {
    let script = Script::new([]);
    let cloud =
        alicloud::Cloud::new(script.clone(), Arc::new(Epoch), Arc::new(alicloud::WireProfile::builtin()));
    let session = cloud.session(crate::support::key(), "x.evil/example");
    assert!(session.describe_inner_trails().await.is_err());
    assert!(session.get_project("my-proj").await.is_err());
    assert!(script.sent().is_empty());
}

#[tokio::test]
async fn a_request_that_is_no_address_is_not_blamed_on_the_access_key() {
    let script = Script::new([]);
    let long = session(script.clone()).create_role("R", &"x".repeat(70_000), "").await.unwrap_err();
    let cloud =
        alicloud::Cloud::new(script.clone(), Arc::new(Epoch), Arc::new(alicloud::WireProfile::builtin()));
    let odd = alicloud::Endpoints::default().with(alicloud::Service::Ram, "not a host");
    let odd = cloud.with_endpoints(odd).session(crate::support::key(), "cn-hangzhou").get_role("R").await;
    for error in [long, odd.unwrap_err()] {
        assert_eq!((error.fault().kind, error.fault().ambiguous), (alicloud::FaultKind::Invalid, false));
    }
    assert!(script.sent().is_empty());
}

struct Epoch;

impl alicloud::Clock for Epoch {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }
}
