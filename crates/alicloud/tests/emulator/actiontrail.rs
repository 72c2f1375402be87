//! `ActionTrail`: the inner trail, ordinary trails, events and regions.

use alicloud::{EventLookup, FaultKind, NewInnerTrail, TrailSettings};
use jiff::Timestamp;
use serde_json::json;

use crate::conform::checks;
use crate::issuer::role_arn;
use crate::stage::{ACCOUNT, REGION, START, Stage, refused};

checks! { "actiontrail":
    create_inner_trail => "CreateInnerTrail",
    describe_inner_trails => "DescribeInnerTrails",
    delete_inner_trail => "DeleteInnerTrail",
    get_trail_status => "GetTrailStatus",
    create_trail => "CreateTrail",
    update_trail => "UpdateTrail",
    describe_trails => "DescribeTrails",
    start_logging => "StartLogging",
    stop_logging => "StopLogging",
    delete_trail => "DeleteTrail",
    lookup_events => "LookupEvents",
    describe_regions => "DescribeRegions",
}

fn project_arn() -> String {
    format!("acs:log:{REGION}:{ACCOUNT}:project/audit")
}

async fn make_project(stage: &Stage) {
    stage.act(&json!({ "action": "create-project", "project": "audit" })).await;
}

fn inner(name: &str, logstore: Option<&str>) -> NewInnerTrail {
    NewInnerTrail {
        name: name.to_owned(),
        sls_project_arn: project_arn(),
        sls_write_role_arn: role_arn("AliyunActionTrailDefaultRole"),
        sls_logstore: logstore.map(str::to_owned),
    }
}

async fn make_inner(stage: &Stage) {
    make_project(stage).await;
    stage.session().create_inner_trail(&inner("prod-ops", None)).await.unwrap();
}

async fn create_inner_trail(stage: &Stage) {
    let session = stage.session();
    let nowhere = session.create_inner_trail(&inner("prod-ops", None)).await;
    refused(nowhere, FaultKind::Invalid, "SlsProjectDoesNotExistException");
    make_project(stage).await;
    stage.watched().create_inner_trail(&inner("prod-ops", None)).await.unwrap();
    let again = session.create_inner_trail(&inner("prod-ops", None)).await;
    refused(again, FaultKind::AlreadyExists, "TrailAlreadyExistsException");
    let second = session.create_inner_trail(&inner("other-ops", None)).await;
    refused(second, FaultKind::QuotaExceeded, "MaximumNumberOfTrailsExceededException");
    session.delete_inner_trail("prod-ops").await.unwrap();
    stage.watched().create_inner_trail(&inner("prod-ops", Some("innertrail_own"))).await.unwrap();
    let trails = session.describe_inner_trails().await.unwrap();
    assert_eq!(trails[0].sls_logstore.as_deref(), Some("innertrail_own"));
    let bad = session.create_inner_trail(&inner("No", None)).await;
    refused(bad, FaultKind::Invalid, "InvalidTrailNameException");
    stage.act(&json!({ "action": "revoke-role" })).await;
    session.delete_inner_trail("prod-ops").await.unwrap();
    let roleless = session.create_inner_trail(&inner("prod-ops", None)).await;
    refused(roleless, FaultKind::Denied, "NeedRamAuthorize");
}

async fn describe_inner_trails(stage: &Stage) {
    assert!(stage.watched().describe_inner_trails().await.unwrap().is_empty());
    make_inner(stage).await;
    let trails = stage.session().describe_inner_trails().await.unwrap();
    let shown = (trails.len(), &*trails[0].name, trails[0].home_region.as_deref());
    assert_eq!(shown, (1, "prod-ops", Some(REGION)));
    assert_eq!(trails[0].sls_project_arn, Some(project_arn()));
    for list in ["InnerTrailList", "Trails", "Wrapped"] {
        stage.control("POST", "/_sim/quirks", json!({ "innerList": list }).to_string().into()).await;
        assert_eq!(stage.session().describe_inner_trails().await.unwrap(), trails, "{list}");
    }
    stage.act(&json!({ "action": "withdraw-feature" })).await;
    let withdrawn = stage.session().describe_inner_trails().await;
    refused(withdrawn, FaultKind::FeatureNotGranted, "InvalidAction.NotFound");
}

async fn delete_inner_trail(stage: &Stage) {
    make_inner(stage).await;
    stage.watched().delete_inner_trail("prod-ops").await.unwrap();
    assert!(stage.session().describe_inner_trails().await.unwrap().is_empty());
    let again = stage.session().delete_inner_trail("prod-ops").await;
    refused(again, FaultKind::NotFound, "TrailNotFoundException");
}

async fn get_trail_status(stage: &Stage) {
    make_inner(stage).await;
    stage.control("POST", "/_sim/events", json!({ "count": 3 }).to_string().into()).await;
    let status = stage.watched().get_trail_status("prod-ops").await.unwrap();
    assert_eq!((status.is_logging, status.latest_delivery_error), (Some(true), None));
    assert!(status.latest_delivery_time.is_some());
    let absent = stage.session().get_trail_status("absent").await;
    refused(absent, FaultKind::NotFound, "TrailNotFoundException");
}

fn settings(name: &str) -> TrailSettings {
    TrailSettings {
        name: name.to_owned(),
        event_rw: Some("Write".to_owned()),
        sls_project_arn: Some(project_arn()),
        ..TrailSettings::default()
    }
}

async fn make_trail(stage: &Stage) {
    make_project(stage).await;
    stage.session().create_trail(&settings("ordinary")).await.unwrap();
}

async fn create_trail(stage: &Stage) {
    make_project(stage).await;
    let trail = stage.watched().create_trail(&settings("ordinary")).await.unwrap();
    assert_eq!((&*trail.name, trail.event_rw.as_deref()), ("ordinary", Some("Write")));
    let whole = TrailSettings {
        trail_region: Some("All".to_owned()),
        oss_bucket_name: Some("audit-log".to_owned()),
        oss_key_prefix: Some("prefix".to_owned()),
        oss_write_role_arn: Some(role_arn("oss")),
        sls_write_role_arn: Some(role_arn("AliyunActionTrailDefaultRole")),
        ..settings("everything")
    };
    stage.watched().create_trail(&whole).await.unwrap();
    let session = stage.session();
    let again = session.create_trail(&settings("ordinary")).await;
    refused(again, FaultKind::AlreadyExists, "TrailAlreadyExistsException");
    let nowhere = TrailSettings { name: "nowhere".to_owned(), ..TrailSettings::default() };
    let nowhere = session.create_trail(&nowhere).await;
    refused(nowhere, FaultKind::Invalid, "InvalidDeliveryConfigurationException");
}

async fn update_trail(stage: &Stage) {
    make_trail(stage).await;
    let all = TrailSettings { event_rw: Some("All".to_owned()), ..settings("ordinary") };
    let trail = stage.watched().update_trail(&all).await.unwrap();
    assert_eq!(trail.event_rw.as_deref(), Some("All"));
    let absent = stage.session().update_trail(&settings("absent")).await;
    refused(absent, FaultKind::NotFound, "TrailNotFoundException");
}

async fn describe_trails(stage: &Stage) {
    make_trail(stage).await;
    let all = stage.watched().describe_trails(&[]).await.unwrap();
    let shown: Vec<_> = all.iter().map(|trail| (&*trail.name, trail.status.as_deref())).collect();
    assert_eq!(shown, [("ordinary", Some("Fresh"))]);
    assert_eq!(stage.watched().describe_trails(&["ordinary", "absent"]).await.unwrap(), all);
    assert!(stage.session().describe_trails(&["absent"]).await.unwrap().is_empty());
}

async fn status_of(stage: &Stage) -> Option<String> {
    stage.session().describe_trails(&["ordinary"]).await.unwrap()[0].status.clone()
}

async fn start_logging(stage: &Stage) {
    make_trail(stage).await;
    stage.watched().start_logging("ordinary").await.unwrap();
    assert_eq!(status_of(stage).await.as_deref(), Some("Enable"));
    let absent = stage.session().start_logging("absent").await;
    refused(absent, FaultKind::NotFound, "TrailNotFoundException");
}

async fn stop_logging(stage: &Stage) {
    make_trail(stage).await;
    stage.session().start_logging("ordinary").await.unwrap();
    stage.watched().stop_logging("ordinary").await.unwrap();
    assert_eq!(status_of(stage).await.as_deref(), Some("Disable"));
    let absent = stage.session().stop_logging("absent").await;
    refused(absent, FaultKind::NotFound, "TrailNotFoundException");
}

async fn delete_trail(stage: &Stage) {
    make_trail(stage).await;
    stage.watched().delete_trail("ordinary").await.unwrap();
    assert!(stage.session().describe_trails(&[]).await.unwrap().is_empty());
    let again = stage.session().delete_trail("ordinary").await;
    refused(again, FaultKind::NotFound, "TrailNotFoundException");
}

async fn lookup_events(stage: &Stage) {
    make_trail(stage).await;
    stage.session().start_logging("ordinary").await.unwrap();
    let time = |seconds: i64| Some(Timestamp::from_second(START + seconds).unwrap());
    let lookup = EventLookup {
        start: time(-3600),
        end: time(3600),
        attributes: vec![("ServiceName".to_owned(), "ActionTrail".to_owned())],
        max_results: 1,
        ..EventLookup::default()
    };
    let first = stage.watched().lookup_events(&lookup).await.unwrap();
    assert_eq!(first.events[0]["eventName"], "StartLogging");
    assert!(first.next_token.is_some());
    let rest = EventLookup { next_token: first.next_token, max_results: 50, ..lookup.clone() };
    let rest = stage.session().lookup_events(&rest).await.unwrap();
    assert_eq!((rest.events[0]["eventName"].as_str(), rest.next_token), (Some("CreateTrail"), None));
    let forward = EventLookup { forward: true, ..lookup };
    let oldest = stage.watched().lookup_events(&forward).await.unwrap();
    assert_eq!(oldest.events[0]["eventName"], "CreateTrail");
}

async fn describe_regions(stage: &Stage) {
    let regions = stage.watched().describe_regions().await.unwrap();
    assert!(regions.iter().any(|region| region.id == REGION && region.endpoint.is_some()), "{regions:?}");
}
