//! The newest logs of all Logstores.

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::html::{Html, element, table, tag};
use super::{Shelf, br, section, words};
use crate::clock::iso;
use crate::store::shard::StoredLog;
use crate::store::{account, logstore, project};

/// Logs shown.
const LOGS: u32 = 20;
/// Characters shown of a log that is no platform event.
const EXCERPT: usize = 160;

/// Every Logstore, in the order of accounts, projects and names.
pub(super) fn shelves(conn: &Connection) -> rusqlite::Result<Vec<Shelf>> {
    let mut shelves = Vec::new();
    for account in account::list(conn)? {
        for project in project::list(conn, &account.id)? {
            let stores = logstore::list(conn, &project)?;
            shelves.extend(stores.into_iter().map(|logstore| Shelf { project: project.clone(), logstore }));
        }
    }
    Ok(shelves)
}

pub(super) fn show(conn: &Connection, shelves: &[Shelf], now: i64) -> rusqlite::Result<Html> {
    let mut newest: Vec<(&Shelf, StoredLog)> = Vec::new();
    for shelf in shelves {
        let logs = logstore::newest(conn, &shelf.logstore, now, LOGS)?;
        newest.extend(logs.into_iter().map(|log| (shelf, log)));
    }
    newest.sort_by_key(|(_, log)| std::cmp::Reverse((log.time, log.id)));
    let rows = newest.iter().take(LOGS as usize).map(|(shelf, log)| row(shelf, log)).collect();
    let header = ["Time", "Logstore", "Event", "Level", "Resource", "Fields"];
    let events = table(&header, rows, "No event yet. POST /_sim/events makes some happen.");
    Ok(section("events", &format!("Newest {LOGS} events"), &events))
}

fn row(shelf: &Shelf, log: &StoredLog) -> Vec<Html> {
    let fields: Map<String, Value> = serde_json::from_str(&log.contents).unwrap_or_default();
    let field = |name: &str| fields.get(name).map_or("", words);
    vec![
        tag("time", iso(log.time)),
        tag("code", shelf.path()),
        event(&fields),
        tag("span", field("EventLevel")),
        tag("code", field("ResourceID")),
        all(&fields),
    ]
}

/// What happened, of a platform event; the beginning of any other log.
fn event(fields: &Map<String, Value>) -> Html {
    let field = |name: &str| fields.get(name).map_or("", words);
    if field("EventName").is_empty() {
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", words(value))).collect();
        return tag("small", pairs.join(" ").chars().take(EXCERPT).collect::<String>());
    }
    let name = tag("b", format!("{} {}", field("EventProduct"), field("EventName")));
    name.and(&br()).and(&tag("small", field("EventDescription")))
}

fn all(fields: &Map<String, Value>) -> Html {
    let list = fields.iter().map(|(name, value)| tag("dt", name).and(&tag("dd", words(value)))).collect();
    let summary = tag("summary", format!("{} fields", fields.len()));
    element("details", &[], &summary.and(&element("dl", &[], &list)))
}
