//! The functions of an analysis and how each is written for `SQLite`.
//!
//! A name outside this list and [`super::aggregate`] is refused by name.

use super::aggregate;
use super::ast::{Call, Expr, Kind, Node};
use super::compile::{Compiler, Typed, typed};
use super::{clip, syntax_error};
use crate::query::{QueryError, functions};

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Want {
    Text,
    Whole,
    Number,
    Timestamp,
    /// A timestamp, or epoch seconds.
    Instant,
    Any,
}

/// A function: its arguments (the last repeats when `open`), SQL name and result.
struct Shape {
    least: usize,
    wants: &'static [Want],
    open: bool,
    result: Kind,
}

fn shape(name: &str) -> Option<Shape> {
    use Want::{Any, Instant, Number, Text, Timestamp, Whole};
    let (least, wants, open, result): (_, &'static [Want], _, _) = match name {
        "lower" | "upper" => (1, &[Text], false, Kind::Text),
        "length" => (1, &[Text], false, Kind::Long),
        "substr" => (2, &[Text, Whole, Whole], false, Kind::Text),
        "concat" => (2, &[Text], true, Kind::Text),
        "coalesce" => (2, &[Any], true, Kind::Null),
        "json_extract_scalar" => (2, &[Text, Text], false, Kind::Text),
        "from_unixtime" => (1, &[Number], false, Kind::Timestamp),
        "to_unixtime" => (1, &[Timestamp], false, Kind::Double),
        "date_trunc" => (2, &[Text, Instant], false, Kind::Timestamp),
        "date_format" => (2, &[Instant, Text], false, Kind::Text),
        _ => return None,
    };
    Some(Shape { least, wants, open, result })
}

impl Want {
    fn takes(self, kind: Kind) -> bool {
        kind == Kind::Null
            || match self {
                Self::Text => kind == Kind::Text,
                Self::Whole => kind == Kind::Long,
                Self::Number => kind.is_number(),
                Self::Timestamp => kind == Kind::Timestamp,
                Self::Instant => kind == Kind::Timestamp || kind.is_number(),
                Self::Any => true,
            }
    }
}

impl Shape {
    fn takes(&self, args: &[Typed]) -> bool {
        let most = if self.open { usize::MAX } else { self.wants.len() };
        let wants = self.wants.iter().chain(self.wants.last().into_iter().cycle());
        (self.least..=most).contains(&args.len())
            && args.iter().zip(wants).all(|(arg, want)| want.takes(arg.kind))
    }
}

impl Compiler<'_> {
    /// Writes the call of a function; aggregates are gone by now, or stand where none may.
    pub(super) fn call(&mut self, expr: &Expr, call: &Call) -> Result<Typed, QueryError> {
        if aggregate::is_aggregate(&call.name) {
            let message =
                format_args!("clause cannot contain aggregations or window functions: {}", call.name);
            return Err(syntax_error(self.text, expr.at.0, message));
        }
        let shape = shape(&call.name).filter(|_| !call.star && !call.distinct);
        let shape = shape.ok_or_else(|| {
            syntax_error(self.text, expr.at.0, format_args!("Function {} not registered", clip(&call.name)))
        })?;
        let args = call.args.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>, _>>()?;
        if !shape.takes(&args) {
            let kinds: Vec<&str> = args.iter().map(|arg| arg.kind.name()).collect();
            let message =
                format_args!("Unexpected parameters ({}) for function {}", kinds.join(", "), call.name);
            return Err(syntax_error(self.text, expr.at.0, message));
        }
        self.check_constants(expr, call)?;
        self.write(expr, call, &args, shape.result)
    }

    /// Constants that the service checks before it runs anything.
    fn check_constants(&self, expr: &Expr, call: &Call) -> Result<(), QueryError> {
        let constant = |position: usize| match call.args.get(position).map(|arg| &arg.node) {
            Some(Node::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        if call.name == "json_extract_scalar"
            && let Some(path) = constant(1)
        {
            return functions::check_json_path(path);
        }
        if call.name == "date_trunc" && !constant(0).is_some_and(functions::is_time_unit) {
            let unit = clip(constant(0).unwrap_or("?"));
            let message = format_args!("'{unit}' is not a valid TIMESTAMP field");
            return Err(syntax_error(self.text, expr.at.0, message));
        }
        Ok(())
    }

    fn write(&self, expr: &Expr, call: &Call, args: &[Typed], result: Kind) -> Result<Typed, QueryError> {
        let sql: Vec<&str> = args.iter().map(|arg| arg.sql.as_str()).collect();
        let listed = sql.join(", ");
        let written = match call.name.as_str() {
            "length" | "substr" => format!("{}({listed})", call.name),
            "concat" => format!("({})", sql.join(" || ")),
            "from_unixtime" => format!("sls_instant({listed})"),
            "to_unixtime" => format!("({listed} / 1000.0)"),
            "date_trunc" => format!("sls_date_trunc({}, {})", sql[0], instant(&args[1])),
            "date_format" => format!("sls_date_format({}, {})", instant(&args[0]), sql[1]),
            "json_extract_scalar" => format!("sls_json_scalar({listed})"),
            "coalesce" => return self.coalesce(expr, args, &listed),
            name => format!("sls_{name}({listed})"),
        };
        Ok(typed(written, result))
    }

    fn coalesce(&self, expr: &Expr, args: &[Typed], listed: &str) -> Result<Typed, QueryError> {
        let kind = args.iter().try_fold(Kind::Null, |kind, arg| kind.with(arg.kind));
        let kinds: Vec<Kind> = args.iter().map(|arg| arg.kind).collect();
        self.need(expr, kind.is_some(), "All COALESCE operands must be the same type:", &kinds)?;
        Ok(typed(format!("coalesce({listed})"), kind.unwrap_or(Kind::Null)))
    }
}

fn instant(arg: &Typed) -> String {
    if arg.kind == Kind::Timestamp { arg.sql.clone() } else { format!("sls_instant({})", arg.sql) }
}
