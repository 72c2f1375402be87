//! Signed queries of the emulator, as any Log Service client would send them.
//!
//! Takes where to look and what for; returns rows. Signs with `alicloud-sign`, not with the operator's client:
//! what the demo shows does not rest on the code that it shows.

use crate::term;
use alicloud_sign::{AccessKey, Request, sls_v4};
use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use testenv::{Emulator, http};

/// Counts events by product.
pub(super) const BY_PRODUCT: &str =
    "* | select EventProduct, count(*) as events group by EventProduct order by events desc limit 5";
/// The newest events.
pub(super) const NEWEST: &str =
    "* | select EventTime, EventProduct, EventName, EventDescription order by EventTime desc limit 3";
/// What is shown of them.
pub(super) const NEWEST_COLUMNS: [&str; 4] = ["EventTime", "EventProduct", "EventName", "EventDescription"];
const COUNT: &str = "* | select count(*) as events";

/// Where logs are.
pub(super) struct Place {
    pub(super) region: String,
    pub(super) project: String,
    pub(super) logstore: String,
}

/// Where an InnerTrail says its logs are.
pub(super) fn place(object: &Value) -> Result<Place> {
    let text = |pointer: &str| {
        let found = object.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        found.with_context(|| format!("the InnerTrail has no {pointer}"))
    };
    Ok(Place {
        region: text("/spec/region")?,
        project: text("/status/destination/project")?,
        logstore: text("/status/destination/logstore")?,
    })
}

/// Shows a query and its rows.
pub(super) fn show<const N: usize>(
    emulator: &Emulator,
    place: &Place,
    query: &str,
    columns: &[&str; N],
) -> Result<()> {
    term::command(&format!("query: {query}"));
    let rows = rows(emulator, place, query)?;
    term::table(*columns, rows.iter().map(|row| columns.map(|name| text(&row[name]))));
    Ok(())
}

/// How many events there are.
pub(super) fn count(emulator: &Emulator, place: &Place) -> Result<u64> {
    let rows = rows(emulator, place, COUNT)?;
    let count = rows.first().map(|row| text(&row["events"])).context("the count has no row")?;
    count.parse().with_context(|| format!("not a count: {count}"))
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `GetLogsV2` over the last day.
fn rows(emulator: &Emulator, place: &Place, query: &str) -> Result<Vec<Value>> {
    let now = super::now();
    let from = now.checked_sub(24.hours()).context("yesterday")?.as_second();
    let body = json!({
        "from": from, "to": now.as_second() + 1, "query": query, "topic": "", "line": 100, "offset": 0,
    });
    let body = body.to_string();
    let path = format!("/logstores/{}/logs", place.logstore);
    let headers = signed(emulator, place, &path, &body, now);
    let answer = http::post_with(emulator.address(), &path, &headers, &body)?.json()?;
    answer["data"].as_array().cloned().context("the answer has no data")
}

fn signed(
    emulator: &Emulator,
    place: &Place,
    path: &str,
    body: &str,
    now: Timestamp,
) -> Vec<(String, String)> {
    let mut headers = vec![
        ("host".to_owned(), format!("{}.{}.log.aliyuncs.com", place.project, place.region)),
        ("content-type".to_owned(), "application/json".to_owned()),
        ("x-log-apiversion".to_owned(), "0.6.0".to_owned()),
        ("x-log-bodyrawsize".to_owned(), body.len().to_string()),
    ];
    let borrowed: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = Request { method: "POST", path, query: "", headers: &borrowed, body: body.as_bytes() };
    let greeting = emulator.greeting();
    let key =
        AccessKey { id: &greeting.access_key_id, secret: &greeting.access_key_secret, security_token: None };
    let added = sls_v4::sign(&request, &key, &sls_v4::Stamp { region: &place.region, time: now });
    headers.extend(added);
    headers
}
