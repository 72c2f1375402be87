//! One request against the state: authenticate, authorise, run, journal.

use rusqlite::Connection;
use serde_json::Value;

use super::resource::resources;
use super::route::Service;
use super::{Arrived, kept, refused, rpc, sls};
use crate::Sim;
use crate::auth;
use crate::caller::Caller;
use crate::control::faults::Effect;
use crate::policy::{Context, Verdict};
use crate::quirks;
use crate::reply::{Answer, Refusal, Reply};
use crate::service::{Call, Operation, actiontrail, ongoing, sts_oidc};
use crate::store;
use crate::store::frozen::Frozen;
use crate::store::journal::{self, Entry};
use crate::store::logstore;

/// What happened to a request.
struct Done {
    caller: Option<Caller>,
    result: Result<Answer, Refusal>,
    changed: bool,
}

/// Serves a request and commits what it did; blocks on the state.
pub(crate) fn perform(sim: &Sim, arrived: &Arrived, effect: Option<&Effect>) -> Reply {
    let outcome = match &arrived.past {
        Some(past) => in_the_past(sim, arrived, effect, past),
        None if runs_beside_the_writer(arrived) => beside(sim, arrived, effect),
        None => within(sim, arrived, effect),
    };
    outcome.unwrap_or_else(|error| {
        refused(arrived.service, &Refusal::internal(&error), &arrived.request_id, &arrived.request.host)
    })
}

/// Effect and journal row in one transaction, once nothing else is due.
fn within(sim: &Sim, arrived: &Arrived, effect: Option<&Effect>) -> rusqlite::Result<Reply> {
    when_settled(sim, |conn| journalled(sim, conn, arrived, &attempt(sim, conn, arrived, effect), effect))
}

/// A read that leaves the writer free, and then its journal row.
fn beside(sim: &Sim, arrived: &Arrived, effect: Option<&Effect>) -> rusqlite::Result<Reply> {
    let now = sim.clock.now().as_second();
    // Retention is kept here, before anybody looks at logs, and is no change that the journal tells of.
    if !arrived.is_brief() {
        when_settled(sim, |conn| logstore::expire(conn, now))?;
    }
    let done = sim.store.read(|conn| attempt(sim, conn, arrived, effect))?;
    sim.store.write(|conn| journalled(sim, conn, arrived, &done, effect)).flatten()
}

/// Runs `work` in a transaction in which no event is due; of very many, each portion gets a transaction of its own.
fn when_settled<T>(sim: &Sim, work: impl Fn(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    loop {
        let done = sim.store.write(|conn| if more_is_due(sim, conn) { None } else { Some(work(conn)) })?;
        if let Some(done) = done {
            return done;
        }
    }
}

/// A read of the state as it was; the caller is known by the state as it is.
fn in_the_past(
    sim: &Sim,
    arrived: &Arrived,
    effect: Option<&Effect>,
    past: &Frozen,
) -> rusqlite::Result<Reply> {
    let now = sim.clock.now();
    let caller = sim.store.write(|conn| caller(conn, arrived, now))?;
    let done = past.read(|conn| go_on(conn, arrived, caller, effect, now));
    let stale = Effect::StaleReads { seconds: 0 };
    sim.store.write(|conn| journalled(sim, conn, arrived, &done, effect.or(Some(&stale)))).flatten()
}

/// Makes a portion of the events happen and arrive that are due; a failure is logged and concerns no caller.
fn more_is_due(sim: &Sim, conn: &Connection) -> bool {
    ongoing::catch_up(conn, sim.clock.now().as_second()).unwrap_or_else(|refusal| {
        tracing::error!(code = refusal.code, "cannot deliver events that are due");
        false
    })
}

/// Reads of Log Service may take long and need no nonce, so they leave the writer alone.
fn runs_beside_the_writer(arrived: &Arrived) -> bool {
    arrived.service == Service::Sls && arrived.operation.as_ref().is_ok_and(|operation| !operation.mutating)
}

fn attempt(sim: &Sim, conn: &Connection, arrived: &Arrived, effect: Option<&Effect>) -> Done {
    let now = sim.clock.now();
    go_on(conn, arrived, caller(conn, arrived, now), effect, now)
}

/// Runs the operation for a caller who is known.
fn go_on(
    conn: &Connection,
    arrived: &Arrived,
    caller: Result<Caller, Refusal>,
    effect: Option<&Effect>,
    now: jiff::Timestamp,
) -> Done {
    if let Some(refusal) = effect.and_then(|effect| effect.refusal_before(arrived.service)) {
        return Done { caller: caller.ok(), result: Err(refusal), changed: false };
    }
    let caller = match caller {
        Ok(caller) => caller,
        Err(refusal) => return Done { caller: None, result: Err(refusal), changed: false },
    };
    let run = || run(conn, arrived, &caller, now);
    let (result, changed) =
        if runs_beside_the_writer(arrived) { (run(), false) } else { store::attempt(conn, run) };
    Done { caller: Some(caller), result, changed }
}

/// Runs the operation for a caller who is known, if the caller may use it.
pub(crate) fn run(
    conn: &Connection,
    arrived: &Arrived,
    caller: &Caller,
    now: jiff::Timestamp,
) -> Result<Answer, Refusal> {
    let operation = permitted(conn, arrived, caller, now)?;
    (operation.run)(&call(conn, arrived, caller, now.as_second()))
}

/// Who sent the request.
pub(crate) fn caller(conn: &Connection, arrived: &Arrived, now: jiff::Timestamp) -> Result<Caller, Refusal> {
    if arrived.operation.as_ref().is_ok_and(|operation| operation.unsigned) {
        return sts_oidc::caller(conn, arrived.parameters.get("RoleArn").map(String::as_str));
    }
    match arrived.service {
        Service::Sls => auth::sls(conn, &arrived.request, &arrived.region, now),
        Service::ActionTrail | Service::Ram | Service::Sts => auth::rpc(conn, &arrived.request, now),
    }
}

fn call<'a>(conn: &'a Connection, arrived: &'a Arrived, caller: &'a Caller, now: i64) -> Call<'a> {
    Call {
        conn,
        caller,
        region: &arrived.region,
        now,
        request: &arrived.request,
        parameters: &arrived.parameters,
        place: &arrived.place,
        incomplete: arrived.incomplete,
    }
}

/// The operation, if it exists for this account and the caller may use it.
fn permitted(
    conn: &Connection,
    arrived: &Arrived,
    caller: &Caller,
    now: jiff::Timestamp,
) -> Result<&'static Operation, Refusal> {
    let operation = *arrived.operation.as_ref().map_err(Clone::clone)?;
    let is_inner = arrived.service == Service::ActionTrail && actiontrail::needs_grant(operation.action);
    if is_inner && !caller.account.granted {
        return Err(quirks::get(conn)?.inner_refusal.refusal());
    }
    let Some(ram_action) = operation.ram_action else { return Ok(operation) };
    let context = context(arrived, now);
    for resource in resources(arrived, &caller.account.id) {
        let verdict = caller.verdict(ram_action, &resource, &context);
        if verdict != Verdict::Allowed {
            return Err(denied(arrived.service, caller, &resource, ram_action, verdict));
        }
    }
    Ok(operation)
}

/// What a policy may ask of a call.
fn context(arrived: &Arrived, now: jiff::Timestamp) -> Context {
    let known = Context::of_call(now.as_second(), arrived.request.peer.0);
    match arrived.parameters.get("ServiceName") {
        Some(name) if arrived.action == "CreateServiceLinkedRole" => known.with("ram:ServiceName", name),
        Some(_) | None => known,
    }
}

fn denied(service: Service, caller: &Caller, resource: &str, ram_action: &str, verdict: Verdict) -> Refusal {
    let mut refusal = match service {
        Service::Sls => sls::denied(resource, ram_action),
        Service::ActionTrail | Service::Ram | Service::Sts => {
            rpc::denied(service, caller, resource, ram_action)
        }
    };
    if let (Some(detail), Verdict::Denied) = (&mut refusal.detail, verdict) {
        detail["NoPermissionType"] = Value::from("ExplicitDeny");
    }
    refusal
}

/// The reply as the caller will see it.
fn reply(arrived: &Arrived, done: &Done, effect: Option<&Effect>) -> Reply {
    let refuse =
        |refusal: &Refusal| refused(arrived.service, refusal, &arrived.request_id, &arrived.request.host);
    if let Some(refusal) = effect.and_then(|effect| effect.refusal_after(arrived.service)) {
        return refuse(&refusal);
    }
    match &done.result {
        Ok(answer) => match arrived.service {
            Service::Sls => sls::answered(answer, &arrived.request_id),
            Service::ActionTrail | Service::Ram | Service::Sts => rpc::answered(answer, &arrived.request_id),
        },
        Err(refusal) => refuse(refusal),
    }
}

/// Writes the journal row and returns the reply it tells of.
fn journalled(
    sim: &Sim,
    conn: &Connection,
    arrived: &Arrived,
    done: &Done,
    effect: Option<&Effect>,
) -> rusqlite::Result<Reply> {
    let reply = reply(arrived, done, effect);
    let caller = done.caller.as_ref();
    let entry = Entry {
        time_ms: sim.clock.now().as_millisecond(),
        account: caller.map(|caller| caller.account.id.clone()).unwrap_or_default(),
        caller: caller.map(Caller::arn).unwrap_or_default(),
        service: arrived.service.name().to_owned(),
        action: kept::action(arrived),
        region: arrived.region.clone(),
        parameters: kept::parameters(arrived, caller.is_some()),
        status: reply.status,
        code: reply.code.clone(),
        changed: done.changed,
        request_id: arrived.request_id.clone(),
        fault: effect.map(Effect::name),
    };
    journal::append(conn, &entry)?;
    Ok(reply)
}
