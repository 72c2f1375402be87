//! Log groups as JSON: `{"__topic__":…,"__source__":…,"__tags__":{…},"__logs__":[{"__time__":…,"name":"value"}]}`.
//!
//! Pure: bytes in, a group or an error out. Reads straight into the group, so that it takes no more than the group does.

use std::fmt;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::fields::{Ordered, pair};
use super::wire::{Log, LogGroup};

const TIME: &str = "__time__";
const NANOSECONDS: &str = "__time_ns_part__";

#[derive(Deserialize)]
struct Group {
    #[serde(rename = "__topic__", default)]
    topic: Option<String>,
    #[serde(rename = "__source__", default)]
    source: Option<String>,
    #[serde(rename = "__tags__", default)]
    tags: Option<Ordered>,
    #[serde(rename = "__logs__")]
    logs: Vec<Item>,
}

struct Item(Log);

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a log: an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Item, A::Error> {
        let mut log = Log::default();
        while let Some(key) = map.next_key::<String>()? {
            let number = match key.as_str() {
                TIME => &mut log.time,
                NANOSECONDS => &mut log.time_ns,
                _ => {
                    log.contents.push(pair(key, map.next_value()?));
                    continue;
                }
            };
            if number.replace(map.next_value()?).is_some() {
                return Err(A::Error::custom(format_args!("`{key}` is given twice")));
            }
        }
        Ok(Item(log))
    }
}

/// Reads a group.
pub(crate) fn read(bytes: &[u8]) -> serde_json::Result<LogGroup> {
    let group: Group = serde_json::from_slice(bytes)?;
    Ok(LogGroup {
        logs: group.logs.into_iter().map(|Item(log)| log).collect(),
        topic: group.topic,
        source: group.source,
        tags: group.tags.map(|Ordered(pairs)| pairs).unwrap_or_default(),
        ..LogGroup::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn group_is_read_with_its_times() {
        let text = r#"{"__topic__":"t","__tags__":{"k":"v"},"__logs__":[{"__time__":7,"__time_ns_part__":9,"b":"1","a":"2"}]}"#;
        let group = read(text.as_bytes()).unwrap();
        let log = &group.logs[0];
        assert_eq!((log.time, log.time_ns, group.topic.as_deref()), (Some(7), Some(9), Some("t")));
        let pairs = [("b", "1"), ("a", "2")].map(|(key, value)| pair(key.to_owned(), value.to_owned()));
        assert_eq!((&log.contents[..], group.tags.len()), (&pairs[..], 1));
    }

    #[test]
    fn what_is_no_group_is_refused() {
        for text in [
            "{}",
            r#"{"__logs__":{}}"#,
            r#"{"__logs__":[{"a":1}]}"#,
            r#"{"__logs__":[{"__time__":-1}]}"#,
            r#"{"__logs__":[{"__time__":1,"__time__":2}]}"#,
            r#"{"__logs__":[],"__topic__":7}"#,
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
