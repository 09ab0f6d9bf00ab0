//! Whether a document is one that a question can be asked of: whole, in the policy language, and of the type that it is
//! said to be. The typed view of a document leaves out what the grammar does not allow; a decision must not rest on
//! what is left.

use smol_str::SmolStr;

use crate::logic::engine::{CompileError, CompiledPolicy, Ties};
use crate::logic::evaluate::PolicyKind;
use crate::model::Policy;
use crate::policy::{PolicyDocument, PolicyType, TRUST_POLICY};
use crate::source::{Mapping, Node, NodeKind, json};

/// Why a document is not a policy of its type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// The document itself.
    #[error("the document is a {0}, not an object")]
    NotAnObject(&'static str),
    /// `Statement`.
    #[error("`Statement` is a {0}, not an object or a list of objects")]
    Statement(&'static str),
    /// An entry of `Statement`.
    #[error("statement {0} is a {1}, not an object")]
    StatementEntry(usize, &'static str),
    /// An element that the language does not have.
    #[error("statement {0} has the unknown element `{1}`")]
    Element(usize, String),
    /// The value of an element.
    #[error("statement {0}: `{1}` is neither a string nor a list of strings")]
    Value(usize, SmolStr),
    /// `Condition`.
    #[error("statement {0}: `Condition` is not a map of operators to keys to values")]
    Condition(usize),
    /// `Principal` or `NotPrincipal`.
    #[error("statement {0}: `{1}` is neither `\"*\"` nor a map of principal types to principals")]
    Principal(usize, SmolStr),
    /// It is open which of the values counts.
    #[error("`{0}` stands twice in one object")]
    Twice(String),
    /// An identity policy belongs to its principal.
    #[error("statement {0} has `{1}`, which an identity policy can't have")]
    PrincipalInIdentity(usize, SmolStr),
    /// A resource policy names its principals.
    #[error("statement {0} has neither `Principal` nor `NotPrincipal`, which a resource policy needs")]
    NoPrincipal(usize),
    /// Found by the engine.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

/// The type whose policies are written like resource policies, and grant nothing: they limit what passes.
const VPC_ENDPOINT: &str = "AWS::EC2::VPCEndpoint";

/// How the engine reads a policy of a deployment.
pub fn kind_of(policy: &Policy) -> PolicyKind {
    match policy.policy_type {
        PolicyType::IdentityPolicy => PolicyKind::Identity,
        PolicyType::ResourcePolicy if policy.resource_type.as_deref() == Some(TRUST_POLICY) => PolicyKind::Trust,
        PolicyType::ResourcePolicy if policy.resource_type.as_deref() == Some(VPC_ENDPOINT) => PolicyKind::Endpoint,
        PolicyType::ResourcePolicy => PolicyKind::Resource,
        PolicyType::ServiceControlPolicy => PolicyKind::ServiceControl,
        PolicyType::ResourceControlPolicy => PolicyKind::ResourceControl,
    }
}

const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// Compiles a document that is a policy of this kind.
///
/// # Errors
///
/// When it is not one.
pub fn compile(document: PolicyDocument, kind: PolicyKind, ties: Ties) -> Result<CompiledPolicy, Unfit> {
    check(document.root(), kind)?;
    Ok(CompiledPolicy::new(document, kind, ties)?)
}

fn check(root: &Node, kind: PolicyKind) -> Result<(), Unfit> {
    let NodeKind::Mapping(map) = &root.kind else { return Err(Unfit::NotAnObject(root.type_name())) };
    no_key_twice(root)?;
    let Some(statement) = map.get("Statement") else { return Err(CompileError::NoStatement.into()) };
    match &statement.kind {
        NodeKind::Mapping(map) => check_statement(0, map, kind),
        NodeKind::Sequence(items) => items.iter().enumerate().try_for_each(|(i, item)| match &item.kind {
            NodeKind::Mapping(map) => check_statement(i, map, kind),
            _ => Err(Unfit::StatementEntry(i, item.type_name())),
        }),
        _ => Err(Unfit::Statement(statement.type_name())),
    }
}

fn check_statement(index: usize, statement: &Mapping, kind: PolicyKind) -> Result<(), Unfit> {
    let is_identity =
        matches!(kind, PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session | PolicyKind::ServiceControl);
    let mut has_principal = false;
    for entry in statement.iter() {
        let name = entry.key.as_str();
        if !ELEMENTS.contains(&name) {
            return Err(Unfit::Element(index, entry.key.display()));
        }
        match name {
            "Action" | "NotAction" | "Resource" | "NotResource" if !is_strings(&entry.value) => {
                return Err(Unfit::Value(index, name.into()));
            }
            "Condition" if !is_condition(&entry.value) => return Err(Unfit::Condition(index)),
            "Principal" | "NotPrincipal" => {
                if is_identity {
                    return Err(Unfit::PrincipalInIdentity(index, name.into()));
                }
                if !is_principal(&entry.value) {
                    return Err(Unfit::Principal(index, name.into()));
                }
                has_principal = true;
            }
            _ => {}
        }
    }
    if !has_principal && matches!(kind, PolicyKind::Resource | PolicyKind::Trust) {
        return Err(Unfit::NoPrincipal(index));
    }
    Ok(())
}

fn no_key_twice(node: &Node) -> Result<(), Unfit> {
    match &node.kind {
        NodeKind::Sequence(items) => items.iter().try_for_each(no_key_twice),
        NodeKind::Mapping(map) => {
            if let Some(entry) = json::duplicate_keys(map).first() {
                return Err(Unfit::Twice(entry.key.display()));
            }
            map.iter().try_for_each(|e| no_key_twice(&e.value))
        }
        _ => Ok(()),
    }
}

fn is_strings(node: &Node) -> bool {
    match &node.kind {
        NodeKind::String(_) => true,
        NodeKind::Sequence(items) => items.iter().all(|i| i.as_text().is_some()),
        _ => false,
    }
}

fn is_principal(node: &Node) -> bool {
    match &node.kind {
        NodeKind::String(text) => text.as_str() == "*",
        NodeKind::Mapping(map) => map.iter().all(|e| is_strings(&e.value)),
        _ => false,
    }
}

fn is_condition(node: &Node) -> bool {
    let is_value = |node: &Node| match &node.kind {
        NodeKind::Sequence(items) => items.iter().all(|i| i.scalar_text().is_some()),
        _ => node.scalar_text().is_some(),
    };
    let is_keys = |node: &Node| node.as_mapping().is_some_and(|m| m.iter().all(|e| is_value(&e.value)));
    node.as_mapping().is_some_and(|m| m.iter().all(|e| is_keys(&e.value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, SourceId};

    fn unfit(statement: &str, kind: PolicyKind) -> String {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {statement}}}"#);
        let root = json::read(SourceId(0), &text, &Limits::default()).expect("valid JSON");
        compile(PolicyDocument::new(root), kind, Ties::Tied).expect_err("not a policy").to_string()
    }

    #[test]
    fn what_the_typed_view_leaves_out_is_no_ground_for_a_decision() {
        let identity = PolicyKind::Identity;
        assert_eq!(unfit(r#""Allow""#, identity), "`Statement` is a string, not an object or a list of objects");
        assert_eq!(unfit(r#"[1]"#, identity), "statement 0 is a number, not an object");
        assert_eq!(
            unfit(r#"[{"Effect": "Deny", "Action": ["s3:*", 1], "Resource": "*"}]"#, identity),
            "statement 0: `Action` is neither a string nor a list of strings"
        );
        assert_eq!(
            unfit(r#"[{"Effect": "Allow", "Action": "*", "Resource": "*", "Conditon": {}}]"#, identity),
            "statement 0 has the unknown element `Conditon`"
        );
        assert_eq!(
            unfit(r#"[{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"Bool": "x"}}]"#, identity),
            "statement 0: `Condition` is not a map of operators to keys to values"
        );
        assert_eq!(
            unfit(r#"[{"Effect": "Allow", "Effect": "Deny", "Action": "*", "Resource": "*"}]"#, identity),
            "`Effect` stands twice in one object"
        );
    }

    #[test]
    fn a_policy_of_the_other_type_is_told() {
        let resource = r#"{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}"#;
        let identity = r#"{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;
        assert_eq!(
            unfit(resource, PolicyKind::Identity),
            "statement 0 has `Principal`, which an identity policy can't have"
        );
        assert_eq!(
            unfit(identity, PolicyKind::Resource),
            "statement 0 has neither `Principal` nor `NotPrincipal`, which a resource policy needs"
        );
    }
}
