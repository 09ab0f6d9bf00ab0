//! `MISSING_PRINCIPAL`: missing principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::grammar::lacks;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds statements of resource-based policies with neither `Principal` nor `NotPrincipal`.
    ///
    /// ## Why it matters
    ///
    /// A resource-based policy has to say to whom it applies; AWS rejects it otherwise.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub MISSING_PRINCIPAL: Error, Resource, "Missing principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        if context.document.object(statement).is_some_and(|map| lacks(map, &["Principal", "NotPrincipal"])) {
            findings.add(
                Location::new(statement.path(), statement.span),
                "The statement has neither `Principal` nor `NotPrincipal`, as a resource-based policy must.",
            );
        }
    }
}
