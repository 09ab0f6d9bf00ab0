//! `MISSING_STATEMENT`: missing statement.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;

declare_check! {
    /// ## What it does
    ///
    /// Finds policies without a `Statement`, or with an empty list of statements.
    ///
    /// ## Why it matters
    ///
    /// A policy without statements says nothing, and AWS rejects it.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17"
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
    pub MISSING_STATEMENT: Error, All, "Missing statement", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let root = context.document.root();
    let Some(map) = root.as_mapping() else { return };
    let is_empty = map.get("Statement").and_then(|s| s.as_sequence()).is_some_and(<[_]>::is_empty);
    if super::lacks(map, &["Statement"]) || is_empty {
        findings.add(Location::new(PolicyPath::root(), root.span), "The policy has no statement.");
    }
}
