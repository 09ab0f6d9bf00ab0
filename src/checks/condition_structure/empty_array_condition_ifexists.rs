//! `EMPTY_ARRAY_CONDITION_IFEXISTS`: empty array condition with IfExists.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::empty_lists;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys with an empty list of values under an operator with the suffix `IfExists`.
    ///
    /// ## Why it matters
    ///
    /// The suffix lets requests without the key through. With an empty list a positive operator lets through
    /// those alone. `Null` says that in plain words.
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
    ///       "Condition": {"StringEqualsIfExists": {"aws:SourceVpc": []}}
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
    ///       "Condition": {"Null": {"aws:SourceVpc": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EMPTY_ARRAY_CONDITION_IFEXISTS: Suggestion, All, "Empty array condition with IfExists", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in empty_lists(context, |o| o.set.is_none() && o.if_exists) {
        findings.add(
            used.location(),
            format!(
                "`{}` has no value under `{}`: only requests without the key match.",
                used.shown(),
                used.shown_operator()
            ),
        );
    }
}
