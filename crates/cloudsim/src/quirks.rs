//! Ways in which the real service may differ from the default emulation, switched by the control API.
//!
//! Every quirk is off by default, and the emulator then behaves as documented in `docs/cloudsim.md`.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::setting;

/// All quirks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Quirks {
    /// How `DescribeInnerTrails` names its list.
    pub(crate) inner_list: InnerList,
    /// Whether the dedicated Logstore comes with an index.
    pub(crate) index_made: bool,
    /// Whether the retention of a dedicated Logstore may be changed.
    pub(crate) retention_changeable: bool,
    /// Seconds from an event to its delivery.
    pub(crate) delivery_delay_seconds: u32,
    /// Seconds until a new project is there for others.
    pub(crate) project_settles_seconds: u32,
    /// Seconds until a new Logstore is there for others.
    pub(crate) logstore_settles_seconds: u32,
    /// Seconds until a new or changed index is there for readers.
    pub(crate) index_settles_seconds: u32,
}

/// Names for the list of inner trails (cloud-api §1.5, INFER).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InnerList {
    TrailList,
    InnerTrailList,
    Trails,
    /// `{"TrailList": {"Trail": […]}}`.
    Wrapped,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            inner_list: InnerList::TrailList,
            index_made: true,
            retention_changeable: true,
            delivery_delay_seconds: 0,
            project_settles_seconds: 0,
            logstore_settles_seconds: 0,
            index_settles_seconds: 0,
        }
    }
}

impl InnerList {
    /// The answer with this list.
    pub(crate) fn answer(self, trails: &[Value]) -> Value {
        match self {
            Self::TrailList => json!({"TrailList": trails}),
            Self::InnerTrailList => json!({"InnerTrailList": trails}),
            Self::Trails => json!({"Trails": trails}),
            Self::Wrapped => json!({"TrailList": {"Trail": trails}}),
        }
    }
}

/// The quirks that are set.
pub(crate) fn get(conn: &Connection) -> rusqlite::Result<Quirks> {
    let text = setting::get(conn, setting::QUIRKS)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Sets all of them.
pub(crate) fn put(conn: &Connection, quirks: &Quirks) -> Result<(), crate::reply::Refusal> {
    if *quirks == Quirks::default() {
        return Ok(setting::remove(conn, setting::QUIRKS)?);
    }
    Ok(setting::put(conn, setting::QUIRKS, &serde_json::to_string(quirks)?)?)
}
