//! The box that asks the query engine, and its answer.

use std::collections::BTreeMap;

use rusqlite::Connection;
use serde_json::{Map, Value};

use super::html::{Html, element, nothing, table, tag, text};
use super::{Shelf, section, words};
use crate::query::{self, Answer};
use crate::reply::Refusal;
use crate::service::sls_logs;

/// Asked when nothing was typed.
const EXAMPLE: &str =
    "* | select EventProduct, count(*) as events group by EventProduct order by events desc";
/// How far back to look: seconds, and how that is called; 0 is everything.
const SPANS: [(i64, &str); 5] = [
    (0, "all time"),
    (900, "the last 15 minutes"),
    (3_600, "the last hour"),
    (86_400, "the last day"),
    (7 * 86_400, "the last 7 days"),
];
/// Fields that a search shows first.
const FIRST: [&str; 3] = ["__time__", "EventProduct", "EventName"];

/// The form, and below it the answer when something was asked.
pub(super) fn show(
    conn: &Connection,
    shelves: &[Shelf],
    parameters: &BTreeMap<String, String>,
    now: i64,
) -> Html {
    if shelves.is_empty() {
        return section("query", "Query", &tag("p", "There is no Logstore to ask."));
    }
    let value = |name: &str| parameters.get(name).map(String::as_str);
    let asked = Question { store: value("logstore"), query: value("query"), within: value("within") };
    let answer = match asked.query {
        Some(query) => asked.answer(conn, shelves, query, now),
        None => Html::default(),
    };
    section("query", "Query", &asked.form(shelves).and(&answer))
}

/// What stands in the form.
struct Question<'a> {
    store: Option<&'a str>,
    query: Option<&'a str>,
    within: Option<&'a str>,
}

impl Question<'_> {
    fn form(&self, shelves: &[Shelf]) -> Html {
        let stores = shelves.iter().map(Shelf::path).map(|path| choice(&path, &path, self.store)).collect();
        let spans = SPANS.iter().map(|(span, name)| choice(&span.to_string(), name, self.within)).collect();
        let query = self.query.unwrap_or(EXAMPLE);
        let parts = [
            labelled("Logstore", &element("select", &[("name", "logstore")], &stores)),
            labelled("Time", &element("select", &[("name", "within")], &spans)),
            labelled("Search, or search | SQL", &element("textarea", &BOX, &text(query))),
            element("button", &[("type", "submit")], &text("Ask")),
        ];
        let target = [("method", "get"), ("action", "/_sim/#query")];
        element("form", &target, &parts.into_iter().collect())
    }

    fn answer(&self, conn: &Connection, shelves: &[Shelf], query: &str, now: i64) -> Html {
        let found = shelves.iter().find(|shelf| self.store == Some(shelf.path().as_str()));
        let Some(chosen) = found else { return refused("there is no such Logstore") };
        let span = self.within.and_then(|span| span.parse().ok()).unwrap_or(0);
        let from = if span > 0 { now.saturating_sub(span) } else { 0 };
        match run(conn, chosen, query, from, now.saturating_add(1)) {
            Ok(answer) => shown(&answer),
            Err(refusal) => refused(&format!("{}: {}", refusal.code, refusal.message)),
        }
    }
}

const BOX: [(&str, &str); 4] = [("name", "query"), ("rows", "2"), ("cols", "80"), ("spellcheck", "false")];

fn choice(value: &str, name: &str, chosen: Option<&str>) -> Html {
    let mut attributes = vec![("value", value)];
    attributes.extend((chosen == Some(value)).then_some(("selected", "")));
    element("option", &attributes, &text(name))
}

fn labelled(label: &str, input: &Html) -> Html {
    element("label", &[], &tag("span", label).and(input))
}

/// Asks as `GetLogs` does, newest first.
fn run(conn: &Connection, shelf: &Shelf, query: &str, from: i64, to: i64) -> Result<Answer, Refusal> {
    let index = sls_logs::index_of(&shelf.logstore)?;
    let request = query::Request {
        from: from.max(shelf.logstore.expiry(to).unwrap_or(from)),
        to,
        query: query.trim().to_owned(),
        topic: String::new(),
        line: query::MAX_LINE,
        offset: 0,
        reverse: true,
        now: to.saturating_sub(1),
    };
    Ok(query::logs(conn, shelf.logstore.id, index, &request)?)
}

fn refused(sentence: &str) -> Html {
    element("p", &[("class", "bad"), ("role", "alert")], &text(format!("✗ {sentence}")))
}

fn shown(answer: &Answer) -> Html {
    let names = columns(answer);
    let header: Vec<&str> = names.iter().map(String::as_str).collect();
    let rows = answer.rows.iter().map(|row| header.iter().map(|name| cell(row, name)).collect()).collect();
    let complete = if answer.complete { "" } else { " The answer is incomplete." };
    let logs = answer.processed_rows;
    let count = format!("{} rows from {logs} logs.{complete}", answer.rows.len());
    let count = element("p", &[("role", "status")], &text(count));
    count.and(&table(&header, rows, "Nothing was found."))
}

/// The columns of an analysis; of a search the fields that occur.
fn columns(answer: &Answer) -> Vec<String> {
    if answer.has_sql {
        return answer.keys.clone();
    }
    let mut rest: Vec<&String> = answer.rows.iter().flat_map(Map::keys).collect();
    rest.sort_unstable();
    rest.dedup();
    let first =
        FIRST.iter().filter(|name| rest.iter().any(|field| field == *name)).map(|name| (*name).to_owned());
    let others = rest.iter().filter(|name| !FIRST.contains(&name.as_str())).map(|name| (*name).clone());
    first.chain(others).collect()
}

fn cell(row: &Map<String, Value>, name: &str) -> Html {
    row.get(name).map_or_else(nothing, |value| text(words(value)))
}
