//! `POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA`: policy size exceeds identity policy quota.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::model::PolicyForm;

declare_check! {
    /// ## What it does
    ///
    /// Finds identity-based policies with more characters than IAM accepts, white space not counted: 6,144 for a
    /// managed policy, and for inline policies 2,048 of a user, 5,120 of a group and 10,240 of a role. Unknown values
    /// count with the least length they can have.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects a policy above the quota.
    ///
    /// ## Example
    ///
    /// ```json statements=80
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// Split the policy into several managed policies, drop `Sid`s, and sum up actions and resources with wildcards
    /// where they belong together.
    pub POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA: Warning, Identity, "Policy size exceeds identity policy quota", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let (quota, what) = match context.form {
        Some(PolicyForm::InlineUser) => (2_048, "the inline policies of a user"),
        Some(PolicyForm::InlineGroup) => (5_120, "the inline policies of a group"),
        Some(PolicyForm::InlineRole) => (10_240, "the inline policies of a role"),
        Some(PolicyForm::Synthesised) => return,
        Some(PolicyForm::Managed | PolicyForm::Resource) | None => (6_144, "a managed policy"),
    };
    super::report(
        super::without_white_space(context),
        quota,
        &format!("{what}, white space not counted"),
        context,
        findings,
    );
}
