//! `RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY`: RCP missing related principal condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::is_aws_service;
use crate::checks::condition::presence::Presence;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds RCPs that deny by the account or organization of the principal and do not except AWS services.
    ///
    /// ## Why it matters
    ///
    /// Requests that a service makes itself have no such principal. With a negated operator the Deny hits them
    /// too, and deliveries of logs, replications and the like stop.
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
    ///       "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}
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
    ///         "StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"},
    ///         "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY: Warning, ResourceControl, "RCP missing related principal condition key", run
}

const PRINCIPAL_KEYS: &[&str] =
    &["aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.statement.is_deny() && u.is_any(PRINCIPAL_KEYS)) {
        if is_aws_service(context, used.statement, "false") == Presence::No {
            findings.add(
                used.location(),
                format!(
                    "`{}` also denies requests of AWS services: add `aws:PrincipalIsAWSService` with `false` under \
                     `BoolIfExists`.",
                    used.shown()
                ),
            );
        }
    }
}
