//! `DENY_WITHOUT_EFFECT`: deny without effect.
//!
//! Source of the rule: our own; on with `--strict`.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyType;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Deny` statements whose actions or resources have nothing in common with any `Allow` of the same
    /// identity-based or resource-based policy.
    ///
    /// ## Why it matters
    ///
    /// Within this policy the statement changes nothing. It may be meant as a guard against other policies; if it is
    /// not, a name in it is likely wrong.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ///     {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ///     {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/private/*"}
    ///   ]
    /// }
    /// ```
    pub DENY_WITHOUT_EFFECT: Suggestion, All, "Deny without effect", run, Strict
}

use super::reach::are_disjoint;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    // What an SCP or RCP restricts is granted elsewhere.
    if !matches!(context.policy_type, PolicyType::IdentityPolicy | PolicyType::ResourcePolicy) {
        return;
    }
    let allows: Vec<_> = context.document.statements.iter().filter(|s| s.is_allow()).collect();
    if allows.is_empty() {
        return;
    }
    for deny in context.document.statements.iter().filter(|s| s.is_deny()) {
        if allows.iter().all(|allow| are_disjoint(deny, allow)) {
            let message = "The statement denies nothing that the policy allows.";
            findings.add(Location::new(deny.path(), deny.span), message);
        }
    }
}
