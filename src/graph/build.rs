//! Building the graph: from the deployment what is attached to what, from the engine what of it works.
//!
//! Every part has a bound, so that hostile or huge input takes bounded time; what a bound leaves out is said.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::model::{AccessGraph, Edge, EdgeKind, Node, NodeKind};
use super::resources::{ArnIndex, Meets};
use super::role_patterns::{RolePatterns, Trying};
use crate::access::holders::{Holder, HolderKind, Holders, Policies};
use crate::access::kind_of;
use crate::access::reach::{Allowed, Estate, Guardrails, Guards, Protection, Stranger, Target, caller, with_parts};
use crate::access::settled::settled;
use crate::catalog::{AccessLevel, Catalog};
use crate::logic::engine::{CompiledPolicy, Ties, Wanted, concerns, reaches};
use crate::logic::evaluate::PolicyKind;
use crate::model::{Deployment, PolicyId, PrincipalEntityKind, Resource, ResourceRef, When};
use crate::policy::{Arn, PolicyDocument, Statement, glob};
use crate::source::{self, Span, Symbol, Text};

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

/// A managed policy that stands in no input, and who holds it: positions of holder and attachment.
struct NamedByArn<'a> {
    compiled: &'a CompiledPolicy,
    named_at: Option<Span>,
    held_by: Vec<(usize, usize)>,
}

/// An edge from a statement that is still to be decided.
struct Granted {
    policy_node: NodeIndex,
    target: NodeIndex,
    arns: Vec<SmolStr>,
    edge: Edge,
    /// Whose policy it is, with the position of the policy among theirs.
    held_by: Vec<(usize, usize)>,
    statement: usize,
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

    /// The access levels of an action pattern.
    fn levels(&mut self, pattern: &str) -> BTreeSet<AccessLevel> {
        if let Some(known) = self.levels.get(pattern) {
            return known.clone();
        }
        let levels: BTreeSet<AccessLevel> = match pattern.split_once(':') {
            Some((prefix, name)) if !prefix.contains(['*', '?']) => {
                let service = self.estate.catalog.service(&prefix.to_ascii_lowercase());
                service.into_iter().flat_map(|s| s.actions_matching(name)).map(|a| a.access_level).collect()
            }
            _ => ALL_LEVELS.into(),
        };
        self.levels.insert(pattern.into(), levels.clone());
        levels
    }

    /// What identity-based policies grant.
    fn identity_grants(&mut self) {
        let estate = self.estate;
        let mut by_policy: FxHashMap<PolicyId, Vec<(usize, usize)>> = FxHashMap::default();
        let mut by_arn: FxHashMap<SmolStr, NamedByArn<'_>> = FxHashMap::default();
        for (position, holder) in estate.holders.all.iter().enumerate() {
            for (number, attached) in holder.policies.iter().enumerate() {
                match (&attached.id, &attached.arn) {
                    (Some(id), _) => by_policy.entry(*id).or_default().push((position, number)),
                    (None, Some(arn)) => {
                        let entry = by_arn.entry(arn.clone()).or_insert_with(|| NamedByArn {
                            compiled: attached.compiled,
                            named_at: attached.named_at,
                            held_by: Vec::new(),
                        });
                        entry.held_by.push((position, number));
                    }
                    (None, None) => {}
                }
            }
        }
        let mut granted: Vec<Granted> = Vec::new();
        for (index, policy) in estate.deployment.policies.iter().enumerate() {
            let id = PolicyId(index);
            if kind_of(policy) != PolicyKind::Identity {
                continue;
            }
            let (Some(node), Some(compiled)) = (self.policy_node(id), estate.policies.own(id)) else { continue };
            let held_by = by_policy.remove(&id).unwrap_or_default();
            let when = policy.when.clone();
            let base = Edge { policy: Some(id), when, ..Edge::new(EdgeKind::Grants) };
            self.grants_of(node, compiled.document(), true, &base, &held_by, &mut granted);
        }
        let mut managed: Vec<_> = by_arn.into_iter().collect();
        managed.sort_by(|a, b| a.0.cmp(&b.0));
        for (arn, NamedByArn { compiled, named_at, held_by }) in managed {
            let Some(node) = self.other(NodeKind::Policy, &arn) else { continue };
            let base = Edge { span: named_at, ..Edge::new(EdgeKind::Grants) };
            self.grants_of(node, compiled.document(), false, &base, &held_by, &mut granted);
        }
        let decided: Vec<Result<bool, &'static str>> = granted.par_iter().map(|g| self.works(g)).collect();
        for (granted, works) in granted.into_iter().zip(decided) {
            let effective = match works {
                Ok(works) => Some(works),
                Err(why) => {
                    self.undecided.push(why);
                    None
                }
            };
            self.edge(granted.policy_node, granted.target, Edge { effective, ..granted.edge });
        }
    }

    fn grants_of(
        &mut self,
        node: NodeIndex,
        document: &PolicyDocument,
        is_own: bool,
        base: &Edge,
        held_by: &[(usize, usize)],
        granted: &mut Vec<Granted>,
    ) {
        for (number, statement) in document.statements.iter().enumerate().filter(|(_, s)| s.is_allow()) {
            for (target, arns) in self.targets(statement) {
                let edge = self.statement_edge(base, document, number, statement, &arns, is_own);
                if edge.actions.is_empty() {
                    continue;
                }
                granted.push(Granted {
                    policy_node: node,
                    target,
                    arns,
                    edge,
                    held_by: held_by.iter().take(TRIED).copied().collect(),
                    statement: number,
                });
            }
        }
    }

    fn statement_edge(
        &mut self,
        base: &Edge,
        document: &PolicyDocument,
        number: usize,
        statement: &Statement,
        arns: &[SmolStr],
        is_own: bool,
    ) -> Edge {
        let service = arns.first().and_then(|arn| Arn::split(arn)).map(|a| a.service).filter(|s| !s.contains('*'));
        let concerned = |pattern: &str| match (service, pattern.split_once(':')) {
            (Some(service), Some((prefix, _))) => {
                let same = prefix.eq_ignore_ascii_case(service) || glob::matches_ignore_case(prefix, service);
                // A few services have resources whose ARNs bear another service's name.
                same || shares_arns(prefix, service, self.estate.catalog)
            }
            _ => true,
        };
        let (mut actions, mut levels) = (Vec::new(), BTreeSet::new());
        match (&statement.action, &statement.not_action) {
            (Some(list), _) => {
                for pattern in list.items.iter().map(|i| i.text.as_str()).filter(|p| concerned(p)) {
                    actions.push(source::display_encoded(pattern));
                    levels.extend(self.levels(pattern));
                }
            }
            (None, Some(list)) => {
                let listed: Vec<String> = list.items.iter().map(|i| i.text.display()).collect();
                actions.push(format!("everything but {}", listed.join(", ")));
                levels.extend(ALL_LEVELS);
            }
            (None, None) => {}
        }
        let condition = (!statement.conditions.is_empty())
            .then(|| Some(document.object(statement)?.get("Condition")?.to_json()))
            .flatten();
        Edge {
            statement: Some(number),
            sid: statement.sid.as_ref().map(|s| s.text.as_smol().clone()).filter(|s| !s.is_empty()),
            actions,
            levels,
            condition,
            span: if is_own { Some(statement.span) } else { base.span },
            ..base.clone()
        }
    }

    /// The nodes that a statement is about, each with ARNs that stand for it.
    fn targets(&mut self, statement: &Statement) -> Vec<(NodeIndex, Vec<SmolStr>)> {
        let mut services: Vec<SmolStr> = Vec::new();
        let mut of_any = statement.action.is_none();
        for item in statement.action.iter().flat_map(|l| &l.items) {
            match item.text.as_str().split_once(':') {
                Some((prefix, _)) if !prefix.contains(['*', '?']) => services.push(prefix.to_ascii_lowercase().into()),
                _ => of_any = true,
            }
        }
        services.sort_unstable();
        services.dedup();
        let listed = if of_any { &[][..] } else { services.as_slice() };
        let mut found: Vec<(NodeIndex, Vec<SmolStr>)> = Vec::new();
        let mut add = |node: NodeIndex, arns: Vec<SmolStr>| match found.iter_mut().find(|(known, _)| *known == node) {
            Some((_, known)) => known.extend(arns),
            None => found.push((node, arns)),
        };
        let Some(list) = &statement.resource else {
            let excluded: Vec<&str> =
                statement.not_resource.iter().flat_map(|l| &l.items).map(|i| i.text.as_str()).collect();
            let name = format!("everything but {}", excluded.join(", "));
            if let Some(node) = self.other(NodeKind::OtherResource, &name) {
                add(node, Vec::new());
            }
            return found;
        };
        for item in &list.items {
            let pattern = item.text.as_str();
            match self.index.meets(pattern, if pattern == "*" { listed } else { &[] }, FEW) {
                Meets::Some(nodes) if !nodes.is_empty() => {
                    for node in nodes {
                        let arn = self.graph.node_weight(node).and_then(|n| n.arn.clone());
                        let arns = arn.map(|arn| meeting(pattern, &arn)).unwrap_or_default();
                        add(node, arns);
                    }
                }
                Meets::Some(_) => {
                    let arns = if pattern == "*" { Vec::new() } else { vec![pattern.into()] };
                    if let Some(node) = self.other(NodeKind::OtherResource, pattern) {
                        add(node, arns);
                    }
                }
                Meets::Many(count) => {
                    let name = match (pattern, listed) {
                        ("*", [_, ..]) => format!("* ({})", listed.join(", ")),
                        _ => pattern.to_owned(),
                    };
                    if let Some(node) = self.other(NodeKind::OtherResource, &name) {
                        if let Some(weight) = self.graph.node_weight_mut(node) {
                            weight.matches = Some(weight.matches.unwrap_or_default().max(count));
                        }
                        add(node, if pattern == "*" { Vec::new() } else { vec![pattern.into()] });
                    }
                }
            }
        }
        found
    }

    /// Whether the statement still allows something once everything else has had its say, for anybody who has the policy.
    fn works(&self, granted: &Granted) -> Result<bool, &'static str> {
        let mut unknown = None;
        for (position, number) in &granted.held_by {
            let Some(holder) = self.estate.holders.all.get(*position) else { continue };
            let permissions = holder.permissions(self.estate.policies.limits());
            let simple = permissions.boundary.is_none()
                && permissions.limits.is_empty()
                && granted.edge.condition.is_none()
                && !permissions.policies.iter().any(|p| p.document().statements.iter().any(Statement::is_deny));
            if simple {
                return Ok(true);
            }
            let wanted = Wanted {
                caller: caller(holder),
                action: SmolStr::default(),
                resources: granted.arns.clone(),
                keys: Vec::new(),
            };
            match reaches(&permissions, (*number, granted.statement), &wanted, Ties::Tied) {
                Ok(Some(_)) => return Ok(true),
                Ok(None) => {}
                Err(why) => unknown = Some(why),
            }
        }
        match unknown {
            Some(why) => Err(why),
            // A policy that nobody has grants what it says.
            None => Ok(granted.held_by.is_empty()),
        }
    }

    /// What resources' own policies grant: to principals of the run and to others.
    fn resource_policies(&mut self, protection: &Protection) {
        let estate = self.estate;
        for resource in &estate.deployment.resources {
            let Some(node) = self.by_resource.get(&resource.id).copied() else { continue };
            let Some(arn) = resource.arn.as_ref().map(|a| settled(a.as_str()).into_owned()) else { continue };
            let ids: Vec<PolicyId> = protection.of(&resource.id).to_vec();
            let of_resource = |id: &PolicyId| {
                estate.deployment.policies.get(id.0).is_some_and(|p| kind_of(p) == PolicyKind::Resource)
            };
            if !ids.iter().any(of_resource) {
                continue;
            }
            let target = Target::new(with_parts(&arn), &[&resource.id], protection, estate.deployment);
            for id in ids.iter().filter(|id| of_resource(id)) {
                let Some(policy) = estate.deployment.policies.get(id.0) else { continue };
                if let Some(to) = self.policy_node(*id).filter(|to| *to != node) {
                    let edge = Edge { policy: Some(*id), span: policy.span, ..Edge::new(EdgeKind::Attached) };
                    self.edge(node, to, edge);
                }
                let Some(document) = &policy.document else { continue };
                for (number, statement) in document.statements.iter().enumerate().filter(|(_, s)| s.is_allow()) {
                    let base = Edge { policy: Some(*id), when: policy.when.clone(), ..Edge::new(EdgeKind::Grants) };
                    let edge = self.statement_edge(&base, document, number, statement, &target.arns, true);
                    let action = example_action(statement, &target.arns, estate.catalog);
                    let let_in = action.as_ref().map(|a| estate.strangers(a, &target, &mut self.undecided));
                    let gets_in = |who: &Stranger| let_in.as_ref().map(|all| all.iter().any(|(known, _)| known == who));
                    let listed = estate.listed_strangers(statement).len();
                    for (place, (stranger, _)) in estate.named_strangers(statement, document).into_iter().enumerate() {
                        // Where anybody gets in, those whom the document spares are no news.
                        if place >= listed && gets_in(&Stranger::Anyone) == Some(true) {
                            continue;
                        }
                        let Some(from) = self.stranger(&stranger) else { continue };
                        let effective = gets_in(&stranger);
                        self.edge(from, node, Edge { effective, ..edge.clone() });
                        if effective == Some(true) {
                            self.invokers(statement, from, node, &edge);
                        }
                    }
                    for text in statement.principal.iter().flat_map(|p| p.of_type("AWS")).flat_map(|l| &l.items) {
                        for position in estate.named(text.text.as_str()) {
                            let Some(holder) = estate.holders.all.get(position) else { continue };
                            let Some(from) = self.by_resource.get(&holder.id).copied() else { continue };
                            let effective = match &action {
                                Some(action) => match estate.may(holder, action, &target, &[]) {
                                    Ok(found) => Some(found.is_some()),
                                    Err(why) => {
                                        self.undecided.push(why);
                                        None
                                    }
                                },
                                None => None,
                            };
                            self.edge(from, node, Edge { effective, ..edge.clone() });
                        }
                    }
                }
            }
        }
    }

    /// Resources of the run for which a service is let in: they invoke.
    fn invokers(&mut self, statement: &Statement, service: NodeIndex, node: NodeIndex, edge: &Edge) {
        if self.graph.node_weight(service).is_none_or(|n| n.kind != NodeKind::Service) {
            return;
        }
        let keys = statement.conditions.iter().flat_map(|b| &b.keys);
        let sources = keys.filter(|k| k.name.as_str().eq_ignore_ascii_case("aws:SourceArn")).flat_map(|k| &k.values);
        let mut found = false;
        for value in sources {
            if let Meets::Some(sources) = self.index.meets(&settled(value.text.as_str()), &[], FEW) {
                for source in sources.into_iter().filter(|s| *s != node) {
                    found = true;
                    self.edge(source, node, Edge { kind: EdgeKind::Invokes, ..edge.clone() });
                }
            }
        }
        let runs = edge.actions.iter().any(|a| INVOKING.iter().any(|i| i.eq_ignore_ascii_case(a)));
        if !found && runs {
            self.edge(service, node, Edge { kind: EdgeKind::Invokes, ..edge.clone() });
        }
    }

    /// Whom roles trust, who can assume them, who can pass them, and what runs as them.
    fn roles(&mut self, protection: &Protection) {
        let estate = self.estate;
        let all = &estate.holders.all;
        let speaks = |h: &Holder<'_>, action: &str| {
            h.policies
                .iter()
                .any(|p| p.compiled.document().statements.iter().any(|s| s.is_allow() && concerns(s, action)))
        };
        let acting = |h: &&Holder<'_>| h.is_real && h.kind != HolderKind::Group;
        let assumers: Vec<usize> =
            (0..all.len()).filter(|i| all.get(*i).filter(acting).is_some_and(|h| speaks(h, ASSUME))).collect();
        let passers: Vec<usize> =
            (0..all.len()).filter(|i| all.get(*i).filter(acting).is_some_and(|h| speaks(h, PASS))).collect();
        let mut near = RolePatterns::new(estate.holders);
        let trying = Trying::new(&mut near, &assumers, ASSUME);
        let mut questions: Vec<(usize, usize)> = Vec::new();
        let mut targets: FxHashMap<usize, Target> = FxHashMap::default();
        for (position, role) in all.iter().enumerate().filter(|(_, h)| h.kind == HolderKind::Role && h.is_real) {
            let Some(node) = self.by_resource.get(&role.id).copied() else { continue };
            let target = Target::new(vec![role.arn.as_smol().clone()], &[&role.id], protection, estate.deployment);
            let mut candidates: BTreeSet<usize> = BTreeSet::new();
            let mut delegates = false;
            for side in &target.sides {
                for (number, statement) in side.document.statements.iter().enumerate().filter(|(_, s)| s.is_allow()) {
                    let policy = side.origins.get(number).map(|(id, _)| *id);
                    let base = Edge { policy, when: side.when.clone(), ..Edge::new(EdgeKind::Trusts) };
                    let edge = self.statement_edge(&base, &side.document, number, statement, &target.arns, true);
                    for (stranger, _) in estate.named_strangers(statement, &side.document) {
                        delegates |= stranger == Stranger::Anyone;
                        if let Some(to) = self.stranger(&stranger) {
                            self.edge(node, to, edge.clone());
                        }
                    }
                    for item in statement.principal.iter().flat_map(|p| p.of_type("AWS")).flat_map(|l| &l.items) {
                        let named = estate.named(item.text.as_str());
                        for position in &named {
                            let to = all.get(*position).and_then(|h| self.by_resource.get(&h.id)).copied();
                            if let Some(to) = to {
                                self.edge(node, to, edge.clone());
                            }
                        }
                        candidates.extend(&named);
                        let account = Arn::split(item.text.as_str()).map_or(item.text.as_str(), |a| a.account);
                        let is_root = Arn::split(item.text.as_str()).is_none_or(|a| a.resource == "root");
                        if named.is_empty()
                            && is_root
                            && item.text.as_str() != "*"
                            && estate.holders.is_own_account(account)
                        {
                            delegates = true;
                            let name = source::display_encoded(account);
                            if let Some(to) = self.other(NodeKind::Account, &name) {
                                self.edge(node, to, edge.clone());
                            }
                        }
                    }
                }
            }
            let mut seen: FxHashSet<Stranger> = FxHashSet::default();
            for action in ASSUMPTIONS {
                for (stranger, allowed) in estate.strangers(action, &target, &mut self.undecided) {
                    if let Some(from) = self.stranger(&stranger).filter(|_| seen.insert(stranger.clone())) {
                        let edge = shown(EdgeKind::CanAssume, action, &allowed);
                        self.edge(from, node, edge);
                    }
                }
            }
            if delegates {
                candidates.extend(trying.of(position).take(QUESTIONS_EACH + 1));
                self.unasked += trying.of(position).count().saturating_sub(QUESTIONS_EACH + 1);
            }
            candidates.remove(&position);
            self.unasked += candidates.len().saturating_sub(QUESTIONS_EACH);
            questions.extend(candidates.into_iter().take(QUESTIONS_EACH).map(|i| (i, position)));
            targets.insert(position, target);
        }
        self.unasked += questions.len().saturating_sub(QUESTIONS);
        questions.truncate(QUESTIONS);
        let ask = |(who, role): &(usize, usize)| {
            let (holder, target) = (all.get(*who)?, targets.get(role)?);
            Some((*who, *role, estate.ways(holder, ASSUME, target, &[])))
        };
        let answers: Vec<_> = questions.par_iter().filter_map(ask).collect();
        let mut seen: FxHashSet<(NodeIndex, NodeIndex, Option<When>)> = FxHashSet::default();
        for (who, role, ways) in answers {
            self.undecided.extend(ways.undecided);
            let node = |i: usize| all.get(i).and_then(|h| self.by_resource.get(&h.id)).copied();
            let (Some(from), Some(to)) = (node(who), node(role)) else { continue };
            for allowed in ways.allowed {
                if from != to && seen.insert((from, to, allowed.when.clone())) {
                    self.edge(from, to, shown(EdgeKind::CanAssume, ASSUME, &allowed));
                }
            }
        }
        self.passed_roles(&passers, &targets, &mut near);
        self.limited.extend(near.notice());
    }

    /// Who can pass which role to which of the services that it trusts.
    fn passed_roles(&mut self, passers: &[usize], trusts: &FxHashMap<usize, Target>, near: &mut RolePatterns<'_, 'a>) {
        let estate = self.estate;
        let all = &estate.holders.all;
        let mut questions: Vec<(usize, usize, Vec<SmolStr>)> = Vec::new();
        let mut by_service: FxHashMap<usize, Vec<SmolStr>> = FxHashMap::default();
        for (role, target) in trusts {
            let mut services: Vec<SmolStr> = Vec::new();
            let statements = target.sides.iter().flat_map(|s| &s.document.statements).filter(|s| s.is_allow());
            for item in statements.flat_map(|s| &s.principal).flat_map(|p| p.of_type("Service")).flat_map(|l| &l.items)
            {
                services.push(settled(item.text.as_str()).into());
            }
            services.sort_unstable();
            services.dedup();
            if !services.is_empty() {
                by_service.insert(*role, services);
            }
        }
        let mut passed: Vec<usize> = by_service.keys().copied().collect();
        passed.sort_unstable();
        for who in passers {
            let Some(holder) = all.get(*who) else { continue };
            let mut candidates: BTreeSet<usize> = BTreeSet::new();
            for pattern in near.patterns(holder, PASS) {
                let found: Vec<usize> = match pattern {
                    "*" => passed.clone(),
                    _ => near.roles(pattern).into_iter().filter(|i| by_service.contains_key(i)).collect(),
                };
                self.unasked += found.len().saturating_sub(FEW);
                candidates.extend(found.into_iter().take(FEW));
            }
            self.unasked += candidates.len().saturating_sub(FEW);
            for role in candidates.into_iter().take(FEW) {
                questions.push((*who, role, by_service.get(&role).cloned().unwrap_or_default()));
            }
        }
        self.unasked += questions.len().saturating_sub(QUESTIONS);
        questions.truncate(QUESTIONS);
        let ask = |(who, role, services): &(usize, usize, Vec<SmolStr>)| {
            let (holder, target) = (all.get(*who)?, all.get(*role)?);
            // Passing a role is no assumption of it: the trust policy has no say.
            let passed = Target {
                arns: vec![target.arn.as_smol().clone()],
                account: Arn::split(target.arn.as_str()).map(|a| a.account.into()),
                sides: Vec::new(),
                unknown: Vec::new(),
            };
            let mut to: Vec<(SmolStr, Allowed)> = Vec::new();
            let mut unknown = None;
            for service in services {
                let keys = [("iam:PassedToService".into(), vec![service.clone()])];
                match estate.may(holder, PASS, &passed, &keys) {
                    Ok(Some(allowed)) => to.push((service.clone(), allowed)),
                    Ok(None) => {}
                    Err(why) => unknown = Some(why),
                }
            }
            Some((*who, *role, to, unknown))
        };
        let answers: Vec<_> = questions.par_iter().filter_map(ask).collect();
        for (who, role, to, unknown) in answers {
            self.undecided.extend(unknown);
            let node = |i: usize| all.get(i).and_then(|h| self.by_resource.get(&h.id)).copied();
            let (Some(from), Some(target), Some((_, first))) = (node(who), node(role), to.first()) else { continue };
            let services = to.iter().map(|(service, _)| service.clone()).collect();
            self.edge(from, target, Edge { services, ..shown(EdgeKind::PassesRoleTo, PASS, first) });
        }
    }

    /// Which resource names which: by unknown values of it, or by its ARN.
    fn dependencies(&mut self) {
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

const ASSUME: &str = "sts:AssumeRole";
const PASS: &str = "iam:PassRole";
/// All ways in which a role is assumed.
const ASSUMPTIONS: [&str; 3] = [ASSUME, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// Actions that make a resource run.
const INVOKING: [&str; 8] = [
    "lambda:InvokeFunction",
    "lambda:InvokeFunctionUrl",
    "states:StartExecution",
    "states:StartSyncExecution",
    "execute-api:Invoke",
    "sns:Publish",
    "sqs:SendMessage",
    "events:PutEvents",
];

const ALL_LEVELS: [AccessLevel; 5] = [
    AccessLevel::List,
    AccessLevel::Read,
    AccessLevel::Write,
    AccessLevel::PermissionsManagement,
    AccessLevel::Tagging,
];

/// True if a service's actions are about resources whose ARNs name another service.
fn shares_arns(prefix: &str, service: &str, catalog: &Catalog) -> bool {
    let types = catalog.service(&prefix.to_ascii_lowercase());
    let arns = types.into_iter().flat_map(|s| &s.resource_types).flat_map(|t| &t.arns);
    arns.into_iter().any(|arn| arn.split(':').nth(2) == Some(service))
}

/// Those of a resource's ARNs that a pattern is about, as the question is asked of them.
fn meeting(pattern: &str, arn: &str) -> Vec<SmolStr> {
    with_parts(arn).into_iter().filter(|part| pattern == "*" || glob::may_meet(pattern, part)).collect()
}

/// An action of the statement to ask about: the first that is about the resource.
fn example_action(statement: &Statement, arns: &[SmolStr], catalog: &Catalog) -> Option<SmolStr> {
    let service = arns.first().and_then(|arn| Arn::split(arn)).map(|a| a.service)?;
    if statement.action.is_none() {
        let all = catalog.service(service)?.actions_matching("*").filter(|a| !a.resources.is_empty());
        let mut names = all.map(|a| SmolStr::from(format!("{service}:{}", a.name)));
        return names.find(|name| concerns(statement, name));
    }
    let patterns = statement.action.iter().flat_map(|l| &l.items).map(|i| i.text.as_str());
    for pattern in patterns {
        let name = match pattern.split_once(':') {
            Some((prefix, name)) if glob::matches_ignore_case(prefix, service) => name,
            None if pattern == "*" => "*",
            _ => continue,
        };
        if let Some(action) =
            catalog.service(service).and_then(|s| s.actions_matching(name).find(|a| !a.resources.is_empty()))
        {
            return Some(format!("{service}:{}", action.name).into());
        }
        if !glob::has_wildcard(pattern) {
            return Some(pattern.into());
        }
    }
    None
}

/// An edge that the engine has shown.
fn shown(kind: EdgeKind, action: &str, allowed: &Allowed) -> Edge {
    let first = allowed.grounds.iter().find(|g| !g.spares);
    let conditions: Vec<serde_json::Value> =
        allowed.grounds.iter().filter(|g| !g.spares).filter_map(|g| g.condition.clone()).collect();
    Edge {
        policy: first.and_then(|g| g.policy),
        statement: first.map(|g| g.statement),
        sid: first.and_then(|g| g.sid.clone()),
        actions: vec![action.to_owned()],
        condition: match conditions.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(serde_json::Value::Array(conditions)),
        },
        when: allowed.when.clone(),
        span: first.and_then(|g| g.span),
        ..Edge::new(kind)
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
