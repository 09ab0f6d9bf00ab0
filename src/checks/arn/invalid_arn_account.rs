//! `INVALID_ARN_ACCOUNT`: invalid ARN account.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::{is_owner, is_plain};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs whose account field is neither empty, nor 12 digits, nor a pattern, nor a word that AWS uses
    /// for its own resources (such as `aws` for AWS managed policies).
    ///
    /// ## Why it matters
    ///
    /// No resource has such an ARN, so the statement applies to nothing.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam::12345:role/app"}
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
    pub INVALID_ARN_ACCOUNT: Error, All, "Invalid ARN account", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        let account = arn.account;
        let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        if account.is_empty() || digits || !is_plain(account) || is_owner(context.catalog, arn.service, account) {
            continue;
        }
        findings.add(entry.location(), format!("The account `{account}` is not an account ID of 12 digits."));
    }
}
