//! Escalations in the JSON report, and as findings with places.

use serde_json::{Value, json};
use smol_str::SmolStr;

use super::{Done, Escalation};
use crate::analysis::witness;
use crate::finding::printable_line;
use crate::finding::{Finding, FindingType, Location};
use crate::model::{Deployment, Policy};
use crate::policy::{PolicyPath, glob};
use crate::source::display_encoded;

/// The code of the findings.
pub const CODE: &str = "PRIVILEGE_ESCALATION";
/// Their headline.
pub const TITLE: &str = "Privilege escalation";
/// What they mean.
pub const DOCUMENTATION: &str = include_str!("privilege_escalation.md");

impl Done {
    fn policy<'d>(&self, deployment: &'d Deployment) -> Option<&'d Policy> {
        self.policy.and_then(|id| deployment.policies.get(id.0))
    }

    /// Where the action is allowed.
    pub(crate) fn location(&self, deployment: &Deployment) -> Option<Location> {
        let Some(policy) = self.policy(deployment) else {
            return self.named_at.map(|span| Location { span: Some(span), path: PolicyPath::root(), label: None });
        };
        let statement = policy.document.as_ref()?.statements.get(self.statement)?;
        let named = statement.action.iter().find_map(|list| {
            let item = list.items.iter().find(|i| glob::matches_ignore_case(i.text.as_str(), &self.request.action))?;
            Some(Location::new(statement.item_path(list, item), item.span))
        });
        Some(named.unwrap_or_else(|| Location::new(statement.path(), statement.span)))
    }

    /// `` `iam:PassRole` on `arn:…` with `iam:PassedToService` = `lambda.amazonaws.com` (statement `Pass` of `deploy`) ``
    fn sentence(&self, deployment: &Deployment) -> String {
        let mut text = quoted(&self.request.action);
        if self.request.resource != "*" {
            text.push_str(&format!(" on {}", quoted(&self.request.resource)));
        }
        for (number, (key, values)) in self.request.context.iter().enumerate() {
            let joint = if number == 0 { "with" } else { "and" };
            text.push_str(&format!(" {joint} {}", with(key, values)));
        }
        let document = self.policy(deployment).and_then(|p| p.document.as_ref());
        let sid = document.and_then(|d| Some(d.statements.get(self.statement)?.sid.as_ref()?.text.as_smol().clone()));
        let sid = sid.filter(|sid| !sid.is_empty()).map_or_else(|| self.statement.to_string(), |sid| quoted(&sid));
        text.push_str(&format!(" (statement {sid} of {})", quoted(&self.policy_name)));
        text
    }
}

/// Text of an input, as a sentence has it.
fn quoted(text: &str) -> String {
    format!("`{}`", printable_line(&display_encoded(text)))
}

fn with(key: &str, values: &[SmolStr]) -> String {
    let values: Vec<String> = values.iter().map(|v| quoted(v)).collect();
    format!("{} = {}", quoted(key), values.join(", "))
}

/// Keys that say no more than the path does.
const IMPLIED: [&str; 2] = ["iam:PassedToService", "iam:PolicyARN"];

impl Escalation {
    fn sentence(&self) -> String {
        let mut text = format!("{} can ", quoted(&self.principal.id));
        let call = || format!("call {} on {}", quoted(&self.witness.action), quoted(&self.witness.resource));
        let then = if self.administrator { "do anything".to_owned() } else { call() };
        if self.gains == self.principal || self.gains.resource_type == "AWS::IAM::ManagedPolicy" {
            text.push_str(&format!("give itself permissions, and {then}: "));
        } else {
            text.push_str(&format!("get the permissions of {}, which may {then}: ", quoted(&self.gains.id)));
        }
        let chain: Vec<String> = match self.method {
            "assume-role" if self.steps.len() > 1 => self.steps.iter().map(|s| quoted(&s.request.resource)).collect(),
            _ => Vec::new(),
        };
        match chain.is_empty() {
            true => text.push_str(&format!("it {}", printable_line(&self.does))),
            false => text.push_str(&format!("it assumes one role from the other, {}", chain.join(", then "))),
        }
        let mut actions: Vec<String> = self.steps.iter().map(|s| quoted(&s.request.action)).collect();
        actions.dedup();
        text.push_str(&format!(" ({})", actions.join(", ")));
        let contexts = self.steps.iter().flat_map(|s| s.request.context.iter());
        let mut chosen: Vec<String> = contexts
            .filter(|(key, _)| !IMPLIED.contains(&key.as_str()))
            .map(|(key, values)| with(key, values))
            .collect();
        chosen.dedup();
        if !chosen.is_empty() {
            text.push_str(&format!(", with {}", chosen.join(" and ")));
        }
        text.push('.');
        if !self.uncertain.is_empty() {
            let unknown: Vec<String> = self.uncertain.iter().map(|u| printable_line(u)).collect();
            text.push_str(&format!(" Not known here, and it may forbid this: {}.", unknown.join(", ")));
        }
        text
    }

    /// Who gets whose permissions in which way: the same run after run.
    fn id(&self) -> String {
        display_encoded(&format!("{} {} {}", self.principal.id, self.method, self.gains.id))
    }

    /// Where each step is allowed, the first one first.
    fn locations(&self, deployment: &Deployment) -> Vec<Location> {
        let mut locations: Vec<Location> = Vec::new();
        for step in &self.steps {
            let Some(mut location) = step.location(deployment) else { continue };
            if !locations.is_empty() {
                location = location.labelled(format!("`{}`", step.request.action));
            }
            if !locations.iter().any(|known| known.span == location.span) {
                locations.push(location);
            }
        }
        locations
    }
}

/// `escalations` of the JSON report. `place` gives a location of a policy as the report writes it.
pub fn report_json(
    found: &[Escalation],
    deployment: &Deployment,
    place: impl Fn(Option<&Policy>, &Location) -> Value,
) -> Value {
    let one = |escalation: &Escalation| {
        let steps: Vec<String> = escalation.steps.iter().map(|s| s.sentence(deployment)).collect();
        let locations =
            escalation.steps.iter().filter_map(|s| Some(place(s.policy(deployment), &s.location(deployment)?)));
        json!({
            "principal": escalation.principal,
            "method": escalation.method,
            "gains": escalation.gains,
            "administrator": escalation.administrator,
            "does": display_encoded(&escalation.does),
            "steps": steps,
            "requests": escalation.steps.iter().map(|s| witness::to_json(&s.request)).collect::<Vec<_>>(),
            "witness": witness::to_json(&escalation.witness),
            "when": escalation.when.as_ref().map(ToString::to_string),
            "uncertain": escalation.uncertain,
            "sources": escalation.sources,
            "locations": locations.collect::<Vec<_>>(),
        })
    };
    found.iter().map(one).collect()
}

/// The escalations as findings.
pub fn findings(found: &[Escalation], deployment: &Deployment) -> Vec<Finding> {
    let one = |escalation: &Escalation| {
        let locations = escalation.locations(deployment);
        let first = escalation.steps.iter().find_map(|s| s.policy.filter(|_| s.location(deployment).is_some()));
        let locations = match locations.is_empty() {
            true => {
                let resource = deployment.resources.iter().find(|r| r.id == escalation.principal);
                vec![Location { span: resource.and_then(|r| r.span), path: PolicyPath::root(), label: None }]
            }
            false => locations,
        };
        Finding {
            code: CODE,
            finding_type: FindingType::SecurityWarning,
            title: TITLE.into(),
            message: escalation.sentence(),
            policy: first,
            resource: Some(escalation.principal.clone()),
            when: escalation.when.clone(),
            locations: locations.into(),
            fix: None,
            evidence: Some(json!({
                "escalation": escalation.id(),
                "method": escalation.method,
                "gains": escalation.gains,
                "witness": witness::to_json(&escalation.witness),
            })),
        }
    };
    found.iter().map(one).collect()
}
