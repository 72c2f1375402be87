//! Whether a call that failed is tried again, and when.
//!
//! Takes the fault of an attempt; returns what may cure it. *Invariant:* a write whose effect is unknown is never
//! tried again (cloud-api §7): what is repeated either reads, or was refused before it had an effect, or never
//! left.

use std::time::Duration;

use jiff::Timestamp;

use crate::fault::{Fault, FaultKind};
use crate::reply::NONCE_USED;

/// How often, how fast and how long one call is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallPolicy {
    /// Attempts of one call, the first included.
    pub attempts: u32,
    /// Longest wait before the second attempt; doubled for each later one.
    pub backoff_floor: Duration,
    /// Longest wait between two attempts, unless the service asks for more.
    pub backoff_ceiling: Duration,
    /// No attempt starts later than this after the call began, having a key to sign with included. With the transport's own limit on one exchange it
    /// bounds how long after its start a call can still have an effect.
    pub total: Duration,
    /// How many calls of one operation one credential may make, whichever keys it has meanwhile; `None` for as many as
    /// it likes.
    pub rate: Option<Rate>,
}

/// A token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Calls a second in the long run; 0 counts as 1.
    pub per_second: u32,
    /// Calls that may come at once; 0 counts as 1.
    pub burst: u32,
}

impl CallPolicy {
    /// Every call is sent once, at once.
    pub const fn single() -> Self {
        Self { attempts: 1, rate: None, ..Self::standard() }
    }

    /// Four attempts within half a minute, and ten calls a second of one operation. Our own choice: fewer attempts
    /// than the official clients make, and a rate that a controller of one account does not reach.
    pub const fn standard() -> Self {
        Self {
            attempts: 4,
            backoff_floor: Duration::from_millis(500),
            backoff_ceiling: Duration::from_secs(10),
            total: Duration::from_secs(30),
            rate: Some(Rate { per_second: 10, burst: 20 }),
        }
    }
}

/// What may make the next attempt succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cure {
    /// Time.
    Wait,
    /// The time of the server, once.
    Clock,
    /// Another nonce, once.
    Nonce,
    /// Another access key, once.
    Key,
}

/// What may cure a fault; nothing for those that only a change elsewhere cures.
pub(crate) fn cure(fault: &Fault) -> Option<Cure> {
    if fault.ambiguous {
        return None;
    }
    match fault.kind {
        FaultKind::Unavailable if fault.code.as_deref() == Some(NONCE_USED) => Some(Cure::Nonce),
        FaultKind::Throttled | FaultKind::Unavailable => Some(Cure::Wait),
        FaultKind::ClockSkewed => Some(Cure::Clock),
        FaultKind::CredentialsExpired | FaultKind::CredentialsInvalid => Some(Cure::Key),
        FaultKind::NotFound
        | FaultKind::AlreadyExists
        | FaultKind::Denied
        | FaultKind::FeatureNotGranted
        | FaultKind::ServiceNotOpened
        | FaultKind::AccountOverdue
        | FaultKind::QuotaExceeded
        | FaultKind::Foreign
        | FaultKind::Invalid
        | FaultKind::Unexpected => None,
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub(crate) struct Tries {
    policy: CallPolicy,
    started: Timestamp,
    made: u32,
    cured: Vec<Cure>,
}

impl Tries {
    pub(crate) fn new(policy: CallPolicy, now: Timestamp) -> Self {
        Self { policy, started: now, made: 0, cured: Vec::new() }
    }

    /// How long the call may still wait before an attempt.
    pub(crate) fn patience(&self, now: Timestamp) -> Duration {
        self.policy.total.saturating_sub(self.spent(now))
    }

    /// Whether no attempt may start any more.
    pub(crate) fn are_over(&self, now: Timestamp) -> bool {
        self.spent(now) > self.policy.total
    }

    /// After a failed attempt: what to try before the next one and how long to wait for it; nothing when the call
    /// has failed for good. `fraction` from 0 to 1 spreads the waits of many callers.
    pub(crate) fn after(&mut self, fault: &Fault, now: Timestamp, fraction: f64) -> Option<(Cure, Duration)> {
        self.made += 1;
        let cure = cure(fault).filter(|_| self.made < self.policy.attempts && !self.are_over(now))?;
        if cure == Cure::Wait {
            let wait = self.backoff(fault.retry_after, fraction);
            return (wait <= self.patience(now)).then_some((cure, wait));
        }
        let first = !self.cured.contains(&cure);
        self.cured.push(cure);
        first.then_some((cure, Duration::ZERO))
    }

    fn spent(&self, now: Timestamp) -> Duration {
        Duration::try_from(now.duration_since(self.started)).unwrap_or_default()
    }

    /// From half to the whole of the doubling wait; what the service asked for and a little more, if that is longer.
    fn backoff(&self, asked: Option<Duration>, fraction: f64) -> Duration {
        let doubled = self.policy.backoff_floor.saturating_mul(1 << (self.made - 1).min(16));
        let own = doubled.min(self.policy.backoff_ceiling).mul_f64(0.5 + fraction / 2.0);
        asked.map_or(own, |asked| own.max(asked + asked.min(self.policy.backoff_floor).mul_f64(fraction)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::fault::Service;

    fn fault(kind: FaultKind) -> Fault {
        Fault {
            kind,
            service: Service::Ram,
            action: "GetRole",
            ram_action: "ram:GetRole",
            host: String::new(),
            code: None,
            request_id: None,
            retry_after: None,
            ambiguous: false,
        }
    }

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn waits(policy: CallPolicy, fault: &Fault, fraction: f64) -> Vec<u128> {
        let mut tries = Tries::new(policy, START);
        std::iter::from_fn(|| tries.after(fault, START, fraction)).map(|(_, wait)| wait.as_millis()).collect()
    }

    #[test]
    fn waits_double_from_floor_to_ceiling() {
        let policy = CallPolicy { attempts: 8, ..CallPolicy::standard() };
        let busy = fault(FaultKind::Unavailable);
        assert_eq!(waits(policy, &busy, 1.0), [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
        assert_eq!(waits(policy, &busy, 0.0), [250, 500, 1000, 2000, 4000, 5000, 5000]);
    }

    #[test]
    fn a_wait_the_service_asks_for_is_kept_to() {
        let asked = Fault { retry_after: Some(Duration::from_secs(12)), ..fault(FaultKind::Throttled) };
        let policy = CallPolicy { attempts: 2, ..CallPolicy::standard() };
        assert_eq!(waits(policy, &asked, 0.0), [12_000]);
        assert_eq!(waits(policy, &asked, 1.0), [12_500]);
    }

    #[test]
    fn a_wait_the_service_asks_for_does_not_shorten_the_doubling_one() {
        let asked = Fault { retry_after: Some(Duration::from_millis(1)), ..fault(FaultKind::Throttled) };
        assert_eq!(waits(CallPolicy::standard(), &asked, 1.0), [500, 1000, 2000]);
    }

    #[test]
    fn a_wait_longer_than_the_call_may_take_ends_it() {
        let asked = Fault { retry_after: Some(Duration::from_secs(31)), ..fault(FaultKind::Throttled) };
        assert_eq!(waits(CallPolicy::standard(), &asked, 0.0), [0_u128; 0]);
    }

    #[test]
    fn time_spent_on_attempts_counts() {
        let mut tries = Tries::new(CallPolicy::standard(), START);
        let late = START + Duration::from_secs(30);
        assert_eq!(tries.after(&fault(FaultKind::Unavailable), late, 1.0), None);
    }

    #[test]
    fn what_is_cured_at_once_is_not_tried_again_too_late_either() {
        let mut tries = Tries::new(CallPolicy::standard(), START);
        let late = START + Duration::from_secs(31);
        assert_eq!(tries.after(&fault(FaultKind::ClockSkewed), late, 1.0), None);
    }

    #[test]
    fn nothing_is_tried_again_after_an_ambiguous_write() {
        for kind in [FaultKind::Unavailable, FaultKind::Throttled, FaultKind::ClockSkewed] {
            assert_eq!(cure(&Fault { ambiguous: true, ..fault(kind) }), None);
        }
    }

    #[test]
    fn clock_nonce_and_key_are_tried_once_each() {
        let nonce = Fault { code: Some(NONCE_USED.to_owned()), ..fault(FaultKind::Unavailable) };
        let expected = [
            (nonce, Cure::Nonce),
            (fault(FaultKind::ClockSkewed), Cure::Clock),
            (fault(FaultKind::CredentialsExpired), Cure::Key),
        ];
        for (fault, cure) in expected {
            let mut tries = Tries::new(CallPolicy::standard(), START);
            assert_eq!(tries.after(&fault, START, 0.0), Some((cure, Duration::ZERO)));
            assert_eq!(tries.after(&fault, START, 0.0), None);
        }
    }

    #[test]
    fn the_single_policy_tries_nothing_again() {
        for kind in [FaultKind::Throttled, FaultKind::ClockSkewed, FaultKind::CredentialsExpired] {
            assert_eq!(waits(CallPolicy::single(), &fault(kind), 0.0), [0_u128; 0]);
        }
    }
}
