//! The JSON view of a deployment that rules read. What it holds is the interface of every rule file: `docs/rules.md`
//! describes it, and what is added here is added there. The way back from a place in the view to the source is in
//! `super::place`.
//!
//! Every list is there, if empty; strings that hold unknown values have them as `${name}`.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::Context;
use super::rule_file::RuleFile;
use crate::model::{Deployment, InputId, Policy, PolicyId, PolicyStatus, Principal, Resource, ResourceRef};
use crate::policy::{
    BaseOperator, ConditionBlock, ConditionKey, Effect, PrincipalElement, PrincipalKind, SetOperator, Statement,
    StringList, glob,
};
use crate::source::{Node, NodeKind, Text};

/// The collections of the view, by their names.
pub const COLLECTIONS: [&str; 5] = ["policies", "principals", "resources", "externalAccess", "edges"];

/// A deployment, ready to be shown to rules.
pub struct View<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) context: &'a Context<'a>,
    /// The policies shown, in order: those that the inputs define.
    pub(super) policies: Vec<PolicyId>,
    resources: FxHashMap<(InputId, &'a ResourceRef), usize>,
    /// The principals that have a policy, inline or attached.
    holders: FxHashMap<PolicyId, Vec<&'a ResourceRef>>,
}

impl<'a> View<'a> {
    /// The view of a deployment.
    pub fn new(deployment: &'a Deployment, context: &'a Context<'a>) -> View<'a> {
        let policies = deployment.policies.iter().enumerate().filter(|(_, p)| p.is_own).map(|(i, _)| PolicyId(i));
        let resources = deployment.resources.iter().enumerate().map(|(i, r)| ((r.input, &r.id), i));
        let mut holders: FxHashMap<PolicyId, Vec<&ResourceRef>> = FxHashMap::default();
        for principal in &deployment.principals {
            for policy in &principal.policies {
                holders.entry(*policy).or_default().push(&principal.id);
            }
        }
        View { deployment, context, policies: policies.collect(), resources: resources.collect(), holders }
    }

    /// The resource that defines a principal.
    pub(super) fn resource_of(&self, principal: &'a Principal) -> Option<&'a Resource> {
        self.resources.get(&(principal.input, &principal.id)).and_then(|i| self.deployment.resources.get(*i))
    }

    /// The view as these rules see it: `covers` speaks of the actions that they name, and collections that none of
    /// them reads are left out.
    pub fn json(&self, rules: &[&RuleFile]) -> Value {
        let mut actions: Vec<&str> = rules.iter().flat_map(|r| r.actions()).collect();
        actions.sort_unstable();
        actions.dedup();
        let mut view = Map::new();
        for collection in COLLECTIONS.into_iter().filter(|c| rules.is_empty() || rules.iter().any(|r| r.reads(c))) {
            let mut value: Vec<Value> = match collection {
                "policies" => self.policies.iter().filter_map(|id| self.policy(*id, &actions)).collect(),
                "principals" => self.deployment.principals.iter().map(|p| self.principal(p)).collect(),
                "resources" => self.deployment.resources.iter().map(resource).collect(),
                "externalAccess" => self.context.external_access.iter().map(|access| access.json.clone()).collect(),
                _ => self.context.edges.iter().map(|edge| edge.json.clone()).collect(),
            };
            if !rules.is_empty() && !["externalAccess", "edges"].contains(&collection) {
                let named = |field: &str| rules.iter().any(|r| r.names(field));
                value.iter_mut().for_each(|item| keep_fields(item, &named));
            }
            view.insert(collection.to_owned(), Value::Array(value));
        }
        Value::Object(view)
    }

    fn policy_id(&self, id: PolicyId) -> &str {
        self.context.policy_ids.get(id.0).map_or("", String::as_str)
    }

    fn policy(&self, id: PolicyId, actions: &[&str]) -> Option<Value> {
        let policy = self.deployment.policies.get(id.0)?;
        let denied = denied_to_all(policy);
        let statements = policy.document.iter().flat_map(|d| &d.statements);
        let mut attached: Vec<&ResourceRef> = policy.attached_to.iter().collect();
        for holder in self.holders.get(&id).into_iter().flatten() {
            if !attached.contains(holder) {
                attached.push(holder);
            }
        }
        Some(json!({
            "id": self.policy_id(id),
            "resource": policy.resource,
            "name": policy.name,
            "policyType": policy.policy_type.as_str(),
            "resourceType": policy.resource_type,
            "attachedTo": attached,
            "status": policy.status(),
            "analysed": policy.status() == PolicyStatus::Analysed,
            "when": policy.when.as_ref().map(ToString::to_string),
            "statements": statements.map(|s| statement(s, actions, &denied)).collect::<Vec<_>>(),
        }))
    }

    fn principal(&self, principal: &'a Principal) -> Value {
        let properties = self.resource_of(principal).and_then(|r| r.properties.as_ref());
        let path = properties.and_then(|p| p.get("Path").or_else(|| p.get("path"))).and_then(Node::as_text);
        json!({
            "id": principal.id.id,
            "type": principal.id.resource_type,
            "kind": principal.kind,
            "name": principal.name.display(),
            "isNamed": principal.name.known().is_some(),
            "path": path.map_or_else(|| "/".to_owned(), Text::display),
            "arn": principal.arn.display(),
            "tags": tags(properties),
            "permissionsBoundary": principal.permissions_boundary.as_ref().map(|b| b.arn.display()),
            "managedPolicies": principal.managed_policies.iter().map(|m| m.arn.display()).collect::<Vec<_>>(),
            "groups": principal.groups,
            "trustPolicy": principal.trust_policy.map(|id| self.policy_id(id)),
            "policies": principal.policies.iter().map(|id| self.policy_id(*id)).collect::<Vec<_>>(),
            "when": principal.when.as_ref().map(ToString::to_string),
        })
    }
}

/// Leaves out the fields of the view that no rule names: the engine copies what it walks over. Maps whose keys come from the
/// input stay whole.
fn keep_fields(value: &mut Value, named: &impl Fn(&str) -> bool) {
    match value {
        Value::Object(map) => {
            map.retain(|field, _| named(field));
            let whole = |field: &str| field == "properties" || field == "tags";
            map.iter_mut().filter(|(field, _)| !whole(field)).for_each(|(_, v)| keep_fields(v, named));
        }
        Value::Array(items) => items.iter_mut().for_each(|v| keep_fields(v, named)),
        _ => {}
    }
}

fn resource(resource: &Resource) -> Value {
    let properties = resource.properties.as_ref();
    json!({
        "id": resource.id.id,
        "type": resource.id.resource_type,
        "arn": resource.arn.as_ref().map(ToString::to_string),
        "tags": tags(properties),
        "properties": properties.map_or(Value::Null, |p| bounded(p, DEPTH)),
        "when": resource.when.as_ref().map(ToString::to_string),
    })
}

/// The levels of properties that rules see: the engine reads no more than 128 of the whole view.
const DEPTH: usize = 100;

/// A value as JSON; what lies deeper than the view goes says so.
fn bounded(node: &Node, depth: usize) -> Value {
    match &node.kind {
        NodeKind::Sequence(_) | NodeKind::Mapping(_) if depth == 0 => Value::from("(nested too deeply)"),
        NodeKind::Sequence(items) => items.iter().map(|item| bounded(item, depth - 1)).collect(),
        NodeKind::Mapping(map) => {
            Value::Object(map.iter().map(|e| (e.key.display(), bounded(&e.value, depth - 1))).collect())
        }
        _ => node.to_json(),
    }
}

/// Tags as a map, from CloudFormation's list of keys and values or Terraform's map.
fn tags(properties: Option<&Node>) -> Value {
    let tags = properties.and_then(|p| ["Tags", "tags_all", "tags"].iter().find_map(|key| p.get(key)));
    let mut map = Map::new();
    let display = |node: Option<&Node>| node.and_then(Node::scalar_text).map(|t| t.display());
    for entry in tags.and_then(Node::as_mapping).into_iter().flat_map(|m| m.iter()) {
        map.insert(entry.key.display(), display(Some(&entry.value)).map_or(Value::Null, Value::String));
    }
    for item in tags.and_then(Node::as_sequence).into_iter().flatten() {
        if let Some(key) = display(item.get("Key")) {
            map.insert(key, display(item.get("Value")).map_or(Value::Null, Value::String));
        }
    }
    Value::Object(map)
}

fn statement(statement: &Statement, actions: &[&str], denied: &[&Statement]) -> Value {
    let principals = statement.principal.as_ref().map_or_else(Vec::new, principal_values);
    let conditions = || statement.conditions.iter().flat_map(|b| b.keys.iter().map(move |k| (b, k)));
    let covers: Vec<&str> = actions
        .iter()
        .copied()
        .filter(|a| covers(statement, a))
        .filter(|a| !statement.is_allow() || !denied.iter().any(|d| covers(d, a)))
        .collect();
    let mut keys: Vec<String> = conditions().map(|(_, k)| lower(&k.name)).collect();
    let mut required: Vec<String> =
        conditions().filter(|(b, k)| is_required(b, k)).map(|(_, k)| lower(&k.name)).collect();
    for list in [&mut keys, &mut required] {
        list.sort_unstable();
        list.dedup();
    }
    json!({
        "sid": statement.sid.as_ref().map(|s| s.text.display()),
        "effect": statement.effect.map(|e| match e { Effect::Allow => "Allow", Effect::Deny => "Deny" }),
        "anyone": principals.iter().any(|p| p["value"] == "*"),
        "principals": principals,
        "notPrincipals": statement.not_principal.as_ref().map_or_else(Vec::new, principal_values),
        "actions": strings(&statement.action),
        "notActions": strings(&statement.not_action),
        "allActions": any(&statement.action, is_all_actions),
        "services": services(statement),
        "covers": covers,
        "resources": strings(&statement.resource),
        "notResources": strings(&statement.not_resource),
        "allResources": any(&statement.resource, is_all),
        "conditions": conditions().map(|(block, key)| condition(block, key)).collect::<Vec<_>>(),
        "conditionKeys": keys,
        "requiredKeys": required,
    })
}

fn strings(list: &Option<StringList>) -> Vec<String> {
    list.iter().flat_map(|l| &l.items).map(|i| i.text.display()).collect()
}

fn any(list: &Option<StringList>, test: fn(&str) -> bool) -> bool {
    list.iter().flat_map(|l| &l.items).any(|i| test(i.text.as_str()))
}

fn is_all(pattern: &str) -> bool {
    !pattern.is_empty() && pattern.bytes().all(|b| b == b'*')
}

fn is_all_actions(pattern: &str) -> bool {
    is_all(pattern) || pattern.split_once(':').is_some_and(|(service, name)| is_all(service) && is_all(name))
}

/// Lower case, with unknown values shown.
fn lower(text: &Text) -> String {
    match text.known() {
        Some(known) => known.to_ascii_lowercase(),
        None => text.display(),
    }
}

/// The prefixes of `Action`; `*` for any, also with `NotAction`.
fn services(statement: &Statement) -> Vec<String> {
    let prefix = |text: &str| match text.split_once(':') {
        Some((service, _)) if !is_all(service) => service.to_ascii_lowercase(),
        _ => "*".to_owned(),
    };
    let named = statement.action.iter().flat_map(|l| &l.items).map(|i| prefix(&i.text.display()));
    let mut services: Vec<String> = named.collect();
    if statement.not_action.is_some() {
        services.push("*".to_owned());
    }
    services.sort_unstable();
    services.dedup();
    services
}

/// Whether the statement's `Action` or `NotAction` covers an action.
fn covers(statement: &Statement, action: &str) -> bool {
    let among = |list: &StringList| list.items.iter().any(|i| glob::matches_ignore_case(i.text.as_str(), action));
    match (&statement.action, &statement.not_action) {
        (Some(list), _) => among(list),
        (None, Some(list)) => !among(list),
        (None, None) => false,
    }
}

/// The statements of a policy that deny to everybody, for every resource, whatever the conditions.
fn denied_to_all(policy: &Policy) -> Vec<&Statement> {
    let everybody = |s: &Statement| {
        s.not_principal.is_none()
            && s.principal.as_ref().is_none_or(|p| principal_values(p).iter().any(|p| p["value"] == "*"))
    };
    let everything = |s: &Statement| {
        s.not_resource.is_none() && (s.resource.is_none() || any(&s.resource, is_all)) && s.conditions.is_empty()
    };
    let statements = policy.document.iter().flat_map(|d| &d.statements);
    statements.filter(|s| s.is_deny() && everybody(s) && everything(s)).collect()
}

fn principal_values(element: &PrincipalElement) -> Vec<Value> {
    let one = |kind: &str, text: &Text| json!({"type": kind, "value": text.display(), "account": account(text)});
    match &element.kind {
        PrincipalKind::Text(text) => vec![one("AWS", text)],
        PrincipalKind::Map(lists) => {
            lists.iter().flat_map(|l| l.items.iter().map(|i| one(l.element.as_str(), &i.text))).collect()
        }
        PrincipalKind::Other => Vec::new(),
    }
}

/// The account of a principal: twelve digits, or the account of an ARN.
fn account(text: &Text) -> Option<String> {
    let value = text.display();
    let field = match value.starts_with("arn:") {
        true => crate::policy::Arn::split(text.as_str()).map(|arn| crate::source::display_encoded(arn.account)),
        false => Some(value),
    };
    field.filter(|f| (f.len() == 12 && f.bytes().all(|b| b.is_ascii_digit())) || f.starts_with("${"))
}

fn condition(block: &ConditionBlock, key: &ConditionKey) -> Value {
    let operator = block.operator;
    json!({
        "operator": crate::source::display_encoded(&block.operator_text),
        "test": operator.map(|o| o.base.as_str()),
        "qualifier": operator.and_then(|o| o.set).map(|s| match s {
            SetOperator::ForAllValues => "ForAllValues",
            SetOperator::ForAnyValue => "ForAnyValue",
        }),
        "ifExists": operator.is_some_and(|o| o.if_exists),
        "negated": operator.is_some_and(|o| o.base.is_negated()),
        "key": key.name.display(),
        "lowerKey": lower(&key.name),
        "values": key.values.iter().map(|v| v.text.display()).collect::<Vec<_>>(),
    })
}

/// Whether the statement takes effect only if the request has this key, with a value that the policy names: not with
/// `IfExists`, negated operators or `ForAllValues`, which a request without the key meets, and not if `*` would do.
fn is_required(block: &ConditionBlock, key: &ConditionKey) -> bool {
    let Some(operator) = block.operator else { return false };
    if operator.base == BaseOperator::Null {
        return !key.values.is_empty() && key.values.iter().all(|v| v.text.as_str().eq_ignore_ascii_case("false"));
    }
    let admits_all = operator.base.reads_wildcards() && key.values.iter().any(|v| is_all(v.text.as_str()));
    let admits_absence =
        operator.if_exists || operator.set == Some(SetOperator::ForAllValues) || operator.base.is_negated();
    !admits_all && !admits_absence
}
