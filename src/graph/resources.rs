//! Which resources a pattern of a policy is about: an index by ARN, so that a pattern is compared with those that begin as
//! it does and no others.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::access::reach::with_parts;
use crate::policy::{Arn, glob};

/// Resources by ARN.
#[derive(Default)]
pub(super) struct ArnIndex<T> {
    sorted: Vec<(SmolStr, T)>,
    by_service: FxHashMap<SmolStr, Vec<usize>>,
    exact: FxHashMap<SmolStr, Vec<usize>>,
}

/// What a pattern meets.
pub(super) enum Meets<T> {
    /// These.
    Some(Vec<T>),
    /// At least so many, too many to name.
    Many(usize),
}

impl<T: Copy + Ord> ArnIndex<T> {
    pub fn new(mut all: Vec<(SmolStr, T)>) -> ArnIndex<T> {
        all.sort_unstable();
        all.dedup();
        let mut index = ArnIndex { sorted: all, by_service: FxHashMap::default(), exact: FxHashMap::default() };
        for (position, (arn, _)) in index.sorted.iter().enumerate() {
            let service = Arn::split(arn).map_or("", |a| a.service);
            index.by_service.entry(service.into()).or_default().push(position);
            index.exact.entry(arn.clone()).or_default().push(position);
        }
        index
    }

    /// The resources that a pattern meets, of the services given (all without any), unless they are more than `few`.
    pub fn meets(&self, pattern: &str, services: &[SmolStr], few: usize) -> Meets<T> {
        if pattern == "*" {
            return match services {
                [] => self.some(0..self.sorted.len(), self.sorted.len(), few),
                _ => {
                    let of = |s: &SmolStr| self.by_service.get(s).map_or(&[][..], Vec::as_slice);
                    let count = services.iter().map(|s| of(s).len()).sum();
                    self.some(services.iter().flat_map(|s| of(s).iter().copied()), count, few)
                }
            };
        }
        let fits = |position: &usize| {
            let Some((arn, _)) = self.sorted.get(*position) else { return false };
            let of_service = services.is_empty()
                || Arn::split(arn).is_some_and(|a| services.iter().any(|s| s.as_str() == a.service));
            of_service && with_parts(arn).iter().any(|part| glob::may_meet(pattern, part))
        };
        let end = pattern.find(['*', '?', '$']).unwrap_or(pattern.len());
        let prefix = &pattern[..end];
        let from = self.sorted.partition_point(|(arn, _)| arn.as_str() < prefix);
        let to = from + self.sorted[from..].partition_point(|(arn, _)| arn.starts_with(prefix));
        // What holds the named thing has a shorter ARN.
        let holding = prefix.char_indices().filter(|(_, c)| matches!(c, '/' | ':')).map(|(at, _)| &prefix[..at]);
        let holding = holding.chain([prefix]).filter_map(|arn| self.exact.get(arn)).flatten().copied();
        let mut found: Vec<usize> = holding.filter(|p| !(from..to).contains(p)).filter(|p| fits(p)).collect();
        for position in (from..to).filter(|p| fits(p)) {
            found.push(position);
            if found.len() > few {
                // How many there are is known only where nothing follows the prefix but a wildcard.
                let plain = &pattern[end..] == "*" && services.is_empty();
                return Meets::Many(if plain { to - from } else { found.len() });
            }
        }
        let count = found.len();
        self.some(found.into_iter(), count, few)
    }

    fn some(&self, positions: impl Iterator<Item = usize>, count: usize, few: usize) -> Meets<T> {
        if count > few {
            return Meets::Many(count);
        }
        Meets::Some(positions.filter_map(|p| self.sorted.get(p)).map(|(_, of)| *of).collect())
    }
}
