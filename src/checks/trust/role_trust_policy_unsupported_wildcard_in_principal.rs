//! `ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL`: role trust policy: unsupported wildcard in principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PrincipalKind;

declare_check! {
    /// ## What it does
    ///
    /// Finds `"Principal": "*"` in a role trust policy.
    ///
    /// ## Why it matters
    ///
    /// IAM wants the principal type: `{"AWS": "*"}`, best with a condition that says who of all principals may assume
    /// the role.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}}
    ///   ]
    /// }
    /// ```
    pub ROLE_TRUST_POLICY_UNSUPPORTED_WILDCARD_IN_PRINCIPAL: Error, Trust, "Role trust policy: unsupported wildcard in principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let Some(element) = &statement.principal else { continue };
        if matches!(&element.kind, PrincipalKind::Text(text) if text == "*") {
            findings.add(
                Location::new(statement.path().key("Principal"), element.span),
                "A role trust policy cannot have `\"Principal\": \"*\"`; name the principals that may assume the role.",
            );
        }
    }
}
