//! Folds rows into groups.
//!
//! Takes the values of one row after another; keeps one accumulator per group and aggregate in a hash
//! table, in order of first appearance. Bounded: beyond [`MEMORY`] the service's own refusal.

use std::collections::HashMap;

use rusqlite::Row;
use rusqlite::types::{FromSql, Value as Cell, ValueRef};
use serde_json::Value;

use super::accumulator::{Accumulator, ENTRY, encode};
use super::aggregate::Function;
use super::too_much_memory;
use crate::query::QueryError;
use crate::query::fields::Lookup;

/// Bytes of keys and kept values of one analysis; the service stops at 3 GB.
const MEMORY: usize = 512 * 1024 * 1024;

/// One aggregate and the columns its arguments are in; none for `count(*)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// What to compute.
    pub(super) function: Function,
    /// The column of the first argument.
    pub(super) column: Option<usize>,
    /// The column of the second.
    pub(super) second: Option<usize>,
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
    rows: u64,
}

impl Groups {
    /// No rows yet; without keys there is one group from the start.
    pub(super) fn new(keys: usize, reads: Vec<Read>, measures: Vec<Measure>) -> Self {
        let mut groups = Self {
            keys,
            reads,
            measures,
            places: HashMap::new(),
            found: Vec::new(),
            key: Vec::new(),
            memory: 0,
            rows: 0,
        };
        if keys == 0 {
            groups.places.insert(Vec::new(), 0);
            groups.found.push((Vec::new(), groups.fresh()));
        }
        groups
    }

    /// Takes in one row: the keys first, then the arguments.
    pub(super) fn add(&mut self, row: &Row<'_>) -> Result<(), QueryError> {
        self.key.clear();
        for (column, read) in self.reads.iter().enumerate().take(self.keys) {
            read.value(row, column, |value| encode(&mut self.key, value))?;
        }
        let place = match self.places.get(&self.key) {
            Some(place) => *place,
            None => self.open(row)?,
        };
        self.rows += 1;
        for (measure, accumulator) in self.measures.iter().zip(&mut self.found[place].1) {
            self.memory += feed(&self.reads, row, measure, accumulator)?;
        }
        self.check_memory()
    }

    /// Rows taken in.
    pub(super) fn read(&self) -> u64 {
        self.rows
    }

    /// The groups as JSON text: an array of arrays, keys first, then results.
    pub(super) fn into_json(self) -> String {
        drop(self.places);
        let rows = self.found.into_iter().map(|(keys, accumulators)| {
            let results = accumulators.into_iter().map(Accumulator::result);
            array(keys.into_iter().chain(results).map(json))
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
        Err(too_much_memory())
    }
}

/// Hands the arguments of an aggregate on; returns the bytes it now holds more.
fn feed(
    reads: &[Read],
    row: &Row<'_>,
    measure: &Measure,
    accumulator: &mut Accumulator,
) -> rusqlite::Result<usize> {
    let Some(column) = measure.column else {
        return Ok(accumulator.add(ValueRef::Integer(1), ValueRef::Null));
    };
    let Some(second) = measure.second else {
        return reads[column].value(row, column, |value| accumulator.add(value, ValueRef::Null));
    };
    reads[column].value(row, column, |value| {
        reads[second].value(row, second, |second| accumulator.add(value, second))
    })?
}

/// A JSON array of texts that are JSON.
pub(super) fn array(items: impl Iterator<Item = String>) -> String {
    let mut text = "[".to_owned();
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push(',');
        }
        text += &item;
    }
    text + "]"
}

/// A value as JSON; a number too large for JSON as one that `SQLite` reads as infinite again.
pub(super) fn json(cell: Cell) -> String {
    let value = match cell {
        Cell::Null | Cell::Blob(_) => Value::Null,
        Cell::Integer(whole) => Value::from(whole),
        Cell::Real(number) if number.is_infinite() => {
            return if number > 0.0 { "9e999" } else { "-9e999" }.to_owned();
        }
        Cell::Real(number) => Value::from(number),
        Cell::Text(text) => Value::from(text),
    };
    value.to_string()
}
