//! `PRIVATE_IP_ADDRESS`: private IP address.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::addresses::{Addresses, source_addresses};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `aws:SourceIp` limited to private address ranges.
    ///
    /// ## Why it matters
    ///
    /// The key holds the public address that a request comes from, and is missing from requests through a VPC
    /// endpoint. A private address is never in it: the condition never matches.
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
    ///       "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
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
    ///         "IpAddress": {"aws:VpcSourceIp": "10.0.0.0/8"},
    ///         "StringEquals": {"aws:SourceVpc": "vpc-1a2b3c4d"}
    ///       }
    ///     }
    ///   ]
    /// }
    /// ```
    pub PRIVATE_IP_ADDRESS: Error, All, "Private IP address", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in source_addresses(context, BaseOperator::IpAddress) {
        let addresses = Addresses::of(used);
        if addresses.all_private() {
            findings.add(
                used.location(),
                format!(
                    "All addresses of `{}` are private{}: requests reach AWS from public ones. \
                     For addresses inside a VPC there is `aws:VpcSourceIp`.",
                    used.shown(),
                    addresses.listed()
                ),
            );
        }
    }
}
