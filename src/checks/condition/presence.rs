//! Whether a statement's `Condition` has a certain key: yes, no, or not to be told because of unknown values.

use crate::policy::{ConditionBlock, ConditionKey, PolicyDocument, Statement};
use crate::source::{Node, NodeKind};

/// An answer about a statement's conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// There is one.
    Yes,
    /// There is certainly none.
    No,
    /// An unknown value may be one.
    Unknown,
}

/// The object that a statement was read from.
pub fn statement_node<'a>(document: &'a PolicyDocument, statement: &Statement) -> Option<&'a Node> {
    let node = document.root().get("Statement")?;
    match statement.index {
        Some(index) => node.as_sequence()?.get(index),
        None => Some(node),
    }
}

/// Whether some key of the statement's conditions satisfies `wanted`. Keys whose names hold unknown values, and whole
/// conditions that are unknown, may be anything.
pub fn find(
    document: &PolicyDocument,
    statement: &Statement,
    mut wanted: impl FnMut(&ConditionBlock, &ConditionKey) -> bool,
) -> Presence {
    let mut unknown = match statement_node(document, statement).and_then(|n| n.get("Condition")).map(|n| &n.kind) {
        Some(NodeKind::String(text)) => text.has_unknown(),
        Some(NodeKind::Mapping(map)) => map.iter().any(|entry| match &entry.value.kind {
            NodeKind::String(text) => text.has_unknown(),
            _ => entry.key.has_unknown(),
        }),
        _ => false,
    };
    for block in &statement.conditions {
        for key in &block.keys {
            if wanted(block, key) {
                return Presence::Yes;
            }
            unknown |= key.name.has_unknown();
        }
    }
    if unknown { Presence::Unknown } else { Presence::No }
}

/// Whether the statement has a key of one of these names, under any operator; case is ignored.
pub fn has_any(document: &PolicyDocument, statement: &Statement, names: &[&str]) -> Presence {
    find(document, statement, |_, key| names.iter().any(|n| key.name.as_str().eq_ignore_ascii_case(n)))
}
