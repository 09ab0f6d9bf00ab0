//! Writing: reports to standard output and to files, buffered; what is printed to a terminal is made safe for it.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::options::OutputOptions;
use super::{Failure, Global, Outcome};
use crate::model::Deployment;
use crate::report::escape::workflow_command::{self, Medium, inert};
use crate::report::markdown::{self, LinkStyle, Links};
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
    // Files first: a closed pipe must not keep them from being written. One that can't be does not keep the others.
    let files = options.output.iter().map(|(format, path)| {
        let style = TerminalStyle { color: false, unicode: true, width: WIDTH };
        let write = || {
            let mut file = BufWriter::new(File::create(path)?);
            report.write(*format, &write_options(style, global), &mut file)?;
            file.flush()
        };
        write().map_err(|cause| Failure::Output { what: format!("`{}`", path.display()), cause })
    });
    let files: Vec<Result<(), Failure>> = files.collect();
    let format = options.format.unwrap_or(default);
    if format == Format::Github {
        // Annotations are few and short: the summary has the rest.
        step_summary(report, global);
    }
    let style = TerminalStyle { color: global.colors(), unicode: is_utf8_locale(), width: width() };
    let mut out = BufWriter::new(io::stdout().lock());
    report
        .write(format, &write_options(style, global), &mut out)
        .and_then(|()| out.flush())
        .map_err(|cause| Failure::Output { what: "the report".to_owned(), cause })?;
    files.into_iter().collect()
}

fn write_options(style: TerminalStyle, global: &Global) -> WriteOptions {
    let workspace = Some(super::pipeline::workspace());
    WriteOptions { style, quiet: global.quiet, verbose: global.verbose, workspace, links: links() }
}

/// Where the files of this run can be read, if it is one of GitLab or GitHub.
pub(super) fn links() -> Links {
    let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
    let is_commit = |sha: &String| sha.len() >= 7 && sha.bytes().all(|b| b.is_ascii_hexdigit());
    let is_address = |url: &String| {
        url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~:/".contains(&b))
    };
    if let Some(project) = variable("CI_PROJECT_URL").filter(is_address) {
        return Links {
            style: LinkStyle::Gitlab,
            repository: Some(project),
            commit: variable("CI_COMMIT_SHA").filter(is_commit),
            run: variable("CI_JOB_URL").filter(is_address),
        };
    }
    #[cfg(feature = "github")]
    if let Ok(event) = crate::github::Event::from_environment(&variable, None) {
        return super::pull_request::links(event.pull_request());
    }
    let repository = variable("GITHUB_SERVER_URL").zip(variable("GITHUB_REPOSITORY")).map(|(s, r)| format!("{s}/{r}"));
    let repository = repository.filter(is_address);
    let run = repository.as_ref().zip(variable("GITHUB_RUN_ID")).map(|(r, id)| format!("{r}/actions/runs/{id}"));
    Links {
        style: LinkStyle::Github,
        repository,
        commit: variable("GITHUB_SHA").filter(is_commit),
        run: run.filter(is_address),
    }
}

/// Prints text of our own.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|cause| Failure::Output { what: "to standard output".to_owned(), cause })
}

/// The report as JSON, as the other forms are made of it.
pub(super) fn json(report: &Report<'_>, global: &Global) -> Result<serde_json::Value, Failure> {
    let failure = |cause| Failure::Output { what: "the report".to_owned(), cause };
    let style = TerminalStyle { color: false, unicode: true, width: WIDTH };
    let mut text = Vec::new();
    report.write(Format::Json, &write_options(style, global), &mut text).map_err(failure)?;
    serde_json::from_slice(&text).map_err(|e| failure(e.into()))
}

/// Adds the report to the summary of a step of GitHub Actions, as far as there is room: 1 MiB is what GitHub keeps.
pub(super) fn step_summary(report: &Report<'_>, global: &Global) {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return };
    let taken = std::fs::metadata(&path).map_or(0, |m| usize::try_from(m.len()).unwrap_or(usize::MAX));
    let room = markdown::SUMMARY_LIMIT.saturating_sub(taken);
    let written = json(report, global).and_then(|report| {
        let text = markdown::render(&report, &links(), room);
        let file = std::fs::OpenOptions::new().append(true).create(true).open(&path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|cause| Failure::Output { what: "the step's summary".to_owned(), cause })
    });
    if let Err(failure) = written {
        notice(&failure.to_string());
    }
}

/// Tells whoever reads the log; in GitHub Actions, where the run is shown, too.
pub(super) fn notice(text: &str) {
    let line = printable(text);
    if std::env::var_os("GITHUB_ACTIONS").is_some_and(|v| v == "true") {
        eprintln!("::notice title=iam-preflight::{}", workflow_command::data(&line));
    } else {
        eprintln!("notice: {line}");
    }
}

/// Writes a file as a whole.
pub(super) fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|cause| Failure::Output { what: format!("`{}`", path.display()), cause })
}

/// Tells of inputs that could not be read; what the run ends with.
pub(super) fn broken_inputs(deployment: &Deployment) -> Outcome {
    let mut outcome = Outcome::Passed;
    for input in &deployment.inputs {
        if let Some(error) = &input.error {
            eprintln!("error: `{}`: {}", printable(&input.path), printable(&error.message));
            outcome = Outcome::BadInput;
        }
    }
    outcome
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
