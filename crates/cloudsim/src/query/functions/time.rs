//! Dates and times of analyses.
//!
//! An instant is milliseconds since the epoch; the calendar is that of UTC+8, as in the service
//! (date and time functions page, 2023: `1592374067` is `2020-06-17 14:07:47`). Instants that the
//! calendar does not reach give nothing; must never panic.

use std::fmt::Write as _;

use jiff::civil::{Date, DateTime};
use jiff::tz::{self, TimeZone};
use jiff::{Timestamp, ToSpan};
use rusqlite::Result;
use rusqlite::functions::Context;

use super::{Registrar, both, calendar, double, optional, refused, text as argument, whole};
use crate::query::parser::clip;

/// The calendar's distance from UTC.
pub(super) const OFFSET_HOURS: i8 = 8;
/// In milliseconds.
pub(super) const SECOND: i64 = 1_000;
/// From short to long.
const UNITS: [&str; 9] =
    ["millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year"];

/// Makes the functions known.
pub(super) fn register(add: &Registrar<'_>) -> Result<()> {
    add.function("sls_instant", 1, |call| Ok(double(call.get_raw(0)).map(instant)))?;
    add.function("sls_timestamp", 1, |call| Ok(whole(call, 0).and_then(text)))?;
    add.function("sls_date", 1, |call| Ok(whole(call, 0).and_then(date_text)))?;
    add.function("sls_date_trunc", 2, |call| {
        let unit = argument(call, 0)?;
        Ok(whole(call, 1).and_then(|at| truncate(unit, at)))
    })?;
    add.function("sls_date_format", 2, |call| {
        Ok(both(whole(call, 0), optional(call, 1)?).and_then(|(at, letters)| format(at, letters)))
    })?;
    add.function("sls_date_parse", 2, parse)?;
    add.function("sls_date_add", 3, |call| moved(call, calendar::add))?;
    add.function("sls_date_diff", 3, |call| moved(call, calendar::diff))?;
    add.function("sls_part", 2, |call| {
        let name = argument(call, 0)?;
        Ok(whole(call, 1).and_then(|at| calendar::part(name, at)))
    })?;
    add.function("sls_last_day_of_month", 1, |call| Ok(whole(call, 0).and_then(calendar::last_day_of_month)))
}

/// `sls_date_parse(text, format)`
fn parse(call: &Context<'_>) -> Result<Option<i64>> {
    let Some((written, format)) = both(optional(call, 0)?, optional(call, 1)?) else { return Ok(None) };
    let wrong = || refused(format!("Invalid format: \"{}\"", clip(written)));
    calendar::parse(written, format).map(Some).ok_or_else(wrong)
}

/// `f(unit, number, number)`
fn moved(call: &Context<'_>, f: fn(&str, i64, i64) -> Option<i64>) -> Result<Option<i64>> {
    let unit = argument(call, 0)?;
    Ok(whole(call, 1).zip(whole(call, 2)).and_then(|(a, b)| f(unit, a, b)))
}

/// Whether the functions of time know the unit.
pub(super) fn is_unit(unit: &str) -> bool {
    UNITS.iter().any(|known| known.eq_ignore_ascii_case(unit))
}

/// Whether the unit is shorter than a day.
pub(super) fn is_within_day(unit: &str) -> bool {
    UNITS[..4].iter().any(|known| known.eq_ignore_ascii_case(unit))
}

/// Epoch seconds as an instant.
#[expect(clippy::cast_possible_truncation, reason = "a float cast saturates; the calendar refuses the rest")]
pub(super) fn instant(seconds: f64) -> i64 {
    (seconds * 1_000.0).round() as i64
}

/// The start of the unit an instant is in.
pub(super) fn truncate(unit: &str, millis: i64) -> Option<i64> {
    let offset = i64::from(OFFSET_HOURS) * 3_600 * SECOND;
    let fixed = |length: i64| {
        let local = millis.checked_add(offset)?;
        local.checked_sub(local.rem_euclid(length))?.checked_sub(offset)
    };
    match unit.to_ascii_lowercase().as_str() {
        "millisecond" => Some(millis),
        "second" => fixed(SECOND),
        "minute" => fixed(60 * SECOND),
        "hour" => fixed(3_600 * SECOND),
        "day" => fixed(86_400 * SECOND),
        calendar => start_of(calendar, local(millis)?.date()).and_then(midnight),
    }
}

fn start_of(unit: &str, date: Date) -> Option<Date> {
    match unit {
        "week" => date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).ok(),
        "month" => Some(date.first_of_month()),
        "quarter" => Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).ok(),
        "year" => Some(date.first_of_year()),
        _ => None,
    }
}

/// The first instant of a day.
pub(super) fn midnight(date: Date) -> Option<i64> {
    let zone = TimeZone::fixed(tz::offset(OFFSET_HOURS));
    date.to_zoned(zone).ok().map(|zoned| zoned.timestamp().as_millisecond())
}

/// An instant by the calendar.
pub(super) fn local(millis: i64) -> Option<DateTime> {
    let instant = Timestamp::from_millisecond(millis).ok()?;
    Some(tz::offset(OFFSET_HOURS).to_datetime(instant))
}

/// An instant as an analysis shows it, `2020-06-17 14:07:47.000`.
pub(super) fn text(millis: i64) -> Option<String> {
    let at = local(millis)?;
    let date = at.date();
    Some(format!("{date} {:02}:{:02}:{:02}.{:03}", at.hour(), at.minute(), at.second(), at.millisecond()))
}

/// The day of an instant as an analysis shows it, `2020-06-17`.
pub(super) fn date_text(millis: i64) -> Option<String> {
    local(millis).map(|at| at.date().to_string())
}

/// An instant in a format of `date_format` (`%Y-%m-%d %H:%i:%s`); letters without a meaning stand for
/// themselves.
pub(super) fn format(millis: i64, format: &str) -> Option<String> {
    let at = local(millis)?;
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => write_part(&mut out, at, chars.next()?)?,
            _ => out.push(c),
        }
    }
    Some(out)
}

fn write_part(out: &mut String, at: DateTime, letter: char) -> Option<()> {
    let hour12 = (at.hour() + 11) % 12 + 1;
    let half = if at.hour() < 12 { "AM" } else { "PM" };
    let written = match letter {
        'Y' => write!(out, "{:04}", at.year()),
        'y' => write!(out, "{:02}", at.year().rem_euclid(100)),
        'm' => write!(out, "{:02}", at.month()),
        'c' => write!(out, "{}", at.month()),
        'd' => write!(out, "{:02}", at.day()),
        'e' => write!(out, "{}", at.day()),
        'j' => write!(out, "{:03}", at.day_of_year()),
        'H' => write!(out, "{:02}", at.hour()),
        'k' => write!(out, "{}", at.hour()),
        'h' | 'I' => write!(out, "{hour12:02}"),
        'l' => write!(out, "{hour12}"),
        'i' => write!(out, "{:02}", at.minute()),
        's' | 'S' => write!(out, "{:02}", at.second()),
        'f' => write!(out, "{:06}", at.subsec_nanosecond() / 1_000),
        'p' => out.write_str(half),
        'T' => write!(out, "{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second()),
        'r' => write!(out, "{hour12:02}:{:02}:{:02} {half}", at.minute(), at.second()),
        'a' | 'b' | 'M' | 'W' => out.write_str(&name(at, letter)),
        other => out.write_char(other),
    };
    written.ok()
}

/// The name of the weekday or the month.
fn name(at: DateTime, letter: char) -> String {
    let directive = match letter {
        'a' => "%a",
        'b' => "%b",
        'M' => "%B",
        _ => "%A",
    };
    at.strftime(directive).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2020-06-17 14:07:47 in UTC+8, a Wednesday.
    const WEDNESDAY: i64 = 1_592_374_067_000;

    #[test]
    fn instants_are_shown_in_the_time_of_the_service() {
        assert_eq!(text(WEDNESDAY).as_deref(), Some("2020-06-17 14:07:47.000"));
        assert_eq!(text(i64::MAX), None);
    }

    #[test]
    fn truncation_goes_back_to_the_start_of_the_unit() {
        for (unit, expected) in [
            ("second", "2020-06-17 14:07:47.000"),
            ("minute", "2020-06-17 14:07:00.000"),
            ("HOUR", "2020-06-17 14:00:00.000"),
            ("day", "2020-06-17 00:00:00.000"),
            ("week", "2020-06-15 00:00:00.000"),
            ("month", "2020-06-01 00:00:00.000"),
            ("quarter", "2020-04-01 00:00:00.000"),
            ("year", "2020-01-01 00:00:00.000"),
        ] {
            assert_eq!(truncate(unit, WEDNESDAY).and_then(text).as_deref(), Some(expected), "{unit}");
        }
    }

    #[test]
    fn formats_follow_their_letters() {
        for (pattern, expected) in [
            ("%Y-%m-%d %H:%i:%s", "2020-06-17 14:07:47"),
            ("%y/%c/%e %h %l %p %j", "20/6/17 02 2 PM 169"),
            ("%a %W %b %M %T %r", "Wed Wednesday Jun June 14:07:47 02:07:47 PM"),
            ("100%% %f é", "100% 000000 é"),
        ] {
            assert_eq!(format(WEDNESDAY, pattern).as_deref(), Some(expected), "{pattern}");
        }
    }

    #[test]
    fn instants_beyond_the_calendar_give_nothing() {
        assert_eq!(truncate("year", i64::MIN), None);
        assert_eq!(truncate("day", i64::MAX), None);
        assert_eq!(format(i64::MIN, "%Y"), None);
    }
}
