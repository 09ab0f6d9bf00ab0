//! `INVALID_CONDITION_DATA_TYPE`: invalid condition data type.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds lists of condition values that mix JSON types: strings with numbers, strings with booleans.
    ///
    /// ## Why it matters
    ///
    /// All values of a condition key have to be of one JSON type. A number in quotes is a string.
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
    ///       "Condition": {"NumericEquals": {"s3:max-keys": ["10", 20]}}
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
    ///       "Condition": {"NumericEquals": {"s3:max-keys": ["10", "20"]}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_CONDITION_DATA_TYPE: Error, All, "Invalid condition data type", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        // What a lone unknown will be, a number or a string, is not known either.
        let known = used.key.values.iter().filter(|v| v.text.as_symbol().is_none());
        let mut types: Vec<&str> = known.map(|v| v.json_type).collect();
        types.sort_unstable();
        types.dedup();
        if types.len() > 1 {
            findings.add(
                used.location(),
                format!("The values of `{}` are of different JSON types: {}.", used.shown(), types.join(", ")),
            );
        }
    }
}
