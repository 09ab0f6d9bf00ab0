//! `UNSUPPORTED_RESOURCE_ARN_IN_POLICY`: unsupported resource ARN in policy.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::{Arn, glob};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs in the policy of a bucket, an access point or a table that are of another service or
    /// resource type.
    ///
    /// ## Why it matters
    ///
    /// A resource-based policy applies to the resource it is attached to; the service rejects others.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub UNSUPPORTED_RESOURCE_ARN_IN_POLICY: Error, Resource, "Unsupported resource ARN in policy", run
}

use super::is_plain;

/// The service of a resource type's ARNs, and the pattern of their last part.
const ATTACHED_TO: &[(&str, &str, &str)] = &[
    ("AWS::S3::Bucket", "s3", "*"),
    ("AWS::S3::AccessPoint", "s3", "accesspoint/*"),
    ("AWS::S3::MultiRegionAccessPoint", "s3", "accesspoint/*"),
    ("AWS::S3ObjectLambda::AccessPoint", "s3-object-lambda", "accesspoint/*"),
    ("AWS::DynamoDB::Table", "dynamodb", "table/*"),
];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let Some(resource_type) = context.resource_type else { return };
    let Some((_, service, resource)) = ATTACHED_TO.iter().find(|(t, ..)| *t == resource_type) else { return };
    for (entry, arn) in super::arns(context) {
        // Another case of the service's name has its own check.
        let other_service = is_plain(arn.service) && !arn.service.eq_ignore_ascii_case(service);
        let other_type = !arn.resource.contains("${") && !glob::may_meet(resource, arn.resource);
        if other_service || other_type || (resource_type == "AWS::S3::Bucket" && is_access_point(arn)) {
            findings.add(
                entry.location(),
                format!("A policy of {resource_type} cannot name the resource `{}`.", entry.item.text),
            );
        }
    }
}

/// A bucket may be named `accesspoint`, but its ARN has no Region and account.
fn is_access_point(arn: &Arn<'_>) -> bool {
    !arn.region.is_empty() && !arn.account.is_empty() && arn.resource.starts_with("accesspoint/")
}
