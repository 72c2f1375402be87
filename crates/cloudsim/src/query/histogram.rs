//! Counts logs over time.
//!
//! Takes the logs of a request and a number of bars; returns bars of equal length, the last one cut at
//! the end of the range. Reads times only where the search lets it, so the time index alone answers.

use super::scan::{Bindings, Scan};
use super::{Bar, QueryError, Request};

/// Most bars: more than any chart has pixels for.
const MAX_BARS: i64 = 2_000;

/// Counts the logs of each interval.
pub(super) fn count(scan: &Scan<'_>, request: &Request, bars: u32) -> Result<Vec<Bar>, QueryError> {
    let width = width(request.to - request.from, i64::from(bars));
    let mut drawn = empty_bars(request, width);
    let mut bindings = Bindings::default();
    let sql = format!("SELECT time FROM log WHERE {}", scan.condition(&mut bindings));
    let complete = scan.run(&sql, &bindings, |row| {
        let time: i64 = row.get(0)?;
        let position = usize::try_from((time - request.from) / width).unwrap_or(usize::MAX);
        if let Some(bar) = drawn.get_mut(position) {
            bar.count += 1;
        }
        Ok(true)
    })?;
    for bar in &mut drawn {
        bar.complete = complete;
    }
    Ok(drawn)
}

/// Seconds of one bar, so that at most `bars` cover the range; the range is at least one second.
fn width(range: i64, bars: i64) -> i64 {
    let bars = bars.clamp(1, MAX_BARS);
    range / bars + i64::from(range % bars > 0)
}

fn empty_bars(request: &Request, width: i64) -> Vec<Bar> {
    let mut bars = Vec::new();
    let mut from = request.from;
    while from < request.to {
        let to = from.saturating_add(width).min(request.to);
        bars.push(Bar { from, to, count: 0, complete: true });
        from = to;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_cover_the_range_without_gaps() {
        let request = Request {
            from: 5,
            to: 18,
            query: String::new(),
            topic: String::new(),
            line: 0,
            offset: 0,
            reverse: false,
            now: 0,
        };
        let bars = empty_bars(&request, width(13, 4));
        let edges: Vec<_> = bars.iter().map(|bar| (bar.from, bar.to)).collect();
        assert_eq!(edges, [(5, 9), (9, 13), (13, 17), (17, 18)]);
    }

    #[test]
    fn the_widest_range_has_no_more_bars_than_allowed() {
        let width = width(i64::MAX, i64::from(u32::MAX));
        assert!(i64::MAX / width <= MAX_BARS);
    }
}
