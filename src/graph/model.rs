//! The nodes and edges of the access graph.

use std::collections::BTreeSet;

use petgraph::graph::{DiGraph, NodeIndex};
use smol_str::SmolStr;

use crate::catalog::AccessLevel;
use crate::model::{PolicyId, When};
use crate::source::Span;

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// A role.
    Role,
    /// A user.
    User,
    /// A group.
    Group,
    /// A permission set of IAM Identity Center.
    PermissionSet,
    /// A policy, inline or managed.
    Policy,
    /// A resource of the run.
    Resource,
    /// A resource that the run does not define, or a pattern that many resources match.
    OtherResource,
    /// An AWS service.
    Service,
    /// An account that is not the run's.
    ExternalAccount,
    /// A principal that the run does not define.
    ExternalPrincipal,
    /// An identity provider.
    IdentityProvider,
    /// The run's own account: its principals, as far as their own policies allow.
    Account,
    /// Anybody at all.
    Anyone,
}

impl NodeKind {
    /// The word of the reports.
    pub fn as_str(self) -> &'static str {
        match self {
            NodeKind::Role => "role",
            NodeKind::User => "user",
            NodeKind::Group => "group",
            NodeKind::PermissionSet => "permission-set",
            NodeKind::Policy => "policy",
            NodeKind::Resource => "resource",
            NodeKind::OtherResource => "other-resource",
            NodeKind::Service => "service",
            NodeKind::ExternalAccount => "external-account",
            NodeKind::ExternalPrincipal => "external-principal",
            NodeKind::IdentityProvider => "identity-provider",
            NodeKind::Account => "account",
            NodeKind::Anyone => "anyone",
        }
    }
}

/// A node.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it stands for.
    pub kind: NodeKind,
    /// The same from run to run: `kind:name`.
    pub id: SmolStr,
    /// What people call it, with symbols.
    pub name: SmolStr,
    /// Its type, if it is something of the run.
    pub resource_type: Option<SmolStr>,
    /// Its ARN, if it has one, with symbols.
    pub arn: Option<SmolStr>,
    /// Where it is declared.
    pub span: Option<Span>,
    /// The conditions under which it exists.
    pub when: Option<When>,
    /// For a pattern: how many resources of the run match it.
    pub matches: Option<usize>,
}

/// What an edge says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EdgeKind {
    /// The principal or resource has the policy.
    Attached,
    /// The policy limits the principal.
    Boundary,
    /// The user is in the group.
    MemberOf,
    /// The policy, or a resource's own policy, allows actions on the resource.
    Grants,
    /// The role's trust policy names the principal.
    Trusts,
    /// The principal can assume the role, both sides considered.
    CanAssume,
    /// The principal can pass the role to services that the role trusts.
    PassesRoleTo,
    /// The service or resource runs the other.
    Invokes,
    /// The resource acts as the role.
    RunsAs,
    /// The resource names the other.
    DependsOn,
}

impl EdgeKind {
    /// The word of the reports.
    pub fn as_str(self) -> &'static str {
        match self {
            EdgeKind::Attached => "attached",
            EdgeKind::Boundary => "boundary",
            EdgeKind::MemberOf => "member-of",
            EdgeKind::Grants => "grants",
            EdgeKind::Trusts => "trusts",
            EdgeKind::CanAssume => "can-assume",
            EdgeKind::PassesRoleTo => "passes-role-to",
            EdgeKind::Invokes => "invokes",
            EdgeKind::RunsAs => "runs-as",
            EdgeKind::DependsOn => "depends-on",
        }
    }

    /// Edges that say something about access, and not only about how the template hangs together.
    pub fn is_access(self) -> bool {
        self != EdgeKind::DependsOn
    }
}

/// An edge.
#[derive(Clone, Debug)]
pub struct Edge {
    /// What it says.
    pub kind: EdgeKind,
    /// The policy that says it, if it is one of the run.
    pub policy: Option<PolicyId>,
    /// Position of the statement among the typed ones, and its `Sid`.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<SmolStr>,
    /// The actions, as the statement writes them.
    pub actions: Vec<String>,
    /// Their access levels.
    pub levels: BTreeSet<AccessLevel>,
    /// The statement's conditions, as JSON.
    pub condition: Option<serde_json::Value>,
    /// For passed roles: to which services.
    pub services: Vec<SmolStr>,
    /// False if a Deny, a boundary or another limit leaves nothing of it; none if it could not be decided.
    pub effective: Option<bool>,
    /// The undecided conditions under which it holds.
    pub when: Option<When>,
    /// Where it is written.
    pub span: Option<Span>,
}

impl Edge {
    pub(super) fn new(kind: EdgeKind) -> Edge {
        Edge {
            kind,
            policy: None,
            statement: None,
            sid: None,
            actions: Vec::new(),
            levels: BTreeSet::new(),
            condition: None,
            services: Vec::new(),
            effective: Some(true),
            when: None,
            span: None,
        }
    }
}

/// The graph, and what is not in it.
#[derive(Clone, Debug, Default)]
pub struct AccessGraph {
    /// Nodes and edges.
    pub graph: DiGraph<Node, Edge>,
    /// What was left out, could not be decided, or was taken for granted.
    pub notices: Vec<String>,
}

impl AccessGraph {
    /// The nodes that something names: by name, id or ARN.
    pub fn find(&self, text: &str) -> Vec<NodeIndex> {
        let is = |node: &Node| {
            let shown = |t: &SmolStr| crate::source::display_encoded(t) == text;
            shown(&node.name) || shown(&node.id) || node.arn.as_ref().is_some_and(shown)
        };
        self.graph.node_indices().filter(|i| self.graph.node_weight(*i).is_some_and(is)).collect()
    }
}
