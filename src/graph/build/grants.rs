//! What policies grant: the edges of identity-based policies, and of the policies of resources.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::super::model::{Edge, EdgeKind, NodeKind};
use super::super::resources::Meets;
use super::{Builder, FEW, TRIED};
use crate::access::kind_of;
use crate::access::reach::{Protection, Stranger, Target, caller, with_parts};
use crate::access::settled::settled;
use crate::catalog::{AccessLevel, Catalog};
use crate::logic::engine::{CompiledPolicy, Ties, Wanted, concerns, reaches};
use crate::logic::evaluate::PolicyKind;
use crate::model::PolicyId;
use crate::policy::{Arn, PolicyDocument, Statement, glob};
use crate::source::{self, Span};

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

/// A managed policy that stands in no input, and who holds it: positions of holder and attachment.
struct NamedByArn<'a> {
    compiled: &'a CompiledPolicy,
    named_at: Option<Span>,
    held_by: Vec<(usize, usize)>,
}

impl<'a> Builder<'_, 'a> {
    /// The access levels of an action pattern.
    pub(super) fn levels(&mut self, pattern: &str) -> BTreeSet<AccessLevel> {
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
    pub(super) fn identity_grants(&mut self) {
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

    pub(super) fn statement_edge(
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
    pub(super) fn resource_policies(&mut self, protection: &Protection) {
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
}

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
