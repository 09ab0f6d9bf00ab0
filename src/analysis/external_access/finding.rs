//! External access in the shape of the Access Analyzer API, and as findings with places.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{ChangeType, ExternalAccess, Source};
use crate::analysis::witness;
use crate::catalog::AccessLevel;
use crate::finding::printable_line;
use crate::finding::{Finding, FindingType, Location};
use crate::model::Deployment;

/// The code of the findings.
pub const CODE: &str = "EXTERNAL_PRINCIPAL";
/// Their headline.
pub const TITLE: &str = "External access";
/// What they mean.
pub const DOCUMENTATION: &str = include_str!("external_principal.md");

impl ExternalAccess {
    /// The same for the same access, run after run.
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text.as_bytes());
        };
        [&self.resource.id, &self.resource.resource_type, &self.principal.0].iter().for_each(|t| add(t));
        add(&self.principal.1);
        add(self.source.kind);
        self.source.detail.iter().for_each(|(_, value)| add(value));
        add(if self.is_public { "public" } else { "" });
        for (key, value) in &self.condition {
            add(&key.to_ascii_lowercase());
            add(value);
        }
        self.actions.iter().for_each(|a| add(a));
        let digest = hash.finalize();
        digest.iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// Whether a resource control policy bears on it, in the API's words.
    pub fn restriction(&self) -> &'static str {
        if self.restricted { "APPLICABLE" } else { "NOT_APPLICABLE" }
    }

    /// What it says.
    pub fn sentence(&self) -> String {
        let who = match (self.principal.0.as_str(), self.principal.1.as_str()) {
            ("AWS", "*") => "anybody".to_owned(),
            (_, name) => format!("`{}`", printable_line(name)),
        };
        let by = self.source.detail.as_ref().map(|(_, name)| printable_line(name));
        let way = match (self.source.kind, by) {
            (Source::BUCKET_ACL, _) => " by its ACL".to_owned(),
            (Source::ACCESS_POINT, Some(arn)) => format!(" through the access point `{arn}`"),
            (Source::ACCESS_POINT_ACCOUNT, Some(account)) => format!(" through access points of account `{account}`"),
            _ => String::new(),
        };
        let mut text = format!("`{}` can be reached from outside by {who}{way}", printable_line(&self.resource.id));
        let mut first = true;
        for (key, value) in &self.condition {
            let _ = write!(
                text,
                "{} `{}` is `{}`",
                if first { " if" } else { " and" },
                printable_line(key),
                printable_line(value)
            );
            first = false;
        }
        let few: Vec<String> = self.actions.iter().take(5).map(|a| format!("`{}`", printable_line(a))).collect();
        if !few.is_empty() {
            let _ = write!(text, ": {}", few.join(", "));
            match self.actions.len() - few.len() {
                0 => {}
                more => {
                    let _ = write!(text, " and {more} more");
                }
            }
        }
        if let Err(why) = &self.witness {
            let _ = write!(text, " (not decided: {why})");
        } else if self.is_forbidden {
            text.push_str(" (resource control policies forbid all of it)");
        }
        text.push('.');
        text
    }
}

fn source(access: &ExternalAccess) -> Value {
    match &access.source.detail {
        Some((name, value)) => json!({"type": access.source.kind, "detail": {(*name): value}}),
        None => json!({"type": access.source.kind}),
    }
}

fn level(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::List => "List",
        AccessLevel::Read => "Read",
        AccessLevel::Write => "Write",
        AccessLevel::PermissionsManagement => "Permissions",
        AccessLevel::Tagging => "Tagging",
    }
}

/// `externalAccess` of the JSON report. `places` gives a location as the report writes it.
pub fn report_json(found: &[ExternalAccess], places: impl Fn(&ExternalAccess, &Location) -> Value) -> Value {
    let one = |access: &ExternalAccess| {
        let condition: Map<String, Value> =
            access.condition.iter().map(|(k, v)| (k.to_string(), Value::from(v.as_str()))).collect();
        let resolved = access.change == Some(ChangeType::Resolved);
        json!({
            "id": access.id(),
            "resource": access.resource,
            "resourceType": access.resource_type,
            "principal": {(access.principal.0.as_str()): access.principal.1},
            "isPublic": access.is_public,
            "condition": condition,
            "action": access.actions,
            "accessLevels": access.levels.iter().map(|l| level(*l)).collect::<Vec<_>>(),
            "sources": [source(access)],
            "resourceOwnerAccount": access.owner,
            "status": match (resolved, access.archived) {
                (true, _) => "RESOLVED",
                (false, true) => "ARCHIVED",
                (false, false) => "ACTIVE",
            },
            // Access that goes is a change of a finding that exists.
            "changeType": access.change.map(|c| if resolved { "CHANGED" } else { c.as_str() }),
            "resourceControlPolicyRestriction": access.restriction(),
            "forbiddenByResourceControlPolicies": access.is_forbidden,
            "locations": access.locations.iter().map(|l| places(access, l)).collect::<Vec<_>>(),
            "witness": access.witness.as_ref().map_or(Value::Null, witness::to_json),
        })
    };
    found.iter().map(one).collect()
}

/// The access that there is as findings; with an earlier version, the new one only.
pub fn findings(found: &[ExternalAccess], deployment: &Deployment) -> Vec<Finding> {
    let counts =
        |a: &&ExternalAccess| !a.archived && !matches!(a.change, Some(ChangeType::Unchanged | ChangeType::Resolved));
    let one = |access: &ExternalAccess| {
        let policy = deployment.policies.get(access.policy.0);
        Finding {
            code: CODE,
            finding_type: FindingType::SecurityWarning,
            title: TITLE.into(),
            message: access.sentence(),
            policy: Some(access.policy),
            resource: policy.map(|p| p.resource.clone()).or_else(|| Some(access.resource.clone())),
            when: policy.and_then(|p| p.when.clone()),
            locations: access.locations.iter().cloned().collect(),
            fix: None,
            evidence: Some(json!({
                "witness": access.witness.as_ref().map_or(Value::Null, witness::to_json),
                "externalAccess": access.id(),
            })),
        }
    };
    found.iter().filter(counts).map(one).collect()
}
