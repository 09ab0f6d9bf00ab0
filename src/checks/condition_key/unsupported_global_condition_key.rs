//! `UNSUPPORTED_GLOBAL_CONDITION_KEY`: unsupported global condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds the condition key `aws:ARN`.
    ///
    /// ## Why it matters
    ///
    /// The key is no longer supported. `aws:PrincipalArn` names the principal of the request, `aws:SourceArn` the
    /// resource on whose behalf a service makes it.
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
    pub UNSUPPORTED_GLOBAL_CONDITION_KEY: Error, All, "Unsupported global condition key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is(super::AWS_ARN)) {
        findings.add(
            used.location(),
            format!("`{}` is not supported. Use `aws:PrincipalArn` or `aws:SourceArn`.", used.shown()),
        );
    }
}
