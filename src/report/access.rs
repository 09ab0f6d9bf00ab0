//! The report of `diff`: what access is granted and revoked, as text, as JSON, and as Markdown.

use std::fmt::Write;

use serde_json::{Value, json};

use super::markdown::{self, Links};
use super::place::RepositoryPaths;
use super::{Place, counted, printable_line};
use crate::analysis::access_diff::{AccessChange, AccessDiff, Change};
use crate::analysis::witness;
use crate::catalog::AccessLevel;
use crate::model::Deployment;
use crate::source::Sources;

/// The difference, with what is needed to name places in it.
#[derive(Debug)]
pub struct AccessReport<'a> {
    /// What changes.
    pub diff: &'a AccessDiff,
    /// The earlier version.
    pub earlier: &'a Deployment,
    /// The later version.
    pub later: &'a Deployment,
    /// The texts of both.
    pub sources: &'a Sources,
    /// The day of the service data.
    pub service_data: &'a str,
    /// The repository's root.
    pub workspace: Option<&'a std::path::Path>,
}

impl AccessReport<'_> {
    /// One paragraph for each subject, one line for each statement.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let mut subject = None;
        for change in &self.diff.changes {
            if subject != Some(&change.subject) {
                if subject.is_some() {
                    out.push('\n');
                }
                let line = format!("{} ({})", change.subject.id, change.subject.resource_type);
                let _ = writeln!(out, "{}", printable_line(&line));
                subject = Some(&change.subject);
            }
            let sign = if change.change == Change::Granted { '+' } else { '-' };
            let whom = match &*change.principals {
                [] => String::new(),
                named => format!(" to {}", named.join(", ")),
            };
            let on = match &*change.resources {
                [] => String::new(),
                all => format!(" on {}", all.join(", ")),
            };
            let levels = levels(change);
            let levels = if levels.is_empty() { String::new() } else { format!(" [{}]", levels.join(", ")) };
            let line = format!("  {sign} {}{on}{whom}{levels}", actions(change).join(", "));
            let _ = writeln!(out, "{}", printable_line(&line));
            if change.public {
                let now = if change.change == Change::Granted { "now" } else { "no longer" };
                let _ = writeln!(out, "    the public {now} gets in");
            } else if change.external {
                let now = if change.change == Change::Granted { "reaches" } else { "no longer reaches" };
                let _ = writeln!(out, "    it {now} outside the zone of trust");
            }
            if let Some(condition) = &change.condition {
                let _ = writeln!(out, "    if {}", printable_line(condition));
            }
            if let Some(why) = change.undecided {
                let _ = writeln!(out, "    not certain: {why}");
            }
            let _ = writeln!(out, "    by {}", printable_line(&self.origin(change)));
            if let Some(request) = &change.witness {
                let _ = writeln!(out, "    for example: {}", printable_line(&witness::sentence(request)));
            }
        }
        if !self.diff.changes.is_empty() {
            out.push('\n');
        }
        for missing in &self.diff.not_compared {
            let _ = writeln!(out, "not compared: {}", printable_line(missing));
        }
        let _ = writeln!(out, "{}", self.tally());
        out
    }

    /// ``Access: 2 statements grant more, 1 grants less``
    fn tally(&self) -> String {
        let count = |change| self.diff.changes.iter().filter(|c| c.change == change).count();
        let (granted, revoked) = (count(Change::Granted), count(Change::Revoked));
        let new = || self.diff.changes.iter().filter(|c| c.change == Change::Granted);
        let public = new().filter(|c| c.public).count();
        let external = new().filter(|c| c.external && !c.public).count();
        if granted + revoked == 0 {
            return "No access changes.".to_owned();
        }
        let mut text = format!(
            "Access: {} granted, {} revoked",
            counted(granted, "change", "changes"),
            counted(revoked, "change", "changes")
        );
        if public > 0 {
            let _ = write!(text, ", {public} newly public");
        }
        if external > 0 {
            let _ = write!(text, ", {external} newly external");
        }
        text.push('.');
        text
    }

    /// The policy and statement, and where they are written.
    fn origin(&self, change: &AccessChange) -> String {
        let statement = match &change.sid {
            Some(sid) => format!("statement `{}`", crate::source::display_encoded(sid)),
            None => format!("statement {}", change.statement),
        };
        let at = self.place(change).map(|place| format!(" ({})", place.short())).unwrap_or_default();
        format!("{statement} of {}{at}", change.policy_name)
    }

    fn place(&self, change: &AccessChange) -> Option<Place> {
        let deployment = if change.change == Change::Granted { self.later } else { self.earlier };
        let policy = deployment.policies.get(change.policy?.0)?;
        let statements = policy.document.as_ref().map(|d| d.statements.as_slice()).unwrap_or_default();
        let own = statements.iter().enumerate().find(|(i, s)| s.index.unwrap_or(*i) == change.statement);
        Some(Place::of(own.map(|(_, s)| s.span).or(policy.span)?, self.sources))
    }

    /// The changes and what could not be compared.
    pub fn value(&self) -> Value {
        let paths = RepositoryPaths::new(self.workspace);
        let change = |c: &AccessChange| {
            let place = self.place(c);
            json!({
                "change": if c.change == Change::Granted { "GRANTED" } else { "REVOKED" },
                "subject": {"id": c.subject.id, "type": c.subject.resource_type},
                "principals": c.principals,
                "actions": c.actions.iter().map(|a| json!({
                    "action": a.shown,
                    "accessLevels": a.levels.iter().map(|l| level(*l)).collect::<Vec<_>>(),
                    "realActions": a.count,
                })).collect::<Vec<_>>(),
                "resources": c.resources,
                "condition": c.condition.as_ref().and_then(|c| serde_json::from_str::<Value>(c).ok()),
                "policy": c.policy_name,
                "statementIndex": c.statement,
                "statementId": c.sid.as_ref().map(|s| crate::source::display_encoded(s)),
                "location": place.map(|p| {
                    let start = p.range.map(|(start, _)| start);
                    let path = paths.of(&p.file);
                    json!({"file": p.file, "repositoryPath": path, "line": start.map(|s| s.line), "column": start.map(|s| s.column)})
                }),
                "isPublic": c.public,
                "isExternal": c.external,
                "witness": c.witness.as_ref().map(witness::to_json),
                "undecided": c.undecided,
            })
        };
        json!({
            "changes": self.diff.changes.iter().map(change).collect::<Vec<_>>(),
            "notCompared": self.diff.not_compared,
        })
    }

    /// One JSON object.
    pub fn json(&self) -> String {
        let mut whole = json!({
            "schemaVersion": "1",
            "tool": {"name": "iam-preflight", "version": env!("CARGO_PKG_VERSION"), "serviceData": self.service_data},
            "command": "diff",
        });
        if let (Value::Object(whole), Value::Object(value)) = (&mut whole, self.value()) {
            whole.extend(value);
        }
        let mut text = serde_json::to_string_pretty(&whole).unwrap_or_default();
        text.push('\n');
        text
    }

    /// A table and a graph, as they are in a comment.
    pub fn markdown(&self, base: &str, links: &Links) -> String {
        let mut access = self.value();
        access["base"] = base.into();
        markdown::render_access(access, links)
    }
}

fn actions(change: &AccessChange) -> Vec<String> {
    change
        .actions
        .iter()
        .map(|a| if a.count > 1 { format!("{} ({} actions)", a.shown, a.count) } else { a.shown.clone() })
        .collect()
}

pub(super) fn levels(change: &AccessChange) -> Vec<&'static str> {
    let mut all: Vec<AccessLevel> = change.actions.iter().flat_map(|a| a.levels.iter().copied()).collect();
    all.sort();
    all.dedup();
    all.into_iter().map(level).collect()
}

fn level(level: AccessLevel) -> &'static str {
    match level {
        AccessLevel::List => "List",
        AccessLevel::Read => "Read",
        AccessLevel::Write => "Write",
        AccessLevel::PermissionsManagement => "Permissions management",
        AccessLevel::Tagging => "Tagging",
    }
}
