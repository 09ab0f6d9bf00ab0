//! Grants in another form than a policy document, written as statements: Lambda and layer permissions, event bus
//! permissions of the older form, canned bucket ACLs.
//!
//! Every part of a statement has the span of the property that it comes from. Sources: the resource types' reference
//! pages; the canned ACL table of the Amazon S3 user guide; `AddPermission` of the Lambda API.

use super::policies::{Resolved, span_of};
use super::template::ResourceDeclaration;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Span, Symbol, Text};

/// A grant as a policy document.
pub(super) struct Grant {
    /// The property that makes it.
    pub property: &'static str,
    /// The type of the resource that is granted.
    pub protects: &'static str,
    /// What it is attached to.
    pub attached: Vec<(&'static str, Text)>,
    pub document: Node,
}

/// Reads the grant of a resource.
type Read = fn(&ResourceDeclaration, &Resolved) -> Option<Grant>;

/// Types that hold grants in another form.
const GRANTS: &[(&str, Read)] = &[
    ("AWS::ACMPCA::Permission", permission),
    ("AWS::EntityResolution::PolicyStatement", permission),
    ("AWS::Events::EventBusPolicy", event_bus),
    ("AWS::Lambda::LayerVersionPermission", layer),
    ("AWS::Lambda::Permission", lambda),
    ("AWS::QBusiness::Permission", permission),
    ("AWS::S3::Bucket", bucket_acl),
    ("AWS::Signer::ProfilePermission", permission),
];

/// Types whose properties are a statement's elements: type, what it protects, the properties of actions and resource.
const PERMISSIONS: &[(&str, &str, &str, &str)] = &[
    ("AWS::ACMPCA::Permission", "AWS::ACMPCA::CertificateAuthority", "Actions", "CertificateAuthorityArn"),
    ("AWS::EntityResolution::PolicyStatement", "AWS::EntityResolution::MatchingWorkflow", "Action", "Arn"),
    ("AWS::QBusiness::Permission", "AWS::QBusiness::Application", "Actions", "ApplicationId"),
    ("AWS::Signer::ProfilePermission", "AWS::Signer::SigningProfile", "Action", "ProfileName"),
];

/// The types that hold a grant in another form.
pub fn grant_types() -> impl Iterator<Item = &'static str> {
    GRANTS.iter().map(|(name, _)| *name)
}

/// True for types that may hold a grant in another form.
pub(super) fn is_grant(resource_type: &str) -> bool {
    GRANTS.iter().any(|(t, _)| *t == resource_type)
}

/// The grants of a resource.
pub(super) fn of(declaration: &ResourceDeclaration, resolved: &Resolved) -> Option<Grant> {
    let (_, make) = GRANTS.iter().find(|(t, _)| *t == declaration.resource_type)?;
    make(declaration, resolved)
}

/// Puts statements together.
struct Statement {
    entries: Vec<Entry>,
    conditions: Vec<Entry>,
    span: Span,
}

impl Statement {
    fn allow(span: Span) -> Statement {
        let mut statement = Statement { entries: Vec::new(), conditions: Vec::new(), span };
        statement.set("Effect", Node::string("Allow", span));
        statement
    }

    fn set(&mut self, key: &str, value: Node) {
        self.entries.push(Entry { key: Text::literal(key), key_span: value.span, value });
    }

    fn condition(&mut self, operator: &str, key: &str, value: &Node) {
        let value = Node { kind: value.scalar_text().map_or(NodeKind::Null, NodeKind::String), ..value.clone() };
        let entry = Entry { key: Text::literal(key), key_span: value.span, value };
        let existing = self.conditions.iter_mut().find(|e| e.key == operator);
        match existing.map(|e| &mut e.value.kind) {
            Some(NodeKind::Mapping(map)) => map.entries.push(entry),
            _ => {
                let span = entry.value.span;
                let value = Node::new(NodeKind::Mapping(Mapping { entries: vec![entry] }), span);
                self.conditions.push(Entry { key: Text::literal(operator), key_span: span, value });
            }
        }
    }

    fn document(mut self) -> Node {
        let map = |entries, span| Node::new(NodeKind::Mapping(Mapping { entries }), span);
        if !self.conditions.is_empty() {
            let conditions = std::mem::take(&mut self.conditions);
            self.set("Condition", map(conditions, self.span));
        }
        let span = self.span;
        let entry = |key: &str, value: Node| Entry { key: Text::literal(key), key_span: span, value };
        let statements = Node::new(NodeKind::Sequence(vec![map(self.entries, span)]), span);
        map(vec![entry("Version", Node::string("2012-10-17", span)), entry("Statement", statements)], span)
    }
}

fn one(key: &str, value: Node) -> Node {
    let span = value.span;
    let entries = vec![Entry { key: Text::literal(key), key_span: span, value }];
    Node::new(NodeKind::Mapping(Mapping { entries }), span)
}

/// A principal given as one string, as `AddPermission` takes it.
fn principal(node: &Node) -> Node {
    let text = node.scalar_text().unwrap_or_default();
    let is_suffix = |s: Symbol| s.info().shape == Shape::UrlSuffix;
    let is_service = text.as_str().ends_with(".amazonaws.com")
        || text.as_str().ends_with(".amazonaws.com.cn")
        || text.as_str().chars().last().and_then(Symbol::of).is_some_and(is_suffix);
    if text == "*" {
        node.clone()
    } else {
        one(if is_service { "Service" } else { "AWS" }, Node::text(text, node.span))
    }
}

fn concat(parts: &[(&Text, Span)]) -> Text {
    Text::concat(parts.iter().copied())
}

/// The ARN of a function that is given by name, partial ARN or ARN; in the account and Region of the permission's own
/// ARN fields, which the resolver put into the logical id's identity.
fn function_arn(name: &Text, span: Span, prefix: &Text) -> Text {
    let literal = name.as_str();
    let whole = name.as_symbol().map(|s| s.info().shape);
    if literal.starts_with("arn:") || matches!(whole, Some(Shape::Arn | Shape::Any)) {
        return name.clone();
    }
    // `123456789012:function:name` is a partial ARN.
    let short = match literal.rfind("function:") {
        Some(at) => name.slice(at + "function:".len()..literal.len()),
        None => name.clone(),
    };
    concat(&[(prefix, span), (&Text::from_encoded("function:"), span), (&short, span)])
}

fn lambda(declaration: &ResourceDeclaration, resolved: &Resolved) -> Option<Grant> {
    let properties = &resolved.properties;
    let span = declaration.span;
    let mut statement = Statement::allow(span);
    if let Some(node) = properties.get("Principal") {
        statement.set("Principal", principal(node));
    }
    if let Some(node) = properties.get("Action") {
        statement.set("Action", node.clone());
    }
    let name = properties.get("FunctionName");
    let text = name.and_then(Node::scalar_text).unwrap_or_default();
    let place = span_of(properties, "FunctionName", span);
    let arn = function_arn(&text, place, &resolved.identity.lambda_prefix);
    statement.set("Resource", Node::text(arn.clone(), place));
    let conditions = [
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
        ("InvokedViaFunctionUrl", "Bool", "lambda:InvokedViaFunctionUrl"),
    ];
    for (property, operator, key) in conditions {
        if let Some(value) = properties.get(property) {
            statement.condition(operator, key, value);
        }
    }
    Some(Grant {
        property: "Permission",
        protects: "AWS::Lambda::Function",
        attached: vec![("AWS::Lambda::Function", text), ("AWS::Lambda::Function", arn)],
        document: statement.document(),
    })
}

fn layer(declaration: &ResourceDeclaration, resolved: &Resolved) -> Option<Grant> {
    let properties = &resolved.properties;
    let mut statement = Statement::allow(declaration.span);
    if let Some(node) = properties.get("Principal") {
        statement.set("Principal", principal(node));
    }
    if let Some(node) = properties.get("Action") {
        statement.set("Action", node.clone());
    }
    let layer = properties.get("LayerVersionArn");
    if let Some(node) = layer {
        statement.set("Resource", node.clone());
    }
    if let Some(value) = properties.get("OrganizationId") {
        statement.condition("StringEquals", "aws:PrincipalOrgID", value);
    }
    let attached = layer.and_then(Node::scalar_text).map(|t| ("AWS::Lambda::LayerVersion", t));
    Some(Grant {
        property: "Permission",
        protects: "AWS::Lambda::LayerVersion",
        attached: attached.into_iter().collect(),
        document: statement.document(),
    })
}

fn permission(declaration: &ResourceDeclaration, resolved: &Resolved) -> Option<Grant> {
    let row = PERMISSIONS.iter().find(|row| declaration.resource_type == row.0)?;
    let (_, protects, actions, resource) = *row;
    let properties = &resolved.properties;
    let mut statement = Statement::allow(declaration.span);
    if properties.get("Effect").and_then(Node::as_str) == Some("Deny") {
        statement.entries.clear();
        statement.set("Effect", Node::string("Deny", span_of(properties, "Effect", declaration.span)));
    }
    let granted = properties.get("Principal")?;
    match granted.as_sequence() {
        // Several principals are always accounts, roles or users.
        Some(_) => statement.set("Principal", one("AWS", granted.clone())),
        None => statement.set("Principal", principal(granted)),
    }
    if let Some(node) = properties.get(actions) {
        statement.set("Action", node.clone());
    }
    let named = properties.get(resource);
    if let Some(node) = named.filter(|_| resource.ends_with("Arn")) {
        statement.set("Resource", node.clone());
    }
    if let Some(value) = properties.get("SourceAccount") {
        statement.condition("StringEquals", "aws:SourceAccount", value);
    }
    let attached = named.and_then(Node::scalar_text).map(|t| (protects, t));
    Some(Grant {
        property: "Permission",
        protects,
        attached: attached.into_iter().collect(),
        document: statement.document(),
    })
}

/// The older form, without `Statement`.
fn event_bus(declaration: &ResourceDeclaration, resolved: &Resolved) -> Option<Grant> {
    let properties = &resolved.properties;
    if properties.get("Statement").is_some() {
        return None;
    }
    let mut statement = Statement::allow(declaration.span);
    if let Some(node) = properties.get("StatementId") {
        statement.set("Sid", node.clone());
    }
    statement.set("Principal", principal(properties.get("Principal")?));
    if let Some(node) = properties.get("Action") {
        statement.set("Action", node.clone());
    }
    let bus = properties.get("EventBusName").and_then(Node::scalar_text);
    let span = span_of(properties, "EventBusName", declaration.span);
    let name = bus.clone().unwrap_or_else(|| Text::literal("default"));
    let arn = concat(&[(&resolved.identity.event_bus_prefix, span), (&name, span)]);
    statement.set("Resource", Node::text(arn, span));
    if let Some(condition) = properties.get("Condition") {
        let text = |key: &str| condition.get(key).and_then(Node::as_str).map(str::to_owned);
        if let (Some(operator), Some(key), Some(value)) = (text("Type"), text("Key"), condition.get("Value")) {
            statement.condition(&operator, &key, value);
        }
    }
    Some(Grant {
        property: "Permission",
        protects: "AWS::Events::EventBus",
        attached: bus.map(|b| ("AWS::Events::EventBus", b)).into_iter().collect(),
        document: statement.document(),
    })
}

/// Canned ACLs that grant somebody other than the owner anything: name, principal, actions on the bucket.
/// `LogDeliveryWrite` grants the log delivery group, which is S3's logging service.
#[rustfmt::skip]
const CANNED_ACLS: &[(&str, &str, &[&str])] = &[
    ("AuthenticatedRead", "*", &["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"]),
    ("LogDeliveryWrite", "logging.s3.amazonaws.com", &["s3:GetBucketAcl", "s3:PutObject"]),
    ("PublicRead", "*", &["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"]),
    ("PublicReadWrite", "*", &["s3:DeleteObject", "s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions", "s3:PutObject"]),
];

fn bucket_acl(_: &ResourceDeclaration, resolved: &Resolved) -> Option<Grant> {
    let properties = &resolved.properties;
    let acl = properties.get("AccessControl")?;
    let (_, grantee, actions) = CANNED_ACLS.iter().find(|(name, _, _)| acl.as_str() == Some(*name))?;
    // With the owner enforced, or public ACLs ignored, an ACL grants nothing.
    let rules = properties.at(&["OwnershipControls", "Rules"]).and_then(Node::as_sequence).unwrap_or(&[]);
    let enforced = rules.iter().any(|r| r.get("ObjectOwnership").and_then(Node::as_str) == Some("BucketOwnerEnforced"));
    let ignored = properties
        .at(&["PublicAccessBlockConfiguration", "IgnorePublicAcls"])
        .and_then(Node::scalar_text)
        .is_some_and(|t| t.as_str().eq_ignore_ascii_case("true"));
    if enforced || ignored && *grantee == "*" {
        return None;
    }
    let span = acl.span;
    let mut statement = Statement::allow(span);
    let grantee = Node::string(grantee, span);
    statement.set("Principal", principal(&grantee));
    let actions = actions.iter().map(|a| Node::string(a, span));
    statement.set("Action", Node::new(NodeKind::Sequence(actions.collect()), span));
    let bucket = resolved.identity.arn.clone()?;
    let objects = concat(&[(&bucket, span), (&Text::from_encoded("/*"), span)]);
    let resources = vec![Node::text(bucket, span), Node::text(objects, span)];
    statement.set("Resource", Node::new(NodeKind::Sequence(resources), span));
    Some(Grant {
        property: "AccessControl",
        protects: "AWS::S3::Bucket",
        attached: Vec::new(),
        document: statement.document(),
    })
}
