//! What the service sets up by itself for a dedicated Logstore: index and dashboard (cloud-api §1.2, §1.4).

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use crate::quirks;
use crate::reply::Refusal;
use crate::store::document::{self, Kind};
use crate::store::logstore::{self, NewLogstore, PERMANENT_DAYS};
use crate::store::project::Project;

/// Fields of a platform event (cloud-api §1.4). Which of them the real index has is not enumerated; all is a guess.
const FIELDS: [&str; 16] = [
    "EventID",
    "EventVersion",
    "EventProduct",
    "EventName",
    "EventDescription",
    "EventType",
    "EventMethod",
    "ResourceType",
    "ResourceID",
    "ResourceRegionID",
    "ResourceOwnerID",
    "EventAdditionalDetail",
    "EventTime",
    "EventLevel",
    "EmployeeID",
    "EventLocation",
];

const TOKENS: [&str; 22] = [
    ",", " ", "'", "\"", ";", "=", "(", ")", "[", "]", "{", "}", "?", "@", "&", "<", ">", "/", ":", "\n",
    "\t", "\r",
];

/// Index of a dedicated Logstore.
pub(crate) fn index() -> Value {
    let field = json!({"type": "text", "token": TOKENS, "caseSensitive": false, "chn": false, "alias": "", "doc_value": true});
    let keys: Map<String, Value> = FIELDS.iter().map(|name| ((*name).to_owned(), field.clone())).collect();
    json!({"line": {"token": TOKENS, "caseSensitive": false, "chn": false}, "keys": keys, "max_text_len": 2048})
}

/// Makes the Logstore with index and dashboard if it is not there, and gives it to the trail.
pub(crate) fn dedicate_logstore(
    conn: &Connection,
    project: &Project,
    name: &str,
    trail: &str,
    now: i64,
) -> Result<(), Refusal> {
    let new = NewLogstore { name, ttl: PERMANENT_DAYS, shards: 2, settings: Map::new() };
    let made = logstore::create(conn, project, &new, now)?;
    let found =
        logstore::find(conn, project, name)?.ok_or_else(|| Refusal::internal(&"Logstore vanished"))?;
    logstore::dedicate(conn, found.id, trail)?;
    if made {
        if quirks::get(conn)?.index_made {
            logstore::set_index(conn, &found, Some(&index()), now)?;
        }
        let dashboard = format!("innertrail_{trail}_audit_center_cn");
        let body = dashboard_body(&dashboard, name).to_string();
        document::create(conn, Kind::Dashboard, project, &dashboard, &body)?;
    }
    Ok(())
}

fn dashboard_body(name: &str, logstore: &str) -> Value {
    json!({
        "dashboardName": name,
        "displayName": "Inner-ActionTrail Center",
        "description": "",
        "attribute": {"type": "grid"},
        "charts": [{
            "title": "Events by product",
            "type": "pie",
            "search": {"logstore": logstore, "topic": "", "query": "* | SELECT EventProduct, count(*) AS c GROUP BY EventProduct",
                       "start": "-86400s", "end": "now"},
            "display": {"displayName": "Events by product"}
        }]
    })
}
