//! The index of a Logstore, read from its document.
//!
//! Takes the JSON document as the Log Service stores it (cloud-api §6.3); returns what queries need of
//! it. Ignores what it does not know, as the service's clients do, and must never fail.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::QueryError;
use super::tokens::Tokenizer;

/// Which fields can be searched and analysed, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Index {
    /// The full text index.
    pub(super) line: Option<Line>,
    /// The field indexes by name.
    pub(super) keys: BTreeMap<String, Key>,
}

/// The full text index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// How values are cut.
    pub(super) tokenizer: Tokenizer,
    include: Option<BTreeSet<String>>,
    exclude: BTreeSet<String>,
}

/// The index of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    /// The type of its values.
    pub(super) kind: KeyKind,
    /// How values are cut.
    pub(super) tokenizer: Tokenizer,
    /// Whether it can be analysed.
    pub(super) doc_value: bool,
    /// The indexed members of a JSON field, by dotted path.
    pub(super) members: BTreeMap<String, Key>,
    alias: String,
}

/// The type of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// Words.
    Text,
    /// Whole numbers.
    Long,
    /// Numbers.
    Double,
    /// JSON text.
    Json,
}

/// A field found in the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found<'a> {
    /// The field of the log.
    pub(super) field: &'a str,
    /// The member inside a JSON field.
    pub(super) member: Option<&'a str>,
    /// Its index.
    pub(super) key: &'a Key,
}

impl Index {
    /// Reads the document.
    ///
    /// # Errors
    /// `IndexConfigNotExist` when it holds neither a full text index nor a field index.
    pub(super) fn read(document: &Value) -> Result<Self, QueryError> {
        let line = document.get("line").filter(|line| line.is_object()).map(Line::read);
        let keys = document.get("keys").map(read_keys).unwrap_or_default();
        if line.is_none() && keys.is_empty() {
            return Err(QueryError::new("IndexConfigNotExist", "Logstore without index config."));
        }
        Ok(Self { line, keys })
    }

    /// The index of a field, or of a member of a JSON field (`field.a.b`).
    pub(super) fn find(&self, name: &str) -> Option<Found<'_>> {
        if let Some((field, key)) = self.keys.get_key_value(name) {
            return Some(Found { field, member: None, key });
        }
        name.match_indices('.').find_map(|(at, _)| self.member(&name[..at], &name[at + 1..]))
    }

    fn member(&self, field: &str, path: &str) -> Option<Found<'_>> {
        let (field, key) = self.keys.get_key_value(field)?;
        let (member, key) = key.members.get_key_value(path)?;
        Some(Found { field, member: Some(member), key })
    }

    /// The field an analysis means: by name, else by alias, else by name in any case.
    pub(super) fn column(&self, name: &str) -> Option<Found<'_>> {
        let by_alias = || self.keys.iter().find(|(_, key)| key.alias == name && !name.is_empty());
        let any_case = || self.keys.iter().find(|(field, _)| field.eq_ignore_ascii_case(name));
        let found = self
            .find(name)
            .or_else(|| by_alias().or_else(any_case).map(|(field, key)| Found { field, member: None, key }));
        found.filter(|found| found.key.doc_value)
    }
}

impl Line {
    fn read(document: &Value) -> Self {
        let names = |member: &str| {
            let list = document.get(member).and_then(Value::as_array)?;
            Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>())
        };
        Self {
            tokenizer: read_tokenizer(document),
            include: names("include_keys").filter(|names| !names.is_empty()),
            exclude: names("exclude_keys").unwrap_or_default(),
        }
    }

    /// Whether the full text has the field in it.
    pub(super) fn covers(&self, field: &str) -> bool {
        self.include.as_ref().is_none_or(|include| include.contains(field)) && !self.exclude.contains(field)
    }
}

fn read_keys(document: &Value) -> BTreeMap<String, Key> {
    let entries = document.as_object().into_iter().flatten();
    entries.map(|(name, entry)| (name.clone(), read_key(entry))).collect()
}

fn read_key(entry: &Value) -> Key {
    let text = |member: &str| entry.get(member).and_then(Value::as_str).unwrap_or_default();
    Key {
        kind: match text("type") {
            "long" => KeyKind::Long,
            "double" => KeyKind::Double,
            "json" => KeyKind::Json,
            _ => KeyKind::Text,
        },
        tokenizer: read_tokenizer(entry),
        doc_value: flag(entry, "doc_value"),
        members: entry.get("json_keys").map(read_keys).unwrap_or_default(),
        alias: text("alias").to_owned(),
    }
}

fn read_tokenizer(entry: &Value) -> Tokenizer {
    let tokens = entry.get("token").and_then(Value::as_array).into_iter().flatten();
    let delimiters = tokens.filter_map(Value::as_str).flat_map(str::chars).collect();
    Tokenizer::new(delimiters, flag(entry, "caseSensitive"), flag(entry, "chn"))
}

fn flag(entry: &Value, member: &str) -> bool {
    entry.get(member).and_then(Value::as_bool).unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_document_without_indexes_is_no_index() {
        for document in [json!(null), json!({}), json!({"keys": {}, "ttl": 7})] {
            assert_eq!(Index::read(&document).unwrap_err().code, "IndexConfigNotExist");
        }
    }

    #[test]
    fn a_member_of_a_json_field_is_found_by_its_path() {
        let document = json!({"keys": {"d": {"type": "json", "json_keys": {"a.b": {"type": "long"}}}}});
        let index = Index::read(&document).unwrap();
        let found = index.find("d.a.b").unwrap();
        assert_eq!((found.field, found.member, found.key.kind), ("d", Some("a.b"), KeyKind::Long));
        assert_eq!(index.find("d.a"), None);
    }

    #[test]
    fn a_column_needs_analysis_switched_on() {
        let document = json!({"keys": {"a": {"type": "text", "doc_value": true}, "b": {"type": "text"}}});
        let index = Index::read(&document).unwrap();
        assert!(index.column("A").is_some());
        assert!(index.column("b").is_none());
    }

    #[test]
    fn excluded_fields_are_not_in_the_full_text() {
        let index = Index::read(&json!({"line": {"token": [" "], "exclude_keys": ["secret"]}})).unwrap();
        let line = index.line.unwrap();
        assert!(line.covers("open"));
        assert!(!line.covers("secret"));
    }
}
