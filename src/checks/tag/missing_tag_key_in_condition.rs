//! `MISSING_TAG_KEY_IN_CONDITION`: missing tag key in condition.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::key::KeyClass;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds condition keys for tags, such as `aws:ResourceTag`, without the key of the tag.
    ///
    /// ## Why it matters
    ///
    /// The family alone is in no request. The name of the tag follows after a slash.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "ec2:StartInstances",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:ResourceTag": "blue"}}
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
    ///       "Action": "ec2:StartInstances",
    ///       "Resource": "*",
    ///       "Condition": {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub MISSING_TAG_KEY_IN_CONDITION: Error, All, "Missing tag key in condition", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let family = match used.facts.class {
            KeyClass::BareTagFamily(family) => family,
            KeyClass::BareServiceTagFamily(definition) => {
                definition.name.rsplit_once('/').map_or(definition.name.as_str(), |(family, _)| family)
            }
            _ => continue,
        };
        findings.add(
            used.location(),
            format!("`{}` lacks the key of a tag: write it after `{}/`.", used.shown(), family.trim_end_matches('/')),
        );
    }
}
