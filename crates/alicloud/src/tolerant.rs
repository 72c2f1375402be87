//! Readers for values that the services write in more than one way (cloud-api §2.1, §2.2).
//!
//! *Invariant:* a value that is there but cannot be read is an error, never a default.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A boolean, or its name in any case: one official client writes `True`.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    value.as_ref().map(|value| as_flag(value).ok_or_else(|| D::Error::custom("not a boolean"))).transpose()
}

fn as_flag(value: &Value) -> Option<bool> {
    let named = |name: &str| value.as_str().is_some_and(|text| text.trim().eq_ignore_ascii_case(name));
    value.as_bool().or_else(|| named("true").then_some(true)).or_else(|| named("false").then_some(false))
}

/// Text, or a number as text; null and empty text are `None`. Times come as ISO text or epoch milliseconds.
pub(crate) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(text_or_empty(deserializer)?.filter(|text| !text.is_empty()))
}

/// Like [`text`], where empty text tells something too.
pub(crate) fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    let text =
        value.as_ref().map(|value| as_text(value).ok_or_else(|| D::Error::custom("neither text nor number")));
    text.transpose()
}

/// Like [`text`], for a field that must be there.
pub(crate) fn needed_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    text(deserializer)?.ok_or_else(|| D::Error::custom("an empty value where one is needed"))
}

/// Text as it is; a number as its digits.
pub(crate) fn as_text(value: &Value) -> Option<String> {
    let number = value.as_number().map(ToString::to_string);
    value.as_str().map(str::to_owned).or(number)
}

/// A whole number, or its digits as text.
pub(crate) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let text = as_text(&value).ok_or_else(|| D::Error::custom("not a number"))?;
    text.trim().parse().map_err(D::Error::custom)
}
