//! Whether trails show all that was done in an account throughout the tracking period. Only then what they don't show was not
//! done: not if they begin or end within it, if a file can't be read, or if files are missing in their middle.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::activity::Activity;
use crate::activity::days::{Day, Gap};
use crate::activity::time::{DAY, Timestamp};
use crate::finding::counted;

/// A gap of a Region that is longer than this hides too much, in days; so do more gaps than [`MOST_GAPS`] together.
const LONGEST_GAP: i64 = 1;
/// Days without files that single gaps may come to.
const MOST_GAPS: i64 = 3;
/// By so many days an account's own events may begin later, and end earlier, than the period: nothing may have happened.
const QUIET: i64 = 7;
/// Gaps that are named.
const NAMED: usize = 3;

/// The trails of a run, and what they cover of the period.
pub(super) struct Trail<'a> {
    activity: &'a Activity,
    cutoff: Timestamp,
    as_of: Timestamp,
    gaps: Vec<Gap>,
    /// Accounts whose gaps hide too much.
    hidden: FxHashSet<SmolStr>,
}

impl<'a> Trail<'a> {
    /// The period ends with `as_of`, and what was last used by `cutoff` is unused.
    pub(super) fn new(activity: &'a Activity, cutoff: Timestamp, as_of: Timestamp) -> Trail<'a> {
        let gaps = activity.coverage.days.gaps(Day::of(cutoff)..=Day::of(as_of));
        let mut of_regions: FxHashMap<_, i64> = FxHashMap::default();
        for gap in &gaps {
            *of_regions.entry((&gap.account, &gap.region)).or_default() += gap.days();
        }
        let of = |gap: &Gap| of_regions.get(&(&gap.account, &gap.region)).copied().unwrap_or_default();
        let hides = |gap: &&Gap| gap.days() > LONGEST_GAP || of(gap) > MOST_GAPS;
        let hidden = gaps.iter().filter(hides).map(|gap| gap.account.clone()).collect();
        Trail { activity, cutoff, as_of, gaps, hidden }
    }

    /// True if all that was done in the account is there; an account that is not known may be any.
    pub(super) fn covers(&self, account: Option<&SmolStr>) -> bool {
        let coverage = &self.activity.coverage;
        // What a broken file held, nobody knows.
        if coverage.troubles.files > 0 || self.begins_late() || self.ends_early() {
            return false;
        }
        let Some(account) = account.filter(|_| !coverage.accounts.is_empty()) else { return self.hidden.is_empty() };
        let is_there = coverage.days.of_account(account).is_none_or(|(first, last)| {
            coverage.days.summed || first.0 <= Day::of(self.cutoff).0 + QUIET && last.0 >= Day::of(self.as_of).0 - QUIET
        });
        coverage.accounts.contains_key(account) && is_there && !self.hidden.contains(account)
    }

    fn begins_late(&self) -> bool {
        self.activity.coverage.period.is_none_or(|(first, _)| first.0 > self.cutoff.0 + DAY)
    }

    fn ends_early(&self) -> bool {
        self.activity.coverage.period.is_none_or(|(_, last)| last.0 < self.as_of.0 - DAY)
    }

    /// What is wrong with the trails, or else what they cover.
    pub(super) fn remarks(&self, days: u32, notices: &mut Vec<String>) {
        let coverage = &self.activity.coverage;
        if coverage.troubles.files > 0 {
            notices.push("files of the trails could not be read: they show what was used, not what was not".to_owned());
        }
        let Some((first, last)) = coverage.period else {
            let skipped = coverage.files_skipped.iter().map(|(why, count)| format!("{why}: {count}"));
            let skipped = skipped.collect::<Vec<_>>().join(", ");
            let passed_over = if skipped.is_empty() { skipped } else { format!(", passed over {skipped}") };
            let files = counted(usize::try_from(coverage.files).unwrap_or(usize::MAX), "file", "files");
            notices.push(format!("the trails hold no events: {files} read{passed_over}"));
            return;
        };
        if self.begins_late() {
            let covered = (last.0 - first.0) / DAY;
            notices.push(format!(
                "the trails begin on {first} and cover {covered} days of {days}: they show what was used, not what was not"
            ));
        } else if self.ends_early() {
            notices.push(format!(
                "the trails end on {last}, before the period does on {}: they show what was used, not what was not; \
                 `--as-of {last}` judges as of their end",
                self.as_of
            ));
        } else {
            let regions: Vec<&str> = coverage.regions.keys().map(SmolStr::as_str).collect();
            notices.push(format!(
                "the trails cover {first} to {last}, Regions {}: use elsewhere is not known",
                if regions.is_empty() { "unknown".to_owned() } else { regions.join(", ") }
            ));
        }
        if coverage.days.summed {
            notices.push(
                "results of queries are among the trails: whether days are missing in them is not known".to_owned(),
            );
        }
        self.gap_remarks(notices);
    }

    fn gap_remarks(&self, notices: &mut Vec<String>) {
        let (hiding, small): (Vec<&Gap>, Vec<&Gap>) =
            self.gaps.iter().partition(|gap| self.hidden.contains(&gap.account));
        let named = |gaps: &[&Gap]| {
            let first: Vec<String> = gaps.iter().take(NAMED).map(ToString::to_string).collect();
            let more = gaps.len() - first.len();
            format!("{}{}", first.join(", "), if more > 0 { format!(" and {more} times more") } else { String::new() })
        };
        if !hiding.is_empty() {
            notices.push(format!(
                "the trails have no files or events {}, but on the days before and after: of {} they show what was used, not what \
                 was not",
                named(&hiding),
                counted(self.hidden.len(), "account", "accounts")
            ));
        }
        if !small.is_empty() {
            notices.push(format!(
                "the trails have no files or events {}, but on the days before and after: what was used only then counts as not used",
                named(&small)
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn activity(days: impl Iterator<Item = i64>) -> Activity {
        let mut activity = Activity::default();
        for day in days {
            let time = Timestamp((20_000 + day) * DAY);
            activity.coverage.days.add("111122223333", "eu-west-1", time);
            activity.coverage.period = Some((activity.coverage.period.map_or(time, |(first, _)| first), time));
        }
        activity.coverage.accounts.insert("111122223333".into(), 1);
        activity
    }

    fn covered(days: impl Iterator<Item = i64>) -> (bool, String) {
        let activity = activity(days);
        let trail = Trail::new(&activity, Timestamp(20_000 * DAY), Timestamp(20_090 * DAY));
        let mut notices = Vec::new();
        trail.remarks(90, &mut notices);
        (trail.covers(Some(&"111122223333".into())), notices.join("\n"))
    }

    #[test]
    fn a_trail_with_files_missing_in_its_middle_shows_not_what_was_not_used() {
        assert!(covered(0..91).0);
        let (covers, said) = covered((0..91).filter(|day| !(40..50).contains(day)));
        assert!(!covers && said.contains("from 2024-11-13 to 2024-11-22 in eu-west-1"), "{said}");
        let (covers, said) = covered((0..91).filter(|day| *day != 40));
        assert!(covers && said.contains("on 2024-11-13 in eu-west-1") && said.contains("only then"), "{said}");
        let (covers, _) = covered((0..91).filter(|day| day % 20 != 7));
        assert!(!covers, "many single days");
        assert!(covered((0..91).filter(|day| (day + 2) % 7 < 5)).0, "weekends");
    }

    #[test]
    fn a_trail_that_ends_within_the_period_shows_not_what_was_not_used() {
        let (covers, said) = covered(0..60);
        assert!(!covers && said.contains("`--as-of 2024-12-02T00:00:00Z`"), "{said}");
        assert!(!covered(20..91).0);
    }
}
