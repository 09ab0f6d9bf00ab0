//! `TYPE_MISMATCH_IP_RANGE`: type mismatch IP range.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values under `IpAddress` and `NotIpAddress` that are neither an address nor a CIDR range.
    ///
    /// ## Why it matters
    ///
    /// A host name, a wildcard or a mask that is too long matches no address.
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
    ///       "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}
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
    pub TYPE_MISMATCH_IP_RANGE: Error, All, "Type mismatch IP range", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if !matches!(used.family(), Some(OperatorFamily::IpAddress)) {
            continue;
        }
        for (value, text) in used.known_values() {
            if value::ip_range(text).is_some() || value::references(text).next().is_some() {
                continue;
            }
            findings.add(
                used.value_location(value),
                format!("`{text}` under `{}` is neither an address nor a CIDR range.", used.shown_operator()),
            );
        }
    }
}
