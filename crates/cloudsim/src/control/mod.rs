//! The control API under `/_sim/`: look at the emulated cloud, and do to it what people and bad luck do.
//!
//! JSON in and out, not signed: whoever reaches the address may use it. It is not part of the cloud and never
//! answers under a cloud host.

pub(crate) mod actions;
pub(crate) mod events;
pub(crate) mod faults;
mod snapshots;
mod state;

pub(crate) use actions::restore_default_role as authorise_delivery;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::Sim;
use crate::metadata;
use crate::page;
use crate::quirks::{self, Quirks};
use crate::reply::{Refusal, Reply};
use crate::request::Request;
use crate::service;
use crate::store::journal::{self, Entry};
use crate::store::{self, setting};

/// Journal entries answered at once, unless a smaller limit is asked for.
const ENTRIES_MAX: u32 = 10_000;
/// Largest clock offset, seconds: ten years either way.
const OFFSET_SECS_MAX: i64 = 10 * 366 * 86_400;

/// A failed control call.
pub(crate) fn wrong(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "Invalid", message)
}

/// Answers one control request.
pub(crate) async fn answer(sim: Arc<Sim>, request: Request) -> Reply {
    let work = move || {
        if page::is_wanted(&request) {
            return page::show(&sim, &request);
        }
        match dispatch(&sim, &request) {
            Ok(value) => Reply::json(200, &value),
            Err(refusal) => refused(&refusal),
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|panic| refused(&Refusal::internal(&panic)))
}

fn refused(refusal: &Refusal) -> Reply {
    let mut body = refusal.detail.clone().unwrap_or_else(|| json!({}));
    body["error"] = Value::String(refusal.message.clone());
    Reply::json(refusal.status, &body)
}

fn dispatch(sim: &Sim, request: &Request) -> Result<Value, Refusal> {
    let path = request.path.trim_end_matches('/');
    match (request.method.as_str(), path.strip_prefix("/_sim/").unwrap_or_default()) {
        ("GET", "health") => Ok(json!({"status": "ok", "time": sim.clock.now().to_string()})),
        ("GET", "quirks") => Ok(serde_json::to_value(sim.store.read(quirks::get)??)?),
        ("POST", "quirks") => set_quirks(sim, &body(request)?),
        ("DELETE", "quirks") => set_quirks(sim, &serde_json::to_value(Quirks::default())?),
        ("GET", "state") => show_state(sim),
        ("GET", "journal") => show_journal(sim, request),
        ("GET", "credentials") => credentials(sim, request),
        ("POST", "events") => events::make(sim, &body(request)?),
        ("POST", "actions") => actions::act(sim, &body(request)?),
        ("GET", "faults") => Ok(json!({"faults": sim.faults.list()})),
        ("POST", "faults") => set_faults(sim, body(request)?),
        ("DELETE", "faults") => Ok(clear_faults(sim)),
        ("POST", "faults/release") => Ok(release(sim)),
        ("GET", "snapshots") => snapshots::list(sim),
        ("POST", "snapshot") => snapshots::take(sim, &body(request)?),
        ("POST", "restore") => snapshots::restore(sim, &body(request)?),
        ("POST", "clock") => set_clock(sim, &body(request)?),
        (_, "") => Ok(json!({"paths": PATHS})),
        (_, other) if PATHS.iter().any(|line| line.ends_with(&format!("/_sim/{other}"))) => {
            Err(Refusal::new(405, "Method", format!("{} is not allowed here", request.method)))
        }
        (_, other) => Err(Refusal::new(404, "Path", format!("no such path: /_sim/{other}"))),
    }
}

/// What the API has.
const PATHS: [&str; 17] = [
    "GET /_sim/health",
    "GET /_sim/state",
    "GET /_sim/journal",
    "GET /_sim/quirks",
    "POST /_sim/quirks",
    "DELETE /_sim/quirks",
    "GET /_sim/credentials",
    "POST /_sim/events",
    "POST /_sim/actions",
    "GET /_sim/faults",
    "POST /_sim/faults",
    "DELETE /_sim/faults",
    "POST /_sim/faults/release",
    "GET /_sim/snapshots",
    "POST /_sim/snapshot",
    "POST /_sim/restore",
    "POST /_sim/clock",
];

fn body(request: &Request) -> Result<Value, Refusal> {
    if request.body.is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&request.body)
        .map_err(|error| wrong(format!("the body is not valid JSON: {error}")))
}

fn show_journal(sim: &Sim, request: &Request) -> Result<Value, Refusal> {
    let parameters = request.parameters();
    let number = |name: &str, default: i64| match parameters.get(name) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| wrong(format!("`{name}` must be a number"))),
    };
    let after = number("after", 0)?;
    let limit =
        u32::try_from(number("limit", i64::from(ENTRIES_MAX))?).unwrap_or(ENTRIES_MAX).min(ENTRIES_MAX);
    let mut entries = sim.store.read(|conn| journal::after(conn, after, limit))??;
    for entry in &mut entries {
        entry["permission"] = json!(permission(entry));
    }
    let last = entries.last().map_or(json!(after), |entry| entry["sequence"].clone());
    Ok(json!({"entries": entries, "last": last}))
}

/// RAM action that a journalled call needed.
fn permission(entry: &Value) -> Option<&'static str> {
    let mut operations = service::operations().into_iter();
    let called = operations.find(|operation| {
        entry["service"] == operation.service.name() && entry["action"] == operation.action
    });
    called.and_then(|operation| operation.ram_action)
}

/// The state, with what is due delivered.
pub(crate) fn show_state(sim: &Sim) -> Result<Value, Refusal> {
    sim.catch_up()?;
    sim.store.read(|conn| state::show(conn, &sim.clock))?
}

/// Changes the quirks that the body names, and tells all of them.
fn set_quirks(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    let (all, _) = recorded(sim, "set-quirks", "", body, |conn| {
        let mut all = serde_json::to_value(quirks::get(conn)?)?;
        let named = body.as_object().ok_or_else(|| wrong("the body must be an object of quirks"))?;
        for (name, value) in named {
            all[name] = value.clone();
        }
        let quirks: Quirks =
            serde_json::from_value(all).map_err(|error| wrong(format!("no such quirk: {error}")))?;
        quirks::put(conn, &quirks)?;
        Ok(serde_json::to_value(quirks)?)
    })?;
    Ok(all)
}

/// What a credentials URI answers.
fn credentials(sim: &Sim, request: &Request) -> Result<Value, Refusal> {
    let now = sim.clock.now().as_second();
    let parameters = request.parameters();
    sim.store.read(|conn| metadata::for_uri(conn, &sim.identity.account, &parameters, now))?
}

fn set_faults(sim: &Sim, body: Value) -> Result<Value, Refusal> {
    let list = match body {
        Value::Object(mut fields) if fields.contains_key("faults") => {
            fields.remove("faults").unwrap_or_default()
        }
        Value::Object(_) => Value::Array(vec![body]),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => body,
    };
    let new: Vec<faults::NewFault> =
        serde_json::from_value(list).map_err(|error| wrong(format!("not a list of faults: {error}")))?;
    Ok(json!({"faults": sim.faults.add(new).map_err(wrong)?}))
}

fn clear_faults(sim: &Sim) -> Value {
    sim.faults.clear();
    json!({"faults": []})
}

fn release(sim: &Sim) -> Value {
    sim.faults.release();
    json!({"faults": sim.faults.list()})
}

fn set_clock(sim: &Sim, body: &Value) -> Result<Value, Refusal> {
    let offset = body.get("offsetSeconds").and_then(Value::as_i64);
    let offset = offset.filter(|secs| secs.abs() <= OFFSET_SECS_MAX);
    let offset = offset.ok_or_else(|| wrong("`offsetSeconds` must be a whole number within ten years"))?;
    recorded(sim, "set-clock", "", body, |conn| {
        Ok(setting::put(conn, setting::CLOCK_OFFSET_SECS, &offset.to_string())?)
    })?;
    sim.clock.set_offset_secs(offset);
    Ok(json!({"offsetSeconds": offset, "time": sim.clock.now().to_string()}))
}

/// Does something as a console user and journals it in the same transaction; returns also whether it changed state.
pub(crate) fn recorded<T>(
    sim: &Sim,
    action: &str,
    account: &str,
    parameters: &Value,
    work: impl FnOnce(&rusqlite::Connection) -> Result<T, Refusal>,
) -> Result<(T, bool), Refusal> {
    sim.store.write(|conn| {
        let (result, changed) = store::attempt(conn, || work(conn));
        let entry = Entry {
            time_ms: sim.clock.now().as_millisecond(),
            account: account.to_owned(),
            caller: "console".to_owned(),
            service: "console".to_owned(),
            action: action.to_owned(),
            region: String::new(),
            parameters: parameters.as_object().cloned().unwrap_or_default(),
            status: result.as_ref().map_or_else(|refusal| refusal.status, |_| 200),
            code: result.as_ref().err().map(|refusal| refusal.code.clone()),
            changed,
            request_id: uuid::Uuid::new_v4().to_string(),
            fault: None,
        };
        journal::append(conn, &entry)?;
        result.map(|value| (value, changed))
    })?
}
