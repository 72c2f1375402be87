//! What an analysis reads: the logs of a scan, or the rows of another `SELECT`.

use super::ast::Kind;
use super::compile::{Compiler, Rows};
use super::names::RESERVED;
use crate::query::index::Index;
use crate::query::scan::Scan;

/// A column of the rows of another `SELECT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    /// Its name.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: Kind,
}

/// The rows of another `SELECT`.
#[derive(Debug)]
pub(super) struct Table {
    /// What the rows hold.
    pub(super) columns: Vec<Column>,
    /// The rows, a JSON array of arrays.
    pub(super) json: String,
    /// How they came to be.
    pub(super) told: Told,
}

/// What went into some rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// How many logs.
    pub(super) logs: u64,
    /// Whether every log was looked at.
    pub(super) complete: bool,
}

/// What stands after `FROM`.
#[derive(Debug)]
pub(super) enum Source<'a> {
    /// `log`
    Logs(&'a Index),
    /// `(SELECT …)`
    Rows(Table),
}

impl Source<'_> {
    /// What columns mean.
    pub(super) fn rows(&self) -> Rows<'_> {
        match self {
            Self::Logs(index) => Rows::Logs(index),
            Self::Rows(table) => Rows::Inner(&table.columns),
        }
    }

    /// The columns of `*`.
    pub(super) fn everything(&self) -> Vec<String> {
        match self {
            Self::Logs(index) => {
                let analysed =
                    index.keys.iter().filter(|(_, key)| key.doc_value).map(|(name, _)| name.as_str());
                let fields = analysed.filter(|name| !RESERVED.contains(name));
                RESERVED.into_iter().chain(fields).map(str::to_owned).collect()
            }
            Self::Rows(table) => table.columns.iter().map(|column| column.name.clone()).collect(),
        }
    }

    /// The name of a column as its owner spells it.
    pub(super) fn column(&self, name: &str) -> Option<String> {
        let same = |known: &&str| known.eq_ignore_ascii_case(name);
        match self {
            Self::Rows(table) => {
                table.columns.iter().map(|column| column.name.as_str()).find(same).map(str::to_owned)
            }
            Self::Logs(index) => RESERVED.into_iter().find(same).map(str::to_owned).or_else(|| {
                let found = index.column(name)?;
                let member = found.member.map(|path| format!("{}.{path}", found.field));
                Some(member.unwrap_or_else(|| found.field.to_owned()))
            }),
        }
    }

    /// The table and the condition to read all of it, in any order when that costs less.
    pub(super) fn reading(
        &self,
        scan: &Scan<'_>,
        compiler: &mut Compiler<'_>,
        ordered: bool,
    ) -> rusqlite::Result<(String, String)> {
        let bindings = &mut compiler.bindings;
        match self {
            Self::Rows(table) => Ok((each(bindings.bind(table.json.clone())), "1".to_owned())),
            Self::Logs(_) if ordered => Ok(("log".to_owned(), scan.condition(bindings))),
            Self::Logs(_) => scan.reading(bindings).map(|(table, condition)| (table.to_owned(), condition)),
        }
    }

    /// What went into rows made from so many of this.
    pub(super) fn told(&self, read: u64, finished: bool) -> Told {
        match self {
            Self::Logs(_) => Told { logs: read, complete: finished },
            Self::Rows(table) => Told { logs: table.told.logs, complete: finished && table.told.complete },
        }
    }
}

/// The rows of one bound JSON array.
pub(super) fn each(placeholder: impl std::fmt::Display) -> String {
    format!("json_each({placeholder}) AS r")
}
