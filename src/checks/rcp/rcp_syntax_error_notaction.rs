//! `RCP_SYNTAX_ERROR_NOTACTION`: rCP syntax error: NotAction.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;

declare_check! {
    /// ## What it does
    ///
    /// Finds `NotAction` in a resource control policy.
    ///
    /// ## Why it matters
    ///
    /// AWS Organizations rejects it: an RCP names the actions it denies.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}
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
    pub RCP_SYNTAX_ERROR_NOTACTION: Error, ResourceControl, "RCP syntax error: NotAction", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let entry = context.document.object(statement).and_then(|map| map.entry("NotAction"));
        if let Some(entry) = entry {
            let at = Location::new(statement.path().key("NotAction"), entry.key_span);
            findings.add(at, "An RCP cannot have `NotAction`; list the actions in `Action`.");
        }
    }
}
