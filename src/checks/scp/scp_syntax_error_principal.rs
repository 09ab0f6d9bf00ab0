//! `SCP_SYNTAX_ERROR_PRINCIPAL`: sCP syntax error: principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Principal` or `NotPrincipal` in a service control policy.
    ///
    /// ## Why it matters
    ///
    /// An SCP applies to the principals of the accounts that it is attached to and cannot name any. AWS Organizations
    /// rejects it.
    ///
    /// ## Example
    ///
    /// ```json SERVICE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json SERVICE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}}
    ///   ]
    /// }
    /// ```
    pub SCP_SYNTAX_ERROR_PRINCIPAL: Error, ServiceControl, "SCP syntax error: principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for element in statement.principal_elements() {
            findings.add(
                Location::new(statement.path().key(element.element), element.key_span),
                format!("An SCP cannot have `{}`; use a condition such as `aws:PrincipalArn`.", element.element),
            );
        }
    }
}
