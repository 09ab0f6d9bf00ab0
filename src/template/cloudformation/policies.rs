//! From resolved resources to the policies of a deployment.
//!
//! Lives here: the walk over a stack's resources, the documents found at the rows of `locations` and `grants`. How
//! policies attach to principals is in `attachments`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use smol_str::SmolStr;

use super::attachments::Attachments;
use super::locations::{self, Holds, PolicyLocation};
use super::merge::{self, Group};
use super::problems::Problems;
use super::resolver::{VERSIONS, Version, explore};
use super::resource_values::{self, Identity};
use super::stack::{Stack, World};
use super::template::ResourceDeclaration;
use super::{grants, nested};
use crate::model::{Deployment, InputId, Policy, PolicyForm, PolicyId, Problem, Resource, ResourceRef, When};
use crate::policy::TRUST_POLICY;
use crate::policy::{PolicyDocument, PolicyType};
use crate::source::{Entry, Mapping, Node, NodeKind, ReadError, Span, Text, json};

/// A resource in one version.
pub(super) struct Resolved {
    pub properties: Node,
    pub identity: Identity,
}

/// A policy found in one version of a resource.
struct Found<'v> {
    location: &'static str,
    name: SmolStr,
    policy_type: PolicyType,
    resource_type: Option<SmolStr>,
    form: PolicyForm,
    /// The names of what it is attached to, with their types.
    attached: Vec<(&'static str, Text)>,
    value: Cow<'v, Node>,
}

/// A place of a resource that holds a policy: property, name, and which of that name.
type Slot = (&'static str, SmolStr, usize);

/// Adds everything that a stack and its nested stacks deploy.
pub(super) fn collect(
    world: &World<'_>,
    stack: &Rc<Stack>,
    outer: Option<&When>,
    out: &mut Deployment,
    attachments: &mut Attachments,
    problems: &mut Problems,
) {
    for declaration in &stack.template.resources {
        resource(world, stack, declaration, outer, out, attachments, problems);
        if declaration.resource_type == "AWS::CloudFormation::Stack" {
            let Some(children) = nested::children(world, stack, declaration) else { continue };
            for child in children.iter() {
                let when = both(outer, (!child.when.0.is_empty()).then_some(&child.when), &stack.prefix);
                collect(world, &child.stack, when.as_ref(), out, attachments, problems);
            }
        }
    }
    problems.append(&mut stack.problems.borrow_mut());
}

/// Both conditions; those of a nested stack are named with its prefix.
fn both(outer: Option<&When>, inner: Option<&When>, prefix: &str) -> Option<When> {
    let mut all = outer.map(|w| w.0.clone()).unwrap_or_default();
    for (name, value) in inner.iter().flat_map(|w| &w.0) {
        all.insert(SmolStr::new(format!("{prefix}{name}")), *value);
    }
    (!all.is_empty()).then_some(When(all))
}

fn resource(
    world: &World<'_>,
    stack: &Stack,
    declaration: &ResourceDeclaration,
    outer: Option<&When>,
    out: &mut Deployment,
    attachments: &mut Attachments,
    problems: &mut Problems,
) {
    let (mut versions, complete) = explore(world, stack, |r| {
        if let Some((condition, span)) = &declaration.condition
            && r.condition(condition, *span) == Some(false)
        {
            return None;
        }
        let empty = || Node::new(NodeKind::Mapping(Mapping::default()), declaration.properties.span);
        let properties = r.resolve(&declaration.properties).unwrap_or_else(empty);
        let identity = resource_values::identity(r, declaration);
        Some(Resolved { properties, identity })
    });
    if declaration.resource_type.starts_with("AWS::RAM::") && declaration.resource_type != "AWS::RAM::Permission" {
        let message = format!(
            "resource share `{}` is not analysed: which actions AWS RAM grants for each type is not known here",
            declaration.id
        );
        problems.notice(Problem::at(message, declaration.span));
    }
    if !complete {
        problems.notice(Problem::at(
            format!(
                "resource `{}` depends on more than {VERSIONS} combinations of undecided conditions; \
                 the first {VERSIONS} are analysed",
                declaration.id
            ),
            declaration.span,
        ));
    }
    let id = ResourceRef {
        id: SmolStr::new(format!("{}{}", stack.prefix, declaration.id)),
        resource_type: declaration.resource_type.clone(),
    };
    let single = versions.len() == 1;
    let whens: Vec<&BTreeMap<SmolStr, bool>> = versions.iter().map(|v| &v.when).collect();
    let keys: Vec<Option<String>> = versions
        .iter()
        .map(|v| v.value.as_ref().map(|r| if single { String::new() } else { key(&r.properties, &r.identity) }))
        .collect();
    let groups = merge::groups(&whens, &keys);
    for version in &versions {
        problems.errors.extend(version.problems.errors.iter().cloned());
        problems.notices.extend(version.problems.notices.iter().cloned());
    }
    let held = policies(stack, declaration, &versions, &id, outer, out, attachments);
    for Group { versions: members, when } in groups {
        // Each version is in one group, and the first of a group stands for all of it.
        let first = members.first().and_then(|i| versions.get_mut(*i));
        let Some(resolved) = first.and_then(|v| v.value.take()) else { continue };
        let when = both(outer, when.as_ref(), &stack.prefix);
        let policies: Vec<PolicyId> = held
            .iter()
            .filter(|(_, in_versions)| members.iter().any(|m| in_versions.contains(m)))
            .map(|(p, _)| *p)
            .collect();
        attachments.resource(&id, &resolved, policies, when.clone(), out);
        out.resources.push(Resource {
            id: id.clone(),
            input: InputId(0),
            span: Some(declaration.span),
            arn: resolved.identity.arn,
            properties: Some(resolved.properties),
            when,
            construct_path: declaration.construct_path.clone(),
        });
    }
}

fn key(properties: &Node, identity: &Identity) -> String {
    let arn = identity.arn.as_ref().map(Text::as_str).unwrap_or_default();
    format!("{}\n{}\n{arn}", json::write_encoded(properties), identity.reference.as_str())
}

/// The policies of a resource, each with the versions of the resource that it is in.
fn policies(
    stack: &Stack,
    declaration: &ResourceDeclaration,
    versions: &[Version<Option<Resolved>>],
    id: &ResourceRef,
    outer: Option<&When>,
    out: &mut Deployment,
    attachments: &mut Attachments,
) -> Vec<(PolicyId, Vec<usize>)> {
    let rows = locations::of_type(&declaration.resource_type);
    if rows.is_empty() && !grants::is_grant(&declaration.resource_type) {
        return Vec::new();
    }
    // Slots: the same place in every version.
    let mut slots: Vec<(Slot, Vec<Option<Found<'_>>>)> = Vec::new();
    for (i, version) in versions.iter().enumerate() {
        let Some(resolved) = &version.value else { continue };
        let mut found: Vec<Found<'_>> = Vec::new();
        for row in rows {
            read_row(row, resolved, &mut found);
        }
        found.extend(grants::of(declaration, resolved).into_iter().map(|g| Found {
            location: g.property,
            name: SmolStr::new_static(g.property),
            policy_type: PolicyType::ResourcePolicy,
            resource_type: Some(SmolStr::new_static(g.protects)),
            form: PolicyForm::Synthesised,
            attached: g.attached,
            value: Cow::Owned(g.document),
        }));
        let mut counts: BTreeMap<(&'static str, SmolStr), usize> = BTreeMap::new();
        for policy in found {
            let count = counts.entry((policy.location, policy.name.clone())).or_default();
            let slot = (policy.location, policy.name.clone(), *count);
            *count += 1;
            let position = slots.iter().position(|(s, _)| *s == slot).unwrap_or_else(|| {
                slots.push((slot, (0..versions.len()).map(|_| None).collect()));
                slots.len() - 1
            });
            if let Some(place) = slots.get_mut(position).and_then(|(_, v)| v.get_mut(i)) {
                *place = Some(policy);
            }
        }
    }
    let whens: Vec<&BTreeMap<SmolStr, bool>> = versions.iter().map(|v| &v.when).collect();
    let mut held = Vec::new();
    for (_, found) in slots {
        let key = |f: &Found<'_>| {
            let mut key = json::write_encoded(&f.value);
            for (_, text) in &f.attached {
                key.push('\n');
                key.push_str(text.as_str());
            }
            key
        };
        let single = versions.len() == 1;
        let keys: Vec<Option<String>> =
            found.iter().map(|f| f.as_ref().map(|f| if single { String::new() } else { key(f) })).collect();
        for group in merge::groups(&whens, &keys) {
            let Some(first) = group.versions.first().copied() else { continue };
            let Some(policy) = found.get(first).and_then(Option::as_ref) else { continue };
            let policy_id = PolicyId(out.policies.len());
            let (document, mut gaps, syntax_error) = document(policy);
            let span = policy.value.span;
            let inside = |p: &&Problem| {
                p.span.is_some_and(|s| s.source == span.source && s.start >= span.start && s.end <= span.end)
            };
            let problems = versions.get(first).map(|v| &v.problems);
            gaps.extend(problems.into_iter().flat_map(Problems::iter).filter(inside).cloned());
            out.policies.push(Policy {
                input: InputId(0),
                resource: id.clone(),
                attached_to: Vec::new(),
                name: policy.name.clone(),
                policy_type: policy.policy_type,
                resource_type: policy.resource_type.clone(),
                form: policy.form,
                document,
                gaps,
                syntax_error,
                span: Some(span),
                when: both(outer, group.when.as_ref(), &stack.prefix),
                is_own: true,
            });
            attachments.policy(policy_id, id, &policy.attached);
            held.push((policy_id, group.versions));
        }
    }
    held
}

fn read_row<'v>(row: &'static PolicyLocation, resolved: &'v Resolved, found: &mut Vec<Found<'v>>) {
    let properties = &resolved.properties;
    let mut places: Vec<(&Node, Option<&Node>, Option<usize>)> = Vec::new();
    descend(properties, None, row.property, None, &mut places);
    for (value, holder, index) in places {
        if matches!(value.kind, NodeKind::Null) {
            continue;
        }
        let texts = |property: &str| -> Vec<Text> {
            match properties.get(property) {
                Some(node) => match node.as_sequence() {
                    Some(items) => items.iter().filter_map(Node::scalar_text).collect(),
                    None => node.scalar_text().into_iter().collect(),
                },
                None => Vec::new(),
            }
        };
        let inline_name = holder.and_then(|h| h.get("PolicyName")).or_else(|| {
            let named = matches!(row.holds, Holds::Identity(_)) && row.resource_type != "AWS::IAM::ManagedPolicy";
            properties.get("PolicyName").filter(|_| named)
        });
        let name = match inline_name.and_then(Node::scalar_text) {
            Some(text) => SmolStr::new(text.display()),
            None => match (index, row.property.split_once(".*")) {
                (Some(i), Some((list, rest))) => SmolStr::new(format!("{list}[{i}]{rest}")),
                _ => SmolStr::new_static(row.property),
            },
        };
        let mut form = PolicyForm::Resource;
        let mut attached = Vec::new();
        let mut resource_type = None;
        let policy_type = match row.holds {
            Holds::Identity(stored) => {
                form = stored;
                let lists = [
                    ("AWS::IAM::Role", ["Roles", "RoleName"]),
                    ("AWS::IAM::User", ["Users", "UserName"]),
                    ("AWS::IAM::Group", ["Groups", "GroupName"]),
                ];
                let is_policy = row.resource_type.ends_with("Policy");
                for (target, lists) in lists.into_iter().filter(|_| is_policy) {
                    attached.extend(lists.iter().flat_map(|l| texts(l)).map(|t| (target, t)));
                }
                if row.resource_type == "AWS::IAM::Policy" {
                    form = match attached.first().map(|(t, _)| *t) {
                        Some("AWS::IAM::User") => PolicyForm::InlineUser,
                        Some("AWS::IAM::Group") => PolicyForm::InlineGroup,
                        _ => PolicyForm::InlineRole,
                    };
                }
                PolicyType::IdentityPolicy
            }
            Holds::Trust => {
                resource_type = Some(SmolStr::new_static(TRUST_POLICY));
                PolicyType::ResourcePolicy
            }
            Holds::Resource { protects, named_by } => {
                resource_type = Some(SmolStr::new_static(protects));
                if !named_by.is_empty() {
                    attached.extend(texts(named_by).into_iter().map(|t| (protects, t)));
                }
                PolicyType::ResourcePolicy
            }
            Holds::Organization => match properties.get("Type").and_then(Node::as_str) {
                Some("SERVICE_CONTROL_POLICY") => PolicyType::ServiceControlPolicy,
                Some("RESOURCE_CONTROL_POLICY") => PolicyType::ResourceControlPolicy,
                // Tag, backup, chatbot and other policies are written in another language.
                Some(_) => continue,
                None => PolicyType::ServiceControlPolicy,
            },
        };
        let value = if row.property == "Statement" { Cow::Owned(wrapped(value)) } else { Cow::Borrowed(value) };
        found.push(Found { location: row.property, name, policy_type, resource_type, form, attached, value });
    }
}

/// A document of one statement, for properties that hold the statement alone.
fn wrapped(statement: &Node) -> Node {
    let entry = |key: &str, value: Node| Entry { key: Text::literal(key), key_span: statement.span, value };
    let entries =
        vec![entry("Version", Node::string("2012-10-17", statement.span)), entry("Statement", statement.clone())];
    Node::new(NodeKind::Mapping(Mapping { entries }), statement.span)
}

fn descend<'n>(
    node: &'n Node,
    holder: Option<&'n Node>,
    path: &str,
    index: Option<usize>,
    out: &mut Vec<(&'n Node, Option<&'n Node>, Option<usize>)>,
) {
    if path.is_empty() {
        out.push((node, holder, index));
        return;
    }
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    if head == "*" {
        match node.as_sequence() {
            Some(items) => items.iter().enumerate().for_each(|(i, item)| descend(item, holder, rest, Some(i), out)),
            // A list that is not known holds policies that are not known.
            None if node.has_unknown() => out.push((node, None, None)),
            None => {}
        }
    } else {
        match node.get(head) {
            Some(value) => descend(value, Some(node), rest, index, out),
            // An element of a list or a block that is not known.
            None if node.as_text().is_some_and(Text::has_unknown) => out.push((node, None, index)),
            None => {}
        }
    }
}

/// The document of a value, and why there is none.
fn document(found: &Found<'_>) -> (Option<PolicyDocument>, Vec<Problem>, Option<ReadError>) {
    let value = found.value.as_ref();
    match &value.kind {
        NodeKind::String(text) if text.as_symbol().is_some() => {
            let gap =
                Problem::at(format!("the document is `{text}`, which is not known before deployment"), value.span);
            (None, vec![gap], None)
        }
        NodeKind::String(text) => {
            let read = json::read_embedded(text, value.span, &crate::source::Limits::default());
            match read {
                Ok(node) => (Some(PolicyDocument::new(node)), Vec::new(), None),
                Err(e) => {
                    let gap = Problem {
                        message: format!("the document is a string that is not valid JSON: {}", e.message),
                        span: Some(e.span),
                        help: e.help.clone(),
                    };
                    (None, vec![gap], Some(e))
                }
            }
        }
        _ => (Some(PolicyDocument::new(strings(value))), Vec::new(), None),
    }
}

/// CloudFormation passes scalars of a document on as strings.
fn strings(node: &Node) -> Node {
    let kind = match &node.kind {
        NodeKind::Bool(_) | NodeKind::Number(_) => match node.scalar_text() {
            Some(text) => NodeKind::String(text),
            None => node.kind.clone(),
        },
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(strings).collect()),
        NodeKind::Mapping(map) => {
            let entries =
                map.iter().map(|e| Entry { key: e.key.clone(), key_span: e.key_span, value: strings(&e.value) });
            NodeKind::Mapping(Mapping { entries: entries.collect() })
        }
        other => other.clone(),
    };
    Node::new(kind, node.span)
}

/// A span that is nowhere is never made here: synthesised documents take those of their properties.
pub(super) fn span_of(properties: &Node, property: &str, otherwise: Span) -> Span {
    properties.get(property).map_or(otherwise, |n| n.span)
}
