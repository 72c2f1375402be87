//! The stages of one InnerTrail, live.

use super::chapters::object;
use super::scene::Scene;
use crate::term;
use anyhow::Result;
use serde_json::Value;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use testenv::wait;

/// Condition, and the word for it in the story.
const STAGES: [(&str, &str); 5] = [
    ("Authorized", "authorized"),
    ("LogstoreReady", "logstore ready"),
    ("Shipping", "shipping"),
    ("Indexed", "indexed"),
    ("Ready", "Ready"),
];
/// All five together take a second or two; this allows for a machine that compiles meanwhile.
const STAGE_LIMIT: Duration = Duration::from_mins(1);

/// Shows each stage as its condition turns True, and what it says until then.
pub(super) fn watch(scene: &mut Scene) -> Result<()> {
    let started = Instant::now();
    for (condition, word) in STAGES {
        let seen = wait_for(scene, condition, word)?;
        term::seen(&format!("{word}, {} after apply: {seen}", term::seconds(started.elapsed())));
    }
    Ok(())
}

fn wait_for(scene: &mut Scene, condition: &str, word: &str) -> Result<String> {
    let (kubectl, operator) = (&scene.kubectl, &mut scene.operator);
    let mut shown = String::new();
    wait::until(&format!("condition {condition} to be True"), STAGE_LIMIT, || {
        operator.still_runs()?;
        let seen = describe(&object(kubectl)?, condition);
        if seen.starts_with("True ") {
            return Ok(ControlFlow::Break(seen.trim_start_matches("True ").to_owned()));
        }
        if seen != shown {
            term::note(&format!("… {word}: {seen}"));
            shown.clone_from(&seen);
        }
        Ok(ControlFlow::Continue(seen))
    })
}

/// `True Available: the message`, or that there is none yet.
fn describe(object: &Value, condition: &str) -> String {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let found = conditions.into_iter().flatten().find(|found| found["type"] == condition);
    found.map_or_else(
        || "not judged yet".to_owned(),
        |found| {
            let part = |name: &str| found[name].as_str().unwrap_or_default();
            format!("{} {}: {}", part("status"), part("reason"), part("message"))
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_condition_is_told_in_one_line() {
        let object = json!({ "status": { "conditions": [
            { "type": "Shipping", "status": "False", "reason": "Disabled", "message": "off by spec" },
        ] } });
        assert_eq!(describe(&object, "Shipping"), "False Disabled: off by spec");
    }

    #[test]
    fn an_object_without_status_is_not_judged_yet() {
        assert_eq!(describe(&json!({}), "Ready"), "not judged yet");
    }
}
