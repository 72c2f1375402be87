//! Runs the last statement of an analysis and writes its rows as the service does.
//!
//! Every value is a JSON string; null is `"null"`, a boolean `"true"` or `"false"`, a timestamp its
//! date and time.

use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use super::DEFAULT_ROWS;
use super::ast::{Expr, Kind, Select};
use super::compile::{Compiler, Rows};
use super::names::Output;
use crate::query::index::Index;
use crate::query::scan::{Bindings, Scan};
use crate::query::{Answer, QueryError, functions};

/// Bytes of one answer: beyond them it is cut and not complete.
const MAX_ANSWER_BYTES: usize = 100 * 1024 * 1024;

/// Runs an analysis without groups.
pub(super) fn plain(
    scan: &Scan<'_>,
    index: &Index,
    text: &str,
    select: &Select,
    outputs: &[Output],
) -> Result<Answer, QueryError> {
    let mut compiler = Compiler { text, rows: Rows::Logs(index), bindings: Bindings::default() };
    let scanned = scan.condition(&mut compiler.bindings);
    let condition = condition(scanned, &mut compiler, select.filter.as_ref())?;
    fetch(scan, compiler, ("log", &condition), select, outputs)
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

/// Runs `SELECT outputs FROM source WHERE condition` with the order and the limit of the analysis.
pub(super) fn fetch(
    scan: &Scan<'_>,
    mut compiler: Compiler<'_>,
    (source, condition): (&str, &str),
    select: &Select,
    outputs: &[Output],
) -> Result<Answer, QueryError> {
    let columns = outputs.iter().map(|output| compiler.expr(&output.expr)).collect::<Result<Vec<_>, _>>()?;
    let kinds: Vec<Kind> = columns.iter().map(|column| column.kind).collect();
    let columns: Vec<String> = columns.into_iter().map(|column| column.sql).collect();
    let order = order(&mut compiler, select)?;
    let limit = limit(&mut compiler.bindings, select);
    let distinct = if select.distinct { "DISTINCT " } else { "" };
    let columns = columns.join(", ");
    let sql = format!("SELECT {distinct}{columns} FROM {source} WHERE {condition}{order}{limit}");
    let mut page = Page { outputs, kinds, rows: Vec::new(), bytes: 0 };
    let finished = scan.run(&sql, &compiler.bindings, |row| page.add(row))?;
    Ok(Answer {
        complete: finished && page.bytes <= MAX_ANSWER_BYTES,
        processed_rows: page.rows.len() as u64,
        rows: page.rows,
        keys: outputs.iter().map(|output| output.name.clone()).collect(),
        ..Answer::default()
    })
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

fn limit(bindings: &mut Bindings, select: &Select) -> String {
    let (offset, count) = select.limit.unwrap_or((0, DEFAULT_ROWS));
    let bound = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    format!(" LIMIT {} OFFSET {}", bindings.bind(bound(count)), bindings.bind(bound(offset)))
}

struct Page<'a> {
    outputs: &'a [Output],
    kinds: Vec<Kind>,
    rows: Vec<Map<String, Value>>,
    bytes: usize,
}

impl Page<'_> {
    /// Takes in one row; `false` when the answer is full.
    fn add(&mut self, row: &Row<'_>) -> Result<bool, QueryError> {
        let mut written = Map::new();
        for (position, (output, kind)) in self.outputs.iter().zip(&self.kinds).enumerate() {
            let value = text(row.get_ref(position)?, *kind);
            self.bytes += output.name.len() + value.len();
            written.insert(output.name.clone(), Value::String(value));
        }
        self.rows.push(written);
        Ok(self.bytes <= MAX_ANSWER_BYTES)
    }
}

fn text(value: ValueRef<'_>, kind: Kind) -> String {
    let shown = match (kind, value) {
        (Kind::Bool, ValueRef::Integer(flag)) => Some((flag != 0).to_string()),
        (Kind::Timestamp, ValueRef::Integer(millis)) => functions::timestamp_text(millis),
        (Kind::Double, ValueRef::Integer(whole)) => Some(format!("{whole}.0")),
        (_, value) => functions::display(value),
    };
    shown.unwrap_or_else(|| "null".to_owned())
}
