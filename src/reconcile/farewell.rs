//! Cleanup: the same line for deletion. The finalizer leaves only when shipping was seen off, or the spec says that it
//! stays.

use std::collections::BTreeSet;

use kube::runtime::controller::Action;
use kube::runtime::events::EventType;
use serde_json::Value;

use super::apply::ACCOUNT_BUSY;
use super::claims::Claimant;
use super::context::Context;
use super::credentials::{NoKey, SignedIn};
use super::error::ReconcileError;
use super::record::{record, settle, tell};
use super::{Stored, Subject, act, credentials, gate, hold, observe};
use crate::api::Control;
use crate::api::reasons::Reason;
use crate::decide::absence::{self, Absence, Remains};
use crate::decide::{Finding, Step};
use crate::desired::Farewell;
use crate::report::{Intended, Outcome, Report};

/// Deleting takes one change and one look; a second change covers a trail that was made anew in between.
const BURST_MAX: usize = 3;

/// Why an object that was never signed in for may go.
const NEVER_ACTED: &str = "nothing was ever changed in the cloud for this object";

/// Moves one deleted object closer to being gone.
pub(super) async fn farewell(
    ctx: &Context,
    subject: &mut Subject,
    stored: &Stored,
) -> Result<Action, ReconcileError> {
    let farewell = match Farewell::from_stored(&subject.name, &stored.object) {
        Ok(farewell) => farewell,
        Err(_) if subject.never_acted() => return release(ctx, subject, stored, NEVER_ACTED).await,
        Err(invalid) => {
            let finding = Finding::new(Reason::DeletionBlocked, invalid.message);
            return settle(ctx, subject, &Report::deleting(&Absence::Blocked(finding), None)).await;
        }
    };
    match absence::without_looking(&farewell) {
        Some(Absence::Done(why)) => release(ctx, subject, stored, &why).await,
        Some(standing) => settle(ctx, subject, &Report::deleting(&standing, None)).await,
        None if subject.never_acted() => release(ctx, subject, stored, NEVER_ACTED).await,
        None => switch_off(ctx, subject, stored, &farewell).await,
    }
}

async fn switch_off(
    ctx: &Context,
    subject: &mut Subject,
    stored: &Stored,
    farewell: &Farewell,
) -> Result<Action, ReconcileError> {
    let signed_in = credentials::sign_in(ctx, subject, &farewell.credentials, &farewell.region).await;
    let SignedIn { session, caller } = match signed_in {
        Ok(signed_in) => signed_in,
        Err(NoKey::Missing(finding)) => {
            return settle(ctx, subject, &Report::deleting(&absence::blocked(*finding), None)).await;
        }
        Err(NoKey::Unread(error)) => return Err(error),
    };
    let claimant = caller.present().map(|caller| claimant(subject, farewell, &caller.account));
    let held = claimant.as_ref().map(|claimant| ctx.claims.hold(&claimant.account));
    if matches!(held, Some(None)) {
        return Ok(Action::requeue(ACCOUNT_BUSY));
    }
    let mut last: Option<String> = None;
    let mut before = subject.before();
    before.creating |= ctx.memory.settles(&subject.uid, &Step::CreateInnerTrail, ctx.now());
    for _ in 0..BURST_MAX {
        let trails = observe::trails(&session, Control::Api).await;
        let rivals = claimant.as_ref().map(|claimant| ctx.claims.rivals(claimant, &ctx.store.state()));
        let remains = Remains { caller: caller.clone(), trails, rivals: rivals.unwrap_or_default(), before };
        let absence = absence::judge(farewell, &remains);
        let name = match &absence {
            Absence::Done(why) => return release(ctx, subject, stored, why).await,
            Absence::Remaining(name, _) if last.as_ref() != Some(name) => name.clone(),
            Absence::Remaining(..) | Absence::Blocked(_) => {
                return settle(ctx, subject, &Report::deleting(&absence, None)).await;
            }
        };
        let step = Step::DeleteInnerTrail(name.clone());
        let refused = ctx.memory.refusal(&subject.uid, &step).map(|fault| absence::refused(&fault));
        let intended = Intended { target: format!("inner trail {name}"), step: step.clone() };
        let report = Report::deleting(refused.as_ref().unwrap_or(&absence), Some(intended));
        record(ctx, subject, &report).await?;
        if subject.superseded {
            return settle(ctx, subject, &Report { intended: None, ..report }).await;
        }
        match act::delete_trail(&session, &name).await {
            Outcome::Done | Outcome::Exists(_) => {
                if let Some(claimant) = &claimant {
                    ctx.claims.note_switched_off(&claimant.account, ctx.now());
                }
                (last, before.creating) = (Some(name), false);
            }
            Outcome::Lost(fault) => {
                ctx.memory.refuse(&subject.uid, step, &fault, ctx.now());
                let report = Report::deleting(&absence::refused(&fault), report.intended);
                return settle(ctx, subject, &report.awaiting(fault)).await;
            }
            Outcome::Refused(fault) => {
                ctx.memory.refuse(&subject.uid, step, &fault, ctx.now());
                return settle(ctx, subject, &Report::deleting(&absence::refused(&fault), None)).await;
            }
        }
    }
    Ok(Action::requeue(std::time::Duration::ZERO))
}

/// Lets the Secret go, then the object: once it is gone, nobody would.
async fn release(
    ctx: &Context,
    subject: &mut Subject,
    stored: &Stored,
    why: &str,
) -> Result<Action, ReconcileError> {
    for secret in secrets_of(subject, stored) {
        hold::let_go(ctx, subject, &secret).await?;
    }
    tell(ctx, subject, EventType::Normal, Reason::Deleting.as_str(), "Release", why).await;
    if !gate::release(ctx, stored, &subject.resource_version).await? {
        return Ok(Action::requeue(std::time::Duration::from_secs(1)));
    }
    tracing::info!(object = %subject.key(), why, "released");
    ctx.forget(&subject.uid);
    ctx.wake_claimants();
    Ok(Action::await_change())
}

/// The Secret that the object names, whatever else is wrong with it, and the one that is held for it.
fn secrets_of(subject: &Subject, stored: &Stored) -> BTreeSet<String> {
    let named = stored.object.pointer("/spec/credentials/secretRef/name").and_then(Value::as_str);
    named.map(str::to_owned).into_iter().chain(subject.secret_in_use.clone()).collect()
}

fn claimant(subject: &Subject, farewell: &Farewell, account: &str) -> Claimant {
    Claimant {
        uid: subject.uid.clone(),
        key: subject.key(),
        account: account.to_owned(),
        created: subject.created,
        trail_name: farewell.trail_name.clone(),
        destination: format!("{}/{}", farewell.project, farewell.logstore),
    }
}
