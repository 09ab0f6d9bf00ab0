//! Mermaid, for pull-request comments. Source: Mermaid documentation, "Flowcharts": text in quotes, with entity codes for
//! what has a meaning.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use super::{GraphReport, label, line};
use crate::graph::NodeKind;

impl GraphReport<'_> {
    /// The graph as a flowchart.
    pub fn mermaid(&self) -> String {
        let graph = &self.graph.graph;
        let mut out = String::from("flowchart LR\n");
        let mut numbers = FxHashMap::default();
        for (number, index) in self.selection.nodes.iter().enumerate() {
            numbers.insert(*index, number);
            let Some(node) = graph.node_weight(*index) else { continue };
            let (open, close) = brackets(node.kind);
            let kind = node.resource_type.as_deref().unwrap_or(node.kind.as_str());
            let _ = writeln!(out, "  n{number}{open}\"{}<br/>{}\"{close}", text(&node.name), text(kind));
        }
        for index in &self.selection.edges {
            let (Some((from, to)), Some(edge)) = (graph.edge_endpoints(*index), graph.edge_weight(*index)) else {
                continue;
            };
            let (Some(from), Some(to)) = (numbers.get(&from), numbers.get(&to)) else { continue };
            let arrow = if edge.effective == Some(false) { "-.->" } else { "-->" };
            let _ = writeln!(out, "  n{from} {arrow}|\"{}\"| n{to}", text(&label(edge)));
        }
        for notice in &self.selection.notices {
            let _ = writeln!(out, "  left[\"{}\"]", text(notice));
        }
        out
    }
}

fn brackets(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Role | NodeKind::User | NodeKind::Group | NodeKind::PermissionSet => ("[", "]"),
        NodeKind::Policy => ("[/", "/]"),
        NodeKind::Resource | NodeKind::OtherResource => ("[(", ")]"),
        _ => ("([", "])"),
    }
}

/// Letters, digits and plain punctuation as they are, the rest by its code.
fn text(text: &str) -> String {
    let mut out = String::new();
    for c in line(text).chars() {
        match c {
            ' ' | '.' | ',' | ':' | '/' | '-' | '_' | '+' | '=' => out.push(c),
            _ if c.is_alphanumeric() => out.push(c),
            _ => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}
