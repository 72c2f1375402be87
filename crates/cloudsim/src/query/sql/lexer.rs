//! Cuts an analysis into tokens.

use super::syntax_error;
use crate::query::QueryError;

/// A piece of an analysis.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A keyword or a name without quotes.
    Word(String),
    /// `"…"`: a name.
    Name(String),
    /// `'…'`: a text.
    Text(String),
    /// A number without a fraction.
    Int(i64),
    /// A number with one, or with an exponent.
    Real(f64),
    /// An operator or a separator.
    Sign(&'static str),
}

/// A token and its first byte.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spanned {
    /// The token.
    pub(super) token: Token,
    /// Where it starts.
    pub(super) at: usize,
}

/// Longer signs stand before their prefixes; the second column is how a sign is known afterwards.
const SIGNS: [(&str, &str); 18] = [
    ("<>", "<>"),
    ("!=", "<>"),
    ("<=", "<="),
    (">=", ">="),
    ("||", "||"),
    ("<", "<"),
    (">", ">"),
    ("=", "="),
    ("+", "+"),
    ("-", "-"),
    ("*", "*"),
    ("/", "/"),
    ("%", "%"),
    ("(", "("),
    (")", ")"),
    (",", ","),
    (".", "."),
    (";", ";"),
];

/// Cuts the whole text.
pub(super) fn tokenize(sql: &str) -> Result<Vec<Spanned>, QueryError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = sql[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        let (token, length) = next_token(sql, at, c)?;
        tokens.push(Spanned { token, at });
        at += length;
    }
    Ok(tokens)
}

fn next_token(sql: &str, at: usize, first: char) -> Result<(Token, usize), QueryError> {
    let rest = &sql[at..];
    if matches!(first, '\'' | '"') {
        let (text, length) =
            quoted(rest, first).ok_or_else(|| QueryError::parameter("unclosed string quote"))?;
        return Ok((if first == '"' { Token::Name(text) } else { Token::Text(text) }, length));
    }
    if first.is_ascii_digit() {
        return number(sql, at);
    }
    if first.is_alphabetic() || first == '_' {
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        return Ok((Token::Word(rest[..length].to_owned()), length));
    }
    let sign = SIGNS.into_iter().find(|(sign, _)| rest.starts_with(sign));
    let (written, known) = sign.ok_or_else(|| extraneous(sql, at, first))?;
    Ok((Token::Sign(known), written.len()))
}

fn extraneous(sql: &str, at: usize, found: char) -> QueryError {
    syntax_error(sql, at, format_args!("extraneous input '{found}' expecting an expression"))
}

/// Reads to the closing quote; a doubled quote stands for one.
fn quoted(rest: &str, quote: char) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == quote && chars.next_if(|(_, next)| *next == quote).is_none() {
            return Some((text, at + 1));
        }
        text.push(c);
    }
    None
}

fn number(sql: &str, at: usize) -> Result<(Token, usize), QueryError> {
    let rest = &sql[at..];
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut length = digits(rest);
    let fraction = rest[length..].strip_prefix('.').map(digits).filter(|digits| *digits > 0);
    length += fraction.map_or(0, |digits| digits + 1);
    let exponent = exponent(&rest[length..]);
    length += exponent.unwrap_or(0);
    if rest[length..].starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let message = format_args!(
            "identifiers must not start with a digit; surround the identifier with double quotes"
        );
        return Err(syntax_error(sql, at, message));
    }
    let written = &rest[..length];
    let token = match fraction.or(exponent) {
        None => written.parse().ok().map(Token::Int),
        Some(_) => written.parse().ok().filter(|number: &f64| number.is_finite()).map(Token::Real),
    };
    let token = token.ok_or_else(|| syntax_error(sql, at, format_args!("Invalid numeric literal")))?;
    Ok((token, length))
}

/// The length of `e3`, `E-3`.
fn exponent(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix(['e', 'E'])?;
    let unsigned = after.strip_prefix(['+', '-']).unwrap_or(after);
    let digits = unsigned.find(|c: char| !c.is_ascii_digit()).unwrap_or(unsigned.len());
    (digits > 0).then_some(rest.len() - unsigned.len() + digits)
}
