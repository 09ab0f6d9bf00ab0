//! `NULL_WITH_QUALIFIER`: null with qualifier.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::blocks;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Null` with the prefix `ForAllValues:` or `ForAnyValue:`.
    ///
    /// ## Why it matters
    ///
    /// `Null` asks whether the key is there, not for its values. The prefix adds nothing and misleads.
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
    ///       "Condition": {"ForAnyValue:Null": {"aws:TagKeys": "false"}}
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
    ///       "Condition": {"Null": {"aws:TagKeys": "false"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub NULL_WITH_QUALIFIER: Suggestion, All, "Null with qualifier", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, block) in blocks(context) {
        if !block.operator.is_some_and(|o| o.base == BaseOperator::Null && o.set.is_some()) {
            continue;
        }
        let written = block.operator_text.as_str();
        let message = format!("`{written}` means the same as `Null`.");
        let finding = findings.add(Location::new(block.path(&statement.path()), block.operator_span), message);
        if !statement.conditions.iter().any(|b| b.operator_text.eq_ignore_ascii_case("Null")) {
            finding.replace(block.operator_span, written, "Null");
        }
    }
}
