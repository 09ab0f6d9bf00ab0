//! Which paths one holder can take: each step is asked of the engine on the holder's effective permissions, and what lies at
//! the end has to allow something that the holder may not do.

use std::cell::{Cell, RefCell};

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::paths::{On, PATHS, Path, Removal, Runs, Step, Target};
use super::world::{World, actions};
use super::{Done, Escalation};
use crate::access::holders::{Holder, HolderKind, agree, is_full};
use crate::access::settled::settled;
use crate::catalog::Catalog;
use crate::logic::engine::{Permissions, Permitted, Ties, Wanted, concerns, exceeds, permitted};
use crate::logic::evaluate::{PolicyKind, applies};
use crate::logic::{Caller, Context, Request};
use crate::model::{Resource, ResourceRef};
use crate::policy::glob::{self, matches_ignore_case};
use crate::policy::{Arn, Statement};
use crate::source::Symbol;

/// Targets that are reported of one principal and one method.
pub(super) const REPORTED: usize = 10;
/// Roles of which it is asked whether one principal may assume them.
const ASSUMED: usize = 50;
/// Targets that are looked at for one principal and one method.
const EXAMINED: usize = 200;

type Answer = Result<Option<Permitted>, &'static str>;
type Question = (SmolStr, Vec<SmolStr>, Vec<(SmolStr, Vec<SmolStr>)>);

/// One holder of permissions and what is known of what it may do.
pub(super) struct Decider<'w, 'a> {
    world: &'w World<'a>,
    position: usize,
    holder: &'a Holder<'a>,
    permissions: Permissions<'a>,
    /// The actions of the table that its policies speak of.
    actions: FxHashSet<&'static str>,
    /// Condition keys that its policies ask for, in lower case.
    asked: FxHashSet<String>,
    /// Its account and partition, as patterns.
    account: SmolStr,
    partition: SmolStr,
    answers: RefCell<FxHashMap<Question, Answer>>,
    gains: RefCell<FxHashMap<After, Option<Gain>>>,
    reach: RefCell<FxHashMap<&'static str, Reach>>,
    /// Why questions could not be decided.
    pub undecided: RefCell<Vec<&'static str>>,
    /// True once it can give itself everything: of what else it could get at, one example for each method does.
    is_own_master: Cell<bool>,
    /// Targets that were not looked at or not reported.
    pub left_out: Cell<usize>,
}

/// What is gained.
#[derive(Clone, Debug)]
pub(super) struct Gain {
    pub administrator: bool,
    /// Something that is allowed then, and was not.
    pub request: Request,
}

/// The permissions that a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum After {
    /// Those of another holder, by its position and signature.
    Other(usize),
    /// Those of a holder with everything added that its limits leave; without one of its policies.
    Everything(usize, Option<usize>),
    /// Those of a holder with a further managed policy, by its position among those to attach.
    With(usize, usize),
    /// Its own without its boundary.
    Unlimited,
    /// Its own without one policy.
    Without(usize),
    /// Its own without those that it has from a group.
    OutOf(usize),
    /// Its own with those of a group.
    Joined(usize),
    /// Of somebody new.
    Anybody,
}

/// The holders that an action's statements may be about.
enum Reach {
    All,
    Some(FxHashSet<usize>),
}

/// One place that a path may lead to.
#[derive(Clone, Default)]
struct Candidate<'c> {
    /// The user, role or group, by its position.
    holder: Option<usize>,
    after: Option<After>,
    /// An attached policy of the holder, by its position among the holder's.
    policy: Option<usize>,
    resource: Option<&'c Resource>,
    runs: Option<Runs>,
    provider: Option<SmolStr>,
    /// The services to pass the role to.
    services: &'static [&'static str],
}

impl<'w, 'a> Decider<'w, 'a> {
    pub fn new(world: &'w World<'a>, position: usize) -> Option<Decider<'w, 'a>> {
        let holder = world.holder(position)?;
        let permissions = holder.permissions(world.policies.limits());
        if is_full(&permissions) {
            return None;
        }
        let actions = spoken_of(&permissions);
        let all = permissions.policies.iter().chain(&permissions.boundary).chain(permissions.limits.iter().flatten());
        let keys = all.flat_map(|p| &p.document().statements).flat_map(|s| &s.conditions).flat_map(|b| &b.keys);
        let asked = keys.map(|k| k.name.as_str().to_ascii_lowercase()).collect();
        let arn = Arn::split(holder.arn.as_str());
        let partition = arn.map(|a| a.partition).filter(|p| !p.is_empty()).unwrap_or("aws");
        let account = arn.map(|a| a.account).unwrap_or_default();
        let account = if account.chars().any(|c| Symbol::of(c).is_some()) { "*" } else { account };
        Some(Decider {
            world,
            position,
            holder,
            permissions,
            actions,
            asked,
            account: account.into(),
            partition: partition.into(),
            answers: RefCell::default(),
            gains: RefCell::default(),
            reach: RefCell::default(),
            undecided: RefCell::default(),
            is_own_master: Cell::new(false),
            left_out: Cell::new(0),
        })
    }

    /// Every path that the holder can take, except chains of roles.
    pub fn escalations(&self) -> Vec<Escalation> {
        let mut found = Vec::new();
        for path in PATHS {
            let needed = |s: &Step| s.on == On::Assume || self.actions.contains(s.action);
            if path.target == Target::AssumableRole || !path.steps.iter().all(needed) {
                continue;
            }
            let taken = self.take(path);
            let own = taken.iter().any(|e| e.administrator && e.gains == self.holder.id);
            self.is_own_master
                .set(self.is_own_master.get() || own || (path.target == Target::NewPrincipal && !taken.is_empty()));
            found.extend(taken);
        }
        found
    }

    /// The path to each place that it leads to.
    fn take(&self, path: &'static Path) -> Vec<Escalation> {
        let mut found: Vec<Escalation> = Vec::new();
        let mut examined = 0;
        for candidate in self.candidates(path) {
            // Once everything is gained, what is weaker gains nothing; the strongest come first.
            let everything = found.iter().any(|e| e.administrator);
            let weaker =
                everything && candidate.holder.is_some_and(|h| self.world.ranks.get(h).is_some_and(|r| *r > 0));
            let reported = if self.is_own_master.get() { 1 } else { REPORTED };
            if examined >= EXAMINED || found.len() >= reported || (weaker && !edits(path.target)) {
                self.left_out.set(self.left_out.get() + 1);
                continue;
            }
            examined += 1;
            if let Some(escalation) = self.lead(path, &candidate)
                && !found.iter().any(|e| e.gains == escalation.gains && e.administrator == escalation.administrator)
            {
                found.push(escalation);
            }
        }
        found
    }

    /// The path to one place, if there is something to gain and every step is allowed.
    fn lead(&self, path: &'static Path, candidate: &Candidate<'_>) -> Option<Escalation> {
        let attaches = path.steps.iter().any(|s| matches!(s.on, On::TargetWithPolicy))
            && !matches!(path.target, Target::OwnUserDeny(_) | Target::OwnRoleDeny(_));
        let mut ways: Vec<(Candidate<'_>, Option<SmolStr>)> = vec![(candidate.clone(), None)];
        if let (true, Some(holder)) = (attaches && self.asked.contains("iam:policyarn"), candidate.holder) {
            for (number, policy) in self.world.attachable.iter().enumerate() {
                let after = Some(After::With(holder, number));
                ways.push((Candidate { after, ..candidate.clone() }, Some(policy.arn.clone())));
            }
        }
        for (candidate, attached) in ways {
            let Some(gain) = candidate.after.and_then(|after| self.gain(after)) else { continue };
            let mut steps = Vec::new();
            for step in path.steps {
                match self.step(step, &candidate, attached.as_deref(), None) {
                    Some(done) => steps.push(done),
                    None => break,
                }
            }
            if steps.len() == path.steps.len()
                && let Some(steps) = self.on_one_thing(path, &candidate, attached.as_deref(), steps)
            {
                return Some(self.escalation(path, &candidate, gain, steps));
            }
        }
        None
    }

    fn escalation(&self, path: &'static Path, candidate: &Candidate<'_>, gain: Gain, steps: Vec<Done>) -> Escalation {
        let target = candidate.holder.and_then(|h| self.world.holder(h));
        let gains = match (path.target, target) {
            (Target::NewPrincipal, _) | (_, None) => ResourceRef {
                id: "arn:aws:iam::aws:policy/AdministratorAccess".into(),
                resource_type: "AWS::IAM::ManagedPolicy".into(),
            },
            (_, Some(holder)) => holder.id.clone(),
        };
        let policy = candidate.policy.and_then(|p| target?.policies.get(p)).map(|p| p.name.as_str());
        let group = match candidate.after {
            Some(After::OutOf(group)) => self.world.holder(group).map(|g| g.id.id.as_str()),
            _ => None,
        };
        let resource = candidate.resource.map(|r| r.id.id.as_str());
        let shown = resource.or(group).or(policy).unwrap_or(gains.id.as_str());
        let when = match (&self.holder.when, target.and_then(|t| t.when.as_ref())) {
            (Some(a), Some(b)) => {
                let mut both = a.clone();
                both.0.extend(b.0.clone());
                Some(both)
            }
            (a, b) => a.as_ref().or(b).cloned(),
        };
        let uncertain = self.holder.unknown.iter().chain(target.iter().flat_map(|t| &t.unknown));
        let mut uncertain: Vec<String> = uncertain.cloned().collect();
        uncertain.dedup();
        Escalation {
            principal: self.holder.id.clone(),
            method: path.method,
            does: path.does.replace("{}", &crate::source::display_encoded(shown)),
            gains,
            administrator: gain.administrator,
            witness: gain.request,
            steps,
            when,
            uncertain,
            sources: path.sources,
        }
    }

    // What a path may lead to.

    fn candidates(&self, path: &'static Path) -> Box<dyn Iterator<Item = Candidate<'w>> + '_> {
        let own = |after: After| Candidate { holder: Some(self.position), after: Some(after), ..Candidate::default() };
        let one = |candidate: Option<Candidate<'w>>| -> Box<dyn Iterator<Item = Candidate<'w>>> {
            Box::new(candidate.into_iter())
        };
        let is = |kind: HolderKind| self.holder.kind == kind;
        let first = path.steps.iter().find(|s| s.on != On::Assume).map_or("", |s| s.action);
        let everything = own(After::Everything(self.position, None));
        match path.target {
            Target::OwnUser => one(is(HolderKind::User).then_some(everything)),
            Target::OwnRole => one(is(HolderKind::Role).then_some(everything)),
            Target::OwnPermissionSet => one(is(HolderKind::PermissionSet).then_some(everything)),
            Target::OwnUserBoundary => {
                one((is(HolderKind::User) && self.holder.boundary_arn.is_some()).then_some(own(After::Unlimited)))
            }
            Target::OwnRoleBoundary => {
                one((is(HolderKind::Role) && self.holder.boundary_arn.is_some()).then_some(own(After::Unlimited)))
            }
            Target::OwnUserDeny(removal) if is(HolderKind::User) => self.without_deny(removal),
            Target::OwnRoleDeny(removal) if is(HolderKind::Role) => self.without_deny(removal),
            Target::OwnUserDeny(_) | Target::OwnRoleDeny(_) => one(None),
            Target::OwnPolicy => Box::new(self.customer_managed(self.position, self.holder)),
            Target::OwnGroup => {
                Box::new(self.holder.groups.iter().map(move |group| Candidate {
                    holder: Some(*group),
                    ..own(After::Everything(self.position, None))
                }))
            }
            Target::OtherGroup if is(HolderKind::User) => {
                Box::new(
                    self.others(first, HolderKind::Group)
                        .filter(|g| !self.holder.groups.contains(g))
                        .map(|g| Candidate { holder: Some(g), after: Some(After::Joined(g)), ..Candidate::default() }),
                )
            }
            Target::OtherGroup => one(None),
            Target::OtherUser => Box::new(self.others(first, HolderKind::User).map(as_it_is)),
            Target::ChangedUser => Box::new(self.others(first, HolderKind::User).map(with_everything)),
            Target::AssumableRole => Box::new(self.assumable_roles().map(as_it_is)),
            Target::TrustedRole => Box::new(self.others(first, HolderKind::Role).map(as_it_is)),
            Target::ChangedRole | Target::SeizedRole => {
                Box::new(self.others(first, HolderKind::Role).map(with_everything))
            }
            Target::ChangedRolePolicy => Box::new(
                self.assumable_roles()
                    .filter_map(|r| Some((r, self.world.holder(r)?)))
                    .flat_map(|(r, role)| self.customer_managed(r, role)),
            ),
            Target::PassedRole(services) => {
                Box::new(self.roles_of(services, "iam:PassRole").map(move |r| Candidate { services, ..as_it_is(r) }))
            }
            Target::Held(services) => Box::new(self.roles_of(services, "").map(as_it_is)),
            Target::PassedToIdentityPool => {
                let roles = self.world.of_identity_pool.iter().copied();
                Box::new(
                    roles
                        .filter(|r| self.is_other(*r))
                        .map(|r| Candidate { services: &["cognito-identity.amazonaws.com"], ..as_it_is(r) }),
                )
            }
            Target::SamlRole => Box::new(
                self.world
                    .of_saml
                    .iter()
                    .filter(|(r, _)| self.is_other(*r))
                    .map(|(r, provider)| Candidate { provider: Some(provider.clone()), ..as_it_is(*r) }),
            ),
            Target::Running(kinds) => {
                Box::new(self.world.running.iter().filter(move |r| runs(kinds, r.runs)).flat_map(move |running| {
                    let roles = running.roles.iter().copied().filter(|r| self.is_other(*r));
                    roles.map(|r| Candidate {
                        resource: Some(running.resource),
                        runs: Some(running.runs),
                        ..as_it_is(r)
                    })
                }))
            }
            Target::NewPrincipal => one(Some(Candidate { after: Some(After::Anybody), ..Candidate::default() })),
        }
    }

    /// True for somebody else who can be there at the same time.
    fn is_other(&self, position: usize) -> bool {
        let Some(other) = self.world.holder(position) else { return false };
        let agrees = match (&self.holder.when, &other.when) {
            (Some(a), Some(b)) => agree(a, b),
            _ => true,
        };
        position != self.position && (other.id != self.holder.id || !self.holder.is_real) && agrees
    }

    /// Other holders of a kind that the action's statements may be about, the strongest first.
    fn others(&self, action: &'static str, kind: HolderKind) -> impl Iterator<Item = usize> + '_ {
        self.reached(action, self.world.strongest.iter().copied())
            .filter(move |i| self.world.holder(*i).is_some_and(|h| h.kind == kind))
            .filter(|i| self.is_other(*i))
    }

    fn roles_of(&self, services: &'static [&'static str], action: &'static str) -> impl Iterator<Item = usize> + '_ {
        let mut roles: Vec<usize> = services.iter().flat_map(|s| self.world.trusting(s)).copied().collect();
        if services.len() > 1 {
            roles.sort_unstable_by_key(|i| (self.world.ranks.get(*i).copied(), *i));
            roles.dedup();
        }
        self.reached(action, roles).filter(|i| self.is_other(*i))
    }

    /// Roles that name the holder, and those open to its account that its policies may be about.
    fn assumable_roles(&self) -> impl Iterator<Item = usize> + '_ {
        let named = self.world.naming(self.holder);
        let may = self.actions.contains("sts:AssumeRole");
        let open: &[usize] = if may { &self.world.open } else { &[] };
        let open = self.reached("sts:AssumeRole", open.iter().copied()).filter(|i| !named.contains(i));
        // Whoever everybody may assume needs no permission.
        let mut roles: Vec<usize> = named.iter().copied().chain(open).filter(|i| self.is_other(*i)).collect();
        roles.sort_by_key(|i| (self.world.ranks.get(*i).copied(), *i));
        roles.into_iter()
    }

    /// Those of a list that the action's statements may be about.
    fn reached(&self, action: &'static str, list: impl IntoIterator<Item = usize>) -> impl Iterator<Item = usize> + '_ {
        let list: Vec<usize> = list.into_iter().collect();
        let mut known = self.reach.borrow_mut();
        let reach = known.entry(action).or_insert_with(|| self.reach_of(action));
        let kept: Vec<usize> = match reach {
            Reach::All => list,
            Reach::Some(set) => list.into_iter().filter(|i| set.contains(i)).collect(),
        };
        kept.into_iter()
    }

    fn reach_of(&self, action: &str) -> Reach {
        if action.is_empty() {
            return Reach::All;
        }
        let statements = self.permissions.policies.iter().flat_map(|p| &p.document().statements);
        let mut set = FxHashSet::default();
        for statement in statements.filter(|s| s.is_allow() && concerns(s, action)) {
            let Some(list) = &statement.resource else { return Reach::All };
            for item in &list.items {
                let path = Arn::split(item.text.as_str()).map(|a| a.resource);
                if path.is_none_or(|p| p.starts_with('*')) {
                    return Reach::All;
                }
                set.extend(self.world.holders.meeting(item.text.as_str()).iter().map(|(_, i)| *i));
            }
        }
        Reach::Some(set)
    }

    fn customer_managed(&self, position: usize, holder: &'a Holder<'a>) -> impl Iterator<Item = Candidate<'w>> + 'a {
        let own = holder.policies.iter().enumerate().filter(|(_, p)| p.id.is_some() && p.arn.is_some());
        own.map(move |(number, _)| Candidate {
            holder: Some(position),
            after: Some(After::Everything(position, Some(number))),
            policy: Some(number),
            ..Candidate::default()
        })
    }

    fn without_deny(&self, removal: Removal) -> Box<dyn Iterator<Item = Candidate<'w>> + '_> {
        let denies = |number: &usize| {
            let policy = self.holder.policies.get(*number);
            policy.is_some_and(|p| p.compiled.document().statements.iter().any(Statement::is_deny))
        };
        let candidate = move |number: usize, after: After, policy: Option<usize>| Candidate {
            holder: Some(self.position),
            after: Some(after),
            policy: policy.map(|_| number),
            ..Candidate::default()
        };
        let numbers = (0..self.holder.policies.len()).filter(denies);
        let policy = move |n: &usize| self.holder.policies.get(*n);
        match removal {
            Removal::Inline => Box::new(
                numbers
                    .filter(move |n| policy(n).is_some_and(|p| p.arn.is_none() && p.group.is_none()))
                    .map(move |n| candidate(n, After::Without(n), Some(n))),
            ),
            Removal::Attached => Box::new(
                numbers
                    .filter(move |n| policy(n).is_some_and(|p| p.arn.is_some() && p.group.is_none()))
                    .map(move |n| candidate(n, After::Without(n), Some(n))),
            ),
            Removal::Group => {
                let mut groups: Vec<usize> = numbers.filter_map(|n| policy(&n)?.group).collect();
                groups.dedup();
                Box::new(groups.into_iter().map(move |group| Candidate {
                    holder: Some(group),
                    after: Some(After::OutOf(group)),
                    ..Candidate::default()
                }))
            }
        }
    }

    // What there is to gain.

    fn gain(&self, after: After) -> Option<Gain> {
        // Holders of the same permissions are asked about once.
        let signature = |position: usize| {
            let of = self.world.holder(position).map(|h| h.signature);
            of.and_then(|s| usize::try_from(s).ok()).unwrap_or(position)
        };
        let key = match after {
            After::Other(position) => After::Other(signature(position)),
            After::Everything(position, policy) => After::Everything(signature(position), policy),
            After::With(position, policy) => After::With(signature(position), policy),
            other => other,
        };
        if let Some(known) = self.gains.borrow().get(&key) {
            return known.clone();
        }
        let gain = self.compare(after);
        self.gains.borrow_mut().insert(key, gain.clone());
        gain
    }

    fn compare(&self, after: After) -> Option<Gain> {
        let limits = || self.world.policies.limits();
        let of = |position: usize| self.world.holder(position).map(|h| h.permissions(limits()));
        let mut own = self.permissions.clone();
        let permissions = match after {
            After::Other(position) => {
                if self.world.holder(position)?.signature == self.holder.signature {
                    return None;
                }
                of(position)?
            }
            After::Everything(position, without) => {
                let mut permissions = of(position)?;
                if let Some(without) = without.filter(|w| *w < permissions.policies.len()) {
                    permissions.policies.remove(without);
                }
                permissions.policies.push(&self.world.policies.everything);
                permissions
            }
            After::With(position, policy) => {
                let mut permissions = of(position)?;
                permissions.policies.push(self.world.attachable.get(policy)?.policy());
                permissions
            }
            After::Unlimited => {
                own.boundary = None;
                own
            }
            After::Without(policy) => {
                if policy < own.policies.len() {
                    own.policies.remove(policy);
                }
                own
            }
            After::OutOf(group) => {
                let kept = self.holder.policies.iter().filter(|p| p.group != Some(group));
                own.policies = kept.map(|p| p.compiled).collect();
                own
            }
            After::Joined(group) => {
                own.policies.extend(of(group)?.policies);
                own
            }
            After::Anybody => Permissions {
                policies: vec![&self.world.policies.everything],
                limits: limits(),
                ..Permissions::default()
            },
        };
        // Asked by whoever has the permissions then, where that makes no difference.
        let who = match after {
            After::Other(position) | After::Everything(position, _) | After::With(position, _) => {
                self.world.holder(position).and_then(|h| h.caller.clone())
            }
            _ => None,
        };
        let who = who.or_else(|| self.holder.caller.clone());
        let gain = |request: Request| {
            let named = who.clone().map(|caller| Request { caller, ..request.clone() });
            let named = named.filter(|r| permissions.allow(r) && !self.permissions.allow(r));
            Gain { administrator: is_full(&permissions), request: named.unwrap_or(request) }
        };
        if let Some(request) = self.plain_gain(&permissions) {
            return Some(gain(request));
        }
        match exceeds(&permissions, &self.permissions, Ties::Tied)? {
            Ok(request) => Some(gain(request)),
            Err(why) => {
                self.undecided.borrow_mut().push(why);
                None
            }
        }
    }

    /// What comes first to mind: an action that a statement names, on what the statement names, if it is new.
    fn plain_gain(&self, permissions: &Permissions<'_>) -> Option<Request> {
        let caller = self.holder.caller.clone()?;
        for statement in permissions.policies.iter().flat_map(|p| &p.document().statements).filter(|s| s.is_allow()) {
            let (Some(actions), Some(resources)) = (&statement.action, &statement.resource) else { continue };
            let named = |text: &str| !text.contains(['*', '?', '$']);
            let action = actions.items.iter().map(|i| i.text.as_str()).find(|a| named(a) && a.contains(':'));
            let resource =
                resources.items.iter().map(|i| i.text.as_str()).find(|r| r.starts_with("arn:") && !r.contains('$'));
            let (Some(action), Some(resource)) = (action, resource) else { continue };
            let request = Request {
                caller: caller.clone(),
                action: action.into(),
                resource: example(resource).into(),
                resource_account: None,
                context: Context::default(),
            };
            if self.world.catalog.action(action).is_some()
                && permissions.allow(&request)
                && !self.permissions.allow(&request)
            {
                return Some(request);
            }
        }
        None
    }

    // The steps.

    fn step(
        &self,
        step: &Step,
        candidate: &Candidate<'_>,
        attached: Option<&str>,
        on: Option<&SmolStr>,
    ) -> Option<Done> {
        let target = candidate.holder.and_then(|h| self.world.holder(h));
        let mut keys: Vec<(SmolStr, Vec<SmolStr>)> = Vec::new();
        let anything = || resources_of(step.action, &self.partition, &self.account, self.world.catalog);
        let policy_arn = |arn: &str| ("iam:PolicyARN".into(), vec![SmolStr::new(pattern(arn))]);
        let administrator = format!("arn:{}:iam::aws:policy/AdministratorAccess", self.partition);
        let resources = match step.on {
            On::Assume => return self.assume(candidate.holder?),
            On::Anything => anything(),
            On::New | On::NewWithPolicy => {
                if self.asked.contains("iam:permissionsboundary") {
                    keys.push(("iam:PermissionsBoundary".into(), Vec::new()));
                }
                if step.on == On::NewWithPolicy {
                    keys.push(policy_arn(&administrator));
                }
                anything()
            }
            On::Target | On::TargetWithPolicy => {
                let target = target?;
                if step.on == On::TargetWithPolicy {
                    let own = candidate.policy.and_then(|p| target.policies.get(p)?.arn.clone());
                    keys.push(policy_arn(own.as_deref().or(attached).unwrap_or(&administrator)));
                }
                let exchanges = step.action.ends_with("PermissionsBoundary") && step.action.starts_with("iam:Put");
                if self.asked.contains("iam:permissionsboundary") && !exchanges {
                    let boundary = target.boundary_arn.iter().map(|arn| SmolStr::new(pattern(arn))).collect();
                    keys.push(("iam:PermissionsBoundary".into(), boundary));
                }
                self.tags_of(target, &mut keys);
                vec![pattern(target.arn.as_str()).into()]
            }
            On::Policy => {
                let policy = candidate.policy.and_then(|p| target?.policies.get(p))?;
                vec![pattern(policy.arn.as_ref()?).into()]
            }
            On::Resource => {
                let instance = matches!(candidate.runs, Some(Runs::LaunchTemplate | Runs::Instance));
                let arn = candidate.resource.and_then(|r| r.arn.as_ref()).map(|arn| settled(arn.as_str()));
                match arn.as_deref() {
                    Some(arn) if of_type(step.action, arn, self.world.catalog) => vec![pattern(arn).into()],
                    _ if instance && !step.action.contains("LaunchTemplate") => {
                        vec![format!("arn:{}:ec2:*:{}:instance/*", self.partition, self.account).into()]
                    }
                    _ => anything(),
                }
            }
            On::Arns(patterns) => {
                patterns.iter().map(|p| p.replacen("arn:*:", &format!("arn:{}:", self.partition), 1).into()).collect()
            }
            On::Pass => {
                let target = target?;
                let services = candidate.services.iter().map(|service| SmolStr::new_static(service));
                keys.push(("iam:PassedToService".into(), services.collect()));
                self.tags_of(target, &mut keys);
                vec![pattern(target.arn.as_str()).into()]
            }
            On::Provider => vec![pattern(candidate.provider.as_ref()?).into()],
        };
        let resources = on.map_or(resources, |thing| vec![thing.clone()]);
        let permitted = self.may(step.action, resources, keys)?;
        Some(self.done(permitted))
    }

    /// What is made in one step is what the next ones are about: steps on things of one type have to be allowed on one thing.
    fn on_one_thing(
        &self,
        path: &'static Path,
        candidate: &Candidate<'_>,
        attached: Option<&str>,
        mut done: Vec<Done>,
    ) -> Option<Vec<Done>> {
        let prefix = |step: &Step| step.action.split(':').next();
        let is_free = |step: &&Step| matches!(step.on, On::Anything | On::New | On::NewWithPolicy);
        for (number, step) in path.steps.iter().enumerate().filter(|(_, s)| is_free(s)) {
            let thing = done.get(number)?.request.resource.clone();
            let alike = |other: &Step| {
                is_free(&other) && prefix(other) == prefix(step) && of_type(other.action, &thing, self.world.catalog)
            };
            let alike: Vec<usize> =
                path.steps.iter().enumerate().filter(|(_, s)| alike(s)).map(|(other, _)| other).collect();
            let things: Vec<SmolStr> =
                alike.iter().filter_map(|i| done.get(*i)).map(|d| d.request.resource.clone()).collect();
            if alike.len() < 2 || things.iter().all(|t| *t == thing) {
                continue;
            }
            let together = |thing: &SmolStr| -> Option<Vec<Done>> {
                let steps = alike.iter().filter_map(|i| path.steps.get(*i));
                steps.map(|step| self.step(step, candidate, attached, Some(thing))).collect()
            };
            let Some(found) = things.iter().find_map(together) else {
                // None of the things shown does; another may, where the statements' resources have one in common.
                let first = self.patterns(step.action);
                let meets = |other: &usize| {
                    let others = path.steps.get(*other).map(|s| self.patterns(s.action)).unwrap_or_default();
                    first.iter().any(|a| others.iter().any(|b| meet(a, b)))
                };
                match alike.iter().all(meets) {
                    true => continue,
                    false => return None,
                }
            };
            for (place, step) in alike.iter().zip(found) {
                if let Some(slot) = done.get_mut(*place) {
                    *slot = step;
                }
            }
        }
        Some(done)
    }

    /// What the statements that allow an action name as resources.
    fn patterns(&self, action: &str) -> Vec<&str> {
        let statements = self.permissions.policies.iter().flat_map(|p| &p.document().statements);
        let allowing = statements.filter(|s| s.is_allow() && concerns(s, action));
        allowing.flat_map(|s| &s.resource).flat_map(|list| &list.items).map(|i| i.text.as_str()).collect()
    }

    fn done(&self, permitted: Permitted) -> Done {
        let attached = self.holder.policies.get(permitted.policy);
        Done {
            request: permitted.request,
            policy: attached.and_then(|a| a.id),
            policy_name: attached.map(|a| a.name.clone()).unwrap_or_default(),
            statement: permitted.statement,
            named_at: attached.and_then(|a| a.named_at),
        }
    }

    /// Keys that follow from the tags of what is acted on.
    fn tags_of(&self, target: &Holder<'_>, keys: &mut Vec<(SmolStr, Vec<SmolStr>)>) {
        let Some(tags) = &target.tags else { return };
        for key in &self.asked {
            let Some(name) = key.strip_prefix("aws:resourcetag/").or_else(|| key.strip_prefix("iam:resourcetag/"))
            else {
                continue;
            };
            let value = tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.clone());
            keys.push((key.as_str().into(), value.into_iter().collect()));
        }
    }

    /// Keys that follow from who asks, and from asking directly.
    fn keys_of_caller(&self, keys: &mut Vec<(SmolStr, Vec<SmolStr>)>) {
        let takes_tags = self.holder.kind == HolderKind::Role
            && self
                .holder
                .trust_compiled
                .is_none_or(|t| t.document().statements.iter().any(|s| s.is_allow() && concerns(s, "sts:TagSession")));
        for key in &self.asked {
            match key.as_str() {
                // Everything that paths need is of the principal's own account.
                "aws:resourceaccount" => {
                    let account = Arn::split(self.holder.arn.as_str()).map(|a| SmolStr::new(a.account));
                    keys.push((key.as_str().into(), account.into_iter().collect()));
                }
                "aws:viaawsservice" => keys.push((key.as_str().into(), vec!["false".into()])),
                "aws:calledvia" | "aws:calledviafirst" | "aws:calledvialast" => {
                    keys.push((key.as_str().into(), Vec::new()))
                }
                _ => {
                    let tag = key.strip_prefix("aws:principaltag/");
                    if let (Some(name), Some(tags)) = (tag, &self.holder.tags) {
                        let value = tags.iter().find(|(tag, _)| tag == name).map(|(_, value)| value.clone());
                        if value.is_some() || !takes_tags {
                            keys.push((key.as_str().into(), value.into_iter().collect()));
                        }
                    }
                }
            }
        }
    }

    fn caller(&self) -> Option<Caller> {
        let arn = |arn: &SmolStr| SmolStr::from(pattern(arn));
        match &self.holder.caller {
            Some(Caller::User { arn: user }) => Some(Caller::User { arn: arn(user) }),
            Some(Caller::Role { arn: role, session }) => {
                Some(Caller::Role { arn: arn(role), session: session.clone() })
            }
            other => other.clone(),
        }
    }

    fn may(
        &self,
        action: &'static str,
        resources: Vec<SmolStr>,
        mut keys: Vec<(SmolStr, Vec<SmolStr>)>,
    ) -> Option<Permitted> {
        let question = (SmolStr::new_static(action), resources.clone(), keys.clone());
        let known = self.answers.borrow().get(&question).cloned();
        let answer = known.unwrap_or_else(|| {
            self.keys_of_caller(&mut keys);
            let wanted = Wanted { caller: self.caller(), action: action.into(), resources, keys };
            let answer = match self.plainly(&wanted) {
                Some(permitted) => Ok(Some(permitted)),
                None => permitted(&self.permissions, &wanted, Ties::Tied, &|_| true),
            };
            if let Err(why) = answer {
                self.undecided.borrow_mut().push(why);
            }
            self.answers.borrow_mut().insert(question, answer.clone());
            answer
        });
        answer.ok().flatten()
    }

    /// The answer of the evaluator, where the one request that comes first to mind is allowed: most are, and what names the
    /// principal by a policy variable is.
    fn plainly(&self, wanted: &Wanted) -> Option<Permitted> {
        let resource = wanted.resources.iter().find(|r| *r == "*" || !r.contains(['*', '?']))?;
        let mut context = Context::default();
        for (key, values) in &wanted.keys {
            match values.as_slice() {
                [] => {}
                [value] if !value.contains(['*', '?']) => context.set(key.clone(), vec![value.clone()]),
                _ => return None,
            }
        }
        let request = Request {
            caller: wanted.caller.clone()?,
            action: wanted.action.clone(),
            resource: resource.clone(),
            resource_account: None,
            context,
        };
        if !self.permissions.allow(&request) {
            return None;
        }
        let grants = self.permissions.policies.iter().enumerate().find_map(|(policy, compiled)| {
            let document = compiled.document();
            let allows = |s: &Statement| s.is_allow() && applies(s, document.version, PolicyKind::Identity, &request);
            Some((policy, document.statements.iter().position(allows)?))
        });
        let (policy, statement) = grants?;
        Some(Permitted { policy, statement, request })
    }

    /// Roles that the holder may assume.
    pub fn assumable(&self) -> Vec<usize> {
        let mut found = Vec::new();
        for (examined, role) in self.assumable_roles().enumerate() {
            if examined >= ASSUMED {
                self.left_out.set(self.left_out.get() + 1);
                continue;
            }
            found.extend(self.assume(role).map(|_| role));
        }
        found
    }

    /// What there is to gain from a role, and how it is said.
    pub fn of_role(
        &self,
        path: &'static Path,
        role: usize,
        steps: &dyn Fn() -> Option<Vec<Done>>,
    ) -> Option<Escalation> {
        let candidate = as_it_is(role);
        let gain = self.gain(After::Other(role))?;
        Some(self.escalation(path, &candidate, gain, steps()?))
    }

    /// The step by which the holder assumes the role.
    pub fn assume(&self, role: usize) -> Option<Done> {
        let target = self.world.holder(role)?;
        let trust = target.trust_compiled?;
        let mut keys = Vec::new();
        self.tags_of(target, &mut keys);
        self.keys_of_caller(&mut keys);
        let wanted = Wanted {
            caller: self.caller(),
            action: "sts:AssumeRole".into(),
            resources: vec![pattern(target.arn.as_str()).into()],
            keys,
        };
        let found = |answer: Answer| {
            if let Err(why) = answer {
                self.undecided.borrow_mut().push(why);
            }
            answer.ok().flatten()
        };
        // By the identity side, where the trust policy lets the account decide or names the principal.
        let mut both = self.permissions.clone();
        both.limits.push(vec![trust]);
        if self.actions.contains("sts:AssumeRole") {
            let plainly = self.plainly(&wanted).filter(|p| both.allow(&p.request));
            if let Some(permitted) = plainly.or_else(|| found(permitted(&both, &wanted, Ties::Tied, &|_| true))) {
                return Some(self.done(permitted));
            }
        }
        // By the trust policy alone, which names the principal or everybody of the same account.
        if !same_account(self.holder, target) {
            return None;
        }
        let caller = self.holder.caller.as_ref()?;
        let document = trust.document();
        if !document.statements.iter().any(|s| s.is_allow() && names_directly(s, self.holder.arn.as_str())) {
            return None;
        }
        let directly = |request: &Request| {
            document.statements.iter().any(|s| {
                s.is_allow()
                    && names_directly(s, self.holder.arn.as_str())
                    && applies(s, document.version, PolicyKind::Trust, request)
            })
        };
        let is_user = matches!(caller, Caller::User { .. });
        let alone = Permissions {
            policies: vec![trust],
            // A user that a resource's policy names is not limited by its boundary.
            boundary: if is_user { None } else { self.permissions.boundary },
            limits: self.permissions.limits.clone(),
            denying: self.permissions.policies.iter().copied().chain(self.permissions.boundary).collect(),
        };
        let permitted = found(permitted(&alone, &wanted, Ties::Tied, &directly))?;
        Some(Done {
            request: permitted.request,
            policy: target.trust,
            policy_name: "AssumeRolePolicyDocument".into(),
            statement: permitted.statement,
            named_at: None,
        })
    }
}

fn as_it_is<'c>(position: usize) -> Candidate<'c> {
    Candidate { holder: Some(position), after: Some(After::Other(position)), ..Candidate::default() }
}

fn with_everything<'c>(position: usize) -> Candidate<'c> {
    Candidate { holder: Some(position), after: Some(After::Everything(position, None)), ..Candidate::default() }
}

/// True if some ARN is matched by both patterns.
fn meet(a: &str, b: &str) -> bool {
    match (Arn::split(a), Arn::split(b)) {
        (Some(_), Some(_)) => a.splitn(6, ':').zip(b.splitn(6, ':')).all(|(a, b)| glob::meet(a, b)),
        _ => glob::meet(a, b),
    }
}

/// An ARN that a pattern matches.
fn example(pattern: &str) -> String {
    let mut fields: Vec<String> = pattern.splitn(6, ':').map(str::to_owned).collect();
    for (number, field) in fields.iter_mut().enumerate() {
        let filling = match number {
            1 => "aws",
            3 => "us-east-1",
            4 => "111122223333",
            _ => "example",
        };
        *field = field.replace('*', filling).replace('?', "x");
    }
    fields.join(":")
}

/// True if the target's own permissions make no difference, since they are changed on the way.
fn edits(target: Target) -> bool {
    matches!(
        target,
        Target::OwnPolicy
            | Target::OwnGroup
            | Target::ChangedUser
            | Target::ChangedRole
            | Target::ChangedRolePolicy
            | Target::SeizedRole
    )
}

/// Instances are launched from launch templates, too.
fn runs(wanted: &[Runs], is: Runs) -> bool {
    wanted.contains(&is) || (is == Runs::LaunchTemplate && wanted.contains(&Runs::Instance))
}

fn same_account(a: &Holder<'_>, b: &Holder<'_>) -> bool {
    let account = |h: &Holder<'_>| Arn::split(h.arn.as_str()).map(|a| SmolStr::new(a.account));
    account(a) == account(b)
}

/// True if the statement's principal is everybody, or the very user, role or session.
fn names_directly(statement: &Statement, arn: &str) -> bool {
    use crate::access::holders::without_partition;
    let Some(element) = &statement.principal else { return false };
    let role = arn.rsplit('/').next().unwrap_or(arn);
    element.lists().is_empty()
        || element.of_type("AWS").flat_map(|l| &l.items).any(|i| {
            let text = i.text.as_str();
            let session = text.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next());
            text == "*" || without_partition(text) == without_partition(arn) || session == Some(role)
        })
}

/// The actions of the table that some Allow statement speaks of.
fn spoken_of(permissions: &Permissions<'_>) -> FxHashSet<&'static str> {
    let statements = permissions.policies.iter().flat_map(|p| &p.document().statements).filter(|s| s.is_allow());
    let mut spoken: FxHashSet<&'static str> = FxHashSet::default();
    for statement in statements {
        // Most statements list actions by their names.
        match &statement.action {
            Some(list) => {
                for item in &list.items {
                    let name = item.text.as_str().to_ascii_lowercase();
                    match name.contains(['*', '?']) {
                        false => spoken.extend(actions().get(&name)),
                        true => spoken.extend(actions().values().filter(|a| matches_ignore_case(&name, a))),
                    }
                }
            }
            None => spoken.extend(actions().values().filter(|a| concerns(statement, a))),
        }
    }
    spoken
}

/// An ARN as a pattern: a Region that isn't known stays open.
fn pattern(arn: &str) -> String {
    let mut fields: Vec<&str> = arn.splitn(6, ':').collect();
    if let [_, _, _, region, _, _] = fields.as_mut_slice()
        && region.chars().any(|c| Symbol::of(c).is_some())
    {
        *region = "*";
    }
    fields.join(":")
}

/// The ARN patterns of what an action can be done to in an account.
fn resources_of(action: &str, partition: &str, account: &str, catalog: &Catalog) -> Vec<SmolStr> {
    let Some((service, known)) = catalog.action(action) else { return Vec::new() };
    let types = known.resources.iter().filter_map(|r| service.resource_type(&r.name));
    let mut patterns: Vec<SmolStr> =
        types.flat_map(|t| &t.arns).map(|f| filled(f, partition, account).into()).collect();
    if patterns.is_empty() {
        patterns.push("*".into());
    }
    patterns
}

/// True if the ARN is one of those that the action can be done to.
fn of_type(action: &str, arn: &str, catalog: &Catalog) -> bool {
    let patterns = resources_of(action, "*", "*", catalog);
    patterns.iter().any(|p| crate::policy::glob::matches(p, arn))
}

/// An ARN format of the service data with wildcards for what it leaves open.
fn filled(format: &str, partition: &str, account: &str) -> String {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(match name {
            "Account" => account,
            "Partition" => partition,
            _ => "*",
        });
        rest = tail;
    }
    text.push_str(rest);
    text
}
