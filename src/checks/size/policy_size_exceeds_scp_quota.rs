//! `POLICY_SIZE_EXCEEDS_SCP_QUOTA`: policy size exceeds SCP quota.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds service control policies with more than 10,240 characters, white space included. (The quota was 5,120
    /// before 15 May 2026.)
    ///
    /// ## Why it matters
    ///
    /// AWS Organizations rejects a larger policy.
    ///
    /// ## Example
    ///
    /// ```json SERVICE_CONTROL_POLICY statements=120
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Action": "organizations:LeaveOrganization", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// Remove white space, drop `Sid`s, or split the policy in two.
    pub POLICY_SIZE_EXCEEDS_SCP_QUOTA: Error, ServiceControl, "Policy size exceeds SCP quota", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let what = "a service control policy, white space included";
    super::report(super::characters(context), 10_240, what, context, findings);
}
