//! A policy from what a principal did: the actions of its events on the resources of its events, and nothing else.
//!
//! Modelled on IAM Access Analyzer's policy generation: Allow statements grouped by service, no conditions, several policies where
//! one would be larger than the quota. Unlike there, resources are those of the events where these say so; what they don't say
//! is a note, never silence.

mod group;
mod notes;
mod print;
mod quota;

use serde_json::{Map, Value, json};
use smol_str::SmolStr;

use super::usage::{Coverage, PrincipalKey, PrincipalUse};
use crate::catalog::Catalog;

pub use print::{as_cloudformation, as_terraform};
pub use quota::MANAGED_POLICY_QUOTA;

/// How a policy is made.
#[derive(Clone, Copy, Debug, Default)]
pub struct Generation {
    /// What stands in `Resource`.
    pub resources: ResourceMode,
    /// What stands there where events don't say which resource it was.
    pub unknown: UnknownResources,
    /// Statements that read and those that change are apart.
    pub split_access: bool,
    /// Actions that read may be written with wildcards.
    pub wildcard_actions: bool,
}

/// What stands in `Resource`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResourceMode {
    /// The resources of the events.
    #[default]
    Exact,
    /// Where there are many of a kind, the beginning that they share.
    Generalised,
    /// The ARN formats of the service authorization reference, to be filled in: `arn:aws:s3:::${BucketName}`.
    Placeholders,
}

/// What stands in `Resource` where events don't say which resource it was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UnknownResources {
    /// The ARN format with `*` in place of what is not known.
    #[default]
    Wildcard,
    /// The ARN format as the reference writes it, to be filled in.
    Placeholder,
}

/// A statement: `Effect` is `Allow`, there is no `Condition`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneratedStatement {
    /// Unique within all policies.
    pub sid: String,
    /// With prefix, sorted.
    pub actions: Vec<SmolStr>,
    /// Sorted.
    pub resources: Vec<SmolStr>,
}

/// The policies for a principal, and what is to be said of them.
#[derive(Clone, Debug)]
pub struct Generated {
    /// Each within the quota of managed policies.
    pub policies: Vec<Vec<GeneratedStatement>>,
    /// Every event was understood, and every resource kept.
    pub is_complete: bool,
    /// Events that no action is known for: event source, event name, count.
    pub unmapped: Vec<(SmolStr, SmolStr, u64)>,
    /// Sentences.
    pub notes: Vec<String>,
}

/// Makes the policies for a principal.
pub fn generate(
    catalog: &Catalog,
    key: &PrincipalKey,
    used: &PrincipalUse,
    coverage: &Coverage,
    generation: Generation,
) -> Generated {
    let statements = group::statements(catalog, used, generation);
    let policies = quota::split(statements);
    let unmapped = used.unmapped.iter().map(|((source, name), calls)| (source.clone(), name.clone(), calls.count));
    let unmapped: Vec<_> = unmapped.collect();
    let shortened = used.actions.values().any(|action| action.resources.shortened());
    Generated {
        is_complete: unmapped.is_empty() && !shortened && coverage.troubles.is_empty(),
        notes: notes::notes(catalog, key, used, coverage, generation, &policies),
        unmapped,
        policies,
    }
}

/// The document of a policy.
pub fn document(statements: &[GeneratedStatement]) -> Value {
    let one_or_many = |values: &[SmolStr]| match values {
        [one] => json!(one),
        many => json!(many),
    };
    let statement = |statement: &GeneratedStatement| {
        let mut map = Map::new();
        map.insert("Sid".to_owned(), json!(statement.sid));
        map.insert("Effect".to_owned(), json!("Allow"));
        map.insert("Action".to_owned(), one_or_many(&statement.actions));
        map.insert("Resource".to_owned(), one_or_many(&statement.resources));
        Value::Object(map)
    };
    json!({"Version": "2012-10-17", "Statement": statements.iter().map(statement).collect::<Vec<_>>()})
}

impl Generated {
    /// The report of `generate-policy`.
    pub fn to_json(&self, used: &PrincipalUse, coverage: &Coverage) -> Value {
        let policies: Vec<Value> = self.policies.iter().map(|policy| json!({"policy": document(policy)})).collect();
        let unmapped: Vec<Value> = (self.unmapped.iter())
            .map(|(source, name, count)| json!({"eventSource": source, "eventName": name, "count": count}))
            .collect();
        let actions: Vec<Value> = (used.actions.iter())
            .map(|(action, used)| {
                let (first, last) = used.all().period.unzip();
                json!({
                    "action": action,
                    "succeeded": used.succeeded.count,
                    "failed": used.failed.count,
                    "denied": used.denied.count,
                    "firstSeen": first,
                    "lastSeen": last,
                    "invokedBy": used.invoked_by.keys().collect::<Vec<_>>(),
                })
            })
            .collect();
        let (from, to) = coverage.period.unzip();
        json!({
            "principal": used.arn,
            "generatedPolicies": policies,
            "isComplete": self.is_complete,
            "unmapped": unmapped,
            "notes": self.notes,
            "actions": actions,
            "events": {
                "read": coverage.events,
                "used": coverage.used,
                "skipped": coverage.skipped,
                "period": {"from": from, "to": to},
                "regions": coverage.regions.keys().collect::<Vec<_>>(),
                "files": {"read": coverage.files, "skipped": coverage.files_skipped},
                "broken": {"files": coverage.troubles.files, "records": coverage.troubles.records},
            },
        })
    }
}
