//! Terraform's numbers: one type, exact decimals.
//!
//! Terraform computes with binary fractions of 512 bits; decimals are exact here and a quotient is rounded to as
//! many digits as 512 bits hold, so results are the same wherever a decimal notation of them ends.

use std::num::NonZeroU64;
use std::str::FromStr;

use bigdecimal::{BigDecimal, RoundingMode, Zero};
use smol_str::SmolStr;

/// Digits of a quotient.
const DIGITS: u64 = 154;
/// Largest power of ten and smallest, by absolute value, that a number may have when written out.
const EXPONENT: i64 = 4096;

/// An exact decimal number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Number(BigDecimal);

impl Number {
    /// A number as Terraform reads it from a string or a JSON document; `None` when it isn't one or its exponent is
    /// out of bounds.
    pub(super) fn parse(s: &str) -> Option<Number> {
        let digits = s.strip_prefix(['-', '+']).unwrap_or(s);
        if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || s.len() > EXPONENT as usize {
            return None;
        }
        if !digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-')) {
            return None;
        }
        let exponent = digits.split_once(['e', 'E']).map_or(Some(0), |(_, e)| e.parse::<i64>().ok())?;
        if exponent.abs() > EXPONENT {
            return None;
        }
        BigDecimal::from_str(s).ok().map(|n| Number(n.normalized()))
    }

    pub(super) fn from_f64(f: f64) -> Option<Number> {
        // Shortest notation that reads back as the same f64, as Terraform's own conversions give.
        f.is_finite().then(|| format!("{f:e}")).and_then(|s| Number::parse(&s))
    }

    /// As it is written in strings and in JSON: no exponent, no trailing zeros.
    pub(super) fn written(&self) -> SmolStr {
        SmolStr::from(self.0.normalized().to_plain_string())
    }

    pub(super) fn to_i64(&self) -> Option<i64> {
        self.is_integer().then(|| self.written().parse().ok()).flatten()
    }

    pub(super) fn to_f64(&self) -> f64 {
        self.written().parse().unwrap_or(f64::NAN)
    }

    pub(super) fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    pub(super) fn is_negative(&self) -> bool {
        self.0.sign() == bigdecimal::num_bigint::Sign::Minus
    }

    pub(super) fn add(&self, other: &Number) -> Number {
        Number(&self.0 + &other.0).bounded()
    }

    pub(super) fn subtract(&self, other: &Number) -> Number {
        Number(&self.0 - &other.0).bounded()
    }

    pub(super) fn multiply(&self, other: &Number) -> Number {
        Number(&self.0 * &other.0).bounded()
    }

    /// `None` when dividing by zero.
    pub(super) fn divide(&self, other: &Number) -> Option<Number> {
        (!other.is_zero()).then(|| Number(&self.0 / &other.0).bounded())
    }

    /// The remainder with the sign of the dividend; of a division by zero it is, in Terraform, the dividend.
    pub(super) fn remainder(&self, other: &Number) -> Number {
        if other.is_zero() { self.clone() } else { Number(&self.0 % &other.0).bounded() }
    }

    pub(super) fn negated(&self) -> Number {
        Number(-&self.0)
    }

    pub(super) fn abs(&self) -> Number {
        Number(self.0.abs())
    }

    pub(super) fn floor(&self) -> Number {
        Number(self.0.with_scale_round(0, RoundingMode::Floor))
    }

    pub(super) fn ceil(&self) -> Number {
        Number(self.0.with_scale_round(0, RoundingMode::Ceiling))
    }

    /// Towards zero.
    pub(super) fn truncated(&self) -> Number {
        Number(self.0.with_scale_round(0, RoundingMode::Down))
    }

    /// With so many digits after the point, half to even, trailing zeros kept.
    pub(super) fn fixed(&self, digits: u32) -> String {
        self.0.with_scale_round(i64::from(digits), RoundingMode::HalfEven).to_plain_string()
    }

    fn bounded(self) -> Number {
        let n = self.0.normalized();
        match NonZeroU64::new(DIGITS) {
            Some(digits) if n.digits() > 2 * DIGITS => Number(n.with_precision_round(digits, RoundingMode::HalfEven)),
            _ => Number(n),
        }
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(BigDecimal::from(n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_decimals_are_exact() {
        let n = |s: &str| Number::parse(s).unwrap();
        assert_eq!(n("0.1").add(&n("0.2")).written(), "0.3");
        assert_eq!(n("123456789012345678901234567890").add(&n("1")).written(), "123456789012345678901234567891");
        assert_eq!(n("1e3").written(), "1000");
        assert_eq!(n("-7").remainder(&n("3")).written(), "-1");
        assert_eq!(n("1.50").written(), "1.5");
        assert_eq!(Number::parse("1e999999999"), None);
        assert_eq!(Number::parse("0x10"), None);
    }
}
