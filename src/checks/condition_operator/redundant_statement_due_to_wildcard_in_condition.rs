//! `REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION`: redundant statement due to wildcard in condition.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; the forms of operators follow from the
//! evaluation rules of the IAM User Guide.

use super::{Outcome, wildcard_outcomes};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions that match no request: `ForAnyValue:StringNotLike` with `*`.
    ///
    /// ## Why it matters
    ///
    /// No value can differ from every text, and without a value `ForAnyValue:` is false. The statement never
    /// takes effect.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "ec2:CreateTags",
    ///       "Resource": "*",
    ///       "Condition": {"ForAnyValue:StringNotLike": {"aws:TagKeys": "*"}}
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
    ///       "Action": "ec2:CreateTags",
    ///       "Resource": "*",
    ///       "Condition": {"ForAnyValue:StringNotLike": {"aws:TagKeys": "cost-*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION: Suggestion, All, "Redundant statement due to wildcard in condition", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in wildcard_outcomes(context, Outcome::Never) {
        findings.add(
            used.location(),
            format!(
                "`*` under `{}` matches no request, whatever `{}` is, so the statement never takes effect.",
                used.shown_operator(),
                used.shown()
            ),
        );
    }
}
