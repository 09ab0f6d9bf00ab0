//! The questions that people ask of policies, in terms of regions.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::compile::{
    CompiledPolicy, CompiledStatement, Dimension, Literal, Region, Test, Ties, action_patterns, resource_patterns,
};
use super::language::{Found, Language, Relation};
use super::others::{Near, Others, relation};
use super::pattern::Pattern;
use super::search::{Callers, Frame, Search, Sketch};
use super::witness::{Preferences, request};
use crate::logic::evaluate::{PolicyKind, Verdict, verdict};
use crate::logic::request::Request;

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The statements because of which the answer is no, in order; empty when the answer is yes.
    pub reasons: Vec<Reason>,
    /// Statements for which the question could not be decided, with what stood in the way.
    pub undecided: Vec<(usize, &'static str)>,
}

impl Answer {
    /// True if the claim is proven.
    pub fn holds(&self) -> bool {
        self.reasons.is_empty() && self.undecided.is_empty()
    }

    /// True if the claim is refuted.
    pub fn fails(&self) -> bool {
        !self.reasons.is_empty()
    }
}

/// A statement that breaks a claim, and a request that shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Position of the statement in the policy, from 0.
    pub statement: usize,
    /// Its `Sid`, if it has one that is not empty.
    pub sid: Option<SmolStr>,
    /// The request; the evaluator has confirmed it.
    pub witness: Request,
}

/// Actions and resources that are not to be granted. An empty list stands for any.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Access {
    /// Action patterns.
    pub actions: Vec<SmolStr>,
    /// ARNs or ARN patterns.
    pub resources: Vec<SmolStr>,
}

/// Is every request that `new` allows allowed by `existing`, too?
pub fn no_new_access(new: &CompiledPolicy, existing: &CompiledPolicy, ties: Ties) -> Answer {
    let new_denies: Vec<&Region> = regions(new, false).collect();
    let allowed = Others::new(regions(existing, true).chain(new_denies.iter().copied()));
    let new_denies = Others::new(new_denies);
    let denied: Vec<&Region> = regions(existing, false).collect();
    let confirm = |request: &Request| allows(new, request) && !allows(existing, request);
    let question = Question::new(&[new, existing], &[], ties, About::Anyone, &confirm);
    question.answer(new, |search| {
        // Not allowed at all …
        match search.escape(&[], &allowed) {
            Found::Nothing => {}
            found => return found,
        }
        // … or forbidden.
        let mut unknown = None;
        for deny in &denied {
            let also: SmallVec<[&Literal; 4]> = deny.iter().collect();
            match search.escape(&also, &new_denies) {
                Found::Nothing => {}
                Found::Some(request) => return Found::Some(request),
                Found::Unknown(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Found::Nothing, Found::Unknown)
    })
}

/// Does the policy allow none of the listed actions on the listed resources?
pub fn access_not_granted(policy: &CompiledPolicy, access: &Access, ties: Ties) -> Answer {
    let denies = Others::new(regions(policy, false));
    let demanded = demanded(access);
    let confirm = |request: &Request| allows(policy, request);
    let question = Question::new(&[policy], &demanded, ties, About::Anyone, &confirm);
    question.answer(policy, |search| {
        let also: SmallVec<[&Literal; 4]> = demanded.iter().collect();
        search.escape(&also, &denies)
    })
}

/// What the listed actions and resources ask of a request.
pub(super) fn demanded(access: &Access) -> Vec<Literal> {
    let mut demanded: Vec<Literal> = Vec::new();
    let language = |patterns: Vec<Pattern>| Test::In(Language::new(patterns.into_iter().map(Arc::new)));
    if !access.actions.is_empty() {
        let patterns = access.actions.iter().flat_map(|a| action_patterns(a)).collect();
        demanded.push(Literal::new(Dimension::Action, language(patterns), true));
    }
    if !access.resources.is_empty() {
        let patterns = access.resources.iter().flat_map(|r| resource_patterns(r)).collect();
        demanded.push(Literal::new(Dimension::Resource, language(patterns), true));
    }
    demanded
}

pub(super) fn allows(policy: &CompiledPolicy, request: &Request) -> bool {
    matches!(verdict(&policy.document, policy.kind, request), Verdict::Allow { .. })
}

pub(super) fn denies(policy: &CompiledPolicy, request: &Request) -> bool {
    matches!(verdict(&policy.document, policy.kind, request), Verdict::ExplicitDeny { .. })
}

pub(super) fn regions(policy: &CompiledPolicy, allows: bool) -> impl Iterator<Item = &Region> {
    policy.statements.iter().filter(move |s| s.allows == allows).flat_map(|s| &s.regions)
}

/// Whose requests a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    /// Anybody's.
    Anyone,
    /// Those of people whom nobody has named; services act for them, too.
    Strangers,
}

pub(super) struct Question<'a> {
    frame: Frame,
    confirm: &'a dyn Fn(&Request) -> bool,
}

/// One region of the statement in question, and the means to search it.
pub(super) struct RegionSearch<'s, 'a> {
    search: Search<'s>,
    region: &'a Region,
    question: &'a Question<'a>,
}

impl<'a> Question<'a> {
    /// A question about policies of one kind. `extra`: what else the requests sought have to fulfil. `confirm` has to
    /// find every request that is shown.
    pub(super) fn new(
        policies: &[&CompiledPolicy],
        extra: &[Literal],
        ties: Ties,
        about: About,
        confirm: &'a dyn Fn(&Request) -> bool,
    ) -> Question<'a> {
        let kind = policies.first().map_or(PolicyKind::Identity, |p| p.kind);
        let callers = match kind {
            PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => Callers::Identities,
            _ => Callers::Everyone,
        };
        let (preferences, services_act) = match about {
            About::Anyone => (Preferences::usual(), false),
            About::Strangers => (Preferences::strangers(), true),
        };
        let all = policies.iter().flat_map(|p| literals(&p.statements)).chain(extra);
        let frame = Frame::new(callers, ties == Ties::Tied, services_act, preferences, all);
        Question { frame, confirm }
    }

    /// Asks for each Allow statement of the policy.
    pub(super) fn answer(
        &self,
        policy: &CompiledPolicy,
        ask: impl Fn(&mut RegionSearch<'_, '_>) -> Found<Request>,
    ) -> Answer {
        let mut answer = Answer { reasons: Vec::new(), undecided: Vec::new() };
        let statements: Vec<&CompiledStatement> = policy.statements.iter().filter(|s| s.allows).collect();
        for (number, statement) in statements.iter().enumerate() {
            self.begin_part(statements.len() - number);
            let mut unknown = None;
            let mut found = None;
            for region in &statement.regions {
                match ask(&mut self.within(region)) {
                    Found::Some(request) => {
                        found = Some(request);
                        break;
                    }
                    Found::Nothing => {}
                    Found::Unknown(why) => unknown = Some(why),
                }
            }
            match (found, unknown) {
                (Some(witness), _) => {
                    answer.reasons.push(Reason { statement: statement.index, sid: statement.sid.clone(), witness });
                }
                (None, Some(why)) => answer.undecided.push((statement.index, why)),
                (None, None) => {}
            }
        }
        answer
    }

    /// Begins the next of `left` parts of the question.
    pub(super) fn begin_part(&self, left: usize) {
        self.frame.budget.begin_part(left);
    }

    /// The means to search a region.
    pub(super) fn within<'s>(&'s self, region: &'s Region) -> RegionSearch<'s, 's> {
        RegionSearch { search: Search::new(&self.frame), region, question: self }
    }
}

fn literals(statements: &[CompiledStatement]) -> impl Iterator<Item = &Literal> {
    statements.iter().flat_map(|s| &s.regions).flatten()
}

impl RegionSearch<'_, '_> {
    /// Finds a request of the statement's region and of `also`, but of none of `others`.
    pub(super) fn escape(&mut self, also: &[&Literal], others: &Others<'_>) -> Found<Request> {
        let own = |l: &Literal| {
            let mut known = self.region.iter().chain(also.iter().copied());
            known.any(|o| o.holds == l.holds && o.same_constraint(l))
        };
        // Most statements stand in both policies word by word, or with other actions.
        let same_but_action: Vec<bool> = others
            .regions
            .iter()
            .map(|region| region.iter().all(|l| l.dimension() == Dimension::Action || own(l)))
            .collect();
        let mut same = others.regions.iter().zip(&same_but_action).filter(|(_, same)| **same);
        if same.any(|(region, _)| region.iter().filter(|l| l.dimension() == Dimension::Action).all(own)) {
            return Found::Nothing;
        }
        let listed = self.region.iter().find_map(|l| match &l.constraint.test {
            Test::In(language) if l.dimension() == Dimension::Action && l.holds => Some((l, language)),
            _ => None,
        });
        let Some((listed, language)) = listed else { return self.escape_at(None, also, &others.regions) };
        let further: SmallVec<[&Literal; 4]> = self.region.iter().chain(also.iter().copied()).collect();
        let further = further.iter().filter(|l| l.dimension() == Dimension::Action && !std::ptr::eq(**l, listed));
        let further: SmallVec<[&Literal; 4]> = further.copied().collect();
        // Actions that lie alike to every other region are one case; most statements list actions one by one, and most
        // other regions have nothing to say of most of them.
        let mut seen: FxHashSet<(SmallVec<[Relation; 4]>, Near)> = FxHashSet::default();
        let mut unknown = None;
        let budget = &self.question.frame.budget;
        for pattern in language.patterns() {
            let lies: SmallVec<[Relation; 4]> = further.iter().map(|l| relation(l, pattern, budget)).collect();
            if lies.contains(&Relation::Apart) {
                continue;
            }
            let near = others.near(pattern, budget);
            if near.iter().any(|(number, lies)| *lies == Relation::Covers && same_but_action[*number]) {
                continue;
            }
            let regions: Vec<&Region> = near.iter().map(|(number, _)| others.regions[*number]).collect();
            let partly = lies.contains(&Relation::Partly) || near.iter().any(|(_, lies)| *lies == Relation::Partly);
            if !partly && !seen.insert((lies, near)) {
                continue;
            }
            match self.escape_at(Some((listed, pattern)), also, &regions) {
                Found::Nothing => {}
                Found::Some(request) => return Found::Some(request),
                Found::Unknown(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Found::Nothing, Found::Unknown)
    }

    fn escape_at(
        &mut self,
        action: Option<(&Literal, &Arc<Pattern>)>,
        also: &[&Literal],
        others: &[&Region],
    ) -> Found<Request> {
        let narrowed = action
            .map(|(_, pattern)| Literal::new(Dimension::Action, Test::In(Language::new([Arc::clone(pattern)])), true));
        let mut region: SmallVec<[&Literal; 12]> = SmallVec::new();
        for literal in self.region.iter().chain(also.iter().copied()) {
            if action.is_some_and(|(listed, _)| std::ptr::eq(listed, literal)) {
                region.extend(narrowed.as_ref());
            } else {
                region.push(literal);
            }
        }
        let mut confirmed = None;
        let (confirm, preferences) = (self.question.confirm, self.question.frame.preferences());
        let found = self.search.escape(&region, others, &mut |sketch: Sketch| {
            confirmed = request(sketch, preferences).filter(|r| confirm(r));
            confirmed.is_some()
        });
        match (found, confirmed) {
            (_, Some(request)) => Found::Some(request),
            (Found::Unknown(why), None) => Found::Unknown(why),
            (_, None) => Found::Nothing,
        }
    }
}
