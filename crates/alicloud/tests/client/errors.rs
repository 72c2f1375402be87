//! Every error class, from a file with a reply of its real shape.

use std::time::Duration;

use alicloud::{
    AssumeRole, CallError, Fault, FaultKind, LogQuery, NewInnerTrail, NewLogstore, PolicyType, Session,
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::support::{Script, session};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Example {
    call: String,
    status: u16,
    headers: std::collections::BTreeMap<String, String>,
    body: Value,
    expect: Expectation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expectation {
    kind: FaultKind,
    code: Option<String>,
    #[serde(default)]
    request_id: Option<String>,
    #[serde(default)]
    retry_after_ms: Option<u64>,
    #[serde(default)]
    ambiguous: bool,
}

fn examples() -> Vec<(String, Example)> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/errors");
    let paths = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: std::path::PathBuf| {
        let example = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), example)
    };
    paths.map(read).collect()
}

fn reply(example: &Example) -> http::Response<Bytes> {
    let body = example.body.as_str().map_or_else(|| example.body.to_string(), str::to_owned);
    let mut builder = http::Response::builder().status(example.status);
    for (name, value) in &example.headers {
        builder = builder.header(name, value);
    }
    builder.body(Bytes::from(body)).unwrap()
}

fn role() -> AssumeRole {
    AssumeRole {
        role_arn: "acs:ram::1:role/r".to_owned(),
        session_name: "s1".to_owned(),
        duration: Duration::from_hours(1),
        external_id: None,
        policy: None,
    }
}

async fn failure(session: &Session, call: &str) -> CallError {
    let trail = NewInnerTrail {
        name: "main".to_owned(),
        sls_project_arn: "acs:log:cn-hangzhou:1:project/my-proj".to_owned(),
        sls_write_role_arn: "acs:ram::1:role/r".to_owned(),
        sls_logstore: None,
    };
    let logstore = NewLogstore { name: "innertrail_main".to_owned(), retention_days: 30, shard_count: 2 };
    let query = LogQuery { from: 0, to: 1, query: String::new(), line: 1, offset: 0, reverse: false };
    let index = json!({});
    match call {
        "getCallerIdentity" => session.get_caller_identity().await.err(),
        "assumeRole" => session.assume_role(&role()).await.err(),
        "getRole" => session.get_role("r").await.err(),
        "createRole" => session.create_role("r", "{}", "").await.err(),
        "getPolicy" => session.get_policy(PolicyType::System, "p").await.err(),
        "attachPolicyToRole" => session.attach_policy_to_role(PolicyType::System, "p", "r").await.err(),
        "describeInnerTrails" => session.describe_inner_trails().await.err(),
        "createInnerTrail" => session.create_inner_trail(&trail).await.err(),
        "deleteInnerTrail" => session.delete_inner_trail("main").await.err(),
        "getTrailStatus" => session.get_trail_status("main").await.err(),
        "getProject" => session.get_project("my-proj").await.err(),
        "createProject" => session.create_project("my-proj", "").await.err(),
        "getLogstore" => session.get_logstore("my-proj", "l").await.err(),
        "createLogstore" => session.create_logstore("my-proj", &logstore).await.err(),
        "getIndex" => session.get_index("my-proj", "l").await.err(),
        "createIndex" => session.create_index("my-proj", "l", &index).await.err(),
        "updateIndex" => session.update_index("my-proj", "l", &index).await.err(),
        "pullLogs" => session.pull_logs("my-proj", "l", 0, "c", 1).await.err(),
        "getLogs" => session.get_logs("my-proj", "l", &query).await.err(),
        other => panic!("no such call: {other}"),
    }
    .expect("the call fails")
}

async fn fault_of(example: &Example) -> Fault {
    let script = Script::new([Ok(reply(example))]);
    failure(&session(script), &example.call).await.fault()
}

#[tokio::test]
async fn every_error_reply_means_what_its_file_says() {
    for (name, example) in examples() {
        let fault = fault_of(&example).await;
        let expect = &example.expect;
        assert_eq!(fault.kind, expect.kind, "{name}");
        assert_eq!(fault.code, expect.code, "{name}");
        assert_eq!(fault.request_id, expect.request_id, "{name}");
        assert_eq!(fault.retry_after, expect.retry_after_ms.map(Duration::from_millis), "{name}");
        assert_eq!(fault.ambiguous, expect.ambiguous, "{name}");
    }
}

#[test]
fn every_kind_of_fault_has_an_example() {
    use FaultKind::*;
    let all = [
        NotFound,
        AlreadyExists,
        Throttled,
        Unavailable,
        CredentialsInvalid,
        CredentialsExpired,
        ClockSkewed,
        Denied,
        FeatureNotGranted,
        ServiceNotOpened,
        AccountOverdue,
        QuotaExceeded,
        Foreign,
        Invalid,
        Unexpected,
    ];
    let examples = examples();
    for kind in all {
        assert!(examples.iter().any(|(_, example)| example.expect.kind == kind), "{kind:?}");
    }
}

#[tokio::test]
async fn a_fault_names_the_call_and_the_permission_it_needs() {
    let (_, example) = examples().into_iter().find(|(name, _)| name == "sls-LogStoreNotExist").unwrap();
    let fault = fault_of(&example).await;
    assert_eq!(fault.service, alicloud::Service::Sls);
    assert_eq!((fault.action, fault.ram_action), ("GetLogStore", "log:GetLogStore"));
    assert_eq!(fault.host, "my-proj.cn-hangzhou.log.aliyuncs.com");
}

#[tokio::test]
async fn an_error_text_names_this_layer_and_stays_short() {
    let body = json!({ "Code": "NoPermission", "Message": "m".repeat(5000), "RequestId": "R-1" });
    let script =
        Script::new([Ok(http::Response::builder().status(403).body(body.to_string().into()).unwrap())]);
    let error = failure(&session(script), "getRole").await;
    let text = error.to_string();
    assert!(
        text.starts_with("`GetRole` of ram at ram.aliyuncs.com failed: `NoPermission` (403) mmm"),
        "{text}"
    );
    assert!(text.ends_with("[request R-1]"), "{text}");
    assert_eq!((error.message().len(), error.status()), (1024, Some(403)));
}

#[tokio::test]
async fn an_error_text_is_one_line() {
    let body =
        json!({ "Code": "SignatureDoesNotMatch", "Message": "server string to sign is:A\nB\u{1b}[31m" });
    let script =
        Script::new([Ok(http::Response::builder().status(400).body(body.to_string().into()).unwrap())]);
    let error = failure(&session(script), "getRole").await;
    assert!(!error.to_string().contains(char::is_control));
}

#[tokio::test]
async fn an_absurd_wait_is_cut_to_an_hour() {
    let reply = http::Response::builder().status(429).header("retry-after", "99999999");
    let script = Script::new([Ok(reply.body(Bytes::new()).unwrap())]);
    let fault = failure(&session(script), "getRole").await.fault();
    assert_eq!(fault.retry_after, Some(Duration::from_hours(1)));
}

async fn code_and_id_of(body: Value) -> (Option<String>, Option<String>) {
    let reply = http::Response::builder().status(400).body(body.to_string().into()).unwrap();
    let fault = failure(&session(Script::new([Ok(reply)])), "getRole").await.fault();
    (fault.code, fault.request_id)
}

#[tokio::test]
async fn a_code_or_id_that_is_no_token_is_not_repeated() {
    let long = "x".repeat(129);
    for odd in ["", "two words", "line\nbreak", "é", &long] {
        let read = code_and_id_of(json!({ "Code": odd, "Message": "m", "RequestId": odd })).await;
        assert_eq!(read, (None, None), "{odd}");
    }
}

#[tokio::test]
async fn keys_of_an_error_body_may_be_lower_case() {
    let read = code_and_id_of(json!({ "code": "NoPermission", "message": "m", "requestId": "R" })).await;
    assert_eq!(read, (Some("NoPermission".to_owned()), Some("R".to_owned())));
}
