//! Follows the paths of the JSON functions.
//!
//! Takes `$`, then `.name`, `["name"]` or `[0]`; returns what is there. Values nest as deep as the JSON
//! parser lets them, paths no deeper than the query is long.

use rusqlite::Result;
use rusqlite::functions::Context;
use serde_json::Value;

use super::{Registrar, both, optional, refused};
use crate::query::predicate::scalar;

/// Makes the functions known.
pub(super) fn register(add: &Registrar<'_>) -> Result<()> {
    add.function("sls_json_extract_scalar", 2, |call| at(call, |value| scalar(&value)))?;
    add.function("sls_json_extract", 2, |call| at(call, |value| Some(value.to_string())))?;
    add.function("sls_json_size", 2, |call| at(call, |value| Some(size(&value))))?;
    add.function("sls_json_array_length", 1, |call| {
        let document: Option<Value> = optional(call, 0)?.and_then(|json| serde_json::from_str(json).ok());
        Ok(document.as_ref().and_then(Value::as_array).map(|array| count(array.len())))
    })
}

fn at<T>(call: &Context<'_>, read: impl Fn(Value) -> Option<T>) -> Result<Option<T>> {
    let Some((json, path)) = both(optional(call, 0)?, optional(call, 1)?) else { return Ok(None) };
    Ok(value_at(json, path).map_err(refused)?.and_then(read))
}

fn size(value: &Value) -> i64 {
    count(match value {
        Value::Array(array) => array.len(),
        Value::Object(object) => object.len(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    })
}

fn count(items: usize) -> i64 {
    i64::try_from(items).unwrap_or(i64::MAX)
}

/// One part of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A member of an object.
    Name(&'a str),
    /// An element of an array, or a member named by digits.
    Position(usize),
}

/// The value at a path; nothing where the JSON is malformed or ends before.
///
/// # Errors
/// The service's sentence for a path that is none.
fn value_at(json: &str, path: &str) -> std::result::Result<Option<Value>, String> {
    let parts = parse(path)?;
    let document: Option<Value> = serde_json::from_str(json).ok();
    Ok(document.and_then(|document| parts.iter().try_fold(&document, step).cloned()))
}

fn step<'v>(value: &'v Value, part: &Part<'_>) -> Option<&'v Value> {
    match part {
        Part::Name(name) => value.get(name),
        Part::Position(position) => value.get(position),
    }
}

/// Cuts a path into its parts.
pub(super) fn parse(path: &str) -> std::result::Result<Vec<Part<'_>>, String> {
    let invalid = || format!("Invalid JSON path: '{}'", crate::query::parser::clip(path));
    let mut rest = path.strip_prefix('$').ok_or_else(invalid)?;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, after) = next(rest).ok_or_else(invalid)?;
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

fn next(rest: &str) -> Option<(Part<'_>, &str)> {
    if let Some(named) = rest.strip_prefix('.') {
        let end = named.find(['.', '[']).unwrap_or(named.len());
        return (end > 0).then(|| (Part::Name(&named[..end]), &named[end..]));
    }
    let inner = rest.strip_prefix('[')?;
    if let Some(quoted) = inner.strip_prefix('"') {
        let (name, after) = quoted.split_once("\"]")?;
        return Some((Part::Name(name), after));
    }
    let (position, after) = inner.split_once(']')?;
    Some((Part::Position(position.parse().ok()?), after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_name_and_position() {
        let json = r#"{"a":{"b c":[1,"x",{"d":true}]},"n":null}"#;
        for (path, expected) in [
            ("$.a[\"b c\"][0]", Some("1")),
            ("$.a[\"b c\"][1]", Some("\"x\"")),
            ("$.a[\"b c\"][2].d", Some("true")),
            ("$.a[\"b c\"][2]", Some("{\"d\":true}")),
            ("$.n", Some("null")),
            ("$.nowhere", None),
        ] {
            let found = value_at(json, path).unwrap().map(|value| value.to_string());
            assert_eq!(found.as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_malformed_path_is_named() {
        for path in ["", "a", "$.", "$a", "$[", "$[x]", "$[\"a]"] {
            assert_eq!(value_at("{}", path).unwrap_err(), format!("Invalid JSON path: '{path}'"));
        }
    }

    #[test]
    fn malformed_json_holds_nothing() {
        assert_eq!(value_at("{", "$.a"), Ok(None));
    }
}
