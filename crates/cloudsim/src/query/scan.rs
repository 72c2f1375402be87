//! Selects the logs of a request, and returns the rows of a search.
//!
//! Takes a connection, a Logstore and a search; gives the one condition every statement of a query
//! starts from. Values go into [`Bindings`], never into SQL.

use rusqlite::types::{ToSqlOutput, Value as Cell};
use rusqlite::{Connection, ErrorCode, Row, Rows, Statement, ToSql};
use serde_json::{Map, Value};

use super::ast::Search;
use super::authorizer::Fence;
use super::index::Index;
use super::predicate::Matcher;
use super::{Answer, QueryError, Request, fields};

/// Reading a log through the index costs as much as reading this many in the order of arrival (measured: 3 to 5).
const SPARSE: i64 = 3;

/// Values bound to a statement, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Bindings(Vec<Cell>);

impl Bindings {
    /// Binds a value; returns its placeholder.
    pub(super) fn bind(&mut self, value: impl Into<Cell>) -> String {
        self.0.push(value.into());
        format!("?{}", self.0.len())
    }
}

/// The logs a request is about.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    conn: &'a Connection,
    logstore_id: i64,
    from: i64,
    to: i64,
    topic: &'a str,
    /// The search with its index, as [`super::functions`] reads it; `None` when every log matches.
    filter: Option<String>,
}

impl<'a> Scan<'a> {
    /// Checks the search against the index and keeps what statements need.
    pub(super) fn new(
        conn: &'a Connection,
        logstore_id: i64,
        (document, index): (&Value, &Index),
        request: &'a Request,
        search: &Search,
    ) -> Result<Self, QueryError> {
        Matcher::compile(search, index)?;
        let filter = (*search != Search::All)
            .then(|| Value::from(vec![Value::from(search.to_string()), document.clone()]).to_string());
        Ok(Self { conn, logstore_id, from: request.from, to: request.to, topic: &request.topic, filter })
    }

    /// The condition that selects the logs, to stand after `WHERE`.
    pub(super) fn condition(&self, bindings: &mut Bindings) -> String {
        let mut terms = self.place(bindings);
        terms.extend(self.choice(bindings));
        terms.join(" AND ")
    }

    /// The table and the condition for a statement that reads more than times and does not care for order.
    /// Where the logs lie close together, reading all between the first and the last in the order of arrival
    /// costs less than finding each through the index.
    pub(super) fn reading(&self, bindings: &mut Bindings) -> rusqlite::Result<(&'static str, String)> {
        let (count, first, last) = self.stretch()?;
        let span = last.saturating_sub(first).saturating_add(1);
        if count.saturating_mul(SPARSE) < span {
            return Ok(("log", self.condition(bindings)));
        }
        let mut terms = vec![format!("id BETWEEN {} AND {}", bindings.bind(first), bindings.bind(last))];
        // When nothing else lies between them, their numbers alone select them.
        terms.extend(if count == span { Vec::new() } else { self.place(bindings) });
        terms.extend(self.choice(bindings));
        Ok(("log NOT INDEXED", terms.join(" AND ")))
    }

    /// How many logs the Logstore has in the time asked for, the first of them to arrive, and the last.
    fn stretch(&self) -> rusqlite::Result<(i64, i64, i64)> {
        let sql = "SELECT count(*), coalesce(min(id), 0), coalesce(max(id), 0) FROM log \
                   WHERE logstore_id = ?1 AND time >= ?2 AND time < ?3";
        self.conn.prepare_cached(sql)?.query_row([self.logstore_id, self.from, self.to], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
    }

    /// Where and when.
    fn place(&self, bindings: &mut Bindings) -> Vec<String> {
        vec![
            format!("logstore_id = {}", bindings.bind(self.logstore_id)),
            format!("time >= {}", bindings.bind(self.from)),
            format!("time < {}", bindings.bind(self.to)),
        ]
    }

    /// Topic and search.
    fn choice(&self, bindings: &mut Bindings) -> Vec<String> {
        let mut terms = Vec::new();
        if !self.topic.is_empty() {
            terms.push(format!("topic = {}", bindings.bind(self.topic.to_owned())));
        }
        if let Some(filter) = &self.filter {
            let filter = bindings.bind(filter.clone());
            terms.push(format!("sls_match({filter}, contents, tags, topic, source)"));
        }
        terms
    }

    /// Runs a statement behind the fence and hands each row on; `false` from `each` ends it. Returns
    /// whether the statement came to its own end or was ended, rather than cut by its budget.
    pub(super) fn run(
        &self,
        sql: &str,
        bindings: &Bindings,
        each: impl FnMut(&Row<'_>) -> Result<bool, QueryError>,
    ) -> Result<bool, QueryError> {
        let _fence = Fence::raise();
        let mut statement = self.conn.prepare(sql)?;
        drain(bind_all(&mut statement, bindings)?, each)
    }

    /// The rows of a search.
    pub(super) fn rows(&self, request: &Request) -> Result<Answer, QueryError> {
        let mut bindings = Bindings::default();
        let condition = self.condition(&mut bindings);
        let direction = if request.reverse { "DESC" } else { "ASC" };
        let limit = bindings.bind(i64::from(request.line));
        let offset = bindings.bind(i64::from(request.offset));
        let sql = format!(
            "SELECT time, topic, source, tags, contents FROM log WHERE {condition} \
             ORDER BY time {direction}, id {direction} LIMIT {limit} OFFSET {offset}"
        );
        let mut rows = Vec::new();
        let complete = self.run(&sql, &bindings, |row| {
            rows.push(log_row(row)?);
            Ok(true)
        })?;
        let skipped = if rows.is_empty() { 0 } else { u64::from(request.offset) };
        Ok(Answer { complete, processed_rows: skipped + rows.len() as u64, rows, ..Answer::default() })
    }
}

fn bind_all<'s>(statement: &'s mut Statement<'_>, bindings: &Bindings) -> rusqlite::Result<Rows<'s>> {
    for (position, value) in bindings.0.iter().enumerate() {
        statement.raw_bind_parameter(position + 1, Borrowed(value))?;
    }
    Ok(statement.raw_query())
}

struct Borrowed<'a>(&'a Cell);

impl ToSql for Borrowed<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.0.into()))
    }
}

fn drain(
    mut rows: Rows<'_>,
    mut each: impl FnMut(&Row<'_>) -> Result<bool, QueryError>,
) -> Result<bool, QueryError> {
    loop {
        match rows.next() {
            Ok(Some(row)) if each(row)? => {}
            Ok(_) => return Ok(true),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn log_row(row: &Row<'_>) -> rusqlite::Result<Map<String, Value>> {
    let mut log = Map::new();
    log.insert("__time__".to_owned(), Value::from(row.get::<_, i64>(0)?.to_string()));
    log.insert("__topic__".to_owned(), Value::from(row.get::<_, String>(1)?));
    log.insert("__source__".to_owned(), Value::from(row.get::<_, String>(2)?));
    for (name, value) in fields::pairs(row.get_ref(3)?.as_str()?) {
        log.insert(format!("__tag__:{}", name.text()), Value::from(value.text()));
    }
    for (name, value) in fields::pairs(row.get_ref(4)?.as_str()?) {
        log.insert(name.text().into_owned(), Value::from(value.text()));
    }
    Ok(log)
}

/// A function that refused its arguments speaks to the user, a value too large is refused; anything else is the store's own trouble.
impl From<rusqlite::Error> for QueryError {
    fn from(error: rusqlite::Error) -> Self {
        if let rusqlite::Error::SqliteFailure(failure, Some(message)) = &error
            && failure.code == ErrorCode::Unknown
        {
            return Self::parameter(message.clone());
        }
        if matches!(error.sqlite_error_code(), Some(ErrorCode::TooBig | ErrorCode::OutOfMemory)) {
            return Self::parameter("Query exceeded max memory size of 3GB");
        }
        Self::new("InternalServerError", "the query could not be run")
    }
}
