//! `AWS::Serverless::Connector` and the attribute `Connectors`: what a source may do with a destination, as a managed
//! policy of one's role, a queue or topic policy, or a Lambda permission. What each pair grants is in `connectors.txt`.

use std::borrow::Cow;
use std::sync::LazyLock;

use indexmap::IndexMap;
use rustc_hash::{FxBuildHasher, FxHashMap};
use smol_str::{SmolStr, format_smolstr};

use super::construct::{At, Generated};
use super::grants::{self, Section, Variables};
use super::intrinsic::{given, referenced_id};
use super::{Expansion, SamResource};
use crate::source::{Entry, Mapping, Node};

type Expanded = IndexMap<SmolStr, Entry, FxBuildHasher>;

/// Where a connector puts its grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    SourceRole,
    DestinationRole,
    QueuePolicy,
    TopicPolicy,
    Permission,
}

struct Profile {
    kind: Kind,
    /// The sets of permissions that may be asked for; empty if every set may.
    combinations: Vec<Vec<&'static str>>,
    sections: Vec<Section>,
}

static PROFILES: LazyLock<FxHashMap<(&'static str, &'static str), Profile>> = LazyLock::new(|| {
    let blocks = grants::read(include_str!("connectors.txt"));
    let profiles = blocks.into_iter().filter_map(|block| {
        let (pair, rest) = block.header.split_once(": ")?;
        let pair = pair.split_once(" -> ")?;
        let (kind, combinations) = rest.split_once(" (").unwrap_or((rest, ""));
        let kind = match kind {
            "source role" => Kind::SourceRole,
            "destination role" => Kind::DestinationRole,
            "queue policy" => Kind::QueuePolicy,
            "topic policy" => Kind::TopicPolicy,
            "permission" => Kind::Permission,
            _ => return None,
        };
        let combinations = combinations.trim_end_matches(')').split(" or ").filter(|c| !c.is_empty());
        let combinations = combinations.map(|c| c.split('+').collect()).collect();
        Some((pair, Profile { kind, combinations, sections: block.sections }))
    });
    profiles.collect()
});

/// What `Ref` and `Fn::GetAtt` of a type give that connectors use.
struct Outputs {
    resource_type: &'static str,
    /// True if `Ref` is the ARN, which otherwise is the attribute `Arn`.
    ref_is_arn: bool,
    /// True if `Ref` is the URL.
    ref_is_url: bool,
    /// The attribute, or nothing for `Ref`, that is the id in the ARNs of what belongs to the resource.
    id: Option<&'static str>,
    name: Option<&'static str>,
    qualifier: Option<&'static str>,
    /// The property that names the role with which it acts.
    role: Option<&'static str>,
}

const PLAIN: Outputs = Outputs {
    resource_type: "",
    ref_is_arn: false,
    ref_is_url: false,
    id: None,
    name: None,
    qualifier: None,
    role: None,
};

const OUTPUTS: [Outputs; 13] = [
    Outputs { resource_type: "AWS::Lambda::Function", role: Some("Role"), ..PLAIN },
    Outputs {
        resource_type: "AWS::StepFunctions::StateMachine",
        ref_is_arn: true,
        name: Some("Name"),
        role: Some("RoleArn"),
        ..PLAIN
    },
    Outputs { resource_type: "AWS::AppSync::GraphQLApi", ref_is_arn: true, id: Some("ApiId"), ..PLAIN },
    Outputs { resource_type: "AWS::AppSync::DataSource", ref_is_arn: true, role: Some("ServiceRoleArn"), ..PLAIN },
    Outputs { resource_type: "AWS::Events::Rule", ..PLAIN },
    Outputs { resource_type: "AWS::SQS::Queue", ref_is_url: true, ..PLAIN },
    Outputs { resource_type: "AWS::SNS::Topic", ref_is_arn: true, ..PLAIN },
    Outputs { resource_type: "AWS::DynamoDB::Table", ..PLAIN },
    Outputs { resource_type: "AWS::S3::Bucket", ..PLAIN },
    Outputs { resource_type: "AWS::Location::PlaceIndex", ..PLAIN },
    Outputs { resource_type: "AWS::ApiGatewayV2::Api", id: Some(""), qualifier: Some("*"), ..PLAIN },
    Outputs { resource_type: "AWS::ApiGateway::RestApi", id: Some(""), qualifier: Some("*"), ..PLAIN },
    Outputs { resource_type: "AWS::Events::EventBus", ..PLAIN },
];

/// One end of a connector.
#[derive(Clone, Debug, Default)]
struct End {
    resource_type: String,
    arn: Option<Node>,
    role_name: Option<Node>,
    queue_url: Option<Node>,
    resource_id: Option<Node>,
    name: Option<Node>,
    qualifier: Option<Node>,
}

/// CloudFormation's type for a SAM type.
fn plain_type(resource_type: &str) -> &str {
    match resource_type {
        "AWS::Serverless::Function" => "AWS::Lambda::Function",
        "AWS::Serverless::StateMachine" => "AWS::StepFunctions::StateMachine",
        "AWS::Serverless::Api" => "AWS::ApiGateway::RestApi",
        "AWS::Serverless::HttpApi" => "AWS::ApiGatewayV2::Api",
        "AWS::Serverless::SimpleTable" => "AWS::DynamoDB::Table",
        other => other,
    }
}

impl<'t> Expansion<'t> {
    /// The connectors under a resource's attribute `Connectors`, as resources of their own.
    pub fn embedded_connectors(&mut self, entry: &'t Entry) -> Vec<SamResource<'t>> {
        let Some(connectors) = entry.value.get("Connectors") else { return Vec::new() };
        let Some(map) = connectors.as_mapping() else {
            let message = format!("`Connectors` of `{}` must be a map", entry.key.display());
            self.notices.push(crate::model::Problem::at(message, connectors.span));
            return Vec::new();
        };
        let mut resources = Vec::new();
        for connector in map.iter() {
            let at = At(connector.key_span);
            let mut source = vec![at.entry("Id", Node::text(entry.key.clone(), entry.key_span))];
            let mut properties = Vec::new();
            for property in
                connector.value.get("Properties").and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter)
            {
                match property.key.as_str() {
                    "SourceReference" => {
                        source.extend(property.value.as_mapping().into_iter().flat_map(Mapping::iter).cloned());
                    }
                    _ => properties.push(property.clone()),
                }
            }
            properties.push(at.entry("Source", at.mapping(source)));
            resources.push(SamResource {
                id: format_smolstr!("{}{}", entry.key.as_str(), connector.key.as_str()),
                kind: "Connector".into(),
                at,
                node: Cow::Borrowed(&connector.value),
                properties: Cow::Owned(Mapping { entries: properties }),
            });
        }
        resources
    }
}

impl Expansion<'_> {
    pub fn connector(&mut self, sam: &SamResource<'_>, expanded: &Expanded) -> Vec<Generated> {
        let (Some(source), Some(destination)) = (sam.get("Source"), sam.get("Destination")) else {
            self.notice(sam, "a connector needs `Source` and `Destination`", sam.at);
            return Vec::new();
        };
        let list = destination.as_sequence();
        let mut generated = Vec::new();
        for (index, destination) in list.unwrap_or(std::slice::from_ref(destination)).iter().enumerate() {
            let suffix = if list.is_some() { format!("Destination{index}") } else { String::new() };
            let from = self.end(sam, source, destination, expanded);
            let to = self.end(sam, destination, source, expanded);
            if let (Some(from), Some(to)) = (from, to) {
                generated.extend(self.connect(sam, &from, &to, &suffix));
            }
        }
        generated
    }

    /// What is known of one end; `other` is the end it is connected to.
    fn end(&mut self, sam: &SamResource<'_>, end: &Node, other: &Node, expanded: &Expanded) -> Option<End> {
        let at = At(end.span);
        let Some(settings) = end.as_mapping() else {
            self.notice(sam, "an end of a connector must be a map", at);
            return None;
        };
        let own = |name: &str| given(settings, name).cloned();
        let Some(id) = given(settings, "Id") else {
            let Some(resource_type) = given(settings, "Type").and_then(Node::as_str) else {
                self.notice(sam, "an end of a connector needs `Id` or `Type`", at);
                return None;
            };
            return Some(End {
                resource_type: plain_type(resource_type).to_owned(),
                arn: own("Arn"),
                role_name: own("RoleName"),
                queue_url: own("QueueUrl"),
                resource_id: own("ResourceId"),
                name: own("Name"),
                qualifier: own("Qualifier"),
            });
        };
        let resource = id.as_str().and_then(|id| expanded.get(id));
        let (Some(id), Some(resource)) = (id.as_str(), resource) else {
            let shown = id.scalar_text().map(|t| t.display()).unwrap_or_default();
            self.notice(sam, format_args!("there is no resource `{shown}` to connect"), at);
            return None;
        };
        let resource_type = resource.value.get("Type").and_then(Node::as_str)?.to_owned();
        let Some(outputs) = OUTPUTS.iter().find(|o| o.resource_type == resource_type) else {
            return Some(End { resource_type, ..End::default() });
        };
        let reference = || at.reference(id);
        let properties = resource.value.get("Properties");
        let role = match outputs.role {
            Some(property) => properties.and_then(|p| p.get(property)),
            None if resource_type == "AWS::Events::Rule" => rule_role(properties, other),
            None => None,
        };
        Some(End {
            arn: Some(if outputs.ref_is_arn { reference() } else { at.get_att(id, "Arn") }),
            role_name: role.and_then(referenced_id).map(|role| at.reference(role)),
            queue_url: outputs.ref_is_url.then(reference),
            resource_id: outputs.id.map(|a| if a.is_empty() { reference() } else { at.get_att(id, a) }),
            name: outputs.name.map(|a| at.get_att(id, a)),
            qualifier: own("Qualifier").or_else(|| outputs.qualifier.map(|q| at.string(q))),
            resource_type,
        })
    }

    fn connect(&mut self, sam: &SamResource<'_>, from: &End, to: &End, suffix: &str) -> Vec<Generated> {
        let at = sam.place("Permissions");
        let Some(profile) = PROFILES.get(&(from.resource_type.as_str(), to.resource_type.as_str())) else {
            let message = format!("SAM connects no `{}` to a `{}`", from.resource_type, to.resource_type);
            self.notice(sam, message, sam.at);
            return Vec::new();
        };
        let asked: Vec<&str> =
            sam.get("Permissions").and_then(Node::as_sequence).into_iter().flatten().filter_map(Node::as_str).collect();
        let unknown = asked.iter().find(|p| !profile.sections.iter().any(|s| s.name == **p));
        let complete = profile.combinations.is_empty()
            || profile
                .combinations
                .iter()
                .any(|c| c.iter().all(|p| asked.contains(p)) && asked.iter().all(|p| c.contains(p)));
        if asked.is_empty() || unknown.is_some() || !complete {
            let known: Vec<&str> = profile.sections.iter().map(|s| s.name).collect();
            let message = format!("`Permissions` must be of `{}`", known.join("`, `"));
            self.notice(sam, message, at);
            return Vec::new();
        }
        let values = [
            ("Source.Arn", &from.arn),
            ("Destination.Arn", &to.arn),
            ("Source.ResourceId", &from.resource_id),
            ("Destination.ResourceId", &to.resource_id),
            ("Source.Name", &from.name),
            ("Destination.Name", &to.name),
            ("Source.Qualifier", &from.qualifier),
            ("Destination.Qualifier", &to.qualifier),
        ];
        let values = values.into_iter().map(|(name, value)| (name, value.as_ref())).collect();
        let variables = Variables { values, whole: true };
        let sections = profile.sections.iter().filter(|s| asked.contains(&s.name));
        let result = match profile.kind {
            Kind::Permission => permissions(sam, to, &variables, sections, suffix, at),
            kind => policy(sam, kind, from, to, &variables, sections, suffix, at).map(|p| vec![p]),
        };
        result.unwrap_or_else(|missing| {
            self.notice(sam, format_args!("`{missing}` of the connector is not known"), sam.at);
            Vec::new()
        })
    }
}

/// The policy that holds a connector's statements, or the name of what is not known.
#[allow(clippy::too_many_arguments)]
fn policy<'s>(
    sam: &SamResource<'_>,
    kind: Kind,
    from: &End,
    to: &End,
    variables: &Variables<'_>,
    sections: impl Iterator<Item = &'s Section>,
    suffix: &str,
    at: At,
) -> Result<Generated, String> {
    let statements: Result<Vec<Node>, String> =
        sections.flat_map(|s| &s.statements).map(|g| variables.statement(g, at)).collect();
    let document = at.document(statements?);
    let (id, resource_type, property, holder, what) = match kind {
        Kind::SourceRole => ("Policy", "AWS::IAM::ManagedPolicy", "Roles", &from.role_name, "Source.RoleName"),
        Kind::QueuePolicy => ("QueuePolicy", "AWS::SQS::QueuePolicy", "Queues", &to.queue_url, "Destination.QueueUrl"),
        Kind::TopicPolicy => ("TopicPolicy", "AWS::SNS::TopicPolicy", "Topics", &to.arn, "Destination.Arn"),
        Kind::DestinationRole | Kind::Permission => {
            ("Policy", "AWS::IAM::ManagedPolicy", "Roles", &to.role_name, "Destination.RoleName")
        }
    };
    let Some(holder) = holder else { return Err(what.to_owned()) };
    let id = format_smolstr!("{}{id}{suffix}", sam.id);
    let mut policy = Generated::new(id, resource_type, at, sam.attributes());
    policy.set("PolicyDocument", document);
    policy.set(property, at.list([holder.clone()]));
    Ok(policy)
}

/// A Lambda permission for each kind of access.
fn permissions<'s>(
    sam: &SamResource<'_>,
    to: &End,
    variables: &Variables<'_>,
    sections: impl Iterator<Item = &'s Section>,
    suffix: &str,
    at: At,
) -> Result<Vec<Generated>, String> {
    let Some(function) = &to.arn else { return Err("Destination.Arn".to_owned()) };
    let mut permissions = Vec::new();
    for section in sections {
        for grant in &section.statements {
            let id = format_smolstr!("{}{}LambdaPermission{suffix}", sam.id, section.name);
            let mut permission = Generated::new(id, "AWS::Lambda::Permission", at, sam.attributes());
            permission.set_some("Action", grant.actions.first().map(|a| at.string(a)));
            permission.set("FunctionName", function.clone());
            permission.set_some("Principal", grant.service.map(|s| at.string(s)));
            if let Some(arn) = grant.source_arn {
                permission.set("SourceArn", variables.fill(arn, at)?);
            }
            if let Some(account) = grant.source_account {
                permission.set("SourceAccount", variables.fill(account, at)?);
            }
            permissions.push(permission);
        }
    }
    Ok(permissions)
}

/// The role with which a rule calls the target that the other end of the connector names.
fn rule_role<'n>(properties: Option<&'n Node>, other: &Node) -> Option<&'n Node> {
    let targets = properties?.get("Targets")?.as_sequence()?;
    let target = targets.iter().find(|t| {
        let Some(arn) = t.get("Arn") else { return false };
        let by_id = other.get("Id").and_then(Node::as_str).is_some_and(|id| referenced_id(arn) == Some(id));
        by_id || other.get("Arn").is_some_and(|o| o.same_value(arn))
    });
    target?.get("RoleArn")
}

/// A connector that another resource needs, with both ends spelt out.
pub(super) struct Implied {
    pub id: SmolStr,
    pub source: Node,
    pub destination: Node,
    pub permissions: Node,
}

impl Expansion<'_> {
    pub fn implied_connector(&mut self, implied: Implied, at: At) -> Vec<Generated> {
        let properties = vec![
            at.entry("Source", implied.source),
            at.entry("Destination", implied.destination),
            at.entry("Permissions", implied.permissions),
        ];
        let connector = SamResource {
            id: implied.id,
            kind: "Connector".into(),
            at,
            node: Cow::Owned(at.mapping(Vec::new())),
            properties: Cow::Owned(Mapping { entries: properties }),
        };
        self.connector(&connector, &Expanded::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_the_table_grants_something() {
        assert_eq!(PROFILES.len(), include_str!("connectors.txt").lines().filter(|l| l.starts_with("AWS")).count());
        for (pair, profile) in PROFILES.iter() {
            assert!(!profile.sections.is_empty(), "{pair:?}");
            assert!(profile.sections.iter().all(|s| !s.statements.is_empty()), "{pair:?}");
        }
    }
}
