//! `EMPTY_ARRAY_CONDITION_FORALLVALUES`: empty array condition with ForAllValues.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::empty_lists;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::SetOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys with an empty list of values under a `ForAllValues:` operator.
    ///
    /// ## Why it matters
    ///
    /// `ForAllValues:` is true for a request without the key, so this condition matches requests that lack it,
    /// and (with a positive operator) no others. `Null` says that in plain words.
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
    ///       "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": []}}
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
    ///       "Condition": {"Null": {"aws:TagKeys": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EMPTY_ARRAY_CONDITION_FORALLVALUES: Suggestion, All, "Empty array condition with ForAllValues", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in empty_lists(context, |o| o.set == Some(SetOperator::ForAllValues)) {
        findings.add(
            used.location(),
            format!(
                "`{}` has no value under `{}`: only requests without the key match.",
                used.shown(),
                used.shown_operator()
            ),
        );
    }
}
