//! Unused access in the common form of findings, and in the shape of the Access Analyzer API for the JSON report.

use std::borrow::Cow;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use smallvec::smallvec;

use super::edit;
use super::{Advice, Detached, Detail, NotRecommended, PolicyAdvice, UnusedAccess, UnusedAccessType};
use crate::finding::{Finding, FindingType, Location};
use crate::model::{Deployment, ResourceRef};
use crate::policy::{PolicyPath, Statement};
use crate::source::Span;

/// The issue code of a kind of unused access.
#[derive(Clone, Copy, Debug)]
pub struct UnusedAccessCode {
    /// `UNUSED_IAM_ROLE`
    pub code: &'static str,
    /// The headline of its findings.
    pub title: &'static str,
    /// What it means, Markdown.
    pub documentation: &'static str,
}

/// One for each [`UnusedAccessType`], in their order.
const CODES: [UnusedAccessCode; 4] = [
    UnusedAccessCode {
        code: "UNUSED_IAM_ROLE",
        title: "Unused role",
        documentation: include_str!("unused_iam_role.md"),
    },
    UnusedAccessCode {
        code: "UNUSED_IAM_USER_ACCESS_KEY",
        title: "Unused access key",
        documentation: include_str!("unused_iam_user_access_key.md"),
    },
    UnusedAccessCode {
        code: "UNUSED_IAM_USER_PASSWORD",
        title: "Unused password",
        documentation: include_str!("unused_iam_user_password.md"),
    },
    UnusedAccessCode {
        code: "UNUSED_PERMISSION",
        title: "Unused permissions",
        documentation: include_str!("unused_permission.md"),
    },
];

impl UnusedAccessCode {
    /// All of them.
    pub const ALL: &'static [UnusedAccessCode] = &CODES;

    /// That of a code; case is ignored.
    pub fn by_code(code: &str) -> Option<&'static UnusedAccessCode> {
        CODES.iter().find(|c| c.code.eq_ignore_ascii_case(code))
    }
}

impl UnusedAccessType {
    /// Its issue code.
    pub fn code(self) -> &'static UnusedAccessCode {
        // INVARIANT: the table has an entry for every variant, in the order of the enum.
        &CODES[self as usize]
    }
}

/// Names of services and actions in a message before it says how many there are more.
const NAMED: usize = 5;

/// The findings, in their order, and the policies that are to be detached. `deployment` has the principals.
pub fn findings(found: &[UnusedAccess], deployment: &Deployment, days: u32) -> (Vec<Finding>, Vec<Detached>) {
    let spans: FxHashMap<&ResourceRef, Span> =
        deployment.resources.iter().filter_map(|r| Some((&r.id, r.span?))).collect();
    let (fixes, detached) = edit::fixes(found, deployment);
    let findings = found
        .iter()
        .zip(fixes)
        .map(|(unused, fix)| {
            let code = unused.finding_type.code();
            let span = spans.get(&unused.principal).copied();
            let mut locations = smallvec![Location { span, path: PolicyPath::root(), label: None }];
            for (policy, statement, goes_wholly) in changed_statements(unused) {
                let Some(place) = statement.action.as_ref().map(|a| a.span).filter(|s| is_of(policy, *s, deployment))
                else {
                    continue;
                };
                let label = if goes_wholly { "nothing of this is used" } else { "not all of this is used" };
                let path = statement.path().key("Action");
                locations.push(Location::new(path, place).labelled(label));
            }
            Finding {
                code: code.code,
                finding_type: FindingType::Warning,
                title: Cow::Borrowed(code.title),
                message: message(unused, days),
                policy: None,
                resource: Some(unused.principal.clone()),
                when: None,
                locations,
                fix,
                evidence: Some(json!({ "witness": null, "unusedAccess": one(unused, &[]) })),
            }
        })
        .collect();
    (findings, detached)
}

/// The statements of which something goes, and whether all of it does.
fn changed_statements(unused: &UnusedAccess) -> impl Iterator<Item = (&PolicyAdvice, &Statement, bool)> {
    unused.policies.iter().flat_map(|policy| {
        policy.changes.iter().filter_map(move |change| {
            let statement = policy.existing.statements.iter().find(|s| s.index == change.index)?;
            Some((policy, statement, change.left.is_empty()))
        })
    })
}

/// True if the policy is one of the deployment's, whose places are places of its inputs.
fn is_of(policy: &PolicyAdvice, _: Span, deployment: &Deployment) -> bool {
    policy.policy.and_then(|id| deployment.policies.get(id.0)).is_some_and(|p| p.is_own && p.span.is_some())
}

fn message(unused: &UnusedAccess, days: u32) -> String {
    let who = format!("`{}`", unused.resource);
    let since = |detail: Option<&Detail>| match detail {
        Some(
            Detail::Whole { last_accessed: Some(last) }
            | Detail::AccessKey { last_accessed: Some(last), .. }
            | Detail::Service { last_accessed: Some(last), .. },
        ) => format!("was last used on {last}, more than {days} days before the evidence ends"),
        _ => "was never used, as far as is known".to_owned(),
    };
    let first = unused.details.first();
    match unused.finding_type {
        UnusedAccessType::Role => format!("The role {who} {}. Delete it if nothing needs it.", since(first)),
        UnusedAccessType::Password => {
            format!("The password of {who} {}. Delete the password if nobody needs it.", since(first))
        }
        UnusedAccessType::AccessKey => {
            let key = match first {
                Some(Detail::AccessKey { access_key_id, .. }) => access_key_id.as_str(),
                _ => "access key",
            };
            format!("The access key `{key}` of {who} {}. Deactivate it, and delete it later.", since(first))
        }
        UnusedAccessType::Permission => {
            let (mut services, mut actions) = (Vec::new(), Vec::new());
            for detail in &unused.details {
                if let Detail::Service { service_namespace, actions: of_service, .. } = detail {
                    match of_service {
                        None => services.push(format!("`{service_namespace}`")),
                        Some(list) => {
                            actions.extend(list.iter().map(|a| format!("`{service_namespace}:{}`", a.action)))
                        }
                    }
                }
            }
            let mut parts = Vec::new();
            if !services.is_empty() {
                let noun = if services.len() == 1 { "service" } else { "services" };
                parts.push(format!("{} {noun} ({})", services.len(), named(&services)));
            }
            if !actions.is_empty() {
                let noun = if actions.len() == 1 { "action" } else { "actions" };
                parts.push(format!("{} {noun} of services that it uses ({})", actions.len(), named(&actions)));
            }
            format!("{who} is allowed {} that it has not used for {days} days.", parts.join(" and "))
        }
    }
}

fn named(names: &[String]) -> String {
    let mut shown = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        shown.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    shown
}

/// `unusedAccess` of the JSON report. `policy_ids`: the ids of the report's policies.
pub fn report_json(found: &[UnusedAccess], policy_ids: &[String]) -> Value {
    Value::Array(found.iter().map(|unused| one(unused, policy_ids)).collect())
}

fn one(unused: &UnusedAccess, policy_ids: &[String]) -> Value {
    json!({
        "findingType": unused.finding_type,
        "resource": unused.resource,
        "resourceType": unused.resource_type,
        "principal": unused.principal,
        "details": unused.details,
        "status": "ACTIVE",
        "recommendation": recommendation(unused, policy_ids),
    })
}

/// The steps of the API; `policy` is the report's own id of the policy, beside that of IAM.
fn recommendation(unused: &UnusedAccess, policy_ids: &[String]) -> Value {
    if unused.finding_type != UnusedAccessType::Permission {
        return Value::Null;
    }
    let (mut steps, mut errors) = (Vec::new(), Vec::new());
    for policy in &unused.policies {
        let own = policy.policy.and_then(|id| policy_ids.get(id.0));
        let step = |action: &str, document: Value| {
            let mut step = json!({
                "recommendedAction": action,
                "existingPolicyId": policy.id,
                "policyUpdatedAt": policy.changed,
                "recommendedPolicy": document,
            });
            if let Some(own) = own {
                step["policy"] = json!(own);
            }
            if let Some(group) = &policy.group {
                step["group"] = json!(group);
            }
            step
        };
        match &policy.advice {
            Advice::Keep => {}
            Advice::Detach => steps.push(step("DETACH_POLICY", Value::Null)),
            Advice::Replace(documents) => {
                steps.extend(documents.iter().map(|d| step("CREATE_POLICY", d.root().to_json())));
                steps.push(step("DETACH_POLICY", Value::Null));
            }
            Advice::None { code, reason } => {
                errors.push(json!({ "code": code, "message": reason, "existingPolicyId": policy.id }));
            }
        }
    }
    for NotRecommended { code, message, policy } in &unused.not_recommended {
        let mut error = json!({ "code": code, "message": message });
        if let Some(policy) = policy {
            error["existingPolicyId"] = json!(policy);
        }
        errors.push(error);
    }
    let status = if steps.is_empty() { "FAILED" } else { "SUCCEEDED" };
    json!({
        "recommendationType": "UnusedPermissionRecommendation",
        "status": status,
        "steps": steps,
        "errors": errors,
    })
}
