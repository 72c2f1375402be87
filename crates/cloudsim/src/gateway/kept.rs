//! What the journal keeps of a call: what it was about, never how it was made.
//!
//! Takes a request that may be unsigned, and of any size; what is kept of it is bounded. A body is read only of a
//! caller who is known. Must never keep signatures, keys and tokens.

use serde_json::{Map, Value};

use super::Arrived;
use super::route::Service;

/// Parameters of one call.
const PARAMETERS_MAX: usize = 64;
/// Longest name of an operation or a parameter, characters.
const NAME_CHARS_MAX: usize = 128;
/// Longest value, characters.
const VALUE_CHARS_MAX: usize = 512;
/// All names and values of a call together, bytes.
const ALL_BYTES_MAX: usize = 16 * 1024;

/// Name of the operation as asked for.
pub(crate) fn action(arrived: &Arrived) -> String {
    cut(&arrived.action, NAME_CHARS_MAX)
}

/// The main parameters of a call.
pub(crate) fn parameters(arrived: &Arrived, caller_is_known: bool) -> Map<String, Value> {
    let mut kept = Kept::default();
    let place = &arrived.place;
    for (name, value) in [("project", &place.project), ("logstore", &place.logstore), ("name", &place.name)] {
        if let Some(value) = value {
            kept.take(name, short(value));
        }
    }
    for (name, value) in arrived.parameters.iter().filter(|(name, _)| !is_envelope(name)) {
        kept.take(name, short(value));
    }
    if caller_is_known && arrived.service == Service::Sls {
        kept.take_body(&arrived.request.body);
    }
    kept.fields
}

#[derive(Default)]
struct Kept {
    fields: Map<String, Value>,
    bytes: usize,
}

impl Kept {
    /// Keeps a parameter if there is room.
    fn take(&mut self, name: &str, value: Value) {
        let name = cut(name, NAME_CHARS_MAX);
        let bytes = name.len() + value.to_string().len();
        if self.fields.len() < PARAMETERS_MAX && self.bytes + bytes <= ALL_BYTES_MAX {
            self.bytes += bytes;
            self.fields.insert(name, value);
        }
    }

    fn take_body(&mut self, body: &[u8]) {
        let Ok(Value::Object(fields)) = serde_json::from_slice(body) else { return };
        for (name, value) in &fields {
            self.take(name, short_value(value));
        }
    }
}

/// Parameters that say how a call was made, not what it was about.
fn is_envelope(name: &str) -> bool {
    let names = ["Action", "Version", "Format", "Timestamp", "AccessKeyId", "SecurityToken", "OIDCToken"];
    names.contains(&name) || name.starts_with("Signature")
}

fn cut(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

fn short(text: &str) -> Value {
    Value::String(cut(text, VALUE_CHARS_MAX))
}

fn short_value(value: &Value) -> Value {
    match value {
        Value::String(text) => short(text),
        Value::Array(_) | Value::Object(_) => {
            let text = value.to_string();
            if text.len() <= VALUE_CHARS_MAX { value.clone() } else { short(&text) }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{rpc, sls};
    use crate::request::tests::get;

    fn rpc(query: &str) -> Arrived {
        rpc::arrive(get("ram.aliyuncs.com", &format!("/?{query}")), Service::Ram, "cn-hangzhou".to_owned())
    }

    #[test]
    fn number_of_kept_parameters_is_bounded() {
        let query: Vec<String> = (0..1000).map(|number| format!("p{number}=v")).collect();
        assert_eq!(parameters(&rpc(&query.join("&")), true).len(), PARAMETERS_MAX);
    }

    #[test]
    fn names_are_cut() {
        let arrived = rpc(&format!("Action={}&{}=v", "a".repeat(5000), "n".repeat(5000)));
        assert_eq!(action(&arrived).len(), NAME_CHARS_MAX);
        assert_eq!(parameters(&arrived, true).keys().next().unwrap().len(), NAME_CHARS_MAX);
    }

    #[test]
    fn size_of_all_is_bounded() {
        let long = "%F0%9F%90%8C".repeat(600);
        let query: Vec<String> = (0..64).map(|number| format!("p{number}={long}")).collect();
        let kept = parameters(&rpc(&query.join("&")), true);
        assert!(!kept.is_empty() && Value::Object(kept).to_string().len() < ALL_BYTES_MAX + 1024);
    }

    #[test]
    fn body_of_an_unknown_caller_is_not_read() {
        let mut request = get("p-1.cn-hangzhou.log.aliyuncs.com", "/logstores");
        request.body = bytes::Bytes::from_static(b"{\"logstoreName\":\"abc\"}");
        let arrived = sls::arrive(request, "cn-hangzhou".to_owned(), Some("p-1".to_owned()));
        assert_eq!(parameters(&arrived, true)["logstoreName"], "abc");
        assert!(!parameters(&arrived, false).contains_key("logstoreName"));
    }
}
