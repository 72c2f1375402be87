//! From a report to the status of the object.
//!
//! Takes the previous status, the report and the time; returns the next status and which conditions changed. The
//! previous status is read for three things only: transition times, what was once seen of the trail, and facts that
//! this pass could not see.
//!
//! *Invariant:* pure; rendering the same report twice changes nothing, and a transition time moves only when a
//! condition's status moves.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::api::names::condition;
use crate::api::reasons::Reason;
use crate::api::{
    AccountStatus, DeliveryStatus, DeliveryVerdict, DestinationStatus, Drift, IndexStatus, InnerTrailStatus,
    Intent, LastError, TrailSource, TrailStatus,
};
use crate::decide::Stage;
use crate::report::{DriftSeen, Facts, Report, Shown, State, TrailFact};

/// `lastVerifiedTime` alone is worth a write only when it is this old, so that an unchanged object is left alone.
const VERIFIED_WRITE_INTERVAL: SignedDuration = SignedDuration::from_hours(1);

/// What a pass is about, besides the report.
#[derive(Clone, Debug)]
pub struct Pass<'a> {
    /// Generation of the spec that was judged.
    pub generation: i64,
    /// Value of the request annotation, if set.
    pub requested_at: Option<&'a str>,
    /// Now.
    pub now: Timestamp,
    /// Until when a change about to be made may still land.
    pub not_before: Timestamp,
    /// The Secret that is held for this object.
    pub secret_in_use: Option<&'a str>,
}

/// The next status.
pub fn render(prev: &InnerTrailStatus, report: &Report, pass: &Pass<'_>) -> InnerTrailStatus {
    let established = prev.trail.is_some();
    let conditions = conditions(prev, report, pass, established);
    InnerTrailStatus {
        observed_generation: Some(pass.generation),
        conditions,
        stage: Some(report.stage.to_owned()),
        account: account(&report.facts).or_else(|| prev.account.clone()),
        trail: trail(prev, &report.facts),
        destination: destination(&report.facts).or_else(|| prev.destination.clone()),
        delivery: delivery(prev, report),
        index: index(&report.facts).or_else(|| prev.index.clone()),
        drift: if established { drift(prev, &report.facts.drift, pass.now) } else { Vec::new() },
        last_error: last_error(report, pass.now),
        last_verified_time: verified(prev, report, pass.now),
        last_handled_reconcile_at: pass.requested_at.map(str::to_owned),
        intent: intent(prev, report, pass.not_before),
        secret_in_use: pass.secret_in_use.map(str::to_owned),
        coverage: prev.coverage.clone(),
        plan: prev.plan.clone(),
    }
}

/// Whether writing `next` over `prev` tells anything new. Request ids and times of an unchanged failure do not.
pub fn worth_writing(prev: &InnerTrailStatus, next: &InnerTrailStatus) -> bool {
    let verified_is_old = match (&prev.last_verified_time, &next.last_verified_time) {
        (Some(before), Some(now)) => now.0.duration_since(before.0) >= VERIFIED_WRITE_INTERVAL,
        (None, Some(_)) => true,
        (_, None) => false,
    };
    verified_is_old || quiet(prev) != quiet(next)
}

/// A status without what may differ from pass to pass of an unchanged world.
fn quiet(status: &InnerTrailStatus) -> InnerTrailStatus {
    let mut quiet = status.clone();
    quiet.last_verified_time = None;
    if let Some(error) = &mut quiet.last_error {
        error.time = None;
        error.request_id = None;
    }
    quiet
}

/// Conditions of `next` whose status or reason differ from `prev`.
pub fn transitions<'a>(prev: &InnerTrailStatus, next: &'a InnerTrailStatus) -> Vec<&'a Condition> {
    let changed = |condition: &&Condition| {
        find(prev, &condition.type_)
            .is_none_or(|old| old.status != condition.status || old.reason != condition.reason)
    };
    next.conditions.iter().filter(changed).collect()
}

/// How long the condition that speaks for the object has stood as it stands.
pub fn age(status: &InnerTrailStatus, now: Timestamp) -> std::time::Duration {
    find(status, condition::READY)
        .and_then(|ready| {
            std::time::Duration::try_from(now.duration_since(ready.last_transition_time.0)).ok()
        })
        .unwrap_or_default()
}

fn find<'a>(status: &'a InnerTrailStatus, kind: &str) -> Option<&'a Condition> {
    status.conditions.iter().find(|condition| condition.type_ == kind)
}

fn conditions(
    prev: &InnerTrailStatus,
    report: &Report,
    pass: &Pass<'_>,
    established: bool,
) -> Vec<Condition> {
    let mut all: Vec<Shown> = report.stages.iter().map(|shown| refine(shown, established)).collect();
    all.push(refine(&report.ready, established));
    all.extend(report.abnormal.iter().cloned());
    if established && !report.facts.drift.is_empty() {
        all.push(drifted(report));
    }
    all.iter().map(|shown| condition(prev, shown, pass)).collect()
}

fn drifted(report: &Report) -> Shown {
    let paths: Vec<&str> = report.facts.drift.iter().map(|drift| drift.path).collect();
    let message = format!("the cloud differs from {}; see `status.drift`", paths.join(", "));
    Shown {
        kind: condition::DRIFTED,
        state: State::True,
        reason: report.ready.reason,
        message,
        progressing: false,
    }
}

/// Before the trail was ever seen on, an open stage that the operator is about to close is progress, not a fault.
fn refine(shown: &Shown, established: bool) -> Shown {
    let mut refined = shown.clone();
    if shown.progressing && !established {
        refined.reason = Reason::Progressing;
        refined.state = State::Unknown;
    }
    refined
}

fn condition(prev: &InnerTrailStatus, shown: &Shown, pass: &Pass<'_>) -> Condition {
    let status = shown.state.as_str();
    let since =
        find(prev, shown.kind).filter(|old| old.status == status).map(|old| old.last_transition_time.clone());
    Condition {
        type_: shown.kind.to_owned(),
        status: status.to_owned(),
        reason: shown.reason.as_str().to_owned(),
        message: shown.message.clone(),
        observed_generation: Some(pass.generation),
        last_transition_time: since.unwrap_or(Time(pass.now)),
    }
}

fn account(facts: &Facts) -> Option<AccountStatus> {
    facts.account.clone().map(|(id, caller)| AccountStatus { id, caller })
}

/// A trail once seen stays on show, switched off, when it is gone.
fn trail(prev: &InnerTrailStatus, facts: &Facts) -> Option<TrailStatus> {
    match &facts.trail {
        None => prev.trail.clone(),
        Some(TrailFact::On { name, home_region }) => Some(TrailStatus {
            name: Some(name.clone()),
            home_region: home_region.clone(),
            enabled: true,
            source: Some(TrailSource::ActionTrail),
        }),
        Some(TrailFact::Evidence(source)) => {
            Some(TrailStatus { enabled: true, source: Some(*source), ..TrailStatus::default() })
        }
        Some(TrailFact::Off) => prev.trail.clone().map(|trail| TrailStatus { enabled: false, ..trail }),
    }
}

fn destination(facts: &Facts) -> Option<DestinationStatus> {
    facts.destination.clone().map(|(project, logstore, retention_days, shards)| DestinationStatus {
        project,
        logstore,
        retention_days,
        shards,
    })
}

/// An event once seen is remembered when it has left the window that is searched.
fn delivery(prev: &InnerTrailStatus, report: &Report) -> Option<DeliveryStatus> {
    let Some(fact) = &report.facts.delivery else { return prev.delivery.clone() };
    let verdict = match (fact.fresh, report.stages[Stage::Shipping as usize].reason) {
        (true, _) => DeliveryVerdict::Delivering,
        (false, Reason::QuietHealthy) => DeliveryVerdict::QuietHealthy,
        (false, Reason::DeliveryFailing) => DeliveryVerdict::Failing,
        (false, _) => DeliveryVerdict::Unknown,
    };
    let last_event_time = fact
        .last_event
        .map(Time)
        .or_else(|| prev.delivery.as_ref().and_then(|old| old.last_event_time.clone()));
    Some(DeliveryStatus {
        verdict,
        last_delivery_time: fact.last_delivery.map(Time).or_else(|| last_event_time.clone()),
        last_error: fact.error.clone(),
        last_event_time,
    })
}

fn index(facts: &Facts) -> Option<IndexStatus> {
    facts.index.clone().map(|gap| IndexStatus {
        fields_present: gap.present,
        fields_missing: gap.missing.into_iter().chain(gap.conflicting).collect(),
    })
}

/// A difference keeps the time at which it was first seen.
fn drift(prev: &InnerTrailStatus, seen: &[DriftSeen], now: Timestamp) -> Vec<Drift> {
    let since = |drift: &DriftSeen| {
        prev.drift
            .iter()
            .find(|old| old.path == drift.path && old.have == drift.have)
            .map_or(Some(Time(now)), |old| old.since.clone())
    };
    seen.iter()
        .map(|drift| Drift {
            path: drift.path.to_owned(),
            want: drift.want.clone(),
            have: drift.have.clone(),
            since: since(drift),
            attribution: None,
        })
        .collect()
}

fn last_error(report: &Report, now: Timestamp) -> Option<LastError> {
    report.error.as_ref().map(|(stage, fault)| LastError {
        stage: (*stage).to_owned(),
        api: format!("{}/{}", fault.service, fault.action),
        code: fault.code.clone(),
        request_id: fault.request_id.clone(),
        time: Some(Time(now)),
    })
}

/// Recording was verified when all four stages were seen in order.
fn verified(prev: &InnerTrailStatus, report: &Report, now: Timestamp) -> Option<Time> {
    if report.ready.state == State::True { Some(Time(now)) } else { prev.last_verified_time.clone() }
}

fn intent(prev: &InnerTrailStatus, report: &Report, not_before: Timestamp) -> Option<Intent> {
    let intended = report.intended.as_ref()?;
    let (step, target) = (intended.step.name().to_owned(), intended.target.clone());
    let open =
        prev.intent.as_ref().filter(|old| report.pace == crate::report::Pace::Intent && old.step == step);
    let not_before = open.map_or(Time(not_before), |old| old.not_before.clone());
    Some(Intent { step, target, not_before })
}

#[cfg(test)]
mod tests;
