//! Stage 3: is the switch on, to where it should be, and does what arrives agree.

use alicloud::FaultKind;

use super::{Step, Verdict, blame};
use crate::api::reasons::Reason;
use crate::api::{Adoption, Control};
use crate::desired::Desired;
use crate::observed::{Delivery, Observed, Rival, Seen, Ships, TrailSeen};

/// Where a human turns the switch (`cloud-api.md` §1.3, 2026-11).
const CONSOLE_STEPS: &str = "in the Log Service console choose Import Data, Platform Operation Log \
     (Inner-ActionTrail), this project and Logstore: https://sls.console.aliyun.com/";

/// Said of a trail that the spec does not want.
const SWITCHED_OFF: &str = "shipping is off because `spec.enabled` is false";

pub(super) fn judge(desired: &Desired, observed: &Observed) -> Verdict {
    if desired.control == Control::Console {
        return judge_by_evidence(desired, &observed.delivery);
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
    let ours = ours(desired, observed, trails);
    match (desired.enabled, ours, trails.first()) {
        (false, Some(trail), _) => disable(observed, trail),
        (false, None, _) => Verdict::blocked(Reason::Disabled, SWITCHED_OFF),
        (true, Some(trail), _) => judge_ours(desired, observed, trail),
        (true, None, Some(other)) => judge_other(desired, observed, other),
        (true, None, None) => judge_none(desired, observed),
    }
}

/// The trail that does what the spec asks: ships to our Logstore, under our name unless one of another name may be
/// adopted. One that bears our name and does not say where it ships is taken for ours.
fn ours<'a>(desired: &Desired, observed: &Observed, trails: &'a [TrailSeen]) -> Option<&'a TrailSeen> {
    let account = observed.caller.present()?.account.as_str();
    let arn = desired.project_arn(account);
    trails.iter().find(|trail| match trail.ships_to(&arn, &desired.logstore) {
        Ships::Here => trail.name == desired.trail_name || desired.adoption != Adoption::Never,
        Ships::Untold => trail.name == desired.trail_name,
        Ships::Elsewhere => false,
    })
}

/// Whoever else in this cluster asks for this very trail.
fn holder<'a>(observed: &'a Observed, trail: &TrailSeen) -> Option<&'a Rival> {
    observed.rivals.iter().find(|rival| rival.holds(trail))
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
    judge_delivery(trail, &observed.delivery, &destination)
}

fn judge_delivery(trail: &TrailSeen, delivery: &Delivery, destination: &str) -> Verdict {
    let name = &trail.name;
    match &delivery.newest {
        Seen::Present(newest) if newest.fresh => {
            Verdict::met(Reason::Delivering, format!("inner trail `{name}` delivers to `{destination}`"))
        }
        Seen::Present(_) | Seen::Absent if delivery.error.is_some() => Verdict::blocked(
            Reason::DeliveryFailing,
            format!(
                "ActionTrail cannot deliver to `{destination}`; its own words are in `status.delivery.lastError`"
            ),
        ),
        Seen::Present(_) | Seen::Absent => Verdict::met(
            Reason::QuietHealthy,
            format!("inner trail `{name}` ships to `{destination}`; no platform event within the last hour"),
        ),
        Seen::Unknown(fault) => {
            let mut finding = blame(fault);
            finding.reason = Reason::StatusUnavailable;
            Verdict::Blocked(finding)
        }
    }
}

/// A trail is there that does not do what the spec asks. It is another's work: replaced only under `Always`, and never
/// when another object of this cluster asks for it.
fn judge_other(desired: &Desired, observed: &Observed, other: &TrailSeen) -> Verdict {
    if let Some(holder) = holder(observed, other) {
        return claimed_by(holder);
    }
    let reason = if other.name == desired.trail_name {
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
        "inner trail `{}` ships to {ships_to}, and an account has only one; cloud admin: delete it, or set \
         `spec.adoption: Always` to replace it",
        other.name
    );
    Verdict::blocked(reason, message)
}

fn judge_none(desired: &Desired, observed: &Observed) -> Verdict {
    if let Some(elder) = observed.rivals.iter().find(|rival| rival.elder) {
        return claimed_by(elder);
    }
    let fresh = observed.delivery.newest.present().is_some_and(|newest| newest.fresh);
    if fresh && desired.adoption == Adoption::Never && !observed.established {
        return Verdict::met(
            Reason::Delivering,
            "platform events arrive through a setting made in the Log Service console; `spec.adoption: Never` leaves it",
        );
    }
    let message = format!(
        "no inner trail ships to `{}/{}`; the operator creates it",
        desired.project, desired.logstore
    );
    Verdict::unmet(Step::CreateInnerTrail, Reason::DisabledOutOfBand, message)
}

fn claimed_by(rival: &Rival) -> Verdict {
    let message = format!(
        "the account's one inner trail is held by InnerTrail `{}`; delete one of the two, or use another account",
        rival.key
    );
    Verdict::blocked(Reason::AccountAlreadyClaimed, message)
}

/// `control: Console`: a human turns the switch, what arrives is the proof.
fn judge_by_evidence(desired: &Desired, delivery: &Delivery) -> Verdict {
    let destination = format!("{}/{}", desired.project, desired.logstore);
    if !desired.enabled {
        let message = format!("{SWITCHED_OFF}; under `control: Console` a person turns the switch");
        return Verdict::blocked(Reason::Disabled, message);
    }
    match &delivery.newest {
        Seen::Present(newest) if newest.fresh => {
            Verdict::met(Reason::Delivering, format!("platform events arrive in `{destination}`"))
        }
        Seen::Present(_) => Verdict::blocked(
            Reason::StatusUnavailable,
            format!(
                "no platform event within the last hour in `{destination}`, and under `control: Console` nothing else can tell"
            ),
        ),
        Seen::Absent => Verdict::blocked(
            Reason::AwaitingConsole,
            format!("no platform event has arrived in `{destination}` yet; cloud admin: {CONSOLE_STEPS}"),
        ),
        Seen::Unknown(fault) => {
            let mut finding = blame(fault);
            finding.reason = Reason::StatusUnavailable;
            Verdict::Blocked(finding)
        }
    }
}
