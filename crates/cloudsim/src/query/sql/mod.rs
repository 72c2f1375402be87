//! The analysis after the `|`.
//!
//! The text is cut ([`lexer`]), parsed ([`parser`], [`expression`]) into a tree ([`ast`]), its names are
//! resolved against what it reads ([`names`], [`source`]), and the tree is written as a statement of
//! `SQLite` ([`compile`], [`convert`], [`calls`] with the functions of [`shapes`]) whose every value is a
//! bound parameter. Without groups that one statement is the answer ([`answer`]). With groups ([`grouped`])
//! one statement reads the logs, [`groups`] folds them in one pass over a hash table, an accumulator for
//! each [`aggregate`], and a second statement over the few groups does the rest of the select list,
//! `HAVING`, `ORDER BY` and `LIMIT`: `SQLite` itself would sort every log to group them. The rows of a
//! `SELECT` inside another are kept as one JSON value, which the one around it reads as it reads groups.
//!
//! Invariant: what reaches `SQLite` is written here from the tree; no byte of the query is copied into it.

mod accumulator;
mod aggregate;
mod answer;
mod ast;
mod calls;
mod compile;
mod convert;
mod documented;
mod expression;
mod forms;
mod grouped;
mod groups;
mod lexer;
mod names;
mod parser;
#[cfg(test)]
mod properties;
mod shapes;
mod source;

use std::fmt::Arguments;

use super::index::Index;
use super::parser::clip;
use super::scan::{Bindings, Scan};
use super::{Answer, QueryError};
use answer::{Kept, Page, Sink};
use ast::Select;
use compile::{Compiler, Rows};
use source::{Source, Table, Told};

pub(super) use documented::table as functions_table;

/// Most rows of one analysis (query error page, 2026: at most 1,000,000).
const MAX_ROWS: u64 = 1_000_000;
/// Rows without a `LIMIT` (limit clause page: 100).
const DEFAULT_ROWS: u64 = 100;

/// An analysis of the logs of a scan.
struct Analysis<'a> {
    scan: &'a Scan<'a>,
    index: &'a Index,
    text: &'a str,
    /// `now()`, milliseconds.
    now: i64,
}

/// Runs an analysis over the logs of a scan; `now` is in epoch seconds.
pub(super) fn analyse(scan: &Scan<'_>, index: &Index, text: &str, now: i64) -> Result<Answer, QueryError> {
    let select = parser::parse(text)?;
    let mut page = Page::default();
    let told = Analysis { scan, index, text, now: now.saturating_mul(1_000) }.run(select, &mut page)?;
    Ok(page.answer(told))
}

impl Analysis<'_> {
    /// Hands every row on, of whatever the innermost `SELECT` reads.
    fn run(&self, mut select: Select, rows: &mut dyn Sink) -> Result<Told, QueryError> {
        let source = match select.inner.take() {
            None => Source::Logs(self.index),
            Some(inner) => Source::Rows(self.table(*inner)?),
        };
        let outputs = names::resolve(self.text, &mut select, &source)?;
        if grouped::is_grouped(&select, &outputs) {
            grouped::run(self, &source, select, outputs, rows)
        } else {
            answer::plain(self, &source, &select, &outputs, rows)
        }
    }

    fn table(&self, select: Select) -> Result<Table, QueryError> {
        let mut kept = Kept::default();
        let told = self.run(select, &mut kept)?;
        Ok(kept.table(told))
    }

    /// A compiler for one statement.
    fn compiler<'c>(&'c self, rows: Rows<'c>) -> Compiler<'c> {
        Compiler { text: self.text, rows, now: self.now, bindings: Bindings::default() }
    }
}

/// The refusal of an analysis that holds too much at once.
fn too_much_memory() -> QueryError {
    QueryError::parameter("Query exceeded max memory size of 3GB")
}

/// A refusal with the place it is about, counted as the service does: line from 1, character from 1.
fn syntax_error(sql: &str, at: usize, message: Arguments<'_>) -> QueryError {
    let before = &sql[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    QueryError::parameter(format!("line {line}:{column}: {message}"))
}
