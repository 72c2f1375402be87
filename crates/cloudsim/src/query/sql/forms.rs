//! Parses the expressions that begin with a word: constants, `CASE`, `CAST`, calls and columns.

use super::ast::{Call, Expr, Kind, Node, Target};
use super::clip;
use super::expression::Parser;
use super::lexer::Token;
use crate::query::{QueryError, functions};

/// Functions that are called without parentheses.
pub(super) const BARE: [&str; 3] = ["current_date", "current_timestamp", "localtimestamp"];

impl Parser<'_> {
    /// What the word just passed begins.
    pub(super) fn word(&mut self, at: usize, word: String) -> Result<Expr, QueryError> {
        let called = matches!(self.peek(), Some(Token::Sign("(")));
        let node = match word.to_ascii_lowercase().as_str() {
            "null" => Node::Null,
            "true" => Node::Bool(true),
            "false" => Node::Bool(false),
            "case" => self.case()?,
            "cast" if called => self.cast(false)?,
            "try_cast" if called => self.cast(true)?,
            "position" if called => self.position()?,
            "extract" if called => self.extract()?,
            name if called => self.call(name.to_owned())?,
            name if BARE.contains(&name) => function(name, Vec::new()),
            name if matches!(self.peek(), Some(Token::Text(_))) => self.literal(name, word)?,
            _ => Node::Column(word),
        };
        self.node(at, node)
    }

    /// `timestamp '…'`, `date '…'`: a text cast to the type; a column before any other text.
    fn literal(&mut self, name: &str, word: String) -> Result<Node, QueryError> {
        let kind = kind_named(name).filter(|kind| matches!(kind, Kind::Timestamp | Kind::Date));
        let (Some(kind), Some(Token::Text(text))) = (kind, self.peek().cloned()) else {
            return Ok(Node::Column(word));
        };
        let text = self.node(self.here(), Node::Text(text))?;
        self.skip(1);
        Ok(Node::Cast(Box::new(text), Target { kind, length: None, lenient: false }))
    }

    fn case(&mut self) -> Result<Node, QueryError> {
        let searched = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case("when"));
        let operand = if searched { None } else { Some(Box::new(self.expression()?)) };
        let mut arms = Vec::new();
        while self.take_word("when") {
            let condition = self.expression()?;
            self.expect_word("then")?;
            arms.push((condition, self.expression()?));
        }
        if arms.is_empty() {
            return Err(self.unexpected("'WHEN'"));
        }
        let otherwise = if self.take_word("else") { Some(Box::new(self.expression()?)) } else { None };
        self.expect_word("end")?;
        Ok(Node::Case { operand, arms, otherwise })
    }

    fn cast(&mut self, lenient: bool) -> Result<Node, QueryError> {
        self.expect_sign("(")?;
        let value = self.expression()?;
        self.expect_word("as")?;
        let kind = match self.peek() {
            Some(Token::Word(word)) => kind_named(word),
            _ => None,
        };
        let kind = kind.ok_or_else(|| self.unexpected("'BIGINT', 'DOUBLE', 'VARCHAR'"))?;
        self.skip(1);
        let length = if kind == Kind::Text && self.take_sign("(") { Some(self.length()?) } else { None };
        self.expect_sign(")")?;
        Ok(Node::Cast(Box::new(value), Target { kind, length, lenient }))
    }

    /// The `n)` of `varchar(n)`.
    fn length(&mut self) -> Result<i64, QueryError> {
        let Some(Token::Int(length)) = self.peek().cloned() else {
            return Err(self.unexpected("INTEGER_VALUE"));
        };
        self.skip(1);
        self.expect_sign(")").map(|()| length)
    }

    /// `position(part IN text)`
    fn position(&mut self) -> Result<Node, QueryError> {
        self.expect_sign("(")?;
        let part = self.sum()?;
        self.expect_word("in")?;
        let text = self.expression()?;
        self.expect_sign(")")?;
        Ok(function("strpos", vec![text, part]))
    }

    /// `extract(hour FROM time)`
    fn extract(&mut self) -> Result<Node, QueryError> {
        self.expect_sign("(")?;
        let Some(Token::Word(unit)) = self.peek() else { return Err(self.unexpected("identifier")) };
        let unit = unit.to_ascii_lowercase();
        if !functions::is_part(&unit) {
            return Err(self.error(format_args!("Invalid EXTRACT field: {}", clip(&unit))));
        }
        self.skip(1);
        self.expect_word("from")?;
        let time = self.expression()?;
        self.expect_sign(")")?;
        Ok(function(&unit, vec![time]))
    }

    fn call(&mut self, name: String) -> Result<Node, QueryError> {
        self.expect_sign("(")?;
        let star = self.take_sign("*");
        let distinct = !star && self.take_word("distinct");
        let empty = star || matches!(self.peek(), Some(Token::Sign(")")));
        let args = if empty { Vec::new() } else { self.list()? };
        self.expect_sign(")")?;
        Ok(Node::Call(Call { name, args, distinct, star }))
    }

    /// The one character after `ESCAPE`.
    pub(super) fn escape(&mut self) -> Result<char, QueryError> {
        let Some(Token::Text(text)) = self.peek() else { return Err(self.unexpected("a text")) };
        let mut chars = text.chars();
        let (Some(escape), None) = (chars.next(), chars.next()) else {
            return Err(self.error(format_args!("Escape string must be a single character")));
        };
        self.skip(1);
        Ok(escape)
    }
}

fn function(name: &str, args: Vec<Expr>) -> Node {
    Node::Call(Call { name: name.to_owned(), args, distinct: false, star: false })
}

fn kind_named(word: &str) -> Option<Kind> {
    match word.to_ascii_lowercase().as_str() {
        "bigint" | "integer" | "int" | "smallint" | "tinyint" => Some(Kind::Long),
        "double" | "real" => Some(Kind::Double),
        "varchar" => Some(Kind::Text),
        "boolean" => Some(Kind::Bool),
        "timestamp" => Some(Kind::Timestamp),
        "date" => Some(Kind::Date),
        _ => None,
    }
}
