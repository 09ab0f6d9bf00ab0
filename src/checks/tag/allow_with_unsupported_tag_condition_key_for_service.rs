//! `ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE`: allow with unsupported tag condition key for service.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; which action supports the key is told by
//! the service authorization reference.

use super::{resource_tag_keys, services_without_support};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::Effect;

declare_check! {
    /// ## What it does
    ///
    /// Finds an Allow under a condition on `aws:ResourceTag` with actions that do not support the key.
    ///
    /// ## Why it matters
    ///
    /// Requests for those actions never hold the key, so the statement does not allow them.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": ["ec2:StartInstances", "route53:GetHostedZone"],
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}
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
    ///       "Effect": "Allow",
    ///       "Action": "ec2:StartInstances",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: Suggestion, Identity, "Allow with unsupported tag condition key for service", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in resource_tag_keys(context, Effect::Allow) {
        let services = services_without_support(context, used);
        if !services.is_empty() {
            findings.add(
                used.location(),
                format!(
                    "`{}` is not supported by some of the actions of {}: the statement does not allow those.",
                    used.shown(),
                    services.join(", ")
                ),
            );
        }
    }
}
