//! Runs an analysis with groups or aggregates.
//!
//! One statement reads keys and arguments from the logs, [`super::aggregate`] folds them, and one
//! statement over the groups, bound as one JSON value, gives the answer.

use super::aggregate::{self, Groups, Measure, Read};
use super::answer;
use super::ast::{Call, Expr, Kind, Node, Select};
use super::compile::{Compiler, Rows};
use super::names::Output;
use super::syntax_error;
use crate::query::index::Index;
use crate::query::scan::{Bindings, Scan};
use crate::query::{Answer, QueryError};

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

/// Runs the analysis.
pub(super) fn run(
    scan: &Scan<'_>,
    index: &Index,
    text: &str,
    mut select: Select,
    mut outputs: Vec<Output>,
) -> Result<Answer, QueryError> {
    let mut grouping = Grouping { keys: std::mem::take(&mut select.group), calls: Vec::new() };
    let order = select.order.iter_mut().map(|(key, _)| key);
    let places = outputs.iter_mut().map(|output| &mut output.expr).chain(order).chain(&mut select.having);
    places.for_each(|place| grouping.replace(place));
    let (groups, kinds, complete) = grouping.fold(scan, index, text, select.filter.as_ref())?;
    let logs = groups.logs();
    let mut compiler = Compiler { text, rows: Rows::Groups(&kinds), bindings: Bindings::default() };
    let source = format!("json_each({}) AS r", compiler.bindings.bind(groups.into_json()));
    let condition = match &select.having {
        Some(having) => compiler.boolean(having, "HAVING clause")?,
        None => "1".to_owned(),
    };
    let answer = answer::fetch(scan, compiler, (&source, &condition), &select, &outputs)?;
    Ok(Answer { complete: complete && answer.complete, processed_rows: logs, ..answer })
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

    /// Reads the logs into groups; returns the types of the grouped columns too.
    fn fold(
        &self,
        scan: &Scan<'_>,
        index: &Index,
        text: &str,
        filter: Option<&Expr>,
    ) -> Result<(Groups, Vec<Kind>, bool), QueryError> {
        let mut compiler = Compiler { text, rows: Rows::Logs(index), bindings: Bindings::default() };
        let mut statement = Statement::default();
        for key in &self.keys {
            let kind = statement.column(&mut compiler, key)?;
            statement.kinds.push(kind);
        }
        for call in &self.calls {
            statement.measure(&mut compiler, call)?;
        }
        let distinct =
            statement.measures.iter().filter(|m| m.function == aggregate::Function::Distinct).count();
        if distinct > MAX_DISTINCT {
            let message = format!("max distinct num is:{MAX_DISTINCT}, please use approx_distinct");
            return Err(QueryError::parameter(message));
        }
        let (table, scanned) = if statement.columns.is_empty() {
            statement.columns.push("1".to_owned());
            ("log", scan.condition(&mut compiler.bindings))
        } else {
            scan.reading(&mut compiler.bindings)?
        };
        let condition = answer::condition(scanned, &mut compiler, filter)?;
        let sql = format!("SELECT {} FROM {table} WHERE {condition}", statement.columns.join(", "));
        let mut groups = Groups::new(self.keys.len(), statement.reads, statement.measures);
        let complete = scan.run(&sql, &compiler.bindings, |row| groups.add(row).map(|()| true))?;
        Ok((groups, statement.kinds, complete))
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
        let (column, kind) = match call.args.as_slice() {
            [] if call.star && call.name == "count" => (None, Kind::Long),
            [argument] => {
                if has_aggregate(argument) {
                    let message = format_args!("Cannot nest aggregations inside aggregation '{}'", call.name);
                    return Err(syntax_error(compiler.text, expr.at.0, message));
                }
                let kind = self.column(compiler, argument)?;
                (Some(self.columns.len() - 1), kind)
            }
            _ => return Err(unfit(compiler, expr, call, &[])),
        };
        let function = aggregate::function(&call.name, call.distinct);
        let measured = function.and_then(|function| Some((function, function.result(kind)?)));
        let (function, result) = measured.ok_or_else(|| unfit(compiler, expr, call, &[kind]))?;
        self.kinds.push(result);
        self.measures.push(Measure { function, column });
        Ok(())
    }
}

fn unfit(compiler: &Compiler<'_>, expr: &Expr, call: &Call, kinds: &[Kind]) -> QueryError {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let message = format_args!("Unexpected parameters ({}) for function {}", kinds.join(", "), call.name);
    syntax_error(compiler.text, expr.at.0, message)
}
