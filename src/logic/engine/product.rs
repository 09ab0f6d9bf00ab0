//! A string in some patterns and in none of others, by following the positions of all of them at once: exact, and the
//! string found is a shortest one.

use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::budget::{Budget, TOO_MANY_STEPS};
use super::language::Found;
use super::pattern::{Letters, Pattern};

/// Patterns of which one has to match.
pub(super) type Group<'a> = SmallVec<[&'a Arc<Pattern>; 4]>;

/// Words of memory that the states of one search may take.
const WORDS: usize = 4 << 20;

pub(super) const TOO_MANY_STATES: &str = "the patterns of one element or condition key are too entangled";

/// The positions reached in every pattern, one after another.
type State = SmallVec<[u64; 8]>;

/// The patterns that the strings sought may still match, and where their positions stand in a state.
#[derive(Default)]
struct Members<'a> {
    all: Vec<(&'a Pattern, Range<usize>)>,
    start: State,
}

impl<'a> Members<'a> {
    /// Adds the pattern, unless no string of that beginning matches it.
    fn enter(&mut self, pattern: &'a Pattern, beginning: &str) {
        if let Some(positions) = pattern.after(beginning) {
            let at = self.start.len();
            self.start.extend(positions);
            self.all.push((pattern, at..self.start.len()));
        }
    }
}

/// Searches for a string that `pattern` and one of each of `groups` match, but none of `against`.
pub(super) fn search<'a>(
    pattern: &'a Pattern,
    groups: &[Group<'a>],
    against: &[&'a Arc<Pattern>],
    budget: &Budget,
) -> Found<SmolStr> {
    let beginning = pattern.fixed_text();
    let mut members = Members::default();
    // Of each group: its members, and their words.
    let mut inside: SmallVec<[(Range<usize>, Range<usize>); 4]> = SmallVec::new();
    for number in 0..=groups.len() {
        let from = (members.all.len(), members.start.len());
        match number.checked_sub(1) {
            None => members.enter(pattern, beginning),
            Some(number) => groups[number].iter().for_each(|p| members.enter(p, beginning)),
        }
        if members.all.len() == from.0 {
            return Found::Nothing;
        }
        inside.push((from.0..members.all.len(), from.1..members.start.len()));
    }
    let outside = members.all.len();
    against.iter().for_each(|p| members.enter(p, beginning));
    let Members { all, start } = members;

    let accepts = |state: &State, (pattern, at): &(&Pattern, Range<usize>)| pattern.accepts(&state[at.clone()]);
    let words = start.len();
    let mut letters = Letters::new(all.iter().flat_map(|(p, _)| p.special().iter().copied()));
    let mut states: IndexSet<State, FxBuildHasher> = IndexSet::default();
    let mut parents: Vec<(usize, char)> = vec![(0, '\0')];
    states.insert(start);
    let mut number = 0;
    while let Some(state) = states.get_index(number).cloned() {
        let accepted = inside.iter().all(|(group, _)| all[group.clone()].iter().any(|m| accepts(&state, m)))
            && !all[outside..].iter().any(|m| accepts(&state, m));
        if accepted {
            let mut text = Vec::new();
            let mut at = number;
            while at != 0 {
                let (before, c) = parents[at];
                text.push(c);
                at = before;
            }
            return Found::Some(beginning.chars().chain(text.into_iter().rev()).collect());
        }
        budget.spend(4 * all.len());
        if budget.is_spent() {
            return Found::Unknown(TOO_MANY_STEPS);
        }
        if states.len() * words > WORDS {
            return Found::Unknown(TOO_MANY_STATES);
        }
        letters.clear();
        let own = all[0].1.clone();
        if pattern.names_next(&state[own], &mut letters) {
            for (pattern, at) in &all[1..] {
                pattern.names_next(&state[at.clone()], &mut letters);
            }
        }
        let mut next: State = SmallVec::from_elem(0, words);
        for c in letters.all() {
            next.iter_mut().for_each(|word| *word = 0);
            let step = |(pattern, at): &(&Pattern, Range<usize>), next: &mut State| {
                pattern.step_into(&state[at.clone()], c, &mut next[at.clone()]);
            };
            let mut alive = true;
            for (group, words) in &inside {
                all[group.clone()].iter().for_each(|m| step(m, &mut next));
                alive = next[words.clone()].iter().any(|word| *word != 0);
                if !alive {
                    break;
                }
            }
            budget.spend(2);
            if !alive {
                continue;
            }
            all[outside..].iter().for_each(|m| step(m, &mut next));
            budget.spend(2 * all.len());
            if !states.contains(&next) {
                states.insert(next.clone());
                parents.push((number, c));
            }
        }
        number += 1;
    }
    Found::Nothing
}
