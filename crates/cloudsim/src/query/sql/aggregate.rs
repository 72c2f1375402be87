//! Folds logs into groups.
//!
//! Takes the values of one log after another; keeps one accumulator per group and aggregate in a hash
//! table, in order of first appearance. Bounded: beyond [`MEMORY`] the service's own refusal.

use std::collections::{HashMap, HashSet};

use rusqlite::Row;
use rusqlite::types::{FromSql, Value as Cell, ValueRef};
use serde_json::Value;

use super::ast::Kind;
use crate::query::QueryError;
use crate::query::fields::Lookup;

/// Bytes of keys and distinct values of one analysis; the service stops at 3 GB.
const MEMORY: usize = 512 * 1024 * 1024;
/// What an entry of a table costs besides its bytes.
const ENTRY: usize = 96;

/// An aggregate function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// `count(*)`, `count(x)`
    Count,
    /// `count_if(condition)`
    CountIf,
    /// `count(DISTINCT x)`, `approx_distinct(x)`: exact, which an approximation may be.
    Distinct,
    /// `sum(x)`
    Sum,
    /// `avg(x)`
    Avg,
    /// `min(x)`
    Min,
    /// `max(x)`
    Max,
}

/// Whether a name is that of an aggregate.
pub(super) fn is_aggregate(name: &str) -> bool {
    function(name, false).is_some()
}

/// The aggregate of a name.
pub(super) fn function(name: &str, distinct: bool) -> Option<Function> {
    Some(match (name, distinct) {
        ("count", false) => Function::Count,
        ("count", true) | ("approx_distinct", false) => Function::Distinct,
        ("count_if", false) => Function::CountIf,
        ("sum", false) => Function::Sum,
        ("avg", false) => Function::Avg,
        ("min", false) => Function::Min,
        ("max", false) => Function::Max,
        _ => return None,
    })
}

impl Function {
    /// The type of the result for an argument of a type; nothing when it takes no such argument.
    pub(super) fn result(self, argument: Kind) -> Option<Kind> {
        match self {
            Self::Count | Self::Distinct => Some(Kind::Long),
            Self::CountIf => matches!(argument, Kind::Bool | Kind::Null).then_some(Kind::Long),
            Self::Sum => argument.is_number().then_some(argument),
            Self::Avg => argument.is_number().then_some(Kind::Double),
            Self::Min | Self::Max => Some(argument),
        }
    }
}

/// One aggregate and the column its argument is in; `None` for `count(*)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// What to compute.
    pub(super) function: Function,
    /// From which column.
    pub(super) column: Option<usize>,
}

/// How the value of a column is read.
#[derive(Debug)]
pub(super) enum Read {
    /// As it is.
    AsIs,
    /// A field of the log that the column holds.
    Field(Box<Lookup>),
}

impl Read {
    /// Shows the value of a column; null where the log has no such field.
    fn value<T>(
        &self,
        row: &Row<'_>,
        column: usize,
        take: impl FnOnce(ValueRef<'_>) -> T,
    ) -> rusqlite::Result<T> {
        let stored = row.get_ref(column)?;
        let Self::Field(lookup) = self else { return Ok(take(stored)) };
        let text = lookup.get(stored.as_bytes()?);
        Ok(take(text.as_ref().map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))))
    }
}

/// The groups so far.
#[derive(Debug)]
pub(super) struct Groups {
    keys: usize,
    /// One for each column.
    reads: Vec<Read>,
    measures: Vec<Measure>,
    places: HashMap<Vec<u8>, usize>,
    found: Vec<(Vec<Cell>, Vec<Accumulator>)>,
    key: Vec<u8>,
    memory: usize,
    logs: u64,
}

impl Groups {
    /// No logs yet; without keys there is one group from the start.
    pub(super) fn new(keys: usize, reads: Vec<Read>, measures: Vec<Measure>) -> Self {
        let mut groups = Self {
            keys,
            reads,
            measures,
            places: HashMap::new(),
            found: Vec::new(),
            key: Vec::new(),
            memory: 0,
            logs: 0,
        };
        if keys == 0 {
            groups.places.insert(Vec::new(), 0);
            groups.found.push((Vec::new(), groups.fresh()));
        }
        groups
    }

    /// Takes in one log: the keys first, then the arguments.
    pub(super) fn add(&mut self, row: &Row<'_>) -> Result<(), QueryError> {
        self.key.clear();
        for (column, read) in self.reads.iter().enumerate().take(self.keys) {
            read.value(row, column, |value| encode(&mut self.key, value))?;
        }
        let place = match self.places.get(&self.key) {
            Some(place) => *place,
            None => self.open(row)?,
        };
        self.logs += 1;
        for (measure, accumulator) in self.measures.iter().zip(&mut self.found[place].1) {
            self.memory += match measure.column {
                Some(column) => self.reads[column].value(row, column, |value| accumulator.add(value))?,
                None => accumulator.add(ValueRef::Integer(1)),
            };
        }
        self.check_memory()
    }

    /// Logs taken in.
    pub(super) fn logs(&self) -> u64 {
        self.logs
    }

    /// The groups as JSON text: an array of arrays, keys first, then results.
    pub(super) fn into_json(self) -> String {
        drop(self.places);
        let rows = self.found.into_iter().map(|(keys, accumulators)| {
            let results = accumulators.into_iter().map(Accumulator::result);
            array(keys.into_iter().chain(results).map(|cell| json(cell).to_string()))
        });
        array(rows)
    }

    fn open(&mut self, row: &Row<'_>) -> Result<usize, QueryError> {
        let reads = self.reads.iter().enumerate().take(self.keys);
        let keys =
            reads.map(|(column, read)| read.value(row, column, Cell::column_result)?.map_err(Into::into));
        let keys = keys.collect::<rusqlite::Result<_>>()?;
        let place = self.found.len();
        self.memory += 2 * self.key.len() + (self.keys + self.measures.len() + 1) * ENTRY;
        self.places.insert(self.key.clone(), place);
        self.found.push((keys, self.fresh()));
        Ok(place)
    }

    fn fresh(&self) -> Vec<Accumulator> {
        self.measures.iter().map(|measure| Accumulator::new(measure.function)).collect()
    }

    fn check_memory(&self) -> Result<(), QueryError> {
        if self.memory <= MEMORY {
            return Ok(());
        }
        Err(QueryError::parameter("Query exceeded max memory size of 3GB"))
    }
}

#[derive(Debug)]
enum Accumulator {
    Count(i64),
    CountIf(i64),
    Distinct(HashSet<Vec<u8>>),
    Sum(Option<Total>),
    Avg(Option<(Total, i64)>),
    Least(Option<Cell>),
    Greatest(Option<Cell>),
}

/// A sum that stays whole as long as it can.
#[derive(Debug, Clone, Copy)]
struct Total {
    whole: i128,
    fraction: f64,
    is_whole: bool,
}

impl Accumulator {
    fn new(function: Function) -> Self {
        match function {
            Function::Count => Self::Count(0),
            Function::CountIf => Self::CountIf(0),
            Function::Distinct => Self::Distinct(HashSet::new()),
            Function::Sum => Self::Sum(None),
            Function::Avg => Self::Avg(None),
            Function::Min => Self::Least(None),
            Function::Max => Self::Greatest(None),
        }
    }

    /// Takes in one value, nulls ignored; returns the bytes it now holds more.
    fn add(&mut self, value: ValueRef<'_>) -> usize {
        if value == ValueRef::Null {
            return 0;
        }
        match self {
            Self::Count(count) => *count += 1,
            Self::CountIf(count) => *count += i64::from(value == ValueRef::Integer(1)),
            Self::Sum(total) => *total = Some(Total::plus(*total, value)),
            Self::Avg(state) => {
                let (total, count) = state.map_or((None, 0), |(total, count)| (Some(total), count));
                *state = Some((Total::plus(total, value), count + 1));
            }
            Self::Least(least) => keep(least, value, |new, old| new < old),
            Self::Greatest(greatest) => keep(greatest, value, |new, old| new > old),
            Self::Distinct(seen) => return remember(seen, value),
        }
        0
    }

    #[expect(clippy::cast_precision_loss, reason = "an average is a double")]
    fn result(self) -> Cell {
        match self {
            Self::Count(count) | Self::CountIf(count) => Cell::Integer(count),
            Self::Distinct(seen) => Cell::Integer(i64::try_from(seen.len()).unwrap_or(i64::MAX)),
            Self::Sum(total) => total.map_or(Cell::Null, Total::cell),
            Self::Avg(None) => Cell::Null,
            Self::Avg(Some((total, count))) => Cell::Real(total.number() / count as f64),
            Self::Least(cell) | Self::Greatest(cell) => cell.unwrap_or(Cell::Null),
        }
    }
}

impl Total {
    fn plus(total: Option<Self>, value: ValueRef<'_>) -> Self {
        let mut sum = total.unwrap_or(Self { whole: 0, fraction: 0.0, is_whole: true });
        match value {
            ValueRef::Integer(whole) => sum.whole += i128::from(whole),
            ValueRef::Real(number) => {
                sum.fraction += number;
                sum.is_whole = false;
            }
            ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => {}
        }
        sum
    }

    #[expect(clippy::cast_precision_loss, reason = "asked for as a double")]
    fn number(self) -> f64 {
        self.whole as f64 + self.fraction
    }

    fn cell(self) -> Cell {
        match i64::try_from(self.whole) {
            Ok(whole) if self.is_whole => Cell::Integer(whole),
            Ok(_) | Err(_) => Cell::Real(self.number()),
        }
    }
}

fn remember(seen: &mut HashSet<Vec<u8>>, value: ValueRef<'_>) -> usize {
    let mut bytes = Vec::new();
    encode(&mut bytes, value);
    let cost = bytes.len() + ENTRY;
    if seen.insert(bytes) { cost } else { 0 }
}

/// Keeps the new value when it is better; values of one column have one type.
fn keep(kept: &mut Option<Cell>, new: ValueRef<'_>, better: fn(Ordered<'_>, Ordered<'_>) -> bool) {
    let wins = kept.as_ref().is_none_or(|old| better(Ordered::of(new), Ordered::of(ValueRef::from(old))));
    if wins {
        *kept = Cell::column_result(new).ok();
    }
}

#[derive(PartialEq, PartialOrd)]
enum Ordered<'a> {
    Whole(i64),
    Real(f64),
    Bytes(&'a [u8]),
}

impl<'a> Ordered<'a> {
    fn of(value: ValueRef<'a>) -> Self {
        match value {
            ValueRef::Null => Self::Bytes(&[]),
            ValueRef::Integer(whole) => Self::Whole(whole),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Self::Bytes(bytes),
        }
    }
}

/// Writes a value so that equal bytes mean equal values, whatever stands before and after.
fn encode(out: &mut Vec<u8>, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => out.push(0),
        ValueRef::Integer(whole) => tagged(out, 1, &whole.to_le_bytes()),
        ValueRef::Real(number) => tagged(out, 2, &number.to_bits().to_le_bytes()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            tagged(out, 3, &bytes.len().to_le_bytes());
            out.extend_from_slice(bytes);
        }
    }
}

fn tagged(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    out.push(tag);
    out.extend_from_slice(bytes);
}

fn array(items: impl Iterator<Item = String>) -> String {
    let mut text = "[".to_owned();
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push(',');
        }
        text += &item;
    }
    text + "]"
}

fn json(cell: Cell) -> Value {
    match cell {
        Cell::Null | Cell::Blob(_) => Value::Null,
        Cell::Integer(whole) => Value::from(whole),
        Cell::Real(number) => Value::from(number),
        Cell::Text(text) => Value::from(text),
    }
}
