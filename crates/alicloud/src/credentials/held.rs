//! What is held of a credential, and what to do about it now. Pure.
//!
//! Takes keys and failures with the time they came; says whether the key held is good, due to be replaced, or
//! gone. *Invariant:* a key that has not expired is never given up for a failure, and a clock that is set back, by
//! hand or by the time learnt of a server, makes nothing wait longer.

use std::time::Duration;

use jiff::Timestamp;

use crate::credentials::AccessKey;
use crate::credentials::error::CredentialsError;
use crate::credentials::issued::Lease;
use crate::credentials::source::Origin;

/// How long before its end a credential is replaced, as the official clients do (cloud-api §4.3).
const PREFETCH: Duration = Duration::from_mins(15);
/// A credential is replaced after three quarters of its life if that is later: the shortest that STS gives out lasts
/// as long as [`PREFETCH`] and would otherwise be replaced at once.
const LIFE_PARTS: u32 = 4;
/// How often a key without an end is looked for again: somebody may have changed the file.
const RECHECK: Duration = Duration::from_mins(1);
/// First wait after a failure, doubled for each further one.
const RETRY_FLOOR: Duration = Duration::from_secs(1);
/// Longest wait after a failure: how long a mended source may go unnoticed.
const RETRY_CEILING: Duration = Duration::from_mins(1);
/// Longest wait that a service is granted when it asks for one.
const ASKED_CEILING: Duration = Duration::from_mins(10);
/// A key younger than this is not replaced because a service refused it.
const RENEW_AGE: Duration = Duration::from_secs(10);

/// How a source of credentials is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialsState {
    /// Where the key held came from.
    pub origin: Option<Origin>,
    /// Its id; not secret.
    pub access_key_id: Option<String>,
    /// When it ends; `None` when it does not, or when there is none.
    pub expires_at: Option<Timestamp>,
    /// When it was had.
    pub obtained_at: Option<Timestamp>,
    /// Why the last attempt to get one failed; `None` once one succeeded.
    pub last_error: Option<CredentialsError>,
    /// Attempts that failed since one succeeded.
    pub failures: u32,
}

/// The key held, the source it came from, and the failures since.
#[derive(Debug, Default)]
pub(super) struct Held {
    lease: Option<Lease>,
    /// Which of the sources gave the key, and what kind it is: the others are asked no more.
    pub(super) chosen: Option<(usize, Origin)>,
    obtained_at: Timestamp,
    refresh_at: Timestamp,
    failure: Option<Failure>,
    failures: u32,
}

/// The last failure, and how long from then on nothing is tried.
#[derive(Debug)]
struct Failure {
    error: CredentialsError,
    at: Timestamp,
    wait: Duration,
}

impl Failure {
    fn is_waited_for(&self, now: Timestamp) -> bool {
        is_within(self.wait, self.at, now)
    }
}

/// What to do about a credential now.
#[derive(Debug)]
pub(super) enum Look {
    /// Use it.
    Good(AccessKey),
    /// Use it, and let one caller replace it.
    Due(AccessKey),
    /// There is none: get one.
    Gone,
    /// There is none, and getting one has just failed.
    Failing(CredentialsError),
}

impl Held {
    pub(super) fn look(&self, now: Timestamp) -> Look {
        let waiting = self.failure.as_ref().filter(|failure| failure.is_waited_for(now));
        match (self.usable(now), waiting) {
            (Some(lease), None) if self.is_due(now) => Look::Due(lease.key.clone()),
            (Some(lease), _) => Look::Good(lease.key.clone()),
            (None, Some(failure)) => Look::Failing(failure.error.clone()),
            (None, None) => Look::Gone,
        }
    }

    /// A key from a time that has not come yet is due too: when it ends is not known any more.
    fn is_due(&self, now: Timestamp) -> bool {
        now >= self.refresh_at || now < self.obtained_at
    }

    /// The key held, while it has not expired.
    pub(super) fn usable(&self, now: Timestamp) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.expires_at.is_none_or(|end| now < end))
    }

    /// Whether the key was had so recently that replacing it again is no use.
    pub(super) fn is_young(&self, now: Timestamp) -> bool {
        is_within(RENEW_AGE, self.obtained_at, now)
    }

    pub(super) fn hold(&mut self, chosen: (usize, Origin), lease: Lease, now: Timestamp) {
        self.refresh_at = match lease.expires_at {
            None => now + RECHECK,
            Some(end) => {
                let left = since(now, end);
                now + left.saturating_sub(PREFETCH.min(left / LIFE_PARTS))
            }
        };
        (self.obtained_at, self.chosen) = (now, Some(chosen));
        (self.lease, self.failure, self.failures) = (Some(lease), None, 0);
    }

    /// Notes a failure. The next attempt waits, as long as a service asks for if that is longer, but not beyond the end
    /// of the key held: then it is needed.
    pub(super) fn fail(&mut self, error: CredentialsError, now: Timestamp) {
        let own = RETRY_FLOOR.saturating_mul(1 << self.failures.min(16)).min(RETRY_CEILING);
        let asked = error.fault().and_then(|fault| fault.retry_after).unwrap_or_default();
        let end = self.usable(now).and_then(|lease| lease.expires_at);
        let left = end.map_or(Duration::MAX, |end| since(now, end).max(RETRY_FLOOR));
        let wait = own.max(asked.min(ASKED_CEILING)).min(left);
        self.failures = self.failures.saturating_add(1);
        self.failure = Some(Failure { error, at: now, wait });
    }

    pub(super) fn state(&self) -> CredentialsState {
        let lease = self.lease.as_ref();
        CredentialsState {
            origin: self.chosen.map(|(_, origin)| origin),
            access_key_id: lease.map(|lease| lease.key.id().to_owned()),
            expires_at: lease.and_then(|lease| lease.expires_at),
            obtained_at: lease.map(|_| self.obtained_at),
            last_error: self.failure.as_ref().map(|failure| failure.error.clone()),
            failures: self.failures,
        }
    }
}

/// Whether `now` is in the span of that length that begins at `start`.
fn is_within(length: Duration, start: Timestamp, now: Timestamp) -> bool {
    start <= now && since(start, now) < length
}

/// From one time to a later one; nothing when it is not later.
fn since(start: Timestamp, end: Timestamp) -> Duration {
    Duration::try_from(end.duration_since(start)).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::panic, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::call::{Call, Operation};
    use crate::error::CallError;
    use crate::fault::{FaultKind, Service};

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn at(seconds: u64) -> Timestamp {
        START + Duration::from_secs(seconds)
    }

    fn held(life_secs: Option<u64>) -> Held {
        let mut held = Held::default();
        let key = AccessKey::new("id", "secret".into(), None);
        held.hold((0, Origin::Oidc), Lease { key, expires_at: life_secs.map(at) }, START);
        held
    }

    fn error() -> CredentialsError {
        CredentialsError::unusable(Origin::Oidc, "broken")
    }

    #[track_caller]
    fn check(held: &Held, seconds: u64, expect: &str) {
        let look = match held.look(at(seconds)) {
            Look::Good(_) => "good",
            Look::Due(_) => "due",
            Look::Gone => "gone",
            Look::Failing(_) => "failing",
        };
        assert_eq!(look, expect, "after {seconds} s");
    }

    #[test]
    fn an_hour_long_key_is_due_a_quarter_before_its_end() {
        let held = held(Some(3600));
        for (seconds, expect) in [(0, "good"), (2699, "good"), (2700, "due"), (3599, "due"), (3600, "gone")] {
            check(&held, seconds, expect);
        }
    }

    #[test]
    fn a_long_key_is_due_a_quarter_of_an_hour_before_its_end() {
        let held = held(Some(21_600));
        check(&held, 20_699, "good");
        check(&held, 20_700, "due");
    }

    #[test]
    fn the_shortest_key_is_not_due_at_once() {
        let held = held(Some(900));
        check(&held, 674, "good");
        check(&held, 675, "due");
    }

    #[test]
    fn a_key_without_an_end_is_looked_for_again_each_minute_and_stays() {
        let mut held = held(None);
        check(&held, 59, "good");
        check(&held, 60, "due");
        held.fail(error(), at(60));
        check(&held, 1_000_000, "due");
    }

    #[test]
    fn after_a_failure_the_old_key_stays_good_until_the_next_attempt_is_due() {
        let mut held = held(Some(3600));
        held.fail(error(), at(2700));
        check(&held, 2700, "good");
        check(&held, 2701, "due");
    }

    #[test]
    fn waits_after_failures_double_up_to_a_minute() {
        let mut held = Held::default();
        let mut now = 0;
        for wait in [1, 2, 4, 8, 16, 32, 60, 60] {
            held.fail(error(), at(now));
            check(&held, now + wait - 1, "failing");
            now += wait;
            check(&held, now, "gone");
        }
    }

    #[test]
    fn a_wait_ends_with_the_key_that_is_held() {
        let mut held = held(Some(3600));
        (0..10).for_each(|_| held.fail(error(), at(3590)));
        check(&held, 3599, "good");
        check(&held, 3600, "gone");
    }

    fn throttled(retry_after: Duration) -> CredentialsError {
        let call = Call { operation: Operation::reads(Service::Sts, "AssumeRole", ""), host: String::new() };
        let mut fault = call.fault(FaultKind::Throttled, false);
        fault.retry_after = Some(retry_after);
        CredentialsError::of_call(Origin::Oidc, &CallError::new(fault, "busy"))
    }

    #[test]
    fn a_wait_that_the_service_asks_for_is_kept_to() {
        let mut held = Held::default();
        held.fail(throttled(Duration::from_mins(2)), at(0));
        check(&held, 119, "failing");
        check(&held, 120, "gone");
    }

    #[test]
    fn a_service_is_not_waited_for_longer_than_ten_minutes_nor_shorter_than_without_its_word() {
        let mut held = Held::default();
        held.fail(throttled(Duration::from_hours(1)), at(0));
        check(&held, 600, "gone");
        held.fail(throttled(Duration::ZERO), at(600));
        check(&held, 601, "failing");
        check(&held, 602, "gone");
    }

    #[test]
    fn a_clock_that_is_set_back_ends_the_wait_after_a_failure() {
        let mut held = Held::default();
        held.fail(error(), at(86_400));
        check(&held, 86_400, "failing");
        check(&held, 0, "gone");
    }

    #[test]
    fn a_key_from_a_time_that_has_not_come_is_due_and_not_young() {
        let mut held = Held::default();
        let key = AccessKey::new("id", "secret".into(), None);
        held.hold((0, Origin::Oidc), Lease { key, expires_at: Some(at(90_000)) }, at(86_400));
        assert!(held.is_young(at(86_409)));
        check(&held, 0, "due");
        assert!(!held.is_young(at(0)));
    }

    #[test]
    fn a_success_clears_the_failures() {
        let mut held = held(Some(3600));
        held.fail(error(), at(2700));
        assert_eq!((held.state().failures, held.state().last_error), (1, Some(error())));
        let key = AccessKey::new("new", "secret".into(), None);
        held.hold((0, Origin::Oidc), Lease { key, expires_at: Some(at(7200)) }, at(2701));
        let state = held.state();
        assert_eq!((state.failures, state.last_error, state.expires_at), (0, None, Some(at(7200))));
        assert_eq!(state.access_key_id.as_deref(), Some("new"));
    }
}
