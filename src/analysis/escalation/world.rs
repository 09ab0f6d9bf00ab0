//! What all questions about escalation have in common: the holders of permissions, the roles by what they trust, the
//! resources by the role that they run as, and which holder is worth getting at.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::paths::{On, PATHS, Target};
use super::running::{Running, running};
use crate::access::holders::{Holder, HolderKind, Holders, Policies, is_full, without_partition};
use crate::access::policy_of_aws;
use crate::access::settled::settled_text;
use crate::catalog::Catalog;
use crate::logic::Caller;
use crate::logic::engine::{CompiledPolicy, Permissions, Ties, Wanted, concerns, permitted};
use crate::model::{Deployment, ManagedPolicyRef};
use crate::policy::{PolicyDocument, Statement};
use crate::source::Text;

/// Managed policies that are tried where `AdministratorAccess` can't be attached.
const ATTACHABLE: usize = 50;

/// The whole of a run, as paths see it.
pub(super) struct World<'a> {
    pub catalog: &'a Catalog,
    pub policies: &'a Policies,
    pub holders: &'a Holders<'a>,
    pub running: Vec<Running<'a>>,
    /// Roles by the services that they trust, the strongest first.
    trusting: FxHashMap<&'static str, Vec<usize>>,
    /// Roles that trust a Cognito identity pool, and roles that trust a SAML provider.
    pub of_identity_pool: Vec<usize>,
    pub of_saml: Vec<(usize, SmolStr)>,
    /// Roles whose trust policy names somebody by ARN, without partition.
    named: FxHashMap<SmolStr, Vec<usize>>,
    /// Roles whose trust policy names an account or everybody, the strongest first.
    pub open: Vec<usize>,
    /// How much there is to gain: 0 everything, 1 what can be made everything, 2 anything else.
    pub ranks: Vec<u8>,
    /// All holders that can be got at, the strongest first.
    pub strongest: Vec<usize>,
    /// Managed policies besides `AdministratorAccess` that a condition or the run names.
    pub attachable: Vec<Attachable<'a>>,
}

/// A managed policy to attach.
pub(super) struct Attachable<'a> {
    pub arn: SmolStr,
    policy: Compiled<'a>,
}

enum Compiled<'a> {
    Own(&'a CompiledPolicy),
    OfAws(Box<CompiledPolicy>),
}

impl Attachable<'_> {
    pub fn policy(&self) -> &CompiledPolicy {
        match &self.policy {
            Compiled::Own(policy) => policy,
            Compiled::OfAws(policy) => policy,
        }
    }
}

impl<'a> World<'a> {
    pub fn new(
        deployment: &'a Deployment,
        policies: &'a Policies,
        holders: &'a Holders<'a>,
        catalog: &'a Catalog,
    ) -> World<'a> {
        let own_ways: Vec<&'static str> = PATHS
            .iter()
            .filter(|p| {
                matches!(p.target, Target::OwnUser | Target::OwnRole | Target::OwnPolicy | Target::NewPrincipal)
            })
            .flat_map(|p| p.steps.iter().map(|s| s.action))
            .collect();
        let rank = |holder: &Holder<'a>| {
            let permissions = holder.permissions(policies.limits());
            let may = |action: &&str| permissions.policies.iter().any(|p| speaks_of(p.document(), action));
            match (is_full(&permissions), own_ways.iter().any(may)) {
                (true, _) => 0,
                (false, true) => 1,
                (false, false) => 2,
            }
        };
        let ranks: Vec<u8> = holders.all.iter().map(rank).collect();
        let mut strongest: Vec<usize> = (0..holders.all.len()).collect();
        strongest.retain(|i| holders.all.get(*i).is_some_and(|h| h.is_real));
        strongest.sort_by_key(|i| (ranks.get(*i).copied(), *i));
        let mut world = World {
            catalog,
            policies,
            holders,
            running: running(deployment, &|name| holders.roles(name)),
            trusting: FxHashMap::default(),
            of_identity_pool: Vec::new(),
            of_saml: Vec::new(),
            named: FxHashMap::default(),
            open: Vec::new(),
            ranks,
            strongest,
            attachable: attachable(deployment, policies, catalog),
        };
        world.index_trust();
        world
    }

    pub fn holder(&self, position: usize) -> Option<&'a Holder<'a>> {
        self.holders.all.get(position)
    }

    /// Roles that trust a service, the strongest first.
    pub fn trusting(&self, service: &str) -> &[usize] {
        self.trusting.get(service).map_or(&[], Vec::as_slice)
    }

    /// Roles whose trust policy names the principal itself.
    pub fn naming(&self, holder: &Holder<'_>) -> &[usize] {
        self.named.get(without_partition(holder.arn.as_str())).map_or(&[], Vec::as_slice)
    }

    fn index_trust(&mut self) {
        let mut services: Vec<&'static str> = Vec::new();
        for path in PATHS {
            if let Target::PassedRole(list) | Target::Held(list) = path.target {
                services.extend(list);
            }
        }
        services.sort_unstable();
        services.dedup();
        for position in self.strongest.clone() {
            let Some(holder) = self.holder(position) else { continue };
            let Some(trust) = holder.trust_compiled.filter(|_| holder.kind == HolderKind::Role) else { continue };
            let mut trusted: FxHashSet<&'static str> = FxHashSet::default();
            for statement in trust.document().statements.iter().filter(|s| s.is_allow()) {
                for list in statement.principal.iter().flat_map(|p| p.lists()) {
                    for item in &list.items {
                        let text = &item.text;
                        match list.element.as_str() {
                            "Service" => trusted.extend(services.iter().filter(|s| names_service(text, s))),
                            "Federated" => self.provider(position, statement, text.as_str()),
                            _ => self.principal(position, text.as_str()),
                        }
                    }
                }
                let everybody = statement.principal.as_ref().is_some_and(|p| p.lists().is_empty());
                if everybody && self.open.last() != Some(&position) {
                    self.open.push(position);
                }
            }
            for service in trusted {
                if trusts(holder, trust, service) {
                    self.trusting.entry(service).or_default().push(position);
                }
            }
        }
    }

    fn provider(&mut self, position: usize, statement: &Statement, text: &str) {
        if text == "cognito-identity.amazonaws.com" && concerns(statement, "sts:AssumeRoleWithWebIdentity") {
            self.of_identity_pool.push(position);
        }
        if text.contains(":saml-provider/") && concerns(statement, "sts:AssumeRoleWithSAML") {
            self.of_saml.push((position, text.into()));
        }
    }

    fn principal(&mut self, position: usize, text: &str) {
        let path = without_partition(text);
        if text.contains(":user/") || text.contains(":role/") {
            self.named.entry(path.into()).or_default().push(position);
        } else if let Some((account, session)) =
            path.strip_prefix("sts::").and_then(|rest| rest.split_once(":assumed-role/"))
        {
            let role = session.split('/').next().unwrap_or(session);
            self.named.entry(format!("iam::{account}:role/{role}").into()).or_default().push(position);
        } else if self.open.last() != Some(&position) {
            self.open.push(position);
        }
    }
}

/// `ec2.amazonaws.com`, also as it is called in other partitions.
pub(super) fn names_service(text: &Text, service: &str) -> bool {
    let text = text.as_str();
    text == service || text.strip_suffix(".cn") == Some(service)
}

/// True if the service may assume the role, under conditions that the role's own account can fulfil.
fn trusts(holder: &Holder<'_>, trust: &CompiledPolicy, service: &str) -> bool {
    let named = |s: &Statement| {
        s.principal
            .iter()
            .flat_map(|p| p.of_type("Service"))
            .flat_map(|l| &l.items)
            .any(|i| names_service(&i.text, service))
    };
    let statements = &trust.document().statements;
    let simply = |s: &Statement| s.is_allow() && s.conditions.is_empty() && named(s) && concerns(s, "sts:AssumeRole");
    if statements.iter().any(simply) && !statements.iter().any(Statement::is_deny) {
        return true;
    }
    let permissions = Permissions { policies: vec![trust], ..Permissions::default() };
    let account = crate::policy::Arn::split(holder.arn.as_str()).map(|a| a.account).unwrap_or_default();
    let is_known = !account.is_empty() && account.bytes().all(|b| b.is_ascii_digit());
    let asks = |key: &str| {
        let keys = statements.iter().flat_map(|s| &s.conditions).flat_map(|b| &b.keys);
        keys.into_iter().any(|k| k.name.as_str().eq_ignore_ascii_case(key))
    };
    let account_key =
        (is_known && asks("aws:SourceAccount")).then(|| ("aws:SourceAccount".into(), vec![account.into()]));
    let names = statements.iter().flat_map(|s| &s.principal).flat_map(|p| p.of_type("Service")).flat_map(|l| &l.items);
    let mut names: Vec<SmolStr> =
        names.filter(|i| names_service(&i.text, service)).map(|i| i.text.as_smol().clone()).collect();
    names.dedup();
    names.into_iter().any(|name| {
        let wanted = Wanted {
            caller: Some(Caller::Service { name }),
            action: "sts:AssumeRole".into(),
            resources: Vec::new(),
            keys: account_key.iter().cloned().collect(),
        };
        !matches!(permitted(&permissions, &wanted, Ties::Tied, &|_| true), Ok(None))
    })
}

/// True if some Allow statement speaks of the action.
pub(super) fn speaks_of(document: &PolicyDocument, action: &str) -> bool {
    document.statements.iter().any(|s| s.is_allow() && concerns(s, action))
}

/// The actions of the table, by their names in lower case.
pub(super) fn actions() -> &'static FxHashMap<String, &'static str> {
    static ACTIONS: OnceLock<FxHashMap<String, &'static str>> = OnceLock::new();
    ACTIONS.get_or_init(|| listed().into_iter().map(|a| (a.to_ascii_lowercase(), a)).collect())
}

fn listed() -> Vec<&'static str> {
    let mut actions: Vec<&'static str> =
        PATHS.iter().flat_map(|p| p.steps).filter(|s| s.on != On::Assume).map(|s| s.action).collect();
    actions.push("sts:AssumeRole");
    actions.sort_unstable();
    actions.dedup();
    actions
}

fn attachable<'a>(deployment: &Deployment, policies: &'a Policies, catalog: &Catalog) -> Vec<Attachable<'a>> {
    let own =
        policies.own_managed().map(|(arn, policy)| Attachable { arn: arn.clone(), policy: Compiled::Own(policy) });
    let mut found: Vec<Attachable<'a>> = own.take(ATTACHABLE).collect();
    let documents = deployment.policies.iter().filter_map(|p| p.document.as_ref());
    let keys = documents.flat_map(|d| &d.statements).flat_map(|s| &s.conditions).flat_map(|b| &b.keys);
    let values = keys.filter(|k| k.name.as_str().eq_ignore_ascii_case("iam:PolicyARN")).flat_map(|k| &k.values);
    for value in values {
        let arn = &settled_text(&value.text);
        if found.len() >= 2 * ATTACHABLE || found.iter().any(|a| a.arn == *arn.as_smol()) {
            continue;
        }
        let reference = ManagedPolicyRef { arn: arn.clone(), span: None, policy: None };
        if let Some(policy) = policy_of_aws(reference.arn.as_str(), catalog) {
            found.push(Attachable { arn: arn.as_smol().clone(), policy: Compiled::OfAws(Box::new(policy)) });
        }
    }
    found
}
