//! A policy of which nothing is used, taken off its user, role or group as a change of the template: an element of its inline
//! policies or of its managed policies' ARNs, one of the managed policy's roles, users or groups, the resource or block that is the
//! policy, or the block that attaches it.
//!
//! A managed policy of the template itself is only detached: others may want it.

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, format_smolstr};

use super::edit::{Holding, Wanted};
use super::{Advice, PolicyAdvice, UnusedAccess};
use crate::finding::{Edit, Intent};
use crate::model::{Deployment, InputId, Policy, Principal, PrincipalEntityKind, Resource, ResourceRef};
use crate::source::{Node, Span, Text};

/// Resources that are an inline policy and nothing else.
const INLINE: [&str; 7] = [
    "AWS::IAM::Policy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
    "aws_iam_role_policy",
    "aws_iam_user_policy",
    "aws_iam_group_policy",
];
/// Resources that attach one managed policy to one principal, and the attribute that names it.
const ATTACHMENTS: [(&str, &str); 3] = [
    ("aws_iam_role_policy_attachment", "role"),
    ("aws_iam_user_policy_attachment", "user"),
    ("aws_iam_group_policy_attachment", "group"),
];

/// The deployment, by what is asked for here.
pub(super) struct Places<'d> {
    deployment: &'d Deployment,
    resources: FxHashMap<(InputId, &'d ResourceRef), &'d Resource>,
    /// Those whose id no other input has, too.
    principals: FxHashMap<&'d ResourceRef, Option<&'d Principal>>,
    /// How many resources a block makes.
    made: FxHashMap<Span, usize>,
    /// By the holder's name and the policy's ARN.
    attachments: FxHashMap<(SmolStr, SmolStr), Vec<&'d Resource>>,
}

/// A list of which elements go.
struct List<'d> {
    resource: &'d Resource,
    key: Span,
    list: &'d Node,
    removed: Vec<Span>,
}

impl<'d> Places<'d> {
    pub(super) fn new(deployment: &'d Deployment) -> Places<'d> {
        let mut places = Places {
            deployment,
            resources: FxHashMap::default(),
            principals: FxHashMap::default(),
            made: FxHashMap::default(),
            attachments: FxHashMap::default(),
        };
        for principal in &deployment.principals {
            places.principals.entry(&principal.id).and_modify(|known| *known = None).or_insert(Some(principal));
        }
        for resource in &deployment.resources {
            places.resources.insert((resource.input, &resource.id), resource);
            if let Some(span) = resource.span {
                *places.made.entry(span).or_default() += 1;
            }
            let attachment = ATTACHMENTS.iter().find(|(kind, _)| *kind == resource.id.resource_type);
            let Some(((_, holder), properties)) = attachment.zip(resource.properties.as_ref()) else { continue };
            let text = |name: &str| properties.get(name).and_then(Node::as_text).map(|t: &Text| t.as_smol().clone());
            if let (Some(holder), Some(arn)) = (text(holder), text("policy_arn")) {
                places.attachments.entry((holder, arn)).or_default().push(resource);
            }
        }
        places
    }

    /// The changes that take off what is recommended to be detached for one user or role, and the policies for which there is
    /// none.
    pub(super) fn wanted(&self, unused: &UnusedAccess) -> (Vec<(String, Wanted)>, Vec<String>) {
        let (mut wanted, mut without) = (Vec::new(), Vec::new());
        let mut lists: Vec<(List<'_>, Vec<String>)> = Vec::new();
        for advice in unused.policies.iter().filter(|p| matches!(p.advice, Advice::Detach)) {
            let holder = advice.group.as_ref().unwrap_or(&unused.principal);
            let policy = advice.policy.and_then(|id| self.deployment.policies.get(id.0));
            // What exists under some conditions alone shares its text with what exists under others.
            let principal = self.principals.get(holder).copied().flatten().filter(|p| p.when.is_none());
            let principal = principal.filter(|_| policy.is_none_or(|p| p.when.is_none()));
            let Some(principal) = principal else {
                without.push(advice.id.clone());
                continue;
            };
            let in_list = self.in_list(principal, advice, policy);
            if let Some(found) = in_list.or_else(|| self.in_list_of_policy(principal, policy)) {
                match lists.iter_mut().find(|(list, _)| list.list.span == found.list.span) {
                    Some((list, ids)) => {
                        list.removed.extend(found.removed);
                        ids.push(advice.id.clone());
                    }
                    None => lists.push((found, vec![advice.id.clone()])),
                }
            } else if let Some(found) = self.by_itself(principal, advice, policy) {
                wanted.push((advice.id.clone(), found));
            } else {
                without.push(advice.id.clone());
            }
        }
        let mut whole = 0;
        for (list, ids) in lists {
            let holder = list.resource.id.clone();
            let properties =
                list.resource.properties.as_ref().and_then(Node::as_mapping).map_or(0, |m| m.entries.len());
            whole += usize::from(list.list.as_sequence().is_some_and(|all| all.len() == list.removed.len()));
            // Something has to be left of the properties.
            match self.without(list, holder).filter(|_| whole < properties) {
                Some(found) => wanted.extend(ids.into_iter().map(|id| (id, found.clone()))),
                None => without.extend(ids),
            }
        }
        (wanted, without)
    }

    /// The element of the holder's own lists.
    fn in_list(&self, principal: &Principal, advice: &PolicyAdvice, policy: Option<&Policy>) -> Option<List<'d>> {
        let resource = *self.resources.get(&(principal.input, &principal.id))?;
        let properties = resource.properties.as_ref()?.as_mapping()?;
        let is_inline = policy.is_some_and(|p| p.resource == principal.id);
        let reference =
            principal.managed_policies.iter().find(|r| r.policy == advice.policy && r.arn.display() == advice.id);
        ["Policies", "ManagedPolicyArns", "managed_policy_arns"].iter().find_map(|name| {
            let entry = properties.entry(name)?;
            let is_it = |element: &&Node| match *name {
                "Policies" => {
                    let given = element.get("PolicyName").and_then(Node::as_text);
                    is_inline && policy.is_some_and(|p| given.is_some_and(|given| *given.as_smol() == p.name))
                }
                _ => reference.and_then(|r| r.span).is_some_and(|span| span == element.span),
            };
            let element = entry.value.as_sequence()?.iter().find(is_it)?;
            Some(List { resource, key: entry.key_span, list: &entry.value, removed: vec![element.span] })
        })
    }

    /// The element of a managed policy's own list of whom it is attached to.
    fn in_list_of_policy(&self, principal: &Principal, policy: Option<&Policy>) -> Option<List<'d>> {
        let policy = policy.filter(|p| p.resource.resource_type == "AWS::IAM::ManagedPolicy")?;
        let resource = *self.resources.get(&(policy.input, &policy.resource))?;
        let name = match principal.kind {
            PrincipalEntityKind::Role => "Roles",
            PrincipalEntityKind::User => "Users",
            PrincipalEntityKind::Group => "Groups",
            PrincipalEntityKind::PermissionSet => return None,
        };
        let entry = resource.properties.as_ref()?.as_mapping()?.entry(name)?;
        let is_it = |element: &&Node| element.scalar_text().is_some_and(|text| text == principal.name);
        let element = entry.value.as_sequence()?.iter().find(is_it)?;
        Some(List { resource, key: entry.key_span, list: &entry.value, removed: vec![element.span] })
    }

    fn without(&self, list: List<'_>, holder: ResourceRef) -> Option<Wanted> {
        let kept: Vec<Span> =
            list.list.as_sequence()?.iter().map(|e| e.span).filter(|span| !list.removed.contains(span)).collect();
        let (span, intent) = match kept.is_empty() {
            true => (list.key, Intent::RemoveWhole { name: None }),
            false => (list.list.span, Intent::RemoveElements { key: list.key, removed: list.removed, kept }),
        };
        let holding: Holding = (holder.id.clone(), holder);
        Some(Wanted {
            edit: Edit { span, intent, replacement: String::new() },
            holding,
            uses: Some(*self.made.get(&list.resource.span?)?),
        })
    }

    /// The resource that is the policy, or that attaches it.
    fn by_itself(&self, principal: &Principal, advice: &PolicyAdvice, policy: Option<&Policy>) -> Option<Wanted> {
        let inline = policy.filter(|p| INLINE.contains(&p.resource.resource_type.as_str()));
        let (resource, uses) = match inline {
            Some(policy) => {
                let resource = *self.resources.get(&(policy.input, &policy.resource))?;
                // A policy of several principals goes if it is detached from all.
                let holders = policy.attached_to.len().max(1);
                (resource, self.made.get(&resource.span?)? * holders)
            }
            None => {
                let arn = match policy {
                    Some(policy) => {
                        self.resources.get(&(policy.input, &policy.resource))?.arn.as_ref()?.as_smol().clone()
                    }
                    None => {
                        principal.managed_policies.iter().find(|r| r.arn.display() == advice.id)?.arn.as_smol().clone()
                    }
                };
                let names = [principal.name.as_smol().clone()];
                let found = names.into_iter().find_map(|name| self.attachments.get(&(name, arn.clone())))?;
                match found.as_slice() {
                    [one] => (*one, *self.made.get(&one.span?)?),
                    // Attached twice; which block is the one to go is not said.
                    _ => return None,
                }
            }
        };
        Some(Wanted {
            edit: Edit {
                span: resource.span?,
                intent: Intent::RemoveWhole { name: Some(mention(&resource.id)) },
                replacement: String::new(),
            },
            holding: (resource.id.id.clone(), principal.id.clone()),
            uses: Some(uses),
        })
    }
}

/// What mentions a resource: its logical id, or its type and name.
fn mention(resource: &ResourceRef) -> SmolStr {
    let is_terraform = !resource.resource_type.starts_with("AWS::");
    let last = |text: &str| SmolStr::from(text.rsplit('.').next().unwrap_or(text));
    match is_terraform {
        true => {
            let name = last(resource.id.split('[').next().unwrap_or(&resource.id));
            format_smolstr!("{}.{name}", resource.resource_type)
        }
        false => last(&resource.id),
    }
}
