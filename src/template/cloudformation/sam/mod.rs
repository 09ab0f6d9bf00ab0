//! The AWS SAM transform (`AWS::Serverless-2016-10-31`): replaces every `AWS::Serverless::*` resource by the
//! CloudFormation resources that it generates, with the logical ids that SAM gives them.
//!
//! Complete for whatever holds an IAM policy or is named in one: roles, managed policies, permissions, queue and topic
//! policies, resource policies of APIs, and the resources that those refer to. Not made: details without a bearing on
//! access, such as the models of an API's body or the hash in the logical id of its deployment.
//! The rules are those of the AWS SAM specification and of the open source translator that CloudFormation runs
//! (`aws-sam-translator`), to which `tests/suite/sam.rs` compares.

mod api;
mod application;
mod connector;
mod construct;
mod deployment;
mod event_invoke;
mod events;
mod function;
mod function_url;
mod globals;
mod grants;
mod graphql_api;
mod http_api;
mod implicit_api;
mod intrinsic;
mod layer;
mod logical_id;
mod operator_role;
mod policy_templates;
mod references;
mod resource_policy;
mod role;
mod simple_table;
mod state_machine;
mod web_function;
mod websocket_api;

use std::borrow::Cow;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smol_str::{SmolStr, format_smolstr};

use crate::catalog::Catalog;
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Span};
use api::Apis;
use construct::{At, Generated};
use deployment::Deployments;
use globals::Globals;
use intrinsic::{Parameters, given};
use references::References;

/// A template without SAM resources, and what could not be expanded.
#[derive(Debug)]
pub struct Transformed {
    /// The plain CloudFormation template.
    pub template: Node,
    /// SAM resources, events and properties that are not as SAM wants them.
    pub notices: Vec<Problem>,
}

/// True if the template asks for the SAM transform.
pub fn is_sam(template: &Node) -> bool {
    let named = |n: &Node| n.as_str() == Some("AWS::Serverless-2016-10-31");
    template.get("Transform").is_some_and(|t| named(t) || t.as_sequence().is_some_and(|s| s.iter().any(named)))
}

/// Expands the SAM resources of a template whose intrinsic functions are in their long form.
///
/// `parameters` gives the value of a template parameter where it is known (given, or by default): like SAM, the
/// expansion reads some properties through references to parameters. `catalog` knows the paths of AWS managed
/// policies, which SAM templates call by name.
pub fn transform(template: &Node, parameters: &dyn Fn(&str) -> Option<Node>, catalog: &Catalog) -> Transformed {
    let mut notices = Vec::new();
    let Some(resources) = template.get("Resources").and_then(Node::as_mapping) else {
        return Transformed { template: template.clone(), notices };
    };
    let managed_policy_path = |name: &str| {
        let arn = catalog.managed_policy(name)?.arn;
        arn.split_once(":policy/").map(|(_, path)| path.to_owned())
    };
    let globals = Globals::read(template, &mut notices);
    let mut expansion = Expansion {
        parameters,
        managed_policy_path: &managed_policy_path,
        globals,
        input: resources.iter().map(|e| (e.key.as_smol().clone(), &e.value)).collect(),
        apis: Apis::default(),
        references: References::default(),
        deployments: Deployments::default(),
        shared_destinations: FxHashMap::default(),
        conditions: IndexMap::default(),
        notices,
    };
    let resources = expansion.expand(resources);
    let Expansion { references, conditions, notices, .. } = expansion;
    let mut template = assemble(template, resources, conditions.into_values().collect());
    references.apply(&mut template);
    Transformed { template, notices }
}

/// The template with other resources and with conditions added.
fn assemble(template: &Node, resources: Vec<Entry>, mut added: Vec<Entry>) -> Node {
    let Some(map) = template.as_mapping() else { return template.clone() };
    let mut entries = Vec::with_capacity(map.len());
    let mut resources = Some(resources);
    let mut has_conditions = false;
    for entry in map.iter() {
        let section = |list: Vec<Entry>| {
            let value = Node::new(NodeKind::Mapping(Mapping { entries: list }), entry.value.span);
            Entry { key: entry.key.clone(), key_span: entry.key_span, value }
        };
        match entry.key.as_str() {
            "Globals" => {}
            "Resources" if resources.is_some() => entries.push(section(resources.take().unwrap_or_default())),
            "Conditions" => {
                has_conditions = true;
                match entry.value.as_mapping() {
                    Some(there) => {
                        let list = there.iter().cloned().chain(std::mem::take(&mut added)).collect();
                        entries.push(section(list));
                    }
                    None => entries.push(entry.clone()),
                }
            }
            _ => entries.push(entry.clone()),
        }
    }
    if !has_conditions && !added.is_empty() {
        let at = At(template.span);
        let conditions = at.mapping(added);
        entries.push(at.entry("Conditions", conditions));
    }
    Node::new(NodeKind::Mapping(Mapping { entries }), template.span)
}

/// What the expansion of one template has at hand.
struct Expansion<'t> {
    parameters: Parameters<'t>,
    /// What follows `policy/` in the ARN of the AWS managed policy of a name.
    managed_policy_path: &'t dyn Fn(&str) -> Option<String>,
    globals: Globals<'t>,
    /// The resources of the template, by logical id.
    input: FxHashMap<SmolStr, &'t Node>,
    apis: Apis,
    references: References,
    deployments: Deployments,
    /// The destinations of asynchronous invocations that `Globals` asks for, by the place of their settings.
    shared_destinations: FxHashMap<Span, Node>,
    /// Conditions that the generated resources need.
    conditions: IndexMap<SmolStr, Entry, FxBuildHasher>,
    notices: Vec<Problem>,
}

/// A resource of type `AWS::Serverless::<kind>`, with `Globals` merged into its properties.
#[derive(Clone, Debug)]
struct SamResource<'t> {
    id: SmolStr,
    kind: SmolStr,
    /// The place of the logical id.
    at: At,
    node: Cow<'t, Node>,
    properties: Cow<'t, Mapping>,
}

impl SamResource<'_> {
    /// The value of a property, unless it is null.
    fn get(&self, name: &str) -> Option<&Node> {
        given(&self.properties, name)
    }

    /// The place of a property, or of the resource.
    fn place(&self, name: &str) -> At {
        self.properties.entry(name).map_or(self.at, |e| At(e.key_span.join(e.value.span)))
    }

    /// The attributes that all generated resources get.
    fn passed_on(&self) -> Vec<Entry> {
        self.attributes_among(&["Condition", "DeletionPolicy", "UpdateReplacePolicy"])
    }

    /// The attributes of the resource that stands for this one.
    fn attributes(&self) -> Vec<Entry> {
        self.attributes_among(&[
            "Condition",
            "DeletionPolicy",
            "UpdateReplacePolicy",
            "UpdatePolicy",
            "Metadata",
            "DependsOn",
        ])
    }

    fn attributes_among(&self, names: &[&str]) -> Vec<Entry> {
        let entries = self.node.as_mapping().into_iter().flat_map(Mapping::iter);
        entries.filter(|e| names.iter().any(|n| e.key == *n)).cloned().collect()
    }

    fn condition(&self) -> Option<&str> {
        self.node.get("Condition").and_then(Node::as_str)
    }
}

/// In which order SAM expands: what adds to others comes before them.
const ORDER: [&[&str]; 5] =
    [&["Function"], &["WebFunction"], &["StateMachine"], &["Api", "HttpApi", "WebSocketApi"], &["Connector"]];
const OTHERS: usize = 4;

fn rank(kind: &str) -> usize {
    ORDER.iter().position(|kinds| kinds.contains(&kind)).map_or(OTHERS, |i| if i < OTHERS { i } else { i + 1 })
}

impl<'t> Expansion<'t> {
    fn expand(&mut self, resources: &'t Mapping) -> Vec<Entry> {
        let mut slots: Vec<Slot<'t>> = Vec::with_capacity(resources.len());
        let mut work: Vec<(usize, SamResource<'t>)> = Vec::new();
        for entry in resources.iter() {
            let kind = entry.value.get("Type").and_then(Node::as_str).and_then(|t| t.strip_prefix("AWS::Serverless::"));
            match kind {
                None => slots.push(Slot::Kept(entry)),
                Some(kind) => {
                    if let Some(resource) = self.sam_resource(entry, kind) {
                        work.push((slots.len(), resource));
                    }
                    slots.push(Slot::Expanded(Vec::new()));
                }
            }
        }
        for entry in resources.iter() {
            for connector in self.embedded_connectors(entry) {
                work.push((slots.len(), connector));
                slots.push(Slot::Expanded(Vec::new()));
            }
        }
        for implicit in self.collect_apis(work.iter().map(|(_, r)| r)) {
            work.retain(|(_, r)| r.id != implicit.id);
            work.push((slots.len(), implicit));
            slots.push(Slot::Expanded(Vec::new()));
        }
        work.sort_by_key(|(_, r)| rank(&r.kind));
        let connectors = work.split_off(work.partition_point(|(_, r)| rank(&r.kind) <= OTHERS));
        for (slot, resource) in &work {
            let generated = self.expand_one(resource);
            slots[*slot] = Slot::Expanded(generated);
        }
        slots.push(Slot::Expanded(self.deployment_resources()));

        let mut expanded: IndexMap<SmolStr, Entry, FxBuildHasher> = IndexMap::default();
        for slot in slots {
            match slot {
                Slot::Kept(entry) => {
                    let mut entry = entry.clone();
                    if let NodeKind::Mapping(map) = &mut entry.value.kind {
                        map.entries.retain(|e| e.key != "Connectors");
                    }
                    expanded.insert(entry.key.as_smol().clone(), entry);
                }
                Slot::Expanded(list) => self.insert(&mut expanded, list),
            }
        }
        for (_, connector) in &connectors {
            let generated = self.connector(connector, &expanded);
            self.insert(&mut expanded, generated);
        }
        expanded.into_values().collect()
    }

    /// Adds generated resources; one that takes the logical id of a resource of the template is noticed.
    fn insert(&mut self, expanded: &mut IndexMap<SmolStr, Entry, FxBuildHasher>, list: Vec<Generated>) {
        for resource in list {
            let id = resource.id.clone();
            let at = resource.at;
            let taken = expanded
                .get(&id)
                .is_some_and(|there| there.value.get("Type").and_then(Node::as_str) != Some(resource.resource_type));
            if taken {
                self.notices.push(Problem::at(format!("two resources have the logical id `{id}`"), at.0));
            }
            expanded.insert(id.clone(), at.entry(id, resource.into_node()));
        }
    }

    fn sam_resource(&mut self, entry: &'t Entry, kind: &str) -> Option<SamResource<'t>> {
        static NONE: Mapping = Mapping { entries: Vec::new() };
        let properties = match entry.value.get("Properties") {
            None => &NONE,
            Some(node) => match &node.kind {
                NodeKind::Mapping(map) => map,
                NodeKind::Null => &NONE,
                _ => {
                    let message = format!("`Properties` of `{}` must be a map", entry.key.display());
                    self.notices.push(Problem::at(message, node.span));
                    return None;
                }
            },
        };
        let properties = self.globals.merge(kind, Cow::Borrowed(properties), entry.value.get("IgnoreGlobals"));
        let id = entry.key.as_smol().clone();
        Some(SamResource {
            id,
            kind: kind.into(),
            at: At(entry.key_span),
            node: Cow::Borrowed(&entry.value),
            properties,
        })
    }

    fn expand_one(&mut self, resource: &SamResource<'t>) -> Vec<Generated> {
        let generated = match resource.kind.as_str() {
            "Function" => self.function(resource),
            "WebFunction" => self.web_function(resource),
            "StateMachine" => self.state_machine(resource),
            "Api" => self.api(resource),
            "HttpApi" => self.http_api(resource),
            "WebSocketApi" => self.websocket_api(resource),
            "SimpleTable" => simple_table::expand(resource),
            "Application" => self.application(resource),
            "LayerVersion" => self.layer(resource),
            "GraphQLApi" => self.graphql_api(resource),
            "CapacityProvider" => operator_role::capacity_provider(resource),
            "NetworkConnector" => operator_role::network_connector(resource),
            "MicrovmImage" => self.microvm_image(resource),
            other => {
                self.notices.push(Problem {
                    message: format!("`AWS::Serverless::{other}` is not a resource type that SAM has"),
                    span: resource.node.get("Type").map(|t| t.span),
                    help: None,
                });
                Vec::new()
            }
        };
        self.references.learn(&resource.id, &resource.kind, &generated);
        generated
    }

    /// Notices what is wrong with a part of a resource.
    fn notice(&mut self, resource: &SamResource<'_>, message: impl std::fmt::Display, at: At) {
        self.notices.push(Problem::at(format!("{message} in `{}`", resource.id), at.0));
    }

    /// A condition that holds when any of several does, made of several where one `Fn::Or` can't hold all.
    fn any_condition(&mut self, name: &str, mut names: Vec<SmolStr>, at: At) {
        const MOST: usize = 10;
        let mut number = (names.len().saturating_sub(2)) / (MOST - 1);
        while names.len() > 1 {
            let new = if number > 0 { format_smolstr!("{name}{number}") } else { SmolStr::new(name) };
            number = number.saturating_sub(1);
            let rest = names.split_off(names.len().min(MOST));
            self.add_condition(&new, at.combine_conditions("Fn::Or", &names), at);
            names = rest;
            names.push(new);
        }
    }

    fn add_condition(&mut self, name: &str, value: Node, at: At) {
        self.conditions.entry(name.into()).or_insert_with(|| at.entry(name, value));
    }
}

/// A place in the expanded `Resources`.
enum Slot<'t> {
    Kept(&'t Entry),
    Expanded(Vec<Generated>),
}
