//! SARIF 2.1.0, for GitHub code scanning and whatever else reads it. Everything that code scanning requires is there
//! and not empty; its limits (GitHub's documentation, "SARIF support for code scanning") are kept here, so that what is
//! left out is said and is the least severe.

use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde_json::{Map, Value, json};

use super::escape::sarif::{message, uri};
use super::escape::{cut, terminal};
use super::place::RepositoryPaths;
use super::rule::Rule;
use super::{Place, Report, ReportedFinding, WriteOptions, counted};
use crate::finding::suppression::SuppressedBy;
use crate::finding::{Edit, FindingType};
use crate::model::Problem;

/// Results that code scanning takes of one run.
const RESULTS: usize = 25_000;
/// Locations that it keeps of one result.
const RELATED: usize = 99;
/// Lines of a result's region: an alert is shown in a pull request only if all of them are in the difference.
const LINES: usize = 5;
/// Characters of a rule's descriptions.
const DESCRIPTION: usize = 1024;

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    // Code scanning shows a suppressed result as an open alert.
    let mut found: Vec<&ReportedFinding> =
        report.findings.iter().filter(|f| f.suppressed.is_none() || options.verbose).collect();
    let suppressed = report.findings.len() - found.len();
    let left_out = found.len().saturating_sub(RESULTS);
    if left_out > 0 {
        found.sort_by_key(|f| (f.suppressed.is_some(), f.finding.finding_type));
        found.truncate(RESULTS);
    }
    let mut rules: Vec<Rule> = Vec::new();
    let mut index: FxHashMap<&str, usize> = FxHashMap::default();
    for f in &found {
        index.entry(f.finding.code).or_insert_with(|| {
            rules.push(Rule::of(&f.finding));
            rules.len() - 1
        });
    }
    let view = View { report, paths: RepositoryPaths::new(options.workspace.as_deref()) };
    let results: Vec<Value> =
        found.iter().map(|f| view.result(f, index.get(f.finding.code).copied().unwrap_or_default())).collect();
    let whole = json!({
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": env!("CARGO_PKG_NAME"),
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.iter().map(rule).collect::<Vec<_>>(),
                "properties": {"serviceData": report.service_data},
            }},
            "automationDetails": {"id": format!("{}/{}/", env!("CARGO_PKG_NAME"), report.command)},
            "columnKind": "unicodeCodePoints",
            "invocations": [view.invocation(left_out, suppressed)],
            "results": results,
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn rule(rule: &Rule) -> Value {
    let is_security = rule.finding_type == FindingType::SecurityWarning;
    let mut properties = Map::new();
    properties.insert("tags".to_owned(), if is_security { json!(["iam", "security"]) } else { json!(["iam"]) });
    properties.insert("precision".to_owned(), json!("high"));
    properties.insert("problem.severity".to_owned(), json!(problem_severity(rule.finding_type)));
    if is_security {
        // "High" of GitHub's four: nobody outside gets in by it alone, in most cases.
        properties.insert("security-severity".to_owned(), json!("8.0"));
    }
    json!({
        "id": rule.code,
        "name": pascal_case(rule.code),
        "shortDescription": {"text": sentence(&cut(&rule.title, DESCRIPTION - 1))},
        "fullDescription": {"text": sentence(&cut(&rule.description, DESCRIPTION - 1))},
        "help": {"text": rule.help, "markdown": rule.help},
        "defaultConfiguration": {"level": level(rule.finding_type)},
        "properties": properties,
    })
}

fn level(finding_type: FindingType) -> &'static str {
    match finding_type {
        FindingType::Error | FindingType::SecurityWarning => "error",
        FindingType::Warning => "warning",
        FindingType::Suggestion => "note",
    }
}

fn problem_severity(finding_type: FindingType) -> &'static str {
    match finding_type {
        FindingType::Suggestion => "recommendation",
        other => level(other),
    }
}

struct View<'a> {
    report: &'a Report<'a>,
    paths: RepositoryPaths,
}

impl View<'_> {
    fn result(&self, found: &ReportedFinding, rule_index: usize) -> Value {
        let finding = &found.finding;
        let mut text = finding.message.clone();
        if let Some(when) = &finding.when {
            text.push_str(&format!(" (when {when})"));
        }
        let mut result = json!({
            "ruleId": finding.code,
            "ruleIndex": rule_index,
            "level": level(finding.finding_type),
            "message": {"text": message(&text)},
            "locations": [self.location(&self.report.primary_place(finding), found)],
            "partialFingerprints": {"primaryLocationLineHash": found.fingerprint},
            "properties": {"blocking": found.blocking, "findingType": finding.finding_type.as_str()},
        });
        let related = finding.locations.iter().skip(1).take(RELATED).enumerate().map(|(i, location)| {
            let label = location.label.clone().unwrap_or_else(|| location.path.to_string());
            let label = if label.trim().is_empty() { "see also".to_owned() } else { label };
            json!({
                "id": i,
                "physicalLocation": self.physical(&self.report.place(finding, location)),
                "message": {"text": message(&label)},
            })
        });
        let related: Vec<Value> = related.collect();
        if !related.is_empty() {
            result["relatedLocations"] = related.into();
        }
        if let Some(fix) = &finding.fix {
            result["fixes"] = json!([{"description": {"text": message(&fix.description)}, "artifactChanges": self.changes(&fix.edits)}]);
        }
        if let Some(suppression) = &found.suppressed {
            let (kind, default) = match suppression.by {
                SuppressedBy::Comment | SuppressedBy::Metadata => ("inSource", "suppressed where it stands"),
                SuppressedBy::Baseline => ("external", "in the baseline"),
                SuppressedBy::IgnoreFinding => ("external", "suppressed"),
            };
            let reason = suppression.reason.as_deref().unwrap_or(default);
            result["suppressions"] =
                json!([{"kind": kind, "status": "accepted", "justification": terminal::line(reason)}]);
        }
        result
    }

    fn location(&self, place: &Place, found: &ReportedFinding) -> Value {
        let mut physical = self.physical(place);
        if let Some((start, _)) =
            place.range.as_ref().filter(|(start, end)| end.line.saturating_sub(start.line) >= LINES)
        {
            physical["region"] = json!({"startLine": start.line, "startColumn": start.column});
        }
        let mut location = json!({"physicalLocation": physical});
        if let Some(resource) = &found.finding.resource {
            let (name, kind) = (terminal::line(&resource.id), "resource");
            location["logicalLocations"] = json!([{"fullyQualifiedName": name, "kind": kind}]);
        }
        location
    }

    fn physical(&self, place: &Place) -> Value {
        json!({"artifactLocation": {"uri": self.uri(&place.file)}, "region": region(place)})
    }

    fn uri(&self, file: &str) -> String {
        uri(&self.paths.of(file))
    }

    /// The edits, gathered by file.
    fn changes(&self, edits: &[Edit]) -> Vec<Value> {
        let mut files: Vec<(String, Vec<Value>)> = Vec::new();
        for edit in edits {
            let place = Place::of(edit.span, self.report.sources);
            let replacement = json!({"deletedRegion": region(&place), "insertedContent": {"text": edit.replacement}});
            let uri = self.uri(&place.file);
            match files.iter_mut().find(|(file, _)| *file == uri) {
                Some((_, replacements)) => replacements.push(replacement),
                None => files.push((uri, vec![replacement])),
            }
        }
        let change = |(uri, replacements)| json!({"artifactLocation": {"uri": uri}, "replacements": replacements});
        files.into_iter().map(change).collect()
    }

    /// What could not be read, and what is to be known about the rest.
    fn invocation(&self, left_out: usize, suppressed: usize) -> Value {
        let mut notifications = Vec::new();
        let mut notify = |level: &str, text: &str, place: Option<Place>| {
            let mut notification = json!({"level": level, "message": {"text": message(text)}});
            if let Some(place) = place {
                notification["locations"] = json!([{"physicalLocation": self.physical(&place)}]);
            }
            notifications.push(notification);
        };
        for input in &self.report.deployment.inputs {
            let place = |problem: &Problem| Some(self.report.problem_place(&input.path, problem));
            if let Some(problem) = &input.error {
                notify("error", &problem.message, place(problem));
            }
            for notice in &input.notices {
                notify("note", &notice.message, place(notice));
            }
        }
        for notice in &self.report.notices {
            notify("note", notice, None);
        }
        if suppressed > 0 {
            let findings = counted(suppressed, "finding is", "findings are");
            notify(
                "note",
                &format!("{findings} suppressed and not among the results; `--verbose` puts them there"),
                None,
            );
        }
        if left_out > 0 {
            let results = counted(left_out, "more finding", "more findings");
            notify("warning", &format!("{results}, the least severe, are over the limit of results"), None);
        }
        let successful = self.report.deployment.inputs.iter().all(|i| i.error.is_none());
        json!({"executionSuccessful": successful, "toolExecutionNotifications": notifications})
    }
}

/// Code scanning wants a region always; a file as a whole is shown at its first line.
fn region(place: &Place) -> Value {
    match &place.range {
        Some((start, end)) => json!({
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
        }),
        None => json!({"startLine": 1}),
    }
}

/// `PassRoleWithStarInResource`
fn pascal_case(code: &str) -> String {
    code.split('_').filter(|w| !w.is_empty()).fold(String::new(), |mut out, word| {
        out.push_str(&word[..1].to_ascii_uppercase());
        out.push_str(&word[1..].to_ascii_lowercase());
        out
    })
}

fn sentence(text: &str) -> String {
    let text = text.trim();
    if text.ends_with(['.', '…']) { text.to_owned() } else { format!("{text}.") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_a_name() {
        assert_eq!(pascal_case("PASS_ROLE_WITH_STAR"), "PassRoleWithStar");
    }
}
