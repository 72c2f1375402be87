//! Parses a search into its tree.
//!
//! Takes any text; returns a tree of bounded depth with at most [`MAX_CONDITIONS`] conditions, and the
//! analysis that follows the `|`, unread. Must never panic, whatever the text.

use std::ops::{Bound, Range};

use super::QueryError;
use super::ast::{Field, Search, Style, Term};
use super::lexer::{self, Spanned, Token};

/// Conditions in one search: the service refuses more (query syntax page, 2026-05).
pub(super) const MAX_CONDITIONS: usize = 30;
/// Parentheses and `not` within one another: beyond what people write, far below the stack.
const MAX_DEPTH: usize = 50;

/// Parses the search of a query; the second part is the analysis after the `|`.
pub(super) fn parse(query: &str) -> Result<(Search, Option<&str>), QueryError> {
    let (tokens, analysis) = lexer::tokenize(query)?;
    let mut parser = Parser { query, tokens: &tokens, at: 0, depth: 0, conditions: 0 };
    let search = if tokens.is_empty() { Search::All } else { parser.either()? };
    if parser.at < tokens.len() {
        return Err(parser.unexpected());
    }
    if parser.conditions > MAX_CONDITIONS {
        let message = format!("condition number {} is more than {MAX_CONDITIONS}", parser.conditions);
        return Err(QueryError::parameter(message));
    }
    Ok((search, analysis))
}

/// The lower and the upper bound.
type Interval = (Bound<f64>, Bound<f64>);

struct Parser<'a> {
    query: &'a str,
    tokens: &'a [Spanned],
    at: usize,
    depth: usize,
    conditions: usize,
}

impl Parser<'_> {
    /// `a or b or …`
    fn either(&mut self) -> Result<Search, QueryError> {
        let mut parts = vec![self.all_of()?];
        while self.take_word("or") {
            parts.push(self.all_of()?);
        }
        Ok(one_or(parts, Search::Or))
    }

    /// `a and b not c d …`: a missing operator is `and`.
    fn all_of(&mut self) -> Result<Search, QueryError> {
        let mut parts = vec![self.negatable()?];
        loop {
            while self.take_sign(",") {}
            let joined = self.take_word("and");
            if !joined && self.ends_conjunction() {
                return Ok(one_or(parts, Search::And));
            }
            parts.push(self.negatable()?);
        }
    }

    fn negatable(&mut self) -> Result<Search, QueryError> {
        if !self.take_word("not") {
            return self.condition();
        }
        self.nested(|parser| Ok(Search::Not(Box::new(parser.negatable()?))))
    }

    fn condition(&mut self) -> Result<Search, QueryError> {
        if self.take_sign("(") {
            let inner = self.nested(Self::either)?;
            self.expect_sign(")")?;
            return Ok(inner);
        }
        self.conditions += 1;
        let term = self.term()?;
        if is_keyword(&term, &["and", "or", "not"]) {
            self.at -= 1;
            return Err(self.unexpected());
        }
        if term.style != Style::Phrase {
            if self.take_sign(":") {
                return self.field_value(term.text);
            }
            if let Some(range) = self.range_of(&term)? {
                return Ok(range);
            }
        }
        Ok(if is_star(&term) { Search::All } else { Search::Text { field: None, term } })
    }

    /// What follows `name:`.
    fn field_value(&mut self, name: String) -> Result<Search, QueryError> {
        let field = if name == "__tag__" { self.tag()? } else { Field::named(name) };
        let term = self.term()?;
        Ok(if is_star(&term) { Search::Exists(field) } else { Search::Text { field: Some(field), term } })
    }

    /// What follows `__tag__:`, the second colon included.
    fn tag(&mut self) -> Result<Field, QueryError> {
        let name = self.term()?;
        self.expect_sign(":")?;
        Ok(Field::Tag(name.text))
    }

    /// `name > 1`, `name in [1 2]`; nothing when no comparison follows.
    fn range_of(&mut self, name: &Term) -> Result<Option<Search>, QueryError> {
        let Some((low, high)) = self.bounds()? else { return Ok(None) };
        Ok(Some(Search::Range { field: Field::named(name.text.clone()), low, high }))
    }

    fn bounds(&mut self) -> Result<Option<Interval>, QueryError> {
        use Bound::{Excluded, Included, Unbounded};
        if self.starts_interval() {
            return self.interval().map(Some);
        }
        let Some(Token::Sign(sign)) = self.peek() else { return Ok(None) };
        let shape: fn(f64) -> Interval = match *sign {
            ">" => |n| (Excluded(n), Unbounded),
            ">=" => |n| (Included(n), Unbounded),
            "<" => |n| (Unbounded, Excluded(n)),
            "<=" => |n| (Unbounded, Included(n)),
            "=" => |n| (Included(n), Included(n)),
            _ => return Ok(None),
        };
        self.at += 1;
        Ok(Some(shape(self.number()?)))
    }

    fn starts_interval(&self) -> bool {
        let opens = matches!(
            self.tokens.get(self.at + 1).map(|spanned| &spanned.token),
            Some(Token::Sign("[" | "("))
        );
        opens && matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case("in"))
    }

    /// `in [1 2)`: the keyword and the opening bracket are known to be there.
    fn interval(&mut self) -> Result<Interval, QueryError> {
        self.at += 1;
        let low_included = self.take_sign("[");
        if !low_included {
            self.expect_sign("(")?;
        }
        let low = self.number()?;
        self.take_sign(",");
        let high = self.number()?;
        let high_included = self.take_sign("]");
        if !high_included {
            self.expect_sign(")")?;
        }
        Ok((bound(low, low_included), bound(high, high_included)))
    }

    fn number(&mut self) -> Result<f64, QueryError> {
        let parsed = match self.peek() {
            Some(Token::Word(word) | Token::Quoted(word)) => {
                word.parse().ok().filter(|n: &f64| n.is_finite())
            }
            Some(Token::Phrase(_) | Token::Sign(_)) | None => None,
        };
        let number = parsed.ok_or_else(|| self.unexpected())?;
        self.at += 1;
        Ok(number)
    }

    fn term(&mut self) -> Result<Term, QueryError> {
        let (style, text) = match self.peek() {
            Some(Token::Word(text)) => (Style::Word, text),
            Some(Token::Quoted(text)) => (Style::Quoted, text),
            Some(Token::Phrase(text)) => (Style::Phrase, text),
            Some(Token::Sign(_)) | None => return Err(self.unexpected()),
        };
        let text = text.clone();
        self.at += 1;
        Ok(Term { style, text })
    }

    fn nested(
        &mut self,
        parse: impl FnOnce(&mut Self) -> Result<Search, QueryError>,
    ) -> Result<Search, QueryError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(QueryError::query_string(format!("nested deeper than {MAX_DEPTH}")));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn ends_conjunction(&self) -> bool {
        match self.peek() {
            None | Some(Token::Sign(")")) => true,
            Some(Token::Word(word)) => word.eq_ignore_ascii_case("or"),
            Some(Token::Quoted(_) | Token::Phrase(_) | Token::Sign(_)) => false,
        }
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|spanned| &spanned.token)
    }

    fn take_word(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword));
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn expect_sign(&mut self, sign: &str) -> Result<(), QueryError> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    /// The service's own sentence for the token at hand (query error page, 2026).
    fn unexpected(&self) -> QueryError {
        let end = self.tokens.last().map_or(0, |last| last.span.end);
        let span: Range<usize> = self.tokens.get(self.at).map_or(end..end, |found| found.span.clone());
        let column = |byte: usize| self.query[..byte].chars().count();
        QueryError::parameter(format!(
            "ErrorType:QueryParseError.ErrorMessage:syntax error error position is from column:{} to column:{},\
             error near < {} >",
            column(span.start),
            column(span.end),
            clip(&self.query[span]),
        ))
    }
}

fn one_or(mut parts: Vec<Search>, join: fn(Vec<Search>) -> Search) -> Search {
    if parts.len() == 1 { parts.remove(0) } else { join(parts) }
}

fn bound(value: f64, included: bool) -> Bound<f64> {
    if included { Bound::Included(value) } else { Bound::Excluded(value) }
}

fn is_star(term: &Term) -> bool {
    term.style == Style::Word && term.text == "*"
}

fn is_keyword(term: &Term, keywords: &[&str]) -> bool {
    term.style == Style::Word && keywords.iter().any(|keyword| term.text.eq_ignore_ascii_case(keyword))
}

/// The first characters of a text: an error does not repeat a long query.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(40).collect()
}
