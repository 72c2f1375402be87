//! Functions of texts, which count characters and not bytes.
//!
//! A text that a function makes longer than it was is bounded ([`super::room`]).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use rusqlite::Result;
use rusqlite::functions::Context;

use super::{Registrar, both, optional, refused, room, whole};

/// What forms leave as it is, and the blank, which becomes `+`.
const FORM: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

type Plain = (&'static str, fn(&str) -> String);

/// Functions of one text that give one.
const PLAIN: [Plain; 8] = [
    ("sls_lower", str::to_lowercase),
    ("sls_upper", str::to_uppercase),
    ("sls_trim", |text| text.trim().to_owned()),
    ("sls_ltrim", |text| text.trim_start().to_owned()),
    ("sls_rtrim", |text| text.trim_end().to_owned()),
    ("sls_reverse", |text| text.chars().rev().collect()),
    ("sls_url_encode", |text| utf8_percent_encode(text, &FORM).to_string().replace(' ', "+")),
    ("sls_url_decode", |text| {
        percent_decode(text.replace('+', " ").as_bytes()).decode_utf8_lossy().into_owned()
    }),
];

/// Makes the functions known.
pub(super) fn register(add: &Registrar<'_>) -> Result<()> {
    for (name, of_text) in PLAIN {
        add.function(name, 1, move |call| Ok(optional(call, 0)?.map(of_text)))?;
    }
    add.function("sls_length", 1, |call| Ok(optional(call, 0)?.map(length)))?;
    add.function("sls_substr", -1, cut)?;
    add.function("sls_replace", -1, replace)?;
    add.function("sls_split_part", 3, part)?;
    add.function("sls_strpos", 2, |call| of_two(call, place))?;
    add.function("sls_starts_with", 2, |call| of_two(call, |text, head| text.starts_with(head)))?;
    add.function("sls_ends_with", 2, |call| of_two(call, |text, tail| text.ends_with(tail)))?;
    add.function("sls_lpad", 3, |call| pad(call, "lpad", |text, filling| filling + text))?;
    add.function("sls_rpad", 3, |call| pad(call, "rpad", |text, filling| text.to_owned() + &filling))?;
    add.function("sls_chr", 1, |call| {
        let Some(point) = whole(call, 0) else { return Ok(None) };
        let found = u32::try_from(point).ok().and_then(char::from_u32);
        found
            .map(|c| Some(c.to_string()))
            .ok_or_else(|| refused(format!("Not a valid Unicode code point: {point}")))
    })?;
    add.function("sls_codepoint", 1, |call| {
        let Some(text) = optional(call, 0)? else { return Ok(None) };
        let mut chars = text.chars();
        let only = chars.next().filter(|_| chars.next().is_none());
        only.map(|c| Some(i64::from(u32::from(c)))).ok_or_else(|| refused("codepoint takes one character"))
    })
}

fn of_two<T>(call: &Context<'_>, of_texts: fn(&str, &str) -> T) -> Result<Option<T>> {
    Ok(both(optional(call, 0)?, optional(call, 1)?).map(|(a, b)| of_texts(a, b)))
}

fn length(text: &str) -> i64 {
    i64::try_from(text.chars().count()).unwrap_or(i64::MAX)
}

/// `sls_substr(text, start, length)`
fn cut(call: &Context<'_>) -> Result<Option<String>> {
    let count = if call.len() > 2 { whole(call, 2) } else { Some(i64::MAX) };
    let Some((text, (start, count))) = both(optional(call, 0)?, whole(call, 1).zip(count)) else {
        return Ok(None);
    };
    Ok(Some(substr(text, start, count).to_owned()))
}

fn substr(text: &str, start: i64, count: i64) -> &str {
    let skipped = if start < 0 { length(text).saturating_add(start) } else { start - 1 };
    if start == 0 || skipped < 0 || count <= 0 {
        return "";
    }
    let rest = &text[offset(text, skipped)..];
    &rest[..offset(rest, count)]
}

/// The byte behind so many characters.
fn offset(text: &str, chars: i64) -> usize {
    let nth = usize::try_from(chars).unwrap_or(usize::MAX);
    text.char_indices().nth(nth).map_or(text.len(), |(at, _)| at)
}

/// From 1; 0 where it is not.
fn place(text: &str, part: &str) -> i64 {
    text.find(part).map_or(0, |at| length(&text[..at]) + 1)
}

/// `sls_replace(text, part[, other])`
fn replace(call: &Context<'_>) -> Result<Option<String>> {
    let other = if call.len() > 2 { optional(call, 2)? } else { Some("") };
    let Some(((text, part), other)) = both(both(optional(call, 0)?, optional(call, 1)?), other) else {
        return Ok(None);
    };
    let found = text.matches(part).count();
    let kept = text.len().saturating_sub(found.saturating_mul(part.len()));
    room("replace", text, kept.saturating_add(found.saturating_mul(other.len())))?;
    Ok(Some(text.replace(part, other)))
}

/// `sls_split_part(text, delimiter, number)`
fn part(call: &Context<'_>) -> Result<Option<String>> {
    let Some(((text, delimiter), number)) =
        both(both(optional(call, 0)?, optional(call, 1)?), whole(call, 2))
    else {
        return Ok(None);
    };
    let number = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
    let number = number.ok_or_else(|| refused("Index must be greater than zero"))?;
    if delimiter.is_empty() {
        return Ok(text.chars().nth(number).map(String::from));
    }
    Ok(text.split(delimiter).nth(number).map(str::to_owned))
}

/// `sls_lpad(text, size, filling)`, `sls_rpad(…)`
fn pad(call: &Context<'_>, name: &str, join: fn(&str, String) -> String) -> Result<Option<String>> {
    let Some(((text, filling), size)) = both(both(optional(call, 0)?, optional(call, 2)?), whole(call, 1))
    else {
        return Ok(None);
    };
    let size = usize::try_from(size).map_err(|_| refused("Target length must not be negative"))?;
    room(name, text, size.saturating_mul(4))?;
    if filling.is_empty() {
        return Err(refused("Padding string must not be empty"));
    }
    let missing = size.saturating_sub(text.chars().count());
    if missing == 0 {
        return Ok(Some(text.chars().take(size).collect()));
    }
    Ok(Some(join(text, filling.chars().cycle().take(missing).collect())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_by_characters_from_either_end() {
        for (start, count, expected) in
            [(1, 2, "é操"), (2, 99, "操c"), (-1, 5, "c"), (-4, 5, ""), (0, 5, ""), (9, 1, ""), (1, -1, "")]
        {
            assert_eq!(substr("é操c", start, count), expected, "{start} {count}");
        }
        assert_eq!(substr("abc", i64::MIN, i64::MAX), "");
    }

    #[test]
    fn a_place_is_counted_in_characters() {
        assert_eq!((place("é操c", "c"), place("abc", ""), place("abc", "x")), (3, 1, 0));
    }
}
