//! `POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA`: policy size exceeds role trust policy quota.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds role trust policies with more than 2,048 characters, white space not counted. Unknown values count with
    /// the least length they can have.
    ///
    /// ## Why it matters
    ///
    /// IAM rejects a longer trust policy, unless the account's quota was raised (to 4,096 at most).
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument statements=40
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// List the principals of one kind in one statement, or name accounts instead of their roles.
    pub POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA: Warning, Trust, "Policy size exceeds role trust policy quota", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let what = "a role trust policy, white space not counted";
    super::report(super::without_white_space(context), 2_048, what, context, findings);
}
