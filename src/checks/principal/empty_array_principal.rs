//! `EMPTY_ARRAY_PRINCIPAL`: empty array in principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds a principal type with an empty array.
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
    ///     {"Effect": "Allow", "Principal": {"AWS": []}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub EMPTY_ARRAY_PRINCIPAL: Suggestion, Resource, "Empty array in principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for element in statement.principal_elements() {
            for list in element.lists() {
                // Entries that are no strings are not in the list, but the array is not empty either.
                let map = context.document.object(statement).and_then(|m| m.get(element.element));
                let value = map.and_then(|m| m.get(&list.element)).and_then(|v| v.as_sequence());
                if value.is_some_and(<[_]>::is_empty) {
                    findings.add(
                        Location::new(statement.path().key(element.element).key(list.element.clone()), list.span),
                        format!("The principal type `{}` has an empty array.", list.element),
                    );
                }
            }
        }
    }
}
