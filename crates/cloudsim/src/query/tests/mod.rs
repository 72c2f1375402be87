//! Queries over small logs, end to end: a store, an index, a request, the answer.

mod analysis;
mod forms;
mod functions;
mod hostile;
mod properties;
mod search;

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use super::{Answer, QueryError, Request, logs, register};

const LOGSTORE: i64 = 1;
/// 2020-06-17 14:07:47 in UTC+8, a Wednesday.
const NOW: i64 = 1_592_374_067;

/// A Logstore with an index and some logs.
pub(super) struct Bench {
    conn: Connection,
    index: Value,
}

impl Bench {
    /// No logs yet.
    pub(super) fn new(index: Value) -> Self {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(
            "CREATE TABLE log (id INTEGER PRIMARY KEY, logstore_id INTEGER NOT NULL, time INTEGER NOT NULL, \
             received INTEGER NOT NULL, topic TEXT NOT NULL, source TEXT NOT NULL, contents TEXT NOT NULL, \
             tags TEXT NOT NULL); \
             CREATE INDEX log_by_time ON log(logstore_id, time, id); \
             CREATE TABLE secret (value TEXT); INSERT INTO secret VALUES ('hidden');",
        )
        .unwrap();
        register(&mut conn).unwrap();
        Self { conn, index }
    }

    /// Adds a log of topic `t`, source `10.0.0.1` and tag `host: web`.
    pub(super) fn log(self, time: i64, contents: &Value) -> Self {
        self.log_of(LOGSTORE, time, "t", contents)
    }

    fn log_of(self, logstore: i64, time: i64, topic: &str, contents: &Value) -> Self {
        let sql = "INSERT INTO log (logstore_id, time, received, topic, source, contents, tags) \
                   VALUES (?1, ?2, ?2, ?3, '10.0.0.1', ?4, '{\"host\":\"web\"}')";
        self.conn.execute(sql, params![logstore, time, topic, contents.to_string()]).unwrap();
        self
    }

    /// Asks over all times for up to 100 rows.
    pub(super) fn ask(&self, query: &str) -> Result<Answer, QueryError> {
        self.request(&request(query))
    }

    fn request(&self, request: &Request) -> Result<Answer, QueryError> {
        logs(&self.conn, LOGSTORE, &self.index, request)
    }

    /// The values of one column.
    pub(super) fn column(&self, query: &str, name: &str) -> Vec<String> {
        let answer = self.ask(query).unwrap();
        answer.rows.iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    }

    /// The rows of an analysis as text, columns in order.
    fn table(&self, query: &str) -> Vec<Vec<String>> {
        let answer = self.ask(query).unwrap();
        let cells = |row: &serde_json::Map<String, Value>| {
            answer.keys.iter().map(|key| row[key].as_str().unwrap().to_owned()).collect()
        };
        answer.rows.iter().map(cells).collect()
    }

    /// The refusal of a query.
    fn refusal(&self, query: &str) -> QueryError {
        self.ask(query).unwrap_err()
    }
}

fn request(query: &str) -> Request {
    Request {
        from: 0,
        to: 2_000_000_000,
        query: query.to_owned(),
        topic: String::new(),
        line: 100,
        offset: 0,
        reverse: false,
        now: NOW,
    }
}

/// The delimiters the console proposes.
fn delimiters() -> Value {
    json!([
        ",", " ", "'", "\"", ";", "=", "(", ")", "[", "]", "{", "}", "?", "@", "&", "<", ">", "/", ":", "\n",
        "\t"
    ])
}

/// An index like that of platform events, with two numbers and a JSON field.
fn event_index() -> Value {
    let text = json!({"type": "text", "token": delimiters(), "caseSensitive": false, "doc_value": true});
    json!({
        "line": {"token": delimiters(), "caseSensitive": false},
        "keys": {
            "EventID": text, "EventProduct": text, "EventName": text, "EventDescription": text,
            "Exact": {"type": "text", "token": delimiters(), "caseSensitive": true, "doc_value": false},
            "Count": {"type": "long", "doc_value": true},
            "Ratio": {"type": "double", "doc_value": true},
            "Detail": {
                "type": "json", "token": delimiters(), "doc_value": true,
                "json_keys": {"ticket.id": {"type": "long", "doc_value": true}}
            },
            "__tag__:host": text,
        }
    })
}

/// Three logs at 100, 200 and 300.
pub(super) fn events() -> Bench {
    Bench::new(event_index())
        .log(100, &json!({
            "EventID": "e1", "EventProduct": "OSS", "EventName": "FreezeBucket", "Exact": "Alpha",
            "EventDescription": "bucket was frozen/by staff", "Count": "5", "Ratio": "0.5",
            "Detail": "{\"ticket\":{\"id\":7},\"reason\":\"abuse\"}", "Unindexed": "lonely"
        }))
        .log(200, &json!({
            "EventID": "e2", "EventProduct": "ECS", "EventName": "RebootInstance",
            "EventDescription": "by staff was frozen bucket", "Count": "10", "Ratio": "2",
            "Detail": "{\"ticket\":{\"id\":8}}"
        }))
        .log(300, &json!({
            "EventID": "e3", "EventProduct": "OSS", "EventName": "操作", "EventDescription": "", "Count": "none"
        }))
}
