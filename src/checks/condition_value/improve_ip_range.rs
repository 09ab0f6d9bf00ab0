//! `IMPROVE_IP_RANGE`: improve IP range.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds CIDR ranges with bits set to the right of the mask.
    ///
    /// ## Why it matters
    ///
    /// Those bits are ignored. The range is wider than the address in it suggests, or the mask is not the one
    /// that was meant.
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
    ///       "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.5/24"}}
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
    ///       "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub IMPROVE_IP_RANGE: Suggestion, All, "Improve IP range", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if used.family() != Some(OperatorFamily::IpAddress) {
            continue;
        }
        for (value, text) in used.known_values() {
            let Some(range) = value::ip_range(text).filter(|r| r.addr() != r.network()) else { continue };
            let aligned = range.trunc().to_string();
            findings
                .add(
                    used.value_location(value),
                    format!("The mask of `{text}` cuts off bits that are set: the range is `{aligned}`."),
                )
                .replace(value.span, text, &aligned);
        }
    }
}
