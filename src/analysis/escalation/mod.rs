//! Privilege escalation: by which known path a user or role of the deployment gets permissions that nobody gave it.
//!
//! - `paths`: the paths, a table;
//! - `running`: which resources run as which role, a table;
//! - `world`: what trusts whom, and what is worth getting at;
//! - `decide`: whether a holder can take a path, by the engine;
//! - `finding`: the same in the reports.
//!
//! A path counts if every step of it is allowed, conditions, Denies, boundaries and SCPs considered, and if it leads to
//! permissions that hold something new: the engine shows a request that is allowed then, and was not.

mod decide;
mod finding;
mod paths;
mod running;
mod world;

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::access::holders::{HolderKind, Holders, Policies};
use crate::catalog::Catalog;
use crate::logic::Request;
use crate::model::{Deployment, PolicyId, ResourceRef, When};
use crate::policy::PolicyDocument;
use crate::source::Span;
use decide::{Decider, REPORTED};
use paths::Target;
use world::World;

pub use finding::{CODE, DOCUMENTATION, TITLE, findings, report_json};
pub use paths::{On, PATHS, Path, Step};

/// Roles that are assumed one from the other.
const HOPS: usize = 5;

/// A way up that a principal has.
#[derive(Clone, Debug)]
pub struct Escalation {
    /// Who can take it; a group or a managed policy stands for whoever is in it or has it.
    pub principal: ResourceRef,
    /// The path's name.
    pub method: &'static str,
    /// What the principal does, to follow "it".
    pub does: String,
    /// Whose permissions it gets.
    pub gains: ResourceRef,
    /// True if it may do anything then.
    pub administrator: bool,
    /// A request that is allowed then, and was not.
    pub witness: Request,
    /// What it is allowed for that.
    pub steps: Vec<Done>,
    /// The undecided conditions under which it is so.
    pub when: Option<When>,
    /// Policies that are not known here and may forbid it.
    pub uncertain: Vec<String>,
    /// Where the path is documented.
    pub sources: &'static [&'static str],
}

/// A step that is allowed, and by which statement.
#[derive(Clone, Debug)]
pub struct Done {
    /// The request; the evaluator has confirmed it.
    pub request: Request,
    /// The policy that allows it; none for one that AWS manages.
    pub policy: Option<PolicyId>,
    /// Its name.
    pub policy_name: SmolStr,
    /// The statement's position.
    pub statement: usize,
    /// Where a managed policy is named.
    pub named_at: Option<Span>,
}

/// What the analysis found.
#[derive(Clone, Debug, Default)]
pub struct EscalationReport {
    /// In the order of the principals and of the table of paths.
    pub found: Vec<Escalation>,
    /// What was left out or could not be decided.
    pub notices: Vec<String>,
}

/// Finds the escalations of all principals of a deployment under SCPs, level by level from the root.
pub fn analyse(deployment: &Deployment, scps: &[Vec<PolicyDocument>], catalog: &Catalog) -> EscalationReport {
    let mut report = EscalationReport::default();
    let Some(policies) = Policies::new(deployment, scps, catalog) else { return report };
    let holders = Holders::new(deployment, &policies);
    let world = World::new(deployment, &policies, &holders, catalog);
    report.notices.extend(holders.notices.iter().cloned());
    let acting: Vec<usize> =
        (0..holders.all.len()).filter(|i| holders.all.get(*i).is_some_and(|h| h.kind != HolderKind::Group)).collect();
    let mut assumable: Vec<Vec<usize>> = vec![Vec::new(); holders.all.len()];
    let (mut undecided, mut left_out) = (Vec::new(), 0);
    // Part by part, so that what is left out in the end does not pile up before.
    for part in acting.chunks(PART) {
        let parts: Vec<Part> = part.par_iter().map(|position| of_holder(&world, *position)).collect();
        for (position, part) in part.iter().zip(parts) {
            if let Some(slot) = assumable.get_mut(*position) {
                *slot = part.assumable;
            }
            undecided.extend(part.undecided);
            left_out += part.left_out;
            report.found.extend(part.found);
        }
        merge(&mut report.found);
        left_out += bound(&mut report.found);
    }
    for part in acting.chunks(PART) {
        let chains: Vec<(Vec<Escalation>, usize)> =
            part.par_iter().map(|position| by_roles(&world, *position, &assumable)).collect();
        for (chained, more) in chains {
            left_out += more;
            report.found.extend(chained);
        }
        merge(&mut report.found);
        left_out += bound(&mut report.found);
    }
    // In the order of the principals, and of the table.
    let order: FxHashMap<&ResourceRef, usize> =
        acting.iter().rev().filter_map(|i| Some((&holders.all.get(*i)?.id, *i))).collect();
    let row = |method: &str| PATHS.iter().position(|p| p.method == method);
    report.found.sort_by_cached_key(|e| (order.get(&e.principal).copied(), row(e.method)));
    if left_out > 0 {
        report.notices.push(format!(
            "{left_out} further targets of escalation were left out: of each principal and method, at most {REPORTED} are \
             reported, those that give most first, of a principal that can give itself everything, one, and at most \
             {ALL_REPORTED} of all"
        ));
    }
    if let Some(first) = undecided.first() {
        let count = undecided.len();
        report
            .notices
            .push(format!("{count} questions about escalation could not be decided, the first one since {first}"));
    }
    report
}

#[derive(Default)]
struct Part {
    found: Vec<Escalation>,
    assumable: Vec<usize>,
    undecided: Vec<&'static str>,
    left_out: usize,
}

fn of_holder(world: &World<'_>, position: usize) -> Part {
    let Some(decider) = Decider::new(world, position) else { return Part::default() };
    let found = decider.escalations();
    let assumable = decider.assumable();
    Part { found, assumable, undecided: decider.undecided.take(), left_out: decider.left_out.get() }
}

/// Roles that can be assumed, directly or one from the other, and that give something; and how many were left out.
fn by_roles(world: &World<'_>, position: usize, assumable: &[Vec<usize>]) -> (Vec<Escalation>, usize) {
    let next = |from: usize| assumable.get(from).map(Vec::as_slice).unwrap_or_default();
    let path = PATHS.iter().find(|p| p.target == Target::AssumableRole);
    let (Some(path), false) = (path, next(position).is_empty()) else { return Default::default() };
    let Some(decider) = Decider::new(world, position) else { return Default::default() };
    // Breadth first: the shortest chain to each role.
    let mut reached: BTreeMap<usize, usize> = BTreeMap::new();
    let mut frontier = vec![position];
    let mut order: Vec<(usize, usize)> = Vec::new();
    for _ in 0..HOPS {
        let mut further = Vec::new();
        for from in frontier {
            for to in next(from) {
                if *to != position && !reached.contains_key(to) && order.len() < CHAINS {
                    reached.insert(*to, from);
                    order.push((*to, order.len()));
                    further.push(*to);
                }
            }
        }
        frontier = further;
    }
    order.sort_by_key(|(to, number)| (world.ranks.get(*to).copied(), *number));
    let mut found: Vec<Escalation> = Vec::new();
    let mut left_out = 0;
    for (role, _) in order {
        if found.len() >= REPORTED {
            left_out += 1;
            continue;
        }
        let steps = || {
            let mut steps = Vec::new();
            let mut at = role;
            while let Some(from) = reached.get(&at) {
                let hop = if *from == position { decider.assume(at) } else { Decider::new(world, *from)?.assume(at) };
                steps.push(hop?);
                at = *from;
            }
            steps.reverse();
            Some(steps)
        };
        found.extend(decider.of_role(path, role, &steps));
    }
    (found, left_out)
}

/// Escalations that are reported of one run. Nobody reads more, and a report of more helps nobody.
const ALL_REPORTED: usize = 2000;

/// Leaves the best of too many: the first target of each principal and method, and those to all permissions before others.
/// Returns how many go.
fn bound(found: &mut Vec<Escalation>) -> usize {
    let before = found.len();
    if before > ALL_REPORTED {
        let mut seen: rustc_hash::FxHashSet<(ResourceRef, &'static str)> = Default::default();
        found.retain(|e| seen.insert((e.principal.clone(), e.method)));
    }
    if found.len() > ALL_REPORTED {
        let administrators = found.iter().filter(|e| e.administrator).count();
        let (mut everything, mut less) = (ALL_REPORTED, ALL_REPORTED.saturating_sub(administrators));
        found.retain(|e| {
            let left = if e.administrator { &mut everything } else { &mut less };
            let kept = *left > 0;
            *left = left.saturating_sub(1);
            kept
        });
    }
    before - found.len()
}

/// Principals that are looked at before what was found is bounded.
const PART: usize = 512;

/// Roles that are reached from one principal, at most.
const CHAINS: usize = 200;

/// The same under different undecided conditions is one; what holds under all of them has none.
fn merge(found: &mut Vec<Escalation>) {
    let mut first: FxHashMap<(ResourceRef, &'static str, ResourceRef), usize> = Default::default();
    let mut kept: Vec<Escalation> = Vec::with_capacity(found.len());
    for escalation in found.drain(..) {
        let key = (escalation.principal.clone(), escalation.method, escalation.gains.clone());
        match first.get(&key).and_then(|at| kept.get_mut(*at)) {
            Some(known) => known.when = common(known.when.as_ref(), escalation.when.as_ref()),
            None => {
                first.insert(key, kept.len());
                kept.push(escalation);
            }
        }
    }
    *found = kept;
}

/// What two sets of conditions have in common.
fn common(a: Option<&When>, b: Option<&When>) -> Option<When> {
    let (a, b) = (a?, b?);
    let both: BTreeMap<SmolStr, bool> =
        a.0.iter().filter(|(name, value)| b.0.get(*name) == Some(value)).map(|(n, v)| (n.clone(), *v)).collect();
    (!both.is_empty()).then_some(When(both))
}
