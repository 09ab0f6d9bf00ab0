//! `VARIABLE_UNSUPPORTED_IN_ELEMENT`: variable unsupported in element.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;
use crate::source::{Node, NodeKind, Span, Text};

declare_check! {
    /// ## What it does
    ///
    /// Finds policy variables outside `Resource`, `NotResource` and condition values.
    ///
    /// ## Why it matters
    ///
    /// There they are not replaced but taken literally, or AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:${aws:PrincipalTag/verb}", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"}
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
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*"}
    ///   ]
    /// }
    /// ```
    pub VARIABLE_UNSUPPORTED_IN_ELEMENT: Error, All, "Variable unsupported in element", run
}

use super::variables;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let root = context.document.root();
    for element in ["Version", "Id"] {
        if let Some(value) = root.get(element) {
            strings(value, &PolicyPath::root().key(element), findings);
        }
    }
    for statement in &context.document.statements {
        let Some(map) = context.document.object(statement) else { continue };
        for entry in map.iter() {
            if !may_hold_variables(&entry.value) {
                continue;
            }
            let path = statement.path().key(entry.key.as_smol().clone());
            match entry.key.as_str() {
                "Resource" | "NotResource" => {}
                "Condition" => condition_names(&entry.value, &path, findings),
                _ => strings(&entry.value, &path, findings),
            }
        }
    }
}

/// True if any string or key in it may hold a variable; the path of each costs more than looking.
fn may_hold_variables(node: &Node) -> bool {
    let mentions = |text: &Text| text.as_str().contains("${");
    match &node.kind {
        NodeKind::String(text) => mentions(text),
        NodeKind::Sequence(items) => items.iter().any(may_hold_variables),
        NodeKind::Mapping(map) => map.iter().any(|e| mentions(&e.key) || may_hold_variables(&e.value)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
    }
}

fn condition_names(condition: &Node, path: &PolicyPath, findings: &mut Findings<'_>) {
    for operator in condition.as_mapping().into_iter().flat_map(|m| m.iter()) {
        let path = path.key(operator.key.as_smol().clone());
        report(&operator.key, operator.key_span, &path, findings);
        for key in operator.value.as_mapping().into_iter().flat_map(|m| m.iter()) {
            report(&key.key, key.key_span, &path.key(key.key.as_smol().clone()), findings);
        }
    }
}

fn strings(node: &Node, path: &PolicyPath, findings: &mut Findings<'_>) {
    match &node.kind {
        NodeKind::String(text) => report(text, node.span, path, findings),
        NodeKind::Sequence(items) => {
            items.iter().enumerate().for_each(|(i, item)| strings(item, &path.index(i), findings));
        }
        NodeKind::Mapping(map) => {
            map.iter().for_each(|e| strings(&e.value, &path.key(e.key.as_smol().clone()), findings));
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
    }
}

fn report(text: &Text, span: Span, path: &PolicyPath, findings: &mut Findings<'_>) {
    if let Some(variable) = variables(text.as_str()).find(|v| v.is_closed) {
        findings.add(
            Location::within(path.clone(), span, text, variable.range.clone()),
            format!("The variable `{}` has no meaning here; only `Resource`, `NotResource` and condition values take variables.", variable.shown()),
        );
    }
}
