//! `POLICY_SIZE_EXCEEDS_RCP_QUOTA`: policy size exceeds RCP quota.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource control policies with more than 5,120 characters, white space included.
    ///
    /// ## Why it matters
    ///
    /// AWS Organizations rejects a larger policy.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_CONTROL_POLICY statements=60
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// Remove white space, drop `Sid`s, or split the policy in two.
    pub POLICY_SIZE_EXCEEDS_RCP_QUOTA: Error, ResourceControl, "Policy size exceeds RCP quota", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let what = "a resource control policy, white space included";
    super::report(super::characters(context), 5_120, what, context, findings);
}
