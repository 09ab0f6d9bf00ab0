//! The report of `who-can`: everybody who can, and the path by which each can, step by step, as text and as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Place, counted, printable_line};
use crate::access::reach::{Ground, Stranger};
use crate::analysis::internal_access::{self, InternalAccess};
use crate::analysis::witness;
use crate::graph::who_can::{Able, PathStep, Who, WhoCan};
use crate::logic::evaluate::PolicyKind;
use crate::logic::evaluate::combine::kind_name;
use crate::model::Deployment;
use crate::source::{Sources, display_encoded};

/// The answer, with what is needed to name places in it.
#[derive(Debug)]
pub struct WhoCanReport<'a> {
    /// The action that was asked for.
    pub action: &'a str,
    /// The resource, as it was asked for.
    pub asked: &'a str,
    /// Who can.
    pub answer: &'a WhoCan,
    /// The run.
    pub deployment: &'a Deployment,
    /// Its texts.
    pub sources: &'a Sources,
    /// The day of the service data.
    pub service_data: &'a str,
}

impl WhoCanReport<'_> {
    /// A paragraph for each principal, a line for each step and for each statement that allows it.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for able in &self.answer.able {
            let _ = writeln!(out, "{}", printable_line(&who(&able.who)));
            if let Some(when) = &able.when {
                let _ = writeln!(out, "  if {}", printable_line(&when.to_string()));
            }
            for (number, step) in able.path.iter().enumerate() {
                let _ = writeln!(out, "  {}. {}", number + 1, printable_line(&self.does(step)));
                for ground in &step.allowed.grounds {
                    let _ = writeln!(out, "     {}", printable_line(&self.by(ground)));
                }
                let context: Vec<String> = step
                    .allowed
                    .request
                    .context
                    .iter()
                    .map(|(key, values)| format!("{} = {}", display_encoded(key), shown(values)))
                    .collect();
                if !context.is_empty() {
                    let _ = writeln!(out, "     for example with {}", printable_line(&context.join(" and ")));
                }
            }
            for unknown in &able.uncertain {
                let _ = writeln!(out, "  not known here, and may forbid it: {}", printable_line(unknown));
            }
            out.push('\n');
        }
        for notice in &self.answer.notices {
            let _ = writeln!(out, "note: {}", printable_line(notice));
        }
        let _ = writeln!(
            out,
            "{}",
            printable_line(&match self.answer.able.len() {
                0 => format!("Nobody of the input can call `{}` on `{}`.", self.action, self.asked),
                count => {
                    let number = counted(count, "principal", "principals");
                    format!("{number} can call `{}` on `{}`.", self.action, self.asked)
                }
            })
        );
        out
    }

    fn does(&self, step: &PathStep) -> String {
        let acting = step.acting.as_ref().map_or_else(String::new, |role| format!("as {}, ", role.id));
        match &step.assumes {
            Some(role) => format!("{acting}assumes the role {} (`{}`)", role.id, step.allowed.request.action),
            None => format!(
                "{acting}calls `{}` on `{}`",
                display_encoded(&step.allowed.request.action),
                display_encoded(&step.allowed.request.resource)
            ),
        }
    }

    /// ``allowed by statement `Read` of the identity policy read (template.yaml:12:9), if {…}``
    fn by(&self, ground: &Ground) -> String {
        let statement = match &ground.sid {
            Some(sid) => format!("statement `{}`", display_encoded(sid)),
            None => format!("statement {}", ground.statement),
        };
        let verb = match (ground.spares, ground.kind) {
            (true, _) => "not denied by",
            (false, PolicyKind::Boundary | PolicyKind::ServiceControl) => "within",
            (false, _) => "allowed by",
        };
        let joint = match (ground.spares, &ground.condition) {
            (_, None) => String::new(),
            (false, Some(condition)) => format!(", if {condition}"),
            (true, Some(condition)) => format!(", unless {condition}"),
        };
        let place = self.place(ground).map(|p| format!(" ({})", p.short())).unwrap_or_default();
        format!("{verb} {statement} of the {} {}{place}{joint}", kind_name(ground.kind), display_encoded(&ground.name))
    }

    fn place(&self, ground: &Ground) -> Option<Place> {
        let known = ground.policy.is_none_or(|id| self.deployment.policies.get(id.0).is_some_and(|p| p.is_own));
        // What the run does not define has no place in it but where it is named.
        ground.span.filter(|_| known).map(|span| Place::of(span, self.sources)).filter(|p| !p.file.starts_with("arn:"))
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let whole = json!({
            "schemaVersion": "1",
            "tool": {"name": "iam-preflight", "version": env!("CARGO_PKG_VERSION"), "serviceData": self.service_data},
            "command": "who-can",
            "inputs": super::json::plain_inputs(self.deployment, self.sources),
            "action": self.action,
            "resource": {
                "asked": self.asked,
                "id": self.answer.resource.as_ref().map(|r| r.id.as_str()),
                "type": self.answer.resource.as_ref().map(|r| r.resource_type.as_str()),
                "arns": self.answer.arns.iter().map(|a| display_encoded(a)).collect::<Vec<_>>(),
            },
            "principals": self.answer.able.iter().map(|a| self.able(a)).collect::<Vec<_>>(),
            "notices": self.answer.notices,
        });
        format!("{whole:#}\n")
    }

    fn able(&self, able: &Able) -> Value {
        let principal = match &able.who {
            Who::Principal { id, arn, is_real } => json!({
                "kind": if *is_real { "principal" } else { "whoever-has" },
                "id": id.id, "type": id.resource_type, "arn": display_encoded(arn),
            }),
            Who::Stranger(stranger) => json!({
                "kind": stranger.kind(), "id": display_encoded(stranger.name()), "type": null, "arn": null,
            }),
        };
        json!({
            "principal": principal,
            "when": able.when.as_ref().map(|w| &w.0),
            "path": able.path.iter().map(|s| self.step(s)).collect::<Vec<_>>(),
            "uncertain": able.uncertain,
        })
    }

    fn step(&self, step: &PathStep) -> Value {
        let grounds = step.allowed.grounds.iter().map(|g| {
            json!({
                "effect": if g.spares { "Deny" } else { "Allow" },
                "policyKind": kind_name(g.kind),
                "policy": display_encoded(&g.name),
                "statementIndex": g.statement,
                "statementId": g.sid.as_ref().map(|s| display_encoded(s)),
                "condition": g.condition,
                "location": self.place(g).map(super::json::place_json),
            })
        });
        json!({
            "as": step.acting.as_ref().map(|r| r.id.as_str()),
            "action": display_encoded(&step.allowed.request.action),
            "assumes": step.assumes.as_ref().map(|r| json!({"id": r.id, "type": r.resource_type})),
            "by": grounds.collect::<Vec<_>>(),
            "explanation": step.allowed.explanation,
            "witness": witness::to_json(&step.allowed.request),
        })
    }
}

/// `internalAccess` of the JSON report, each with its path as `who-can` writes it.
pub(crate) fn internal_access_json(found: &[InternalAccess], deployment: &Deployment, sources: &Sources) -> Value {
    let answer = WhoCan::default();
    let writer = WhoCanReport { action: "", asked: "", answer: &answer, deployment, sources, service_data: "" };
    internal_access::report_json(found, |able| able.path.iter().map(|step| writer.step(step)).collect())
}

fn shown(values: &[smol_str::SmolStr]) -> String {
    values.iter().map(|v| format!("`{}`", display_encoded(v))).collect::<Vec<_>>().join(", ")
}

/// ``App (AWS::IAM::Role)``
fn who(who: &Who) -> String {
    match who {
        Who::Principal { id, is_real: true, .. } => format!("{} ({})", id.id, id.resource_type),
        Who::Principal { id, .. } => format!("whoever is in or has {} ({})", id.id, id.resource_type),
        Who::Stranger(Stranger::Anyone) => "anyone".to_owned(),
        Who::Stranger(Stranger::Account(id)) => format!("the account {}, if it allows it", display_encoded(id)),
        Who::Stranger(Stranger::Principal(arn)) => format!("{}, which the input does not define", display_encoded(arn)),
        Who::Stranger(Stranger::Service(name)) => format!("the service {}", display_encoded(name)),
        Who::Stranger(Stranger::IdentityProvider(name)) => {
            format!("users of the identity provider {}", display_encoded(name))
        }
        Who::Stranger(Stranger::Canonical(id)) => format!("the canonical user {}", display_encoded(id)),
    }
}
