//! `REDUNDANT_CONDITION_VALUE_NUM`: redundant condition value num.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds more than one value under `NumericLessThan`, `NumericLessThanEquals`, `NumericGreaterThan` or
    /// `NumericGreaterThanEquals`.
    ///
    /// ## Why it matters
    ///
    /// The values are alternatives, so the widest bound decides alone and the others have no effect.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "iam:DeleteUser",
    ///       "Resource": "*",
    ///       "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": ["2700", "3600"]}}
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
    ///       "Action": "iam:DeleteUser",
    ///       "Resource": "*",
    ///       "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub REDUNDANT_CONDITION_VALUE_NUM: Suggestion, All, "Redundant condition value num", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.key.values.len() > 1) {
        let word = match used.base() {
            Some(BaseOperator::NumericLessThan | BaseOperator::NumericLessThanEquals) => "greatest",
            Some(BaseOperator::NumericGreaterThan | BaseOperator::NumericGreaterThanEquals) => "least",
            _ => continue,
        };
        findings.add(
            used.location(),
            format!(
                "Of the values of `{}` under `{}` only the {word} has an effect.",
                used.shown(),
                used.shown_operator()
            ),
        );
    }
}
