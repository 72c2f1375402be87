//! Runs a `SELECT` with groups or aggregates.
//!
//! One statement reads keys and arguments, [`super::groups`] folds them, and one statement over the groups,
//! bound as one JSON value, gives the rows.

use super::aggregate::{self, Aggregate, Function};
use super::answer::{self, Sink};
use super::ast::{Call, Expr, Kind, Node, Select};
use super::calls::unfit;
use super::compile::{Compiler, Rows};
use super::groups::{Groups, Measure, Read};
use super::names::Output;
use super::source::{Source, Told, each};
use super::{Analysis, syntax_error};
use crate::query::QueryError;

/// `count(DISTINCT …)` in one analysis (query error page, 2026).
const MAX_DISTINCT: usize = 10;

/// Whether the analysis groups, by a clause or by an aggregate.
pub(super) fn is_grouped(select: &Select, outputs: &[Output]) -> bool {
    let order = select.order.iter().map(|(key, _)| key);
    let mut places = outputs.iter().map(|output| &output.expr).chain(order).chain(&select.having);
    !select.group.is_empty() || select.having.is_some() || places.any(has_aggregate)
}

fn has_aggregate(expr: &Expr) -> bool {
    let own = matches!(&expr.node, Node::Call(call) if aggregate::is_aggregate(&call.name));
    own || expr.children().into_iter().any(has_aggregate)
}

/// Runs the `SELECT`.
pub(super) fn run(
    analysis: &Analysis<'_>,
    source: &Source<'_>,
    mut select: Select,
    mut outputs: Vec<Output>,
    rows: &mut dyn Sink,
) -> Result<Told, QueryError> {
    let mut grouping = Grouping { keys: std::mem::take(&mut select.group), calls: Vec::new() };
    let order = select.order.iter_mut().map(|(key, _)| key);
    let places = outputs.iter_mut().map(|output| &mut output.expr).chain(order).chain(&mut select.having);
    places.for_each(|place| grouping.replace(place));
    let (groups, kinds, told) = grouping.fold(analysis, source, select.filter.as_ref())?;
    let mut compiler = analysis.compiler(Rows::Groups(&kinds));
    let table = each(compiler.bindings.bind(groups.into_json()));
    let condition = match &select.having {
        Some(having) => compiler.boolean(having, "HAVING clause")?,
        None => "1".to_owned(),
    };
    let (_, finished) =
        answer::fetch(analysis.scan, compiler, (&table, &condition), (&select, &outputs), rows)?;
    Ok(Told { complete: told.complete && finished, ..told })
}

/// The columns of the grouped rows: keys first, then aggregates.
struct Grouping {
    keys: Vec<Expr>,
    calls: Vec<Expr>,
}

impl Grouping {
    /// Puts columns of the grouped rows where keys and aggregates are.
    fn replace(&mut self, expr: &mut Expr) {
        if let Some(position) = self.keys.iter().position(|key| key == expr) {
            expr.node = Node::Grouped(position);
        } else if matches!(&expr.node, Node::Call(call) if aggregate::is_aggregate(&call.name)) {
            let position = self.calls.iter().position(|call| call == expr);
            let position = position.unwrap_or_else(|| {
                self.calls.push(expr.clone());
                self.calls.len() - 1
            });
            expr.node = Node::Grouped(self.keys.len() + position);
        } else {
            expr.children_mut().into_iter().for_each(|child| self.replace(child));
        }
    }

    /// Reads everything into groups; returns the types of the grouped columns too.
    fn fold(
        &self,
        analysis: &Analysis<'_>,
        source: &Source<'_>,
        filter: Option<&Expr>,
    ) -> Result<(Groups, Vec<Kind>, Told), QueryError> {
        let mut compiler = analysis.compiler(source.rows());
        let mut statement = self.statement(&mut compiler)?;
        let times_only = statement.columns.is_empty();
        if times_only {
            statement.columns.push("1".to_owned());
        }
        let (table, scanned) = source.reading(analysis.scan, &mut compiler, times_only)?;
        let condition = answer::condition(scanned, &mut compiler, filter)?;
        let sql = format!("SELECT {} FROM {table} WHERE {condition}", statement.columns.join(", "));
        let mut groups = Groups::new(self.keys.len(), statement.reads, statement.measures);
        let finished = analysis.scan.run(&sql, &compiler.bindings, |row| groups.add(row).map(|()| true))?;
        let told = source.told(groups.read(), finished);
        Ok((groups, statement.kinds, told))
    }

    fn statement(&self, compiler: &mut Compiler<'_>) -> Result<Statement, QueryError> {
        let mut statement = Statement::default();
        for key in &self.keys {
            let kind = statement.column(compiler, key)?;
            statement.kinds.push(kind);
        }
        for call in &self.calls {
            statement.measure(compiler, call)?;
        }
        let distinct = statement.measures.iter().filter(|m| m.function == Function::Distinct).count();
        if distinct > MAX_DISTINCT {
            let message = format!("max distinct num is:{MAX_DISTINCT}, please use approx_distinct");
            return Err(QueryError::parameter(message));
        }
        Ok(statement)
    }
}

/// The statement that reads the logs.
#[derive(Default)]
struct Statement {
    columns: Vec<String>,
    /// How to read each column.
    reads: Vec<Read>,
    kinds: Vec<Kind>,
    measures: Vec<Measure>,
}

impl Statement {
    /// Adds a column for a key or an argument. A field of a log is looked up in the row itself: a function
    /// called by `SQLite` would copy it twice.
    fn column(&mut self, compiler: &mut Compiler<'_>, expr: &Expr) -> Result<Kind, QueryError> {
        let (sql, read, kind) = if let Some(lookup) = compiler.text_field(expr) {
            ("contents".to_owned(), Read::Field(Box::new(lookup)), Kind::Text)
        } else {
            let written = compiler.expr(expr)?;
            (written.sql, Read::AsIs, written.kind)
        };
        self.columns.push(sql);
        self.reads.push(read);
        Ok(kind)
    }

    fn measure(&mut self, compiler: &mut Compiler<'_>, expr: &Expr) -> Result<(), QueryError> {
        let Node::Call(call) = &expr.node else { return Ok(()) };
        let Some(aggregate) = aggregate::aggregate(&call.name) else { return Ok(()) };
        if call.args.iter().any(has_aggregate) {
            let message = format_args!("Cannot nest aggregations inside aggregation '{}'", call.name);
            return Err(syntax_error(compiler.text, expr.at.0, message));
        }
        check_share(compiler, expr, call, aggregate)?;
        let first = self.columns.len();
        let kinds = call.args.iter().map(|arg| self.column(compiler, arg)).collect::<Result<Vec<_>, _>>()?;
        let function = if call.distinct { aggregate.distinct() } else { Some(aggregate.function) };
        let counted = call.star && aggregate.function == Function::Count;
        let function = function.filter(|_| counted || aggregate.takes(&kinds));
        let function = function.ok_or_else(|| unfit(compiler.text, expr, &call.name, &kinds))?;
        self.kinds.push(function.result(kinds.first().copied().unwrap_or(Kind::Null)));
        let column = |position: usize| kinds.get(position).map(|_| first + position);
        self.measures.push(Measure { function, column: column(0), second: column(1) });
        Ok(())
    }
}

/// The share that `approx_percentile` takes is one constant.
fn check_share(
    compiler: &Compiler<'_>,
    expr: &Expr,
    call: &Call,
    aggregate: &Aggregate,
) -> Result<(), QueryError> {
    let share = match call.args.get(1).map(|arg| &arg.node) {
        Some(Node::Int(0 | 1)) => true,
        Some(Node::Real(share)) => (0.0..=1.0).contains(share),
        _ => false,
    };
    if share || aggregate.function != Function::Percentile || call.args.len() != 2 {
        return Ok(());
    }
    let message = format_args!("Percentile must be between 0 and 1");
    Err(syntax_error(compiler.text, expr.at.0, message))
}
