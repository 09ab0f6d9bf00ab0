//! `EQUIVALENT_TO_NULL_FALSE`: equivalent to null false.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; the forms of operators follow from the
//! evaluation rules of the IAM User Guide.

use super::{Outcome, wildcard_outcomes};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions that match every value of a key and fail only when the key is missing: `StringLike` with
    /// `*`.
    ///
    /// ## Why it matters
    ///
    /// That is what `Null` with `false` says, and says more clearly.
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
    ///       "Condition": {"StringLike": {"aws:PrincipalTag/team": "*"}}
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
    ///       "Condition": {"Null": {"aws:PrincipalTag/team": "false"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EQUIVALENT_TO_NULL_FALSE: Suggestion, All, "Equivalent to null false", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in wildcard_outcomes(context, Outcome::PresentOnly) {
        findings.add(
            used.location(),
            format!(
                "`*` under `{}` matches whenever `{}` is in the request. `Null` with `false` says that.",
                used.shown_operator(),
                used.shown()
            ),
        );
    }
}
