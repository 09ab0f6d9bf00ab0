//! `DEPRECATED_GLOBAL_CONDITION_KEY`: deprecated global condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds the condition key `aws:ARN`, which newer keys have replaced.
    ///
    /// ## Why it matters
    ///
    /// What the old name stands for depends on who makes the request. The two newer names say which of the two is
    /// meant. AWS documents an error for the same key, `UNSUPPORTED_GLOBAL_CONDITION_KEY`, and does not say which
    /// of them applies when; so both are reported.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"ArnEquals": {"aws:ARN": "arn:aws:iam::111122223333:role/app"}}
    ///     }
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
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub DEPRECATED_GLOBAL_CONDITION_KEY: Warning, All, "Deprecated global condition key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is(super::AWS_ARN)) {
        findings.add(used.location(), format!("`{}` is deprecated in favour of `aws:PrincipalArn`.", used.shown()));
    }
}
