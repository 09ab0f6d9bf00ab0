//! `MISSING_BRACE_IN_VARIABLE`: missing brace in variable.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds a policy variable whose closing brace is missing.
    ///
    /// ## Why it matters
    ///
    /// The text is not a variable and is taken literally, so it matches nothing that was meant.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username/*"}
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
    pub MISSING_BRACE_IN_VARIABLE: Error, All, "Missing brace in variable", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::for_each_variable(context.document, |value, variable| {
        if !variable.is_closed {
            findings.add(value.location(variable), format!("The variable `{}` has no closing `}}`.", variable.shown()));
        }
    });
}
