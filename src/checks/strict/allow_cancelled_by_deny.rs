//! `ALLOW_CANCELLED_BY_DENY`: allow cancelled by Deny.
//!
//! Source of the rule: our own; on with `--strict`.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `Allow` statements that a `Deny` without conditions in the same policy covers whole: principals, actions
    /// and resources.
    ///
    /// ## Why it matters
    ///
    /// A `Deny` always wins, so the `Allow` grants nothing. Either it is left over, or the `Deny` says more than was
    /// meant.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ///     {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
    ///     {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    pub ALLOW_CANCELLED_BY_DENY: Warning, All, "Allow cancelled by Deny", run, Strict
}

use super::reach::covers;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let statements = &context.document.statements;
    let unconditional = |s: &&crate::policy::Statement| {
        s.is_deny() && context.document.object(s).is_some_and(|map| map.get("Condition").is_none())
    };
    let denies: Vec<_> = statements.iter().filter(unconditional).collect();
    for allow in statements.iter().filter(|s| s.is_allow()) {
        if let Some(deny) = denies.iter().find(|deny| covers(deny, allow)) {
            findings
                .add(
                    Location::new(allow.path(), allow.span),
                    "The statement grants nothing: a `Deny` covers all of it.",
                )
                .and(Location::new(deny.path(), deny.span).labelled("the `Deny`"));
        }
    }
}
