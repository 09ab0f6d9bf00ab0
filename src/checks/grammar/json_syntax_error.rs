//! `JSON_SYNTAX_ERROR`: jSON syntax error.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;
use crate::source::{Node, NodeKind, ReadError, json};

declare_check! {
    /// ## What it does
    ///
    /// Finds policy documents that are not JSON (RFC 8259), and keys that stand twice in one object, which the policy
    /// grammar forbids. Nothing else is reported about such a document.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the document. With a repeated key it is not defined which of the values counts.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*",}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    ///   ]
    /// }
    /// ```
    pub JSON_SYNTAX_ERROR: Error, All, "JSON syntax error", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    repeated_keys(context.document.root(), findings);
}

fn repeated_keys(node: &Node, findings: &mut Findings<'_>) {
    match &node.kind {
        NodeKind::Mapping(map) => {
            for entry in json::duplicate_keys(map) {
                let message = format!("The key `{}` stands more than once in one object.", entry.key);
                findings.add(Location::new(PolicyPath::root(), entry.key_span), message);
            }
            map.iter().for_each(|e| repeated_keys(&e.value, findings));
        }
        NodeKind::Sequence(items) => items.iter().for_each(|n| repeated_keys(n, findings)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {}
    }
}

/// Reports text that is not JSON, with index, line and column of the first violation.
pub fn report_syntax_error(error: &ReadError, text: &str, findings: &mut Findings<'_>) {
    let mut at = (error.span.start as usize).min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let before = &text[..at];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    let message = format!("The document is not JSON at index {at}, line {line}, column {column}: {}.", error.message);
    findings.add(Location::new(PolicyPath::root(), error.span), message);
}
