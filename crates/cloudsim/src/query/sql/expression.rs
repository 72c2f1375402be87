//! Parses the expressions of an analysis, loosest operator first.

use super::ast::{At, Expr, Node, Op};
use super::lexer::{Spanned, Token};
use super::{clip, syntax_error};
use crate::query::QueryError;

/// Expressions within one another.
const MAX_DEPTH: usize = 50;
/// `SELECT`s within one another.
const MAX_SELECTS: usize = 4;
/// Expressions in all, which also bounds how deep a chain of operators hangs to the left.
const MAX_NODES: usize = 500;

/// The tokens still to be read.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    sql: &'a str,
    tokens: &'a [Spanned],
    at: usize,
    depth: usize,
    selects: usize,
    nodes: usize,
}

const COMPARISONS: [&str; 6] = ["=", "<>", "<", "<=", ">", ">="];

impl<'a> Parser<'a> {
    /// Starts at the first token.
    pub(super) fn new(sql: &'a str, tokens: &'a [Spanned]) -> Self {
        Self { sql, tokens, at: 0, depth: 0, selects: 0, nodes: 0 }
    }

    /// One expression.
    pub(super) fn expression(&mut self) -> Result<Expr, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::query_string(format!("nested deeper than {MAX_DEPTH}")));
        }
        let parsed = self.disjunction();
        self.depth -= 1;
        parsed
    }

    /// A `SELECT` inside another.
    pub(super) fn deeper<T>(
        &mut self,
        parse: fn(&mut Self) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        self.selects += 1;
        if self.selects >= MAX_SELECTS {
            return Err(QueryError::query_string(format!("more than {MAX_SELECTS} SELECT in one another")));
        }
        parse(self)
    }

    /// One or more expressions between commas.
    pub(super) fn list(&mut self) -> Result<Vec<Expr>, QueryError> {
        let mut list = vec![self.expression()?];
        while self.take_sign(",") {
            list.push(self.expression()?);
        }
        Ok(list)
    }

    fn disjunction(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.conjunction()?;
        while self.take_word("or") {
            let right = self.conjunction()?;
            left = self.binary(Op::Logic("OR"), left, right)?;
        }
        Ok(left)
    }

    fn conjunction(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.negation()?;
        while self.take_word("and") {
            let right = self.negation()?;
            left = self.binary(Op::Logic("AND"), left, right)?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expr, QueryError> {
        let at = self.here();
        if !self.take_word("not") {
            return self.comparison();
        }
        self.depth += 1;
        let inner = if self.depth > MAX_DEPTH { self.expression() } else { self.negation() };
        self.depth -= 1;
        let inner = Box::new(inner?);
        self.node(at, Node::Not(inner))
    }

    fn comparison(&mut self) -> Result<Expr, QueryError> {
        let left = self.sum()?;
        if let Some(sign) = self.take_one_of(&COMPARISONS) {
            let right = self.sum()?;
            return self.binary(Op::Compare(sign), left, right);
        }
        let at = left.at.0;
        if self.take_word("is") {
            let negated = self.take_word("not");
            self.expect_word("null")?;
            return self.node(at, Node::IsNull { value: Box::new(left), negated });
        }
        let negated = self.take_word("not");
        match self.test(left, negated)? {
            Some(node) => self.node(at, node),
            None => Err(self.unexpected("'BETWEEN', 'IN', 'LIKE'")),
        }
    }

    /// `IN`, `BETWEEN`, `LIKE`, or the operand itself where none of them follows.
    fn test(&mut self, value: Expr, negated: bool) -> Result<Option<Node>, QueryError> {
        if self.take_word("in") {
            self.expect_sign("(")?;
            let list = self.list()?;
            self.expect_sign(")")?;
            return Ok(Some(Node::In { value: Box::new(value), list, negated }));
        }
        if self.take_word("between") {
            let low = self.sum()?;
            self.expect_word("and")?;
            let high = self.sum()?;
            return Ok(Some(Node::Between { parts: Box::new([value, low, high]), negated }));
        }
        if self.take_word("like") {
            let pattern = self.sum()?;
            let escape = if self.take_word("escape") { Some(self.escape()?) } else { None };
            return Ok(Some(Node::Like { parts: Box::new([value, pattern]), escape, negated }));
        }
        Ok((!negated).then_some(value.node))
    }

    /// An expression without a comparison in it.
    pub(super) fn sum(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.product()?;
        while let Some(sign) = self.take_one_of(&["+", "-", "||"]) {
            let right = self.product()?;
            let op = if sign == "||" { Op::Concat } else { Op::Arithmetic(sign) };
            left = self.binary(op, left, right)?;
        }
        Ok(left)
    }

    fn product(&mut self) -> Result<Expr, QueryError> {
        let mut left = self.signed()?;
        while let Some(sign) = self.take_one_of(&["*", "/", "%"]) {
            let right = self.signed()?;
            left = self.binary(Op::Arithmetic(sign), left, right)?;
        }
        Ok(left)
    }

    fn signed(&mut self) -> Result<Expr, QueryError> {
        let at = self.here();
        if !self.take_sign("-") {
            return self.primary();
        }
        let inner = self.primary()?;
        self.node(at, Node::Minus(Box::new(inner)))
    }

    fn primary(&mut self) -> Result<Expr, QueryError> {
        let at = self.here();
        let Some(token) = self.peek().cloned() else { return Err(self.unexpected("an expression")) };
        self.at += 1;
        match token {
            Token::Int(whole) => self.node(at, Node::Int(whole)),
            Token::Real(number) => self.node(at, Node::Real(number)),
            Token::Text(text) => self.node(at, Node::Text(text)),
            Token::Name(name) => self.node(at, Node::Column(name)),
            Token::Word(word) => self.word(at, word),
            Token::Sign("(") => {
                let inner = self.expression()?;
                self.expect_sign(")")?;
                Ok(inner)
            }
            Token::Sign(_) => {
                self.at -= 1;
                Err(self.unexpected("an expression"))
            }
        }
    }

    fn binary(&mut self, op: Op, left: Expr, right: Expr) -> Result<Expr, QueryError> {
        let at = left.at.0;
        self.node(at, Node::Binary(op, Box::new(left), Box::new(right)))
    }

    /// An expression, counted.
    pub(super) fn node(&mut self, at: usize, node: Node) -> Result<Expr, QueryError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(QueryError::query_string(format!("more than {MAX_NODES} expressions")));
        }
        Ok(Expr { at: At(at), node })
    }

    /// The token at hand.
    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|spanned| &spanned.token)
    }

    /// Goes past tokens that were peeked at.
    pub(super) fn skip(&mut self, tokens: usize) {
        self.at += tokens;
    }

    /// Goes past a keyword if it is at hand.
    pub(super) fn take_word(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    /// Goes past a pair of keywords if the first is at hand.
    pub(super) fn take_words(&mut self, first: &str, second: &str) -> Result<bool, QueryError> {
        if !self.take_word(first) {
            return Ok(false);
        }
        self.expect_word(second).map(|()| true)
    }

    /// Goes past a keyword that must be there.
    pub(super) fn expect_word(&mut self, keyword: &str) -> Result<(), QueryError> {
        if self.take_word(keyword) {
            return Ok(());
        }
        Err(self.unexpected(&format!("'{}'", keyword.to_ascii_uppercase())))
    }

    /// Goes past a sign if it is at hand.
    pub(super) fn take_sign(&mut self, sign: &str) -> bool {
        self.take_one_of(&[sign]).is_some()
    }

    fn take_one_of(&mut self, signs: &[&str]) -> Option<&'static str> {
        let Some(Token::Sign(sign)) = self.peek() else { return None };
        let sign = signs.contains(sign).then_some(*sign)?;
        self.at += 1;
        Some(sign)
    }

    /// Goes past a sign that must be there.
    pub(super) fn expect_sign(&mut self, sign: &str) -> Result<(), QueryError> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("'{sign}'"))) }
    }

    /// Where the token at hand starts.
    pub(super) fn here(&self) -> usize {
        self.tokens.get(self.at).map_or(self.sql.len(), |spanned| spanned.at)
    }

    /// The service's sentence for the token at hand.
    pub(super) fn unexpected(&self, expected: &str) -> QueryError {
        let at = self.here();
        let end = self.tokens.get(self.at + 1).map_or(self.sql.len(), |next| next.at);
        let found =
            if at == self.sql.len() { "<EOF>".to_owned() } else { clip(self.sql[at..end].trim_end()) };
        self.error(format_args!("mismatched input '{found}' expecting {expected}"))
    }

    /// An error at the token at hand.
    pub(super) fn error(&self, message: std::fmt::Arguments<'_>) -> QueryError {
        syntax_error(self.sql, self.here(), message)
    }
}
