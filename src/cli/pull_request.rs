//! Leaving a report on a pull request: the comment, and if asked for a check run and comments on changed lines. Whatever
//! goes wrong on the way there is said and changes neither the report nor the verdict.

use clap::{ArgAction, Args};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Failure;
use crate::github::{
    self, Annotation, CheckRun, Client, Event, GithubError, Outcome, Pace, PullRequest, ReviewComment,
};
use crate::report::escape::{cut, markdown as escape, terminal};
use crate::report::markdown::{self, LinkStyle, Links};

/// Annotations of a check run.
const ANNOTATIONS: usize = 500;
/// Comments on lines.
const LINE_COMMENTS: usize = 30;
/// Bytes of a check run's summary.
const CHECK_SUMMARY: usize = 65_000;
/// Lines that are shortened in a report; nothing is suggested from them.
const LONG_LINE: usize = 195;

/// What to leave on the pull request beside the comment.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct FurtherOptions {
    /// Also make a check run with annotations on the commit
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Pull request")]
    pub check_run: bool,

    /// Also comment on changed lines, with the fix as a suggestion
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Pull request")]
    pub review_comments: bool,
}

/// What became of it all.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// What was done, a line each.
    pub done: Vec<String>,
    /// The token may read only: everything else is as it should be.
    pub forbidden: Option<String>,
    /// What went wrong.
    pub failed: Vec<String>,
    /// The comment's text.
    pub body: String,
}

/// An environment variable that is not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}

/// Where the files of a pull request can be read.
pub(super) fn links(pull_request: &PullRequest) -> Links {
    let PullRequest { owner, repository, head_sha, server_url, run_url, .. } = pull_request;
    Links {
        style: LinkStyle::Github,
        repository: Some(format!("{server_url}/{owner}/{repository}")).filter(|url| is_address(url)),
        commit: head_sha.clone(),
        run: run_url.clone().filter(|url| is_address(url)),
    }
}

/// The earlier version that the pull request of the surroundings is to be compared with, if they name one.
pub(super) fn base() -> Option<String> {
    let event = Event::from_environment(&variable, None).ok()?;
    let base = event.pull_request().base.clone().filter(|base| !base.starts_with('-'))?;
    // What was merged into the base since then is no change of the pull request.
    let merged = std::process::Command::new("git").args(["merge-base", "--", &base, "HEAD"]).output().ok();
    let merged = merged.filter(|o| o.status.success()).and_then(|o| String::from_utf8(o.stdout).ok());
    let commit = merged.map(|sha| sha.trim().to_owned()).filter(|sha| !sha.is_empty());
    Some(format!("git:{}", commit.unwrap_or(base)))
}

/// An address that can stand in Markdown and in HTML as it is.
fn is_address(url: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?=&%#".contains(&b);
    (url.starts_with("https://") || url.starts_with("http://")) && url.bytes().all(plain)
}

/// Renders the comment and leaves it, and what else was asked for, on the pull request of the surroundings.
///
/// # Errors
///
/// Where there is no token or no pull request to go to.
pub(super) fn publish(
    report: &Value,
    key: &str,
    number: Option<u64>,
    further: &FurtherOptions,
) -> Result<Published, Failure> {
    let usage = |e: GithubError| Failure::usage(e.to_string());
    let event = Event::from_environment(&variable, number).map_err(usage)?;
    let token = variable("GITHUB_TOKEN").or_else(|| variable("GH_TOKEN"));
    let token = token.ok_or_else(|| {
        Failure::usage("`GITHUB_TOKEN` is not set")
            .with_help("pass the job's token: `GITHUB_TOKEN: ${{ github.token }}`")
    })?;
    let client = Client::new(&event.pull_request().api_url, &token, Pace::default()).map_err(usage)?;
    let marker = github::marker(key);
    let limit = markdown::COMMENT_LIMIT - marker.len() - 1;
    let mut published =
        Published { body: markdown::render(report, &links(event.pull_request()), limit), ..Published::default() };
    let pull_request = match event.resolve(&client) {
        Ok(pull_request) => pull_request,
        Err(error) => {
            published.failed("pull request", error);
            return Ok(published);
        }
    };
    let links = links(&pull_request);
    let clean = markdown::is_clean(report);
    let comment = github::upsert(&client, &pull_request, &marker, &published.body, clean);
    published.outcome("comment", comment);
    if further.check_run {
        let outcome = check_run(report, key, &links, &pull_request).and_then(|run| run.write(&client, &pull_request));
        published.outcome("check run", outcome);
    }
    if further.review_comments {
        match review_comments(report, key, &client, &pull_request) {
            Ok((outcome, left_out)) => {
                published.outcome("comments on lines", Ok(outcome));
                if left_out > 0 {
                    published.done.push(format!(
                        "{left_out} more findings on changed lines, the least severe, have no comment there"
                    ));
                }
            }
            Err(error) => published.failed("comments on lines", error),
        }
    }
    Ok(published)
}

impl Published {
    fn outcome(&mut self, what: &str, outcome: Result<Outcome, GithubError>) {
        match outcome {
            Ok(Outcome::Created) => self.done.push(format!("{what} created")),
            Ok(Outcome::Updated) => self.done.push(format!("{what} updated")),
            Ok(Outcome::Unchanged) => self.done.push(format!("{what} unchanged")),
            Ok(Outcome::NotNeeded) => self.done.push(format!("{what}: nothing to say, none needed")),
            Err(error) => self.failed(what, error),
        }
    }

    fn failed(&mut self, what: &str, error: GithubError) {
        match error {
            // Said once, however much is not allowed.
            GithubError::Forbidden(_) => self.forbidden = self.forbidden.take().or(Some(format!("{what}: {error}"))),
            error => self.failed.push(format!("{what}: {error}")),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The findings that count, the most severe first, those that block before the others.
fn counting(report: &Value) -> Vec<&Value> {
    let all = report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut counting: Vec<&Value> = all.iter().filter(|f| f["suppressed"].is_null()).collect();
    let types = ["ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"];
    let severity = |f: &Value| types.iter().position(|t| f["findingType"] == *t).unwrap_or(types.len());
    counting.sort_by_key(|f| (f["blocking"] != true, severity(f)));
    counting
}

/// The path in the repository and the lines, from 1.
fn place(finding: &Value) -> Option<(String, (usize, usize))> {
    let path = text(&finding["repositoryPath"]);
    let outside = |name: &str| name.is_empty() || name == "..";
    if path.starts_with('<') || path.split('/').any(outside) {
        return None;
    }
    let location = &finding["locations"][0];
    let line = |which: &str| location[which]["line"].as_u64().map(|line| line as usize);
    let start = line("start")?;
    Some((path.to_owned(), (start, line("end").unwrap_or(start).max(start))))
}

fn check_run(report: &Value, key: &str, links: &Links, pull_request: &PullRequest) -> Result<CheckRun, GithubError> {
    let head_sha = pull_request.head_sha.clone();
    let head_sha =
        head_sha.ok_or_else(|| GithubError::Context("the commit of the pull request is not known".to_owned()))?;
    let annotations = counting(report).into_iter().filter_map(|finding| {
        let (path, lines) = place(finding)?;
        let column = |which: &str| finding["locations"][0][which]["column"].as_u64().map(|c| c as usize);
        let level = match text(&finding["findingType"]) {
            _ if finding["blocking"] == true => "failure",
            "SUGGESTION" => "notice",
            _ => "warning",
        };
        Some(Annotation {
            path,
            lines,
            columns: column("start").zip(column("end")).filter(|_| lines.0 == lines.1),
            level,
            title: terminal::line(&format!("{}: {}", text(&finding["issueCode"]), text(&finding["title"]))),
            message: terminal::line(text(&finding["message"])),
        })
    });
    let mut annotations: Vec<Annotation> = annotations.collect();
    let left_out = annotations.len().saturating_sub(ANNOTATIONS);
    annotations.truncate(ANNOTATIONS);
    let passes = report["result"] == "PASS";
    let mut summary = markdown::render(report, links, CHECK_SUMMARY);
    if left_out > 0 {
        summary.push_str(&format!("\n{left_out} more findings, the least severe, have no annotation.\n"));
    }
    let blocking = report["summary"]["blocking"].as_u64().unwrap_or(0);
    let title = match (passes, blocking) {
        (true, _) => "nothing blocks".to_owned(),
        (false, 0) => "not everything could be analysed".to_owned(),
        (false, 1) => "1 blocking finding".to_owned(),
        (false, n) => format!("{n} blocking findings"),
    };
    let name = if key == DEFAULT_KEY { "iam-preflight".to_owned() } else { format!("iam-preflight ({key})") };
    let digest = Sha256::digest(format!("{passes}\n{summary}\n{annotations:?}").as_bytes());
    let digest: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok(CheckRun { head_sha, name, external_id: format!("{key}:{digest}"), passes, title, summary, annotations })
}

/// The key of a comment for which none is given.
pub(super) const DEFAULT_KEY: &str = "default";

/// Comments on changed lines; how many findings on such lines there was no room for.
fn review_comments(
    report: &Value,
    key: &str,
    client: &Client,
    pull_request: &PullRequest,
) -> Result<(Outcome, usize), GithubError> {
    let head_sha = pull_request.head_sha.as_deref();
    let head_sha =
        head_sha.ok_or_else(|| GithubError::Context("the commit of the pull request is not known".to_owned()))?;
    let changed = github::changed_lines(client, pull_request)?;
    let mut comments: Vec<ReviewComment> = Vec::new();
    for finding in counting(report) {
        let fingerprint = text(&finding["fingerprint"]);
        let marker = github::marker(&format!("{key}/{fingerprint}"));
        let body = format!(
            "{} {}: {}\n",
            if finding["blocking"] == true { "❌" } else { "⚠️" },
            escape::code(text(&finding["issueCode"])),
            markdown::prose(&cut(text(&finding["message"]), 1_500))
        );
        let suggested =
            suggestion(finding).filter(|(path, lines, before, _)| changed.holds(path, *lines, Some(before)));
        let comment = match suggested {
            Some((path, lines, _, suggestion)) => {
                ReviewComment { path, lines, marker, body: format!("{body}{suggestion}") }
            }
            None => match place(finding) {
                Some((path, (line, _))) if changed.holds(&path, (line, line), None) => {
                    ReviewComment { path, lines: (line, line), marker, body }
                }
                _ => continue,
            },
        };
        comments.push(comment);
    }
    let left_out = comments.len().saturating_sub(LINE_COMMENTS);
    comments.truncate(LINE_COMMENTS);
    Ok((github::post_review(client, pull_request, head_sha, &comments)?, left_out))
}

type Suggestion = (String, (usize, usize), Vec<String>, String);

/// The fix as a suggestion: where, what stands there, and the text. Only what is shown whole and as it is written.
fn suggestion(finding: &Value) -> Option<Suggestion> {
    let [change] = finding["fix"]["changes"].as_array()?.as_slice() else { return None };
    let lines = |key: &str| -> Option<Vec<String>> {
        change[key].as_array()?.iter().map(|line| line.as_str().map(str::to_owned)).collect()
    };
    let (before, after) = (lines("before")?, lines("after")?);
    let plain = |line: &String| {
        line.chars().count() < LONG_LINE && !line.chars().any(|c| c != '\t' && terminal::is_unprintable(c))
    };
    if before.is_empty() || !before.iter().chain(&after).all(plain) {
        return None;
    }
    let first = usize::try_from(change["firstLine"].as_u64()?).ok()?;
    let last = first + before.len() - 1;
    let longest = after.iter().flat_map(|l| l.split(|c| c != '`').map(str::len)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let text = after.iter().map(|line| format!("{line}\n")).collect::<String>();
    let suggestion = format!("\n{fence}suggestion\n{text}{fence}\n");
    Some((text_of(&change["repositoryPath"]), (first, last), before, suggestion))
}

fn text_of(value: &Value) -> String {
    text(value).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_suggestion_is_the_fix_as_it_is_to_be_written() {
        let finding = |before: &str, after: &[&str]| json!({"fix": {"changes": [{"repositoryPath": "t.yaml", "firstLine": 3, "before": [before], "after": after}]}});
        let (path, lines, before, text) = suggestion(&finding("  a: ```", &["\ta: ````", "  b"])).unwrap();
        assert_eq!((path.as_str(), lines, before), ("t.yaml", (3, 3), vec!["  a: ```".to_owned()]));
        assert_eq!(text, "\n`````suggestion\n\ta: ````\n  b\n`````\n");
        assert!(suggestion(&finding("a", &[&"x".repeat(300)])).is_none(), "shortened lines");
        assert!(suggestion(&finding("a", &["b\u{202e}"])).is_none());
        assert!(suggestion(&json!({"fix": null})).is_none());
    }

    #[test]
    fn a_place_outside_the_repository_is_none() {
        let finding =
            |path: &str| json!({"repositoryPath": path, "locations": [{"start": {"line": 2}, "end": {"line": 1}}]});
        assert_eq!(place(&finding("a/b.yaml")), Some(("a/b.yaml".to_owned(), (2, 2))));
        for path in ["", "/etc/x", "../x", "a/../../x", "<stdin>"] {
            assert_eq!(place(&finding(path)), None, "{path}");
        }
    }
}
