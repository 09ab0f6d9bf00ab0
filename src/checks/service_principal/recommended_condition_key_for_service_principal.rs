//! `RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL`: recommended condition key for service principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{SOURCE_KEYS, service_principals};
use crate::checks::condition::presence::{self, Presence};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource policies that limit a service by `aws:Referer` and not by a key that says on whose behalf
    /// it acts.
    ///
    /// ## Why it matters
    ///
    /// `aws:Referer` is a header that a caller can choose. `aws:SourceArn`, `aws:SourceAccount`,
    /// `aws:SourceOrgID` and `aws:SourceOrgPaths` are set by AWS.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::S3::Bucket
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {"Service": "ses.amazonaws.com"},
    ///       "Action": "s3:PutObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:Referer": "111122223333"}}
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
    ///       "Principal": {"Service": "ses.amazonaws.com"},
    ///       "Action": "s3:PutObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL: Suggestion, ResourceNotTrust, "Recommended condition key for service principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is("aws:Referer")) {
        if !used.statement.is_allow()
            || presence::has_any(context.document, used.statement, SOURCE_KEYS) != Presence::No
        {
            continue;
        }
        let names: Vec<String> = service_principals(used.statement).map(|(_, i)| format!("`{}`", i.text)).collect();
        if !names.is_empty() {
            findings.add(
                used.location(),
                format!(
                    "Limit {} by `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths` \
                     in place of `{}`.",
                    names.join(", "),
                    used.shown()
                ),
            );
        }
    }
}
