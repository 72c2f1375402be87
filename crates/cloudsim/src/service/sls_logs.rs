//! Querying logs (cloud-api §6.4).

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::sls_logstore::existing;
use super::sls_project::{invalid, json_body};
use super::wire::{self, Packing};
use super::{Call, Operation};
use crate::gateway::route::Service;
use crate::query::{self, Bars, QueryError};
use crate::reply::{Answer, Body, Refusal};
use crate::store::logstore::Logstore;

/// GET `/logstores/{logstore}?type=log`.
pub(crate) const GET: Operation =
    Operation::read(Service::Sls, "GetLogs", Some("log:GetLogStoreLogs"), get_v1);
/// POST `/logstores/{logstore}/logs`.
pub(crate) const GET_V2: Operation =
    Operation::read(Service::Sls, "GetLogsV2", Some("log:GetLogStoreLogs"), get_v2);
/// GET `/logstores/{logstore}/index?type=histogram`, also without `/index`.
pub(crate) const HISTOGRAMS: Operation =
    Operation::read(Service::Sls, "GetHistograms", Some("log:GetLogStoreHistogram"), histograms);

/// Rows of one page.
const LINES_MAX: u32 = 100;
/// Intervals of a histogram, as the console asks for.
const BARS: Bars = Bars::AtMost(60);

/// Named values of a query, from URL parameters or from a JSON body.
trait Named {
    /// The value as text; numbers and booleans are written out.
    fn named(&self, name: &str) -> Option<String>;
}

impl Named for Call<'_> {
    fn named(&self, name: &str) -> Option<String> {
        self.optional(name).map(str::to_owned)
    }
}

impl Named for Map<String, Value> {
    fn named(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(value) => Some(value.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Reads a query.
fn query_request(source: &dyn Named, now: i64) -> Result<query::Request, Refusal> {
    let second = |name: &str| match source.named(name) {
        None => Err(Refusal::new(400, "MissingParameter", format!("Missing parameter : {name}."))),
        Some(text) => text.parse::<i64>().map_err(|_| invalid(format!("{name} must be epoch seconds."))),
    };
    let (from, to) = (second("from")?, second("to")?);
    if from > to {
        return Err(Refusal::new(
            400,
            "InvalidTimeRange",
            format!("time range is invalid: from {from} to {to}"),
        ));
    }
    let wrong = |text: &str| Refusal::new(400, "InvalidOffset", format!("offset is invalid: {text}"));
    let offset = source.named("offset").map(|text| text.parse().map_err(|_| wrong(&text)));
    let offset = offset.transpose()?.unwrap_or_default();
    let reverse = match source.named("reverse").unwrap_or_default().to_ascii_lowercase().as_str() {
        "" | "false" => false,
        "true" => true,
        other => return Err(Refusal::new(400, "InvalidReverse", format!("reverse is invalid: {other}"))),
    };
    let text = source.named("query").unwrap_or_default();
    Ok(query::Request {
        from,
        to,
        line: line(source, &text)?,
        query: text,
        topic: source.named("topic").unwrap_or_default(),
        offset,
        reverse,
        now,
    })
}

/// Rows wanted of a search. An analysis has its own limit: whatever clients send with it does not count.
fn line(source: &dyn Named, query: &str) -> Result<u32, Refusal> {
    let Some(text) = source.named("line") else { return Ok(LINES_MAX) };
    match text.parse() {
        Ok(line @ 0..=LINES_MAX) => Ok(line),
        _ if query::has_analysis(query) => Ok(LINES_MAX),
        _ => {
            let message = format!("line is invalid: {text}, it must be between 0 and {LINES_MAX}");
            Err(Refusal::new(400, "InvalidLine", message))
        }
    }
}

/// The index a query needs.
pub(crate) fn index_of(logstore: &Logstore) -> Result<&Value, Refusal> {
    let missing = || {
        Refusal::new(400, "IndexConfigNotExist", format!("logstore {} without index config", logstore.name))
    };
    logstore.index.as_ref().ok_or_else(missing)
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self::new(400, error.code, error.message)
    }
}

fn answer(call: &Call<'_>, source: &dyn Named) -> Result<query::Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let index = index_of(&logstore)?;
    let request = query_request(source, call.now)?;
    let mut found = query::logs(call.conn, logstore.id, index, &request)?;
    if call.incomplete {
        found.complete = false;
        found.rows.truncate(found.rows.len() / 2);
    }
    Ok(found)
}

fn progress(complete: bool) -> &'static str {
    if complete { "Complete" } else { "Incomplete" }
}

fn get_v1(call: &Call<'_>) -> Result<Answer, Refusal> {
    let found = answer(call, call)?;
    let headers = vec![
        ("x-log-progress", progress(found.complete).to_owned()),
        ("x-log-count", found.rows.len().to_string()),
        ("x-log-processed-rows", found.processed_rows.to_string()),
        ("x-log-elapsed-millisecond", "1".to_owned()),
        ("x-log-has-sql", found.has_sql.to_string()),
    ];
    plain(headers, &found.rows)
}

fn get_v2(call: &Call<'_>) -> Result<Answer, Refusal> {
    let body = json_body(call)?;
    let found = answer(call, &body)?;
    let meta = json!({
        "progress": progress(found.complete),
        "count": found.rows.len(),
        "hasSQL": found.has_sql,
        "processedRows": found.processed_rows,
        "processedBytes": 0,
        "elapsedMillisecond": 1,
        "whereQuery": found.where_query,
        "aggQuery": found.agg_query,
        "isAccurate": true,
        "mode": 0,
        "cpuSec": 0.0,
        "cpuCores": 0,
        "terms": [],
        "keys": found.keys,
        "limited": 0,
        "columnTypes": [],
        "telementryType": "",
        "phraseQueryInfo": {},
        "scanBytes": 0,
        "highlights": [],
    });
    let headers = vec![
        ("x-log-progress", progress(found.complete).to_owned()),
        ("x-log-count", found.rows.len().to_string()),
    ];
    let packing = Packing::accepted(call.request.header("accept-encoding").unwrap_or_default());
    let body = serde_json::to_vec(&Page { data: &found.rows, meta })?;
    packed(packing, headers, "application/json", body)
}

/// Rows on their way out; they are written from where they are, because there may be very many.
#[derive(Serialize)]
struct Page<'a> {
    data: &'a [Map<String, Value>],
    meta: Value,
}

fn histograms(call: &Call<'_>) -> Result<Answer, Refusal> {
    let (_, logstore) = existing(call)?;
    let index = index_of(&logstore)?;
    let request = query_request(call, call.now)?;
    let mut bars = query::histograms(call.conn, logstore.id, index, &request, bars(call)?)?;
    let unseen = if call.incomplete { bars.len() / 2..bars.len() } else { 0..0 };
    for bar in &mut bars[unseen] {
        (bar.count, bar.complete) = (0, false);
    }
    let complete = bars.iter().all(|bar| bar.complete);
    let count: u64 = bars.iter().map(|bar| bar.count).sum();
    let shown: Vec<Value> = bars
        .iter()
        .map(|bar| json!({"from": bar.from, "to": bar.to, "count": bar.count, "progress": progress(bar.complete)}))
        .collect();
    let headers = vec![("x-log-progress", progress(complete).to_owned()), ("x-log-count", count.to_string())];
    plain(headers, &Value::Array(shown))
}

/// `interval`, in seconds, as the Go client's `GetHistogramsV2` sends it (aliyun-log-go-sdk v0.1.124).
fn bars(call: &Call<'_>) -> Result<Bars, Refusal> {
    let wrong = |_| invalid("interval must be a number of seconds.");
    let seconds = call.optional("interval").map(str::parse).transpose().map_err(wrong)?;
    Ok(seconds.map_or(BARS, Bars::Seconds))
}

/// JSON that is never packed, with its size.
fn plain(headers: Vec<(&'static str, String)>, value: &impl Serialize) -> Result<Answer, Refusal> {
    packed(Packing::Plain, headers, "application/json", serde_json::to_vec(value)?)
}

/// A body with the headers that tell how to unpack it.
pub(crate) fn packed(
    packing: Packing,
    mut headers: Vec<(&'static str, String)>,
    content_type: &str,
    raw: Vec<u8>,
) -> Result<Answer, Refusal> {
    headers.push(("content-type", content_type.to_owned()));
    headers.push(("x-log-bodyrawsize", raw.len().to_string()));
    headers.extend(packing.name().map(|name| ("x-log-compresstype", name.to_owned())));
    let bytes = wire::pack(packing, raw).map_err(|error| Refusal::internal(&error))?;
    Ok(Answer { headers, body: Body::Bytes(bytes) })
}
