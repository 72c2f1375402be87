//! Ways in which the real service may differ from the default emulation, switched by the control API.
//!
//! Every quirk is off by default, and the emulator then behaves as documented in `docs/cloudsim.md`.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock::iso;
use crate::gateway::unknown_action;
use crate::reply::Refusal;
use crate::store::setting;

/// All quirks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Quirks {
    /// How `DescribeInnerTrails` names its list.
    pub(crate) inner_list: InnerList,
    /// What an account without the grant is answered.
    pub(crate) inner_refusal: InnerRefusal,
    /// How the times of inner trails are written.
    pub(crate) inner_times: InnerTimes,
    /// Where an inner trail is described.
    pub(crate) inner_regions: InnerRegions,
    /// Whether answers about inner trails name the Logstore.
    pub(crate) inner_logstore_shown: bool,
    /// Status of a new inner trail.
    pub(crate) inner_status: InnerStatus,
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

/// Answers to an account without the grant (cloud-api §1.5, INFER).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InnerRefusal {
    /// As for an operation that is not there.
    #[serde(rename = "InvalidAction.NotFound")]
    NotFound,
    /// 403, like the one for trails of an organisation.
    #[serde(rename = "NotAllowInnerTrail")]
    NotAllowed,
}

/// Forms of times in answers about inner trails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InnerTimes {
    /// `2015-01-23T12:33:18Z`.
    Iso,
    /// Milliseconds since the epoch, a number.
    Milliseconds,
}

/// Regions in which an inner trail is described.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InnerRegions {
    Home,
    Every,
}

/// Status of a new inner trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum InnerStatus {
    /// It delivers at once.
    Enable,
    /// It delivers nothing until `StartLogging`.
    Fresh,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            inner_list: InnerList::TrailList,
            inner_refusal: InnerRefusal::NotFound,
            inner_times: InnerTimes::Iso,
            inner_regions: InnerRegions::Home,
            inner_logstore_shown: true,
            inner_status: InnerStatus::Enable,
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

impl InnerRefusal {
    /// The refusal of an inner operation.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::NotFound => unknown_action(),
            Self::NotAllowed => {
                let message =
                    "The account may not use inner Trails. Submit a ticket to get customer support.";
                Refusal::new(403, "NotAllowInnerTrail", message)
            }
        }
    }
}

impl InnerTimes {
    /// A time, from epoch seconds.
    pub(crate) fn shown(self, epoch: i64) -> Value {
        match self {
            Self::Iso => Value::String(iso(epoch)),
            Self::Milliseconds => Value::from(epoch * 1000),
        }
    }
}

/// The quirks that are set.
pub(crate) fn get(conn: &Connection) -> rusqlite::Result<Quirks> {
    let text = setting::get(conn, setting::QUIRKS)?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Sets all of them.
pub(crate) fn put(conn: &Connection, quirks: &Quirks) -> Result<(), Refusal> {
    if *quirks == Quirks::default() {
        return Ok(setting::remove(conn, setting::QUIRKS)?);
    }
    Ok(setting::put(conn, setting::QUIRKS, &serde_json::to_string(quirks)?)?)
}
