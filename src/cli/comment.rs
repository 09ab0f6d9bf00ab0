//! `comment`: posts a saved report to a pull request.
//!
//! A token that may not write (pull requests from forks) is no failure of the check: the text goes to a file or to
//! standard output instead, for a trusted workflow to post.

use std::path::PathBuf;

use clap::Args;

use super::{Failure, Outcome, output};
use crate::github::{self, GithubError, PullRequest};
use crate::report::markdown;

/// Post a saved report to a pull request.
#[derive(Debug, Args)]
pub(super) struct Comment {
    /// The report: written by another run with `--output json=FILE`
    #[arg(long, value_name = "FILE")]
    report: PathBuf,

    /// Tells apart the comments of several jobs on one pull request
    #[arg(long, value_name = "KEY", default_value = "default")]
    key: String,

    /// The pull request's number, where the event that runs this is not the pull request's own
    #[arg(long, value_name = "NUMBER")]
    pull_request: Option<u64>,

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
        let marker = github::marker(&self.key);
        let body = markdown::render(&report, markdown::COMMENT_LIMIT - marker.chars().count() - 1);
        if self.dry_run {
            output::print(&format!("{marker}\n{body}"))?;
            return Ok(Outcome::Passed);
        }
        let variable = |name: &str| std::env::var(name).ok().filter(|v| !v.is_empty());
        let token = variable("GITHUB_TOKEN").ok_or_else(|| Failure::usage("`GITHUB_TOKEN` is not set"))?;
        let api = variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned());
        let pull_request = self.pull_request(&variable).map_err(|e| Failure::usage(e.to_string()))?;
        let clean = report["findings"].as_array().is_none_or(Vec::is_empty) && report["result"] == "PASS";
        match github::upsert(&api, &token, &pull_request, &marker, &body, clean) {
            Ok(outcome) => {
                let done = match outcome {
                    github::Outcome::Created => "comment created",
                    github::Outcome::Updated => "comment updated",
                    github::Outcome::Unchanged => "comment unchanged",
                    github::Outcome::NotNeeded => "nothing to say, no comment needed",
                };
                output::print(&format!("{done}\n"))?;
                Ok(Outcome::Passed)
            }
            Err(error @ GithubError::Forbidden(_)) => {
                eprintln!("notice: {}; this is its text:", output::printable(&error.to_string()));
                output::print(&body)?;
                Ok(Outcome::Passed)
            }
            Err(error) => Err(Failure::usage(error.to_string())),
        }
    }

    fn pull_request(&self, variable: &dyn Fn(&str) -> Option<String>) -> Result<PullRequest, GithubError> {
        match self.pull_request {
            None => PullRequest::from_environment(variable),
            // The number given stands in for the event.
            Some(number) => PullRequest::from_environment(&|name| match name {
                "GITHUB_REF" => Some(format!("refs/pull/{number}/head")),
                "GITHUB_EVENT_PATH" => None,
                _ => variable(name),
            }),
        }
    }
}
