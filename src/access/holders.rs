//! Who holds permissions: users, roles and permission sets with all that is attached to them, members of groups and bearers of
//! policies of whom nothing else is known, each once for every combination of undecided conditions that matters to it.
//! The indexes by which a path finds them are here, too.

use std::hash::{Hash, Hasher};

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smol_str::SmolStr;

use super::compile;
use super::policy_of_aws;
use super::settled::{settled, settled_document, settled_text};
use crate::catalog::Catalog;
use crate::logic::Caller;
use crate::logic::engine::{CompiledPolicy, Permissions, Ties};
use crate::logic::evaluate::PolicyKind;
use crate::model::{
    Deployment, ManagedPolicyRef, Policy, PolicyForm, PolicyId, Principal, PrincipalEntityKind, ResourceRef, When,
};
use crate::policy::{Arn, PolicyDocument, PolicyType, Statement};
use crate::source::{
    Limits, Node, NodeKind, Shape, Sources, Span, Symbol, SymbolInfo, SymbolKind, Text, display_encoded, json,
};

/// Undecided conditions whose combinations are gone through one by one.
const CONDITIONS: usize = 4;

/// All policies of a run in the engine's form.
pub(crate) struct Policies {
    own: Vec<Option<CompiledPolicy>>,
    managed: FxHashMap<SmolStr, CompiledPolicy>,
    /// The SCPs, by level.
    scps: Vec<Vec<CompiledPolicy>>,
    /// SCPs that can't be reasoned about, and why.
    unknown_scps: Vec<String>,
    /// What `AdministratorAccess` allows.
    pub everything: CompiledPolicy,
    /// Content of each own policy, and of each managed one, as a number.
    own_hashes: Vec<u64>,
    /// The ARN of each own policy that is a managed policy.
    own_arns: Vec<Option<SmolStr>>,
}

impl Policies {
    /// Compiles them. `None` if not even the policy that allows everything can be, which never happens.
    pub fn new(deployment: &Deployment, scps: &[Vec<PolicyDocument>], catalog: &Catalog) -> Option<Policies> {
        let own: Vec<(Option<CompiledPolicy>, u64)> = deployment
            .policies
            .par_iter()
            .map(|policy| {
                let kind = super::kind_of(policy);
                let concerns = matches!(kind, PolicyKind::Identity | PolicyKind::Trust);
                let document = policy.document.as_ref().filter(|_| concerns).map(settled_document);
                let hash = document.as_ref().map_or(0, |d| content(d.root()));
                (document.and_then(|d| compile(d, kind, Ties::Tied).ok()), hash)
            })
            .collect();
        let mut managed = FxHashMap::default();
        let named = deployment.principals.iter().flat_map(|p| p.managed_policies.iter().chain(&p.permissions_boundary));
        for reference in named.filter(|r| r.policy.is_none()) {
            let arn = reference.arn.as_smol();
            if !managed.contains_key(arn)
                && let Some(policy) = policy_of_aws(reference.arn.as_str(), catalog)
            {
                managed.insert(arn.clone(), policy);
            }
        }
        let mut unknown_scps = Vec::new();
        let mut of_levels: Vec<Vec<CompiledPolicy>> = Vec::new();
        for level in scps {
            let mut of_level = Vec::new();
            for document in level {
                match compile(document.clone(), PolicyKind::ServiceControl, Ties::Tied) {
                    Ok(compiled) => of_level.push(compiled),
                    Err(why) => unknown_scps.push(format!("not taken into account: a service control policy: {why}")),
                }
            }
            of_levels.push(of_level);
        }
        let (own, own_hashes) = own.into_iter().unzip();
        let mut arns: FxHashMap<&ResourceRef, &Text> = FxHashMap::default();
        arns.extend(deployment.resources.iter().filter_map(|r| Some((&r.id, r.arn.as_ref()?))));
        let arn = |policy: &Policy| match policy.form {
            PolicyForm::Managed => arns.get(&policy.resource).map(|arn| settled(arn.as_str()).into()),
            _ => None,
        };
        Some(Policies {
            own_arns: deployment.policies.iter().map(arn).collect(),
            own,
            managed,
            scps: of_levels,
            unknown_scps,
            everything: everything()?,
            own_hashes,
        })
    }

    pub fn own(&self, id: PolicyId) -> Option<&CompiledPolicy> {
        self.own.get(id.0)?.as_ref()
    }

    /// The ARN of a managed policy of the run.
    pub fn arn(&self, id: PolicyId) -> Option<&SmolStr> {
        self.own_arns.get(id.0)?.as_ref()
    }

    /// The managed policies of the run.
    pub fn own_managed(&self) -> impl Iterator<Item = (&SmolStr, &CompiledPolicy)> {
        self.own_arns.iter().zip(&self.own).filter_map(|(arn, policy)| Some((arn.as_ref()?, policy.as_ref()?)))
    }

    fn of(&self, reference: &ManagedPolicyRef) -> Option<&CompiledPolicy> {
        match reference.policy {
            Some(id) => self.own(id),
            None => self.managed.get(reference.arn.as_smol()),
        }
    }

    pub fn limits(&self) -> Vec<Vec<&CompiledPolicy>> {
        self.scps.iter().map(|level| level.iter().collect()).collect()
    }
}

fn everything() -> Option<CompiledPolicy> {
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    let source = Sources::new().add("AdministratorAccess", text);
    let root = json::read(source, text, &Limits::default()).ok()?;
    compile(PolicyDocument::new(root), PolicyKind::Identity, Ties::Tied).ok()
}

/// A number that is the same for documents of the same content.
fn content(node: &Node) -> u64 {
    fn walk(node: &Node, hasher: &mut FxHasher) {
        match &node.kind {
            NodeKind::Null => 0u8.hash(hasher),
            NodeKind::Bool(b) => (1u8, b).hash(hasher),
            NodeKind::Number(_) => (2u8, node.scalar_text().map(|t| t.as_smol().clone())).hash(hasher),
            NodeKind::String(text) => (3u8, text.as_str()).hash(hasher),
            NodeKind::Sequence(items) => {
                (4u8, items.len()).hash(hasher);
                items.iter().for_each(|item| walk(item, hasher));
            }
            NodeKind::Mapping(map) => {
                (5u8, map.len()).hash(hasher);
                for entry in map.iter() {
                    entry.key.as_str().hash(hasher);
                    walk(&entry.value, hasher);
                }
            }
        }
    }
    let mut hasher = FxHasher::default();
    walk(node, &mut hasher);
    hasher.finish()
}

/// What a holder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HolderKind {
    User,
    Role,
    PermissionSet,
    /// Permissions only: nobody acts as a group.
    Group,
}

/// A policy as it is attached.
pub(crate) struct Attached<'a> {
    pub compiled: &'a CompiledPolicy,
    /// The policy, if it is one of the run.
    pub id: Option<PolicyId>,
    /// The name of the policy.
    pub name: SmolStr,
    /// The ARN of a managed policy.
    pub arn: Option<SmolStr>,
    /// Where the principal names a managed policy.
    pub named_at: Option<Span>,
    /// The group that the user has it from.
    pub group: Option<usize>,
}

/// Somebody who holds permissions.
pub(crate) struct Holder<'a> {
    pub id: ResourceRef,
    pub kind: HolderKind,
    /// With symbols for what isn't known.
    pub arn: Text,
    pub caller: Option<Caller>,
    pub policies: Vec<Attached<'a>>,
    pub boundary: Option<&'a CompiledPolicy>,
    /// The boundary's ARN, if there is one, known or not.
    pub boundary_arn: Option<SmolStr>,
    /// Positions among the holders, of groups.
    pub groups: Vec<usize>,
    pub trust: Option<PolicyId>,
    pub trust_compiled: Option<&'a CompiledPolicy>,
    /// The tags of the resource, if they are known: names in lower case.
    pub tags: Option<Vec<(SmolStr, SmolStr)>>,
    pub when: Option<When>,
    /// Policies of which nothing is known, by name.
    pub unknown: Vec<String>,
    /// The same for holders of the same permissions.
    pub signature: u64,
    /// False for a member of a group or a bearer of a policy: such a one is a way to speak of permissions, nobody to get at.
    pub is_real: bool,
}

impl<'a> Holder<'a> {
    pub fn permissions(&self, limits: Vec<Vec<&'a CompiledPolicy>>) -> Permissions<'a> {
        Permissions {
            policies: self.policies.iter().map(|p| p.compiled).collect(),
            boundary: self.boundary,
            limits,
            denying: Vec::new(),
        }
    }
}

/// True if it can be seen without thought that everything is allowed.
pub(crate) fn is_full(permissions: &Permissions<'_>) -> bool {
    let is_all = |list: &Option<crate::policy::StringList>, all: &[&str]| {
        list.iter().flat_map(|l| &l.items).any(|i| all.contains(&i.text.as_str()))
    };
    let full = |statement: &Statement| {
        statement.is_allow()
            && statement.conditions.is_empty()
            && is_all(&statement.action, &["*", "*:*"])
            && is_all(&statement.resource, &["*"])
    };
    let allows_all = |policies: &[&CompiledPolicy]| policies.iter().any(|p| p.document().statements.iter().any(full));
    let limits =
        permissions.boundary.iter().map(std::slice::from_ref).chain(permissions.limits.iter().map(Vec::as_slice));
    let all = permissions.policies.iter().chain(&permissions.boundary).chain(permissions.limits.iter().flatten());
    let denies = |p: &&&CompiledPolicy| p.document().statements.iter().any(Statement::is_deny);
    allows_all(&permissions.policies)
        && limits.clone().all(allows_all)
        && !all.chain(&permissions.denying).any(|p| denies(&p))
}

/// Everybody, and how to find them.
pub(crate) struct Holders<'a> {
    pub all: Vec<Holder<'a>>,
    /// By ARN (its partition left aside) and by name.
    by_name: FxHashMap<SmolStr, Vec<usize>>,
    /// Roles and users by what follows the account in their ARNs, sorted.
    by_path: Vec<(SmolStr, usize)>,
    /// The accounts of the run, as far as ARNs of what it makes tell.
    accounts: FxHashSet<SmolStr>,
    /// What was left out or taken for granted.
    pub notices: Vec<String>,
}

/// An ARN without its partition, which templates write in two ways.
pub(crate) fn without_partition(arn: &str) -> &str {
    arn.strip_prefix("arn:").and_then(|rest| rest.split_once(':')).map_or(arn, |(_, rest)| rest)
}

impl<'a> Holders<'a> {
    pub fn new(deployment: &'a Deployment, policies: &'a Policies) -> Holders<'a> {
        let mut holders = Holders {
            all: Vec::new(),
            by_name: FxHashMap::default(),
            by_path: Vec::new(),
            accounts: FxHashSet::from_iter([unknown_account()]),
            notices: policies.unknown_scps.clone(),
        };
        let by_id: FxHashMap<&ResourceRef, &Principal> = deployment.principals.iter().map(|p| (&p.id, p)).collect();
        let tags: FxHashMap<&ResourceRef, &Node> = deployment
            .resources
            .iter()
            .filter_map(|r| Some((&r.id, r.properties.as_ref()?)))
            .filter(|(id, _)| by_id.contains_key(id))
            .collect();
        let has_member: FxHashSet<&ResourceRef> = deployment.principals.iter().flat_map(|p| &p.groups).collect();
        let mut groups: FxHashMap<&ResourceRef, Vec<usize>> = FxHashMap::default();
        let (of_group, others): (Vec<&Principal>, Vec<&Principal>) =
            deployment.principals.iter().partition(|p| p.kind == PrincipalEntityKind::Group);
        let mut attached: FxHashSet<PolicyId> = FxHashSet::default();
        for principal in of_group.into_iter().chain(others) {
            let of = principal.managed_policies.iter().chain(&principal.permissions_boundary);
            attached.extend(principal.policies.iter().copied().chain(of.filter_map(|m| m.policy)));
            for when in holders.worlds(principal, &by_id, deployment) {
                let mut holder = Holder::of(principal, &by_id, &groups, when, deployment, policies);
                holder.tags = known_tags(tags.get(&principal.id).copied());
                let position = holders.all.len();
                if principal.kind == PrincipalEntityKind::Group {
                    groups.entry(&principal.id).or_default().push(position);
                    if !has_member.contains(&principal.id) {
                        let member = holder.member(position);
                        holders.all.push(holder);
                        holders.all.push(member);
                        continue;
                    }
                }
                holders.all.push(holder);
            }
        }
        let account = holders.all.iter().find_map(|h| Arn::split(h.arn.as_str()).map(|a| SmolStr::new(a.account)));
        let account = account.unwrap_or_else(|| pseudo("AWS::AccountId", Shape::AccountId));
        let boundaries = named_boundaries(deployment);
        for (index, policy) in deployment.policies.iter().enumerate() {
            let is_boundary = policies.arn(PolicyId(index)).is_some_and(|arn| boundaries.contains(arn));
            if is_bearable(policy) && !is_boundary && !attached.contains(&PolicyId(index)) {
                holders.all.extend(bearers(PolicyId(index), policy, &account, policies));
            }
        }
        holders.index(deployment);
        holders
    }

    /// The combinations of undecided conditions that a principal's policies tell apart.
    fn worlds(
        &mut self,
        principal: &Principal,
        by_id: &FxHashMap<&ResourceRef, &Principal>,
        deployment: &Deployment,
    ) -> Vec<Option<When>> {
        let groups = principal.groups.iter().filter_map(|g| by_id.get(g).copied());
        let policies = std::iter::once(principal).chain(groups).flat_map(|p| {
            let managed = p.managed_policies.iter().chain(&p.permissions_boundary).filter_map(|m| m.policy);
            p.policies.iter().copied().chain(managed)
        });
        let whens = policies.filter_map(|id| deployment.policies.get(id.0)?.when.as_ref());
        let decided = principal.when.clone().unwrap_or_default();
        let mut names: Vec<&SmolStr> = whens.flat_map(|w| w.0.keys()).filter(|n| !decided.0.contains_key(*n)).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() > CONDITIONS {
            self.notices.push(format!(
                "the permissions of `{}` depend on {} undecided conditions: its policies are taken together",
                principal.id.id,
                names.len()
            ));
            return vec![principal.when.clone()];
        }
        let combination = |bits: usize| {
            let mut when = decided.clone();
            when.0.extend(names.iter().enumerate().map(|(i, name)| ((*name).clone(), bits & (1 << i) == 0)));
            (!when.0.is_empty()).then_some(when)
        };
        (0..1usize << names.len()).map(combination).collect()
    }

    fn index(&mut self, deployment: &Deployment) {
        let arns = deployment.resources.iter().filter_map(|r| r.arn.as_ref()).map(Text::as_str);
        let arns = arns.chain(self.all.iter().map(|h| h.arn.as_str()));
        let accounts = arns.filter_map(Arn::split).map(|a| a.account).filter(|a| !a.is_empty());
        self.accounts.extend(accounts.map(SmolStr::new));
        for (position, holder) in self.all.iter().enumerate().filter(|(_, h)| h.is_real) {
            let arn = holder.arn.as_str();
            let names = [without_partition(arn), arn.rsplit('/').next().unwrap_or(arn)];
            for name in names {
                self.by_name.entry(name.into()).or_default().push(position);
            }
            if let Some(parts) = Arn::split(arn) {
                self.by_path.push((parts.resource.into(), position));
            }
        }
        self.by_path.sort_unstable();
    }

    /// True if the account is one of the run.
    pub fn is_own_account(&self, account: &str) -> bool {
        self.accounts.contains(account)
    }

    /// The users and roles that go by an ARN or name.
    pub fn named(&self, name: &str) -> &[usize] {
        self.by_name.get(without_partition(&settled(name))).map_or(&[], Vec::as_slice)
    }

    /// The roles that go by an ARN or name.
    pub fn roles(&self, name: &str) -> Vec<usize> {
        let found = self.by_name.get(without_partition(&settled(name))).into_iter().flatten().copied();
        found.filter(|i| self.all.get(*i).is_some_and(|h| h.kind == HolderKind::Role)).collect()
    }

    /// The holders whose ARN may match a pattern of a policy: at least all that do.
    pub fn meeting(&self, pattern: &str) -> &[(SmolStr, usize)] {
        let Some(arn) = Arn::split(pattern) else { return &self.by_path };
        let end = arn.resource.find(['*', '?', '$']).unwrap_or(arn.resource.len());
        let prefix = &arn.resource[..end];
        let from = self.by_path.partition_point(|(path, _)| path.as_str() < prefix);
        let to = from + self.by_path[from..].partition_point(|(path, _)| path.starts_with(prefix));
        &self.by_path[from..to]
    }
}

impl<'a> Holder<'a> {
    fn of(
        principal: &'a Principal,
        by_id: &FxHashMap<&ResourceRef, &'a Principal>,
        groups: &FxHashMap<&ResourceRef, Vec<usize>>,
        when: Option<When>,
        deployment: &Deployment,
        policies: &'a Policies,
    ) -> Holder<'a> {
        let kind = match principal.kind {
            PrincipalEntityKind::Role => HolderKind::Role,
            PrincipalEntityKind::User => HolderKind::User,
            PrincipalEntityKind::Group => HolderKind::Group,
            PrincipalEntityKind::PermissionSet => HolderKind::PermissionSet,
        };
        let arn = SmolStr::from(settled(principal.arn.as_str()));
        let caller = match kind {
            HolderKind::Role => Some(Caller::Role { arn: arn.clone(), session: SmolStr::new_static("example") }),
            HolderKind::User => Some(Caller::User { arn }),
            HolderKind::Group | HolderKind::PermissionSet => None,
        };
        let mut holder = Holder {
            id: principal.id.clone(),
            kind,
            arn: settled_text(&principal.arn),
            caller,
            policies: Vec::new(),
            boundary: None,
            boundary_arn: principal.permissions_boundary.as_ref().map(|b| settled(b.arn.as_str()).into()),
            groups: Vec::new(),
            trust: principal.trust_policy,
            trust_compiled: principal.trust_policy.and_then(|id| policies.own(id)),
            tags: None,
            when,
            unknown: Vec::new(),
            signature: 0,
            is_real: true,
        };
        let mut hashes: Vec<u64> = Vec::new();
        let exists = |id: PolicyId, when: &Option<When>| {
            let of_policy = deployment.policies.get(id.0).and_then(|p| p.when.as_ref());
            of_policy.is_none_or(|p| when.as_ref().is_none_or(|when| agree(p, when)))
        };
        holder.add(principal, None, &exists, deployment, policies, &mut hashes);
        for group in &principal.groups {
            let positions = groups.get(group);
            let position = positions.and_then(|p| p.first().copied());
            holder.groups.extend(position);
            if let Some(group) = by_id.get(group) {
                holder.add(group, position, &exists, deployment, policies, &mut hashes);
            }
        }
        if let Some(boundary) = &principal.permissions_boundary {
            holder.boundary = policies.of(boundary);
            if holder.boundary.is_none() {
                holder.unknown.push(format!("the permissions boundary `{}`", boundary.arn.display()));
            }
            hashes.push(hash_of(boundary, policies).wrapping_add(1));
        }
        hashes.sort_unstable();
        let mut hasher = FxHasher::default();
        hashes.hash(&mut hasher);
        holder.signature = hasher.finish();
        holder
    }

    fn add(
        &mut self,
        principal: &'a Principal,
        group: Option<usize>,
        exists: &dyn Fn(PolicyId, &Option<When>) -> bool,
        deployment: &Deployment,
        policies: &'a Policies,
        hashes: &mut Vec<u64>,
    ) {
        for id in principal.policies.iter().copied().filter(|id| exists(*id, &self.when)) {
            let policy = deployment.policies.get(id.0);
            let name = policy.map(|p| p.name.clone()).unwrap_or_default();
            // A managed policy of the run may say itself to whom it is attached.
            let arn = policies.arn(id).cloned();
            match policies.own(id) {
                Some(compiled) if !self.policies.iter().any(|p| p.id == Some(id)) => {
                    hashes.push(policies.own_hashes.get(id.0).copied().unwrap_or_default());
                    self.policies.push(Attached { compiled, id: Some(id), name, arn, named_at: None, group });
                }
                Some(_) => {}
                None => self.unknown.push(format!("the policy `{}`", display_encoded(&name))),
            }
        }
        for reference in &principal.managed_policies {
            if reference.policy.is_some_and(|id| !exists(id, &self.when)) {
                continue;
            }
            let arn = SmolStr::from(settled(reference.arn.as_str()));
            let name = match reference.policy.and_then(|id| deployment.policies.get(id.0)) {
                Some(policy) => policy.name.clone(),
                None => arn.rsplit('/').next().unwrap_or_default().into(),
            };
            match policies.of(reference) {
                Some(compiled) => {
                    let known = |p: &Attached<'_>| p.id.is_some() && p.id == reference.policy;
                    if let Some(known) = self.policies.iter_mut().find(|p| known(p)) {
                        known.arn = Some(arn);
                        continue;
                    }
                    hashes.push(hash_of(reference, policies));
                    self.policies.push(Attached {
                        compiled,
                        id: reference.policy,
                        name,
                        arn: Some(arn),
                        named_at: reference.span,
                        group,
                    });
                }
                None => self.unknown.push(format!("the managed policy `{}`", reference.arn.display())),
            }
        }
    }

    /// Somebody in the group, of whom nothing else is known.
    fn member(&self, group: usize) -> Holder<'a> {
        let arn = self.arn.as_str();
        let (partition, account) = Arn::split(arn).map_or(("aws", ""), |a| (a.partition, a.account));
        let name = pseudo(&format!("a user of {}", self.id.id), Shape::Name);
        let arn = SmolStr::from(format!("arn:{partition}:iam::{account}:user/{name}"));
        let policies = self.policies.iter().map(|p| Attached {
            compiled: p.compiled,
            id: p.id,
            name: p.name.clone(),
            arn: p.arn.clone(),
            named_at: p.named_at,
            group: Some(group),
        });
        Holder {
            id: self.id.clone(),
            kind: HolderKind::User,
            arn: Text::from_encoded(arn.clone()),
            caller: Some(Caller::User { arn }),
            policies: policies.collect(),
            boundary: None,
            boundary_arn: None,
            groups: vec![group],
            trust: None,
            trust_compiled: None,
            tags: None,
            when: self.when.clone(),
            unknown: self.unknown.clone(),
            signature: self.signature,
            is_real: false,
        }
    }
}

/// The policies that some condition demands as a permissions boundary.
fn named_boundaries(deployment: &Deployment) -> FxHashSet<SmolStr> {
    let statements = deployment.policies.iter().filter_map(|p| p.document.as_ref()).flat_map(|d| &d.statements);
    let keys = statements.flat_map(|s| &s.conditions).flat_map(|b| &b.keys);
    let demands = keys.filter(|k| k.name.as_str().eq_ignore_ascii_case("iam:PermissionsBoundary"));
    demands.flat_map(|k| &k.values).map(|v| SmolStr::from(settled(v.text.as_str()))).collect()
}

/// A policy of the run that is attached to nobody here: whoever gets it is a user or a role.
fn is_bearable(policy: &Policy) -> bool {
    policy.is_own
        && policy.policy_type == PolicyType::IdentityPolicy
        && policy.form == PolicyForm::Managed
        && policy.attached_to.is_empty()
}

fn bearers<'a>(id: PolicyId, policy: &Policy, account: &SmolStr, policies: &'a Policies) -> Vec<Holder<'a>> {
    let Some(compiled) = policies.own(id) else { return Vec::new() };
    let name = pseudo(&format!("whoever has {}", policy.resource.id), Shape::Name);
    let bearer = |kind: HolderKind| {
        let word = if kind == HolderKind::Role { "role" } else { "user" };
        let arn = SmolStr::from(format!("arn:aws:iam::{account}:{word}/{name}"));
        let caller = match kind {
            HolderKind::Role => Caller::Role { arn: arn.clone(), session: SmolStr::new_static("example") },
            _ => Caller::User { arn: arn.clone() },
        };
        Holder {
            id: policy.resource.clone(),
            kind,
            arn: Text::from_encoded(arn),
            caller: Some(caller),
            policies: vec![Attached {
                compiled,
                id: Some(id),
                name: policy.name.clone(),
                arn: policies.arn(id).cloned(),
                named_at: None,
                group: None,
            }],
            boundary: None,
            boundary_arn: None,
            groups: Vec::new(),
            trust: None,
            trust_compiled: None,
            tags: None,
            when: policy.when.clone(),
            unknown: Vec::new(),
            signature: policies.own_hashes.get(id.0).copied().unwrap_or_default(),
            is_real: false,
        }
    };
    vec![bearer(HolderKind::User), bearer(HolderKind::Role)]
}

fn hash_of(reference: &ManagedPolicyRef, policies: &Policies) -> u64 {
    match reference.policy {
        Some(id) => policies.own_hashes.get(id.0).copied().unwrap_or_default(),
        None => {
            let mut hasher = FxHasher::default();
            reference.arn.as_str().hash(&mut hasher);
            hasher.finish()
        }
    }
}

/// True if both can be at once.
pub(crate) fn agree(a: &When, b: &When) -> bool {
    a.0.iter().all(|(name, value)| b.0.get(name).is_none_or(|other| other == value))
}

/// The name that stands for the account of the deployment while it isn't known.
pub(crate) fn unknown_account() -> SmolStr {
    pseudo("AWS::AccountId", Shape::AccountId)
}

/// A name that stands for something unknown.
fn pseudo(name: &str, shape: Shape) -> SmolStr {
    let kind = if shape == Shape::AccountId { SymbolKind::PseudoParameter } else { SymbolKind::External };
    let symbol =
        Symbol::intern(SymbolInfo { scope: SmolStr::default(), name: name.into(), kind, shape, sensitive: false });
    Text::symbol(symbol).as_smol().clone()
}

/// The tags that a resource's properties give, if none is open.
fn known_tags(properties: Option<&Node>) -> Option<Vec<(SmolStr, SmolStr)>> {
    let properties = properties?;
    let mut tags = Vec::new();
    for name in ["Tags", "tags", "tags_all"] {
        match properties.get(name).map(|n| &n.kind) {
            None | Some(NodeKind::Null) => {}
            Some(NodeKind::Sequence(items)) => {
                for item in items {
                    let key = item.get("Key")?.as_text()?.as_str().to_ascii_lowercase();
                    tags.push((key.into(), item.get("Value")?.scalar_text()?.as_smol().clone()));
                }
            }
            Some(NodeKind::Mapping(map)) => {
                for entry in map.iter() {
                    let value = entry.value.scalar_text()?.as_smol().clone();
                    tags.push((entry.key.as_str().to_ascii_lowercase().into(), value));
                }
            }
            Some(_) => return None,
        }
    }
    Some(tags)
}
