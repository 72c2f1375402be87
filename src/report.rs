//! Everything to be told after a pass: conditions, facts, the last error, and when to look again.
//!
//! Takes a decision, what was seen, and what the one change returned; returns a [`Report`]. `status::render` turns it
//! into the status of the object.
//!
//! *Invariant:* pure; no clock, no Kubernetes client, no HTTP.

mod facts;
mod pace;
mod refusal;

use alicloud::Fault;

pub use facts::{DeliveryFact, DriftSeen, Facts, TrailFact};
pub use pace::Pace;

use crate::api::names::condition;
use crate::api::reasons::Reason;
use crate::decide::absence::Absence;
use crate::decide::{Decision, Finding, Stage, Step, Verdict};
use crate::desired::{Desired, Invalid};
use crate::observed::Observed;

/// What stands in the place of a stage while an object is being deleted.
pub const DELETING: &str = "Deleting";

/// Status of one condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `"True"`.
    True,
    /// `"False"`.
    False,
    /// `"Unknown"`.
    Unknown,
}

impl State {
    /// As `metav1.Condition` spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// One condition to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Condition type.
    pub kind: &'static str,
    /// Its status.
    pub state: State,
    /// Its reason.
    pub reason: Reason,
    /// Its message.
    pub message: String,
    /// Whether the operator is about to close it.
    pub progressing: bool,
}

/// The change about to be made, written down before it is made (intent before effect).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intended {
    /// The change.
    pub step: Step,
    /// What it changes, by name.
    pub target: String,
}

/// Everything to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The four stage conditions.
    pub stages: [Shown; 4],
    /// The `Ready` condition.
    pub ready: Shown,
    /// `Reconciling`, `Stalled`, `Suspended`: present only while true.
    pub abnormal: Vec<Shown>,
    /// The first stage that is open, or `Ready`.
    pub stage: &'static str,
    /// What was seen, for people.
    pub facts: Facts,
    /// The fault behind the first open stage.
    pub error: Option<(&'static str, Fault)>,
    /// The change about to be made, or whose reply was lost.
    pub intended: Option<Intended>,
    /// When to look again.
    pub pace: Pace,
}

/// What the one change returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted, or there already; to be confirmed by the next observation.
    Done,
    /// It is there already; the next look shows whether it is ours.
    Exists(Fault),
    /// Refused: nothing changed.
    Refused(Fault),
    /// The reply was lost: it may have happened, or may still happen.
    Lost(Fault),
}

impl Report {
    /// A pass that made no change, or is about to make `intended`.
    ///
    /// `refusal` is what the cloud answered the last time this very step was tried; it stays on show while the step
    /// is tried again.
    pub fn judged(
        desired: &Desired,
        observed: &Observed,
        decision: &Decision,
        refusal: Option<&Fault>,
        intended: Option<Intended>,
    ) -> Self {
        let mut verdicts = decision.verdicts.clone();
        if let (Some(step), Some(fault)) = (&decision.step, refusal) {
            refusal::overlay(&mut verdicts, step, fault);
        }
        let acting = decision.step.is_some();
        let stages = mask(&verdicts, acting);
        let open = Stage::ALL.into_iter().zip(&verdicts).find(|(_, verdict)| !verdict.is_met());
        let mut abnormal = Vec::new();
        if let Some((_, Verdict::Unmet(_, finding))) = open.filter(|_| acting) {
            abnormal.push(shown(
                condition::RECONCILING,
                State::True,
                Reason::Progressing,
                finding.message.clone(),
            ));
        }
        if let Some((_, Verdict::Blocked(finding))) = open.filter(|(_, verdict)| needs_new_spec(verdict)) {
            abnormal.push(shown(condition::STALLED, State::True, finding.reason, finding.message.clone()));
        }
        Self {
            stage: open.map_or(condition::READY, |(stage, _)| stage.condition_type()),
            error: open.and_then(|(stage, verdict)| {
                Some((stage.condition_type(), verdict.finding().fault.clone()?))
            }),
            ready: ready(open, acting),
            pace: open.map_or(Pace::Interval, |(_, verdict)| Pace::of(verdict.finding())),
            facts: Facts::of(desired, observed, decision),
            stages,
            abnormal,
            intended,
        }
    }

    /// The reply to the change was lost: the intent stays open until it cannot land any more.
    #[must_use]
    pub fn awaiting(mut self, fault: Fault) -> Self {
        self.error = Some((self.stage, fault));
        self.pace = Pace::Intent;
        self
    }

    /// The change of the round before was made, and is not visible yet.
    pub fn settling(desired: &Desired, observed: &Observed, decision: &Decision, step: &Step) -> Self {
        let mut waiting = Decision { step: None, ..decision.clone() };
        waiting.verdicts[step.stage() as usize] = refusal::unseen(step);
        Self::judged(desired, observed, &waiting, None, None)
    }

    /// Armed, and not looked at yet.
    pub fn pending() -> Self {
        let message = "not looked at yet";
        let show = |kind| shown(kind, State::Unknown, Reason::Pending, message.to_owned());
        Self {
            stages: Stage::ALL.map(|stage| show(stage.condition_type())),
            ready: show(condition::READY),
            abnormal: vec![shown(condition::RECONCILING, State::True, Reason::Pending, message.to_owned())],
            stage: Stage::Authorized.condition_type(),
            facts: Facts::default(),
            error: None,
            intended: None,
            pace: Pace::SETTLING,
        }
    }

    /// A spec that cannot be acted on.
    pub fn invalid(invalid: &Invalid) -> Self {
        let message = invalid.message.clone();
        Self {
            stages: Stage::ALL.map(|stage| upstream(stage, "spec")),
            ready: shown(condition::READY, State::False, invalid.reason, message.clone()),
            abnormal: vec![shown(condition::STALLED, State::True, invalid.reason, message)],
            stage: Stage::Authorized.condition_type(),
            facts: Facts::default(),
            error: None,
            intended: None,
            pace: Pace::SpecChange,
        }
    }

    /// An object whose credentials cannot be had: nothing could be looked at.
    pub fn without_credentials(finding: Finding) -> Self {
        let verdict = Verdict::Blocked(finding);
        let finding = verdict.finding();
        let [_, second, third, fourth] =
            Stage::ALL.map(|stage| upstream(stage, Stage::Authorized.condition_type()));
        let first = shown(condition::AUTHORIZED, state_of(&verdict), finding.reason, finding.message.clone());
        Self {
            stages: [first, second, third, fourth],
            ready: ready(Some((Stage::Authorized, &verdict)), false),
            abnormal: Vec::new(),
            stage: condition::AUTHORIZED,
            facts: Facts::default(),
            error: finding.fault.clone().map(|fault| (condition::AUTHORIZED, fault)),
            intended: None,
            pace: Pace::of(finding),
        }
    }

    /// `spec.suspend`: nothing was looked at.
    pub fn suspended() -> Self {
        let message = "`spec.suspend` is true: nothing is looked at and nothing is changed";
        let show = |kind, state| shown(kind, state, Reason::Suspended, message.to_owned());
        Self {
            stages: Stage::ALL.map(|stage| show(stage.condition_type(), State::Unknown)),
            ready: show(condition::READY, State::Unknown),
            abnormal: vec![show(condition::SUSPENDED, State::True)],
            stage: condition::SUSPENDED,
            facts: Facts::default(),
            error: None,
            intended: None,
            pace: Pace::SpecChange,
        }
    }

    /// A deletion that is not done: what is still on, or what is in the way.
    pub fn deleting(absence: &Absence, intended: Option<Intended>) -> Self {
        let (reason, message, fault, pace) = match absence {
            Absence::Done(why) => (Reason::Deleting, why.clone(), None, Pace::SETTLING),
            Absence::Remaining(_, finding) => {
                (Reason::Deleting, finding.message.clone(), None, Pace::SETTLING)
            }
            Absence::Blocked(finding) => {
                (finding.reason, finding.message.clone(), finding.fault.clone(), Pace::of(finding))
            }
        };
        let not_judged = "not judged while the object is being deleted";
        let unknown = |kind| shown(kind, State::Unknown, Reason::UpstreamNotReady, not_judged.to_owned());
        Self {
            stages: Stage::ALL.map(|stage| unknown(stage.condition_type())),
            ready: shown(condition::READY, State::False, reason, message),
            abnormal: Vec::new(),
            stage: DELETING,
            facts: Facts::default(),
            error: fault.map(|fault| (DELETING, fault)),
            intended,
            pace,
        }
    }
}

/// Conditions of the four stages: whatever comes after an open stage is unknown, never a stale True.
fn mask(verdicts: &[Verdict; 4], acting: bool) -> [Shown; 4] {
    let mut open: Option<Stage> = None;
    Stage::ALL.map(|stage| {
        if let Some(open) = open {
            return upstream(stage, open.condition_type());
        }
        let verdict = &verdicts[stage as usize];
        if !verdict.is_met() {
            open = Some(stage);
        }
        let finding = verdict.finding();
        let shown = shown(stage.condition_type(), state_of(verdict), finding.reason, finding.message.clone());
        Shown { progressing: acting && is_unmet(verdict), ..shown }
    })
}

fn upstream(stage: Stage, open: &str) -> Shown {
    let message = format!("not judged until {open} is in order");
    shown(stage.condition_type(), State::Unknown, Reason::UpstreamNotReady, message)
}

/// True when met, Unknown when nobody could tell, else False.
fn state_of(verdict: &Verdict) -> State {
    match verdict {
        Verdict::Met(_) => State::True,
        Verdict::Unmet(_, finding) | Verdict::Blocked(finding) => {
            if is_unknown(finding.reason) {
                State::Unknown
            } else {
                State::False
            }
        }
    }
}

/// Reasons that say nobody could tell.
const fn is_unknown(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::Throttled
            | Reason::Unavailable
            | Reason::StatusUnavailable
            | Reason::UnexpectedResponse
            | Reason::Pending
    )
}

/// `Ready` speaks for the first open stage, by name.
fn ready(open: Option<(Stage, &Verdict)>, acting: bool) -> Shown {
    let Some((stage, verdict)) = open else {
        return shown(
            condition::READY,
            State::True,
            Reason::Recording,
            "platform operation logs are recorded".to_owned(),
        );
    };
    let finding = verdict.finding();
    let message = format!("{}: {}", stage.condition_type(), finding.message);
    let shown = shown(condition::READY, state_of(verdict), finding.reason, message);
    Shown { progressing: acting && is_unmet(verdict), ..shown }
}

const fn is_unmet(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Unmet(..))
}

fn needs_new_spec(verdict: &Verdict) -> bool {
    matches!(verdict.finding().reason, Reason::InvalidSpec | Reason::NotYetSupported)
}

fn shown(kind: &'static str, state: State, reason: Reason, message: String) -> Shown {
    Shown { kind, state, reason, message, progressing: false }
}
