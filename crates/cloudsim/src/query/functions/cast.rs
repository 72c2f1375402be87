//! `CAST` and `TRY_CAST`.
//!
//! Takes a value and the name of a type; returns the value as that type. Where there is none, `CAST` fails
//! with the service's sentence and `TRY_CAST` gives null.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value as Cell, ValueRef};

use super::{calendar, display, double, long, refused, text};
use crate::query::parser::clip;

/// `sls_cast(value, type)`
pub(super) fn strict(call: &Context<'_>) -> Result<Cell> {
    let (value, target) = (call.get_raw(0), text(call, 1)?);
    let wrong = || {
        let shown = clip(&display(value).unwrap_or_default());
        refused(format!("Can not cast '{shown}' to {target}"))
    };
    if value == ValueRef::Null { Ok(Cell::Null) } else { cast(value, target).ok_or_else(wrong) }
}

/// `sls_try_cast(value, type)`
pub(super) fn lenient(call: &Context<'_>) -> Result<Cell> {
    Ok(cast(call.get_raw(0), text(call, 1)?).unwrap_or(Cell::Null))
}

fn cast(value: ValueRef<'_>, target: &str) -> Option<Cell> {
    let shown = || value.as_str().ok();
    match target {
        "BIGINT" => long(value).map(Cell::Integer),
        "DOUBLE" => double(value).map(Cell::Real),
        "BOOLEAN" => boolean(shown()?).map(|holds| Cell::Integer(i64::from(holds))),
        "TIMESTAMP" => calendar::read(shown()?).map(Cell::Integer),
        "DATE" => calendar::read_date(shown()?).map(Cell::Integer),
        _ => display(value).map(Cell::Text),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "1" => Some(true),
        "false" | "f" | "0" => Some(false),
        _ => None,
    }
}
