//! Cuts a search into tokens, up to the `|` that starts an analysis.
//!
//! Takes any text; returns tokens with their byte ranges and what follows the `|`. Must never look
//! inside the analysis.

use std::ops::Range;

use super::QueryError;

/// A piece of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// Anything between separators, keywords included.
    Word(String),
    /// `"…"` without quotes and escapes.
    Quoted(String),
    /// `#"…"` without quotes and escapes.
    Phrase(String),
    /// One of `: ( ) [ ] , < <= > >= =`.
    Sign(&'static str),
}

/// A token and where it stands, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spanned {
    /// The token.
    pub(super) token: Token,
    /// Its bytes in the query.
    pub(super) span: Range<usize>,
}

/// Longer signs stand before their prefixes.
const SIGNS: [&str; 11] = ["<=", ">=", "<", ">", "=", ":", "(", ")", "[", "]", ","];

/// Cuts the query at its first `|` outside quotes and the search into tokens.
pub(super) fn tokenize(query: &str) -> Result<(Vec<Spanned>, Option<&str>), QueryError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = query[at..].chars().next() {
        if c == '|' {
            return Ok((tokens, Some(&query[at + 1..])));
        }
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = next_token(&query[at..])?;
        tokens.push(Spanned { token, span: at..at + length });
        at += length;
    }
    Ok((tokens, None))
}

fn next_token(rest: &str) -> Result<(Token, usize), QueryError> {
    if let Some(inner) = rest.strip_prefix("#\"") {
        return quoted(inner).map(|(text, length)| (Token::Phrase(text), length + 2));
    }
    if let Some(inner) = rest.strip_prefix('"') {
        return quoted(inner).map(|(text, length)| (Token::Quoted(text), length + 1));
    }
    if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let length = rest.find(ends_word).unwrap_or(rest.len());
    Ok((Token::Word(rest[..length].to_owned()), length))
}

/// Whether a character cannot be part of a bare word.
pub(super) fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '|' | '"' | '<' | '>' | '=' | ':' | '(' | ')' | '[' | ']' | ',')
}

/// Reads up to the closing quote; returns the text and the bytes read, the closing quote included.
fn quoted(inner: &str) -> Result<(String, usize), QueryError> {
    let mut text = String::new();
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((text, at + 1)),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\')) {
                Some((_, escaped)) => text.push(escaped),
                None => text.push(c),
            },
            _ => text.push(c),
        }
    }
    Err(QueryError::parameter("unclosed string quote"))
}
