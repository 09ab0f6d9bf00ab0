//! Building the graph: from the deployment what is attached to what, from the engine what of it works.
//!
//! Every part has a bound, so that hostile or huge input takes bounded time; what a bound leaves out is said.
//!
//! Here are the nodes and what is attached to what; `grants` has what policies grant, `roles` who assumes and passes roles,
//! `dependencies` what resources name.

mod dependencies;
mod grants;
mod roles;

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::model::{AccessGraph, Edge, EdgeKind, Node, NodeKind};
use super::resources::{ArnIndex, Meets};
use crate::access::holders::{Holders, Policies};
use crate::access::kind_of;
use crate::access::reach::{Estate, Guardrails, Guards, Protection, Stranger};
use crate::access::settled::settled;
use crate::catalog::{AccessLevel, Catalog};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, PolicyId, PrincipalEntityKind, Resource, ResourceRef};

/// Nodes of a graph.
const NODES: usize = 20_000;
/// Edges of a graph.
const EDGES: usize = 100_000;
/// Resources that one pattern leads to by name; a pattern that more of them match is a node of its own.
const FEW: usize = 16;
/// Principals that are tried to see whether an edge of a shared policy works for anybody.
const TRIED: usize = 4;
/// Questions about who can assume and pass which role.
const QUESTIONS: usize = 20_000;
/// The same of one role or principal.
const QUESTIONS_EACH: usize = 200;

/// Builds the graph of a run.
pub fn build(deployment: &Deployment, guardrails: &Guardrails, catalog: &Catalog) -> AccessGraph {
    let Some(policies) = Policies::new(deployment, &guardrails.scps, catalog) else { return AccessGraph::default() };
    let holders = Holders::new(deployment, &policies);
    let guards = Guards::new(guardrails);
    let estate = Estate { deployment, catalog, policies: &policies, holders: &holders, guards: &guards };
    let mut builder = Builder {
        estate: &estate,
        graph: DiGraph::new(),
        by_id: FxHashMap::default(),
        by_resource: FxHashMap::default(),
        holder_nodes: FxHashMap::default(),
        index: ArnIndex::default(),
        levels: FxHashMap::default(),
        nodes_left_out: 0,
        edges_left_out: 0,
        undecided: Vec::new(),
        unasked: 0,
        limited: Vec::new(),
    };
    builder.nodes();
    builder.attachments();
    builder.identity_grants();
    let protection = Protection::new(deployment);
    builder.resource_policies(&protection);
    builder.roles(&protection);
    builder.dependencies();
    let mut notices: Vec<String> = holders.notices.clone();
    notices.extend(guards.unknown.iter().map(|u| format!("not taken into account: {u}")));
    let mut said: FxHashSet<String> = FxHashSet::default();
    for unknown in
        holders.all.iter().flat_map(|h| h.unknown.iter().map(move |u| format!("{u} of `{}` is not known", h.id.id)))
    {
        if said.insert(unknown.clone()) && said.len() <= FEW {
            notices.push(unknown);
        }
    }
    if said.len() > FEW {
        notices.push(format!("{} further policies are not known", said.len() - FEW));
    }
    notices.append(&mut builder.limited);
    if builder.nodes_left_out > 0 {
        notices.push(format!(
            "the graph is cut at {NODES} nodes: {} are left out, with their edges",
            builder.nodes_left_out
        ));
    }
    if builder.edges_left_out > 0 {
        notices.push(format!("the graph is cut at {EDGES} edges: {} are left out", builder.edges_left_out));
    }
    if builder.unasked > 0 {
        notices.push(format!(
            "up to {} pairs of principal and role were not decided: at most {QUESTIONS_EACH} of a role or principal and \
             {QUESTIONS} of a run are; `who-can` decides those of one role",
            builder.unasked
        ));
    }
    if let Some(first) = builder.undecided.first() {
        let count = builder.undecided.len();
        notices.push(format!("{count} questions could not be decided, the first one since {first}"));
    }
    AccessGraph { graph: builder.graph, notices }
}

struct Builder<'e, 'a> {
    estate: &'e Estate<'a>,
    graph: DiGraph<Node, Edge>,
    by_id: FxHashMap<SmolStr, NodeIndex>,
    /// Principals, resources, and policies that are resources.
    by_resource: FxHashMap<ResourceRef, NodeIndex>,
    /// Holders' positions by principal.
    holder_nodes: FxHashMap<ResourceRef, Vec<usize>>,
    index: ArnIndex<NodeIndex>,
    levels: FxHashMap<SmolStr, BTreeSet<AccessLevel>>,
    nodes_left_out: usize,
    edges_left_out: usize,
    undecided: Vec<&'static str>,
    unasked: usize,
    limited: Vec<String>,
}

impl<'a> Builder<'_, 'a> {
    fn node(&mut self, node: Node) -> Option<NodeIndex> {
        if let Some(known) = self.by_id.get(&node.id) {
            return Some(*known);
        }
        if self.graph.node_count() >= NODES {
            self.nodes_left_out += 1;
            return None;
        }
        let id = node.id.clone();
        let index = self.graph.add_node(node);
        self.by_id.insert(id, index);
        Some(index)
    }

    fn edge(&mut self, from: NodeIndex, to: NodeIndex, edge: Edge) {
        if self.graph.edge_count() >= EDGES {
            self.edges_left_out += 1;
            return;
        }
        self.graph.add_edge(from, to, edge);
    }

    fn other(&mut self, kind: NodeKind, name: &str) -> Option<NodeIndex> {
        let is_arn = name.starts_with("arn:");
        self.node(Node {
            kind,
            id: format!("{}:{name}", kind.as_str()).into(),
            name: name.into(),
            resource_type: None,
            arn: is_arn.then(|| name.into()),
            span: None,
            when: None,
            matches: None,
        })
    }

    fn stranger(&mut self, stranger: &Stranger) -> Option<NodeIndex> {
        // A provider that the run makes is a resource of it.
        if let Stranger::IdentityProvider(arn) = stranger
            && let Meets::Some(found) = self.index.meets(arn, &[], 1)
            && let [one] = found.as_slice()
        {
            if let Some(node) = self.graph.node_weight_mut(*one) {
                node.kind = NodeKind::IdentityProvider;
            }
            return Some(*one);
        }
        let kind = match stranger {
            Stranger::Anyone => NodeKind::Anyone,
            Stranger::Account(_) => NodeKind::ExternalAccount,
            Stranger::Principal(_) | Stranger::Canonical(_) => NodeKind::ExternalPrincipal,
            Stranger::Service(_) => NodeKind::Service,
            Stranger::IdentityProvider(_) => NodeKind::IdentityProvider,
        };
        self.other(kind, stranger.name())
    }

    fn nodes(&mut self) {
        let deployment = self.estate.deployment;
        let principals: FxHashMap<&ResourceRef, PrincipalEntityKind> =
            deployment.principals.iter().map(|p| (&p.id, p.kind)).collect();
        let own: FxHashMap<&ResourceRef, &Resource> = deployment.resources.iter().map(|r| (&r.id, r)).collect();
        for principal in &deployment.principals {
            let kind = match principal.kind {
                PrincipalEntityKind::Role => NodeKind::Role,
                PrincipalEntityKind::User => NodeKind::User,
                PrincipalEntityKind::Group => NodeKind::Group,
                PrincipalEntityKind::PermissionSet => NodeKind::PermissionSet,
            };
            let node = Node {
                kind,
                id: format!("{}:{}", kind.as_str(), principal.id.id).into(),
                name: principal.id.id.clone(),
                resource_type: Some(principal.id.resource_type.clone()),
                arn: Some(settled(principal.arn.as_str()).into()),
                span: own.get(&principal.id).and_then(|r| r.span),
                when: principal.when.clone(),
                matches: None,
            };
            if let Some(index) = self.node(node) {
                self.by_resource.insert(principal.id.clone(), index);
            }
        }
        // Resources that only carry policies to others are the policies' nodes.
        let carriers: FxHashSet<&ResourceRef> = deployment
            .policies
            .iter()
            .filter(|p| !matches!(kind_of(p), PolicyKind::Resource | PolicyKind::Trust) || !p.attached_to.is_empty())
            .filter(|p| !p.attached_to.contains(&p.resource))
            .map(|p| &p.resource)
            .collect();
        let mut arns: Vec<(SmolStr, NodeIndex)> = Vec::new();
        for resource in &deployment.resources {
            let is_carrier = carriers.contains(&resource.id) && !principals.contains_key(&resource.id);
            let kind = if is_carrier { NodeKind::Policy } else { NodeKind::Resource };
            let arn = resource.arn.as_ref().map(|arn| SmolStr::from(settled(arn.as_str())));
            let index = match self.by_resource.get(&resource.id) {
                Some(known) => Some(*known),
                None => self.node(Node {
                    kind,
                    id: format!("{}:{}", kind.as_str(), resource.id.id).into(),
                    name: resource.id.id.clone(),
                    resource_type: Some(resource.id.resource_type.clone()),
                    arn: arn.clone(),
                    span: resource.span,
                    when: resource.when.clone(),
                    matches: None,
                }),
            };
            let Some(index) = index else { continue };
            self.by_resource.insert(resource.id.clone(), index);
            arns.extend(arn.map(|arn| (arn, index)));
        }
        self.index = ArnIndex::new(arns);
        for (position, holder) in self.estate.holders.all.iter().enumerate() {
            if holder.is_real {
                self.holder_nodes.entry(holder.id.clone()).or_default().push(position);
            }
        }
    }

    /// The node of a policy: the resource that carries it, or one of its own for an inline policy.
    fn policy_node(&mut self, id: PolicyId) -> Option<NodeIndex> {
        let policy = self.estate.deployment.policies.get(id.0)?;
        let of_resource = self.by_resource.get(&policy.resource).copied();
        let is_carrier = |i: &NodeIndex| self.graph.node_weight(*i).is_some_and(|n| n.kind == NodeKind::Policy);
        if let Some(node) = of_resource.filter(is_carrier) {
            return Some(node);
        }
        self.node(Node {
            kind: NodeKind::Policy,
            id: format!("policy:{}.{}", policy.resource.id, policy.name).into(),
            name: format!("{}.{}", policy.resource.id, policy.name).into(),
            resource_type: None,
            arn: None,
            span: policy.span,
            when: policy.when.clone(),
            matches: None,
        })
    }

    fn attachments(&mut self) {
        let deployment = self.estate.deployment;
        for principal in &deployment.principals {
            let Some(from) = self.by_resource.get(&principal.id).copied() else { continue };
            let mut seen: FxHashSet<NodeIndex> = FxHashSet::default();
            for id in &principal.policies {
                if let Some(to) = self.policy_node(*id).filter(|to| seen.insert(*to)) {
                    let policy = deployment.policies.get(id.0);
                    let (span, when) = (policy.and_then(|p| p.span), policy.and_then(|p| p.when.clone()));
                    self.edge(from, to, Edge { policy: Some(*id), span, when, ..Edge::new(EdgeKind::Attached) });
                }
            }
            let of_boundary = principal.permissions_boundary.iter().map(|m| (m, EdgeKind::Boundary));
            for (reference, kind) in
                principal.managed_policies.iter().map(|m| (m, EdgeKind::Attached)).chain(of_boundary)
            {
                let to = match reference.policy {
                    Some(id) => self.policy_node(id),
                    None => self.other(NodeKind::Policy, &settled(reference.arn.as_str())),
                };
                if let Some(to) = to.filter(|to| kind == EdgeKind::Boundary || seen.insert(*to)) {
                    self.edge(from, to, Edge { policy: reference.policy, span: reference.span, ..Edge::new(kind) });
                }
            }
            for group in &principal.groups {
                if let Some(to) = self.by_resource.get(group).copied() {
                    self.edge(from, to, Edge::new(EdgeKind::MemberOf));
                }
            }
        }
    }
}
