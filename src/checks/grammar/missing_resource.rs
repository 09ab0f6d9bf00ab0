//! `MISSING_RESOURCE`: missing resource.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{lacks, statement_objects};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds statements with neither `Resource` nor `NotResource`. Role trust policies need none.
    ///
    /// ## Why it matters
    ///
    /// The element is required; AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject"}
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
    pub MISSING_RESOURCE: Error, AllButTrust, "Missing resource", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, map) in statement_objects(context.document) {
        if lacks(map, &["Resource", "NotResource"]) {
            findings.add(
                Location::new(statement.path, statement.node.span),
                "The statement has neither `Resource` nor `NotResource`.",
            );
        }
    }
}
