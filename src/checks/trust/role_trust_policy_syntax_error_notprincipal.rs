//! `ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL`: role trust policy syntax error: NotPrincipal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `NotPrincipal` in a role trust policy.
    ///
    /// ## Why it matters
    ///
    /// IAM rejects the trust policy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}
    ///   ]
    /// }
    /// ```
    pub ROLE_TRUST_POLICY_SYNTAX_ERROR_NOTPRINCIPAL: Error, Trust, "Role trust policy syntax error: NotPrincipal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        if let Some(element) = &statement.not_principal {
            findings.add(
                Location::new(statement.path().key("NotPrincipal"), element.key_span),
                "A role trust policy cannot have `NotPrincipal`; name the principals in `Principal`.",
            );
        }
    }
}
