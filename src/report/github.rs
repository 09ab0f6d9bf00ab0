//! GitHub workflow commands: annotations on the lines of a pull request. The escaping is that of the Actions
//! toolkit; GitHub shows ten annotations of a level for a step and drops the others without a word, so the most
//! severe come first and what is left out is said.

use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Write};

use super::escape::workflow_command::{data, property};
use super::place::RepositoryPaths;
use super::{Place, Report, ReportedFinding, WriteOptions, concise, counted};
use crate::finding::FindingType;

/// How many annotations of one level GitHub shows for a step.
const PER_LEVEL: usize = 10;

/// The levels of annotations, most severe first.
const LEVELS: [&str; 3] = ["error", "warning", "notice"];

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    log(report, options, out)?;
    let paths = RepositoryPaths::new(options.workspace.as_deref());
    for level in LEVELS {
        let mut annotations = annotations(report, &paths, level);
        let more = annotations.len().saturating_sub(PER_LEVEL);
        if more > 0 {
            annotations.truncate(PER_LEVEL - 1);
            let left = counted(more + 1, "more annotation", "more annotations");
            annotations.push(command(
                level,
                &[("title", "more findings")],
                &format!("+{left}: see the log of this step"),
            ));
        }
        annotations.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    Ok(())
}

/// Everything, for the log. What it prints comes from the repository, so the runner is told not to obey it.
fn log(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let token = format!("iam-preflight-{:016x}{:016x}", random(), random());
    writeln!(out, "::stop-commands::{token}")?;
    let written = concise::lines(report, options, out);
    // The token is given back even if a line could not be written.
    writeln!(out, "::{token}::")?;
    written?;
    writeln!(out, "{}", concise::tally(report))
}

/// The standard library's hash keys are random for each process; the token need only be unknown to the repository.
fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

fn annotations(report: &Report<'_>, paths: &RepositoryPaths, level: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for input in &report.deployment.inputs {
        let place = |problem| report.problem_place(&input.path, problem);
        if level == "error"
            && let Some(problem) = &input.error
        {
            lines.push(annotation(level, "input not analysed", &problem.message, &place(problem), paths));
        }
        if level == "notice" {
            let notices = input.notices.iter();
            lines.extend(notices.map(|n| annotation(level, "about this input", &n.message, &place(n), paths)));
        }
    }
    let mut findings: Vec<&ReportedFinding> = report.counting().filter(|f| level_of(f) == level).collect();
    findings.sort_by_key(|f| f.finding.finding_type);
    lines.extend(findings.into_iter().map(|found| {
        let finding = &found.finding;
        let mut message = finding.message.clone();
        if let Some(resource) = &finding.resource {
            let _ = write!(message, "\n{} ({})", resource.id, resource.resource_type);
        }
        if let Some(when) = &finding.when {
            let _ = write!(message, "\nwhen {when}");
        }
        let title = format!("{}: {}", finding.code, finding.title);
        annotation(level, &title, &message, &report.primary_place(finding), paths)
    }));
    lines
}

/// What blocks is an error; of the rest, suggestions are notices.
fn level_of(found: &ReportedFinding) -> &'static str {
    match found.finding.finding_type {
        _ if found.blocking => "error",
        FindingType::Suggestion => "notice",
        FindingType::Error | FindingType::SecurityWarning | FindingType::Warning => "warning",
    }
}

fn annotation(level: &str, title: &str, message: &str, place: &Place, paths: &RepositoryPaths) -> String {
    let file = paths.of(&place.file);
    let mut properties = vec![("file", file), ("title", title.to_owned())];
    if let Some((start, end)) = &place.range {
        properties.push(("line", start.line.to_string()));
        // Columns are shown for one line only.
        if start.line == end.line {
            properties.push(("col", start.column.to_string()));
            properties.push(("endColumn", end.column.to_string()));
        }
        properties.push(("endLine", end.line.to_string()));
    }
    let properties: Vec<(&str, &str)> = properties.iter().map(|(name, value)| (*name, value.as_str())).collect();
    command(level, &properties, message)
}

fn command(level: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", property(value))).collect();
    format!("::{level} {}::{}", properties.join(","), data(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_an_input_can_neither_end_a_command_nor_begin_one() {
        let line = command("error", &[("file", "a,b:c%.yaml\r\n::x")], "50%\n::set-output name=x::\u{1b}[0m");
        assert_eq!(line.lines().count(), 1);
        assert_eq!(line, "::error file=a%2Cb%3Ac%25.yaml  %3A%3Ax::50%25%0A::set-output name=x::\\u{1b}[0m");
    }
}
