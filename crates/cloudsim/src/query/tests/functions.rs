//! The functions of analyses, each against the value an answer shows.

use super::{Bench, events};

fn one(expression: &str) -> String {
    let rows = events().table(&format!("* | select {expression} as v limit 1"));
    rows[0][0].clone()
}

fn all(cases: &[(&str, &str)]) {
    for (expression, expected) in cases {
        assert_eq!(one(expression), *expected, "{expression}");
    }
}

fn refusal(expression: &str) -> String {
    let refusal = events().refusal(&format!("* | select {expression}"));
    assert_eq!(refusal.code, "ParameterInvalid", "{refusal}");
    refusal.message
}

#[test]
fn choices() {
    all(&[
        ("if(Count > 4, 'many', 'few')", "many"),
        ("if(Count > 5, 'many')", "null"),
        ("if(null, 1, 2.5)", "2.5"),
        ("if(true, 1, 2.5)", "1.0"),
        ("if(true, 7, 2.5) / 2", "3.5"),
        ("nullif(EventProduct, 'OSS')", "null"),
        ("nullif(1, 2)", "1"),
        ("coalesce(null, 1, 2.5)", "1.0"),
        ("greatest(1, 3, 2)", "3"),
        ("least('b', 'a')", "a"),
        ("greatest(1, null)", "null"),
    ]);
    assert_eq!(
        refusal("if(1, 2, 3)"),
        "line 1:9: Unexpected parameters (bigint, bigint, bigint) for function if"
    );
    assert_eq!(
        refusal("if(true, 2, 'x')"),
        "line 1:9: All IF operands must be the same type: boolean, bigint, varchar"
    );
}

#[test]
fn numbers() {
    all(&[
        ("abs(-5)", "5"),
        ("abs(-5.5)", "5.5"),
        ("ceil(1.2)", "2.0"),
        ("ceiling(3)", "3"),
        ("floor(-1.2)", "-2.0"),
        ("round(2.5)", "3.0"),
        ("round(-2.5)", "-3.0"),
        ("round(3.14159, 2)", "3.14"),
        ("round(1250, -2)", "1300"),
        ("truncate(-2.9)", "-2.0"),
        ("truncate(3.14159, 3)", "3.141"),
        ("sign(-3)", "-1"),
        ("sign(0.0)", "0.0"),
        ("mod(7, 4)", "3"),
        ("mod(-7, 4)", "-3"),
        ("mod(5.5, 2)", "1.5"),
        ("mod(1, 0)", "null"),
        ("power(2, 10)", "1024.0"),
        ("pow(10, 400)", "Infinity"),
        ("sqrt(2.25)", "1.5"),
        ("sqrt(-1)", "null"),
        ("cbrt(27)", "3.0"),
        ("exp(0)", "1.0"),
        ("ln(e())", "1.0"),
        ("log2(8)", "3.0"),
        ("log10(1000)", "3.0"),
        ("round(pi(), 4)", "3.1416"),
        ("to_base(255, 16)", "ff"),
        ("abs(null)", "null"),
        ("round(null, 2)", "null"),
    ]);
    assert_eq!(refusal("abs(-9223372036854775807 - 1)"), "bigint overflow");
    assert_eq!(refusal("to_base(1, 37)"), "Radix must be between 2 and 36");
}

#[test]
fn texts() {
    all(&[
        ("trim('  a b ')", "a b"),
        ("ltrim('  a ') || '.'", "a ."),
        ("rtrim(' a  ') || '.'", " a."),
        ("replace('banana', 'an', 'AN')", "bANANa"),
        ("replace('banana', 'an')", "ba"),
        ("reverse('操作a')", "a作操"),
        ("substring('abcde', 2)", "bcde"),
        ("substr('abcde', 0)", ""),
        ("split_part('a/b/c', '/', 2)", "b"),
        ("split_part('a/b/c', '/', 4)", "null"),
        ("strpos('bucket', 'ck')", "3"),
        ("strpos('bucket', 'x')", "0"),
        ("position('操' in 'x操')", "2"),
        ("lpad('7', 3, '0')", "007"),
        ("rpad('ab', 5, 'xy')", "abxyx"),
        ("lpad('abcdef', 3, '0')", "abc"),
        ("starts_with(EventName, 'Freeze')", "true"),
        ("ends_with(EventName, 'Freeze')", "false"),
        ("chr(25805)", "操"),
        ("codepoint('操')", "25805"),
        ("trim(null)", "null"),
    ]);
    assert_eq!(refusal("split_part('a', '/', 0)"), "Index must be greater than zero");
    assert_eq!(refusal("lpad('a', 1, '')"), "Padding string must not be empty");
    assert_eq!(refusal("chr(-1)"), "Not a valid Unicode code point: -1");
}

#[test]
fn texts_do_not_grow_without_end() {
    let limit = "is larger than 1048576 bytes";
    let long = serde_json::json!({"EventID": "long", "EventName": "x".repeat(2 * 1024 * 1024)});
    let kept = events().log(9, &long).table("EventID: long | select length(replace(EventName, 'x', 'y'))");
    assert_eq!(kept, [["2097152"]]);
    assert!(refusal("lpad('a', 1000000000, 'b')").ends_with(limit));
    let grown = "replace(replace(replace(replace(rpad('', 999, 'a'), 'a', rpad('', 999, 'b'))";
    let grown = format!("{grown}, 'b', rpad('', 999, 'c')), 'c', 'dd'), 'd', 'ee')");
    assert!(refusal(&grown).ends_with(limit));
    assert!(refusal("regexp_replace(rpad('', 9999, 'a'), 'a', rpad('', 9999, 'b'))").ends_with(limit));
}

#[test]
fn patterns() {
    all(&[
        ("regexp_like(EventName, '^Freeze')", "true"),
        ("regexp_like(EventName, 'bucket')", "false"),
        ("regexp_like(EventName, '(?i)bucket')", "true"),
        ("regexp_like(null, 'x')", "null"),
        ("regexp_extract('port 8085/tcp', '[0-9]+')", "8085"),
        ("regexp_extract('port 8085/tcp', '([0-9]+)/(\\w+)', 2)", "tcp"),
        ("regexp_extract('port', '[0-9]+')", "null"),
        ("regexp_replace('1a2b', '[0-9]')", "ab"),
        ("regexp_replace('2026-11', '(\\d+)-(\\d+)', '$2/$1')", "11/2026"),
        ("regexp_replace('a', 'a', '\\$1')", "$1"),
        ("regexp_replace('abc', '', '-')", "-a-b-c-"),
    ]);
    assert_eq!(refusal("regexp_like('a', '(')"), "Invalid regular expression: '('");
    assert_eq!(refusal("regexp_like('a', '(a)\\1')"), "Invalid regular expression: '(a)\\1'");
    assert_eq!(refusal("regexp_extract('a', 'a', 1)"), "Pattern has no group '1'");
}

#[test]
fn a_pattern_may_come_from_the_log() {
    let found = events().table("* | select EventID where regexp_like('OSS', EventProduct) order by 1");
    assert_eq!(found, [["e1"], ["e3"]]);
}

#[test]
fn json() {
    all(&[
        ("json_extract(Detail, '$.ticket')", "{\"id\":7}"),
        ("json_extract(Detail, '$.reason')", "\"abuse\""),
        ("json_extract(Detail, '$.nowhere')", "null"),
        ("json_size(Detail, '$')", "2"),
        ("json_size(Detail, '$.reason')", "0"),
        ("json_array_length('[1, 2, 3]')", "3"),
        ("json_array_length(Detail)", "null"),
        ("json_extract_scalar('[\"a\"]', '$[0]')", "a"),
    ]);
    assert_eq!(refusal("json_extract(Detail, 'ticket')"), "Invalid JSON path: 'ticket'");
}

#[test]
fn urls() {
    all(&[
        ("url_encode('a b&c=操/*')", "a+b%26c%3D%E6%93%8D%2F*"),
        ("url_decode('a+b%26c%3D%E6%93%8D')", "a b&c=操"),
        ("url_decode('100%')", "100%"),
    ]);
}

#[test]
fn times() {
    all(&[
        ("date_parse('2020-06-17 14:07:47', '%Y-%m-%d %H:%i:%s')", "2020-06-17 14:07:47.000"),
        ("to_unixtime(date_parse('2020-06-17 14:07:47', '%Y-%m-%d %H:%i:%s'))", "1592374067.0"),
        ("date_diff('hour', from_unixtime(0), from_unixtime(7201))", "2"),
        ("date_diff('month', date '2020-01-15', date '2020-03-14')", "1"),
        ("date_diff('second', 100, __time__)", "0"),
        ("date_add('day', -1, from_unixtime(1592374067))", "2020-06-16 14:07:47.000"),
        ("date_add('month', 1, date '2020-01-31')", "2020-02-29"),
        ("date_trunc('month', date '2020-06-17')", "2020-06-01"),
    ]);
    all(&[
        ("date(from_unixtime(1592374067))", "2020-06-17"),
        ("last_day_of_month(date '2020-02-03')", "2020-02-29"),
        ("from_iso8601_date('2020-06-17')", "2020-06-17"),
        ("date '2020-06-17' < timestamp '2020-06-17 00:00:01'", "true"),
        ("year(1592374067)", "2020"),
        ("quarter(1592374067)", "2"),
        ("month(1592374067)", "6"),
        ("week(1592374067)", "25"),
        ("day(1592374067)", "17"),
        ("day_of_week(1592374067)", "3"),
        ("day_of_year(1592374067)", "169"),
        ("extract(hour from from_unixtime(1592374067))", "14"),
        ("minute(1592374067)", "7"),
        ("second(1592374067)", "47"),
        ("millisecond(1592374067.25)", "250"),
        ("year(null)", "null"),
        ("current_timezone()", "Asia/Shanghai"),
    ]);
    assert_eq!(refusal("date_parse('soon', '%Y')"), "Invalid format: \"soon\"");
    assert_eq!(refusal("date_add('hour', 1, current_date)"), "line 1:9: 'hour' is not a valid DATE field");
    assert_eq!(refusal("date_add('eon', 1, now())"), "line 1:9: 'eon' is not a valid TIMESTAMP field");
}

#[test]
fn now_is_one_and_the_same_throughout_a_query() {
    all(&[
        ("now()", "2020-06-17 14:07:47.000"),
        ("current_timestamp", "2020-06-17 14:07:47.000"),
        ("localtimestamp", "2020-06-17 14:07:47.000"),
        ("current_date", "2020-06-17"),
        ("to_unixtime(now())", "1592374067.0"),
    ]);
    assert_eq!(events().table("* | select count(*) where now() = current_timestamp"), [["3"]]);
}

#[test]
fn casts() {
    all(&[
        ("try_cast('x' as bigint)", "null"),
        ("try_cast('12' as bigint)", "12"),
        ("cast('true' as boolean)", "true"),
        ("cast(0 as boolean)", "false"),
        ("cast(2.5 as integer)", "3"),
        ("cast('1.5' as real)", "1.5"),
        ("cast('操作者' as varchar(2))", "操作"),
        ("cast('2020-06-17 14:07:47' as timestamp)", "2020-06-17 14:07:47.000"),
        ("cast('2020-06-17' as date)", "2020-06-17"),
        ("cast(from_unixtime(1592374067) as date)", "2020-06-17"),
        ("cast(date '2020-06-17' as timestamp)", "2020-06-17 00:00:00.000"),
        ("cast(date '2020-06-17' as varchar)", "2020-06-17"),
        ("try_cast('soon' as timestamp)", "null"),
        ("cast(null as timestamp)", "null"),
    ]);
    assert_eq!(refusal("cast(chr(0) as bigint)"), "Can not cast '\u{fffd}' to BIGINT");
    assert_eq!(refusal("cast('maybe' as boolean)"), "Can not cast 'maybe' to BOOLEAN");
    assert_eq!(refusal("cast(now() as bigint)"), "line 1:9: Cannot cast between types: timestamp, bigint");
}

fn numbered() -> Bench {
    (1..=9).fold(events(), |bench, n| {
        bench.log(
            n,
            &serde_json::json!({"EventProduct": "RDS", "EventID": format!("r{n}"), "Count": n.to_string()}),
        )
    })
}

#[test]
fn aggregates() {
    for (expression, expected) in [
        ("max_by(EventID, Count)", "r9"),
        ("min_by(EventID, Count)", "r1"),
        ("max_by(EventID, null)", "null"),
        ("arbitrary(EventID)", "r1"),
        ("any_value(Ratio)", "null"),
        ("approx_percentile(Count, 0.5)", "5"),
        ("approx_percentile(Count, 1)", "9"),
        ("approx_percentile(Count, 0)", "1"),
        ("approx_percentile(Ratio, 0.5)", "null"),
        ("bool_and(Count > 0)", "true"),
        ("every(Count > 1)", "false"),
        ("bool_or(Count > 8)", "true"),
        ("bool_or(Ratio > 8)", "null"),
        ("variance(Count)", "7.5"),
        ("var_pop(Count) * 3", "20.0"),
        ("round(stddev(Count), 4)", "2.7386"),
        ("round(stddev_pop(Count), 4)", "2.582"),
        ("stddev(Ratio)", "null"),
        ("count_if(Count > 5)", "4"),
    ] {
        let sql = format!("EventProduct: RDS | select {expression} as v");
        assert_eq!(numbered().column(&sql, "v"), [expected], "{expression}");
    }
}

#[test]
fn aggregates_refuse_what_they_cannot_take() {
    assert_eq!(refusal("approx_percentile(Count, 2)"), "line 1:9: Percentile must be between 0 and 1");
    assert_eq!(refusal("approx_percentile(Count, Ratio)"), "line 1:9: Percentile must be between 0 and 1");
    assert_eq!(refusal("max_by(EventID)"), "line 1:9: Unexpected parameters (varchar) for function max_by");
    assert_eq!(refusal("bool_and(Count)"), "line 1:9: Unexpected parameters (bigint) for function bool_and");
    assert_eq!(refusal("sum(*)"), "line 1:9: Unexpected parameters () for function sum");
}
