//! What must hold of policies, whatever a document says.
//!
//! Takes bytes; returns nothing and panics where a rule is broken.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use serde_json::{Value, json};

use super::trust::{Principal, admits};
use super::{Context, Verdict, glob, is_well_formed, verdict};

/// Longest pattern and text that are compared with the plain reading, bytes.
const COMPARED_MAX: usize = 64;

/// A line with an action, a line with a resource, then a document: wildcards mean what they plainly mean, a denial
/// wins, silence is no permission.
pub fn policies(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let (Some(action), Some(resource), Some(document)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    wildcards(action, resource);
    let Ok(document) = serde_json::from_str::<Value>(document) else { return };
    let context = Context::default().with("acs:CurrentTime", "2026-01-02T03:04:05Z").with("oidc:aud", action);
    let deny = json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]});
    let empty = json!({"Statement": []});
    let alone = verdict(std::slice::from_ref(&document), action, resource, &context);
    let with_empty = verdict(&[empty, document.clone()], action, resource, &context);
    assert_eq!(alone, with_empty, "a document that says nothing changes nothing");
    let denied = verdict(&[document.clone(), deny], action, resource, &context);
    assert_eq!(denied, Verdict::Denied, "a denial wins");
    let principal = Principal::Federated(resource);
    if alone != Verdict::Silent || admits(&document, &principal, &context) {
        assert!(document.get("Statement").is_some_and(Value::is_array), "no statement spoke");
    }
    if is_well_formed(&document) {
        let again: Value = serde_json::from_str(&document.to_string()).expect("what was written is JSON");
        assert_eq!(again, document, "written and read again");
    }
}

fn wildcards(pattern: &str, text: &str) {
    let found = glob(pattern, text);
    if pattern.len() <= COMPARED_MAX && text.len() <= COMPARED_MAX {
        assert_eq!(found, plainly(pattern.as_bytes(), text.as_bytes()), "{pattern} {text}");
    }
}

/// What wildcards mean: `reached[t]` tells whether the pattern so far takes the first `t` bytes.
fn plainly(pattern: &[u8], text: &[u8]) -> bool {
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for wanted in pattern {
        let before = reached.clone();
        for end in 0..reached.len() {
            let takes = |byte: &u8| *wanted == b'?' || wanted.eq_ignore_ascii_case(byte);
            reached[end] = match *wanted {
                b'*' => before[..=end].contains(&true),
                _ => end > 0 && before[end - 1] && takes(&text[end - 1]),
            };
        }
    }
    reached.last() == Some(&true)
}
