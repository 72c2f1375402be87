//! Conditions of a statement: what must hold of the call for the statement to count.
//!
//! String, Boolean, date, numeric and address operators. An operator that is not known, or a key that the call does
//! not have, does not hold; the negative operators hold without the key.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::net::IpAddr;

use jiff::Timestamp;
use serde_json::Value;

use super::{glob, texts};

/// What is known of a call, key in lower case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// What is known of every call, at a time in epoch seconds; what the cloud does itself comes from no address.
    pub(crate) fn of_call(now: i64, peer: Option<IpAddr>) -> Self {
        // The real service is reached over TLS alone; this one stands in for it.
        let known = Self::default()
            .with("acs:CurrentTime", &crate::clock::iso(now))
            .with("acs:SecureTransport", "true");
        match peer {
            Some(address) => known.with("acs:SourceIp", &address.to_string()),
            None => known,
        }
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
        "IpAddress" => any(is_in_block),
        "NotIpAddress" => !any(is_in_block),
        "DateEquals" => any(|wanted, actual| dates(wanted, actual).is_some_and(Ordering::is_eq)),
        "DateNotEquals" => !any(|wanted, actual| dates(wanted, actual).is_some_and(Ordering::is_eq)),
        "DateLessThan" => any(|wanted, actual| dates(wanted, actual).is_some_and(Ordering::is_lt)),
        "DateLessThanEquals" => any(|wanted, actual| dates(wanted, actual).is_some_and(Ordering::is_le)),
        "DateGreaterThan" => any(|wanted, actual| dates(wanted, actual).is_some_and(Ordering::is_gt)),
        "DateGreaterThanEquals" => any(|wanted, actual| dates(wanted, actual).is_some_and(Ordering::is_ge)),
        "NumericEquals" => any(|wanted, actual| numbers(wanted, actual).is_some_and(Ordering::is_eq)),
        "NumericNotEquals" => !any(|wanted, actual| numbers(wanted, actual).is_some_and(Ordering::is_eq)),
        "NumericLessThan" => any(|wanted, actual| numbers(wanted, actual).is_some_and(Ordering::is_lt)),
        "NumericLessThanEquals" => any(|wanted, actual| numbers(wanted, actual).is_some_and(Ordering::is_le)),
        "NumericGreaterThan" => any(|wanted, actual| numbers(wanted, actual).is_some_and(Ordering::is_gt)),
        "NumericGreaterThanEquals" => {
            any(|wanted, actual| numbers(wanted, actual).is_some_and(Ordering::is_ge))
        }
        _ => false,
    }
}

/// How the actual date stands to the wanted one.
fn dates(wanted: &str, actual: &str) -> Option<Ordering> {
    Some(actual.parse::<Timestamp>().ok()?.cmp(&wanted.parse().ok()?))
}

/// How the actual number stands to the wanted one.
fn numbers(wanted: &str, actual: &str) -> Option<Ordering> {
    actual.parse::<f64>().ok()?.partial_cmp(&wanted.parse().ok()?)
}

/// Whether an address is the one of a block, or lies within it: `10.0.0.0/8`.
fn is_in_block(block: &str, address: &str) -> bool {
    let (base, prefix) = match block.split_once('/') {
        Some((base, prefix)) => (base, Some(prefix)),
        None => (block, None),
    };
    let (Ok(base), Ok(address)) = (base.parse::<IpAddr>(), address.parse::<IpAddr>()) else { return false };
    let width = if base.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(width), |text| text.parse().ok().filter(|bits| *bits <= width));
    let same_kind = base.is_ipv4() == address.is_ipv4();
    let differing = bits(base) ^ bits(address);
    same_kind && prefix.is_some_and(|prefix| differing.checked_shr(width - prefix).unwrap_or_default() == 0)
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn context() -> Context {
        Context::of_call(1_795_332_512, Some("10.1.2.3".parse().unwrap()))
            .with("sts:ExternalId", "Abc")
            .with("oidc:aud", "one")
            .with("oidc:aud", "two")
            .with("number", "10")
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
            json!({"DateEquals": {"acs:CurrentTime": "2026-11-22T15:28:32+08:00"}}),
            json!({"DateNotEquals": {"acs:CurrentTime": "2026-11-22T15:28:33+08:00"}}),
            json!({"NumericEquals": {"number": 10}, "NumericNotEquals": {"number": ["9", "11"]}}),
            json!({"NumericLessThan": {"number": "10.5"}, "NumericGreaterThanEquals": {"number": "10"}}),
            json!({"IpAddress": {"acs:SourceIp": ["192.168.0.0/16", "10.0.0.0/8"]}}),
            json!({"IpAddress": {"acs:SourceIp": "0.0.0.0/0"}}),
            json!({"NotIpAddress": {"acs:SourceIp": ["10.1.2.4", "::/0"], "absent": "10.0.0.0/8"}}),
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
            json!({"DateEquals": {"acs:CurrentTime": "yesterday"}}),
            json!({"NumericGreaterThan": {"number": "10"}}),
            json!({"NumericEquals": {"sts:ExternalId": "Abc"}}),
            json!({"IpAddress": {"acs:SourceIp": ["10.1.2.4", "10.2.0.0/16", "10.0.0.0/33", "10.1.2.3/x"]}}),
            json!({"IpAddress": {"absent": "0.0.0.0/0"}}),
            json!({"NotIpAddress": {"acs:SourceIp": "10.1.2.0/24"}}),
            json!("odd"),
        ];
        for conditions in failing {
            assert!(!hold(Some(&conditions), &context()), "{conditions}");
        }
    }
}
