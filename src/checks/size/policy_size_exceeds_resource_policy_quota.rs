//! `POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA`: policy size exceeds resource policy quota.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource-based policies that are larger than the resource accepts: 20,480 bytes for S3 buckets, access
    /// points and DynamoDB, 30,720 for SNS topics, 8,192 for SQS queues, 32,768 for KMS keys. Unknown values count with
    /// the least length they can have.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects a policy above the quota.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket statements=200
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// Name accounts or the organization (`aws:PrincipalOrgID`) instead of many principals, and join statements that
    /// differ in one element only.
    pub POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA: Warning, ResourceNotTrust, "Policy size exceeds resource policy quota", run
}

/// Quotas in bytes by CloudFormation type; other types have [`DEFAULT`].
const QUOTAS: &[(&str, usize)] = &[
    ("AWS::KMS::Key", 32_768),
    ("AWS::KMS::ReplicaKey", 32_768),
    ("AWS::SNS::Topic", 30_720),
    ("AWS::SQS::Queue", 8_192),
];
const DEFAULT: usize = 20_480;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let quota = context.resource_type.and_then(|t| QUOTAS.iter().find(|(name, _)| *name == t)).map_or(DEFAULT, |q| q.1);
    let what = format!("a policy of {}", context.resource_type.unwrap_or("this resource"));
    super::report(super::with_white_space(context), quota, &what, context, findings);
}
