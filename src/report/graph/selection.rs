//! Which part of a graph is shown: all of it, or what touches chosen nodes, within a limit that is said.

use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::{EdgeIndex, NodeIndex};
use petgraph::visit::EdgeRef;
use rustc_hash::FxHashSet;

use crate::graph::{AccessGraph, EdgeKind, NodeKind};

/// A part of a graph.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Its nodes, in the order of the graph.
    pub nodes: Vec<NodeIndex>,
    /// Its edges, in the order of the graph.
    pub edges: Vec<EdgeIndex>,
    /// What is not in it.
    pub notices: Vec<String>,
}

/// Steps that are followed from a chosen node, against the edges and along them.
const STEPS: usize = 6;

impl Selection {
    /// Everything.
    pub fn all(graph: &AccessGraph) -> Selection {
        Selection {
            nodes: graph.graph.node_indices().collect(),
            edges: graph.graph.edge_indices().collect(),
            notices: Vec::new(),
        }
    }

    /// What leads to the chosen nodes, and what they lead to; without any, everything.
    ///
    /// # Errors
    ///
    /// With the name that is none of a node.
    pub fn around(graph: &AccessGraph, chosen: &[String]) -> Result<Selection, String> {
        if chosen.is_empty() {
            return Ok(Selection::all(graph));
        }
        let mut edges: BTreeSet<EdgeIndex> = BTreeSet::new();
        let mut nodes: BTreeSet<NodeIndex> = BTreeSet::new();
        for name in chosen {
            let found = graph.find(name);
            if found.is_empty() {
                return Err(name.clone());
            }
            for node in found {
                nodes.insert(node);
                for direction in [Direction::Incoming, Direction::Outgoing] {
                    follow(graph, node, direction, &mut nodes, &mut edges);
                }
            }
        }
        let left = (graph.graph.node_count() - nodes.len(), graph.graph.edge_count() - edges.len());
        let notice =
            format!("left out: {} nodes and {} edges that the focus does not reach in {STEPS} steps", left.0, left.1);
        let notices = if left == (0, 0) { Vec::new() } else { vec![notice] };
        Ok(Selection { nodes: nodes.into_iter().collect(), edges: edges.into_iter().collect(), notices })
    }

    /// The edges that matter most, at most so many, and the nodes that they join; dependencies only where something was
    /// chosen.
    pub fn limited(mut self, graph: &AccessGraph, limit: usize, with_dependencies: bool) -> Selection {
        let kind = |e: &EdgeIndex| graph.graph.edge_weight(*e).map(|w| (rank(w.kind), w.effective == Some(false)));
        let before = self.edges.len();
        if !with_dependencies {
            self.edges.retain(|e| graph.graph.edge_weight(*e).is_some_and(|w| w.kind.is_access()));
        }
        let dependencies = before - self.edges.len();
        self.edges.sort_by_key(|e| (kind(e), *e));
        let cut = self.edges.len().saturating_sub(limit);
        self.edges.truncate(limit);
        self.edges.sort_unstable();
        let ends = self.edges.iter().filter_map(|e| graph.graph.edge_endpoints(*e));
        let joined: FxHashSet<NodeIndex> = ends.flat_map(|(a, b)| [a, b]).collect();
        let all = self.nodes.len();
        self.nodes.retain(|n| joined.contains(n));
        let alone = all - self.nodes.len();
        let mut left = Vec::new();
        if cut > 0 {
            left.push(format!("{cut} edges beyond the first {limit}"));
        }
        if dependencies > 0 {
            left.push(if dependencies == 1 {
                "1 dependency".to_owned()
            } else {
                format!("{dependencies} dependencies")
            });
        }
        if alone > 0 {
            left.push(format!("{alone} nodes without an edge that is shown"));
        }
        if !left.is_empty() {
            self.notices.push(format!("left out: {}", left.join(", ")));
        }
        self
    }
}

/// Goes along edges of access from a node. Through a policy or service, of which many make use, only what leads on in the
/// same direction is followed; that is what a walk in one direction does by itself.
fn follow(
    graph: &AccessGraph,
    from: NodeIndex,
    direction: Direction,
    nodes: &mut BTreeSet<NodeIndex>,
    edges: &mut BTreeSet<EdgeIndex>,
) {
    let mut seen: FxHashSet<NodeIndex> = FxHashSet::from_iter([from]);
    let mut frontier = vec![from];
    for step in 0..STEPS {
        let mut next = Vec::new();
        for node in frontier {
            for edge in graph.graph.edges_directed(node, direction) {
                let weight = edge.weight();
                // What a trust policy names leads nowhere but to the role; dependencies are shown of the chosen node alone.
                if step > 0 && matches!(weight.kind, EdgeKind::DependsOn | EdgeKind::Trusts) {
                    continue;
                }
                let other = if direction == Direction::Outgoing { edge.target() } else { edge.source() };
                edges.insert(edge.id());
                nodes.insert(other);
                let hub = graph
                    .graph
                    .node_weight(other)
                    .is_some_and(|n| matches!(n.kind, NodeKind::Account | NodeKind::Anyone | NodeKind::Service));
                if weight.kind != EdgeKind::DependsOn && !hub && seen.insert(other) {
                    next.push(other);
                }
            }
        }
        frontier = next;
    }
}

/// What a small picture shows first.
fn rank(kind: EdgeKind) -> u8 {
    match kind {
        EdgeKind::CanAssume => 0,
        EdgeKind::Grants => 1,
        EdgeKind::Attached | EdgeKind::Boundary | EdgeKind::MemberOf => 2,
        EdgeKind::PassesRoleTo | EdgeKind::Invokes | EdgeKind::RunsAs => 3,
        EdgeKind::Trusts => 4,
        EdgeKind::DependsOn => 5,
    }
}
