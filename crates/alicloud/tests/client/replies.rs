//! What is made of each successful reply.

use alicloud::{
    AttachedPolicy, Bar, CallError, CallerIdentity, FaultKind, IndexKey, LogQuery, Logs, Logstore, Policy,
    PolicyType, Project, Role, TrailStatus,
};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::{Answer, Script, ok, session};

fn query() -> LogQuery {
    LogQuery { from: 0, to: 1, query: String::new(), line: 1, offset: 0, reverse: false }
}

async fn logs(answer: Answer) -> Result<Logs, CallError> {
    session(Script::new([answer])).get_logs("my-proj", "l", &query()).await
}

fn unexpected<T: std::fmt::Debug>(result: Result<T, CallError>) -> bool {
    result.unwrap_err().fault().kind == FaultKind::Unexpected
}

#[tokio::test]
async fn an_identity_is_read() {
    let body = json!({ "AccountId": "1234567890123456", "Arn": "acs:ram::1234567890123456:root",
        "IdentityType": "Account", "PrincipalId": "1234567890123456", "RequestId": "R" });
    let identity = session(Script::new([ok(body)])).get_caller_identity().await.unwrap();
    let expected = CallerIdentity {
        account_id: "1234567890123456".to_owned(),
        arn: "acs:ram::1234567890123456:root".to_owned(),
        identity_type: "Account".to_owned(),
    };
    assert_eq!(identity, expected);
}

#[tokio::test]
async fn an_account_number_may_be_a_number() {
    let body = json!({ "AccountId": 1_234_567_890_123_456_u64, "Arn": "a", "IdentityType": "RAMUser" });
    let identity = session(Script::new([ok(body)])).get_caller_identity().await.unwrap();
    assert_eq!(identity.account_id, "1234567890123456");
}

#[tokio::test]
async fn a_role_is_read_as_the_service_gives_it() {
    let role = json!({ "RoleId": "1", "RoleName": "AliyunActionTrailDefaultRole",
        "Arn": "acs:ram::1:role/aliyunactiontraildefaultrole", "AssumeRolePolicyDocument": "{\n}",
        "CreateDate": "2015-01-23T12:33:18Z" });
    let read = session(Script::new([ok(json!({ "Role": role }))])).get_role("x").await.unwrap();
    let expected = Role {
        name: "AliyunActionTrailDefaultRole".to_owned(),
        arn: "acs:ram::1:role/aliyunactiontraildefaultrole".to_owned(),
        trust_policy: "{\n}".to_owned(),
    };
    assert_eq!(read, expected);
}

#[tokio::test]
async fn attached_policies_are_read_with_their_type() {
    let policy = json!({ "PolicyName": "P", "PolicyType": "System", "DefaultVersion": "v11" });
    let script = Script::new([ok(json!({ "Policies": { "Policy": [policy] } }))]);
    let read = session(script).list_policies_for_role("r").await.unwrap();
    assert_eq!(read, [AttachedPolicy { name: "P".to_owned(), policy_type: PolicyType::System }]);
}

#[tokio::test]
async fn a_policy_list_that_is_missing_is_not_an_empty_one() {
    let script = Script::new([ok(json!({ "RequestId": "R" }))]);
    assert!(unexpected(session(script).list_policies_for_role("r").await));
}

#[tokio::test]
async fn a_policy_is_read_with_its_default_version() {
    let body = json!({ "Policy": { "PolicyName": "P", "AttachmentCount": 1 },
        "DefaultPolicyVersion": { "VersionId": "v11", "IsDefaultVersion": true, "PolicyDocument": "{}" } });
    let read = session(Script::new([ok(body)])).get_policy(PolicyType::System, "P").await.unwrap();
    assert_eq!(read, Policy { name: "P".to_owned(), document: "{}".to_owned() });
}

async fn trail_status(body: Value) -> Result<TrailStatus, CallError> {
    session(Script::new([ok(body)])).get_trail_status("main").await
}

#[tokio::test]
async fn a_flag_may_be_text_in_any_case() {
    for (text, expected) in [(json!("True"), true), (json!("false"), false), (json!(true), true)] {
        assert_eq!(trail_status(json!({ "IsLogging": text })).await.unwrap().is_logging, Some(expected));
    }
}

#[tokio::test]
async fn a_flag_that_is_neither_is_not_guessed() {
    assert!(unexpected(trail_status(json!({ "IsLogging": "perhaps" })).await));
}

#[tokio::test]
async fn a_status_without_fields_is_a_status_of_which_nothing_is_known() {
    assert_eq!(trail_status(json!({ "RequestId": "R" })).await.unwrap(), TrailStatus::default());
}

#[tokio::test]
async fn times_may_be_iso_text_or_milliseconds() {
    for (sent, read) in [
        (json!("2021-03-01T06:27:28Z"), "2021-03-01T06:27:28Z"),
        (json!("1614580048000"), "1614580048000"),
        (json!(1_614_580_048_000_u64), "1614580048000"),
    ] {
        let status = trail_status(json!({ "LatestDeliveryLogServiceTime": sent })).await.unwrap();
        assert_eq!(status.latest_delivery_time.as_deref(), Some(read));
    }
}

#[tokio::test]
async fn delivery_to_log_service_and_to_oss_are_told_apart() {
    let body = json!({ "LatestDeliveryTime": "1", "LatestDeliveryLogServiceTime": "2",
        "LatestDeliveryError": "of oss", "LatestDeliveryLogServiceError": "", "SlsLogStoreStatus": true,
        "OssBucketStatus": "False", "StartLoggingTime": "3", "StopLoggingTime": "" });
    let expected = TrailStatus {
        latest_delivery_time: Some("2".to_owned()),
        logstore_status: Some(true),
        oss_delivery_time: Some("1".to_owned()),
        oss_delivery_error: Some("of oss".to_owned()),
        bucket_status: Some(false),
        start_logging_time: Some("3".to_owned()),
        ..TrailStatus::default()
    };
    assert_eq!(trail_status(body).await.unwrap(), expected);
}

#[tokio::test]
async fn the_error_of_oss_is_not_that_of_log_service_when_its_time_alone_is_told() {
    let body = json!({ "LatestDeliveryLogServiceTime": "2", "LatestDeliveryError": "of oss" });
    assert_eq!(trail_status(body).await.unwrap().latest_delivery_error, None);
}

#[tokio::test]
async fn the_general_fields_count_where_nothing_is_said_of_log_service() {
    let body = json!({ "LatestDeliveryTime": "1", "LatestDeliveryError": "denied" });
    let status = trail_status(body).await.unwrap();
    assert_eq!(status.latest_delivery_time.as_deref(), Some("1"));
    assert_eq!(status.latest_delivery_error.as_deref(), Some("denied"));
}

#[tokio::test]
async fn a_project_is_read() {
    let body = json!({ "projectName": "my-proj", "description": "d", "status": "Normal", "owner": 42,
        "region": "cn-hangzhou", "createTime": "2020-11-18 16:55:57", "quota": {} });
    let read = session(Script::new([ok(body)])).get_project("my-proj").await.unwrap();
    let expected = Project {
        name: "my-proj".to_owned(),
        region: "cn-hangzhou".to_owned(),
        owner: Some("42".to_owned()),
        status: "Normal".to_owned(),
        description: "d".to_owned(),
    };
    assert_eq!(read, expected);
}

#[tokio::test]
async fn a_project_without_owner_has_none() {
    let body = json!({ "projectName": "my-proj", "status": "Normal", "region": "cn-hangzhou", "owner": "" });
    let read = session(Script::new([ok(body)])).get_project("my-proj").await.unwrap();
    assert_eq!((read.owner, read.description), (None, String::new()));
}

#[tokio::test]
async fn a_logstore_is_read_with_its_numbers_as_numbers_or_text() {
    let body = json!({ "logstoreName": "l", "ttl": "3650", "shardCount": 2, "mode": "standard" });
    let read = session(Script::new([ok(body)])).get_logstore("my-proj", "l").await.unwrap();
    assert_eq!(read, Logstore { name: "l".to_owned(), retention_days: 3650, shard_count: 2 });
}

#[tokio::test]
async fn an_index_keeps_the_whole_document_beside_what_is_typed() {
    let body = json!({ "line": { "token": [","] }, "ttl": 30, "later": { "x": 1 },
        "keys": { "EventID": { "type": "text", "doc_value": true, "token": [] }, "n": { "type": "long" } } });
    let index = session(Script::new([ok(body.clone())])).get_index("my-proj", "l").await.unwrap();
    assert_eq!(index.raw, body);
    assert_eq!(index.line, Some(json!({ "token": [","] })));
    assert_eq!(index.keys["EventID"], IndexKey { key_type: "text".to_owned(), doc_value: true });
    assert_eq!(index.keys["n"], IndexKey { key_type: "long".to_owned(), doc_value: false });
}

#[tokio::test]
async fn an_index_may_have_no_keys_and_no_full_text() {
    let index = session(Script::new([ok(json!({ "ttl": 30 }))])).get_index("my-proj", "l").await.unwrap();
    assert!(index.line.is_none() && index.keys.is_empty());
}

#[tokio::test]
async fn an_index_that_is_not_an_object_is_unexpected() {
    assert!(unexpected(session(Script::new([ok(json!([]))])).get_index("my-proj", "l").await));
}

fn page(progress: &str) -> Value {
    let row =
        json!({ "__time__": "1767322800", "EventID": "e-1", "n": 7, "nothing": null, "deep": { "a": 1 } });
    json!({ "meta": { "progress": progress, "count": 1 }, "data": [row] })
}

#[tokio::test]
async fn rows_are_text() {
    let read = logs(ok(page("Complete"))).await.unwrap();
    let fields =
        [("__time__", "1767322800"), ("EventID", "e-1"), ("n", "7"), ("nothing", ""), ("deep", "{\"a\":1}")];
    let row = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(read, Logs { complete: true, rows: vec![row] });
}

#[tokio::test]
async fn an_incomplete_search_says_so() {
    assert!(!logs(ok(page("Incomplete"))).await.unwrap().complete);
}

#[tokio::test]
async fn a_search_that_does_not_say_how_far_it_got_is_unexpected() {
    assert!(unexpected(logs(ok(json!({ "meta": {}, "data": [] }))).await));
    assert!(unexpected(logs(ok(json!({ "meta": { "progress": "Complete" } }))).await));
}

async fn histograms(answer: Answer) -> (bool, u64) {
    let read = session(Script::new([answer])).get_histograms("my-proj", "l", 0, 9, "").await.unwrap();
    (read.complete, read.count)
}

fn bar(count: u64, progress: &str) -> Value {
    json!({ "from": 0, "to": 3, "count": count, "progress": progress })
}

#[tokio::test]
async fn bars_of_a_histogram_are_added_up() {
    assert_eq!(histograms(ok(json!([bar(2, "Complete"), bar(3, "Complete")]))).await, (true, 5));
}

#[tokio::test]
async fn each_bar_of_a_histogram_is_kept() {
    let script = Script::new([ok(json!([bar(2, "Complete"), bar(3, "Incomplete")]))]);
    let read = session(script).get_histograms("my-proj", "l", 0, 9, "").await.unwrap();
    let bars = [(2, true), (3, false)].map(|(count, complete)| Bar { from: 0, to: 3, count, complete });
    assert_eq!(read.bars, bars);
}

#[tokio::test]
async fn one_incomplete_bar_makes_the_count_incomplete() {
    assert_eq!(histograms(ok(json!([bar(2, "Complete"), bar(3, "Incomplete")]))).await, (false, 5));
}

#[tokio::test]
async fn the_progress_header_of_a_histogram_wins() {
    let reply = http::Response::builder().header("x-log-progress", "Incomplete");
    let body = Bytes::from(json!([bar(2, "Complete")]).to_string());
    assert_eq!(histograms(Ok(reply.body(body).unwrap())).await, (false, 2));
}

#[tokio::test]
async fn a_histogram_without_bars_or_progress_is_not_called_complete() {
    assert_eq!(histograms(ok(json!([]))).await, (false, 0));
}
