//! What a search asks for, as a tree, and how it is written.
//!
//! Writing a tree and parsing the text gives the same tree again: the tree travels to `SQLite` as text
//! in one bound parameter, so nothing of it is ever pasted into SQL.

use std::fmt::{self, Display, Formatter, Write as _};
use std::ops::Bound;

/// A search: what stands before the `|`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Search {
    /// `*` or nothing: every log.
    All,
    /// A term, in one field or in the full text.
    Text {
        /// The field; `None` for the full text.
        field: Option<Field>,
        /// What to look for.
        term: Term,
    },
    /// `field: *`.
    Exists(Field),
    /// A comparison or an interval; at least one bound is set.
    Range {
        /// The field, of type long or double.
        field: Field,
        /// The lower bound.
        low: Bound<f64>,
        /// The upper bound.
        high: Bound<f64>,
    },
    /// `not …`
    Not(Box<Search>),
    /// Two or more, joined by `and`.
    And(Vec<Search>),
    /// Two or more, joined by `or`.
    Or(Vec<Search>),
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Field {
    /// `__topic__`
    Topic,
    /// `__source__`
    Source,
    /// `__tag__:name`
    Tag(String),
    /// A field of the log.
    Key(String),
}

/// How a term was written, which decides how it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// A bare word; `*` and `?` are wildcards.
    Word,
    /// `"…"`: its words, in any order, taken literally.
    Quoted,
    /// `#"…"`: its words, one right after the other.
    Phrase,
}

/// What to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// How it was written.
    pub(super) style: Style,
    /// The text without quotes and escapes.
    pub(super) text: String,
}

impl Field {
    /// The field of a name, reserved names recognised.
    pub(super) fn named(name: String) -> Self {
        match name.as_str() {
            "__topic__" => Self::Topic,
            "__source__" => Self::Source,
            _ => Self::Key(name),
        }
    }

    /// The name as the index document spells it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Topic => "__topic__".to_owned(),
            Self::Source => "__source__".to_owned(),
            Self::Tag(name) => format!("__tag__:{name}"),
            Self::Key(name) => name.clone(),
        }
    }
}

impl Display for Search {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_char('*'),
            Self::Text { field: None, term } => write!(f, "{term}"),
            Self::Text { field: Some(field), term } => write!(f, "{field}: {term}"),
            Self::Exists(field) => write!(f, "{field}: *"),
            Self::Range { field, low, high } => write_range(f, field, *low, *high),
            Self::Not(inner) => {
                f.write_str("not ")?;
                write_grouped(f, inner)
            }
            Self::And(parts) => write_joined(f, parts, " and ", write_grouped),
            Self::Or(parts) => write_joined(f, parts, " or ", write_alternative),
        }
    }
}

impl Display for Field {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Topic => f.write_str("__topic__"),
            Self::Source => f.write_str("__source__"),
            Self::Tag(name) => {
                f.write_str("__tag__:")?;
                write_quoted(f, name)
            }
            Self::Key(name) => write_quoted(f, name),
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.style {
            Style::Word => f.write_str(&self.text),
            Style::Quoted => write_quoted(f, &self.text),
            Style::Phrase => {
                f.write_char('#')?;
                write_quoted(f, &self.text)
            }
        }
    }
}

fn write_joined(
    f: &mut Formatter<'_>,
    parts: &[Search],
    separator: &str,
    write: fn(&mut Formatter<'_>, &Search) -> fmt::Result,
) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        write(f, part)?;
    }
    Ok(())
}

/// `and` binds tighter than `or`: parentheses here would make the text nest deeper than what was parsed.
fn write_alternative(f: &mut Formatter<'_>, part: &Search) -> fmt::Result {
    if matches!(part, Search::Or(_)) { write!(f, "({part})") } else { write!(f, "{part}") }
}

fn write_grouped(f: &mut Formatter<'_>, part: &Search) -> fmt::Result {
    if matches!(part, Search::And(_) | Search::Or(_)) { write!(f, "({part})") } else { write!(f, "{part}") }
}

fn write_quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

fn write_range(f: &mut Formatter<'_>, field: &Field, low: Bound<f64>, high: Bound<f64>) -> fmt::Result {
    use Bound::{Excluded, Included, Unbounded};
    match (low, high) {
        (Included(a), Included(b)) if a.to_bits() == b.to_bits() => write!(f, "{field} = {a}"),
        (Excluded(a), Unbounded) => write!(f, "{field} > {a}"),
        (Included(a), Unbounded) => write!(f, "{field} >= {a}"),
        (Unbounded, Excluded(b)) => write!(f, "{field} < {b}"),
        (Unbounded, Included(b)) => write!(f, "{field} <= {b}"),
        (Included(a), Included(b)) => write!(f, "{field} in [{a} {b}]"),
        (Included(a), Excluded(b)) => write!(f, "{field} in [{a} {b})"),
        (Excluded(a), Included(b)) => write!(f, "{field} in ({a} {b}]"),
        (Excluded(a), Excluded(b)) => write!(f, "{field} in ({a} {b})"),
        (Unbounded, Unbounded) => write!(f, "{field}: *"),
    }
}
