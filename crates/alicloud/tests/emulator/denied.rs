//! A user who may do nothing: every operation is denied, and the refusal names the permission that the client says it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use alicloud::{
    AssumeRole, CallError, CursorFrom, EventLookup, FaultKind, LogBatch, LogEntry, LogQuery, NewInnerTrail,
    NewLogstore, PolicyType, Session, Tagged, TrailSettings,
};
use serde_json::json;

use crate::conform;
use crate::issuer::role_arn;
use crate::sls_stores::{PROJECT, STORE, make_logstore};
use crate::stage::{START, Stage};

/// Operations that need no permission.
const FREE: [&str; 2] = ["GetCallerIdentity", "AssumeRoleWithOIDC"];

async fn actiontrail(session: &Session) -> Vec<Result<(), CallError>> {
    let settings = TrailSettings { name: "ordinary".to_owned(), ..TrailSettings::default() };
    let inner = NewInnerTrail {
        name: "prod-ops".to_owned(),
        sls_project_arn: String::new(),
        sls_write_role_arn: String::new(),
        sls_logstore: None,
    };
    vec![
        session.create_inner_trail(&inner).await,
        session.describe_inner_trails().await.map(drop),
        session.delete_inner_trail("prod-ops").await,
        session.get_trail_status("prod-ops").await.map(drop),
        session.create_trail(&settings).await.map(drop),
        session.update_trail(&settings).await.map(drop),
        session.describe_trails(&[]).await.map(drop),
        session.start_logging("ordinary").await,
        session.stop_logging("ordinary").await,
        session.delete_trail("ordinary").await,
        session.lookup_events(&EventLookup::default()).await.map(drop),
        session.describe_regions().await.map(drop),
    ]
}

async fn ram_and_sts(session: &Session) -> Vec<Result<(), CallError>> {
    let role = AssumeRole {
        role_arn: role_arn("AliyunActionTrailDefaultRole"),
        session_name: "test".to_owned(),
        duration: Duration::from_hours(1),
        external_id: None,
        policy: None,
    };
    let system = PolicyType::System;
    vec![
        session.assume_role(&role).await.map(drop),
        session.get_role("made").await.map(drop),
        session.create_role("made", "{}", "").await.map(drop),
        session.update_role("made", "{}").await,
        session.list_policies_for_role("made").await.map(drop),
        session.get_policy(system, "AdministratorAccess").await.map(drop),
        session.get_policy_version(system, "AdministratorAccess", "v1").await.map(drop),
        session.attach_policy_to_role(system, "AdministratorAccess", "made").await,
        session.create_service_linked_role("actiontrail.aliyuncs.com").await.map(drop),
    ]
}

async fn stores(session: &Session) -> Vec<Result<(), CallError>> {
    let logstore = NewLogstore { name: "other".to_owned(), retention_days: 7, shard_count: 1 };
    let (tags, document) = (BTreeMap::from([("a".to_owned(), "b".to_owned())]), json!({}));
    vec![
        session.get_project(PROJECT).await.map(drop),
        session.create_project("other-project", "").await,
        session.get_logstore(PROJECT, STORE).await.map(drop),
        session.create_logstore(PROJECT, &logstore).await,
        session.list_shards(PROJECT, STORE).await.map(drop),
        session.get_index(PROJECT, STORE).await.map(drop),
        session.create_index(PROJECT, STORE, &document).await,
        session.update_index(PROJECT, STORE, &document).await,
        session.create_dashboard(PROJECT, &document).await,
        session.get_dashboard(PROJECT, "board").await.map(drop),
        session.update_dashboard(PROJECT, "board", &document).await,
        session.list_dashboards(PROJECT).await.map(drop),
        session.delete_dashboard(PROJECT, "board").await,
        session.tag(Tagged::Project(PROJECT), &tags).await,
        session.list_tags(Tagged::Project(PROJECT)).await.map(drop),
        session.untag(Tagged::Project(PROJECT), &["a"]).await,
    ]
}

async fn logs(session: &Session) -> Vec<Result<(), CallError>> {
    let (from, to) = (START, START + 1);
    let query = LogQuery { from, to, query: "*".to_owned(), line: 1, offset: 0, reverse: false };
    let batch = LogBatch { logs: vec![LogEntry::default()], ..LogBatch::default() };
    vec![
        session.put_logs(PROJECT, STORE, &batch).await,
        session.get_logs(PROJECT, STORE, &query).await.map(drop),
        session.get_logs_v1(PROJECT, STORE, &query).await.map(drop),
        session.get_histograms(PROJECT, STORE, from, to, "").await.map(drop),
        session.get_cursor(PROJECT, STORE, 0, CursorFrom::Begin).await.map(drop),
        session.pull_logs(PROJECT, STORE, 0, "MA==", 1).await.map(drop),
        session.list_consumer_groups(PROJECT, STORE).await.map(drop),
        session.get_checkpoints(PROJECT, STORE, "group").await.map(drop),
    ]
}

/// Requires each outcome to be a denial that names the permission; returns the operations.
fn denied(outcomes: Vec<Result<(), CallError>>) -> BTreeSet<String> {
    let name = |outcome: Result<(), CallError>| {
        let error = outcome.unwrap_err();
        let fault = error.fault();
        assert_eq!(fault.kind, FaultKind::Denied, "{error}");
        assert!(error.message().contains(fault.ram_action), "{error} does not name {}", fault.ram_action);
        fault.action.to_owned()
    };
    outcomes.into_iter().map(name).collect()
}

#[tokio::test]
async fn every_operation_is_denied_by_the_permission_that_the_client_names() {
    let stage = Stage::start().await;
    make_logstore(&stage).await;
    let nobody = stage.session_as(stage.user("nobody", &[]).await);
    let mut seen = denied(actiontrail(&nobody).await);
    seen.extend(denied(ram_and_sts(&nobody).await));
    seen.extend(denied(stores(&nobody).await));
    seen.extend(denied(logs(&nobody).await));
    // Changing a Logstore begins with reading it.
    let reader = stage.session_as(stage.user("reader", &["log:GetLogStore"]).await);
    seen.extend(denied(vec![reader.update_logstore_retention(PROJECT, STORE, 9).await]));
    seen.extend(FREE.map(str::to_owned));
    assert_eq!(seen, conform::typed());
}
