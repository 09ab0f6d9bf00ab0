//! Comments on lines of a pull request. GitHub takes them on lines of the diff only, and refuses the whole review for one
//! that is on another, so the diff is read first. A comment that is there already, told by its marker, isn't made again.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};

use super::client::{Client, Method};
use super::comment::{is_by, login};
use super::{GithubError, Outcome, PullRequest};

/// Comments of one review.
const BATCH: usize = 30;
/// How often comments are looked for again when an answer was lost.
const ROUNDS: usize = 3;

/// A comment on lines of the new version of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReviewComment {
    /// From the repository's root.
    pub path: String,
    /// The first and the last line, from 1.
    pub lines: (usize, usize),
    /// Its hidden first line, which tells it from others run after run.
    pub marker: String,
    /// What follows.
    pub body: String,
}

/// The lines of files that a diff shows, in their new version.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiffLines {
    files: FxHashMap<String, BTreeMap<usize, String>>,
}

impl DiffLines {
    /// True if the diff shows all these lines, with this text where one is given.
    pub fn holds(&self, path: &str, lines: (usize, usize), text: Option<&[String]>) -> bool {
        let Some(shown) = self.files.get(path) else { return false };
        let (first, last) = lines;
        first <= last
            && last - first < shown.len()
            && (first..=last).enumerate().all(|(i, number)| {
                shown.get(&number).is_some_and(|line| text.is_none_or(|text| text.get(i) == Some(line)))
            })
    }

    /// Adds the hunks of a file's patch as the API gives it.
    fn add(&mut self, path: &str, patch: &str) {
        let lines = self.files.entry(path.to_owned()).or_default();
        let mut number = None;
        for line in patch.lines() {
            if let Some(header) = line.strip_prefix("@@ ") {
                // `-1,4 +1,5 @@ …`
                let new = header.split(' ').find_map(|part| part.strip_prefix('+'));
                number = new.and_then(|new| new.split(',').next()?.parse::<usize>().ok());
                continue;
            }
            let Some(current) = number.as_mut() else { continue };
            if let Some(text) = line.strip_prefix(['+', ' ']) {
                lines.insert(*current, text.to_owned());
                *current += 1;
            }
        }
    }
}

/// The lines that the pull request's diff shows.
///
/// # Errors
///
/// When the token may not read, or the API fails.
pub fn changed_lines(client: &Client, pull_request: &PullRequest) -> Result<DiffLines, GithubError> {
    let PullRequest { owner, repository, number, .. } = pull_request;
    let mut lines = DiffLines::default();
    for file in client.list(&format!("/repos/{owner}/{repository}/pulls/{number}/files?per_page=100"))? {
        // A large or binary file has no patch.
        if let (Some(path), Some(patch)) = (file["filename"].as_str(), file["patch"].as_str()) {
            lines.add(path, patch);
        }
    }
    Ok(lines)
}

/// Makes the comments that are not there yet; all have to be on lines of the diff.
///
/// # Errors
///
/// When the token may not write, or the API fails.
pub fn post(
    client: &Client,
    pull_request: &PullRequest,
    head_sha: &str,
    comments: &[ReviewComment],
) -> Result<Outcome, GithubError> {
    if comments.is_empty() {
        return Ok(Outcome::NotNeeded);
    }
    let PullRequest { owner, repository, number, .. } = pull_request;
    let pull = format!("/repos/{owner}/{repository}/pulls/{number}");
    let login = login(client)?;
    let mut outcome = Outcome::Unchanged;
    let mut lost = None;
    for _ in 0..ROUNDS {
        let there: FxHashSet<String> = client
            .list(&format!("{pull}/comments?per_page=100"))?
            .iter()
            .filter(|comment| is_by(comment, login.as_deref()))
            .filter_map(|comment| Some(comment["body"].as_str()?.lines().next()?.trim_end().to_owned()))
            .collect();
        let missing: Vec<&ReviewComment> = comments.iter().filter(|c| !there.contains(&c.marker)).collect();
        lost = None;
        for batch in missing.chunks(BATCH) {
            let review = json!({
                "commit_id": head_sha,
                "event": "COMMENT",
                "body": "",
                "comments": batch.iter().map(|c| comment_json(c)).collect::<Vec<Value>>(),
            });
            match client.send(Method::Post, &format!("{pull}/reviews"), Some(&review)) {
                Ok(_) => outcome = Outcome::Created,
                Err(error @ GithubError::Lost(_)) => {
                    lost = Some(error);
                    client.pause();
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        if lost.is_none() {
            return Ok(outcome);
        }
    }
    match lost {
        Some(error) => Err(error),
        None => Ok(outcome),
    }
}

fn comment_json(comment: &ReviewComment) -> Value {
    let (first, last) = comment.lines;
    let mut value = json!({
        "path": comment.path,
        "line": last,
        "side": "RIGHT",
        "body": format!("{}\n{}", comment.marker, comment.body),
    });
    if first < last {
        value["start_line"] = first.into();
        value["start_side"] = "RIGHT".into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_new_version_are_told_from_those_that_go() {
        let mut lines = DiffLines::default();
        lines.add(
            "t.yaml",
            "@@ -1,3 +1,3 @@ Resources:\n a\n-b\n+B\n c\n@@ -10,1 +10,2 @@\n+x\n y\n\\ No newline at end of file",
        );
        let text = |lines: &[&str]| lines.iter().map(|l| (*l).to_owned()).collect::<Vec<String>>();
        assert!(lines.holds("t.yaml", (1, 3), Some(&text(&["a", "B", "c"]))));
        assert!(lines.holds("t.yaml", (10, 11), None));
        assert!(!lines.holds("t.yaml", (2, 2), Some(&text(&["b"]))));
        assert!(!lines.holds("t.yaml", (3, 4), None));
        assert!(!lines.holds("t.yaml", (12, 12), None));
        assert!(!lines.holds("t.yaml", (2, 1), None));
        assert!(!lines.holds("other.yaml", (1, 1), None));
        lines.add("odd", "no header\n@@ nonsense\n+x");
        assert!(!lines.holds("odd", (1, 1), None));
    }
}
