//! What was seen, in the form people read it: account, trail, destination, delivery, index, drift.

use crate::api::{IndexPolicy, TrailSource};
use crate::decide::{Decision, IndexGap, Stage, ours};
use crate::desired::Desired;
use crate::observed::{Observed, Seen};
use jiff::Timestamp;

/// What was seen, for people. `None` means not seen in this pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Account id and caller ARN.
    pub account: Option<(String, String)>,
    /// The trail that does what is asked.
    pub trail: Option<TrailFact>,
    /// Project, Logstore, retention in days, shards.
    pub destination: Option<(String, String, Option<u32>, Option<u32>)>,
    /// What arrived.
    pub delivery: Option<DeliveryFact>,
    /// Fields present and missing.
    pub index: Option<IndexGap>,
    /// Where the cloud differs from the spec.
    pub drift: Vec<DriftSeen>,
}

/// The trail, as far as it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrailFact {
    /// It is there.
    On {
        /// Trail name.
        name: String,
        /// Home region.
        home_region: Option<String>,
    },
    /// None does what is asked.
    Off,
    /// Events arrive though no trail is visible: nobody asked ActionTrail for it, or it lists none.
    Evidence(TrailSource),
}

/// What arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryFact {
    /// Whether an event is younger than the freshness the operator asks for.
    pub fresh: bool,
    /// Time of the newest event.
    pub last_event: Option<Timestamp>,
    /// Time of the last delivery, by ActionTrail's own word.
    pub last_delivery: Option<Timestamp>,
    /// The error ActionTrail reports.
    pub error: Option<String>,
}

/// One difference between spec and cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DriftSeen {
    /// Where, in words of the spec.
    pub path: &'static str,
    /// What is asked.
    pub want: String,
    /// What is there.
    pub have: String,
}

impl Facts {
    /// Tells what a pass saw.
    pub fn of(desired: &Desired, observed: &Observed, decision: &Decision) -> Self {
        let account = observed.caller.present();
        Self {
            account: account.map(|caller| (caller.account.clone(), caller.arn.clone())),
            trail: account.and_then(|_| trail(desired, observed)),
            destination: observed.project.present().map(|()| destination(desired, observed)),
            delivery: delivery(observed),
            index: observed.index.present().map(IndexGap::of),
            drift: account.map_or_else(Vec::new, |_| drift(desired, observed, decision)),
        }
    }
}

fn trail(desired: &Desired, observed: &Observed) -> Option<TrailFact> {
    if let Some(trail) = ours(desired, observed).filter(|trail| trail.enabled != Some(false)) {
        return Some(TrailFact::On { name: trail.name.clone(), home_region: trail.home_region.clone() });
    }
    let fresh = observed.delivery.newest.present().is_some_and(|newest| newest.fresh);
    match &observed.trails {
        Seen::Absent if fresh => Some(TrailFact::Evidence(TrailSource::Evidence)),
        Seen::Present(trails) if trails.is_empty() && observed.arrives_unlisted() => {
            Some(TrailFact::Evidence(TrailSource::LogService))
        }
        Seen::Present(trails) if !trails.is_empty() || observed.before.made() => Some(TrailFact::Off),
        Seen::Present(_) | Seen::Absent | Seen::Unknown(_) => None,
    }
}

fn destination(desired: &Desired, observed: &Observed) -> (String, String, Option<u32>, Option<u32>) {
    let logstore = observed.logstore.present();
    (
        desired.project.clone(),
        desired.logstore.clone(),
        logstore.map(|logstore| logstore.retention_days),
        logstore.map(|logstore| logstore.shards),
    )
}

fn delivery(observed: &Observed) -> Option<DeliveryFact> {
    let newest = match &observed.delivery.newest {
        Seen::Unknown(_) => return None,
        Seen::Absent => None,
        Seen::Present(newest) => Some(newest),
    };
    Some(DeliveryFact {
        fresh: newest.is_some_and(|newest| newest.fresh),
        last_event: newest.map(|newest| newest.time),
        last_delivery: observed.delivery.last_delivery,
        error: observed.delivery.error.clone(),
    })
}

/// Differences worth telling once the trail has been seen on.
fn drift(desired: &Desired, observed: &Observed, decision: &Decision) -> Vec<DriftSeen> {
    let mut drift = Vec::new();
    let mut tell = |path, want: String, have: String| drift.push(DriftSeen { path, want, have });
    let trail = ours(desired, observed);
    let off = desired.enabled && !decision.verdicts[Stage::Shipping as usize].is_met();
    if let (Some(trails), None, true) = (observed.trails.present(), trail, off) {
        let have = trails.first().map_or_else(|| "off".to_owned(), |other| format!("trail {}", other.name));
        tell("spec.enabled", "on".to_owned(), have);
    }
    if let Some(trail) = trail.filter(|trail| desired.enabled && trail.enabled == Some(false)) {
        tell("spec.enabled", "on".to_owned(), format!("trail {} is stopped", trail.name));
    }
    if let (Some(logstore), Some(wish)) = (observed.logstore.present(), desired.retention.desired_days)
        && logstore.retention_days < wish
    {
        tell("spec.destination.retention.desiredDays", wish.to_string(), logstore.retention_days.to_string());
    }
    let gap =
        observed.index.present().filter(|_| desired.index_policy != IndexPolicy::Ignore).map(IndexGap::of);
    if let Some(gap) = gap.filter(|gap| !gap.missing.is_empty()) {
        tell(
            "spec.index",
            "all platform event fields".to_owned(),
            format!("without {}", gap.missing.join(", ")),
        );
    }
    drift
}
