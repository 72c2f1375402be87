//! Apply: observe → decide → act → record, round and round while the last change calls for another look.

use std::time::Duration;

use alicloud::{Fault, FaultKind, Session};
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;

use super::claims::{Claimant, claims};
use super::context::Context;
use super::credentials::{NoKey, SignedIn};
use super::error::ReconcileError;
use super::record::{record, settle, tell};
use super::{Stored, Subject, act, credentials, hold, observe};
use crate::api::InnerTrail;
use crate::decide::{Decision, Stage, Step, blame, decide};
use crate::desired::{Desired, Invalid};
use crate::observed::{Caller, Observed, RoleSeen, Seen};
use crate::report::{Intended, Outcome, Report};

/// A burst ends after this many changes even if more are due: every stage may need two.
const BURST_MAX: usize = Stage::ALL.len() * 2;

/// Wait before another look when another object of the same account is being worked on.
pub(super) const ACCOUNT_BUSY: Duration = Duration::from_secs(1);

/// Moves one object closer to its spec, and says truthfully where it stands.
pub(super) async fn apply(
    ctx: &Context,
    subject: &mut Subject,
    stored: &Stored,
) -> Result<Action, ReconcileError> {
    match parse(stored) {
        Err(invalid) => settle(ctx, subject, &Report::invalid(&invalid)).await,
        Ok(desired) if desired.suspended => settle(ctx, subject, &Report::suspended()).await,
        Ok(desired) => {
            subject.interval = desired.interval;
            let_go_of_former_secret(ctx, subject, &desired).await;
            burst(ctx, subject, &desired).await
        }
    }
}

async fn let_go_of_former_secret(ctx: &Context, subject: &Subject, desired: &Desired) {
    if let Some(former) = ctx.memory.uses(&subject.uid, desired.credentials.secret()) {
        hold::let_go(ctx, subject, &former).await;
    }
}

fn parse(stored: &Stored) -> Result<Desired, Invalid> {
    let trail: InnerTrail =
        serde_json::from_value(stored.object.clone()).map_err(|error| Invalid::undecodable(&error))?;
    Desired::try_from(&trail)
}

async fn burst(ctx: &Context, subject: &mut Subject, desired: &Desired) -> Result<Action, ReconcileError> {
    let signed_in = credentials::sign_in(ctx, subject, &desired.credentials, &desired.region).await;
    let SignedIn { session, caller } = match signed_in {
        Ok(signed_in) => signed_in,
        Err(NoKey::Missing(finding)) => {
            return settle(ctx, subject, &Report::without_credentials(*finding)).await;
        }
        Err(NoKey::Unread(error)) => return Err(error),
    };
    let claimant = caller.present().map(|caller| claimant(subject, desired, &caller.account));
    let held = claimant.as_ref().map(|claimant| ctx.claims.hold(&claimant.account));
    if matches!(held, Some(None)) {
        return Ok(Action::requeue(ACCOUNT_BUSY));
    }
    if let Some(claimant) = &claimant {
        note(ctx, desired, claimant);
    }
    let mut burst = Burst { desired, session, caller, claimant, role: None, last: None };
    for _ in 0..BURST_MAX {
        let look = burst.look(ctx, subject).await;
        if let Some(report) = burst.advance(ctx, subject, look).await? {
            return settle(ctx, subject, &report).await;
        }
    }
    let report = burst.look(ctx, subject).await.report(desired, None, None);
    settle(ctx, subject, &report).await
}

/// What stays the same through the rounds of one burst, and what one round hands to the next.
struct Burst<'a> {
    desired: &'a Desired,
    session: Session,
    caller: Seen<Caller>,
    claimant: Option<Claimant>,
    /// The role as last seen, while nothing can have changed it.
    role: Option<Seen<RoleSeen>>,
    /// The change made in the round before, and the answer if it was "there already".
    last: Option<(Step, Option<Fault>)>,
}

/// One look at the world, and what it calls for.
struct Look {
    observed: Observed,
    decision: Decision,
}

impl Look {
    fn report(&self, desired: &Desired, refusal: Option<&Fault>, intended: Option<Intended>) -> Report {
        Report::judged(desired, &self.observed, &self.decision, refusal, intended)
    }
}

impl Burst<'_> {
    async fn look(&mut self, ctx: &Context, subject: &Subject) -> Look {
        let caller = self.caller.clone();
        let mut observed =
            observe::observe(&self.session, self.desired, caller, self.role.take(), ctx.now()).await;
        if let Some(claimant) = &self.claimant {
            observed.rivals = ctx.claims.rivals(claimant, &ctx.store.state());
        }
        observed.retention_refused = retention_refused(ctx, subject, self.desired);
        observed.established = subject.established();
        Look { decision: decide(self.desired, &observed), observed }
    }

    /// Makes the one change that is called for. Returns the report to settle with, or `None` for another round.
    async fn advance(
        &mut self,
        ctx: &Context,
        subject: &mut Subject,
        look: Look,
    ) -> Result<Option<Report>, ReconcileError> {
        let Some(step) = look.decision.step.clone() else {
            return Ok(Some(look.report(self.desired, None, None)));
        };
        if let Some((_, exists)) = self.last.take().filter(|(last, _)| *last == step) {
            return Ok(Some(self.unseen(ctx, subject, &look, step, exists)));
        }
        let intended = Intended { target: act::target(self.desired, &step), step: step.clone() };
        let refusal = ctx.memory.refusal(&subject.uid, &step);
        let report = look.report(self.desired, refusal.as_ref(), Some(intended.clone()));
        record(ctx, subject, &report).await?;
        if subject.superseded {
            return Ok(Some(look.report(self.desired, refusal.as_ref(), None)));
        }
        let mut exists = None;
        match act::act(&self.session, self.desired, &look.observed, &step).await {
            Outcome::Done => {
                ctx.memory.accept(&subject.uid, &step);
                tell_done(ctx, subject, &intended).await;
            }
            Outcome::Exists(fault) => exists = Some(fault),
            Outcome::Lost(fault) => {
                return Ok(Some(look.report(self.desired, Some(&fault), Some(intended)).awaiting(fault)));
            }
            Outcome::Refused(fault) => {
                if ctx.memory.refuse(&subject.uid, step.clone(), &fault) {
                    tell_refused(ctx, subject, &intended, &fault).await;
                }
                if !matches!(step, Step::UpdateRetention(_)) || !is_final(&fault) {
                    return Ok(Some(look.report(self.desired, Some(&fault), None)));
                }
            }
        }
        self.role = (step.stage() != Stage::Authorized).then_some(look.observed.role);
        self.last = Some((step, exists));
        Ok(None)
    }

    /// The change of the round before does not show: it settles, or what exists is not ours to see.
    fn unseen(
        &self,
        ctx: &Context,
        subject: &Subject,
        look: &Look,
        step: Step,
        exists: Option<Fault>,
    ) -> Report {
        let Some(fault) = exists else {
            return Report::settling(self.desired, &look.observed, &look.decision, &step);
        };
        ctx.memory.refuse(&subject.uid, step, &fault);
        look.report(self.desired, Some(&fault), None)
    }
}

/// A wish that was refused for good is not tried again by this process for this generation (S12).
fn retention_refused(ctx: &Context, subject: &Subject, desired: &Desired) -> bool {
    let step = desired.retention.desired_days.map(Step::UpdateRetention);
    step.and_then(|step| ctx.memory.refusal(&subject.uid, &step)).is_some_and(|fault| is_final(&fault))
}

/// Whether asking again cannot help: the service does not want it, whoever asks and whenever.
const fn is_final(fault: &Fault) -> bool {
    matches!(fault.kind, FaultKind::Invalid | FaultKind::Unexpected)
}

fn claimant(subject: &Subject, desired: &Desired, account: &str) -> Claimant {
    Claimant {
        uid: subject.uid.clone(),
        key: subject.key(),
        account: account.to_owned(),
        created: subject.created,
        trail_name: desired.trail_name.clone(),
        destination: format!("{}/{}", desired.project, desired.logstore),
    }
}

/// Only an object that would switch shipping on claims its account; one that does so no longer lets others in.
fn note(ctx: &Context, desired: &Desired, claimant: &Claimant) {
    if claims(desired, &claimant.account) {
        ctx.claims.note(claimant.clone());
    } else if ctx.claims.release(&claimant.uid) {
        ctx.wake_claimants();
    }
}

async fn tell_done(ctx: &Context, subject: &Subject, intended: &Intended) {
    tracing::info!(object = %subject.key(), step = intended.step.name(), target = %intended.target, "changed");
    let note = format!("done: {}", intended.target);
    tell(ctx, subject, EventType::Normal, intended.step.name(), intended.step.name(), &note).await;
}

/// A refusal is told when it is news, in our words and with the code.
async fn tell_refused(ctx: &Context, subject: &Subject, intended: &Intended, fault: &Fault) {
    let finding = blame(fault);
    let note = format!("{} was refused: {}", intended.target, finding.message);
    tell(ctx, subject, EventType::Warning, finding.reason.as_str(), intended.step.name(), &note).await;
}
