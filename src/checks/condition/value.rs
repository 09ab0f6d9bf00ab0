//! How the values of conditions are read: policy variables, wildcards, numbers, dates, addresses.
//!
//! Sources: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Variables and tags"; W3C NOTE-datetime.

use std::net::IpAddr;
use std::ops::Range;

use ipnet::IpNet;

/// The places of `${…}` in a value, `${*}`, `${?}` and `${$}` included.
pub fn references(value: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let start = from + value.get(from..)?.find("${")?;
        let end = start + value[start..].find('}')? + 1;
        from = end;
        Some(start..end)
    })
}

/// The places of policy variables in a value: references that are not the literals `${*}`, `${?}`, `${$}`.
pub fn variables(value: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    references(value).filter(|r| !matches!(&value[r.clone()], "${*}" | "${?}" | "${$}"))
}

/// The places of a wildcard character outside `${…}`.
pub fn wildcards<'a>(value: &'a str, wildcard: &'a [char]) -> impl Iterator<Item = usize> + 'a {
    let mut references = references(value).peekable();
    value.char_indices().filter_map(move |(i, c)| {
        while references.next_if(|r| r.end <= i).is_some() {}
        let inside = references.peek().is_some_and(|r| r.contains(&i));
        (!inside && wildcard.contains(&c)).then_some(i)
    })
}

/// True if the value holds `*` or `?` outside `${…}`.
pub fn has_wildcard(value: &str) -> bool {
    wildcards(value, &['*', '?']).next().is_some()
}

/// True for a pattern that matches every text.
pub fn matches_everything(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|b| b == b'*')
}

/// An integer or decimal.
pub fn is_number(value: &str) -> bool {
    let number = value.strip_prefix(['+', '-']).unwrap_or(value);
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut digits = whole.bytes().chain(fraction.bytes()).peekable();
    digits.peek().is_some() && digits.all(|b| b.is_ascii_digit())
}

/// Seconds since 1970, as digits. A year alone is a date.
pub fn is_epoch(value: &str) -> bool {
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole) && all_digits(fraction) && !is_date(value)
}

/// A date of W3C's profile of ISO 8601, from a year alone to fractions of a second. The time zone may be missing.
pub fn is_date(value: &str) -> bool {
    let (date, time) = match value.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    let mut fields = date.split('-');
    let (year, month, day) = (fields.next(), fields.next(), fields.next());
    if fields.next().is_some() {
        return false;
    }
    let Some(year) = year.and_then(|y| number(y, 4)) else { return false };
    let month = match month.map(|m| number(m, 2)) {
        None => return time.is_none(),
        Some(Some(m)) if (1..=12).contains(&m) => m,
        Some(_) => return false,
    };
    match day.map(|d| number(d, 2)) {
        None => return time.is_none(),
        Some(Some(d)) if (1..=days(year, month)).contains(&d) => {}
        Some(_) => return false,
    }
    time.is_none_or(is_time)
}

fn is_time(time: &str) -> bool {
    let clock = match time.strip_suffix('Z') {
        Some(clock) => clock,
        None => match time.rfind(['+', '-']) {
            Some(sign) => {
                let offset = &time[sign + 1..];
                let valid = match (offset.get(..2), offset.get(2..)) {
                    (Some(hours), Some(rest)) => {
                        let minutes = rest.strip_prefix(':').unwrap_or(rest);
                        number(hours, 2).is_some_and(|h| h <= 23)
                            && (rest.is_empty() || number(minutes, 2).is_some_and(|m| m <= 59))
                    }
                    _ => false,
                };
                if !valid {
                    return false;
                }
                &time[..sign]
            }
            None => time,
        },
    };
    let mut fields = clock.split(':');
    let (hour, minute, second) = (fields.next(), fields.next(), fields.next());
    if fields.next().is_some() {
        return false;
    }
    let up_to = |field: &str, max| number(field, 2).is_some_and(|n| n <= max);
    if !(hour.is_some_and(|h| up_to(h, 24)) && minute.is_some_and(|m| up_to(m, 59))) {
        return false;
    }
    second.is_none_or(|second| {
        let (whole, fraction) = second.split_once('.').unwrap_or((second, "0"));
        up_to(whole, 60) && !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit())
    })
}

fn number(field: &str, width: usize) -> Option<u32> {
    (field.len() == width && field.bytes().all(|b| b.is_ascii_digit())).then(|| field.parse().ok()).flatten()
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// An address, as a range of one, or a CIDR range; host bits are kept.
pub fn ip_range(value: &str) -> Option<IpNet> {
    match value.parse::<IpNet>() {
        Ok(net) => Some(net),
        Err(_) => value.parse::<IpAddr>().ok().map(IpNet::from),
    }
}

/// `arn:partition:kms:region:account:key/id`, or the ARN of an alias, of which nothing is said.
pub fn is_kms_key_arn(value: &str) -> bool {
    let Some(arn) = crate::policy::Arn::split(value) else { return false };
    let kind = arn.resource.split_once('/').filter(|(_, id)| !id.is_empty()).map(|(kind, _)| kind);
    arn.prefix == "arn"
        && !arn.partition.is_empty()
        && arn.service == "kms"
        && !arn.region.is_empty()
        && arn.account.len() == 12
        && arn.account.bytes().all(|b| b.is_ascii_digit())
        && matches!(kind, Some("key" | "alias"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_w3c_dates() {
        for date in [
            "2026",
            "2026-06",
            "2026-06-30",
            "2026-06-30T23:59Z",
            "2026-06-30T23:59:59Z",
            "2026-06-30T23:59:59.123Z",
            "2027-01-01T08:00:00+01:00",
            "2028-02-29",
            "2026-06-30T23:59:59",
        ] {
            assert!(is_date(date), "{date}");
            assert!(!is_epoch(date), "{date}");
        }
        for other in [
            "",
            "tomorrow",
            "2026/02/01",
            "31.12.2026",
            "2026-13-01",
            "2026-02-29",
            "2026-1-1",
            "2026-01-01T",
            "T",
            "é",
        ] {
            assert!(!is_date(other), "{other}");
        }
        assert!(is_epoch("1798761600"));
        assert!(!is_epoch("12a"));
    }

    #[test]
    fn numbers_are_integers_and_decimals() {
        for n in ["10", "-1", "1.2", ".5", "10."] {
            assert!(is_number(n), "{n}");
        }
        for n in ["", ".", "-", "ten", "100GiB", "1e3", "1.2.3"] {
            assert!(!is_number(n), "{n}");
        }
    }

    #[test]
    fn wildcards_inside_references_do_not_count() {
        assert!(has_wildcard("a*"));
        assert!(!has_wildcard("${*}"));
        assert!(!has_wildcard("a${aws:username, '?'}b"));
        assert_eq!(wildcards("x*${*}*", &['*']).collect::<Vec<_>>(), [1, 6]);
        assert_eq!(variables("a${aws:username}").count(), 1);
        assert_eq!(variables("${*}${?}${$}").count(), 0);
        assert_eq!(variables("${open").count(), 0);
    }
}
