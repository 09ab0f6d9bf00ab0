//! How policies attach: roles, users, groups and permission sets with what they hold, and the resources that policies
//! protect. Names are matched as resolved text, so `Ref`, `Fn::GetAtt`, a literal name and an export all meet.

use rustc_hash::{FxHashMap, FxHashSet};
use smol_str::SmolStr;

use super::policies::Resolved;
use crate::model::{
    Deployment, InputId, ManagedPolicyRef, PolicyId, Principal, PrincipalEntityKind, ResourceRef, When,
};
use crate::policy::PolicyType;
use crate::source::{Node, NodeKind, Text};

/// What is gathered while resources are walked, and joined at the end.
#[derive(Default)]
pub(super) struct Attachments {
    /// Type and resolved name, `Ref` or ARN of every resource.
    by_name: FxHashMap<(SmolStr, SmolStr), ResourceRef>,
    /// Policies of every resource.
    by_resource: FxHashMap<SmolStr, Vec<PolicyId>>,
    /// What policies say that they are attached to.
    named: Vec<(PolicyId, Vec<(&'static str, Text)>)>,
    /// Group name and user names of memberships.
    memberships: Vec<(Text, Vec<Text>)>,
}

impl Attachments {
    /// Notes a policy and what it names.
    pub fn policy(&mut self, policy: PolicyId, holder: &ResourceRef, attached: &[(&'static str, Text)]) {
        self.by_resource.entry(holder.id.clone()).or_default().push(policy);
        if !attached.is_empty() {
            self.named.push((policy, attached.to_vec()));
        }
    }

    /// Notes a resource, and makes the principal that it is.
    pub fn resource(
        &mut self,
        id: &ResourceRef,
        resolved: &Resolved,
        policies: Vec<PolicyId>,
        when: Option<When>,
        out: &mut Deployment,
    ) {
        let identity = &resolved.identity;
        let texts = [Some(&identity.reference), Some(&identity.name), identity.arn.as_ref()];
        for text in texts.into_iter().flatten().filter(|t| !t.is_empty()) {
            self.by_name.entry((id.resource_type.clone(), text.as_smol().clone())).or_insert_with(|| id.clone());
        }
        let properties = &resolved.properties;
        let kind = match id.resource_type.as_str() {
            "AWS::IAM::Role" => PrincipalEntityKind::Role,
            "AWS::IAM::User" => PrincipalEntityKind::User,
            "AWS::IAM::Group" => PrincipalEntityKind::Group,
            "AWS::SSO::PermissionSet" => PrincipalEntityKind::PermissionSet,
            "AWS::IAM::UserToGroupAddition" => {
                if let Some(group) = properties.get("GroupName").and_then(Node::scalar_text) {
                    self.memberships.push((group, list(properties, "Users").into_iter().map(|(t, _)| t).collect()));
                }
                return;
            }
            _ => return,
        };
        let is_trust =
            |p: &&PolicyId| out.policies.get(p.0).is_some_and(|p| p.policy_type == PolicyType::ResourcePolicy);
        let trust_policy = policies.iter().find(is_trust).copied();
        let managed = match kind {
            PrincipalEntityKind::PermissionSet => "ManagedPolicies",
            _ => "ManagedPolicyArns",
        };
        let named = |(arn, span)| ManagedPolicyRef { arn, span: Some(span), policy: None };
        let mut managed_policies: Vec<ManagedPolicyRef> = list(properties, managed).into_iter().map(named).collect();
        if let Some(NodeKind::String(unknown)) = properties.get(managed).map(|n| &n.kind) {
            let span = properties.get(managed).map(|n| n.span);
            managed_policies.push(ManagedPolicyRef { arn: unknown.clone(), span, policy: None });
        }
        let boundary = properties.get("PermissionsBoundary");
        let boundary = boundary.and_then(|b| b.get("ManagedPolicyArn").or(Some(b)));
        out.principals.push(Principal {
            id: id.clone(),
            input: InputId(0),
            kind,
            arn: identity.arn.clone().unwrap_or_else(|| identity.reference.clone()),
            name: identity.name.clone(),
            policies: policies.into_iter().filter(|p| Some(*p) != trust_policy).collect(),
            managed_policies,
            trust_policy,
            permissions_boundary: boundary.and_then(|b| b.scalar_text().map(|arn| named((arn, b.span)))),
            groups: list(properties, "Groups")
                .into_iter()
                .map(|(t, _)| ResourceRef { id: t.as_smol().clone(), resource_type: "AWS::IAM::Group".into() })
                .collect(),
            when,
        });
    }

    /// Joins what was noted.
    pub fn join(self, out: &mut Deployment) {
        let find = |resource_type: &str, text: &Text| {
            self.by_name.get(&(SmolStr::new(resource_type), text.as_smol().clone())).cloned()
        };
        let mut principals: FxHashMap<ResourceRef, Vec<usize>> = FxHashMap::default();
        for (i, principal) in out.principals.iter().enumerate() {
            principals.entry(principal.id.clone()).or_default().push(i);
        }
        // A policy may be attached to thousands.
        let mut linked: FxHashSet<(PolicyId, ResourceRef)> = FxHashSet::default();
        for (policy, attached) in &self.named {
            for (resource_type, text) in attached {
                let Some(target) = find(resource_type, text) else { continue };
                for i in principals.get(&target).into_iter().flatten() {
                    if let Some(principal) = out.principals.get_mut(*i) {
                        principal.policies.push(*policy);
                    }
                }
                if let Some(held) = out.policies.get_mut(policy.0)
                    && linked.insert((*policy, target.clone()))
                {
                    held.attached_to.push(target);
                }
            }
        }
        for (group, users) in &self.memberships {
            for user in users {
                let Some(user) = find("AWS::IAM::User", user) else { continue };
                for i in principals.get(&user).into_iter().flatten() {
                    if let Some(principal) = out.principals.get_mut(*i) {
                        principal
                            .groups
                            .push(ResourceRef { id: group.as_smol().clone(), resource_type: "AWS::IAM::Group".into() });
                    }
                }
            }
        }
        let managed = |arn: &Text| -> Option<PolicyId> {
            let holder = find("AWS::IAM::ManagedPolicy", arn)?;
            self.by_resource.get(&holder.id)?.first().copied()
        };
        for principal in &mut out.principals {
            for reference in principal.permissions_boundary.iter_mut() {
                reference.policy = managed(&reference.arn);
            }
            for reference in &mut principal.managed_policies {
                reference.policy = managed(&reference.arn);
                let found = reference.policy.and_then(|id| Some((id, out.policies.get_mut(id.0)?)));
                if let Some((id, policy)) = found
                    && linked.insert((id, principal.id.clone()))
                {
                    policy.attached_to.push(principal.id.clone());
                }
            }
            for policy in principal.managed_policies.iter().filter_map(|m| m.policy) {
                if !principal.policies.contains(&policy) {
                    principal.policies.push(policy);
                }
            }
            for group in &mut principal.groups {
                let name = Text::from_encoded(group.id.clone());
                match find("AWS::IAM::Group", &name) {
                    Some(found) => *group = found,
                    None => group.id = name.display().into(),
                }
            }
        }
    }
}

fn list(properties: &Node, property: &str) -> Vec<(Text, crate::source::Span)> {
    let items = properties.get(property).and_then(Node::as_sequence).unwrap_or(&[]);
    items.iter().filter_map(|i| i.scalar_text().map(|t| (t, i.span))).collect()
}
