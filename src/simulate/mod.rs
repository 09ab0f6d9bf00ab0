//! Deciding given requests under given policies: the JSON forms of requests, policies and decisions, one request or a
//! batch of them. How a request is decided is in [`crate::logic::evaluate::combine`].

pub mod batch;
mod policy;
mod request;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::logic::evaluate::PolicyKind;
use crate::logic::evaluate::combine::{DecidingStatement, Decision};
use crate::policy::Effect;
use crate::source::display_encoded;

pub use policy::{PolicyRole, accept};
pub use request::parse_request;

/// The JSON form of a decision.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenDecision<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    decision: &'static str,
    decided_by: Vec<WrittenStatement>,
    explanation: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WrittenStatement {
    policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<usize>,
    index: usize,
    statement_index: usize,
    statement_id: Option<String>,
    effect: &'static str,
}

/// Writes a decision as JSON, with the id of its request if it has one.
pub fn write_decision(decision: &Decision, id: Option<&RawValue>, out: &mut Vec<u8>) {
    let written = WrittenDecision {
        id,
        decision: decision.ruling.as_str(),
        decided_by: decision.decided_by.iter().map(written_statement).collect(),
        explanation: &decision.explanation,
    };
    // Writing text to memory does not fail.
    let _ = serde_json::to_writer(out, &written);
}

fn written_statement(statement: &DecidingStatement) -> WrittenStatement {
    WrittenStatement {
        policy: kind_word(statement.kind),
        level: statement.level,
        index: statement.policy,
        statement_index: statement.statement,
        statement_id: statement.sid.as_deref().map(display_encoded),
        effect: if statement.effect == Effect::Allow { "Allow" } else { "Deny" },
    }
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
