//! `UNTRUSTWORTHY_CONDITION_KEY`: untrustworthy condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference and IAM User Guide, "AWS global condition
//! context keys".

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys whose values the caller chooses: `aws:UserAgent` and `aws:Referer`.
    ///
    /// ## Why it matters
    ///
    /// Any client can send any value in these headers, so they keep out nobody who means harm.
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
    ///       "Condition": {"StringLike": {"aws:UserAgent": "backup-client/*"}}
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
    ///       "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub UNTRUSTWORTHY_CONDITION_KEY: SecurityWarning, All, "Untrustworthy condition key", run
}

/// The keys that the user guide warns about. AWS publishes no list.
const CALLER_CONTROLLED: &[&str] = &["aws:UserAgent", "aws:Referer"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is_any(CALLER_CONTROLLED)) {
        findings.add(
            used.location(),
            format!("The caller chooses the value of `{}`: do not grant or deny access by it.", used.shown()),
        );
    }
}
