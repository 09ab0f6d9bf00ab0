//! `INVALID_SERVICE_IN_ACTION`: invalid service in action.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::source::Symbol;

use super::unlisted::is_unlisted_service;

declare_check! {
    /// ## What it does
    ///
    /// Finds actions whose prefix is not that of an AWS service. Case does not matter.
    ///
    /// ## Why it matters
    ///
    /// IAM accepts or rejects such an action depending on the prefix; in no case does it allow or deny anything.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s4:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
    ///   ]
    /// }
    /// ```
    pub INVALID_SERVICE_IN_ACTION: Error, All, "Invalid service in action", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for list in statement.action_lists() {
            for item in &list.items {
                let Some((prefix, name)) = item.text.as_str().split_once(':') else { continue };
                // `*:*` is everything.
                let everything = prefix == "*" && name == "*";
                let open = everything || prefix.contains("${") || Symbol::occurs_in(prefix);
                if open || context.catalog.service(prefix).is_some() || is_unlisted_service(prefix) {
                    continue;
                }
                let near = nearest::name(prefix, context.catalog.prefixes());
                findings.add(
                    Location::new(statement.item_path(list, item), item.span),
                    format!(
                        "The service `{prefix}` of the action `{}` does not exist{}.",
                        item.text,
                        nearest::did_you_mean(near)
                    ),
                );
            }
        }
    }
}
