//! `INVALID_CONDITION_MULTIPLE_BOOLEAN`: invalid condition multiple boolean.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Bool` conditions that give more than one value for a key.
    ///
    /// ## Why it matters
    ///
    /// A request has one value of a Boolean key. A list of both values matches always, and a list of twice the
    /// same says nothing more than the one value.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"Bool": {"aws:SecureTransport": ["true", "false"]}}
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
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"Bool": {"aws:SecureTransport": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_CONDITION_MULTIPLE_BOOLEAN: Error, All, "Invalid condition multiple boolean", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let bool_keys = context.condition_keys().iter().filter(|u| u.base() == Some(BaseOperator::Bool));
    for used in bool_keys.filter(|u| u.key.values.len() > 1) {
        // `ForAnyValue:Bool` on a key of several values is what lists are made for.
        let set = used.operator().is_some_and(|o| o.set.is_some());
        if set && used.facts.is_multivalued() != Some(false) {
            continue;
        }
        findings.add(
            used.location(),
            format!(
                "`{}` takes one Boolean value, and the list under `{}` has {}.",
                used.shown(),
                used.shown_operator(),
                used.key.values.len()
            ),
        );
    }
}
