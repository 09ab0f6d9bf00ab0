//! `RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK`: RCP missing service condition key null check.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{is_value, source_keys};
use crate::checks::condition::presence::{self, Presence};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds RCPs that deny by the source of a service's request without asking first whether the request has a
    /// source.
    ///
    /// ## Why it matters
    ///
    /// Not every service says on whose behalf it acts. Without `Null` on `aws:SourceAccount` or `aws:SourceArn`
    /// the Deny stops those services.
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
    ///         "BoolIfExists": {"aws:PrincipalIsAWSService": "true"}
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
    pub RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK: Warning, ResourceControl, "RCP missing service condition key null check", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in source_keys(context) {
        let asked = presence::find(context.document, used.statement, |block, key| {
            let null = block.operator.is_some_and(|o| o.base == BaseOperator::Null);
            let name = key.name.as_str();
            let source = ["aws:SourceAccount", "aws:SourceArn"].iter().any(|n| name.eq_ignore_ascii_case(n));
            null && source && is_value(key, "false")
        });
        if asked == Presence::No {
            findings.add(
                used.location(),
                format!(
                    "`{}` also denies services that give no source: add `aws:SourceAccount` with `false` under `Null`.",
                    used.shown()
                ),
            );
        }
    }
}
