//! `IRRELEVANT_CONDITION_KEY_IN_POLICY`: irrelevant condition key in policy.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds `s3:ResourceAccount` in the policy of a bucket or access point.
    ///
    /// ## Why it matters
    ///
    /// The key names the account that owns the resource. In the policy of that very resource it always has the
    /// same value and decides nothing.
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
    ///       "Condition": {"StringEquals": {"s3:ResourceAccount": "111122223333"}}
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
    ///       "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub IRRELEVANT_CONDITION_KEY_IN_POLICY: Suggestion, ResourceNotTrust, "Irrelevant condition key in policy", run
}

const RESOURCE_TYPES: &[&str] = &["AWS::S3::Bucket", "AWS::S3::AccessPoint"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let Some(resource_type) = context.resource_type.filter(|t| RESOURCE_TYPES.contains(t)) else { return };
    for used in context.condition_keys().iter().filter(|u| u.is("s3:ResourceAccount")) {
        findings.add(
            used.location(),
            format!("`{}` decides nothing in the policy of an {resource_type} itself.", used.shown()),
        );
    }
}
