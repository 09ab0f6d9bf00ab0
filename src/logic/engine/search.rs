//! The question that all others come down to: is there a request in one region that lies in none of some others?
//!
//! A request escapes a region by failing one of its constraints. The search assigns, region by region, which constraint
//! fails: regions that are left with a single choice are decided first, those that no longer meet what has been assigned
//! are dropped, and one that wholly covers it ends the branch. What has been assigned is a list of constraints for each
//! dimension; whether values satisfy them is decided exactly by `language` and `key_values`.

use std::cell::Cell;

use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::caller;
use super::compile::{Dimension, Literal, Region, Test, all_resources, every_action};
use super::key::{KeyId, Presence};
use super::key_values::find_values;
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

/// How much may be looked at for one question: relations between what has been assigned and a constraint.
const WORK: u64 = 1_500_000;
pub(super) const TOO_MANY_STEPS: &str = "the statements overlap in too many ways";

/// What all searches of a question have in common.
#[derive(Clone, Debug)]
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
    /// What has been looked at so far, in all searches of the question.
    work: Cell<u64>,
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
            work: Cell::new(0),
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
    /// Whether constraints of one dimension can hold together, by their identities.
    known: FxHashMap<SmallVec<[(usize, bool); 8]>, Found<()>>,
    unknown: Option<&'static str>,
}

/// What has been assigned, by dimension.
#[derive(Clone, Default)]
struct Assigned<'r>(SmallVec<[(Dimension, Conjunction<'r>); 6]>);

/// What has been assigned in one dimension.
type Conjunction<'r> = SmallVec<[&'r Literal; 6]>;

impl<'r> Assigned<'r> {
    fn of(&self, dimension: Dimension) -> &[&'r Literal] {
        self.0.iter().find(|(d, _)| *d == dimension).map_or(&[], |(_, l)| l)
    }

    fn add(&mut self, literal: &'r Literal) {
        match self.0.iter_mut().find(|(d, _)| *d == literal.dimension()) {
            Some((_, literals)) => literals.push(literal),
            None => self.0.push((literal.dimension(), SmallVec::from_slice(&[literal]))),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Holds,
    Fails,
    Open,
}

/// A region to escape, with each of its constraints and the contrary.
struct Other<'r> {
    literals: SmallVec<[(&'r Literal, Literal); 4]>,
}

impl<'a> Search<'a> {
    pub(super) fn new(frame: &'a Frame) -> Search<'a> {
        Search { frame, known: FxHashMap::default(), unknown: None }
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
        for (dimension, literals) in &assigned.0 {
            match self.possible(*dimension, literals, None) {
                Found::Nothing => return Found::Nothing,
                Found::Some(()) | Found::Unknown(_) => {}
            }
        }
        let all: Vec<usize> = (0..owned.len()).collect();
        if self.branch(assigned, all, &owned, accept) {
            return Found::Some(());
        }
        self.unknown.map_or(Found::Nothing, Found::Unknown)
    }

    /// True once a request has been accepted, or the search has to end.
    fn branch<'r>(
        &mut self,
        mut assigned: Assigned<'r>,
        mut left: Vec<usize>,
        others: &'r [Other<'_>],
        accept: &mut dyn FnMut(Sketch) -> bool,
    ) -> bool {
        loop {
            if self.is_spent() {
                self.unknown = Some(TOO_MANY_STEPS);
                return false;
            }
            let mut forced: Option<&'r Literal> = None;
            let mut fewest: Option<(usize, SmallVec<[usize; 4]>)> = None;
            let mut remaining = Vec::with_capacity(left.len());
            for &index in &left {
                let mut open: SmallVec<[usize; 4]> = SmallVec::new();
                let mut apart = false;
                for (i, (literal, contrary)) in others[index].literals.iter().enumerate() {
                    match self.status(&assigned, literal, contrary) {
                        Status::Holds => {}
                        Status::Fails => {
                            apart = true;
                            break;
                        }
                        Status::Open => open.push(i),
                    }
                }
                if apart {
                    continue;
                }
                match &*open {
                    [] => return false,
                    [one] => {
                        forced = Some(&others[index].literals[*one].1);
                        break;
                    }
                    _ => {
                        remaining.push(index);
                        if fewest.as_ref().is_none_or(|(_, o)| open.len() < o.len()) {
                            fewest = Some((index, open));
                        }
                    }
                }
            }
            if let Some(literal) = forced {
                assigned.add(literal);
                // A region seen before may be apart now; one seen apart stays so.
                continue;
            }
            let Some((index, open)) = fewest else { return self.finish(&assigned, accept) };
            left = remaining;
            for (n, i) in open.iter().enumerate() {
                let mut next = assigned.clone();
                next.add(&others[index].literals[*i].1);
                // Requests that fail an earlier constraint have been looked at already.
                let mut possible = true;
                for earlier in &open[..n] {
                    let literal = others[index].literals[*earlier].0;
                    if !literal.has_variables() {
                        next.add(literal);
                        possible &=
                            !self.possible(literal.dimension(), next.of(literal.dimension()), None).is_nothing();
                    }
                }
                if possible && self.branch(next, left.clone(), others, accept) {
                    return true;
                }
                if self.is_spent() {
                    self.unknown = Some(TOO_MANY_STEPS);
                    return false;
                }
            }
            return false;
        }
    }

    /// True once the question has cost all that it may.
    fn is_spent(&self) -> bool {
        self.frame.work.get() > WORK
    }

    fn status(&mut self, assigned: &Assigned<'_>, literal: &Literal, contrary: &Literal) -> Status {
        self.frame.work.set(self.frame.work.get() + 1);
        let dimension = literal.dimension();
        let own = assigned.of(dimension);
        for known in own {
            if known.same_constraint(literal) {
                return if known.holds == literal.holds { Status::Holds } else { Status::Fails };
            }
        }
        if self.possible(dimension, own, Some(literal)).is_nothing() {
            Status::Fails
        } else if self.possible(dimension, own, Some(contrary)).is_nothing() {
            Status::Holds
        } else {
            Status::Open
        }
    }

    fn possible(&mut self, dimension: Dimension, literals: &[&Literal], also: Option<&Literal>) -> Found<()> {
        let mut id: SmallVec<[(usize, bool); 8]> = literals.iter().copied().chain(also).map(Literal::id).collect();
        id.sort_unstable();
        id.dedup();
        if let Some(known) = self.known.get(&id) {
            return known.clone();
        }
        let all: SmallVec<[&Literal; 8]> = literals.iter().copied().chain(also).collect();
        let found = match dimension {
            Dimension::Key(key) => self.values(key, &all).map(|_| ()),
            _ => self.text(dimension, &all, None).map(|_| ()),
        };
        self.known.insert(id, found.clone());
        found
    }

    fn values(&self, key: KeyId, literals: &[&Literal]) -> Found<Vec<SmolStr>> {
        let info = key.info();
        let always = self.frame.tied && info.always_present;
        let prefer = &mut |pattern: &Pattern, fits: Fits<'_>| {
            self.frame.preferences.value(&info.name, pattern, fits);
        };
        find_values(literals, self.frame.multivalued.contains(&key), always, prefer)
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
        find(&inside, &outside, prefer)
    }

    /// Every region has been escaped: makes a request of what has been assigned.
    fn finish(&mut self, assigned: &Assigned<'_>, accept: &mut dyn FnMut(Sketch) -> bool) -> bool {
        let mut sketch = Sketch::default();
        let mut carriers: SmallVec<[Literal; 2]> = SmallVec::new();
        let mut networks = (false, false);
        for (dimension, literals) in &assigned.0 {
            let Dimension::Key(key) = dimension else { continue };
            match self.values(*key, literals) {
                Found::Some(values) => {
                    if self.frame.tied && !values.is_empty() {
                        match key.info().presence {
                            Presence::WithAccount => {
                                carriers.push(Literal::new(Dimension::Caller, Test::In(caller::with_account()), true))
                            }
                            Presence::Services
                                if self.frame.callers == Callers::Everyone && !self.frame.services_act =>
                            {
                                carriers.push(Literal::new(
                                    Dimension::Caller,
                                    Test::In(caller::of_kinds(&[caller::Kind::Service])),
                                    true,
                                ))
                            }
                            Presence::PublicNetwork => networks.0 = true,
                            Presence::VpcEndpoint => networks.1 = true,
                            Presence::Services | Presence::Anyone => {}
                        }
                    }
                    sketch.keys.push((*key, values));
                }
                Found::Nothing => return false,
                Found::Unknown(why) => {
                    self.unknown = Some(why);
                    return false;
                }
            }
        }
        for key in &self.frame.always {
            if assigned.of(Dimension::Key(*key)).is_empty()
                && let Found::Some(values) = self.values(*key, &[])
            {
                sketch.keys.push((*key, values));
            }
        }
        if networks == (true, true) {
            return false;
        }
        let callers: SmallVec<[&Literal; 6]> =
            assigned.of(Dimension::Caller).iter().copied().chain(carriers.iter()).collect();
        let text = |search: &mut Self,
                    dimension,
                    literals: &[&Literal],
                    action: Option<&str>|
         -> Result<Option<SmolStr>, ()> {
            if literals.is_empty() {
                return Ok(None);
            }
            match search.text(dimension, literals, action) {
                Found::Some(text) => Ok(Some(text)),
                Found::Nothing => Err(()),
                Found::Unknown(why) => {
                    search.unknown = Some(why);
                    Err(())
                }
            }
        };
        let Ok(action) = text(self, Dimension::Action, assigned.of(Dimension::Action), None) else { return false };
        sketch.action = action;
        let shown = sketch.action.clone();
        let Ok(caller) = text(self, Dimension::Caller, &callers, shown.as_deref()) else { return false };
        let Ok(resource) = text(self, Dimension::Resource, assigned.of(Dimension::Resource), shown.as_deref()) else {
            return false;
        };
        (sketch.caller, sketch.resource) = (caller, resource);
        if accept(sketch) {
            return true;
        }
        self.unknown.get_or_insert(NOT_CONFIRMED);
        false
    }
}

pub(super) const NOT_CONFIRMED: &str = "a request was found that the evaluator does not confirm";
