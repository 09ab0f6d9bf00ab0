//! `AWS::Serverless::GraphQLApi`: the AppSync API, its data sources with their roles, the role that writes its logs, and
//! the permissions of its Lambda authorizers.

use smol_str::{SmolStr, format_smolstr};

use super::connector::Implied;
use super::construct::{At, Generated};
use super::intrinsic::given;
use super::role::Role;
use super::{Expansion, SamResource};
use crate::source::{Mapping, Node, NodeKind};

impl Expansion<'_> {
    pub fn graphql_api(&mut self, sam: &SamResource<'_>) -> Vec<Generated> {
        let at = sam.at;
        let mut api = Generated::new(sam.id.clone(), "AWS::AppSync::GraphQLApi", at, sam.attributes());
        api.copy(&sam.properties, &["XrayEnabled", "Visibility"]);
        api.set("Name", sam.get("Name").cloned().unwrap_or_else(|| at.string(&sam.id)));
        api.set_some("AuthenticationType", sam.get("Auth").and_then(|a| a.get("Type")).cloned());
        let mut generated = Vec::new();
        self.graphql_log_role(sam, &mut api, &mut generated);
        generated.insert(0, api);
        let schema_id = format_smolstr!("{}Schema", sam.id);
        let mut schema = Generated::new(schema_id, "AWS::AppSync::GraphQLSchema", at, sam.attributes());
        schema.set("ApiId", at.get_att(&sam.id, "ApiId"));
        generated.push(schema);
        self.graphql_authorizers(sam, &mut generated);
        self.graphql_data_sources(sam, &mut generated);
        generated
    }

    fn graphql_log_role(&mut self, sam: &SamResource<'_>, api: &mut Generated, generated: &mut Vec<Generated>) {
        let logging = sam.get("Logging");
        if logging.is_some_and(|l| matches!(l.kind, NodeKind::Bool(false))) {
            return;
        }
        let at = sam.place("Logging");
        let given = logging.and_then(Node::as_mapping).and_then(|m| given(m, "CloudWatchLogsRoleArn"));
        let arn = match given {
            Some(arn) => arn.clone(),
            None => {
                let id = format_smolstr!("{}CloudWatchRole", sam.id);
                let arn = at.get_att(&id, "Arn");
                let mut role = Role::new(id, at, sam.attributes(), at.trust_service("appsync.amazonaws.com"));
                role.managed.push(at.managed_policy_arn("service-role/AWSAppSyncPushToCloudWatchLogs"));
                generated.push(role.into_resource());
                arn
            }
        };
        api.set("LogConfig", at.map([("CloudWatchLogsRoleArn", arn)]));
    }

    fn graphql_authorizers(&mut self, sam: &SamResource<'_>, generated: &mut Vec<Generated>) {
        let Some(auth) = sam.get("Auth") else { return };
        let additional = auth.get("Additional").and_then(Node::as_sequence).unwrap_or(&[]);
        let functions = std::iter::once(auth)
            .chain(additional)
            .filter(|a| a.get("Type").and_then(Node::as_str) == Some("AWS_LAMBDA"))
            .filter_map(|a| a.get("LambdaAuthorizer")?.get("AuthorizerUri"));
        let functions: Vec<Node> = functions.cloned().collect();
        for (number, function) in (1..).zip(functions) {
            let at = At(function.span);
            let implied = Implied {
                id: format_smolstr!("{}ToLambdaAuthConnector{number}", sam.id),
                source: at.map([
                    ("Type", at.string("AWS::AppSync::GraphQLApi")),
                    ("Arn", at.reference(&sam.id)),
                    ("ResourceId", at.get_att(&sam.id, "ApiId")),
                ]),
                destination: at.map([("Type", at.string("AWS::Lambda::Function")), ("Arn", function)]),
                permissions: at.strings(["Write"]),
            };
            generated.extend(self.implied_connector(implied, at));
        }
    }

    fn graphql_data_sources(&mut self, sam: &SamResource<'_>, generated: &mut Vec<Generated>) {
        let Some(sources) = sam.get("DataSources") else { return };
        for (section, source_type) in [("DynamoDb", "AMAZON_DYNAMODB"), ("Lambda", "AWS_LAMBDA")] {
            let map = sources.get(section).and_then(Node::as_mapping);
            for entry in map.into_iter().flat_map(Mapping::iter) {
                let at = At(entry.key_span.join(entry.value.span));
                let suffix = if section == "Lambda" { "Lambda" } else { "DynamoDB" };
                let id = format_smolstr!("{}{}{suffix}DataSource", sam.id, entry.key.as_str());
                let mut source = Generated::new(id.clone(), "AWS::AppSync::DataSource", at, sam.attributes());
                source.set("ApiId", at.get_att(&sam.id, "ApiId"));
                source.set("Type", at.string(source_type));
                let Some(settings) = entry.value.as_mapping() else {
                    self.notice(sam, format_args!("data source `{}` must be a map", entry.key.display()), at);
                    continue;
                };
                let name = given(settings, "Name").cloned();
                source.set("Name", name.unwrap_or_else(|| at.string(entry.key.as_str())));
                if let Some(role) = given(settings, "ServiceRoleArn") {
                    source.set("ServiceRoleArn", role.clone());
                    generated.push(source);
                    continue;
                }
                let role_id = format_smolstr!("{id}Role");
                source.set("ServiceRoleArn", at.get_att(&role_id, "Arn"));
                generated.push(source);
                let trust = at.trust_service("appsync.amazonaws.com");
                generated.push(Role::new(role_id.clone(), at, sam.attributes(), trust).into_resource());
                let destination = if section == "Lambda" { lambda_end(settings, at) } else { table_end(settings, at) };
                let Some((destination, permissions, name)) = destination else {
                    let message = format!("data source `{}` names nothing to call", entry.key.display());
                    self.notice(sam, message, at);
                    continue;
                };
                let implied = Implied {
                    id: format_smolstr!("{id}{name}"),
                    source: at.map([
                        ("Type", at.string("AWS::AppSync::DataSource")),
                        ("Arn", at.get_att(&id, "DataSourceArn")),
                        ("RoleName", at.reference(&role_id)),
                    ]),
                    destination,
                    permissions,
                };
                generated.extend(self.implied_connector(implied, at));
            }
        }
    }
}

/// The function of a data source, what is wanted of it, and what the connector's id ends in.
fn lambda_end(settings: &Mapping, at: At) -> Option<(Node, Node, SmolStr)> {
    let arn = given(settings, "FunctionArn")?.clone();
    let end = at.map([("Type", at.string("AWS::Lambda::Function")), ("Arn", arn)]);
    Some((end, at.strings(["Write"]), "ToLambdaConnector".into()))
}

/// The table of a data source, likewise.
fn table_end(settings: &Mapping, at: At) -> Option<(Node, Node, SmolStr)> {
    let arn = match given(settings, "TableArn") {
        Some(arn) => arn.clone(),
        None => {
            let name = given(settings, "TableName")?.clone();
            let region = given(settings, "Region").cloned().unwrap_or_else(|| at.reference("AWS::Region"));
            let arn = "arn:${AWS::Partition}:dynamodb:${__Region__}:${AWS::AccountId}:table/${__TableName__}";
            at.sub_with(arn, [("__TableName__", name), ("__Region__", region)])
        }
    };
    let permissions = given(settings, "Permissions").cloned().unwrap_or_else(|| at.strings(["Read", "Write"]));
    let end = at.map([("Type", at.string("AWS::DynamoDB::Table")), ("Arn", arn)]);
    Some((end, permissions, "ToTableConnector".into()))
}
