//! Sets of values of one condition key, as an operator with its values describes them.

use std::net::IpAddr;
use std::str::FromStr;

use bigdecimal::{BigDecimal, One};
use smol_str::SmolStr;

use super::budget::Budget;
use super::language::{Found, Language, Prefer, find};
use super::range::{Cut, Ranges};
use crate::logic::scalar::{parse_address, parse_instant, parse_number};

/// What some values of a condition key have in common.
#[derive(Debug, PartialEq)]
pub(super) enum Values {
    /// Text, ARNs, `true` and `false`, Base64.
    Text(Language),
    /// Numbers.
    Number(Ranges<BigDecimal>),
    /// Instants, in seconds since 1970.
    Instant(Ranges<BigDecimal>),
    /// Addresses.
    Address(Addresses),
}

/// Addresses of both families. The ends of each interval are given by the first address in it and the first after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Addresses {
    pub(super) v4: Ranges<u64>,
    pub(super) v6: Ranges<u128>,
}

impl Addresses {
    pub(super) fn union(nets: impl IntoIterator<Item = ipnet::IpNet>) -> Addresses {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in nets {
            match (net.network(), net.broadcast()) {
                (IpAddr::V4(a), IpAddr::V4(b)) => {
                    let end = match u32::from(b).checked_add(1) {
                        Some(after) => Cut::At(u64::from(after), false),
                        None => Cut::End,
                    };
                    v4.push((start(u64::from(u32::from(a))), end));
                }
                (IpAddr::V6(a), IpAddr::V6(b)) => {
                    let end = u128::from(b).checked_add(1).map_or(Cut::End, |after| Cut::At(after, false));
                    v6.push((start(u128::from(a)), end));
                }
                _ => {}
            }
        }
        Addresses { v4: Ranges::union(v4), v6: Ranges::union(v6) }
    }

    fn everything() -> Addresses {
        Addresses { v4: Ranges::everything(), v6: Ranges::everything() }
    }

    fn intersection(&self, other: &Addresses) -> Addresses {
        Addresses { v4: self.v4.intersection(&other.v4), v6: self.v6.intersection(&other.v6) }
    }

    fn complement(&self) -> Addresses {
        Addresses { v4: self.v4.complement(), v6: self.v6.complement() }
    }

    pub(super) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(a) => {
                let at = u64::from(u32::from(a));
                self.v4.intervals().iter().any(|(from, to)| *from <= start(at) && *to > start(at))
            }
            IpAddr::V6(a) => {
                let at = u128::from(a);
                self.v6.intervals().iter().any(|(from, to)| *from <= start(at) && *to > start(at))
            }
        }
    }

    /// An address in it; one that is not the first of its network if there is a choice.
    fn member(&self) -> Option<IpAddr> {
        // Documentation's addresses are what people expect to see.
        let known = ["203.0.113.10", "198.51.100.10", "10.0.0.10", "2001:db8::10"];
        let known = known.iter().filter_map(|a| a.parse().ok()).find(|a| self.contains(*a));
        known
            .or_else(|| {
                let (from, _) = self.v4.intervals().first()?;
                let at = match from {
                    Cut::At(v, _) => *v,
                    _ => 0,
                };
                Some(IpAddr::V4(u32::try_from(at).ok()?.into()))
            })
            .or_else(|| {
                let (from, _) = self.v6.intervals().first()?;
                let at = match from {
                    Cut::At(v, _) => *v,
                    _ => 0,
                };
                Some(IpAddr::V6(at.into()))
            })
    }
}

/// The cut before a value; before the first value there is none.
fn start<T: Default + PartialEq>(value: T) -> Cut<T> {
    if value == T::default() { Cut::Start } else { Cut::At(value, false) }
}

impl Values {
    /// A number that is the same for equal sets.
    pub(super) fn content_hash(&self) -> u64 {
        match self {
            Values::Text(language) => language.content_hash(),
            Values::Number(ranges) => ranges.intervals().len() as u64,
            Values::Instant(ranges) => ranges.intervals().len() as u64,
            Values::Address(addresses) => (addresses.v4.intervals().len() + addresses.v6.intervals().len()) as u64,
        }
    }

    pub(super) fn contains(&self, value: &str) -> bool {
        match self {
            Values::Text(language) => language.contains(value),
            Values::Number(ranges) => parse_number(value).is_some_and(|v| ranges.contains(&v)),
            Values::Instant(ranges) => parse_instant(value).is_some_and(|v| ranges.contains(&v)),
            Values::Address(addresses) => parse_address(value).is_some_and(|v| addresses.contains(v)),
        }
    }
}

const MIXED: &str = "a condition key is compared both as text and as a number, date or address";

/// Finds a value that is in every one of the sets given with `true` and in none of those given with `false`.
pub(super) fn find_value(sets: &[(&Values, bool)], prefer: Prefer<'_>, budget: &Budget) -> Found<SmolStr> {
    let fits = |value: &str| sets.iter().all(|(set, inside)| set.contains(value) == *inside);
    let languages = |inside: bool| -> Vec<&Language> {
        let text = sets.iter().filter(|(_, i)| *i == inside);
        text.filter_map(|(set, _)| if let Values::Text(l) = set { Some(l) } else { None }).collect()
    };
    let (inside, outside) = (languages(true), languages(false));
    let texts = inside.len() + outside.len();
    if texts == sets.len() {
        return find(&inside, &outside, prefer, budget);
    }
    if let Some(finite) = inside.iter().find_map(|l| l.finite()) {
        return finite.into_iter().find(|v| fits(v)).map_or(Found::Nothing, |v| Found::Some(v.clone()));
    }
    let numbers = of_family(sets, |set| if let Values::Number(r) = set { Some(r) } else { None });
    let instants = of_family(sets, |set| if let Values::Instant(r) = set { Some(r) } else { None });
    let addresses = sets
        .iter()
        .filter_map(|(set, inside)| match set {
            Values::Address(a) => Some(if *inside { a.clone() } else { a.complement() }),
            _ => None,
        })
        .reduce(|a, b| a.intersection(&b));
    let wants_number = sets.iter().any(|(s, i)| *i && matches!(s, Values::Number(_)));
    let wants_instant = sets.iter().any(|(s, i)| *i && matches!(s, Values::Instant(_)));
    let wants_address = sets.iter().any(|(s, i)| *i && matches!(s, Values::Address(_)));

    let mut candidates: Vec<String> = Vec::new();
    if let Some(ranges) = &numbers {
        candidates.extend(members(ranges).iter().map(plain));
    }
    if let Some(ranges) = &instants {
        candidates.extend(members(ranges).iter().filter_map(instant_text));
        candidates.extend(members(ranges).iter().map(plain));
    }
    if let Some(addresses) = &addresses {
        candidates.extend(addresses.member().or_else(|| Addresses::everything().member()).map(|a| a.to_string()));
    }
    if !(wants_number || wants_instant || wants_address) {
        // Nothing has to be a number, a date or an address: any other text will do, too.
        candidates.push("example".to_owned());
    }
    if let Some(value) = candidates.into_iter().find(|v| fits(v)) {
        return Found::Some(value.into());
    }
    let families = [numbers.is_some(), instants.is_some(), addresses.is_some()].iter().filter(|f| **f).count();
    if texts == 0 && families == 1 {
        let empty = numbers.as_ref().or(instants.as_ref()).map_or_else(
            || addresses.as_ref().is_some_and(|a| a.v4.intervals().is_empty() && a.v6.intervals().is_empty()),
            |r| r.intervals().is_empty(),
        );
        if empty && (wants_number || wants_instant || wants_address) {
            return Found::Nothing;
        }
    }
    if texts == 0 && families > 1 && (wants_address as u8 + (wants_number | wants_instant) as u8) == 2 {
        // No text is both an address and a number or a date.
        return Found::Nothing;
    }
    // Text demanded and a number excluded, or the other way round: the text alone may settle it.
    if texts > 0 && !(wants_number || wants_instant || wants_address) {
        match find(&inside, &outside, prefer, budget) {
            Found::Some(value) if fits(&value) => return Found::Some(value),
            Found::Nothing => return Found::Nothing,
            _ => {}
        }
    }
    Found::Unknown(MIXED)
}

fn of_family<'a>(
    sets: &[(&'a Values, bool)],
    family: impl Fn(&'a Values) -> Option<&'a Ranges<BigDecimal>>,
) -> Option<Ranges<BigDecimal>> {
    let own = sets.iter().filter_map(|(set, inside)| Some((family(set)?, *inside)));
    own.map(|(r, inside)| if inside { r.clone() } else { r.complement() }).reduce(|a, b| a.intersection(&b))
}

/// A member or two of each interval, round ones first.
fn members(ranges: &Ranges<BigDecimal>) -> Vec<BigDecimal> {
    let mut members = Vec::new();
    for (from, to) in ranges.intervals() {
        let one = BigDecimal::one();
        match (from, to) {
            (Cut::At(v, false), _) => members.push(v.clone()),
            (_, Cut::At(v, true)) => members.push(v.clone()),
            (Cut::Start, Cut::At(v, false)) => members.push(v - one),
            (Cut::At(v, true), Cut::End) => members.push(v + one),
            (Cut::At(v, true), Cut::At(w, false)) => {
                members.extend([v + &one].into_iter().filter(|m| m < w));
                members.push((v + w) / BigDecimal::from(2));
            }
            _ => members.push(one),
        }
    }
    members
}

fn plain(number: &BigDecimal) -> String {
    number.normalized().to_plain_string()
}

/// An instant as people read it, if it is a whole second of a year that has four digits.
fn instant_text(seconds: &BigDecimal) -> Option<String> {
    let whole = i64::from_str(&plain(seconds)).ok()?;
    let (days, rest) = (whole.div_euclid(86_400), whole.rem_euclid(86_400));
    // Howard Hinnant's arithmetic of the Gregorian calendar, in eras of 400 years that begin in March.
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (1000..=9999)
        .contains(&year)
        .then(|| format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest % 3600 / 60, rest % 60))
}
