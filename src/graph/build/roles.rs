//! Roles: whom they trust, who can assume them, and who can pass them to which service.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::super::model::{Edge, EdgeKind, NodeKind};
use super::super::role_patterns::{RolePatterns, Trying};
use super::{Builder, FEW, QUESTIONS, QUESTIONS_EACH};
use crate::access::holders::{Holder, HolderKind};
use crate::access::reach::{Allowed, Protection, Stranger, Target};
use crate::access::settled::settled;
use crate::logic::engine::concerns;
use crate::model::When;
use crate::policy::Arn;
use crate::source;

const ASSUME: &str = "sts:AssumeRole";

const PASS: &str = "iam:PassRole";

/// All ways in which a role is assumed.
const ASSUMPTIONS: [&str; 3] = [ASSUME, "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

impl<'a> Builder<'_, 'a> {
    /// Whom roles trust, who can assume them, who can pass them, and what runs as them.
    pub(super) fn roles(&mut self, protection: &Protection) {
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
