//! Ordinary trails, and the events of the account's own calls.

use serde_json::json;

use super::client::*;

fn create(emulator: &Emulator, name: &str, more: &[(&str, &str)]) -> Reply {
    let arn = project_arn("my-audit");
    let parameters = [&[("Name", name), ("SlsProjectArn", arn.as_str())], more].concat();
    emulator.rpc(ACTIONTRAIL, "CreateTrail", &parameters)
}

/// An emulator with a project and one ordinary trail into it.
fn started() -> Emulator {
    let emulator = Emulator::start();
    emulator.make_project("my-audit");
    let reply = create(&emulator, "daily-trail", &[]);
    assert_eq!(reply.status, 200, "{}", reply.text());
    emulator
}

fn named(emulator: &Emulator, action: &str, name: &str) -> Reply {
    emulator.rpc(ACTIONTRAIL, action, &[("Name", name)])
}

fn status(emulator: &Emulator) -> String {
    let trails = emulator.rpc(ACTIONTRAIL, "DescribeTrails", &[("NameList", "daily-trail")]).body_json();
    trails["TrailList"][0]["Status"].as_str().unwrap().to_owned()
}

#[test]
fn trail_is_fresh_until_it_is_started_and_disabled_when_stopped() {
    let emulator = started();
    assert_eq!(status(&emulator), "Fresh");
    assert_eq!(named(&emulator, "StartLogging", "daily-trail").status, 200);
    assert_eq!(status(&emulator), "Enable");
    assert_eq!(named(&emulator, "StopLogging", "daily-trail").status, 200);
    assert_eq!(status(&emulator), "Disable");
    assert_eq!(named(&emulator, "GetTrailStatus", "daily-trail").body_json()["IsLogging"], false);
}

#[test]
fn starting_twice_changes_nothing() {
    let emulator = started();
    named(&emulator, "StartLogging", "daily-trail");
    named(&emulator, "StartLogging", "daily-trail");
    assert_eq!(emulator.last_entry()["changed"], false);
}

#[test]
fn logstore_of_a_trail_is_closed_to_others() {
    let emulator = started();
    assert_eq!(emulator.logstore("my-audit", "actiontrail_daily-trail")["dedicated"], true);
}

#[test]
fn update_keeps_what_it_does_not_name() {
    let emulator = started();
    let update = [("Name", "daily-trail"), ("EventRW", "Write")];
    let answer = emulator.rpc(ACTIONTRAIL, "UpdateTrail", &update).body_json();
    assert_eq!(answer["EventRW"], "Write");
    assert_eq!(answer["SlsProjectArn"], project_arn("my-audit"));
}

#[test]
fn deleted_trail_is_gone() {
    let emulator = started();
    assert_eq!(named(&emulator, "DeleteTrail", "daily-trail").status, 200);
    assert_eq!(emulator.rpc(ACTIONTRAIL, "DescribeTrails", &[]).body_json()["TrailList"], json!([]));
    for action in ["DeleteTrail", "StartLogging", "StopLogging", "UpdateTrail", "GetTrailStatus"] {
        assert_refused(&named(&emulator, action, "daily-trail"), 404, "TrailNotFoundException");
    }
}

#[test]
fn sixth_trail_of_a_region_is_refused() {
    let emulator = started();
    for number in 2..=5 {
        assert_eq!(create(&emulator, &format!("daily-trail-{number}"), &[]).status, 200);
    }
    let reply = create(&emulator, "daily-trail-6", &[]);
    assert_refused(&reply, 403, "MaximumNumberOfTrailsExceededException");
}

#[test]
fn inner_trail_is_none_of_the_ordinary_ones() {
    let emulator = started();
    assert_eq!(emulator.create_trail("prod-ops", "my-audit").status, 200);
    let trails = emulator.rpc(ACTIONTRAIL, "DescribeTrails", &[]).body_json();
    assert_eq!(trails["TrailList"].as_array().unwrap().len(), 1);
    let inner = emulator.rpc(ACTIONTRAIL, "DescribeInnerTrails", &[]).body_json();
    assert_eq!(inner["TrailList"].as_array().unwrap().len(), 1);
}

#[test]
fn bad_trails_are_refused_by_their_codes() {
    let emulator = started();
    let missing = project_arn("no-such");
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("Name", "other-trail")], "InvalidDeliveryConfigurationException"),
        (&[("Name", "x"), ("OssBucketName", "b")], "InvalidTrailNameException"),
        (&[("Name", "daily-trail"), ("OssBucketName", "b")], "TrailAlreadyExistsException"),
        (&[("Name", "other-trail"), ("SlsProjectArn", &missing)], "SlsProjectDoesNotExistException"),
        (&[("Name", "other-trail"), ("OssBucketName", "b"), ("OssKeyPrefix", "9")], "InvalidPrefixException"),
        (&[("Name", "other-trail"), ("OssBucketName", "b"), ("EventRW", "Some")], "InvalidParameterValue"),
        (
            &[("Name", "other-trail"), ("OssBucketName", "b"), ("IsOrganizationTrail", "True")],
            "NotAllowCreateOrganizationTrail",
        ),
    ];
    for (parameters, code) in cases {
        assert_refused(&emulator.rpc(ACTIONTRAIL, "CreateTrail", parameters), 400, code);
    }
}

#[test]
fn own_calls_are_looked_up_newest_first() {
    let emulator = started();
    let user = emulator.user("ann", &["ram:*"]);
    emulator.send(&rpc(&user, RAM, "GetRole", &[("RoleName", ROLE)]));
    let events = emulator.rpc(ACTIONTRAIL, "LookupEvents", &[]).body_json()["Events"].clone();
    assert_eq!(events[0]["eventName"], "GetRole");
    assert_eq!(events[0]["userIdentity"]["userName"], "ann");
    assert_eq!((&events[1]["eventName"], &events[1]["eventRW"]), (&json!("CreateTrail"), &json!("Write")));
}

#[test]
fn lookup_is_filtered_and_paged() {
    let emulator = started();
    for _ in 0..3 {
        emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]);
    }
    let filter =
        [("LookupAttribute.1.Key", "EventName"), ("LookupAttribute.1.Value", "GetRole"), ("MaxResults", "2")];
    let first = emulator.rpc(ACTIONTRAIL, "LookupEvents", &filter).body_json();
    assert_eq!(first["Events"].as_array().unwrap().len(), 2);
    let next = first["NextToken"].as_str().unwrap();
    let rest = [&filter[..], &[("NextToken", next)]].concat();
    let second = emulator.rpc(ACTIONTRAIL, "LookupEvents", &rest).body_json();
    assert_eq!(second["Events"].as_array().unwrap().len(), 1);
    assert!(second.get("NextToken").is_none(), "{second}");
}

#[test]
fn lookup_goes_forward_when_asked_to() {
    let emulator = started();
    for _ in 0..3 {
        emulator.rpc(RAM, "GetRole", &[("RoleName", ROLE)]);
    }
    let asked = [("Direction", "FORWARD"), ("MaxResults", "2")];
    let first = emulator.rpc(ACTIONTRAIL, "LookupEvents", &asked).body_json();
    let rest = [("Direction", "FORWARD"), ("NextToken", first["NextToken"].as_str().unwrap())];
    let second = emulator.rpc(ACTIONTRAIL, "LookupEvents", &rest).body_json();
    let ids = |page: &serde_json::Value| -> Vec<serde_json::Value> {
        page["Events"].as_array().unwrap().iter().map(|event| event["eventId"].clone()).collect()
    };
    let mut backward = ids(&emulator.rpc(ACTIONTRAIL, "LookupEvents", &[]).body_json());
    backward.reverse();
    assert_eq!([ids(&first), ids(&second)].concat(), backward);
}

#[test]
fn bad_lookup_is_refused() {
    let emulator = started();
    for parameter in
        [("MaxResults", "51"), ("StartTime", "yesterday"), ("NextToken", "x"), ("Direction", "UP")]
    {
        let reply = emulator.rpc(ACTIONTRAIL, "LookupEvents", &[parameter]);
        assert_refused(&reply, 400, "InvalidQueryParameter");
    }
}

#[test]
fn inner_trail_does_not_take_the_name_of_an_ordinary_one() {
    let emulator = started();
    assert_refused(&emulator.create_trail("daily-trail", "my-audit"), 400, "TrailAlreadyExistsException");
}

#[test]
fn events_are_looked_up_by_documented_keys_alone() {
    let emulator = Emulator::start();
    emulator.rpc("ram.aliyuncs.com", "GetRole", &[("RoleName", "AliyunActionTrailDefaultRole")]);
    let look = |key: &str, value: &str| {
        let filter = [("LookupAttribute.1.Key", key), ("LookupAttribute.1.Value", value)];
        emulator.rpc(ACTIONTRAIL, "LookupEvents", &filter)
    };
    let count = |key: &str, value: &str| look(key, value).body_json()["Events"].as_array().unwrap().len();
    assert_eq!(
        (count("ServiceName", "Ram"), count("ServiceName", "RAM"), count("ServiceName", "Ecs")),
        (1, 1, 0)
    );
    for untold in ["EventAccessKeyId", "ResourceName", "ResourceType"] {
        assert_eq!(count(untold, "x"), 0, "{untold}");
    }
    assert_refused(&look("EventColour", "red"), 400, "InvalidQueryParameter");
}
