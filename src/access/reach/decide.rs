//! May somebody do something to a resource? Everything that bears on it taken together: identity-based policies, the
//! resource's own, boundaries, SCPs and RCPs. The engine looks for a request that is allowed, the evaluator confirms it
//! and names the statements that decide.
//!
//! Source: IAM User Guide, "Policy evaluation logic"; within an account one side is enough, but for trust policies and
//! keys' policies; across accounts both have to allow.

use std::cell::OnceCell;
use std::sync::Arc;

use smol_str::SmolStr;

use super::target::{Side, Target};
use crate::access::compile;
use crate::access::holders::{Holder, HolderKind, Holders, Policies, agree};
use crate::catalog::Catalog;
use crate::logic::engine::{CompiledPolicy, Permissions, Ties, Wanted, concerns, permitted};
use crate::logic::evaluate::PolicyKind;
use crate::logic::evaluate::combine::{Decision, Naming, PolicySet, Ruling, decide, is_trust_action, naming};
use crate::logic::{Caller, Request};
use crate::model::{Deployment, PolicyId, When};
use crate::policy::{Arn, ConditionKey, PolicyDocument, Statement, glob};
use crate::source::Span;

/// The organization's policies that bear on everything.
#[derive(Clone, Debug, Default)]
pub struct Guardrails {
    /// Service control policies, level by level from the root.
    pub scps: Vec<Vec<PolicyDocument>>,
    /// Resource control policies, level by level from the root.
    pub rcps: Vec<Vec<PolicyDocument>>,
}

/// The organization's policies in the forms in which they are asked.
pub(crate) struct Guards {
    scps: Vec<Vec<Arc<PolicyDocument>>>,
    pub(super) rcps: Vec<Vec<Arc<PolicyDocument>>>,
    pub(super) rcps_compiled: Vec<CompiledPolicy>,
    /// Those that could not be read.
    pub unknown: Vec<String>,
}

impl Guards {
    pub fn new(guardrails: &Guardrails) -> Guards {
        let shared = |levels: &[Vec<PolicyDocument>]| -> Vec<Vec<Arc<PolicyDocument>>> {
            levels.iter().map(|level| level.iter().cloned().map(Arc::new).collect()).collect()
        };
        let mut unknown = Vec::new();
        let mut rcps_compiled = Vec::new();
        for document in guardrails.rcps.iter().flatten() {
            match compile(document.clone(), PolicyKind::ResourceControl, Ties::Tied) {
                Ok(compiled) => rcps_compiled.push(compiled),
                Err(why) => unknown.push(format!("a resource control policy: {why}")),
            }
        }
        Guards { scps: shared(&guardrails.scps), rcps: shared(&guardrails.rcps), rcps_compiled, unknown }
    }
}

/// Where a statement that decides is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ground {
    /// What kind of policy it is in.
    pub kind: PolicyKind,
    /// The policy, if it is one of the run.
    pub policy: Option<PolicyId>,
    /// The policy's name.
    pub name: SmolStr,
    /// Position among the typed statements of the document.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<SmolStr>,
    /// The statement, or where a managed policy that the run does not define is named.
    pub span: Option<Span>,
    /// Its conditions, as JSON.
    pub condition: Option<serde_json::Value>,
    /// True for a Deny that spares the request by its conditions.
    pub spares: bool,
}

/// That something is allowed, by what, and a request that shows it.
#[derive(Clone, Debug)]
pub struct Allowed {
    /// The request; the evaluator has confirmed it.
    pub request: Request,
    /// The statements that allow it together, and the Denies that spare it by their conditions.
    pub grounds: Vec<Ground>,
    /// Why, in sentences.
    pub explanation: String,
    /// The undecided conditions under which it is so.
    pub when: Option<When>,
}

/// The answer to a question about a holder.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ways {
    /// That it may, under conditions that together are all under which it surely may.
    pub allowed: Vec<Allowed>,
    /// Why it can't be decided under some.
    pub undecided: Option<&'static str>,
}

/// A way, with the numbers of the resource's sides beside which it is known to hold.
#[derive(Clone)]
pub(super) struct Beside {
    pub allowed: Allowed,
    pub sides: Vec<usize>,
}

/// Ways that differ in the value of one condition only, and not in what allows them, are one way without it. `holds` tells
/// whether a request is allowed beside a side.
pub(super) fn joined(mut ways: Vec<Beside>, holds: &dyn Fn(&Request, usize) -> bool) -> Vec<Allowed> {
    let join = |a: &Beside, b: &Beside| {
        let when = without_difference(a.allowed.when.as_ref()?, b.allowed.when.as_ref()?)?;
        let holds_in = |one: &Beside, other: &Beside| other.sides.iter().all(|side| holds(&one.allowed.request, *side));
        let one = match a.allowed.grounds == b.allowed.grounds {
            true if holds_in(a, b) => a,
            true if holds_in(b, a) => b,
            _ => return None,
        };
        let allowed = Allowed { when: Some(when).filter(|w| !w.0.is_empty()), ..one.allowed.clone() };
        Some(Beside { allowed, sides: a.sides.iter().chain(&b.sides).copied().collect() })
    };
    let next = |ways: &[Beside]| {
        let pairs = (0..ways.len()).flat_map(|i| (i + 1..ways.len()).map(move |j| (i, j)));
        pairs.filter_map(|(i, j)| Some((i, j, join(ways.get(i)?, ways.get(j)?)?))).next()
    };
    while let Some((first, second, one)) = next(&ways) {
        ways.remove(second);
        if let Some(way) = ways.get_mut(first) {
            *way = one;
        }
    }
    ways.into_iter().map(|way| way.allowed).collect()
}

/// Of two conjunctions that differ in one value only, what they have in common.
fn without_difference(a: &When, b: &When) -> Option<When> {
    let mut different = a.0.iter().filter(|(name, value)| b.0.get(*name) != Some(value));
    let name = different.next().map(|(name, _)| name)?;
    if different.next().is_some() || a.0.len() != b.0.len() || !b.0.contains_key(name) {
        return None;
    }
    let mut common = a.clone();
    common.0.remove(name);
    Some(common)
}

/// All that questions about a run's access have in common.
pub(crate) struct Estate<'a> {
    pub deployment: &'a Deployment,
    pub catalog: &'a Catalog,
    pub policies: &'a Policies,
    pub holders: &'a Holders<'a>,
    pub guards: &'a Guards,
}

impl<'a> Estate<'a> {
    /// May the holder do it? `Ok(None)` if it surely may not.
    ///
    /// # Errors
    ///
    /// When it can't be decided.
    pub fn may(
        &self,
        holder: &Holder<'_>,
        action: &str,
        target: &Target,
        keys: &[(SmolStr, Vec<SmolStr>)],
    ) -> Result<Option<Allowed>, &'static str> {
        let Ways { mut allowed, undecided } = self.ways(holder, action, target, keys);
        match (allowed.is_empty(), undecided) {
            (true, Some(why)) => Err(why),
            (true, None) => Ok(None),
            (false, _) => Ok(Some(allowed.swap_remove(0))),
        }
    }

    /// The ways in which the holder may do it: as many as there are combinations of undecided conditions that have to be told
    /// apart.
    pub fn ways(&self, holder: &Holder<'_>, action: &str, target: &Target, keys: &[(SmolStr, Vec<SmolStr>)]) -> Ways {
        let mut ways = Ways::default();
        let Some(caller) = caller(holder) else { return ways };
        let mut wanted = Wanted {
            caller: Some(caller.clone()),
            action: action.into(),
            resources: target.arns.clone(),
            keys: keys.to_vec(),
        };
        let policies = holder.policies.iter().map(|p| p.compiled).chain(holder.boundary);
        let policies = policies.chain(self.policies.limits().into_iter().flatten()).chain(&self.guards.rcps_compiled);
        wanted.keys.extend(owner_key(target, policies.chain(target.sides.iter().map(|s| &s.compiled))));
        let agreeing = |side: &&Side| match (&side.when, &holder.when) {
            (Some(a), Some(b)) => agree(a, b),
            _ => true,
        };
        let sides: Vec<Option<&Side>> = match target.sides.is_empty() {
            true => vec![None],
            false => target.sides.iter().filter(agreeing).map(Some).collect(),
        };
        let mut found: Vec<Beside> = Vec::new();
        for (number, side) in sides.iter().enumerate() {
            for caller in sessions(&caller, side.map(|s| &*s.document)) {
                match self.may_beside(holder, &caller, &wanted, target, *side) {
                    Ok(None) => {}
                    Err(why) => ways.undecided = Some(why),
                    Ok(Some(allowed)) => {
                        found.push(Beside { allowed, sides: vec![number] });
                        break;
                    }
                }
            }
        }
        let holds = |request: &Request, number: usize| {
            let side = sides.get(number).copied().flatten();
            decide(&self.policy_set(holder, side), request, self.catalog).ruling == Ruling::Allowed
        };
        ways.allowed = joined(found, &holds);
        ways
    }

    fn may_beside(
        &self,
        holder: &Holder<'_>,
        caller: &Caller,
        wanted: &Wanted,
        target: &Target,
        side: Option<&Side>,
    ) -> Result<Option<Allowed>, &'static str> {
        let identity: Vec<&CompiledPolicy> = holder.policies.iter().map(|p| p.compiled).collect();
        let limits = match is_service_linked(caller) {
            true => Vec::new(),
            false => self.policies.limits(),
        };
        let of_side = side.map(|s| &s.compiled);
        let rcps: Vec<&CompiledPolicy> = self.rcps(wanted, caller);
        let own = caller.account();
        let is_foreign = target.account.as_deref().is_some_and(|account| own.is_some_and(|own| own != account));
        let is_trust = is_trust_action(&wanted.action);
        let must_allow = is_trust || (is_kms(&wanted.action) && side.is_some());
        let named = |naming: Naming| self.only(side, &wanted.action, caller, naming);
        let denying: Vec<&CompiledPolicy> = of_side.into_iter().chain(rcps).collect();
        let mut denying_also = denying.clone();
        denying_also.extend(identity.iter().copied());
        let mut all_denying = denying_also.clone();
        all_denying.extend(holder.boundary);
        let (role, direct, delegated) = (named(Naming::Role), named(Naming::Direct), named(Naming::Delegated));
        let mut ways: Vec<Permissions<'_>> = Vec::new();
        if is_foreign {
            let mut limits = limits;
            limits.push(of_side.into_iter().collect());
            ways.push(Permissions {
                policies: identity.clone(),
                boundary: holder.boundary,
                limits,
                denying: denying.clone(),
            });
        } else {
            if !must_allow || delegated.is_some() {
                let mut limits = limits.clone();
                if must_allow {
                    limits.push(delegated.iter().collect());
                }
                ways.push(Permissions {
                    policies: identity.clone(),
                    boundary: holder.boundary,
                    limits,
                    denying: denying.clone(),
                });
            }
            if let Some(role) = &role {
                ways.push(Permissions {
                    policies: vec![role],
                    boundary: holder.boundary,
                    limits: limits.clone(),
                    denying: denying_also,
                });
            }
            if let Some(direct) = &direct {
                ways.push(Permissions { policies: vec![direct], boundary: None, limits, denying: all_denying });
            }
        }
        let set: OnceCell<PolicySet> = OnceCell::new();
        let judge = |request: &Request| {
            let set = set.get_or_init(|| self.policy_set(holder, side));
            decide(set, &owned(request, target), self.catalog)
        };
        let mut unknown = None;
        for way in &ways {
            let confirm = |request: &Request| judge(request).ruling == Ruling::Allowed;
            match permitted(way, wanted, Ties::Tied, &confirm) {
                Ok(Some(found)) => {
                    let request = owned(&found.request, target);
                    let decision = judge(&request);
                    let grounds = self.grounds(&decision, &request, holder, side);
                    let when = both(&holder.when, &side.and_then(|s| s.when.clone()));
                    return Ok(Some(Allowed { request, grounds, explanation: decision.explanation, when }));
                }
                Ok(None) => {}
                Err(why) => unknown = Some(why),
            }
        }
        unknown.map_or(Ok(None), Err)
    }

    /// The RCPs that may bear on the question.
    pub(super) fn rcps(&self, wanted: &Wanted, caller: &Caller) -> Vec<&CompiledPolicy> {
        let prefix = wanted.action.split(':').next().unwrap_or_default();
        let bears = self.catalog.supports_rcp(prefix) && !wanted.action.eq_ignore_ascii_case("kms:RetireGrant");
        match bears && !is_service_linked(caller) {
            true => self.guards.rcps_compiled.iter().collect(),
            false => Vec::new(),
        }
    }

    /// The Allow statements of the resource's side that name the caller in this way; none if there are none.
    fn only(&self, side: Option<&Side>, action: &str, caller: &Caller, how: Naming) -> Option<CompiledPolicy> {
        let side = side?;
        let named = |s: &&Statement| s.is_allow() && concerns(s, action) && naming(s, caller) == Some(how);
        if !side.document.statements.iter().any(|s| named(&s)) {
            return None;
        }
        let mut document = (*side.document).clone();
        document.statements.retain(|s| named(&s));
        CompiledPolicy::new(document, side.kind, Ties::Tied).ok()
    }

    fn policy_set(&self, holder: &Holder<'_>, side: Option<&Side>) -> PolicySet {
        PolicySet {
            identity: holder.policies.iter().map(|p| Arc::new(p.compiled.document().clone())).collect(),
            resource: side.map(|s| Arc::clone(&s.document)),
            boundary: holder.boundary.map(|b| Arc::new(b.document().clone())),
            session: None,
            scp: self.guards.scps.clone(),
            rcp: self.guards.rcps.clone(),
            endpoint: None,
        }
    }

    /// Where the statements of a decision are written, and the Denies that spare the request by their conditions.
    fn grounds(&self, decision: &Decision, request: &Request, holder: &Holder<'_>, side: Option<&Side>) -> Vec<Ground> {
        let mut grounds: Vec<Ground> = Vec::new();
        for by in &decision.decided_by {
            let of_holder = holder.policies.get(by.policy).filter(|_| by.kind == PolicyKind::Identity);
            let ground = match by.kind {
                PolicyKind::Identity => of_holder.and_then(|p| {
                    let statement = p.compiled.document().statements.get(by.statement)?;
                    let span = if p.id.is_some() { Some(statement.span) } else { p.named_at };
                    Some(ground(by.kind, p.id, p.name.clone(), by.statement, p.compiled.document(), span))
                }),
                PolicyKind::Resource | PolicyKind::Trust => side.and_then(|s| self.of_side(by.kind, s, by.statement)),
                PolicyKind::Boundary => holder.boundary.map(|b| {
                    let name = holder.boundary_arn.as_deref().map_or("", last_name);
                    let span = b.document().statements.get(by.statement).map(|s| s.span);
                    ground(by.kind, None, name.into(), by.statement, b.document(), span)
                }),
                PolicyKind::ServiceControl | PolicyKind::ResourceControl => {
                    let levels =
                        if by.kind == PolicyKind::ServiceControl { &self.guards.scps } else { &self.guards.rcps };
                    let document = levels.get(by.level.unwrap_or_default()).and_then(|l| l.get(by.policy));
                    document.map(|d| {
                        let span = d.statements.get(by.statement).map(|s| s.span);
                        let name = format!("level {}", by.level.unwrap_or_default());
                        ground(by.kind, None, name.into(), by.statement, d, span)
                    })
                }
                PolicyKind::Session | PolicyKind::Endpoint => None,
            };
            grounds.extend(ground);
        }
        let spares = |s: &Statement| s.is_deny() && !s.conditions.is_empty() && concerns(s, &request.action);
        for policy in &holder.policies {
            let document = policy.compiled.document();
            for (index, statement) in document.statements.iter().enumerate().filter(|(_, s)| spares(s)) {
                let of_resource = speaks_of(statement, &request.resource);
                let span = if policy.id.is_some() { Some(statement.span) } else { policy.named_at };
                let kind = PolicyKind::Identity;
                let mut ground = ground(kind, policy.id, policy.name.clone(), index, document, span);
                ground.spares = true;
                grounds.extend(of_resource.then_some(ground));
            }
        }
        if let Some(side) = side {
            let kind = side.kind;
            let statements = side.document.statements.iter().enumerate();
            let names = |s: &Statement| naming(s, &request.caller).is_some();
            for (index, _) in statements.filter(|(_, s)| spares(s) && names(s) && speaks_of(s, &request.resource)) {
                grounds.extend(self.of_side(kind, side, index).map(|ground| Ground { spares: true, ..ground }));
            }
        }
        grounds
    }

    pub(super) fn of_side(&self, kind: PolicyKind, side: &Side, index: usize) -> Option<Ground> {
        let (id, statement) = side.origins.get(index)?;
        let policy = self.deployment.policies.get(id.0)?;
        let span = side.document.statements.get(index)?.span;
        let mut ground = ground(kind, Some(*id), policy.name.clone(), index, &side.document, Some(span));
        ground.statement = *statement;
        Some(ground)
    }
}

fn ground(
    kind: PolicyKind,
    policy: Option<PolicyId>,
    name: SmolStr,
    index: usize,
    document: &PolicyDocument,
    span: Option<Span>,
) -> Ground {
    let statement = document.statements.get(index);
    let sid = statement.and_then(|s| s.sid.as_ref()).map(|s| s.text.as_smol().clone()).filter(|s| !s.is_empty());
    let condition = statement.filter(|s| !s.conditions.is_empty()).and_then(|s| {
        let object = document.object(s)?;
        Some(object.get("Condition")?.to_json())
    });
    Ground { kind, policy, name, statement: index, sid, span, condition, spares: false }
}

/// True if the statement may be about the resource.
fn speaks_of(statement: &Statement, resource: &str) -> bool {
    match &statement.resource {
        Some(list) => list.items.iter().any(|i| glob::may_meet(i.text.as_str(), resource)),
        None => true,
    }
}

/// The request with what is known about the owner of the resource.
pub(super) fn owned(request: &Request, target: &Target) -> Request {
    Request { resource_account: target.account.clone().or_else(|| request.resource_account.clone()), ..request.clone() }
}

/// The holder as somebody who makes requests. Users of a permission set act as the role that IAM Identity Center makes of
/// it.
pub(crate) fn caller(holder: &Holder<'_>) -> Option<Caller> {
    match holder.kind {
        HolderKind::PermissionSet => {
            let account = crate::access::holders::unknown_account();
            let name = holder.id.id.as_str();
            Some(Caller::Role {
                arn: format!("arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{name}").into(),
                session: SmolStr::new_static("example"),
            })
        }
        _ => holder.caller.clone(),
    }
}

/// Account, role and session of the ARN of a role's session, which leaves out the role's path.
pub(super) fn session_of(arn: &str) -> Option<(&str, &str, &str)> {
    let parts = Arn::split(arn).filter(|a| a.service == "sts")?;
    let (role, session) = parts.resource.strip_prefix("assumed-role/")?.split_once('/')?;
    Some((parts.account, role, session))
}

/// The caller in any session, and in each that the resource's side names.
pub(crate) fn sessions(caller: &Caller, side: Option<&PolicyDocument>) -> Vec<Caller> {
    let mut all = vec![caller.clone()];
    let Caller::Role { arn, .. } = caller else { return all };
    let statements = side.iter().flat_map(|d| &d.statements).filter(|s| s.is_allow());
    let named = statements.flat_map(|s| &s.principal).flat_map(|p| p.of_type("AWS")).flat_map(|l| &l.items);
    for (account, role, session) in named.filter_map(|i| session_of(i.text.as_str())) {
        if caller.account() == Some(account) && role == last_name(arn) {
            all.push(Caller::Role { arn: arn.clone(), session: session.into() });
        }
    }
    all
}

/// Whose the resource is, where some policy asks for it.
pub(super) fn owner_key<'p>(
    target: &Target,
    mut policies: impl Iterator<Item = &'p CompiledPolicy>,
) -> Option<(SmolStr, Vec<SmolStr>)> {
    let is_it = |key: &ConditionKey| key.name.as_str().eq_ignore_ascii_case(OWNER);
    let asks = |s: &Statement| s.conditions.iter().flat_map(|b| &b.keys).any(is_it);
    let account = target.account.clone()?;
    policies.any(|p| p.document().statements.iter().any(asks)).then(|| (OWNER.into(), vec![account]))
}

/// The key that says whose a resource is.
const OWNER: &str = "aws:ResourceAccount";

fn is_service_linked(caller: &Caller) -> bool {
    caller.arn().and_then(Arn::split).is_some_and(|a| a.resource.starts_with("role/aws-service-role/"))
}

fn is_kms(action: &str) -> bool {
    action.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("kms:"))
}

fn last_name(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// What holds if both do.
pub(crate) fn both(a: &Option<When>, b: &Option<When>) -> Option<When> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let mut both = a.clone();
            both.0.extend(b.0.clone());
            Some(both)
        }
        (one, None) | (None, one) => one.clone(),
    }
}
