//! Every function that is no aggregate.

use super::{Gives, Shape, Want};
use crate::query::sql::ast::Kind::{self, Bool, Date, Double, Long, Text, Timestamp};

/// The functions by family, as the documentation has them.
pub(in crate::query::sql) fn families() -> impl Iterator<Item = (&'static str, &'static [Shape])> {
    let families: [(_, &[Shape]); 7] = [
        ("choice", &CHOICES),
        ("number", &NUMBERS),
        ("text", &TEXTS),
        ("pattern", &PATTERNS),
        ("JSON", &JSON),
        ("URL", &URLS),
        ("time", &TIMES),
    ];
    families.into_iter()
}

const fn row(
    name: &'static str,
    least: usize,
    wants: &'static [Want],
    gives: Gives,
    note: &'static str,
) -> Shape {
    Shape { name, least, wants, open: false, gives, note }
}

const fn open(name: &'static str, wants: &'static [Want], gives: Gives, note: &'static str) -> Shape {
    Shape { name, least: 2, wants, open: true, gives, note }
}

/// Of text alone.
const fn of_text(name: &'static str, result: Kind, note: &'static str) -> Shape {
    row(name, 1, &[Want::Text], Gives::Kind(result), note)
}

/// A number from one number.
const fn of_number(name: &'static str, gives: Gives, note: &'static str) -> Shape {
    row(name, 1, &[Want::Number], gives, note)
}

/// A part of a time.
const fn part(name: &'static str, note: &'static str) -> Shape {
    row(name, 1, &[Want::Instant], Gives::Kind(Long), note)
}

static CHOICES: [Shape; 5] = [
    row("if", 2, &[Want::Bool, Want::Any, Want::Any], Gives::Common, "null without a third argument"),
    open("coalesce", &[Want::Any], Gives::Common, "the first that is not null"),
    row("nullif", 2, &[Want::Any, Want::Any], Gives::Common, "null where both are equal, else the first"),
    open("greatest", &[Want::Any], Gives::Common, "null where one is null"),
    open("least", &[Want::Any], Gives::Common, "null where one is null"),
];

static NUMBERS: [Shape; 19] = [
    of_number("abs", Gives::Number, ""),
    of_number("ceil", Gives::Number, ""),
    of_number("ceiling", Gives::Number, ""),
    of_number("floor", Gives::Number, ""),
    row("round", 1, &[Want::Number, Want::Whole], Gives::Number, "half away from zero; to so many digits"),
    row("truncate", 1, &[Want::Number, Want::Whole], Gives::Number, "towards zero; to so many digits"),
    of_number("sign", Gives::Number, ""),
    row("mod", 2, &[Want::Number, Want::Number], Gives::Number, "null for a divisor of 0, as `%`"),
    row("power", 2, &[Want::Number, Want::Number], Gives::Kind(Double), ""),
    row("pow", 2, &[Want::Number, Want::Number], Gives::Kind(Double), ""),
    of_number("sqrt", Gives::Kind(Double), "null where there is none"),
    of_number("cbrt", Gives::Kind(Double), ""),
    of_number("exp", Gives::Kind(Double), ""),
    of_number("ln", Gives::Kind(Double), "null where there is none"),
    of_number("log2", Gives::Kind(Double), "null where there is none"),
    of_number("log10", Gives::Kind(Double), "null where there is none"),
    row("pi", 0, &[], Gives::Kind(Double), ""),
    row("e", 0, &[], Gives::Kind(Double), ""),
    row("to_base", 2, &[Want::Whole, Want::Whole], Gives::Kind(Text), "radix 2 to 36"),
];

static TEXTS: [Shape; 19] = [
    open("concat", &[Want::Text], Gives::Kind(Text), "as `\\|\\|`: null where one is null"),
    of_text("length", Long, "characters"),
    of_text("lower", Text, ""),
    of_text("upper", Text, ""),
    of_text("trim", Text, ""),
    of_text("ltrim", Text, ""),
    of_text("rtrim", Text, ""),
    of_text("reverse", Text, ""),
    row(
        "substr",
        2,
        &[Want::Text, Want::Whole, Want::Whole],
        Gives::Kind(Text),
        "from 1, or -1 for the last",
    ),
    row("substring", 2, &[Want::Text, Want::Whole, Want::Whole], Gives::Kind(Text), "the same"),
    row("replace", 2, &[Want::Text, Want::Text, Want::Text], Gives::Kind(Text), "removes without a third"),
    row("split_part", 3, &[Want::Text, Want::Text, Want::Whole], Gives::Kind(Text), "from 1; null beyond"),
    row(
        "strpos",
        2,
        &[Want::Text, Want::Text],
        Gives::Kind(Long),
        "from 1; 0 where it is not; also `position(x IN y)`",
    ),
    row("starts_with", 2, &[Want::Text, Want::Text], Gives::Kind(Bool), ""),
    row("ends_with", 2, &[Want::Text, Want::Text], Gives::Kind(Bool), ""),
    row("lpad", 3, &[Want::Text, Want::Whole, Want::Text], Gives::Kind(Text), "cuts what is longer"),
    row("rpad", 3, &[Want::Text, Want::Whole, Want::Text], Gives::Kind(Text), "cuts what is longer"),
    row("chr", 1, &[Want::Whole], Gives::Kind(Text), "the character of a code point"),
    of_text("codepoint", Long, "of the one character"),
];

static PATTERNS: [Shape; 3] = [
    row("regexp_like", 2, &[Want::Text, Want::Text], Gives::Kind(Bool), "anywhere in the text"),
    row(
        "regexp_extract",
        2,
        &[Want::Text, Want::Text, Want::Whole],
        Gives::Kind(Text),
        "the first match, or its group of that number",
    ),
    row(
        "regexp_replace",
        2,
        &[Want::Text, Want::Text, Want::Text],
        Gives::Kind(Text),
        "every match; `$1` or `${name}` is a group, `\\$` a dollar",
    ),
];

static JSON: [Shape; 4] = [
    row(
        "json_extract",
        2,
        &[Want::Text, Want::Path],
        Gives::Kind(Text),
        "JSON text; members in order of name",
    ),
    row(
        "json_extract_scalar",
        2,
        &[Want::Text, Want::Path],
        Gives::Kind(Text),
        "null for arrays and objects",
    ),
    row("json_size", 2, &[Want::Text, Want::Path], Gives::Kind(Long), "members or elements; 0 for a scalar"),
    of_text("json_array_length", Long, "null for what is no array"),
];

static URLS: [Shape; 2] = [of_text("url_encode", Text, "a blank is `+`"), of_text("url_decode", Text, "")];

static TIMES: [Shape; 30] = [
    row("now", 0, &[], Gives::Kind(Timestamp), "one and the same throughout a query"),
    row("current_timestamp", 0, &[], Gives::Kind(Timestamp), "the same, without parentheses"),
    row("localtimestamp", 0, &[], Gives::Kind(Timestamp), "the same, without parentheses"),
    row("current_date", 0, &[], Gives::Kind(Date), "without parentheses"),
    row("from_unixtime", 1, &[Want::Number], Gives::Kind(Timestamp), "from epoch seconds"),
    row("to_unixtime", 1, &[Want::Timestamp], Gives::Kind(Double), "to epoch seconds"),
    row("date", 1, &[Want::Instant], Gives::Kind(Date), ""),
    row("date_parse", 2, &[Want::Text, Want::Text], Gives::Kind(Timestamp), "format as of `date_format`"),
    row("date_format", 2, &[Want::Instant, Want::Text], Gives::Kind(Text), "`%Y-%m-%d %H:%i:%s`"),
    row("date_trunc", 2, &[Want::Unit, Want::Instant], Gives::Instant, ""),
    row("date_add", 3, &[Want::Unit, Want::Whole, Want::Instant], Gives::Instant, ""),
    row(
        "date_diff",
        3,
        &[Want::Unit, Want::Instant, Want::Instant],
        Gives::Kind(Long),
        "whole units to the later",
    ),
    part("year", ""),
    part("quarter", ""),
    part("month", ""),
    part("week", "of ISO 8601"),
    part("week_of_year", "the same"),
    part("day", ""),
    part("day_of_month", "the same"),
    part("day_of_week", "1 is Monday"),
    part("dow", "the same"),
    part("day_of_year", ""),
    part("doy", "the same"),
    part("hour", ""),
    part("minute", ""),
    part("second", ""),
    part("millisecond", ""),
    row("last_day_of_month", 1, &[Want::Instant], Gives::Kind(Date), ""),
    row("current_timezone", 0, &[], Gives::Kind(Text), "`Asia/Shanghai`"),
    row("from_iso8601_date", 1, &[Want::Text], Gives::Kind(Date), ""),
];
