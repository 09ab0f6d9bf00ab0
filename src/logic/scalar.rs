//! Values of condition keys as what they stand for: numbers, instants, addresses. All exact, none rounded.

use std::net::IpAddr;
use std::str::FromStr;

use bigdecimal::BigDecimal;

/// A number: an optional sign, digits, and optionally a point with more digits.
pub fn parse_number(text: &str) -> Option<BigDecimal> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.') && digits.bytes().any(|b| b.is_ascii_digit());
    if !plain || digits.len() > 64 {
        return None;
    }
    BigDecimal::from_str(text).ok()
}

/// An address without a prefix length.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    text.parse().ok()
}

/// An address or a range in CIDR notation; host bits are left out of account.
pub fn parse_network(text: &str) -> Option<ipnet::IpNet> {
    match ipnet::IpNet::from_str(text) {
        Ok(net) => Some(net.trunc()),
        Err(_) => Some(ipnet::IpNet::from(parse_address(text)?)),
    }
}

/// An instant in seconds since 1970: W3C's profile of ISO 8601, or a number of seconds.
pub fn parse_instant(text: &str) -> Option<BigDecimal> {
    if text.bytes().all(|b| b.is_ascii_digit()) && text.len() != 4 {
        return parse_number(text);
    }
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut fields = date.split('-');
    let mut field = |digits: usize| -> Option<Option<i64>> {
        let Some(f) = fields.next() else { return Some(None) };
        (f.len() == digits && f.bytes().all(|b| b.is_ascii_digit())).then(|| f.parse().ok())
    };
    let (year, month, day) = (field(4)??, field(2)?.unwrap_or(1), field(2)?.unwrap_or(1));
    if fields.next().is_some() || !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let midnight = days_since_1970(year, month, day) * 86_400;
    let Some(time) = time else { return Some(BigDecimal::from(midnight)) };
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (&time[..at], offset_of(&time[at..])?),
        None => (time, 0),
    };
    let mut parts = clock.split(':');
    let mut two = || -> Option<Option<i64>> {
        let Some(f) = parts.next() else { return Some(None) };
        (f.len() == 2 && f.bytes().all(|b| b.is_ascii_digit())).then(|| f.parse().ok())
    };
    let (hours, minutes) = (two()??, two()??);
    let seconds = match parts.next() {
        Some(s) if s.split('.').next().is_some_and(|whole| whole.len() == 2) => parse_number(s)?,
        Some(_) => return None,
        None => BigDecimal::from(0),
    };
    if parts.next().is_some() || hours > 24 || minutes > 59 || seconds >= 61 {
        return None;
    }
    // The end of a day has the hour 24, and nothing comes after it.
    if hours == 24 && (minutes > 0 || seconds > 0) {
        return None;
    }
    Some(BigDecimal::from(midnight + hours * 3600 + minutes * 60 - offset) + seconds)
}

fn offset_of(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let rest = text.get(1..)?;
    let (hours, minutes) = match rest.split_once(':') {
        Some(pair) => pair,
        None if rest.len() == 4 => (rest.get(..2)?, rest.get(2..)?),
        None => (rest, "00"),
    };
    let two_digits = |s: &str, most: i64| -> Option<i64> {
        let digits = s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit());
        s.parse().ok().filter(|n| digits && *n <= most)
    };
    Some(sign * (two_digits(hours, 23)? * 3600 + two_digits(minutes, 59)? * 60))
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    // Days before each month of a year that begins in March, and leap days by the Gregorian rule.
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_exact_in_every_form() {
        let seconds = |text: &str| parse_instant(text).map(|s| s.normalized().to_plain_string());
        for (text, expected) in [
            ("1970-01-01", "0"),
            ("2020-01-01T00:00:00Z", "1577836800"),
            ("2020-01-01T01:00:00+01:00", "1577836800"),
            ("2019-12-31T19:00:00-0500", "1577836800"),
            ("2020-02-29T12:30:15.25Z", "1582979415.25"),
            ("2020-01", "1577836800"),
            ("2020", "1577836800"),
            ("1577836800", "1577836800"),
        ] {
            assert_eq!(seconds(text).as_deref(), Some(expected), "{text}");
        }
        for text in [
            "",
            "2020-01-01T00:00:00+9223372036854775807:00",
            "2020-01-01T24:30:00Z",
            "2020-13-01",
            "2021-02-29",
            "2020-01-01T25:00:00Z",
            "tomorrow",
            "2020-01-01T00:00:0Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_decimal() {
        assert_eq!(parse_number("5"), parse_number("5.0"));
        assert!(parse_number("1e5").is_none());
        assert!(parse_number("").is_none());
        assert!(parse_number(".").is_none());
        assert!(parse_number("-3.25").is_some());
    }

    #[test]
    fn networks_lose_their_host_bits() {
        assert_eq!(parse_network("10.1.2.3/8"), parse_network("10.0.0.0/8"));
        assert_eq!(parse_network("10.1.2.3").map(|n| n.prefix_len()), Some(32));
        assert!(parse_network("10.0.0.0/33").is_none());
    }
}
