//! Unused access: roles, passwords, access keys and permissions that the evidence shows no use of within the tracking period, as
//! Access Analyzer's unused access findings have them, and the policies that would do.
//!
//! Access is unused when it was not used for at least that many days before the time of the newest evidence; what is younger than
//! the period is not judged, nor is what no evidence speaks of. Use that was denied is use. Permissions are judged for active
//! users and roles only.
//!
//! - `judge`: the rules;
//! - `subject`: whose access it is, and what is known of each; `trail`: what trails cover;
//! - `permissions`: what of their permissions is unused; `grants`: what their policies allow; `tracked`: what leaves a trace;
//! - `groups`: what no member of a group uses;
//! - `narrow`: a policy less what is unused; `recommend`: the same with proofs;
//! - `edit`: the same as changes of a template; `detach`: policies that go wholly.
//!
//! Source: IAM Access Analyzer API Reference and IAM User Guide, "Findings for unused access".

mod detach;
mod edit;
mod finding;
mod grants;
mod groups;
mod judge;
mod narrow;
mod permissions;
mod recommend;
mod subject;
mod tracked;
mod trail;

use rayon::prelude::*;
use rustc_hash::FxHashSet;
use serde::Serialize;
use smol_str::SmolStr;

use crate::activity::evidence::Evidence;
use crate::activity::time::Timestamp;
use crate::catalog::Catalog;
use crate::model::{
    Deployment, Input, InputId, InputKind, PolicyId, Principal, PrincipalEntityKind, Resource, ResourceRef,
};
use crate::policy::PolicyDocument;
use crate::source::{Text, display_encoded};

pub use edit::Detached;
pub use finding::{UnusedAccessCode, findings, report_json};
pub use recommend::Advice;

use judge::{Judge, Judged};

/// What to judge by.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Days without use, from 1 to 365.
    pub tracking_period: u32,
    /// The time of the judgement; the newest evidence's if it isn't given.
    pub as_of: Option<Timestamp>,
    /// Principals with one of these tags are left out; an empty value stands for any.
    pub exclude_tags: Vec<(String, String)>,
    /// Principals with one of these names, ARNs or ids are left out; wildcards are as in a policy.
    pub exclude: Vec<String>,
    /// The organization's service control policies, by level: what they forbid is not granted.
    pub service_control_policies: Vec<Vec<PolicyDocument>>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            tracking_period: 90,
            as_of: None,
            exclude_tags: Vec::new(),
            exclude: Vec::new(),
            service_control_policies: Vec::new(),
        }
    }
}

/// The four kinds of unused access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum UnusedAccessType {
    /// A role that nobody has used.
    #[serde(rename = "UnusedIAMRole")]
    Role,
    /// An access key.
    #[serde(rename = "UnusedIAMUserAccessKey")]
    AccessKey,
    /// A password.
    #[serde(rename = "UnusedIAMUserPassword")]
    Password,
    /// Services and actions that an active user or role is allowed.
    #[serde(rename = "UnusedPermission")]
    Permission,
}

/// An unused access finding.
#[derive(Clone, Debug)]
pub struct UnusedAccess {
    /// What is unused.
    pub finding_type: UnusedAccessType,
    /// The user's or role's ARN, as it is written in a report.
    pub resource: String,
    /// What the user or role is called in the inputs.
    pub principal: ResourceRef,
    /// `AWS::IAM::Role` or `AWS::IAM::User`.
    pub resource_type: &'static str,
    /// What exactly; one for each service for permissions.
    pub details: Vec<Detail>,
    /// For permissions: what is recommended for each policy that is attached.
    pub policies: Vec<PolicyAdvice>,
    /// What there is no recommendation for, and why.
    pub not_recommended: Vec<NotRecommended>,
}

/// Why there is no recommendation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRecommended {
    /// In the way of Access Analyzer's error codes.
    pub code: &'static str,
    /// Lower case, without a full stop.
    pub message: String,
    /// The policy's ARN, or the name of an inline policy; `None` if it is about the user or role.
    pub policy: Option<String>,
}

/// What exactly is unused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Detail {
    /// A key.
    #[serde(rename_all = "camelCase")]
    AccessKey {
        /// The key's id; where it is not known, its number in the credential report, which has no ids: `access_key_1`.
        access_key_id: String,
        /// Its last use.
        last_accessed: Option<Timestamp>,
    },
    /// A service or actions of it.
    #[serde(rename_all = "camelCase")]
    Service {
        /// `s3`
        service_namespace: SmolStr,
        /// The actions that are unused, if others are used.
        #[serde(skip_serializing_if = "Option::is_none")]
        actions: Option<Vec<UnusedAction>>,
        /// The service's last use.
        last_accessed: Option<Timestamp>,
    },
    /// A role or a password.
    #[serde(rename_all = "camelCase")]
    Whole {
        /// Its last use.
        last_accessed: Option<Timestamp>,
    },
}

/// An action that is unused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnusedAction {
    /// Without prefix.
    pub action: SmolStr,
    /// Its last use.
    pub last_accessed: Option<Timestamp>,
}

/// What to do with one attached policy.
#[derive(Clone, Debug)]
pub struct PolicyAdvice {
    /// The policy of the deployment; `None` for AWS managed policies that only the service data have.
    pub policy: Option<PolicyId>,
    /// Its ARN, or the name of an inline policy.
    pub id: String,
    /// The group that it is attached to, if it is attached to one of the user's.
    pub group: Option<ResourceRef>,
    /// When it was last changed.
    pub changed: Option<Timestamp>,
    /// The document as it is.
    pub existing: PolicyDocument,
    /// What is recommended.
    pub advice: Advice,
    /// What goes of each of its statements: the statement's position, its place, and what is left of its actions.
    pub changes: Vec<StatementChange>,
    /// The actions used that the recommendation keeps.
    pub used: Vec<SmolStr>,
}

/// What goes of a statement.
#[derive(Clone, Debug)]
pub struct StatementChange {
    /// Its position in the policy; `None` if it is the only one and stands in no list.
    pub index: Option<usize>,
    /// The actions that are left; none for a statement that goes.
    pub left: Vec<SmolStr>,
}

/// All that was found.
#[derive(Clone, Debug, Default)]
pub struct UnusedAccessReport {
    /// In the order of the principals.
    pub found: Vec<UnusedAccess>,
    /// The time of the judgement.
    pub as_of: Option<Timestamp>,
    /// Users and roles that were judged.
    pub judged: usize,
    /// Users and roles that were left out as the settings ask.
    pub excluded: usize,
    /// What the evidence doesn't show.
    pub notices: Vec<String>,
    /// Policies to be detached for which there is no change of the inputs; it is among the notices, too.
    pub by_hand: Option<String>,
}

/// Judges the users and roles of a deployment, or, without one, those of the export.
pub fn analyse(
    deployment: Option<&Deployment>,
    evidence: &Evidence,
    settings: &Settings,
    catalog: &Catalog,
) -> UnusedAccessReport {
    let mut report =
        UnusedAccessReport { as_of: settings.as_of.or(evidence.newest()), ..UnusedAccessReport::default() };
    let Some(as_of) = report.as_of else {
        report.notices.push("there is no evidence with a time: nothing can be judged".to_owned());
        return report;
    };
    let own = deployment.or(evidence.details.as_ref().map(|d| &d.deployment));
    let Some(own) = own else { return report };
    let subjects = subject::subjects(deployment, evidence);
    let mut judge = Judge::new(own, deployment.is_none(), evidence, settings, as_of, catalog);
    let of_export = evidence.details.as_ref().filter(|_| !subjects.further.is_empty());
    let of_export = of_export.map(|e| Judge::new(&e.deployment, true, evidence, settings, as_of, catalog));
    judge.groups = groups::unused(&judge, of_export.as_ref(), &subjects);
    for label in &subjects.unclaimed {
        report
            .notices
            .push(format!("no user or role, or more than one, is named by the last accessed details `{label}`"));
    }
    judge.remarks(&subjects.of, &mut report.notices);
    let judged: Vec<Judged> = subjects.of.par_iter().map(|subject| judge.subject(subject)).collect();
    let (mut silent, mut young, mut ageless) = (Vec::new(), 0, 0);
    for (judged, subject) in judged.into_iter().zip(&subjects.of) {
        match judged {
            Judged::Excluded => report.excluded += 1,
            Judged::ServiceLinked => {}
            Judged::NoEvidence => silent.push(display_encoded(&subject.principal.id.id)),
            Judged::TooYoung => young += 1,
            Judged::Found { found, notices } => {
                report.judged += 1;
                ageless += usize::from(subject.entity.and_then(|e| e.created).is_none());
                report.found.extend(found);
                report.notices.extend(notices);
            }
        }
    }
    let days = settings.tracking_period;
    let sets = own.principals.iter().filter(|p| p.kind == PrincipalEntityKind::PermissionSet).count();
    if sets > 0 {
        let count = crate::finding::counted(sets, "permission set is", "permission sets are");
        report.notices.push(format!("{count} not judged: the evidence is about the roles that they become"));
    }
    if !silent.is_empty() {
        let first: Vec<String> = silent.iter().take(5).map(|id| format!("`{id}`")).collect();
        let more = if silent.len() > first.len() { ", …" } else { "" };
        let count = crate::finding::counted(silent.len(), "user or role", "users and roles");
        report.notices.push(format!("no evidence speaks of {count}: {}{more}", first.join(", ")));
    }
    if young > 0 {
        let count = crate::finding::counted(young, "user or role is", "users and roles are");
        report.notices.push(format!("{count} younger than {days} days and not judged"));
    }
    if ageless > 0 {
        let count = crate::finding::counted(ageless, "user or role", "users and roles");
        report.notices.push(format!(
            "the age of {count} is not known, and taken to be more than {days} days; authorization details tell it"
        ));
    }
    // What concerns a policy of several is said once.
    let mut said = FxHashSet::default();
    report.notices.retain(|notice| said.insert(notice.clone()));
    report
}

/// The users of credential reports, as a deployment without policies: what passwords and access keys are judged for when
/// nothing else names users.
pub fn users_of(evidence: &Evidence) -> Deployment {
    let mut users = Deployment::default();
    let kind = InputKind::Unknown;
    users.inputs.push(Input { path: "credential report".to_owned(), kind, error: None, notices: Vec::new() });
    for user in evidence.users() {
        let id = ResourceRef { id: user.arn.clone(), resource_type: "AWS::IAM::User".into() };
        users.resources.push(Resource {
            id: id.clone(),
            input: InputId(0),
            span: user.span,
            arn: Some(Text::literal(&user.arn)),
            properties: None,
            when: None,
            construct_path: None,
        });
        users.principals.push(Principal {
            id,
            input: InputId(0),
            kind: PrincipalEntityKind::User,
            arn: Text::literal(&user.arn),
            name: Text::literal(&user.user),
            policies: Vec::new(),
            managed_policies: Vec::new(),
            trust_policy: None,
            permissions_boundary: None,
            groups: Vec::new(),
            when: None,
        });
    }
    users
}
