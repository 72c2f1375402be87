//! Functions of numbers.
//!
//! Each keeps a whole number whole where the service does; null comes of null, and of what has no result.

use rusqlite::Result;
use rusqlite::functions::Context;
use rusqlite::types::{Value as Cell, ValueRef};

use super::{Registrar, double, refused, whole};

type Whole = fn(i64) -> Option<i64>;
type Real = fn(f64) -> f64;

/// Functions that give a number of the type they take.
const ALIKE: [(&str, Whole, Real); 4] = [
    ("sls_abs", i64::checked_abs, f64::abs),
    ("sls_ceil", Some, f64::ceil),
    ("sls_floor", Some, f64::floor),
    ("sls_sign", |whole| Some(whole.signum()), |real| if real == 0.0 { 0.0 } else { real.signum() }),
];

/// Functions that give a double.
const REALS: [(&str, Real); 6] = [
    ("sls_sqrt", f64::sqrt),
    ("sls_cbrt", f64::cbrt),
    ("sls_exp", f64::exp),
    ("sls_ln", f64::ln),
    ("sls_log2", f64::log2),
    ("sls_log10", f64::log10),
];

/// Makes the functions known.
pub(super) fn register(add: &Registrar<'_>) -> Result<()> {
    for (name, of_whole, of_real) in ALIKE {
        add.function(name, 1, move |call| alike(call, of_whole, of_real))?;
    }
    for (name, of_real) in REALS {
        add.function(name, 1, move |call| Ok(double(call.get_raw(0)).map(of_real)))?;
    }
    add.function("sls_power", 2, |call| {
        Ok(double(call.get_raw(0)).zip(double(call.get_raw(1))).map(|(base, power)| base.powf(power)))
    })?;
    add.function("sls_mod", 2, |call| Ok(remainder(call.get_raw(0), call.get_raw(1))))?;
    add.function("sls_round", -1, |call| to_digits(call, f64::round, 5))?;
    add.function("sls_truncate", -1, |call| to_digits(call, f64::trunc, 0))?;
    add.function("sls_to_base", 2, |call| {
        let Some((number, radix)) = whole(call, 0).zip(whole(call, 1)) else { return Ok(None) };
        let wrong = || refused("Radix must be between 2 and 36");
        let radix = u32::try_from(radix).ok().filter(|radix| (2..=36).contains(radix));
        radix.map(|radix| Some(in_radix(number, radix))).ok_or_else(wrong)
    })
}

fn alike(call: &Context<'_>, of_whole: Whole, of_real: Real) -> Result<Cell> {
    match call.get_raw(0) {
        ValueRef::Integer(whole) => of_whole(whole).map(Cell::Integer).ok_or_else(overflow),
        ValueRef::Real(real) => Ok(Cell::Real(of_real(real))),
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => Ok(Cell::Null),
    }
}

fn overflow() -> rusqlite::Error {
    refused("bigint overflow")
}

/// As `%`: null for a divisor of 0.
fn remainder(number: ValueRef<'_>, divisor: ValueRef<'_>) -> Option<Cell> {
    if let (ValueRef::Integer(number), ValueRef::Integer(divisor)) = (number, divisor) {
        let rest = (divisor != 0).then(|| number.checked_rem(divisor).unwrap_or(0));
        return rest.map(Cell::Integer);
    }
    let (number, divisor) = (double(number)?, double(divisor)?);
    (divisor != 0.0).then(|| Cell::Real(number % divisor))
}

/// Keeps so many digits behind the point, before it when negative; `half` (5 or 0) decides about the rest of
/// a whole number.
fn to_digits(call: &Context<'_>, of_real: Real, half: i128) -> Result<Cell> {
    let digits = if call.len() > 1 { whole(call, 1) } else { Some(0) };
    let Some(digits) = digits else { return Ok(Cell::Null) };
    match call.get_raw(0) {
        ValueRef::Integer(whole) => Ok(Cell::Integer(whole_to(whole, digits, half).ok_or_else(overflow)?)),
        ValueRef::Real(real) => Ok(Cell::Real(real_to(real, digits, of_real))),
        ValueRef::Null | ValueRef::Text(_) | ValueRef::Blob(_) => Ok(Cell::Null),
    }
}

fn whole_to(whole: i64, digits: i64, half: i128) -> Option<i64> {
    let dropped = u32::try_from(digits.min(0).unsigned_abs().min(20)).unwrap_or(20);
    let unit = 10_i128.pow(dropped);
    let number = i128::from(whole);
    let up = if dropped == 0 { 0 } else { number.signum() * (unit / 10 * half) };
    i64::try_from((number + up) / unit * unit).ok()
}

/// A number with so many digits that it is none the other way is left as it is.
fn real_to(real: f64, digits: i64, of_real: Real) -> f64 {
    let digits = i32::try_from(digits.clamp(-400, 400)).unwrap_or_default();
    let factor = 10_f64.powi(digits.abs());
    let (scaled, back): (f64, fn(f64, f64) -> f64) =
        if digits < 0 { (real / factor, |a, b| a * b) } else { (real * factor, |a, b| a / b) };
    let kept = back(of_real(scaled), factor);
    if kept.is_finite() { kept } else { real }
}

fn in_radix(number: i64, radix: u32) -> String {
    let (mut rest, mut digits) = (number.unsigned_abs(), Vec::new());
    while rest > 0 || digits.is_empty() {
        let digit = u32::try_from(rest % u64::from(radix)).unwrap_or_default();
        digits.extend(char::from_digit(digit, radix));
        rest /= u64::from(radix);
    }
    let sign = if number < 0 { "-" } else { "" };
    digits.into_iter().rev().fold(sign.to_owned(), |text, digit| text + digit.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_rounded_before_the_point() {
        for (whole, digits, rounded, cut) in
            [(1250, -2, 1300, 1200), (-1250, -2, -1300, -1200), (7, 3, 7, 7), (7, -1, 10, 0), (7, -99, 0, 0)]
        {
            assert_eq!(whole_to(whole, digits, 5), Some(rounded), "{whole} {digits}");
            assert_eq!(whole_to(whole, digits, 0), Some(cut), "{whole} {digits}");
        }
        assert_eq!(whole_to(i64::MAX, -1, 5), None);
    }

    #[test]
    fn digits_beyond_what_a_double_has_change_nothing() {
        assert!(real_to(1.5, 400, f64::round).to_bits() == 1.5_f64.to_bits());
        assert!(real_to(1e300, 300, f64::round).to_bits() == 1e300_f64.to_bits());
    }

    #[test]
    fn a_number_is_written_in_any_radix() {
        assert_eq!(in_radix(255, 16), "ff");
        assert_eq!(in_radix(0, 2), "0");
        assert_eq!(in_radix(i64::MIN, 36), "-1y2p0ij32e8e8");
    }
}
