//! `MISSING_VERSION`: missing version.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::{Edit, Fix, Intent, Location};
use crate::policy::PolicyPath;
use crate::source::{Node, NodeKind};

declare_check! {
    /// ## What it does
    ///
    /// Finds policies without a `Version` element.
    ///
    /// ## Why it matters
    ///
    /// Without it the policy is read by the rules of 2008: policy variables such as `${aws:username}` are taken
    /// literally.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    pub MISSING_VERSION: Warning, All, "Missing version", run
}

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let root = context.document.root();
    let Some(map) = root.as_mapping().filter(|m| super::lacks(m, &["Version"])) else { return };
    let finding = findings.add(
        Location::new(PolicyPath::root(), root.span),
        "The policy has no `Version` element and is read as version 2008-10-17; add `2012-10-17`.",
    );
    // Another key may be a misspelt `Version`, and text with `${` would mean something else from then on.
    let only_known = map.iter().all(|e| matches!(e.key.as_str(), "Id" | "Statement"));
    if let Some(first) = map.entries.first().filter(|_| only_known && !mentions_variable(root)) {
        finding.fixed_by(Fix {
            description: "add the version `2012-10-17`".to_owned(),
            edits: vec![Edit {
                span: root.span,
                intent: Intent::FirstKey { key: "Version", before: (first.key_span, first.key.as_str().to_owned()) },
                replacement: "2012-10-17".to_owned(),
            }],
        });
    }
}

/// True if some string of the document may hold `${`. The depth of documents is bounded by their readers.
fn mentions_variable(node: &Node) -> bool {
    match &node.kind {
        NodeKind::String(text) => text.as_str().contains("${"),
        NodeKind::Sequence(items) => items.iter().any(mentions_variable),
        NodeKind::Mapping(map) => map.iter().any(|e| mentions_variable(&e.value)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
    }
}
