//! `INVALID_REGION`: invalid Region.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::value;
use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::policy::OperatorFamily;

declare_check! {
    /// ## What it does
    ///
    /// Finds values of `aws:RequestedRegion` that are no Region of any partition.
    ///
    /// ## Why it matters
    ///
    /// No request goes to such a Region: an Allow grants nothing, and a negated operator in a Deny shuts out
    /// everything.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "ec2:RunInstances",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1a"}}
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
    ///       "Action": "ec2:RunInstances",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_REGION: Error, All, "Invalid Region", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys().iter().filter(|u| u.is("aws:RequestedRegion")) {
        let Some(base) = used.base().filter(|b| b.family() == OperatorFamily::String) else { continue };
        for (value, text) in used.known_values() {
            let pattern = base.reads_wildcards() && value::has_wildcard(text);
            let regions = context.catalog.regions();
            if pattern || value::references(text).next().is_some() || regions.iter().any(|r| r.name == text) {
                continue;
            }
            let suggestion = nearest::name(text, regions.iter().map(|r| r.name.as_str()));
            findings.add(
                used.value_location(value),
                format!("`{text}` is no Region{}.", nearest::did_you_mean(suggestion)),
            );
        }
    }
}
