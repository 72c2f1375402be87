//! Query and analysis over the logs of one Logstore.
//!
//! A query is `search`, or `search | SELECT …`. The search is cut ([`lexer`]), parsed ([`parser`]) into a
//! tree ([`ast`]) and made into a matcher over stored logs ([`predicate`], reading values with [`fields`]
//! and [`tokens`] as the [`index`] says). [`scan`] selects the logs of a request; [`histogram`] counts
//! them, and [`sql`] analyses them on `SQLite` with [`functions`] of the service, behind the fence of
//! [`authorizer`].
//!
//! Takes an open connection on which [`register`] was called, the index document of the Logstore and a
//! [`Request`]; returns rows, or a [`QueryError`] with the code the Log Service documents. Must never
//! write, and never build SQL by pasting what the user wrote.
//!
//! Words of the service followed here: the query syntax, phrase search and error pages (2024 to 2026),
//! `GetLogs` and `GetHistograms`.

mod ast;
mod authorizer;
mod fields;
mod functions;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod histogram;
mod index;
mod lexer;
mod parser;
mod predicate;
mod scan;
mod sql;
#[cfg(test)]
mod tests;
mod tokens;

use rusqlite::Connection;
use serde_json::{Map, Value};

use index::Index;
use scan::Scan;

/// Longest query in bytes: far above what people write, far below what costs anything to parse.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;
/// Most rows of one search (`GetLogs`: `line` is 0 to 100).
pub const MAX_LINE: u32 = 100;

/// One search or analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// First second included, epoch seconds.
    pub from: i64,
    /// First second excluded, epoch seconds.
    pub to: i64,
    /// The search, and after a `|` the analysis.
    pub query: String,
    /// Only logs of this topic; empty for all.
    pub topic: String,
    /// Rows wanted, 0 to 100; an analysis has its `LIMIT` instead.
    pub line: u32,
    /// Rows skipped; must be 0 for an analysis.
    pub offset: u32,
    /// Newest first.
    pub reverse: bool,
    /// What `now()` is, epoch seconds.
    pub now: i64,
}

/// What a query found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Whether every log was looked at; `false` when the work or the size of the answer hit its limit.
    pub complete: bool,
    /// The rows; every value is a JSON string.
    pub rows: Vec<Map<String, Value>>,
    /// Logs that went into the answer, those skipped by `offset` included.
    pub processed_rows: u64,
    /// Whether the query had an analysis.
    pub has_sql: bool,
    /// The search as written.
    pub where_query: String,
    /// The analysis as written.
    pub agg_query: String,
    /// Column names in the order of the analysis; empty for a search.
    pub keys: Vec<String>,
}

/// How the range of a histogram is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bars {
    /// Into so many intervals at most.
    AtMost(u32),
    /// Into intervals of so many seconds.
    Seconds(i64),
}

/// The count of one interval of a histogram.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// First second included, epoch seconds.
    pub from: i64,
    /// First second excluded, epoch seconds.
    pub to: i64,
    /// Logs that matched.
    pub count: u64,
    /// Whether every log was looked at.
    pub complete: bool,
}

/// A refusal, in the words of the Log Service; HTTP status 400 but for `InternalServerError` (500).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct QueryError {
    /// The documented error code, such as `ParameterInvalid`.
    pub code: &'static str,
    /// What was wrong.
    pub message: String,
}

impl QueryError {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// Something in the query that cannot be.
    fn parameter(message: impl Into<String>) -> Self {
        Self::new("ParameterInvalid", message)
    }

    /// A query beyond the limits of size and nesting.
    fn query_string(reason: impl std::fmt::Display) -> Self {
        Self::new("InvalidQueryString", format!("query string is invalid: {reason}"))
    }
}

/// Finds or analyses logs with `from <= time < to`.
///
/// # Errors
/// `InvalidTimeRange`, `InvalidLine`, `IndexConfigNotExist`, `InvalidQueryString` (too long, too deep),
/// `ParameterInvalid` (everything else about the query), `InternalServerError` (the store).
pub fn logs(
    conn: &Connection,
    logstore_id: i64,
    index: &Value,
    request: &Request,
) -> Result<Answer, QueryError> {
    if request.line > MAX_LINE {
        return Err(QueryError::new("InvalidLine", "line is invalid, it must be between 0 and 100"));
    }
    let index_read = Index::read(index)?;
    let (search, analysis) = parse(request)?;
    let scan = Scan::new(conn, logstore_id, (index, &index_read), request, &search)?;
    let where_query = request.query[..where_length(request, analysis)].trim().to_owned();
    let answer = match analysis {
        None => scan.rows(request)?,
        Some(_) if request.offset > 0 => return Err(paged_analysis()),
        Some(text) => sql::analyse(&scan, &index_read, text, request.now)?,
    };
    let agg_query = analysis.unwrap_or_default().trim().to_owned();
    Ok(Answer { where_query, agg_query, has_sql: analysis.is_some(), ..answer })
}

/// Counts the logs that the search of a query matches in intervals of equal length that cover `from..to`; an
/// analysis is ignored.
///
/// # Errors
/// As [`logs`].
pub fn histograms(
    conn: &Connection,
    logstore_id: i64,
    index: &Value,
    request: &Request,
    bars: Bars,
) -> Result<Vec<Bar>, QueryError> {
    let index_read = Index::read(index)?;
    let (search, _) = parse(request)?;
    let scan = Scan::new(conn, logstore_id, (index, &index_read), request, &search)?;
    histogram::count(&scan, request, bars)
}

/// Makes the functions and the fence that queries need known to a connection. Other statements on the
/// connection are not touched by the fence.
pub fn register(conn: &mut Connection) -> rusqlite::Result<()> {
    functions::register(conn)?;
    authorizer::install(conn)
}

/// The functions of analyses as a table of the documentation.
pub(crate) fn functions_table() -> String {
    sql::functions_table()
}

fn parse(request: &Request) -> Result<(ast::Search, Option<&str>), QueryError> {
    if request.from >= request.to || request.to.checked_sub(request.from).is_none() {
        return Err(QueryError::new("InvalidTimeRange", "request time range is invalid"));
    }
    if request.query.len() > MAX_QUERY_BYTES {
        return Err(QueryError::query_string(format!("longer than {MAX_QUERY_BYTES} bytes")));
    }
    parser::parse(&request.query)
}

/// Whether a query has an analysis behind its search.
pub(crate) fn has_analysis(query: &str) -> bool {
    query.len() <= MAX_QUERY_BYTES && parser::parse(query).is_ok_and(|(_, analysis)| analysis.is_some())
}

fn where_length(request: &Request, analysis: Option<&str>) -> usize {
    request.query.len() - analysis.map_or(0, |text| text.len() + 1)
}

/// The service's sentence (`GetLogs`, error codes).
fn paged_analysis() -> QueryError {
    QueryError::parameter(
        "ErrorType:OLSQueryParseError.ErrorMessage:offset is not available for pagination in sql query, \
         please use limit x,y syntax for pagination.",
    )
}
