//! The plain evaluator: IAM's rules for one policy and one request, literally. It is written apart from the engine and
//! shares nothing with it but the reading of numbers, dates and addresses, so that each can be held against the other.
//!
//! Source: IAM User Guide, "Policy evaluation logic" and "IAM JSON policy reference".

pub mod combine;
mod operator;
mod principal;
mod resource;
mod variable;

use super::request::Request;
use crate::policy::{PolicyDocument, Statement, StringList, Version, glob};

/// What a policy is attached to, as far as the meaning of its elements depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PolicyKind {
    /// Attached to a user, group or role.
    Identity,
    /// Attached to a resource.
    Resource,
    /// The trust policy of a role.
    Trust,
    /// Organizations service control policy.
    ServiceControl,
    /// Organizations resource control policy.
    ResourceControl,
    /// Permissions boundary.
    Boundary,
    /// Passed when a session is made.
    Session,
    /// Of a VPC endpoint.
    Endpoint,
}

impl PolicyKind {
    /// True if its statements have a `Principal` that counts.
    pub fn has_principal(self) -> bool {
        matches!(self, PolicyKind::Resource | PolicyKind::Trust | PolicyKind::ResourceControl | PolicyKind::Endpoint)
    }
}

/// What one policy says of a request. The numbers are those of [`PolicyDocument::statements`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some Allow applies and no Deny.
    Allow {
        /// The Allow statements that apply.
        statements: Vec<usize>,
    },
    /// Some Deny applies.
    ExplicitDeny {
        /// The Deny statements that apply.
        statements: Vec<usize>,
    },
    /// No statement applies.
    NoMatch,
}

/// What a policy, by itself, says of a request.
pub fn verdict(document: &PolicyDocument, kind: PolicyKind, request: &Request) -> Verdict {
    let applying = |allow: bool| -> Vec<usize> {
        let statements = document.statements.iter().enumerate();
        statements
            .filter(|(_, s)| if allow { s.is_allow() } else { s.is_deny() })
            .filter(|(_, s)| applies(s, document.version, kind, request))
            .map(|(index, _)| index)
            .collect()
    };
    let denying = applying(false);
    if !denying.is_empty() {
        return Verdict::ExplicitDeny { statements: denying };
    }
    let allowing = applying(true);
    if allowing.is_empty() { Verdict::NoMatch } else { Verdict::Allow { statements: allowing } }
}

/// True if every element of the statement matches the request.
pub fn applies(statement: &Statement, version: Version, kind: PolicyKind, request: &Request) -> bool {
    action_matches(statement, request)
        && (!kind.has_principal() || principal::matches(statement, &request.caller))
        && resource::matches(statement, version, kind, request)
        && statement.conditions.iter().all(|block| {
            // A policy with an unknown operator is not accepted; such a statement applies to nothing.
            block.operator.is_some_and(|op| block.keys.iter().all(|key| operator::holds(op, key, version, request)))
        })
}

/// Names of actions are compared without regard to case; wildcards may stand anywhere.
fn action_matches(statement: &Statement, request: &Request) -> bool {
    let listed =
        |list: &StringList| list.items.iter().any(|i| glob::matches_ignore_case(i.text.as_str(), &request.action));
    match (&statement.action, &statement.not_action) {
        (Some(list), _) => listed(list),
        (None, Some(list)) => !listed(list),
        (None, None) => false,
    }
}
