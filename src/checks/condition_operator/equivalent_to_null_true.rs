//! `EQUIVALENT_TO_NULL_TRUE`: equivalent to null true.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; the forms of operators follow from the
//! evaluation rules of the IAM User Guide.

use super::{Outcome, wildcard_outcomes};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions that match only when the key is missing: `StringNotLike` with `*`.
    ///
    /// ## Why it matters
    ///
    /// That is what `Null` with `true` says, and says more clearly.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Action": "s3:*",
    ///       "Resource": "*",
    ///       "Condition": {"StringNotLike": {"aws:PrincipalTag/team": "*"}}
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
    ///       "Effect": "Deny",
    ///       "Action": "s3:*",
    ///       "Resource": "*",
    ///       "Condition": {"Null": {"aws:PrincipalTag/team": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EQUIVALENT_TO_NULL_TRUE: Suggestion, All, "Equivalent to null true", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in wildcard_outcomes(context, Outcome::AbsentOnly) {
        findings.add(
            used.location(),
            format!(
                "`*` under `{}` matches only when `{}` is missing from the request. `Null` with `true` says that.",
                used.shown_operator(),
                used.shown()
            ),
        );
    }
}
