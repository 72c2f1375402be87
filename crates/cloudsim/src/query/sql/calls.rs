//! How calls of functions are written for `SQLite`.

use super::aggregate;
use super::ast::{Call, Expr, Kind, Node};
use super::compile::{Compiler, Typed, typed};
use super::shapes::{Gives, Shape, Want, shape};
use super::{clip, syntax_error};
use crate::query::{QueryError, functions};

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
        let kinds: Vec<Kind> = args.iter().map(|arg| arg.kind).collect();
        if !shape.takes(&kinds) {
            return Err(unfit(self.text, expr, &call.name, &kinds));
        }
        self.check_constants(expr, call, shape)?;
        let kind = self.result(expr, shape, &kinds)?;
        self.check_unit(expr, call, shape, kind)?;
        let sql: Vec<String> =
            args.iter().zip(shape.wanted()).map(|(arg, want)| argument(arg, want, kind)).collect();
        Ok(typed(self.write(shape.name, &sql), kind))
    }

    /// Constants that the service checks before it runs anything.
    fn check_constants(&self, expr: &Expr, call: &Call, shape: &Shape) -> Result<(), QueryError> {
        for (arg, want) in call.args.iter().zip(shape.wanted()) {
            let constant = if let Node::Text(text) = &arg.node { Some(text.as_str()) } else { None };
            match (want, constant) {
                (Want::Path, Some(path)) => functions::check_json_path(path)?,
                (Want::Unit, unit) if !unit.is_some_and(functions::is_time_unit) => {
                    let unit = clip(unit.unwrap_or("?"));
                    let message = format_args!("'{unit}' is not a valid TIMESTAMP field");
                    return Err(syntax_error(self.text, expr.at.0, message));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// A date has no hours.
    fn check_unit(&self, expr: &Expr, call: &Call, shape: &Shape, kind: Kind) -> Result<(), QueryError> {
        match call.args.first().map(|arg| &arg.node) {
            Some(Node::Text(unit))
                if (shape.gives, kind) == (Gives::Instant, Kind::Date) && functions::is_within_day(unit) =>
            {
                let message = format_args!("'{}' is not a valid DATE field", clip(unit));
                Err(syntax_error(self.text, expr.at.0, message))
            }
            _ => Ok(()),
        }
    }

    fn result(&self, expr: &Expr, shape: &Shape, kinds: &[Kind]) -> Result<Kind, QueryError> {
        let alike = |wanted: Want| {
            let pairs = kinds.iter().zip(shape.wanted()).filter(|(_, want)| *want == wanted);
            pairs.map(|(kind, _)| *kind).try_fold(Kind::Null, Kind::with)
        };
        let kind = match shape.gives {
            Gives::Kind(kind) => Some(kind),
            Gives::Number => alike(Want::Number),
            Gives::Common => alike(Want::Any),
            Gives::Instant if alike(Want::Instant) == Some(Kind::Date) => Some(Kind::Date),
            Gives::Instant => Some(Kind::Timestamp),
        };
        let message = format!("All {} operands must be the same type:", shape.name.to_ascii_uppercase());
        self.need(expr, kind.is_some(), &message, kinds)?;
        Ok(kind.unwrap_or(Kind::Null))
    }

    fn write(&mut self, name: &str, args: &[String]) -> String {
        let listed = args.join(", ");
        match name {
            "if" => choice(args),
            "coalesce" | "nullif" => format!("{name}({listed})"),
            "greatest" => format!("max({listed})"),
            "least" => format!("min({listed})"),
            "concat" => format!("({})", args.join(" || ")),
            "ceiling" => format!("sls_ceil({listed})"),
            "pow" => format!("sls_power({listed})"),
            "substring" => format!("sls_substr({listed})"),
            "pi" => self.bindings.bind(std::f64::consts::PI),
            "e" => self.bindings.bind(std::f64::consts::E),
            "now" | "current_timestamp" | "localtimestamp" => self.bindings.bind(self.now),
            "current_date" => format!("sls_date_trunc('day', {})", self.bindings.bind(self.now)),
            "current_timezone" => self.bindings.bind("Asia/Shanghai".to_owned()),
            "from_unixtime" => format!("sls_instant({listed})"),
            "to_unixtime" => format!("({listed} / 1000.0)"),
            "date" => format!("sls_date_trunc('day', {listed})"),
            "from_iso8601_date" => format!("sls_cast({listed}, 'DATE')"),
            part if functions::is_part(part) => format!("sls_part('{part}', {listed})"),
            other => format!("sls_{other}({listed})"),
        }
    }
}

fn choice(args: &[String]) -> String {
    let otherwise = args.get(2).map_or("NULL", String::as_str);
    format!("(CASE WHEN {} THEN {} ELSE {otherwise} END)", args[0], args[1])
}

/// An argument as the function takes it.
fn argument(arg: &Typed, want: Want, result: Kind) -> String {
    match (want, arg.kind) {
        (Want::Instant, Kind::Long | Kind::Double) => format!("sls_instant({})", arg.sql),
        (Want::Any | Want::Number, _) => arg.clone().into_kind(result),
        _ => arg.sql.clone(),
    }
}

/// The service's sentence for arguments of the wrong number or type.
pub(super) fn unfit(text: &str, expr: &Expr, name: &str, kinds: &[Kind]) -> QueryError {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let message = format_args!("Unexpected parameters ({}) for function {name}", kinds.join(", "));
    syntax_error(text, expr.at.0, message)
}
