//! Apply: observe → decide → act → record, round and round while the last change calls for another look.

use std::time::Duration;

use alicloud::{Fault, Session};
use jiff::SignedDuration;
use kube::runtime::controller::Action;
use kube::runtime::events::EventType;

use super::claims::{Claimant, claims};
use super::context::Context;
use super::credentials::{NoKey, SignedIn};
use super::error::ReconcileError;
use super::record::{quoted, record, settle, tell};
use super::{Stored, Subject, act, credentials, hold, observe};
use crate::api::InnerTrail;
use crate::decide::{Decision, Stage, Step, blame, decide};
use crate::desired::{Desired, Invalid};
use crate::observed::{Caller, Observed, RoleSeen, Seen};
use crate::report::{Intended, Outcome, Report};

/// A burst ends after this many changes even if more are due: every stage may need two.
const BURST_MAX: usize = Stage::ALL.len() * 2;

/// Events may arrive this long after they happened, and a trail that is off still delivers them (`cloud-api.md` §1.2).
const DELIVERY_DELAY: SignedDuration = SignedDuration::from_mins(10);

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
            hold::let_go_of_former(ctx, subject, desired.credentials.secret()).await?;
            burst(ctx, subject, &desired).await
        }
    }
}

/// A field that a newer schema lets through and this version does not know is named, not ignored.
fn parse(stored: &Stored) -> Result<Desired, Invalid> {
    let mut unknown = None;
    let trail: InnerTrail = serde_ignored::deserialize(stored.object.clone(), |path| {
        let field = path.to_string().replace(".?", "");
        unknown = unknown.take().or_else(|| Some(field).filter(|field| field.starts_with("spec.")));
    })
    .map_err(|error: serde_json::Error| Invalid::undecodable(&error))?;
    match unknown {
        Some(field) => Err(Invalid::unknown(&field)),
        None => Desired::try_from(&trail),
    }
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
    /// The change tried in the round before.
    last: Option<Step>,
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
        observed.before = subject.before();
        observed.before.switched_off = self.is_from_before(ctx, &observed);
        let decision = decide(self.desired, &observed);
        ctx.memory.look(&subject.uid, decision.step.as_ref());
        Look { observed, decision }
    }

    /// Whether what arrived last was shipped by a trail of the account that this process has switched off since.
    fn is_from_before(&self, ctx: &Context, observed: &Observed) -> bool {
        let account = self.claimant.as_ref().map(|claimant| claimant.account.as_str());
        let off = account.and_then(|account| ctx.claims.switched_off(account));
        let newest = observed.delivery.newest.present();
        off.zip(newest).is_some_and(|(off, newest)| newest.time < off + DELIVERY_DELAY)
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
        if ctx.memory.settles(&subject.uid, &step, ctx.now()) {
            return Ok(Some(Report::settling(self.desired, &look.observed, &look.decision, &step)));
        }
        let refusal = ctx.memory.refusal(&subject.uid, &step);
        if self.last.take().as_ref() == Some(&step) {
            return Ok(Some(look.report(self.desired, refusal.as_ref(), None)));
        }
        let intended = Intended { target: act::target(self.desired, &step), step: step.clone() };
        let report = look.report(self.desired, refusal.as_ref(), Some(intended.clone()));
        record(ctx, subject, &report).await?;
        if subject.superseded {
            return Ok(Some(look.report(self.desired, refusal.as_ref(), None)));
        }
        let outcome = act::act(&self.session, self.desired, &look.observed, &step).await;
        if let Some(report) = self.judge(ctx, subject, &look, &intended, outcome).await {
            return Ok(Some(report));
        }
        self.role = (step.stage() != Stage::Authorized).then_some(look.observed.role);
        self.last = Some(step);
        Ok(None)
    }

    /// Remembers and tells what the change returned. Returns the report to settle with, or `None` for another look.
    async fn judge(
        &self,
        ctx: &Context,
        subject: &Subject,
        look: &Look,
        intended: &Intended,
        outcome: Outcome,
    ) -> Option<Report> {
        let (uid, step, now) = (&subject.uid, &intended.step, ctx.now());
        match outcome {
            Outcome::Done => {
                ctx.memory.accept(uid, step, now);
                if let (Step::DeleteInnerTrail(_), Some(claimant)) = (step, &self.claimant) {
                    ctx.claims.note_switched_off(&claimant.account, now);
                }
                tell_done(ctx, subject, intended).await;
                None
            }
            Outcome::Exists(fault) => {
                ctx.memory.refuse(uid, step.clone(), &fault, now);
                None
            }
            Outcome::Lost(fault) => {
                ctx.memory.refuse(uid, step.clone(), &fault, now);
                let report = look.report(self.desired, Some(&fault), Some(intended.clone()));
                Some(report.awaiting(fault))
            }
            Outcome::Refused(fault) => {
                if ctx.memory.refuse(uid, step.clone(), &fault, now) {
                    tell_refused(ctx, subject, intended, &fault).await;
                }
                let is_wish = matches!(step, Step::UpdateRetention(_)) && ctx.memory.declined(uid, step, now);
                (!is_wish).then(|| look.report(self.desired, Some(&fault), None))
            }
        }
    }
}

/// A wish that was refused is not tried over and over (S12).
fn retention_refused(ctx: &Context, subject: &Subject, desired: &Desired) -> bool {
    let step = desired.retention.desired_days.map(Step::UpdateRetention);
    step.is_some_and(|step| ctx.memory.declined(&subject.uid, &step, ctx.now()))
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
    let note = format!("{} was refused: {}{}", intended.target, finding.message, quoted(Some(fault)));
    tell(ctx, subject, EventType::Warning, finding.reason.as_str(), intended.step.name(), &note).await;
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
    use serde_json::json;

    use super::*;
    use crate::api::reasons::Reason;

    fn parsed(field: &str) -> Result<Desired, Invalid> {
        let object = json!({
            "apiVersion": "innertrail.io/v1alpha1", "kind": "InnerTrail",
            "metadata": {"name": "prod-ops", "namespace": "audit"},
            "spec": {
                "region": "cn-hangzhou",
                "credentials": {"secretRef": {"name": "alibaba", field: "x"}},
                "destination": {"project": "my-audit"},
            },
        });
        parse(&Stored { metadata: ObjectMeta::default(), object })
    }

    #[test]
    fn a_field_of_a_newer_schema_is_named_and_not_ignored() {
        let invalid = parsed("kmsKey").unwrap_err();
        assert_eq!(invalid.reason, Reason::NotYetSupported);
        assert!(invalid.message.contains("`spec.credentials.secretRef.kmsKey`"), "{}", invalid.message);
    }

    #[test]
    fn a_spec_of_known_fields_is_taken() {
        assert_eq!(parsed("name").unwrap().project, "my-audit");
    }
}
