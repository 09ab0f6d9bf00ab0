//! What a resource's `Ref` and attributes look like: its name, id, ARN, with symbols for what CloudFormation makes.
//!
//! A property given in the template wins; the same unknown is the same symbol in the name, in the ARN and in `Ref`.

use smol_str::SmolStr;

use super::resolver::Resolver;
use super::template::ResourceDeclaration;
use crate::source::{Node, Shape, SymbolKind, Text};

/// What `Ref` returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RefValue {
    Name,
    Arn,
    QueueUrl,
}

/// Types whose names are properties: type, name property, what `Ref` returns, ARN.
#[rustfmt::skip]
const TYPES: &[(&str, &str, RefValue, &str)] = &[
    ("AWS::CloudWatch::Alarm", "AlarmName", RefValue::Name, "arn:${Partition}:cloudwatch:${Region}:${Account}:alarm:${Name}"),
    ("AWS::DynamoDB::Table", "TableName", RefValue::Name, "arn:${Partition}:dynamodb:${Region}:${Account}:table/${Name}"),
    ("AWS::ECR::Repository", "RepositoryName", RefValue::Name, "arn:${Partition}:ecr:${Region}:${Account}:repository/${Name}"),
    ("AWS::Events::EventBus", "Name", RefValue::Name, "arn:${Partition}:events:${Region}:${Account}:event-bus/${Name}"),
    ("AWS::Events::Rule", "Name", RefValue::Name, "arn:${Partition}:events:${Region}:${Account}:rule/${Name}"),
    ("AWS::IAM::Group", "GroupName", RefValue::Name, "arn:${Partition}:iam::${Account}:group${Path}${Name}"),
    ("AWS::IAM::InstanceProfile", "InstanceProfileName", RefValue::Name, "arn:${Partition}:iam::${Account}:instance-profile${Path}${Name}"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName", RefValue::Arn, "arn:${Partition}:iam::${Account}:policy${Path}${Name}"),
    ("AWS::IAM::Role", "RoleName", RefValue::Name, "arn:${Partition}:iam::${Account}:role${Path}${Name}"),
    ("AWS::IAM::User", "UserName", RefValue::Name, "arn:${Partition}:iam::${Account}:user${Path}${Name}"),
    ("AWS::KMS::Key", "KeyId", RefValue::Name, "arn:${Partition}:kms:${Region}:${Account}:key/${Name}"),
    ("AWS::Kinesis::Stream", "Name", RefValue::Name, "arn:${Partition}:kinesis:${Region}:${Account}:stream/${Name}"),
    ("AWS::KinesisFirehose::DeliveryStream", "DeliveryStreamName", RefValue::Name, "arn:${Partition}:firehose:${Region}:${Account}:deliverystream/${Name}"),
    ("AWS::Lambda::Function", "FunctionName", RefValue::Name, "arn:${Partition}:lambda:${Region}:${Account}:function:${Name}"),
    ("AWS::Logs::LogGroup", "LogGroupName", RefValue::Name, "arn:${Partition}:logs:${Region}:${Account}:log-group:${Name}:*"),
    ("AWS::S3::Bucket", "BucketName", RefValue::Name, "arn:${Partition}:s3:::${Name}"),
    ("AWS::SNS::Topic", "TopicName", RefValue::Arn, "arn:${Partition}:sns:${Region}:${Account}:${Name}"),
    ("AWS::SQS::Queue", "QueueName", RefValue::QueueUrl, "arn:${Partition}:sqs:${Region}:${Account}:${Name}"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName", RefValue::Arn, "arn:${Partition}:states:${Region}:${Account}:stateMachine:${Name}"),
];

/// What identifies a resource.
pub(super) struct Identity {
    pub reference: Text,
    pub name: Text,
    pub arn: Option<Text>,
    /// `arn:…:lambda:…:` of the stack's account and Region.
    pub lambda_prefix: Text,
    /// `arn:…:event-bus/`.
    pub event_bus_prefix: Text,
}

/// `Ref` (empty attribute) or `Fn::GetAtt`.
pub(super) fn value(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, attribute: &str) -> Node {
    let span = declaration.span;
    let facts = facts(&declaration.resource_type);
    let text = match (facts, attribute) {
        (Some((_, _, RefValue::Name, _)), "") => name(r, declaration),
        (Some((_, _, RefValue::Arn, _)), "") => arn(r, declaration).unwrap_or_else(|| unknown(r, declaration, "")),
        (Some((_, _, RefValue::QueueUrl, _)), "") | (Some((_, _, RefValue::QueueUrl, _)), "QueueUrl") => {
            let (region, account) = (r.world.pseudo("AWS::Region"), r.world.pseudo("AWS::AccountId"));
            let suffix = r.world.pseudo("AWS::URLSuffix");
            let literal = |s: &str| Text::from_encoded(s);
            let parts = [
                literal("https://sqs."),
                region,
                literal("."),
                suffix,
                literal("/"),
                account,
                literal("/"),
                name(r, declaration),
            ];
            Text::concat(parts.iter().map(|p| (p, span)))
        }
        (Some(_), _) if is_arn_attribute(&declaration.resource_type, attribute) => {
            arn(r, declaration).unwrap_or_else(|| unknown(r, declaration, attribute))
        }
        (Some((_, property, _, _)), _) if *property == attribute => name(r, declaration),
        _ => match given(r, declaration, attribute) {
            Some(text) => text,
            None => unknown(r, declaration, attribute),
        },
    };
    Node::text(r.assignment.applied(&text, span), span)
}

/// The name, `Ref` and ARN of a resource.
pub(super) fn identity(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration) -> Identity {
    let span = declaration.span;
    let reference =
        super::references::named(r, &declaration.id, span).and_then(|n| n.as_text().cloned()).unwrap_or_default();
    let name = name(r, declaration);
    let arn = arn(r, declaration);
    let name = r.assignment.applied(&name, span);
    let arn = arn.map(|a| r.assignment.applied(&a, span));
    let lambda_prefix = prefix(r, "lambda", "");
    let event_bus_prefix = prefix(r, "events", "event-bus/");
    Identity { reference, name, arn, lambda_prefix, event_bus_prefix }
}

/// The beginning of the ARNs of a service in the stack's account and Region.
fn prefix(r: &Resolver<'_, '_>, service: &str, resource: &str) -> Text {
    let pseudo = |name| r.world.pseudo(name);
    let (partition, region, account) = (pseudo("AWS::Partition"), pseudo("AWS::Region"), pseudo("AWS::AccountId"));
    let (partition, region, account) = (partition.as_str(), region.as_str(), account.as_str());
    Text::from_encoded(format!("arn:{partition}:{service}:{region}:{account}:{resource}"))
}

/// `AWS::StackId`.
pub(super) fn stack_id(r: &Resolver<'_, '_>) -> Text {
    let parts = [
        Text::from_encoded("arn:"),
        r.world.pseudo("AWS::Partition"),
        Text::from_encoded(":cloudformation:"),
        r.world.pseudo("AWS::Region"),
        Text::from_encoded(":"),
        r.world.pseudo("AWS::AccountId"),
        Text::from_encoded(":stack/"),
        r.stack.name.clone(),
        Text::from_encoded("/"),
        r.unknown_text("AWS::StackId", SymbolKind::PseudoParameter, Shape::Name),
    ];
    let chars: String = parts.iter().map(Text::as_str).collect();
    Text::from_encoded(chars)
}

fn facts(resource_type: &str) -> Option<&'static (&'static str, &'static str, RefValue, &'static str)> {
    TYPES.binary_search_by_key(&resource_type, |t| t.0).ok().and_then(|i| TYPES.get(i))
}

fn is_arn_attribute(resource_type: &str, attribute: &str) -> bool {
    attribute == "Arn"
        || attribute.strip_suffix("Arn").is_some_and(|kind| {
            !kind.is_empty() && resource_type.rsplit("::").next().is_some_and(|t| t.ends_with(kind))
        })
}

/// A property of the template, when it has the name of the attribute and is text.
fn given(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration, property: &str) -> Option<Text> {
    if property.is_empty() {
        return None;
    }
    let node = declaration.properties.get(property)?;
    r.resolve(node)?.scalar_text()
}

fn name(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration) -> Text {
    match facts(&declaration.resource_type) {
        Some((_, property, _, _)) => {
            given(r, declaration, property).unwrap_or_else(|| unknown(r, declaration, property))
        }
        None => unknown(r, declaration, ""),
    }
}

fn arn(r: &mut Resolver<'_, '_>, declaration: &ResourceDeclaration) -> Option<Text> {
    let (_, _, _, format) = facts(&declaration.resource_type)?;
    let mut parts: Vec<Text> = Vec::new();
    let mut rest = *format;
    while let Some((literal, after)) = rest.split_once("${") {
        let (field, tail) = after.split_once('}')?;
        parts.push(Text::from_encoded(literal));
        parts.push(match field {
            "Partition" => r.world.pseudo("AWS::Partition"),
            "Region" => r.world.pseudo("AWS::Region"),
            "Account" => r.world.pseudo("AWS::AccountId"),
            "Path" => given(r, declaration, "Path").unwrap_or_else(|| Text::from_encoded("/")),
            _ => name(r, declaration),
        });
        rest = tail;
    }
    parts.push(Text::from_encoded(rest));
    Some(Text::concat(parts.iter().map(|p| (p, declaration.span))))
}

/// The symbol of an attribute that is made at deployment.
fn unknown(r: &Resolver<'_, '_>, declaration: &ResourceDeclaration, attribute: &str) -> Text {
    let id = &declaration.id;
    let is_custom = declaration.resource_type.starts_with("Custom::")
        || declaration.resource_type == "AWS::CloudFormation::CustomResource";
    let kind = if is_custom { SymbolKind::External } else { SymbolKind::ResourceAttribute };
    let shape = if is_custom || !declaration.resource_type.starts_with("AWS::") {
        Shape::Any
    } else if attribute.ends_with("Arn") || attribute.ends_with("ARN") {
        Shape::Arn
    } else if attribute.ends_with("Name") || attribute.ends_with("Id") {
        Shape::Name
    } else {
        Shape::Literal
    };
    let name = if attribute.is_empty() { id.clone() } else { SmolStr::new(format!("{id}.{attribute}")) };
    r.unknown_text(name, kind, shape)
}
