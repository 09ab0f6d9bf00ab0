//! `comment`: posts a saved report to a pull request.
//!
//! A token that may not write (pull requests from forks) is no failure of the check: the text goes to standard output
//! instead, and the saved report waits for a trusted workflow to post it.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::pull_request::{self, DEFAULT_KEY, FurtherOptions};
use super::{Failure, Outcome, output};
use crate::github::{self, Event};
use crate::report::escape::workflow_command::{Inert, Medium};
use crate::report::markdown;

/// Post a saved report to a pull request.
#[derive(Debug, Args)]
pub(super) struct Comment {
    /// The report: written by another run with `--output json=FILE`
    #[arg(long, value_name = "FILE")]
    report: PathBuf,

    /// Tells apart the comments of several jobs on one pull request
    #[arg(long, value_name = "KEY", default_value = DEFAULT_KEY)]
    key: String,

    /// The pull request's number, where the event that runs this is not the pull request's own
    #[arg(long, value_name = "NUMBER")]
    pull_request: Option<u64>,

    #[command(flatten)]
    further: FurtherOptions,

    /// Print the text and post nothing
    #[arg(long)]
    dry_run: bool,
}

impl Comment {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        let name = self.report.display();
        let text =
            std::fs::read_to_string(&self.report).map_err(|e| Failure::usage(format!("report `{name}`: {e}")))?;
        let report: serde_json::Value =
            serde_json::from_str(&text).map_err(|e| Failure::usage(format!("report `{name}`: {e}")))?;
        if report["tool"]["name"] != env!("CARGO_PKG_NAME") || report["schemaVersion"] != "1" {
            return Err(Failure::usage(format!("`{name}` is not a JSON report of schema version 1")));
        }
        if self.dry_run {
            let marker = github::marker(&self.key);
            let links = match Event::from_environment(&pull_request::variable, self.pull_request) {
                Ok(event) => pull_request::links(event.pull_request()),
                Err(_) => output::links(),
            };
            let body = markdown::render(&report, &links, markdown::COMMENT_LIMIT - marker.len() - 1);
            print_inert(&format!("{marker}\n{body}"))?;
            return Ok(Outcome::Passed);
        }
        let published = pull_request::publish(&report, &self.key, self.pull_request, &self.further)?;
        for line in &published.done {
            output::print(&format!("{line}\n"))?;
        }
        if let Some(why) = &published.forbidden {
            output::notice(&format!("{why}; the comment's text is in this log"));
            print_inert(&published.body)?;
        }
        match published.failed.split_first() {
            None => Ok(Outcome::Passed),
            Some((first, further)) => {
                for failure in further {
                    eprintln!("error: {}", output::printable(failure));
                }
                Err(Failure::usage(first.clone()))
            }
        }
    }
}

/// Prints text of a report that no runner takes for commands.
fn print_inert(text: &str) -> Result<(), Failure> {
    let mut out = Inert::new(std::io::stdout().lock(), Medium::Markup);
    let written = out.write_all(text.as_bytes()).and_then(|()| out.finish());
    written.map_err(|cause| Failure::Output { what: "to standard output".to_owned(), cause })
}
