//! `DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE`: deny NotAction with unsupported tag condition key for service.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference; which action supports the key is told by
//! the service authorization reference.

use super::resource_tag_keys;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::Effect;

declare_check! {
    /// ## What it does
    ///
    /// Finds a Deny with `NotAction` under a condition on `aws:ResourceTag`.
    ///
    /// ## Why it matters
    ///
    /// `NotAction` covers all services but a few, and many of them do not support the key. Their requests never
    /// hold it, so the statement does not deny them.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "NotAction": "iam:*",
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
    pub DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE: SecurityWarning, IdentityAndServiceControl, "Deny NotAction with unsupported tag condition key for service", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in resource_tag_keys(context, Effect::Deny) {
        if used.statement.not_action.is_some() {
            findings.add(
                used.location(),
                format!(
                    "`NotAction` covers actions of services that do not support `{}`: those are not denied.",
                    used.shown()
                ),
            );
        }
    }
}
