//! What holds for every query and every log.

use std::collections::BTreeMap;
use std::ops::Bound;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::ast::{Field, Search, Style, Term};
use super::super::parser;
use super::{Bench, events};

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![(-20i32..20).prop_map(f64::from), any::<f64>().prop_filter("finite", |n| n.is_finite())]
}

fn term() -> impl Strategy<Value = Term> {
    let word = "[a-cA-C0-9_.?-]{0,3}[a-c]\\*?"
        .prop_filter("keyword or wildcard in front", |word| !word.starts_with('?'))
        .prop_map(|text| Term { style: Style::Word, text });
    let style = prop_oneof![Just(Style::Quoted), Just(Style::Phrase)];
    let quoted = ("[a-c A-C,\"\\\\é操|()]{0,8}", style).prop_map(|(text, style)| Term { style, text });
    prop_oneof![word, quoted]
}

fn field() -> impl Strategy<Value = Field> {
    prop_oneof![
        Just(Field::Topic),
        Just(Field::Source),
        "[a-c]{1,2}".prop_map(Field::Tag),
        "[a-c\"\\\\ :.é]{1,4}".prop_map(Field::Key),
        Just(Field::Key("and".to_owned())),
    ]
}

fn range(field: impl Strategy<Value = Field>) -> impl Strategy<Value = Search> {
    let bound = || {
        prop_oneof![
            Just(Bound::Unbounded),
            number().prop_map(Bound::Included),
            number().prop_map(Bound::Excluded)
        ]
    };
    let bounds =
        (bound(), bound()).prop_filter("a bound", |bounds| *bounds != (Bound::Unbounded, Bound::Unbounded));
    (field, bounds).prop_map(|(field, (low, high))| Search::Range { field, low, high })
}

fn tree(leaf: impl Strategy<Value = Search> + 'static) -> impl Strategy<Value = Search> {
    leaf.prop_recursive(4, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Search::Not(Box::new(inner))),
            vec(inner.clone(), 2..4).prop_map(Search::And),
            vec(inner, 2..4).prop_map(Search::Or),
        ]
    })
}

fn any_search() -> impl Strategy<Value = Search> {
    let key = field().prop_filter("a tag has no numbers", |field| !matches!(field, Field::Tag(_)));
    tree(prop_oneof![
        Just(Search::All),
        (proptest::option::of(field()), term()).prop_map(|(field, term)| Search::Text { field, term }),
        field().prop_map(Search::Exists),
        range(key),
    ])
}

/// A search over the fields `a` (text), `b` (text, case counts) and `n` (long) of [`small_index`].
fn small_search() -> impl Strategy<Value = Search> {
    let field = || prop_oneof![Just(Field::Key("a".to_owned())), Just(Field::Key("b".to_owned()))];
    let style = prop_oneof![Just(Style::Word), Just(Style::Quoted), Just(Style::Phrase)];
    let term = ("[xyXé][xyé]?", style).prop_map(|(text, style)| Term { style, text });
    let phrase = "[xy] [xyX]".prop_map(|text| Term { style: Style::Phrase, text });
    let prefix = "[xyX]\\*".prop_map(|text| Term { style: Style::Word, text });
    let term = prop_oneof![3 => term, 1 => phrase, 1 => prefix];
    tree(prop_oneof![
        Just(Search::All),
        (proptest::option::of(field()), term).prop_map(|(field, term)| Search::Text { field, term }),
        field().prop_map(Search::Exists),
        range(Just(Field::Key("n".to_owned()))),
    ])
}

fn small_index() -> Value {
    json!({
        "line": {"token": [" ", ","]},
        "keys": {
            "a": {"type": "text", "token": [" ", ","]},
            "b": {"type": "text", "token": [" ", ","], "caseSensitive": true},
            "n": {"type": "long"},
        }
    })
}

type Log = BTreeMap<String, String>;

fn small_log() -> impl Strategy<Value = Log> {
    let value = prop_oneof!["[xyX é,]{0,5}", (-20i32..20).prop_map(|n| n.to_string())];
    btree_map(prop_oneof![Just("a"), Just("b"), Just("c"), Just("n")].prop_map(str::to_owned), value, 0..4)
}

/// The meaning of a search, as plainly as it can be said.
fn naive(search: &Search, log: &Log) -> bool {
    match search {
        Search::All => true,
        Search::Not(inner) => !naive(inner, log),
        Search::And(parts) => parts.iter().all(|part| naive(part, log)),
        Search::Or(parts) => parts.iter().any(|part| naive(part, log)),
        Search::Exists(field) => log.contains_key(&field.name()),
        Search::Range { field, low, high } => {
            let number: Option<f64> = log.get(&field.name()).and_then(|value| value.trim().parse().ok());
            number.is_some_and(|number| std::ops::RangeBounds::contains(&(*low, *high), &number))
        }
        Search::Text { field: Some(field), term } => {
            let name = field.name();
            log.get(&name).is_some_and(|value| naive_words(&name, value, term))
        }
        Search::Text { field: None, term } => log.iter().any(|(name, value)| naive_words(name, value, term)),
    }
}

fn naive_words(name: &str, value: &str, term: &Term) -> bool {
    let fold = |text: &str| if name == "b" { text.to_owned() } else { text.to_lowercase() };
    let value = fold(value);
    let words: Vec<&str> = value.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let wanted = fold(&term.text);
    if term.style == Style::Word
        && let Some(prefix) = wanted.strip_suffix('*')
    {
        return words.iter().any(|word| word.starts_with(prefix));
    }
    let wanted: Vec<&str> = wanted.split(' ').collect();
    words.windows(wanted.len()).any(|window| window == wanted)
}

proptest! {
    #[test]
    fn no_query_makes_it_panic(query in "\\PC{0,60}") {
        let _ = events().ask(&query);
    }

    #[test]
    fn no_analysis_makes_it_panic(
        words in vec(prop_oneof![
            Just("select"), Just("count"), Just("("), Just(")"), Just("*"), Just(","), Just("from"), Just("log"),
            Just("where"), Just("group"), Just("by"), Just("order"), Just("limit"), Just("1"), Just("2.5"), Just("'x'"),
            Just("EventID"), Just("Count"), Just("and"), Just("not"), Just("in"), Just("between"), Just("like"),
            Just("is"), Just("null"), Just("case"), Just("when"), Just("then"), Just("end"), Just("cast"), Just("as"),
            Just("bigint"), Just("-"), Just("+"), Just("||"), Just("="), Just("<"), Just("lower"), Just("max"),
            Just("having"), Just("distinct"), Just("date_trunc"), Just("\"a"), Just("操"),
            Just("round"), Just("try_cast"), Just("varchar"), Just("max_by"), Just("substr"), Just("regexp_extract"),
            Just("if"), Just("now"), Just("current_date"), Just("escape"), Just("(select"), Just("1e3"), Just("lpad"),
        ], 0..14),
    ) {
        let _ = events().ask(&format!("* | select {}", words.join(" ")));
    }

    #[test]
    fn writing_and_parsing_a_search_gives_the_same_search(search in any_search()) {
        let written = search.to_string();
        match parser::parse(&written) {
            Ok((parsed, rest)) => {
                prop_assert_eq!(parsed, search, "{}", written);
                prop_assert_eq!(rest, None);
            }
            Err(refusal) => prop_assert!(refusal.message.starts_with("condition number"), "{}: {}", written, refusal),
        }
    }

    #[test]
    fn a_search_finds_what_a_plain_reading_of_it_finds(
        search in small_search(),
        logs in vec(small_log(), 1..6),
    ) {
        let bench = logs.iter().zip(0i64..).fold(Bench::new(small_index()), |bench, (log, time)| bench.log(time, &json!(log)));
        let answer = match bench.ask(&search.to_string()) {
            Ok(answer) => answer,
            Err(refusal) => {
                prop_assert!(refusal.message.starts_with("condition number"), "{}: {}", search, refusal);
                return Ok(());
            }
        };
        let found: Vec<&str> = answer.rows.iter().filter_map(|row| row["__time__"].as_str()).collect();
        let expected: Vec<String> = logs
            .iter()
            .enumerate()
            .filter(|(_, log)| naive(&search, log))
            .map(|(time, _)| time.to_string())
            .collect();
        prop_assert_eq!(found, expected, "{}", search);
    }

    #[test]
    fn groups_add_up_to_the_logs(logs in vec(small_log(), 0..8)) {
        let index = json!({"keys": {"a": {"type": "text", "token": [" "], "doc_value": true}}});
        let bench = logs.iter().zip(0i64..).fold(Bench::new(index), |bench, (log, time)| bench.log(time, &json!(log)));
        let counts = bench.column("* | select a, count(*) as c group by a", "c");
        let total: usize = counts.iter().map(|count| count.parse::<usize>().unwrap()).sum();
        prop_assert_eq!(total, logs.len());
    }
}
