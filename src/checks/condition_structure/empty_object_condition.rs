//! `EMPTY_OBJECT_CONDITION`: empty object condition.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::condition::presence::statement_node;
use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::source::Node;

declare_check! {
    /// ## What it does
    ///
    /// Finds a `Condition` that is `{}`, and an operator in it that holds `{}`.
    ///
    /// ## Why it matters
    ///
    /// An empty condition restricts nothing. It may be the remains of a condition that was meant to.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {}
    ///     }
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
    ///     {
    ///       "Effect": "Allow",
    ///       "Action": "s3:GetObject",
    ///       "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*",
    ///       "Condition": {"Bool": {"aws:SecureTransport": "true"}}
    ///     }
    ///   ]
    /// }
    /// ```
    pub EMPTY_OBJECT_CONDITION: Suggestion, All, "Empty object condition", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    for statement in &context.document.statements {
        let node = statement_node(context.document, statement).and_then(Node::as_mapping);
        let Some(condition) = node.and_then(|map| map.get("Condition")) else { continue };
        let Some(operators) = condition.as_mapping() else { continue };
        let path = statement.path().key("Condition");
        if operators.is_empty() {
            findings.add(
                Location::new(path.clone(), condition.span),
                "`Condition` is an empty object and restricts nothing. Write the condition that is meant, or remove it.",
            );
        }
        for entry in operators.iter().filter(|e| e.value.as_mapping().is_some_and(|m| m.is_empty())) {
            let place = Location::new(path.key(entry.key.as_smol().clone()), entry.value.span);
            let message = format!("`{}` holds no condition key and restricts nothing.", entry.key);
            findings.add(place, message).and(Location::new(path.clone(), condition.span));
        }
    }
}
