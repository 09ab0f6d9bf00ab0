//! `AWS::Serverless::WebFunction`: a web function with its revision and endpoint, and its execution role.

use smol_str::format_smolstr;

use super::construct::Generated;
use super::role::Role;
use super::{Expansion, SamResource};

impl Expansion<'_> {
    pub fn web_function(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let at = sam.at;
        let tags = at.tags(Some(("lambda:createdBy", "SAM")), sam.get("Tags"));
        let mut generated = Vec::new();
        let role_arn = match sam.get("ExecutionRoleArn") {
            Some(given) => given.clone(),
            None => {
                let id = format_smolstr!("{}Role", sam.id);
                let arn = at.get_att(&id, "Arn");
                let mut role = Role::new(id, at, sam.passed_on(), at.trust_service("lambda.amazonaws.com"));
                role.managed.push(at.managed_policy_arn("service-role/AWSLambdaBasicExecutionRole"));
                role.resource.set("Tags", tags.clone());
                generated.push(role.into_resource());
                arn
            }
        };
        let mut function = Generated::new(sam.id.clone(), "AWS::Lambda::WebFunction", at, sam.attributes());
        function.copy(&sam.properties, &["FunctionName"]);
        function.set("Tags", tags);
        let revision_id = format_smolstr!("{}Revision", sam.id);
        let mut revision = Generated::new(revision_id, "AWS::Lambda::WebFunctionRevision", at, sam.passed_on());
        revision.copy(&sam.properties, &["FunctionName", "KmsKeyArn"]);
        revision.set("ServiceConfig", at.map([("ExecutionRoleArn", role_arn)]));
        let endpoint_id = format_smolstr!("{}Endpoint", sam.id);
        let mut endpoint = Generated::new(endpoint_id, "AWS::Lambda::WebFunctionEndpoint", at, sam.passed_on());
        endpoint.copy(&sam.properties, &["FunctionName", "EndpointName", "EndpointType", "AuthType"]);
        generated.extend([function, revision, endpoint]);
        generated
    }
}
