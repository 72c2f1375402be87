//! Reads, moves, compares and takes apart instants.
//!
//! Calendar and range as in [`super::time`]; must never panic.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, tz};

use super::time::{OFFSET_HOURS, SECOND, local, midnight};

/// Milliseconds of the units that are always as long.
fn length(unit: &str) -> Option<i64> {
    Some(match unit {
        "millisecond" => 1,
        "second" => SECOND,
        "minute" => 60 * SECOND,
        "hour" => 3_600 * SECOND,
        "day" => 86_400 * SECOND,
        "week" => 7 * 86_400 * SECOND,
        _ => return None,
    })
}

/// Months of the others.
fn months(unit: &str) -> Option<i64> {
    Some(match unit {
        "month" => 1,
        "quarter" => 3,
        "year" => 12,
        _ => return None,
    })
}

/// An instant so many units later.
pub(super) fn add(unit: &str, count: i64, millis: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    if let Some(length) = length(&unit) {
        return millis.checked_add(count.checked_mul(length)?).filter(|moved| local(*moved).is_some());
    }
    let span = Span::new().try_months(months(&unit)?.checked_mul(count)?).ok()?;
    instant(local(millis)?.checked_add(span).ok()?)
}

/// Whole units from one instant to another.
pub(super) fn diff(unit: &str, from: i64, to: i64) -> Option<i64> {
    let unit = unit.to_ascii_lowercase();
    if let Some(length) = length(&unit) {
        return Some(to.checked_sub(from)? / length);
    }
    let (start, end) = (local(from)?, local(to)?);
    let years = i64::from(end.year()) - i64::from(start.year());
    let whole = years * 12 + i64::from(end.month()) - i64::from(start.month());
    let behind = |at: DateTime| (at.day(), at.time());
    let short = match whole.signum() {
        1 if behind(end) < behind(start) => 1,
        -1 if behind(end) > behind(start) => -1,
        _ => 0,
    };
    Some((whole - short) / months(&unit)?)
}

/// Whether the name is that of a part.
pub(super) fn is_part(name: &str) -> bool {
    part(name, 0).is_some()
}

/// A part of an instant.
pub(super) fn part(name: &str, millis: i64) -> Option<i64> {
    let at = local(millis)?;
    Some(match name {
        "year" => i64::from(at.year()),
        "quarter" => i64::from((at.month() - 1) / 3 + 1),
        "month" => i64::from(at.month()),
        "week" | "week_of_year" => i64::from(at.date().iso_week_date().week()),
        "day" | "day_of_month" => i64::from(at.day()),
        "day_of_week" | "dow" => i64::from(at.weekday().to_monday_one_offset()),
        "day_of_year" | "doy" => i64::from(at.day_of_year()),
        "hour" => i64::from(at.hour()),
        "minute" => i64::from(at.minute()),
        "second" => i64::from(at.second()),
        "millisecond" => i64::from(at.millisecond()),
        _ => return None,
    })
}

/// The first instant of the last day of the month.
pub(super) fn last_day_of_month(millis: i64) -> Option<i64> {
    midnight(local(millis)?.date().last_of_month())
}

/// The instant written as `2020-06-17 14:07:47.000`, the time or its end left out.
pub(super) fn read(text: &str) -> Option<i64> {
    instant(text.trim().parse().ok()?)
}

/// The first instant of the day written as `2020-06-17`.
pub(super) fn read_date(text: &str) -> Option<i64> {
    let text = text.trim();
    let day: Date = text.parse().ok()?;
    (text.len() == day.to_string().len()).then(|| midnight(day))?
}

fn instant(at: DateTime) -> Option<i64> {
    let zone = TimeZone::fixed(tz::offset(OFFSET_HOURS));
    at.to_zoned(zone).ok().map(|zoned| Timestamp::as_millisecond(zoned.timestamp()))
}

/// Reads a text in a format of `date_parse`; nothing where it does not fit.
pub(super) fn parse(text: &str, format: &str) -> Option<i64> {
    let mut reader = Reader { rest: text, fields: Fields::default() };
    reader.follow(format)?;
    if reader.rest.is_empty() { reader.fields.instant() } else { None }
}

struct Reader<'a> {
    rest: &'a str,
    fields: Fields,
}

#[derive(Default)]
struct Fields {
    year: Option<i16>,
    month: Option<i8>,
    day: Option<i8>,
    hour: i8,
    minute: i8,
    second: i8,
    nanos: i32,
    afternoon: Option<bool>,
}

impl Fields {
    fn instant(&self) -> Option<i64> {
        let hour = match self.afternoon {
            Some(afternoon) => self.hour % 12 + if afternoon { 12 } else { 0 },
            None => self.hour,
        };
        let date = Date::new(self.year.unwrap_or(1970), self.month.unwrap_or(1), self.day.unwrap_or(1));
        let time = jiff::civil::Time::new(hour, self.minute, self.second, self.nanos);
        instant(date.ok()?.to_datetime(time.ok()?))
    }
}

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl Reader<'_> {
    fn follow(&mut self, format: &str) -> Option<()> {
        let mut chars = format.chars();
        while let Some(c) = chars.next() {
            match c {
                '%' => self.field(chars.next()?)?,
                c => self.rest = self.rest.strip_prefix(c)?,
            }
        }
        Some(())
    }

    fn field(&mut self, letter: char) -> Option<()> {
        match letter {
            'Y' => self.fields.year = Some(self.number(4)?),
            'y' => self.fields.year = Some(short_year(self.number(2)?)),
            'm' | 'c' => self.fields.month = Some(self.number(2)?),
            'd' | 'e' => self.fields.day = Some(self.number(2)?),
            'H' | 'k' | 'h' | 'I' | 'l' => self.fields.hour = self.number(2)?,
            'i' => self.fields.minute = self.number(2)?,
            's' | 'S' => self.fields.second = self.number(2)?,
            'f' => self.fields.nanos = self.fraction()?,
            'p' => self.fields.afternoon = Some(self.name(&["am", "pm"], 2)? == 1),
            'b' => self.fields.month = i8::try_from(self.name(&MONTHS, 3)? + 1).ok(),
            'M' => self.fields.month = i8::try_from(self.name(&MONTHS, 9)? + 1).ok(),
            'a' => drop(self.name(&DAYS, 3)?),
            'W' => drop(self.name(&DAYS, 9)?),
            'T' => self.follow("%H:%i:%s")?,
            'r' => self.follow("%h:%i:%s %p")?,
            other => self.rest = self.rest.strip_prefix(other)?,
        }
        Some(())
    }

    fn digits(&mut self, most: usize) -> Option<&str> {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(length);
        self.rest = rest;
        (length > 0).then_some(digits)
    }

    fn number<N: std::str::FromStr>(&mut self, most: usize) -> Option<N> {
        self.digits(most)?.parse().ok()
    }

    /// Up to nine digits behind the point, in billionths.
    fn fraction(&mut self) -> Option<i32> {
        format!("{:0<9}", self.digits(9)?).parse().ok()
    }

    /// One of some names, of each so many letters, in any case.
    fn name(&mut self, names: &[&str], letters: usize) -> Option<usize> {
        let found = names.iter().map(|name| &name[..name.len().min(letters)]).position(|name| {
            self.rest.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name))
        })?;
        self.rest = &self.rest[names[found].len().min(letters)..];
        Some(found)
    }
}

/// 70 to 99 are of the last century.
fn short_year(year: i16) -> i16 {
    if year < 70 { 2000 + year } else { 1900 + year }
}

#[cfg(test)]
mod tests {
    use super::super::time::text;
    use super::*;

    fn at(written: &str) -> i64 {
        read(written).unwrap()
    }

    #[test]
    fn a_format_reads_what_it_writes() {
        for (written, format) in [
            ("2020-06-17 14:07:47", "%Y-%m-%d %H:%i:%s"),
            ("17/Jun/20 02:07:47 PM", "%d/%b/%y %r"),
            ("Wednesday, June 17 2020 14:07:47.000", "%W, %M %e %Y %T.%f"),
        ] {
            let read = parse(written, format).and_then(text);
            assert_eq!(read.as_deref(), Some("2020-06-17 14:07:47.000"), "{written}");
        }
    }

    #[test]
    fn a_text_that_does_not_fit_the_format_is_none() {
        for (written, format) in [
            ("2020-13-01", "%Y-%m-%d"),
            ("2020", "%Y-"),
            ("2020x", "%Y"),
            ("é", "%p"),
            ("", "%d"),
            ("1", "%"),
        ] {
            assert_eq!(parse(written, format), None, "{written} {format}");
        }
    }

    #[test]
    fn months_are_added_to_the_last_day_there_is() {
        let moved = |unit, count, from| add(unit, count, at(from)).and_then(text).unwrap_or_default();
        assert_eq!(moved("month", 1, "2020-01-31"), "2020-02-29 00:00:00.000");
        assert_eq!(moved("YEAR", -1, "2020-02-29"), "2019-02-28 00:00:00.000");
        assert_eq!(moved("hour", 25, "2020-01-31"), "2020-02-01 01:00:00.000");
        assert_eq!(add("month", i64::MAX, 0), None);
        assert_eq!(add("day", i64::MAX, 0), None);
        assert_eq!(add("day", 9_999_999, 0), None);
    }

    #[test]
    fn a_difference_is_in_whole_units() {
        for (unit, from, to, expected) in [
            ("day", "2020-01-01 12:00:00", "2020-01-03 11:00:00", 1),
            ("month", "2020-01-31", "2020-02-29", 0),
            ("month", "2020-02-29", "2020-01-31", 0),
            ("month", "2020-03-15", "2020-01-15", -2),
            ("quarter", "2020-01-01", "2020-12-31", 3),
            ("year", "2020-06-01", "2023-05-31", 2),
        ] {
            assert_eq!(diff(unit, at(from), at(to)), Some(expected), "{unit} {from} {to}");
        }
        assert_eq!(diff("second", i64::MIN, 1), None);
    }

    #[test]
    fn only_a_day_is_a_date() {
        assert!(read_date("2020-06-17").is_some());
        assert_eq!(read_date("2020-06-17 10:00:00"), None);
        assert_eq!(read("yesterday"), None);
    }
}
