//! The fields of a log between the wire and the state.
//!
//! The state holds a JSON object, in the order in which the fields came; of a repeated name the last value is
//! searched. What such an object cannot tell, and what only a pull shows, goes into a second document, if there is any.
//! Pure: values in, text out, and back.

use std::collections::{HashMap, HashSet};
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer as _};

use super::wire::{Log, LogGroup, Pair};

/// What a log is besides its searchable fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Beyond {
    /// Nanoseconds within the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time_ns: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) machine_uuid: Option<String>,
    /// All fields, when a name is repeated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pairs: Option<Vec<(String, String)>>,
}

impl Beyond {
    /// What there is of it in a log of a group, as text.
    pub(crate) fn of(group: &LogGroup, log: &Log) -> Option<String> {
        let names: HashSet<&str> = log.contents.iter().map(key).collect();
        let all = || log.contents.iter().map(|pair| (key(pair).to_owned(), value(pair).to_owned())).collect();
        let beyond = Self {
            time_ns: log.time_ns,
            category: group.category.clone(),
            machine_uuid: group.machine_uuid.clone(),
            pairs: (names.len() < log.contents.len()).then(all),
        };
        if beyond == Self::default() { None } else { serde_json::to_string(&beyond).ok() }
    }

    /// Reads it back.
    pub(crate) fn read(text: Option<&str>) -> Self {
        text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

fn key(pair: &Pair) -> &str {
    pair.key.as_deref().unwrap_or_default()
}

fn value(pair: &Pair) -> &str {
    pair.value.as_deref().unwrap_or_default()
}

/// The fields as a JSON object, each name once.
pub(crate) fn object(pairs: &[Pair]) -> serde_json::Result<String> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut fields: Vec<(&str, &str)> = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let place = *places.entry(key(pair)).or_insert(fields.len());
        match fields.get_mut(place) {
            Some(field) => field.1 = value(pair),
            None => fields.push((key(pair), value(pair))),
        }
    }
    let mut bytes = Vec::new();
    serde_json::Serializer::new(&mut bytes).collect_map(fields)?;
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// The fields of a JSON object, in its order.
pub(crate) fn pairs(text: &str) -> Vec<Pair> {
    serde_json::from_str::<Ordered>(text).map(|Ordered(pairs)| pairs).unwrap_or_default()
}

/// A field of those names.
pub(crate) fn pair(key: String, value: String) -> Pair {
    Pair { key: Some(key), value: Some(value) }
}

/// The fields of a JSON object, in its order.
pub(crate) struct Ordered(pub(crate) Vec<Pair>);

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Ordered;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut pairs = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, String>()? {
            pairs.push(pair(key, value));
        }
        Ok(Ordered(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, &str)]) -> Vec<Pair> {
        fields.iter().map(|(key, value)| pair((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn order_of_fields_is_kept() {
        let fields = of(&[("z", "1"), ("a", "2"), ("m", "3")]);
        let text = object(&fields).unwrap();
        assert_eq!(text, r#"{"z":"1","a":"2","m":"3"}"#);
        assert_eq!(pairs(&text), fields);
    }

    #[test]
    fn last_value_of_a_repeated_field_is_searched() {
        assert_eq!(object(&of(&[("a", "1"), ("b", "2"), ("a", "3")])).unwrap(), r#"{"a":"3","b":"2"}"#);
    }

    #[test]
    fn repeated_fields_are_kept_beside() {
        let log = Log { contents: of(&[("a", "1"), ("a", "2")]), ..Log::default() };
        let beyond = Beyond::read(Beyond::of(&LogGroup::default(), &log).as_deref());
        assert_eq!(beyond.pairs.unwrap().len(), 2);
    }

    #[test]
    fn plain_log_has_nothing_beside_it() {
        let log = Log { contents: of(&[("a", "1"), ("b", "2")]), ..Log::default() };
        assert_eq!(Beyond::of(&LogGroup::default(), &log), None);
    }
}
