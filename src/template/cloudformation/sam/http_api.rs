//! `AWS::Serverless::HttpApi`: the HTTP API, its stage, and the permissions of its Lambda authorizers.

use smol_str::format_smolstr;

use super::api::{Api, ApiKind};
use super::construct::Generated;
use super::intrinsic::resolved_bool;
use super::{Expansion, SamResource, function, logical_id};
use crate::source::Node;

impl Expansion<'_> {
    pub fn http_api(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let mut state = self.apis.remove(&sam.id).unwrap_or_else(|| Api::new(ApiKind::Http, false));
        let mut api = Generated::new(sam.id.clone(), "AWS::ApiGatewayV2::Api", sam.at, sam.attributes());
        api.copy(&sam.properties, &["Name", "Description", "DisableExecuteApiEndpoint", "FailOnWarnings"]);
        if let Some(uri) = sam.get("DefinitionUri") {
            api.set_some("BodyS3Location", function::s3_location(uri, ["Bucket", "Key", "Version"]));
        } else {
            let body = self.definition(sam, &mut state, "x-amazon-apigateway-policy");
            api.set("Body", body);
        }
        let mut generated = vec![api];

        let at = sam.place("StageName");
        let name = sam.get("StageName").cloned().unwrap_or_else(|| at.string("$default"));
        let id = match name.as_str() {
            Some("$default") => format_smolstr!("{}ApiGatewayDefaultStage", sam.id),
            Some(prefix) if !prefix.is_empty() && prefix.chars().all(char::is_alphanumeric) => {
                format_smolstr!("{}{prefix}Stage", sam.id)
            }
            other => logical_id::with_hash(&format!("{}Stage", sam.id), other.unwrap_or_default()),
        };
        let mut stage = Generated::new(id, "AWS::ApiGatewayV2::Stage", at, sam.passed_on());
        stage.set("ApiId", at.reference(&sam.id));
        stage.set("StageName", name);
        stage.set("AutoDeploy", at.bool(true));
        stage.copy(&sam.properties, &["StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings"]);
        generated.push(stage);
        self.domain(sam, &mut generated);
        if let Some(auth) = sam.get("Auth") {
            let wanted = |authorizer: &Node| {
                let enabled = authorizer.get("EnableFunctionDefaultPermissions");
                enabled.and_then(|e| resolved_bool(e, self.parameters)) == Some(true)
            };
            generated.extend(self.authorizer_permissions(sam, auth, wanted));
        }
        generated
    }
}
