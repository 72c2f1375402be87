//! What one group keeps for one aggregate.
//!
//! Takes one value after another, and a second with each where the aggregate has two arguments. Tells how
//! many bytes it holds more after each, so that the sum of all can be bounded.

use std::collections::HashSet;

use rusqlite::types::{FromSql, Value as Cell, ValueRef};

use super::aggregate::{Function, Spread};

/// What an entry of a table costs besides its bytes.
pub(super) const ENTRY: usize = 96;

/// The state of an aggregate.
#[derive(Debug)]
pub(super) enum Accumulator {
    Count(i64),
    CountIf(i64),
    Distinct(HashSet<Vec<u8>>),
    Sum(Option<Total>),
    Avg(Option<(Total, i64)>),
    Least(Option<Cell>),
    Greatest(Option<Cell>),
    Any(Option<Cell>),
    /// The value kept and what it was kept for; `true` for the greatest.
    By(bool, Option<(Cell, Cell)>),
    Every(Option<bool>),
    Some(Option<bool>),
    Spread(Spread, Moments),
    Percentile(Percentile),
}

impl Accumulator {
    /// Nothing seen yet.
    pub(super) fn new(function: Function) -> Self {
        match function {
            Function::Count => Self::Count(0),
            Function::CountIf => Self::CountIf(0),
            Function::Distinct => Self::Distinct(HashSet::new()),
            Function::Sum => Self::Sum(None),
            Function::Avg => Self::Avg(None),
            Function::Min => Self::Least(None),
            Function::Max => Self::Greatest(None),
            Function::Arbitrary => Self::Any(None),
            Function::MinBy => Self::By(false, None),
            Function::MaxBy => Self::By(true, None),
            Function::Every => Self::Every(None),
            Function::Some => Self::Some(None),
            Function::Spread(spread) => Self::Spread(spread, Moments::default()),
            Function::Percentile => Self::Percentile(Percentile::default()),
        }
    }

    /// Takes in one value, nulls ignored; returns the bytes it now holds more.
    pub(super) fn add(&mut self, value: ValueRef<'_>, second: ValueRef<'_>) -> usize {
        if let Self::By(greatest, kept) = self {
            return keep_by(*greatest, kept, value, second);
        }
        if value == ValueRef::Null {
            return 0;
        }
        let holds = value == ValueRef::Integer(1);
        match self {
            Self::Count(count) => *count += 1,
            Self::CountIf(count) => *count += i64::from(holds),
            Self::Every(every) => *every = Some(every.unwrap_or(true) && holds),
            Self::Some(some) => *some = Some(some.unwrap_or(false) || holds),
            Self::Sum(total) => *total = Some(Total::plus(*total, value)),
            Self::Avg(state) => {
                let (total, count) = state.map_or((None, 0), |(total, count)| (Some(total), count));
                *state = Some((Total::plus(total, value), count + 1));
            }
            Self::Spread(_, moments) => moments.add(number(value)),
            Self::Least(least) => return keep(least, value, |new, old| new < old),
            Self::Greatest(greatest) => return keep(greatest, value, |new, old| new > old),
            Self::Any(any) => return keep(any, value, |_, _| false),
            Self::Distinct(seen) => return remember(seen, value),
            Self::Percentile(percentile) => return percentile.add(value, number(second)),
            Self::By(..) => {}
        }
        0
    }

    /// The result.
    #[expect(clippy::cast_precision_loss, reason = "an average is a double")]
    pub(super) fn result(self) -> Cell {
        match self {
            Self::Count(count) | Self::CountIf(count) => Cell::Integer(count),
            Self::Distinct(seen) => Cell::Integer(i64::try_from(seen.len()).unwrap_or(i64::MAX)),
            Self::Sum(total) => total.map_or(Cell::Null, Total::cell),
            Self::Avg(None) => Cell::Null,
            Self::Avg(Some((total, count))) => Cell::Real(total.number() / count as f64),
            Self::Least(cell) | Self::Greatest(cell) | Self::Any(cell) => cell.unwrap_or(Cell::Null),
            Self::By(_, kept) => kept.map_or(Cell::Null, |(cell, _)| cell),
            Self::Every(holds) | Self::Some(holds) => {
                holds.map_or(Cell::Null, |holds| Cell::Integer(i64::from(holds)))
            }
            Self::Spread(spread, moments) => moments.result(spread).map_or(Cell::Null, Cell::Real),
            Self::Percentile(percentile) => percentile.result(),
        }
    }
}

/// A sum that stays whole as long as it can.
#[derive(Debug, Clone, Copy)]
pub(super) struct Total {
    whole: i128,
    fraction: f64,
    is_whole: bool,
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

/// Mean and sum of squared distances from it, kept as values come.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn add(&mut self, number: f64) {
        self.count += 1.0;
        let distance = number - self.mean;
        self.mean += distance / self.count;
        self.squares += distance * (number - self.mean);
    }

    /// Nothing for too few values.
    fn result(self, spread: Spread) -> Option<f64> {
        let divisor = if spread.sample { self.count - 1.0 } else { self.count };
        let variance = (divisor > 0.0).then(|| self.squares / divisor)?;
        Some(if spread.root { variance.sqrt() } else { variance })
    }
}

/// Every value, which an approximation may be made of.
#[derive(Debug, Default)]
pub(super) struct Percentile {
    values: Vec<Cell>,
    share: f64,
}

impl Percentile {
    fn add(&mut self, value: ValueRef<'_>, share: f64) -> usize {
        self.share = share;
        self.values.extend(Cell::column_result(value).ok());
        2 * size_of::<Cell>()
    }

    /// The least value that so large a share of the values does not exceed.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a position among values that memory holds, and never below none"
    )]
    fn result(mut self) -> Cell {
        let last = self.values.len().saturating_sub(1);
        let place = (self.share * self.values.len() as f64).ceil() as usize;
        let place = place.saturating_sub(1).min(last);
        let of = |cell: &Cell| number(ValueRef::from(cell));
        self.values.sort_unstable_by(|a, b| of(a).total_cmp(&of(b)));
        self.values.into_iter().nth(place).unwrap_or(Cell::Null)
    }
}

#[expect(clippy::cast_precision_loss, reason = "asked for as a double")]
fn number(value: ValueRef<'_>) -> f64 {
    match value {
        ValueRef::Integer(whole) => whole as f64,
        ValueRef::Real(number) => number,
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => 0.0,
    }
}

fn remember(seen: &mut HashSet<Vec<u8>>, value: ValueRef<'_>) -> usize {
    let mut bytes = Vec::new();
    encode(&mut bytes, value);
    let cost = bytes.len() + ENTRY;
    if seen.insert(bytes) { cost } else { 0 }
}

/// Keeps the new value when it is better; values of one column have one type.
fn keep(kept: &mut Option<Cell>, new: ValueRef<'_>, better: fn(Ordered<'_>, Ordered<'_>) -> bool) -> usize {
    let wins = kept.as_ref().is_none_or(|old| better(Ordered::of(new), Ordered::of(ValueRef::from(old))));
    if !wins {
        return 0;
    }
    let before = kept.take().map_or(0, |old| bytes(&old));
    *kept = Cell::column_result(new).ok();
    kept.as_ref().map_or(0, bytes).saturating_sub(before)
}

/// Keeps the new value when what it comes with is better.
fn keep_by(greatest: bool, kept: &mut Option<(Cell, Cell)>, new: ValueRef<'_>, by: ValueRef<'_>) -> usize {
    let wins = kept.as_ref().is_none_or(|(_, old)| {
        let (new, old) = (Ordered::of(by), Ordered::of(ValueRef::from(old)));
        if greatest { new > old } else { new < old }
    });
    if by == ValueRef::Null || !wins {
        return 0;
    }
    let before = kept.take().map_or(0, |(old, by)| bytes(&old) + bytes(&by));
    *kept = Cell::column_result(new).ok().zip(Cell::column_result(by).ok());
    kept.as_ref().map_or(0, |(new, by)| bytes(new) + bytes(by)).saturating_sub(before)
}

/// What a value holds beyond its cell.
fn bytes(cell: &Cell) -> usize {
    match cell {
        Cell::Text(text) => text.len(),
        Cell::Blob(blob) => blob.len(),
        Cell::Null | Cell::Integer(_) | Cell::Real(_) => 0,
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
pub(super) fn encode(out: &mut Vec<u8>, value: ValueRef<'_>) {
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
