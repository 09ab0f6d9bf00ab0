//! The `Globals` section: properties that every SAM resource of a type has unless it says otherwise. Maps are
//! merged, lists joined (global items first), anything else of the resource replaces the global value.

use std::borrow::Cow;

use smol_str::SmolStr;

use super::intrinsic::is_function;
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Span};

/// The section, by resource type.
#[derive(Debug, Default)]
pub(super) struct Globals<'t> {
    span: Option<Span>,
    sections: Vec<(SmolStr, &'t Mapping)>,
}

/// Properties whose lists or maps are replaced as a whole, by section.
const REPLACED: [(&str, &str); 2] =
    [("Function", "Architectures"), ("CapacityProvider", "InstanceRequirements.Architectures")];

/// Properties of which only the keys that the resource names are merged.
const PRUNED: [(&str, &str); 1] = [("CapacityProvider", "ManagedResourceTags")];

impl<'t> Globals<'t> {
    /// The sections of a template.
    pub fn read(template: &'t Node, notices: &mut Vec<Problem>) -> Globals<'t> {
        let Some(globals) = template.get("Globals") else { return Globals::default() };
        let Some(map) = globals.as_mapping() else {
            notices.push(Problem::at("`Globals` must be a map", globals.span));
            return Globals::default();
        };
        let mut sections = Vec::new();
        for entry in map.iter() {
            match entry.value.as_mapping() {
                Some(properties) => sections.push((entry.key.as_smol().clone(), properties)),
                None => notices.push(Problem::at(
                    format!("section `{}` of `Globals` must be a map", entry.key.display()),
                    entry.value.span,
                )),
            }
        }
        Globals { span: Some(globals.span), sections }
    }

    /// True if a value was written in the section.
    pub fn holds(&self, value: &Node) -> bool {
        let (inner, outer) = (value.span, self.span);
        outer.is_some_and(|o| o.source == inner.source && o.start <= inner.start && inner.end <= o.end)
    }

    /// The properties of a resource of type `AWS::Serverless::<section>` with the global ones merged in; `ignored` is
    /// the resource's `IgnoreGlobals`.
    pub fn merge(&self, section: &str, properties: Cow<'t, Mapping>, ignored: Option<&Node>) -> Cow<'t, Mapping> {
        let Some((_, globals)) = self.sections.iter().find(|(name, _)| name == section) else { return properties };
        if ignored.is_some_and(|i| i.as_str() == Some("*")) {
            return properties;
        }
        let names: Vec<&str> =
            ignored.and_then(Node::as_sequence).into_iter().flatten().filter_map(Node::as_str).collect();
        let mut kept = (*globals).clone();
        kept.entries.retain(|e| !names.contains(&e.key.as_str()));
        Cow::Owned(merge_maps(section, "", &kept, &properties))
    }
}

fn is_plain_map(node: &Node) -> bool {
    node.as_mapping().is_some() && !is_function(node)
}

fn merge_maps(section: &str, path: &str, global: &Mapping, local: &Mapping) -> Mapping {
    let mut entries = global.entries.clone();
    for entry in local.iter() {
        match entries.iter_mut().find(|e| e.key == entry.key) {
            Some(there) => {
                let path = child(path, entry.key.as_str());
                *there = Entry { value: merge_values(section, &path, &there.value, &entry.value), ..entry.clone() };
            }
            None => entries.push(entry.clone()),
        }
    }
    Mapping { entries }
}

fn merge_values(section: &str, path: &str, global: &Node, local: &Node) -> Node {
    if REPLACED.contains(&(section, path)) {
        return local.clone();
    }
    match (&global.kind, &local.kind) {
        (NodeKind::Mapping(g), NodeKind::Mapping(l)) if is_plain_map(global) && is_plain_map(local) => {
            let merged = if PRUNED.contains(&(section, path)) && !l.is_empty() {
                let mut kept = g.clone();
                kept.entries.retain(|e| l.entry(e.key.as_str()).is_some());
                merge_maps(section, path, &kept, l)
            } else {
                merge_maps(section, path, g, l)
            };
            Node::new(NodeKind::Mapping(merged), local.span)
        }
        (NodeKind::Sequence(g), NodeKind::Sequence(l)) => {
            Node::new(NodeKind::Sequence(g.iter().chain(l).cloned().collect()), local.span)
        }
        _ => local.clone(),
    }
}

fn child(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}
