//! `ACTION_WITHOUT_MATCHING_RESOURCE`: action without matching resource.
//!
//! Source of the rule: our own; on with `--strict`.

use crate::catalog::{Action, Service};
use crate::checks::arn::with_stars;
use crate::checks::condition::action_keys::{ActionEntry, read};
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::{StringList, glob};
use crate::source::Symbol;

declare_check! {
    /// ## What it does
    ///
    /// Finds actions whose resource types match none of the resources of the statement, and actions that only work with
    /// `*` in a statement without it.
    ///
    /// ## Why it matters
    ///
    /// Such an action is neither allowed nor denied by the statement. Often the resource is that of another action, or
    /// `/*` is missing.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:aws:sqs:us-east-1:111122223333:orders"}
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
    ///     {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::amzn-s3-demo-bucket", "arn:aws:s3:::amzn-s3-demo-bucket/*"]}
    ///   ]
    /// }
    /// ```
    pub ACTION_WITHOUT_MATCHING_RESOURCE: Warning, AllButTrust, "Action without matching resource", run, Strict
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let (Some(actions), Some(resources)) = (&statement.action, &statement.resource) else { continue };
        if resources.items.is_empty() || resources.items.iter().any(|i| i.text == "*") {
            continue;
        }
        for item in &actions.items {
            let ActionEntry::One(service, action) = read(item, context.catalog) else { continue };
            if may_apply(service, action, resources) {
                continue;
            }
            let why = if action.resources.is_empty() {
                "has no resource types and needs the resource `*`".to_owned()
            } else {
                let types: Vec<_> = action.resources.iter().map(|r| format!("`{}`", r.name)).collect();
                format!("applies to resources of the types {}, and none of the statement's is one", types.join(", "))
            };
            findings
                .add(
                    Location::new(statement.item_path(actions, item), item.span),
                    format!("The action `{}` {why}.", item.text),
                )
                .and(Location::new(statement.path().key("Resource"), resources.span).labelled("the resources"));
        }
    }
}

/// False if no resource of the statement can be of a type that the action works on.
fn may_apply(service: &Service, action: &Action, resources: &StringList) -> bool {
    let patterns = || resources.items.iter().map(|i| with_stars(i.text.as_str()));
    if action.resources.is_empty() {
        return patterns().any(|p| may_be_star(&p));
    }
    action.resources.iter().any(|used| {
        let Some(of_type) = service.resource_types.iter().find(|t| t.name == used.name) else { return true };
        of_type.arns.is_empty()
            || of_type.arns.iter().any(|arn| {
                let format = with_stars(arn);
                patterns().any(|p| glob::may_meet(&p, &format))
            })
    })
}

/// True for a resource that is `*` by another name, or that is unknown.
fn may_be_star(pattern: &str) -> bool {
    pattern.chars().all(|c| c == '*' || Symbol::of(c).is_some())
}
