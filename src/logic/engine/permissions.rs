//! What a principal may do, all its policies taken together, and what of that is new.

use std::sync::Arc;

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::compile::{CompiledPolicy, Dimension, Literal, Region, Test, Ties, action_patterns};
use super::language::{Found, Language};
use super::others::Others;
use super::question::{About, Question, allows, denies, regions};
use crate::logic::request::Request;
use crate::policy::Statement;

/// Identity-based policies that apply together, and the boundary that limits them.
#[derive(Clone, Debug, Default)]
pub struct Permissions<'a> {
    /// The policies of the principal and its groups.
    pub policies: Vec<&'a CompiledPolicy>,
    /// The permissions boundary: only what it allows, too, is allowed.
    pub boundary: Option<&'a CompiledPolicy>,
    /// Further limits, such as each level of SCPs: of every list, some policy has to allow.
    pub limits: Vec<Vec<&'a CompiledPolicy>>,
    /// Policies that grant nothing here, but whose Denies count.
    pub denying: Vec<&'a CompiledPolicy>,
}

/// Access that one action pattern of one statement adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Position in [`Permissions::policies`].
    pub policy: usize,
    /// Position of the statement in the policy.
    pub statement: usize,
    /// The action or pattern as the statement writes it; `None` for a statement with `NotAction`.
    pub action: Option<SmolStr>,
    /// A request that is allowed now; without one it could not be decided whether there is any.
    pub witness: Result<Request, &'static str>,
}

impl<'a> Permissions<'a> {
    /// True if the policies together allow the request.
    pub fn allow(&self, request: &Request) -> bool {
        !self.all().any(|p| denies(p, request))
            && self.policies.iter().any(|p| allows(p, request))
            && self.limiting().all(|limit| limit.iter().any(|p| allows(p, request)))
    }

    /// Every policy that has a say.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a CompiledPolicy> + '_ {
        self.policies.iter().chain(&self.boundary).chain(self.limits.iter().flatten()).chain(&self.denying).copied()
    }

    /// The boundary and the further limits.
    pub(super) fn limiting(&self) -> impl Iterator<Item = &[&'a CompiledPolicy]> + '_ {
        self.boundary.iter().map(std::slice::from_ref).chain(self.limits.iter().map(Vec::as_slice))
    }

    pub(super) fn denies(&self) -> impl Iterator<Item = &'a Region> + '_ {
        self.all().flat_map(|p| regions(p, false))
    }

    /// The ways to be within every limit, each a conjunction; `None` if there are too many to go through. `concerns`
    /// picks the statements that matter.
    pub(super) fn within_limits(&self, concerns: &dyn Fn(&Statement) -> bool) -> Option<Vec<Region>> {
        let mut ways = vec![Region::new()];
        for limit in self.limiting() {
            let allowing = limit.iter().flat_map(|p| p.document().statements.iter().zip(&p.statements));
            let allowing = allowing.filter(|(statement, compiled)| compiled.allows && concerns(statement));
            let allowing: Vec<&Region> = allowing.flat_map(|(_, compiled)| &compiled.regions).collect();
            if ways.len().saturating_mul(allowing.len()) > WAYS {
                return None;
            }
            ways = ways
                .iter()
                .flat_map(|way| allowing.iter().map(move |region| way.iter().chain(*region).cloned().collect()))
                .collect();
        }
        Some(ways)
    }
}

/// Combinations of limits that a question goes through.
const WAYS: usize = 4096;
/// Said where there are more.
pub(super) const TOO_MANY_LIMITS: &str = "the limits on the principal are too many to combine";

/// What `new` allows that `existing` does not, by statement and action.
pub fn added(new: &Permissions<'_>, existing: &Permissions<'_>, ties: Ties) -> Vec<Added> {
    difference(new, existing, ties, true, &|_| false)
}

/// Something that `new` allows and `existing` does not; `None` if there is nothing.
pub fn exceeds(new: &Permissions<'_>, existing: &Permissions<'_>, ties: Ties) -> Option<Result<Request, &'static str>> {
    let mut found = difference(new, existing, ties, false, &|added| added.witness.is_ok());
    let sure = found.iter().position(|added| added.witness.is_ok());
    let first = sure.or(if found.is_empty() { None } else { Some(0) })?;
    Some(found.swap_remove(first).witness)
}

/// The difference, action by action or by whole statements, until something is enough.
fn difference(
    new: &Permissions<'_>,
    existing: &Permissions<'_>,
    ties: Ties,
    by_action: bool,
    enough: &dyn Fn(&Added) -> bool,
) -> Vec<Added> {
    let denied = Others::new(new.denies());
    let existing_denies: Vec<&Region> = existing.denies().collect();
    // A request is not allowed where no policy allows it, or some limit does not.
    let allowed = existing.policies.iter().flat_map(|p| regions(p, true));
    let mut not_in = vec![Others::new(allowed.chain(new.denies()))];
    for limit in existing.limiting() {
        not_in.push(Others::new(limit.iter().flat_map(|p| regions(p, true)).chain(new.denies())));
    }
    let limits = new.within_limits(&|_| true);
    let all: Vec<&CompiledPolicy> = new.all().chain(existing.all()).collect();
    let confirm = |request: &Request| new.allow(request) && !existing.allow(request);
    let question = Question::new(&all, &[], ties, About::Anyone, &confirm);
    let mut found = Vec::new();
    let mut parts: usize = new.policies.iter().flat_map(|p| &p.statements).filter(|s| s.allows).count();
    for (number, policy) in new.policies.iter().enumerate() {
        for (statement, compiled) in policy.document().statements.iter().zip(&policy.statements) {
            if !compiled.allows {
                continue;
            }
            question.begin_part(parts);
            parts -= 1;
            let actions: Vec<Option<SmolStr>> = match &statement.action {
                Some(list) if by_action => list.items.iter().map(|i| Some(i.text.as_smol().clone())).collect(),
                _ => vec![None],
            };
            for action in actions {
                let narrow = action.as_ref().map(|action| {
                    let language = Language::new(action_patterns(action).into_iter().map(Arc::new));
                    Literal::new(Dimension::Action, Test::In(language), true)
                });
                let mut answer = if limits.is_some() { Found::Nothing } else { Found::Unknown(TOO_MANY_LIMITS) };
                'regions: for region in &compiled.regions {
                    for limit in limits.iter().flatten() {
                        let narrowed = narrowed(region, narrow.as_ref(), limit);
                        match ask(&question, &narrowed, &not_in, &existing_denies, &denied) {
                            Found::Nothing => {}
                            Found::Some(request) => {
                                answer = Found::Some(request);
                                break 'regions;
                            }
                            Found::Unknown(why) => answer = Found::Unknown(why),
                        }
                    }
                }
                let witness = match answer {
                    Found::Nothing => continue,
                    Found::Some(request) => Ok(request),
                    Found::Unknown(why) => Err(why),
                };
                let added = Added { policy: number, statement: compiled.index, action, witness };
                let stop = enough(&added);
                found.push(added);
                if stop {
                    return found;
                }
            }
        }
    }
    found
}

/// The region with its action narrowed down, within one region of the boundary.
fn narrowed(region: &Region, action: Option<&Literal>, limit: &Region) -> Region {
    let listed = region.iter().position(|l| l.dimension() == Dimension::Action && l.holds);
    let mut narrowed: Region = action.into_iter().cloned().collect();
    let kept = region.iter().enumerate().filter(|(i, _)| action.is_none() || Some(*i) != listed);
    narrowed.extend(kept.map(|(_, l)| l.clone()));
    narrowed.extend(limit.iter().cloned());
    narrowed
}

fn ask(
    question: &Question<'_>,
    region: &Region,
    not_in: &[Others<'_>],
    existing_denies: &[&Region],
    denied: &Others<'_>,
) -> Found<Request> {
    let mut unknown = None;
    let mut search = question.within(region);
    for regions in not_in {
        match search.escape(&[], regions) {
            Found::Nothing => {}
            Found::Some(request) => return Found::Some(request),
            Found::Unknown(why) => unknown = Some(why),
        }
    }
    for deny in existing_denies {
        let also: SmallVec<[&Literal; 4]> = deny.iter().collect();
        match search.escape(&also, denied) {
            Found::Nothing => {}
            Found::Some(request) => return Found::Some(request),
            Found::Unknown(why) => unknown = Some(why),
        }
    }
    unknown.map_or(Found::Nothing, Found::Unknown)
}
