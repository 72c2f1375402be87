//! The emulator's clock, and how times are written on the wire.
//!
//! The one place that reads the system clock. An offset set by the control API moves the whole cloud.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// The system clock, moved by an offset.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    offset_secs: AtomicI64,
    /// Where the system clock is taken to stand still.
    standing: Option<Timestamp>,
}

impl Clock {
    pub(crate) fn new(offset_secs: i64) -> Self {
        Self { offset_secs: AtomicI64::new(offset_secs), standing: None }
    }

    /// A clock that stands still at a time.
    pub(crate) fn standing(time: Timestamp) -> Self {
        Self { offset_secs: AtomicI64::new(0), standing: Some(time) }
    }

    /// The emulator's time; the system's own when the offset leads out of range.
    pub(crate) fn now(&self) -> Timestamp {
        let system = self.standing.unwrap_or_else(system_now);
        let moved = system.as_millisecond().saturating_add(self.offset_secs().saturating_mul(1000));
        Timestamp::from_millisecond(moved).unwrap_or(system)
    }

    pub(crate) fn offset_secs(&self) -> i64 {
        self.offset_secs.load(Ordering::Relaxed)
    }

    pub(crate) fn set_offset_secs(&self, offset_secs: i64) {
        self.offset_secs.store(offset_secs, Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
fn system_now() -> Timestamp {
    Timestamp::now()
}

/// `2015-01-23T12:33:18Z`, from epoch seconds.
pub(crate) fn iso(epoch: i64) -> String {
    at(epoch).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `2020-11-18 16:55:57`, the way Log Service writes project times, from epoch seconds.
pub(crate) fn plain(epoch: i64) -> String {
    at(epoch).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// `Sun, 22 Nov 2026 07:28:32 GMT`, the form of the `Date` header.
pub(crate) fn http_date(time: Timestamp) -> String {
    time.to_zoned(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn at(epoch: i64) -> Timestamp {
    Timestamp::from_second(epoch).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_each_service_does() {
        assert_eq!(iso(1_421_973_198), "2015-01-23T00:33:18Z");
        assert_eq!(plain(1_605_718_557), "2020-11-18 16:55:57");
        let time = Timestamp::from_second(1_795_332_512).unwrap();
        assert_eq!(http_date(time), "Sun, 22 Nov 2026 07:28:32 GMT");
    }
}
