//! External access: who outside the zone of trust gets at a resource by its own policy, as the external access analyzer of
//! IAM Access Analyzer reports it, before deployment.
//!
//! - `cube`: the ways in that a statement may open, each a finding if the engine finds a request that takes it (`ways`);
//! - `access_points`: what is behind an access point, and what has to be passed there;
//! - `actions`: what may be done on the way;
//! - `settings`: what S3 takes back;
//! - `secret`: secrets that no other account can read;
//! - `archive`: filters for what is meant;
//! - `finding`: the same in the report.
//!
//! Source: IAM User Guide, "Findings for external and unused access"; Access Analyzer API Reference, `Finding`.

mod access_points;
mod actions;
mod archive;
mod cube;
mod finding;
mod secret;
mod settings;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::access::holders::unknown_account;
use crate::access::{compile, kind_of};
use crate::catalog::{AccessLevel, Catalog};
use crate::finding::Location;
use crate::logic::Request;
use crate::logic::engine::{CompiledPolicy, Ties, Zone, no_public_access};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, Policy, PolicyForm, PolicyId, ResourceRef};
use crate::policy::{Arn, PolicyDocument, Statement, StringList, glob};
use crate::source::{Symbol, Text};
use access_points::{AccessPoint, AccessPoints};
use secret::Secrets;
use settings::{AllSettings, Settings};
use ways::{Entrance, Gate};

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

/// By what a resource is shared: the kind in the API's words, and which access point or account it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Source {
    /// `POLICY`, `BUCKET_ACL`, `S3_ACCESS_POINT` or `S3_ACCESS_POINT_ACCOUNT`.
    pub kind: &'static str,
    /// The name of the API's detail, and its value.
    pub detail: Option<(&'static str, String)>,
}

impl Source {
    const POLICY: &'static str = "POLICY";
    const BUCKET_ACL: &'static str = "BUCKET_ACL";
    const ACCESS_POINT: &'static str = "S3_ACCESS_POINT";
    const ACCESS_POINT_ACCOUNT: &'static str = "S3_ACCESS_POINT_ACCOUNT";

    fn of(kind: &'static str) -> Source {
        Source { kind, detail: None }
    }

    fn with(kind: &'static str, name: &'static str, value: String) -> Source {
        Source { kind, detail: Some((name, value)) }
    }
}

/// One instance of sharing: a principal outside the zone, and the conditions under which it gets in.
#[derive(Clone, Debug)]
pub struct ExternalAccess {
    /// What is shared.
    pub resource: ResourceRef,
    /// Its CloudFormation type.
    pub resource_type: SmolStr,
    /// Its ARN, with names for what isn't known, if it is in the inputs and has one.
    pub arn: Option<String>,
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
    /// By what it is shared.
    pub source: Source,
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
    /// True if resource control policies leave nothing of it.
    pub is_forbidden: bool,
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

/// The zone of trust of a deployment: its own account, further accounts, and the organization. The canonical user ids of
/// these accounts can be added.
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
    analyse_under(deployment, zone, &[], catalog, belongs)
}

/// The same under resource control policies: what they forbid stays external access, as in Access Analyzer's findings, and
/// says so.
pub fn analyse_under(
    deployment: &Deployment,
    zone: &Zone,
    rcps: &[PolicyDocument],
    catalog: &Catalog,
    belongs: impl Fn(&Policy) -> bool + Sync,
) -> ExternalAccessReport {
    // Only what they deny counts: whatever else they allow, an organization's root allows everything.
    let compiled =
        rcps.iter().filter_map(|rcp| CompiledPolicy::new(rcp.clone(), PolicyKind::ResourceControl, Ties::Tied).ok());
    let compiled: Vec<CompiledPolicy> = compiled.collect();
    let arns = deployment.resources.iter().filter_map(|r| Some((&r.id, r.arn.as_ref()?)));
    let view = View {
        arns: arns.collect(),
        settings: AllSettings::new(deployment),
        access_points: AccessPoints::new(deployment),
        secrets: Secrets::new(deployment),
        rcps: &compiled,
        zone,
        catalog,
    };
    let of_policy = |(index, policy): (usize, &Policy)| view.of(PolicyId(index), policy);
    let policies = deployment.policies.par_iter().enumerate().filter(|(_, policy)| belongs(policy));
    let parts: Vec<ExternalAccessReport> = policies.map(of_policy).collect();
    let mut report = ExternalAccessReport::default();
    for part in parts {
        report.found.extend(part.found);
        report.notices.extend(part.notices);
    }
    restrict(&mut report, rcps, catalog);
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
fn restrict(report: &mut ExternalAccessReport, policies: &[PolicyDocument], catalog: &Catalog) {
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

/// What the analysis of one policy needs to know of the deployment.
struct View<'a> {
    arns: FxHashMap<&'a ResourceRef, &'a Text>,
    settings: AllSettings<'a>,
    access_points: AccessPoints<'a>,
    secrets: Secrets<'a>,
    rcps: &'a [CompiledPolicy],
    zone: &'a Zone,
    catalog: &'a Catalog,
}

/// A policy that is being analysed.
struct Subject<'a> {
    id: PolicyId,
    policy: &'a Policy,
    document: &'a PolicyDocument,
    kind: PolicyKind,
    whole: CompiledPolicy,
    resource_type: SmolStr,
    shared: &'a [ResourceRef],
}

impl Subject<'_> {
    fn name(&self) -> String {
        name_of(self.policy)
    }

    fn is_public(&self) -> bool {
        no_public_access(&self.whole, &self.resource_type, Ties::Tied).fails()
    }
}

fn name_of(policy: &Policy) -> String {
    format!("`{}.{}`", policy.resource.id, policy.name)
}

impl View<'_> {
    fn of(&self, id: PolicyId, policy: &Policy) -> ExternalAccessReport {
        let mut report = ExternalAccessReport::default();
        let kind = kind_of(policy);
        if !policy.is_own || !matches!(kind, PolicyKind::Resource | PolicyKind::Trust) {
            return report;
        }
        let name = name_of(policy);
        let Some(document) = &policy.document else {
            report.notices.push(format!("the external access by {name} is not known: its document is not"));
            return report;
        };
        let whole = match compile(document.clone(), kind, Ties::Tied) {
            Ok(compiled) => compiled,
            Err(error) => {
                report.notices.push(format!("the external access by {name} is not known: {error}"));
                return report;
            }
        };
        let resource_type = policy.resource_type.clone().unwrap_or_else(|| policy.resource.resource_type.clone());
        let shared: &[ResourceRef] = match policy.attached_to.as_slice() {
            [] => std::slice::from_ref(&policy.resource),
            attached => attached,
        };
        let subject = Subject { id, policy, document, kind, whole, resource_type, shared };
        match self.access_points.of(policy, &self.settings) {
            Some(access_point) => self.by_access_point(&subject, &access_point, &mut report),
            None => self.by_policy(&subject, &mut report),
        }
        for access in &mut report.found {
            access.arn = self.arns.get(&access.resource).map(|arn| arn.display());
        }
        report
    }

    /// The resource control policies, if they apply to the service that a type is of.
    fn rcps_on(&self, resource_type: &str) -> &[CompiledPolicy] {
        let supported =
            actions::service_of(resource_type, self.catalog).is_some_and(|s| self.catalog.supports_rcp(&s.prefix));
        if supported { self.rcps } else { &[] }
    }

    /// What the policy lets in to what it is attached to.
    fn by_policy(&self, subject: &Subject<'_>, report: &mut ExternalAccessReport) {
        let resource_type = subject.resource_type.as_str();
        let is_acl = resource_type == "AWS::S3::Bucket" && subject.policy.form == PolicyForm::Synthesised;
        let settings = match resource_type {
            "AWS::S3::Bucket" | "AWS::S3::AccessPoint" | "AWS::S3::MultiRegionAccessPoint" => {
                self.settings.of(subject.policy)
            }
            kind if kind.starts_with("AWS::S3Express::") => {
                Settings { restricts_public_buckets: true, refuses_public_policies: true, ..Settings::default() }
            }
            _ => Settings::default(),
        };
        if is_acl && settings.disables_acls {
            report.notices.push(format!("{} grants nothing: the bucket's owner owns all objects", subject.name()));
            return;
        }
        if !is_acl && taken_back(subject, settings, report) {
            return;
        }
        let is_access_point = matches!(
            resource_type,
            "AWS::S3::AccessPoint" | "AWS::S3Express::AccessPoint" | "AWS::S3::MultiRegionAccessPoint"
        );
        if is_access_point {
            report.notices.push(format!(
                "what is behind the access point of {} is not in the inputs: its bucket is taken to let in whoever the access \
                 point lets in",
                subject.name()
            ));
        }
        let entrance = Entrance {
            policy: subject.id,
            document: subject.document,
            kind: subject.kind,
            shared: subject.shared,
            resource_type: &subject.resource_type,
            source: Source::of(match resource_type {
                _ if is_acl => Source::BUCKET_ACL,
                _ if is_access_point => Source::ACCESS_POINT,
                _ => Source::POLICY,
            }),
            gates: vec![Gate::default()],
            is_private: false,
            ignores_public: is_acl && settings.ignores_public_acls,
            rcps: self.rcps_on(&subject.resource_type),
            is_unrestricted: !settings.restricts_public_buckets,
        };
        if !is_acl && matches!(resource_type, "AWS::S3::Bucket" | "AWS::S3Express::DirectoryBucket") {
            report.notices.extend(self.left_to_access_points(subject));
        }
        let mut found = entrance.ways_in(self.zone, self.catalog);
        if resource_type == "AWS::SecretsManager::Secret" {
            self.secrets.take_back(&mut found, &mut report.notices);
        }
        report.found.extend(found);
    }

    /// Said of a bucket that leaves the choice to access points of the zone.
    fn left_to_access_points(&self, subject: &Subject<'_>) -> Option<String> {
        let of_zone = |value: &str| {
            let account = Arn::split(value).map_or(value, |arn| arn.account);
            self.zone.accounts.iter().any(|own| own == account)
        };
        let allowing = subject.document.statements.iter().filter(|s| s.is_allow());
        let keys = allowing.flat_map(|s| &s.conditions).flat_map(|b| &b.keys);
        let mut keys = keys.filter(|key| cube::is_of_access_point(&key.name));
        keys.any(|key| key.values.iter().any(|v| of_zone(v.text.as_str()))).then(|| {
            format!(
                "{} leaves it to access points of the zone whom they let in: those that are not in the inputs are not known",
                subject.name()
            )
        })
    }

    /// What the policy of an access point lets in to the buckets behind it.
    fn by_access_point(
        &self,
        subject: &Subject<'_>,
        access_point: &AccessPoint<'_>,
        report: &mut ExternalAccessReport,
    ) {
        let account = self.zone.accounts.first().cloned().unwrap_or_default();
        let keys = access_point.keys(&account);
        for behind in &access_point.behind {
            let of_bucket = behind.bucket.map(|bucket| self.settings.of_resource(&bucket.id)).unwrap_or_default();
            // The policy of an access point in a VPC is never public.
            if access_point.vpc.is_none() && taken_back(subject, access_point.settings.and(of_bucket), report) {
                continue;
            }
            let bucket = behind.arn();
            let access = access_point.access(&bucket);
            match (behind.bucket, &behind.policy) {
                (Some(resource), Some(policy)) if !behind.is_open => {
                    let is_public = CompiledPolicy::new(policy.clone(), PolicyKind::Resource, Ties::Tied)
                        .is_ok_and(|p| no_public_access(&p, "AWS::S3::Bucket", Ties::Tied).fails());
                    if of_bucket.restricts_public_buckets && is_public {
                        // Said of the bucket's policy already.
                        continue;
                    }
                    let shared = [resource.id.clone()];
                    let gates = Gate::of(policy, &keys, &access);
                    self.to_bucket(subject, access_point, &bucket, &shared, gates, report);
                }
                // Without a policy the bucket lets in nobody but its own account.
                (Some(_), None) if !behind.is_open => {}
                _ => {
                    report.notices.push(format!(
                        "the policy of the bucket `{}` is not known: it is taken to let in whoever {} lets in",
                        behind.name.display(),
                        subject.name()
                    ));
                    let gates = vec![Gate { keys: keys.clone(), access, ..Gate::default() }];
                    self.to_bucket(subject, access_point, &bucket, subject.shared, gates, report);
                }
            }
        }
        if access_point.behind.is_empty() {
            self.by_policy(subject, report);
        }
    }

    fn to_bucket(
        &self,
        subject: &Subject<'_>,
        access_point: &AccessPoint<'_>,
        bucket: &Text,
        shared: &[ResourceRef],
        gates: Vec<Gate>,
        report: &mut ExternalAccessReport,
    ) {
        let resource_type: SmolStr = match subject.resource_type.as_str() {
            kind if kind.starts_with("AWS::S3Express::") => "AWS::S3Express::DirectoryBucket".into(),
            _ => "AWS::S3::Bucket".into(),
        };
        let document = access_point.policy_on_bucket(subject.document, bucket);
        let source = match &access_point.arn {
            Some(arn) => Source::with(Source::ACCESS_POINT, "accessPointArn", arn.display()),
            None => Source::of(Source::ACCESS_POINT),
        };
        let entrance = Entrance {
            policy: subject.id,
            document: &document,
            kind: subject.kind,
            shared,
            resource_type: &resource_type,
            source,
            gates,
            is_private: access_point.vpc.is_some(),
            ignores_public: false,
            rcps: self.rcps_on(&resource_type),
            is_unrestricted: false,
        };
        report.found.extend(entrance.ways_in(self.zone, self.catalog));
    }
}

/// True if Block Public Access takes all external access of the policy back, which is said.
fn taken_back(subject: &Subject<'_>, settings: Settings, report: &mut ExternalAccessReport) -> bool {
    if !(settings.restricts_public_buckets || settings.refuses_public_policies) || !subject.is_public() {
        return false;
    }
    let why = if settings.refuses_public_policies {
        "and BlockPublicPolicy refuses it: it can't be deployed, and lets nobody in"
    } else {
        "and RestrictPublicBuckets takes its external access back"
    };
    let notice = format!("{} is public, {why}", subject.name());
    if !report.notices.contains(&notice) {
        report.notices.push(notice);
    }
    true
}
