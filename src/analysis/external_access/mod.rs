//! External access: who outside the zone of trust gets at a resource by its own policy, as the external access analyzer of
//! IAM Access Analyzer reports it, before deployment.
//!
//! - `cube`: the ways in that a statement may open, each a finding if the engine finds a request that takes it;
//! - `actions`: what may be done on the way;
//! - `archive`: filters for what is meant;
//! - `block_public_access`: what S3 takes back;
//! - `finding`: the same in the report.
//!
//! Source: IAM User Guide, "Findings for external and unused access"; Access Analyzer API Reference, `Finding`.

mod actions;
mod archive;
mod block_public_access;
mod cube;
mod finding;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::analysis::custom_check::{compile, kind_of};
use crate::catalog::{AccessLevel, Catalog};
use crate::checks::TRUST_POLICY;
use crate::finding::Location;
use crate::logic::Request;
use crate::logic::engine::{Ties, Zone, no_outside_access, no_public_access};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, Policy, PolicyForm, PolicyId, ResourceRef};
use crate::policy::{Arn, PolicyDocument, Statement, StringList, glob};
use crate::source::{Shape, Symbol, SymbolInfo, SymbolKind, Text};
use block_public_access::{BlockPublicAccess, Blocks};

pub use archive::{ArchiveRule, Criterion, OPERATORS, archive, filter_keys, is_filter_key};
pub use finding::{CODE, DOCUMENTATION, TITLE, findings, report_json};

/// Where external access stands against an earlier version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeType {
    /// It was not there.
    New,
    /// It was there, and stays.
    Unchanged,
    /// It was there, and goes.
    Resolved,
}

impl ChangeType {
    /// The word of the reports.
    pub fn as_str(self) -> &'static str {
        match self {
            ChangeType::New => "NEW",
            ChangeType::Unchanged => "UNCHANGED",
            ChangeType::Resolved => "RESOLVED",
        }
    }
}

/// One instance of sharing: a principal outside the zone, and the conditions under which it gets in.
#[derive(Clone, Debug)]
pub struct ExternalAccess {
    /// What is shared.
    pub resource: ResourceRef,
    /// Its CloudFormation type.
    pub resource_type: SmolStr,
    /// The principal's kind in the policy language, and who.
    pub principal: (SmolStr, String),
    /// True if anybody can take this way.
    pub is_public: bool,
    /// The conditions that somebody outside can't fulfil at will.
    pub condition: BTreeMap<SmolStr, String>,
    /// What is allowed, sorted.
    pub actions: Vec<SmolStr>,
    /// The access levels of these.
    pub levels: BTreeSet<AccessLevel>,
    /// `POLICY`, `BUCKET_ACL` or `S3_ACCESS_POINT`.
    pub source: &'static str,
    /// The account that owns the resource, if it is known.
    pub owner: Option<String>,
    /// The policy that grants it: of the earlier version, if the access is resolved.
    pub policy: PolicyId,
    /// Where its principals are written.
    pub locations: Vec<Location>,
    /// A request that gets in; without one, why it could not be decided whether there is any.
    pub witness: Result<Request, &'static str>,
    /// Against an earlier version, if there is one.
    pub change: Option<ChangeType>,
    /// True if it is meant: somebody has said that this principal may come in.
    pub archived: bool,
    /// True if a resource control policy bears on its actions. Their effect is not taken off.
    pub restricted: bool,
}

impl ExternalAccess {
    /// True if it was there in an earlier version, and goes.
    pub fn is_resolved(&self) -> bool {
        self.change == Some(ChangeType::Resolved)
    }
}

/// What the analysis found.
#[derive(Clone, Debug, Default)]
pub struct ExternalAccessReport {
    /// In the order of the policies.
    pub found: Vec<ExternalAccess>,
    /// What could not be analysed, and what was taken for granted.
    pub notices: Vec<String>,
}

/// The name that stands for the account of the deployment while it isn't known.
fn unknown_account() -> SmolStr {
    let symbol = Symbol::intern(SymbolInfo {
        scope: SmolStr::default(),
        name: "AWS::AccountId".into(),
        kind: SymbolKind::PseudoParameter,
        shape: Shape::AccountId,
        sensitive: false,
    });
    Text::symbol(symbol).as_smol().clone()
}

/// The zone of trust of a deployment: its own account, further accounts, and the organization.
pub fn zone(account: Option<&str>, further: &[String], organization: Option<&str>) -> Zone {
    let own = account.map_or_else(unknown_account, SmolStr::new);
    Zone {
        accounts: std::iter::once(own).chain(further.iter().map(SmolStr::from)).collect(),
        organization: organization.map(SmolStr::new),
        canonical_ids: Vec::new(),
    }
}

/// Finds the external access of those resource-based policies of a deployment that `belongs` picks.
pub fn analyse(
    deployment: &Deployment,
    zone: &Zone,
    catalog: &Catalog,
    belongs: impl Fn(&Policy) -> bool + Sync,
) -> ExternalAccessReport {
    let blocks = Blocks::new(deployment);
    let of_policy = |(index, policy): (usize, &Policy)| of(PolicyId(index), policy, &blocks, zone, catalog);
    let policies = deployment.policies.par_iter().enumerate().filter(|(_, policy)| belongs(policy));
    let parts: Vec<ExternalAccessReport> = policies.map(of_policy).collect();
    let mut report = ExternalAccessReport::default();
    for part in parts {
        report.found.extend(part.found);
        report.notices.extend(part.notices);
    }
    let own = zone.accounts.first().and_then(|a| a.chars().next());
    let by_account = |access: &ExternalAccess| access.principal.1.bytes().any(|b| b.is_ascii_digit());
    if own.is_some_and(|c| Symbol::of(c).is_some()) && report.found.iter().any(by_account) {
        report.notices.push(
            "the account of the deployment is not known: every account that a policy names by its number is taken for a \
             foreign one (`--account-id` tells)"
                .to_owned(),
        );
    }
    report
}

/// Archives the access of principals that may come in: account ids, ARNs (an account's covers its principals), providers,
/// canonical ids; `*` for anybody.
pub fn allow(report: &mut ExternalAccessReport, principals: &[String]) {
    let account = |text: &str| Arn::split(text).map_or_else(|| text.to_owned(), |arn| arn.account.to_owned());
    let root = |text: &str| Arn::split(text).is_some_and(|arn| arn.service == "iam" && arn.resource == "root");
    for access in &mut report.found {
        let who = access.principal.1.as_str();
        let allowed = |p: &String| {
            let names_account = p.len() == 12 && p.bytes().all(|b| b.is_ascii_digit()) || root(p);
            p == who || names_account && access.principal.0 == "AWS" && account(p) == account(who)
        };
        access.archived |= principals.iter().any(allowed);
    }
    let archived = report.found.iter().filter(|a| a.archived).count();
    if archived > 0 {
        report.notices.push(format!(
            "{archived} instance{} of external access {} allowed by `--allow-external-principals`",
            if archived == 1 { "" } else { "s" },
            if archived == 1 { "is" } else { "are" },
        ));
    }
}

/// Marks the access on which a resource control policy bears: one with a Deny of any of its actions, whatever the conditions.
/// As in Access Analyzer's own findings, the policy is not applied.
pub fn restrict(report: &mut ExternalAccessReport, policies: &[PolicyDocument], catalog: &Catalog) {
    let denies: Vec<&Statement> = policies.iter().flat_map(|p| &p.statements).filter(|s| s.is_deny()).collect();
    let listed =
        |list: &StringList, action: &str| list.items.iter().any(|i| glob::matches_ignore_case(i.text.as_str(), action));
    let bears = |action: &SmolStr| {
        let prefix = action.split(':').next().unwrap_or_default();
        catalog.supports_rcp(prefix)
            && denies.iter().any(|s| match (&s.action, &s.not_action) {
                (Some(list), _) => listed(list, action),
                (None, Some(list)) => !listed(list, action),
                (None, None) => false,
            })
    };
    for access in &mut report.found {
        access.restricted = access.actions.iter().any(bears);
    }
}

/// Sets how the access stands against that of an earlier version, and adds what has gone.
pub fn compare(now: &mut ExternalAccessReport, earlier: ExternalAccessReport) {
    let before: BTreeSet<String> = earlier.found.iter().map(ExternalAccess::id).collect();
    let after: BTreeSet<String> = now.found.iter().map(ExternalAccess::id).collect();
    for access in &mut now.found {
        let known = before.contains(&access.id());
        access.change = Some(if known { ChangeType::Unchanged } else { ChangeType::New });
    }
    let gone = earlier.found.into_iter().filter(|access| !after.contains(&access.id()));
    now.found.extend(gone.map(|access| ExternalAccess { change: Some(ChangeType::Resolved), ..access }));
}

fn of(id: PolicyId, policy: &Policy, blocks: &Blocks<'_>, zone: &Zone, catalog: &Catalog) -> ExternalAccessReport {
    let mut report = ExternalAccessReport::default();
    let kind = kind_of(policy);
    if !policy.is_own || !matches!(kind, PolicyKind::Resource | PolicyKind::Trust) {
        return report;
    }
    let name = || format!("`{}.{}`", policy.resource.id, policy.name);
    let Some(document) = &policy.document else {
        report.notices.push(format!("the external access by {} is not known: its document is not", name()));
        return report;
    };
    let whole = match compile(document.clone(), kind, Ties::Tied) {
        Ok(compiled) => compiled,
        Err(error) => {
            report.notices.push(format!("the external access by {} is not known: {error}", name()));
            return report;
        }
    };
    let resource_type = policy.resource_type.clone().unwrap_or_else(|| policy.resource.resource_type.clone());
    let is_s3 = matches!(resource_type.as_str(), "AWS::S3::Bucket" | "AWS::S3::AccessPoint");
    let block = if is_s3 { blocks.of(policy) } else { BlockPublicAccess::default() };
    let is_acl = is_s3 && policy.form == PolicyForm::Synthesised;
    if block.restricts_public_buckets && !is_acl && no_public_access(&whole, &resource_type, Ties::Tied).fails() {
        report.notices.push(format!("{} is public, and RestrictPublicBuckets takes its external access back", name()));
        return report;
    }
    let shared: &[ResourceRef] = match policy.attached_to.as_slice() {
        [] => std::slice::from_ref(&policy.resource),
        attached => attached,
    };
    let mut merged: BTreeMap<(SmolStr, String, BTreeMap<SmolStr, String>), ExternalAccess> = BTreeMap::new();
    for statement in document.statements.iter().filter(|s| s.is_allow()) {
        for cube in cube::cubes(document, statement) {
            if surely_inside(&cube, zone) {
                continue;
            }
            let Ok(narrowed) = compile(cube.document.clone(), kind, Ties::Tied) else { continue };
            let answer = no_outside_access(&narrowed, zone, Ties::Tied);
            if answer.holds() {
                continue;
            }
            let is_public = no_public_access(&narrowed, &resource_type, Ties::Tied).fails();
            if is_acl && is_public && block.ignores_public_acls {
                continue;
            }
            let undecided = answer.undecided.first().map_or("not decided", |(_, why)| *why);
            let witness = answer.reasons.into_iter().next().map(|r| r.witness).ok_or(undecided);
            let actions = match &witness {
                Ok(request) => actions::granted(&narrowed, kind, &resource_type, request, zone, catalog),
                Err(_) => Vec::new(),
            };
            if witness.is_ok() && actions.is_empty() {
                // Nothing that exists, or nothing that works from outside.
                continue;
            }
            let condition = cube.condition.iter().map(|(key, values)| {
                let mut values: Vec<String> = values.iter().map(Text::display).collect();
                values.sort_unstable();
                (key.clone(), values.join(", "))
            });
            let condition: BTreeMap<SmolStr, String> = condition.collect();
            let path = statement.path().key("Principal");
            let path = if cube.principal.1.as_str() == "*" && cube.item.is_none() {
                path
            } else {
                path.key(cube.principal.0.clone()).maybe_index(cube.item)
            };
            let location = Location::new(path, cube.span);
            let key = (cube.principal.0.clone(), shown(&cube.principal.1), condition.clone());
            let entry = merged.entry(key.clone()).or_insert_with(|| ExternalAccess {
                resource: policy.resource.clone(),
                resource_type: if resource_type == TRUST_POLICY {
                    "AWS::IAM::Role".into()
                } else {
                    resource_type.clone()
                },
                principal: (key.0, key.1),
                is_public: false,
                condition,
                actions: Vec::new(),
                levels: BTreeSet::new(),
                source: match resource_type.as_str() {
                    _ if is_acl => "BUCKET_ACL",
                    "AWS::S3::AccessPoint" => "S3_ACCESS_POINT",
                    _ => "POLICY",
                },
                owner: zone.accounts.first().map(|a| crate::source::display_encoded(a)),
                policy: id,
                locations: Vec::new(),
                witness: witness.clone(),
                change: None,
                archived: false,
                restricted: false,
            });
            entry.is_public |= is_public;
            entry.actions.extend(actions);
            entry.locations.push(location);
            if entry.witness.is_err() {
                entry.witness = witness;
            }
        }
    }
    for mut access in merged.into_values() {
        access.actions.sort_unstable();
        access.actions.dedup();
        access.levels = access.actions.iter().filter_map(|a| Some(catalog.action(a)?.1.access_level)).collect();
        for resource in shared {
            report.found.push(ExternalAccess { resource: resource.clone(), ..access.clone() });
        }
    }
    report
}

/// The principal as people write it: an account by its number.
fn shown(principal: &Text) -> String {
    match Arn::split(principal.as_str()) {
        Some(arn) if arn.service == "iam" && arn.resource == "root" => crate::source::display_encoded(arn.account),
        _ => principal.display(),
    }
}

/// True for principals of the zone's own accounts, which need no engine.
fn surely_inside(cube: &cube::Cube, zone: &Zone) -> bool {
    if cube.principal.0 != "AWS" {
        return false;
    }
    let text = cube.principal.1.as_str();
    let account = Arn::split(text).map_or(text, |arn| arn.account);
    zone.accounts.iter().any(|own| own == account)
}
