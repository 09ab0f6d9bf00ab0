//! One line a finding, `path:line:col: CODE message`: the form that editors and `grep` read.

use std::io::{self, Write};

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

/// Text of an input on one line of a terminal or log: no control codes, no characters that reorder text.
pub(crate) fn escaped(text: &str) -> String {
    if !text.chars().any(is_unprintable) {
        return text.to_owned();
    }
    text.chars().fold(String::with_capacity(text.len() + 8), |mut out, c| {
        match c {
            '\n' | '\r' | '\t' => out.push(' '),
            c if is_unprintable(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
        out
    })
}

/// Control codes, and the characters by which text can be shown in another order than it is read in (Unicode's
/// bidirectional controls) or not at all.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
        || matches!(c, '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_codes_and_reordering_characters_are_made_visible() {
        assert_eq!(escaped("a\u{1b}[31mb\nc\u{202e}d\u{9b}"), "a\\u{1b}[31mb c\\u{202e}d\\u{9b}");
        assert_eq!(escaped("häß 😀"), "häß 😀");
    }
}
