//! Regular expressions.
//!
//! Takes patterns of the `regex` crate, which match in time linear in the text; back references and
//! look-around are not among them and are refused. Compiling and matching are taken off the budget of the
//! statement.

use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};
use rusqlite::functions::Context;
use rusqlite::types::ValueRef;
use rusqlite::{Error, Result};

use super::{Registrar, both, optional, refused, room, whole};
use crate::query::authorizer::spend;
use crate::query::parser::clip;

/// Bytes of a compiled pattern.
const COMPILED_BYTES: usize = 1024 * 1024;
/// Groups within one another.
const NESTED: u32 = 50;
/// What compiling costs for each byte of the pattern, in instructions of a statement.
const COMPILING: usize = 1_000;

/// Makes the functions known.
pub(super) fn register(add: &Registrar<'_>) -> Result<()> {
    add.function("sls_regexp_like", 2, |call| {
        Ok(matching(call)?.map(|(text, pattern)| pattern.is_match(text)))
    })?;
    add.function("sls_regexp_extract", -1, extract)?;
    add.function("sls_regexp_replace", -1, replace)
}

/// The first two arguments: a text and a pattern, compiled once a statement where it is a constant.
fn matching<'c>(call: &'c Context<'_>) -> Result<Option<(&'c str, Arc<Regex>)>> {
    let Some((text, written)) = both(optional(call, 0)?, optional(call, 1)?) else { return Ok(None) };
    let pattern = call.get_or_create_aux(1, compile)?;
    pay(text.len().saturating_mul(1 + written.len() / 16))?;
    Ok(Some((text, pattern)))
}

fn pay(work: usize) -> Result<()> {
    if spend(u64::try_from(work).unwrap_or(u64::MAX)) {
        return Ok(());
    }
    Err(refused("Query exceeded the maximum time limit"))
}

fn compile(written: ValueRef<'_>) -> Result<Regex> {
    let written = written.as_str()?;
    pay(written.len().saturating_mul(COMPILING))?;
    let built = RegexBuilder::new(written)
        .size_limit(COMPILED_BYTES)
        .dfa_size_limit(COMPILED_BYTES)
        .nest_limit(NESTED)
        .build();
    built.map_err(|_| refused(format!("Invalid regular expression: '{}'", clip(written))))
}

/// `sls_regexp_extract(text, pattern[, group])`
fn extract(call: &Context<'_>) -> Result<Option<String>> {
    let group = if call.len() > 2 { whole(call, 2) } else { Some(0) };
    let Some(((text, pattern), group)) = both(matching(call)?, group) else { return Ok(None) };
    let known = usize::try_from(group).ok().filter(|group| *group < pattern.captures_len());
    let group = known.ok_or_else(|| no_group(&group.to_string()))?;
    let found = pattern.captures(text).and_then(|captures| captures.get(group));
    Ok(found.map(|found| found.as_str().to_owned()))
}

/// `sls_regexp_replace(text, pattern[, replacement])`
fn replace(call: &Context<'_>) -> Result<Option<String>> {
    let replacement = if call.len() > 2 { optional(call, 2)? } else { Some("") };
    let Some(((text, pattern), replacement)) = both(matching(call)?, replacement) else { return Ok(None) };
    let parts = parts(replacement, &pattern)?;
    let (mut out, mut end) = (String::new(), 0);
    for captures in pattern.captures_iter(text) {
        let Some(whole) = captures.get(0) else { continue };
        out += &text[end..whole.start()];
        for part in &parts {
            part.write(&mut out, &captures);
        }
        room("regexp_replace", text, out.len())?;
        end = whole.end();
    }
    Ok(Some(out + &text[end..]))
}

/// A piece of a replacement.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    Char(char),
    Group(usize),
}

impl Part {
    fn write(&self, out: &mut String, captures: &Captures<'_>) {
        match self {
            Self::Char(c) => out.push(*c),
            Self::Group(group) => *out += captures.get(*group).map_or("", |found| found.as_str()),
        }
    }
}

fn parts(replacement: &str, pattern: &Regex) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = replacement;
    while let Some(c) = rest.chars().next() {
        let (part, after) = match c {
            '\\' => {
                let escaped = rest[1..].chars().next();
                let escaped = escaped.ok_or_else(|| refused("character to be escaped is missing"))?;
                (Part::Char(escaped), &rest[1 + escaped.len_utf8()..])
            }
            '$' => group(&rest[1..], pattern)?,
            other => (Part::Char(other), &rest[other.len_utf8()..]),
        };
        parts.push(part);
        rest = after;
    }
    Ok(parts)
}

/// `{name}`, or as many digits as name a group.
fn group<'r>(rest: &'r str, pattern: &Regex) -> Result<(Part, &'r str)> {
    if let Some((name, after)) = rest.strip_prefix('{').and_then(|named| named.split_once('}')) {
        let known = pattern.capture_names().position(|known| known == Some(name));
        return Ok((Part::Group(known.ok_or_else(|| no_group(name))?), after));
    }
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let known = (1..=digits.min(3)).rev().find_map(|length| {
        let group = rest[..length].parse().ok().filter(|group| *group < pattern.captures_len())?;
        Some((Part::Group(group), &rest[length..]))
    });
    known.ok_or_else(|| no_group(&rest[..digits]))
}

fn no_group(group: &str) -> Error {
    refused(format!("Pattern has no group '{}'", clip(group)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(replacement: &str) -> Option<Vec<Part>> {
        parts(replacement, &Regex::new("(a)(?<n>b)").unwrap()).ok()
    }

    #[test]
    fn a_replacement_names_groups() {
        assert_eq!(read("$1x"), Some(vec![Part::Group(1), Part::Char('x')]));
        assert_eq!(read("$12"), Some(vec![Part::Group(1), Part::Char('2')]));
        assert_eq!(read("${n}"), Some(vec![Part::Group(2)]));
        assert_eq!(read("\\$1"), Some(vec![Part::Char('$'), Part::Char('1')]));
    }

    #[test]
    fn a_replacement_that_names_nothing_is_refused() {
        for replacement in ["$", "$3", "$x", "${", "${x}", "\\"] {
            assert_eq!(read(replacement), None, "{replacement}");
        }
    }

    #[test]
    fn a_pattern_too_large_once_compiled_is_refused() {
        assert!(compile(ValueRef::Text(b"(a{1000}){1000}")).is_err());
        assert!(compile(ValueRef::Text(b"a{2}")).is_ok());
    }
}
