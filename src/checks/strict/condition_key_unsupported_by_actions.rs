//! `CONDITION_KEY_UNSUPPORTED_BY_ACTIONS`: condition key unsupported by actions.
//!
//! Source of the rule: our own; on with `--strict`.

use crate::catalog::Service;
use crate::checks::condition::action_keys::{ActionEntry, is_listed_somewhere, read, supports};
use crate::checks::condition::key::KeyClass;
use crate::checks::{CheckContext, Findings, declare_check};

declare_check! {
    /// ## What it does
    ///
    /// Finds a service's condition key in a statement whose actions, wildcards expanded, all lack it.
    ///
    /// ## Why it matters
    ///
    /// The key is absent from every request that the statement is about: with most operators an `Allow` never applies
    /// and a `Deny` never protects.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:PutObject*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*", "Condition": {"StringLike": {"s3:prefix": "reports/*"}}}
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
    ///     {"Effect": "Allow", "Action": "s3:List*", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket", "Condition": {"StringLike": {"s3:prefix": "reports/*"}}}
    ///   ]
    /// }
    /// ```
    pub CONDITION_KEY_UNSUPPORTED_BY_ACTIONS: Warning, All, "Condition key unsupported by actions", run, Strict
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for used in context.condition_keys() {
        let KeyClass::Service(owner, _) = used.facts.class else { continue };
        let Some(actions) = &used.statement.action else { continue };
        let name = used.key.name.as_str();
        let mut patterns = 0;
        let lacking = actions.items.iter().all(|item| match read(item, context.catalog) {
            ActionEntry::One(service, action) => !supports(service, action, name),
            ActionEntry::Pattern(service, pattern) => {
                patterns += 1;
                !some_action_supports(service, pattern, name)
            }
            ActionEntry::Everything | ActionEntry::Unknown => false,
        });
        // Actions named one by one are the matter of UNSUPPORTED_ACTION_FOR_CONDITION_KEY.
        if lacking && patterns > 0 && is_listed_somewhere(owner, name) {
            findings.add(
                used.location(),
                format!(
                    "No action of the statement supports the key `{}` of the service `{}`.",
                    used.shown(),
                    owner.prefix
                ),
            );
        }
    }
}

fn some_action_supports(service: &Service, pattern: &str, key: &str) -> bool {
    service.actions_matching(pattern).any(|action| supports(service, action, key))
}
