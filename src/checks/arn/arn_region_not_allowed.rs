//! `ARN_REGION_NOT_ALLOWED`: aRN Region not allowed.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs with a Region although the ARNs of the resource type have none.
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
    ///     {"Effect": "Allow", "Action": "iam:GetRole", "Resource": "arn:aws:iam:us-east-1:111122223333:role/app"}
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
    pub ARN_REGION_NOT_ALLOWED: Error, All, "ARN Region not allowed", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        // Unknown values in the field are accounts, Regions or names, and none of those is empty.
        let given = !matches!(arn.region, "" | "*") && !arn.region.contains("${");
        if given && entry.types.as_ref().is_some_and(|t| t.matched > 0 && t.with_region == 0) {
            findings.add(
                entry.location(),
                format!("This resource of the service `{}` has no Region in its ARN.", arn.service),
            );
        }
    }
}
