//! `STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS`: stringLike operator with ARN condition keys.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::operators_for;
use crate::catalog::KeyKind;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `StringLike` with a condition key whose values are ARNs.
    ///
    /// ## Why it matters
    ///
    /// In a string a star also covers colons, so a pattern for one field of an ARN can match across fields:
    /// `arn:aws:iam::1111*` is not held to the account. The ARN operators compare the six fields one by one.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": "*",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/team-*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": "*",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/team-*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS: SecurityWarning, All, "StringLike operator with ARN condition keys", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let like = matches!(used.base(), Some(BaseOperator::StringLike | BaseOperator::StringNotLike));
        if like && used.facts.kind() == Some(KeyKind::Arn) {
            findings.add(
                used.location(),
                format!(
                    "`{}` holds ARNs: use {} operators, which compare field by field, in place of `{}`.",
                    used.shown(),
                    operators_for(KeyKind::Arn),
                    used.shown_operator()
                ),
            );
        }
    }
}
