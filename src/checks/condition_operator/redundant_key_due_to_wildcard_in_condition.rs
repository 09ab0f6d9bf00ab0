//! `REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION`: redundant key due to wildcard in condition.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; the forms of operators follow from the
//! evaluation rules of the IAM User Guide.

use super::{Outcome, wildcard_outcomes};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions that match every request, with the key or without: `StringLikeIfExists` with `*`.
    ///
    /// ## Why it matters
    ///
    /// Such a key restricts nothing. Either it can go, or a narrower value was meant.
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
    ///       "Condition": {"StringLikeIfExists": {"aws:PrincipalTag/team": "*"}}
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
    ///       "Condition": {"StringLikeIfExists": {"aws:PrincipalTag/team": "blue-*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION: Suggestion, All, "Redundant key due to wildcard in condition", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in wildcard_outcomes(context, Outcome::Always) {
        findings.add(
            used.location(),
            format!(
                "`*` under `{}` matches whether `{}` is in the request or not, so the key restricts nothing.",
                used.shown_operator(),
                used.shown()
            ),
        );
    }
}
