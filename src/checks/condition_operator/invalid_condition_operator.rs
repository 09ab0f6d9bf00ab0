//! `INVALID_CONDITION_OPERATOR`: invalid condition operator.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{blocks, is_null_if_exists, split_operator};
use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::OPERATORS;
use crate::source::Text;

declare_check! {
    /// ## What it does
    ///
    /// Finds condition operators that IAM does not know.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy. An operator is a base operator such as `StringEquals`, with `ForAllValues:` or
    /// `ForAnyValue:` before it and `IfExists` behind it where they are wanted.
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
    ///       "Condition": {"StringEqual": {"s3:prefix": "logs/"}}
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
    ///       "Condition": {"StringEquals": {"s3:prefix": "logs/"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_CONDITION_OPERATOR: Error, All, "Invalid condition operator", run
}

/// The nearest operator: prefix and suffix stay where they are right, and the base operator is mended.
fn suggestion(written: &str) -> Option<String> {
    let (prefix, base, suffix) = split_operator(written);
    let prefix = match prefix {
        "" => "",
        other => nearest::name(other, ["ForAllValues:", "ForAnyValue:"].into_iter())?,
    };
    let base =
        nearest::name(base, OPERATORS.iter().map(|(name, ..)| *name).filter(|n| suffix.is_empty() || *n != "Null"))?;
    Some(format!("{prefix}{base}{suffix}"))
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, block) in blocks(context) {
        if block.operator.is_some() || is_null_if_exists(&block.operator_text) {
            continue;
        }
        let operator = Text::from_encoded(block.operator_text.clone());
        let Some(written) = operator.known() else { continue };
        let suggestion = suggestion(written);
        let message = format!("`{written}` is no condition operator{}.", nearest::did_you_mean(suggestion.as_deref()));
        let finding = findings.add(Location::new(block.path(&statement.path()), block.operator_span), message);
        // A second entry of the same operator would replace the first.
        let taken = |name: &str| statement.conditions.iter().any(|b| b.operator_text.eq_ignore_ascii_case(name));
        if let Some(right) = suggestion.filter(|name| !taken(name)) {
            finding.replace(block.operator_span, written, &right);
        }
    }
}
