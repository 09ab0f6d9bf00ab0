//! `AWS::Serverless::Api`: the REST API with its definition, deployment and stage, the permissions of its Lambda
//! authorizers and its resource policy.

use indexmap::{IndexMap, IndexSet};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use smol_str::{SmolStr, format_smolstr};

use super::construct::{At, Generated};
use super::implicit_api::ANY_METHOD;
use super::intrinsic::{branches, given, resolve, resolve_deep, resolved_bool, resolved_string};
use super::{Expansion, SamResource, function, logical_id};
use crate::source::{Entry, Mapping, Node, NodeKind};

/// REST or HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ApiKind {
    Rest,
    Http,
}

/// The REST and HTTP APIs of a template, by logical id.
pub(super) type Apis = FxHashMap<SmolStr, Api>;

/// What events add to an API before it is expanded.
#[derive(Debug)]
pub(super) struct Api {
    pub kind: ApiKind,
    /// True if SAM writes the definition: there is neither `DefinitionBody` nor `DefinitionUri`.
    pub managed: bool,
    /// Methods as definitions write them, by path.
    pub paths: IndexMap<SmolStr, IndexSet<SmolStr, FxBuildHasher>, FxBuildHasher>,
    /// The resource policy so far.
    pub statements: Vec<Node>,
    /// Which statements are there already, as JSON.
    pub present: FxHashSet<String>,
    /// The functions that take what no other route does.
    pub default_functions: FxHashSet<SmolStr>,
    /// Integrations by path and method.
    pub integrations: IndexMap<(SmolStr, SmolStr), Node, FxBuildHasher>,
}

impl Api {
    pub fn new(kind: ApiKind, managed: bool) -> Api {
        Api {
            kind,
            managed,
            paths: IndexMap::default(),
            statements: Vec::new(),
            present: FxHashSet::default(),
            default_functions: FxHashSet::default(),
            integrations: IndexMap::default(),
        }
    }

    pub fn add_method(&mut self, path: &str, method: &str) {
        self.paths.entry(path.into()).or_default().insert(definition_method(method));
    }

    /// The `paths` of a definition that SAM writes.
    pub fn definition_paths(&self, at: At) -> Node {
        let paths = self.paths.iter().map(|(path, methods)| {
            let methods = methods.iter().map(|method| {
                let integration = self.integrations.get(&(path.clone(), method.clone()));
                let entries = integration.map(|i| ("x-amazon-apigateway-integration", i.clone()));
                (method.as_str(), at.map(entries))
            });
            (path.as_str(), at.map(methods.collect::<Vec<_>>()))
        });
        at.map(paths.collect::<Vec<_>>())
    }
}

/// A method as definitions of APIs write it.
pub(super) fn definition_method(method: &str) -> SmolStr {
    let method = method.to_lowercase();
    if method == "any" { SmolStr::new_static(ANY_METHOD) } else { method.into() }
}

/// The keys of a path's item, of both branches if it is conditional.
pub(super) fn path_methods(item: &Node) -> IndexSet<SmolStr, FxBuildHasher> {
    let items = match branches(item) {
        Some((_, a, b)) => vec![a, b],
        None => vec![item],
    };
    items.into_iter().filter_map(Node::as_mapping).flat_map(Mapping::iter).map(|e| e.key.as_smol().clone()).collect()
}

/// The path as it stands in an ARN: variables are wildcards, and no slash at the end.
pub(super) fn arn_path(path: &str, kind: ApiKind) -> String {
    let mut result = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(start) = rest.find('{') {
        result.push_str(&rest[..start]);
        let variable = &rest[start..];
        let Some(end) = variable.find('}') else {
            rest = variable;
            break;
        };
        let name = &variable[1..end];
        let plain = match kind {
            ApiKind::Rest => name.strip_suffix('+').unwrap_or(name),
            ApiKind::Http => name.strip_suffix('+').filter(|n| *n == "proxy").unwrap_or(name),
        };
        let is_variable =
            !plain.is_empty() && plain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        result.push_str(if is_variable { "*" } else { &variable[..=end] });
        rest = &variable[end + 1..];
    }
    result.push_str(rest);
    result
}

/// The path without a slash at its end.
pub(super) fn without_last_slash(path: &str) -> &str {
    path.strip_suffix('/').filter(|p| !p.is_empty()).unwrap_or(path)
}

impl Expansion<'_> {
    pub fn api(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let mut state = self.apis.remove(&sam.id).unwrap_or_else(|| Api::new(ApiKind::Rest, false));
        let stage_name = sam.get("StageName").cloned();
        if stage_name.is_none() {
            self.notice(sam, "`StageName` is missing", sam.at);
        }
        if sam.get("Cors").is_some() {
            for methods in state.paths.values_mut() {
                methods.insert("options".into());
            }
        }
        let auth = sam.get("Auth").map(|a| resolve(a, self.parameters).into_owned());
        let policy = auth.as_ref().and_then(|a| a.get("ResourcePolicy")).filter(|p| !matches!(p.kind, NodeKind::Null));
        if let Some(policy) = policy {
            if sam.get("DefinitionBody").is_none() && !state.managed {
                self.notice(sam, "`ResourcePolicy` needs the API's definition in `DefinitionBody`", At(policy.span));
            }
            let stage = stage_name.clone().unwrap_or_else(|| sam.at.string("*"));
            let paths: Vec<SmolStr> = state.paths.keys().cloned().collect();
            for path in paths {
                self.add_resource_policy(sam, &mut state, policy, &path, &stage);
            }
            self.add_custom_statements(&mut state, policy);
        }

        let mut api = Generated::new(sam.id.clone(), "AWS::ApiGateway::RestApi", sam.at, sam.attributes());
        api.copy(
            &sam.properties,
            &[
                "Name",
                "Description",
                "BinaryMediaTypes",
                "MinimumCompressionSize",
                "Mode",
                "ApiKeySourceType",
                "Policy",
            ],
        );
        if let Some(endpoint) = sam.get("EndpointConfiguration") {
            let at = At(endpoint.span);
            let resolved = resolve(endpoint, self.parameters);
            let value = match (resolved.as_mapping(), resolved.get("Type")) {
                (Some(map), Some(kind)) => {
                    let mut entries = vec![at.entry("Types", at.list([kind.clone()]))];
                    entries.extend(given(map, "VPCEndpointIds").map(|ids| at.entry("VpcEndpointIds", ids.clone())));
                    at.mapping(entries)
                }
                (Some(_), None) => endpoint.clone(),
                (None, _) => at.map([("Types", at.list([resolved.into_owned()]))]),
            };
            api.set("EndpointConfiguration", value);
        }
        if let Some(uri) = sam.get("DefinitionUri") {
            api.set_some("BodyS3Location", function::s3_location(uri, ["Bucket", "Key", "Version"]));
        } else {
            let body = self.definition(sam, &mut state, "x-amazon-apigateway-policy");
            api.set("Body", body);
        }

        let mut generated = vec![api];
        let deployment = format_smolstr!("{}Deployment", sam.id);
        let mut resource = Generated::new(deployment.clone(), "AWS::ApiGateway::Deployment", sam.at, sam.passed_on());
        resource.set("RestApiId", sam.at.reference(&sam.id));
        generated.push(resource);
        let at = sam.place("StageName");
        let prefix = stage_name.as_ref().and_then(Node::as_str).unwrap_or_default();
        let id = if prefix.chars().all(char::is_alphanumeric) && !prefix.is_empty() {
            format_smolstr!("{}{prefix}Stage", sam.id)
        } else {
            logical_id::with_hash(&format!("{}Stage", sam.id), prefix)
        };
        let mut stage = Generated::new(id, "AWS::ApiGateway::Stage", at, sam.passed_on());
        stage.set("RestApiId", at.reference(&sam.id));
        stage.set("DeploymentId", at.reference(&deployment));
        stage.set_some("StageName", stage_name);
        stage.copy(&sam.properties, &["Variables", "AccessLogSetting", "MethodSettings", "TracingEnabled"]);
        if let Some(tags) = sam.get("Tags") {
            stage.set("Tags", at.tags(None, Some(tags)));
        }
        generated.push(stage);
        self.domain(sam, &mut generated);
        if let Some(auth) = &auth {
            self.usage_plan(sam, auth, &mut generated);
            self.authorizer_permissions(sam, auth, |e| {
                e.get("DisableFunctionDefaultPermissions").and_then(|d| resolved_bool(d, self.parameters)) != Some(true)
            })
            .into_iter()
            .for_each(|p| generated.push(p));
        }
        self.propagate_tags(sam, &mut generated);
        generated
    }

    /// The definition of an API: the template's own, or the paths that events gave it; with the resource policy.
    pub fn definition(&mut self, sam: &SamResource<'_>, state: &mut Api, policy_key: &str) -> Node {
        let mut entries: Vec<Entry> = match sam.get("DefinitionBody") {
            Some(body) => match &body.kind {
                NodeKind::Mapping(map) => map.entries.clone(),
                _ => Vec::new(),
            },
            None => {
                let at = sam.at;
                let version = if state.kind == ApiKind::Rest { ("swagger", "2.0") } else { ("openapi", "3.0.1") };
                vec![at.entry(version.0, at.string(version.1)), at.entry("paths", state.definition_paths(at))]
            }
        };
        let statements = std::mem::take(&mut state.statements);
        if let Some(first) = statements.first() {
            let at = At(first.span);
            let there = entries.iter().position(|e| e.key == policy_key).map(|i| entries.remove(i));
            let own = there.as_ref().and_then(|e| e.value.get("Statement"));
            let own = own.map_or(&[][..], |s| s.as_sequence().unwrap_or(std::slice::from_ref(s)));
            let all: Vec<Node> = own.iter().chain(&statements).cloned().collect();
            entries.push(at.entry(policy_key, at.document(all)));
        }
        let at = At(sam.get("DefinitionBody").map_or(sam.at.0, |b| b.span));
        at.mapping(entries)
    }

    /// The permissions of an API's Lambda authorizers, of those for which `wanted` says so.
    pub fn authorizer_permissions(
        &self,
        sam: &SamResource<'_>,
        auth: &Node,
        wanted: impl Fn(&Node) -> bool,
    ) -> Vec<Generated> {
        let authorizers = auth.get("Authorizers").map(|a| resolve(a, self.parameters));
        let mut permissions = Vec::new();
        for entry in authorizers.iter().filter_map(|a| a.as_mapping()).flat_map(Mapping::iter) {
            let Some(function) = entry.value.as_mapping().and_then(|m| given(m, "FunctionArn")) else { continue };
            if wanted(&entry.value) {
                let at = At(entry.key_span.join(entry.value.span));
                let id = format_smolstr!("{}{}AuthorizerPermission", sam.id, entry.key.as_str());
                permissions.push(authorizer_permission(sam, id, function.clone(), at));
            }
        }
        permissions
    }

    /// The domain name of an API: what refers to it, and for private ones its resource policy.
    pub fn domain(&mut self, sam: &SamResource<'_>, generated: &mut Vec<Generated>) {
        let Some(domain) = sam.get("Domain") else { return };
        let at = sam.place("Domain");
        let domain = resolve_deep(domain, self.parameters);
        let Some(settings) = domain.as_mapping() else { return };
        let Some(name) = given(settings, "DomainName") else {
            return self.notice(sam, "`Domain` needs `DomainName`", at);
        };
        let endpoint = given(settings, "EndpointConfiguration").and_then(|e| {
            let e = if e.as_mapping().is_some() { e.get("Type")? } else { e };
            resolved_string(e, self.parameters)
        });
        let is_private = endpoint.as_deref() == Some("PRIVATE");
        let hashed = match name.as_str() {
            Some(name) => name.to_owned(),
            None => logical_id::canonical_json(name),
        };
        let (resource_type, prefix) = match (sam.kind.as_str(), is_private) {
            ("Api", true) => ("AWS::ApiGateway::DomainNameV2", "ApiGatewayDomainNameV2"),
            ("Api", false) => ("AWS::ApiGateway::DomainName", "ApiGatewayDomainName"),
            _ => ("AWS::ApiGatewayV2::DomainName", "ApiGatewayDomainNameV2"),
        };
        let mut resource = Generated::new(logical_id::with_hash(prefix, &hashed), resource_type, at, sam.passed_on());
        resource.copy(settings, &["DomainName", "CertificateArn", "SecurityPolicy", "Policy"]);
        generated.push(resource);
    }

    fn usage_plan(&mut self, sam: &SamResource<'_>, auth: &Node, generated: &mut Vec<Generated>) {
        let Some(plan) = auth.get("UsagePlan") else { return };
        let at = At(plan.span);
        let prefix = match plan.get("CreateUsagePlan").and_then(Node::as_str) {
            Some("PER_API") => sam.id.as_str(),
            Some("SHARED") => "Serverless",
            _ => return,
        };
        let plan_id = format_smolstr!("{prefix}UsagePlan");
        let key_id = format_smolstr!("{prefix}ApiKey");
        let plan_key_id = format_smolstr!("{prefix}UsagePlanKey");
        let mut resource = Generated::new(plan_id.clone(), "AWS::ApiGateway::UsagePlan", at, sam.passed_on());
        resource.set_some("UsagePlanName", plan.get("UsagePlanName").cloned());
        generated.push(resource);
        generated.push(Generated::new(key_id.clone(), "AWS::ApiGateway::ApiKey", at, sam.passed_on()));
        let mut resource = Generated::new(plan_key_id, "AWS::ApiGateway::UsagePlanKey", at, sam.passed_on());
        resource.set("KeyId", at.reference(key_id));
        resource.set("UsagePlanId", at.reference(plan_id));
        generated.push(resource);
    }
}

/// Lets API Gateway call an authorizer of an API.
pub(super) fn authorizer_permission(sam: &SamResource<'_>, id: SmolStr, function: Node, at: At) -> Generated {
    let mut permission = Generated::new(id, "AWS::Lambda::Permission", at, sam.passed_on());
    permission.set("Action", at.string("lambda:InvokeFunction"));
    permission.set("FunctionName", function);
    permission.set("Principal", at.string("apigateway.amazonaws.com"));
    let arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*";
    permission.set("SourceArn", at.sub_with(arn, [("__ApiId__", at.reference(&sam.id))]));
    permission
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_a_path_are_wildcards_in_its_arn() {
        assert_eq!(arn_path("/a/{id}/b", ApiKind::Rest), "/a/*/b");
        assert_eq!(arn_path("/{proxy+}", ApiKind::Rest), "/*");
        assert_eq!(arn_path("/{rest+}", ApiKind::Rest), "/*");
        assert_eq!(arn_path("/{rest+}", ApiKind::Http), "/{rest+}");
        assert_eq!(arn_path("/{proxy+}", ApiKind::Http), "/*");
        assert_eq!(arn_path("/{a b}/{", ApiKind::Http), "/{a b}/{");
        assert_eq!(without_last_slash("/a/"), "/a");
        assert_eq!(without_last_slash("/"), "/");
    }
}
