//! `REDUNDANT_STATEMENT`: redundant statement.
//!
//! Source of the rule: IAM Access Analyzer's policy check reference.

use crate::checks::{CheckContext, Findings, declare_check};
use crate::finding::Location;
use rustc_hash::FxHashMap;

declare_check! {
    /// ## What it does
    ///
    /// Finds statements that equal an earlier one in everything but `Sid`.
    ///
    /// ## Why it matters
    ///
    /// The copy changes nothing, takes room in the size quota, and is easily forgotten when the first is changed.
    ///
    /// ## Example
    ///
    /// ```json
    /// {
    ///   "Version": "2012-10-17",
    ///   "Statement": [
    ///     {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/*"},
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
    pub REDUNDANT_STATEMENT: Suggestion, All, "Redundant statement", run
}

use crate::source::{Mapping, Node, NodeKind};

use super::statement_objects;

fn run(context: &CheckContext<'_>, findings: &mut Findings<'_>) {
    if context.document.statements.len() < 2 {
        return;
    }
    let mut seen: FxHashMap<String, (usize, crate::source::Span)> = FxHashMap::default();
    for (i, (statement, map)) in statement_objects(context.document).enumerate() {
        let (first, span) = *seen.entry(normal_form(map)).or_insert((i, statement.node.span));
        if first != i {
            let original = crate::policy::PolicyPath::root().key("Statement").index(first);
            findings
                .add(Location::new(statement.path, statement.node.span), "The statement repeats an earlier one.")
                .and(Location::new(original, span).labelled("the earlier statement"));
        }
    }
}

/// The statement without `Sid`, written so that statements with the same meaning are the same text: keys sorted,
/// list entries sorted, a list of one as its entry.
fn normal_form(map: &Mapping) -> String {
    let mut out = String::new();
    write_map(map, |key| key != "Sid", &mut out);
    out
}

fn write_map(map: &Mapping, keep: impl Fn(&str) -> bool, out: &mut String) {
    let mut entries: Vec<_> = map.iter().filter(|e| keep(e.key.as_str())).collect();
    entries.sort_by(|a, b| a.key.as_str().cmp(b.key.as_str()));
    out.push('{');
    for entry in entries {
        out.push_str(entry.key.as_str());
        out.push('\0');
        write(&entry.value, out);
    }
    out.push('}');
}

fn write(node: &Node, out: &mut String) {
    match &node.kind {
        NodeKind::Mapping(map) => write_map(map, |_| true, out),
        NodeKind::Sequence(items) => {
            let mut written: Vec<String> = items
                .iter()
                .map(|item| {
                    let mut text = String::new();
                    write(item, &mut text);
                    text
                })
                .collect();
            written.sort();
            written.dedup();
            if let [only] = written.as_slice() {
                out.push_str(only);
            } else {
                out.push('[');
                written.iter().for_each(|w| out.push_str(w));
                out.push(']');
            }
        }
        NodeKind::Null => out.push_str("null\0"),
        NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {
            // Condition values are compared by their text, and nothing else takes a number.
            out.push_str(node.scalar_text().unwrap_or_default().as_str());
            out.push('\0');
        }
    }
}
