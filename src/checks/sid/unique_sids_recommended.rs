//! `UNIQUE_SIDS_RECOMMENDED`: unique Sids recommended.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Sid` that an earlier statement of the same resource-based policy has.
    ///
    /// ## Why it matters
    ///
    /// Statements that share a `Sid` cannot be told apart in logs, in messages and by tools that edit single
    /// statements.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ///     {"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Sid": "Read", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ///     {"Sid": "List", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket"}
    ///   ]
    /// }
    /// ```
    pub UNIQUE_SIDS_RECOMMENDED: Warning, Resource, "Unique Sids recommended", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for repeated in super::repeated_sids(context.document) {
        findings
            .add(
                Location::new(repeated.statement.path().key("Sid"), repeated.sid.span),
                format!("The Sid `{}` stands in more than one statement.", repeated.sid.text),
            )
            .and(repeated.first);
    }
}
