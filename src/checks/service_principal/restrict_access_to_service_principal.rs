//! `RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL`: restrict access to service principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{SOURCE_KEYS, service_principals};
use crate::checks::condition::presence::{self, Presence};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource policies that allow a service without saying on whose behalf: no condition on
    /// `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths`.
    ///
    /// ## Why it matters
    ///
    /// The service acts for all its customers. Another account can make it use this resource: the confused
    /// deputy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {"Service": "cloudtrail.amazonaws.com"},
    ///       "Action": "s3:PutObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"
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
    ///       "Principal": {"Service": "cloudtrail.amazonaws.com"},
    ///       "Action": "s3:PutObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL: SecurityWarning, ResourceNotTrust, "Restrict access to service principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in context.document.statements.iter().filter(|s| s.is_allow()) {
        if presence::has_any(context.document, statement, SOURCE_KEYS) != Presence::No {
            continue;
        }
        for (location, item) in service_principals(statement) {
            findings.add(
                location,
                format!(
                    "`{}` may act for any account here: limit it with `aws:SourceArn`, `aws:SourceAccount`, \
                     `aws:SourceOrgID` or `aws:SourceOrgPaths`.",
                    item.text
                ),
            );
        }
    }
}
