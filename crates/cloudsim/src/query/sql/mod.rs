//! The analysis after the `|`.
//!
//! The text is cut ([`lexer`]), parsed ([`parser`], [`expression`]) into a tree ([`ast`]), its names are
//! resolved against the index ([`names`]), and the tree is written as a statement of `SQLite`
//! ([`compile`], [`calls`]) whose every value is a bound parameter. Without groups that one statement is
//! the answer ([`answer`]). With groups ([`grouped`]) one statement reads the logs, [`aggregate`] folds
//! them in one pass over a hash table, and a second statement over the few groups does the rest of the
//! select list, `HAVING`, `ORDER BY` and `LIMIT`: `SQLite` itself would sort every log to group them.
//!
//! Invariant: what reaches `SQLite` is written here from the tree; no byte of the query is copied into it.

mod aggregate;
mod answer;
mod ast;
mod calls;
mod compile;
mod expression;
mod grouped;
mod lexer;
mod names;
mod parser;

use std::fmt::Arguments;

use super::index::Index;
use super::parser::clip;
use super::scan::Scan;
use super::{Answer, QueryError};

/// Most rows of one analysis (query error page, 2026: at most 1,000,000).
const MAX_ROWS: u64 = 1_000_000;
/// Rows without a `LIMIT` (limit clause page: 100).
const DEFAULT_ROWS: u64 = 100;

/// Runs an analysis over the logs of a scan.
pub(super) fn analyse(scan: &Scan<'_>, index: &Index, sql: &str) -> Result<Answer, QueryError> {
    let mut select = parser::parse(sql)?;
    let outputs = names::resolve(sql, &mut select, index)?;
    if grouped::is_grouped(&select, &outputs) {
        grouped::run(scan, index, sql, select, outputs)
    } else {
        answer::plain(scan, index, sql, &select, &outputs)
    }
}

/// A refusal with the place it is about, counted as the service does: line from 1, character from 1.
fn syntax_error(sql: &str, at: usize, message: Arguments<'_>) -> QueryError {
    let before = &sql[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    QueryError::parameter(format!("line {line}:{column}: {message}"))
}
