//! The forms of an analysis besides functions: expressions, clauses, and a `SELECT` inside another.

use super::events;

fn table(sql: &str) -> Vec<Vec<String>> {
    events().table(&format!("* | {sql}"))
}

fn refusal(sql: &str) -> String {
    events().refusal(&format!("* | {sql}")).message
}

#[test]
fn expressions() {
    for (expression, expected) in [
        ("case EventProduct when 'ECS' then 1 when 'OSS' then 2 end", "2"),
        ("case Count when 1 then 'one' else 'other' end", "other"),
        ("case null when null then 1 else 2 end", "2"),
        ("case when true then 1 else 2.5 end", "1.0"),
        ("1e3", "1000.0"),
        ("1.5E-3 * 2e+0", "0.003"),
        ("5.5 % 2", "1.5"),
        ("7 % 4", "3"),
        ("-7 / 2", "-3"),
        ("5 % 0", "null"),
        ("5.5 % 0", "null"),
        ("'50%' like '50!%' escape '!'", "true"),
        ("'500' like '50!%' escape '!'", "false"),
        ("'a_b' not like 'a!_b' escape '!'", "false"),
        ("Count in (5, 6)", "true"),
        ("Count not in (5, null)", "false"),
        ("Count not between 6 and 7", "true"),
        ("null is null", "true"),
    ] {
        assert_eq!(table(&format!("select {expression} as v limit 1")), [[expected]], "{expression}");
    }
}

#[test]
fn forms_that_are_wrong_are_named() {
    for (sql, expected) in [
        (
            "select case Count when 'x' then 1 end",
            "line 1:9: CASE operand type does not match WHEN clause operand type: bigint, varchar",
        ),
        ("select case Count end", "line 1:20: mismatched input 'end' expecting 'WHEN'"),
        ("select 1e999", "line 1:9: Invalid numeric literal"),
        (
            "select 1e",
            "line 1:9: identifiers must not start with a digit; surround the identifier with double quotes",
        ),
        ("select 'a' like 'b' escape 'ab'", "line 1:29: Escape string must be a single character"),
        (
            "select 'a' like '!a' escape '!'",
            "Escape character must be followed by '%', '_' or the escape character itself",
        ),
        (
            "select cast(1 as blob)",
            "line 1:19: mismatched input 'blob' expecting 'BIGINT', 'DOUBLE', 'VARCHAR'",
        ),
        ("select extract(length from 1)", "line 1:17: Invalid EXTRACT field: length"),
        ("select split('a', 'b')", "line 1:9: Function split not registered"),
        ("select array_agg(EventID)", "line 1:9: Function array_agg not registered"),
    ] {
        assert_eq!(refusal(sql), expected, "{sql}");
    }
}

#[test]
fn constants_make_an_order_and_groups() {
    assert_eq!(table("select true as x, EventID order by 1, x, EventID desc limit 1"), [["true", "e3"]]);
    assert_eq!(
        table("select true as x, null, count(*) group by x, 2 order by 1, 2"),
        [["true", "null", "3"]]
    );
}

#[test]
fn an_infinite_key_of_a_group_stays_infinite() {
    assert_eq!(table("select -pow(10, 999) as x, count(*) group by x"), [["-Infinity", "3"]]);
    assert_eq!(table("select max(x) from (select pow(10, 999) as x)"), [["Infinity"]]);
}

#[test]
fn a_select_reads_the_rows_of_another() {
    for (sql, expected) in [
        ("select EventID from (select EventID, Count from log) where Count > 5", vec![vec!["e2"]]),
        (
            "select max(c) from (select EventProduct, count(*) as c group by EventProduct) as t",
            vec![vec!["2"]],
        ),
        (
            "select c, count(*) as n from (select EventProduct, count(*) as c group by 1) group by c order by c",
            vec![vec!["1", "1"], vec!["2", "1"]],
        ),
        ("select * from (select EventID as id, Ratio order by Ratio desc limit 1)", vec![vec!["e2", "2.0"]]),
        ("select sum(n) + 1 as s from (select Count as n)", vec![vec!["16"]]),
        ("select day(t) as d, ok from (select now() as t, true as ok limit 1) t", vec![vec!["17", "true"]]),
        ("select avg(x) from (select x from (select Count * 2 as x))", vec![vec!["15.0"]]),
        (
            "select distinct p from (select lower(EventProduct) as p) order by p",
            vec![vec!["ecs"], vec!["oss"]],
        ),
        ("select count(*) from (select EventID where EventID = 'none')", vec![vec!["0"]]),
    ] {
        assert_eq!(table(sql), expected, "{sql}");
    }
}

#[test]
fn an_inner_select_has_no_limit_of_its_own() {
    let bench =
        (0..150).fold(events(), |bench, n| bench.log(n, &serde_json::json!({"EventID": n.to_string()})));
    let answer = bench.ask("* | select count(*) as c from (select EventID)").unwrap();
    assert_eq!((answer.rows[0]["c"].as_str(), answer.processed_rows), (Some("153"), 153));
}

#[test]
fn an_outer_select_sees_only_what_the_inner_one_gives() {
    let unknown = "cannot be resolved;please add the column in the index attribute";
    assert_eq!(refusal("select Count from (select EventID)"), format!("line 1:9: Column 'Count' {unknown}"));
    assert_eq!(
        refusal("select a, count(*) from (select EventID as a, Count as b) group by b"),
        "line 1:9: Column 'a' not in GROUP BY clause;please add the column in the index attribute"
    );
    assert_eq!(
        refusal("select a + 1 from (select 'x' as a)"),
        "line 1:9: '+' cannot be applied to varchar, bigint"
    );
}

#[test]
fn selects_nest_four_deep_and_no_deeper() {
    let nested = |times: usize| {
        (0..times).fold("select 1 as x".to_owned(), |inner, _| format!("select x from ({inner})"))
    };
    assert_eq!(table(&nested(3)).len(), 3);
    assert_eq!(refusal(&nested(4)), "query string is invalid: more than 4 SELECT in one another");
}
