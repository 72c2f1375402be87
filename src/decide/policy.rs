//! Reading RAM policy documents: does one let ActionTrail in, or let it write.
//!
//! Takes JSON text as RAM returns it (`cloud-api.md` §3.1) and answers yes or no. Statements with a `Condition` are
//! taken at face value: ActionTrail is the principal and the conditions of the stock documents hold for it.

use serde_json::{Value, json};

/// The service that assumes the role.
const ACTIONTRAIL_SERVICE: &str = "actiontrail.aliyuncs.com";

/// Whether a trust policy lets ActionTrail assume the role.
pub(super) fn trusts_actiontrail(trust_policy: &str) -> bool {
    statements(trust_policy).iter().any(|statement| {
        is_effect(statement, "Allow")
            && any(&statement["Action"], |action| matches_glob(action, "sts:AssumeRole"))
            && any(&statement["Principal"]["Service"], |service| service == ACTIONTRAIL_SERVICE)
    })
}

/// A trust policy that lets ActionTrail assume the role, besides whoever `existing` lets in already
/// (`cloud-api.md` §3.1).
pub(crate) fn trusting_actiontrail(existing: Option<&str>) -> String {
    let mut all = existing.map(statements).unwrap_or_default();
    all.push(json!({
        "Action": "sts:AssumeRole",
        "Effect": "Allow",
        "Principal": {"Service": [ACTIONTRAIL_SERVICE]},
    }));
    json!({"Statement": all, "Version": "1"}).to_string()
}

/// Whether these documents together allow `action` on `resource`; an explicit `Deny` wins.
pub(super) fn allows<'a>(documents: impl Iterator<Item = &'a String>, action: &str, resource: &str) -> bool {
    let all: Vec<Value> = documents.flat_map(|document| statements(document)).collect();
    let covers = |statement: &Value| {
        any(&statement["Action"], |pattern| matches_glob(pattern, action))
            && any(&statement["Resource"], |pattern| matches_glob(pattern, resource))
    };
    let has = |effect| all.iter().any(|statement| is_effect(statement, effect) && covers(statement));
    has("Allow") && !has("Deny")
}

fn statements(document: &str) -> Vec<Value> {
    match serde_json::from_str::<Value>(document).map(|mut value| value["Statement"].take()) {
        Ok(Value::Array(statements)) => statements,
        Ok(statement @ Value::Object(_)) => vec![statement],
        Ok(_) | Err(_) => Vec::new(),
    }
}

fn is_effect(statement: &Value, effect: &str) -> bool {
    statement["Effect"].as_str() == Some(effect)
}

/// Whether a string, or one of a list of strings, passes.
fn any(value: &Value, passes: impl Fn(&str) -> bool) -> bool {
    match value {
        Value::String(text) => passes(text),
        Value::Array(items) => items.iter().filter_map(Value::as_str).any(passes),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// RAM's wildcard: `*` stands for any run of characters; letter case does not count.
fn matches_glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_ascii_lowercase(), text.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|head| text.strip_prefix(head)) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(tail) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_run_and_case_does_not_count() {
        let resource = "acs:log:cn-hangzhou:1:project/p/logstore/innertrail_x";
        for (pattern, expect) in [
            ("*", true),
            ("acs:log:*:*:project/*/logstore/innertrail_*", true),
            ("acs:log:*:*:project/*/logstore/actiontrail_*", false),
            ("acs:log:cn-hangzhou:1:project/p/logstore/INNERTRAIL_X", true),
            ("acs:log:*:*:project/p", false),
            ("acs:log:cn-hangzhou:1:project/p/logstore/innertrail_x*y", false),
        ] {
            assert_eq!(matches_glob(pattern, resource), expect, "{pattern}");
        }
    }

    #[test]
    fn an_explicit_deny_wins() {
        let allow = r#"{"Statement":[{"Effect":"Allow","Action":"log:*","Resource":"*"}]}"#.to_owned();
        let deny = r#"{"Statement":{"Effect":"Deny","Action":["log:PostLogStoreLogs"],"Resource":["*"]}}"#
            .to_owned();
        assert!(allows([&allow].into_iter(), "log:PostLogStoreLogs", "r"));
        assert!(!allows([&allow, &deny].into_iter(), "log:PostLogStoreLogs", "r"));
    }

    #[test]
    fn trust_must_name_the_actiontrail_service() {
        let trust = |service: &str| {
            format!(
                r#"{{"Statement":[{{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{{"Service":["{service}"]}}}}],"Version":"1"}}"#
            )
        };
        assert!(trusts_actiontrail(&trust("actiontrail.aliyuncs.com")));
        assert!(!trusts_actiontrail(&trust("ecs.aliyuncs.com")));
        assert!(!trusts_actiontrail("not json"));
    }

    #[test]
    fn a_repaired_trust_lets_in_who_was_let_in_before() {
        let before = r#"{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":["ecs.aliyuncs.com"]}}],"Version":"1"}"#;
        let repaired = trusting_actiontrail(Some(before));
        assert!(trusts_actiontrail(&repaired) && repaired.contains("ecs.aliyuncs.com"), "{repaired}");
        assert!(trusts_actiontrail(&trusting_actiontrail(None)));
        assert!(trusts_actiontrail(&trusting_actiontrail(Some("not json"))));
    }
}
