//! Policies that are evaluated for users, and the operations on users.

use serde_json::{Value, json};

use super::client::*;

/// A user made through RAM, with a key and these system policies.
fn made(emulator: &Emulator, name: &str, policies: &[(&str, &str)]) -> Key {
    assert_eq!(emulator.rpc(RAM, "CreateUser", &[("UserName", name)]).status, 200);
    for (kind, policy) in policies {
        let attach = [("UserName", name), ("PolicyType", kind), ("PolicyName", policy)];
        let reply = emulator.rpc(RAM, "AttachPolicyToUser", &attach);
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let key = emulator.rpc(RAM, "CreateAccessKey", &[("UserName", name)]).body_json();
    let text = |name: &str| key["AccessKey"][name].as_str().unwrap().to_owned();
    Key { id: text("AccessKeyId"), secret: text("AccessKeySecret"), token: None }
}

fn custom(emulator: &Emulator, name: &str, statements: &Value) {
    let document = json!({"Version": "1", "Statement": statements}).to_string();
    let reply = emulator.rpc(RAM, "CreatePolicy", &[("PolicyName", name), ("PolicyDocument", &document)]);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

fn describe(emulator: &Emulator, key: &Key) -> Reply {
    emulator.send(&rpc(key, ACTIONTRAIL, "DescribeInnerTrails", &[]))
}

#[test]
fn user_without_policies_may_do_nothing() {
    let emulator = Emulator::start();
    let reply = describe(&emulator, &made(&emulator, "ann", &[]));
    assert_refused(&reply, 403, "Forbidden.RAM");
    assert_eq!(reply.body_json()["AccessDeniedDetail"]["AuthAction"], "actiontrail:DescribeInnerTrails");
    assert!(reply.message().contains(&format!("acs:actiontrail:{REGION}:{ACCOUNT}:*")), "{}", reply.text());
}

#[test]
fn read_only_policy_lets_read_and_not_write() {
    let emulator = Emulator::start();
    let key = made(&emulator, "ann", &[("System", "AliyunActionTrailReadOnlyAccess")]);
    assert_eq!(describe(&emulator, &key).status, 200);
    let reply = emulator.send(&rpc(&key, ACTIONTRAIL, "DeleteInnerTrail", &[("Name", "prod-ops")]));
    assert_refused(&reply, 403, "Forbidden.RAM");
}

#[test]
fn administrator_may_do_everything() {
    let emulator = Emulator::start();
    let key = made(&emulator, "ann", &[("System", "AdministratorAccess")]);
    assert_eq!(describe(&emulator, &key).status, 200);
    let body = json!({"projectName": "my-proj", "description": ""});
    assert_eq!(emulator.send(&sls(&key, "my-proj", "POST", "/", &body)).status, 200);
}

#[test]
fn resource_of_a_statement_counts() {
    let emulator = Emulator::start();
    emulator.make_project("open-proj");
    emulator.make_project("secret-proj");
    let statements =
        json!([{"Effect": "Allow", "Action": "log:*", "Resource": "acs:log:*:*:project/open-*"}]);
    custom(&emulator, "open-only", &statements);
    let key = made(&emulator, "ann", &[("Custom", "open-only")]);
    assert_eq!(emulator.send(&sls(&key, "open-proj", "GET", "/", &Value::Null)).status, 200);
    let reply = emulator.send(&sls(&key, "secret-proj", "GET", "/", &Value::Null));
    assert_refused(&reply, 401, "Unauthorized");
    let resource = format!("acs:log:{REGION}:{ACCOUNT}:project/secret-proj");
    assert!(reply.message().contains("log:GetProject") && reply.message().contains(&resource));
}

#[test]
fn new_logstore_is_a_resource_by_its_name() {
    let emulator = Emulator::start();
    emulator.make_project("my-proj");
    let resource = "acs:log:*:*:project/my-proj/logstore/mine*";
    custom(
        &emulator,
        "mine",
        &json!([{"Effect": "Allow", "Action": "log:CreateLogStore", "Resource": resource}]),
    );
    let key = made(&emulator, "ann", &[("Custom", "mine")]);
    let create = |name: &str| {
        let body = json!({"logstoreName": name, "ttl": 1, "shardCount": 1});
        emulator.send(&sls(&key, "my-proj", "POST", "/logstores", &body))
    };
    assert_eq!(create("mine-1").status, 200);
    assert_refused(&create("yours"), 401, "Unauthorized");
}

#[test]
fn explicit_denial_wins_and_says_so() {
    let emulator = Emulator::start();
    custom(&emulator, "no-trails", &json!([{"Effect": "Deny", "Action": "actiontrail:*", "Resource": "*"}]));
    let key = made(&emulator, "ann", &[("System", "AdministratorAccess"), ("Custom", "no-trails")]);
    let reply = describe(&emulator, &key);
    assert_refused(&reply, 403, "Forbidden.RAM");
    assert_eq!(reply.body_json()["AccessDeniedDetail"]["NoPermissionType"], "ExplicitDeny");
}

#[test]
fn denial_wins_over_the_list_of_the_control_api() {
    let emulator = Emulator::start();
    let key = emulator.user("ann", &["actiontrail:*"]);
    custom(&emulator, "no-trails", &json!([{"Effect": "Deny", "Action": "actiontrail:*", "Resource": "*"}]));
    assert_eq!(describe(&emulator, &key).status, 200);
    let attach = [("UserName", "ann"), ("PolicyType", "Custom"), ("PolicyName", "no-trails")];
    assert_eq!(emulator.rpc(RAM, "AttachPolicyToUser", &attach).status, 200);
    assert_refused(&describe(&emulator, &key), 403, "Forbidden.RAM");
    assert_eq!(emulator.rpc(RAM, "DetachPolicyFromUser", &attach).status, 200);
    assert_eq!(describe(&emulator, &key).status, 200);
}

#[test]
fn statement_whose_condition_fails_does_not_count() {
    let emulator = Emulator::start();
    let past = json!({"DateLessThan": {"acs:CurrentTime": "2020-01-01T00:00:00Z"}});
    let statement = json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": past}]);
    custom(&emulator, "once", &statement);
    assert_refused(
        &describe(&emulator, &made(&emulator, "ann", &[("Custom", "once")])),
        403,
        "Forbidden.RAM",
    );
}

#[test]
fn address_of_the_caller_is_known_to_conditions() {
    let emulator = Emulator::start();
    let allowed = |name: &str, operator: &str| {
        let near = json!({operator: {"acs:SourceIp": "127.0.0.0/8"}});
        let statement = json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": near}]);
        custom(&emulator, name, &statement);
        describe(&emulator, &made(&emulator, name, &[("Custom", name)])).status
    };
    assert_eq!((allowed("near", "IpAddress"), allowed("far", "NotIpAddress")), (200, 403));
}

#[test]
fn service_of_a_service_linked_role_is_known_to_conditions() {
    let emulator = Emulator::start();
    let create = |name: &str, service: &str| {
        let only = json!({"StringEquals": {"ram:ServiceName": service}});
        let statement = json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": only}]);
        custom(&emulator, name, &statement);
        let key = made(&emulator, name, &[("Custom", name)]);
        let service = [("ServiceName", "actiontrail.aliyuncs.com")];
        emulator.send(&rpc(&key, RAM, "CreateServiceLinkedRole", &service)).status
    };
    assert_eq!((create("other", "ecs.aliyuncs.com"), create("same", "actiontrail.aliyuncs.com")), (403, 200));
}

#[test]
fn policy_of_a_delivery_knows_the_time() {
    let emulator = Emulator::start();
    emulator.make_trail("prod-ops", "my-audit");
    let works = |before: &str| {
        let until = json!({"DateLessThan": {"acs:CurrentTime": before}});
        let trust = json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": {"Service": ["actiontrail.aliyuncs.com"]}, "Condition": until}]});
        emulator.act(&json!({"action": "set-role", "role": ROLE, "trustPolicy": trust}));
        emulator.account()["trails"][0]["delivery"]["working"].clone()
    };
    assert_eq!((works("2020-01-01T00:00:00Z"), works("2999-01-01T00:00:00Z")), (json!(false), json!(true)));
}

#[test]
fn policy_version_can_be_read() {
    let emulator = Emulator::start();
    custom(&emulator, "mine", &json!([{"Effect": "Allow", "Action": "log:*", "Resource": "*"}]));
    let version = |id| {
        let parameters = [("PolicyType", "Custom"), ("PolicyName", "mine"), ("VersionId", id)];
        emulator.rpc(RAM, "GetPolicyVersion", &parameters)
    };
    let document = version("v1").body_json()["PolicyVersion"]["PolicyDocument"].clone();
    assert!(document.as_str().unwrap().contains("log:*"));
    assert_refused(&version("v2"), 404, "EntityNotExist.Policy.Version");
}

#[test]
fn users_are_made_once_and_named_by_their_codes() {
    let emulator = Emulator::start();
    made(&emulator, "ann", &[]);
    assert_refused(&emulator.rpc(RAM, "CreateUser", &[("UserName", "ann")]), 409, "EntityAlreadyExists.User");
    assert_refused(&emulator.rpc(RAM, "GetUser", &[("UserName", "bob")]), 404, "EntityNotExist.User");
    assert_eq!(emulator.rpc(RAM, "CreateAccessKey", &[("UserName", "ann")]).status, 200);
    let third = emulator.rpc(RAM, "CreateAccessKey", &[("UserName", "ann")]);
    assert_refused(&third, 409, "LimitExceeded.User.AccessKey");
}

#[test]
fn journal_keeps_no_secret_of_a_new_key() {
    let emulator = Emulator::start();
    let key = made(&emulator, "ann", &[]);
    assert!(!emulator.get("/_sim/journal").to_string().contains(&key.secret));
    assert!(!emulator.get("/_sim/state").to_string().contains(&key.secret));
}

#[test]
fn console_gives_a_user_a_policy_and_replaces_its_document() {
    let emulator = Emulator::start();
    let allow = |action: &str| {
        let document =
            json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]});
        emulator.act(&json!({"action": "set-policy", "name": "operator", "document": document}));
    };
    allow("actiontrail:DescribeInnerTrails");
    let made = emulator.act(&json!({"action": "create-user", "name": "ann", "policies": ["operator"]}));
    let key = key_of(&made["result"]);
    assert_eq!(describe(&emulator, &key).status, 200);
    allow("log:*");
    assert_refused(&describe(&emulator, &key), 403, "Forbidden.RAM");
}

#[test]
fn journal_names_the_permission_that_a_call_needed() {
    let emulator = Emulator::start();
    describe(&emulator, &emulator.key);
    emulator.rpc(STS, "GetCallerIdentity", &[]);
    let entries = emulator.get("/_sim/journal")["entries"].clone();
    let permissions: Vec<&Value> =
        entries.as_array().unwrap().iter().map(|entry| &entry["permission"]).collect();
    assert_eq!(permissions, [&json!("actiontrail:DescribeInnerTrails"), &Value::Null]);
}

#[test]
fn policy_that_does_not_say_what_it_allows_is_malformed() {
    let emulator = Emulator::start();
    for statement in
        [json!({"Effect": "Allow", "Resource": "*"}), json!({"Effect": "Allow", "Action": "log:*"})]
    {
        let document = json!({"Version": "1", "Statement": [statement]}).to_string();
        let create = [("PolicyName", "mine"), ("PolicyDocument", document.as_str())];
        assert_refused(&emulator.rpc(RAM, "CreatePolicy", &create), 400, "MalformedPolicyDocument");
    }
}

#[test]
fn policy_whose_statement_says_two_effects_is_malformed() {
    let emulator = Emulator::start();
    let document =
        r#"{"Version":"1","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let create = [("PolicyName", "mine"), ("PolicyDocument", document)];
    assert_refused(&emulator.rpc(RAM, "CreatePolicy", &create), 400, "MalformedPolicyDocument");
}

#[test]
fn name_of_a_new_policy_is_checked() {
    let emulator = Emulator::start();
    let document = r#"{"Version":"1","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    for name in ["a/b", "a b", &"a".repeat(129)] {
        let create = [("PolicyName", name), ("PolicyDocument", document)];
        let reply = emulator.rpc(RAM, "CreatePolicy", &create);
        assert_refused(&reply, 400, "InvalidParameter.PolicyName.InvalidChars");
    }
}

#[test]
fn policy_that_is_set_to_what_it_is_does_not_change() {
    let emulator = Emulator::start();
    let set = || {
        let document =
            json!({"Version": "1", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]});
        emulator.act(&json!({"action": "set-policy", "name": "mine", "document": document}))["changed"]
            .clone()
    };
    assert_eq!((set(), set()), (json!(true), json!(false)));
}
