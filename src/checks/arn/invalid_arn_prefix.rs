//! `INVALID_ARN_PREFIX`: invalid ARN prefix.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::is_plain;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resources with the fields of an ARN whose first field is not `arn`.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "aws:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub INVALID_ARN_PREFIX: Error, All, "Invalid ARN prefix", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        if is_plain(arn.prefix) && arn.prefix != "arn" {
            findings.add(
                entry.location(),
                format!("`{}` must begin with `arn:`, not with `{}:`.", entry.item.text, arn.prefix),
            );
        }
    }
}
