//! Conditions of a statement: what must hold of the call for the statement to count.
//!
//! String, Boolean and date operators. An operator that is not known, or a key that the call does not have,
//! does not hold; the negative operators hold without the key.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::{glob, texts};

/// What is known of a call, key in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// What is known of every call.
    pub(crate) fn of_call(now: Timestamp) -> Self {
        // The real service is reached over TLS alone; this one stands in for it.
        Self::default()
            .with("acs:CurrentTime", &crate::clock::iso(now.as_second()))
            .with("acs:SecureTransport", "true")
    }

    /// Adds a value to a key.
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.0.entry(key.to_ascii_lowercase()).or_default().push(value.to_owned());
        self
    }

    fn get(&self, key: &str) -> &[String] {
        self.0.get(&key.to_ascii_lowercase()).map_or(&[], Vec::as_slice)
    }
}

/// Whether every condition of a statement holds.
pub(crate) fn hold(conditions: Option<&Value>, context: &Context) -> bool {
    let Some(conditions) = conditions else { return true };
    let Some(operators) = conditions.as_object() else { return false };
    operators.iter().all(|(operator, keys)| {
        keys.as_object()
            .is_some_and(|keys| keys.iter().all(|(key, wanted)| holds(operator, context.get(key), wanted)))
    })
}

fn holds(operator: &str, actual: &[String], wanted: &Value) -> bool {
    let wanted = texts(wanted);
    let any = |test: fn(&str, &str) -> bool| {
        actual.iter().any(|actual| wanted.iter().any(|wanted| test(wanted, actual)))
    };
    match operator {
        "StringEquals" => any(|wanted, actual| wanted == actual),
        "StringNotEquals" => !any(|wanted, actual| wanted == actual),
        "StringEqualsIgnoreCase" | "Bool" => any(str::eq_ignore_ascii_case),
        "StringNotEqualsIgnoreCase" => !any(str::eq_ignore_ascii_case),
        "StringLike" => any(glob),
        "StringNotLike" => !any(glob),
        "DateLessThan" => any(|wanted, actual| ordered(wanted, actual, |wanted, actual| actual < wanted)),
        "DateLessThanEquals" => {
            any(|wanted, actual| ordered(wanted, actual, |wanted, actual| actual <= wanted))
        }
        "DateGreaterThan" => any(|wanted, actual| ordered(wanted, actual, |wanted, actual| actual > wanted)),
        "DateGreaterThanEquals" => {
            any(|wanted, actual| ordered(wanted, actual, |wanted, actual| actual >= wanted))
        }
        _ => false,
    }
}

fn ordered(wanted: &str, actual: &str, test: fn(Timestamp, Timestamp) -> bool) -> bool {
    let (wanted, actual) = (wanted.parse(), actual.parse());
    wanted.is_ok_and(|wanted| actual.is_ok_and(|actual| test(wanted, actual)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn context() -> Context {
        let now = Timestamp::from_second(1_795_332_512).unwrap();
        Context::of_call(now).with("sts:ExternalId", "Abc").with("oidc:aud", "one").with("oidc:aud", "two")
    }

    #[test]
    fn conditions_that_hold_do_so() {
        let holding = [
            json!({"StringEquals": {"sts:ExternalId": "Abc"}}),
            json!({"StringEquals": {"oidc:aud": ["two", "three"]}}),
            json!({"StringEqualsIgnoreCase": {"STS:externalid": "aBC"}}),
            json!({"StringLike": {"sts:ExternalId": "A*"}}),
            json!({"StringNotEquals": {"sts:ExternalId": "other", "absent": "x"}}),
            json!({"Bool": {"acs:SecureTransport": true}}),
            json!({"DateLessThan": {"acs:CurrentTime": "2026-11-23T00:00:00+08:00"}}),
        ];
        for conditions in holding {
            assert!(hold(Some(&conditions), &context()), "{conditions}");
        }
    }

    #[test]
    fn conditions_that_do_not_hold_do_not() {
        let failing = [
            json!({"StringEquals": {"sts:ExternalId": "abc"}}),
            json!({"StringEquals": {"absent": "x"}}),
            json!({"StringLike": {"oidc:aud": "three*"}}),
            json!({"StringEquals": {"oidc:aud": "one", "sts:ExternalId": "x"}}),
            json!({"DateGreaterThan": {"acs:CurrentTime": "2026-11-23T00:00:00Z"}}),
            json!({"IpAddress": {"acs:SourceIp": "10.0.0.0/8"}}),
            json!("odd"),
        ];
        for conditions in failing {
            assert!(!hold(Some(&conditions), &context()), "{conditions}");
        }
    }
}
