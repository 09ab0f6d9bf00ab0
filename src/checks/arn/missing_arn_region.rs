//! `MISSING_ARN_REGION`: missing ARN Region.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs without a Region although the ARNs of the resource type have one.
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
    ///     {"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "arn:aws:ec2::111122223333:instance/*"}
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
    ///     {"Effect": "Allow", "Action": "ec2:StartInstances", "Resource": "arn:aws:ec2:*:111122223333:instance/*"}
    ///   ]
    /// }
    /// ```
    pub MISSING_ARN_REGION: Error, All, "Missing ARN Region", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        let Some(types) = entry.types.as_ref().filter(|t| t.matched > 0 && t.with_region == t.matched) else {
            continue;
        };
        if arn.region.is_empty() {
            findings.add(
                entry.location(),
                format!(
                    "The ARN of the resource type `{}` of the service `{}` has a Region; write `*` for any.",
                    types.name, arn.service
                ),
            );
        }
    }
}
