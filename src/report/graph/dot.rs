//! DOT, for Graphviz. Source: Graphviz documentation, "DOT Language": in quotes, `\` and `"` need
//! care, and in labels `&`, which begins an entity of HTML.

use std::fmt::Write;

use rustc_hash::FxHashMap;

use super::{GraphReport, label, line};
use crate::graph::NodeKind;

impl GraphReport<'_> {
    /// The graph in the DOT language.
    pub fn dot(&self) -> String {
        let graph = &self.graph.graph;
        let mut out = String::from("digraph access {\n  rankdir=LR;\n  node [fontname=\"sans-serif\", fontsize=11];\n");
        out.push_str("  edge [fontname=\"sans-serif\", fontsize=9];\n");
        for notice in self.graph.notices.iter().chain(&self.notices).chain(&self.selection.notices) {
            let _ = writeln!(out, "  // {}", line(notice));
        }
        let mut numbers = FxHashMap::default();
        for (number, index) in self.selection.nodes.iter().enumerate() {
            numbers.insert(*index, number);
            let Some(node) = graph.node_weight(*index) else { continue };
            let kind = node.resource_type.as_deref().unwrap_or(node.kind.as_str());
            let _ = writeln!(
                out,
                "  n{number} [label=\"{}\\n{}\", shape={}];",
                quoted(&node.name),
                quoted(kind),
                shape(node.kind)
            );
        }
        for index in &self.selection.edges {
            let (Some((from, to)), Some(edge)) = (graph.edge_endpoints(*index), graph.edge_weight(*index)) else {
                continue;
            };
            let (Some(from), Some(to)) = (numbers.get(&from), numbers.get(&to)) else { continue };
            let style = if edge.effective == Some(false) { ", style=dashed" } else { "" };
            let _ = writeln!(out, "  n{from} -> n{to} [label=\"{}\"{style}];", quoted(&label(edge)));
        }
        out.push_str("}\n");
        out
    }
}

fn quoted(text: &str) -> String {
    line(text).replace('&', "&amp;").replace('\\', "\\\\").replace('"', "\\\"")
}

fn shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Role | NodeKind::User | NodeKind::Group | NodeKind::PermissionSet => "box",
        NodeKind::Policy => "note",
        NodeKind::Resource | NodeKind::OtherResource => "cylinder",
        _ => "ellipse",
    }
}
