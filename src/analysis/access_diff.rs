//! What access changes between two versions of a deployment: for each principal, all its policies, groups' policies and
//! boundary taken together; for each resource policy, the policy by itself. Principals are the same if their logical ids
//! or addresses are, or else if their ARNs are, or else if nothing but the name has changed.

use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::counterpart::Earlier;
use super::external_access::{ChangeType, ExternalAccessReport};
use crate::access::{compile, kind_of, policy_of_aws};
use crate::catalog::{AccessLevel, Catalog};
use crate::logic::engine::{CompiledPolicy, Permissions, Ties, added, no_new_access, no_public_access};
use crate::logic::{Caller, Request};
use crate::model::{Deployment, Policy, PolicyId, Principal, PrincipalEntityKind, ResourceRef};
use crate::policy::{PolicyDocument, PolicyType, PrincipalKind, Statement};
use crate::source::{Limits, Sources, json};

/// Whether access comes or goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Change {
    /// The later version allows it, the earlier one does not.
    Granted,
    /// The other way round.
    Revoked,
}

/// Actions that one entry of a statement stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionGroup {
    /// As the statement writes it; `everything but …` for `NotAction`.
    pub shown: String,
    /// The access levels of the real actions among them.
    pub levels: BTreeSet<AccessLevel>,
    /// How many real actions it stands for.
    pub count: usize,
}

/// Access that one statement adds or that has gone with it.
#[derive(Clone, Debug)]
pub struct AccessChange {
    /// Whether it comes or goes.
    pub change: Change,
    /// The principal that has it, or the resource whose policy gives it.
    pub subject: ResourceRef,
    /// Whom the resource policy names; empty for access that principals have by their own policies.
    pub principals: Vec<String>,
    /// The actions that change.
    pub actions: Vec<ActionGroup>,
    /// The statement's resources; `everything but …` for `NotResource`.
    pub resources: Vec<String>,
    /// The statement's condition, as JSON.
    pub condition: Option<String>,
    /// The policy that holds the statement: in the later version for granted access, in the earlier for revoked. None for
    /// policies that AWS manages.
    pub policy: Option<PolicyId>,
    /// The policy's name.
    pub policy_name: SmolStr,
    /// Position of the statement, and its `Sid`.
    pub statement: usize,
    /// The statement's `Sid`.
    pub sid: Option<SmolStr>,
    /// A request that shows the change.
    pub witness: Option<Request>,
    /// Why it is not certain that anything changes.
    pub undecided: Option<&'static str>,
    /// The public gets in, and did not before.
    pub public: bool,
    /// Somebody outside the zone of trust gets in, and did not before; told by [`mark_external`].
    pub external: bool,
}

/// The difference of two deployments.
#[derive(Clone, Debug, Default)]
pub struct AccessDiff {
    /// What changes, granted access first for each subject.
    pub changes: Vec<AccessChange>,
    /// What could not be compared, and why.
    pub not_compared: Vec<String>,
}

/// Compares two versions.
pub fn compare(earlier: &Earlier, later: &Deployment, catalog: &Catalog) -> AccessDiff {
    let mut diff = AccessDiff::default();
    let counterparts = earlier.counterparts(later);
    let earlier = earlier.deployment();
    let (before, after) = (Side::new(earlier, catalog), Side::new(later, catalog));
    let pairs = pairs(&before, &after);
    let renamed: FxHashMap<ResourceRef, ResourceRef> = pairs
        .iter()
        .filter_map(|(old, new)| Some((old.as_ref()?.id.clone(), new.as_ref()?.id.clone())))
        .filter(|(old, new)| old != new)
        .collect();
    for (old, new) in pairs {
        if new.or(old).is_none_or(|p| p.kind == PrincipalEntityKind::Group) {
            // A group has no access of its own; its users have it.
            continue;
        }
        let had = old.map(|p| before.attached(p, &mut diff.not_compared)).unwrap_or_default();
        let has = new.map(|p| after.attached(p, &mut diff.not_compared)).unwrap_or_default();
        for (change, from, to, side) in [(Change::Granted, &had, &has, &after), (Change::Revoked, &has, &had, &before)]
        {
            let Some(principal) = new.or(old) else { continue };
            diff.changes.extend(side.changes_of(change, &principal.id, caller(principal), from, to));
        }
    }
    unattached(&before, &after, &counterparts, &mut diff);
    resource_policies(&before, &after, &counterparts, &renamed, &mut diff);
    diff
}

/// Identity-based policies that no principal of the run has: what they allow, whoever has them gets.
fn unattached(before: &Side<'_>, after: &Side<'_>, counterparts: &[Vec<PolicyId>], diff: &mut AccessDiff) {
    let (had, has) = (before.attached_policies(), after.attached_policies());
    let is_free = |side: &Side<'_>, attached: &FxHashSet<PolicyId>, id: PolicyId| {
        let own = |p: &Policy| p.is_own && p.policy_type == PolicyType::IdentityPolicy;
        side.policy(id).is_some_and(own) && !attached.contains(&id)
    };
    let mut met: FxHashSet<PolicyId> = FxHashSet::default();
    let mut pairs: Vec<(Option<PolicyId>, Option<PolicyId>)> = Vec::new();
    for id in (0..after.deployment.policies.len()).map(PolicyId).filter(|id| is_free(after, &has, *id)) {
        let found = counterparts.get(id.0).into_iter().flatten().copied().find(|old| met.insert(*old));
        pairs.push((found, Some(id)));
    }
    let gone = (0..before.deployment.policies.len()).map(PolicyId);
    let gone = gone.filter(|id| is_free(before, &had, *id) && !met.contains(id));
    // The later version of a policy may be attached: then the principal has the change.
    let later: FxHashSet<PolicyId> = counterparts.iter().flatten().copied().collect();
    pairs.extend(gone.filter(|id| !later.contains(id)).map(|id| (Some(id), None)));
    for (old, new) in pairs {
        if old.is_some_and(|id| had.contains(&id)) {
            continue;
        }
        let (from, to) = (before.alone(old, &mut diff.not_compared), after.alone(new, &mut diff.not_compared));
        let (Some(from), Some(to)) = (from, to) else { continue };
        for (change, from, to, side, id) in
            [(Change::Granted, &from, &to, after, new), (Change::Revoked, &to, &from, before, old)]
        {
            let Some(policy) = id.and_then(|id| side.policy(id)) else { continue };
            diff.changes.extend(side.changes_of(change, &policy.resource, None, from, to));
        }
    }
}

/// Marks the changes by which somebody outside the zone of trust gets in, or no longer does. `external` has been compared
/// with the earlier version.
pub fn mark_external(diff: &mut AccessDiff, external: &ExternalAccessReport, earlier: &Deployment, later: &Deployment) {
    let mut statements: FxHashSet<(Change, PolicyId, usize)> = FxHashSet::default();
    for access in &external.found {
        let (change, deployment) = match access.change {
            Some(ChangeType::New) => (Change::Granted, later),
            Some(ChangeType::Resolved) => (Change::Revoked, earlier),
            _ => continue,
        };
        let document = deployment.policies.get(access.policy.0).and_then(|p| p.document.as_ref());
        for (i, statement) in document.map(|d| d.statements.as_slice()).unwrap_or_default().iter().enumerate() {
            let holds = |span: crate::source::Span| {
                span.source == statement.span.source && (statement.span.start..statement.span.end).contains(&span.start)
            };
            if access.locations.iter().filter_map(|l| l.span).any(holds) {
                statements.insert((change, access.policy, statement.index.unwrap_or(i)));
            }
        }
    }
    for change in &mut diff.changes {
        change.external = change.policy.is_some_and(|id| statements.contains(&(change.change, id, change.statement)));
    }
}

/// One version, with its policies in the engine's form.
struct Side<'a> {
    deployment: &'a Deployment,
    catalog: &'a Catalog,
    compiled: Vec<Result<CompiledPolicy, String>>,
    managed: FxHashMap<SmolStr, CompiledPolicy>,
}

/// The policies of a principal, with names.
#[derive(Default)]
struct Attached<'s> {
    policies: Vec<(Option<PolicyId>, SmolStr, &'s CompiledPolicy)>,
    boundary: Option<&'s CompiledPolicy>,
}

impl Attached<'_> {
    fn permissions(&self) -> Permissions<'_> {
        Permissions {
            policies: self.policies.iter().map(|(_, _, p)| *p).collect(),
            boundary: self.boundary,
            ..Permissions::default()
        }
    }
}

impl<'a> Side<'a> {
    fn new(deployment: &'a Deployment, catalog: &'a Catalog) -> Side<'a> {
        let compile_one = |policy: &Policy| match &policy.document {
            Some(document) => compile(document.clone(), kind_of(policy), Ties::Tied).map_err(|e| e.to_string()),
            None => Err("its document is not known".to_owned()),
        };
        let mut managed = FxHashMap::default();
        let named = deployment.principals.iter().flat_map(|p| p.managed_policies.iter().chain(&p.permissions_boundary));
        for reference in named.filter(|r| r.policy.is_none()) {
            if let Some(policy) = policy_of_aws(reference.arn.as_str(), catalog) {
                managed.insert(reference.arn.as_smol().clone(), policy);
            }
        }
        Side { deployment, catalog, compiled: deployment.policies.iter().map(compile_one).collect(), managed }
    }

    fn policy(&self, id: PolicyId) -> Option<&Policy> {
        self.deployment.policies.get(id.0)
    }

    /// All that a principal's permissions come from. What is not known is named in `missing`.
    fn attached(&self, principal: &Principal, missing: &mut Vec<String>) -> Attached<'_> {
        let mut attached = Attached::default();
        let of_group = |g: &ResourceRef| self.deployment.principals.iter().find(|p| p.id == *g);
        let groups = principal.groups.iter().filter_map(of_group);
        for holder in std::iter::once(principal).chain(groups) {
            let managed = holder.managed_policies.iter().filter_map(|m| m.policy);
            for id in holder.policies.iter().copied().chain(managed) {
                match self.compiled.get(id.0) {
                    Some(Ok(policy)) => {
                        let name = self.policy(id).map(|p| p.name.clone()).unwrap_or_default();
                        if !attached.policies.iter().any(|(known, ..)| *known == Some(id)) {
                            attached.policies.push((Some(id), name, policy));
                        }
                    }
                    Some(Err(why)) => missing.push(format!("a policy of `{}`: {why}", principal.id.id)),
                    None => {}
                }
            }
            for reference in holder.managed_policies.iter().filter(|m| m.policy.is_none()) {
                match self.managed.get(reference.arn.as_smol()) {
                    Some(policy) => {
                        let name = reference.arn.as_str().rsplit('/').next().unwrap_or_default().into();
                        attached.policies.push((None, name, policy));
                    }
                    None => missing.push(format!(
                        "the managed policy `{}` of `{}`: this run does not define it",
                        reference.arn.display(),
                        principal.id.id
                    )),
                }
            }
        }
        if let Some(boundary) = &principal.permissions_boundary {
            attached.boundary = match boundary.policy {
                Some(id) => self.compiled.get(id.0).and_then(|p| p.as_ref().ok()),
                None => self.managed.get(boundary.arn.as_smol()),
            };
            if attached.boundary.is_none() {
                missing.push(format!("the permissions boundary of `{}`: it is not known", principal.id.id));
            }
        }
        attached
    }

    /// The policies that principals have, by themselves or as boundaries.
    fn attached_policies(&self) -> FxHashSet<PolicyId> {
        let of = |p: &'a Principal| {
            let managed = p.managed_policies.iter().chain(&p.permissions_boundary).filter_map(|m| m.policy);
            p.policies.iter().copied().chain(managed)
        };
        self.deployment.principals.iter().flat_map(of).collect()
    }

    /// A policy as the only one of somebody; no policy is none. `None` if it can't be compared, which is said.
    fn alone(&self, id: Option<PolicyId>, missing: &mut Vec<String>) -> Option<Attached<'_>> {
        let mut attached = Attached::default();
        if let Some(id) = id {
            let policy = self.policy(id)?;
            match self.compiled.get(id.0)? {
                Ok(compiled) => attached.policies.push((Some(id), policy.name.clone(), compiled)),
                Err(why) => {
                    missing.push(format!("`{}` of `{}`: {why}", policy.name, policy.resource.id));
                    return None;
                }
            }
        }
        Some(attached)
    }

    /// What `to` allows beyond `from`; `to` is of this side.
    fn changes_of(
        &self,
        change: Change,
        subject: &ResourceRef,
        caller: Option<Caller>,
        from: &Attached<'_>,
        to: &Attached<'_>,
    ) -> Vec<AccessChange> {
        let mut changes: Vec<AccessChange> = Vec::new();
        let (allowed, before) = (to.permissions(), from.permissions());
        for gain in added(&allowed, &before, Ties::Tied) {
            let Some((policy, name, compiled)) = to.policies.get(gain.policy) else { continue };
            let Some(statement) = statement_at(compiled.document(), gain.statement) else { continue };
            let group = action_group(gain.action.as_deref(), statement, self.catalog);
            let (witness, undecided) = match gain.witness {
                Ok(mut witness) => {
                    // The principal itself, where it makes no difference to the conditions who asks.
                    let usual = witness.clone();
                    if let Some(caller) = &caller {
                        witness.caller = caller.clone();
                    }
                    let shows = allowed.allow(&witness) && !before.allow(&witness);
                    (Some(if shows { witness } else { usual }), None)
                }
                Err(why) => (None, Some(why)),
            };
            let same = |c: &&mut AccessChange| {
                c.policy == *policy
                    && c.policy_name == *name
                    && c.statement == gain.statement
                    && c.undecided.is_some() == undecided.is_some()
            };
            match changes.iter_mut().find(same) {
                Some(known) => {
                    if !known.actions.contains(&group) {
                        known.actions.push(group);
                    }
                }
                None => changes.push(AccessChange {
                    change,
                    subject: subject.clone(),
                    principals: Vec::new(),
                    actions: vec![group],
                    resources: resources(statement),
                    condition: condition(compiled.document(), statement),
                    policy: *policy,
                    policy_name: name.clone(),
                    statement: gain.statement,
                    sid: statement.sid.as_ref().map(|s| s.text.as_smol().clone()),
                    witness,
                    undecided,
                    public: false,
                    external: false,
                }),
            }
        }
        changes
    }
}

/// The principal as somebody who makes requests.
fn caller(principal: &Principal) -> Option<Caller> {
    let arn = principal.arn.as_smol().clone();
    match principal.kind {
        PrincipalEntityKind::Role => Some(Caller::Role { arn, session: SmolStr::new_static("example") }),
        PrincipalEntityKind::User => Some(Caller::User { arn }),
        PrincipalEntityKind::Group | PrincipalEntityKind::PermissionSet => None,
    }
}

type Pair<'a> = (Option<&'a Principal>, Option<&'a Principal>);

/// Which principals are the same: by id, by ARN, or by having the same permissions and trust.
fn pairs<'a>(before: &Side<'a>, after: &Side<'a>) -> Vec<Pair<'a>> {
    let mut old: Vec<Option<&Principal>> = before.deployment.principals.iter().map(Some).collect();
    let mut pairs: Vec<Pair<'a>> = after.deployment.principals.iter().map(|p| (None, Some(p))).collect();
    type Alike<'f> = &'f dyn Fn(&Principal, &Principal) -> bool;
    let alike: [Alike<'_>; 3] =
        [&|a, b| a.id == b.id, &|a, b| a.kind == b.kind && !a.arn.has_unknown() && a.arn == b.arn, &|a, b| {
            a.kind == b.kind && same_permissions(before, a, after, b)
        }];
    for alike in alike {
        for (found, new) in &mut pairs {
            if let (None, Some(new)) = (&found, &new)
                && let Some(slot) = old.iter_mut().find(|o| o.is_some_and(|o| alike(o, new)))
            {
                *found = slot.take();
            }
        }
    }
    pairs.extend(old.into_iter().filter(Option::is_some).map(|gone| (gone, None)));
    pairs
}

fn same_permissions(before: &Side<'_>, old: &Principal, after: &Side<'_>, new: &Principal) -> bool {
    let trust = |side: &Side<'_>, p: &Principal| {
        p.trust_policy.and_then(|id| side.policy(id)).and_then(|p| p.document.as_ref()).map(|d| d.root().clone())
    };
    let (a, b) = (trust(before, old), trust(after, new));
    let same_trust = match (&a, &b) {
        (Some(a), Some(b)) => a.to_json() == b.to_json(),
        (None, None) => true,
        _ => false,
    };
    if !same_trust {
        return false;
    }
    let mut missing = Vec::new();
    let (had, has) = (before.attached(old, &mut missing), after.attached(new, &mut missing));
    missing.is_empty()
        && !had.policies.is_empty()
        && added(&has.permissions(), &had.permissions(), Ties::Tied).is_empty()
        && added(&had.permissions(), &has.permissions(), Ties::Tied).is_empty()
}

fn resource_policies(
    before: &Side<'_>,
    after: &Side<'_>,
    counterparts: &[Vec<PolicyId>],
    renamed: &FxHashMap<ResourceRef, ResourceRef>,
    diff: &mut AccessDiff,
) {
    let own = |side: &Side<'_>| -> Vec<usize> {
        let policies = side.deployment.policies.iter().enumerate();
        let resource = policies.filter(|(_, p)| p.is_own && p.policy_type == PolicyType::ResourcePolicy);
        resource.map(|(i, _)| i).collect()
    };
    let mut old = own(before);
    let mut pairs: Vec<(Option<usize>, Option<usize>)> = Vec::new();
    for new in own(after) {
        let when = |side: &Side<'_>, i: usize| side.deployment.policies.get(i).map(|p| p.when.clone());
        let same_when = |i: usize| when(before, i) == when(after, new);
        let same = |i: &usize| match (before.deployment.policies.get(*i), after.deployment.policies.get(new)) {
            (Some(a), Some(b)) => {
                let resource = renamed.get(&a.resource).unwrap_or(&a.resource);
                *resource == b.resource && a.name == b.name && a.when == b.when
            }
            _ => false,
        };
        // The counterpart knows the same file under two paths; else it is a resource by another name.
        let counterpart = |i: &usize| counterparts.get(new).is_some_and(|ids| ids.contains(&PolicyId(*i)));
        let found =
            old.iter().position(|i| counterpart(i) && same_when(*i)).or_else(|| old.iter().position(counterpart));
        let found = found.or_else(|| old.iter().position(same)).map(|at| old.remove(at));
        pairs.push((found, Some(new)));
    }
    pairs.extend(old.into_iter().map(|gone| (Some(gone), None)));
    for (old, new) in pairs {
        let nothing = |kind| {
            let sources = Sources::new();
            let text = r#"{"Version": "2012-10-17", "Statement": []}"#;
            let root = json::read(sources.add("", text), text, &Limits::default()).ok()?;
            CompiledPolicy::new(PolicyDocument::new(root), kind, Ties::Tied).ok()
        };
        for (change, from, to, from_index, to_index) in
            [(Change::Granted, before, after, old, new), (Change::Revoked, after, before, new, old)]
        {
            let Some(index) = to_index else { continue };
            let (Some(policy), Some(compiled)) = (to.deployment.policies.get(index), to.compiled.get(index)) else {
                continue;
            };
            let compiled = match compiled {
                Ok(compiled) => compiled,
                Err(why) => {
                    diff.not_compared.push(format!("`{}` of `{}`: {why}", policy.name, policy.resource.id));
                    continue;
                }
            };
            let empty = nothing(kind_of(policy));
            let existing = match from_index.and_then(|i| from.compiled.get(i)) {
                Some(Ok(existing)) => Some(existing),
                // Said once, for the other direction.
                Some(Err(_)) => continue,
                None => empty.as_ref(),
            };
            let Some(existing) = existing else { continue };
            let resource_type = policy.resource_type.as_deref().unwrap_or_default();
            let answer = no_new_access(compiled, existing, Ties::Tied);
            let newly_public = answer.fails()
                && no_public_access(compiled, resource_type, Ties::Tied).fails()
                && !no_public_access(existing, resource_type, Ties::Tied).fails();
            let decided = answer.reasons.into_iter().map(|r| (r.statement, Some(r.witness), None));
            let open = answer.undecided.into_iter().map(|(statement, why)| (statement, None, Some(why)));
            for (number, witness, undecided) in decided.chain(open) {
                let Some(statement) = statement_at(compiled.document(), number) else { continue };
                let actions: Vec<ActionGroup> = match &statement.action {
                    Some(list) => {
                        list.items.iter().map(|i| action_group(Some(i.text.as_str()), statement, to.catalog)).collect()
                    }
                    None => vec![action_group(None, statement, to.catalog)],
                };
                diff.changes.push(AccessChange {
                    change,
                    subject: policy.attached_to.first().unwrap_or(&policy.resource).clone(),
                    principals: principals(statement),
                    actions,
                    resources: resources(statement),
                    condition: condition(compiled.document(), statement),
                    policy: Some(PolicyId(index)),
                    policy_name: policy.name.clone(),
                    statement: number,
                    sid: statement.sid.as_ref().map(|s| s.text.as_smol().clone()),
                    witness,
                    undecided,
                    public: newly_public,
                    external: false,
                });
            }
        }
    }
}

fn statement_at(document: &PolicyDocument, index: usize) -> Option<&Statement> {
    document.statements.iter().enumerate().find(|(i, s)| s.index.unwrap_or(*i) == index).map(|(_, s)| s)
}

fn action_group(pattern: Option<&str>, statement: &Statement, catalog: &Catalog) -> ActionGroup {
    let Some(pattern) = pattern else {
        let listed = statement.not_action.iter().flat_map(|l| &l.items).map(|i| i.text.display());
        let shown = format!("everything but {}", listed.collect::<Vec<_>>().join(", "));
        return ActionGroup { shown, levels: BTreeSet::new(), count: 0 };
    };
    let (mut levels, mut count) = (BTreeSet::new(), 0);
    let mut add = |prefix: &str, name: &str| {
        if let Some(service) = catalog.service(prefix) {
            for action in service.actions_matching(name) {
                levels.insert(action.access_level);
                count += 1;
            }
        }
    };
    match pattern.split_once(':') {
        Some((prefix, name)) if !prefix.contains(['*', '?']) => add(&prefix.to_ascii_lowercase(), name),
        // All services: of all levels, and not worth a count.
        _ => levels.extend([
            AccessLevel::List,
            AccessLevel::Read,
            AccessLevel::Write,
            AccessLevel::PermissionsManagement,
            AccessLevel::Tagging,
        ]),
    }
    ActionGroup { shown: crate::source::display_encoded(pattern), levels, count }
}

fn resources(statement: &Statement) -> Vec<String> {
    match (&statement.resource, &statement.not_resource) {
        (Some(list), _) => list.items.iter().map(|i| i.text.display()).collect(),
        (None, Some(list)) => {
            let listed: Vec<String> = list.items.iter().map(|i| i.text.display()).collect();
            vec![format!("everything but {}", listed.join(", "))]
        }
        (None, None) => Vec::new(),
    }
}

fn principals(statement: &Statement) -> Vec<String> {
    let mut named = Vec::new();
    for element in statement.principal_elements() {
        let not = if element.element == "NotPrincipal" { "everyone but " } else { "" };
        match &element.kind {
            PrincipalKind::Text(text) => named.push(format!("{not}{}", text.display())),
            PrincipalKind::Map(lists) => {
                named.extend(lists.iter().flat_map(|l| &l.items).map(|i| format!("{not}{}", i.text.display())));
            }
            PrincipalKind::Other => {}
        }
    }
    named
}

fn condition(document: &PolicyDocument, statement: &Statement) -> Option<String> {
    Some(document.object(statement)?.get("Condition")?.to_json().to_string())
}
