//! `WILDCARD_WITHOUT_LIKE_OPERATOR`: wildcard without like operator.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::split_operator;
use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `*` and `?` in values of `StringEquals`, `StringNotEquals` and their `IgnoreCase` forms.
    ///
    /// ## Why it matters
    ///
    /// These operators compare character by character: the star is a star, not a wildcard. Such a condition
    /// hardly ever matches (or, negated, hardly ever fails to).
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringEquals": {"s3:prefix": "reports/*"}}
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
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s3:prefix": "reports/*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub WILDCARD_WITHOUT_LIKE_OPERATOR: Warning, All, "Wildcard without like operator", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let Some(operator) = used.operator() else { continue };
        let like = match operator.base {
            BaseOperator::StringEquals => Some(BaseOperator::StringLike),
            BaseOperator::StringNotEquals => Some(BaseOperator::StringNotLike),
            // No operator reads wildcards and ignores case.
            BaseOperator::StringEqualsIgnoreCase | BaseOperator::StringNotEqualsIgnoreCase => None,
            _ => continue,
        };
        let written = used.shown_operator();
        for value in used.key.values.iter().filter(|v| value::has_wildcard(v.text.as_str())) {
            let instead = like.map_or_else(String::new, |l| format!(" Use `{}` if it is meant as one.", l.as_str()));
            let message = format!("`{written}` does not read the wildcard in `{}`.{instead}", value.text);
            let finding = findings.add(used.value_location(value), message);
            if let Some(like) = like {
                let (prefix, _, suffix) = split_operator(written);
                let right = format!("{prefix}{}{suffix}", like.as_str());
                let taken = used.statement.conditions.iter().any(|b| b.operator_text.eq_ignore_ascii_case(&right));
                if !taken {
                    finding.replace(used.block.operator_span, written, &right);
                }
            }
        }
    }
}
