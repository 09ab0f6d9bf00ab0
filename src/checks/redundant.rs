//! Entries of a list that another entry covers: the ground of redundant actions and resources. What an entry stands for
//! is the engine's to say.

use std::cell::OnceCell;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::finding::{Finding, ListEntry};
use crate::logic::engine::Entry;
use crate::policy::{StringItem, StringList, glob};

/// An entry and the one that covers it, as positions in [`StringList::items`].
pub(super) struct Redundant {
    pub entry: usize,
    pub covered_by: usize,
}

/// The redundant entries, in order; of equal entries, all but the first. `pattern` gives the text that is compared, and
/// `entry` what such a text stands for.
pub(super) fn entries(
    list: &StringList,
    pattern: impl Fn(&StringItem) -> SmolStr,
    entry: impl Fn(&str) -> Entry,
) -> Vec<Redundant> {
    if list.items.len() < 2 {
        return Vec::new();
    }
    let patterns: Vec<SmolStr> = list.items.iter().map(pattern).collect();
    // Only an entry with a star can cover another that differs from it and is no single character away.
    let wide: Vec<(usize, &str)> = (0..patterns.len())
        .filter(|i| glob::has_wildcard(&patterns[*i]))
        .map(|i| (i, patterns[i].split(['*', '?']).next().unwrap_or_default()))
        .collect();
    let exact: Vec<OnceCell<Entry>> = patterns.iter().map(|_| OnceCell::new()).collect();
    let contains = |outer: usize, inner: usize| {
        let [a, b] = [outer, inner].map(|i| exact[i].get_or_init(|| entry(&patterns[i])));
        // What is not known is compared as text.
        if a.is_empty() || b.is_empty() { glob::covers(&patterns[outer], &patterns[inner]) } else { a.contains(b) }
    };
    let mut first: FxHashMap<&str, usize> = FxHashMap::default();
    let mut out = Vec::new();
    for (i, inner) in patterns.iter().enumerate() {
        let earliest = *first.entry(inner).or_insert(i);
        let covered_by = if earliest == i {
            let covers = |(j, start): &&(usize, &str)| {
                let outer = &patterns[*j];
                *j != i && outer != inner && inner.starts_with(start) && contains(*j, i)
                    // Of two that cover each other the first stays.
                    && (*j < i || !contains(i, *j))
            };
            wide.iter().find(covers).map(|(j, _)| *j)
        } else {
            Some(earliest)
        };
        out.extend(covered_by.map(|covered_by| Redundant { entry: i, covered_by }));
    }
    out
}

/// Adds the fix that takes the redundant entries out of the list.
pub(super) fn removed_from(finding: &mut Finding, list: &StringList, pairs: &[Redundant]) {
    let entry = |i: usize| {
        let item = list.items.get(i)?;
        Some(ListEntry { span: item.span, value: item.text.known()?.to_owned() })
    };
    let certain: Vec<_> = pairs.iter().filter_map(|p| Some((entry(p.entry)?, entry(p.covered_by)?))).collect();
    if !certain.is_empty() {
        finding.remove_entries(list.key_span, list.span, certain);
    }
}
