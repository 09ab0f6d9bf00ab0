//! Internal access: who inside the zone of trust gets at chosen resources, and how: by an identity-based policy, by the
//! resource's own policy, or by assuming roles; within boundaries, SCPs and RCPs.
//!
//! What one action asks is `graph::who_can`'s business. Here actions that no statement of the run tells apart are asked
//! for once, and answers for the same principal and path become one finding.
//!
//! Source: IAM User Guide, "Findings for internal access"; Access Analyzer API Reference, `InternalAccessDetails`.

mod finding;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use smol_str::{SmolStr, format_smolstr};

use crate::access::holders::{HolderKind, Holders, Policies};
use crate::access::reach::{Estate, Guardrails, Guards, Protection, fitting, with_parts};
use crate::access::settled::settled;
use crate::catalog::{AccessLevel, Action, Catalog, Service};
use crate::graph::who_can::{Able, Who, ask};
use crate::logic::engine::{Zone, concerns};
use crate::model::{Deployment, PolicyId, Resource, ResourceRef};
use crate::policy::{Arn, PolicyDocument, Statement, glob};
use crate::source::display_encoded;

pub use finding::{CODE, DOCUMENTATION, TITLE, findings, report_json};

/// Questions (resources × groups of actions × principals) that one run asks.
const QUESTIONS: usize = 5_000_000;

/// A principal that gets at a resource, in one way.
#[derive(Clone, Debug)]
pub struct InternalAccess {
    /// What it gets at.
    pub resource: ResourceRef,
    /// Its CloudFormation type, if a policy tells; else the type that the input gives it.
    pub resource_type: SmolStr,
    /// The account that owns it, with the symbol for one that isn't known; empty if nothing says.
    pub resource_account: SmolStr,
    /// Who.
    pub principal: ResourceRef,
    /// The principal's ARN.
    pub principal_arn: SmolStr,
    /// What it may do, sorted.
    pub actions: Vec<SmolStr>,
    /// The access levels of these.
    pub levels: BTreeSet<AccessLevel>,
    /// The conditions of the statements that allow it, as far as they say what a key is.
    pub condition: BTreeMap<SmolStr, String>,
    /// The path by which it gets there, for one of the actions.
    pub able: Able,
    /// True if service control policies were applied.
    pub under_scps: bool,
    /// True if resource control policies were applied.
    pub under_rcps: bool,
}

/// What the analysis found.
#[derive(Clone, Debug, Default)]
pub struct InternalAccessReport {
    /// By resource, and of each those with the shortest paths first.
    pub found: Vec<InternalAccess>,
    /// How many resources were looked at.
    pub resources: usize,
    /// What could not be analysed, and what was taken for granted.
    pub notices: Vec<String>,
}

/// The resources that a selector names: by id or address, by ARN or pattern of ARNs, or by type.
fn selected<'d>(deployment: &'d Deployment, selector: &str) -> Vec<&'d Resource> {
    let plain = settled(selector);
    let names = |r: &&Resource| {
        r.id.id == selector
            || r.id.resource_type.eq_ignore_ascii_case(selector)
            || r.arn.as_ref().is_some_and(|arn| {
                let shown = display_encoded(&settled(arn.as_str()));
                shown == plain || selector.starts_with("arn:") && glob::matches(&plain, &shown)
            })
    };
    deployment.resources.iter().filter(names).collect()
}

/// Finds who inside the zone gets at the resources that the selectors name.
///
/// # Errors
///
/// When a selector names nothing.
pub fn analyse(
    deployment: &Deployment,
    selectors: &[String],
    zone: &Zone,
    guardrails: &Guardrails,
    catalog: &Catalog,
) -> Result<InternalAccessReport, String> {
    let mut report = InternalAccessReport::default();
    let mut resources: Vec<&Resource> = Vec::new();
    let mut known: FxHashSet<&ResourceRef> = FxHashSet::default();
    for selector in selectors {
        let chosen = selected(deployment, selector);
        if chosen.is_empty() {
            return Err(format!("`{selector}` names no resource of the input"));
        }
        resources.extend(chosen.into_iter().filter(|r| known.insert(&r.id)));
    }
    let Some(policies) = Policies::new(deployment, &guardrails.scps, catalog) else { return Ok(report) };
    let holders = Holders::new(deployment, &policies);
    let guards = Guards::new(guardrails);
    let estate = Estate { deployment, catalog, policies: &policies, holders: &holders, guards: &guards };
    let protection = Protection::new(deployment);
    let mut documents: Vec<&PolicyDocument> = Vec::new();
    let mut seen: FxHashSet<*const PolicyDocument> = FxHashSet::default();
    for holder in &holders.all {
        let of_holder = holder.policies.iter().map(|p| p.compiled).chain(holder.boundary);
        documents.extend(of_holder.map(|p| p.document()).filter(|d| seen.insert(std::ptr::from_ref(*d))));
    }
    documents.extend(guardrails.scps.iter().chain(&guardrails.rcps).flatten());
    let acting = holders.all.iter().filter(|h| h.kind != HolderKind::Group && h.is_real).count();
    let mut asked = 0;
    let mut left_out = 0;
    for resource in resources {
        let Some(arn) = &resource.arn else {
            report.notices.push(format!("who gets at `{}` is not known: its ARN is not", resource.id.id));
            continue;
        };
        let arn = settled(arn.as_str());
        let own = protection.of(&resource.id).iter().filter_map(|id: &PolicyId| deployment.policies.get(id.0));
        let resource_type = own.clone().find_map(|p| p.resource_type.clone());
        let statements: Vec<&Statement> = documents
            .iter()
            .copied()
            .chain(own.filter_map(|p| p.document.as_ref()))
            .flat_map(|d| &d.statements)
            .collect();
        let groups = alike(&arn, &statements, catalog);
        let count = groups.len() * acting.max(1);
        if asked + count > QUESTIONS {
            left_out += 1;
            continue;
        }
        asked += count;
        report.resources += 1;
        let resource_type = resource_type.unwrap_or_else(|| resource.id.resource_type.clone());
        let resource_account = Arn::split(&arn).map(|a| SmolStr::new(a.account)).unwrap_or_default();
        let is_limited = Arn::split(&arn).is_some_and(|a| catalog.supports_rcp(a.service));
        let mut merged: FxHashMap<String, usize> = FxHashMap::default();
        for actions in groups {
            let Some(first) = actions.first() else { continue };
            let answer = match ask(&estate, &protection, first, &resource.id.id) {
                Ok(answer) => answer,
                Err(why) => {
                    report.notices.push(why);
                    break;
                }
            };
            for notice in answer.notices {
                if !report.notices.contains(&notice) {
                    report.notices.push(notice);
                }
            }
            for able in answer.able {
                let Who::Principal { id, arn, is_real: true } = &able.who else { continue };
                let account = Arn::split(arn).map_or("", |a| a.account);
                if !zone.accounts.iter().any(|own| own == account) {
                    continue;
                }
                let condition = conditions(&able);
                let roles: Vec<&str> =
                    able.path.iter().filter_map(|s| s.assumes.as_ref()).map(|r| r.id.as_str()).collect();
                let when = able.when.as_ref().map(ToString::to_string);
                let key = format!("{}\0{roles:?}\0{condition:?}\0{when:?}", id.id);
                let position = *merged.entry(key).or_insert_with(|| {
                    report.found.push(InternalAccess {
                        resource: resource.id.clone(),
                        resource_type: resource_type.clone(),
                        resource_account: resource_account.clone(),
                        principal: id.clone(),
                        principal_arn: arn.clone(),
                        actions: Vec::new(),
                        levels: BTreeSet::new(),
                        condition,
                        able: able.clone(),
                        under_scps: !guardrails.scps.is_empty(),
                        under_rcps: !guardrails.rcps.is_empty() && is_limited,
                    });
                    report.found.len() - 1
                });
                if let Some(access) = report.found.get_mut(position) {
                    access.actions.extend(actions.iter().cloned());
                }
            }
        }
    }
    for access in &mut report.found {
        access.actions.sort_unstable();
        access.actions.dedup();
        access.levels = access.actions.iter().filter_map(|a| Some(catalog.action(a)?.1.access_level)).collect();
    }
    if left_out > 0 {
        report.notices.push(format!(
            "{left_out} resources were left out: together they are more than {QUESTIONS} questions; name fewer"
        ));
    }
    Ok(report)
}

/// The actions that concern the resource and that some statement may allow, those together that no statement tells apart.
fn alike(arn: &str, statements: &[&Statement], catalog: &Catalog) -> Vec<Vec<SmolStr>> {
    let parts = with_parts(arn);
    let Some(name) = Arn::split(arn).map(|a| a.service) else { return Vec::new() };
    let mut groups: BTreeMap<u64, Vec<SmolStr>> = BTreeMap::new();
    // A role is used by a service of its own.
    let services = [name].into_iter().chain((name == "iam").then_some("sts"));
    for service in services.filter_map(|s| catalog.service(s)) {
        for action in service.actions.iter().filter(|a| is_about(service, a, &parts)) {
            let action = format_smolstr!("{}:{}", service.prefix, action.name);
            let mut hasher = FxHasher::default();
            fitting(parts.clone(), &action, catalog).hash(&mut hasher);
            let mut allows = false;
            for (number, statement) in statements.iter().enumerate().filter(|(_, s)| concerns(s, &action)) {
                number.hash(&mut hasher);
                allows |= statement.is_allow();
            }
            if allows {
                groups.entry(hasher.finish()).or_default().push(action);
            }
        }
    }
    let mut groups: Vec<Vec<SmolStr>> = groups.into_values().collect();
    groups.sort_unstable();
    groups
}

/// True if the action is about resources of that kind.
fn is_about(service: &Service, action: &Action, arns: &[SmolStr]) -> bool {
    let types = action.resources.iter().filter_map(|r| service.resource_type(&r.name));
    types.flat_map(|t| &t.arns).any(|format| {
        let mut pattern = String::new();
        let mut rest = format.as_str();
        while let Some((before, after)) = rest.split_once("${") {
            pattern.push_str(before);
            pattern.push('*');
            rest = after.split_once('}').map_or("", |(_, after)| after);
        }
        pattern.push_str(rest);
        arns.iter().any(|arn| match (Arn::split(&pattern), Arn::split(arn)) {
            // Field by field: what stands for a name may hold colons, and a Region may not.
            (Some(p), Some(a)) => {
                p.service == a.service
                    && (p.region.is_empty() == a.region.is_empty())
                    && (p.account.is_empty() == a.account.is_empty())
                    && glob::meet(p.resource, a.resource)
            }
            _ => false,
        })
    })
}

/// What the statements on the way say of keys, but for what they exclude.
fn conditions(able: &Able) -> BTreeMap<SmolStr, String> {
    let mut keys: BTreeMap<SmolStr, BTreeSet<String>> = BTreeMap::new();
    let grounds = able.path.iter().flat_map(|s| &s.allowed.grounds).filter(|g| !g.spares);
    for condition in grounds.filter_map(|g| g.condition.as_ref()?.as_object()) {
        for (operator, of_keys) in condition {
            let name = operator.to_ascii_lowercase();
            if name.contains("not") || name.contains("null") {
                continue;
            }
            for (key, values) in of_keys.as_object().into_iter().flatten() {
                let all = keys.entry(key.as_str().into()).or_default();
                match values {
                    serde_json::Value::Array(items) => all.extend(items.iter().map(text)),
                    one => all.extend([text(one)]),
                }
            }
        }
    }
    keys.into_iter().map(|(key, values)| (key, values.into_iter().collect::<Vec<_>>().join(", "))).collect()
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
