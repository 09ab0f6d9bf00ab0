//! `TYPE_MISMATCH_BOOLEAN`: type mismatch boolean.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values under `Bool` and `Null` that are neither true nor false.
    ///
    /// ## Why it matters
    ///
    /// Such a value equals none that a request can have.
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
    ///       "Condition": {"Bool": {"aws:SecureTransport": "yes"}}
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
    pub TYPE_MISMATCH_BOOLEAN: Warning, All, "Type mismatch boolean", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if !matches!(used.family(), Some(OperatorFamily::Bool | OperatorFamily::Null)) {
            continue;
        }
        for (value, text) in used.known_values() {
            if ["true", "false"].iter().any(|b| text.eq_ignore_ascii_case(b))
                || value::references(text).next().is_some()
            {
                continue;
            }
            findings.add(
                used.value_location(value),
                format!("`{text}` under `{}` is neither `true` nor `false`.", used.shown_operator()),
            );
        }
    }
}
