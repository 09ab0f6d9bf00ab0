//! Functions on timestamps (RFC 3339).
//!
//! Days are counted with Howard Hinnant's `days_from_civil` and `civil_from_days`.

use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("formatdate", (2, 2), Known, |c| {
        let time = timestamp(c, 1)?;
        Ok(Value::string(formatted(c, &c.str(0)?, &time)?, c.span))
    }),
    function("timeadd", (2, 2), Known, |c| {
        let mut time = timestamp(c, 0)?;
        let Some(nanoseconds) = duration(&c.str(1)?) else {
            return c.error(format!("`{}` is not a duration such as `1h30m`", c.str(1)?));
        };
        time.seconds = time.seconds.saturating_add((nanoseconds / 1_000_000_000) as i64);
        Ok(Value::string(time.to_rfc3339(), c.span))
    }),
    function("timecmp", (2, 2), Known, |c| {
        let (a, b) = (timestamp(c, 0)?.seconds, timestamp(c, 1)?.seconds);
        Ok(Value::number(a.cmp(&b) as i64, c.span))
    }),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

/// A moment, and the offset in which it is written.
struct Timestamp {
    /// Since 1970.
    seconds: i64,
    /// East of Greenwich, in seconds.
    offset: i64,
}

/// A moment's date and time of day where it is written.
struct Local {
    year: i64,
    month: i64,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
    weekday: usize,
}

impl Timestamp {
    fn parse(s: &str) -> Option<Timestamp> {
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = s.get(from..to)?;
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
        };
        let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
        if marks.iter().any(|(i, c)| s.as_bytes().get(*i) != Some(c)) {
            return None;
        }
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        let mut zone = s.get(19..)?;
        if let Some(fraction) = zone.strip_prefix('.') {
            zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        let offset = match zone.as_bytes() {
            [b'Z'] => 0,
            [sign @ (b'+' | b'-'), a, b, b':', c, d] if [a, b, c, d].iter().all(|d| d.is_ascii_digit()) => {
                let two = |x: &u8, y: &u8| i64::from(x - b'0') * 10 + i64::from(y - b'0');
                let seconds = two(a, b) * 3600 + two(c, d) * 60;
                if *sign == b'-' { -seconds } else { seconds }
            }
            _ => return None,
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if !(1..=12).contains(&month) || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let y = if month <= 2 { year - 1 } else { year };
        let era = y.div_euclid(400);
        let of_era = y - era * 400;
        let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
        Some(Timestamp { seconds: days * 86_400 + hour * 3600 + minute * 60 + second - offset, offset })
    }

    fn local(&self) -> Local {
        let seconds = self.seconds.saturating_add(self.offset);
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let z = days + 719_468;
        let era = z.div_euclid(146_097);
        let of_era = z - era * 146_097;
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let m = (5 * of_year + 2) / 153;
        let month = if m < 10 { m + 3 } else { m - 9 };
        Local {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: of_year - (153 * m + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            weekday: days.rem_euclid(7) as usize,
        }
    }

    fn zone(&self, colon: bool) -> String {
        let (sign, minutes) = (if self.offset < 0 { '-' } else { '+' }, self.offset.abs() / 60);
        format!("{sign}{:02}{}{:02}", minutes / 60, if colon { ":" } else { "" }, minutes % 60)
    }

    fn to_rfc3339(&self) -> String {
        let t = self.local();
        let zone = if self.offset == 0 { "Z".to_owned() } else { self.zone(true) };
        format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}", t.year, t.month, t.day, t.hour, t.minute, t.second)
    }
}

fn timestamp(c: &Call<'_, '_>, i: usize) -> Eval<Timestamp> {
    let s = c.str(i)?;
    match Timestamp::parse(&s) {
        Some(t) => Ok(t),
        None => c.error(format!("`{s}` is not a timestamp such as `2006-01-02T15:04:05Z`")),
    }
}

/// A duration as Go writes it, in nanoseconds.
fn duration(s: &str) -> Option<i128> {
    let (negative, mut rest) = match s.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, s.strip_prefix('+').unwrap_or(s)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, tail) = rest.split_at(end);
        let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 6e10), ("h", 3.6e12)];
        let (unit, size) = units.iter().find(|(u, _)| tail.starts_with(u))?;
        total += number.parse::<f64>().ok()? * size;
        rest = tail.get(unit.len()..)?;
    }
    Some(if negative { -(total as i128) } else { total as i128 })
}

fn formatted(c: &Call<'_, '_>, format: &str, time: &Timestamp) -> Eval<String> {
    let t = time.local();
    let mut out = String::new();
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        if first == '\'' {
            // Quoted text; two quotes are one.
            let mut literal = rest.get(1..).unwrap_or("");
            loop {
                let Some(end) = literal.find('\'') else { return c.error("unclosed quote in the format") };
                out.push_str(literal.get(..end).unwrap_or(""));
                literal = literal.get(end + 1..).unwrap_or("");
                match literal.strip_prefix('\'') {
                    Some(more) => {
                        out.push('\'');
                        literal = more;
                    }
                    None => break,
                }
            }
            rest = literal;
            continue;
        }
        let length = rest.chars().take_while(|ch| *ch == first).map(char::len_utf8).sum::<usize>();
        let (verb, tail) = rest.split_at(length);
        rest = tail;
        let month = MONTHS.get((t.month - 1).max(0) as usize).copied().unwrap_or("");
        let weekday = DAYS.get(t.weekday).copied().unwrap_or("");
        let hour12 = if t.hour % 12 == 0 { 12 } else { t.hour % 12 };
        let half = if t.hour < 12 { "AM" } else { "PM" };
        let text = match verb {
            "YYYY" => format!("{:04}", t.year),
            "YY" => format!("{:02}", t.year % 100),
            "M" => t.month.to_string(),
            "MM" => format!("{:02}", t.month),
            "MMM" => month.get(..3).unwrap_or(month).to_owned(),
            "MMMM" => month.to_owned(),
            "D" => t.day.to_string(),
            "DD" => format!("{:02}", t.day),
            "EEE" => weekday.get(..3).unwrap_or(weekday).to_owned(),
            "EEEE" => weekday.to_owned(),
            "h" => t.hour.to_string(),
            "hh" => format!("{:02}", t.hour),
            "H" => hour12.to_string(),
            "HH" => format!("{hour12:02}"),
            "AA" => half.to_owned(),
            "aa" => half.to_lowercase(),
            "m" => t.minute.to_string(),
            "mm" => format!("{:02}", t.minute),
            "s" => t.second.to_string(),
            "ss" => format!("{:02}", t.second),
            "Z" if time.offset == 0 => "Z".to_owned(),
            "ZZZ" if time.offset == 0 => "UTC".to_owned(),
            "Z" | "ZZZZZ" => time.zone(true),
            "ZZZ" | "ZZZZ" => time.zone(false),
            other if first.is_ascii_alphabetic() => return c.error(format!("`{other}` is not a format verb")),
            other => other.to_owned(),
        };
        out.push_str(&text);
    }
    Ok(out)
}
