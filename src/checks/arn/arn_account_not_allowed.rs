//! `ARN_ACCOUNT_NOT_ALLOWED`: aRN account not allowed.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs with an account although the ARNs of the resource type have none.
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3::111122223333:amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub ARN_ACCOUNT_NOT_ALLOWED: Error, All, "ARN account not allowed", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        // Unknown values in the field are accounts, Regions or names, and none of those is empty.
        let given = !matches!(arn.account, "" | "*") && !arn.account.contains("${");
        if given && entry.types.as_ref().is_some_and(|t| t.matched > 0 && t.with_account == 0) {
            findings.add(
                entry.location(),
                format!("This resource of the service `{}` has no account in its ARN.", arn.service),
            );
        }
    }
}
