//! ActionTrail 2020-07-06: the inner trail, and what a reader may ask about it.
//!
//! Names of the three inner operations are documented, their parameters and answers are not: what is here
//! follows the sibling operations (cloud-api §1.5, INFER).

use serde_json::{Value, json};

use super::{Call, Operation, console, delivery, ram, trails};
use crate::gateway::route::{REGIONS, Service};
use crate::quirks::{self, InnerRegions, InnerStatus, Quirks};
use crate::reply::{Answer, Refusal};
use crate::store::logstore;
use crate::store::ordinary_trail;
use crate::store::project::{self, Project};
use crate::store::second_door;
use crate::store::trail::{self, Trail};

/// The operations of ActionTrail.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::read(
        Service::ActionTrail,
        "DescribeInnerTrails",
        Some("actiontrail:DescribeInnerTrails"),
        describe_inner_trails,
    ),
    Operation::write(
        Service::ActionTrail,
        "CreateInnerTrail",
        "actiontrail:CreateInnerTrail",
        create_inner_trail,
    ),
    Operation::write(
        Service::ActionTrail,
        "DeleteInnerTrail",
        "actiontrail:DeleteInnerTrail",
        delete_inner_trail,
    ),
    Operation::read(
        Service::ActionTrail,
        "GetTrailStatus",
        Some("actiontrail:GetTrailStatus"),
        get_trail_status,
    ),
    Operation::read(
        Service::ActionTrail,
        "DescribeRegions",
        Some("actiontrail:DescribeRegions"),
        describe_regions,
    ),
];

/// Inner trails an account may have, over all regions (cloud-api §1.2).
const INNER_TRAILS_MAX: usize = 1;

/// Whether an operation exists only for accounts that were granted the feature.
pub(crate) fn needs_grant(action: &str) -> bool {
    matches!(action, "DescribeInnerTrails" | "CreateInnerTrail" | "DeleteInnerTrail")
}

/// What is needed to make an inner trail.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewTrail<'a> {
    pub(crate) account: &'a str,
    pub(crate) region: &'a str,
    pub(crate) name: &'a str,
    pub(crate) project_arn: &'a str,
    /// Default role of the account when absent.
    pub(crate) role_arn: Option<&'a str>,
    /// `innertrail_<name>` when absent.
    pub(crate) logstore: Option<&'a str>,
    pub(crate) now: i64,
}

fn create_inner_trail(call: &Call<'_>) -> Result<Answer, Refusal> {
    let new = NewTrail {
        account: call.account(),
        region: call.region,
        name: call.required("Name")?,
        project_arn: call.required("SlsProjectArn")?,
        role_arn: call.optional("SlsWriteRoleArn"),
        logstore: call.optional("SlsLogStore"),
        now: call.now,
    };
    let trail = create(call.conn, &new)?;
    let mut answer = json!({
        "Name": trail.name,
        "HomeRegion": trail.home_region,
        "SlsProjectArn": trail.project_arn(),
        "SlsWriteRoleArn": trail.role_arn,
    });
    if quirks::get(call.conn)?.inner_logstore_shown {
        answer["SlsLogStore"] = json!(trail.logstore);
    }
    Ok(Answer::json(answer))
}

/// Makes an inner trail and its Logstore; the order of the checks is ours.
pub(crate) fn create(conn: &rusqlite::Connection, new: &NewTrail<'_>) -> Result<Trail, Refusal> {
    let mut trail = planned(new)?;
    if quirks::get(conn)?.inner_status == InnerStatus::Fresh {
        trail.started = None;
    }
    let existing = trail::list(conn, new.account)?;
    let is_ordinary = ordinary_trail::find(conn, new.account, new.name)?.is_some();
    if is_ordinary || existing.iter().any(|other| other.name == new.name) {
        return Err(Refusal::new(
            400,
            "TrailAlreadyExistsException",
            "The specified Trail name already exists.",
        ));
    }
    if existing.len() >= INNER_TRAILS_MAX {
        return Err(Refusal::new(
            403,
            "MaximumNumberOfTrailsExceededException",
            "The number of inner Trails exceeds the upper limit (1).",
        ));
    }
    let project = check_destination(conn, &trail, new.now)?;
    console::dedicate_logstore(conn, &project, &trail.logstore, &trail.name, new.now)?;
    trail::insert(conn, &trail)?;
    // A setting made in the Log Service console is overwritten.
    second_door::remove(conn, new.account)?;
    Ok(trail)
}

/// The trail as asked for, with its names checked.
fn planned(new: &NewTrail<'_>) -> Result<Trail, Refusal> {
    if !is_trail_name(new.name) {
        return Err(Refusal::new(400, "InvalidTrailNameException", "The specified Trail name is invalid."));
    }
    let (region, owner, project) = parse_project_arn(new.project_arn).ok_or_else(no_destination)?;
    let default_role = || ram::role_arn(new.account, ram::DEFAULT_ROLE);
    let dedicated = || format!("innertrail_{}", new.name);
    Ok(Trail {
        account: new.account.to_owned(),
        name: new.name.to_owned(),
        home_region: new.region.to_owned(),
        project_region: region.to_owned(),
        project: project.to_owned(),
        project_owner: owner.to_owned(),
        logstore: new.logstore.map_or_else(dedicated, str::to_owned),
        role_arn: new.role_arn.map_or_else(default_role, str::to_owned),
        created: new.now,
        modified: new.now,
        started: Some(new.now),
        delivered: None,
    })
}

/// The answer for a trail that leads nowhere.
pub(crate) fn no_destination() -> Refusal {
    let message = "You must specify at least one Log Service project or OSS bucket for a Trail.";
    Refusal::new(400, "InvalidDeliveryConfigurationException", message)
}

/// 6 to 36 characters, a lower-case letter first, then lower-case letters, digits, `-` and `_`.
pub(crate) fn is_trail_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (6..=36).contains(&name.len()) && name.as_bytes()[0].is_ascii_lowercase() && name.bytes().all(legal)
}

/// Region, account and name of `acs:log:<region>:<account>:project/<name>`.
pub(crate) fn parse_project_arn(arn: &str) -> Option<(&str, &str, &str)> {
    let (region, rest) = arn.strip_prefix("acs:log:")?.split_once(':')?;
    let (account, project) = rest.split_once(":project/")?;
    let filled = !region.is_empty() && !account.is_empty() && !project.is_empty() && !project.contains('/');
    filled.then_some((region, account, project))
}

/// Checks all that a delivery needs, with the code that each lack is documented under.
pub(crate) fn check_destination(
    conn: &rusqlite::Connection,
    trail: &Trail,
    now: i64,
) -> Result<Project, Refusal> {
    let project = destination_project(conn, trail)?;
    if let Some(lack) = delivery::role_lack(conn, trail, now)? {
        let message = format!("You must authorize ActionTrail to assume the role: {}.", lack.sentence());
        return Err(Refusal::new(403, "NeedRamAuthorize", message));
    }
    let action = match logstore::find(conn, &project, &trail.logstore)? {
        Some(_) => return check_payment(conn, project),
        None => "log:CreateLogstore",
    };
    if let Some(lack) = delivery::policy_lack(conn, trail, action, now)? {
        return Err(insufficient(lack.sentence()));
    }
    if !super::sls_logstore::is_logstore_name(&trail.logstore) {
        return Err(Refusal::new(
            400,
            "InvalidDeliveryConfigurationException",
            "The specified Logstore name is invalid.",
        ));
    }
    check_payment(conn, project)
}

/// The project a trail ships to, if it is there and belongs to whom the ARN says.
pub(crate) fn destination_project(conn: &rusqlite::Connection, trail: &Trail) -> Result<Project, Refusal> {
    let project = project::find(conn, &trail.project_region, &trail.project)?;
    project.filter(|project| project.account == trail.project_owner).ok_or_else(|| {
        let message = "The specified Log Service project does not exist.";
        Refusal::new(400, "SlsProjectDoesNotExistException", message)
    })
}

fn insufficient(sentence: &str) -> Refusal {
    let message = format!("Access to the specified Log Service project was denied: {sentence}.");
    Refusal::new(403, "InsufficientSlsPolicyException", message)
}

/// What ActionTrail answers while Log Service refuses to work is not documented; it passes on the code of Log Service.
fn check_payment(conn: &rusqlite::Connection, project: Project) -> Result<Project, Refusal> {
    match crate::store::account::find(conn, &project.account)? {
        Some(owner) if owner.overdue => Err(super::sls_project::forbidden(&project.name)),
        Some(owner) if !owner.sls_open => Err(crate::auth::not_opened()),
        Some(_) | None => Ok(project),
    }
}

fn describe_inner_trails(call: &Call<'_>) -> Result<Answer, Refusal> {
    let wanted: Option<Vec<&str>> =
        call.optional("NameList").map(|list| list.split(',').map(str::trim).collect());
    let is_wanted = |trail: &Trail| wanted.as_ref().is_none_or(|names| names.contains(&trail.name.as_str()));
    let quirks = quirks::get(call.conn)?;
    let everywhere = quirks.inner_regions == InnerRegions::Every;
    let trails = trail::list(call.conn, call.account())?;
    let here =
        trails.iter().filter(|trail| is_wanted(trail) && (everywhere || trail.home_region == call.region));
    let shown: Vec<Value> = here.map(|trail| shown(trail, call.region, &quirks)).collect();
    Ok(Answer::json(quirks.inner_list.answer(&shown)))
}

fn shown(trail: &Trail, region: &str, quirks: &Quirks) -> Value {
    let time = |epoch| quirks.inner_times.shown(epoch);
    let mut shown = json!({
        "Name": trail.name,
        "HomeRegion": trail.home_region,
        "Region": region,
        "TrailRegion": "All",
        "TrailArn": trail.arn(),
        "Status": if trail.started.is_some() { "Enable" } else { "Fresh" },
        "SlsProjectArn": trail.project_arn(),
        "SlsWriteRoleArn": trail.role_arn,
        "CreateTime": time(trail.created),
        "UpdateTime": time(trail.modified),
    });
    if let Some(started) = trail.started {
        shown["StartLoggingTime"] = time(started);
    }
    if quirks.inner_logstore_shown {
        shown["SlsLogStore"] = json!(trail.logstore);
    }
    shown
}

/// The trail a call names, if its home is the region of the call.
fn named(call: &Call<'_>) -> Result<Trail, Refusal> {
    let name = call.required("Name")?;
    let trails = trail::list(call.conn, call.account())?;
    let found = trails.into_iter().find(|trail| trail.name == name && trail.home_region == call.region);
    found.ok_or_else(trail_not_found)
}

/// The answer for a trail that is not there.
pub(crate) fn trail_not_found() -> Refusal {
    Refusal::new(404, "TrailNotFoundException", "The specified Trail does not exist.")
}

/// Starts an inner trail that is fresh. What other inner trails answer to `StartLogging` is that they are not there.
pub(crate) fn start(call: &Call<'_>) -> Result<Answer, Refusal> {
    let trail = named(call)?;
    if trail.started.is_some() && quirks::get(call.conn)?.inner_status == InnerStatus::Enable {
        return Err(trail_not_found());
    }
    trail::set_started(call.conn, &trail, call.now)?;
    Ok(Answer::json(json!({})))
}

/// Stops delivery; Logstore, index and logs stay.
fn delete_inner_trail(call: &Call<'_>) -> Result<Answer, Refusal> {
    let found = named(call)?;
    trail::delete(call.conn, &found.account, &found.name)?;
    Ok(Answer::json(json!({})))
}

fn get_trail_status(call: &Call<'_>) -> Result<Answer, Refusal> {
    let name = call.required("Name")?;
    if ordinary_trail::find(call.conn, call.account(), name)?.is_some() {
        return trails::status(call);
    }
    let trail = named(call)?;
    let times = quirks::get(call.conn)?.inner_times;
    let mut status = json!({"IsLogging": trail.started.is_some(), "OssBucketStatus": false});
    if let Some(started) = trail.started {
        status["StartLoggingTime"] = times.shown(started);
    }
    let destination = delivery::destination(call.conn, &trail, call.now)?;
    status["SlsLogStoreStatus"] = Value::Bool(destination.is_ok());
    if let Some(time) = trail.delivered {
        status["LatestDeliveryLogServiceTime"] = times.shown(time);
    }
    if let Err(lack) = destination {
        status["LatestDeliveryLogServiceError"] = Value::String(lack.sentence().to_owned());
    }
    Ok(Answer::json(status))
}

#[expect(clippy::unnecessary_wraps, reason = "every operation has this shape")]
fn describe_regions(_call: &Call<'_>) -> Result<Answer, Refusal> {
    let regions: Vec<Value> = REGIONS
        .iter()
        .map(|region| {
            let endpoint = format!("actiontrail.{region}.aliyuncs.com");
            json!({"RegionId": region, "RegionEndpoint": endpoint, "LocalName": region})
        })
        .collect();
    Ok(Answer::json(json!({"Regions": {"Region": regions}})))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trail_names_follow_the_documented_rule() {
        assert!(is_trail_name("prod-ops") && is_trail_name("a_1234"));
        for wrong in ["short", "1abcdef", "Upper-case", "has space", &"a".repeat(37)] {
            assert!(!is_trail_name(wrong), "{wrong}");
        }
    }

    #[test]
    fn project_arns_are_taken_apart() {
        assert_eq!(parse_project_arn("acs:log:cn-hangzhou:1:project/p"), Some(("cn-hangzhou", "1", "p")));
        for wrong in
            ["", "acs:log:cn-hangzhou:1:project/", "acs:oss:cn-hangzhou:1:project/p", "acs:log::1:project/p"]
        {
            assert_eq!(parse_project_arn(wrong), None, "{wrong}");
        }
    }
}
