//! Internal access in the shape of the Access Analyzer API, and as findings with places.

use std::fmt::Write;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::InternalAccess;
use crate::catalog::AccessLevel;
use crate::finding::printable_line;
use crate::finding::{Finding, FindingType, Location};
use crate::graph::who_can::Able;
use crate::model::Deployment;
use crate::policy::{Arn, PolicyPath};
use crate::source::display_encoded;

/// The code of the findings.
pub const CODE: &str = "INTERNAL_ACCESS";
/// Their headline.
pub const TITLE: &str = "Internal access";
/// What they mean.
pub const DOCUMENTATION: &str = include_str!("internal_access.md");

impl InternalAccess {
    /// The same for the same access, run after run.
    pub fn id(&self) -> String {
        let mut hash = Sha256::new();
        let mut add = |text: &str| {
            hash.update(text.len().to_le_bytes());
            hash.update(text.as_bytes());
        };
        [&self.resource.id, &self.resource.resource_type, &self.principal.id].iter().for_each(|t| add(t));
        self.roles().for_each(&mut add);
        add("");
        for (key, value) in &self.condition {
            add(&key.to_ascii_lowercase());
            add(value);
        }
        add("");
        self.actions.iter().for_each(|a| add(a));
        hash.finalize().iter().take(16).fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    /// The roles that are assumed on the way, in order.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.able.path.iter().filter_map(|s| s.assumes.as_ref()).map(|r| r.id.as_str())
    }

    /// In the API's words: within one account, or between accounts of the organization.
    pub fn access_type(&self) -> &'static str {
        let own = Arn::split(&self.principal_arn).map_or("", |a| a.account);
        if self.resource_account.is_empty() || own == self.resource_account { "INTRA_ACCOUNT" } else { "INTRA_ORG" }
    }

    fn sentence(&self) -> String {
        let shown = |text: &str| format!("`{}`", printable_line(text));
        let mut text = format!("{} gets at {}", shown(&self.principal.id), shown(&self.resource.id));
        let roles: Vec<String> = self.roles().map(shown).collect();
        if !roles.is_empty() {
            let _ = write!(text, " by assuming {}", roles.join(", then "));
        }
        for (number, (key, value)) in self.condition.iter().enumerate() {
            let _ = write!(text, " {} {} is {}", if number == 0 { "if" } else { "and" }, shown(key), shown(value));
        }
        let few: Vec<String> = self.actions.iter().take(5).map(|a| shown(a)).collect();
        let _ = write!(text, ": {}", few.join(", "));
        if self.actions.len() > few.len() {
            let _ = write!(text, " and {} more", self.actions.len() - few.len());
        }
        text.push('.');
        text
    }

    /// Where it is allowed: each statement once.
    fn locations(&self, deployment: &Deployment) -> Vec<Location> {
        let grounds = self.able.path.iter().flat_map(|s| &s.allowed.grounds).filter(|g| !g.spares);
        let mut places: Vec<Location> = Vec::new();
        for ground in grounds {
            let is_own = ground.policy.is_none_or(|id| deployment.policies.get(id.0).is_some_and(|p| p.is_own));
            let path = PolicyPath::default().key("Statement").index(ground.statement);
            if let Some(span) = ground.span.filter(|_| is_own)
                && places.iter().all(|p| p.span != Some(span))
            {
                places.push(Location::new(path, span));
            }
        }
        places
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

/// `internalAccess` of the JSON report. `path` gives the steps as `who-can` writes them.
pub fn report_json(found: &[InternalAccess], path: impl Fn(&Able) -> Value) -> Value {
    let applied = |yes: bool| if yes { "APPLIED" } else { "NOT_APPLICABLE" };
    let one = |access: &InternalAccess| {
        let condition: Map<String, Value> =
            access.condition.iter().map(|(k, v)| (k.to_string(), Value::from(v.as_str()))).collect();
        let arn = Arn::split(&access.principal_arn);
        let is_user = arn.as_ref().is_some_and(|a| a.resource.starts_with("user/"));
        json!({
            "id": access.id(),
            "resource": access.resource,
            "resourceType": access.resource_type,
            "resourceOwnerAccount":
                (!access.resource_account.is_empty()).then(|| display_encoded(&access.resource_account)),
            "principal": {"AWS": display_encoded(&access.principal_arn)},
            "principalId": access.principal,
            "principalType": if is_user { "IAM_USER" } else { "IAM_ROLE" },
            "principalOwnerAccount": arn.map(|a| display_encoded(a.account)),
            "accessType": access.access_type(),
            "action": access.actions,
            "accessLevels": access.levels.iter().map(|l| level(*l)).collect::<Vec<_>>(),
            "condition": condition,
            "path": path(&access.able),
            "when": access.able.when.as_ref().map(ToString::to_string),
            "uncertain": access.able.uncertain,
            "status": "ACTIVE",
            "serviceControlPolicyRestriction": applied(access.under_scps),
            "resourceControlPolicyRestriction": applied(access.under_rcps),
        })
    };
    found.iter().map(one).collect()
}

/// The access as findings. It is no fault by itself: it is what was asked for.
pub fn findings(found: &[InternalAccess], deployment: &Deployment) -> Vec<Finding> {
    let one = |access: &InternalAccess| {
        let grounds = access.able.path.iter().flat_map(|s| &s.allowed.grounds);
        let policy =
            grounds.filter_map(|g| g.policy).find(|id| deployment.policies.get(id.0).is_some_and(|p| p.is_own));
        let mut locations = access.locations(deployment);
        if locations.is_empty() {
            let of = deployment.resources.iter().find(|r| r.id == access.principal || r.id == access.resource);
            let span = of.and_then(|r| r.span);
            locations.push(Location { span, path: PolicyPath::default(), label: None });
        }
        Finding {
            code: CODE,
            finding_type: FindingType::Suggestion,
            title: TITLE.into(),
            message: access.sentence(),
            policy,
            resource: Some(access.resource.clone()),
            when: access.able.when.clone(),
            locations: locations.into_iter().collect(),
            fix: None,
            evidence: Some(json!({"internalAccess": access.id()})),
        }
    };
    found.iter().map(one).collect()
}
