//! What policies attach to: principals with their policies, boundaries and groups, and resources with theirs.
//!
//! The two sides find each other by value (a role's name, a policy's ARN), where unknown values meet as symbols, and
//! else by the configuration's reference.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::address::{Address, Mode};
use super::configuration::{self, ConfiguredExpression};
use super::load::reference;
use super::locations::{self, AttachmentKind, AttachmentLocation, PolicyLocation, PolicyRole};
use super::plan::Instance;
use super::resolve::Resolver;
use super::values::attribute_symbol;
use crate::model::{Deployment, InputId, ManagedPolicyRef, PolicyId, Principal, PrincipalEntityKind, ResourceRef};
use crate::source::{Node, NodeKind, Span, Text};

/// The attributes by which one resource names another.
const NAMES: &[&str] = &[
    "id",
    "arn",
    "name",
    "bucket",
    "url",
    "key_id",
    "function_name",
    "domain_name",
    "domain",
    "repository",
    "repository_name",
    "layer_name",
    "layer_arn",
    "stream_arn",
    "email",
    "identity",
    "profile_name",
    "document_name",
];

/// Finds principals and resources by what names them.
pub(super) struct Attachments<'r, 'a> {
    resolver: &'r Resolver<'a>,
    by_type: FxHashMap<SmolStr, Vec<usize>>,
    /// For each type asked for: the names of its instances.
    names: RefCell<FxHashMap<SmolStr, FxHashMap<SmolStr, usize>>>,
    /// Instance to position in the deployment's principals.
    principals: FxHashMap<usize, usize>,
    /// Instance of a managed policy to the policy.
    managed: FxHashMap<usize, PolicyId>,
    /// Inline and trust policies: instance, attribute that names the principal, its types, policy.
    held: Vec<(usize, &'static PolicyLocation, PolicyId)>,
}

impl<'r, 'a> Attachments<'r, 'a> {
    pub fn new(resolver: &'r Resolver<'a>) -> Attachments<'r, 'a> {
        let mut by_type: FxHashMap<SmolStr, Vec<usize>> = FxHashMap::default();
        for (id, instance) in resolver.instances.all.iter().enumerate() {
            if instance.address.mode == Mode::Managed {
                by_type.entry(instance.address.resource_type.clone()).or_default().push(id);
            }
        }
        Attachments {
            resolver,
            by_type,
            names: RefCell::default(),
            principals: FxHashMap::default(),
            managed: FxHashMap::default(),
            held: Vec::new(),
        }
    }

    /// The resource that an attribute names; the resource itself for an empty attribute.
    pub fn protected(
        &self,
        id: usize,
        instance: &Instance<'a>,
        attribute: &str,
        types: &[&'static str],
    ) -> Option<ResourceRef> {
        if attribute.is_empty() {
            return Some(reference(instance));
        }
        let found = self.find(id, instance, attribute, types)?;
        self.resolver.instances.get(found).map(reference)
    }

    fn find(&self, id: usize, instance: &Instance<'a>, attribute: &str, types: &[&'static str]) -> Option<usize> {
        let by_value = self.resolver.text(id, attribute).and_then(|t| self.named(types, &t));
        by_value.or_else(|| self.referenced(instance, attribute, types))
    }

    /// The instance of one of the types that is called so.
    fn named(&self, types: &[&'static str], name: &Text) -> Option<usize> {
        types.iter().find_map(|resource_type| {
            let ids = self.by_type.get(*resource_type)?;
            let mut names = self.names.borrow_mut();
            let index = names.entry(SmolStr::new_static(resource_type)).or_insert_with(|| {
                let mut index = FxHashMap::default();
                for id in ids {
                    for attribute in NAMES {
                        if let Some(text) = self.resolver.text(*id, attribute) {
                            index.entry(text.as_smol().clone()).or_insert(*id);
                        }
                    }
                }
                index
            });
            index.get(name.as_smol()).copied()
        })
    }

    /// The instance that the configuration's only reference of an attribute names.
    fn referenced(&self, instance: &Instance<'a>, attribute: &str, types: &[&'static str]) -> Option<usize> {
        let block = self.resolver.configuration.block(&instance.address)?;
        let expression = configuration::attribute(block, attribute)?;
        let ConfiguredExpression::Reference(name) = configuration::classify(Some(expression)) else { return None };
        let (mut address, _) = Address::parse_prefix(name)?;
        address.module = instance.address.module.clone();
        let instances = &self.resolver.instances;
        let found = instances.at(&address.to_string()).or_else(|| {
            // One of as many: `aws_s3_bucket.b[each.key]` is listed as `aws_s3_bucket.b`.
            let key = instance.address.key.clone().filter(|_| address.key.is_none())?;
            instances.at(&Address { key: Some(key), ..address.clone() }.to_string())
        })?;
        let other = self.resolver.instances.get(found)?;
        types.contains(&other.address.resource_type.as_str()).then_some(found)
    }

    /// Notes a role, user, group or permission set.
    pub fn add_principal(&mut self, id: usize, instance: &Instance<'a>, deployment: &mut Deployment) {
        let kind = match instance.address.resource_type.as_str() {
            "aws_iam_role" => PrincipalEntityKind::Role,
            "aws_iam_user" => PrincipalEntityKind::User,
            "aws_iam_group" => PrincipalEntityKind::Group,
            "aws_ssoadmin_permission_set" => PrincipalEntityKind::PermissionSet,
            _ => return,
        };
        let part = |name: &str| {
            let symbol = || {
                let path = format!("{}.{name}", instance.text);
                Text::symbol(attribute_symbol(&self.resolver.scope, &path, false))
            };
            self.resolver.text(id, name).unwrap_or_else(symbol)
        };
        self.principals.insert(id, deployment.principals.len());
        deployment.principals.push(Principal {
            id: reference(instance),
            input: InputId(0),
            kind,
            arn: part("arn"),
            name: part("name"),
            policies: Vec::new(),
            managed_policies: Vec::new(),
            trust_policy: None,
            permissions_boundary: None,
            groups: Vec::new(),
            when: None,
        });
    }

    /// Notes a policy, to be given to its principal by [`Attachments::follow`].
    pub fn add_policy(&mut self, id: usize, instance: &Instance<'a>, location: &PolicyLocation, policy: PolicyId) {
        if matches!(instance.address.resource_type.as_str(), "aws_iam_policy" | "aws_organizations_policy") {
            self.managed.insert(id, policy);
        }
        let rows = locations::policies_of(&instance.address.resource_type);
        let row = rows.iter().find(|row| row.attribute == location.attribute);
        self.held.extend(row.map(|row| (id, row, policy)));
    }

    /// Attaches everything to what it names.
    pub fn follow(self, deployment: &mut Deployment) {
        for (id, location, policy) in &self.held {
            let Some(instance) = self.resolver.instances.get(*id) else { continue };
            let holder = match location.protects {
                "" => Some(*id),
                attribute => self.find(*id, instance, attribute, location.protected_types),
            };
            let principal = holder.and_then(|h| self.principals.get(&h));
            let Some(principal) = principal.and_then(|p| deployment.principals.get_mut(*p)) else { continue };
            match location.role {
                PolicyRole::Trust => principal.trust_policy = Some(*policy),
                PolicyRole::Identity(_) => principal.policies.push(*policy),
                PolicyRole::Resource(_) | PolicyRole::Organizations => {}
            }
        }
        for (id, instance) in self.resolver.instances.all.iter().enumerate() {
            if instance.address.mode == Mode::Managed {
                for location in locations::attachments_of(&instance.address.resource_type) {
                    self.attach(id, instance, location, deployment);
                }
            }
        }
        // A policy that several attachments name is attached once.
        for policy in &mut deployment.policies {
            let mut seen = rustc_hash::FxHashSet::default();
            policy.attached_to.retain(|r| seen.insert(r.clone()));
        }
        for principal in &mut deployment.principals {
            let mut seen = rustc_hash::FxHashSet::default();
            principal.policies.retain(|p| seen.insert(*p));
            let mut seen = rustc_hash::FxHashSet::default();
            principal.managed_policies.retain(|m| seen.insert(m.arn.clone()));
            let mut seen = rustc_hash::FxHashSet::default();
            principal.groups.retain(|g| seen.insert(g.clone()));
        }
    }

    fn attach(&self, id: usize, instance: &Instance<'a>, location: &AttachmentLocation, deployment: &mut Deployment) {
        let named = self.values(id, instance, location.names);
        if named.is_empty() {
            return;
        }
        match location.kind {
            AttachmentKind::Organizations => {
                let target = self.values(id, instance, "target_id");
                for (policy, _) in named {
                    let policy = self.named(&["aws_organizations_policy"], &policy).and_then(|i| self.managed.get(&i));
                    let Some(policy) = policy.and_then(|p| deployment.policies.get_mut(p.0)) else { continue };
                    for (target, _) in &target {
                        let types = ["aws_organizations_account", "aws_organizations_organizational_unit"];
                        let found = self.named(&types, target).and_then(|i| self.resolver.instances.get(i));
                        policy.attached_to.extend(found.map(reference));
                    }
                }
            }
            AttachmentKind::UsersOfGroup => {
                let group = self.principals_of(id, instance, location);
                let group = group.first().and_then(|g| self.resolver.instances.get(*g)).map(reference);
                for (user, _) in named {
                    let user = self.named(&["aws_iam_user"], &user).and_then(|u| self.principals.get(&u));
                    if let (Some(user), Some(group)) = (user.and_then(|u| deployment.principals.get_mut(*u)), &group) {
                        user.groups.push(group.clone());
                    }
                }
            }
            AttachmentKind::GroupsOfUser => {
                let groups: Vec<ResourceRef> = named
                    .iter()
                    .filter_map(|(name, _)| self.named(&["aws_iam_group"], name))
                    .filter_map(|g| self.resolver.instances.get(g).map(reference))
                    .collect();
                for user in self.principals_of(id, instance, location) {
                    let user = self.principals.get(&user).and_then(|u| deployment.principals.get_mut(*u));
                    user.into_iter().for_each(|u| u.groups.extend(groups.iter().cloned()));
                }
            }
            AttachmentKind::ManagedPolicy | AttachmentKind::CustomerManagedPolicy | AttachmentKind::Boundary => {
                let holders = self.principals_of(id, instance, location);
                for (arn, span) in named {
                    let policy = self.named(&["aws_iam_policy"], &arn).and_then(|p| self.managed.get(&p)).copied();
                    for holder in &holders {
                        let Some(position) = self.principals.get(holder) else { continue };
                        let Some(principal) = deployment.principals.get_mut(*position) else { continue };
                        if let Some(own) = policy.and_then(|p| deployment.policies.get_mut(p.0)) {
                            own.attached_to.push(principal.id.clone());
                        }
                        let reference = ManagedPolicyRef { arn: arn.clone(), span: Some(span), policy };
                        match (location.kind, policy) {
                            (AttachmentKind::Boundary, _) => principal.permissions_boundary = Some(reference),
                            (_, Some(own)) => principal.policies.push(own),
                            (_, None) => principal.managed_policies.push(reference),
                        }
                    }
                }
            }
        }
    }

    fn principals_of(&self, id: usize, instance: &Instance<'a>, location: &AttachmentLocation) -> Vec<usize> {
        let mut found = Vec::new();
        for (attribute, resource_type) in location.principals {
            if attribute.is_empty() {
                found.push(id);
                continue;
            }
            let values = self.values(id, instance, attribute);
            let before = found.len();
            found.extend(values.iter().filter_map(|(name, _)| self.named(&[resource_type], name)));
            if found.len() == before {
                found.extend(self.referenced(instance, attribute, &[resource_type]));
            }
        }
        found
    }

    /// The texts of an attribute that is a string, a list of strings, or a block that names a policy.
    fn values(&self, id: usize, instance: &Instance<'a>, attribute: &str) -> Vec<(Text, Span)> {
        // What the provider alone computes (`managed_policy_arns` not set) only repeats what other resources attach.
        let block = self.resolver.configuration.block(&instance.address);
        let is_computed = (instance.existed || instance.masked().key(attribute).is_unknown())
            && block.is_some_and(|b| configuration::attribute(b, attribute).is_none());
        if is_computed {
            return Vec::new();
        }
        let Some(node) = self.resolver.attribute(id, attribute) else { return Vec::new() };
        let items = match &node.kind {
            NodeKind::Sequence(items) => items.as_slice(),
            _ => std::slice::from_ref(&node),
        };
        items.iter().filter_map(|n| self.policy_name(instance, n)).collect()
    }

    fn policy_name(&self, instance: &Instance<'a>, node: &Node) -> Option<(Text, Span)> {
        if let Some(text) = node.scalar_text() {
            return (!text.is_empty()).then_some((text, node.span));
        }
        // `permissions_boundary { managed_policy_arn = … }` or `{ customer_managed_policy_reference { name path } }`.
        if let Some(arn) = node.get("managed_policy_arn").and_then(Node::as_text).filter(|t| !t.is_empty()) {
            return Some((arn.clone(), node.span));
        }
        let inner = node.get("customer_managed_policy_reference");
        let inner = inner.map_or(node, |n| n.as_sequence().and_then(<[Node]>::first).unwrap_or(n));
        let name = inner.get("name").and_then(Node::as_text)?;
        let path = inner.get("path").and_then(Node::as_text).map_or("/", Text::as_str);
        let (partition, account) = (self.resolver.partition(), self.resolver.account(&instance.address));
        let parts = ["arn:", partition.as_str(), ":iam::", account.as_str(), ":policy", path, name.as_str()];
        Some((Text::from_encoded(parts.concat()), node.span))
    }
}
