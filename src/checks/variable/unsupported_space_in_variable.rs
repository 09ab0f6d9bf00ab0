//! `UNSUPPORTED_SPACE_IN_VARIABLE`: unsupported space in variable.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds a space within the name of a policy variable.
    ///
    /// ## Why it matters
    ///
    /// The name is that of a condition key and holds no spaces; AWS rejects the variable.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws: username}/*"}
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
    pub UNSUPPORTED_SPACE_IN_VARIABLE: Error, All, "Unsupported space in variable", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::for_each_variable(context.document, |value, variable| {
        if variable.is_closed && variable.name().contains(' ') && !variable.content.trim().is_empty() {
            findings.add(
                value.location(variable),
                format!("The name in the variable `{}` holds a space.", variable.shown()),
            );
        }
    });
}
