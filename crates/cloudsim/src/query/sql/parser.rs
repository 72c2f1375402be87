//! Parses the clauses of an analysis.
//!
//! Takes any text; returns a tree of bounded size and depth. Must never panic, whatever the text.

use super::ast::{Expr, Item, Node, Select};
use super::expression::Parser;
use super::lexer::Token;
use super::{MAX_ROWS, lexer};
use crate::query::QueryError;

/// Parses `SELECT …`.
pub(super) fn parse(sql: &str) -> Result<Select, QueryError> {
    let tokens = lexer::tokenize(sql)?;
    let mut parser = Parser::new(sql, &tokens);
    let select = parser.select()?;
    parser.take_sign(";");
    if parser.peek().is_some() {
        return Err(parser.unexpected("<EOF>"));
    }
    Ok(select)
}

/// Words that end an entry of the select list, so that none of them is taken for its name.
const CLAUSES: [&str; 7] = ["from", "where", "group", "having", "order", "limit", "as"];

impl Parser<'_> {
    fn select(&mut self) -> Result<Select, QueryError> {
        self.expect_word("select")?;
        let distinct = self.take_word("distinct");
        let items = self.items()?;
        let inner = self.from()?.map(Box::new);
        let filter = self.optional("where")?;
        let group = if self.take_words("group", "by")? { self.list()? } else { Vec::new() };
        let having = self.optional("having")?;
        let order = if self.take_words("order", "by")? { self.order()? } else { Vec::new() };
        let limit = if self.take_word("limit") { Some(self.limit()?) } else { None };
        Ok(Select { inner, distinct, items, filter, group, having, order, limit })
    }

    fn items(&mut self) -> Result<Vec<Item>, QueryError> {
        let mut items = vec![self.item()?];
        while self.take_sign(",") {
            items.push(self.item()?);
        }
        Ok(items)
    }

    fn item(&mut self) -> Result<Item, QueryError> {
        if self.take_sign("*") {
            return Ok(Item::All);
        }
        let expr = self.expression()?;
        let named = self.take_word("as");
        let name = match self.peek() {
            Some(Token::Name(name)) => Some(name.clone()),
            Some(Token::Word(word)) if !is_clause(word) => Some(word.clone()),
            _ if named => return Err(self.unexpected("identifier")),
            _ => None,
        };
        self.skip(usize::from(name.is_some()));
        Ok(Item::One(expr, name))
    }

    /// `FROM log`, which may be left out, or another `SELECT`.
    fn from(&mut self) -> Result<Option<Select>, QueryError> {
        if !self.take_word("from") {
            return Ok(None);
        }
        if self.take_sign("(") {
            return self.inner().map(Some);
        }
        let table = match self.peek() {
            Some(Token::Word(name) | Token::Name(name)) => name.clone(),
            _ => return Err(self.unexpected("'log'")),
        };
        if !table.eq_ignore_ascii_case("log") {
            let message = format!("Table {} does not exist, only log can be analysed", super::clip(&table));
            return Err(self.error(format_args!("{message}")));
        }
        self.skip(1);
        Ok(None)
    }

    /// `SELECT …) [[AS] name]`
    fn inner(&mut self) -> Result<Select, QueryError> {
        let select = self.deeper(Self::select)?;
        self.expect_sign(")")?;
        let named = self.take_word("as");
        match self.peek() {
            Some(Token::Name(_)) => self.skip(1),
            Some(Token::Word(word)) if !is_clause(word) => self.skip(1),
            _ if named => return Err(self.unexpected("identifier")),
            _ => {}
        }
        Ok(select)
    }

    fn optional(&mut self, keyword: &str) -> Result<Option<Expr>, QueryError> {
        if self.take_word(keyword) { self.expression().map(Some) } else { Ok(None) }
    }

    fn order(&mut self) -> Result<Vec<(Expr, bool)>, QueryError> {
        let mut order = Vec::new();
        loop {
            let key = self.expression()?;
            let descends = self.take_word("desc");
            if !descends {
                self.take_word("asc");
            }
            order.push((key, descends));
            if !self.take_sign(",") {
                return Ok(order);
            }
        }
    }

    /// `LIMIT count`, `LIMIT offset, count`.
    fn limit(&mut self) -> Result<(u64, u64), QueryError> {
        let first = self.row_count()?;
        let (offset, count) = if self.take_sign(",") { (first, self.row_count()?) } else { (0, first) };
        if offset.saturating_add(count) > MAX_ROWS {
            let message = format!("reading data with pagination only allow reading max {MAX_ROWS}");
            return Err(QueryError::parameter(message));
        }
        Ok((offset, count))
    }

    fn row_count(&mut self) -> Result<u64, QueryError> {
        let count = match self.peek() {
            Some(Token::Int(count)) => u64::try_from(*count).ok(),
            _ => None,
        };
        let count = count.ok_or_else(|| self.unexpected("INTEGER_VALUE"))?;
        self.skip(1);
        Ok(count)
    }
}

fn is_clause(word: &str) -> bool {
    CLAUSES.iter().any(|clause| word.eq_ignore_ascii_case(clause))
}

/// The entry of the select list that an ordinal such as `GROUP BY 1` means.
pub(super) fn ordinal(expr: &Expr) -> Option<i64> {
    if let Node::Int(position) = expr.node { Some(position) } else { None }
}
