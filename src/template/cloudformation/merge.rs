//! Puts versions of one thing that are the same back together, with the conditions under which they hold.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::model::When;

/// Groups of versions that are one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// The versions in it; the first stands for all.
    pub versions: Vec<usize>,
    /// `None` when it holds whatever the conditions are.
    pub when: Option<When>,
}

/// Groups versions. `whens` are the conditions of every version; `keys` tell what is the same, `None` for versions in
/// which the thing does not exist.
///
/// Versions with one key are put together where a conjunction of conditions says exactly which they are; else they stay
/// apart.
pub(super) fn groups(whens: &[&BTreeMap<SmolStr, bool>], keys: &[Option<String>]) -> Vec<Group> {
    let mut order: Vec<Vec<usize>> = Vec::new();
    let mut by_key: FxHashMap<&str, usize> = FxHashMap::default();
    for (i, key) in keys.iter().enumerate() {
        let Some(key) = key else { continue };
        let slot = *by_key.entry(key).or_insert_with(|| {
            order.push(Vec::new());
            order.len() - 1
        });
        if let Some(members) = order.get_mut(slot) {
            members.push(i);
        }
    }
    let when_of = |i: &usize| whens.get(*i).copied();
    let mut groups = Vec::new();
    for members in order {
        let Some(first) = members.first().and_then(when_of) else { continue };
        let mut common = first.clone();
        common.retain(|name, value| members.iter().filter_map(when_of).all(|w| w.get(name) == Some(value)));
        let overlaps = |w: &BTreeMap<SmolStr, bool>| common.iter().all(|(n, v)| w.get(n).is_none_or(|o| o == v));
        let exact = whens.iter().enumerate().all(|(i, w)| members.contains(&i) || !overlaps(w));
        if exact {
            groups.push(Group { versions: members, when: some(common) });
            continue;
        }
        let mut seen: Vec<&BTreeMap<SmolStr, bool>> = Vec::new();
        for member in &members {
            let Some(when) = when_of(member) else { continue };
            if !seen.contains(&when) {
                seen.push(when);
                groups.push(Group { versions: vec![*member], when: some(when.clone()) });
            }
        }
    }
    groups
}

fn some(when: BTreeMap<SmolStr, bool>) -> Option<When> {
    (!when.is_empty()).then_some(When(when))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(pairs: &[(&str, bool)]) -> BTreeMap<SmolStr, bool> {
        pairs.iter().map(|(n, v)| (SmolStr::new(n), *v)).collect()
    }

    #[test]
    fn equal_versions_become_one_where_conditions_can_say_so() {
        let whens = [when(&[("A", true), ("B", true)]), when(&[("A", true), ("B", false)]), when(&[("A", false)])];
        let whens: Vec<_> = whens.iter().collect();
        let all = groups(&whens, &[Some("x".into()), Some("x".into()), Some("x".into())]);
        assert_eq!(all, [Group { versions: vec![0, 1, 2], when: None }]);
        let two = groups(&whens, &[Some("x".into()), Some("x".into()), None]);
        assert_eq!(two, [Group { versions: vec![0, 1], when: some(when(&[("A", true)])) }]);
        let apart = groups(&whens, &[Some("x".into()), Some("y".into()), Some("x".into())]);
        assert_eq!(apart.len(), 3);
    }
}
