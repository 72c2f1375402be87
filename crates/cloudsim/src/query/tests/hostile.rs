//! Queries nobody means well with.

use super::super::MAX_QUERY_BYTES;
use super::events;

#[test]
fn a_query_too_long_is_refused() {
    let refusal = events().refusal(&"a".repeat(MAX_QUERY_BYTES + 1));
    assert_eq!(refusal.code, "InvalidQueryString");
    assert!(refusal.message.len() < 200);
}

#[test]
fn a_query_nested_too_deep_is_refused() {
    for open in ["(", "not ", "* | select (", "* | select not ", "* | select lower(", "* | select case when "]
    {
        let (head, repeated) = open.rsplit_once("select ").map_or(("", open), |(head, rest)| (head, rest));
        let select = if head.is_empty() { "" } else { "select " };
        let query = format!("{head}{select}{}", repeated.repeat(3_000));
        assert_eq!(events().refusal(&query).code, "InvalidQueryString", "{open}");
    }
}

#[test]
fn the_deepest_query_allowed_still_runs() {
    let search = format!("{}e1{}", "(".repeat(50), ")".repeat(50));
    assert_eq!(events().ask(&search).unwrap().rows.len(), 1);
    let sql = format!("* | select {}1{} as v", "(".repeat(49), ")".repeat(49));
    assert_eq!(events().column(&sql, "v"), ["1", "1", "1"]);
    let calls = format!("* | select {}'A'{} as v", "lower(".repeat(49), ")".repeat(49));
    assert_eq!(events().column(&calls, "v"), ["a", "a", "a"]);
}

#[test]
fn what_was_parsed_does_not_nest_deeper_once_written() {
    let alternating = "nowhere or e1 (".repeat(14);
    let search = format!("{}({alternating}e1{})", "not ".repeat(22), ")".repeat(14));
    assert_eq!(events().ask(&search).unwrap().rows.len(), 1);
}

#[test]
fn the_longest_chain_allowed_still_runs() {
    let sum = format!("e1 | select {} as v", vec!["1"; 200].join(" + "));
    assert_eq!(events().column(&sum, "v"), ["200"]);
    assert_eq!(
        events().refusal(&format!("* | select {}", vec!["1"; 900].join("+"))).code,
        "InvalidQueryString"
    );
}

#[test]
fn more_than_thirty_conditions_are_refused() {
    let refusal = events().refusal(&vec!["a"; 43].join(" or "));
    assert_eq!(refusal.code, "ParameterInvalid");
    assert_eq!(refusal.message, "condition number 43 is more than 30");
}

#[test]
fn more_than_ten_distinct_counts_are_refused() {
    let counts = (0..11).map(|n| format!("count(distinct substr(EventID, {n}))")).collect::<Vec<_>>();
    let refusal = events().refusal(&format!("* | select {}", counts.join(", ")));
    assert_eq!(refusal.message, "max distinct num is:10, please use approx_distinct");
}

#[test]
fn aliases_cannot_multiply_a_query_without_end() {
    let heavy = vec!["1"; 120].join(" + ");
    let uses = vec!["h"; 120].join(" + ");
    let refusal =
        events().refusal(&format!("* | select {heavy} as h, count(*) group by 1 having {uses} > 1"));
    assert_eq!(refusal.code, "InvalidQueryString");
}

#[test]
fn text_that_looks_like_sql_stays_text() {
    let injected = "'' or 1=1 --";
    let sql = format!("* | select count(*) as v where EventID = '{}'", injected.replace('\'', "''"));
    assert_eq!(events().column(&sql, "v"), ["0"]);
    assert_eq!(events().ask("\"x') or 1=1 --\"").unwrap().rows.len(), 0);
}

#[test]
fn patterns_are_paid_for_by_the_statement() {
    let bench =
        (0..30).fold(events(), |bench, n| bench.log(n, &serde_json::json!({"EventID": n.to_string()})));
    let matched = format!("regexp_like(rpad(EventID, 250000, 'a'), '{}')", "x".repeat(3_200));
    let refusal = bench.refusal(&format!("* | select count_if({matched})"));
    assert_eq!(refusal.message, "Query exceeded the maximum time limit");
}

#[test]
fn malformed_searches_are_refused_where_they_break() {
    for (query, place) in [
        ("a : : b", "column:4 to column:5,error near < : >"),
        ("(a", "column:2 to column:2,error near <  >"),
        ("a)", "column:1 to column:2,error near < ) >"),
        ("操作 and", "column:6 to column:6,error near <  >"),
        ("or a", "column:0 to column:2,error near < or >"),
        ("a and or b", "column:6 to column:8,error near < or >"),
        ("Count > many", "column:8 to column:12,error near < many >"),
        ("Count in [1 2", "column:13 to column:13,error near <  >"),
        ("Count > inf", "column:8 to column:11,error near < inf >"),
        ("key:", "column:4 to column:4,error near <  >"),
    ] {
        let refusal = events().refusal(query);
        assert_eq!(refusal.code, "ParameterInvalid");
        assert!(refusal.message.ends_with(place), "{query}: {refusal}");
    }
    assert_eq!(events().refusal("\"open").message, "unclosed string quote");
}

#[test]
fn a_pipe_in_quotes_starts_no_analysis() {
    assert!(!events().ask("\"a | b\"").unwrap().has_sql);
}
