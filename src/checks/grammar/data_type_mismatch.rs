//! `DATA_TYPE_MISMATCH`: data type mismatch.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use crate::policy::PolicyPath;
use crate::source::{Node, NodeKind};

declare_check! {
    /// ## What it does
    ///
    /// Finds known elements whose value has a JSON type that the grammar does not allow there: `Version`, `Id`, `Sid`
    /// or `Effect` that is no string, a `Statement` that is neither an object nor an array of objects, actions and
    /// resources that are neither a string nor an array of strings, a `Condition` or an operator in it that is no
    /// object.
    ///
    /// ## Why it matters
    ///
    /// AWS rejects the policy.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": ["s3:GetObject", 5], "Resource": "*"}
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
    ///     {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}
    ///   ]
    /// }
    /// ```
    pub DATA_TYPE_MISMATCH: Error, All, "Data type mismatch", run
}

use super::{StatementNode, statement_nodes};

/// Elements of the document and of a statement whose value is one string.
const DOCUMENT_STRINGS: &[&str] = &["Version", "Id"];
const STATEMENT_STRINGS: &[&str] = &["Sid", "Effect"];
/// Elements of a statement whose value is a string or an array of strings.
const STRING_LISTS: &[&str] = &["Action", "NotAction", "Resource", "NotResource"];

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    let root = context.document.root();
    let at_root = PolicyPath::root();
    let Some(map) = root.as_mapping() else {
        mismatch(root, at_root, "The policy document", "object", findings);
        return;
    };
    for entry in map.iter() {
        let key = entry.key.as_str();
        if DOCUMENT_STRINGS.contains(&key) {
            string(&entry.value, at_root.key(key), key, findings);
        } else if key == "Statement" && !matches!(entry.value.kind, NodeKind::Sequence(_) | NodeKind::Mapping(_)) {
            mismatch(&entry.value, at_root.key(key), "`Statement`", "object or array of objects", findings);
        }
    }
    for statement in statement_nodes(context.document) {
        check_statement(&statement, findings);
    }
}

fn check_statement(statement: &StatementNode<'_>, findings: &mut Findings<'_>) {
    let Some(map) = statement.node.as_mapping() else {
        mismatch(statement.node, statement.path.clone(), "A statement", "object", findings);
        return;
    };
    for entry in map.iter() {
        let key = entry.key.as_str();
        if STATEMENT_STRINGS.contains(&key) {
            string(&entry.value, statement.path.key(key), key, findings);
        } else if STRING_LISTS.contains(&key) {
            string_list(&entry.value, &statement.path.key(key), key, findings);
        } else if key == "Condition" {
            condition(&entry.value, &statement.path.key(key), findings);
        }
    }
}

fn string(node: &Node, path: PolicyPath, element: &str, findings: &mut Findings<'_>) {
    if node.as_text().is_none() {
        mismatch(node, path, &format!("`{element}`"), "string", findings);
    }
}

fn string_list(node: &Node, path: &PolicyPath, element: &str, findings: &mut Findings<'_>) {
    match &node.kind {
        NodeKind::String(_) => {}
        NodeKind::Sequence(items) => {
            for (i, item) in items.iter().enumerate().filter(|(_, item)| item.as_text().is_none()) {
                mismatch(item, path.index(i), &format!("An entry of `{element}`"), "string", findings);
            }
        }
        _ => mismatch(node, path.clone(), &format!("`{element}`"), "string or array of strings", findings),
    }
}

fn condition(node: &Node, path: &PolicyPath, findings: &mut Findings<'_>) {
    let Some(operators) = node.as_mapping() else {
        mismatch(node, path.clone(), "`Condition`", "object", findings);
        return;
    };
    for operator in operators.iter() {
        let path = path.key(operator.key.as_smol().clone());
        let Some(keys) = operator.value.as_mapping() else {
            mismatch(&operator.value, path, &format!("The condition operator `{}`", operator.key), "object", findings);
            continue;
        };
        for key in keys.iter() {
            let (single, list) = match &key.value.kind {
                NodeKind::Sequence(items) => (None, items.as_slice()),
                _ => (Some(&key.value), &[][..]),
            };
            let path = path.key(key.key.as_smol().clone());
            let values =
                single.map(|v| (v, None)).into_iter().chain(list.iter().enumerate().map(|(i, v)| (v, Some(i))));
            for (value, index) in values {
                if matches!(value.kind, NodeKind::Null | NodeKind::Sequence(_) | NodeKind::Mapping(_)) {
                    let what = format!("A value of the condition key `{}`", key.key);
                    mismatch(value, path.maybe_index(index), &what, "string, number or boolean", findings);
                }
            }
        }
    }
}

/// An unknown value is written as a string and may turn out to be of any type.
fn mismatch(node: &Node, path: PolicyPath, what: &str, expected: &str, findings: &mut Findings<'_>) {
    if node.as_text().is_some_and(|t| t.has_unknown()) {
        return;
    }
    let message = format!("{what} must be of the JSON type {expected}, not {}.", node.type_name());
    findings.add(Location::new(path, node.span), message);
}
