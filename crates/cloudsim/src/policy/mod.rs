//! RAM policy documents: who may do what.
//!
//! Pure: documents in, yes or no out. `Deny` wins over `Allow`; what is not allowed is denied.

pub(crate) mod condition;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub(crate) mod trust;

use serde_json::Value;

pub(crate) use condition::Context;

/// The service whose deliveries the default role allows.
pub(crate) const ACTIONTRAIL: &str = "actiontrail.aliyuncs.com";

/// What documents say of an action on a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it.
    Denied,
    /// No statement speaks of it.
    Silent,
}

/// What the documents together say of `action` on `resource`.
pub(crate) fn verdict(documents: &[Value], action: &str, resource: &str, context: &Context) -> Verdict {
    let effects: Vec<&str> = documents
        .iter()
        .flat_map(statements)
        .filter(|statement| speaks_of(statement, action, resource))
        .filter(|statement| condition::hold(statement.get("Condition"), context))
        .filter_map(|statement| statement.get("Effect")?.as_str())
        .collect();
    if effects.contains(&"Deny") {
        return Verdict::Denied;
    }
    if effects.contains(&"Allow") { Verdict::Allowed } else { Verdict::Silent }
}

/// Whether the documents together allow `action` on `resource`.
pub(crate) fn allows(documents: &[Value], action: &str, resource: &str, context: &Context) -> bool {
    verdict(documents, action, resource, context) == Verdict::Allowed
}

/// Whether action and resource are those of the statement.
fn speaks_of(statement: &Value, action: &str, resource: &str) -> bool {
    let named = |name: &str, opposite: &str, text: &str| match (statement.get(name), statement.get(opposite))
    {
        (None, Some(others)) => !matches(Some(others), text),
        (patterns, _) => matches(patterns, text),
    };
    named("Action", "NotAction", action) && named("Resource", "NotResource", resource)
}

/// The texts of a value that is one or a list of them; numbers and Booleans as they are written.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Bool(_) | Value::Number(_) => vec![value.to_string()],
        Value::Array(list) => list.iter().flat_map(texts).collect(),
        Value::Null | Value::Object(_) => Vec::new(),
    }
}

/// Whether a document has the shape of a policy: a version, and statements with effect, actions and resources.
pub(crate) fn is_well_formed(document: &Value) -> bool {
    let says_what = |statement: &Value| {
        names_one(statement, ["Action", "NotAction"]) && names_one(statement, ["Resource", "NotResource"])
    };
    has_frame(document) && statements(document).all(says_what)
}

/// Whether a document has a version, and statements with an effect and conditions that can be read.
fn has_frame(document: &Value) -> bool {
    let effect =
        |statement: &Value| matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny"));
    let conditions = |statement: &Value| statement.get("Condition").is_none_or(Value::is_object);
    document.get("Version").is_some_and(Value::is_string)
        && document.get("Statement").is_some_and(|list| list.as_array().is_some_and(|list| !list.is_empty()))
        && statements(document).all(|statement| effect(statement) && conditions(statement))
}

/// Whether exactly one of two fields is there, and is a text or a list of texts.
fn names_one(statement: &Value, fields: [&str; 2]) -> bool {
    let mut given = fields.iter().filter_map(|name| statement.get(*name));
    matches!((given.next(), given.next()), (Some(named), None) if is_text_or_texts(named))
}

fn is_text_or_texts(value: &Value) -> bool {
    let all_texts = |list: &Vec<Value>| !list.is_empty() && list.iter().all(Value::is_string);
    value.is_string() || value.as_array().is_some_and(all_texts)
}

fn statements(document: &Value) -> impl Iterator<Item = &Value> {
    document.get("Statement").and_then(Value::as_array).into_iter().flatten()
}

fn matches(patterns: Option<&Value>, text: &str) -> bool {
    match patterns {
        Some(Value::String(pattern)) => glob(pattern, text),
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).any(|pattern| glob(pattern, text)),
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => false,
    }
}

/// Wildcard match: `*` any text, `?` one byte; ASCII case does not matter.
pub(crate) fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p].eq_ignore_ascii_case(&text[t])) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            (p, t) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wildcards_match_any_text() {
        assert!(glob("log:*", "log:GetProject"));
        assert!(glob(
            "acs:log:*:*:project/*/logstore/innertrail_*",
            "acs:log:cn-hangzhou:1:project/p/logstore/innertrail_x"
        ));
        assert!(!glob("log:Get*", "log:PutLogs"));
        assert!(glob("*", ""));
        assert!(!glob("", "a"));
    }

    fn may(documents: &[Value], action: &str, resource: &str) -> bool {
        allows(documents, action, resource, &Context::default())
    }

    #[test]
    fn deny_wins_over_allow() {
        let allow = json!({"Version":"1","Statement":[{"Effect":"Allow","Action":"log:*","Resource":"*"}]});
        let deny =
            json!({"Version":"1","Statement":[{"Effect":"Deny","Action":["log:Delete*"],"Resource":"*"}]});
        assert!(may(std::slice::from_ref(&allow), "log:DeleteIndex", "x"));
        assert!(!may(&[allow, deny], "log:DeleteIndex", "x"));
    }

    #[test]
    fn exceptions_are_not_spoken_of() {
        let all_but = json!({"Version":"1","Statement":[
            {"Effect":"Allow","NotAction":"ram:*","NotResource":["acs:log:*:*:project/secret*"]}]});
        let may = |action, resource| may(std::slice::from_ref(&all_but), action, resource);
        assert!(may("log:GetProject", "acs:log:a:1:project/open"));
        assert!(!may("log:GetProject", "acs:log:a:1:project/secret1"));
        assert!(!may("ram:GetRole", "acs:ram::1:role/x"));
    }

    #[test]
    fn statement_must_say_effect_action_and_resource() {
        let of = |statement: Value| is_well_formed(&json!({"Version": "1", "Statement": [statement]}));
        assert!(of(json!({"Effect": "Deny", "NotAction": ["log:*"], "Resource": "*"})));
        let malformed = [
            json!({"Action": "*", "Resource": "*"}),
            json!({"Effect": "Allow", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "*"}),
            json!({"Effect": "Allow", "Action": [], "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "*", "NotAction": "log:*", "Resource": "*"}),
            json!({"Effect": "Allow", "Action": "*", "Resource": [7]}),
            json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": "odd"}),
            json!("odd"),
        ];
        for statement in malformed {
            assert!(!of(statement.clone()), "{statement}");
        }
    }

    #[test]
    fn statement_without_resource_speaks_of_nothing() {
        let odd = json!({"Version":"1","Statement":[{"Effect":"Allow","Action":"*"}]});
        assert!(!may(&[odd], "log:GetProject", "x"));
    }
}
