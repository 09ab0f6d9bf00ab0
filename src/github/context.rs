//! The pull request of a run, from the variables and the event file that GitHub Actions sets, or from CodeBuild's
//! variables. Nothing here is trusted further than its shape: names that would change an address are refused.
//!
//! Source: GitHub's documentation, "Variables reference" and "Webhook events and payloads"; AWS CodeBuild User Guide,
//! "Environment variables in build environments".

use std::path::Path;

use serde_json::Value;

use super::GithubError;
use super::client::{Client, Method, encoded};

/// Looks up an environment variable; empty ones count as not set.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// A pull request, and what is known about where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullRequest {
    /// The repository's owner.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// Its number.
    pub number: u64,
    /// The newest commit of its branch.
    pub head_sha: Option<String>,
    /// What it is to be merged into: a commit, or else a branch.
    pub base: Option<String>,
    /// The API's address.
    pub api_url: String,
    /// The address of pages for people.
    pub server_url: String,
    /// The page of this run.
    pub run_url: Option<String>,
}

/// What the surroundings say about the pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is this one.
    PullRequest(PullRequest),
    /// It is the one of a branch or commit; GitHub has to be asked for its number.
    Unnumbered {
        /// All but the number.
        pull_request: PullRequest,
        /// `owner:branch`.
        branch: Option<String>,
    },
}

impl Event {
    /// Reads the surroundings. `number` stands in for that of the event.
    ///
    /// # Errors
    ///
    /// When the repository is not named, the event file can't be read, or the event belongs to no pull request.
    pub fn from_environment(variable: Variables<'_>, number: Option<u64>) -> Result<Event, GithubError> {
        if variable("GITHUB_REPOSITORY").is_none() && variable("CODEBUILD_BUILD_ID").is_some() {
            return from_codebuild(variable, number);
        }
        let (owner, repository) = repository(
            &variable("GITHUB_REPOSITORY")
                .ok_or_else(|| GithubError::Context("`GITHUB_REPOSITORY` is not set".to_owned()))?,
        )?;
        let event = match variable("GITHUB_EVENT_PATH") {
            Some(path) => read_event(Path::new(&path))?,
            None => Value::Null,
        };
        let server_url = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
        let server_url = server_url.trim_end_matches('/').to_owned();
        let run_url = variable("GITHUB_RUN_ID")
            .filter(|id| id.bytes().all(|b| b.is_ascii_digit()))
            .map(|id| format!("{server_url}/{owner}/{repository}/actions/runs/{id}"));
        let pull = &event["pull_request"];
        // What runs on a commit lists the pull requests that it knows of.
        let run =
            ["workflow_run", "check_run", "check_suite"].iter().map(|key| &event[*key]).find(|run| run.is_object());
        let run = run.unwrap_or(&Value::Null);
        let known = PullRequest {
            owner,
            repository,
            number: 0,
            head_sha: commit(&pull["head"]["sha"]).or_else(|| commit(&run["head_sha"])),
            base: commit(&pull["base"]["sha"]).or_else(|| variable("GITHUB_BASE_REF").map(|b| format!("origin/{b}"))),
            api_url: variable("GITHUB_API_URL").unwrap_or_else(|| "https://api.github.com".to_owned()),
            server_url,
            run_url,
        };
        let issue = Some(&event["issue"]).filter(|issue| issue["pull_request"].is_object());
        // In repositories that were forked from this one, a commit may be of a pull request, too.
        let is_here = |of: &&Value| {
            let (there, here) = (&of["base"]["repo"]["id"], &event["repository"]["id"]);
            there == here || there.is_null() || here.is_null()
        };
        let first = run["pull_requests"].as_array().and_then(|all| all.iter().find(is_here));
        let number = number
            .or_else(|| pull["number"].as_u64())
            .or_else(|| issue?["number"].as_u64())
            .or_else(|| first?["number"].as_u64())
            .or_else(|| number_of_ref(&variable("GITHUB_REF")?));
        if let Some(number) = number {
            return Ok(Event::PullRequest(PullRequest { number, ..known }));
        }
        if run.is_object() && known.head_sha.is_some() {
            // Of a fork, the run doesn't say which pull request it belongs to.
            let owner = run["head_repository"]["owner"]["login"].as_str();
            let branch = owner.zip(run["head_branch"].as_str()).map(|(owner, branch)| format!("{owner}:{branch}"));
            return Ok(Event::Unnumbered { pull_request: known, branch });
        }
        // Run by hand, a workflow is of a branch.
        let dispatched = || {
            let is_dispatched = variable("GITHUB_EVENT_NAME").is_some_and(|name| name == "workflow_dispatch");
            variable("GITHUB_SHA").filter(|sha| is_dispatched && is_commit(sha))
        };
        if let Some(pushed) = commit(&event["after"]).or_else(dispatched) {
            let pull_request = PullRequest { head_sha: Some(pushed), ..known };
            return Ok(Event::Unnumbered { pull_request, branch: None });
        }
        Err(GithubError::Context("the event belongs to no pull request, and `GITHUB_REF` names none".to_owned()))
    }

    /// What is known without asking.
    pub fn pull_request(&self) -> &PullRequest {
        match self {
            Event::PullRequest(pull_request) | Event::Unnumbered { pull_request, .. } => pull_request,
        }
    }

    /// The pull request, with its number and its commit. Of several open ones of a branch, that with the commit.
    ///
    /// # Errors
    ///
    /// When there is none, or the API fails.
    pub fn resolve(self, client: &Client) -> Result<PullRequest, GithubError> {
        let (pull_request, branch) = match self {
            Event::PullRequest(pull_request) if pull_request.head_sha.is_some() => return Ok(pull_request),
            Event::PullRequest(pull_request) => return with_commit(pull_request, client),
            Event::Unnumbered { pull_request, branch } => (pull_request, branch),
        };
        let PullRequest { owner, repository, head_sha, .. } = &pull_request;
        let sha = head_sha.as_deref().unwrap_or_default();
        let route = match &branch {
            Some(branch) => {
                format!("/repos/{owner}/{repository}/pulls?state=open&head={}&per_page=100", encoded(branch))
            }
            None => format!("/repos/{owner}/{repository}/commits/{sha}/pulls?per_page=100"),
        };
        let pulls = client.list(&route)?;
        let of_commit = |pull: &&Value| pull["state"] == "open" && pull["head"]["sha"] == sha;
        let found = pulls.iter().find(of_commit);
        let number = found.and_then(|pull| pull["number"].as_u64());
        let none = || GithubError::Context(format!("no open pull request has the commit `{sha}`"));
        let base = pull_request.base.clone().or_else(|| commit(&found?["base"]["sha"]));
        Ok(PullRequest { number: number.ok_or_else(none)?, base, ..pull_request.clone() })
    }
}

/// Asks for the commit: that of a comment on a pull request, and of a number given by hand, isn't said.
fn with_commit(pull_request: PullRequest, client: &Client) -> Result<PullRequest, GithubError> {
    let PullRequest { owner, repository, number, .. } = &pull_request;
    let found = match client.send(Method::Get, &format!("/repos/{owner}/{repository}/pulls/{number}"), None) {
        Ok(answer) => answer.body,
        // A token may comment and not read: places are not links then.
        Err(GithubError::Forbidden(_)) => Value::Null,
        Err(error) => return Err(error),
    };
    let base = pull_request.base.clone().or_else(|| commit(&found["base"]["sha"]));
    Ok(PullRequest { head_sha: commit(&found["head"]["sha"]), base, ..pull_request })
}

/// A build of a webhook, or of a source version `pr/N`.
fn from_codebuild(variable: Variables<'_>, number: Option<u64>) -> Result<Event, GithubError> {
    let url = variable("CODEBUILD_SOURCE_REPO_URL")
        .ok_or_else(|| GithubError::Context("`CODEBUILD_SOURCE_REPO_URL` is not set".to_owned()))?;
    let unfit = || GithubError::Context(format!("`CODEBUILD_SOURCE_REPO_URL` is no GitHub repository: `{url}`"));
    let address = url.strip_prefix("https://").ok_or_else(unfit)?;
    let (host, path) = address.split_once('/').ok_or_else(unfit)?;
    // A user name before the host is not passed on.
    let host = host.rsplit('@').next().unwrap_or(host);
    let host_fits =
        !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':'));
    let path = path.trim_end_matches('/');
    let (owner, repository) = repository(path.strip_suffix(".git").unwrap_or(path))?;
    if !host_fits {
        return Err(unfit());
    }
    let of = |name: &str| variable(name)?.strip_prefix("pr/")?.parse().ok();
    let number = number.or_else(|| of("CODEBUILD_WEBHOOK_TRIGGER")).or_else(|| of("CODEBUILD_SOURCE_VERSION"));
    let number = number.ok_or_else(|| {
        GithubError::Context(
            "the build belongs to no pull request: `CODEBUILD_WEBHOOK_TRIGGER` is not `pr/N`".to_owned(),
        )
    })?;
    // Others than github.com have the API under their own name.
    let api_url =
        if host == "github.com" { "https://api.github.com".to_owned() } else { format!("https://{host}/api/v3") };
    let base = variable("CODEBUILD_WEBHOOK_BASE_REF");
    let base = base.and_then(|base| base.strip_prefix("refs/heads/").map(|branch| format!("origin/{branch}")));
    let sha = variable("CODEBUILD_WEBHOOK_HEAD_SHA").or_else(|| variable("CODEBUILD_RESOLVED_SOURCE_VERSION"));
    Ok(Event::PullRequest(PullRequest {
        owner,
        repository,
        number,
        head_sha: sha.filter(|sha| is_commit(sha)),
        base,
        api_url: variable("GITHUB_API_URL").unwrap_or(api_url),
        server_url: format!("https://{host}"),
        run_url: variable("CODEBUILD_BUILD_URL").filter(|url| url.starts_with("https://")),
    }))
}

fn repository(full_name: &str) -> Result<(String, String), GithubError> {
    let (owner, repository) =
        full_name.split_once('/').filter(|(owner, name)| is_name(owner) && is_name(name)).ok_or_else(|| {
            GithubError::Context(format!("the repository is not `owner/name`: `{}`", full_name.escape_debug()))
        })?;
    Ok((owner.to_owned(), repository.to_owned()))
}

fn is_name(s: &str) -> bool {
    !s.is_empty()
        && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && s != ".."
        && s != "."
}

fn is_commit(text: &str) -> bool {
    (7..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit()) && text.bytes().any(|b| b != b'0')
}

fn commit(value: &Value) -> Option<String> {
    value.as_str().filter(|sha| is_commit(sha)).map(str::to_owned)
}

fn read_event(path: &Path) -> Result<Value, GithubError> {
    let problem = |cause: String| GithubError::Context(format!("event `{}`: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| problem(e.to_string()))?;
    serde_json::from_str(text.trim_start_matches('\u{FEFF}')).map_err(|e| problem(e.to_string()))
}

fn number_of_ref(reference: &str) -> Option<u64> {
    reference.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn environment(event: Option<&str>, variables: &[(&str, &str)]) -> Result<Event, GithubError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.json");
        if let Some(event) = event {
            std::fs::write(&file, event).unwrap();
        }
        Event::from_environment(
            &|name| match name {
                "GITHUB_EVENT_PATH" => event.map(|_| file.display().to_string()),
                _ => variables.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()),
            },
            None,
        )
    }

    fn number(event: Option<&str>, reference: &str) -> Option<u64> {
        match environment(event, &[("GITHUB_REPOSITORY", "o/r"), ("GITHUB_REF", reference)]) {
            Ok(Event::PullRequest(pull_request)) => Some(pull_request.number),
            _ => None,
        }
    }

    #[test]
    fn the_number_comes_from_the_event_or_the_reference() {
        assert_eq!(number(Some(r#"{"pull_request": {"number": 7}}"#), ""), Some(7));
        assert_eq!(number(Some("\u{FEFF}{\"issue\": {\"number\": 8, \"pull_request\": {}}}"), ""), Some(8));
        assert_eq!(number(Some(r#"{"issue": {"number": 8}}"#), "refs/pull/9/merge"), Some(9));
        assert_eq!(number(Some(r#"{"workflow_run": {"pull_requests": [{"number": 6}]}}"#), "refs/heads/main"), Some(6));
        assert_eq!(number(None, "refs/pull/10/head"), Some(10));
    }

    #[test]
    fn an_event_of_another_shape_belongs_to_no_pull_request() {
        for event in [
            "{}",
            "[]",
            "null",
            "1",
            r#"{"pull_request": []}"#,
            r#"{"pull_request": {"number": "7"}}"#,
            r#"{"issue": null, "workflow_run": 3}"#,
            r#"{"workflow_run": {"pull_requests": {}, "head_sha": 7}}"#,
            r#"{"after": "0000000000000000000000000000000000000000"}"#,
            "not json",
            "",
        ] {
            let read = environment(Some(event), &[("GITHUB_REPOSITORY", "o/r"), ("GITHUB_REF", "refs/heads/main")]);
            assert!(matches!(read, Err(GithubError::Context(_))), "{event}: {read:?}");
        }
        let missing =
            Event::from_environment(&|name| (name != "CODEBUILD_BUILD_ID").then(|| "/no/such".to_owned()), None);
        assert!(missing.is_err());
    }

    #[test]
    fn commits_of_head_and_base_and_the_page_of_the_run_are_taken_over() {
        let event = format!(
            r#"{{"pull_request": {{"number": 7, "head": {{"sha": "{SHA}", "repo": null}}, "base": {{"sha": "{}"}}}}}}"#,
            SHA.replace('0', "f")
        );
        let variables =
            [("GITHUB_REPOSITORY", "o/r"), ("GITHUB_RUN_ID", "5"), ("GITHUB_SERVER_URL", "https://ghe.example/")];
        let found = environment(Some(&event), &variables).unwrap().pull_request().clone();
        assert_eq!(found.head_sha.as_deref(), Some(SHA));
        assert_eq!(found.base, Some(SHA.replace('0', "f")));
        assert_eq!(found.run_url.as_deref(), Some("https://ghe.example/o/r/actions/runs/5"));
    }

    #[test]
    fn a_workflow_run_of_a_fork_and_a_push_are_looked_up() {
        let run = format!(
            r#"{{"workflow_run": {{"pull_requests": [], "head_sha": "{SHA}", "head_branch": "fix", "head_repository": {{"owner": {{"login": "fork"}}}}}}}}"#
        );
        let found = environment(Some(&run), &[("GITHUB_REPOSITORY", "o/r")]).unwrap();
        assert!(matches!(&found, Event::Unnumbered { branch: Some(b), .. } if b == "fork:fix"), "{found:?}");
        let push = format!(r#"{{"after": "{SHA}"}}"#);
        let found =
            environment(Some(&push), &[("GITHUB_REPOSITORY", "o/r"), ("GITHUB_REF", "refs/heads/fix")]).unwrap();
        assert!(
            matches!(&found, Event::Unnumbered { branch: None, pull_request } if pull_request.head_sha.as_deref() == Some(SHA))
        );
    }

    #[test]
    fn a_repository_name_that_would_change_the_address_is_refused() {
        for name in ["o/../x", "no-slash", "o/r/x", "o/r?x", "o/..", "./r", "o/r\n"] {
            let read = environment(None, &[("GITHUB_REPOSITORY", name), ("GITHUB_REF", "refs/pull/1/merge")]);
            assert!(matches!(read, Err(GithubError::Context(_))), "{name}: {read:?}");
        }
    }

    #[test]
    fn a_build_of_codebuild_belongs_to_the_pull_request_of_its_webhook() {
        let build = |variables: &[(&str, &str)]| {
            let mut all =
                vec![("CODEBUILD_BUILD_ID", "b:1"), ("CODEBUILD_SOURCE_REPO_URL", "https://github.com/o/r.git")];
            all.retain(|(name, _)| variables.iter().all(|(n, _)| n != name));
            all.extend_from_slice(variables);
            environment(None, &all).map(|event| event.pull_request().clone())
        };
        let found = build(&[
            ("CODEBUILD_WEBHOOK_TRIGGER", "pr/12"),
            ("CODEBUILD_WEBHOOK_BASE_REF", "refs/heads/main"),
            ("CODEBUILD_RESOLVED_SOURCE_VERSION", SHA),
        ])
        .unwrap();
        let expected = PullRequest {
            owner: "o".into(),
            repository: "r".into(),
            number: 12,
            head_sha: Some(SHA.into()),
            base: Some("origin/main".into()),
            api_url: "https://api.github.com".into(),
            server_url: "https://github.com".into(),
            run_url: None,
        };
        assert_eq!(found, expected);
        assert_eq!(build(&[("CODEBUILD_SOURCE_VERSION", "pr/13")]).unwrap().number, 13);
        let enterprise = build(&[
            ("CODEBUILD_WEBHOOK_TRIGGER", "pr/1"),
            ("CODEBUILD_SOURCE_REPO_URL", "https://user@ghe.example/o/r"),
        ]);
        assert_eq!(enterprise.unwrap().api_url, "https://ghe.example/api/v3");
        for variables in [
            &[("CODEBUILD_WEBHOOK_TRIGGER", "branch/main")][..],
            &[("CODEBUILD_WEBHOOK_TRIGGER", "pr/1"), ("CODEBUILD_SOURCE_REPO_URL", "arn:aws:s3:::bucket")],
            &[("CODEBUILD_WEBHOOK_TRIGGER", "pr/1"), ("CODEBUILD_SOURCE_REPO_URL", "https://h/a/b/c")],
        ] {
            assert!(matches!(build(variables), Err(GithubError::Context(_))), "{variables:?}");
        }
    }
}
