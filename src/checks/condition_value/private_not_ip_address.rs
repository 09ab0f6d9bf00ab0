//! `PRIVATE_NOT_IP_ADDRESS`: private NotIpAddress.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use super::addresses::{Addresses, source_addresses};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::BaseOperator;

declare_check! {
    /// ## What it does
    ///
    /// Finds `aws:SourceIp` that excludes nothing but private address ranges.
    ///
    /// ## Why it matters
    ///
    /// The key holds the public address that a request comes from. No private address is ever in it: the
    /// condition always matches.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Deny",
    ///       "Action": "s3:*",
    ///       "Resource": "*",
    ///       "Condition": {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
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
    ///       "Effect": "Deny",
    ///       "Action": "s3:*",
    ///       "Resource": "*",
    ///       "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub PRIVATE_NOT_IP_ADDRESS: Error, All, "Private NotIpAddress", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in source_addresses(context, BaseOperator::NotIpAddress) {
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
