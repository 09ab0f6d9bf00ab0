//! Risks in the JSON report, and as findings with places.

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::Risk;
use crate::analysis::witness;
use crate::finding::printable_line;
use crate::finding::{Finding, FindingType, Location};
use crate::model::{Deployment, Policy};
use crate::policy::PolicyPath;
use crate::source::display_encoded;

/// Actions that the JSON report lists.
const LISTED: usize = 100;
/// Actions that a sentence names.
const NAMED: usize = 5;

impl Risk {
    fn sentence(&self) -> String {
        let named: Vec<String> = self.actions.iter().take(NAMED).map(|a: &SmolStr| format!("`{a}`")).collect();
        let more = self.actions.len() - named.len();
        let further = if more > 0 { format!(" and {more} more") } else { String::new() };
        let who = printable_line(&display_encoded(&self.principal.id));
        let mut text = format!("`{who}` can {}: {}{further}", self.category.sentence(), named.join(", "));
        let context: Vec<String> = self
            .example
            .request
            .context
            .iter()
            .map(|(key, values)| {
                let values: Vec<String> =
                    values.iter().map(|v| format!("`{}`", printable_line(&display_encoded(v)))).collect();
                format!("`{}` = {}", printable_line(&display_encoded(key)), values.join(", "))
            })
            .collect();
        if !context.is_empty() {
            text.push_str(&format!(", with {}", context.join(" and ")));
        }
        text.push('.');
        text
    }
}

/// `risks` of the JSON report. `place` gives a location of a policy as the report writes it.
pub fn report_json(
    found: &[Risk],
    deployment: &Deployment,
    place: impl Fn(Option<&Policy>, &Location) -> Value,
) -> Value {
    let one = |risk: &Risk| {
        let policy = risk.example.policy.and_then(|id| deployment.policies.get(id.0));
        let location = risk.example.location(deployment);
        json!({
            "principal": risk.principal,
            "category": risk.category.code(),
            "actions": risk.actions.iter().take(LISTED).collect::<Vec<_>>(),
            "count": risk.actions.len(),
            "witness": witness::to_json(&risk.example.request),
            "when": risk.when.as_ref().map(ToString::to_string),
            "locations": location.iter().map(|l| place(policy, l)).collect::<Vec<_>>(),
        })
    };
    found.iter().map(one).collect()
}

/// The risks as findings.
pub fn findings(found: &[Risk], deployment: &Deployment) -> Vec<Finding> {
    let one = |risk: &Risk| {
        let location = risk.example.location(deployment);
        let location = location.unwrap_or_else(|| {
            let resource = deployment.resources.iter().find(|r| r.id == risk.principal);
            Location { span: resource.and_then(|r| r.span), path: PolicyPath::root(), label: None }
        });
        Finding {
            code: risk.category.code(),
            finding_type: FindingType::Warning,
            title: risk.category.title().into(),
            message: risk.sentence(),
            policy: risk.example.policy,
            resource: Some(risk.principal.clone()),
            when: risk.when.clone(),
            locations: smallvec::smallvec![location],
            fix: None,
            evidence: Some(json!({"count": risk.actions.len(), "witness": witness::to_json(&risk.example.request)})),
        }
    };
    found.iter().map(one).collect()
}
