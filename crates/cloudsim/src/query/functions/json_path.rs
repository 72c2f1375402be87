//! Follows the paths of `json_extract_scalar`.
//!
//! Takes `$`, then `.name`, `["name"]` or `[0]`; returns the scalar there as text. Values nest as deep as
//! the JSON parser lets them, paths no deeper than the query is long.

use serde_json::Value;

use crate::query::predicate::scalar;

/// One part of a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// A member of an object.
    Name(&'a str),
    /// An element of an array, or a member named by digits.
    Position(usize),
}

/// The scalar at a path as text; nothing where the JSON is malformed or holds no scalar there.
///
/// # Errors
/// The service's sentence for a path that is none.
pub(super) fn scalar_at(json: &str, path: &str) -> Result<Option<String>, String> {
    let parts = parse(path)?;
    let document: Option<Value> = serde_json::from_str(json).ok();
    Ok(document.and_then(|document| parts.iter().try_fold(&document, step).and_then(scalar)))
}

fn step<'v>(value: &'v Value, part: &Part<'_>) -> Option<&'v Value> {
    match part {
        Part::Name(name) => value.get(name),
        Part::Position(position) => value.get(position),
    }
}

/// Cuts a path into its parts.
pub(super) fn parse(path: &str) -> Result<Vec<Part<'_>>, String> {
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
    fn scalars_are_found_by_name_and_position() {
        let json = r#"{"a":{"b c":[1,"x",{"d":true}]},"n":null}"#;
        for (path, expected) in [
            ("$.a[\"b c\"][0]", Some("1")),
            ("$.a[\"b c\"][1]", Some("x")),
            ("$.a[\"b c\"][2].d", Some("true")),
            ("$.a", None),
            ("$.n", None),
            ("$.nowhere", None),
        ] {
            assert_eq!(scalar_at(json, path).unwrap().as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn a_malformed_path_is_named() {
        for path in ["", "a", "$.", "$a", "$[", "$[x]", "$[\"a]"] {
            assert_eq!(scalar_at("{}", path).unwrap_err(), format!("Invalid JSON path: '{path}'"));
        }
    }

    #[test]
    fn malformed_json_holds_nothing() {
        assert_eq!(scalar_at("{", "$.a"), Ok(None));
    }
}
