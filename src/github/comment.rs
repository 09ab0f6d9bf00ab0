//! The sticky comment: found by its hidden marker and its author, edited in place, left alone when nothing changed.

use std::time::Duration;

use octocrab::{Octocrab, Page};
use serde::Deserialize;

use super::{GithubError, PullRequest};

/// What happened to the comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A comment was written.
    Created,
    /// The comment that was there has the new text.
    Updated,
    /// The comment that was there has this text already.
    Unchanged,
    /// There was nothing to say and no comment to change.
    NotNeeded,
}

/// The hidden first line of a comment. `key` tells apart the comments of several jobs; what could end the HTML comment
/// is left out of it.
pub fn marker(key: &str) -> String {
    let key: String = key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | ' ')).collect();
    format!("<!-- iam-preflight:{key} -->")
}

#[derive(Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

/// Writes or edits the comment of `marker` on a pull request. With `only_if_exists`, none is created.
///
/// Requests are repeated on dropped connections, server errors and rate limits, waiting as the API asks.
///
/// # Errors
///
/// When the token may not write, or the API fails.
pub fn upsert(
    api_url: &str,
    token: &str,
    pull_request: &PullRequest,
    marker: &str,
    body: &str,
    only_if_exists: bool,
) -> Result<Outcome, GithubError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| GithubError::Api(e.to_string()))?;
    runtime.block_on(async {
        let client = client(api_url, token)?;
        let PullRequest { owner, repository, number } = pull_request;
        let comments = format!("/repos/{owner}/{repository}/issues/{number}/comments");
        let body = format!("{marker}\n{body}");
        let content = serde_json::json!({ "body": body });
        match find(&client, &comments, marker).await? {
            Some(found) if found.body.as_deref() == Some(body.as_str()) => Ok(Outcome::Unchanged),
            Some(found) => {
                let route = format!("/repos/{owner}/{repository}/issues/comments/{}", found.id);
                client.patch::<serde_json::Value, _, _>(route, Some(&content)).await.map_err(failure)?;
                Ok(Outcome::Updated)
            }
            None if only_if_exists => Ok(Outcome::NotNeeded),
            None => {
                client.post::<_, serde_json::Value>(comments, Some(&content)).await.map_err(failure)?;
                Ok(Outcome::Created)
            }
        }
    })
}

fn client(api_url: &str, token: &str) -> Result<Octocrab, GithubError> {
    let builder = Octocrab::builder()
        .base_uri(api_url)
        .map_err(|_| GithubError::Context(format!("not an address: `{api_url}`")))?
        .set_connect_timeout(Some(Duration::from_secs(10)))
        .set_read_timeout(Some(Duration::from_secs(30)))
        .personal_token(token.to_owned());
    builder.build().map_err(failure)
}

/// The oldest comment with the marker that this token's own identity wrote.
async fn find(client: &Octocrab, route: &str, marker: &str) -> Result<Option<Comment>, GithubError> {
    // An Actions token has no user of its own: its comments are written by `github-actions[bot]`.
    let login = match client.get::<User, _, ()>("/user", None).await {
        Ok(user) => user.login,
        Err(_) => "github-actions[bot]".to_owned(),
    };
    let mut page: Page<Comment> = client.get(format!("{route}?per_page=100"), None::<&()>).await.map_err(failure)?;
    loop {
        let comments = page.take_items();
        let own = |c: &Comment| {
            c.body.as_deref().is_some_and(|b| b.starts_with(marker))
                && c.user.as_ref().is_some_and(|u| u.login == login)
        };
        if let Some(comment) = comments.into_iter().find(own) {
            return Ok(Some(comment));
        }
        match client.get_page(&page.next).await.map_err(failure)? {
            Some(next) => page = next,
            None => return Ok(None),
        }
    }
}

fn failure(error: octocrab::Error) -> GithubError {
    match error {
        octocrab::Error::GitHub { source, .. } => {
            let message = format!("{} ({})", source.message, source.status_code);
            match source.status_code.as_u16() {
                401 | 403 | 404 => GithubError::Forbidden(message),
                _ => GithubError::Api(message),
            }
        }
        octocrab::Error::Service { source, .. } => GithubError::Api(source.to_string()),
        octocrab::Error::Json { source, .. } => GithubError::Api(format!("unexpected answer: {source}")),
        other => GithubError::Api(other.to_string().lines().next().unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::sync::{Arc, Mutex};

    /// A GitHub of one pull request: comments as (id, login, body).
    #[derive(Default)]
    struct Fake {
        comments: Vec<(u64, String, String)>,
        requests: Vec<String>,
        status: Option<u16>,
    }

    fn serve(fake: Arc<Mutex<Fake>>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut first = String::new();
                if reader.read_line(&mut first).unwrap_or(0) == 0 {
                    continue;
                }
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                        length = n.trim().parse().unwrap();
                    }
                    if line.trim().is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let (status, answer) = answer(&mut fake.lock().unwrap(), &first, &body);
                let _ = write!(
                    stream,
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                    answer.len()
                );
            }
        });
        address
    }

    fn answer(fake: &mut Fake, request: &str, body: &[u8]) -> (u16, String) {
        let mut words = request.split(' ');
        let (method, path) = (words.next().unwrap(), words.next().unwrap());
        fake.requests.push(format!("{method} {path}"));
        let text = || serde_json::from_slice::<serde_json::Value>(body).unwrap()["body"].as_str().unwrap().to_owned();
        if path == "/user" {
            return (403, r#"{"message": "Resource not accessible by integration"}"#.into());
        }
        if let Some(status) = fake.status.filter(|_| method != "GET") {
            return (status, r#"{"message": "Resource not accessible by integration"}"#.into());
        }
        match method {
            "GET" => {
                let list = fake
                    .comments
                    .iter()
                    .map(|(id, login, body)| serde_json::json!({"id": id, "user": {"login": login}, "body": body}));
                (200, serde_json::Value::Array(list.collect()).to_string())
            }
            "POST" => {
                let id = fake.comments.len() as u64 + 1;
                fake.comments.push((id, "github-actions[bot]".into(), text()));
                (201, format!(r#"{{"id": {id}}}"#))
            }
            "PATCH" => {
                let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
                let comment = fake.comments.iter_mut().find(|c| c.0 == id).unwrap();
                comment.2 = text();
                (200, format!(r#"{{"id": {id}}}"#))
            }
            _ => (405, "{}".into()),
        }
    }

    fn pull_request() -> PullRequest {
        PullRequest { owner: "o".into(), repository: "r".into(), number: 3 }
    }

    #[test]
    fn one_comment_is_created_then_edited_and_an_equal_text_makes_no_write() {
        let fake = Arc::new(Mutex::new(Fake::default()));
        // Somebody else's comment with the marker is not ours.
        fake.lock().unwrap().comments.push((1, "mallory".into(), marker("k")));
        let url = serve(Arc::clone(&fake));
        let run = |body: &str, only| upsert(&url, "t", &pull_request(), &marker("k"), body, only).unwrap();
        assert_eq!(run("one", true), Outcome::NotNeeded);
        assert_eq!(run("one", false), Outcome::Created);
        assert_eq!(run("one", false), Outcome::Unchanged);
        assert_eq!(run("two", false), Outcome::Updated);
        let fake = fake.lock().unwrap();
        assert_eq!(fake.comments.len(), 2);
        assert_eq!(fake.comments[1].2, format!("{}\ntwo", marker("k")));
        assert_eq!(fake.requests.iter().filter(|r| r.starts_with("POST")).count(), 1);
        assert_eq!(fake.requests.iter().filter(|r| r.starts_with("PATCH")).count(), 1);
    }

    #[test]
    fn a_read_only_token_is_told_apart_from_other_failures() {
        let fake = Arc::new(Mutex::new(Fake { status: Some(403), ..Fake::default() }));
        let url = serve(Arc::clone(&fake));
        let error = upsert(&url, "t", &pull_request(), &marker("k"), "x", false).unwrap_err();
        assert!(matches!(error, GithubError::Forbidden(_)), "{error}");
        fake.lock().unwrap().status = Some(422);
        let error = upsert(&url, "t", &pull_request(), &marker("k"), "x", false).unwrap_err();
        assert!(matches!(error, GithubError::Api(_)), "{error}");
    }

    #[test]
    fn a_key_cannot_end_the_hidden_comment() {
        assert_eq!(marker("a--><b>"), "<!-- iam-preflight:ab -->");
    }
}
