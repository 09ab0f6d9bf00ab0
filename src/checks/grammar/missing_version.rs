//! `MISSING_VERSION`: missing version.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;

declare_check! {
    /// ## What it does
    ///
    /// Finds policies without a `Version` element.
    ///
    /// ## Why it matters
    ///
    /// Without it the policy is read by the rules of 2008: policy variables such as `${aws:username}` are taken
    /// literally.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub MISSING_VERSION: Warning, All, "Missing version", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let root = context.document.root();
    if root.as_mapping().is_some_and(|m| super::lacks(m, &["Version"])) {
        findings.add(
            Location::new(PolicyPath::root(), root.span),
            "The policy has no `Version` element and is read as version 2008-10-17; add `2012-10-17`.",
        );
    }
}
