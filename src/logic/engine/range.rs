//! Sets of ordered values: unions of intervals, with intersection, complement and a member.

/// A place between values, or before or after all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut<T> {
    /// Before every value.
    Start,
    /// Just before the value, or just after it.
    At(T, bool),
    /// After every value.
    End,
}

/// A union of intervals, each from one cut to another; sorted and apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ranges<T>(Vec<(Cut<T>, Cut<T>)>);

impl<T: Ord + Clone> Ranges<T> {
    pub(super) fn everything() -> Ranges<T> {
        Ranges(vec![(Cut::Start, Cut::End)])
    }

    /// The union of intervals in any order.
    pub(super) fn union(intervals: impl IntoIterator<Item = (Cut<T>, Cut<T>)>) -> Ranges<T> {
        let mut all: Vec<_> = intervals.into_iter().filter(|(a, b)| a < b).collect();
        all.sort();
        let mut joined: Vec<(Cut<T>, Cut<T>)> = Vec::new();
        for (from, to) in all {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.clone().max(to),
                _ => joined.push((from, to)),
            }
        }
        Ranges(joined)
    }

    pub(super) fn intersection(&self, other: &Ranges<T>) -> Ranges<T> {
        let mut both = Vec::new();
        for (a, b) in &self.0 {
            for (c, d) in &other.0 {
                let (from, to) = (a.max(c), b.min(d));
                if from < to {
                    both.push((from.clone(), to.clone()));
                }
            }
        }
        Ranges(both)
    }

    pub(super) fn complement(&self) -> Ranges<T> {
        let mut gaps = Vec::new();
        let mut from = Cut::Start;
        for (a, b) in &self.0 {
            if from < *a {
                gaps.push((from, a.clone()));
            }
            from = b.clone();
        }
        if from < Cut::End {
            gaps.push((from, Cut::End));
        }
        Ranges(gaps)
    }

    pub(super) fn intervals(&self) -> &[(Cut<T>, Cut<T>)] {
        &self.0
    }

    pub(super) fn contains(&self, value: &T) -> bool {
        let (before, after) = (Cut::At(value.clone(), false), Cut::At(value.clone(), true));
        self.0.iter().any(|(a, b)| *a <= before && after <= *b)
    }
}
