//! Risks: what a principal can do to resources that nobody has named, by all its policies, its boundary and the SCPs taken
//! together. An action counts if it is allowed on a resource of a name that occurs nowhere: whoever is limited to resources by
//! name or path is not found, whatever single statements say.

mod categories;
mod finding;

use std::collections::BTreeMap;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use crate::access::holders::{Holder, HolderKind, Holders, Policies};
use crate::analysis::escalation::Done;
use crate::catalog::{Action, Catalog, Service};
use crate::logic::engine::{Permissions, Ties, Wanted, concerns, permitted};
use crate::logic::evaluate::{PolicyKind, applies};
use crate::logic::{Caller, Context, Request};
use crate::model::{Deployment, ResourceRef, When};
use crate::policy::glob::may_meet;
use crate::policy::{Arn, PolicyDocument, Statement};
use crate::source::{Shape, Symbol, SymbolInfo, SymbolKind, Text};

pub use categories::Category;
pub use finding::{findings, report_json};

/// A risk that a principal is.
#[derive(Clone, Debug)]
pub struct Risk {
    /// Who; a group or a managed policy stands for whoever has it.
    pub principal: ResourceRef,
    /// Of which kind.
    pub category: Category,
    /// The actions that are allowed on resources that nobody has named, sorted.
    pub actions: Vec<SmolStr>,
    /// One of them, and the statement that allows it.
    pub example: Done,
    /// The undecided conditions under which it is so.
    pub when: Option<When>,
}

/// Actions of one statement and category about which the engine is asked, where no plain request is allowed.
const ASKED: usize = 20;

/// Finds the risks that the principals of a deployment are, under SCPs, level by level from the root.
pub fn analyse(deployment: &Deployment, scps: &[Vec<PolicyDocument>], catalog: &Catalog) -> Vec<Risk> {
    let Some(policies) = Policies::new(deployment, scps, catalog) else { return Vec::new() };
    let holders = Holders::new(deployment, &policies);
    let acting: Vec<&Holder<'_>> = holders.all.iter().filter(|h| h.kind != HolderKind::Group).collect();
    // Holders of the same permissions are asked about once.
    let mut first: FxHashMap<u64, &Holder<'_>> = FxHashMap::default();
    for holder in &acting {
        first.entry(holder.signature).or_insert(holder);
    }
    let distinct: Vec<(u64, &Holder<'_>)> = first.into_iter().collect();
    let known: FxHashMap<u64, Actions> =
        distinct.par_iter().map(|(signature, holder)| (*signature, allowed(holder, &policies, catalog))).collect();
    let mut found: BTreeMap<(usize, Category), Risk> = BTreeMap::new();
    let mut seen: FxHashMap<(ResourceRef, Category), usize> = FxHashMap::default();
    for (number, holder) in acting.iter().enumerate() {
        for (category, actions) in known.get(&holder.signature).into_iter().flatten() {
            let at = *seen.entry((holder.id.clone(), *category)).or_insert(number);
            if let Some(risk) = found.get_mut(&(at, *category)) {
                // Found already under other conditions.
                risk.when = None;
                continue;
            }
            let permissions = holder.permissions(policies.limits());
            let example = actions.iter().find_map(|action| may(holder, &permissions, action, true, catalog));
            let Some(example) = example else { continue };
            let risk = Risk {
                principal: holder.id.clone(),
                category: *category,
                actions: actions.clone(),
                example,
                when: holder.when.clone(),
            };
            found.insert((at, *category), risk);
        }
    }
    found.into_values().collect()
}

type Actions = BTreeMap<Category, Vec<SmolStr>>;

/// What a holder may do to resources that nobody has named.
fn allowed(holder: &Holder<'_>, policies: &Policies, catalog: &Catalog) -> Actions {
    let permissions = holder.permissions(policies.limits());
    let mut found = Actions::new();
    let mut seen: FxHashSet<SmolStr> = FxHashSet::default();
    for statement in permissions.policies.iter().flat_map(|p| &p.document().statements).filter(|s| s.is_allow()) {
        let mut asked = [0; Category::ALL.len()];
        for (service, action) in spoken_of(statement, catalog) {
            let name = SmolStr::from(format!("{}:{}", service.prefix, action.name));
            let limitable = !action.resources.is_empty();
            let of = Category::ALL.iter().enumerate().filter(|(_, c)| c.holds(&name, action.access_level, limitable));
            let of: Vec<(usize, Category)> = of.map(|(number, category)| (number, *category)).collect();
            if of.is_empty() || seen.contains(&name) {
                continue;
            }
            // The engine is asked only while nothing of the category is found otherwise.
            let exactly = of.iter().any(|(number, c)| !found.contains_key(c) && asked[*number] < ASKED);
            if exactly {
                of.iter().for_each(|(number, _)| asked[*number] += 1);
            }
            if may(holder, &permissions, &name, exactly, catalog).is_some() {
                seen.insert(name.clone());
                of.iter().for_each(|(_, category)| found.entry(*category).or_default().push(name.clone()));
            }
        }
    }
    found.values_mut().for_each(|actions| actions.sort_unstable());
    found
}

/// The real actions that a statement speaks of.
fn spoken_of<'c>(
    statement: &'c Statement,
    catalog: &'c Catalog,
) -> Box<dyn Iterator<Item = (&'c Service, &'c Action)> + 'c> {
    let all = || catalog.prefixes().filter_map(|p| catalog.service(p));
    match &statement.action {
        Some(list) => Box::new(list.items.iter().flat_map(move |item| {
            let text = item.text.as_str();
            let (prefix, name) = text.split_once(':').unwrap_or((text, "*"));
            let services: Vec<&Service> = match prefix.contains(['*', '?']) {
                true => all().collect(),
                false => catalog.service(&prefix.to_ascii_lowercase()).into_iter().collect(),
            };
            services.into_iter().flat_map(move |s| s.actions_matching(name).map(move |a| (s, a)))
        })),
        None => Box::new(
            all()
                .flat_map(|s| s.actions.iter().map(move |a| (s, a)))
                .filter(|(s, a)| concerns(statement, &format!("{}:{}", s.prefix, a.name))),
        ),
    }
}

/// Whether the action is allowed on a resource that nobody has named. `exactly`: the engine is asked, too, which takes conditions
/// as met that can be.
fn may(
    holder: &Holder<'_>,
    permissions: &Permissions<'_>,
    action: &str,
    exactly: bool,
    catalog: &Catalog,
) -> Option<Done> {
    let account = Arn::split(holder.arn.as_str()).map(|a| SmolStr::new(a.account)).unwrap_or_default();
    let (service, known) = catalog.action(action)?;
    let types = known.resources.iter().filter_map(|r| service.resource_type(&r.name));
    let formats: Vec<&SmolStr> = types.flat_map(|t| &t.arns).collect();
    let nameless = nobody();
    let filled = |region: &str| -> Vec<SmolStr> {
        match formats.is_empty() {
            true => vec!["*".into()],
            false => formats.iter().map(|format| fill(format, region, &account, &nameless)).collect(),
        }
    };
    let caller = holder.caller.clone();
    let done = |request: Request| {
        let grant = permissions.policies.iter().zip(&holder.policies).find_map(|(compiled, attached)| {
            let document = compiled.document();
            let allows = |s: &Statement| s.is_allow() && applies(s, document.version, PolicyKind::Identity, &request);
            Some((attached, document.statements.iter().position(allows)?))
        });
        let (attached, statement) = grant?;
        Some(Done {
            policy: attached.id,
            policy_name: attached.name.clone(),
            named_at: attached.named_at,
            statement,
            request: request.clone(),
        })
    };
    for resource in filled("us-east-1") {
        let request = Request {
            caller: caller
                .clone()
                .unwrap_or(Caller::Role { arn: holder.arn.as_smol().clone(), session: "example".into() }),
            action: format!("{}:{}", service.prefix, known.name).into(),
            resource,
            resource_account: None,
            context: Context::default(),
        };
        if permissions.allow(&request) {
            return done(request);
        }
    }
    // The engine is worth asking where a statement has a condition, or leaves out no more than the Region.
    let open = filled("*");
    let perhaps = |s: &Statement| {
        let meets = |pattern: &str| open.iter().any(|resource| may_meet(pattern, resource));
        s.resource
            .as_ref()
            .is_none_or(|list| list.items.iter().any(|i| i.text.as_str() == "*" || meets(i.text.as_str())))
    };
    let statements = permissions.policies.iter().flat_map(|p| &p.document().statements);
    if !exactly || !statements.into_iter().any(|s| s.is_allow() && concerns(s, action) && perhaps(s)) {
        return None;
    }
    let wanted = Wanted { caller, action: action.into(), resources: open, keys: Vec::new() };
    let permitted = permitted(permissions, &wanted, Ties::Tied, &|_| true).ok().flatten()?;
    done(permitted.request)
}

/// The name of a resource that nobody has named.
fn nobody() -> SmolStr {
    let symbol = Symbol::intern(SymbolInfo {
        scope: SmolStr::default(),
        name: "any name".into(),
        kind: SymbolKind::External,
        shape: Shape::Name,
        sensitive: false,
    });
    Text::symbol(symbol).as_smol().clone()
}

/// An ARN format of the service data with a name that nobody has given for what it leaves open.
fn fill(format: &str, region: &str, account: &str, name: &str) -> SmolStr {
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once("${") {
        let (variable, tail) = after.split_once('}').unwrap_or((after, ""));
        text.push_str(before);
        text.push_str(match variable {
            "Partition" => "aws",
            "Region" => region,
            "Account" => account,
            _ => name,
        });
        rest = tail;
    }
    text.push_str(rest);
    text.into()
}
