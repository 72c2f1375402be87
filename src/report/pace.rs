//! When to look again: one table from reason to pace, and the arithmetic of waiting.
//!
//! Waiting doubles with age: one waits as long as the condition has been failing already, between a floor and a
//! ceiling. That needs no counter, and survives a restart because the transition time is in the status.

use std::time::Duration;

use crate::api::reasons::Reason;
use crate::decide::Finding;

/// When to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The object's own interval.
    Interval,
    /// Age-doubling between floor and ceiling, not before the server's own hint.
    Backoff {
        /// Shortest wait.
        floor: Duration,
        /// Longest wait.
        ceiling: Duration,
        /// What the server asked for.
        hint: Option<Duration>,
    },
    /// When the open intent cannot land any more.
    Intent,
    /// When the spec changes; once an hour all the same.
    SpecChange,
}

/// Longest wait after replies that keep getting lost.
const LOST_CEILING: Duration = Duration::from_mins(5);
const FLOOR: Duration = Duration::from_secs(5);
const HOUR: Duration = Duration::from_hours(1);

impl Pace {
    /// Accepted, not visible yet (`cloud-api.md` §6.8: 10 s to 60 s).
    pub const SETTLING: Self = Self::Backoff { floor: FLOOR, ceiling: Duration::from_secs(10), hint: None };

    /// The pace for an open stage.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not named here shares one pace")]
    pub fn of(finding: &Finding) -> Self {
        let hint = finding.fault.as_ref().and_then(|fault| fault.retry_after);
        let within =
            |minutes: u64| Self::Backoff { floor: FLOOR, ceiling: Duration::from_secs(minutes * 60), hint };
        match finding.reason {
            Reason::Settling => Self::SETTLING,
            Reason::CredentialsMissing | Reason::CredentialsExpired | Reason::CredentialsInvalid => within(1),
            Reason::Disabled | Reason::AwaitingConsole => Self::Interval,
            Reason::NotYetSupported => Self::SpecChange,
            _ => within(if is_slow(finding.reason) { 10 } else { 5 }),
        }
    }

    /// Time to wait, given how long the open condition has stood and the object's interval; spread by `salt`, a number
    /// hashed from the uid, so that a fleet does not move in step. The interval is shortened by up to 20 % and never
    /// lengthened: whoever looks once an interval sees what happened in it.
    pub fn wait(self, age: Duration, interval: Duration, until_intent: Duration, salt: u64) -> Duration {
        match self {
            Self::Interval => interval * (80 + percent(salt, 19)) / 100,
            Self::Backoff { floor, ceiling, hint } => {
                // A repair is noticed within one interval, however long the fault has stood.
                let wait = age.clamp(floor, ceiling.min(interval).max(floor));
                spread(wait, salt, 5).max(hint.unwrap_or_default())
            }
            Self::Intent => until_intent.max(age.min(LOST_CEILING).min(interval)),
            Self::SpecChange => spread(HOUR, salt, 20),
        }
    }
}

/// States that only a slow act of a person ends.
fn is_slow(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::QuotaExceeded
            | Reason::OwnedElsewhere
            | Reason::ProjectNameTakenElsewhere
            | Reason::UnexpectedResponse
    )
}

/// `wait` ± `most` percent, by `salt`.
fn spread(wait: Duration, salt: u64, most: u32) -> Duration {
    wait * (100 - most + percent(salt, 2 * most + 1)) / 100
}

/// One of 0 to `below` - 1, by `salt`.
fn percent(salt: u64, below: u32) -> u32 {
    u32::try_from(salt % u64::from(below)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn waiting_doubles_the_age_between_floor_and_ceiling() {
        let pace = Pace::Backoff { floor: 5 * SECOND, ceiling: 300 * SECOND, hint: None };
        let wait = |age: u64| pace.wait(Duration::from_secs(age), HOUR, Duration::ZERO, 5);
        assert_eq!(
            [wait(0), wait(10), wait(40), wait(4000)],
            [5 * SECOND, 10 * SECOND, 40 * SECOND, 300 * SECOND]
        );
    }

    #[test]
    fn the_servers_hint_is_a_floor() {
        let pace = Pace::Backoff { floor: SECOND, ceiling: 10 * SECOND, hint: Some(30 * SECOND) };
        assert_eq!(pace.wait(Duration::ZERO, HOUR, Duration::ZERO, 0), 30 * SECOND);
    }

    #[test]
    fn an_interval_is_shortened_by_up_to_a_fifth_and_never_lengthened() {
        let waits: Vec<_> =
            (0..41).map(|salt| Pace::Interval.wait(SECOND, 100 * SECOND, SECOND, salt)).collect();
        assert_eq!(waits.iter().min(), Some(&(80 * SECOND)));
        assert_eq!(waits.iter().max(), Some(&(98 * SECOND)));
    }
}
