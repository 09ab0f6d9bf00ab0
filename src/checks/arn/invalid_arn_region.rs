//! `INVALID_ARN_REGION`: invalid ARN Region.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds resource ARNs whose Region does not exist in their partition.
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
    ///     {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1a:111122223333:orders"}
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
    ///     {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}
    ///   ]
    /// }
    /// ```
    pub INVALID_ARN_REGION: Error, All, "Invalid ARN Region", run
}

use super::is_plain;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for (entry, arn) in super::arns(context) {
        let in_partition = |r: &&crate::catalog::Region| !is_plain(arn.partition) || r.partition == arn.partition;
        let known_partition = !is_plain(arn.partition) || context.catalog.partitions().contains(&arn.partition);
        if arn.region.is_empty() || !is_plain(arn.region) || !known_partition {
            continue;
        }
        let regions = context.catalog.regions();
        let mut names = regions.iter().filter(in_partition).map(|r| r.name.as_str());
        if !names.any(|name| name == arn.region) {
            let near = nearest::name(arn.region, regions.iter().filter(in_partition).map(|r| r.name.as_str()));
            findings.add(
                entry.location(),
                format!("The Region `{}` does not exist{}.", arn.region, nearest::did_you_mean(near)),
            );
        }
    }
}
