//! Which paths the events of functions and state machines give to which APIs, and the APIs `ServerlessRestApi` and
//! `ServerlessHttpApi` that SAM makes for events that name none.

use std::borrow::Cow;

use indexmap::IndexMap;
use rustc_hash::FxHashSet;
use smol_str::SmolStr;

use super::api::{Api, ApiKind, path_methods};
use super::construct::At;
use super::intrinsic::{function, given};
use super::{Expansion, SamResource};
use crate::source::{Mapping, Node};

/// What tells that an event is of an API, which API it names, and what is made for those that name none.
struct Implicit {
    event: &'static str,
    property: &'static str,
    kind: ApiKind,
    section: &'static str,
    id: &'static str,
}

const IMPLICIT: [Implicit; 2] = [
    Implicit { event: "Api", property: "RestApiId", kind: ApiKind::Rest, section: "Api", id: "ServerlessRestApi" },
    Implicit { event: "HttpApi", property: "ApiId", kind: ApiKind::Http, section: "HttpApi", id: "ServerlessHttpApi" },
];

/// The path of HTTP APIs that takes what no other does.
pub(super) const DEFAULT_PATH: &str = "$default";
/// Any method, as definitions of APIs write it.
pub(super) const ANY_METHOD: &str = "x-amazon-apigateway-any-method";

/// The attributes of the functions that an API made by SAM serves.
#[derive(Debug, Default)]
struct Served {
    at: Option<At>,
    /// The condition of each route, `None` for a route that is always there.
    routes: IndexMap<(String, String), Option<SmolStr>>,
    deletion: FxHashSet<SmolStr>,
    replacement: FxHashSet<SmolStr>,
}

/// The logical id that an API's id refers to.
pub(super) fn api_id(node: &Node) -> Option<&str> {
    match function(node) {
        Some(("Ref", id)) => id.as_str(),
        Some(_) => None,
        None => node.as_str(),
    }
}

/// Path and method of an event; an HTTP API's event without both is for every request.
pub(super) fn route(properties: &Mapping, kind: ApiKind) -> Option<(&str, &str)> {
    let text = |name: &str| given(properties, name).and_then(Node::as_str);
    match (text("Path"), text("Method")) {
        (Some(path), Some(method)) => Some((path, method)),
        (None, None) if kind == ApiKind::Http => Some((DEFAULT_PATH, ANY_METHOD)),
        _ => None,
    }
}

impl<'t> Expansion<'t> {
    /// Learns of the APIs of a template and the routes that events give them; the APIs that SAM makes.
    pub fn collect_apis<'a>(
        &mut self,
        resources: impl Iterator<Item = &'a SamResource<'t>> + Clone,
    ) -> Vec<SamResource<'t>>
    where
        't: 'a,
    {
        for resource in resources.clone() {
            let kind = match resource.kind.as_str() {
                "Api" => ApiKind::Rest,
                "HttpApi" => ApiKind::Http,
                _ => continue,
            };
            let managed = resource.get("DefinitionBody").is_none() && resource.get("DefinitionUri").is_none();
            let mut api = Api::new(kind, managed);
            if let Some(paths) = resource.get("DefinitionBody").and_then(|b| b.get("paths")).and_then(Node::as_mapping)
            {
                for entry in paths.iter() {
                    api.paths.insert(entry.key.as_smol().clone(), path_methods(&entry.value));
                }
            }
            self.apis.insert(resource.id.clone(), api);
        }
        let mut served: [Served; 2] = Default::default();
        for resource in resources.filter(|r| r.kind == "Function" || r.kind == "StateMachine") {
            let Some(events) = resource.get("Events").and_then(Node::as_mapping) else { continue };
            for event in events.iter() {
                let event_type = event.value.get("Type").and_then(Node::as_str);
                let Some(index) = IMPLICIT.iter().position(|i| event_type == Some(i.event)) else { continue };
                let implicit = &IMPLICIT[index];
                static NONE: Mapping = Mapping { entries: Vec::new() };
                let properties = event.value.get("Properties").and_then(Node::as_mapping).unwrap_or(&NONE);
                let Some((path, method)) = route(properties, implicit.kind) else { continue };
                let id = match properties.get(implicit.property) {
                    Some(named) => api_id(named),
                    None => Some(implicit.id),
                };
                let Some(id) = id else { continue };
                if properties.get(implicit.property).is_none() {
                    let served = &mut served[index];
                    if served.at.is_none() {
                        served.at = Some(At(event.key_span.join(event.value.span)));
                        self.apis.insert(id.into(), Api::new(implicit.kind, true));
                    }
                    let attribute = |name: &str| resource.node.get(name).and_then(Node::as_str).map(SmolStr::new);
                    served.routes.insert((path.to_owned(), method.to_owned()), attribute("Condition"));
                    served.deletion.extend(attribute("DeletionPolicy"));
                    served.replacement.extend(attribute("UpdateReplacePolicy"));
                }
                if let Some(api) = self.apis.get_mut(id).filter(|a| a.managed) {
                    api.add_method(path, method);
                }
            }
        }
        let mut made = Vec::new();
        for (implicit, served) in IMPLICIT.iter().zip(served) {
            made.extend(self.implicit_resource(implicit, served));
        }
        made
    }

    fn implicit_resource(&mut self, implicit: &Implicit, served: Served) -> Option<SamResource<'t>> {
        let at = served.at?;
        let mut properties = Vec::new();
        if implicit.kind == ApiKind::Rest {
            properties.push(at.entry("StageName", at.string("Prod")));
        }
        let properties = Cow::Owned(Mapping { entries: properties });
        let properties = self.globals.merge(implicit.section, properties, None);
        let mut attributes = Vec::new();
        // The API is there when any of its routes is.
        let mut conditions: Vec<SmolStr> = served.routes.values().flatten().cloned().collect();
        if !conditions.is_empty() && served.routes.values().all(Option::is_some) {
            conditions.sort();
            conditions.dedup();
            let name = match conditions.as_slice() {
                [one] => one.clone(),
                _ => smol_str::format_smolstr!("{}Condition", implicit.id),
            };
            attributes.push(at.entry("Condition", at.string(&name)));
            if conditions.len() > 1 {
                self.any_condition(&name, conditions, at);
            }
        }
        for (name, values, strongest) in [
            ("DeletionPolicy", &served.deletion, &["Retain", "Delete"][..]),
            ("UpdateReplacePolicy", &served.replacement, &["Retain", "Snapshot", "Delete"][..]),
        ] {
            if let Some(value) = strongest.iter().find(|s| values.contains(**s)) {
                attributes.push(at.entry(name, at.string(value)));
            }
        }
        Some(SamResource {
            id: implicit.id.into(),
            kind: implicit.section.into(),
            at,
            node: Cow::Owned(at.mapping(attributes)),
            properties,
        })
    }
}
