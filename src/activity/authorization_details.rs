//! Authorization details: the JSON of `aws iam get-account-authorization-details`, as a [`Deployment`] of principals and
//! policies with the lines of the export, and beside it what IAM knows of their age and use.
//!
//! Several pages make one: a role of one page finds its managed policy in another. Policy documents are read as the AWS CLI
//! prints them (objects) and as the API sends them (JSON that is URL-encoded).
//!
//! Source: IAM API Reference, `GetAccountAuthorizationDetails`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::time::Timestamp;
use super::usage::Troubles;
use crate::model::{
    Deployment, Input, InputId, InputKind, ManagedPolicyRef, Policy, PolicyForm, PolicyId, Principal,
    PrincipalEntityKind, Problem, Resource, ResourceRef,
};
use crate::policy::TRUST_POLICY;
use crate::policy::{Arn, PolicyDocument, PolicyType};
use crate::source::{Limits, Node, NodeKind, Span, Text, json};

/// An account's principals and policies.
#[derive(Clone, Debug, Default)]
pub struct AuthorizationDetails {
    /// One input for each page.
    pub deployment: Deployment,
    /// What IAM knows of each of [`Deployment::principals`], in their order.
    pub entities: Vec<EntityDetails>,
    /// When the document of each of [`Deployment::policies`] was last changed, in their order; `None` for inline policies, of
    /// which IAM keeps no date.
    pub changed: Vec<Option<Timestamp>>,
    /// True if the last page is missing.
    pub truncated: bool,
}

/// What IAM knows of a principal besides its policies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EntityDetails {
    /// When it was created.
    pub created: Option<Timestamp>,
    /// A role's last use within the period that IAM tracks (400 days).
    pub last_used: Option<Timestamp>,
    /// Its path, `/` for none.
    pub path: SmolStr,
    /// Its tags.
    pub tags: Vec<(SmolStr, SmolStr)>,
}

impl AuthorizationDetails {
    /// The newest time in it.
    pub fn newest(&self) -> Option<Timestamp> {
        let entities = self.entities.iter().filter_map(|e| e.created.max(e.last_used)).max();
        entities.max(self.changed.iter().flatten().copied().max())
    }
}

/// True for an object with one of the lists.
pub fn looks_like(root: &Node) -> bool {
    ["RoleDetailList", "UserDetailList", "GroupDetailList"].iter().any(|list| root.get(list).is_some())
}

/// A page on its own, as an input of a run: what could not be read of it is a notice.
pub fn load(path: &str, root: &Node) -> Deployment {
    let (mut pages, mut troubles) = (Pages::default(), Troubles::default());
    pages.add(path, root, &mut troubles);
    let mut deployment = pages.finish().deployment;
    if let Some(input) = deployment.inputs.first_mut() {
        let left = (troubles.files + troubles.records).saturating_sub(troubles.described.len() as u64);
        input.notices.extend(troubles.described.into_iter().map(|t| Problem::new(t.message)));
        if left > 0 {
            input.notices.push(Problem::new(format!("{left} further records could not be read")));
        }
    }
    deployment
}

/// Puts pages together.
#[derive(Debug, Default)]
pub struct Pages {
    details: AuthorizationDetails,
    pages: usize,
    truncated_pages: usize,
    /// Managed policies by ARN.
    managed: FxHashMap<SmolStr, PolicyId>,
    /// Principals by ARN.
    known: FxHashMap<SmolStr, usize>,
}

/// The lists of principals with what differs between them.
const KINDS: [Kind; 3] = [
    Kind {
        list: "UserDetailList",
        name: "UserName",
        inline: "UserPolicyList",
        kind: PrincipalEntityKind::User,
        resource_type: "AWS::IAM::User",
        form: PolicyForm::InlineUser,
    },
    Kind {
        list: "GroupDetailList",
        name: "GroupName",
        inline: "GroupPolicyList",
        kind: PrincipalEntityKind::Group,
        resource_type: "AWS::IAM::Group",
        form: PolicyForm::InlineGroup,
    },
    Kind {
        list: "RoleDetailList",
        name: "RoleName",
        inline: "RolePolicyList",
        kind: PrincipalEntityKind::Role,
        resource_type: "AWS::IAM::Role",
        form: PolicyForm::InlineRole,
    },
];

struct Kind {
    list: &'static str,
    name: &'static str,
    inline: &'static str,
    kind: PrincipalEntityKind,
    resource_type: &'static str,
    form: PolicyForm,
}

impl Pages {
    /// Reads a page. Records that are not of the right shape are counted and passed over.
    pub fn add(&mut self, file: &str, root: &Node, troubles: &mut Troubles) {
        let input = InputId(self.details.deployment.inputs.len());
        let kind = InputKind::AuthorizationDetails;
        self.details.deployment.inputs.push(Input { path: file.to_owned(), kind, error: None, notices: Vec::new() });
        self.pages += 1;
        self.truncated_pages +=
            usize::from(matches!(root.get("IsTruncated").map(|n| &n.kind), Some(NodeKind::Bool(true))));
        let mut number = 0;
        let mut each = |list: &str, read: &mut dyn FnMut(&Node) -> Result<(), String>| match root.get(list) {
            None => {}
            Some(node) => match node.as_sequence() {
                Some(items) => {
                    for item in items {
                        number += 1;
                        if let Err(why) = read(item) {
                            troubles.record(file, number, format!("`{list}`: {why}"));
                        }
                    }
                }
                None => troubles.file(file, format!("`{list}` is no list")),
            },
        };
        each("Policies", &mut |policy| self.managed_policy(input, policy));
        for kind in &KINDS {
            each(kind.list, &mut |entity| self.principal(input, kind, entity));
        }
    }

    /// Attaches managed policies and groups, now that all pages are read.
    pub fn finish(mut self) -> AuthorizationDetails {
        let deployment = &mut self.details.deployment;
        let groups: FxHashMap<(SmolStr, SmolStr), ResourceRef> = deployment
            .principals
            .iter()
            .filter(|p| p.kind == PrincipalEntityKind::Group)
            .map(|p| ((account(p.arn.as_str()), p.name.as_smol().clone()), p.id.clone()))
            .collect();
        for principal in &mut deployment.principals {
            let boundary = principal.permissions_boundary.as_mut();
            for reference in principal.managed_policies.iter_mut().chain(boundary) {
                reference.policy = self.managed.get(reference.arn.as_smol()).copied();
            }
            for reference in &principal.managed_policies {
                if let Some(policy) = reference.policy.and_then(|id| deployment.policies.get_mut(id.0)) {
                    policy.attached_to.push(principal.id.clone());
                }
            }
            let account = account(principal.arn.as_str());
            for group in &mut principal.groups {
                if let Some(known) = groups.get(&(account.clone(), group.id.clone())) {
                    *group = known.clone();
                }
            }
        }
        self.details.truncated = self.pages > 0 && self.truncated_pages == self.pages;
        self.details
    }

    fn managed_policy(&mut self, input: InputId, node: &Node) -> Result<(), String> {
        let arn = text(node, "Arn")?;
        let versions = node.get("PolicyVersionList").and_then(Node::as_sequence).unwrap_or_default();
        let is_default = |v: &&Node| matches!(v.get("IsDefaultVersion").map(|n| &n.kind), Some(NodeKind::Bool(true)));
        let version = versions.iter().find(is_default).ok_or_else(|| format!("`{arn}` has no default version"))?;
        let changed = time(version, "CreateDate")?.or(time(node, "UpdateDate")?);
        let document = document(version.get("Document")).map_err(|what| format!("`{arn}`: {what}"))?;
        if self.managed.contains_key(arn.as_str()) {
            return Ok(());
        }
        let is_own = !arn.contains(":iam::aws:");
        let resource = ResourceRef { id: arn.clone(), resource_type: "AWS::IAM::ManagedPolicy".into() };
        let name = arn.rsplit('/').next().unwrap_or(&arn).into();
        let policy = Policy { is_own, ..policy(input, resource, name, PolicyForm::Managed, document, version.span) };
        let id = self.push(policy, changed);
        self.managed.insert(arn, id);
        Ok(())
    }

    fn principal(&mut self, input: InputId, kind: &Kind, node: &Node) -> Result<(), String> {
        let arn = text(node, "Arn")?;
        let name = text(node, kind.name)?;
        let wrong = |what: String| format!("`{arn}`: {what}");
        let entity = EntityDetails {
            created: time(node, "CreateDate").map_err(wrong)?,
            last_used: node.get("RoleLastUsed").map_or(Ok(None), |used| time(used, "LastUsedDate")).map_err(wrong)?,
            path: text(node, "Path").unwrap_or_else(|_| "/".into()),
            tags: list(node, "Tags").filter_map(|t| Some((text(t, "Key").ok()?, text(t, "Value").ok()?))).collect(),
        };
        if self.known.contains_key(&arn) {
            return Ok(());
        }
        let id = ResourceRef { id: arn.clone(), resource_type: kind.resource_type.into() };
        let mut policies = Vec::new();
        for inline in list(node, kind.inline) {
            let name = text(inline, "PolicyName").map_err(wrong)?;
            let document = document(inline.get("PolicyDocument")).map_err(wrong)?;
            let mut policy = policy(input, id.clone(), name, kind.form, document, inline.span);
            policy.attached_to = vec![id.clone()];
            policies.push(self.push(policy, None));
        }
        let trust_policy = match node.get("AssumeRolePolicyDocument") {
            None => None,
            Some(trust) => {
                let document = document(Some(trust)).map_err(wrong)?;
                let name = "AssumeRolePolicyDocument".into();
                let mut policy = policy(input, id.clone(), name, PolicyForm::Resource, document, trust.span);
                policy.policy_type = PolicyType::ResourcePolicy;
                policy.resource_type = Some(TRUST_POLICY.into());
                policy.attached_to = vec![id.clone()];
                Some(self.push(policy, None))
            }
        };
        let reference = |node: &Node, key: &str| {
            let arn = node.get(key)?;
            Some(ManagedPolicyRef { arn: arn.as_text()?.clone(), span: Some(arn.span), policy: None })
        };
        let managed = list(node, "AttachedManagedPolicies").filter_map(|p| reference(p, "PolicyArn")).collect();
        let boundary = node.get("PermissionsBoundary");
        let group = |n: &Node| {
            Some(ResourceRef { id: n.as_text()?.as_smol().clone(), resource_type: "AWS::IAM::Group".into() })
        };
        self.known.insert(arn.clone(), self.details.entities.len());
        self.details.entities.push(entity);
        let deployment = &mut self.details.deployment;
        deployment.resources.push(Resource {
            id: id.clone(),
            input,
            span: node.get("Arn").map(|n| n.span),
            arn: Some(Text::literal(&arn)),
            properties: None,
            when: None,
            construct_path: None,
        });
        deployment.principals.push(Principal {
            id,
            input,
            kind: kind.kind,
            arn: Text::literal(&arn),
            name: Text::literal(&name),
            policies,
            managed_policies: managed,
            trust_policy,
            permissions_boundary: boundary.and_then(|b| reference(b, "PermissionsBoundaryArn")),
            groups: list(node, "GroupList").filter_map(group).collect(),
            when: None,
        });
        Ok(())
    }

    fn push(&mut self, policy: Policy, changed: Option<Timestamp>) -> PolicyId {
        let id = PolicyId(self.details.deployment.policies.len());
        self.details.deployment.policies.push(policy);
        self.details.changed.push(changed);
        id
    }
}

fn policy(
    input: InputId,
    resource: ResourceRef,
    name: SmolStr,
    form: PolicyForm,
    document: Result<PolicyDocument, Problem>,
    span: Span,
) -> Policy {
    let (document, gaps) = match document {
        Ok(document) => (Some(document), Vec::new()),
        Err(problem) => (None, vec![problem]),
    };
    Policy {
        input,
        resource,
        attached_to: Vec::new(),
        name,
        policy_type: PolicyType::IdentityPolicy,
        resource_type: None,
        form,
        document,
        gaps,
        syntax_error: None,
        span: Some(span),
        when: None,
        is_own: true,
    }
}

/// A policy document: an object, or URL-encoded JSON. Text that is no JSON is a policy that can't be analysed, and no reason
/// to pass over the record.
fn document(node: Option<&Node>) -> Result<Result<PolicyDocument, Problem>, String> {
    let node = node.ok_or("a policy without a document")?;
    match &node.kind {
        NodeKind::Mapping(_) => Ok(Ok(PolicyDocument::new(node.clone()))),
        NodeKind::String(text) => {
            let written = text.as_str();
            let decoded = if written.trim_start().starts_with('{') { written.to_owned() } else { url_decoded(written) };
            let tree = json::read_embedded(&Text::literal(decoded), node.span, &Limits::default());
            Ok(tree.map(PolicyDocument::new).map_err(Problem::from))
        }
        _ => Err(format!("a policy document is a {}", node.type_name())),
    }
}

/// RFC 3986; what is no escape stays as it is.
fn url_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|b| char::from(*b).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push((high * 16 + low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn account(arn: &str) -> SmolStr {
    Arn::split(arn).map(|a| a.account.into()).unwrap_or_default()
}

fn list<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    node.get(key).and_then(Node::as_sequence).unwrap_or_default().iter()
}

fn text(node: &Node, key: &str) -> Result<SmolStr, String> {
    let text = node.get(key).and_then(Node::as_text).map(|t| t.as_smol().clone());
    text.filter(|t| !t.is_empty()).ok_or_else(|| format!("a record without `{key}`"))
}

fn time(node: &Node, key: &str) -> Result<Option<Timestamp>, String> {
    let Some(value) = node.get(key).filter(|n| !matches!(n.kind, NodeKind::Null)) else { return Ok(None) };
    let text = value.scalar_text().unwrap_or_else(|| Text::literal(""));
    let seconds = || text.as_str().split('.').next().and_then(|s| s.parse().ok()).map(Timestamp);
    let read = if matches!(value.kind, NodeKind::Number(_)) { seconds() } else { Timestamp::parse(text.as_str()) };
    read.map(Some).ok_or_else(|| format!("`{key}` is `{}`, which is no time", text.display().escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    fn read(pages: &[&str]) -> (AuthorizationDetails, Troubles) {
        let sources = Sources::new();
        let (mut read, mut troubles) = (Pages::default(), Troubles::default());
        for (number, page) in pages.iter().enumerate() {
            let name = format!("page{number}.json");
            let source = sources.add(name.as_str(), *page);
            let root = json::read(source, page, &Limits::default()).expect("JSON");
            assert!(looks_like(&root));
            read.add(&name, &root, &mut troubles);
        }
        (read.finish(), troubles)
    }

    const ROLE: &str = r#"{"IsTruncated": true, "Marker": "m", "RoleDetailList": [{"Path": "/team/", "RoleName": "app",
        "RoleId": "AROA", "Arn": "arn:aws:iam::111122223333:role/team/app", "CreateDate": "2024-01-01T00:00:00+00:00",
        "AssumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%5D%7D",
        "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}}],
        "AttachedManagedPolicies": [{"PolicyName": "own", "PolicyArn": "arn:aws:iam::111122223333:policy/own"}],
        "Tags": [{"Key": "team", "Value": "a"}], "RoleLastUsed": {"LastUsedDate": "2026-09-01T00:00:00+00:00"}},
        {"RoleName": "nobody"}], "UserDetailList": []}"#;
    const POLICY: &str = r#"{"IsTruncated": false, "GroupDetailList": [], "Policies": [
        {"PolicyName": "own", "Arn": "arn:aws:iam::111122223333:policy/own", "DefaultVersionId": "v2",
         "PolicyVersionList": [
           {"VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2025-05-05T00:00:00Z", "Document": "%7B%22Statement%22%3A%5B%5D%7D"},
           {"VersionId": "v1", "IsDefaultVersion": false, "CreateDate": "2025-01-01T00:00:00Z", "Document": "?"}]}]}"#;

    #[test]
    fn a_role_of_one_page_finds_its_managed_policy_in_another() {
        let (details, troubles) = read(&[ROLE, POLICY]);
        assert!(!details.truncated);
        assert_eq!((troubles.files, troubles.records), (0, 1));
        assert_eq!(troubles.described[0].message, "`RoleDetailList`: a record without `Arn`");
        let role = &details.deployment.principals[0];
        assert_eq!(role.id.id, "arn:aws:iam::111122223333:role/team/app");
        let own = role.managed_policies[0].policy.expect("found");
        assert_eq!(details.changed[own.0], Timestamp::parse("2025-05-05"));
        assert_eq!(details.deployment.policies[own.0].attached_to.first(), Some(&role.id));
        let entity = &details.entities[0];
        assert_eq!(entity.last_used, Timestamp::parse("2026-09-01"));
        assert_eq!((entity.path.as_str(), entity.tags.len()), ("/team/", 1));
        assert_eq!(details.newest(), Timestamp::parse("2026-09-01"));
    }

    #[test]
    fn documents_are_objects_or_url_encoded() {
        let (details, _) = read(&[ROLE]);
        assert!(details.truncated, "the second page is missing");
        assert!(details.deployment.policies.iter().all(|p| p.document.is_some()));
        assert_eq!(url_decoded("%7b%22a%22%3A%20%22%C3%A9%\u{22}+"), "{\"a\": \"é%\"+");
    }
}
