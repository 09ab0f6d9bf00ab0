//! `NULL_WITH_IF_EXISTS`: null with IfExists.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{blocks, is_null_if_exists};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds the operator `NullIfExists`.
    ///
    /// ## Why it matters
    ///
    /// `Null` asks whether the key is there at all, so `IfExists` contradicts it. AWS rejects the operator.
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
    ///       "Condition": {"NullIfExists": {"aws:TagKeys": "true"}}
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
    pub NULL_WITH_IF_EXISTS: Error, All, "Null with IfExists", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (statement, block) in blocks(context).filter(|(_, b)| is_null_if_exists(&b.operator_text)) {
        let written = block.operator_text.as_str();
        let message = format!("`{written}` is no operator: `Null` takes no `IfExists`. Use `Null`.");
        let finding = findings.add(Location::new(block.path(&statement.path()), block.operator_span), message);
        if !statement.conditions.iter().any(|b| b.operator_text.eq_ignore_ascii_case("Null")) {
            finding.replace(block.operator_span, written, "Null");
        }
    }
}
