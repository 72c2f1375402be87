//! Counts logs over time.
//!
//! Takes the logs of a request and a number of bars or their length; returns bars of equal length, the last one cut
//! at the end of the range. Reads times only where the search lets it, so the time index alone answers.

use super::scan::{Bindings, Scan};
use super::{Bar, Bars, QueryError, Request};

/// Most bars: more than any chart has pixels for.
const MAX_BARS: i64 = 2_000;

/// Counts the logs of each interval.
pub(super) fn count(scan: &Scan<'_>, request: &Request, bars: Bars) -> Result<Vec<Bar>, QueryError> {
    let width = width(request.to - request.from, bars)?;
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

/// Seconds of one bar; the range is at least one second.
fn width(range: i64, bars: Bars) -> Result<i64, QueryError> {
    match bars {
        Bars::AtMost(count) => Ok(div_up(range, i64::from(count).clamp(1, MAX_BARS))),
        Bars::Seconds(width) if width >= 1 && div_up(range, width) <= MAX_BARS => Ok(width),
        Bars::Seconds(width) => {
            let message = format!("interval is invalid: {width}, it must make at most {MAX_BARS} intervals");
            Err(QueryError::parameter(message))
        }
    }
}

fn div_up(range: i64, parts: i64) -> i64 {
    range / parts + i64::from(range % parts > 0)
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
        let bars = empty_bars(&request, width(13, Bars::AtMost(4)).unwrap());
        let edges: Vec<_> = bars.iter().map(|bar| (bar.from, bar.to)).collect();
        assert_eq!(edges, [(5, 9), (9, 13), (13, 17), (17, 18)]);
    }

    #[test]
    fn the_widest_range_has_no_more_bars_than_allowed() {
        let width = width(i64::MAX, Bars::AtMost(u32::MAX)).unwrap();
        assert!(i64::MAX / width <= MAX_BARS);
    }

    #[test]
    fn length_that_makes_too_many_bars_is_refused() {
        assert_eq!(width(MAX_BARS, Bars::Seconds(1)).unwrap(), 1);
        for wrong in [(MAX_BARS + 1, 1), (10, 0), (10, -1), (i64::MAX, 60)] {
            assert_eq!(width(wrong.0, Bars::Seconds(wrong.1)).unwrap_err().code, "ParameterInvalid");
        }
    }
}
