//! `INVALID_SERVICE_CONDITION_KEY`: invalid service condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::key::KeyClass;
use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys that the service of their prefix does not define.
    ///
    /// ## Why it matters
    ///
    /// A key that is in no request makes a condition that never matches, or always.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s3:prefixx": "logs/*"}}
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
    ///       "Action": "s3:ListBucket",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket",
    ///       "Condition": {"StringLike": {"s3:prefix": "logs/*"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub INVALID_SERVICE_CONDITION_KEY: Error, All, "Invalid service condition key", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let KeyClass::UnknownOfService(service) = used.facts.class else { continue };
        let name = used.shown();
        let suggestion = nearest::name(&name, service.condition_keys.iter().map(|k| k.name.as_str()));
        let finding = findings.add(
            used.location(),
            format!("`{name}` is no condition key of {}{}.", service.prefix, nearest::did_you_mean(suggestion)),
        );
        let taken = |right: &str| used.block.keys.iter().any(|k| k.name.as_str().eq_ignore_ascii_case(right));
        let free = |s: &&str| s.contains(['$', '<']) || s.ends_with('/');
        if let Some(right) = suggestion.filter(|s| !free(s) && !taken(s)) {
            finding.replace(used.key.name_span, &name, right);
        }
    }
}
