//! `INVALID_DATE_VALUE`: invalid date value.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds seconds since 1970 as the value of a date operator.
    ///
    /// ## Why it matters
    ///
    /// Date operators are meant for dates of ISO 8601. A number is hard to read, and AWS advises against it.
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
    ///       "Condition": {"DateLessThan": {"aws:CurrentTime": "1798761600"}}
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
    ///       "Condition": {"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_DATE_VALUE: Warning, All, "Invalid date value", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if used.family() != Some(OperatorFamily::Date) {
            continue;
        }
        for (value, text) in used.known_values() {
            if value.json_type == "number" || value::is_epoch(text) {
                findings.add(
                    used.value_location(value),
                    format!("`{text}` counts seconds. Write a date such as `2026-06-30T23:59:59Z`."),
                );
            }
        }
    }
}
