//! Bare policy documents: a file that is one IAM policy document and nothing else. Its type is given by the caller or
//! told by its content.

use smol_str::SmolStr;

use super::{LoadContext, ParsedInput};
use crate::model::{Deployment, Input, InputId, InputKind, Policy, PolicyForm, Problem, ResourceRef};
use crate::policy::TRUST_POLICY;
use crate::policy::{PolicyDocument, PolicyType, Statement};
use crate::source::{Node, NodeKind, ReadError, SourceId, Span};

/// The `type` of the resource that stands for a bare document's file.
pub const RESOURCE_TYPE: &str = "PolicyDocument";

/// True for an object with statements, and for an array of such objects without anything else.
pub fn looks_like(root: &Node) -> bool {
    root.as_mapping().is_some_and(|map| {
        map.iter().all(|e| matches!(e.key.as_str(), "Version" | "Id" | "Statement"))
            && map.get("Statement").is_some_and(|s| matches!(s.kind, NodeKind::Sequence(_) | NodeKind::Mapping(_)))
    })
}

/// Loads a policy document.
pub fn load(input: &ParsedInput, ctx: LoadContext<'_>) -> Deployment {
    let document = PolicyDocument::new(input.root.clone());
    let (policy_type, resource_type) = match ctx.options.policy_type {
        Some(policy_type) => (policy_type, None),
        None => told_by_content(&document),
    };
    let resource_type = ctx.options.resource_type.clone().or(resource_type);
    deployment(&input.path, input.root.span, Some(document), policy_type, resource_type, Vec::new())
}

/// A policy document whose text is not JSON: it is listed, and can't be analysed.
pub fn load_broken(path: &str, source: SourceId, error: ReadError, ctx: LoadContext<'_>) -> Deployment {
    let policy_type = ctx.options.policy_type.unwrap_or(PolicyType::IdentityPolicy);
    let whole = Span::new(source, 0, ctx.sources.get(source).text().len());
    let mut deployment =
        deployment(path, whole, None, policy_type, ctx.options.resource_type.clone(), vec![error.clone().into()]);
    // With a policy type given, the text is what is to be judged, and a syntax error is a finding like any other.
    if ctx.options.policy_type.is_none()
        && let Some(input) = deployment.inputs.first_mut()
    {
        input.error = Some(error.into());
    }
    deployment
}

fn deployment(
    path: &str,
    span: Span,
    document: Option<PolicyDocument>,
    policy_type: PolicyType,
    resource_type: Option<SmolStr>,
    gaps: Vec<Problem>,
) -> Deployment {
    let form = match policy_type {
        PolicyType::ResourcePolicy => PolicyForm::Resource,
        _ => PolicyForm::Managed,
    };
    let policy = Policy {
        input: InputId(0),
        resource: ResourceRef { id: path.into(), resource_type: SmolStr::new_static(RESOURCE_TYPE) },
        attached_to: Vec::new(),
        name: SmolStr::new_static("PolicyDocument"),
        policy_type,
        resource_type,
        form,
        document,
        gaps,
        span: Some(span),
        when: None,
        syntax_error: None,
        is_own: true,
    };
    let kind = InputKind::PolicyDocument;
    Deployment {
        inputs: vec![Input { path: path.to_owned(), kind, error: None, notices: Vec::new() }],
        policies: vec![policy],
        ..Deployment::default()
    }
}

/// A principal is what a resource-based policy has and an identity-based one can't have. A policy that only lets
/// principals assume a role, and names no resource, is a trust policy; one whose resources are all of one type that
/// has checks of its own, is a policy of that type.
fn told_by_content(document: &PolicyDocument) -> (PolicyType, Option<SmolStr>) {
    let statements = &document.statements;
    if !statements.iter().any(|s| s.principal_elements().next().is_some()) {
        return (PolicyType::IdentityPolicy, None);
    }
    let all = |test: &dyn Fn(&Statement) -> bool| statements.iter().all(test);
    let resource_type = if all(&assumes_role) {
        Some(TRUST_POLICY)
    } else if all(&|s| resources_are(s, is_bucket)) {
        Some("AWS::S3::Bucket")
    } else if all(&|s| resources_are(s, is_table)) {
        Some("AWS::DynamoDB::Table")
    } else {
        None
    };
    (PolicyType::ResourcePolicy, resource_type.map(SmolStr::new_static))
}

fn assumes_role(statement: &Statement) -> bool {
    let mut actions = statement.action.iter().flat_map(|list| &list.items).peekable();
    actions.peek().is_some()
        && actions.all(|a| a.text.as_str().get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("sts:")))
        && statement.resource_lists().next().is_none()
}

fn resources_are(statement: &Statement, test: fn(&str) -> bool) -> bool {
    let mut resources = statement.resource_lists().flat_map(|list| &list.items).peekable();
    resources.peek().is_some() && resources.all(|r| test(r.text.as_str()))
}

/// `arn:aws:s3:::name`, `arn:aws:s3:::name/*`: no Region and no account.
fn is_bucket(arn: &str) -> bool {
    let fields: smallvec::SmallVec<[&str; 6]> = arn.splitn(6, ':').collect();
    fields.len() == 6 && fields[2] == "s3" && fields[3].is_empty() && fields[4].is_empty()
}

/// `arn:aws:dynamodb:eu-west-1:111122223333:table/Name`
fn is_table(arn: &str) -> bool {
    let fields: smallvec::SmallVec<[&str; 6]> = arn.splitn(6, ':').collect();
    fields.len() == 6 && fields[2] == "dynamodb" && fields[5].starts_with("table/") && !fields[5].contains("/stream/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, json};

    fn told(text: &str) -> (PolicyType, Option<SmolStr>) {
        let sources = Sources::new();
        let source = sources.add("policy.json", text);
        let root = json::read(source, text, &Limits::default()).expect("valid JSON");
        assert!(looks_like(&root));
        told_by_content(&PolicyDocument::new(root))
    }

    #[test]
    fn a_document_without_principals_is_an_identity_policy() {
        let (kind, resource_type) = told(r#"{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#);
        assert_eq!((kind, resource_type), (PolicyType::IdentityPolicy, None));
    }

    #[test]
    fn a_document_that_lets_principals_assume_a_role_is_a_trust_policy() {
        let text = r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}"#;
        assert_eq!(told(text).1.as_deref(), Some(TRUST_POLICY));
    }

    #[test]
    fn a_document_about_buckets_alone_is_a_bucket_policy() {
        let statement = |resource: &str| {
            format!(
                r#"{{"Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "{resource}"}}]}}"#
            )
        };
        assert_eq!(told(&statement("arn:aws:s3:::logs/*")).1.as_deref(), Some("AWS::S3::Bucket"));
        assert_eq!(told(&statement("arn:aws:sqs:eu-west-1:111122223333:q")).1, None);
    }
}
