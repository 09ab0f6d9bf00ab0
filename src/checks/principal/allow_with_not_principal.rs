//! `ALLOW_WITH_NOT_PRINCIPAL`: allow with NotPrincipal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `NotPrincipal` in a statement with `"Effect": "Allow"`.
    ///
    /// ## Why it matters
    ///
    /// It grants access to everyone except the principals listed: to every other account and to anonymous users.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "NotPrincipal": {"AWS": "arn:aws:iam::111122223333:user/anika"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub ALLOW_WITH_NOT_PRINCIPAL: SecurityWarning, Resource, "Allow with NotPrincipal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in context.document.statements.iter().filter(|s| s.is_allow()) {
        if let Some(element) = &statement.not_principal {
            findings.add(
                Location::new(statement.path().key("NotPrincipal"), element.key_span),
                "`Allow` with `NotPrincipal` grants access to everyone except the principals listed, anonymous users included.",
            );
        }
    }
}
