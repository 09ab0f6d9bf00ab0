//! `INVALID_VARIABLE_FOR_OPERATOR`: invalid variable for operator.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{OperatorFamily, Version};

declare_check! {
    /// ## What it does
    ///
    /// Finds policy variables in values of operators that do not read them: numeric, date, Boolean, binary,
    /// address and `Null` operators.
    ///
    /// ## Why it matters
    ///
    /// Only string and ARN operators replace variables. Elsewhere `${…}` is compared as it stands and is no
    /// number, date or address.
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
    ///       "Condition": {"NumericLessThan": {"aws:MultiFactorAuthAge": "${aws:PrincipalTag/maxage}"}}
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
    pub INVALID_VARIABLE_FOR_OPERATOR: Error, All, "Invalid variable for operator", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if context.document.version != Version::V2012 {
        return;
    }
    for used in context.condition_keys() {
        if matches!(used.family(), None | Some(OperatorFamily::String | OperatorFamily::Arn)) {
            continue;
        }
        for value in &used.key.values {
            if let Some(range) = value::references(value.text.as_str()).next() {
                findings.add(
                    used.value_location(value),
                    format!(
                        "`{}` does not replace the policy variable `{}`.",
                        used.shown_operator(),
                        value.text.slice(range)
                    ),
                );
            }
        }
    }
}
