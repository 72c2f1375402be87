//! Stage 4: the index covers the fields of a platform event.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Step, Verdict, blame};
use crate::api::IndexPolicy;
use crate::api::reasons::Reason;
use crate::desired::Desired;
use crate::observed::{FieldSeen, IndexSeen, Observed, Seen};

/// Fields of a platform event (`cloud-api.md` §1.4, from the field pages of 2019 and 2025-10-20).
const FIELDS: [&str; 16] = [
    "EmployeeID",
    "EventAdditionalDetail",
    "EventDescription",
    "EventID",
    "EventLevel",
    "EventLocation",
    "EventMethod",
    "EventName",
    "EventProduct",
    "EventTime",
    "EventType",
    "EventVersion",
    "ResourceID",
    "ResourceOwnerID",
    "ResourceRegionID",
    "ResourceType",
];

/// Characters that separate words; Log Service's own default set.
const TOKENS: [&str; 26] = [
    ",", " ", "'", "\"", ";", "=", "(", ")", "[", "]", "{", "}", "?", "@", "&", "<", ">", "/", ":", "\n",
    "\t", "\r", "#", "|", "$", "%",
];

/// What is there of the wanted index, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IndexGap {
    /// Wanted fields that are indexed as wanted.
    pub present: Vec<String>,
    /// Wanted fields that are not indexed.
    pub missing: Vec<String>,
    /// Wanted fields indexed in a way that cannot be queried as wanted.
    pub conflicting: Vec<String>,
}

impl IndexGap {
    /// Compares by subset: fields that others added do not count.
    pub fn of(index: &IndexSeen) -> Self {
        let mut gap = Self::default();
        for name in FIELDS {
            match index.fields.get(name) {
                Some(FieldSeen { kind, analysis: true }) if kind == "text" || kind == "json" => {
                    gap.present.push(name.to_owned());
                }
                Some(_) => gap.conflicting.push(name.to_owned()),
                None => gap.missing.push(name.to_owned()),
            }
        }
        gap
    }
}

/// The index document for a Logstore that has none, or `existing` with what is missing added and nothing else changed
/// (`cloud-api.md` §6.3).
pub fn platform_event_index(existing: Option<&Value>) -> Value {
    let mut index = existing.cloned().unwrap_or_else(|| json!({}));
    let full_text = json!({"token": TOKENS, "caseSensitive": false, "chn": false});
    let field =
        json!({"type": "text", "token": TOKENS, "caseSensitive": false, "chn": false, "doc_value": true});
    if !index["line"].is_object() {
        index["line"] = full_text;
    }
    if !index["keys"].is_object() {
        index["keys"] = json!({});
    }
    for name in FIELDS {
        if index["keys"][name].is_null() {
            index["keys"][name] = field.clone();
        }
    }
    index
}

pub(super) fn judge(desired: &Desired, observed: &Observed) -> Verdict {
    if desired.index_policy == IndexPolicy::Ignore {
        return Verdict::met(
            Reason::IndexIgnored,
            "the index is not looked at because `spec.index.policy` is Ignore",
        );
    }
    match &observed.index {
        Seen::Unknown(fault) => Verdict::Blocked(blame(fault)),
        Seen::Absent => {
            missing(desired, Step::CreateIndex, Reason::IndexMissing, "the Logstore has no index")
        }
        Seen::Present(index) => judge_fields(desired, index),
    }
}

fn judge_fields(desired: &Desired, index: &IndexSeen) -> Verdict {
    let gap = IndexGap::of(index);
    if !gap.conflicting.is_empty() {
        let message = format!(
            "fields {} are indexed, but not as text with analysis; cloud admin: change them in the Logstore's index, or \
             set `spec.index.policy: Ignore`",
            gap.conflicting.join(", ")
        );
        return Verdict::blocked(Reason::IndexConflict, message);
    }
    let mut lacking = gap.missing;
    if !index.full_text {
        lacking.push("the full-text index".to_owned());
    }
    if lacking.is_empty() {
        return Verdict::met(Reason::IndexMatches, "the index covers every platform event field");
    }
    missing(
        desired,
        Step::UpdateIndex,
        Reason::IndexFieldsMissing,
        &format!("the index lacks {}", lacking.join(", ")),
    )
}

fn missing(desired: &Desired, step: Step, reason: Reason, what: &str) -> Verdict {
    if desired.index_policy == IndexPolicy::Required {
        let message = format!("{what}; cloud admin: add it, or set `spec.index.policy: Additive`");
        return Verdict::blocked(reason, message);
    }
    Verdict::unmet(step, reason, format!("{what}; the operator adds it"))
}

/// Field name → what it is, from an index document's `keys`.
pub(crate) fn fields_of(keys: impl Iterator<Item = (String, String, bool)>) -> BTreeMap<String, FieldSeen> {
    keys.map(|(name, kind, analysis)| (name, FieldSeen { kind, analysis })).collect()
}
