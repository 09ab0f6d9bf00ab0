//! One line a finding, `path:line:col: CODE message`: the form that editors and `grep` read.

use std::io::{self, Write};

use super::escape::terminal::line as escaped;
use super::{Report, WriteOptions, counted};
use crate::finding::suppression::Suppression;

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    lines(report, options, out)?;
    if !options.quiet {
        writeln!(out, "{}", tally(report))?;
    }
    Ok(())
}

/// The lines without the tally.
pub(super) fn lines(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    for input in &report.deployment.inputs {
        if let Some(problem) = &input.error {
            let place = report.problem_place(&input.path, problem);
            writeln!(out, "{}: error: {}", escaped(&place.short()), escaped(&problem.message))?;
        }
        for notice in input.notices.iter().filter(|_| !options.quiet) {
            let place = report.problem_place(&input.path, notice);
            writeln!(out, "{}: notice: {}", escaped(&place.short()), escaped(&notice.message))?;
        }
    }
    for found in &report.findings {
        let finding = &found.finding;
        let suppressed = match &found.suppressed {
            Some(_) if !options.verbose => continue,
            Some(suppression) => suppressed_mark(suppression),
            None => String::new(),
        };
        write!(out, "{}: {} ", escaped(&report.primary_place(finding).short()), finding.code)?;
        write!(out, "{}", escaped(&finding.message))?;
        if let Some(when) = &finding.when {
            write!(out, " (when {})", escaped(&when.to_string()))?;
        }
        writeln!(out, "{suppressed}")?;
    }
    Ok(())
}

fn suppressed_mark(suppression: &Suppression) -> String {
    match &suppression.reason {
        Some(reason) => format!(" [suppressed: {}]", escaped(reason)),
        None => " [suppressed]".to_owned(),
    }
}

/// `2 findings (1 blocking) in 3 policies of 1 input`
pub(super) fn tally(report: &Report<'_>) -> String {
    let summary = report.summary();
    let inputs = report.deployment.inputs.len();
    format!(
        "{} ({} blocking) in {} of {}",
        counted(summary.findings(), "finding", "findings"),
        summary.blocking,
        counted(summary.policies(), "policy", "policies"),
        counted(inputs, "input", "inputs"),
    )
}
