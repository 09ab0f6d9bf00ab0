//! The pull request of a run, from the variables and the event file that GitHub Actions sets.

use std::path::Path;

use super::GithubError;

/// A pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// The repository's owner.
    pub owner: String,
    /// The repository's name.
    pub repository: String,
    /// Its number.
    pub number: u64,
}

impl PullRequest {
    /// Reads `GITHUB_REPOSITORY`, and the number from the event (`GITHUB_EVENT_PATH`) or from `GITHUB_REF`.
    ///
    /// # Errors
    ///
    /// When the repository is not named, or the event belongs to no pull request.
    pub fn from_environment(variable: &dyn Fn(&str) -> Option<String>) -> Result<PullRequest, GithubError> {
        let full_name = variable("GITHUB_REPOSITORY")
            .ok_or_else(|| GithubError::Context("`GITHUB_REPOSITORY` is not set".to_owned()))?;
        let (owner, repository) = full_name
            .split_once('/')
            .filter(|(o, r)| is_name(o) && is_name(r))
            .ok_or_else(|| GithubError::Context(format!("`GITHUB_REPOSITORY` is not `owner/name`: `{full_name}`")))?;
        let number = match variable("GITHUB_EVENT_PATH") {
            Some(path) => number_of_event(Path::new(&path))?,
            None => None,
        };
        let number = number.or_else(|| number_of_ref(&variable("GITHUB_REF")?)).ok_or_else(|| {
            GithubError::Context("the event belongs to no pull request, and `GITHUB_REF` names none".to_owned())
        })?;
        Ok(PullRequest { owner: owner.to_owned(), repository: repository.to_owned(), number })
    }
}

fn is_name(s: &str) -> bool {
    !s.is_empty() && s.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.')) && s != ".."
}

/// `pull_request.number`, or `issue.number` when the issue is a pull request.
fn number_of_event(path: &Path) -> Result<Option<u64>, GithubError> {
    let problem = |cause: String| GithubError::Context(format!("event `{}`: {cause}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|e| problem(e.to_string()))?;
    let event: serde_json::Value = serde_json::from_str(&text).map_err(|e| problem(e.to_string()))?;
    let issue = Some(&event["issue"]).filter(|i| i["pull_request"].is_object());
    Ok(event["pull_request"]["number"].as_u64().or_else(|| issue?["number"].as_u64()))
}

fn number_of_ref(reference: &str) -> Option<u64> {
    reference.strip_prefix("refs/pull/")?.split('/').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(event: Option<&str>, reference: Option<&str>, repository: &str) -> Result<PullRequest, GithubError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("event.json");
        if let Some(event) = event {
            std::fs::write(&file, event).unwrap();
        }
        PullRequest::from_environment(&|name| match name {
            "GITHUB_REPOSITORY" => Some(repository.to_owned()),
            "GITHUB_EVENT_PATH" => event.map(|_| file.display().to_string()),
            "GITHUB_REF" => reference.map(str::to_owned),
            _ => None,
        })
    }

    #[test]
    fn the_number_comes_from_the_event_or_the_reference() {
        let number = |event, reference| context(event, reference, "o/r").map(|p| p.number).ok();
        assert_eq!(number(Some(r#"{"pull_request": {"number": 7}}"#), None), Some(7));
        assert_eq!(number(Some(r#"{"issue": {"number": 8, "pull_request": {}}}"#), None), Some(8));
        assert_eq!(number(Some(r#"{"issue": {"number": 8}}"#), Some("refs/pull/9/merge")), Some(9));
        assert_eq!(number(None, Some("refs/pull/10/head")), Some(10));
        assert_eq!(number(Some("{}"), Some("refs/heads/main")), None);
        assert_eq!(number(Some("not json"), Some("refs/pull/9/merge")), None);
        assert_eq!(number(Some(r#"{"pull_request": []}"#), None), None);
    }

    #[test]
    fn a_repository_name_that_would_change_the_address_is_refused() {
        assert!(context(None, Some("refs/pull/1/merge"), "o/../x").is_err());
        assert!(context(None, Some("refs/pull/1/merge"), "no-slash").is_err());
    }
}
