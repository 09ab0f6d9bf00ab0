//! `INVALID_GLOBAL_CONDITION_KEY`: invalid global condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::key::KeyClass;
use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys with the prefix `aws:` that are no global condition key.
    ///
    /// ## Why it matters
    ///
    /// A key that is in no request makes a condition that never matches, or always: an Allow that grants nothing,
    /// a Deny that denies nothing or everything.
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
    ///       "Condition": {"IpAddress": {"aws:SourceIpAddress": "203.0.113.0/24"}}
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
    pub INVALID_GLOBAL_CONDITION_KEY: Error, All, "Invalid global condition key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        if !matches!(used.facts.class, KeyClass::UnknownGlobal) || used.is(super::AWS_ARN) {
            continue;
        }
        let name = used.shown();
        let names = context.catalog.global_condition_keys().iter().map(|k| k.name);
        let suggestion = nearest::name(&name, names);
        let finding = findings
            .add(used.location(), format!("`{name}` is no global condition key{}.", nearest::did_you_mean(suggestion)));
        let taken = |right: &str| used.block.keys.iter().any(|k| k.name.as_str().eq_ignore_ascii_case(right));
        if let Some(right) = suggestion.filter(|s| !s.ends_with('/') && !taken(s)) {
            finding.replace(used.key.name_span, &name, right);
        }
    }
}
