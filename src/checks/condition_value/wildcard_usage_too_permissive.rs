//! `WILDCARD_USAGE_TOO_PERMISSIVE`: wildcard usage too permissive.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;
use std::ops::Range;

use super::restricted::Restricted;

declare_check! {
    /// ## What it does
    ///
    /// Finds stars that open a condition too wide: any star under a key that names an account, an organization, a
    /// VPC or an endpoint; a star for the id in `aws:userid`; and in the subject of an OIDC token a star with
    /// fewer than six characters between it and the start or the star before it.
    ///
    /// ## Why it matters
    ///
    /// Accounts and organizations with a similar id belong to others, and `repo:*` is every repository there is.
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
    ///       "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-a1b2*"}}
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
    ///       "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub WILDCARD_USAGE_TOO_PERMISSIVE: Error, All, "Wildcard usage too permissive", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if !matches!(used.base(), Some(BaseOperator::StringLike | BaseOperator::StringNotLike)) {
            continue;
        }
        let Some(class) = Restricted::of(used) else { continue };
        for value in &used.key.values {
            let text = value.text.as_str();
            let stars: Vec<Range<usize>> = value::wildcards(text, &['*']).map(|i| i..i + 1).collect();
            if class.is_opened_by(text, &stars) {
                findings.add(
                    used.value_location(value),
                    format!("The wildcard in `{}` opens `{}` too wide{}.", value.text, used.shown(), class.remedy()),
                );
            }
        }
    }
}
