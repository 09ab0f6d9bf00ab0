//! `MISSING_QUALIFIER`: missing qualifier.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds multivalued condition keys under an operator without `ForAllValues:` or `ForAnyValue:`.
    ///
    /// ## Why it matters
    ///
    /// A request can hold several values of such a key. Only the prefix says whether all of them or any of them
    /// has to match; without it the outcome is not what it looks like.
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
    ///       "Condition": {"StringEquals": {"aws:TagKeys": ["Dept", "Team"]}}
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
    ///       "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["Dept", "Team"]}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub MISSING_QUALIFIER: Error, All, "Missing qualifier", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let bare = used.operator().is_some_and(|o| o.set.is_none() && o.base != BaseOperator::Null);
        if bare && used.facts.is_multivalued() == Some(true) {
            findings.add(
                used.location(),
                format!(
                    "`{}` can have several values in a request: `{}` needs `ForAllValues:` or `ForAnyValue:` before it.",
                    used.shown(),
                    used.shown_operator()
                ),
            );
        }
    }
}
