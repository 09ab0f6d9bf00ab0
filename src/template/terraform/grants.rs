//! Grants that are no policy documents, written as the statements that they amount to: Lambda permissions, ACLs, KMS
//! grants, shared images and snapshots.
//!
//! Sources: Lambda's AddPermission, S3's "ACL overview" (which actions a permission maps to), KMS's "Grant operations",
//! EC2's "Share an Amazon EBS snapshot" and "Share an AMI", RDS's "Sharing a DB snapshot".

use super::plan::sequence;
use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text};

/// How a grant reads as a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // each is the provider's resource of that name
pub enum GrantForm {
    LambdaPermission,
    LayerVersionPermission,
    EventPermission,
    KmsGrant,
    /// A canned ACL of a bucket.
    BucketAcl,
    /// `grant` blocks of `aws_s3_bucket`.
    BucketAclGrants,
    /// `grant` blocks of `aws_s3_bucket_acl`.
    BucketAclPolicy,
    /// A canned ACL of an object.
    ObjectAcl,
    ImageLaunch,
    SnapshotCreateVolume,
    SharedAccounts,
    SharedClusterAccounts,
    ResourceShare,
    DocumentPermissions,
    EndpointServicePrincipals,
    SigningProfilePermission,
    CertificateAuthorityPermission,
    ImageBuilderLaunch,
    RedshiftEndpoint,
    RedshiftDataShare,
}

/// What a grant amounts to.
pub(super) enum Granted {
    /// Nothing, such as a private ACL.
    Nothing,
    /// These statements.
    Statements(Vec<Node>),
    /// Something that can't be written as statements, and why.
    Unwritable(String),
}

/// The attributes of a grant, and the ARN of what it protects.
pub(super) struct Grant<'n> {
    pub properties: &'n Node,
    pub protected: Text,
    pub span: Span,
}

impl Grant<'_> {
    /// The statements.
    pub fn statements(&self, form: GrantForm) -> Granted {
        use GrantForm as F;
        match form {
            F::LambdaPermission => self.lambda_permission(),
            F::LayerVersionPermission => self.layer_version_permission(),
            F::EventPermission => self.event_permission(),
            F::KmsGrant => self.kms_grant(),
            F::BucketAcl => self.canned_acl(false),
            F::ObjectAcl => self.canned_acl(true),
            F::BucketAclGrants => self.acl_grants(sequence(self.properties.get("grant"))),
            F::BucketAclPolicy => {
                let policy = sequence(self.properties.get("access_control_policy")).first();
                self.acl_grants(sequence(policy.and_then(|p| p.get("grant"))))
            }
            F::ImageLaunch => self.image_launch(),
            F::SnapshotCreateVolume => self.shared_with("account_id", &["ec2:CreateVolume", "ec2:CopySnapshot"]),
            F::SharedAccounts => {
                self.shared_with("shared_accounts", &["rds:RestoreDBInstanceFromDBSnapshot", "rds:CopyDBSnapshot"])
            }
            F::SharedClusterAccounts => {
                self.shared_with("shared_accounts", &["rds:RestoreDBClusterFromSnapshot", "rds:CopyDBClusterSnapshot"])
            }
            F::ResourceShare => match self.get("principal") {
                Some(_) => Granted::Unwritable(
                    "what a resource share grants is decided by its RAM permissions, which the plan does not hold"
                        .into(),
                ),
                None => Granted::Nothing,
            },
            F::DocumentPermissions => self.document_permissions(),
            F::EndpointServicePrincipals => {
                let name = if self.get("principal_arn").is_some() { "principal_arn" } else { "allowed_principals" };
                self.shared_with(name, &["ec2:CreateVpcEndpoint"])
            }
            F::SigningProfilePermission => self.signing_profile_permission(),
            F::CertificateAuthorityPermission => self.certificate_authority_permission(),
            F::ImageBuilderLaunch => self.image_builder_launch(),
            F::RedshiftEndpoint => self.shared_with("account", &["redshift:CreateEndpointAccess"]),
            F::RedshiftDataShare => self.shared_with("consumer_identifier", &["redshift:AssociateDataShareConsumer"]),
        }
    }

    fn get(&self, name: &str) -> Option<&Node> {
        set(self.properties.get(name))
    }

    fn string(&self, text: &str) -> Node {
        Node::string(text, self.span)
    }

    fn strings(&self, texts: &[&str]) -> Node {
        match texts {
            [one] => self.string(one),
            _ => Node::new(NodeKind::Sequence(texts.iter().map(|t| self.string(t)).collect()), self.span),
        }
    }

    fn object(&self, entries: Vec<(&str, Node)>) -> Node {
        let entry = |(key, value): (&str, Node)| Entry { key: Text::literal(key), key_span: value.span, value };
        Node::new(NodeKind::Mapping(Mapping { entries: entries.into_iter().map(entry).collect() }), self.span)
    }

    fn statement(&self, sid: Option<Node>, principal: Node, action: Node, conditions: Vec<(&str, &str, Node)>) -> Node {
        let mut entries = Vec::new();
        if let Some(sid) = sid {
            entries.push(("Sid", sid));
        }
        entries.push(("Effect", self.string("Allow")));
        entries.push(("Principal", principal));
        entries.push(("Action", action));
        entries.push(("Resource", Node::text(self.protected.clone(), self.span)));
        let mut operators: Vec<(&str, Vec<(&str, Node)>)> = Vec::new();
        for (operator, key, value) in conditions {
            match operators.iter_mut().find(|(name, _)| *name == operator) {
                Some((_, keys)) => keys.push((key, value)),
                None => operators.push((operator, vec![(key, value)])),
            }
        }
        if !operators.is_empty() {
            let operators = operators.into_iter().map(|(name, keys)| (name, self.object(keys))).collect();
            entries.push(("Condition", self.object(operators)));
        }
        self.object(entries)
    }

    /// A principal as the APIs take it: `*`, a service's name, or an account id or ARN.
    fn principal(&self, node: &Node) -> Node {
        let Some(text) = node.scalar_text() else { return node.clone() };
        let value = Node::text(text.clone(), node.span);
        match text.as_str() {
            "*" => value,
            s if s.ends_with(".amazonaws.com") || s.ends_with(".amazonaws.com.cn") || s.ends_with(".amazon.com") => {
                self.object(vec![("Service", value)])
            }
            _ => self.object(vec![("AWS", value)]),
        }
    }

    fn lambda_permission(&self) -> Granted {
        let (Some(principal), Some(action)) = (self.get("principal"), self.get("action")) else {
            return Granted::Unwritable("principal or action is not known".into());
        };
        let mut conditions = Vec::new();
        for (attribute, operator, key) in [
            ("source_arn", "ArnLike", "aws:SourceArn"),
            ("source_account", "StringEquals", "aws:SourceAccount"),
            ("principal_org_id", "StringEquals", "aws:PrincipalOrgID"),
            ("event_source_token", "StringEquals", "lambda:EventSourceToken"),
            ("function_url_auth_type", "StringEquals", "lambda:FunctionUrlAuthType"),
            ("invoked_via_function_url", "Bool", "lambda:InvokedViaFunctionUrl"),
        ] {
            conditions.extend(self.get(attribute).map(|value| (operator, key, as_string(value))));
        }
        let sid = self.get("statement_id").cloned();
        Granted::Statements(vec![self.statement(sid, self.principal(principal), action.clone(), conditions)])
    }

    fn layer_version_permission(&self) -> Granted {
        let (Some(principal), Some(action)) = (self.get("principal"), self.get("action")) else {
            return Granted::Unwritable("principal or action is not known".into());
        };
        let organization = self.get("organization_id").cloned();
        let conditions = organization.map(|o| ("StringEquals", "aws:PrincipalOrgID", o)).into_iter().collect();
        let sid = self.get("statement_id").cloned();
        Granted::Statements(vec![self.statement(sid, self.principal(principal), action.clone(), conditions)])
    }

    fn event_permission(&self) -> Granted {
        let Some(principal) = self.get("principal") else {
            return Granted::Unwritable("the principal is not known".into());
        };
        let action = self.get("action").cloned().unwrap_or_else(|| self.string("events:PutEvents"));
        let mut conditions = Vec::new();
        let block = sequence(self.properties.get("condition")).first();
        let part = |name: &str| block.and_then(|b| set(b.get(name)));
        if let (Some(operator), Some(key), Some(value)) = (part("type"), part("key"), part("value"))
            && let (Some(operator), Some(key)) = (operator.as_str(), key.as_str())
        {
            conditions.push((operator, key, value.clone()));
        }
        let sid = self.get("statement_id").cloned();
        Granted::Statements(vec![self.statement(sid, self.principal(principal), action, conditions)])
    }

    fn kms_grant(&self) -> Granted {
        let (Some(principal), Some(operations)) = (self.get("grantee_principal"), self.get("operations")) else {
            return Granted::Unwritable("grantee or operations are not known".into());
        };
        let action = |n: &Node| {
            let prefix = Text::from_encoded("kms:");
            let text = n.scalar_text().unwrap_or_default();
            Node::text(Text::concat([(&prefix, n.span), (&text, n.span)]), n.span)
        };
        let actions =
            Node::new(NodeKind::Sequence(sequence(Some(operations)).iter().map(action).collect()), operations.span);
        let mut contexts = Vec::new();
        for block in sequence(self.properties.get("constraints")) {
            for name in ["encryption_context_equals", "encryption_context_subset"] {
                for e in block.get(name).and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter) {
                    contexts.push((format!("kms:EncryptionContext:{}", e.key.as_str()), e.value.clone()));
                }
            }
        }
        let conditions = contexts.iter().map(|(key, value)| ("StringEquals", key.as_str(), value.clone())).collect();
        Granted::Statements(vec![self.statement(None, self.principal(principal), actions, conditions)])
    }

    fn canned_acl(&self, object: bool) -> Granted {
        let Some(acl) = self.get("acl") else { return Granted::Nothing };
        let Some(name) = acl.as_str() else { return Granted::Unwritable("the ACL is not known".into()) };
        let grants: &[(&str, &str)] = match name {
            "public-read" => &[(ALL_USERS, "READ")],
            "public-read-write" => &[(ALL_USERS, "READ"), (ALL_USERS, "WRITE")],
            "authenticated-read" => &[(AUTHENTICATED_USERS, "READ")],
            "log-delivery-write" => &[(LOG_DELIVERY, "WRITE"), (LOG_DELIVERY, "READ_ACP")],
            // The others grant to the owner, or to a service of AWS.
            _ => return Granted::Nothing,
        };
        let grants = grants.iter().filter_map(|(group, permission)| {
            let principal = self.group(group, acl.span)?;
            Some(self.acl_statement(principal, permission, object, acl.span))
        });
        Granted::Statements(grants.collect())
    }

    fn acl_grants(&self, grants: &[Node]) -> Granted {
        let mut statements = Vec::new();
        for grant in grants {
            // `aws_s3_bucket_acl` has the grantee in a block and one permission, `aws_s3_bucket` has both in the grant.
            let grantee = sequence(grant.get("grantee")).first().unwrap_or(grant);
            let part = |name: &str| set(grantee.get(name)).filter(|n| n.as_text().is_none_or(|t| !t.is_empty()));
            let principal = match (part("uri"), part("id")) {
                (Some(uri), _) => match uri.as_str().and_then(|u| self.group(u, uri.span)) {
                    Some(group) => group,
                    None => return Granted::Unwritable("the group that an ACL grants to is not known".into()),
                },
                (None, Some(id)) => self.object(vec![("CanonicalUser", id.clone())]),
                (None, None) => return Granted::Unwritable("an ACL grants to a principal that is not known".into()),
            };
            let permissions = match set(grant.get("permissions")) {
                Some(list) => sequence(Some(list)),
                None => grant.get("permission").map_or(&[][..], std::slice::from_ref),
            };
            for permission in permissions {
                let Some(name) = permission.as_str() else {
                    return Granted::Unwritable("the permission of an ACL is not known".into());
                };
                statements.push(self.acl_statement(principal.clone(), name, false, permission.span));
            }
        }
        if statements.is_empty() { Granted::Nothing } else { Granted::Statements(statements) }
    }

    fn group(&self, uri: &str, span: Span) -> Option<Node> {
        match uri {
            ALL_USERS => Some(Node::string("*", span)),
            // Every account of AWS, but not callers without credentials.
            AUTHENTICATED_USERS => Some(self.object(vec![("AWS", Node::string("*", span))])),
            LOG_DELIVERY => Some(self.object(vec![("Service", Node::string("logging.s3.amazonaws.com", span))])),
            _ => None,
        }
    }

    fn acl_statement(&self, principal: Node, permission: &str, object: bool, span: Span) -> Node {
        let rows = ACL_ACTIONS.iter().filter(|(name, ..)| *name == permission || permission == "FULL_CONTROL");
        let actions: Vec<&str> =
            rows.flat_map(|(_, bucket, on_object)| if object { *on_object } else { *bucket }).copied().collect();
        let mut action = self.strings(&actions);
        action.span = span;
        let mut statement = self.statement(None, principal, action, Vec::new());
        statement.span = span;
        let with_objects = actions.iter().any(|a| a.ends_with("Object") || a.contains("MultipartUploadParts"));
        if !object && with_objects {
            let slash = Text::from_encoded("/*");
            let objects = Text::concat([(&self.protected, span), (&slash, span)]);
            if let NodeKind::Mapping(m) = &mut statement.kind {
                for e in m.entries.iter_mut().filter(|e| e.key == "Resource") {
                    let both = vec![Node::text(self.protected.clone(), span), Node::text(objects.clone(), span)];
                    e.value = Node::new(NodeKind::Sequence(both), span);
                }
            }
        }
        statement
    }

    /// An attribute that names accounts (or `all`) with which something is shared.
    fn shared_with(&self, attribute: &str, actions: &[&str]) -> Granted {
        let Some(list) = self.get(attribute) else { return Granted::Nothing };
        let items = list.as_sequence().unwrap_or(std::slice::from_ref(list));
        let mut statements = Vec::new();
        for item in items {
            let principal = match item.as_str() {
                Some("all") => Node::string("*", item.span),
                _ => self.principal(item),
            };
            statements.push(self.statement(None, principal, self.strings(actions), Vec::new()));
        }
        if statements.is_empty() { Granted::Nothing } else { Granted::Statements(statements) }
    }

    fn image_launch(&self) -> Granted {
        let actions = self.strings(&["ec2:RunInstances"]);
        for name in ["organization_arn", "organizational_unit_arn"] {
            if let Some(arn) = self.get(name) {
                let everyone = Node::string("*", arn.span);
                let paths = ("StringLike", "aws:PrincipalOrgPaths", arn.clone());
                let id = arn.as_str().and_then(|a| a.rsplit('/').next()).map(|id| Node::string(id, arn.span));
                let condition = match (name, id) {
                    ("organization_arn", Some(id)) => ("StringEquals", "aws:PrincipalOrgID", id),
                    _ => paths,
                };
                return Granted::Statements(vec![self.statement(None, everyone, actions, vec![condition])]);
            }
        }
        match self.get("group") {
            Some(group) => {
                let everyone = Node::string("*", group.span);
                Granted::Statements(vec![self.statement(None, everyone, actions, Vec::new())])
            }
            None => self.shared_with("account_id", &["ec2:RunInstances"]),
        }
    }

    fn document_permissions(&self) -> Granted {
        let Some(permissions) = self.get("permissions") else { return Granted::Nothing };
        let Some(ids) = permissions.get("account_ids") else { return Granted::Nothing };
        let Some(text) = ids.as_str() else { return Granted::Unwritable("the accounts are not known".into()) };
        let actions = ["ssm:GetDocument", "ssm:DescribeDocument"];
        let accounts = text.split(',').map(str::trim).filter(|a| !a.is_empty());
        let statements = accounts.map(|account| {
            let node = Node::string(if account.eq_ignore_ascii_case("all") { "*" } else { account }, ids.span);
            self.statement(None, self.principal(&node), self.strings(&actions), Vec::new())
        });
        Granted::Statements(statements.collect())
    }

    fn signing_profile_permission(&self) -> Granted {
        let (Some(principal), Some(action)) = (self.get("principal"), self.get("action")) else {
            return Granted::Unwritable("principal or action is not known".into());
        };
        let sid = self.get("statement_id").cloned();
        Granted::Statements(vec![self.statement(sid, self.principal(principal), action.clone(), Vec::new())])
    }

    fn certificate_authority_permission(&self) -> Granted {
        let (Some(principal), Some(actions)) = (self.get("principal"), self.get("actions")) else {
            return Granted::Unwritable("principal or actions are not known".into());
        };
        let account = self.get("source_account").map(|a| ("StringEquals", "aws:SourceAccount", as_string(a)));
        let conditions = account.into_iter().collect();
        Granted::Statements(vec![self.statement(None, self.principal(principal), actions.clone(), conditions)])
    }

    fn image_builder_launch(&self) -> Granted {
        let mut statements = Vec::new();
        for distribution in sequence(self.properties.get("distribution")) {
            for image in sequence(distribution.get("ami_distribution_configuration")) {
                for launch in sequence(image.get("launch_permission")) {
                    let groups = sequence(launch.get("user_groups")).iter().map(|g| Node::string("*", g.span));
                    let users = sequence(launch.get("user_ids")).iter().map(|u| self.principal(u));
                    for principal in groups.chain(users) {
                        let action = self.strings(&["ec2:RunInstances"]);
                        statements.push(self.statement(None, principal, action, Vec::new()));
                    }
                }
            }
        }
        if statements.is_empty() { Granted::Nothing } else { Granted::Statements(statements) }
    }
}

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const AUTHENTICATED_USERS: &str = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
const LOG_DELIVERY: &str = "http://acs.amazonaws.com/groups/s3/LogDelivery";

/// ACL permission, the actions that it allows on a bucket, and those on an object.
const ACL_ACTIONS: &[(&str, &[&str], &[&str])] = &[
    ("READ", &["s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"], &["s3:GetObject"]),
    ("WRITE", &["s3:PutObject", "s3:DeleteObject"], &[]),
    ("READ_ACP", &["s3:GetBucketAcl"], &["s3:GetObjectAcl"]),
    ("WRITE_ACP", &["s3:PutBucketAcl"], &["s3:PutObjectAcl"]),
];

fn set(node: Option<&Node>) -> Option<&Node> {
    node.filter(|n| !matches!(n.kind, NodeKind::Null))
}

/// Condition values are strings.
fn as_string(node: &Node) -> Node {
    node.scalar_text().map_or_else(|| node.clone(), |text| Node::text(text, node.span))
}
