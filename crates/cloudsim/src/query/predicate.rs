//! Decides whether one log is what a search asks for.
//!
//! Takes a search and the index; returns a [`Matcher`], or the refusal of the service for a field that
//! cannot be searched that way. `SQLite` calls it through one registered function whose only parameter
//! besides the columns is the search as text, bound and never pasted.

use std::borrow::Cow;
use std::ops::{Bound, RangeBounds};

use serde_json::Value;

use super::QueryError;
use super::ast::{Field, Search, Style, Term};
use super::fields::{self, Lookup};
use super::index::{Found, Index, KeyKind, Line};
use super::parser::clip;
use super::tokens::{Pattern, Tokenizer};

/// One stored log, as its columns hold it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'a> {
    /// The fields, a flat JSON object.
    pub(super) contents: &'a str,
    /// The tags, a flat JSON object.
    pub(super) tags: &'a str,
    /// `__topic__`
    pub(super) topic: &'a str,
    /// `__source__`
    pub(super) source: &'a str,
}

/// A search made ready to judge logs.
#[derive(Debug)]
pub(super) struct Matcher {
    rule: Rule,
    index: Index,
}

#[derive(Debug)]
enum Rule {
    All,
    Words { place: Place, tokenizer: Tokenizer, patterns: Vec<Pattern>, phrase: bool },
    FullText { patterns: Vec<Pattern>, phrase: bool },
    Number { place: Place, low: Bound<f64>, high: Bound<f64> },
    Exists(Place),
    Not(Box<Rule>),
    And(Vec<Rule>),
    Or(Vec<Rule>),
}

/// Where a value is in a record.
#[derive(Debug)]
enum Place {
    Topic,
    Source,
    Tag(Lookup),
    Field(Lookup),
    Member { field: Lookup, path: String },
}

impl Matcher {
    /// Makes a search ready.
    ///
    /// # Errors
    /// `ParameterInvalid` for a field without a fitting index, or a wildcard where none may be.
    pub(super) fn compile(search: &Search, index: &Index) -> Result<Self, QueryError> {
        let rule = Compiler { index }.rule(search)?;
        Ok(Self { rule, index: index.clone() })
    }

    /// Whether the log is asked for.
    pub(super) fn matches(&self, record: &Record<'_>) -> bool {
        self.holds(&self.rule, record)
    }

    fn holds(&self, rule: &Rule, record: &Record<'_>) -> bool {
        match rule {
            Rule::All => true,
            Rule::Words { place, tokenizer, patterns, phrase } => {
                place.value(record).is_some_and(|value| has_words(tokenizer, &value, patterns, *phrase))
            }
            Rule::FullText { patterns, phrase } => self.full_text(record, patterns, *phrase),
            Rule::Number { place, low, high } => place
                .value(record)
                .and_then(|value| number(&value))
                .is_some_and(|number| (*low, *high).contains(&number)),
            Rule::Exists(place) => place.value(record).is_some(),
            Rule::Not(inner) => !self.holds(inner, record),
            Rule::And(parts) => parts.iter().all(|part| self.holds(part, record)),
            Rule::Or(parts) => parts.iter().any(|part| self.holds(part, record)),
        }
    }

    /// Words may be spread over the fields of the log; a phrase stands in one field.
    fn full_text(&self, record: &Record<'_>, patterns: &[Pattern], phrase: bool) -> bool {
        let Some(line) = &self.index.line else { return false };
        if !patterns.iter().all(|pattern| pattern.may_be_in(record.contents.as_bytes())) {
            return false;
        }
        if phrase {
            return self
                .any_value(line, record, |tokenizer, value| has_words(tokenizer, value, patterns, true));
        }
        patterns.iter().all(|pattern| {
            self.any_value(line, record, |tokenizer, value| has_word(tokenizer, value, pattern))
        })
    }

    /// Tries the values of the full text; a field index, where there is one, says how to cut
    /// (query syntax page, 2026-05: field indexes take precedence).
    fn any_value(&self, line: &Line, record: &Record<'_>, test: impl Fn(&Tokenizer, &str) -> bool) -> bool {
        fields::pairs(record.contents).any(|(name, value)| {
            let name = name.text();
            let own = self.index.keys.get(name.as_ref()).filter(|key| key.kind == KeyKind::Text);
            let tokenizer = own.map_or(&line.tokenizer, |key| &key.tokenizer);
            line.covers(&name) && test(tokenizer, &value.text())
        })
    }
}

/// A term without words (`""`, `"--"`) asks for a value without words.
fn has_words(tokenizer: &Tokenizer, value: &str, patterns: &[Pattern], phrase: bool) -> bool {
    if patterns.is_empty() {
        return tokenizer.words(value).next().is_none();
    }
    if !phrase {
        return patterns.iter().all(|pattern| has_word(tokenizer, value, pattern));
    }
    let words: Vec<&str> = tokenizer.words(value).collect();
    let fits = |(pattern, word): (&Pattern, &&str)| tokenizer.matches(pattern, word);
    words.windows(patterns.len()).any(|window| patterns.iter().zip(window).all(fits))
}

fn has_word(tokenizer: &Tokenizer, value: &str, pattern: &Pattern) -> bool {
    tokenizer.words(value).any(|word| tokenizer.matches(pattern, word))
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

impl Place {
    fn of(field: &Field, found: Option<&Found<'_>>) -> Self {
        match (field, found) {
            (Field::Topic, _) => Self::Topic,
            (Field::Source, _) => Self::Source,
            (Field::Tag(name), _) => Self::Tag(Lookup::new(name)),
            (Field::Key(_), Some(Found { field, member: Some(path), .. })) => {
                Self::Member { field: Lookup::new(field), path: (*path).to_owned() }
            }
            (Field::Key(name), _) => Self::Field(Lookup::new(name)),
        }
    }

    fn value<'a>(&self, record: &Record<'a>) -> Option<Cow<'a, str>> {
        match self {
            Self::Topic => Some(Cow::Borrowed(record.topic)),
            Self::Source => Some(Cow::Borrowed(record.source)),
            Self::Tag(name) => name.get(record.tags.as_bytes()),
            Self::Field(name) => name.get(record.contents.as_bytes()),
            Self::Member { field, path } => {
                let json = field.get(record.contents.as_bytes());
                json.and_then(|json| member(&json, path)).map(Cow::Owned)
            }
        }
    }
}

/// The scalar at a dotted path of a JSON text, as text.
pub(super) fn member(json: &str, path: &str) -> Option<String> {
    let document: Value = serde_json::from_str(json).ok()?;
    let found = path.split('.').try_fold(&document, |value, name| value.get(name))?;
    scalar(found)
}

/// A JSON scalar as text; nothing for `null`, arrays and objects.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
    }
}

struct Compiler<'a> {
    index: &'a Index,
}

impl Compiler<'_> {
    fn rule(&self, search: &Search) -> Result<Rule, QueryError> {
        Ok(match search {
            Search::All => Rule::All,
            Search::Text { field: None, term } => self.full_text(term)?,
            Search::Text { field: Some(field), term } => self.field(field, term)?,
            Search::Exists(field) => Rule::Exists(Place::of(field, self.find(field)?.as_ref())),
            Search::Range { field, low, high } => {
                let found = self.find(field)?.filter(|found| is_number(found.key.kind));
                let found = found.ok_or_else(|| not_numeric(field))?;
                Rule::Number { place: Place::of(field, Some(&found)), low: *low, high: *high }
            }
            Search::Not(inner) => Rule::Not(Box::new(self.rule(inner)?)),
            Search::And(parts) => Rule::And(self.rules(parts)?),
            Search::Or(parts) => Rule::Or(self.rules(parts)?),
        })
    }

    fn rules(&self, parts: &[Search]) -> Result<Vec<Rule>, QueryError> {
        parts.iter().map(|part| self.rule(part)).collect()
    }

    fn full_text(&self, term: &Term) -> Result<Rule, QueryError> {
        let Some(line) = &self.index.line else {
            let message =
                "full text index is not configured, create a full text index or search by key: value";
            return Err(QueryError::parameter(message));
        };
        let patterns = patterns(&line.tokenizer, term)?;
        if patterns.is_empty() {
            return Ok(Rule::All);
        }
        Ok(Rule::FullText { patterns, phrase: term.style == Style::Phrase })
    }

    fn field(&self, field: &Field, term: &Term) -> Result<Rule, QueryError> {
        let found = self.find(field)?;
        let place = Place::of(field, found.as_ref());
        if found.as_ref().is_some_and(|found| is_number(found.key.kind)) {
            let wanted = number(&term.text).ok_or_else(|| not_a_number(field, &term.text))?;
            return Ok(Rule::Number { place, low: Bound::Included(wanted), high: Bound::Included(wanted) });
        }
        let tokenizer = found.map_or_else(Tokenizer::whole, |found| found.key.tokenizer.clone());
        let patterns = patterns(&tokenizer, term)?;
        Ok(Rule::Words { place, tokenizer, patterns, phrase: term.style == Style::Phrase })
    }

    /// The index of a field; reserved fields can be searched without one.
    fn find(&self, field: &Field) -> Result<Option<Found<'_>>, QueryError> {
        let name = field.name();
        let found = self.index.find(&name);
        if found.is_none() && matches!(field, Field::Key(_)) {
            return Err(QueryError::parameter(format!(
                "key ({}) is not config as key value config, create a field index for it; \
                 if symbol : is in your log,please wrap : with quotation mark \"",
                clip(&name)
            )));
        }
        Ok(found)
    }
}

fn patterns(tokenizer: &Tokenizer, term: &Term) -> Result<Vec<Pattern>, QueryError> {
    let patterns = tokenizer.patterns(&term.text, term.style == Style::Word);
    if patterns.iter().any(Pattern::starts_with_wildcard) {
        return Err(QueryError::parameter("only support * or ? in the middle or end of the query"));
    }
    Ok(patterns)
}

fn is_number(kind: KeyKind) -> bool {
    matches!(kind, KeyKind::Long | KeyKind::Double)
}

/// The service's sentence, its spelling included (error centre of the query pages, 2024).
fn not_numeric(field: &Field) -> QueryError {
    QueryError::parameter(format!("key ({}) is not config as numberic column", clip(&field.name())))
}

fn not_a_number(field: &Field, value: &str) -> QueryError {
    let (name, value) = (clip(&field.name()), clip(value));
    QueryError::parameter(format!("key ({name}) is config as numeric column, < {value} > is not a number"))
}
