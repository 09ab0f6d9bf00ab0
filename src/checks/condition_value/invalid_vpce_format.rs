//! `INVALID_VPCE_FORMAT`: invalid VPCE format.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::misformed_ids;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds values of `aws:SourceVpce` that are no VPC endpoint id.
    ///
    /// ## Why it matters
    ///
    /// The id is `vpce-` and 8 or 17 letters and digits. Nothing else is ever in a request.
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
    ///       "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-123"}}
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
    pub INVALID_VPCE_FORMAT: Error, All, "Invalid VPCE format", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is("aws:SourceVpce")) {
        for (value, text) in misformed_ids(used, "vpce-") {
            findings.add(
                used.value_location(value),
                format!("`{text}` is no VPC endpoint id: `vpce-` and 8 or 17 letters and digits."),
            );
        }
    }
}
