//! Analyses: what stands after the `|`.

use serde_json::json;

use super::super::Request;
use super::{Bench, LOGSTORE, event_index, events, request};

fn table(sql: &str) -> Vec<Vec<String>> {
    events().table(&format!("* | {sql}"))
}

fn one(expression: &str) -> String {
    let row = table(&format!("select {expression} as v limit 1"));
    row[0][0].clone()
}

fn refusal(sql: &str) -> String {
    let refusal = events().refusal(&format!("* | {sql}"));
    assert_eq!(refusal.code, "ParameterInvalid", "{refusal}");
    refusal.message
}

#[test]
fn logs_are_counted_by_group() {
    let sql = "select EventProduct, count(*) as c group by EventProduct order by c desc";
    assert_eq!(table(sql), [["OSS", "2"], ["ECS", "1"]]);
}

#[test]
fn the_search_comes_first() {
    assert_eq!(events().table("EventProduct: OSS | select count(1) from log"), [["2"]]);
}

#[test]
fn groups_go_by_name_alias_or_position() {
    for key in ["lower(EventProduct)", "p", "1"] {
        let sql = format!("select lower(EventProduct) as p, count(*) group by {key} order by 1");
        assert_eq!(table(&sql), [["ecs", "1"], ["oss", "2"]], "{key}");
    }
}

#[test]
fn aggregates_over_numbers_keep_their_type() {
    let sql = "select sum(Count), avg(Count), min(Count), max(Ratio), sum(Ratio)";
    assert_eq!(table(sql), [["15", "7.5", "5", "2.0", "2.5"]]);
}

#[test]
fn aggregates_ignore_null_and_count_conditions() {
    let sql = "select count(Count), count(*), count_if(Count > 5), count(distinct EventProduct), \
               approx_distinct(EventProduct), max(EventName)";
    assert_eq!(table(sql), [["2", "3", "1", "2", "2", "操作"]]);
}

#[test]
fn aggregates_over_nothing_are_one_row() {
    let sql = "nothing | select count(*), sum(Count), avg(Count), max(EventID)";
    assert_eq!(events().table(sql), [["0", "null", "null", "null"]]);
    assert!(events().table("nothing | select EventID, count(*) group by EventID").is_empty());
}

#[test]
fn aggregates_take_part_in_expressions() {
    let sql =
        "select EventProduct || '!' as p, count(*) * 10 + max(Count) as n group by EventProduct order by n";
    assert_eq!(table(sql), [["ECS!", "20"], ["OSS!", "25"]]);
}

#[test]
fn having_selects_groups() {
    let sql = "select EventProduct, count(*) as c group by EventProduct having c > 1 and max(Count) = 5";
    assert_eq!(table(sql), [["OSS", "2"]]);
}

#[test]
fn where_selects_logs() {
    for (condition, expected) in [
        ("Count between 5 and 9", vec![["e1"]]),
        ("EventProduct in ('ECS', 'RDS')", vec![["e2"]]),
        ("EventName like 'Free%'", vec![["e1"]]),
        ("EventName not like '%e%'", vec![["e3"]]),
        ("Count is null", vec![["e3"]]),
        ("not EventProduct = 'OSS' or EventID = 'e3'", vec![["e2"], ["e3"]]),
        ("Count != 5", vec![["e2"]]),
        ("__time__ >= 200 and __topic__ = 't'", vec![["e2"], ["e3"]]),
        ("\"__tag__:host\" = 'other'", vec![]),
        ("\"Detail.ticket.id\" = 8", vec![["e2"]]),
        ("case when Count > 5 then true else false end", vec![["e2"]]),
    ] {
        assert_eq!(table(&format!("select EventID where {condition}")), expected, "{condition}");
    }
}

#[test]
fn order_puts_null_last_either_way() {
    assert_eq!(table("select EventID order by Count"), [["e1"], ["e2"], ["e3"]]);
    assert_eq!(table("select EventID order by Count desc"), [["e2"], ["e1"], ["e3"]]);
}

#[test]
fn limit_takes_an_offset_first() {
    assert_eq!(table("select EventID limit 1"), [["e1"]]);
    assert_eq!(table("select EventID order by EventID desc limit 1, 5"), [["e2"], ["e1"]]);
}

#[test]
fn distinct_rows_come_once() {
    assert_eq!(table("select distinct EventProduct order by EventProduct"), [["ECS"], ["OSS"]]);
}

#[test]
fn a_star_has_every_analysed_field() {
    let answer = events().ask("e1 | select * from log").unwrap();
    let keys = [
        "__time__",
        "__topic__",
        "__source__",
        "Count",
        "Detail",
        "EventDescription",
        "EventID",
        "EventName",
        "EventProduct",
        "Ratio",
        "__tag__:host",
    ];
    assert_eq!(answer.keys, keys);
    assert_eq!(answer.rows[0]["__tag__:host"], "web");
    assert_eq!(answer.rows[0]["Count"], "5");
}

#[test]
fn columns_without_a_name_are_called_by_position() {
    let answer = events().ask("* | select EventID, count(*) group by EventID").unwrap();
    assert_eq!(answer.keys, ["EventID", "_col1"]);
}

#[test]
fn functions_of_text() {
    for (expression, expected) in [
        ("lower('ÄB')", "äb"),
        ("upper('aß')", "ASS"),
        ("length('操作')", "2"),
        ("substr('abcde', 2, 3)", "bcd"),
        ("substr('abcde', -2)", "de"),
        ("concat('a', 'b', 'c')", "abc"),
        ("concat('a', null)", "null"),
        ("coalesce(null, Detail, 'x')", "{\"ticket\":{\"id\":7},\"reason\":\"abuse\"}"),
        ("json_extract_scalar(Detail, '$.ticket.id')", "7"),
        ("json_extract_scalar(Detail, '$.nowhere')", "null"),
        ("'it''s'", "it's"),
    ] {
        assert_eq!(one(expression), expected, "{expression}");
    }
}

#[test]
fn functions_of_time() {
    for (expression, expected) in [
        ("from_unixtime(1592374067)", "2020-06-17 14:07:47.000"),
        ("to_unixtime(from_unixtime(1592374067))", "1592374067.0"),
        ("date_trunc('hour', 1592374067)", "2020-06-17 14:00:00.000"),
        ("date_trunc('day', from_unixtime(1592374067))", "2020-06-17 00:00:00.000"),
        ("date_format(from_unixtime(1592374067), '%Y-%m-%d %H:%i:%s')", "2020-06-17 14:07:47"),
        ("date_format(__time__, '%H:%i')", "08:01"),
        ("cast(from_unixtime(0) as varchar)", "1970-01-01 08:00:00.000"),
        ("from_unixtime(0) < from_unixtime(1)", "true"),
    ] {
        assert_eq!(one(expression), expected, "{expression}");
    }
}

#[test]
fn functions_of_numbers() {
    for (expression, expected) in [
        ("7 / 2", "3"),
        ("7 / 2.0", "3.5"),
        ("7 % 4 - -1", "4"),
        ("1 / 0", "null"),
        ("cast('12' as bigint) + 1", "13"),
        ("cast(3 as double)", "3.0"),
        ("cast(true as varchar)", "true"),
        ("1 = 1.0", "true"),
        ("Count * 2", "10"),
        ("null", "null"),
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
    ] {
        assert_eq!(one(expression), expected, "{expression}");
    }
}

#[test]
fn times_make_groups() {
    let sql = "select date_trunc('minute', __time__) as t, count(*) group by t order by t";
    let expected = [
        ["1970-01-01 08:01:00.000", "1"],
        ["1970-01-01 08:03:00.000", "1"],
        ["1970-01-01 08:05:00.000", "1"],
    ];
    assert_eq!(table(sql), expected);
}

#[test]
fn refusals_name_what_is_wrong() {
    for (sql, expected) in [
        ("select nosuch(1)", "line 1:9: Function nosuch not registered"),
        ("select load_extension('x')", "line 1:9: Function load_extension not registered"),
        (
            "select Nope",
            "line 1:9: Column 'Nope' cannot be resolved;please add the column in the index attribute",
        ),
        (
            "select Exact",
            "line 1:9: Column 'Exact' cannot be resolved;please add the column in the index attribute",
        ),
        (
            "select \"hidden\"",
            "line 1:9: Column 'hidden' cannot be resolved;please add the column in the index attribute",
        ),
        (
            "select EventID, count(*) group by EventName",
            "line 1:9: Column 'EventID' not in GROUP BY clause;please add the column in the index attribute",
        ),
        ("select count(*) from secret", "line 1:23: Table secret does not exist, only log can be analysed"),
        ("select EventID where EventID > 5", "line 1:23: '>' cannot be applied to varchar, bigint"),
        ("select EventID where Count", "line 1:23: WHERE clause must evaluate to a boolean (actual: bigint)"),
        (
            "select EventID where Count in ('a')",
            "line 1:23: IN value and list items must be the same type: bigint",
        ),
        (
            "select 1 where count(*) > 1",
            "line 1:17: clause cannot contain aggregations or window functions: count",
        ),
        (
            "select count(*) group by count(*)",
            "line 1:27: clause cannot contain aggregations or window functions: count",
        ),
        ("select sum(max(Count))", "line 1:9: Cannot nest aggregations inside aggregation 'sum'"),
        ("select sum(EventID)", "line 1:9: Unexpected parameters (varchar) for function sum"),
        ("select lower(1)", "line 1:9: Unexpected parameters (bigint) for function lower"),
        ("select substr('a')", "line 1:9: Unexpected parameters (varchar) for function substr"),
        ("select date_trunc('eon', 1)", "line 1:9: 'eon' is not a valid TIMESTAMP field"),
        ("select json_extract_scalar(Detail, 'x')", "Invalid JSON path: 'x'"),
        ("select cast(EventID as bigint)", "Can not cast 'e1' to BIGINT"),
        ("select EventID group by 3", "line 1:26: position 3 is not in select list"),
        ("select EventID limit 1000001", "reading data with pagination only allow reading max 1000000"),
        ("select EventID limit 1, 1000000", "reading data with pagination only allow reading max 1000000"),
        ("", "line 1:2: mismatched input '<EOF>' expecting 'SELECT'"),
        ("delete from log", "line 1:2: mismatched input 'delete' expecting 'SELECT'"),
        ("select 1; drop table log", "line 1:12: mismatched input 'drop' expecting <EOF>"),
        ("select 1 union select 2", "line 1:17: mismatched input 'select' expecting <EOF>"),
        ("select 1 from log, log", "line 1:19: mismatched input ',' expecting <EOF>"),
        ("select (select 1)", "line 1:17: mismatched input '1' expecting ')'"),
        ("select 'open", "unclosed string quote"),
        (
            "select 2x",
            "line 1:9: identifiers must not start with a digit; surround the identifier with double quotes",
        ),
        ("select 99999999999999999999", "line 1:9: Invalid numeric literal"),
    ] {
        assert_eq!(refusal(sql), expected, "{sql}");
    }
}

#[test]
fn an_analysis_is_paged_by_its_limit_alone() {
    let paged = Request { offset: 1, ..request("* | select EventID") };
    let refusal = events().request(&paged).unwrap_err();
    assert_eq!(refusal.code, "ParameterInvalid");
    assert!(refusal.message.contains("please use limit x,y syntax"), "{refusal}");
}

#[test]
fn without_a_limit_a_hundred_rows_come() {
    let bench =
        (0..150).fold(events(), |bench, n| bench.log(n, &serde_json::json!({"EventID": n.to_string()})));
    assert_eq!(bench.ask("* | select EventID").unwrap().rows.len(), 100);
    assert_eq!(bench.ask("* | select EventID, count(*) group by EventID").unwrap().rows.len(), 100);
    assert_eq!(bench.ask("* | select EventID limit 1000").unwrap().rows.len(), 153);
}

/// Logs of two Logstores, of which the one asked has every `share`th; times go against the order of arrival.
fn mixed(share: i64) -> Bench {
    (0..60).fold(Bench::new(event_index()), |bench, number| {
        let logstore = if number % share == 0 { LOGSTORE } else { LOGSTORE + 1 };
        let event = json!({"EventProduct": if number % 20 < 10 { "OSS" } else { "ECS" }, "Count": number.to_string()});
        bench.log_of(logstore, 1_000 - number, "t", &event)
    })
}

#[test]
fn groups_are_the_same_however_close_together_the_logs_lie() {
    for (share, counts) in [(1, "30"), (2, "15"), (5, "6"), (10, "3")] {
        let found =
            mixed(share).table("* | select EventProduct, count(*) as c group by EventProduct order by 1");
        assert_eq!(found, [["ECS", counts], ["OSS", counts]], "{share}");
    }
}

#[test]
fn groups_hold_only_logs_of_the_time_asked_for() {
    for share in [1, 10] {
        let asked =
            Request { from: 961, to: 981, ..request("* | select sum(Count) as s, count(Count) as c") };
        let row = mixed(share).request(&asked).unwrap().rows.remove(0);
        let numbers: Vec<i64> = (20..=39).filter(|number| number % share == 0).collect();
        let expected = (numbers.iter().sum::<i64>().to_string(), numbers.len().to_string());
        assert_eq!(
            (row["s"].as_str().unwrap(), row["c"].as_str().unwrap()),
            (expected.0.as_str(), expected.1.as_str())
        );
    }
}
