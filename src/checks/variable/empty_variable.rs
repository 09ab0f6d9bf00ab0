//! `EMPTY_VARIABLE`: empty variable.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds `${}`.
    ///
    /// ## Why it matters
    ///
    /// A variable needs the name of a condition key.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${}/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*"}
    ///   ]
    /// }
    /// ```
    pub EMPTY_VARIABLE: Error, All, "Empty variable", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::for_each_variable(context.document, |value, variable| {
        if variable.is_closed && variable.content.trim().is_empty() {
            findings.add(value.location(variable), "`${}` names no condition key.");
        }
    });
}
