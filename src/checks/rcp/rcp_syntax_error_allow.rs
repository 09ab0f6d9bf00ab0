//! `RCP_SYNTAX_ERROR_ALLOW`: rCP syntax error: allow.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::{PrincipalKind, Statement, StringList};

declare_check! {
    /// ## What it does
    ///
    /// Finds a resource control policy that uses `Allow` together with a `Condition`, a `NotResource`, or a `Resource`
    /// or `Principal` other than `*`.
    ///
    /// ## Why it matters
    ///
    /// RCPs only restrict. `Allow` is for the default policy that allows everything (`*` for principal, action and
    /// resource).
    ///
    /// ## Example
    ///
    /// ```json RESOURCE_CONTROL_POLICY
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:SecureTransport": "true"}}}
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
    pub RCP_SYNTAX_ERROR_ALLOW: Error, ResourceControl, "RCP syntax error: allow", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in context.document.statements.iter().filter(|s| s.is_allow()) {
        let object = context.document.object(statement);
        let conditional = object.is_some_and(|map| map.get("Condition").is_some());
        if conditional || statement.not_resource.is_some() || restricts(statement) {
            let span = object.and_then(|map| map.get("Effect")).map_or(statement.span, |effect| effect.span);
            findings.add(
                Location::new(statement.path().key("Effect"), span),
                "An RCP can only deny; `Allow` is for the default policy with `*` as principal, action and resource.",
            );
        }
    }
}

/// True if the resource or the principal is certainly not everything.
fn restricts(statement: &Statement) -> bool {
    let star = |list: &StringList| list.items.iter().any(|i| i.text == "*" || i.text.has_unknown());
    let principal = |p: &crate::policy::PrincipalElement| match &p.kind {
        PrincipalKind::Text(text) => text != "*" && !text.has_unknown(),
        PrincipalKind::Map(lists) => !lists.iter().any(|l| l.element == "AWS" && star(l)),
        PrincipalKind::Other => true,
    };
    statement.resource.as_ref().is_some_and(|list| !star(list)) || statement.principal.as_ref().is_some_and(principal)
}
