//! The end of the journal.

use rusqlite::Connection;
use serde_json::Value;

use super::html::{Html, element, nothing, table, tag, text};
use super::{br, section, words};
use crate::store::journal;

/// Calls shown.
const CALLS: u32 = 50;

pub(super) fn show(conn: &Connection) -> rusqlite::Result<Html> {
    let entries = journal::newest(conn, CALLS)?;
    let rows = entries.iter().map(row).collect();
    let header = ["No.", "Time", "Caller", "Service", "Action", "Status", "Code", "Changed state", "Fault"];
    let journal = table(&header, rows, "No call arrived yet.");
    Ok(section("journal", &format!("Newest {CALLS} calls"), &journal))
}

fn row(entry: &Value) -> Vec<Html> {
    let optional = |name: &str| entry[name].as_str().map_or_else(Html::default, |code| tag("code", code));
    let status = entry["status"].as_u64().unwrap_or_default();
    let class = if status < 400 { "good" } else { "bad" };
    let caller = words(&entry["caller"]);
    let caller = if caller.is_empty() { nothing() } else { tag("code", caller) };
    vec![
        text(&entry["sequence"]),
        tag("time", words(&entry["time"])),
        caller,
        text(words(&entry["service"])),
        tag("b", words(&entry["action"])).and(&br()).and(&about(&entry["parameters"])),
        element("span", &[("class", class)], &text(status)),
        optional("code"),
        text(if entry["changed"] == true { "yes" } else { "no" }),
        optional("fault"),
    ]
}

/// The parameters, folded away.
fn about(parameters: &Value) -> Html {
    let Some(parameters) = parameters.as_object().filter(|parameters| !parameters.is_empty()) else {
        return Html::default();
    };
    let list = parameters.iter().map(|(name, value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        tag("dt", name).and(&tag("dd", value))
    });
    let summary = tag("summary", "parameters");
    element("details", &[], &summary.and(&element("dl", &[], &list.collect())))
}
