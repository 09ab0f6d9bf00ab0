//! GitLab's Code Quality report: an array of findings with a path from the repository's root, a line, a severity and a
//! fingerprint. GitLab shows one of several with the same fingerprint; ours are all different.

use std::io::{self, Write};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::escape::terminal;
use super::place::RepositoryPaths;
use super::{Place, Report, ReportedFinding, WriteOptions};
use crate::finding::FindingType;

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let paths = RepositoryPaths::new(options.workspace.as_deref());
    let mut all: Vec<Value> = Vec::new();
    for input in &report.deployment.inputs {
        if let Some(problem) = &input.error {
            let place = report.problem_place(&input.path, problem);
            let hash = Sha256::digest(format!("input not analysed\0{}", input.path));
            let fingerprint: String = hash.iter().take(16).map(|b| format!("{b:02x}")).collect();
            all.push(entry("INPUT_NOT_ANALYSED", &problem.message, "blocker", &fingerprint, &place, &paths));
        }
    }
    all.extend(report.counting().map(|found| {
        let finding = &found.finding;
        let mut text = format!("{}: {}", finding.title, finding.message);
        if let Some(resource) = &finding.resource {
            text.push_str(&format!(" [{}]", resource.id));
        }
        if let Some(when) = &finding.when {
            text.push_str(&format!(" (when {when})"));
        }
        let place = report.primary_place(finding);
        entry(finding.code, &text, severity(found), &found.fingerprint, &place, &paths)
    }));
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn entry(code: &str, text: &str, severity: &str, fingerprint: &str, place: &Place, paths: &RepositoryPaths) -> Value {
    let line = place.range.as_ref().map_or(1, |(start, _)| start.line);
    let last = place.range.as_ref().map_or(line, |(_, end)| end.line);
    json!({
        "description": terminal::line(text),
        "check_name": code,
        "fingerprint": fingerprint,
        "severity": severity,
        "location": {
            "path": terminal::line(&paths.of(&place.file)),
            "lines": {"begin": line, "end": last},
        },
    })
}

/// What blocks stands above what does not.
fn severity(found: &ReportedFinding) -> &'static str {
    match found.finding.finding_type {
        FindingType::Error | FindingType::SecurityWarning if found.blocking => "critical",
        _ if found.blocking => "major",
        FindingType::Error | FindingType::SecurityWarning => "major",
        FindingType::Warning => "minor",
        FindingType::Suggestion => "info",
    }
}
