//! `EMPTY_ARRAY_CONDITION_FORANYVALUE`: empty array condition with ForAnyValue.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::empty_lists;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::SetOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys with an empty list of values under a `ForAnyValue:` operator.
    ///
    /// ## Why it matters
    ///
    /// With `ForAnyValue:` some value of the request has to match some value of the policy. There is none, so a
    /// positive operator never matches.
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
    ///       "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": []}}
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
    ///       "Condition": {"ForAnyValue:StringEquals": {"aws:TagKeys": ["Dept"]}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EMPTY_ARRAY_CONDITION_FORANYVALUE: Suggestion, All, "Empty array condition with ForAnyValue", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in empty_lists(context, |o| o.set == Some(SetOperator::ForAnyValue)) {
        findings.add(
            used.location(),
            format!(
                "`{}` has no value under `{}`, so the condition never matches.",
                used.shown(),
                used.shown_operator()
            ),
        );
    }
}
