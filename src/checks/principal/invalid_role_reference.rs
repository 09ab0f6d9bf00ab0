//! `INVALID_ROLE_REFERENCE`: invalid role reference.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds the unique ID of a role (`AROA…`) as a principal.
    ///
    /// ## Why it matters
    ///
    /// AWS shows an ARN as a unique ID when the role was deleted. A policy with such an ID grants nothing, and cannot
    /// be saved again in some services.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLEID123456789"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub INVALID_ROLE_REFERENCE: Warning, Resource, "Invalid role reference", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for value in super::values(context.document).filter(|v| v.principal_type() == "AWS") {
        if super::is_unique_id(&value.item.text, "AROA") {
            findings.add(value.location(), format!("`{}` is the unique ID of a role; use its ARN.", value.item.text));
        }
    }
}
