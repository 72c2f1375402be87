//! Writes resolved expressions as SQL of `SQLite`, checking types as the service does.
//!
//! Takes trees of [`super::names`]; returns text made of fixed words and placeholders only. `SQLite`
//! compares a text with a number without complaint, the service refuses: so do we.

use super::ast::{Expr, Kind, Node, Op};
use super::names::RESERVED;
use super::source::Column;
use super::{clip, syntax_error};
use crate::query::QueryError;
use crate::query::fields::Lookup;
use crate::query::index::{Found, Index, KeyKind};
use crate::query::scan::Bindings;

/// SQL text and the type of its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Typed {
    /// Fixed words and placeholders.
    pub(super) sql: String,
    /// The type.
    pub(super) kind: Kind,
}

/// What columns mean.
#[derive(Debug, Clone, Copy)]
pub(super) enum Rows<'a> {
    /// Fields of a log.
    Logs(&'a Index),
    /// The columns of the rows of another `SELECT`.
    Inner(&'a [Column]),
    /// The grouped rows, whose columns have these types.
    Groups(&'a [Kind]),
}

/// Writes expressions of one statement.
#[derive(Debug)]
pub(super) struct Compiler<'a> {
    /// The analysis, for messages.
    pub(super) text: &'a str,
    /// What columns mean.
    pub(super) rows: Rows<'a>,
    /// `now()`, milliseconds.
    pub(super) now: i64,
    /// Where values go.
    pub(super) bindings: Bindings,
}

impl Typed {
    /// The value as one of a type that it fits: a whole number becomes a double where one is asked for.
    pub(super) fn into_kind(self, kind: Kind) -> String {
        if (self.kind, kind) == (Kind::Long, Kind::Double) {
            return format!("sls_double({})", self.sql);
        }
        self.sql
    }
}

impl Compiler<'_> {
    /// Writes one expression.
    pub(super) fn expr(&mut self, expr: &Expr) -> Result<Typed, QueryError> {
        match &expr.node {
            Node::Null => Ok(typed("NULL", Kind::Null)),
            // Bound as well: `SQLite` would take a whole number in `ORDER BY` for a position.
            Node::Bool(value) => Ok(typed(self.bindings.bind(i64::from(*value)), Kind::Bool)),
            Node::Int(whole) => Ok(typed(self.bindings.bind(*whole), Kind::Long)),
            Node::Real(number) => Ok(typed(self.bindings.bind(*number), Kind::Double)),
            Node::Text(text) => Ok(typed(self.bindings.bind(text.clone()), Kind::Text)),
            Node::Column(name) => self.column(expr, name),
            Node::Grouped(position) => self.grouped(*position),
            Node::Not(inner) => {
                let inner = self.boolean(inner, "logical expression")?;
                Ok(typed(format!("(NOT {inner})"), Kind::Bool))
            }
            Node::Minus(inner) => {
                let inner = self.expr(inner)?;
                self.need(expr, inner.kind.is_number(), "'-' cannot be applied to", &[inner.kind])?;
                Ok(typed(format!("(- {})", inner.sql), inner.kind))
            }
            Node::Binary(op, left, right) => self.binary(expr, *op, left, right),
            Node::In { value, list, negated } => self.in_list(expr, value, list, *negated),
            Node::Between { parts, negated } => self.between(expr, parts, *negated),
            Node::Like { parts, escape, negated } => self.like(expr, parts, *escape, *negated),
            Node::IsNull { value, negated } => {
                let value = self.expr(value)?.sql;
                Ok(typed(format!("({value} IS {}NULL)", not(*negated)), Kind::Bool))
            }
            Node::Case { operand, arms, otherwise } => {
                self.case(expr, operand.as_deref(), arms, otherwise.as_deref())
            }
            Node::Cast(value, target) => self.cast(expr, value, *target),
            Node::Call(call) => self.call(expr, call),
        }
    }

    /// Writes a condition; `place` names it in the refusal of anything else.
    pub(super) fn boolean(&mut self, expr: &Expr, place: &str) -> Result<String, QueryError> {
        let value = self.expr(expr)?;
        if matches!(value.kind, Kind::Bool | Kind::Null) {
            return Ok(value.sql);
        }
        let message = format_args!("{place} must evaluate to a boolean (actual: {})", value.kind.name());
        Err(syntax_error(self.text, expr.at.0, message))
    }

    fn column(&mut self, expr: &Expr, name: &str) -> Result<Typed, QueryError> {
        let index = match self.rows {
            Rows::Logs(index) => index,
            Rows::Inner(columns) => return self.inner(expr, name, columns),
            Rows::Groups(_) => {
                let message = format_args!(
                    "Column '{}' not in GROUP BY clause;please add the column in the index attribute",
                    clip(name)
                );
                return Err(syntax_error(self.text, expr.at.0, message));
            }
        };
        match (name, index.column(name)) {
            ("__time__", _) => Ok(typed("time", Kind::Long)),
            ("__topic__", _) => Ok(typed("topic", Kind::Text)),
            ("__source__", _) => Ok(typed("source", Kind::Text)),
            (_, Some(found)) => Ok(self.field(&found)),
            (_, None) => Err(syntax_error(self.text, expr.at.0, format_args!("Column cannot be resolved"))),
        }
    }

    fn inner(&self, expr: &Expr, name: &str, columns: &[Column]) -> Result<Typed, QueryError> {
        let found = columns.iter().position(|column| column.name == name);
        let position = found
            .ok_or_else(|| syntax_error(self.text, expr.at.0, format_args!("Column cannot be resolved")))?;
        Ok(typed(format!("(r.value ->> {position})"), columns[position].kind))
    }

    /// How to look up a column that is nothing but a field of the log as text.
    pub(super) fn text_field(&self, expr: &Expr) -> Option<Lookup> {
        let (Node::Column(name), Rows::Logs(index)) = (&expr.node, self.rows) else { return None };
        let found = index.column(name).filter(|_| !RESERVED.contains(&name.as_str()))?;
        let is_text = matches!(found.key.kind, KeyKind::Text | KeyKind::Json);
        let is_tag = found.field.starts_with("__tag__:");
        (is_text && !is_tag && found.member.is_none()).then(|| Lookup::new(found.field))
    }

    /// A field as text, or as the number its index says it is; null where it is none.
    fn field(&mut self, found: &Found<'_>) -> Typed {
        let (object, name) = match found.field.strip_prefix("__tag__:") {
            Some(tag) => ("tags", tag),
            None => ("contents", found.field),
        };
        let name = self.bindings.bind(name.to_owned());
        let value = match found.member {
            None => format!("sls_text({object}, {name})"),
            Some(path) => format!("sls_member({object}, {name}, {})", self.bindings.bind(path.to_owned())),
        };
        match found.key.kind {
            KeyKind::Text | KeyKind::Json => typed(value, Kind::Text),
            KeyKind::Long => typed(format!("sls_long({value})"), Kind::Long),
            KeyKind::Double => typed(format!("sls_double({value})"), Kind::Double),
        }
    }

    fn grouped(&self, position: usize) -> Result<Typed, QueryError> {
        let kind = match self.rows {
            Rows::Groups(kinds) => kinds.get(position).copied(),
            Rows::Logs(_) | Rows::Inner(_) => None,
        };
        let kind = kind.ok_or_else(|| QueryError::parameter("Cannot nest aggregations"))?;
        Ok(typed(format!("(r.value ->> {position})"), kind))
    }

    fn binary(&mut self, expr: &Expr, op: Op, left: &Expr, right: &Expr) -> Result<Typed, QueryError> {
        if let Op::Logic(word) = op {
            let left = self.boolean(left, "Left side of logical expression")?;
            let right = self.boolean(right, "Right side of logical expression")?;
            return Ok(typed(format!("({left} {word} {right})"), Kind::Bool));
        }
        let (left, right) = (self.expr(left)?, self.expr(right)?);
        let (sign, kind) = match op {
            Op::Logic(sign) | Op::Compare(sign) => (sign, left.kind.with(right.kind).map(|_| Kind::Bool)),
            Op::Arithmetic(sign) => (sign, arithmetic(left.kind, right.kind)),
            Op::Concat => ("||", left.kind.with(right.kind).filter(|kind| is_text(*kind))),
        };
        let message = format!("'{sign}' cannot be applied to");
        self.need(expr, kind.is_some(), &message, &[left.kind, right.kind])?;
        let kind = kind.unwrap_or(Kind::Null);
        if sign == "%" && kind == Kind::Double {
            return Ok(typed(format!("sls_mod({}, {})", left.sql, right.sql), kind));
        }
        Ok(typed(format!("({} {sign} {})", left.sql, right.sql), kind))
    }

    fn in_list(
        &mut self,
        expr: &Expr,
        value: &Expr,
        list: &[Expr],
        negated: bool,
    ) -> Result<Typed, QueryError> {
        let value = self.expr(value)?;
        let mut items = Vec::with_capacity(list.len());
        for item in list {
            let item = self.expr(item)?;
            let fits = value.kind.with(item.kind).is_some();
            self.need(expr, fits, "IN value and list items must be the same type:", &[value.kind])?;
            items.push(item.sql);
        }
        Ok(typed(format!("({} {}IN ({}))", value.sql, not(negated), items.join(", ")), Kind::Bool))
    }

    fn between(&mut self, expr: &Expr, parts: &[Expr; 3], negated: bool) -> Result<Typed, QueryError> {
        let [value, low, high] = parts;
        let (value, low, high) = (self.expr(value)?, self.expr(low)?, self.expr(high)?);
        let fits = value.kind.with(low.kind).and_then(|kind| kind.with(high.kind)).is_some();
        self.need(expr, fits, "Cannot check if between:", &[value.kind, low.kind, high.kind])?;
        let sql = format!("({} {}BETWEEN {} AND {})", value.sql, not(negated), low.sql, high.sql);
        Ok(typed(sql, Kind::Bool))
    }

    fn like(
        &mut self,
        expr: &Expr,
        parts: &[Expr; 2],
        escape: Option<char>,
        negated: bool,
    ) -> Result<Typed, QueryError> {
        let [value, pattern] = parts;
        let (value, pattern) = (self.expr(value)?, self.expr(pattern)?);
        let fits = is_text(value.kind) && is_text(pattern.kind);
        self.need(
            expr,
            fits,
            "LIKE expression must evaluate to a varchar, actual:",
            &[value.kind, pattern.kind],
        )?;
        let escape = self.bindings.bind(escape.map(String::from));
        let sql = format!("({}sls_like({}, {}, {escape}))", not(negated), value.sql, pattern.sql);
        Ok(typed(sql, Kind::Bool))
    }

    /// Refuses types that do not fit, in the service's form `<message> <types>`.
    pub(super) fn need(
        &self,
        expr: &Expr,
        fits: bool,
        message: &str,
        kinds: &[Kind],
    ) -> Result<(), QueryError> {
        if fits {
            return Ok(());
        }
        let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
        Err(syntax_error(self.text, expr.at.0, format_args!("{message} {}", kinds.join(", "))))
    }
}

fn arithmetic(left: Kind, right: Kind) -> Option<Kind> {
    left.with(right).filter(|kind| kind.is_number())
}

fn is_text(kind: Kind) -> bool {
    matches!(kind, Kind::Text | Kind::Null)
}

fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

/// SQL with its type.
pub(super) fn typed(sql: impl Into<String>, kind: Kind) -> Typed {
    Typed { sql: sql.into(), kind }
}
