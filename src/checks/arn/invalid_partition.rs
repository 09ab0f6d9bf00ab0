//! `INVALID_PARTITION`: invalid partition.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::is_plain;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs whose partition does not exist.
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws-china:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws-cn:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub INVALID_PARTITION: Error, All, "Invalid partition", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        let partitions = context.catalog.partitions();
        if is_plain(arn.partition) && !partitions.contains(&arn.partition) {
            findings.add(
                entry.location(),
                format!(
                    "The partition `{}` of the {} ARN does not exist; the partitions are {}.",
                    arn.partition,
                    arn.service,
                    partitions.join(", ")
                ),
            );
        }
    }
}
