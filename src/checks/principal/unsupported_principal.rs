//! `UNSUPPORTED_PRINCIPAL`: unsupported principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Principal` or `NotPrincipal` in an identity-based policy.
    ///
    /// ## Why it matters
    ///
    /// An identity-based policy applies to whom it is attached to. IAM rejects one that names a principal.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub UNSUPPORTED_PRINCIPAL: Error, Identity, "Unsupported principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for element in statement.principal_elements() {
            findings.add(
                Location::new(statement.path().key(element.element), element.key_span),
                format!("An identity-based policy (IDENTITY_POLICY) cannot have `{}`.", element.element),
            );
        }
    }
}
