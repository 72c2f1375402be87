//! Ordinary trails, regions and events.

use alicloud::{EventLookup, FaultKind, TrailSettings};
use serde_json::json;

use super::{expect_rpc, expect_rpc_by};
use crate::support::{Script, ok, session};

const HOST: &str = "actiontrail.cn-hangzhou.aliyuncs.com";

fn settings() -> TrailSettings {
    TrailSettings {
        name: "trail-test".to_owned(),
        event_rw: Some("Write".to_owned()),
        sls_project_arn: Some("acs:log:cn-hangzhou:1:project/p".to_owned()),
        ..TrailSettings::default()
    }
}

const SENT: &[(&str, &str)] =
    &[("Name", "trail-test"), ("EventRW", "Write"), ("SlsProjectArn", "acs:log:cn-hangzhou:1:project/p")];

#[tokio::test]
async fn create_trail_sends_what_was_chosen_and_reads_the_echo() {
    // The published sample (cloud-api §2.2), shortened.
    let echo = json!({ "EventRW": "Write", "HomeRegion": "cn-hangzhou", "TrailRegion": "All", "Name": "trail-test",
        "OssBucketName": "", "SlsProjectArn": "acs:log:cn-hangzhou:1:project/p", "RequestId": "R" });
    let script = Script::new([ok(echo)]);
    let trail = session(script.clone()).create_trail(&settings()).await.unwrap();
    assert_eq!((&*trail.name, trail.home_region.as_deref()), ("trail-test", Some("cn-hangzhou")));
    assert_eq!((trail.event_rw.as_deref(), trail.oss_bucket_name), (Some("Write"), None));
    expect_rpc(&script, HOST, "CreateTrail", SENT);
}

#[tokio::test]
async fn update_trail_sends_what_was_chosen() {
    let script = Script::new([ok(json!({ "Name": "trail-test" }))]);
    session(script.clone()).update_trail(&settings()).await.unwrap();
    expect_rpc(&script, HOST, "UpdateTrail", SENT);
}

#[tokio::test]
async fn describe_trails_reads_both_forms_of_time_and_of_booleans() {
    let trails = json!([
        { "Name": "a-trail", "Status": "Enable", "CreateTime": "2021-03-01T06:27:28Z", "IsOrganizationTrail": false },
        { "Name": "b-trail", "Status": "Fresh", "CreateTime": 1_614_580_048_000_i64, "IsOrganizationTrail": "True" },
    ]);
    let script = Script::new([ok(json!({ "TrailList": trails, "RequestId": "R" }))]);
    let trails = session(script.clone()).describe_trails(&["a-trail", "b-trail"]).await.unwrap();
    assert_eq!(trails[0].create_time.as_deref(), Some("2021-03-01T06:27:28Z"));
    assert_eq!(trails[1].create_time.as_deref(), Some("1614580048000"));
    let organization = [trails[0].is_organization_trail, trails[1].is_organization_trail];
    assert_eq!(organization, [Some(false), Some(true)]);
    expect_rpc(&script, HOST, "DescribeTrails", &[("NameList", "a-trail,b-trail")]);
}

#[tokio::test]
async fn a_trail_is_read_with_where_it_is_and_whose() {
    let trail = json!({ "Name": "a-trail", "Region": "cn-beijing", "OrganizationId": "rd-1", "UpdateTime": "2",
        "OssBucketLocation": "oss-cn-hangzhou" });
    let script = Script::new([ok(json!({ "TrailList": [trail] }))]);
    let trail = session(script).describe_trails(&[]).await.unwrap().remove(0);
    let read = [trail.region, trail.organization_id, trail.update_time, trail.oss_bucket_location];
    assert_eq!(read.map(Option::unwrap), ["cn-beijing", "rd-1", "2", "oss-cn-hangzhou"]);
}

#[tokio::test]
async fn a_trail_without_a_name_is_not_understood() {
    let script = Script::new([ok(json!({ "TrailList": [{ "Status": "Enable" }] }))]);
    let error = session(script).describe_trails(&[]).await.unwrap_err();
    assert_eq!(error.fault().kind, FaultKind::Unexpected);
}

#[tokio::test]
async fn start_stop_and_delete_name_the_trail_and_stop_does_so_by_get() {
    for action in ["StartLogging", "StopLogging", "DeleteTrail"] {
        let script = Script::new([ok(json!({ "RequestId": "R" }))]);
        let session = session(script.clone());
        match action {
            "StartLogging" => session.start_logging("t").await,
            "StopLogging" => session.stop_logging("t").await,
            _ => session.delete_trail("t").await,
        }
        .unwrap();
        let method = if action == "StopLogging" { "GET" } else { "POST" };
        expect_rpc_by(method, &script, HOST, action, &[("Name", "t")]);
    }
}

#[tokio::test]
async fn describe_regions_reads_the_wrapped_list() {
    let region = json!({ "RegionId": "cn-hangzhou", "RegionEndpoint": HOST, "LocalName": "杭州" });
    let script = Script::new([ok(json!({ "Regions": { "Region": [region] }, "RequestId": "R" }))]);
    let regions = session(script.clone()).describe_regions().await.unwrap();
    assert_eq!((&*regions[0].id, regions[0].endpoint.as_deref()), ("cn-hangzhou", Some(HOST)));
    expect_rpc(&script, HOST, "DescribeRegions", &[]);
}

#[tokio::test]
async fn lookup_events_numbers_its_attributes_and_returns_where_to_go_on() {
    let page = json!({ "Events": [{ "eventId": "E", "eventName": "CreateTrail" }], "NextToken": "T", "RequestId": "R" });
    let script = Script::new([ok(page)]);
    let lookup = EventLookup {
        start: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        attributes: vec![("ServiceName".to_owned(), "Ecs".to_owned())],
        max_results: 500,
        ..EventLookup::default()
    };
    let page = session(script.clone()).lookup_events(&lookup).await.unwrap();
    assert_eq!((page.events[0]["eventId"].as_str(), page.next_token.as_deref()), (Some("E"), Some("T")));
    let sent = [
        ("MaxResults", "50"),
        ("Direction", "BACKWARD"),
        ("StartTime", "2026-01-02T03:04:05Z"),
        ("LookupAttribute.1.Key", "ServiceName"),
        ("LookupAttribute.1.Value", "Ecs"),
    ];
    expect_rpc(&script, HOST, "LookupEvents", &sent);
}

#[tokio::test]
async fn the_last_page_of_events_leads_nowhere() {
    let script = Script::new([ok(json!({ "Events": [], "NextToken": "" }))]);
    let page = session(script).lookup_events(&EventLookup::default()).await.unwrap();
    assert_eq!((page.events.len(), page.next_token), (0, None));
}
