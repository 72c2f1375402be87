//! What this process remembers of objects between passes.
//!
//! Takes uids, returns when to look again, what was refused, and what was accepted and does not show yet. Nothing here is needed to be correct: a restart
//! forgets it all and costs one more look, or one more refused call, per object.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use alicloud::{Fault, FaultKind};
use jiff::{SignedDuration, Timestamp};

use crate::decide::Step;

/// Waiting after the first failure to talk to the API server; doubles per failure.
const ERROR_BACKOFF_FLOOR: Duration = Duration::from_secs(1);
/// Longest wait after failures to talk to the API server.
const ERROR_BACKOFF_CEILING: Duration = Duration::from_mins(5);
/// What was accepted may take this long to show (`cloud-api.md` §6.8 and §7: up to two minutes).
const SETTLING_MAX: SignedDuration = SignedDuration::from_mins(2);
/// A wish that the caller may not carry out is tried again after this long: somebody may have allowed it.
const WISH_RETRY: SignedDuration = SignedDuration::from_hours(1);
/// No wait is believed to be longer: a clock that jumped back must not put an object to sleep.
const WAIT_MAX: Duration = Duration::from_hours(25);

/// What makes a wake-up worth a pass before the object is due: a change that asks for something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wake {
    /// `metadata.generation`.
    pub(super) generation: i64,
    /// The request annotation.
    pub(super) requested_at: Option<String>,
    /// Whether the object is being deleted.
    pub(super) deleting: bool,
    /// Whether our finalizer is on it.
    pub(super) finalizer: bool,
}

#[derive(Debug, Default)]
struct Remembered {
    wake: Wake,
    due: Option<Timestamp>,
    awaits_claim: bool,
    /// What the cloud accepted and has not shown yet, since when.
    accepted: HashMap<Step, Timestamp>,
    refusals: HashMap<Step, Refusal>,
    failures: u32,
}

#[derive(Debug)]
struct Refusal {
    fault: Fault,
    since: Timestamp,
}

/// Memory of all objects, by uid.
#[derive(Debug, Default)]
pub(super) struct Memory {
    objects: Mutex<HashMap<String, Remembered>>,
}

impl Memory {
    fn objects(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the object still has to wait, if this wake-up asks for nothing new. An echo of our own status write
    /// ends here.
    pub(super) fn early(&self, uid: &str, wake: &Wake, now: Timestamp) -> Option<Duration> {
        let objects = self.objects();
        let remembered = objects.get(uid).filter(|remembered| remembered.wake == *wake)?;
        let left = remembered.due?.duration_since(now);
        (left > SignedDuration::ZERO).then(|| left.unsigned_abs().min(WAIT_MAX))
    }

    /// A pass ended well; the next one is due after `wait`.
    pub(super) fn rest(&self, uid: &str, wake: Wake, now: Timestamp, wait: Duration, awaits_claim: bool) {
        let mut objects = self.objects();
        let remembered = objects.entry(uid.to_owned()).or_default();
        remembered.due = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok());
        remembered.failures = 0;
        remembered.awaits_claim = awaits_claim;
        remembered.wake = wake;
    }

    /// A pass could not be recorded; returns how long to wait before the next.
    pub(super) fn failed(&self, uid: &str) -> Duration {
        let mut objects = self.objects();
        let remembered = objects.entry(uid.to_owned()).or_default();
        remembered.due = None;
        let wait = ERROR_BACKOFF_FLOOR * 2_u32.saturating_pow(remembered.failures.min(16));
        remembered.failures += 1;
        wait.min(ERROR_BACKOFF_CEILING)
    }

    /// A pass begins. What was refused under another generation is forgotten.
    pub(super) fn begin(&self, uid: &str, wake: &Wake) {
        let mut objects = self.objects();
        let remembered = objects.entry(uid.to_owned()).or_default();
        if remembered.wake.generation != wake.generation {
            remembered.refusals.clear();
            remembered.wake = wake.clone();
            remembered.due = None;
        }
    }

    /// The cloud refused this step, or did not say whether it did it; returns whether that is news.
    pub(super) fn refuse(&self, uid: &str, step: Step, fault: &Fault, now: Timestamp) -> bool {
        let mut objects = self.objects();
        let refusals = &mut objects.entry(uid.to_owned()).or_default().refusals;
        let before = refusals.get(&step).filter(|before| before.fault.kind == fault.kind);
        let (is_news, since) = (before.is_none(), before.map_or(now, |before| before.since));
        refusals.insert(step, Refusal { fault: fault.clone(), since });
        is_news
    }

    /// The cloud accepted this step.
    pub(super) fn accept(&self, uid: &str, step: &Step, now: Timestamp) {
        let mut objects = self.objects();
        let remembered = objects.entry(uid.to_owned()).or_default();
        remembered.refusals.remove(step);
        remembered.accepted.insert(step.clone(), now);
    }

    /// A look calls for this step, or for none: what it does not call for any more has shown. A wish is not called for
    /// because it was refused, so that refusal stays.
    pub(super) fn look(&self, uid: &str, wanted: Option<&Step>) {
        let mut objects = self.objects();
        let remembered = objects.entry(uid.to_owned()).or_default();
        remembered.accepted.retain(|step, _| Some(step) == wanted);
        remembered
            .refusals
            .retain(|step, _| Some(step) == wanted || matches!(step, Step::UpdateRetention(_)));
    }

    /// Whether this step was accepted a short while ago and has not shown yet.
    pub(super) fn settles(&self, uid: &str, step: &Step, now: Timestamp) -> bool {
        let objects = self.objects();
        let accepted = objects.get(uid).and_then(|remembered| remembered.accepted.get(step));
        accepted.is_some_and(|since| now.duration_since(*since).abs() < SETTLING_MAX)
    }

    /// What the cloud answered the last time this step was refused.
    pub(super) fn refusal(&self, uid: &str, step: &Step) -> Option<Fault> {
        Some(self.objects().get(uid)?.refusals.get(step)?.fault.clone())
    }

    /// Whether a wish that holds nothing up was refused, for good or a short while ago.
    pub(super) fn declined(&self, uid: &str, step: &Step, now: Timestamp) -> bool {
        let objects = self.objects();
        let refusal = objects.get(uid).and_then(|remembered| remembered.refusals.get(step));
        refusal.is_some_and(|refusal| match refusal.fault.kind {
            FaultKind::Invalid | FaultKind::Unexpected => true,
            FaultKind::Denied => now.duration_since(refusal.since).abs() < WISH_RETRY,
            FaultKind::NotFound
            | FaultKind::AlreadyExists
            | FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::CredentialsInvalid
            | FaultKind::CredentialsExpired
            | FaultKind::ClockSkewed
            | FaultKind::FeatureNotGranted
            | FaultKind::ServiceNotOpened
            | FaultKind::AccountOverdue
            | FaultKind::QuotaExceeded
            | FaultKind::Foreign => false,
        })
    }

    /// Forgets every object that `is_alive` does not know.
    pub(super) fn prune(&self, is_alive: impl Fn(&str) -> bool) {
        self.objects().retain(|uid, _| is_alive(uid));
    }

    /// The object is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.objects().remove(uid);
    }

    /// A claim was released: whoever waited for one is due now. Returns whether anybody was.
    pub(super) fn wake_claimants(&self) -> bool {
        let mut objects = self.objects();
        let mut waiting = objects.values_mut().filter(|remembered| remembered.awaits_claim).peekable();
        let any = waiting.peek().is_some();
        waiting.for_each(|remembered| remembered.due = None);
        any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_mins(1);

    #[test]
    fn an_echo_of_our_own_write_waits_and_a_new_generation_does_not() {
        let (memory, now) = (Memory::default(), Timestamp::UNIX_EPOCH);
        let wake = Wake { generation: 1, ..Wake::default() };
        memory.rest("u", wake.clone(), now, WAIT, false);
        assert_eq!(memory.early("u", &wake, now), Some(WAIT));
        assert_eq!(memory.early("u", &Wake { generation: 2, ..wake }, now), None);
    }

    #[test]
    fn an_object_is_due_when_its_time_has_come() {
        let (memory, now) = (Memory::default(), Timestamp::UNIX_EPOCH);
        memory.rest("u", Wake::default(), now, WAIT, false);
        assert_eq!(memory.early("u", &Wake::default(), now + SignedDuration::from_secs(60)), None);
    }

    #[test]
    fn failures_wait_longer_each_time_and_a_good_pass_resets_them() {
        let memory = Memory::default();
        let waits: Vec<u64> = (0..10).map(|_| memory.failed("u").as_secs()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        memory.rest("u", Wake::default(), Timestamp::UNIX_EPOCH, WAIT, false);
        assert_eq!(memory.failed("u"), ERROR_BACKOFF_FLOOR);
    }

    #[test]
    fn what_was_accepted_settles_for_two_minutes_or_until_it_shows() {
        let (memory, now) = (Memory::default(), Timestamp::UNIX_EPOCH);
        let (step, later) = (Step::CreateProject, now + SignedDuration::from_secs(119));
        memory.accept("u", &step, now);
        memory.look("u", Some(&step));
        assert!(memory.settles("u", &step, later));
        assert!(!memory.settles("u", &step, now + SETTLING_MAX));
        memory.look("u", Some(&Step::CreateLogstore));
        assert!(!memory.settles("u", &step, later));
    }

    #[test]
    fn a_denied_wish_is_tried_again_after_an_hour_and_an_impossible_one_is_not() {
        let (memory, now) = (Memory::default(), Timestamp::UNIX_EPOCH);
        let (denied, impossible) = (Step::UpdateRetention(365), Step::UpdateRetention(400));
        memory.refuse("u", denied.clone(), &fault(FaultKind::Denied), now);
        memory.refuse("u", impossible.clone(), &fault(FaultKind::Invalid), now);
        let declined = |step, at| memory.declined("u", step, at);
        assert!(declined(&denied, now) && declined(&impossible, now));
        let later = now + WISH_RETRY;
        assert_eq!((declined(&denied, later), declined(&impossible, later)), (false, true));
    }

    #[test]
    fn the_same_refusal_again_is_no_news() {
        let (memory, now) = (Memory::default(), Timestamp::UNIX_EPOCH);
        let mut refuse = |kind| memory.refuse("u", Step::CreateProject, &fault(kind), now);
        let news = [FaultKind::Denied, FaultKind::Denied, FaultKind::Throttled].map(&mut refuse);
        assert_eq!(news, [true, false, true]);
    }

    fn fault(kind: FaultKind) -> Fault {
        Fault {
            kind,
            service: alicloud::Service::Sls,
            action: "UpdateLogStore",
            ram_action: "log:UpdateLogStore",
            host: String::new(),
            code: None,
            request_id: None,
            retry_after: None,
            ambiguous: false,
        }
    }

    #[test]
    fn a_released_claim_wakes_only_those_that_wait_for_one() {
        let (memory, now) = (Memory::default(), Timestamp::UNIX_EPOCH);
        memory.rest("waits", Wake::default(), now, WAIT, true);
        memory.rest("rests", Wake::default(), now, WAIT, false);
        assert!(memory.wake_claimants());
        assert_eq!(memory.early("waits", &Wake::default(), now), None);
        assert_eq!(memory.early("rests", &Wake::default(), now), Some(WAIT));
    }
}
