//! Writing: reports to standard output and to files, buffered; what is printed to a terminal is made safe for it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::options::OutputOptions;
use super::{Failure, Global};
use crate::report::escape::workflow_command::{Medium, inert};
use crate::report::{Format, Report, TerminalStyle, WriteOptions, printable_line};

/// Columns when the width of the terminal is not known.
const WIDTH: usize = 100;
/// Columns beyond which lines are hard to read.
const MAX_WIDTH: usize = 140;

/// Writes the report in all forms that were asked for.
pub(super) fn write_reports(
    report: &Report<'_>,
    options: &OutputOptions,
    default: Format,
    global: &Global,
) -> Result<(), Failure> {
    // Files first: a closed pipe must not keep them from being written.
    for (format, path) in &options.output {
        let style = TerminalStyle { color: false, unicode: true, width: WIDTH };
        let failure = |cause| Failure::Output { what: format!("`{}`", path.display()), cause };
        let mut file = BufWriter::new(File::create(path).map_err(failure)?);
        report.write(*format, &write_options(style, global), &mut file).map_err(failure)?;
        file.flush().map_err(failure)?;
    }
    let format = options.format.unwrap_or(default);
    let style = TerminalStyle { color: global.colors(), unicode: is_utf8_locale(), width: width() };
    let mut out = BufWriter::new(io::stdout().lock());
    report
        .write(format, &write_options(style, global), &mut out)
        .and_then(|()| out.flush())
        .map_err(|cause| Failure::Output { what: "the report".to_owned(), cause })
}

fn write_options(style: TerminalStyle, global: &Global) -> WriteOptions {
    let workspace = std::env::var_os("GITHUB_WORKSPACE").filter(|v| !v.is_empty()).map(PathBuf::from);
    WriteOptions { style, quiet: global.quiet, verbose: global.verbose, workspace }
}

/// Prints text of our own.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|cause| Failure::Output { what: "to standard output".to_owned(), cause })
}

/// Writes a file as a whole.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|cause| Failure::Output { what: format!("`{}`", path.display()), cause })
}

/// Text with control codes made visible, line breaks kept; no line of it is a workflow command.
pub(super) fn printable(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(printable_line).collect();
    inert(&lines.join("\n"), Medium::Text)
}

fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|c| c.parse().ok()).filter(|c| *c > 0);
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    columns.or_else(terminal).unwrap_or(WIDTH).clamp(40, MAX_WIDTH)
}

/// The first of the variables that is set decides, as POSIX has it; without any, output is taken to be UTF-8.
fn is_utf8_locale() -> bool {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"];
    match variables.iter().filter_map(std::env::var_os).find(|v| !v.is_empty()) {
        Some(locale) => {
            let locale = locale.to_string_lossy().to_ascii_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => true,
    }
}
