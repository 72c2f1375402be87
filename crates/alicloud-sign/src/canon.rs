//! Canonical forms shared by the schemes: percent-encoding, query parameters, headers.
//!
//! *Invariant:* the same text is produced for signing and for verifying, whatever encoding the sender chose.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but the unreserved characters of RFC 3986 (cloud-api §5).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// RFC 3986 percent-encoding of UTF-8 text: upper-case hex, space as `%20`, `*` as `%2A`.
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// The parameters of a query or form body, decoded, in order of appearance.
///
/// `+` stands for a space, as the Python clients send it. A piece whose bytes are not UTF-8 is left as it came.
pub fn parameters(query: &str) -> Vec<(String, String)> {
    let pieces = query.split('&').filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let (name, value) = piece.split_once('=').unwrap_or((piece, ""));
            (decode(name), decode(value))
        })
        .collect()
}

fn decode(piece: &str) -> String {
    let spaced = piece.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map_or_else(|_| piece.to_owned(), Cow::into_owned)
}

/// Sorted `name=value` pairs joined by `&`, both sides encoded.
pub(crate) fn sorted_query(mut pairs: Vec<(String, String)>, empty: Empty) -> String {
    pairs.sort();
    let joined = pairs.iter().map(|(name, value)| match (value.is_empty(), empty) {
        (true, Empty::NameOnly) => encode(name),
        (true, Empty::WithEquals) | (false, _) => format!("{}={}", encode(name), encode(value)),
    });
    joined.collect::<Vec<_>>().join("&")
}

/// How a parameter without a value is written.
#[derive(Clone, Copy)]
pub(crate) enum Empty {
    NameOnly,
    WithEquals,
}

/// `name:value\n` for each name given, in that order; values of a repeated header are joined by commas.
pub(crate) fn header_lines(headers: &[(&str, &str)], names: &[String]) -> String {
    let mut lines = String::new();
    for name in names {
        lines.extend([name, ":", &header_value(headers, name), "\n"]);
    }
    lines
}

fn header_value(headers: &[(&str, &str)], name: &str) -> String {
    let values = headers.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    values.map(|(_, value)| value.trim()).collect::<Vec<_>>().join(",")
}

/// The lower-case names of the headers that `keep` accepts, sorted, each once.
pub(crate) fn header_names(headers: &[(&str, &str)], keep: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_ascii_lowercase()).collect();
    names.retain(|name| keep(name));
    names.sort();
    names.dedup();
    names
}

/// The value of `name=` in the comma-separated list that follows the scheme of an `Authorization` header.
pub(crate) fn part<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let found = list.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))?;
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unreserved_characters_stay_as_they_are() {
        assert_eq!(encode("aZ09-_.~ *+/é"), "aZ09-_.~%20%2A%2B%2F%C3%A9");
    }

    #[test]
    fn a_plus_and_an_encoded_space_are_the_same_parameter() {
        assert_eq!(parameters("a=x+y"), parameters("a=x%20y"));
    }

    #[test]
    fn an_encoded_separator_stays_inside_its_value() {
        let pairs = parameters("a=1%26b%3D2&c");
        assert_eq!(pairs, [("a".to_owned(), "1&b=2".to_owned()), ("c".to_owned(), String::new())]);
        assert_eq!(sorted_query(pairs.clone(), Empty::NameOnly), "a=1%26b%3D2&c");
        assert_eq!(sorted_query(pairs, Empty::WithEquals), "a=1%26b%3D2&c=");
    }

    #[test]
    fn repeated_headers_are_joined_in_order() {
        let headers = [("X-Acs-B", " 2 "), ("x-acs-a", "1"), ("x-acs-b", "3")];
        let names = header_names(&headers, |name| name.starts_with("x-acs-"));
        assert_eq!(header_lines(&headers, &names), "x-acs-a:1\nx-acs-b:2,3\n");
    }
}
