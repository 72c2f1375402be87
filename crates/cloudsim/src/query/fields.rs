//! Reads the fields of one stored log without building a JSON tree.
//!
//! Takes the flat JSON object (string to string) of the `contents` and `tags` columns; returns borrowed
//! pairs. Stops quietly at anything that is not such an object, and must never panic.

use std::borrow::Cow;

use memchr::memchr_iter;
use memchr::memmem::Finder;

/// A JSON string as stored, escapes and all, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Raw<'a>(&'a str);

impl<'a> Raw<'a> {
    /// The text; borrowed when nothing is escaped.
    pub(super) fn text(self) -> Cow<'a, str> {
        if !self.0.contains('\\') {
            return Cow::Borrowed(self.0);
        }
        let unescaped: Option<String> = serde_json::from_str(&format!("\"{}\"", self.0)).ok();
        unescaped.map_or(Cow::Borrowed(self.0), Cow::Owned)
    }
}

/// One field to be read from many logs.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    quoted: Finder<'static>,
    ambiguous: bool,
}

impl Lookup {
    /// Prepares to read a field.
    pub(super) fn new(name: &str) -> Self {
        let quoted = Finder::new(&serde_json::Value::from(name).to_string()).into_owned();
        Self { quoted, ambiguous: name.starts_with([':', ',', '}']) || name.starts_with(char::is_whitespace) }
    }

    /// The value of the field, found by looking for its quoted name rather than by reading every field
    /// before it. An unescaped quote, the name, a quote and a colon are a key wherever they stand in a flat
    /// object of strings: the first quote opens a string, for what follows it cannot follow a closing one
    /// (names that could are looked for the long way), and no colon follows a value.
    pub(super) fn get<'a>(&self, json: &'a [u8]) -> Option<Cow<'a, str>> {
        if self.ambiguous {
            let wanted = serde_json::from_slice::<String>(self.quoted.needle()).ok()?;
            let mut found = pairs(std::str::from_utf8(json).ok()?).filter(|(key, _)| key.text() == wanted);
            return found.next().map(|(_, value)| value.text());
        }
        let starts = self.quoted.find_iter(json).filter(|at| *at > 0 && json[at - 1] != b'\\');
        let mut values = starts.filter_map(|at| value_after(&json[at + self.quoted.needle().len()..]));
        values.next().map(Raw::text)
    }
}

/// Reads `: "value"`.
fn value_after(rest: &[u8]) -> Option<Raw<'_>> {
    let inner = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
    std::str::from_utf8(&inner[..closing_quote(inner)?]).ok().map(Raw)
}

/// The value of one field of one log.
pub(super) fn get<'a>(json: &'a str, name: &str) -> Option<Cow<'a, str>> {
    Lookup::new(name).get(json.as_bytes())
}

/// All fields in stored order.
pub(super) fn pairs(json: &str) -> impl Iterator<Item = (Raw<'_>, Raw<'_>)> {
    let mut rest = json.trim_start().strip_prefix('{').unwrap_or_default();
    std::iter::from_fn(move || {
        let (key, after) = string(skip(rest, ','))?;
        let (value, after) = string(skip(after, ':'))?;
        rest = after;
        Some((key, value))
    })
}

fn skip(text: &str, separator: char) -> &str {
    let text = text.trim_ascii_start();
    text.strip_prefix(separator).map_or(text, str::trim_ascii_start)
}

/// Reads one JSON string.
fn string(text: &str) -> Option<(Raw<'_>, &str)> {
    let inner = text.strip_prefix('"')?;
    let end = closing_quote(inner.as_bytes())?;
    Some((Raw(&inner[..end]), &inner[end + 1..]))
}

/// Where the first quote is that no backslash escapes.
fn closing_quote(inner: &[u8]) -> Option<usize> {
    memchr_iter(b'"', inner).find(|quote| {
        let backslashes = inner[..*quote].iter().rev().take_while(|byte| **byte == b'\\').count();
        backslashes % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    #[test]
    fn a_field_is_found_behind_escaped_ones() {
        let log = json!({"a": "{\"b\":\"c\\\\\"}", "b": "right", "q\"": "quoted"}).to_string();
        assert_eq!(get(&log, "b").as_deref(), Some("right"));
        assert_eq!(get(&log, "q\"").as_deref(), Some("quoted"));
        assert_eq!(get(&log, "c"), None);
    }

    #[test]
    fn what_is_no_flat_object_has_no_fields() {
        for text in ["", "[]", "{", "{\"a\":1}", "{\"a\":{\"b\":\"c\"}}", "null", "{\"a", "\"a\":\"b\""] {
            assert_eq!(pairs(text).count(), 0, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_lookup_is_what_reading_every_field_finds(
            log in proptest::collection::btree_map("[ab:, }\"\\\\é]{0,3}", "[ab:, }\"\\\\é]{0,8}", 0..5),
            name in "[ab:, }\"\\\\é]{0,3}",
        ) {
            let text = json!(log).to_string();
            for name in log.keys().chain([&name]) {
                let found = get(&text, name);
                prop_assert_eq!(found.as_deref(), log.get(name).map(String::as_str), "{} {}", name, text);
            }
        }

        #[test]
        fn pairs_are_those_of_the_json_parser(log in proptest::collection::btree_map(".{0,6}", ".{0,20}", 0..5)) {
            let object: Map<String, Value> = log.iter().map(|(k, v)| (k.clone(), json!(v))).collect();
            let text = Value::Object(object).to_string();
            let read: Vec<_> = pairs(&text).map(|(k, v)| (k.text().into_owned(), v.text().into_owned())).collect();
            prop_assert_eq!(read, log.into_iter().collect::<Vec<_>>());
        }
    }
}
