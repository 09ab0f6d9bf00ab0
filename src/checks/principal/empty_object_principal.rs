//! `EMPTY_OBJECT_PRINCIPAL`: empty object in principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Principal` or `NotPrincipal` that is an empty object.
    ///
    /// ## Why it matters
    ///
    /// The statement applies to nobody (or, with `NotPrincipal`, to everybody).
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub EMPTY_OBJECT_PRINCIPAL: Suggestion, Resource, "Empty object in principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for element in statement.principal_elements() {
            let value = context.document.object(statement).and_then(|m| m.get(element.element)?.as_mapping());
            if value.is_some_and(|map| map.is_empty()) {
                findings.add(
                    Location::new(statement.path().key(element.element), element.span),
                    format!("`{}` is an empty object.", element.element),
                );
            }
        }
    }
}
