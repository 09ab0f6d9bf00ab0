//! The JSON view of a deployment that rules read, and the way back from a place in it to the source.
//!
//! ```json
//! {
//!   "policies": [{
//!     "id": "template.yaml#Role.Policies[0]", "resource": {"id": "Role", "type": "AWS::IAM::Role"},
//!     "name": "inline", "policyType": "IDENTITY_POLICY", "resourceType": null,
//!     "attachedTo": [{"id": "Role", "type": "AWS::IAM::Role"}],
//!     "statements": [{
//!       "sid": null, "effect": "Allow", "principals": [{"type": "AWS", "value": "*"}], "notPrincipals": [],
//!       "actions": ["s3:GetObject"], "notActions": [], "resources": ["*"], "notResources": [],
//!       "conditions": [{"operator": "StringEquals", "key": "aws:PrincipalOrgID", "values": ["o-1"]}]
//!     }]
//!   }],
//!   "principals": [{
//!     "id": "Role", "type": "AWS::IAM::Role", "kind": "role", "name": "…", "arn": "…",
//!     "permissionsBoundary": null, "managedPolicies": ["arn:…"], "groups": [], "trustPolicy": "template.yaml#…"
//!   }],
//!   "resources": [{"id": "Bucket", "type": "AWS::S3::Bucket", "arn": "…", "properties": {}}]
//! }
//! ```
//!
//! Every list is there, if empty; strings that hold unknown values have them as `${name}`.

use serde_json::{Value, json};

use crate::model::{Deployment, Policy, PolicyId, Principal, ResourceRef};
use crate::policy::{Effect, PolicyPath, PrincipalElement, PrincipalKind, Statement, StringList};
use crate::source::{Node, Span};

/// The view of a deployment.
///
/// `policy_id` gives the id under which the report lists a policy.
pub fn of(deployment: &Deployment, policy_id: &dyn Fn(PolicyId) -> String) -> Value {
    let policies = deployment.policies.iter().enumerate().map(|(i, p)| policy(p, policy_id(PolicyId(i))));
    let principals = deployment.principals.iter().map(|p| principal(p, policy_id));
    let resources = deployment.resources.iter().map(|r| {
        json!({
            "id": r.id.id,
            "type": r.id.resource_type,
            "arn": r.arn.as_ref().map(ToString::to_string),
            "properties": r.properties.as_ref().map_or(Value::Null, Node::to_json),
        })
    });
    json!({
        "policies": policies.collect::<Vec<_>>(),
        "principals": principals.collect::<Vec<_>>(),
        "resources": resources.collect::<Vec<_>>(),
    })
}

fn policy(policy: &Policy, id: String) -> Value {
    let statements = policy.document.iter().flat_map(|d| &d.statements).map(statement);
    json!({
        "id": id,
        "resource": policy.resource,
        "name": policy.name,
        "policyType": policy.policy_type.as_str(),
        "resourceType": policy.resource_type,
        "attachedTo": policy.attached_to,
        "statements": statements.collect::<Vec<_>>(),
    })
}

fn statement(statement: &Statement) -> Value {
    let strings = |list: &Option<StringList>| -> Vec<String> {
        list.iter().flat_map(|l| &l.items).map(|i| i.text.display()).collect()
    };
    let conditions = statement.conditions.iter().flat_map(|block| {
        block.keys.iter().map(|key| {
            json!({
                "operator": block.operator_text,
                "key": key.name.display(),
                "values": key.values.iter().map(|v| v.text.display()).collect::<Vec<_>>(),
            })
        })
    });
    json!({
        "sid": statement.sid.as_ref().map(|s| s.text.display()),
        "effect": statement.effect.map(|e| match e { Effect::Allow => "Allow", Effect::Deny => "Deny" }),
        "principals": statement.principal.as_ref().map_or_else(Vec::new, principal_values),
        "notPrincipals": statement.not_principal.as_ref().map_or_else(Vec::new, principal_values),
        "actions": strings(&statement.action),
        "notActions": strings(&statement.not_action),
        "resources": strings(&statement.resource),
        "notResources": strings(&statement.not_resource),
        "conditions": conditions.collect::<Vec<_>>(),
    })
}

fn principal_values(element: &PrincipalElement) -> Vec<Value> {
    match &element.kind {
        PrincipalKind::Text(text) => vec![json!({"type": "*", "value": text.display()})],
        PrincipalKind::Map(lists) => lists
            .iter()
            .flat_map(|l| l.items.iter().map(|i| json!({"type": l.element, "value": i.text.display()})))
            .collect(),
        PrincipalKind::Other => Vec::new(),
    }
}

fn principal(principal: &Principal, policy_id: &dyn Fn(PolicyId) -> String) -> Value {
    json!({
        "id": principal.id.id,
        "type": principal.id.resource_type,
        "kind": principal.kind,
        "name": principal.name.display(),
        "arn": principal.arn.display(),
        "permissionsBoundary": principal.permissions_boundary.as_ref().map(|b| b.arn.display()),
        "managedPolicies": principal.managed_policies.iter().map(|m| m.arn.display()).collect::<Vec<_>>(),
        "groups": principal.groups,
        "trustPolicy": principal.trust_policy.map(policy_id),
        "policies": principal.policies.iter().map(|p| policy_id(*p)).collect::<Vec<_>>(),
    })
}

/// What a place in the view stands for.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// The policy it lies in.
    pub policy: Option<PolicyId>,
    /// The resource or principal it lies in, or that holds the policy.
    pub resource: Option<ResourceRef>,
    /// The place within the policy document.
    pub path: PolicyPath,
    /// Where it is written, as closely as is known.
    pub span: Option<Span>,
}

/// Finds the source of a place given as the rule engine writes it: `/policies/0/statements/1/actions/0`.
pub fn locate(deployment: &Deployment, pointer: &str) -> Place {
    let mut steps = pointer.split('/').filter(|s| !s.is_empty());
    let collection = steps.next().unwrap_or_default();
    let index: Option<usize> = steps.next().and_then(|s| s.parse().ok());
    match (collection, index) {
        ("policies", Some(i)) => match deployment.policies.get(i) {
            Some(policy) => locate_in_policy(policy, PolicyId(i), steps),
            None => Place::default(),
        },
        ("principals", Some(i)) => deployment.principals.get(i).map_or_else(Place::default, |p| {
            let block = deployment.resources.iter().find(|r| r.id == p.id && r.input == p.input);
            Place { resource: Some(p.id.clone()), span: block.and_then(|r| r.span), ..Place::default() }
        }),
        ("resources", Some(i)) => deployment.resources.get(i).map_or_else(Place::default, |r| {
            let keys: Vec<&str> = steps.collect();
            let property = match keys.split_first() {
                Some((&"properties", keys)) => deepest(r.properties.as_ref(), keys),
                _ => None,
            };
            Place { resource: Some(r.id.clone()), span: property.or(r.span), ..Place::default() }
        }),
        _ => Place::default(),
    }
}

/// The span of the last of the keys that exists.
fn deepest(root: Option<&Node>, keys: &[&str]) -> Option<Span> {
    let mut node = root?;
    for key in keys {
        let next = match node.as_sequence() {
            Some(items) => key.parse::<usize>().ok().and_then(|i| items.get(i)),
            None => node.get(key),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    Some(node.span)
}

fn locate_in_policy<'a>(policy: &Policy, id: PolicyId, mut steps: impl Iterator<Item = &'a str>) -> Place {
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
        Some("actions") => &statement.action,
        Some("notActions") => &statement.not_action,
        Some("resources") => &statement.resource,
        Some("notResources") => &statement.not_resource,
        Some("principals" | "notPrincipals") => {
            let elements = if element == Some("principals") { &statement.principal } else { &statement.not_principal };
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
        _ => return place,
    };
    if let Some(list) = list {
        place.path = place.path.key(list.element.clone());
        place.span = Some(list.span);
        if let Some(item) = index.and_then(|i| list.items.get(i)) {
            place.path = statement.item_path(list, item);
            place.span = Some(item.span);
        }
    }
    place
}
