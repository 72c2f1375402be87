//! Stage 3: is the switch on, to where it should be, and does what arrives agree.

use alicloud::{Fault, FaultKind};

use super::{Step, Verdict, blame};
use crate::api::reasons::Reason;
use crate::api::{Adoption, Control, IndexPolicy, TrailSource};
use crate::desired::Desired;
use crate::observed::{Observed, Rival, Seen, Ships, TrailSeen};

/// Where a human turns the switch (`cloud-api.md` §1.3, 2026-11).
const CONSOLE_STEPS: &str = "in the Log Service console choose Import Data, Platform Operation Log \
     (Inner-ActionTrail), this project and Logstore: https://sls.console.aliyun.com/";

/// Said of a trail that the spec does not want.
const SWITCHED_OFF: &str = "shipping is off because `spec.enabled` is false";

pub(super) fn judge(desired: &Desired, observed: &Observed) -> Verdict {
    if desired.control == Control::Console {
        return judge_by_evidence(desired, observed);
    }
    let trails = match &observed.trails {
        Seen::Present(trails) => trails.as_slice(),
        Seen::Absent => &[],
        Seen::Unknown(fault) => {
            let mut finding = blame(fault);
            if matches!(fault.kind, FaultKind::Throttled | FaultKind::Unavailable) {
                finding.reason = Reason::StatusUnavailable;
            }
            return Verdict::Blocked(finding);
        }
    };
    match (desired.enabled, ours(desired, observed), trails.first()) {
        (false, Some(trail), _) => disable(observed, trail),
        (false, None, _) => Verdict::blocked(Reason::Disabled, off(observed)),
        (true, Some(trail), _) => judge_ours(desired, observed, trail),
        (true, None, Some(other)) => judge_other(desired, observed, other),
        (true, None, None) => judge_none(desired, observed),
    }
}

/// The trail that does what the spec asks: ships to our Logstore, under our name unless one of another name may be
/// adopted. One that bears our name and does not say where it ships is taken for ours. Under `Never` only a trail that
/// this object made counts.
pub(crate) fn ours<'a>(desired: &Desired, observed: &'a Observed) -> Option<&'a TrailSeen> {
    let adopts = desired.adoption != Adoption::Never;
    observed.trails.present()?.iter().find(|trail| {
        let is_named = trail.name == desired.trail_name && (adopts || observed.before.made());
        match ships(desired, observed, trail) {
            Some(Ships::Here) => is_named || adopts,
            Some(Ships::Untold) => is_named,
            Some(Ships::Elsewhere) | None => false,
        }
    })
}

/// Where a trail ships, against the destination of the spec; `None` while the account is not known.
fn ships(desired: &Desired, observed: &Observed, trail: &TrailSeen) -> Option<Ships> {
    let account = &observed.caller.present()?.account;
    Some(trail.ships_to(&desired.project_arn(account), &desired.logstore))
}

/// Whoever else in this cluster asks for this very trail.
fn holder<'a>(observed: &'a Observed, trail: &TrailSeen) -> Option<&'a Rival> {
    observed.rivals.iter().find(|rival| rival.holds(trail))
}

/// Off as asked, unless events tell of a setting that ActionTrail does not list.
fn off(observed: &Observed) -> String {
    if observed.arrives_unlisted() {
        return format!(
            "`spec.enabled` is false, and platform events still arrive through a setting that ActionTrail does not list; \
             cloud admin: switch it off where it was made: {CONSOLE_STEPS}"
        );
    }
    format!("{SWITCHED_OFF}; author of the InnerTrail: set it to true to record again")
}

fn disable(observed: &Observed, trail: &TrailSeen) -> Verdict {
    if let Some(holder) = holder(observed, trail) {
        let message =
            format!("{SWITCHED_OFF}; inner trail `{}` stays on for InnerTrail `{}`", trail.name, holder.key);
        return Verdict::blocked(Reason::Disabled, message);
    }
    let message = format!(
        "inner trail `{}` is on but `spec.enabled` is false; the operator switches it off",
        trail.name
    );
    Verdict::unmet(Step::DeleteInnerTrail(trail.name.clone()), Reason::Disabled, message)
}

fn judge_ours(desired: &Desired, observed: &Observed, trail: &TrailSeen) -> Verdict {
    let destination = format!("{}/{}", desired.project, desired.logstore);
    if let Some(twin) = holder(observed, trail).filter(|rival| rival.elder) {
        return claimed_by(twin);
    }
    if trail.enabled == Some(false) {
        let message = format!(
            "inner trail `{}` was switched off outside the operator; the operator restores it",
            trail.name
        );
        return Verdict::unmet(
            Step::DeleteInnerTrail(trail.name.clone()),
            Reason::DisabledOutOfBand,
            message,
        );
    }
    judge_delivery(trail, observed, &destination)
}

fn judge_delivery(trail: &TrailSeen, observed: &Observed, destination: &str) -> Verdict {
    let (name, delivery) = (&trail.name, &observed.delivery);
    match &delivery.newest {
        Seen::Present(newest) if newest.fresh => {
            Verdict::met(Reason::Delivering, format!("inner trail `{name}` delivers to `{destination}`"))
        }
        Seen::Present(_) | Seen::Absent if delivery.error.is_some() => Verdict::blocked(
            Reason::DeliveryFailing,
            format!(
                "ActionTrail cannot deliver to `{destination}`; cloud admin: mend what `status.delivery.lastError` names, \
                 most often the role, the project or the bill"
            ),
        ),
        Seen::Absent if observed.is_unsearchable() => Verdict::met(
            Reason::QuietHealthy,
            format!(
                "inner trail `{name}` ships to `{destination}`; the Logstore has no index, so nobody can look for events"
            ),
        ),
        Seen::Present(_) | Seen::Absent => Verdict::met(
            Reason::QuietHealthy,
            format!("inner trail `{name}` ships to `{destination}`; no platform event within the last hour"),
        ),
        Seen::Unknown(fault) => unseen(fault),
    }
}

/// Nobody could look whether events arrive.
fn unseen(fault: &Fault) -> Verdict {
    let mut finding = blame(fault);
    finding.reason = Reason::StatusUnavailable;
    Verdict::Blocked(finding)
}

/// A trail is there that does not do what the spec asks. It is another's work: replaced only under `Always`, and never
/// when another object of this cluster asks for it.
fn judge_other(desired: &Desired, observed: &Observed, other: &TrailSeen) -> Verdict {
    if let Some(holder) = holder(observed, other) {
        return claimed_by(holder);
    }
    let reason = if observed.before.source.is_some() {
        Reason::OverwrittenByActionTrailConsole
    } else if other.name == desired.trail_name && ships(desired, observed, other) == Some(Ships::Elsewhere) {
        Reason::DestinationDiffers
    } else {
        Reason::AccountAlreadyClaimed
    };
    let ships_to = format!(
        "{}, Logstore `{}`",
        other.project_arn.as_deref().unwrap_or("no project"),
        other.effective_logstore()
    );
    if desired.adoption == Adoption::Always {
        let message = format!("inner trail `{}` ships to {ships_to}; the operator replaces it", other.name);
        return Verdict::unmet(Step::DeleteInnerTrail(other.name.clone()), reason, message);
    }
    let message = format!(
        "inner trail `{}`, which this object did not make, ships to {ships_to}, and an account has only one; cloud admin: \
         delete it, or set `spec.adoption: Always` to replace it",
        other.name
    );
    Verdict::blocked(reason, message)
}

fn judge_none(desired: &Desired, observed: &Observed) -> Verdict {
    if let Some(elder) = observed.rivals.iter().find(|rival| rival.elder) {
        return claimed_by(elder);
    }
    if let Some(verdict) = other_door(desired, observed) {
        return verdict;
    }
    let destination = format!("{}/{}", desired.project, desired.logstore);
    let message = if observed.before.source == Some(TrailSource::ActionTrail) {
        format!(
            "inner trail `{}` into `{destination}` is gone; the operator creates it again",
            desired.trail_name
        )
    } else {
        format!("no inner trail ships to `{destination}`; the operator creates it")
    };
    Verdict::unmet(Step::CreateInnerTrail, Reason::DisabledOutOfBand, message)
}

/// A setting made in the Log Service console is not listed, and a trail overwrites it (S6): events alone tell of it.
/// While they arrive only `Always` overwrites it; under `Never` one that fell silent stays as well.
fn other_door(desired: &Desired, observed: &Observed) -> Option<Verdict> {
    if desired.adoption == Adoption::Always || observed.before.made() || observed.before.switched_off {
        return None;
    }
    match &observed.delivery.newest {
        Seen::Present(newest) if newest.fresh => Some(Verdict::met(
            Reason::Delivering,
            format!(
                "platform events arrive in `{}/{}` through a setting made in the Log Service console, which ActionTrail \
                 does not list",
                desired.project, desired.logstore
            ),
        )),
        Seen::Present(_) if desired.adoption == Adoption::Never => Some(Verdict::blocked(
            Reason::StatusUnavailable,
            "no platform event within the last hour, and ActionTrail does not list a setting made in the Log Service \
             console; cloud admin: look there, or set `spec.adoption: IfCompatible` to have an inner trail made",
        )),
        Seen::Unknown(fault) => Some(unseen(fault)),
        Seen::Present(_) | Seen::Absent => None,
    }
}

fn claimed_by(rival: &Rival) -> Verdict {
    let message = format!(
        "the account's one inner trail is held by InnerTrail `{}`; author of the InnerTrail: delete one of the two, or use \
         another account",
        rival.key
    );
    Verdict::blocked(Reason::AccountAlreadyClaimed, message)
}

/// `control: Console`: a human turns the switch, what arrives is the proof.
fn judge_by_evidence(desired: &Desired, observed: &Observed) -> Verdict {
    let destination = format!("{}/{}", desired.project, desired.logstore);
    if !desired.enabled {
        let message = format!(
            "`spec.enabled` is false, and under `control: Console` a person turns the switch; cloud admin: make sure that it \
             is off: {CONSOLE_STEPS}"
        );
        return Verdict::blocked(Reason::Disabled, message);
    }
    match &observed.delivery.newest {
        Seen::Present(newest) if newest.fresh => {
            Verdict::met(Reason::Delivering, format!("platform events arrive in `{destination}`"))
        }
        Seen::Present(_) => Verdict::blocked(
            Reason::StatusUnavailable,
            format!(
                "no platform event within the last hour in `{destination}`, and under `control: Console` nothing else can \
                 tell; cloud admin: look whether the switch is still on: {CONSOLE_STEPS}"
            ),
        ),
        Seen::Absent if observed.is_unsearchable() && desired.index_policy != IndexPolicy::Additive => {
            Verdict::blocked(
                Reason::StatusUnavailable,
                format!(
                    "`{destination}` has no index, so that arriving events cannot be seen; cloud admin: switch it on, or \
                     set `spec.index.policy: Additive`"
                ),
            )
        }
        Seen::Absent => Verdict::blocked(
            Reason::AwaitingConsole,
            format!("no platform event has arrived in `{destination}` yet; cloud admin: {CONSOLE_STEPS}"),
        ),
        Seen::Unknown(fault) => unseen(fault),
    }
}
