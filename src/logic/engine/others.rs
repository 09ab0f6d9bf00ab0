//! The regions that a request has to escape, with an index of the actions that they list: most of them have nothing to
//! say of most actions.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::budget::Budget;
use super::compile::{Dimension, Literal, Region, Test};
use super::language::Relation;
use super::pattern::Pattern;

/// Regions to escape.
#[derive(Default)]
pub(super) struct Others<'r> {
    pub(super) regions: Vec<&'r Region>,
    /// By the names of actions: the regions that list them.
    named: FxHashMap<&'r SmolStr, SmallVec<[usize; 2]>>,
    /// By service: the names of actions.
    names: FxHashMap<&'r str, Vec<&'r SmolStr>>,
    /// By service: patterns of actions, and the regions that list them. Without a name: those of several services.
    globs: FxHashMap<&'r str, Vec<(&'r Arc<Pattern>, usize)>>,
    /// Regions that say nothing of actions.
    unlimited: Vec<usize>,
    /// Regions whose actions are told in another way.
    others: Vec<usize>,
}

/// Regions that share some request with an action, by their numbers, in order.
pub(super) type Near = SmallVec<[(usize, Relation); 4]>;

impl<'r> Others<'r> {
    pub(super) fn new(regions: impl IntoIterator<Item = &'r Region>) -> Others<'r> {
        let mut others = Others { regions: regions.into_iter().collect(), ..Others::default() };
        for (number, region) in others.regions.iter().enumerate() {
            let actions: SmallVec<[&Literal; 2]> = actions(region).collect();
            match (&*actions, actions.first().map(|l| &l.constraint.test)) {
                ([], _) => others.unlimited.push(number),
                ([Literal { holds: true, .. }], Some(Test::In(language))) => {
                    for name in language.literals() {
                        let regions = others.named.entry(name).or_default();
                        if regions.is_empty() {
                            others.names.entry(service(name)).or_default().push(name);
                        }
                        regions.push(number);
                    }
                    for glob in language.globs() {
                        others.globs.entry(service(glob.fixed_text())).or_default().push((glob, number));
                    }
                }
                _ => others.others.push(number),
            }
        }
        others
    }

    /// The regions that share some request with the action, as far as actions tell.
    pub(super) fn near(&self, action: &Pattern, budget: &Budget) -> Near {
        let mut near: Near = self.unlimited.iter().map(|number| (*number, Relation::Covers)).collect();
        let mut add = |number: usize, lies: Relation| {
            if lies != Relation::Apart {
                near.push((number, lies));
            }
        };
        for number in &self.others {
            let lies = actions(self.regions[*number]).map(|l| relation(l, action, budget));
            // Apart from one of several is apart; covered by all is covered.
            let lies = lies.reduce(|a, b| match (a, b) {
                (Relation::Apart, _) | (_, Relation::Apart) => Relation::Apart,
                (Relation::Covers, Relation::Covers) => Relation::Covers,
                _ => Relation::Partly,
            });
            add(*number, lies.unwrap_or(Relation::Covers));
        }
        let own = service(action.fixed_text());
        match action.as_literal() {
            Some(name) => {
                self.named.get(name).into_iter().flatten().for_each(|number| add(*number, Relation::Covers));
                for (glob, number) in [own, ""].iter().filter_map(|s| self.globs.get(s)).flatten() {
                    budget.spend(4);
                    if glob.matches(name) {
                        add(*number, Relation::Covers);
                    }
                }
            }
            None => {
                let names = self.names.iter().filter(|(service, _)| own.is_empty() || own == **service);
                for name in names.flat_map(|(_, names)| names) {
                    budget.spend(1);
                    if action.matches(name) {
                        self.named.get(name).into_iter().flatten().for_each(|number| add(*number, Relation::Partly));
                    }
                }
                let near = |service: &str| own.is_empty() || service.is_empty() || own == service;
                for (glob, number) in self.globs.iter().filter(|(s, _)| near(s)).flat_map(|(_, globs)| globs) {
                    budget.spend(4 + action.width());
                    if glob.covers(action) {
                        add(*number, Relation::Covers);
                    } else if glob.meets(action) {
                        add(*number, Relation::Partly);
                    }
                }
            }
        }
        // Of several things that a region says of the action the most counts.
        near.sort_unstable_by_key(|(number, lies)| (*number, *lies != Relation::Covers));
        near.dedup_by_key(|(number, _)| *number);
        near
    }
}

/// The service of an action whose text begins like that; empty if it can be any.
fn service(beginning: &str) -> &str {
    beginning.split_once(':').map_or("", |(service, _)| service)
}

fn actions(region: &Region) -> impl Iterator<Item = &Literal> {
    region.iter().filter(|l| l.dimension() == Dimension::Action)
}

/// How what a constraint on actions asks for lies to an action.
pub(super) fn relation(literal: &Literal, action: &Pattern, budget: &Budget) -> Relation {
    let Test::In(language) = &literal.constraint.test else { return Relation::Covers };
    budget.spend(language.cost(action));
    match (language.relation(action), literal.holds) {
        (Relation::Covers, false) => Relation::Apart,
        (Relation::Apart, false) => Relation::Covers,
        (relation, _) => relation,
    }
}
