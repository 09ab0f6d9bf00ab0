//! Deciding given requests under given policies: the JSON forms of requests, policies and decisions, one request or a
//! batch of them. How a request is decided is in [`crate::logic::evaluate::combine`].

pub mod batch;
mod policy;
mod request;

use serde_json::{Value, json};

use crate::logic::evaluate::PolicyKind;
use crate::logic::evaluate::combine::{Decision, DecidingStatement};
use crate::policy::Effect;
use crate::source::display_encoded;

pub use policy::{PolicyRole, accept};
pub use request::parse_request;

/// A decision in its JSON form.
pub fn decision_json(decision: &Decision) -> Value {
    json!({
        "decision": decision.ruling.as_str(),
        "decidedBy": decision.decided_by.iter().map(statement_json).collect::<Vec<_>>(),
        "explanation": decision.explanation,
    })
}

fn statement_json(statement: &DecidingStatement) -> Value {
    let mut object = serde_json::Map::new();
    object.insert("policy".to_owned(), kind_word(statement.kind).into());
    if let Some(level) = statement.level {
        object.insert("level".to_owned(), level.into());
    }
    object.insert("index".to_owned(), statement.policy.into());
    object.insert("statementIndex".to_owned(), statement.statement.into());
    object.insert("statementId".to_owned(), statement.sid.as_deref().map(display_encoded).into());
    object.insert("effect".to_owned(), if statement.effect == Effect::Allow { "Allow" } else { "Deny" }.into());
    Value::Object(object)
}

/// The word for a kind of policy, in decisions as in the `policies` of a batch.
pub fn kind_word(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity",
        PolicyKind::Resource | PolicyKind::Trust => "resource",
        PolicyKind::Boundary => "boundary",
        PolicyKind::Session => "session",
        PolicyKind::ServiceControl => "scp",
        PolicyKind::ResourceControl => "rcp",
        PolicyKind::Endpoint => "endpoint",
    }
}
