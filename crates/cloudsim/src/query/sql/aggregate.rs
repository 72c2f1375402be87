//! The aggregates of an analysis: what each takes, what it gives, and how the documentation tells it.

use super::ast::Kind;
use super::documented::Row;
use super::shapes::Want;

/// What an aggregate computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    /// `count(*)`, `count(x)`
    Count,
    /// `count_if(condition)`
    CountIf,
    /// `count(DISTINCT x)`, `approx_distinct(x)`: exact, which an approximation may be.
    Distinct,
    /// `sum(x)`
    Sum,
    /// `avg(x)`
    Avg,
    /// `min(x)`
    Min,
    /// `max(x)`
    Max,
    /// `min_by(x, y)`
    MinBy,
    /// `max_by(x, y)`
    MaxBy,
    /// `arbitrary(x)`: the first, which is one of them.
    Arbitrary,
    /// `bool_and(condition)`
    Every,
    /// `bool_or(condition)`
    Some,
    /// `variance(x)`, `stddev(x)`
    Spread(Spread),
    /// `approx_percentile(x, share)`: exact, which an approximation may be.
    Percentile,
}

/// Which measure of spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spread {
    /// Of a sample, not of all.
    pub(super) sample: bool,
    /// The standard deviation, not the variance.
    pub(super) root: bool,
}

/// One aggregate function.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aggregate {
    name: &'static str,
    /// What it computes.
    pub(super) function: Function,
    /// Its arguments.
    pub(super) wants: &'static [Want],
    note: &'static str,
}

const fn row(
    name: &'static str,
    function: Function,
    wants: &'static [Want],
    note: &'static str,
) -> Aggregate {
    Aggregate { name, function, wants, note }
}

const fn spread(name: &'static str, sample: bool, root: bool, note: &'static str) -> Aggregate {
    row(name, Function::Spread(Spread { sample, root }), &[Want::Number], note)
}

/// Every aggregate.
pub(super) static AGGREGATES: [Aggregate; 21] = [
    row("count", Function::Count, &[Want::Any], "also `count(*)` and `count(DISTINCT any)`"),
    row("count_if", Function::CountIf, &[Want::Bool], ""),
    row("approx_distinct", Function::Distinct, &[Want::Any], "exact"),
    row("sum", Function::Sum, &[Want::Number], ""),
    row("avg", Function::Avg, &[Want::Number], ""),
    row("min", Function::Min, &[Want::Any], ""),
    row("max", Function::Max, &[Want::Any], ""),
    row("min_by", Function::MinBy, &[Want::Any, Want::Any], "the first where the second is least"),
    row("max_by", Function::MaxBy, &[Want::Any, Want::Any], "the first where the second is greatest"),
    row("arbitrary", Function::Arbitrary, &[Want::Any], "the first that was found and is not null"),
    row("any_value", Function::Arbitrary, &[Want::Any], "the same"),
    row("bool_and", Function::Every, &[Want::Bool], ""),
    row("every", Function::Every, &[Want::Bool], "the same"),
    row("bool_or", Function::Some, &[Want::Bool], ""),
    row(
        "approx_percentile",
        Function::Percentile,
        &[Want::Number, Want::Number],
        "exact; the share is a constant from 0 to 1",
    ),
    spread("variance", true, false, "of a sample"),
    spread("var_samp", true, false, "the same"),
    spread("var_pop", false, false, "of all"),
    spread("stddev", true, true, "of a sample"),
    spread("stddev_samp", true, true, "the same"),
    spread("stddev_pop", false, true, "of all"),
];

/// Whether a name is that of an aggregate.
pub(super) fn is_aggregate(name: &str) -> bool {
    aggregate(name).is_some()
}

/// The aggregate of a name.
pub(super) fn aggregate(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|aggregate| aggregate.name == name)
}

impl Aggregate {
    /// What it computes over distinct values.
    pub(super) fn distinct(&self) -> Option<Function> {
        (self.function == Function::Count).then_some(Function::Distinct)
    }

    /// Whether arguments of these types will do.
    pub(super) fn takes(&self, kinds: &[Kind]) -> bool {
        kinds.len() == self.wants.len() && self.wants.iter().zip(kinds).all(|(want, kind)| want.takes(*kind))
    }

    /// The row of the documentation.
    pub(super) fn documented(&self) -> Row {
        let wants: Vec<&str> = self.wants.iter().map(|want| want.name()).collect();
        let result = match self.function.fixed() {
            Some(kind) => kind.name(),
            None => "as the argument",
        };
        let signature = format!("{}({})", self.name, wants.join(", "));
        Row { family: "aggregate", signature, result, note: self.note }
    }
}

impl Function {
    /// The type of the result where the first argument has a type.
    pub(super) fn result(self, argument: Kind) -> Kind {
        self.fixed().unwrap_or(argument)
    }

    fn fixed(self) -> Option<Kind> {
        match self {
            Self::Count | Self::CountIf | Self::Distinct => Some(Kind::Long),
            Self::Avg | Self::Spread(_) => Some(Kind::Double),
            Self::Every | Self::Some => Some(Kind::Bool),
            Self::Sum
            | Self::Min
            | Self::Max
            | Self::MinBy
            | Self::MaxBy
            | Self::Arbitrary
            | Self::Percentile => None,
        }
    }
}
