//! `INVALID_ACTION`: invalid action.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::nearest;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::glob;

use super::unlisted::is_unlisted_action;

declare_check! {
    /// ## What it does
    ///
    /// Finds actions that the service does not have, and patterns that match none of its actions. Case does not matter.
    ///
    /// ## Why it matters
    ///
    /// IAM accepts the name and ignores it: what was meant to be allowed is not, and what was meant to be denied is
    /// still allowed.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObjekt", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub INVALID_ACTION: Error, All, "Invalid action", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for list in statement.action_lists() {
            for item in &list.items {
                let Some(text) = item.text.known() else { continue };
                // Variables in actions have their own check.
                if text.contains("${") || (!text.is_empty() && text.bytes().all(|b| b == b'*')) {
                    continue;
                }
                let at = || Location::new(statement.item_path(list, item), item.span);
                let Some((prefix, name)) = text.split_once(':') else {
                    findings.add(at(), format!("`{text}` is not an action; an action is written `service:Name`."));
                    continue;
                };
                let Some(service) = context.catalog.service(prefix).filter(|s| !s.actions.is_empty()) else { continue };
                if glob::has_wildcard(name) {
                    if service.actions_matching(name).next().is_none() {
                        let message = format!("No action of the service `{}` matches `{text}`.", service.prefix);
                        findings.add(at(), message);
                    }
                } else if service.action(name).is_none() && !is_unlisted_action(text) {
                    let right = nearest::name(name, service.actions.iter().map(|a| a.name.as_str()));
                    let right = right.map(|name| format!("{}:{name}", service.prefix));
                    let message =
                        format!("The action `{text}` does not exist{}.", nearest::did_you_mean(right.as_deref()));
                    let finding = findings.add(at(), message);
                    if let Some(right) = right.filter(|r| super::is_certain_slip(text, r)) {
                        finding.replace(item.span, text, &right);
                    }
                }
            }
        }
    }
}
