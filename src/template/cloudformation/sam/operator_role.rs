//! `AWS::Serverless::CapacityProvider`, `AWS::Serverless::NetworkConnector` and `AWS::Serverless::MicrovmImage`: Lambda
//! resources that need a role to work for them, which SAM makes unless one is given.

use smol_str::format_smolstr;

use super::construct::Generated;
use super::intrinsic::resolved_string;
use super::role::Role;
use super::{Expansion, SamResource};
use crate::source::Node;

const CREATED_BY: Option<(&str, &str)> = Some(("lambda:createdBy", "SAM"));

/// The role given in `property`, or one that is made with a managed policy.
fn operator_role(sam: &SamResource<'_>, policy: &str, generated: &mut Vec<Generated>) -> Node {
    if let Some(given) = sam.get("OperatorRole") {
        return given.clone();
    }
    let id = format_smolstr!("{}OperatorRole", sam.id);
    let arn = sam.at.get_att(&id, "Arn");
    let mut role = Role::new(id, sam.at, sam.passed_on(), sam.at.trust_service("lambda.amazonaws.com"));
    role.managed.push(sam.at.managed_policy_arn(policy));
    role.resource.set("Tags", sam.at.tags(CREATED_BY, propagated(sam)));
    generated.push(role.into_resource());
    arn
}

/// The tags that go onto generated resources too.
fn propagated<'s>(sam: &'s SamResource<'_>) -> Option<&'s Node> {
    let wanted = sam.get("PropagateTags").and_then(Node::scalar_text).is_some_and(|t| t == "true");
    sam.get("Tags").filter(|_| wanted)
}

pub(super) fn capacity_provider(sam: &SamResource<'_>) -> Vec<Generated> {
    let mut generated = Vec::new();
    let role = operator_role(sam, "AWSLambdaManagedEC2ResourceOperator", &mut generated);
    let mut provider = Generated::new(sam.id.clone(), "AWS::Lambda::CapacityProvider", sam.at, sam.attributes());
    provider.copy(&sam.properties, &["CapacityProviderName", "VpcConfig", "KmsKeyArn"]);
    let at = sam.place("OperatorRole");
    provider.set("PermissionsConfig", at.map([("CapacityProviderOperatorRoleArn", role)]));
    provider.set("Tags", sam.at.tags(CREATED_BY, sam.get("Tags")));
    generated.push(provider);
    generated
}

pub(super) fn network_connector(sam: &SamResource<'_>) -> Vec<Generated> {
    let mut generated = Vec::new();
    let role = operator_role(sam, "AWSLambdaNetworkConnectorOperatorPolicy", &mut generated);
    let mut connector = Generated::new(sam.id.clone(), "AWS::Lambda::NetworkConnector", sam.at, sam.attributes());
    connector.copy(&sam.properties, &["Name"]);
    if let Some(vpc) = sam.get("VpcConfig") {
        let at = sam.place("VpcConfig");
        connector.set("Configuration", at.map([("VpcEgressConfiguration", vpc.clone())]));
    }
    connector.set("OperatorRole", role);
    connector.set("Tags", sam.at.tags(CREATED_BY, sam.get("Tags")));
    generated.push(connector);
    generated
}

impl Expansion<'_> {
    pub fn microvm_image(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let mut generated = Vec::new();
        let role = match sam.get("BuildRoleArn") {
            Some(given) => given.clone(),
            None => {
                let at = sam.place("CodeUri");
                let id = format_smolstr!("{}BuildRole", sam.id);
                let arn = sam.at.get_att(&id, "Arn");
                let trust = sam.at.trust_service("lambda.amazonaws.com");
                let mut role = Role::new(id, sam.at, sam.passed_on(), trust);
                let object = at.allow(&["s3:GetObject"], self.objects_of_code(sam));
                let logs = ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
                let logs = sam.at.allow(&logs, sam.at.string("*"));
                role.policies.push(at.inline_policy("MicrovmImageBuildPolicy", at.document([object, logs])));
                role.resource.set("Tags", sam.at.tags(CREATED_BY, propagated(sam)));
                generated.push(role.into_resource());
                arn
            }
        };
        let mut image = Generated::new(sam.id.clone(), "AWS::Lambda::MicrovmImage", sam.at, sam.attributes());
        image.copy(&sam.properties, &["Name", "BaseImageArn", "BaseImageVersion", "Description", "Logging"]);
        image.set("BuildRoleArn", role);
        generated.push(image);
        generated
    }

    /// The ARN of all objects of the bucket that `CodeUri` names.
    fn objects_of_code(&self, sam: &SamResource<'_>) -> Node {
        let at = sam.place("CodeUri");
        let Some(uri) = sam.get("CodeUri") else { return at.string("*") };
        let resolved = resolved_string(uri, self.parameters);
        let bucket = resolved.as_deref().and_then(|u| u.strip_prefix("s3://")).and_then(|u| u.split('/').next());
        match bucket.filter(|b| !b.is_empty()) {
            Some(bucket) => at.sub(format!("arn:${{AWS::Partition}}:s3:::{bucket}/*")),
            None => {
                let split = at.map([("Fn::Split", at.list([at.string("/"), uri.clone()]))]);
                let bucket = at.map([("Fn::Select", at.list([at.string("2"), split]))]);
                at.sub_with("arn:${AWS::Partition}:s3:::${Bucket}/*", [("Bucket", bucket)])
            }
        }
    }
}
