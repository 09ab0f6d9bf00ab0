//! The sticky comment: found by its hidden marker and its author, edited in place, left alone when nothing changed.

use serde_json::{Value, json};

use super::client::{Client, Method};
use super::{GithubError, Outcome, PullRequest};

/// How often a comment is looked for again when it is not known whether it was written.
const ROUNDS: usize = 4;

/// The hidden first line of a comment. `key` tells apart the comments of several jobs; what could end the HTML comment
/// is left out of it.
pub fn marker(key: &str) -> String {
    let key: String = key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ' ')).collect();
    format!("<!-- iam-preflight:{key} -->")
}

/// Writes or edits the comment of `marker` on a pull request; with `only_if_exists`, none is created. Should there be
/// several, such as of two runs at once, the oldest stays.
///
/// # Errors
///
/// When the token may not write, or the API fails.
pub fn upsert(
    client: &Client,
    pull_request: &PullRequest,
    marker: &str,
    body: &str,
    only_if_exists: bool,
) -> Result<Outcome, GithubError> {
    let PullRequest { owner, repository, number, .. } = pull_request;
    let comments = format!("/repos/{owner}/{repository}/issues/{number}/comments");
    let one = |id: u64| format!("/repos/{owner}/{repository}/issues/comments/{id}");
    let body = format!("{marker}\n{body}");
    let content = json!({ "body": body });
    let login = login(client)?;
    let mut written = None;
    let mut lost = GithubError::Unavailable("the comment can't be written".to_owned());
    for _ in 0..ROUNDS {
        let mut found = own(client.list(&format!("{comments}?per_page=100"))?, marker, login.as_deref());
        found.sort_by_key(|comment| comment.id);
        let mut found = found.into_iter();
        if let Some(first) = found.next() {
            for surplus in found {
                // That it is gone already is what was wanted; that it may not be deleted changes nothing.
                match client.send(Method::Delete, &one(surplus.id), None) {
                    Ok(_) | Err(GithubError::Forbidden(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            if same(&first.body, &body) {
                return Ok(written.unwrap_or(Outcome::Unchanged));
            }
            match client.send(Method::Patch, &one(first.id), Some(&content)) {
                Ok(_) => return Ok(written.unwrap_or(Outcome::Updated)),
                // Deleted in the meantime: look again.
                Err(GithubError::Forbidden(why)) if why.ends_with("(404)") => lost = GithubError::Forbidden(why),
                Err(error) => return Err(error),
            }
            continue;
        }
        if written.is_some() {
            // The list is behind; the API has confirmed it.
            return Ok(Outcome::Created);
        }
        if only_if_exists {
            return Ok(Outcome::NotNeeded);
        }
        match client.send(Method::Post, &comments, Some(&content)) {
            // Another run may have done the same at the same time.
            Ok(_) => written = Some(Outcome::Created),
            Err(error @ GithubError::Lost(_)) => {
                lost = error;
                client.pause();
            }
            Err(error) => return Err(error),
        }
    }
    match written {
        Some(outcome) => Ok(outcome),
        None => Err(lost),
    }
}

struct Comment {
    id: u64,
    body: String,
}

/// Who the token belongs to. Tokens of Actions and of apps have no user and may not ask: `None`.
pub(super) fn login(client: &Client) -> Result<Option<String>, GithubError> {
    match client.send(Method::Get, "/user", None) {
        Ok(answer) => Ok(answer.body["login"].as_str().map(str::to_owned)),
        Err(GithubError::Forbidden(_) | GithubError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The comments with the marker that this token wrote. Without a user, it is an app's, and so a bot's.
fn own(comments: Vec<Value>, marker: &str, login: Option<&str>) -> Vec<Comment> {
    let comments = comments.into_iter().filter(|comment| is_by(comment, login));
    let marked = comments.filter_map(|comment| {
        let body = comment["body"].as_str().filter(|body| body.lines().next().map(str::trim_end) == Some(marker))?;
        Some(Comment { id: comment["id"].as_u64()?, body: body.to_owned() })
    });
    marked.collect()
}

/// True if this token wrote it.
pub(super) fn is_by(written: &Value, login: Option<&str>) -> bool {
    let user = &written["user"];
    match login {
        Some(login) => user["login"].as_str().is_some_and(|by| by.eq_ignore_ascii_case(login)),
        None => user["type"] == "Bot" || user["login"].as_str().is_some_and(|by| by.ends_with("[bot]")),
    }
}

/// GitHub keeps line breaks as they were sent or as CRLF, and no space at the end.
fn same(a: &str, b: &str) -> bool {
    let lines = |text: &str| text.trim_end().replace("\r\n", "\n");
    lines(a) == lines(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_cannot_end_the_hidden_comment() {
        assert_eq!(marker("a--><b>"), "<!-- iam-preflight:ab -->");
    }

    #[test]
    fn a_comment_is_ours_by_its_first_line_and_its_author() {
        let comment = |login: &str, kind: &str, body: &str| json!({"id": 1, "user": {"login": login, "type": kind}, "body": body});
        let ours = |comment: Value, login: Option<&str>| own(vec![comment], "<!-- m -->", login).len() == 1;
        assert!(ours(comment("github-actions[bot]", "Bot", "<!-- m -->\r\nx"), None));
        assert!(ours(comment("Me", "User", "<!-- m -->\nx"), Some("me")));
        assert!(!ours(comment("mallory", "User", "<!-- m -->\nx"), None));
        assert!(!ours(comment("mallory", "User", "<!-- m -->\nx"), Some("me")));
        assert!(!ours(comment("me", "User", "> <!-- m -->\nx"), Some("me")));
        assert!(!ours(comment("me", "User", "<!-- m --> x"), Some("me")));
        assert!(!ours(json!({"id": 1, "user": null, "body": null}), None));
    }
}
