//! Searches: what stands before the `|`.

use serde_json::json;

use super::super::{Bars, Request, histograms};
use super::{Bench, LOGSTORE, events, request};

fn found(query: &str) -> Vec<String> {
    events().column(query, "EventID")
}

#[test]
fn everything_is_found_by_a_star_or_by_nothing() {
    assert_eq!(found("*"), ["e1", "e2", "e3"]);
    assert_eq!(found("  "), ["e1", "e2", "e3"]);
}

#[test]
fn words_are_found_in_any_field_and_any_case() {
    assert_eq!(found("freezebucket"), ["e1"]);
    assert_eq!(found("OSS STAFF"), ["e1"]);
    assert_eq!(found("lonely"), ["e1"]);
    assert_eq!(found("froze"), [""; 0]);
}

#[test]
fn quoted_words_match_in_any_order_and_phrases_in_theirs() {
    assert_eq!(found("\"frozen bucket\""), ["e1", "e2"]);
    assert_eq!(found("#\"frozen bucket\""), ["e2"]);
    assert_eq!(found("EventDescription: #\"frozen by staff\""), ["e1"]);
}

#[test]
fn operators_combine_in_any_case() {
    assert_eq!(found("oss AND staff"), ["e1"]);
    assert_eq!(found("e1 Or e3"), ["e1", "e3"]);
    assert_eq!(found("EventProduct: oss nOt staff"), ["e3"]);
    assert_eq!(found("not (e1 or e2)"), ["e3"]);
}

#[test]
fn and_binds_tighter_than_or() {
    assert_eq!(found("e3 or staff and oss"), ["e1", "e3"]);
}

#[test]
fn a_field_is_searched_alone() {
    assert_eq!(found("EventProduct: bucket"), [""; 0]);
    assert_eq!(found("EventProduct:OSS"), ["e1", "e3"]);
    assert_eq!(found("\"EventProduct\" : \"oss\""), ["e1", "e3"]);
}

#[test]
fn wildcards_stand_in_the_middle_and_at_the_end() {
    assert_eq!(found("free*"), ["e1"]);
    assert_eq!(found("EventName: r?b*instance"), ["e2"]);
    assert_eq!(found("\"free*\""), [""; 0]);
}

#[test]
fn a_wildcard_in_front_is_refused() {
    let refusal = events().refusal("EventName: *bucket");
    assert_eq!(refusal.code, "ParameterInvalid");
    assert_eq!(refusal.message, "only support * or ? in the middle or end of the query");
}

#[test]
fn a_star_asks_whether_the_field_is_there() {
    assert_eq!(found("Ratio: *"), ["e1", "e2"]);
    assert_eq!(found("not Exact:*"), ["e2", "e3"]);
}

#[test]
fn an_empty_term_asks_for_an_empty_value() {
    assert_eq!(found("EventDescription: \"\""), ["e3"]);
}

#[test]
fn case_counts_where_the_index_says_so() {
    assert_eq!(found("Exact: Alpha"), ["e1"]);
    assert_eq!(found("Exact: alpha"), [""; 0]);
}

#[test]
fn numbers_are_compared() {
    for (query, expected) in [
        ("Count > 5", vec!["e2"]),
        ("Count >= 5", vec!["e1", "e2"]),
        ("Count < 10", vec!["e1"]),
        ("Count <= -1", vec![]),
        ("Count = 10", vec!["e2"]),
        ("Count: 10", vec!["e2"]),
        ("Ratio > 0.4", vec!["e1", "e2"]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
}

#[test]
fn intervals_are_open_or_closed() {
    for (query, expected) in [
        ("Count in [5 10]", vec!["e1", "e2"]),
        ("Count in (5 10]", vec!["e2"]),
        ("Count IN [5, 10)", vec!["e1"]),
        ("Count in (5 10)", vec![]),
    ] {
        assert_eq!(found(query), expected, "{query}");
    }
}

#[test]
fn a_member_of_a_json_field_is_a_field() {
    assert_eq!(found("Detail.ticket.id > 7"), ["e2"]);
    assert_eq!(found("Detail: abuse"), ["e1"]);
}

#[test]
fn reserved_fields_need_no_index() {
    let bench = Bench::new(json!({"line": {"token": [" "]}}))
        .log_of(LOGSTORE, 1, "one", &json!({"n": "1"}))
        .log_of(LOGSTORE, 2, "two", &json!({"n": "2"}));
    assert_eq!(bench.column("__topic__: two", "n"), ["2"]);
    assert_eq!(bench.column("__topic__: t*", "n"), ["2"]);
    assert_eq!(bench.column("__source__: 10.0.0.1 and __tag__:host: web", "n"), ["1", "2"]);
    assert_eq!(bench.column("__tag__:host: other", "n"), [""; 0]);
}

#[test]
fn a_field_without_an_index_is_refused_by_name() {
    let refusal = events().refusal("Unindexed: x");
    assert_eq!(refusal.code, "ParameterInvalid");
    assert!(refusal.message.contains("key (Unindexed) is not config as key value config"), "{refusal}");
    assert!(refusal.message.contains("create a field index"), "{refusal}");
}

#[test]
fn a_comparison_needs_a_numeric_index() {
    let refusal = events().refusal("EventProduct > 5");
    assert_eq!(refusal.message, "key (EventProduct) is not config as numberic column");
}

#[test]
fn full_text_needs_its_index() {
    let bench =
        Bench::new(json!({"keys": {"a": {"type": "text", "token": [" "]}}})).log(1, &json!({"a": "x"}));
    assert_eq!(bench.refusal("x").code, "ParameterInvalid");
    assert_eq!(bench.column("a: x", "a"), ["x"]);
}

#[test]
fn a_logstore_without_index_says_so() {
    assert_eq!(Bench::new(json!(null)).refusal("*").code, "IndexConfigNotExist");
}

#[test]
fn a_row_has_its_time_topic_source_tags_and_contents() {
    let answer = events().ask("e3").unwrap();
    let expected = json!({
        "__time__": "300", "__topic__": "t", "__source__": "10.0.0.1", "__tag__:host": "web",
        "EventID": "e3", "EventProduct": "OSS", "EventName": "操作", "EventDescription": "", "Count": "none"
    });
    assert_eq!(json!(answer.rows[0]), expected);
}

#[test]
fn an_answer_tells_the_parts_of_its_query() {
    let answer = events().ask(" EventProduct: OSS | select count(*) ").unwrap();
    assert_eq!(answer.where_query, "EventProduct: OSS");
    assert_eq!(answer.agg_query, "select count(*)");
    assert!(answer.has_sql && answer.complete);
    assert_eq!(answer.processed_rows, 2);
}

#[test]
fn rows_come_oldest_first_unless_reversed() {
    let reversed = Request { reverse: true, ..request("*") };
    let ids: Vec<_> =
        events().request(&reversed).unwrap().rows.into_iter().map(|row| row["EventID"].clone()).collect();
    assert_eq!(ids, ["e3", "e2", "e1"]);
}

#[test]
fn line_and_offset_cut_a_page() {
    let page = Request { line: 1, offset: 1, ..request("*") };
    let answer = events().request(&page).unwrap();
    assert_eq!(answer.rows.len(), 1);
    assert_eq!(answer.rows[0]["EventID"], "e2");
}

#[test]
fn the_start_of_the_range_is_in_and_the_end_is_out() {
    let range = Request { from: 100, to: 300, ..request("*") };
    assert_eq!(events().request(&range).unwrap().rows.len(), 2);
}

#[test]
fn another_topic_or_logstore_is_not_found() {
    let bench = events().log_of(2, 1, "t", &json!({"EventID": "x"}));
    assert_eq!(bench.ask("*").unwrap().rows.len(), 3);
    assert_eq!(bench.request(&Request { topic: "u".into(), ..request("*") }).unwrap().rows.len(), 0);
    assert_eq!(bench.request(&Request { topic: "t".into(), ..request("*") }).unwrap().rows.len(), 3);
}

#[test]
fn a_range_that_is_none_is_refused() {
    for (from, to) in [(5, 5), (6, 5), (i64::MIN, i64::MAX)] {
        let refusal = events().request(&Request { from, to, ..request("*") }).unwrap_err();
        assert_eq!(refusal.code, "InvalidTimeRange");
    }
}

#[test]
fn more_than_a_hundred_lines_are_refused() {
    let refusal = events().request(&Request { line: 101, ..request("*") }).unwrap_err();
    assert_eq!(refusal.code, "InvalidLine");
}

#[test]
fn a_histogram_counts_what_the_search_finds() {
    let bench = events();
    let range = Request { from: 100, to: 301, ..request("EventProduct: OSS | select 1") };
    let bars = histograms(&bench.conn, LOGSTORE, &bench.index, &range, Bars::AtMost(2)).unwrap();
    let drawn: Vec<_> = bars.iter().map(|bar| (bar.from, bar.to, bar.count, bar.complete)).collect();
    assert_eq!(drawn, [(100, 201, 1, true), (201, 301, 1, true)]);
}
