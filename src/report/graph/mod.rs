//! The access graph as JSON, DOT, Mermaid and a page of HTML. All text comes from templates and is escaped for each.
//!
//! - `selection`: which part of it is shown;
//! - `mermaid`, `dot`, `page`: a form each; JSON is here, and the page reads the same.

mod dot;
mod mermaid;
mod page;
mod selection;

use petgraph::graph::{EdgeIndex, NodeIndex};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::Place;
use crate::catalog::AccessLevel;
use crate::graph::{AccessGraph, Edge, Node};
use crate::model::Deployment;
use crate::source::{Sources, Span, display_encoded};

pub use selection::Selection;

/// The graph, with what is needed to name places in it.
#[derive(Debug)]
pub struct GraphReport<'a> {
    /// The graph.
    pub graph: &'a AccessGraph,
    /// The part of it that is shown.
    pub selection: Selection,
    /// Privilege escalations, as reports write them.
    pub escalations: Value,
    /// The run.
    pub deployment: &'a Deployment,
    /// Its texts.
    pub sources: &'a Sources,
    /// The day of the service data.
    pub service_data: &'a str,
    /// Remarks besides those of the graph.
    pub notices: Vec<String>,
}

impl GraphReport<'_> {
    /// One JSON object in one line for each node and edge.
    pub fn json(&self) -> String {
        let graph = &self.graph.graph;
        let node = |i: &NodeIndex| graph.node_weight(*i).map(|n| format!("\n    {}", self.node(n)));
        let edge = |i: &EdgeIndex| self.edge(*i).map(|e| format!("\n    {e}"));
        // Each line is made by itself: all of them as values would take many times the memory of their text.
        let nodes: Vec<String> = self.selection.nodes.par_iter().filter_map(node).collect();
        let edges: Vec<String> = self.selection.edges.par_iter().filter_map(edge).collect();
        let mut out = format!(
            "{{\n  \"schemaVersion\": \"1\",\n  \"tool\": {},\n  \"command\": \"graph\",\n  \"inputs\": {},\n  \"nodes\": [",
            self.tool(),
            super::json::plain_inputs(self.deployment, self.sources),
        );
        out.push_str(&nodes.join(","));
        out.push_str("\n  ],\n  \"edges\": [");
        out.push_str(&edges.join(","));
        out.push_str("\n  ],\n  \"escalations\": ");
        out.push_str(&self.escalations.to_string());
        out.push_str(&format!(",\n  \"notices\": {}\n}}\n", json!(self.all_notices())));
        out
    }

    fn tool(&self) -> Value {
        json!({"name": "iam-preflight", "version": env!("CARGO_PKG_VERSION"), "serviceData": self.service_data})
    }

    fn all_notices(&self) -> Vec<&String> {
        self.graph.notices.iter().chain(&self.notices).chain(&self.selection.notices).collect()
    }

    /// Nodes and edges in the order of the graph.
    fn value(&self) -> Value {
        let graph = &self.graph.graph;
        let nodes: Vec<Value> =
            self.selection.nodes.iter().filter_map(|i| graph.node_weight(*i)).map(|n| self.node(n)).collect();
        let edges: Vec<Value> = self.selection.edges.iter().filter_map(|i| self.edge(*i)).collect();
        json!({
            "tool": self.tool(),
            "inputs": super::json::plain_inputs(self.deployment, self.sources),
            "nodes": nodes,
            "edges": edges,
            "escalations": self.escalations,
            "notices": self.all_notices(),
        })
    }

    /// The edges of the selection as the JSON form has them, each with its position in the graph.
    pub fn edges(&self) -> Vec<(EdgeIndex, Value)> {
        self.selection.edges.iter().filter_map(|i| Some((*i, self.edge(*i)?))).collect()
    }

    fn node(&self, node: &Node) -> Value {
        json!({
            "id": display_encoded(&node.id),
            "kind": node.kind.as_str(),
            "name": display_encoded(&node.name),
            "type": node.resource_type,
            "arn": node.arn.as_ref().map(|a| display_encoded(a)),
            "matches": node.matches,
            "when": node.when.as_ref().map(|w| &w.0),
            "location": self.location(node.span),
        })
    }

    fn edge(&self, index: EdgeIndex) -> Option<Value> {
        let graph = &self.graph.graph;
        let (from, to) = graph.edge_endpoints(index)?;
        let edge = graph.edge_weight(index)?;
        let id = |node: NodeIndex| graph.node_weight(node).map(|n| display_encoded(&n.id));
        let policy = edge.policy.and_then(|id| self.deployment.policies.get(id.0));
        let is_own = policy.is_none_or(|p| p.is_own);
        Some(json!({
            "from": id(from),
            "to": id(to),
            "kind": edge.kind.as_str(),
            "policy": policy.map(|p| format!("{}.{}", p.resource.id, p.name)),
            "statementIndex": edge.statement,
            "statementId": edge.sid.as_ref().map(|s| display_encoded(s)),
            "actions": edge.actions,
            "accessLevels": edge.levels.iter().map(|l| level(*l)).collect::<Vec<_>>(),
            "condition": edge.condition,
            "services": edge.services.iter().map(|s| display_encoded(s)).collect::<Vec<_>>(),
            "effective": edge.effective,
            "when": edge.when.as_ref().map(|w| &w.0),
            "location": self.location(edge.span.filter(|_| is_own)),
        }))
    }

    fn location(&self, span: Option<Span>) -> Value {
        let place = span.map(|span| Place::of(span, self.sources)).filter(|p| !p.file.starts_with("arn:"));
        place.map_or(Value::Null, super::json::place_json)
    }
}

fn level(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::List => "List",
        AccessLevel::Read => "Read",
        AccessLevel::Write => "Write",
        AccessLevel::PermissionsManagement => "Permissions management",
        AccessLevel::Tagging => "Tagging",
    }
}

/// What a drawing writes on an edge.
fn label(edge: &Edge) -> String {
    let mut text = edge.kind.as_str().replace('-', " ");
    if edge.kind == crate::graph::EdgeKind::Grants {
        text = short(&edge.actions);
    }
    if !edge.services.is_empty() {
        text = "passes role".to_owned();
        let services: Vec<String> = edge.services.iter().map(|s| display_encoded(s)).collect();
        text.push_str(&format!(" for {}", short(&services)));
    }
    if edge.condition.is_some() {
        text.push_str(", if …");
    }
    match edge.effective {
        Some(true) => {}
        Some(false) => text.push_str(", not in effect"),
        None => text.push_str(", undecided"),
    }
    text
}

/// Actions that a drawing names.
const SHOWN: usize = 3;

fn short(all: &[String]) -> String {
    let mut text = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if all.len() > SHOWN {
        text.push_str(&format!(" and {} more", all.len() - SHOWN));
    }
    text
}

/// Characters of a label.
const LABEL: usize = 80;

/// Text of a template in one line of a drawing, cut where it is long.
fn line(text: &str) -> String {
    let shown: String = display_encoded(text).chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    super::escape::cut(&super::printable_line(&shown), LABEL)
}
