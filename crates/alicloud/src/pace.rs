//! A token bucket for each credential and operation.
//!
//! Takes a moment and how long the caller would wait; returns how long it has to. Counted by the time a bucket needs
//! to fill up (the "generic cell rate algorithm"). *Invariant:* a clock that is set back never makes a wait longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::fault::Service;
use crate::policy::Rate;

/// Buckets kept before full ones are forgotten; a full bucket is as good as none.
const BUCKETS_KEPT: usize = 1024;

/// Who calls: a key by its id, a credential that changes its keys by its number, or whoever takes on a role without a
/// key, by the role.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    Key(String),
    Credentials(u64),
    Role(Arc<str>),
}

/// Whose calls of what.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    pub(crate) caller: Caller,
    pub(crate) service: Service,
    pub(crate) action: &'static str,
}

/// What each bucket lacks of being full.
#[derive(Debug, Default)]
pub(crate) struct Pace(Mutex<HashMap<Bucket, Debt>>);

/// The time that a bucket needs to fill up, and when that was noted.
#[derive(Clone, Copy, Debug)]
struct Debt {
    owed: Duration,
    noted: Timestamp,
}

impl Debt {
    /// What is still owed. A clock that was set back since has paid nothing, and adds nothing.
    fn left(self, now: Timestamp) -> Duration {
        let paid = Duration::try_from(now.duration_since(self.noted)).unwrap_or_default();
        self.owed.saturating_sub(paid)
    }
}

impl Pace {
    /// Takes a token: how long to wait before using it. When that is longer than `patience`, none is taken and
    /// the wait comes back as the error.
    pub(crate) fn take(
        &self,
        bucket: Bucket,
        rate: Rate,
        now: Timestamp,
        patience: Duration,
    ) -> Result<Duration, Duration> {
        let interval = Duration::from_secs(1) / rate.per_second.max(1);
        let ahead = interval * (rate.burst.max(1) - 1);
        let mut debts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if debts.len() >= BUCKETS_KEPT {
            debts.retain(|_, debt| debt.noted <= now && !debt.left(now).is_zero());
        }
        let left = debts.get(&bucket).map(|debt| debt.left(now)).unwrap_or_default();
        let wait = left.saturating_sub(ahead);
        let taken = wait <= patience;
        let owed = if taken { left + interval } else { left };
        debts.insert(bucket, Debt { owed, noted: now });
        if taken { Ok(wait) } else { Err(wait) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 3 };

    fn bucket(id: &str, action: &'static str) -> Bucket {
        Bucket { caller: Caller::Key(id.to_owned()), service: Service::Ram, action }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn take(pace: &Pace, now: i64, patience: u64) -> Result<u128, u128> {
        let taken = pace.take(bucket("a", "GetRole"), RATE, at(now), Duration::from_millis(patience));
        taken.map(|wait| wait.as_millis()).map_err(|wait| wait.as_millis())
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_one_interval_apart() {
        let pace = Pace::default();
        let waits: Vec<_> = (0..5).map(|_| take(&pace, 0, 1000)).collect();
        assert_eq!(waits, [Ok(0), Ok(0), Ok(0), Ok(100), Ok(200)]);
    }

    #[test]
    fn an_idle_bucket_fills_up_to_its_burst_and_no_further() {
        let pace = Pace::default();
        (0..3).for_each(|_| assert_eq!(take(&pace, 0, 0), Ok(0)));
        let waits: Vec<_> = (0..4).map(|_| take(&pace, 60_000, 1000)).collect();
        assert_eq!(waits, [Ok(0), Ok(0), Ok(0), Ok(100)]);
    }

    #[test]
    fn a_caller_without_patience_takes_nothing() {
        let pace = Pace::default();
        (0..3).for_each(|_| assert_eq!(take(&pace, 0, 0), Ok(0)));
        assert_eq!(take(&pace, 0, 50), Err(100));
        assert_eq!(take(&pace, 0, 100), Ok(100));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_longer() {
        let pace = Pace::default();
        let hour = 3_600_000;
        (0..5).for_each(|_| assert!(take(&pace, hour, 1000).is_ok()));
        let waits: Vec<_> = [0, 100, 300].map(|now| take(&pace, now, 0)).to_vec();
        assert_eq!(waits, [Err(300), Err(200), Ok(0)]);
    }

    #[test]
    fn buckets_from_before_the_clock_was_set_back_are_forgotten() {
        let pace = Pace::default();
        for number in 0..1024 {
            let id = number.to_string();
            pace.take(bucket(&id, "GetRole"), RATE, at(3_600_000), Duration::ZERO).unwrap();
        }
        assert_eq!(take(&pace, 0, 0), Ok(0));
        assert_eq!(pace.0.lock().unwrap().len(), 1);
    }

    #[test]
    fn each_key_and_operation_has_a_bucket_of_its_own() {
        let pace = Pace::default();
        let one = Rate { per_second: 1, burst: 1 };
        for bucket in [bucket("a", "GetRole"), bucket("b", "GetRole"), bucket("a", "GetPolicy")] {
            assert_eq!(pace.take(bucket, one, at(0), Duration::ZERO), Ok(Duration::ZERO));
        }
        assert!(pace.take(bucket("a", "GetRole"), one, at(0), Duration::ZERO).is_err());
    }

    #[test]
    fn full_buckets_are_forgotten() {
        let pace = Pace::default();
        for number in 0..3000 {
            let id = number.to_string();
            pace.take(bucket(&id, "GetRole"), RATE, at(number * 1000), Duration::ZERO).unwrap();
        }
        assert!(pace.0.lock().unwrap().len() <= BUCKETS_KEPT);
    }
}
