//! `UNSUPPORTED_WILDCARD_IN_PRINCIPAL`: unsupported wildcard in principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds `*` or `?` in a value of a `Principal` or `NotPrincipal` map, except `{"AWS": "*"}`.
    ///
    /// ## Why it matters
    ///
    /// Principals are not patterns: the characters are taken literally and match nothing, or AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/team-*"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///      "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/team-*"}}}
    ///   ]
    /// }
    /// ```
    pub UNSUPPORTED_WILDCARD_IN_PRINCIPAL: Error, Resource, "Unsupported wildcard in principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for value in super::values(context.document) {
        let text = value.item.text.as_str();
        if super::PRINCIPAL_TYPES.contains(&value.principal_type())
            && text.contains(['*', '?'])
            && !(value.principal_type() == "AWS" && text == "*")
            // Literal forms of policy variables have their own check.
            && !text.contains("${")
        {
            findings.add(
                value.location(),
                format!("The `{}` principal `{}` cannot hold a wildcard.", value.principal_type(), value.item.text),
            );
        }
    }
}
