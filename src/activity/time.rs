//! Points in time of evidence, in whole seconds: CloudTrail writes no fractions of a second that would matter here.

use std::fmt;

use bigdecimal::ToPrimitive;

use crate::logic::scalar::{days_since_1970, parse_instant};

/// Seconds since 1970, UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// Seconds of a day.
pub const DAY: i64 = 86_400;

impl Timestamp {
    /// Reads `2026-09-26T12:34:56Z`, any other form of W3C's profile of ISO 8601 (without an offset it is UTC), and those
    /// that query engines print: `2026-09-26 12:34:56.000`, `2026-09-26 12:34:56.000 UTC`.
    ///
    /// ```
    /// use iam_preflight::activity::Timestamp;
    /// let time = Timestamp::parse("2026-09-26 12:34:56.000 UTC").unwrap();
    /// assert_eq!(time.to_string(), "2026-09-26T12:34:56Z");
    /// assert_eq!(Timestamp::parse("2026-09-26"), Some(Timestamp(time.0 / 86_400 * 86_400)));
    /// ```
    pub fn parse(text: &str) -> Option<Timestamp> {
        plain(text.as_bytes()).or_else(|| {
            let text = text.trim();
            let text = text.strip_suffix("UTC").map_or(text, str::trim_end);
            // Bare digits are seconds, except for those of a year.
            parse_instant(text)?.to_i64().map(Timestamp)
        })
    }

    /// The time on this machine's clock.
    pub fn now() -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX)))
    }

    /// That many days earlier.
    pub fn days_before(self, days: u32) -> Timestamp {
        Timestamp(self.0.saturating_sub(i64::from(days) * DAY))
    }

    /// That many days later.
    pub fn days_after(self, days: u32) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::from(days) * DAY))
    }
}

/// `2026-09-26T12:34:56Z`, as nearly all records have it.
fn plain(text: &[u8]) -> Option<Timestamp> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = *text else {
        return None;
    };
    let digits = [y1, y2, y3, y4, m1, m2, d1, d2, h1, h2, n1, n2, s1, s2];
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let two = |a: u8, b: u8| i64::from(a - b'0') * 10 + i64::from(b - b'0');
    let (year, month, day) = (two(y1, y2) * 100 + two(y3, y4), two(m1, m2), two(d1, d2));
    let (hour, minute, second) = (two(h1, h2), two(n1, n2), two(s1, s2));
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = Timestamp(days_since_1970(year, month, day) * DAY + hour * 3600 + minute * 60 + second);
    // The 31st of a month that has fewer days would be another day.
    (seconds.date() == (year, month, day) || second == 60).then_some(seconds)
}

impl Timestamp {
    /// Year, month and day.
    fn date(self) -> (i64, i64, i64) {
        let days = self.0.div_euclid(DAY) + 719_468;
        let era = days.div_euclid(146_097);
        let in_era = days.rem_euclid(146_097);
        let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
        let in_year = in_era - (365 * year + year / 4 - year / 100);
        let shifted = (5 * in_year + 2) / 153;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        (era * 400 + year + i64::from(month <= 2), month, in_year - (153 * shifted + 2) / 5 + 1)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let second = self.0.rem_euclid(DAY);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60)
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_was_read() {
        for text in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-12-31T12:00:00Z", "2100-03-01T00:00:01Z"] {
            assert_eq!(Timestamp::parse(text).map(|t| t.to_string()).as_deref(), Some(text));
        }
    }

    #[test]
    fn both_ways_of_reading_agree_on_every_day_of_four_centuries() {
        for day in 0..146_097 {
            let text = Timestamp(day * DAY + 61).to_string();
            assert_eq!(plain(text.as_bytes()), Some(Timestamp(day * DAY + 61)), "{text}");
            assert_eq!(parse_instant(&text).and_then(|t| t.to_i64()), Some(day * DAY + 61), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in
            ["", "yesterday", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01T24:00:01Z", "no_information"]
        {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
        assert_eq!(Timestamp::parse("2026-09-26T12:34:56+02:00"), Timestamp::parse("2026-09-26T10:34:56Z"));
    }
}
