//! `RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY`: RCP missing related service principal condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{is_aws_service, source_keys};
use crate::checks::condition::presence::Presence;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds RCPs that deny by the source of a service's request and do not limit the Deny to AWS services.
    ///
    /// ## Why it matters
    ///
    /// Requests of people and roles have no source, so with a negated operator the Deny hits them as well.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Principal": "*",
    ///       "Action": "s3:*",
    ///       "Resource": "*",
    ///       "Condition": {
    ///         "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"},
    ///         "Null": {"aws:SourceAccount": "false"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Principal": "*",
    ///       "Action": "s3:*",
    ///       "Resource": "*",
    ///       "Condition": {
    ///         "StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"},
    ///         "Null": {"aws:SourceAccount": "false"},
    ///         "BoolIfExists": {"aws:PrincipalIsAWSService": "true"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY: Warning, ResourceControl, "RCP missing related service principal condition key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in source_keys(context) {
        if is_aws_service(context, used.statement, "true") == Presence::No {
            findings.add(
                used.location(),
                format!(
                    "`{}` also denies requests that no service makes: add `aws:PrincipalIsAWSService` with `true`.",
                    used.shown()
                ),
            );
        }
    }
}
