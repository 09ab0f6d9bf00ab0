//! From a place in the view, as the rule engine writes it (`/policies/0/statements/1/actions/0`), back to the source.

use crate::finding::Location;
use crate::model::{Policy, PolicyId, Principal, Resource, ResourceRef};
use crate::policy::PolicyPath;
use crate::source::{Node, Span};

use super::Fact;
use super::view::View;

/// What a place in the view stands for.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    /// The policy it lies in.
    pub policy: Option<PolicyId>,
    /// The resource or principal it lies in, or that holds the policy.
    pub resource: Option<ResourceRef>,
    /// Within the policy document.
    pub path: PolicyPath,
    /// Where it is written, as closely as is known.
    pub span: Option<Span>,
}

/// Finds the source of a place.
pub(super) fn locate(view: &View<'_>, pointer: &str) -> Place {
    let mut steps = pointer.split('/').filter(|s| !s.is_empty());
    let collection = steps.next().unwrap_or_default();
    let Some(index) = steps.next().and_then(|s| s.parse::<usize>().ok()) else { return Place::default() };
    let keys: Vec<&str> = steps.collect();
    let deployment = view.deployment;
    let found = match collection {
        "policies" => view.policies.get(index).and_then(|id| {
            let policy = deployment.policies.get(id.0)?;
            Some(in_policy(policy, *id, keys.into_iter()))
        }),
        "principals" => deployment.principals.get(index).map(|p| in_principal(p, view.resource_of(p), &keys)),
        "resources" => deployment.resources.get(index).map(|r| in_resource(r, &keys)),
        "externalAccess" => view.context.external_access.get(index).map(|fact| of_fact(view, fact)),
        "edges" => view.context.edges.get(index).map(|fact| of_fact(view, fact)),
        _ => None,
    };
    found.unwrap_or_default()
}

fn of_fact(view: &View<'_>, fact: &Fact) -> Place {
    let policy = fact.policy.and_then(|id| view.deployment.policies.get(id.0));
    let first: Option<&Location> = fact.locations.first();
    Place {
        // A policy that is only referred to is written nowhere in the inputs.
        policy: fact.policy.filter(|_| policy.is_some_and(|p| p.is_own)),
        resource: policy.map(|p| p.resource.clone()),
        path: first.map(|l| l.path.clone()).unwrap_or_default(),
        span: first.and_then(|l| l.span).or_else(|| policy?.span),
    }
}

fn in_principal(principal: &Principal, block: Option<&Resource>, keys: &[&str]) -> Place {
    let properties = block.and_then(|r| r.properties.as_ref());
    let property = |names: [&str; 2]| names.iter().find_map(|n| properties?.get(n)).map(|n| n.span);
    let span = match keys {
        ["permissionsBoundary", ..] => principal.permissions_boundary.as_ref().and_then(|b| b.span),
        ["managedPolicies", i, ..] => {
            i.parse::<usize>().ok().and_then(|i| principal.managed_policies.get(i)).and_then(|m| m.span)
        }
        ["path", ..] => property(["Path", "path"]),
        ["tags", ..] => property(["Tags", "tags"]),
        ["name", ..] => property(["RoleName", "name"]).or_else(|| property(["UserName", "GroupName"])),
        _ => None,
    };
    Place { resource: Some(principal.id.clone()), span: span.or(block.and_then(|r| r.span)), ..Place::default() }
}

fn in_resource(resource: &Resource, keys: &[&str]) -> Place {
    let property = match keys.split_first() {
        Some((&"properties", [])) | None => None,
        Some((&"properties", keys)) => deepest(resource.properties.as_ref(), keys),
        Some(_) => None,
    };
    Place { resource: Some(resource.id.clone()), span: property.or(resource.span), ..Place::default() }
}

/// The span of the last of the keys that exists.
fn deepest(root: Option<&Node>, keys: &[&str]) -> Option<Span> {
    let mut node = root?;
    for (depth, key) in keys.iter().enumerate() {
        let next = match node.as_sequence() {
            Some(items) => key.parse::<usize>().ok().and_then(|i| items.get(i)),
            None => node.get(key),
        };
        match next {
            Some(next) => node = next,
            // Nothing of what was asked for is written: the resource says more than all of its properties.
            None if depth == 0 => return None,
            None => break,
        }
    }
    Some(node.span)
}

fn in_policy<'a>(policy: &Policy, id: PolicyId, mut steps: impl Iterator<Item = &'a str>) -> Place {
    let mut place = Place {
        policy: Some(id),
        resource: Some(policy.resource.clone()),
        path: PolicyPath::root(),
        span: policy.document.as_ref().map(|d| d.root().span).or(policy.span),
    };
    if steps.next() != Some("statements") {
        return place;
    }
    let statement = steps.next().and_then(|s| s.parse::<usize>().ok());
    let Some(statement) = statement.and_then(|i| policy.document.as_ref()?.statements.get(i)) else { return place };
    place.path = statement.path();
    place.span = Some(statement.span);
    let element = steps.next();
    let index: Option<usize> = steps.next().and_then(|s| s.parse().ok());
    let list = match element {
        Some("actions" | "allActions" | "covers" | "services") => {
            statement.action.as_ref().or(statement.not_action.as_ref())
        }
        Some("notActions") => statement.not_action.as_ref(),
        Some("resources" | "allResources") => statement.resource.as_ref(),
        Some("notResources") => statement.not_resource.as_ref(),
        Some("principals" | "notPrincipals" | "anyone") => {
            let elements = match element {
                Some("notPrincipals") => &statement.not_principal,
                _ => &statement.principal,
            };
            if let Some(element) = elements {
                let values = || element.lists().iter().flat_map(|l| l.items.iter().map(move |i| (l, i)));
                place.path = place.path.key(element.element);
                place.span = Some(element.span);
                if let Some((list, item)) = index.and_then(|i| values().nth(i)) {
                    place.path = place.path.key(list.element.clone()).maybe_index(item.index);
                    place.span = Some(item.span);
                }
            }
            return place;
        }
        Some("conditions") => {
            let keys = || statement.conditions.iter().flat_map(|b| b.keys.iter().map(move |k| (b, k)));
            if let Some((block, key)) = index.and_then(|i| keys().nth(i)) {
                place.path = key.path(&block.path(&statement.path()));
                place.span = Some(key.name_span);
            }
            return place;
        }
        _ => None,
    };
    // `covers` and `services` are about the list; their own positions mean nothing in the source.
    let own = matches!(element, Some("actions" | "notActions" | "resources" | "notResources"));
    if let Some(list) = list {
        place.path = place.path.key(list.element.clone());
        place.span = Some(list.span);
        if let Some(item) = index.filter(|_| own).and_then(|i| list.items.get(i)) {
            place.path = statement.item_path(list, item);
            place.span = Some(item.span);
        }
    }
    place
}
