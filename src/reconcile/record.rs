//! Record: status and events, on every way out of a pass.

use std::time::Duration;

use alicloud::Fault;
use jiff::SignedDuration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use kube::api::{Patch, PatchParams};
use kube::runtime::controller::Action;
use kube::runtime::events::{Event, EventType};
use serde_json::json;

use super::context::Context;
use super::error::ReconcileError;
use super::{Subject, act};
use crate::api::names::{FIELD_MANAGER, GROUP, VERSION, condition};
use crate::api::reasons::Reason;
use crate::report::{DELETING, Pace, Report};
use crate::status::{self, Pass};

/// Added to the time of the calls of a step: how long after the intent a lost change is still feared to land
/// (`faults.md` §3.3). Covers the status write that comes between, and the clocks.
const INTENT_MARGIN: Duration = Duration::from_secs(3);
/// A status write that took longer leaves too little of the margin for the change it announced.
const INTENT_WRITE_MAX: SignedDuration = SignedDuration::from_secs(2);
/// Events are told within this time or not at all.
const EVENT_TIMEOUT: Duration = Duration::from_secs(2);
/// The API server refuses longer notes.
const NOTE_BYTES_MAX: usize = 1024;

/// Writes the status if it tells anything new, and an event for each condition that moved.
pub(super) async fn record(
    ctx: &Context,
    subject: &mut Subject,
    report: &Report,
) -> Result<(), ReconcileError> {
    let now = ctx.now();
    let calls = report.intended.as_ref().map_or(act::CALLS_MAX, |intended| act::calls(&intended.step));
    let window = intent_window(ctx.settings.call_limit, calls);
    let pass = Pass {
        generation: subject.generation,
        requested_at: subject.requested_at.as_deref(),
        now,
        not_before: now + SignedDuration::try_from(window).unwrap_or(SignedDuration::from_mins(2)),
        secret_in_use: subject.secret_in_use.as_deref(),
    };
    let next = status::render(&subject.status, report, &pass);
    if !status::worth_writing(&subject.status, &next) {
        return Ok(());
    }
    let patch = json!({
        "apiVersion": format!("{GROUP}/{VERSION}"),
        "kind": "InnerTrail",
        "metadata": {"name": subject.name, "namespace": subject.namespace, "uid": subject.uid},
        "status": next,
    });
    let params = PatchParams::apply(FIELD_MANAGER).force();
    match ctx.objects(&subject.namespace).patch_status(&subject.name, &params, &Patch::Apply(&patch)).await {
        Ok(written) => {
            subject.written(written.metadata);
            subject.superseded |= ctx.now().duration_since(now) > INTENT_WRITE_MAX;
        }
        Err(kube::Error::Api(answer)) if answer.code == 404 => {
            subject.superseded = true;
            return Ok(());
        }
        Err(error) => {
            return Err(ReconcileError::Kubernetes { doing: "write the status", source: Box::new(error) });
        }
    }
    let moved: Vec<Condition> = status::transitions(&subject.status, &next).into_iter().cloned().collect();
    subject.status = next;
    for condition in &moved {
        tell_transition(ctx, subject, report, condition).await;
    }
    Ok(())
}

/// How long after an intent was written its change is feared to land, when it takes this many calls.
fn intent_window(call_limit: Duration, calls: u32) -> Duration {
    call_limit * calls + INTENT_MARGIN
}

/// The same for the longest step.
pub(super) fn intent_window_max(call_limit: Duration) -> Duration {
    intent_window(call_limit, act::CALLS_MAX)
}

/// Records, and says when to look again.
pub(super) async fn settle(
    ctx: &Context,
    subject: &mut Subject,
    report: &Report,
) -> Result<Action, ReconcileError> {
    record(ctx, subject, report).await?;
    let now = ctx.now();
    let until_intent = subject.intent_wait(ctx, now).unwrap_or_default();
    let interval = ctx.settings.interval_max.map_or(subject.interval, |max| subject.interval.min(max));
    let wait = report.pace.wait(status::age(&subject.status, now), interval, until_intent, subject.salt());
    let claimed = report.ready.reason == Reason::AccountAlreadyClaimed;
    ctx.memory.rest(&subject.uid, subject.wake.clone(), now, wait, claimed);
    if report.pace != Pace::Interval {
        let request_id = report.error.as_ref().and_then(|(_, fault)| fault.request_id.as_deref());
        tracing::info!(object = %subject.key(), stage = report.stage, reason = report.ready.reason.as_str(),
            cloud.request_id = request_id, retry_in_secs = wait.as_secs(), "not settled");
    }
    Ok(Action::requeue(wait))
}

/// Reasons that are no event: what follows from another stage, what is under way, and what time mends by itself.
const QUIET: [Reason; 5] =
    [Reason::UpstreamNotReady, Reason::Progressing, Reason::Pending, Reason::Throttled, Reason::Unavailable];

/// Unknown-after-unknown is not news: `UpstreamNotReady` follows from the stage before it, which tells its own.
async fn tell_transition(ctx: &Context, subject: &Subject, report: &Report, condition: &Condition) {
    let quiet = QUIET.map(Reason::as_str);
    let speaks_for_a_stage =
        report.stage != DELETING && condition.type_ == condition::READY && condition.status != "True";
    if quiet.contains(&condition.reason.as_str()) || speaks_for_a_stage {
        return;
    }
    tracing::info!(object = %subject.key(), condition = %condition.type_, status = %condition.status,
        reason = %condition.reason, "condition changed");
    let severity = if condition.status == "False" || condition.type_ == condition::STALLED {
        EventType::Warning
    } else {
        EventType::Normal
    };
    let fault = report.error.as_ref().filter(|(stage, _)| *stage == condition.type_ || *stage == DELETING);
    let note = format!("{}: {}{}", condition.type_, condition.message, quoted(fault.map(|(_, fault)| fault)));
    tell(ctx, subject, severity, &condition.reason, &condition.type_, &note).await;
}

/// The request id to quote to Alibaba Cloud support, for the end of a note. Never in a condition: it differs each time.
pub(super) fn quoted(fault: Option<&Fault>) -> String {
    let id = fault.and_then(|fault| fault.request_id.as_deref());
    id.map_or_else(String::new, |id| format!(" (request id `{id}`)"))
}

/// One event, best effort: a failure is logged and forgotten.
///
/// Events of the same reason and `action` within a few minutes count as one series, which keeps the first note.
pub(super) async fn tell(
    ctx: &Context,
    subject: &Subject,
    severity: EventType,
    reason: &str,
    action: &str,
    note: &str,
) {
    let mut note = note.to_owned();
    note.truncate(note.floor_char_boundary(NOTE_BYTES_MAX));
    let event = Event {
        type_: severity,
        reason: reason.to_owned(),
        note: Some(note),
        action: action.to_owned(),
        secondary: None,
    };
    let published =
        tokio::time::timeout(EVENT_TIMEOUT, ctx.recorder.publish(&event, &subject.reference)).await;
    match published {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(object = %subject.key(), %error, "cannot publish an event"),
        Err(_) => tracing::warn!(object = %subject.key(), "publishing an event took too long"),
    }
}
