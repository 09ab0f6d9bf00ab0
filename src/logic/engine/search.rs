//! The question that all others come down to: is there a request in one region that lies in none of some others?
//!
//! A request escapes a region by failing one of its constraints. The search keeps a request in hand, a value for each
//! dimension, and looks only at the regions that this request lies in: one of their constraints has to fail, which makes
//! another request. A region none of whose constraints can fail ends the branch. What has been assigned is a list of
//! constraints for each dimension; whether values satisfy them is decided exactly by `language` and `key_values`.

use std::cell::RefCell;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::budget::{Budget, TOO_MANY_STEPS};
use super::caller;
use super::compile::{Dimension, Literal, Region, Test, all_resources, every_action};
use super::key::{KeyId, Presence};
use super::key_values::{find_values, holds};
use super::language::{Fits, Found, Language, find};
use super::pattern::Pattern;
use super::witness::Preferences;

/// Which callers a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Users, roles and federated users: those that identity-based policies speak of.
    Identities,
    /// Everyone.
    Everyone,
}

/// A request as far as the constraints tell; what they leave open is `None`.
#[derive(Clone, Debug, Default)]
pub(super) struct Sketch {
    pub caller: Option<SmolStr>,
    pub action: Option<SmolStr>,
    pub resource: Option<SmolStr>,
    pub keys: Vec<(KeyId, Vec<SmolStr>)>,
}

/// Answers about conjunctions that are remembered for one question.
const REMEMBERED: usize = 200_000;

/// A conjunction of constraints on one dimension, by their identities, in order.
type ConjunctionId = SmallVec<[u64; 6]>;

/// What all searches of a question have in common.
#[derive(Debug)]
pub(super) struct Frame {
    callers: Callers,
    tied: bool,
    /// Services act for strangers: keys that only services carry are found with every caller.
    services_act: bool,
    preferences: Preferences,
    /// Keys to read as those whose requests may carry several values.
    multivalued: FxHashSet<KeyId>,
    /// Keys that the question asks for and that every request carries.
    always: Vec<KeyId>,
    /// What the searches of the question may cost.
    pub(super) budget: Budget,
    /// Values for which constraints of one dimension hold together.
    known: RefCell<FxHashMap<(Dimension, ConjunctionId), Found<Model>>>,
    /// Callers with an account, and services.
    with_account: Literal,
    services: Literal,
}

impl Frame {
    /// `literals`: every constraint that the question is made of, to find out what keys it asks for.
    pub(super) fn new<'l>(
        callers: Callers,
        tied: bool,
        services_act: bool,
        preferences: Preferences,
        literals: impl Iterator<Item = &'l Literal>,
    ) -> Frame {
        let mut frame = Frame {
            callers,
            tied,
            services_act,
            preferences,
            multivalued: FxHashSet::default(),
            always: Vec::new(),
            budget: Budget::default(),
            known: RefCell::default(),
            with_account: Literal::new(Dimension::Caller, Test::In(caller::with_account()), true),
            services: Literal::new(Dimension::Caller, Test::In(caller::of_kinds(&[caller::Kind::Service])), true),
        };
        for literal in literals {
            let Dimension::Key(key) = literal.dimension() else { continue };
            let by_use = matches!(literal.constraint.test, Test::All { .. } | Test::Any { .. });
            let info = key.info();
            if info.multivalued.unwrap_or(by_use) {
                frame.multivalued.insert(key);
            }
            if tied && info.always_present && !frame.always.contains(&key) {
                frame.always.push(key);
            }
        }
        frame
    }

    pub(super) fn preferences(&self) -> &Preferences {
        &self.preferences
    }
}

pub(super) struct Search<'a> {
    frame: &'a Frame,
    unknown: Option<&'static str>,
}

/// A value of a dimension: one text, or the values of a key.
type Model = SmallVec<[SmolStr; 1]>;

/// What has been assigned in one dimension.
type Conjunction<'r> = SmallVec<[&'r Literal; 6]>;

/// What has been assigned, by dimension, each with a value that satisfies it, if one was found.
#[derive(Clone, Default)]
struct Assigned<'r>(SmallVec<[(Dimension, Conjunction<'r>, Option<Model>); 6]>);

impl<'r> Assigned<'r> {
    fn of(&self, dimension: Dimension) -> &[&'r Literal] {
        self.0.iter().find(|(d, ..)| *d == dimension).map_or(&[], |(_, l, _)| l)
    }

    fn add(&mut self, literal: &'r Literal) {
        match self.0.iter_mut().find(|(d, ..)| *d == literal.dimension()) {
            Some((_, literals, _)) => literals.push(literal),
            None => self.0.push((literal.dimension(), SmallVec::from_slice(&[literal]), None)),
        }
    }
}

/// A region to escape, with each of its constraints and the contrary.
struct Other<'r> {
    literals: SmallVec<[(&'r Literal, Literal); 4]>,
}

impl<'a> Search<'a> {
    pub(super) fn new(frame: &'a Frame) -> Search<'a> {
        Search { frame, unknown: None }
    }

    /// Finds a request of `region` outside all of `others` that `accept` takes; those that it refuses make the answer
    /// unknown unless another is found.
    pub(super) fn escape(
        &mut self,
        region: &[&Literal],
        others: &[&Region],
        accept: &mut dyn FnMut(Sketch) -> bool,
    ) -> Found<()> {
        let owned: Vec<Other<'_>> =
            others.iter().map(|r| Other { literals: r.iter().map(|l| (l, l.negated())).collect() }).collect();
        let mut assigned = Assigned::default();
        for literal in region {
            assigned.add(literal);
        }
        self.unknown = None;
        let mut dimensions: SmallVec<[Dimension; 6]> = assigned.0.iter().map(|(d, ..)| *d).collect();
        // Keys tell what callers there can be.
        dimensions.sort_unstable_by_key(|d| *d == Dimension::Caller);
        for dimension in dimensions {
            if !self.settle(&mut assigned, dimension) {
                return Found::Nothing;
            }
        }
        if self.branch(assigned, &owned, accept) {
            return Found::Some(());
        }
        self.unknown.map_or(Found::Nothing, Found::Unknown)
    }

    /// True once a request has been accepted.
    fn branch<'r>(
        &mut self,
        mut assigned: Assigned<'r>,
        others: &'r [Other<'_>],
        accept: &mut dyn FnMut(Sketch) -> bool,
    ) -> bool
    where
        'a: 'r,
    {
        loop {
            if self.frame.budget.is_spent() {
                self.unknown = Some(TOO_MANY_STEPS);
                return false;
            }
            // Of the regions that the request in hand lies in, the one that leaves the fewest ways out.
            let mut fewest: Option<(usize, SmallVec<[usize; 4]>)> = None;
            for (index, other) in others.iter().enumerate() {
                let Some(open) = self.ways_out(&assigned, other) else { continue };
                if open.is_empty() {
                    return false;
                }
                let ways = open.len();
                if fewest.as_ref().is_none_or(|(_, o)| ways < o.len()) {
                    fewest = Some((index, open));
                }
                if ways == 1 {
                    break;
                }
            }
            let Some((index, open)) = fewest else { return self.finish(assigned, others, accept) };
            let literals = &others[index].literals;
            if let [one] = *open {
                assigned.add(&literals[one].1);
                if !self.settle(&mut assigned, literals[one].1.dimension()) {
                    return false;
                }
                continue;
            }
            for (n, i) in open.iter().enumerate() {
                let mut next = assigned.clone();
                next.add(&literals[*i].1);
                let mut possible = self.settle(&mut next, literals[*i].1.dimension());
                // Requests that fail an earlier constraint have been looked at already.
                for earlier in &open[..n] {
                    let literal = literals[*earlier].0;
                    if possible && !literal.has_variables() {
                        next.add(literal);
                        possible = self.settle(&mut next, literal.dimension());
                    }
                }
                if possible && self.branch(next, others, accept) {
                    return true;
                }
                if self.frame.budget.is_spent() {
                    self.unknown = Some(TOO_MANY_STEPS);
                    return false;
                }
            }
            return false;
        }
    }

    /// The constraints of a region that can fail, if the request in hand lies in it.
    fn ways_out(&mut self, assigned: &Assigned<'_>, other: &Other<'_>) -> Option<SmallVec<[usize; 4]>> {
        for (literal, _) in &other.literals {
            if self.satisfies(assigned, literal) == Some(false) {
                return None;
            }
        }
        let mut open = SmallVec::new();
        for (number, (literal, contrary)) in other.literals.iter().enumerate() {
            let dimension = literal.dimension();
            let own = assigned.of(dimension);
            if let Some(known) = own.iter().find(|known| known.same_constraint(literal)) {
                if known.holds == literal.holds {
                    continue;
                }
                return None;
            }
            if self.model(assigned, dimension).is_none() && self.possible(dimension, own, Some(literal)).is_nothing() {
                return None;
            }
            if !self.possible(dimension, own, Some(contrary)).is_nothing() {
                open.push(number);
            }
        }
        Some(open)
    }

    /// Whether the request in hand meets a constraint; `None` if it has no value there.
    fn satisfies(&mut self, assigned: &Assigned<'_>, literal: &Literal) -> Option<bool> {
        let model = self.model(assigned, literal.dimension())?;
        self.frame.budget.spend(literal.constraint.cost());
        Some(match &literal.constraint.test {
            Test::In(language) => model.first().is_some_and(|text| language.contains(text)) == literal.holds,
            _ => holds(literal, &model),
        })
    }

    /// The value of a dimension in the request in hand.
    fn model(&mut self, assigned: &Assigned<'_>, dimension: Dimension) -> Option<Model> {
        match assigned.0.iter().find(|(d, ..)| *d == dimension) {
            Some((_, _, model)) => model.clone(),
            None => match self.possible(dimension, &[], None) {
                Found::Some(model) => Some(model),
                Found::Nothing | Found::Unknown(_) => None,
            },
        }
    }

    /// Finds a value for what has been assigned in a dimension, and assigns what follows from that; false if nothing is
    /// possible.
    fn settle<'r>(&mut self, assigned: &mut Assigned<'r>, dimension: Dimension) -> bool
    where
        'a: 'r,
    {
        let found = self.possible(dimension, assigned.of(dimension), None);
        let model = match found {
            Found::Nothing => return false,
            Found::Some(model) => Some(model),
            Found::Unknown(_) => None,
        };
        // A key has values only if it can't be without.
        let carried = model.as_ref().is_some_and(|values| !values.is_empty());
        if let Some((.., own)) = assigned.0.iter_mut().find(|(d, ..)| *d == dimension) {
            *own = model;
        }
        let Dimension::Key(key) = dimension else { return true };
        if !self.frame.tied || !carried {
            return true;
        }
        let frame = self.frame;
        let carriers = match key.info().presence {
            Presence::WithAccount => &frame.with_account,
            Presence::Services if frame.callers == Callers::Everyone && !frame.services_act => &frame.services,
            Presence::PublicNetwork => return !self.carries(assigned, Presence::VpcEndpoint),
            Presence::VpcEndpoint => return !self.carries(assigned, Presence::PublicNetwork),
            Presence::Services | Presence::Anyone => return true,
        };
        if assigned.of(Dimension::Caller).iter().any(|l| std::ptr::eq(*l, carriers)) {
            return true;
        }
        assigned.add(carriers);
        self.settle(assigned, Dimension::Caller)
    }

    /// True if the request in hand carries a key of that kind.
    fn carries(&self, assigned: &Assigned<'_>, presence: Presence) -> bool {
        assigned.0.iter().any(|(dimension, _, model)| match dimension {
            Dimension::Key(key) => model.as_ref().is_some_and(|m| !m.is_empty()) && key.info().presence == presence,
            _ => false,
        })
    }

    fn possible(&self, dimension: Dimension, literals: &[&Literal], also: Option<&Literal>) -> Found<Model> {
        let mut id: ConjunctionId = literals.iter().copied().chain(also).map(Literal::id).collect();
        id.sort_unstable();
        id.dedup();
        self.frame.budget.spend(4);
        if let Some(known) = self.frame.known.borrow().get(&(dimension, id.clone())) {
            return known.clone();
        }
        let all: SmallVec<[&Literal; 8]> = literals.iter().copied().chain(also).collect();
        let found = match dimension {
            Dimension::Key(key) => self.values(key, &all).map(Model::from_vec),
            _ => self.text(dimension, &all, None).map(|text| SmallVec::from_buf([text])),
        };
        // Another part of the question may afford what this one can't.
        if found != Found::Unknown(TOO_MANY_STEPS) {
            let mut known = self.frame.known.borrow_mut();
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert((dimension, id), found.clone());
        }
        found
    }

    fn values(&self, key: KeyId, literals: &[&Literal]) -> Found<Vec<SmolStr>> {
        let info = key.info();
        let always = self.frame.tied && info.always_present;
        let prefer = &mut |pattern: &Pattern, fits: Fits<'_>| {
            self.frame.preferences.value(&info.name, pattern, fits);
        };
        find_values(literals, self.frame.multivalued.contains(&key), always, prefer, &self.frame.budget)
    }

    /// A caller, action or resource. Callers and resources are looked for to fit the action, once that is known.
    fn text(&self, dimension: Dimension, literals: &[&Literal], action: Option<&str>) -> Found<SmolStr> {
        let mut inside: SmallVec<[&Language; 6]> = SmallVec::new();
        let mut outside: SmallVec<[&Language; 6]> = SmallVec::new();
        for literal in literals {
            if let Test::In(language) = &literal.constraint.test {
                if literal.holds { inside.push(language) } else { outside.push(language) }
            }
        }
        match dimension {
            Dimension::Caller => inside.push(match self.frame.callers {
                Callers::Identities => caller::identities(),
                Callers::Everyone => caller::everyone(),
            }),
            // Patterns of actions and resources are within these sets from the start.
            Dimension::Action if inside.is_empty() => inside.push(every_action()),
            Dimension::Resource if inside.is_empty() => inside.push(all_resources()),
            _ => {}
        }
        let prefer = &mut |pattern: &Pattern, fits: Fits<'_>| match dimension {
            Dimension::Caller => self.frame.preferences.caller(pattern, fits),
            Dimension::Action => self.frame.preferences.action(pattern, fits),
            Dimension::Resource => self.frame.preferences.resource(action, pattern, fits),
            Dimension::Key(_) => {}
        };
        find(&inside, &outside, prefer, &self.frame.budget)
    }

    /// The request in hand has escaped every region. One that people recognise is tried first.
    fn finish<'r>(
        &mut self,
        mut assigned: Assigned<'r>,
        others: &'r [Other<'_>],
        accept: &mut dyn FnMut(Sketch) -> bool,
    ) -> bool {
        if self.sketch(&assigned).is_some_and(&mut *accept) {
            return true;
        }
        let plain = self.plain_sketch(&assigned);
        // What lets the request in hand escape is made a constraint, so that others can take its place.
        for other in others {
            let failing = other.literals.iter().find(|(l, _)| self.satisfies(&assigned, l) == Some(false));
            if let Some((_, contrary)) = failing
                && !assigned.of(contrary.dimension()).iter().any(|l| l.same_constraint(contrary))
            {
                assigned.add(contrary);
            }
        }
        if self.sketch(&assigned).is_some_and(&mut *accept) || accept(plain) {
            return true;
        }
        self.unknown.get_or_insert(NOT_CONFIRMED);
        false
    }

    /// The request in hand as it is.
    fn plain_sketch(&mut self, assigned: &Assigned<'_>) -> Sketch {
        let mut text = |dimension| self.model(assigned, dimension).and_then(|model| model.into_iter().next());
        let (caller, action, resource) = (text(Dimension::Caller), text(Dimension::Action), text(Dimension::Resource));
        let mut sketch = Sketch { caller, action, resource, keys: self.unassigned(assigned) };
        for (dimension, _, model) in &assigned.0 {
            if let (Dimension::Key(key), Some(values)) = (dimension, model) {
                sketch.keys.push((*key, values.to_vec()));
            }
        }
        sketch
    }

    /// Values of the keys that every request carries, where nothing has been assigned.
    fn unassigned(&self, assigned: &Assigned<'_>) -> Vec<(KeyId, Vec<SmolStr>)> {
        let free = self.frame.always.iter().filter(|key| assigned.of(Dimension::Key(**key)).is_empty());
        free.filter_map(|key| match self.values(*key, &[]) {
            Found::Some(values) => Some((*key, values)),
            Found::Nothing | Found::Unknown(_) => None,
        })
        .collect()
    }

    /// A request of what has been assigned, with values that fit each other.
    fn sketch(&mut self, assigned: &Assigned<'_>) -> Option<Sketch> {
        // Names that people recognise are tried one by one.
        self.frame.budget.spend(5_000);
        let mut sketch = Sketch { keys: self.unassigned(assigned), ..Sketch::default() };
        for (dimension, literals, _) in &assigned.0 {
            if let Dimension::Key(key) = dimension {
                let values = self.values(*key, literals);
                sketch.keys.push((*key, self.known_or_noted(values)?));
            }
        }
        let literals = |dimension| Some(assigned.of(dimension)).filter(|l| !l.is_empty());
        if let Some(literals) = literals(Dimension::Action) {
            let found = self.text(Dimension::Action, literals, None);
            sketch.action = Some(self.known_or_noted(found)?);
        }
        let action = sketch.action.clone();
        if let Some(literals) = literals(Dimension::Caller) {
            let found = self.text(Dimension::Caller, literals, action.as_deref());
            sketch.caller = Some(self.known_or_noted(found)?);
        }
        if let Some(literals) = literals(Dimension::Resource) {
            let found = self.text(Dimension::Resource, literals, action.as_deref());
            sketch.resource = Some(self.known_or_noted(found)?);
        }
        Some(sketch)
    }

    fn known_or_noted<T>(&mut self, found: Found<T>) -> Option<T> {
        match found {
            Found::Some(value) => Some(value),
            Found::Nothing => None,
            Found::Unknown(why) => {
                self.unknown = Some(why);
                None
            }
        }
    }
}

pub(super) const NOT_CONFIRMED: &str = "a request was found that the evaluator does not confirm";
