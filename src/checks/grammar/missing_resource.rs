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

/// Resource types whose policies need no `Resource`: the repository itself is meant (Amazon ECR User Guide).
const RESOURCE_IS_IMPLIED: &[&str] = &["AWS::ECR::Repository", "AWS::ECR::PublicRepository"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if context.resource_type.is_some_and(|t| RESOURCE_IS_IMPLIED.contains(&t)) {
        return;
    }
    for (statement, map) in statement_objects(context.document) {
        if lacks(map, &["Resource", "NotResource"]) {
            findings.add(
                Location::new(statement.path, statement.node.span),
                "The statement has neither `Resource` nor `NotResource`.",
            );
        }
    }
}
