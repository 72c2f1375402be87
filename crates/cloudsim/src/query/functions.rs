//! The functions that statements of queries call inside `SQLite`.
//!
//! Each takes plain values and returns one; all are deterministic and can only be called from a
//! statement itself, never from a view or a trigger. A message they fail with is shown to the user.

use std::borrow::Cow;

use rusqlite::functions::{Context, FunctionFlags, SqlFnOutput};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Connection, Error, Result};
use serde_json::Value;

use super::ast::Search;
use super::fields::Lookup;
use super::index::Index;
use super::predicate::{self, Matcher, Record};
use super::{QueryError, fields, parser, tokens};

mod calendar;
mod cast;
mod json_path;
mod number;
mod pattern;
mod text;
mod time;

/// Longest text that a function makes of shorter ones.
const MAX_TEXT_BYTES: usize = 1024 * 1024;

/// Makes every function known to a connection.
pub(super) fn register(conn: &Connection) -> Result<()> {
    let add = Registrar { conn };
    add.function("sls_match", 5, matches_search)?;
    add.function("sls_text", 2, field)?;
    add.function("sls_member", 3, member)?;
    add.function("sls_long", 1, |call| Ok(long(call.get_raw(0))))?;
    add.function("sls_double", 1, |call| Ok(double(call.get_raw(0))))?;
    add.function("sls_cast", 2, cast::strict)?;
    add.function("sls_try_cast", 2, cast::lenient)?;
    add.function("sls_like", 3, like)?;
    json_path::register(&add)?;
    number::register(&add)?;
    text::register(&add)?;
    pattern::register(&add)?;
    time::register(&add)
}

/// Whether `date_trunc` knows the unit.
pub(super) fn is_time_unit(unit: &str) -> bool {
    time::is_unit(unit)
}

/// Whether the unit is shorter than a day.
pub(super) fn is_within_day(unit: &str) -> bool {
    time::is_within_day(unit)
}

/// A timestamp (milliseconds) as an analysis shows it.
pub(super) fn timestamp_text(millis: i64) -> Option<String> {
    time::text(millis)
}

/// A date (milliseconds) as an analysis shows it.
pub(super) fn date_text(millis: i64) -> Option<String> {
    time::date_text(millis)
}

/// Whether the name is that of a part of a time.
pub(super) fn is_part(name: &str) -> bool {
    calendar::is_part(name)
}

/// Whether `json_extract_scalar` can follow the path.
pub(super) fn check_json_path(path: &str) -> std::result::Result<(), QueryError> {
    json_path::parse(path).map(drop).map_err(QueryError::parameter)
}

struct Registrar<'a> {
    conn: &'a Connection,
}

impl Registrar<'_> {
    fn function<T: SqlFnOutput>(
        &self,
        name: &'static str,
        arguments: i32,
        body: impl Fn(&Context<'_>) -> Result<T> + Send + 'static,
    ) -> Result<()> {
        let flags = FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_DIRECTONLY;
        self.conn.create_scalar_function(name, arguments, flags, move |call| body(call))
    }
}

/// `sls_match([search, index], contents, tags, topic, source)`: the first is compiled once a statement.
fn matches_search(call: &Context<'_>) -> Result<bool> {
    let matcher = call.get_or_create_aux(0, |filter| compile(filter.as_str()?).map_err(failed))?;
    Ok(matcher.matches(&Record {
        contents: text(call, 1)?,
        tags: text(call, 2)?,
        topic: text(call, 3)?,
        source: text(call, 4)?,
    }))
}

fn compile(filter: &str) -> std::result::Result<Matcher, QueryError> {
    let (query, document): (String, Value) =
        serde_json::from_str(filter).map_err(|error| QueryError::parameter(error.to_string()))?;
    let search: Search = parser::parse(&query)?.0;
    Matcher::compile(&search, &Index::read(&document)?)
}

/// `sls_text(contents, field)`
fn field(call: &Context<'_>) -> Result<Option<String>> {
    let lookup = call.get_or_create_aux(1, |name| name.as_str().map(Lookup::new))?;
    Ok(lookup.get(call.get_raw(0).as_bytes()?).map(Cow::into_owned))
}

/// `sls_member(contents, field, path)`: a member of a JSON field.
fn member(call: &Context<'_>) -> Result<Option<String>> {
    let json = fields::get(text(call, 0)?, text(call, 1)?);
    let path = text(call, 2)?;
    Ok(json.and_then(|json| predicate::member(&json, path)))
}

/// `sls_like(value, pattern, escape)`
fn like(call: &Context<'_>) -> Result<Option<bool>> {
    let Some((value, pattern)) = both(optional(call, 0)?, optional(call, 1)?) else { return Ok(None) };
    let escape = optional(call, 2)?.and_then(|escape| escape.chars().next());
    let wrong = || refused("Escape character must be followed by '%', '_' or the escape character itself");
    tokens::like(value, pattern, escape).map(Some).ok_or_else(wrong)
}

/// A number as a long; text that is none gives nothing.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates, which is what is wanted")]
fn long(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(whole) => Some(whole),
        ValueRef::Real(number) => Some(number.round() as i64),
        ValueRef::Text(_) => value.as_str().ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

/// A number as a double; text that is none gives nothing.
#[expect(clippy::cast_precision_loss, reason = "a double is what is asked for")]
fn double(value: ValueRef<'_>) -> Option<f64> {
    let number = match value {
        ValueRef::Integer(whole) => Some(whole as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(_) => value.as_str().ok()?.trim().parse().ok(),
        ValueRef::Null | ValueRef::Blob(_) => None,
    };
    number.filter(|number| number.is_finite())
}

/// A value as text; nothing for null.
pub(super) fn display(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Integer(whole) => Some(whole.to_string()),
        ValueRef::Real(number) if number.is_infinite() => {
            Some(if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned())
        }
        ValueRef::Real(number) => Some(format!("{number:?}")),
        ValueRef::Text(_) => value.as_str().ok().map(str::to_owned),
        ValueRef::Null | ValueRef::Blob(_) => None,
    }
}

fn text<'a>(call: &'a Context<'_>, argument: usize) -> Result<&'a str> {
    optional(call, argument).map(Option::unwrap_or_default)
}

fn optional<'a>(call: &'a Context<'_>, argument: usize) -> Result<Option<&'a str>> {
    let value = call.get_raw(argument);
    let wrong = |_| Error::InvalidFunctionParameterType(argument, Type::Text);
    value.as_str_or_null().map_err(wrong)
}

fn whole(call: &Context<'_>, argument: usize) -> Option<i64> {
    long(call.get_raw(argument))
}

/// Whether a text of so many bytes may be made of another.
fn room(function: &str, text: &str, bytes: usize) -> Result<()> {
    if bytes <= MAX_TEXT_BYTES.max(text.len()) {
        return Ok(());
    }
    Err(refused(format!("result of {function} is larger than {MAX_TEXT_BYTES} bytes")))
}

fn both<A, B>(a: Option<A>, b: Option<B>) -> Option<(A, B)> {
    a.zip(b)
}

/// A failure in words for the user; `SQLite` takes none with a NUL in it.
fn refused(message: impl Into<String>) -> Error {
    Error::UserFunctionError(message.into().replace('\0', "\u{fffd}").into())
}

fn failed(error: QueryError) -> Error {
    refused(error.message)
}
