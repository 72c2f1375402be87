//! The table of functions in `docs/cloudsim.md`, made from the tables that the compiler reads.

use std::fmt::Write;

use super::aggregate::{AGGREGATES, Aggregate};
use super::forms::BARE;
use super::shapes::{Gives, Shape, Want, families};

/// The table: one row per function, aggregates first.
pub(in crate::query) fn table() -> String {
    let mut table = "| kind | function | result | |\n|---|---|---|---|\n".to_owned();
    let aggregates = AGGREGATES.iter().map(Aggregate::documented);
    let scalars =
        families().flat_map(|(family, shapes)| shapes.iter().map(move |shape| documented(family, shape)));
    for row in aggregates.chain(scalars) {
        // Writing to a String cannot fail.
        let _written = writeln!(table, "{}", line(&row));
    }
    table
}

/// A row of the table.
pub(super) struct Row {
    /// What kind of function it is.
    pub(super) family: &'static str,
    /// Its name and its arguments.
    pub(super) signature: String,
    /// The type of its result.
    pub(super) result: &'static str,
    /// What else there is to say.
    pub(super) note: &'static str,
}

fn line(row: &Row) -> String {
    let line = format!("| {} | `{}` | {} | {} |", row.family, row.signature, row.result, row.note);
    line.replace("|  |", "| |")
}

fn documented(family: &'static str, shape: &Shape) -> Row {
    let result = match shape.gives {
        Gives::Kind(kind) => kind.name(),
        Gives::Number => "as the number",
        Gives::Common => "as the arguments",
        Gives::Instant => "timestamp or date",
    };
    Row { family, signature: signature(shape), result, note: shape.note }
}

fn signature(shape: &Shape) -> String {
    if BARE.contains(&shape.name) {
        return shape.name.to_owned();
    }
    let needed = shape.wanted().take(shape.least).map(Want::name).collect::<Vec<_>>().join(", ");
    let more = if shape.open { ", …" } else { "" };
    let optional = shape.wants.iter().skip(shape.least);
    let optional = optional.fold(String::new(), |text, want| text + "[, " + want.name() + "]");
    format!("{}({needed}{more}{optional})", shape.name)
}
