//! `MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY`: missing action for Roles Anywhere trust policy.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::principal::values_of;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::glob;

declare_check! {
    /// ## What it does
    ///
    /// Finds a trust policy for `rolesanywhere.amazonaws.com` that does not allow all of `sts:AssumeRole`,
    /// `sts:TagSession` and `sts:SetSourceIdentity`.
    ///
    /// ## Why it matters
    ///
    /// IAM Roles Anywhere sets session tags and the source identity whenever it assumes a role; without the actions it
    /// cannot.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"Service": "rolesanywhere.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]}
    ///   ]
    /// }
    /// ```
    pub MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY: Error, Trust, "Missing action for Roles Anywhere trust policy", run
}

const NEEDED: &[&str] = &["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in context.document.statements.iter().filter(|s| s.is_allow()) {
        let Some(actions) = &statement.action else { continue };
        let is_for = values_of(statement).any(|v| {
            v.element.element == "Principal"
                && v.principal_type() == "Service"
                && v.item.text == "rolesanywhere.amazonaws.com"
        });
        if !is_for || actions.items.is_empty() || actions.items.iter().any(|i| i.text.has_unknown()) {
            continue;
        }
        let missing: Vec<String> = NEEDED
            .iter()
            .filter(|n| !actions.items.iter().any(|i| glob::matches_ignore_case(i.text.as_str(), n)))
            .map(|n| format!("`{n}`"))
            .collect();
        if !missing.is_empty() {
            findings.add(
                Location::new(statement.path().key("Action"), actions.span),
                format!(
                    "IAM Roles Anywhere needs `sts:AssumeRole`, `sts:TagSession` and `sts:SetSourceIdentity`; missing: {}.",
                    missing.join(", ")
                ),
            );
        }
    }
}
