//! `UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL`: unsupported condition key for service principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds conditions on the account or organization of the principal in statements whose only principals are
    /// services.
    ///
    /// ## Why it matters
    ///
    /// A service belongs to no organization of yours, so these keys are not in its requests. The source keys name
    /// the account or organization that it acts for.
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
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
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
    ///       "Condition": {"StringEquals": {"aws:SourceOrgID": "o-a1b2c3d4e5"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL: Error, Resource, "Unsupported condition key for service principal", run
}

/// Keys that describe a principal of an account; `aws:PrincipalTag/` is another.
const PRINCIPAL_KEYS: &[&str] =
    &["aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let of_principal = used.is_any(PRINCIPAL_KEYS) || used.facts.is_member_of("aws:PrincipalTag/");
        let lists = used.statement.principal.as_ref().map_or(&[][..], |p| p.lists());
        let only_services = !lists.is_empty() && lists.iter().all(|l| l.element == "Service" && !l.items.is_empty());
        if of_principal && only_services {
            findings.add(
                used.location(),
                format!(
                    "`{}` is not in the requests of a service. The keys for those are `aws:SourceAccount`, \
                     `aws:SourceArn`, `aws:SourceOrgID` and `aws:SourceOrgPaths`.",
                    used.shown()
                ),
            );
        }
    }
}
