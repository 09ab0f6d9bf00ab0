//! `UNSUPPORTED_ACTION_FOR_CONDITION_KEY`: unsupported action for condition key.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::catalog::{Action, Service};
use crate::checks::condition::{action_keys, action_keys::ActionEntry, key::KeyClass};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds actions named one by one beside a condition key that they do not support.
    ///
    /// ## Why it matters
    ///
    /// The key is not in the requests of those actions, so the condition never matches for them (or, with a
    /// negated operator, always): an Allow grants nothing, a Deny may deny nothing.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": ["s3:ListBucket", "s3:GetObject"],
    ///       "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket", "arn:aws:s3:::amzn-s3-demo-bucket/*"],
    ///       "Condition": {"StringLike": {"s3:prefix": "reports/*"}}
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
    ///       "Condition": {"StringLike": {"s3:prefix": "reports/*"}}
    ///     },
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/reports/*"
    ///     }
    ///   ]
    /// }
    /// ```
    pub UNSUPPORTED_ACTION_FOR_CONDITION_KEY: Error, All, "Unsupported action for condition key", run
}

/// The published data leave out claims of several providers, so claims go by the action that takes the token.
fn is_supported(class: KeyClass<'_>, service: &Service, action: &Action, name: &str) -> bool {
    let listed = || action_keys::supports(service, action, name);
    let KeyClass::Claim(claim) = class else { return listed() };
    if service.prefix != "sts" {
        // Claims stay with the session: requests to other services carry them.
        return true;
    }
    match action.name.as_str() {
        "AssumeRoleWithWebIdentity" => !claim.is_saml() || listed(),
        "AssumeRoleWithSAML" => claim.is_saml() || listed(),
        "TagSession" => claim.is_saml() && listed(),
        _ => listed(),
    }
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let Some(actions) = &used.statement.action else { continue };
        // A key of an invalid name has its own finding, and global keys are in (nearly) every request.
        let decided = matches!(used.facts.class, KeyClass::Service(..) | KeyClass::Claim(_));
        let Some(name) = used.key.name.known().filter(|_| decided) else { continue };
        let unsupported = actions.items.iter().filter(|item| match action_keys::read(item, context.catalog) {
            ActionEntry::One(service, action) => !is_supported(used.facts.class, service, action, name),
            _ => false,
        });
        let unsupported: Vec<_> = unsupported.collect();
        let Some((first, rest)) = unsupported.split_first() else { continue };
        if matches!(used.facts.class, KeyClass::Service(owner, _) if !action_keys::is_listed_somewhere(owner, name)) {
            continue;
        }
        let names: Vec<String> = unsupported.iter().map(|i| format!("`{}`", i.text)).collect();
        let verb = if names.len() == 1 { "does" } else { "do" };
        let message = format!("{} {verb} not support the condition key `{name}`.", names.join(", "));
        let place = |item| Location::new(used.statement.item_path(actions, item), item.span);
        let finding = findings.add(place(first), message);
        for item in rest {
            finding.and(place(item));
        }
        finding.and(used.location().labelled("the condition key"));
    }
}
