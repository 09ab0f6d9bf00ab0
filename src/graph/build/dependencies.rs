//! What resources name: dependencies, and the roles that they run as.

use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use rustc_hash::{FxHashMap, FxHashSet};

use super::super::model::{Edge, EdgeKind, NodeKind};
use super::super::resources::Meets;
use super::Builder;
use crate::access::settled::settled;
use crate::policy::Arn;
use crate::source::{self, Span, Symbol, Text};

impl<'a> Builder<'_, 'a> {
    /// Which resource names which: by unknown values of it, or by its ARN.
    pub(super) fn dependencies(&mut self) {
        let deployment = self.estate.deployment;
        let mut names: FxHashMap<&str, NodeIndex> = FxHashMap::default();
        for resource in &deployment.resources {
            if let Some(node) = self.by_resource.get(&resource.id) {
                names.insert(resource.id.id.as_str(), *node);
            }
        }
        let mut of_symbol: FxHashMap<Symbol, Option<NodeIndex>> = FxHashMap::default();
        for resource in &deployment.resources {
            let (Some(from), Some(properties)) = (self.by_resource.get(&resource.id).copied(), &resource.properties)
            else {
                continue;
            };
            let mut found: Vec<(NodeIndex, Span)> = Vec::new();
            texts(properties, &mut |text, span| {
                for symbol in text.symbols() {
                    let node = *of_symbol.entry(symbol).or_insert_with(|| {
                        let info = symbol.info();
                        let mut name = info.name.as_str();
                        loop {
                            if let Some(node) = names.get(name) {
                                return Some(*node);
                            }
                            name = name.rsplit_once('.')?.0;
                        }
                    });
                    found.extend(node.map(|n| (n, span)));
                }
                if text.as_str().starts_with("arn:")
                    && let Meets::Some(nodes) = self.index.meets(&settled(text.as_str()), &[], 1)
                {
                    found.extend(nodes.into_iter().map(|n| (n, span)));
                }
            });
            let mut seen: FxHashSet<NodeIndex> = FxHashSet::default();
            for (to, span) in found {
                if to == from || !seen.insert(to) {
                    continue;
                }
                let kind = if self.runs_as(from, to) { EdgeKind::RunsAs } else { EdgeKind::DependsOn };
                self.edge(from, to, Edge { span: Some(span), ..Edge::new(kind) });
            }
        }
    }

    /// True if the other is a role that the resource's own service may assume.
    fn runs_as(&self, resource: NodeIndex, role: NodeIndex) -> bool {
        let (Some(resource), Some(node)) = (self.graph.node_weight(resource), self.graph.node_weight(role)) else {
            return false;
        };
        if node.kind != NodeKind::Role || resource.kind != NodeKind::Resource {
            return false;
        }
        let service = resource.arn.as_ref().and_then(|arn| Arn::split(arn)).map(|a| a.service.to_owned());
        let of_type = resource.resource_type.as_deref().unwrap_or_default().to_ascii_lowercase();
        let incoming = self.graph.edges_directed(role, petgraph::Direction::Incoming);
        let assuming = incoming.filter(|e| e.weight().kind == EdgeKind::CanAssume);
        assuming.filter_map(|e| self.graph.node_weight(e.source())).any(|n| {
            let name = n.name.split('.').next().unwrap_or_default();
            n.kind == NodeKind::Service
                && (service.as_deref() == Some(name) || of_type.contains(&name.replace("-tasks", "")))
        })
    }
}

/// Every string of a tree.
fn texts(node: &source::Node, see: &mut dyn FnMut(&Text, Span)) {
    match &node.kind {
        source::NodeKind::String(text) => see(text, node.span),
        source::NodeKind::Sequence(items) => items.iter().for_each(|i| texts(i, see)),
        source::NodeKind::Mapping(map) => map.iter().for_each(|e| texts(&e.value, see)),
        _ => {}
    }
}
