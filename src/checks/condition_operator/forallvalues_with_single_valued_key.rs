//! `FORALLVALUES_WITH_SINGLE_VALUED_KEY`: forAllValues with single valued key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{BaseOperator, SetOperator};

declare_check! {
    /// ## What it does
    ///
    /// Finds `ForAllValues:` with a condition key that has one value in a request.
    ///
    /// ## Why it matters
    ///
    /// `ForAllValues:` is true when the key is missing from the request. With a single-valued key the prefix has
    /// no use but that, so the condition lets through what it seems to forbid.
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
    ///       "Condition": {"ForAllValues:StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}
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
    ///       "Condition": {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub FORALLVALUES_WITH_SINGLE_VALUED_KEY: SecurityWarning, All, "ForAllValues with single valued key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let all =
            used.operator().is_some_and(|o| o.set == Some(SetOperator::ForAllValues) && o.base != BaseOperator::Null);
        if all && used.facts.is_multivalued() == Some(false) {
            findings.add(
                used.location(),
                format!(
                    "`{}` has one value in a request, and `{}` is also true when it has none. Leave out `ForAllValues:`.",
                    used.shown(),
                    used.shown_operator()
                ),
            );
        }
    }
}
