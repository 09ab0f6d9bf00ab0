//! `Api` and `HttpApi`: routes of REST and HTTP APIs, with the permission that lets the API call the function.

use super::super::api::{Api, ApiKind, arn_path, definition_method, without_last_slash};
use super::super::construct::{At, Generated};
use super::super::function::Invoked;
use super::super::implicit_api::{ANY_METHOD, DEFAULT_PATH, api_id, route};
use super::super::intrinsic::given;
use super::super::{Expansion, SamResource};
use super::{Event, Grantee, permission};
use crate::source::Node;

/// A route of an API as an event names it.
#[derive(Debug)]
pub(in super::super) struct RestRoute<'e> {
    pub path: &'e str,
    pub method: &'e str,
    /// The API as the event refers to it.
    pub api: Node,
    /// The API's logical id, when it is in the template.
    pub id: Option<String>,
    /// What permissions for the API's stage are named after.
    pub stage: String,
}

impl Expansion<'_> {
    /// The route of an `Api` event.
    pub(in super::super) fn rest_route<'e>(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'e>,
    ) -> Option<RestRoute<'e>> {
        let Some((path, method)) = route(event.properties, ApiKind::Rest) else {
            self.notice(sam, format_args!("event `{}` needs `Path` and `Method`", event.name), event.at);
            return None;
        };
        let api = match event.get("RestApiId") {
            Some(api) => api.clone(),
            None => {
                return Some(RestRoute {
                    path,
                    method,
                    api: event.at.reference("ServerlessRestApi"),
                    id: Some("ServerlessRestApi".to_owned()),
                    stage: "Prod".to_owned(),
                });
            }
        };
        let id = api_id(&api).filter(|id| self.apis.contains_key(*id) || self.input.contains_key(*id));
        let Some(id) = id.map(str::to_owned) else {
            let message = format!("`RestApiId` of event `{}` refers to no API of the template", event.name);
            self.notice(sam, message, event.place("RestApiId"));
            return Some(RestRoute { path, method, api, id: None, stage: "AllStages".to_owned() });
        };
        let name = match id.as_str() {
            "ServerlessRestApi" if !self.input.contains_key("ServerlessRestApi") => Some("Prod"),
            id => self.input.get(id).and_then(|r| r.at(&["Properties", "StageName"])).and_then(Node::as_str),
        };
        let stage = name.unwrap_or("Stage").to_owned();
        Some(RestRoute { path, method, api, id: Some(id), stage })
    }

    /// Adds the event's resource policy to its API.
    pub(in super::super) fn event_resource_policy(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        route: &RestRoute<'_>,
    ) {
        let auth = event.get("Auth").and_then(Node::as_mapping);
        let Some(policy) = auth.and_then(|a| given(a, "ResourcePolicy")) else { return };
        let overrides = auth.and_then(|a| given(a, "OverrideApiAuth")).is_some();
        // Taken out and put back, for the policy's statements need the whole expansion.
        let Some((id, mut api)) = route.id.as_deref().and_then(|id| self.apis.remove_entry(id)) else { return };
        if api.managed || (overrides && !api.paths.is_empty()) {
            let stage = At(policy.span).string(&route.stage);
            self.add_resource_policy(sam, &mut api, policy, route.path, &stage);
            self.add_custom_statements(&mut api, policy);
        }
        self.apis.insert(id, api);
    }

    pub(super) fn rest_api_event(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        invoked: &Invoked,
        generated: &mut Vec<Generated>,
    ) {
        let Some(route) = self.rest_route(sam, event) else { return };
        let at = event.at;
        let method =
            if route.method.eq_ignore_ascii_case("any") { "*".to_owned() } else { route.method.to_uppercase() };
        let path = arn_path(without_last_slash(route.path), ApiKind::Rest);
        let arn = format!(
            "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}/{method}{path}"
        );
        let variables = [("__ApiId__", route.api.clone()), ("__Stage__", at.string("*"))];
        let grantee = Grantee {
            principal: "apigateway.amazonaws.com",
            source_arn: Some(at.sub_with(arn, variables)),
            ..Grantee::default()
        };
        generated.push(permission(&event.id(&invoked.function), &route.stage, invoked, grantee, at));
        self.event_resource_policy(sam, event, &route);
        let api = route.id.as_deref().and_then(|id| self.apis.get_mut(id));
        if let Some(api) = api {
            integrate(api, route.path, route.method, invoked, at);
        }
    }

    pub(super) fn http_api_event(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        invoked: &Invoked,
        generated: &mut Vec<Generated>,
    ) {
        let at = event.at;
        let Some((path, method)) = route(event.properties, ApiKind::Http) else {
            return self.notice(sam, format_args!("event `{}` needs both `Path` and `Method`", event.name), at);
        };
        let named = event.get("ApiId").cloned().unwrap_or_else(|| at.reference("ServerlessHttpApi"));
        let known = api_id(&named).and_then(|id| self.apis.get_mut(id)).filter(|a| a.kind == ApiKind::Http);
        let is_default = path == DEFAULT_PATH;
        match known {
            None => {
                let message = format!("`ApiId` of event `{}` refers to no HTTP API of the template", event.name);
                self.notice(sam, message, event.place("ApiId"));
            }
            Some(api) => {
                // The permission for every route is there already.
                if !is_default && api.default_functions.contains(&invoked.id) {
                    integrate(api, path, method, invoked, at);
                    return;
                }
                // SAM does not recognize an alias in the definition it writes.
                if is_default && !invoked.is_alias {
                    api.default_functions.insert(invoked.id.clone());
                }
                integrate(api, path, method, invoked, at);
            }
        }
        let any = method.eq_ignore_ascii_case("any") || method.eq_ignore_ascii_case(ANY_METHOD);
        let method = if any { "*".to_owned() } else { method.to_uppercase() };
        let path = if is_default { String::new() } else { arn_path(without_last_slash(path), ApiKind::Http) };
        let arn = format!(
            "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{__ApiId__}}/${{__Stage__}}/{method}{path}"
        );
        let grantee = Grantee {
            principal: "apigateway.amazonaws.com",
            source_arn: Some(at.sub_with(arn, [("__ApiId__", named), ("__Stage__", at.string("*"))])),
            ..Grantee::default()
        };
        generated.push(permission(&event.id(&invoked.function), "", invoked, grantee, at));
    }
}

/// Notes which function answers to a route of an API whose definition SAM writes.
fn integrate(api: &mut Api, path: &str, method: &str, invoked: &Invoked, at: At) {
    if !api.managed {
        return;
    }
    let uri = format!(
        "arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:lambda:path/2015-03-31/functions/{}/invocations",
        invoked.arn_variable()
    );
    let integration =
        at.map([("type", at.string("aws_proxy")), ("httpMethod", at.string("POST")), ("uri", at.sub(uri))]);
    api.integrations.insert((path.into(), definition_method(method)), integration);
}
