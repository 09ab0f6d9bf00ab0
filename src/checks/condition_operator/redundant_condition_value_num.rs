//! `REDUNDANT_CONDITION_VALUE_NUM`: redundant condition value num.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::{KeyUse, value::is_number};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::ListEntry;
use crate::policy::{BaseOperator, ConditionValue};

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
        let is_less = match used.base() {
            Some(BaseOperator::NumericLessThan | BaseOperator::NumericLessThanEquals) => true,
            Some(BaseOperator::NumericGreaterThan | BaseOperator::NumericGreaterThanEquals) => false,
            _ => continue,
        };
        let finding = findings.add(
            used.location(),
            format!(
                "Of the values of `{}` under `{}` only the {} has an effect.",
                used.shown(),
                used.shown_operator(),
                if is_less { "greatest" } else { "least" }
            ),
        );
        if let Some(redundant) = without_effect(used, is_less) {
            finding.remove_entries(used.key.name_span, used.key.value_span, redundant);
        }
    }
}

/// All values but the first of the widest, if all are numbers that are compared exactly.
fn without_effect(used: &KeyUse<'_>, greatest: bool) -> Option<Vec<(ListEntry, ListEntry)>> {
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| is_number(text));
    let values = &used.key.values;
    let numbers: Vec<i64> = values.iter().map(|v| v.text.known().and_then(number)).collect::<Option<_>>()?;
    let widest = if greatest { *numbers.iter().max()? } else { *numbers.iter().min()? };
    let kept = numbers.iter().position(|n| *n == widest)?;
    let entry = |v: &ConditionValue| Some(ListEntry { span: v.span, value: v.text.known()?.to_owned() });
    let cover = entry(values.get(kept)?)?;
    let others = values.iter().enumerate().filter(|(i, _)| *i != kept);
    others.map(|(_, value)| Some((entry(value)?, cover.clone()))).collect()
}
