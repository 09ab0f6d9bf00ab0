//! `MISSING_ACTION_FOR_CONDITION_KEY`: missing action for condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::{action_keys, key::starts_with_ignore_case};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds trust policies with a condition on the source identity or on session tags whose statement lacks the
    /// action that sets them.
    ///
    /// ## Why it matters
    ///
    /// Without `sts:SetSourceIdentity` or `sts:TagSession` a request that sets them is refused, and one that does
    /// not lacks the key: the role cannot be assumed as meant.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    ///       "Action": "sts:AssumeRole",
    ///       "Condition": {"StringEquals": {"sts:SourceIdentity": "alice"}}
    ///     }
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_POLICY AWS::IAM::AssumeRolePolicyDocument
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
    ///       "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    ///       "Condition": {"StringEquals": {"sts:SourceIdentity": "alice"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub MISSING_ACTION_FOR_CONDITION_KEY: Error, Trust, "Missing action for condition key", run
}

/// Keys and the action without which they are in no request. A star stands for any tag key.
const NEEDED_ACTIONS: &[(&str, &str)] = &[
    ("sts:SourceIdentity", "sts:SetSourceIdentity"),
    ("aws:RequestTag/*", "sts:TagSession"),
    ("aws:TagKeys", "sts:TagSession"),
    ("sts:TransitiveTagKeys", "sts:TagSession"),
];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let name = used.key.name.as_str();
        let row = NEEDED_ACTIONS.iter().find(|(key, _)| match key.strip_suffix('*') {
            Some(family) => starts_with_ignore_case(name, family),
            None => name.eq_ignore_ascii_case(key),
        });
        let (Some((_, needed)), Some(actions)) = (row, &used.statement.action) else { continue };
        let undecided = actions.items.iter().any(|i| i.text.has_unknown());
        if undecided || action_keys::covers(actions, needed) {
            continue;
        }
        let place = Location::new(used.statement.path().key("Action"), actions.span);
        findings
            .add(
                used.location(),
                format!("`{}` takes effect only with the action `{needed}`, which is missing.", used.shown()),
            )
            .and(place.labelled("add the action here"));
    }
}
