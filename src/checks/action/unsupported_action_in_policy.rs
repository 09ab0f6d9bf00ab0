//! `UNSUPPORTED_ACTION_IN_POLICY`: unsupported action in policy.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::TRUST_POLICY;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::glob;
use crate::source::Symbol;

declare_check! {
    /// ## What it does
    ///
    /// Finds actions that the policy of this type of resource cannot hold: actions of other services in a policy of a
    /// bucket, an access point or a table, and anything but the `sts` actions that assume roles in a role trust policy.
    ///
    /// ## Why it matters
    ///
    /// The service rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "kms:Decrypt", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub UNSUPPORTED_ACTION_IN_POLICY: Error, Resource, "Unsupported action in policy", run
}

/// The patterns, in lower case, of the actions that a resource type's policies hold.
const SUPPORTED: &[(&str, &[&str])] = &[
    ("AWS::S3::Bucket", &["s3:*"]),
    ("AWS::S3::AccessPoint", &["s3:*"]),
    ("AWS::S3::MultiRegionAccessPoint", &["s3:*"]),
    ("AWS::S3ObjectLambda::AccessPoint", &["s3-object-lambda:*"]),
    ("AWS::DynamoDB::Table", &["dynamodb:*"]),
    (
        TRUST_POLICY,
        &[
            "sts:assumerole",
            "sts:assumerolewithsaml",
            "sts:assumerolewithwebidentity",
            "sts:tagsession",
            "sts:setsourceidentity",
            "sts:setcontext",
        ],
    ),
];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let Some(resource_type) = context.resource_type else { return };
    let Some((_, supported)) = SUPPORTED.iter().find(|(t, _)| *t == resource_type) else { return };
    for statement in &context.document.statements {
        for list in statement.action_lists() {
            for item in &list.items {
                let text = item.text.as_str();
                // Variables in actions have their own check.
                if Symbol::occurs_in(text) || text.contains("${") {
                    continue;
                }
                let lower = text.to_ascii_lowercase();
                if !supported.iter().any(|s| glob::meet(s, &lower)) {
                    findings.add(
                        Location::new(statement.item_path(list, item), item.span),
                        format!("A policy of {resource_type} cannot hold the action `{text}`."),
                    );
                }
            }
        }
    }
}
