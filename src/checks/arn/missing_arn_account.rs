//! `MISSING_ARN_ACCOUNT`: missing ARN account.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs without an account although the ARNs of the resource type have one.
    ///
    /// ## Why it matters
    ///
    /// The ARN matches no resource.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam:::role/app"}
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
    ///     {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/app"}
    ///   ]
    /// }
    /// ```
    pub MISSING_ARN_ACCOUNT: Error, All, "Missing ARN account", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        let Some(types) = entry.types.as_ref().filter(|t| t.matched > 0 && t.with_account == t.matched) else {
            continue;
        };
        if arn.account.is_empty() {
            findings.add(
                entry.location(),
                format!(
                    "The ARN of the resource type `{}` of the service `{}` has an account; write `*` for any.",
                    types.name, arn.service
                ),
            );
        }
    }
}
