//! `MISSING_PAIRED_CONDITION_KEYS`: missing paired condition keys.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::presence::{self, Presence};
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds private addresses as a condition without the VPC that they belong to.
    ///
    /// ## Why it matters
    ///
    /// Private address ranges are the same in every VPC, also in those of other accounts. Only together with the
    /// VPC or the endpoint does an address say where a request comes from.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"}}
    ///     }
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
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {
    ///         "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/16"},
    ///         "StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub MISSING_PAIRED_CONDITION_KEYS: SecurityWarning, All, "Missing paired condition keys", run
}

/// Keys, and the keys of which one has to stand beside them.
const PAIRS: &[(&str, &[&str])] = &[
    ("aws:VpcSourceIp", &["aws:SourceVpc", "aws:SourceVpce", "aws:SourceVpcArn"]),
    ("aws:Ec2InstanceSourcePrivateIPv4", &["aws:Ec2InstanceSourceVpc"]),
];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let Some((_, companions)) = PAIRS.iter().find(|(key, _)| used.is(key)) else { continue };
        if presence::has_any(context.document, used.statement, companions) == Presence::No {
            let names: Vec<String> = companions.iter().map(|c| format!("`{c}`")).collect();
            findings.add(
                used.location(),
                format!("`{}` says little without {} in the same condition.", used.shown(), names.join(" or ")),
            );
        }
    }
}
