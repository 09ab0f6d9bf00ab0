//! `RCP_SYNTAX_ERROR_ACTION`: rCP syntax error: action.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds actions of services that do not support resource control policies.
    ///
    /// ## Why it matters
    ///
    /// AWS Organizations rejects the policy, and the service would not evaluate it.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Principal": "*", "Action": "ec2:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}
    ///   ]
    /// }
    /// ```
    ///
    /// ## Use instead
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}
    ///   ]
    /// }
    /// ```
    pub RCP_SYNTAX_ERROR_ACTION: Error, ResourceControl, "RCP syntax error: action", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        for list in statement.action_lists() {
            for item in &list.items {
                let Some((prefix, _)) = item.text.as_str().split_once(':') else { continue };
                let supported = context.catalog.supports_rcp(prefix);
                if supported || prefix.contains(['*', '?', '$']) || crate::source::Symbol::occurs_in(prefix) {
                    continue;
                }
                findings.add(
                    Location::new(statement.item_path(list, item), item.span),
                    format!("The service `{prefix}` of the action `{}` does not support RCPs.", item.text),
                );
            }
        }
    }
}
