//! What holds for every expression that the tables of functions allow.
//!
//! Expressions are made from the tables, type by type, so that nearly all of them run.

use proptest::prelude::*;

use super::aggregate::{AGGREGATES, Function};
use super::ast::Kind;
use super::forms::BARE;
use super::shapes::{Gives, Shape, Want, families};
use crate::query::fuzzing::{analyses, refusal};

const KINDS: [Kind; 6] = [Kind::Bool, Kind::Long, Kind::Double, Kind::Text, Kind::Timestamp, Kind::Date];

fn leaves(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Null => &["null"],
        Kind::Bool => &["true", "false", "null", "a = 'x y'"],
        Kind::Long => &["n", "0", "2", "-3", "36", "9223372036854775807", "__time__", "null"],
        Kind::Double => &["d", "0.5", "-0.0", "1e300", "null"],
        Kind::Text => &["a", "b", "j", "'x'", "''", "'操 [a-z]*'", "'%Y-%m'", "'2020-06-17'", "'($'", "null"],
        Kind::Timestamp => &["now()", "from_unixtime(n)", "timestamp '2020-02-29 10:00:00'", "null"],
        Kind::Date => &["current_date", "date '2020-01-31'", "null"],
    }
}

/// Turns numbers into choices; the first of everything once they are used up.
struct Maker<'a>(std::slice::Iter<'a, u16>);

impl Maker<'_> {
    fn choose<T: Copy>(&mut self, among: &[T]) -> T {
        let number = usize::from(self.0.next().copied().unwrap_or_default());
        among[number % among.len()]
    }

    fn expression(&mut self, kind: Kind, depth: usize) -> String {
        if depth == 0 || self.choose(&[true, false, false, false]) {
            return self.choose(leaves(kind)).to_owned();
        }
        let known: Vec<&Shape> =
            families().flat_map(|(_, shapes)| shapes).filter(|shape| may_give(shape, kind)).collect();
        match self.choose(&[0, 0, 0, 0, 1, 2, 3]) {
            0 => {
                let shape = self.choose(&known);
                self.call(shape, kind, depth - 1)
            }
            1 => self.case(kind, depth - 1),
            2 => format!(
                "coalesce({}, {})",
                self.expression(kind, depth - 1),
                self.expression(kind, depth - 1)
            ),
            _ => format!("try_cast({} as {})", self.expression(Kind::Text, depth - 1), kind.name()),
        }
    }

    fn case(&mut self, kind: Kind, depth: usize) -> String {
        let of = self.choose(&KINDS);
        let (operand, value) = (self.expression(of, depth), self.expression(of, depth));
        format!(
            "case {operand} when {value} then {} else {} end",
            self.expression(kind, depth),
            leaves(kind)[0]
        )
    }

    fn call(&mut self, shape: &Shape, kind: Kind, depth: usize) -> String {
        if BARE.contains(&shape.name) {
            return shape.name.to_owned();
        }
        let most = shape.wants.len().max(shape.least);
        let count = self.choose(&[shape.least, most]);
        let wants: Vec<Want> = shape.wanted().take(count).collect();
        let args: Vec<String> =
            wants.into_iter().map(|want| self.argument(want, shape.gives, kind, depth)).collect();
        format!("{}({})", shape.name, args.join(", "))
    }

    fn argument(&mut self, want: Want, gives: Gives, kind: Kind, depth: usize) -> String {
        let wanted = match (want, gives) {
            (Want::Path, _) => return self.choose(&["'$'", "'$.k'", "'$.l[1]'"]).to_owned(),
            (Want::Unit, _) => return self.choose(&["'day'", "'month'", "'year'"]).to_owned(),
            (Want::Bool, _) => Kind::Bool,
            (Want::Text, _) => Kind::Text,
            (Want::Whole, _) => Kind::Long,
            (Want::Number, Gives::Number) | (Want::Instant, Gives::Instant) | (Want::Any, Gives::Common) => {
                kind
            }
            (Want::Number, _) => Kind::Double,
            (Want::Timestamp, _) => Kind::Timestamp,
            (Want::Instant, _) => self.choose(&[Kind::Long, Kind::Timestamp, Kind::Date]),
            (Want::Any, _) => self.choose(&KINDS),
        };
        self.expression(wanted, depth)
    }

    fn aggregate(&mut self) -> String {
        let aggregate = self.choose(&AGGREGATES.each_ref());
        let wants = aggregate.wants.iter();
        let mut args: Vec<String> =
            wants.map(|want| self.argument(*want, Gives::Kind(Kind::Null), Kind::Null, 2)).collect();
        if aggregate.function == Function::Percentile {
            args[1] = self.choose(&["0", "0.25", "1"]).to_owned();
        }
        format!("{}({})", aggregate.documented().signature.split('(').next().unwrap(), args.join(", "))
    }

    fn analysis(&mut self) -> String {
        let (one, two) = (self.choose(&KINDS), self.choose(&KINDS));
        let (x, y) = (self.expression(one, 3), self.expression(two, 3));
        match self.choose(&[0, 1, 2]) {
            0 => format!("select {x} as x, {y} as y where {} order by 1", self.expression(Kind::Bool, 2)),
            1 => format!("select {x} as x, {} as m group by x order by m desc", self.aggregate()),
            _ => format!(
                "select x, count(y), {} from (select {x} as x, {y} as y, a, b, n, d, j, __time__) group by x",
                self.aggregate()
            ),
        }
    }
}

fn may_give(shape: &Shape, kind: Kind) -> bool {
    match shape.gives {
        Gives::Kind(given) => given == kind,
        Gives::Number => matches!(kind, Kind::Long | Kind::Double),
        Gives::Common => true,
        Gives::Instant => matches!(kind, Kind::Timestamp | Kind::Date),
    }
}

proptest! {
    #[test]
    fn what_the_tables_allow_is_answered_the_same_twice_or_refused_while_it_runs(
        choices in proptest::collection::vec(any::<u16>(), 0..60),
    ) {
        let text = Maker(choices.iter()).analysis();
        println!("{text}");
        analyses(text.as_bytes());
        let refused = refusal(&text).filter(|message| message.starts_with("line "));
        prop_assert_eq!(refused, None, "{}", text);
    }
}
