//! `SCP_SYNTAX_ERROR_ACTION_WILDCARD`: sCP syntax error: action wildcard.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds an action in a service control policy with a `*` that is not at its end.
    ///
    /// ## Why it matters
    ///
    /// Access Analyzer's check reference lists this as an error. AWS Organizations accepts such wildcards since
    /// September 2025, so silence the check if your tools do as well.
    ///
    /// ## Example
    ///
    /// ```json SERVICE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Action": "iam:*Role", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json SERVICE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Action": ["iam:CreateRole", "iam:DeleteRole"], "Resource": "*"}
    ///   ]
    /// }
    /// ```
    pub SCP_SYNTAX_ERROR_ACTION_WILDCARD: Error, ServiceControl, "SCP syntax error: action wildcard", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for list in statement.action_lists() {
            for item in list.items.iter().filter(|i| i.text.as_str().trim_end_matches('*').contains('*')) {
                findings.add(
                    Location::new(statement.item_path(list, item), item.span),
                    format!("In an SCP, `*` may stand only at the end of an action, not as in `{}`.", item.text),
                );
            }
        }
    }
}
