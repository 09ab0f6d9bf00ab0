//! `AWS::Serverless::WebSocketApi`: the API with its routes, integrations and stage, and the permissions that let it
//! call the functions of its routes and of its authorizer.

use smol_str::format_smolstr;

use super::api::authorizer_permission;
use super::construct::{At, Generated};
use super::intrinsic::given;
use super::{Expansion, SamResource};
use crate::source::{Mapping, Node};

impl Expansion<'_> {
    pub fn websocket_api(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let mut api = Generated::new(sam.id.clone(), "AWS::ApiGatewayV2::Api", sam.at, sam.attributes());
        api.copy(&sam.properties, &["Name", "Description", "RouteSelectionExpression", "DisableExecuteApiEndpoint"]);
        api.set("ProtocolType", sam.at.string("WEBSOCKET"));
        let mut generated = vec![api];
        let stage_name = sam.get("StageName").cloned().unwrap_or_else(|| sam.at.string("default"));
        let routes = sam.get("Routes").and_then(Node::as_mapping);
        let mut connects = false;
        for route in routes.into_iter().flat_map(Mapping::iter) {
            let at = At(route.key_span.join(route.value.span));
            let key = route.key.as_str();
            connects |= key == "$connect";
            let plain =
                key.strip_prefix('$').filter(|k| ["connect", "disconnect", "default"].contains(k)).unwrap_or(key);
            if plain.is_empty() || !plain.chars().all(char::is_alphanumeric) {
                self.notice(sam, format_args!("route key `{key}` is not alphanumeric"), at);
                continue;
            }
            let Some(function) = route.value.as_mapping().and_then(|m| given(m, "FunctionArn")) else {
                self.notice(sam, format_args!("route `{key}` needs `FunctionArn`"), at);
                continue;
            };
            let base = format_smolstr!("{}{}", sam.id, capitalized(plain));
            let integration_id = format_smolstr!("{base}Integration");
            let mut resource =
                Generated::new(format_smolstr!("{base}Route"), "AWS::ApiGatewayV2::Route", at, sam.passed_on());
            resource.set("ApiId", at.reference(&sam.id));
            resource.set("RouteKey", at.string(key));
            resource.set("Target", at.join("/", [at.string("integrations"), at.reference(&integration_id)]));
            generated.push(resource);
            let mut resource = Generated::new(integration_id, "AWS::ApiGatewayV2::Integration", at, sam.passed_on());
            resource.set("ApiId", at.reference(&sam.id));
            resource.set("IntegrationType", at.string("AWS_PROXY"));
            let uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations";
            resource.set("IntegrationUri", at.sub_with(uri, [("FunctionArn", function.clone())]));
            generated.push(resource);
            let mut resource =
                Generated::new(format_smolstr!("{base}Permission"), "AWS::Lambda::Permission", at, sam.passed_on());
            resource.set("Action", at.string("lambda:InvokeFunction"));
            resource.set("FunctionName", function.clone());
            resource.set("Principal", at.string("apigateway.amazonaws.com"));
            let arn = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${";
            resource.set(
                "SourceArn",
                match stage_name.as_str() {
                    Some(stage) => at.sub(format!("{arn}{}.ApiId}}/{stage}/{key}", sam.id)),
                    None => at.sub_with(
                        format!("{arn}{}.ApiId}}/${{__StageName__}}/{key}", sam.id),
                        [("__StageName__", stage_name.clone())],
                    ),
                },
            );
            generated.push(resource);
        }
        self.domain(sam, &mut generated);
        let at = sam.place("StageName");
        let prefix = stage_name.as_str().unwrap_or_default();
        let id = match prefix {
            "default" => format_smolstr!("{}DefaultStage", sam.id),
            _ => format_smolstr!("{}{prefix}Stage", sam.id),
        };
        let mut stage = Generated::new(id, "AWS::ApiGatewayV2::Stage", at, sam.passed_on());
        stage.set("ApiId", at.reference(&sam.id));
        stage.set("StageName", stage_name);
        stage.set("AutoDeploy", at.bool(true));
        generated.push(stage);
        self.websocket_authorizer(sam, connects, &mut generated);
        generated
    }

    fn websocket_authorizer(&mut self, sam: &SamResource<'_>, connects: bool, generated: &mut Vec<Generated>) {
        let Some(auth) = sam.get("Auth") else { return };
        let at = sam.place("Auth");
        if !connects {
            return self.notice(sam, "`Auth` needs the route `$connect`", at);
        }
        if auth.get("AuthType").and_then(Node::as_str) != Some("CUSTOM") {
            return;
        }
        let Some(function) = auth.get("AuthArn") else {
            return self.notice(sam, "`Auth` of type `CUSTOM` needs `AuthArn`", at);
        };
        let id = format_smolstr!("{}ConnectAuthorizer", sam.id);
        let mut authorizer = Generated::new(id, "AWS::ApiGatewayV2::Authorizer", at, sam.passed_on());
        authorizer.set("ApiId", at.reference(&sam.id));
        authorizer.set("AuthorizerType", at.string("REQUEST"));
        let uri =
            "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AuthArn}/invocations";
        authorizer.set("AuthorizerUri", at.sub_with(uri, [("AuthArn", function.clone())]));
        authorizer.set_some("AuthorizerCredentialsArn", auth.get("InvokeRole").cloned());
        generated.push(authorizer);
        if auth.get("InvokeRole").is_none() {
            let id = format_smolstr!("{}AuthorizerPermission", sam.id);
            generated.push(authorizer_permission(sam, id, function.clone(), at));
        }
    }
}

/// The first letter large, the others small.
fn capitalized(word: &str) -> String {
    let mut chars = word.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + &chars.as_str().to_lowercase()
}
