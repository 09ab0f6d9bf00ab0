//! On which days there are log files or events of which Region of which account, and the gaps between them: days of which files
//! seem to be missing, since the days before and after have some.
//!
//! A Region without events on a day delivers no log file, and that alone is no gap. So only a Region that has events day by day has
//! gaps: one that pauses at most once for ten days on which it has events. One where nothing happens at weekends doesn't.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use smol_str::SmolStr;

use super::time::{DAY, Timestamp};

/// A day, by its number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day of a time.
    pub fn of(time: Timestamp) -> Day {
        Day(time.0.div_euclid(DAY))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Timestamp(self.0.saturating_mul(DAY)).to_string();
        f.write_str(text.split('T').next().unwrap_or(&text))
    }
}

/// Days from which there may be records: what lies outside was never a time of an event.
const POSSIBLE: RangeInclusive<Day> = Day(13_000)..=Day(50_000);
/// A Region has events day by day if it has as many days with events for each pause.
const DAYS_OF_A_PAUSE: usize = 10;

/// The days of each Region of each account.
#[derive(Clone, Debug, Default)]
pub struct Days {
    of: BTreeMap<SmolStr, BTreeMap<SmolStr, BTreeSet<Day>>>,
    /// The last that was added: events of one file are mostly of one day.
    last: Option<(SmolStr, SmolStr, Day)>,
    /// Some of the evidence is summed up, and says nothing of single days.
    pub summed: bool,
}

/// Days in a row without events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// The account whose trail it is.
    pub account: SmolStr,
    /// The Region; none if it is all of them together.
    pub region: Option<SmolStr>,
    /// The first day without events.
    pub first: Day,
    /// The last one.
    pub last: Day,
}

impl Gap {
    /// How many days it has.
    pub fn days(&self) -> i64 {
        self.last.0 - self.first.0 + 1
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days() {
            1 => write!(f, "on {}", self.first)?,
            _ => write!(f, "from {} to {}", self.first, self.last)?,
        }
        match &self.region {
            Some(region) => write!(f, " in {region}"),
            None => Ok(()),
        }?;
        if self.account.is_empty() { Ok(()) } else { write!(f, " of account {}", self.account) }
    }
}

impl Days {
    /// Counts the day of an event, or of a file.
    pub fn add(&mut self, account: &str, region: &str, time: Timestamp) {
        let day = Day::of(time);
        let same = |(a, r, d): &(SmolStr, SmolStr, Day)| a == account && r == region && *d == day;
        if self.last.as_ref().is_some_and(same) || !POSSIBLE.contains(&day) {
            return;
        }
        let (account, region) = (SmolStr::from(account), SmolStr::from(region));
        self.of.entry(account.clone()).or_default().entry(region.clone()).or_default().insert(day);
        self.last = Some((account, region, day));
    }

    /// Counts those of another table, too.
    pub fn merge(&mut self, other: Days) {
        for (account, regions) in other.of {
            let own = self.of.entry(account).or_default();
            for (region, days) in regions {
                own.entry(region).or_default().extend(days);
            }
        }
        self.summed |= other.summed;
    }

    /// The first and the last day of an account.
    pub fn of_account(&self, account: &str) -> Option<(Day, Day)> {
        let regions = || self.of.get(account).into_iter().flat_map(BTreeMap::values);
        let first = regions().filter_map(BTreeSet::first).min()?;
        Some((*first, *regions().filter_map(BTreeSet::last).max()?))
    }

    /// The gaps of a period, of each account in order. None where the evidence says nothing of single days.
    pub fn gaps(&self, period: RangeInclusive<Day>) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (account, regions) in self.of.iter().filter(|_| !self.summed) {
            let gap = |region: Option<&SmolStr>, (first, last)| Gap {
                account: account.clone(),
                region: region.cloned(),
                first,
                last,
            };
            let of_regions: Vec<Gap> = regions
                .iter()
                .flat_map(|(region, days)| pauses(days, &period).into_iter().map(|pause| gap(Some(region), pause)))
                .collect();
            if of_regions.is_empty() {
                // Regions that are quiet each by itself may have events day by day taken together.
                let all: BTreeSet<Day> = regions.values().flatten().copied().collect();
                gaps.extend(pauses(&all, &period).into_iter().map(|pause| gap(None, pause)));
            }
            gaps.extend(of_regions);
        }
        gaps
    }
}

/// The days without events between those with some, if there are events day by day.
fn pauses(days: &BTreeSet<Day>, period: &RangeInclusive<Day>) -> Vec<(Day, Day)> {
    let (mut pauses, mut count, mut before) = (Vec::new(), 0, None::<Day>);
    for day in days.range(period.clone()) {
        if let Some(before) = before.filter(|before| before.0 + 1 < day.0) {
            pauses.push((Day(before.0 + 1), Day(day.0 - 1)));
        }
        (count, before) = (count + 1, Some(*day));
    }
    if pauses.len() * DAYS_OF_A_PAUSE > count { Vec::new() } else { pauses }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(of: &[(&str, &dyn Fn(i64) -> bool)]) -> Days {
        let mut days = Days::default();
        for (region, has) in of {
            for day in (20_000..20_090).filter(|day| has(day - 20_000)) {
                days.add("111122223333", region, Timestamp(day * DAY + 7));
                days.add("111122223333", region, Timestamp(day * DAY + 8));
            }
        }
        days
    }

    fn gaps(days: &Days) -> Vec<(Option<&str>, i64, i64)> {
        let found = days.gaps(Day(20_000)..=Day(20_089));
        let shown = found.iter().map(|gap| (gap.first.0 - 20_000, gap.last.0 - 20_000, gap.region.clone()));
        shown.map(|(first, last, region)| (region.map(|_| "eu-west-1"), first, last)).collect()
    }

    #[test]
    fn days_without_events_are_a_gap_where_every_other_day_has_some() {
        let regular = days(&[("eu-west-1", &|day| !(30..40).contains(&day) && day != 70)]);
        assert_eq!(gaps(&regular), [(Some("eu-west-1"), 30, 39), (Some("eu-west-1"), 70, 70)]);
        let shown = regular.gaps(Day(20_000)..=Day(20_089));
        assert_eq!(shown[0].to_string(), "from 2024-11-03 to 2024-11-12 in eu-west-1 of account 111122223333");
        assert_eq!(regular.gaps(Day(20_041)..=Day(20_060)), [], "outside of the period");
        assert_eq!(gaps(&days(&[("eu-west-1", &|_| true)])), []);
        assert_eq!(gaps(&days(&[("eu-west-1", &|day| day < 40)])), [], "an end is no gap");
    }

    #[test]
    fn a_region_that_is_quiet_now_and_then_has_no_gaps() {
        assert_eq!(gaps(&days(&[("eu-west-1", &|day| day % 7 < 5)])), []);
        assert_eq!(gaps(&days(&[("eu-west-1", &|day| day % 30 == 0)])), []);
        assert_eq!(gaps(&days(&[("eu-west-1", &|day| day * 7919 % 10 < 8)])), []);
    }

    #[test]
    fn regions_that_are_quiet_have_gaps_together() {
        let even = |day: i64| day % 2 == 0 && !(30..40).contains(&day);
        let odd = |day: i64| day % 2 == 1 && !(30..40).contains(&day);
        assert_eq!(gaps(&days(&[("eu-west-1", &even), ("us-east-1", &odd)])), [(None, 30, 39)]);
    }

    #[test]
    fn what_is_summed_up_says_nothing_of_single_days() {
        let mut regular = days(&[("eu-west-1", &|day| !(30..40).contains(&day))]);
        regular.merge(Days { summed: true, ..Days::default() });
        assert_eq!(gaps(&regular), []);
        assert_eq!(regular.of_account("111122223333"), Some((Day(20_000), Day(20_089))));
    }
}
