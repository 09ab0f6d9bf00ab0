//! `INVALID_CONDITION_KEY_FORMAT`: invalid condition key format.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::key::KeyClass;
use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys that are not of the form `prefix:name`.
    ///
    /// ## Why it matters
    ///
    /// Every key begins with `aws:`, with the prefix of a service or with the host of an identity provider.
    /// Anything else is in no request.
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
    ///       "Condition": {"IpAddress": {"SourceIp": "203.0.113.0/24"}}
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
    ///       "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_CONDITION_KEY_FORMAT: Error, All, "Invalid condition key format", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if matches!(used.facts.class, KeyClass::Malformed) {
            let name = used.shown();
            // Many keys lack nothing but `aws:`, or have another mark in place of the colon.
            let bare = name.get(..4).filter(|p| p.eq_ignore_ascii_case("aws.") || p.eq_ignore_ascii_case("aws/"));
            let full = format!("aws:{}", if bare.is_some() { &name[4..] } else { &name });
            let global = context.catalog.global_condition_key(&full).map(|_| full.as_str());
            findings.add(
                used.location(),
                format!("`{name}` is not of the form `prefix:name`{}.", nearest::did_you_mean(global)),
            );
        }
    }
}
