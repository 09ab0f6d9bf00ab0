//! `INVALID_VERSION`: invalid version.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;
use crate::source::Node;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Version` that is neither `2012-10-17` nor `2008-10-17`.
    ///
    /// ## Why it matters
    ///
    /// The element names the version of the policy language, not the date of the policy. AWS rejects other values.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-16",
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
    pub INVALID_VERSION: Error, All, "Invalid version", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let Some(node) = context.document.root().get("Version") else { return };
    if let Some(version) = Node::as_str(node).filter(|v| !matches!(*v, "2012-10-17" | "2008-10-17")) {
        findings.add(
            Location::new(PolicyPath::root().key("Version"), node.span),
            format!("`{version}` is not a version of the policy language; the versions are 2012-10-17 and 2008-10-17."),
        );
    }
}
