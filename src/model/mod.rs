//! What a deployment holds once its templates are resolved: policies, principals, resources, and how they attach.
//!
//! Loaders ([`crate::template`]) make these; checks, analyses and reports read them.

use std::collections::BTreeMap;

use serde::Serialize;
use smol_str::SmolStr;

use crate::policy::{PolicyDocument, PolicyType};
use crate::source::{Node, NodeKind, Shape, Span, Symbol, Text};

/// All inputs of a run, resolved.
#[derive(Clone, Debug, Default)]
pub struct Deployment {
    /// One for each file that was asked for, in order.
    pub inputs: Vec<Input>,
    /// Every policy found, in the order of the inputs.
    pub policies: Vec<Policy>,
    /// Roles, users, groups and permission sets.
    pub principals: Vec<Principal>,
    /// Every resource of the inputs, whether a policy concerns it or not.
    pub resources: Vec<Resource>,
}

/// Position of an [`Input`] in [`Deployment::inputs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct InputId(pub usize);

/// A file of the run.
#[derive(Clone, Debug)]
pub struct Input {
    /// As given or found.
    pub path: String,
    /// What it was taken for.
    pub kind: InputKind,
    /// The first reason why it could not be analysed whole.
    pub error: Option<Problem>,
    /// What was noticed on the way and does not stop the analysis.
    pub notices: Vec<Problem>,
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputKind {
    /// CloudFormation or SAM template, YAML or JSON.
    Cloudformation,
    /// A CDK cloud assembly.
    CdkAssembly,
    /// Terraform or OpenTofu plan in JSON.
    TerraformPlan,
    /// Terraform state in JSON.
    TerraformState,
    /// A bare policy document.
    PolicyDocument,
    /// The authorization details of an account: `aws iam get-account-authorization-details`.
    AuthorizationDetails,
    /// None of these.
    Unknown,
}

/// Something that is wrong with an input itself, as opposed to its policies.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Lower case, without a full stop; offending input in backticks.
    pub message: String,
    /// Where, if the place is known.
    pub span: Option<Span>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem at a place.
    pub fn at(message: impl Into<String>, span: Span) -> Problem {
        Problem { message: message.into(), span: Some(span), help: None }
    }

    /// A problem without a place.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), span: None, help: None }
    }
}

impl From<crate::source::ReadError> for Problem {
    fn from(e: crate::source::ReadError) -> Problem {
        Problem { message: e.message, span: Some(e.span), help: e.help }
    }
}

/// Names a resource of a run: a CloudFormation logical id or a Terraform address, with its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ResourceRef {
    /// Logical id (`Nested.Bucket` in a nested stack) or address (`module.a["x"].aws_s3_bucket.b[0]`).
    pub id: SmolStr,
    /// `AWS::S3::Bucket`, `aws_s3_bucket`.
    #[serde(rename = "type")]
    pub resource_type: SmolStr,
}

/// A resource of an input.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Its name and type.
    pub id: ResourceRef,
    /// Where it comes from.
    pub input: InputId,
    /// The block that declares it.
    pub span: Option<Span>,
    /// Its ARN, with symbols for what is not known, if the type has one.
    pub arn: Option<Text>,
    /// The resolved properties (CloudFormation's names or Terraform's attributes).
    pub properties: Option<Node>,
    /// The CloudFormation conditions under which it exists, where they are not decided.
    pub when: Option<When>,
    /// The construct path that the CDK wrote into the metadata.
    pub construct_path: Option<SmolStr>,
}

/// Undecided CloudFormation conditions: the policy or resource is as described when each named condition has the
/// given value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct When(pub BTreeMap<SmolStr, bool>);

impl std::fmt::Display for When {
    /// `IsProd and not UseExisting`
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            let joint = if i > 0 { " and " } else { "" };
            write!(f, "{joint}{}{name}", if *value { "" } else { "not " })?;
        }
        Ok(())
    }
}

/// Position of a [`Policy`] in [`Deployment::policies`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyId(pub usize);

/// A policy as it will be deployed.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The input it comes from.
    pub input: InputId,
    /// The resource that holds it.
    pub resource: ResourceRef,
    /// Principals and resources that it is attached to.
    pub attached_to: Vec<ResourceRef>,
    /// The property or policy name: `PolicyDocument`, `AssumeRolePolicyDocument`, an inline policy's name.
    pub name: SmolStr,
    /// Identity, resource, SCP or RCP.
    pub policy_type: PolicyType,
    /// For resource policies: the CloudFormation type of the resource that it protects
    /// (`AWS::IAM::AssumeRolePolicyDocument` for trust policies), also for Terraform.
    pub resource_type: Option<SmolStr>,
    /// How the policy is stored, which decides its size quota.
    pub form: PolicyForm,
    /// The document; `None` when it can't be analysed at all.
    pub document: Option<PolicyDocument>,
    /// Why it is not analysed, or in part only; empty when it is analysed whole.
    pub gaps: Vec<Problem>,
    /// Why the text of the document is no JSON, if that is why there is no document.
    pub syntax_error: Option<crate::source::ReadError>,
    /// Where it is written (the property or block).
    pub span: Option<Span>,
    /// The undecided conditions that this version of the policy stands for.
    pub when: Option<When>,
    /// False for policies that the template only refers to, such as AWS managed policies: they are not checked.
    pub is_own: bool,
}

/// How a policy is stored. Quotas differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyForm {
    /// A managed policy (or a bare document).
    Managed,
    /// Inline in a user.
    InlineUser,
    /// Inline in a group.
    InlineGroup,
    /// Inline in a role or permission set.
    InlineRole,
    /// A policy on a resource.
    Resource,
    /// A grant in another form (Lambda permission, ACL, …) written as a statement.
    Synthesised,
}

/// Whether a policy could be analysed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyStatus {
    /// Everything in it is known, or unknown in names only that no decision depends on.
    #[serde(rename = "analysed")]
    Analysed,
    /// It holds unknown values.
    #[serde(rename = "partly")]
    Partly,
    /// Its document is not known.
    #[serde(rename = "notAnalysable")]
    NotAnalysable,
}

impl Policy {
    /// Whether it could be analysed: not without a document; partly with gaps or with an unknown value that may hold
    /// more than a name (see [`crate::source::Shape::Any`]).
    pub fn status(&self) -> PolicyStatus {
        let Some(document) = &self.document else { return PolicyStatus::NotAnalysable };
        if !self.gaps.is_empty() || !shapeless(document.root()).is_empty() {
            PolicyStatus::Partly
        } else {
            PolicyStatus::Analysed
        }
    }

    /// Why it is not, or not wholly, analysed: its gaps, and the unknown values that may hold more than a name, each
    /// where it is first used. Empty for a policy that is analysed.
    pub fn reasons(&self) -> Vec<Problem> {
        let open = self.document.iter().flat_map(|d| shapeless(d.root()));
        let unknown = open.map(|(symbol, span)| {
            Problem::at(format!("`{}` is not known before deployment and may be anything", symbol.info().name), span)
        });
        self.gaps.iter().cloned().chain(unknown).collect()
    }
}

/// The symbols that may stand for anything, each with the place of its first use.
fn shapeless(root: &Node) -> Vec<(Symbol, Span)> {
    fn look(text: &Text, span: Span, out: &mut Vec<(Symbol, Span)>) {
        if text.has_unknown() {
            for symbol in text.symbols().filter(|s| s.info().shape == Shape::Any) {
                if out.iter().all(|(known, _)| *known != symbol) {
                    out.push((symbol, span));
                }
            }
        }
    }
    fn walk(node: &Node, out: &mut Vec<(Symbol, Span)>) {
        match &node.kind {
            NodeKind::String(text) => look(text, node.span, out),
            NodeKind::Sequence(items) => items.iter().for_each(|i| walk(i, out)),
            NodeKind::Mapping(map) => map.iter().for_each(|e| {
                look(&e.key, e.key_span, out);
                walk(&e.value, out);
            }),
            NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) => {}
        }
    }
    let mut out = Vec::new();
    walk(root, &mut out);
    out
}

/// A role, user, group or permission set of an input.
#[derive(Clone, Debug)]
pub struct Principal {
    /// Its name and type.
    pub id: ResourceRef,
    /// The input it comes from.
    pub input: InputId,
    /// What it is.
    pub kind: PrincipalEntityKind,
    /// Its ARN, with symbols for what is not known.
    pub arn: Text,
    /// Its name, with symbols for what is not known.
    pub name: Text,
    /// Policies in its own definition or attached to it that are documents of this run.
    pub policies: Vec<PolicyId>,
    /// Managed policies attached by ARN: those of AWS, and those that the run does not define.
    pub managed_policies: Vec<ManagedPolicyRef>,
    /// The trust policy of a role.
    pub trust_policy: Option<PolicyId>,
    /// The permissions boundary.
    pub permissions_boundary: Option<ManagedPolicyRef>,
    /// The groups of a user.
    pub groups: Vec<ResourceRef>,
    /// The undecided conditions under which it exists.
    pub when: Option<When>,
}

/// A managed policy that a principal names.
#[derive(Clone, Debug)]
pub struct ManagedPolicyRef {
    /// The ARN, with symbols for what is not known.
    pub arn: Text,
    /// Where it is named.
    pub span: Option<Span>,
    /// The policy, when this run defines it.
    pub policy: Option<PolicyId>,
}

/// The kinds of principal that policies attach to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)] // the names are IAM's own
pub enum PrincipalEntityKind {
    Role,
    User,
    Group,
    PermissionSet,
}

impl Deployment {
    /// Takes over all of another deployment; ids in it are renumbered.
    pub fn append(&mut self, mut other: Deployment) {
        let inputs = self.inputs.len();
        let policies = self.policies.len();
        let policy = |id: &mut PolicyId| id.0 += policies;
        for p in &mut other.policies {
            p.input.0 += inputs;
        }
        for r in &mut other.resources {
            r.input.0 += inputs;
        }
        for p in &mut other.principals {
            p.input.0 += inputs;
            p.policies.iter_mut().for_each(policy);
            p.trust_policy.iter_mut().for_each(policy);
            let boundary = p.permissions_boundary.iter_mut();
            boundary.chain(&mut p.managed_policies).filter_map(|m| m.policy.as_mut()).for_each(policy);
        }
        self.inputs.append(&mut other.inputs);
        self.policies.append(&mut other.policies);
        self.principals.append(&mut other.principals);
        self.resources.append(&mut other.resources);
    }
}
