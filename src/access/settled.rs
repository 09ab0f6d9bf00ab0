//! The partition and its suffix, where templates leave them open: taken for `aws` and `amazonaws.com`, since one document
//! writes `arn:aws:` and the next `arn:${AWS::Partition}:` for the same thing, and which paths are open is the same in every
//! partition.

use std::borrow::Cow;
use std::sync::Arc;

use smol_str::SmolStr;

use crate::policy::PolicyDocument;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Symbol, Text};

fn known(c: char) -> Option<&'static str> {
    let info = Symbol::of(c)?.info();
    match info.shape {
        Shape::Partition => Some("aws"),
        Shape::UrlSuffix => Some("amazonaws.com"),
        _ => None,
    }
}

/// The text without open partitions and suffixes.
pub(crate) fn settled(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.chars().any(|c| known(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match known(c) {
            Some(value) => out.push_str(value),
            None => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The same of a text with symbols.
pub(crate) fn settled_text(text: &Text) -> Text {
    match settled(text.as_str()) {
        Cow::Borrowed(_) => text.clone(),
        Cow::Owned(out) => Text::from_encoded(SmolStr::from(out)),
    }
}

/// The same of a document.
pub(crate) fn settled_document(document: &PolicyDocument) -> PolicyDocument {
    match is_open(document.root()) {
        true => PolicyDocument::new(Arc::new(settled_node(document.root()))),
        false => document.clone(),
    }
}

fn is_open(node: &Node) -> bool {
    let open = |text: &Text| matches!(settled(text.as_str()), Cow::Owned(_));
    match &node.kind {
        NodeKind::String(text) => open(text),
        NodeKind::Sequence(items) => items.iter().any(is_open),
        NodeKind::Mapping(map) => map.iter().any(|e| open(&e.key) || is_open(&e.value)),
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => false,
    }
}

fn settled_node(node: &Node) -> Node {
    let kind = match &node.kind {
        NodeKind::String(text) => NodeKind::String(settled_text(text)),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(settled_node).collect()),
        NodeKind::Mapping(map) => {
            let entry = |e: &Entry| Entry { key: settled_text(&e.key), value: settled_node(&e.value), ..e.clone() };
            NodeKind::Mapping(Mapping { entries: map.iter().map(entry).collect() })
        }
        other => other.clone(),
    };
    Node { kind, ..node.clone() }
}
