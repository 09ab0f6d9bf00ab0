//! The actions that a way into a resource opens: those of the statement that exist, concern the resource and are not
//! forbidden.
//!
//! Source: Service Authorization Reference (actions and their resource types); Amazon DynamoDB Developer Guide, "Cross-account
//! access with resource-based policies" (the actions that work across accounts).

use smol_str::SmolStr;

use crate::catalog::{Action, Catalog, Service};
use crate::logic::Request;
use crate::logic::engine::{CompiledPolicy, Through, Ties, Zone, no_outside_access_through};
use crate::policy::{PolicyDocument, Statement, StringList};
use crate::source::{Node, NodeKind};

/// A protected type, the service that acts on it, and the service's own names of what a policy on it covers.
const TYPES: &[(&str, &str, &[&str])] = &[
    ("AWS::ApiGateway::RestApi", "execute-api", &["execute-api-general"]),
    ("AWS::Backup::BackupVault", "backup", &["backupVault", "recoveryPoint"]),
    ("AWS::CodeArtifact::Domain", "codeartifact", &["domain"]),
    ("AWS::DynamoDB::Stream", "dynamodb", &["stream"]),
    ("AWS::DynamoDB::Table", "dynamodb", &["table", "index"]),
    ("AWS::EC2::Snapshot", "ec2", &["snapshot"]),
    ("AWS::ECR::Repository", "ecr", &["repository"]),
    ("AWS::EFS::FileSystem", "elasticfilesystem", &["file-system"]),
    ("AWS::Events::EventBus", "events", &["event-bus"]),
    ("AWS::IAM::AssumeRolePolicyDocument", "sts", &["role"]),
    ("AWS::KMS::Key", "kms", &["key"]),
    ("AWS::Kinesis::Stream", "kinesis", &["stream"]),
    ("AWS::Kinesis::StreamConsumer", "kinesis", &["consumer"]),
    ("AWS::Lambda::Function", "lambda", &["function"]),
    ("AWS::Lambda::LayerVersion", "lambda", &["layerVersion"]),
    ("AWS::MSK::Cluster", "kafka", &["cluster", "topic", "group", "transactional-id"]),
    ("AWS::OpenSearchService::Domain", "es", &["domain"]),
    ("AWS::RDS::DBClusterSnapshot", "rds", &["cluster-snapshot"]),
    ("AWS::RDS::DBSnapshot", "rds", &["snapshot"]),
    ("AWS::S3::AccessPoint", "s3", &["accesspoint", "accesspointobject", "object", "bucket"]),
    ("AWS::S3::Bucket", "s3", &["bucket", "object"]),
    ("AWS::S3::Glacier", "glacier", &["vault"]),
    ("AWS::S3::MultiRegionAccessPoint", "s3", &["accesspoint", "accesspointobject", "object", "bucket"]),
    ("AWS::S3Express::AccessPoint", "s3express", &["accesspoint"]),
    ("AWS::S3Express::DirectoryBucket", "s3express", &["bucket"]),
    ("AWS::S3Outposts::AccessPoint", "s3-outposts", &["accesspoint", "bucket", "object"]),
    ("AWS::S3Outposts::Bucket", "s3-outposts", &["bucket", "object"]),
    ("AWS::S3Tables::Table", "s3tables", &["Table"]),
    ("AWS::S3Tables::TableBucket", "s3tables", &["TableBucket", "Table"]),
    ("AWS::SNS::Topic", "sns", &["topic"]),
    ("AWS::SQS::Queue", "sqs", &["queue"]),
    ("AWS::SecretsManager::Secret", "secretsmanager", &["Secret"]),
];

/// Actions of DynamoDB that a policy can grant to another account.
const DYNAMODB_ACROSS: &[&str] = &[
    "BatchGetItem",
    "BatchWriteItem",
    "ConditionCheckItem",
    "DeleteItem",
    "DeleteTable",
    "DescribeStream",
    "DescribeTable",
    "GetItem",
    "GetRecords",
    "GetShardIterator",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
];

/// The actions that the first statement of the document lets in. `witness` is a request that it allows.
pub(super) fn granted(
    policy: &CompiledPolicy,
    through: &Through<'_>,
    resource_type: &str,
    witness: &Request,
    zone: &Zone,
    catalog: &Catalog,
) -> Vec<SmolStr> {
    let document = policy.document();
    let Some(statement) = document.statements.first() else { return Vec::new() };
    let limited = through.gate.is_some() || document.statements.iter().any(Statement::is_deny);
    let mut granted: Vec<SmolStr> = candidates(statement, resource_type, catalog)
        .into_iter()
        .filter(|action| {
            let request = Request { action: action.clone(), ..witness.clone() };
            through.allows(policy, &request) || limited && lets_in(policy, through, action, zone)
        })
        .collect();
    granted.sort_unstable();
    granted.dedup();
    granted
}

/// The engine's answer for one action alone.
fn lets_in(policy: &CompiledPolicy, through: &Through<'_>, action: &str, zone: &Zone) -> bool {
    let mut root = policy.document().root().clone();
    if let NodeKind::Mapping(map) = &mut root.kind
        && let Some(NodeKind::Sequence(statements)) =
            map.entries.iter_mut().find(|e| e.key == "Statement").map(|e| &mut e.value.kind)
        && let Some(NodeKind::Mapping(first)) = statements.first_mut().map(|s| &mut s.kind)
    {
        for entry in first.entries.iter_mut().filter(|e| e.key == "Action" || e.key == "NotAction") {
            entry.key = crate::source::Text::literal("Action");
            entry.value = Node::string(action, entry.value.span);
        }
    }
    let compiled = CompiledPolicy::new(PolicyDocument::new(root), policy.kind(), Ties::Tied);
    compiled.is_ok_and(|policy| !no_outside_access_through(&policy, through, zone, Ties::Tied).holds())
}

/// The real actions that the statement's patterns match and that concern the resource; names that match none are kept as
/// they are written, since they may be newer than the service data.
fn candidates(statement: &Statement, resource_type: &str, catalog: &Catalog) -> Vec<SmolStr> {
    let row = TYPES.iter().find(|(t, ..)| *t == resource_type);
    let by_format = if row.is_none() { names_of(resource_type, catalog) } else { Vec::new() };
    let concerns = |service: &Service, action: &Action| {
        let across = resource_type.starts_with("AWS::DynamoDB::").then(|| DYNAMODB_ACROSS.contains(&&*action.name));
        let of_type = match row {
            Some((_, prefix, names)) => {
                service.prefix == *prefix && action.resources.iter().any(|r| names.contains(&r.name.as_str()))
            }
            None if by_format.is_empty() => !action.resources.is_empty(),
            None => action.resources.iter().any(|r| by_format.contains(&r.name)),
        };
        of_type && across.unwrap_or(true) && (resource_type != "AWS::S3::Bucket" || reaches(statement, action))
    };
    let own_service = || service_of(resource_type, catalog);
    let service = |pattern: &str| {
        let prefix = pattern.split(':').next().unwrap_or(pattern);
        if prefix.contains(['*', '?']) { own_service() } else { catalog.service(prefix) }
    };
    let full = |service: &Service, action: &Action| SmolStr::from(format!("{}:{}", service.prefix, action.name));
    let name_of = |pattern: &str| pattern.split_once(':').map_or("*", |(_, name)| name).to_owned();
    let mut found = Vec::new();
    if let Some(StringList { items, .. }) = &statement.action {
        for item in items {
            let pattern = item.text.as_str();
            let name = name_of(pattern);
            if !pattern.contains(['*', '?']) {
                match catalog.action(pattern) {
                    Some((service, action)) if resource_type.starts_with("AWS::DynamoDB::") => {
                        found.extend(concerns(service, action).then(|| full(service, action)));
                    }
                    Some((service, action)) => found.push(full(service, action)),
                    None => found.push(item.text.as_smol().clone()),
                }
                continue;
            }
            let Some(service) = service(pattern) else {
                // Nobody here knows what there is.
                found.push(item.text.as_smol().clone());
                continue;
            };
            let before = found.len();
            let matching = || service.actions_matching(&name);
            found.extend(matching().filter(|a| concerns(service, a)).map(|a| full(service, a)));
            if found.len() == before && row.is_none() {
                // Of another service than its own, or of what the type holds: which, nobody here knows.
                found.extend(matching().map(|a| full(service, a)));
            }
        }
    } else if let Some(service) = own_service() {
        // All actions: the evaluator leaves out what `NotAction` leaves out.
        found.extend(service.actions.iter().filter(|a| concerns(service, a)).map(|a| full(service, a)));
    } else {
        found.push("*".into());
    }
    found
}

/// What the service calls a type which has no row, and what it holds: resource types with an ARN of the same form, or below it.
fn names_of(resource_type: &str, catalog: &Catalog) -> Vec<SmolStr> {
    // `arn:${Partition}:osis:${Region}:${Account}:pipeline/${PipelineName}`, whatever the parts are called.
    fn form(arn: &str) -> String {
        let parts = arn.split("${").map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
        parts.collect::<Vec<_>>().join("*")
    }
    let Some(own) = catalog.cloudformation_type(resource_type).and_then(|t| Some(form(&t.arn.as_ref()?.to_string())))
    else {
        return Vec::new();
    };
    let types = service_of(resource_type, catalog).into_iter().flat_map(|service| &service.resource_types);
    let is_it =
        |arn: &SmolStr| form(arn).strip_prefix(&*own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    types.filter(|t| t.arns.iter().any(is_it)).map(|t| t.name.clone()).collect()
}

/// The service that acts on a type: that of its row, of its ARN, or the one that is called as the type's namespace.
pub(super) fn service_of<'c>(resource_type: &str, catalog: &'c Catalog) -> Option<&'c Service> {
    if let Some((_, prefix, _)) = TYPES.iter().find(|(t, ..)| *t == resource_type) {
        return catalog.service(prefix);
    }
    let arn = catalog.cloudformation_type(resource_type).and_then(|t| Some(t.arn.as_ref()?.to_string()));
    let by_arn = arn.as_deref().and_then(|arn| catalog.service(arn.split(':').nth(2)?));
    let namespace = || resource_type.split("::").nth(1).map(str::to_ascii_lowercase);
    by_arn.or_else(|| catalog.service(&namespace()?))
}

/// True if the statement's resources can be what the action works on: the bucket itself, or objects in it.
fn reaches(statement: &Statement, action: &Action) -> bool {
    let Some(list) = &statement.resource else { return true };
    let on = |name: &str| action.resources.iter().any(|r| r.name == name);
    let (mut bucket, mut objects) = (false, false);
    for item in &list.items {
        let name = item.text.as_str().split(":::").nth(1).unwrap_or("*");
        bucket |= !name.contains('/');
        objects |= name.contains('/') || name.ends_with('*');
    }
    on("bucket") && bucket || on("object") && objects
}
