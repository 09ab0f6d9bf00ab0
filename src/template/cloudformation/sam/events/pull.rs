//! Events that Lambda reads from a queue or stream: an event source mapping, and what the execution role needs for it.

use super::super::construct::{At, Generated};
use super::super::event_invoke::destination_policy;
use super::super::function::Invoked;
use super::super::intrinsic::{function, given, resolve};
use super::super::role::Role;
use super::super::{Expansion, SamResource};
use super::Event;
use crate::source::Node;

/// An event type: the property that names its source, and the managed policy that its readers need.
struct Source {
    kind: &'static str,
    property: Option<&'static str>,
    managed: Option<&'static str>,
}

const SOURCES: [Source; 7] = [
    Source { kind: "Kinesis", property: Some("Stream"), managed: Some("service-role/AWSLambdaKinesisExecutionRole") },
    Source { kind: "DynamoDB", property: Some("Stream"), managed: Some("service-role/AWSLambdaDynamoDBExecutionRole") },
    Source { kind: "SQS", property: Some("Queue"), managed: Some("service-role/AWSLambdaSQSQueueExecutionRole") },
    Source { kind: "MSK", property: Some("Stream"), managed: Some("service-role/AWSLambdaMSKExecutionRole") },
    Source { kind: "MQ", property: Some("Broker"), managed: None },
    Source { kind: "SelfManagedKafka", property: None, managed: None },
    Source { kind: "DocumentDB", property: Some("Cluster"), managed: None },
];

const NETWORK: [&str; 6] = [
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeVpcs",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
];

/// Ways to sign in to a Kafka cluster whose secret the function must read.
const KAFKA_SECRETS: [&str; 5] =
    ["SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH", "BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "OAUTHBEARER_AUTH"];

fn read_secret(secret: &Node) -> Node {
    At(secret.span).allow(&["secretsmanager:GetSecretValue"], secret.clone())
}

/// The `URI` of the access configuration of a type.
fn access<'e>(event: &Event<'e>, kind: &str) -> Option<&'e Node> {
    let list = event.get("SourceAccessConfigurations")?.as_sequence()?;
    list.iter().find(|c| c.get("Type").and_then(Node::as_str) == Some(kind))?.get("URI")
}

/// Lets the function use the key that its secret is encrypted with.
fn decrypt(event: &Event<'_>) -> Option<Node> {
    let key = event.get("SecretsManagerKmsKeyId")?;
    let at = event.place("SecretsManagerKmsKeyId");
    let arn = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/";
    let resource = match key.as_str() {
        Some(key) => at.sub(format!("{arn}{key}")),
        None => at.sub_with(format!("{arn}${{Key}}"), [("Key", key.clone())]),
    };
    Some(at.allow(&["kms:Decrypt"], resource))
}

impl Expansion<'_> {
    /// Expands an event of this kind; false if it is of another.
    pub(super) fn pull(
        &mut self,
        sam: &SamResource<'_>,
        event: &Event<'_>,
        invoked: &Invoked,
        role: &mut Role,
        generated: &mut Vec<Generated>,
    ) -> bool {
        let Some(source) = SOURCES.iter().find(|s| s.kind == event.kind) else { return false };
        let at = event.at;
        let id = event.id(&invoked.function);
        let mut mapping = Generated::new(id.clone(), "AWS::Lambda::EventSourceMapping", at, invoked.attributes.clone());
        mapping.set("FunctionName", invoked.name_or_arn(at));
        if let Some(property) = source.property {
            match event.get(property) {
                Some(arn) => mapping.set("EventSourceArn", arn.clone()),
                None => self.notice(sam, format_args!("event `{}` needs `{property}`", event.name), at),
            }
        }
        mapping.copy(
            event.properties,
            &["BatchSize", "Enabled", "StartingPosition", "Topics", "Queues", "FilterCriteria", "KmsKeyArn"],
        );
        generated.push(mapping);

        if let Some(managed) = source.managed {
            role.attach(source.property.map_or(at, |p| event.place(p)).managed_policy_arn(managed));
        }
        if let Some(policy) = self.source_policy(sam, event, &id) {
            role.add_once(policy);
        }
        if let Some(failure) = event.get("DestinationConfig").and_then(|d| d.get("OnFailure")) {
            let at = event.place("DestinationConfig");
            match (failure.get("Type").and_then(Node::as_str), failure.get("Destination")) {
                (Some(kind @ ("SQS" | "SNS" | "S3")), Some(arn)) => {
                    if let Some(policy) = destination_policy(kind, arn, &id, at) {
                        role.add_once(policy);
                    }
                }
                (None | Some("Kafka"), _) => {}
                (Some(_), _) => {
                    self.notice(sam, "`OnFailure` needs `Type` (`SQS`, `SNS`, `S3` or `Kafka`) and `Destination`", at)
                }
            }
        }
        true
    }

    /// The inline policy that the execution role needs to read the source.
    fn source_policy(&mut self, sam: &SamResource<'_>, event: &Event<'_>, id: &str) -> Option<Node> {
        let at = event.at;
        match event.kind {
            "MSK" => {
                let mut statements = self.schema_registry(event);
                statements.extend(access(event, "CLIENT_CERTIFICATE_TLS_AUTH").map(read_secret));
                let document = at.unversioned_document(statements.iter().cloned());
                (!statements.is_empty()).then(|| at.inline_policy("MSKExecutionRolePolicy", document))
            }
            "MQ" => {
                let Some(secret) = access(event, "BASIC_AUTH") else {
                    self.notice(sam, "`SourceAccessConfigurations` needs `BASIC_AUTH` with `URI`", at);
                    return None;
                };
                let mut statements = vec![read_secret(secret)];
                statements.extend(
                    event.get("Broker").map(|b| event.place("Broker").allow(&["mq:DescribeBroker"], b.clone())),
                );
                statements.extend(decrypt(event));
                let dynamic = event.get("DynamicPolicyName").and_then(Node::scalar_text).is_some_and(|t| t == "true");
                let name = if dynamic { format!("{id}AMQPolicy") } else { "SamAutoGeneratedAMQPolicy".to_owned() };
                Some(at.inline_policy(name, at.unversioned_document(statements)))
            }
            "SelfManagedKafka" => self.kafka_policy(sam, event),
            "DocumentDB" => {
                let Some(secret) = access(event, "BASIC_AUTH") else {
                    self.notice(sam, "`SourceAccessConfigurations` needs `BASIC_AUTH` with `URI`", at);
                    return None;
                };
                let rds = "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}:";
                let mut statements = vec![
                    read_secret(secret),
                    at.allow(&["rds:DescribeDBClusterParameters"], at.sub(format!("{rds}cluster-pg:*"))),
                    at.allow(&["rds:DescribeDBSubnetGroups"], at.sub(format!("{rds}subgrp:*"))),
                ];
                statements.extend(
                    event.get("Cluster").map(|c| event.place("Cluster").allow(&["rds:DescribeDBClusters"], c.clone())),
                );
                statements.push(at.allow(&NETWORK, at.string("*")));
                statements.extend(decrypt(event));
                Some(at.inline_policy("SamAutoGeneratedDocumentDBPolicy", at.unversioned_document(statements)))
            }
            _ => None,
        }
    }

    fn kafka_policy(&mut self, sam: &SamResource<'_>, event: &Event<'_>) -> Option<Node> {
        let at = event.at;
        let Some(list) = event.get("SourceAccessConfigurations").and_then(Node::as_sequence) else {
            self.notice(sam, "a `SelfManagedKafka` event needs `SourceAccessConfigurations`", at);
            return None;
        };
        let kinds = || list.iter().filter_map(|c| c.get("Type").and_then(Node::as_str));
        let mut statements: Vec<Node> = Vec::new();
        let secret = kinds().find(|k| KAFKA_SECRETS.contains(k)).and_then(|k| access(event, k));
        statements.extend(secret.map(read_secret));
        statements.extend(access(event, "SERVER_ROOT_CA_CERTIFICATE").map(read_secret));
        if kinds().any(|k| k == "VPC_SUBNET") && kinds().any(|k| k == "VPC_SECURITY_GROUP") {
            let at = event.place("SourceAccessConfigurations");
            statements.push(at.allow(&NETWORK, at.string("*")));
        }
        statements.extend(decrypt(event));
        statements.extend(self.schema_registry(event));
        if statements.is_empty() {
            return None;
        }
        Some(at.inline_policy("SelfManagedKafkaExecutionRolePolicy", at.document(statements)))
    }

    /// What a Kafka event needs of its schema registry: the secrets, and Glue's registry when it is one.
    fn schema_registry(&self, event: &Event<'_>) -> Vec<Node> {
        let Some(config) = event.get("SchemaRegistryConfig").and_then(Node::as_mapping) else { return Vec::new() };
        let at = event.place("SchemaRegistryConfig");
        let secrets = given(config, "AccessConfigs").and_then(Node::as_sequence).unwrap_or(&[]);
        let mut statements: Vec<Node> = secrets.iter().filter_map(|c| c.get("URI")).map(read_secret).collect();
        let Some(uri) = given(config, "SchemaRegistryURI") else { return statements };
        let resolved = resolve(uri, self.parameters);
        let arn = match function(&resolved) {
            Some(("Fn::Sub", argument)) => argument.as_str(),
            _ => resolved.as_str(),
        };
        let name = arn.filter(|a| a.starts_with("arn")).and_then(registry_name);
        if let Some(name) = name {
            statements.push(at.allow(&["glue:GetRegistry"], uri.clone()));
            let schemas =
                at.sub(format!("arn:${{AWS::Partition}}:glue:${{AWS::Region}}:${{AWS::AccountId}}:schema/{name}/*"));
            statements.push(at.allow(&["glue:GetSchemaVersion"], at.list([schemas])));
        }
        statements
    }
}

/// The name of a Glue schema registry, from its ARN. SAM knows partition and Region when it reads the ARN, but takes it
/// apart at every colon, so an ARN with `${AWS::AccountId}` in it is not understood.
fn registry_name(arn: &str) -> Option<String> {
    let arn = arn.replace("${AWS::Partition}", "aws").replace("${AWS::Region}", "region");
    arn.split(':').nth(5)?.strip_prefix("registry/").map(str::to_owned)
}
