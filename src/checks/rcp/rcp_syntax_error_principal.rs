//! `RCP_SYNTAX_ERROR_PRINCIPAL`: rCP syntax error: principal.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::grammar::lacks;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PrincipalKind;

declare_check! {
    /// ## What it does
    ///
    /// Finds resource control policies whose `Principal` is not `"*"`, that have none, or that use `NotPrincipal`.
    ///
    /// ## Why it matters
    ///
    /// An RCP applies to every principal; exemptions are written as conditions. AWS Organizations rejects anything
    /// else.
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Deny", "Principal": {"AWS": "111122223333"}, "Action": "s3:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": "false"}}}
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
    pub RCP_SYNTAX_ERROR_PRINCIPAL: Error, ResourceControl, "RCP syntax error: principal", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let message = "An RCP must have `\"Principal\": \"*\"`; name principals in a condition such as `aws:PrincipalArn`.";
    for statement in &context.document.statements {
        for element in statement.principal_elements() {
            let allowed = match &element.kind {
                _ if element.element == "NotPrincipal" => false,
                PrincipalKind::Text(text) => text == "*" || text.has_unknown(),
                // Whether this form is accepted is not documented.
                PrincipalKind::Map(lists) => {
                    lists.len() == 1 && lists[0].element == "AWS" && lists[0].items.iter().all(|i| i.text == "*")
                }
                PrincipalKind::Other => false,
            };
            if !allowed {
                findings.add(Location::new(statement.path().key(element.element), element.span), message);
            }
        }
        let object = context.document.object(statement);
        if object.is_some_and(|map| lacks(map, &["Principal", "NotPrincipal"])) {
            findings.add(Location::new(statement.path(), statement.span), message);
        }
    }
}
