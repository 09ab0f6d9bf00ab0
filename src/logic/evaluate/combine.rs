//! How the policies that bear on a request decide together.
//!
//! Source: IAM User Guide, "Policy evaluation logic" with its pages on requests within an account and across accounts,
//! "Permissions boundaries for IAM entities" (which resource-based policies a boundary limits) and "Policies and
//! permissions"; Organizations User Guide, "Service control policies" and "Resource control policies"; KMS Developer Guide,
//! "Key policies". What one policy says by itself is [`verdict`]'s business.

use std::sync::Arc;

use smol_str::SmolStr;

use super::super::request::{Caller, Request};
use super::{PolicyKind, Verdict, principal, verdict};
use crate::catalog::Catalog;
use crate::policy::{Arn, Effect, PolicyDocument, PrincipalKind, Statement};
use crate::source::{Symbol, display_encoded};

/// The policies that bear on a request.
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    /// Attached to the caller, or to groups that the caller is in.
    pub identity: Vec<Arc<PolicyDocument>>,
    /// Attached to the resource: its resource-based policy, key policy or trust policy.
    pub resource: Option<Arc<PolicyDocument>>,
    /// The caller's permissions boundary.
    pub boundary: Option<Arc<PolicyDocument>>,
    /// The policy that was passed when the session was made.
    pub session: Option<Arc<PolicyDocument>>,
    /// The SCPs of the caller's account, level by level from the root. No level: no organization.
    pub scp: Vec<Vec<Arc<PolicyDocument>>>,
    /// The RCPs of the resource's account, level by level from the root.
    pub rcp: Vec<Vec<Arc<PolicyDocument>>>,
    /// The policy of the VPC endpoint that the request comes through.
    pub endpoint: Option<Arc<PolicyDocument>>,
}

/// How a request is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ruling {
    /// The request is allowed.
    Allowed,
    /// Some Deny statement applies.
    ExplicitDeny,
    /// No Deny applies, and not all that has to allow does.
    ImplicitDeny,
}

impl Ruling {
    /// The word of reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Ruling::Allowed => "ALLOWED",
            Ruling::ExplicitDeny => "EXPLICIT_DENY",
            Ruling::ImplicitDeny => "IMPLICIT_DENY",
        }
    }
}

/// A statement that had a part in a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecidingStatement {
    /// What kind of policy it is in.
    pub kind: PolicyKind,
    /// For SCPs and RCPs: the level, from 0 for the root.
    pub level: Option<usize>,
    /// Which policy of that kind (and level), from 0.
    pub policy: usize,
    /// Position among the policy's statements, from 0.
    pub statement: usize,
    /// Its `Sid`.
    pub sid: Option<SmolStr>,
    /// What it does.
    pub effect: Effect,
}

/// A decision with its grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub ruling: Ruling,
    /// The Deny statements that apply, or the Allow statements that together allow; none when what was needed is missing.
    pub decided_by: Vec<DecidingStatement>,
    /// Sentences for people.
    pub explanation: String,
}

/// Actions that need no permission, and that no policy denies.
/// Source: STS API Reference, `GetCallerIdentity` and `GetSessionToken`.
const NEED_NO_PERMISSION: [&str; 2] = ["sts:GetCallerIdentity", "sts:GetSessionToken"];

/// Actions that a role's trust policy decides on.
const TRUST_ACTIONS: [&str; 5] = [
    "sts:AssumeRole",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
    "sts:TagSession",
    "sts:SetSourceIdentity",
];

/// Whose the resource is, seen from the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Relation {
    /// The caller has no identity-based policies: anonymous, services, identity providers, canonical ids.
    NoIdentitySide,
    SameAccount,
    CrossAccount,
}

/// How a resource-based policy names the caller, as it bears on what else limits the grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Naming {
    /// By the account: what its identity-based policies allow.
    Delegated,
    /// A role, for a session of it: a boundary and a session policy limit the grant.
    Role,
    /// A user, a session, `*`: nothing limits the grant but a Deny.
    Direct,
}

/// What policies of one kind say.
#[derive(Default)]
struct Said {
    allows: Vec<DecidingStatement>,
    denies: Vec<DecidingStatement>,
}

/// Decides a request.
pub fn decide(policies: &PolicySet, request: &Request, catalog: &Catalog) -> Decision {
    let caller = &request.caller;
    let relation = relation(request);
    let mut text = Explanation::default();
    text.relation(request, relation);

    if relation != Relation::NoIdentitySide && is_any_of(&request.action, &NEED_NO_PERMISSION) {
        text.add("This action needs no permission, and no policy denies it.");
        return text.end(Ruling::Allowed, Vec::new());
    }

    // Which policies bear on this caller. Root users have no identity-based policies, boundary or session policy.
    let is_root = matches!(caller, Caller::Root { .. });
    let has_identity_policies = relation != Relation::NoIdentitySide && !is_root;
    let is_trust = is_trust(request);
    let resource_kind = if is_trust { PolicyKind::Trust } else { PolicyKind::Resource };
    // SCPs limit the users, roles and root users of member accounts; not service-linked roles, not services.
    let with_scp = relation != Relation::NoIdentitySide && !is_service_linked(caller);
    // RCPs limit every caller but service-linked roles, for some services only.
    let with_rcp = !is_service_linked(caller) && rcp_applies(request, catalog);
    let limiting = |policy: &Option<Arc<PolicyDocument>>, kind| match policy {
        Some(policy) if has_identity_policies => Some(ask([policy], kind, None, request)),
        _ => None,
    };

    let identity = match has_identity_policies {
        true => ask(&policies.identity, PolicyKind::Identity, None, request),
        false => Said::default(),
    };
    let resource = policies.resource.as_ref().map(|p| ask([p], resource_kind, None, request));
    let boundary = limiting(&policies.boundary, PolicyKind::Boundary);
    let session = limiting(&policies.session, PolicyKind::Session);
    let endpoint = policies.endpoint.as_ref().map(|p| ask([p], PolicyKind::Endpoint, None, request));
    let scp = levels(if with_scp { &policies.scp } else { &[] }, PolicyKind::ServiceControl, request);
    let rcp = levels(if with_rcp { &policies.rcp } else { &[] }, PolicyKind::ResourceControl, request);
    text.passed_over(policies, caller, has_identity_policies, with_scp, with_rcp);

    // D: a Deny of any policy that applies.
    let one = |said: &Option<Said>| said.iter().flat_map(|s| s.denies.clone()).collect::<Vec<_>>();
    let denies: Vec<DecidingStatement> = (identity.denies.iter().cloned())
        .chain(one(&resource))
        .chain(one(&boundary))
        .chain(one(&session))
        .chain(scp.iter().chain(&rcp).flat_map(|level| level.denies.iter().cloned()))
        .chain(one(&endpoint))
        .collect();
    if !denies.is_empty() {
        text.denied(&denies);
        return text.end(Ruling::ExplicitDeny, denies);
    }

    // What has to allow besides the grant itself. Without such a policy, nothing is asked of it.
    let allows = |said: &Option<Said>| said.as_ref().is_none_or(|s| !s.allows.is_empty());
    let mut missing: Vec<String> = Vec::new();
    // C: of every level, some SCP.
    for (level, _) in scp.iter().enumerate().filter(|(_, said)| said.allows.is_empty()) {
        missing.push(format!("No SCP of level {level} allows it."));
    }
    // K: RCPFullAWSAccess is on every level and can't be detached, so RCPs take away by their Denies alone.
    // E
    if !allows(&endpoint) {
        missing.push("The VPC endpoint policy does not allow it.".to_owned());
    }

    // R, by how the policy names the caller.
    let named = |naming: Naming| -> Vec<DecidingStatement> {
        let document = policies.resource.as_deref();
        let statements = resource.iter().flat_map(|said| &said.allows).filter(|s| {
            let statement = document.and_then(|d| d.statements.get(s.statement));
            statement.is_some_and(|statement| naming_of(statement, caller) == naming)
        });
        statements.cloned().collect()
    };
    let (direct, role, delegated) = (named(Naming::Direct), named(Naming::Role), named(Naming::Delegated));
    // I, B, S
    let identity_allows = is_root || !identity.allows.is_empty();

    // The key policy and the trust policy have to allow, or leave it to the account.
    let is_kms = request.action.get(.."kms:".len()).is_some_and(|prefix| prefix.eq_ignore_ascii_case("kms:"));
    let must_allow = is_trust || (is_kms && resource.is_some());
    if is_kms && resource.is_none() && relation == Relation::SameAccount && is_key(&request.resource) {
        text.add("No key policy is given: it is taken to leave the decision to identity policies.");
    }

    let (granted, limited): (bool, bool) = match relation {
        Relation::NoIdentitySide => (resource.as_ref().is_some_and(|r| !r.allows.is_empty()), false),
        Relation::SameAccount if !direct.is_empty() => (true, false),
        Relation::SameAccount if is_root && !must_allow => (true, false),
        Relation::SameAccount => {
            let delegation = !must_allow || !delegated.is_empty();
            (!role.is_empty() || (delegation && identity_allows), true)
        }
        // Both sides, however the policy names the caller.
        Relation::CrossAccount => (resource.as_ref().is_some_and(|r| !r.allows.is_empty()) && identity_allows, true),
    };
    if !granted {
        text.not_granted(&mut missing, relation, resource_kind, resource.as_ref(), identity_allows, must_allow);
    }
    if limited && !allows(&boundary) {
        missing.push("The permissions boundary does not allow it.".to_owned());
    }
    if limited && !allows(&session) {
        missing.push("The session policy does not allow it.".to_owned());
    }
    if !granted || !missing.is_empty() {
        missing.iter().for_each(|sentence| text.add(sentence));
        return text.end(Ruling::ImplicitDeny, Vec::new());
    }

    // What allowed: the grant, then the limits that let it pass.
    let mut decided_by = match relation {
        Relation::NoIdentitySide => resource.map(|r| r.allows).unwrap_or_default(),
        Relation::SameAccount if !direct.is_empty() => direct,
        Relation::SameAccount if is_root && !must_allow => Vec::new(),
        Relation::SameAccount => {
            let by_delegation = if must_allow { delegated } else { Vec::new() };
            role.into_iter().chain(by_delegation).chain(identity.allows).collect()
        }
        Relation::CrossAccount => {
            identity.allows.into_iter().chain(resource.into_iter().flat_map(|r| r.allows)).collect()
        }
    };
    text.granted(&decided_by, relation, is_root);
    if limited {
        decided_by.extend(boundary.into_iter().chain(session).flat_map(|s| s.allows));
    }
    decided_by.extend(scp.into_iter().flat_map(|level| level.allows));
    decided_by.extend(endpoint.into_iter().flat_map(|s| s.allows));
    text.end(Ruling::Allowed, decided_by)
}

/// What policies of one kind (and level) say of the request.
fn ask<'a>(
    policies: impl IntoIterator<Item = &'a Arc<PolicyDocument>>,
    kind: PolicyKind,
    level: Option<usize>,
    request: &Request,
) -> Said {
    let mut said = Said::default();
    for (policy, document) in policies.into_iter().enumerate() {
        let (list, statements, effect) = match verdict(document, kind, request) {
            Verdict::Allow { statements } => (&mut said.allows, statements, Effect::Allow),
            Verdict::ExplicitDeny { statements } => (&mut said.denies, statements, Effect::Deny),
            Verdict::NoMatch => continue,
        };
        list.extend(statements.into_iter().map(|statement| {
            let sid = document.statements.get(statement).and_then(|s| s.sid.as_ref());
            let sid = sid.map(|s| s.text.as_smol().clone()).filter(|s| !s.is_empty());
            DecidingStatement { kind, level, policy, statement, sid, effect }
        }));
    }
    said
}

fn levels(levels: &[Vec<Arc<PolicyDocument>>], kind: PolicyKind, request: &Request) -> Vec<Said> {
    levels.iter().enumerate().map(|(level, policies)| ask(policies, kind, Some(level), request)).collect()
}

fn relation(request: &Request) -> Relation {
    let Some(own) = request.caller.account() else { return Relation::NoIdentitySide };
    match owner(request) {
        Some(owner) if owner != own => Relation::CrossAccount,
        _ => Relation::SameAccount,
    }
}

/// The account that owns the resource: as the request says, else as the ARN does, else as `aws:ResourceAccount` does.
fn owner(request: &Request) -> Option<SmolStr> {
    let stated = request.resource_account.clone();
    // Not a number in ARNs of what AWS owns: `arn:aws:iam::aws:policy/ReadOnlyAccess`.
    let is_account =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || Symbol::of(c).is_some());
    let in_arn = || Arn::split(&request.resource).map(|a| a.account).filter(|a| is_account(a)).map(SmolStr::from);
    let in_context = || request.context.get("aws:ResourceAccount").and_then(<[SmolStr]>::first).cloned();
    stated.or_else(in_arn).or_else(in_context)
}

fn is_any_of(action: &str, names: &[&str]) -> bool {
    names.iter().any(|name| name.eq_ignore_ascii_case(action))
}

fn is_key(resource: &str) -> bool {
    Arn::split(resource).is_some_and(|a| a.service == "kms" && a.resource.starts_with("key/"))
}

/// True if the resource's policy is a role's trust policy.
fn is_trust(request: &Request) -> bool {
    is_trust_action(&request.action)
        && Arn::split(&request.resource).is_some_and(|a| a.service == "iam" && a.resource.starts_with("role/"))
}

/// True if a role's trust policy decides on the action.
pub(crate) fn is_trust_action(action: &str) -> bool {
    is_any_of(action, &TRUST_ACTIONS)
}

fn is_service_linked(caller: &Caller) -> bool {
    let Caller::Role { arn, .. } = caller else { return false };
    Arn::split(arn).is_some_and(|a| a.resource.starts_with("role/aws-service-role/"))
}

/// RCPs bear on the services of a list, and not on `kms:RetireGrant`.
fn rcp_applies(request: &Request, catalog: &Catalog) -> bool {
    let service = request.action.split(':').next().unwrap_or_default();
    catalog.supports_rcp(service) && !request.action.eq_ignore_ascii_case("kms:RetireGrant")
}

/// How a statement names the caller, if it does: of several ways, the one that is limited least.
pub(crate) fn naming(statement: &Statement, caller: &Caller) -> Option<Naming> {
    principal::matches(statement, caller).then(|| naming_of(statement, caller))
}

/// The same for a statement that applies.
fn naming_of(statement: &Statement, caller: &Caller) -> Naming {
    // `NotPrincipal` names everyone else, as `*` does.
    let Some(element) = &statement.principal else { return Naming::Direct };
    let PrincipalKind::Map(lists) = &element.kind else { return Naming::Direct };
    let entries = lists.iter().flat_map(|list| list.items.iter().map(|i| (list.element.as_str(), i.text.as_str())));
    let naming = entries
        .filter(|(principal_type, text)| principal::entry_names(principal_type, text, caller))
        .map(|(principal_type, text)| naming_of_entry(principal_type, text, caller))
        .max();
    naming.unwrap_or(Naming::Delegated)
}

/// The same for one entry that names the caller.
fn naming_of_entry(principal_type: &str, text: &str, caller: &Caller) -> Naming {
    if principal_type != "AWS" || text == "*" {
        return Naming::Direct;
    }
    if caller.account() == Some(text) {
        return Naming::Delegated;
    }
    let arn = Arn::split(text);
    if arn.is_some_and(|a| a.service == "iam" && a.resource == "root") {
        return Naming::Delegated;
    }
    match caller {
        // The ARN of the session names nobody but it.
        Caller::Role { .. } if arn.is_some_and(|a| a.service == "sts") => Naming::Direct,
        Caller::Role { .. } => Naming::Role,
        _ => Naming::Direct,
    }
}

/// What a kind of policy is called.
pub(crate) fn kind_name(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity policy",
        PolicyKind::Resource => "resource policy",
        PolicyKind::Trust => "trust policy",
        PolicyKind::ServiceControl => "SCP",
        PolicyKind::ResourceControl => "RCP",
        PolicyKind::Boundary => "permissions boundary",
        PolicyKind::Session => "session policy",
        PolicyKind::Endpoint => "VPC endpoint policy",
    }
}

/// Sentences, put together while deciding.
#[derive(Default)]
struct Explanation(String);

impl Explanation {
    fn add(&mut self, sentence: &str) {
        if !self.0.is_empty() {
            self.0.push(' ');
        }
        self.0.push_str(sentence);
    }

    fn end(self, ruling: Ruling, decided_by: Vec<DecidingStatement>) -> Decision {
        Decision { ruling, decided_by, explanation: self.0 }
    }

    fn relation(&mut self, request: &Request, relation: Relation) {
        let shown = |account: Option<&str>| display_encoded(account.unwrap_or_default());
        let own = request.caller.account();
        match (relation, &request.caller) {
            (Relation::NoIdentitySide, Caller::Anonymous) => {
                self.add("The caller is anonymous: the resource's side decides.")
            }
            (Relation::NoIdentitySide, Caller::Service { .. }) => {
                self.add("The caller is an AWS service: the resource's side decides.");
            }
            (Relation::NoIdentitySide, Caller::Federated { .. }) => {
                self.add("The caller comes from an identity provider: the resource's side decides.");
            }
            (Relation::NoIdentitySide, _) => {
                self.add("The caller is known by a canonical user id only: the resource's side decides.");
            }
            (Relation::CrossAccount, _) => {
                let owner = owner(request);
                self.add(&format!(
                    "The caller is in account {}, the resource in account {}: both sides have to allow.",
                    shown(own),
                    shown(owner.as_deref())
                ));
            }
            (Relation::SameAccount, _) if owner(request).is_some() => {
                self.add(&format!("The caller and the resource are both in account {}.", shown(own)));
            }
            (Relation::SameAccount, _) => self.add(&format!(
                "Nothing says which account owns the resource: it is taken to be the caller's, {}.",
                shown(own)
            )),
        }
    }

    /// Policies that were given and don't bear on the request.
    fn passed_over(&mut self, given: &PolicySet, caller: &Caller, identity: bool, scp: bool, rcp: bool) {
        let has_identity = !given.identity.is_empty() || given.boundary.is_some() || given.session.is_some();
        if has_identity && !identity {
            self.add("Identity policies, permissions boundary and session policy don't bear on this caller.");
        }
        if !given.scp.is_empty() && !scp {
            let whom = if is_service_linked(caller) { "service-linked roles" } else { "this caller" };
            self.add(&format!("SCPs don't bear on {whom}."));
        }
        if !given.rcp.is_empty() && !rcp {
            let what = if is_service_linked(caller) { "service-linked roles" } else { "this action" };
            self.add(&format!("RCPs don't bear on {what}."));
        }
    }

    fn denied(&mut self, denies: &[DecidingStatement]) {
        self.statements("Denied by", denies);
    }

    fn granted(&mut self, grants: &[DecidingStatement], relation: Relation, is_root: bool) {
        if grants.is_empty() && is_root {
            return self.add("The root user of the owning account is allowed everything that no policy denies.");
        }
        self.statements("Allowed by", grants);
        if relation == Relation::CrossAccount && is_root {
            self.add("The root user needs no identity policy.");
        }
    }

    fn statements(&mut self, begin: &str, statements: &[DecidingStatement]) {
        let Some(first) = statements.first() else { return };
        let mut sentence = format!("{begin} statement {}", first.statement);
        if let Some(sid) = &first.sid {
            sentence.push_str(&format!(" (`{}`)", display_encoded(sid)));
        }
        sentence.push_str(match first.kind {
            PolicyKind::Identity | PolicyKind::ServiceControl | PolicyKind::ResourceControl => " of ",
            _ => " of the ",
        });
        sentence.push_str(kind_name(first.kind));
        if matches!(first.kind, PolicyKind::Identity | PolicyKind::ServiceControl | PolicyKind::ResourceControl) {
            sentence.push_str(&format!(" {}", first.policy));
        }
        if let Some(level) = first.level {
            sentence.push_str(&format!(" of level {level}"));
        }
        match statements.len() {
            1 => {}
            2 => sentence.push_str(" and one more"),
            more => sentence.push_str(&format!(" and {} more", more - 1)),
        }
        sentence.push('.');
        self.add(&sentence);
    }

    /// What of the grant is missing.
    fn not_granted(
        &self,
        missing: &mut Vec<String>,
        relation: Relation,
        resource_kind: PolicyKind,
        resource: Option<&Said>,
        identity_allows: bool,
        must_allow: bool,
    ) {
        let name =
            if must_allow && resource_kind == PolicyKind::Resource { "key policy" } else { kind_name(resource_kind) };
        let resource_needed = relation != Relation::SameAccount || must_allow;
        match resource {
            None if resource_needed => missing.push(format!("No {name} is given, and it would have to allow.")),
            Some(said) if said.allows.is_empty() && resource_needed => {
                missing.push(format!("The {name} does not allow it."));
            }
            Some(said) if said.allows.is_empty() && !identity_allows => {
                missing.push("Neither an identity policy nor the resource policy allows it.".to_owned());
            }
            Some(_) if relation == Relation::SameAccount && !identity_allows => {
                missing.push(format!("The {name} leaves it to the account's identity policies, and none allows it."));
            }
            _ if relation == Relation::SameAccount && !identity_allows => {
                missing.push("No identity policy allows it.".to_owned());
            }
            _ => {}
        }
        if relation == Relation::CrossAccount && !identity_allows {
            missing.push("No identity policy of the caller allows it.".to_owned());
        }
    }
}
