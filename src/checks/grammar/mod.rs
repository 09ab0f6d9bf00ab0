//! The grammar of policy documents: elements that have to be there, that must not be there, and their JSON types.
//!
//! These checks read the tree, not the typed view, because the view leaves out what the grammar does not allow.

mod data_type_mismatch;
mod empty_array_action;
mod empty_array_resource;
mod invalid_effect;
mod invalid_policy_element;
mod invalid_version;
mod json_syntax_error;
mod missing_action;
mod missing_effect;
mod missing_resource;
mod missing_statement;
mod missing_version;
mod redundant_statement;
mod unsupported_element_combination;

use crate::checks::Check;
use crate::policy::{PolicyDocument, PolicyPath};
use crate::source::{Mapping, Node, NodeKind};

pub use json_syntax_error::{JSON_SYNTAX_ERROR, report_syntax_error};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &JSON_SYNTAX_ERROR,
    &data_type_mismatch::DATA_TYPE_MISMATCH,
    &invalid_policy_element::INVALID_POLICY_ELEMENT,
    &missing_version::MISSING_VERSION,
    &invalid_version::INVALID_VERSION,
    &missing_statement::MISSING_STATEMENT,
    &missing_effect::MISSING_EFFECT,
    &invalid_effect::INVALID_EFFECT,
    &missing_action::MISSING_ACTION,
    &missing_resource::MISSING_RESOURCE,
    &empty_array_action::EMPTY_ARRAY_ACTION,
    &empty_array_resource::EMPTY_ARRAY_RESOURCE,
    &unsupported_element_combination::UNSUPPORTED_ELEMENT_COMBINATION,
    &redundant_statement::REDUNDANT_STATEMENT,
];

/// A value where a statement should stand, with its place.
struct StatementNode<'a> {
    path: PolicyPath,
    node: &'a Node,
}

/// Everything that stands where statements do, objects or not.
fn statement_nodes(document: &PolicyDocument) -> impl Iterator<Item = StatementNode<'_>> {
    let (single, list) = match document.root().get("Statement") {
        Some(node) => match &node.kind {
            NodeKind::Sequence(items) => (None, items.as_slice()),
            NodeKind::Mapping(_) => (Some(node), &[][..]),
            _ => (None, &[][..]),
        },
        None => (None, &[][..]),
    };
    let path = PolicyPath::root().key("Statement");
    let listed = path.clone();
    let single = single.into_iter().map(move |node| StatementNode { path: path.clone(), node });
    single.chain(list.iter().enumerate().map(move |(i, node)| StatementNode { path: listed.index(i), node }))
}

/// The objects among [`statement_nodes`].
fn statement_objects(document: &PolicyDocument) -> impl Iterator<Item = (StatementNode<'_>, &Mapping)> {
    statement_nodes(document).filter_map(|s| {
        let map = s.node.as_mapping()?;
        Some((s, map))
    })
}

/// True if an object certainly has none of these keys: an unknown key may be any of them.
pub(super) fn lacks(map: &Mapping, keys: &[&str]) -> bool {
    map.iter().all(|e| !e.key.has_unknown() && !keys.contains(&e.key.as_str()))
}
