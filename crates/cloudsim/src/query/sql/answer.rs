//! Runs the last statement of a `SELECT` and hands its rows on: to the answer, written as the service does
//! ([`Page`]), or to the `SELECT` around it ([`Kept`]).
//!
//! Every value of an answer is a JSON string; null is `"null"`, a boolean `"true"` or `"false"`, a timestamp
//! its date and time.

use rusqlite::Row;
use rusqlite::types::{FromSql, Value as Cell, ValueRef};
use serde_json::{Map, Value};

use super::ast::{Expr, Kind, Select};
use super::compile::Compiler;
use super::groups;
use super::names::Output;
use super::source::{Column, Source, Table, Told};
use super::{Analysis, DEFAULT_ROWS, MAX_ROWS, too_much_memory};
use crate::query::scan::{Bindings, Scan};
use crate::query::{Answer, QueryError, functions};

/// Bytes of one answer: beyond them it is cut and not complete.
const MAX_ANSWER_BYTES: usize = 100 * 1024 * 1024;

/// Where rows go.
pub(super) trait Sink {
    /// The columns, before the first row.
    fn begin(&mut self, columns: Vec<Column>);
    /// Takes in one row; `false` when no more are wanted.
    fn add(&mut self, row: &Row<'_>) -> Result<bool, QueryError>;
    /// Rows asked for where there is no `LIMIT`.
    fn rows(&self) -> u64;
}

/// Runs a `SELECT` without groups.
pub(super) fn plain(
    analysis: &Analysis<'_>,
    source: &Source<'_>,
    select: &Select,
    outputs: &[Output],
    rows: &mut dyn Sink,
) -> Result<Told, QueryError> {
    let mut compiler = analysis.compiler(source.rows());
    let (table, scanned) = source.reading(analysis.scan, &mut compiler, true)?;
    let condition = condition(scanned, &mut compiler, select.filter.as_ref())?;
    let (read, finished) = fetch(analysis.scan, compiler, (&table, &condition), (select, outputs), rows)?;
    Ok(source.told(read, finished))
}

/// The condition of a scan, for the logs that `WHERE` lets through.
pub(super) fn condition(
    scanned: String,
    compiler: &mut Compiler<'_>,
    filter: Option<&Expr>,
) -> Result<String, QueryError> {
    match filter {
        Some(filter) => Ok(format!("{scanned} AND {}", compiler.boolean(filter, "WHERE clause")?)),
        None => Ok(scanned),
    }
}

/// Runs `SELECT outputs FROM source WHERE condition` with the order and the limit of the `SELECT`; returns
/// how many rows came, and whether none is missing.
pub(super) fn fetch(
    scan: &Scan<'_>,
    mut compiler: Compiler<'_>,
    (source, condition): (&str, &str),
    (select, outputs): (&Select, &[Output]),
    rows: &mut dyn Sink,
) -> Result<(u64, bool), QueryError> {
    let values = outputs.iter().map(|output| compiler.expr(&output.expr)).collect::<Result<Vec<_>, _>>()?;
    let named = outputs.iter().zip(&values);
    rows.begin(named.map(|(output, value)| Column { name: output.name.clone(), kind: value.kind }).collect());
    let columns = values.into_iter().map(|value| value.sql).collect::<Vec<_>>().join(", ");
    let order = order(&mut compiler, select)?;
    let limit = limit(&mut compiler.bindings, select, rows.rows());
    let distinct = if select.distinct { "DISTINCT " } else { "" };
    let sql = format!("SELECT {distinct}{columns} FROM {source} WHERE {condition}{order}{limit}");
    let (mut count, mut room) = (0, true);
    let finished = scan.run(&sql, &compiler.bindings, |row| {
        count += 1;
        room = rows.add(row)?;
        Ok(room)
    })?;
    Ok((count, finished && room))
}

/// Nulls stand last whichever way the order goes, as in the service.
fn order(compiler: &mut Compiler<'_>, select: &Select) -> Result<String, QueryError> {
    let mut keys = Vec::new();
    for (key, descends) in &select.order {
        let direction = if *descends { "DESC" } else { "ASC" };
        keys.push(format!("{} {direction} NULLS LAST", compiler.expr(key)?.sql));
    }
    Ok(if keys.is_empty() { String::new() } else { format!(" ORDER BY {}", keys.join(", ")) })
}

fn limit(bindings: &mut Bindings, select: &Select, rows: u64) -> String {
    let (offset, count) = select.limit.unwrap_or((0, rows));
    let bound = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    format!(" LIMIT {} OFFSET {}", bindings.bind(bound(count)), bindings.bind(bound(offset)))
}

/// The rows of an answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    columns: Vec<Column>,
    rows: Vec<Map<String, Value>>,
    bytes: usize,
}

impl Page {
    /// The answer they make.
    pub(super) fn answer(self, told: Told) -> Answer {
        Answer {
            complete: told.complete,
            processed_rows: told.logs,
            rows: self.rows,
            keys: self.columns.into_iter().map(|column| column.name).collect(),
            ..Answer::default()
        }
    }
}

impl Sink for Page {
    fn begin(&mut self, columns: Vec<Column>) {
        self.columns = columns;
    }

    fn add(&mut self, row: &Row<'_>) -> Result<bool, QueryError> {
        let mut written = Map::new();
        for (position, column) in self.columns.iter().enumerate() {
            let value = text(row.get_ref(position)?, column.kind);
            self.bytes += column.name.len() + value.len();
            written.insert(column.name.clone(), Value::String(value));
        }
        self.rows.push(written);
        Ok(self.bytes <= MAX_ANSWER_BYTES)
    }

    fn rows(&self) -> u64 {
        DEFAULT_ROWS
    }
}

/// The rows of a `SELECT` inside another: all of them, or the service's refusal.
#[derive(Debug, Default)]
pub(super) struct Kept {
    columns: Vec<Column>,
    json: String,
    rows: u64,
}

impl Kept {
    /// The table they make.
    pub(super) fn table(self, told: Told) -> Table {
        let json = if self.json.is_empty() { "[]".to_owned() } else { self.json + "]" };
        Table { columns: self.columns, json, told }
    }
}

impl Sink for Kept {
    fn begin(&mut self, columns: Vec<Column>) {
        self.columns = columns;
    }

    fn add(&mut self, row: &Row<'_>) -> Result<bool, QueryError> {
        let cells = (0..self.columns.len()).map(|position| Ok(Cell::column_result(row.get_ref(position)?)?));
        let cells = cells.collect::<rusqlite::Result<Vec<_>>>()?;
        self.json.push(if self.json.is_empty() { '[' } else { ',' });
        self.json += &groups::array(cells.into_iter().map(groups::json));
        self.rows += 1;
        if self.rows > MAX_ROWS || self.json.len() > MAX_ANSWER_BYTES {
            return Err(too_much_memory());
        }
        Ok(true)
    }

    fn rows(&self) -> u64 {
        MAX_ROWS + 1
    }
}

fn text(value: ValueRef<'_>, kind: Kind) -> String {
    let shown = match (kind, value) {
        (Kind::Bool, ValueRef::Integer(flag)) => Some((flag != 0).to_string()),
        (Kind::Timestamp, ValueRef::Integer(millis)) => functions::timestamp_text(millis),
        (Kind::Date, ValueRef::Integer(millis)) => functions::date_text(millis),
        (Kind::Double, ValueRef::Integer(whole)) => Some(format!("{whole}.0")),
        (_, value) => functions::display(value),
    };
    shown.unwrap_or_else(|| "null".to_owned())
}
