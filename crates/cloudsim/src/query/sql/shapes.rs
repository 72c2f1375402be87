//! The functions of an analysis: what each takes, what it gives, and how the documentation tells it.
//!
//! One table ([`table`]) for the compiler and for `docs/cloudsim.md`. A name that is neither here nor in
//! [`super::aggregate`] is refused by name.

use super::ast::Kind;
pub(super) use table::families;

mod table;

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// `boolean`
    Bool,
    /// `varchar`
    Text,
    /// `bigint`
    Whole,
    /// `bigint` or `double`
    Number,
    /// A timestamp or a date.
    Timestamp,
    /// A timestamp, a date, or epoch seconds.
    Instant,
    /// A constant name of a unit of time.
    Unit,
    /// A constant path into JSON.
    Path,
    /// Anything; the arguments of one call fit together.
    Any,
}

/// The type of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gives {
    /// Always this.
    Kind(Kind),
    /// That of the numbers taken.
    Number,
    /// That of the arguments that may be anything.
    Common,
    /// A date for a date, else a timestamp.
    Instant,
}

/// One function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    /// Its name.
    pub(super) name: &'static str,
    /// How many arguments it takes at least.
    pub(super) least: usize,
    /// Its arguments.
    pub(super) wants: &'static [Want],
    /// Whether the last repeats.
    pub(super) open: bool,
    /// Its result.
    pub(super) gives: Gives,
    /// What the documentation adds.
    pub(super) note: &'static str,
}

impl Want {
    /// Whether a value of a type will do.
    pub(super) fn takes(self, kind: Kind) -> bool {
        kind == Kind::Null
            || match self {
                Self::Bool => kind == Kind::Bool,
                Self::Text | Self::Unit | Self::Path => kind == Kind::Text,
                Self::Whole => kind == Kind::Long,
                Self::Number => kind.is_number(),
                Self::Timestamp => is_time(kind),
                Self::Instant => is_time(kind) || kind.is_number(),
                Self::Any => true,
            }
    }

    /// What the documentation calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "boolean",
            Self::Text => "varchar",
            Self::Whole => "bigint",
            Self::Number => "number",
            Self::Timestamp => "timestamp",
            Self::Instant => "time",
            Self::Unit => "unit",
            Self::Path => "path",
            Self::Any => "any",
        }
    }
}

fn is_time(kind: Kind) -> bool {
    matches!(kind, Kind::Timestamp | Kind::Date)
}

impl Shape {
    /// Whether arguments of these types will do.
    pub(super) fn takes(&self, kinds: &[Kind]) -> bool {
        let most = if self.open { usize::MAX } else { self.wants.len() };
        (self.least..=most).contains(&kinds.len())
            && kinds.iter().zip(self.wanted()).all(|(kind, want)| want.takes(*kind))
    }

    /// What each argument must be, the last again and again.
    pub(super) fn wanted(&self) -> impl Iterator<Item = Want> {
        self.wants.iter().chain(self.wants.last().into_iter().cycle()).copied()
    }
}

/// The function of a name.
pub(super) fn shape(name: &str) -> Option<&'static Shape> {
    families().flat_map(|(_, shapes)| shapes).find(|shape| shape.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_function_has_a_name_of_its_own() {
        let names: Vec<&str> = families().flat_map(|(_, shapes)| shapes).map(|shape| shape.name).collect();
        assert_eq!(names.len(), names.iter().collect::<BTreeSet<_>>().len());
    }

    #[test]
    fn no_function_takes_fewer_arguments_than_it_needs() {
        for shape in families().flat_map(|(_, shapes)| shapes) {
            assert!(shape.open || shape.least <= shape.wants.len(), "{}", shape.name);
        }
    }
}
