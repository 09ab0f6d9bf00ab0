//! Policy documents and statements.

use std::sync::Arc;

use serde::Serialize;
use smol_str::SmolStr;

use super::condition::ConditionBlock;
use super::path::PolicyPath;
use super::principal::PrincipalElement;
use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text};

/// The kinds of policy that Access Analyzer's policy validation knows, by its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum PolicyType {
    /// Attached to a user, group or role; permissions boundaries and session policies too.
    IdentityPolicy,
    /// Attached to a resource; role trust policies too.
    ResourcePolicy,
    /// Organizations service control policy (SCP).
    ServiceControlPolicy,
    /// Organizations resource control policy (RCP).
    ResourceControlPolicy,
}

/// The resource type that the API gives to role trust policies.
pub const TRUST_POLICY: &str = "AWS::IAM::AssumeRolePolicyDocument";

impl PolicyType {
    /// The name as the API and the reports write it.
    pub fn as_str(self) -> &'static str {
        match self {
            PolicyType::IdentityPolicy => "IDENTITY_POLICY",
            PolicyType::ResourcePolicy => "RESOURCE_POLICY",
            PolicyType::ServiceControlPolicy => "SERVICE_CONTROL_POLICY",
            PolicyType::ResourceControlPolicy => "RESOURCE_CONTROL_POLICY",
        }
    }
}

/// The language version of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// `2008-10-17`, also when the element is missing: no policy variables.
    V2008,
    /// `2012-10-17`.
    V2012,
}

/// What a statement does to the requests that it matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Grants.
    Allow,
    /// Forbids, whatever else grants.
    Deny,
}

/// A policy document: the tree as resolved, and a typed view of what of it follows the grammar.
#[derive(Clone, Debug)]
pub struct PolicyDocument {
    root: Arc<Node>,
    /// The `Version` element; anything but `2012-10-17` counts as `2008-10-17`.
    pub version: Version,
    /// The statements, in order. Array entries that are no objects are left out.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Position in the `Statement` array; `None` when `Statement` is a single object.
    pub index: Option<usize>,
    /// The statement object.
    pub span: Span,
    /// `Sid`, if it is a string.
    pub sid: Option<StringItem>,
    /// `Effect`, if it is exactly `Allow` or `Deny`.
    pub effect: Option<Effect>,
    /// `Principal`.
    pub principal: Option<PrincipalElement>,
    /// `NotPrincipal`.
    pub not_principal: Option<PrincipalElement>,
    /// `Action`.
    pub action: Option<StringList>,
    /// `NotAction`.
    pub not_action: Option<StringList>,
    /// `Resource`.
    pub resource: Option<StringList>,
    /// `NotResource`.
    pub not_resource: Option<StringList>,
    /// The operators of `Condition`, in order; empty without one.
    pub conditions: Vec<ConditionBlock>,
}

/// The string or strings of an element such as `Action`; entries that are no strings are left out.
#[derive(Clone, Debug)]
pub struct StringList {
    /// The element's name: `Action`, `NotResource`, … or a principal type.
    pub element: SmolStr,
    /// Where the name was written.
    pub key_span: Span,
    /// The whole value.
    pub span: Span,
    /// True for an array, false for a single string.
    pub is_array: bool,
    /// The strings.
    pub items: Vec<StringItem>,
}

/// One string of a [`StringList`].
#[derive(Clone, Debug)]
pub struct StringItem {
    /// The string.
    pub text: Text,
    /// Where it was written.
    pub span: Span,
    /// Position in the array; `None` for a single string.
    pub index: Option<usize>,
}

impl PolicyDocument {
    /// Reads a document. Whatever the tree is, there is a view of it; see [`PolicyDocument::root`] for the rest.
    pub fn new(root: impl Into<Arc<Node>>) -> PolicyDocument {
        let root = root.into();
        let version = match root.get("Version").and_then(Node::as_str) {
            Some("2012-10-17") => Version::V2012,
            _ => Version::V2008,
        };
        let statements = match root.get("Statement").map(|s| (&s.kind, s)) {
            Some((NodeKind::Sequence(items), _)) => {
                items.iter().enumerate().filter_map(|(i, n)| Statement::new(n, Some(i))).collect()
            }
            Some((NodeKind::Mapping(_), node)) => Statement::new(node, None).into_iter().collect(),
            _ => Vec::new(),
        };
        PolicyDocument { root, version, statements }
    }

    /// The resolved tree that the document was read from.
    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The object that one of [`PolicyDocument::statements`] was read from.
    pub fn object(&self, statement: &Statement) -> Option<&Mapping> {
        let node = self.root.get("Statement")?;
        match statement.index {
            Some(index) => node.as_sequence()?.get(index)?.as_mapping(),
            None => node.as_mapping(),
        }
    }
}

impl Statement {
    fn new(node: &Node, index: Option<usize>) -> Option<Statement> {
        let map = node.as_mapping()?;
        let list = |name: &str| map.entry(name).and_then(StringList::new);
        Some(Statement {
            index,
            span: node.span,
            sid: map
                .get("Sid")
                .and_then(|n| n.as_text().map(|t| StringItem { text: t.clone(), span: n.span, index: None })),
            effect: match map.get("Effect").and_then(Node::as_str) {
                Some("Allow") => Some(Effect::Allow),
                Some("Deny") => Some(Effect::Deny),
                _ => None,
            },
            principal: map.entry("Principal").map(PrincipalElement::new),
            not_principal: map.entry("NotPrincipal").map(PrincipalElement::new),
            action: list("Action"),
            not_action: list("NotAction"),
            resource: list("Resource"),
            not_resource: list("NotResource"),
            conditions: ConditionBlock::read(map.get("Condition")),
        })
    }

    /// The statement's place in its document.
    pub fn path(&self) -> PolicyPath {
        PolicyPath::root().key("Statement").maybe_index(self.index)
    }

    /// True for `Effect: Allow`.
    pub fn is_allow(&self) -> bool {
        self.effect == Some(Effect::Allow)
    }

    /// True for `Effect: Deny`.
    pub fn is_deny(&self) -> bool {
        self.effect == Some(Effect::Deny)
    }

    /// `Action` and `NotAction`, those that are there.
    pub fn action_lists(&self) -> impl Iterator<Item = &StringList> {
        self.action.iter().chain(&self.not_action)
    }

    /// `Resource` and `NotResource`, those that are there.
    pub fn resource_lists(&self) -> impl Iterator<Item = &StringList> {
        self.resource.iter().chain(&self.not_resource)
    }

    /// `Principal` and `NotPrincipal`, those that are there.
    pub fn principal_elements(&self) -> impl Iterator<Item = &PrincipalElement> {
        self.principal.iter().chain(&self.not_principal)
    }

    /// The place of an entry of an element such as `Action`.
    pub fn item_path(&self, list: &StringList, item: &StringItem) -> PolicyPath {
        self.path().key(list.element.clone()).maybe_index(item.index)
    }
}

impl StringList {
    /// The strings of an entry whose value is a string or an array; `None` for other values.
    pub fn new(entry: &Entry) -> Option<StringList> {
        let (is_array, items) = match &entry.value.kind {
            NodeKind::String(text) => {
                (false, vec![StringItem { text: text.clone(), span: entry.value.span, index: None }])
            }
            NodeKind::Sequence(nodes) => {
                let strings = nodes.iter().enumerate().filter_map(|(i, n)| {
                    n.as_text().map(|t| StringItem { text: t.clone(), span: n.span, index: Some(i) })
                });
                (true, strings.collect())
            }
            _ => return None,
        };
        Some(StringList {
            element: entry.key.as_smol().clone(),
            key_span: entry.key_span,
            span: entry.value.span,
            is_array,
            items,
        })
    }
}
