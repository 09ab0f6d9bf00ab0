//! Terraform's JSON syntax (`.tf.json`, `.tfvars.json`), into the same blocks and attributes.
//!
//! How the block types of the top level map to JSON is described in Terraform's "JSON Configuration Syntax"; inside
//! a resource everything is an attribute, since only the provider's schema tells nested blocks apart.

use smol_str::SmolStr;

use super::syntax::{Attribute, Block, Body, Expression, Label};
use crate::model::Problem;
use crate::source::{Entry, Limits, Node, NodeKind, ReadError, SourceId, json};

/// Block types of the top level and how many labels they have.
const LABELS: [(&str, usize); 12] = [
    ("variable", 1),
    ("locals", 0),
    ("resource", 2),
    ("data", 2),
    ("ephemeral", 2),
    ("module", 1),
    ("output", 1),
    ("provider", 1),
    ("check", 1),
    ("terraform", 0),
    ("moved", 0),
    ("import", 0),
];

/// Reads a `.tf.json` file.
pub(super) fn read_blocks(
    source: SourceId,
    text: &str,
    limits: &Limits,
    problems: &mut Vec<Problem>,
) -> Result<Vec<Block>, ReadError> {
    let root = json::read(source, text, limits)?;
    let mut blocks = Vec::new();
    let tops: Vec<&Node> = match &root.kind {
        NodeKind::Sequence(items) => items.iter().collect(),
        _ => vec![&root],
    };
    for top in tops {
        let Some(mapping) = top.as_mapping() else {
            let message = format!("the root of a JSON configuration must be an object, not {}", top.type_name());
            return Err(ReadError::new(message, top.span));
        };
        for entry in mapping.iter() {
            if entry.key == "//" {
                continue;
            }
            match LABELS.iter().find(|(kind, _)| entry.key == *kind) {
                Some((kind, labels)) => descend(kind, *labels, &mut Vec::new(), entry, &mut blocks, problems),
                None => problems
                    .push(Problem::at(format!("block of unknown type `{}` is ignored", entry.key), entry.key_span)),
            }
        }
    }
    Ok(blocks)
}

/// Reads a file of values (`.tfvars.json`): strings are not templates there.
pub(super) fn read_values(source: SourceId, text: &str, limits: &Limits) -> Result<Body, ReadError> {
    let root = json::read(source, text, limits)?;
    let NodeKind::Mapping(mapping) = root.kind else {
        return Err(ReadError::new(format!("must be an object, not {}", root.type_name()), root.span));
    };
    let attributes = mapping.entries.into_iter().map(|e| attribute(e, Expression::value)).collect();
    Ok(Body { attributes, blocks: Vec::new() })
}

/// The attributes of a JSON object.
pub(super) fn body_of(node: &Node) -> Option<Body> {
    let mapping = node.as_mapping()?;
    let entries = mapping.iter().filter(|e| e.key != "//").cloned();
    Some(Body { attributes: entries.map(|e| attribute(e, Expression::json)).collect(), blocks: Vec::new() })
}

fn attribute(entry: Entry, make: fn(Node) -> Expression) -> Attribute {
    Attribute {
        name: SmolStr::new(entry.key.as_str()),
        name_span: entry.key_span,
        span: entry.key_span.join(entry.value.span),
        value: make(entry.value),
    }
}

fn descend(
    kind: &str,
    missing: usize,
    labels: &mut Vec<Label>,
    entry: &Entry,
    blocks: &mut Vec<Block>,
    problems: &mut Vec<Problem>,
) {
    let nodes: &[Node] = match &entry.value.kind {
        NodeKind::Sequence(items) => items,
        _ => std::slice::from_ref(&entry.value),
    };
    for node in nodes {
        let Some(mapping) = node.as_mapping() else {
            let message = format!("`{kind}` must be an object, not {}", node.type_name());
            problems.push(Problem::at(message, node.span));
            continue;
        };
        if missing == 0 {
            let header = entry.key_span;
            let span = header.join(node.span);
            let body = body_of(node).unwrap_or_default();
            blocks.push(Block { kind: SmolStr::new(kind), labels: labels.clone(), header, span, body });
            continue;
        }
        for inner in mapping.iter().filter(|e| e.key != "//") {
            labels.push(Label { text: SmolStr::new(inner.key.as_str()), span: inner.key_span });
            descend(kind, missing - 1, labels, inner, blocks, problems);
            labels.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn blocks_are_found_under_their_labels_whether_in_objects_or_lists() {
        let text =
            r#"{"resource": {"aws_iam_role": {"a": {"name": "x"}, "b": [{"name": "y"}]}}, "locals": [{"k": 1}]}"#;
        let sources = Sources::new();
        let mut problems = Vec::new();
        let blocks = read_blocks(sources.add("m.tf.json", text), text, &Limits::default(), &mut problems).unwrap();
        let found: Vec<String> =
            blocks.iter().map(|b| b.labels.iter().map(|l| l.text.as_str()).collect::<Vec<_>>().join(".")).collect();
        assert_eq!(found, ["aws_iam_role.a", "aws_iam_role.b", ""]);
        assert!(problems.is_empty());
    }
}
