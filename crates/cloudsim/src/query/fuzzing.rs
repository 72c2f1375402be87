//! What must hold of queries, whatever text arrives.
//!
//! Takes bytes; asks the query, if they are text, of a few logs kept in memory; returns nothing and panics where
//! a rule is broken.
#![allow(clippy::missing_panics_doc, reason = "a broken rule is told by a panic")]

use std::collections::BTreeSet;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{Answer, Bars, QueryError, Request, histograms, logs, parser, register};
use crate::store::schema;

const LOGSTORE: i64 = 1;
/// Longest sentence of a refusal: it never repeats a long query.
const SENTENCE_BYTES_MAX: usize = 600;
/// The refusals a query can earn by itself.
const CODES: [&str; 2] = ["ParameterInvalid", "InvalidQueryString"];

thread_local! {
    static LOGS: Connection = few_logs().expect("a database in memory can be made");
}

fn few_logs() -> rusqlite::Result<Connection> {
    let mut conn = Connection::open_in_memory()?;
    schema::create(&conn)?;
    schema::extend(&conn)?;
    register(&mut conn)?;
    let contents = [
        json!({"a": "x y", "b": "Alpha", "n": "5", "d": "0.5", "j": "{\"k\":{\"id\":7},\"l\":[1,\"x\"]}"}),
        json!({"a": "y/x", "b": "alpha 操作", "n": "-10", "d": "2", "j": "{\"k\":{\"id\":8}}"}),
        json!({"a": "操作", "b": "", "n": "none", "c": "\"quoted\" \\ text", "j": "{"}),
    ];
    for (time, contents) in (1_i64..).zip(contents) {
        conn.execute(
            "INSERT INTO log (logstore_id, time, received, topic, source, contents, tags) \
             VALUES (?1, ?2, ?2, 't', '10.0.0.1', ?3, '{\"host\":\"web\"}')",
            params![LOGSTORE, time * 100, contents.to_string()],
        )?;
    }
    Ok(conn)
}

fn index() -> Value {
    let delimiters = [",", " ", "'", "\"", ";", "=", "(", ")", "/", ":", "\n"];
    let text = json!({"type": "text", "token": delimiters, "doc_value": true});
    json!({
        "line": {"token": delimiters, "chn": true},
        "keys": {
            "a": text, "__tag__:host": text,
            "b": {"type": "text", "token": delimiters, "caseSensitive": true, "doc_value": true},
            "n": {"type": "long", "doc_value": true},
            "d": {"type": "double", "doc_value": true},
            "j": {"type": "json", "token": delimiters, "doc_value": true,
                  "json_keys": {"k.id": {"type": "long", "doc_value": true}}},
        }
    })
}

fn request(query: &str) -> Request {
    let query = query.to_owned();
    Request {
        from: 0,
        to: 1_000,
        query,
        topic: String::new(),
        line: 100,
        offset: 0,
        reverse: false,
        now: 1_592_374_067,
    }
}

/// Asks; a refusal is checked for what every refusal must be.
fn ask(request: &Request) -> Option<Answer> {
    let answered = LOGS.with(|conn| logs(conn, LOGSTORE, &index(), request));
    answered.map_err(|refusal| is_proper(&refusal)).ok()
}

fn is_proper(refusal: &QueryError) {
    assert!(CODES.contains(&refusal.code), "{refusal}");
    assert!(refusal.message.len() <= SENTENCE_BYTES_MAX, "a sentence of {} bytes", refusal.message.len());
}

/// A search means the same when written anew, backwards, counted, and turned into its opposite.
pub fn searches(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    let Some(answer) = ask(&request(query)) else { return };
    let Ok((search, None)) = parser::parse(query) else { return };
    assert!(answer.complete && answer.rows.len() <= 3 && answer.processed_rows == answer.rows.len() as u64);
    let written = search.to_string();
    assert_eq!(parser::parse(&written), Ok((search, None)), "{written}");
    assert_eq!(ask(&request(&written)).map(|again| again.rows).as_ref(), Some(&answer.rows), "{written}");
    let mut backwards = ask(&Request { reverse: true, ..request(query) }).unwrap_or_default().rows;
    backwards.reverse();
    assert_eq!(backwards, answer.rows, "backwards");
    let bars = LOGS.with(|conn| histograms(conn, LOGSTORE, &index(), &request(query), Bars::AtMost(7)));
    let counted: u64 = bars.iter().flatten().map(|bar| bar.count).sum();
    assert_eq!(counted, answer.processed_rows, "counted in bars");
    if let Some(others) = ask(&request(&format!("not ({written})"))) {
        assert_eq!(others.rows.len() + answer.rows.len(), 3, "neither found nor left out");
    }
}

/// What stands after `* |`: an analysis is refused, or answered in columns and the same each time.
pub fn analyses(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let request = request(&format!("* | {text}"));
    let Some(answer) = ask(&request) else { return };
    assert!(answer.has_sql && answer.rows.len() <= 100_000, "an answer to an analysis");
    let columns: BTreeSet<&str> = answer.keys.iter().map(String::as_str).collect();
    for row in &answer.rows {
        assert_eq!(row.keys().map(String::as_str).collect::<BTreeSet<_>>(), columns, "columns of a row");
        assert!(row.values().all(Value::is_string), "every value is text");
    }
    assert_eq!(ask(&request).as_ref(), Some(&answer), "asked twice");
}

/// What an analysis is refused with, if it is.
#[cfg(test)]
pub(super) fn refusal(text: &str) -> Option<String> {
    let request = request(&format!("* | {text}"));
    LOGS.with(|conn| logs(conn, LOGSTORE, &index(), &request)).err().map(|refusal| refusal.message)
}
