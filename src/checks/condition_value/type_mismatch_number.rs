//! `TYPE_MISMATCH_NUMBER`: type mismatch number.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values under numeric operators that are no integer or decimal.
    ///
    /// ## Why it matters
    ///
    /// A word or a number with a unit can't be compared with a number.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"NumericLessThan": {"s3:max-keys": "ten"}}
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
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"NumericLessThan": {"s3:max-keys": "10"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub TYPE_MISMATCH_NUMBER: Warning, All, "Type mismatch number", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if !matches!(used.family(), Some(OperatorFamily::Numeric)) {
            continue;
        }
        for (value, text) in used.known_values() {
            if value::is_number(text) || value.json_type == "number" || value::references(text).next().is_some() {
                continue;
            }
            findings
                .add(used.value_location(value), format!("`{text}` under `{}` is no number.", used.shown_operator()));
        }
    }
}
