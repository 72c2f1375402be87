//! Waiting for a condition, with a deadline.
//!
//! Takes a question to ask again and again; returns its answer. Must never wait for time alone: when the
//! deadline passes the error says what was seen last.

use anyhow::{Result, bail};
use std::ops::ControlFlow;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Pause before the second question; it doubles up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_millis(20);
/// Longest pause between two questions: short enough to add nothing that a person would notice.
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// Asks until the answer is `Break(value)`. `Continue(text)` says what was seen instead.
///
/// # Errors
/// The question failed for good, or `limit` passed; then the text ends with what was seen last.
pub fn until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> Result<ControlFlow<T, String>>,
) -> Result<T> {
    let started = Instant::now();
    let mut pause = PAUSE_MIN;
    loop {
        let seen = match ask()? {
            ControlFlow::Break(value) => return Ok(value),
            ControlFlow::Continue(seen) => seen,
        };
        if started.elapsed() >= limit {
            bail!("waited {} s for {what}; last seen: {seen}", limit.as_secs_f32());
        }
        sleep(pause);
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_thing_seen_is_told_when_the_deadline_passes() {
        let mut asked = 0;
        let error = until::<()>("the moon", Duration::ZERO, || {
            asked += 1;
            Ok(ControlFlow::Continue(format!("cloud {asked}")))
        });
        assert_eq!(error.unwrap_err().to_string(), "waited 0 s for the moon; last seen: cloud 1");
    }

    #[test]
    fn an_answer_ends_the_wait() {
        let mut asked = 0;
        let answer = until("three", Duration::from_secs(5), || {
            asked += 1;
            Ok(if asked == 3 { ControlFlow::Break(asked) } else { ControlFlow::Continue(String::new()) })
        });
        assert_eq!(answer.unwrap(), 3);
    }
}
