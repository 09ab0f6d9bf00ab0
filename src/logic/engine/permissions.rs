//! What a principal may do, all its policies taken together, and what of that is new.

use std::sync::Arc;

use smallvec::SmallVec;
use smol_str::SmolStr;

use super::compile::{CompiledPolicy, Dimension, Literal, Region, Test, Ties, action_patterns};
use super::language::{Found, Language};
use super::others::Others;
use super::question::{About, Question, allows, regions};
use crate::logic::evaluate::{Verdict, verdict};
use crate::logic::request::Request;

/// Identity-based policies that apply together, and the boundary that limits them.
#[derive(Clone, Debug, Default)]
pub struct Permissions<'a> {
    /// The policies of the principal and its groups.
    pub policies: Vec<&'a CompiledPolicy>,
    /// The permissions boundary: only what it allows, too, is allowed.
    pub boundary: Option<&'a CompiledPolicy>,
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

impl Permissions<'_> {
    /// True if the policies together allow the request.
    pub fn allow(&self, request: &Request) -> bool {
        let denied =
            |p: &&CompiledPolicy| matches!(verdict(p.document(), p.kind, request), Verdict::ExplicitDeny { .. });
        !self.policies.iter().chain(&self.boundary).any(denied)
            && self.policies.iter().any(|p| allows(p, request))
            && self.boundary.is_none_or(|p| allows(p, request))
    }

    fn denies(&self) -> impl Iterator<Item = &Region> {
        self.policies.iter().chain(&self.boundary).flat_map(|p| regions(p, false))
    }
}

/// What `new` allows that `existing` does not, by statement and action.
pub fn added(new: &Permissions<'_>, existing: &Permissions<'_>, ties: Ties) -> Vec<Added> {
    let denied = Others::new(new.denies());
    let existing_denies: Vec<&Region> = existing.denies().collect();
    // A request is not allowed where no policy allows it, or the boundary does not.
    let allowed = existing.policies.iter().flat_map(|p| regions(p, true));
    let mut not_in = vec![Others::new(allowed.chain(new.denies()))];
    not_in.extend(existing.boundary.map(|b| Others::new(regions(b, true).chain(new.denies()))));
    let limits: Vec<Region> = match new.boundary {
        Some(boundary) => regions(boundary, true).cloned().collect(),
        None => vec![Region::new()],
    };
    let all: Vec<&CompiledPolicy> =
        [new, existing].into_iter().flat_map(|p| p.policies.iter().chain(&p.boundary)).copied().collect();
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
                Some(list) => list.items.iter().map(|i| Some(i.text.as_smol().clone())).collect(),
                None => vec![None],
            };
            for action in actions {
                let narrow = action.as_ref().map(|action| {
                    let language = Language::new(action_patterns(action).into_iter().map(Arc::new));
                    Literal::new(Dimension::Action, Test::In(language), true)
                });
                let mut answer = Found::Nothing;
                'regions: for region in &compiled.regions {
                    for limit in &limits {
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
                found.push(Added { policy: number, statement: compiled.index, action, witness });
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
