//! `DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE`: deny with unsupported tag condition key for service.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; which action supports the key is told by
//! the service authorization reference.

use super::{resource_tag_keys, services_without_support};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::Effect;

declare_check! {
    /// ## What it does
    ///
    /// Finds a Deny under a condition on `aws:ResourceTag` with actions that do not support the key.
    ///
    /// ## Why it matters
    ///
    /// Requests for those actions never hold the key, so the condition is never met and nothing is denied,
    /// whatever tags the resource has.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Action": ["ec2:TerminateInstances", "route53:DeleteHostedZone"],
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:ResourceTag/status": "confidential"}}
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Action": "ec2:TerminateInstances",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:ResourceTag/status": "confidential"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: SecurityWarning, IdentityAndServiceControl, "Deny with unsupported tag condition key for service", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in resource_tag_keys(context, Effect::Deny) {
        let services = services_without_support(context, used);
        if !services.is_empty() {
            findings.add(
                used.location(),
                format!(
                    "`{}` is not supported by some of the actions of {}: the statement does not deny those.",
                    used.shown(),
                    services.join(", ")
                ),
            );
        }
    }
}
