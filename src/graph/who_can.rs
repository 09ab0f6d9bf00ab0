//! Everybody who can do something to a resource: by what its own policies and the resource's allow, or by assuming a role,
//! or one role after the other.
//!
//! The search goes backwards from those who can by themselves, breadth first, so that each principal gets its shortest path.

use std::collections::{BTreeSet, VecDeque};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::role_patterns::{RolePatterns, Trying};
use crate::access::holders::{Holder, HolderKind, Holders, Policies, agree};
use crate::access::reach::{
    Allowed, Estate, Guardrails, Guards, Protection, Stranger, Target, Ways, both, caller, fitting, sessions,
    with_parts,
};
use crate::access::settled::settled;
use crate::catalog::Catalog;
use crate::logic::engine::concerns;
use crate::logic::evaluate::combine::{Naming, naming};
use crate::model::{Deployment, Resource, ResourceRef, When};
use crate::policy::{Arn, PrincipalKind, glob};
use crate::source::display_encoded;

/// Questions about the assumption of roles that one search asks.
const QUESTIONS: usize = 100_000;

/// How a role is assumed.
const ASSUME: &str = "sts:AssumeRole";
/// All ways in which a role is assumed.
const ASSUMPTIONS: [&str; 3] = [ASSUME, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// Somebody who can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A principal of the run, with its ARN.
    Principal {
        /// Its name and type.
        id: ResourceRef,
        /// With symbols for what is not known.
        arn: SmolStr,
        /// False for whoever is in a group or bears a policy of the run, and of whom nothing else is known.
        is_real: bool,
    },
    /// Somebody else, whom a resource's policy or a role's trust policy lets in.
    Stranger(Stranger),
}

/// One step of a path.
#[derive(Clone, Debug)]
pub struct PathStep {
    /// The role that acts; none for the principal itself, in the first step.
    pub acting: Option<ResourceRef>,
    /// The role that is assumed; none in the last step.
    pub assumes: Option<ResourceRef>,
    /// What is allowed, by what.
    pub allowed: Allowed,
}

/// A principal that can, and how.
#[derive(Clone, Debug)]
pub struct Able {
    /// Who.
    pub who: Who,
    /// The shortest path under these conditions: roles that are assumed, and then the action itself.
    pub path: Vec<PathStep>,
    /// The undecided conditions under which it is so.
    pub when: Option<When>,
    /// Policies that bear on it and are not known here.
    pub uncertain: Vec<String>,
}

/// The answer.
#[derive(Clone, Debug, Default)]
pub struct WhoCan {
    /// The resource of the run that was asked for, if it is one.
    pub resource: Option<ResourceRef>,
    /// The ARNs or patterns that were asked for.
    pub arns: Vec<SmolStr>,
    /// Everybody, those with the shortest paths first.
    pub able: Vec<Able>,
    /// What could not be decided or was left out.
    pub notices: Vec<String>,
}

/// The resources that somebody may mean: a logical id or address, an ARN (with symbols as reports write them), or an ARN
/// within a resource.
fn named<'d>(deployment: &'d Deployment, text: &str) -> Vec<&'d Resource> {
    let by_id: Vec<&Resource> = deployment.resources.iter().filter(|r| r.id.id == text).collect();
    if !by_id.is_empty() {
        return by_id;
    }
    let shown = |r: &Resource| r.arn.as_ref().map(|arn| display_encoded(&settled(arn.as_str())));
    let plain = text.replace("${AWS::Partition}", "aws");
    deployment.resources.iter().filter(|r| shown(r).is_some_and(|arn| arn == plain)).collect()
}

/// Resources that hold what an ARN or pattern names.
fn holding<'d>(deployment: &'d Deployment, pattern: &str) -> Vec<&'d Resource> {
    let meets = |r: &&Resource| {
        let Some(arn) = &r.arn else { return false };
        with_parts(&settled(arn.as_str())).iter().any(|arn| glob::meet(pattern, arn))
    };
    deployment.resources.iter().filter(meets).collect()
}

/// Finds everybody who can do the action to the resource.
///
/// # Errors
///
/// When no ARN is known for what was asked for.
pub fn who_can(
    deployment: &Deployment,
    guardrails: &Guardrails,
    catalog: &Catalog,
    action: &str,
    resource: &str,
) -> Result<WhoCan, String> {
    let Some(policies) = Policies::new(deployment, &guardrails.scps, catalog) else { return Ok(WhoCan::default()) };
    let holders = Holders::new(deployment, &policies);
    let guards = Guards::new(guardrails);
    let estate = Estate { deployment, catalog, policies: &policies, holders: &holders, guards: &guards };
    let protection = Protection::new(deployment);
    ask(&estate, &protection, action, resource)
}

/// The same for an estate that is at hand.
///
/// # Errors
///
/// When no ARN is known for what was asked for.
pub(crate) fn ask(
    estate: &Estate<'_>,
    protection: &Protection,
    action: &str,
    resource: &str,
) -> Result<WhoCan, String> {
    let Estate { deployment, catalog, holders, guards, .. } = *estate;
    let found = named(deployment, resource);
    let mut answer = WhoCan::default();
    let arns: Vec<SmolStr> = match found.as_slice() {
        [] => vec![settled(resource).into()],
        all => {
            let mut arns: Vec<SmolStr> =
                all.iter().filter_map(|r| r.arn.as_ref()).flat_map(|arn| with_parts(&settled(arn.as_str()))).collect();
            arns.dedup();
            let arns = fitting(arns, action, catalog);
            if arns.is_empty() {
                return Err(format!("the ARN of `{resource}` is not known"));
            }
            arns
        }
    };
    if found.is_empty() && resource != "*" && Arn::split(resource).is_none() {
        return Err(format!("`{resource}` is neither a resource of the input nor an ARN"));
    }
    let protecting = match found.is_empty() && resource != "*" {
        true => holding(deployment, resource),
        false => found,
    };
    let mut ids: Vec<&ResourceRef> = protecting.iter().map(|r| &r.id).collect();
    ids.dedup();
    // Several resources have several sides, and a request is about one of them.
    let targets: Vec<Target> = match ids.len() {
        0 | 1 => vec![Target::new(arns.clone(), &ids, protection, deployment)],
        _ => {
            let one = |r: &&Resource| {
                let own = fitting(with_parts(&settled(r.arn.as_ref()?.as_str())), action, catalog);
                let asked = own.into_iter().map(|arn| if glob::covers(&arns[0], &arn) { arn } else { arns[0].clone() });
                let mut asked: Vec<SmolStr> = asked.collect();
                asked.dedup();
                Some(Target::new(asked, &[&r.id], protection, deployment))
            };
            let others = Target::new(arns.clone(), &[], protection, deployment);
            protecting.iter().filter_map(one).chain(resource.contains(['*', '?']).then_some(others)).collect()
        }
    };
    answer.resource = ids.first().map(|id| (*id).clone()).filter(|_| ids.len() == 1);
    answer.arns = arns;
    for target in &targets {
        answer
            .notices
            .extend(target.unknown.iter().map(|u| format!("not known, and taken to grant and deny nothing: {u}")));
    }
    answer.notices.extend(guards.unknown.iter().map(|u| format!("not taken into account: {u}")));
    answer.notices.extend(holders.notices.iter().cloned());
    Search { estate, protection, roles: FxHashMap::default(), undecided: Vec::new(), left_out: 0 }.run(
        action,
        &targets,
        &mut answer,
    );
    Ok(answer)
}

struct Search<'e, 'a> {
    estate: &'e Estate<'a>,
    protection: &'e Protection,
    /// The trust policies of roles as targets, once they are asked for.
    roles: FxHashMap<usize, Option<Target>>,
    undecided: Vec<&'static str>,
    left_out: usize,
}

/// Somebody who gets there under some conditions.
struct Reached {
    position: usize,
    /// The next role's place in the list; none for the target itself.
    next: Option<usize>,
    allowed: Allowed,
    /// The conditions of this step and all that follow.
    when: Option<When>,
}

/// Everybody who gets there, with the shortest path under each combination of undecided conditions.
#[derive(Default)]
struct Found {
    all: Vec<Reached>,
    by_position: FxHashMap<usize, Vec<usize>>,
}

impl Found {
    /// Adds a way, unless one that is known needs no more than it does; its place.
    fn add(&mut self, reached: Reached) -> Option<usize> {
        let of = self.by_position.entry(reached.position).or_default();
        if of.iter().filter_map(|i| self.all.get(*i)).any(|known| within(&reached.when, &known.when)) {
            return None;
        }
        of.push(self.all.len());
        self.all.push(reached);
        Some(self.all.len() - 1)
    }

    /// True if nothing can be added: there is a way whenever the holder is there at all.
    fn is_complete(&self, position: usize, holder: &Holder<'_>) -> bool {
        let of = self.by_position.get(&position).into_iter().flatten();
        of.filter_map(|i| self.all.get(*i)).any(|known| within(&holder.when, &known.when))
    }
}

/// True if the second holds wherever the first does.
fn within(narrow: &Option<When>, wide: &Option<When>) -> bool {
    let holds = |wide: &When| wide.0.iter().all(|(n, v)| narrow.as_ref().is_some_and(|w| w.0.get(n) == Some(v)));
    wide.as_ref().is_none_or(holds)
}

impl Search<'_, '_> {
    fn run(mut self, action: &str, targets: &[Target], answer: &mut WhoCan) {
        let holders = &self.estate.holders.all;
        let acting: Vec<usize> =
            (0..holders.len()).filter(|i| holders.get(*i).is_some_and(|h| h.kind != HolderKind::Group)).collect();
        let ask = |position: &usize| {
            let holder = holders.get(*position)?;
            let mut all = Ways::default();
            for target in targets {
                let Ways { allowed, undecided } = self.estate.ways(holder, action, target, &[]);
                all.allowed.extend(allowed);
                all.undecided = all.undecided.or(undecided);
            }
            Some((*position, all))
        };
        let direct: Vec<(usize, Ways)> = acting.par_iter().filter_map(ask).collect();
        let mut found = Found::default();
        for (position, ways) in direct {
            for allowed in ways.allowed {
                let when = allowed.when.clone();
                found.add(Reached { position, next: None, allowed, when });
            }
            self.undecided.extend(ways.undecided);
        }
        let mut strangers: Vec<(Stranger, Reached)> = Vec::new();
        let mut add = |stranger: Stranger, reached: Reached| {
            let known = |(other, known): &(Stranger, Reached)| *other == stranger && within(&reached.when, &known.when);
            if !strangers.iter().any(known) {
                strangers.push((stranger, reached));
            }
        };
        for target in targets {
            for (stranger, allowed) in self.estate.strangers(action, target, &mut self.undecided) {
                let when = allowed.when.clone();
                add(stranger, Reached { position: usize::MAX, next: None, allowed, when });
            }
        }
        let incomplete = |found: &Found, i: &usize| holders.get(*i).is_some_and(|h| !found.is_complete(*i, h));
        let mut near = RolePatterns::new(self.estate.holders);
        let trying = Trying::new(&mut near, &acting, ASSUME);
        answer.notices.extend(near.notice());
        let mut waiting: Vec<usize> = acting.into_iter().filter(|i| incomplete(&found, i)).collect();
        let mut queue: VecDeque<usize> = (0..found.all.len()).collect();
        let mut questions = 0;
        while let Some(place) = queue.pop_front() {
            let Some((role, when)) = found.all.get(place).map(|r| (r.position, r.when.clone())) else { continue };
            if !holders.get(role).is_some_and(|h| h.kind == HolderKind::Role && h.is_real) {
                continue;
            }
            let Some(target) = self.trust(role) else { continue };
            let left = QUESTIONS.saturating_sub(questions);
            let candidates: Vec<usize> = match left {
                // Nobody has to be looked at any more.
                0 => waiting.clone(),
                _ => {
                    let near = self.near(target, &waiting, trying.of(role));
                    near.into_iter().filter(|i| incomplete(&found, i) && self.may_assume(*i, role, &when)).collect()
                }
            };
            self.left_out += candidates.len().saturating_sub(left);
            questions += candidates.len();
            let target = self.roles.get(&target).and_then(Option::as_ref);
            let Some(target) = target else { continue };
            let ask =
                |position: &usize| Some((*position, self.estate.ways(holders.get(*position)?, ASSUME, target, &[])));
            let answers: Vec<_> = candidates.par_iter().take(left).filter_map(ask).collect();
            let together = |own: &Option<When>| match (own, &when) {
                (Some(a), Some(b)) if !agree(a, b) => None,
                (own, when) => Some(both(own, when)),
            };
            for (position, ways) in answers {
                self.undecided.extend(ways.undecided);
                for allowed in ways.allowed {
                    let Some(when) = together(&allowed.when) else { continue };
                    queue.extend(found.add(Reached { position, next: Some(place), allowed, when }));
                }
            }
            waiting.retain(|i| incomplete(&found, i));
            for assumption in ASSUMPTIONS {
                for (stranger, allowed) in self.estate.strangers(assumption, target, &mut self.undecided) {
                    // Services act by roles; which of them uses this one, the resources say, and it is not another path.
                    let Some(when) = together(&allowed.when) else { continue };
                    add(stranger, Reached { position: usize::MAX, next: Some(place), allowed, when });
                }
            }
        }
        let path = |first: &Reached| {
            let mut path = Vec::new();
            let (mut step, mut acting) = (Some(first), None);
            while let Some(reached) = step {
                let next = reached.next.and_then(|next| found.all.get(next));
                let assumes = next.and_then(|n| holders.get(n.position)).map(|h| h.id.clone());
                path.push(PathStep { acting, assumes: assumes.clone(), allowed: reached.allowed.clone() });
                (step, acting) = (next, assumes);
            }
            path
        };
        for reached in &found.all {
            let Some(holder) = holders.get(reached.position) else { continue };
            let when = both(&holder.when, &reached.when);
            let who =
                Who::Principal { id: holder.id.clone(), arn: holder.arn.as_smol().clone(), is_real: holder.is_real };
            // A user and a role that both stand for whoever bears a policy are one line.
            let known =
                answer.able.iter().any(|a| a.who_id() == Some(&holder.id) && (!holder.is_real || a.when == when));
            if !known {
                answer.able.push(Able { who, path: path(reached), when, uncertain: holder.unknown.clone() });
            }
        }
        for (stranger, reached) in &strangers {
            answer.able.push(Able {
                who: Who::Stranger(stranger.clone()),
                path: path(reached),
                when: reached.when.clone(),
                uncertain: Vec::new(),
            });
        }
        answer.able.sort_by_key(|a| a.path.len());
        if let Some(first) = self.undecided.first() {
            let count = self.undecided.len();
            answer.notices.push(format!("{count} questions could not be decided, the first one since {first}"));
        }
        if self.left_out > 0 {
            answer.notices.push(format!(
                "up to {} questions about who may assume which role were left out: at most {QUESTIONS} are asked",
                self.left_out
            ));
        }
    }

    /// The role as a target; gives its position back if it has a trust policy.
    fn trust(&mut self, role: usize) -> Option<usize> {
        let holder = self.estate.holders.all.get(role)?;
        let (deployment, protection) = (self.estate.deployment, self.protection);
        let target = self.roles.entry(role).or_insert_with(|| {
            let target = Target::new(vec![holder.arn.as_smol().clone()], &[&holder.id], protection, deployment);
            (!target.sides.is_empty()).then_some(target)
        });
        target.as_ref().map(|_| role)
    }

    /// Those among whom somebody may be who can assume a role: everybody, where the trust policy names everybody; else those
    /// whom it names, and those whose own policies name it.
    fn near(&self, role: usize, waiting: &[usize], trying: impl Iterator<Item = usize>) -> Vec<usize> {
        let Some(Some(trust)) = self.roles.get(&role) else { return Vec::new() };
        let statements = trust.sides.iter().flat_map(|s| &s.document.statements);
        let mut near: BTreeSet<usize> = BTreeSet::new();
        for statement in statements.filter(|s| s.is_allow() && concerns(s, ASSUME)) {
            match statement.principal.as_ref().map(|p| &p.kind) {
                Some(PrincipalKind::Map(lists)) => {
                    for text in lists.iter().filter(|l| l.element == "AWS").flat_map(|l| &l.items).map(|i| &i.text) {
                        if glob::has_wildcard(text.as_str()) {
                            return waiting.to_vec();
                        }
                        near.extend(self.estate.named(text.as_str()));
                    }
                }
                _ => return waiting.to_vec(),
            }
        }
        near.extend(trying);
        near.into_iter().collect()
    }

    /// Whether it is worth asking: somebody who is named, or whose policies speak of assuming a role like this.
    fn may_assume(&self, position: usize, role: usize, when: &Option<When>) -> bool {
        let holders = &self.estate.holders.all;
        let (Some(holder), Some(target)) = (holders.get(position), holders.get(role)) else { return false };
        let compatible = match (&holder.when, when) {
            (Some(a), Some(b)) => agree(a, b),
            _ => true,
        };
        if !compatible || position == role || holder.id == target.id {
            return false;
        }
        let Some(Some(trust)) = self.roles.get(&role) else { return false };
        let Some(caller) = caller(holder) else { return false };
        let ways = trust.sides.iter().flat_map(|side| {
            let statements = side.document.statements.iter().filter(|s| s.is_allow() && concerns(s, ASSUME));
            let callers = sessions(&caller, Some(&side.document));
            statements.flat_map(move |s| callers.iter().filter_map(|c| naming(s, c)).max())
        });
        let Some(best) = ways.max() else { return false };
        if best > Naming::Delegated {
            return true;
        }
        let own = holder.policies.iter().flat_map(|p| &p.compiled.document().statements);
        own.into_iter().any(|s| {
            let may_be = s.resource.as_ref().is_none_or(|list| {
                list.items
                    .iter()
                    .any(|i| i.text.as_str().contains('$') || glob::may_meet(i.text.as_str(), target.arn.as_str()))
            });
            s.is_allow() && concerns(s, ASSUME) && may_be
        })
    }
}

impl Able {
    fn who_id(&self) -> Option<&ResourceRef> {
        match &self.who {
            Who::Principal { id, .. } => Some(id),
            Who::Stranger(_) => None,
        }
    }
}
