//! `EMPTY_ARRAY_CONDITION`: empty array condition.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::empty_lists;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys with an empty list of values, under an operator without `ForAllValues:`,
    /// `ForAnyValue:` and `IfExists`.
    ///
    /// ## Why it matters
    ///
    /// A value of the request can equal none of no values: a positive operator never matches, a negated one
    /// always does. Neither is what a condition is written for.
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
    ///       "Condition": {"StringEquals": {"aws:SourceVpc": []}}
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
    ///       "Condition": {"StringEquals": {"aws:SourceVpc": ["vpc-1a2b3c4d"]}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EMPTY_ARRAY_CONDITION: Suggestion, All, "Empty array condition", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in empty_lists(context, |o| o.set.is_none() && !o.if_exists) {
        findings.add(
            used.location(),
            format!("`{}` has an empty list of values under `{}`.", used.shown(), used.shown_operator()),
        );
    }
}
