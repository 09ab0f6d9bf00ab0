//! `TYPE_MISMATCH_DATE`: type mismatch date.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values under date operators that are no date.
    ///
    /// ## Why it matters
    ///
    /// A date is written as in `2026-06-30` or `2026-06-30T23:59:59Z` (ISO 8601). Anything else can't be compared
    /// with one.
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
    ///       "Condition": {"DateLessThan": {"aws:CurrentTime": "31.12.2026"}}
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
    ///       "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-12-31T00:00:00Z"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub TYPE_MISMATCH_DATE: Warning, All, "Type mismatch date", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if !matches!(used.family(), Some(OperatorFamily::Date)) {
            continue;
        }
        for (value, text) in used.known_values() {
            if value::is_date(text)
                || value::is_epoch(text)
                || value.json_type == "number"
                || value::references(text).next().is_some()
            {
                continue;
            }
            findings.add(
                used.value_location(value),
                format!("`{text}` under `{}` is no date such as `2026-06-30T23:59:59Z`.", used.shown_operator()),
            );
        }
    }
}
