//! Writes the expressions whose values may come from several types: `CASE` and `CAST`.

use super::ast::{Expr, Kind, Target};
use super::compile::{Compiler, Typed, typed};
use crate::query::QueryError;

impl Compiler<'_> {
    /// Writes `CASE`; with an operand every condition is a value it is compared with.
    pub(super) fn case(
        &mut self,
        expr: &Expr,
        operand: Option<&Expr>,
        arms: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
    ) -> Result<Typed, QueryError> {
        let operand = operand.map(|operand| self.expr(operand)).transpose()?;
        let mut written = Vec::with_capacity(arms.len());
        for (condition, value) in arms {
            written.push((self.condition(expr, operand.as_ref(), condition)?, self.expr(value)?));
        }
        let otherwise = otherwise.map(|value| self.expr(value)).transpose()?;
        let mut kind = Kind::Null;
        for value in written.iter().map(|(_, value)| value).chain(&otherwise) {
            kind = self.same(expr, kind, value.kind)?;
        }
        let arms =
            written.into_iter().map(|(when, then)| format!("WHEN {when} THEN {} ", then.into_kind(kind)));
        let arms: String = arms.collect();
        let otherwise = otherwise.map_or("NULL".to_owned(), |value| value.into_kind(kind));
        let operand = operand.map_or(String::new(), |operand| operand.sql + " ");
        Ok(typed(format!("(CASE {operand}{arms}ELSE {otherwise} END)"), kind))
    }

    fn condition(
        &mut self,
        expr: &Expr,
        operand: Option<&Typed>,
        condition: &Expr,
    ) -> Result<String, QueryError> {
        let Some(operand) = operand else { return self.boolean(condition, "CASE WHEN clause") };
        let value = self.expr(condition)?;
        let fits = operand.kind.with(value.kind).is_some();
        let kinds = [operand.kind, value.kind];
        self.need(expr, fits, "CASE operand type does not match WHEN clause operand type:", &kinds)?;
        Ok(value.sql)
    }

    fn same(&self, expr: &Expr, left: Kind, right: Kind) -> Result<Kind, QueryError> {
        let kind = left.with(right);
        self.need(expr, kind.is_some(), "All CASE results must be the same type:", &[left, right])?;
        Ok(kind.unwrap_or(left))
    }

    /// Writes `CAST`; what cannot be cast is refused before anything runs, a value that cannot while it runs.
    pub(super) fn cast(&mut self, expr: &Expr, value: &Expr, target: Target) -> Result<Typed, QueryError> {
        let value = self.expr(value)?;
        let kinds = [value.kind, target.kind];
        let function = if target.lenient { "sls_try_cast" } else { "sls_cast" };
        let cast = written(&value, target.kind, function);
        self.need(expr, cast.is_some(), "Cannot cast between types:", &kinds)?;
        let cast = cast.unwrap_or_default();
        let cut =
            target.length.map(|length| format!("sls_substr({cast}, 1, {})", self.bindings.bind(length)));
        Ok(typed(cut.unwrap_or(cast), target.kind))
    }
}

/// A value as another type; nothing where there is no way from the one to the other.
fn written(value: &Typed, kind: Kind, function: &str) -> Option<String> {
    let sql = &value.sql;
    let called = |target: &str| Some(format!("{function}({sql}, '{target}')"));
    match (value.kind, kind) {
        (Kind::Null, _) | (Kind::Date, Kind::Timestamp) => Some(sql.clone()),
        (from, to) if from == to => Some(sql.clone()),
        (Kind::Timestamp, Kind::Text) => Some(format!("sls_timestamp({sql})")),
        (Kind::Date, Kind::Text) => Some(format!("sls_date({sql})")),
        (Kind::Timestamp, Kind::Date) => Some(format!("sls_date_trunc('day', {sql})")),
        (Kind::Bool, Kind::Text) => Some(format!("(CASE {sql} WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)")),
        (Kind::Long | Kind::Double, Kind::Bool) => Some(format!("({sql} <> 0)")),
        (Kind::Text, Kind::Bool) => called("BOOLEAN"),
        (Kind::Text, Kind::Timestamp) => called("TIMESTAMP"),
        (Kind::Text, Kind::Date) => called("DATE"),
        (Kind::Text | Kind::Long | Kind::Double | Kind::Bool, Kind::Long) => called("BIGINT"),
        (Kind::Text | Kind::Long | Kind::Double | Kind::Bool, Kind::Double) => called("DOUBLE"),
        (Kind::Long | Kind::Double, Kind::Text) => called("VARCHAR"),
        _ => None,
    }
}
