//! `LookupEvents`: the account's own management calls, taken from the journal (cloud-api §2.2).
//!
//! Newest first unless asked otherwise. The shape of an event follows the documented fields; only those the emulator knows are there.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Call, Operation};
use crate::clock::iso;
use crate::gateway::route::Service;
use crate::reply::{Answer, Refusal};
use crate::store::journal::{self, Span};

/// The operation.
pub(crate) const OPERATIONS: &[Operation] =
    &[Operation::read(Service::ActionTrail, "LookupEvents", Some("actiontrail:LookupEvents"), lookup_events)];

/// Events are looked up this far back, seconds: 90 days.
const KEPT_SECS: i64 = 90 * 86_400;
/// Most events in one answer.
const RESULTS_MAX: u32 = 50;

fn lookup_events(call: &Call<'_>) -> Result<Answer, Refusal> {
    let from = time(call, "StartTime")?.unwrap_or(call.now - 7 * 86_400).max(call.now - KEPT_SECS);
    let to = time(call, "EndTime")?.unwrap_or(call.now + 1);
    let count = number(call, "MaxResults")?.unwrap_or(20);
    let count = u32::try_from(count).ok().filter(|count| (1..=RESULTS_MAX).contains(count));
    let count = count.ok_or_else(|| invalid("MaxResults"))?;
    let filters = filters(call)?;
    let span = Span {
        sequences: sequences(call)?,
        times_ms: from * 1000..to * 1000,
        oldest_first: is_forward(call)?,
    };
    let rows = journal::calls(call.conn, call.account(), &span)?;
    let is_full = rows.len() >= journal::CALLS_MAX as usize;
    let fits = |event: &Value| filters.iter().all(|(key, value)| key.is_of(event, value));
    let (events, next) = page(rows, &span, fits, count as usize, is_full);
    let mut answer = json!({"Events": events, "StartTime": iso(from), "EndTime": iso(to)});
    if let Some(next) = next {
        answer["NextToken"] = json!(next.to_string());
    }
    Ok(Answer::json(answer))
}

/// The first events that fit, and where to go on if there may be more: also when none of very many calls did.
fn page(
    rows: Vec<(i64, Value)>,
    span: &Span,
    fits: impl Fn(&Value) -> bool,
    count: usize,
    is_full: bool,
) -> (Vec<Value>, Option<i64>) {
    let last = rows.last().filter(|_| is_full).map(|(sequence, _)| *sequence);
    let behind = last.map(|sequence| if span.oldest_first { sequence + 1 } else { sequence });
    let mut events = Vec::new();
    for (sequence, entry) in rows {
        let event = event(&entry);
        if !fits(&event) {
            continue;
        }
        if events.len() >= count {
            return (events, Some(if span.oldest_first { sequence } else { sequence + 1 }));
        }
        events.push(event);
    }
    (events, behind)
}

/// `Direction`, as in the official client 2.6.0.
fn is_forward(call: &Call<'_>) -> Result<bool, Refusal> {
    match call.optional("Direction") {
        None | Some("BACKWARD") => Ok(false),
        Some("FORWARD") => Ok(true),
        Some(_) => Err(invalid("Direction")),
    }
}

/// The calls that an earlier page left.
fn sequences(call: &Call<'_>) -> Result<std::ops::Range<i64>, Refusal> {
    let token = number(call, "NextToken")?;
    Ok(if is_forward(call)? { token.unwrap_or(0)..i64::MAX } else { 0..token.unwrap_or(i64::MAX) })
}

fn time(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    let read = |text: &str| text.parse::<Timestamp>().map(Timestamp::as_second).map_err(|_| invalid(name));
    call.optional(name).map(read).transpose()
}

fn number(call: &Call<'_>, name: &str) -> Result<Option<i64>, Refusal> {
    call.optional(name).map(|text| text.parse().map_err(|_| invalid(name))).transpose()
}

fn invalid(name: &str) -> Refusal {
    Refusal::new(400, "InvalidQueryParameter", format!("The specified {name} is not valid."))
}

/// `LookupAttribute.N.Key` and `.Value`, and `EventRW`.
fn filters(call: &Call<'_>) -> Result<Vec<(Key, String)>, Refusal> {
    let mut filters = Vec::new();
    for number in 1..=10 {
        let part = |part| call.optional(&format!("LookupAttribute.{number}.{part}"));
        if let (Some(key), Some(value)) = (part("Key"), part("Value")) {
            filters.push((Key::of_name(key).ok_or_else(|| invalid("LookupAttribute"))?, value.to_owned()));
        }
    }
    let rw = call.optional("EventRW").filter(|rw| *rw != "All");
    filters.extend(rw.map(|rw| (Key::Field("/eventRW"), rw.to_owned())));
    Ok(filters)
}

/// What events are looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    /// The value behind a pointer into the event.
    Field(&'static str),
    /// The same, whatever its case.
    FieldInAnyCase(&'static str),
    /// What the journal does not tell of a call.
    Untold,
}

impl Key {
    /// The documented keys.
    fn of_name(name: &str) -> Option<Self> {
        Some(match name {
            "EventName" => Self::Field("/eventName"),
            "ServiceName" => Self::FieldInAnyCase("/serviceName"),
            "EventRW" => Self::Field("/eventRW"),
            "User" => Self::Field("/userIdentity/userName"),
            "EventId" => Self::Field("/eventId"),
            "EventAccessKeyId" | "ResourceName" | "ResourceType" => Self::Untold,
            _ => return None,
        })
    }

    fn is_of(self, event: &Value, value: &str) -> bool {
        let at = |pointer| event.pointer(pointer).and_then(Value::as_str);
        match self {
            Self::Field(pointer) => at(pointer) == Some(value),
            Self::FieldInAnyCase(pointer) => {
                at(pointer).is_some_and(|found| found.eq_ignore_ascii_case(value))
            }
            Self::Untold => false,
        }
    }
}

fn event(entry: &Value) -> Value {
    let (service, action) = (entry["service"].as_str().unwrap_or_default(), &entry["action"]);
    let mutates = super::operations()
        .into_iter()
        .any(|operation| operation.mutating && Some(operation.action) == action.as_str());
    let mut event = json!({
        "eventId": entry["requestId"],
        "eventVersion": 1,
        "eventName": action,
        "eventTime": entry["time"],
        "eventType": "ApiCall",
        "eventCategory": "Management",
        "eventRW": if mutates { "Write" } else { "Read" },
        "serviceName": service_name(service),
        "acsRegion": entry["region"],
        "requestId": entry["requestId"],
        "requestParameters": entry["parameters"],
        "userIdentity": identity(entry["caller"].as_str().unwrap_or_default(), &entry["account"]),
    });
    if !entry["code"].is_null() {
        event["errorCode"] = entry["code"].clone();
    }
    event
}

fn service_name(service: &str) -> &'static str {
    match service {
        "actiontrail" => "ActionTrail",
        "ram" => "Ram",
        "sts" => "Sts",
        _ => "Sls",
    }
}

fn identity(arn: &str, account: &Value) -> Value {
    let (kind, name) = match arn.rsplit_once(":user/") {
        Some((_, name)) => ("ram-user", name),
        None if arn.ends_with(":root") => ("root-account", "root"),
        None => ("assumed-role", arn.rsplit_once("role/").map_or(arn, |(_, name)| name)),
    };
    json!({"type": kind, "accountId": account, "principalId": account, "userName": name})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the page behind calls 5 and 6 begins.
    fn behind(oldest_first: bool, is_full: bool) -> Option<i64> {
        let span = Span { sequences: 0..i64::MAX, times_ms: 0..1, oldest_first };
        let mut rows = vec![(5, json!({})), (6, json!({}))];
        if !oldest_first {
            rows.reverse();
        }
        page(rows, &span, |_| false, 20, is_full).1
    }

    #[test]
    fn page_without_a_fit_goes_on_where_the_looking_ended() {
        assert_eq!((behind(true, true), behind(false, true)), (Some(7), Some(5)));
    }

    #[test]
    fn last_page_has_nothing_behind_it() {
        assert_eq!((behind(true, false), behind(false, false)), (None, None));
    }
}
