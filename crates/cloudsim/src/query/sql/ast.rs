//! The tree of an analysis.
//!
//! What the grammar cannot say cannot be run: there is no statement but `SELECT`, no table but the logs
//! and the rows of another `SELECT` over them, no join and no function outside the list of
//! [`super::shapes`].

/// `SELECT …` over the logs that the search found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    /// `FROM (SELECT …)`; nothing for the logs.
    pub(super) inner: Option<Box<Select>>,
    /// `SELECT DISTINCT`
    pub(super) distinct: bool,
    /// What to return.
    pub(super) items: Vec<Item>,
    /// `WHERE`
    pub(super) filter: Option<Expr>,
    /// `GROUP BY`
    pub(super) group: Vec<Expr>,
    /// `HAVING`
    pub(super) having: Option<Expr>,
    /// `ORDER BY`, with whether it descends.
    pub(super) order: Vec<(Expr, bool)>,
    /// `LIMIT offset, count`
    pub(super) limit: Option<(u64, u64)>,
}

/// One entry of the select list.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    /// `*`
    All,
    /// An expression and its name.
    One(Expr, Option<String>),
}

/// An expression and where it starts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Expr {
    /// Where it starts in the analysis.
    pub(super) at: At,
    /// What it is.
    pub(super) node: Node,
}

/// A byte position. Two are always equal, so that trees compare by what they say.
#[derive(Debug, Clone, Copy)]
pub(super) struct At(pub(super) usize);

impl PartialEq for At {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// `NULL`
    Null,
    /// `TRUE`, `FALSE`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// `'…'`
    Text(String),
    /// A field, or the name of an entry of the select list.
    Column(String),
    /// `NOT x`
    Not(Box<Expr>),
    /// `-x`
    Minus(Box<Expr>),
    /// Two operands.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// `x [NOT] IN (…)`
    In {
        /// The operand.
        value: Box<Expr>,
        /// The list, not empty.
        list: Vec<Expr>,
        /// `NOT IN`
        negated: bool,
    },
    /// `x [NOT] BETWEEN low AND high`
    Between {
        /// Operand, low, high.
        parts: Box<[Expr; 3]>,
        /// `NOT BETWEEN`
        negated: bool,
    },
    /// `x [NOT] LIKE pattern`
    Like {
        /// Operand and pattern.
        parts: Box<[Expr; 2]>,
        /// `ESCAPE`
        escape: Option<char>,
        /// `NOT LIKE`
        negated: bool,
    },
    /// `x IS [NOT] NULL`
    IsNull {
        /// The operand.
        value: Box<Expr>,
        /// `IS NOT NULL`
        negated: bool,
    },
    /// `CASE [operand] WHEN condition THEN value … [ELSE value] END`
    Case {
        /// What every condition is compared with.
        operand: Option<Box<Expr>>,
        /// Conditions and values.
        arms: Vec<(Expr, Expr)>,
        /// `ELSE`
        otherwise: Option<Box<Expr>>,
    },
    /// `CAST(x AS type)`
    Cast(Box<Expr>, Target),
    /// A function.
    Call(Call),
    /// A column of the grouped rows; only after grouping.
    Grouped(usize),
}

/// A call of a function or an aggregate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    /// The name in lower case.
    pub(super) name: String,
    /// The arguments; empty for `count(*)`.
    pub(super) args: Vec<Expr>,
    /// `count(DISTINCT x)`
    pub(super) distinct: bool,
    /// `count(*)`
    pub(super) star: bool,
}

/// What `CAST` makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Target {
    /// The type.
    pub(super) kind: Kind,
    /// The characters that `varchar(n)` keeps.
    pub(super) length: Option<i64>,
    /// `TRY_CAST`: null where `CAST` fails.
    pub(super) lenient: bool,
}

/// An operator between two operands, `SQLite` spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// `AND`, `OR`
    Logic(&'static str),
    /// `=`, `<>`, `<`, `<=`, `>`, `>=`
    Compare(&'static str),
    /// `+`, `-`, `*`, `/`, `%`
    Arithmetic(&'static str),
    /// `||`
    Concat,
}

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only `NULL`: fits anywhere.
    Null,
    /// `boolean`; 0 or 1 in `SQLite`.
    Bool,
    /// `bigint`
    Long,
    /// `double`
    Double,
    /// `varchar`
    Text,
    /// `timestamp`; milliseconds since the epoch in `SQLite`.
    Timestamp,
    /// `date`; its first instant, as a timestamp.
    Date,
}

impl Kind {
    /// The name the service uses in messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "unknown",
            Self::Bool => "boolean",
            Self::Long => "bigint",
            Self::Double => "double",
            Self::Text => "varchar",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
        }
    }

    /// Whether values are numbers.
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Long | Self::Double | Self::Null)
    }

    /// The type of values that are of this type or the other; nothing when they do not fit together.
    pub(super) fn with(self, other: Self) -> Option<Self> {
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Self::Null, kind) | (kind, Self::Null) => Some(kind),
            (Self::Long, Self::Double) | (Self::Double, Self::Long) => Some(Self::Double),
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Some(Self::Timestamp),
            _ => None,
        }
    }
}

impl Expr {
    /// The number of expressions in this one, itself included.
    pub(super) fn size(&self) -> usize {
        1 + self.children().into_iter().map(Expr::size).sum::<usize>()
    }

    /// The expressions directly inside this one.
    pub(super) fn children(&self) -> Vec<&Expr> {
        match &self.node {
            Node::Null
            | Node::Bool(_)
            | Node::Int(_)
            | Node::Real(_)
            | Node::Text(_)
            | Node::Column(_)
            | Node::Grouped(_) => Vec::new(),
            Node::Not(inner) | Node::Minus(inner) | Node::Cast(inner, _) => vec![inner],
            Node::IsNull { value, .. } => vec![value],
            Node::Binary(_, left, right) => vec![left, right],
            Node::In { value, list, .. } => std::iter::once(&**value).chain(list).collect(),
            Node::Between { parts, .. } => parts.iter().collect(),
            Node::Like { parts, .. } => parts.iter().collect(),
            Node::Case { operand, arms, otherwise } => {
                let arms = arms.iter().flat_map(|(condition, value)| [condition, value]);
                operand.as_deref().into_iter().chain(arms).chain(otherwise.as_deref()).collect()
            }
            Node::Call(call) => call.args.iter().collect(),
        }
    }

    /// The expressions directly inside this one, to be changed.
    pub(super) fn children_mut(&mut self) -> Vec<&mut Expr> {
        match &mut self.node {
            Node::Null
            | Node::Bool(_)
            | Node::Int(_)
            | Node::Real(_)
            | Node::Text(_)
            | Node::Column(_)
            | Node::Grouped(_) => Vec::new(),
            Node::Not(inner) | Node::Minus(inner) | Node::Cast(inner, _) => vec![inner],
            Node::IsNull { value, .. } => vec![value],
            Node::Binary(_, left, right) => vec![left, right],
            Node::In { value, list, .. } => std::iter::once(&mut **value).chain(list).collect(),
            Node::Between { parts, .. } => parts.iter_mut().collect(),
            Node::Like { parts, .. } => parts.iter_mut().collect(),
            Node::Case { operand, arms, otherwise } => {
                let arms = arms.iter_mut().flat_map(|(condition, value)| [condition, value]);
                operand.as_deref_mut().into_iter().chain(arms).chain(otherwise.as_deref_mut()).collect()
            }
            Node::Call(call) => call.args.iter_mut().collect(),
        }
    }
}
