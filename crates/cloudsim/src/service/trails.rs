//! ActionTrail 2020-07-06: ordinary trails (cloud-api §2.2, §2.3).
//!
//! They have a life and a status here, and make their Logstore; they deliver nothing. Object storage is not
//! emulated: a bucket is taken to be there.

use serde_json::{Map, Value, json};

use super::actiontrail::{self, is_trail_name, trail_not_found};
use super::{Call, Operation};
use crate::clock::iso;
use crate::gateway::route::{REGIONS, Service};
use crate::reply::{Answer, Refusal};
use crate::store::logstore::{self, NewLogstore};
use crate::store::ordinary_trail::{self, OrdinaryTrail};
use crate::store::trail::{self, Trail};

/// The operations on ordinary trails.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::write(Service::ActionTrail, "CreateTrail", "actiontrail:CreateTrail", create),
    Operation::write(Service::ActionTrail, "UpdateTrail", "actiontrail:UpdateTrail", update),
    Operation::read(Service::ActionTrail, "DescribeTrails", Some("actiontrail:DescribeTrails"), describe),
    Operation::write(Service::ActionTrail, "StartLogging", "actiontrail:StartLogging", start),
    Operation::write(Service::ActionTrail, "StopLogging", "actiontrail:StopLogging", stop),
    Operation::write(Service::ActionTrail, "DeleteTrail", "actiontrail:DeleteTrail", delete),
];

/// Ordinary trails an account may have in a region.
const TRAILS_MAX: usize = 5;

/// Parameters that a trail keeps and answers.
const SETTINGS: [&str; 9] = [
    "SlsProjectArn",
    "SlsWriteRoleArn",
    "OssBucketName",
    "OssKeyPrefix",
    "OssWriteRoleArn",
    "MaxComputeProjectArn",
    "MaxComputeWriteRoleArn",
    "EventRW",
    "TrailRegion",
];

fn create(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = call.required("Name")?;
    if !is_trail_name(name) {
        return Err(Refusal::new(400, "InvalidTrailNameException", "The specified Trail name is invalid."));
    }
    check_room(call, name)?;
    let mut settings = given(call);
    settings.entry("EventRW").or_insert(json!("All"));
    settings.entry("TrailRegion").or_insert(json!("All"));
    let trail = OrdinaryTrail {
        account: call.account().to_owned(),
        name: name.to_owned(),
        home_region: call.region.to_owned(),
        settings,
        created: call.now,
        modified: call.now,
        started: None,
        stopped: None,
    };
    stored(call, &trail)
}

/// Whether the name is free and the region has room for one more.
fn check_room(call: &Call<'_>, name: &str) -> Result<(), Refusal> {
    if call.optional("IsOrganizationTrail").is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        let message =
            "The account may not create a multi-account trail. Submit a ticket to get customer support.";
        return Err(Refusal::new(400, "NotAllowCreateOrganizationTrail", message));
    }
    let all = ordinary_trail::list(call.conn, call.account())?;
    let inner = trail::list(call.conn, call.account())?;
    if all.iter().any(|trail| trail.name == name) || inner.iter().any(|trail| trail.name == name) {
        let message = "The specified Trail name already exists.";
        return Err(Refusal::new(400, "TrailAlreadyExistsException", message));
    }
    if all.iter().filter(|trail| trail.home_region == call.region).count() >= TRAILS_MAX {
        let message = "The number of Trails in the same region exceeds the upper limit (5).";
        return Err(Refusal::new(403, "MaximumNumberOfTrailsExceededException", message));
    }
    Ok(())
}

fn given(call: &Call<'_>) -> Map<String, Value> {
    SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), json!(call.optional(name)?)))).collect()
}

fn update(call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut trail = named(call)?;
    let before = trail.settings.clone();
    trail.settings.extend(given(call));
    if trail.settings == before {
        return Ok(Answer::json(echo(&trail)));
    }
    trail.modified = call.now;
    stored(call, &trail)
}

/// Checks a trail, makes its Logstore and stores it.
fn stored(call: &Call<'_>, trail: &OrdinaryTrail) -> Result<Answer, Refusal> {
    check(&trail.settings)?;
    if let Some(arn) = text(&trail.settings, "SlsProjectArn") {
        make_logstore(call, trail, arn, text(&trail.settings, "SlsWriteRoleArn"))?;
    }
    ordinary_trail::put(call.conn, trail)?;
    Ok(Answer::json(echo(trail)))
}

fn text<'a>(settings: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    settings.get(name).and_then(Value::as_str)
}

fn check(settings: &Map<String, Value>) -> Result<(), Refusal> {
    let destinations = ["SlsProjectArn", "OssBucketName", "MaxComputeProjectArn"];
    if !destinations.iter().any(|name| settings.contains_key(*name)) {
        return Err(actiontrail::no_destination());
    }
    if text(settings, "OssKeyPrefix").is_some_and(|prefix| !is_prefix(prefix)) {
        let message = "The specified OSS bucket prefix is invalid.";
        return Err(Refusal::new(400, "InvalidPrefixException", message));
    }
    let known =
        |name: &str, values: &[&str]| text(settings, name).is_none_or(|value| values.contains(&value));
    if !known("EventRW", &["Write", "Read", "All"])
        || !(known("TrailRegion", &["All"]) || known("TrailRegion", &REGIONS))
    {
        let message = "The specified EventRW or TrailRegion is not valid.";
        return Err(Refusal::new(400, "InvalidParameterValue", message));
    }
    Ok(())
}

/// 6 to 32 letters, digits, `-`, `/` and `_`, a letter first.
fn is_prefix(prefix: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_".contains(&byte);
    (6..=32).contains(&prefix.len())
        && prefix.as_bytes()[0].is_ascii_alphabetic()
        && prefix.bytes().all(legal)
}

/// Makes `actiontrail_<name>`, closed to other writers; without a role the service-linked one is taken.
fn make_logstore(
    call: &Call<'_>,
    trail: &OrdinaryTrail,
    project_arn: &str,
    role_arn: Option<&str>,
) -> Result<(), Refusal> {
    let (region, owner, project) =
        actiontrail::parse_project_arn(project_arn).ok_or_else(actiontrail::no_destination)?;
    let destination = Trail {
        account: call.account().to_owned(),
        name: trail.name.clone(),
        home_region: trail.home_region.clone(),
        project_region: region.to_owned(),
        project: project.to_owned(),
        project_owner: owner.to_owned(),
        logstore: format!("actiontrail_{}", trail.name),
        role_arn: role_arn.unwrap_or_default().to_owned(),
        created: call.now,
        modified: call.now,
        started: Some(call.now),
        delivered: None,
    };
    let project = match role_arn {
        Some(_) => actiontrail::check_destination(call.conn, &destination, call.now)?,
        None => actiontrail::destination_project(call.conn, &destination)?,
    };
    let name = &destination.logstore;
    let new = NewLogstore { name, ttl: logstore::PERMANENT_DAYS, shards: 2, settings: Map::new() };
    logstore::create(call.conn, &project, &new, call.now)?;
    if let Some(found) = logstore::find(call.conn, &project, name)? {
        logstore::dedicate(call.conn, found.id, &trail.name)?;
    }
    Ok(())
}

/// What creation and update answer.
fn echo(trail: &OrdinaryTrail) -> Value {
    let mut answer = Value::Object(trail.settings.clone());
    answer["Name"] = json!(trail.name);
    answer["HomeRegion"] = json!(trail.home_region);
    if trail.settings.contains_key("SlsProjectArn") && !trail.settings.contains_key("SlsWriteRoleArn") {
        let service_role = format!("acs:ram::{}:role/aliyunserviceroleforactiontrail", trail.account);
        answer["SlsWriteRoleArn"] = json!(service_role);
    }
    answer
}

/// The ordinary trail a call names, if its home is the region of the call.
fn named(call: &Call<'_>) -> Result<OrdinaryTrail, Refusal> {
    let found = ordinary_trail::find(call.conn, call.account(), call.required("Name")?)?;
    found.filter(|trail| trail.home_region == call.region).ok_or_else(trail_not_found)
}

fn describe(call: &Call<'_>) -> Result<Answer, Refusal> {
    let wanted: Option<Vec<&str>> =
        call.optional("NameList").map(|list| list.split(',').map(str::trim).collect());
    let shadows = call.optional("IncludeShadowTrails").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let is_here = |trail: &OrdinaryTrail| {
        trail.home_region == call.region || shadows && text(&trail.settings, "TrailRegion") == Some("All")
    };
    let trails = ordinary_trail::list(call.conn, call.account())?;
    let shown: Vec<Value> = trails
        .iter()
        .filter(|trail| is_here(trail))
        .filter(|trail| wanted.as_ref().is_none_or(|names| names.contains(&trail.name.as_str())))
        .map(|trail| shown(trail, call.region))
        .collect();
    Ok(Answer::json(json!({"TrailList": shown})))
}

fn shown(trail: &OrdinaryTrail, region: &str) -> Value {
    let mut answer = echo(trail);
    answer["Region"] = json!(region);
    answer["TrailArn"] =
        json!(format!("acs:actiontrail:{}:{}:trail/{}", trail.home_region, trail.account, trail.name));
    answer["Status"] = json!(trail.status());
    answer["IsOrganizationTrail"] = json!(false);
    answer["CreateTime"] = json!(iso(trail.created));
    answer["UpdateTime"] = json!(iso(trail.modified));
    add_times(&mut answer, trail);
    answer
}

fn add_times(answer: &mut Value, trail: &OrdinaryTrail) {
    for (name, time) in [("StartLoggingTime", trail.started), ("StopLoggingTime", trail.stopped)] {
        if let Some(time) = time {
            answer[name] = json!(iso(time));
        }
    }
}

/// What `GetTrailStatus` answers of an ordinary trail.
pub(crate) fn status(call: &Call<'_>) -> Result<Answer, Refusal> {
    let trail = named(call)?;
    let mut answer = json!({
        "IsLogging": trail.status() == "Enable",
        "OssBucketStatus": trail.settings.contains_key("OssBucketName"),
        "SlsLogStoreStatus": trail.settings.contains_key("SlsProjectArn"),
    });
    add_times(&mut answer, &trail);
    Ok(Answer::json(answer))
}

fn start(call: &Call<'_>) -> Result<Answer, Refusal> {
    if ordinary_trail::find(call.conn, call.account(), call.required("Name")?)?.is_none() {
        return actiontrail::start(call);
    }
    let mut trail = named(call)?;
    if trail.status() != "Enable" {
        (trail.started, trail.stopped) = (Some(call.now), None);
        ordinary_trail::put(call.conn, &trail)?;
    }
    Ok(Answer::json(json!({})))
}

fn stop(call: &Call<'_>) -> Result<Answer, Refusal> {
    let mut trail = named(call)?;
    if trail.status() == "Enable" {
        trail.stopped = Some(call.now);
        ordinary_trail::put(call.conn, &trail)?;
    }
    Ok(Answer::json(json!({})))
}

fn delete(call: &Call<'_>) -> Result<Answer, Refusal> {
    ordinary_trail::delete(call.conn, &named(call)?)?;
    Ok(Answer::json(json!({})))
}
