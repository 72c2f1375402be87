//! Resolves the names of a `SELECT`: columns of what it reads, entries of the select list, ordinals.

use super::ast::{At, Expr, Item, Node, Select};
use super::parser::ordinal;
use super::source::Source;
use super::{clip, syntax_error};
use crate::query::QueryError;

/// Fields every log has.
pub(super) const RESERVED: [&str; 3] = ["__time__", "__topic__", "__source__"];

/// Expressions once every mention of an entry is its expression: far below the variables of a statement.
const MAX_SIZE: usize = 5_000;

/// One column of the answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Output {
    /// Its name.
    pub(super) name: String,
    /// Its value.
    pub(super) expr: Expr,
}

/// Gives every column its name in what is read, and every mention of an entry of the select list its
/// expression; returns the columns of the answer.
///
/// # Errors
/// `ParameterInvalid` for a name that is neither a field open to analysis nor an entry.
pub(super) fn resolve(
    sql: &str,
    select: &mut Select,
    source: &Source<'_>,
) -> Result<Vec<Output>, QueryError> {
    let names = Names { sql, source };
    let mut outputs = Vec::new();
    for item in &mut select.items {
        match item {
            Item::All => outputs.extend(names.everything()),
            Item::One(expr, name) => outputs.push(names.output(expr, name.take(), outputs.len())?),
        }
    }
    names.fields(select.filter.as_mut(), &[])?;
    names.fields(select.having.as_mut(), &outputs)?;
    for key in &mut select.group {
        names.key(key, &outputs, false)?;
    }
    for (key, _) in &mut select.order {
        names.key(key, &outputs, true)?;
    }
    let keys = select.group.iter().chain(select.order.iter().map(|(key, _)| key));
    let places = outputs.iter().map(|output| &output.expr).chain(keys).chain(&select.having);
    if places.map(Expr::size).sum::<usize>() > MAX_SIZE {
        return Err(QueryError::query_string(format!("more than {MAX_SIZE} expressions")));
    }
    Ok(outputs)
}

struct Names<'a> {
    sql: &'a str,
    source: &'a Source<'a>,
}

impl Names<'_> {
    fn everything(&self) -> impl Iterator<Item = Output> {
        let column = |name: String| {
            let expr = Expr { at: At(0), node: Node::Column(name.clone()) };
            Output { name, expr }
        };
        self.source.everything().into_iter().map(column)
    }

    /// A column without a name is called as it is written, anything else by its position.
    fn output(&self, expr: &mut Expr, name: Option<String>, position: usize) -> Result<Output, QueryError> {
        let written = if let Node::Column(name) = &expr.node { Some(name.clone()) } else { None };
        self.fields(Some(&mut *expr), &[])?;
        let name = name.or(written).unwrap_or_else(|| format!("_col{position}"));
        Ok(Output { name, expr: expr.clone() })
    }

    /// A key of `GROUP BY` or `ORDER BY`; only the latter prefers an entry's name to a field's.
    fn key(&self, key: &mut Expr, outputs: &[Output], prefer_entry: bool) -> Result<(), QueryError> {
        if let Some(position) = ordinal(key) {
            let entry =
                usize::try_from(position).ok().and_then(|position| outputs.get(position.wrapping_sub(1)));
            let message = format_args!("position {position} is not in select list");
            *key = entry.ok_or_else(|| syntax_error(self.sql, key.at.0, message))?.expr.clone();
            return Ok(());
        }
        if let Node::Column(name) = &key.node
            && prefer_entry
            && let Some(entry) = named(outputs, name)
        {
            *key = entry.expr.clone();
            return Ok(());
        }
        self.fields(Some(key), outputs)
    }

    /// Resolves the columns of an expression; a name that is no field may be an entry's.
    fn fields(&self, expr: Option<&mut Expr>, outputs: &[Output]) -> Result<(), QueryError> {
        let Some(expr) = expr else { return Ok(()) };
        let Node::Column(name) = &expr.node else {
            return expr.children_mut().into_iter().try_for_each(|child| self.fields(Some(child), outputs));
        };
        if let Some(field) = self.source.column(name) {
            expr.node = Node::Column(field);
        } else if let Some(entry) = named(outputs, name) {
            *expr = entry.expr.clone();
        } else {
            let message = format_args!(
                "Column '{}' cannot be resolved;please add the column in the index attribute",
                clip(name)
            );
            return Err(syntax_error(self.sql, expr.at.0, message));
        }
        Ok(())
    }
}

fn named<'o>(outputs: &'o [Output], name: &str) -> Option<&'o Output> {
    outputs.iter().find(|output| output.name.eq_ignore_ascii_case(name))
}
