//! `MISSING_QUOTE_IN_VARIABLE`: missing quote in variable.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds a policy variable whose default value is not in single quotes.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the variable: a default is written `${key, 'text'}`.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/team, company-wide}/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/team, 'company-wide'}/*"}
    ///   ]
    /// }
    /// ```
    pub MISSING_QUOTE_IN_VARIABLE: Error, All, "Missing quote in variable", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    super::for_each_variable(context.document, |value, variable| {
        if variable.is_closed && variable.default_value().is_some_and(|d| !is_quoted(d)) {
            findings.add(
                value.location(variable),
                format!("The default value in the variable `{}` must be in single quotes.", variable.shown()),
            );
        }
    });
}

fn is_quoted(default: &str) -> bool {
    default.trim_matches(' ').strip_prefix('\'').is_some_and(|rest| rest.ends_with('\''))
}
