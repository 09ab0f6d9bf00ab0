//! A GitHub of one repository with one pull request, on loopback: it keeps what it is given, holds requests to the API's
//! limits, and goes wrong when told to. With a proxy in front, whole addresses in requests are understood, too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

/// What goes wrong with a request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Refused with a status and headers; nothing is done.
    Status(u16, &'static str, &'static str),
    /// Done, and the connection ends without an answer.
    DropAfter,
    /// Not done, and the connection ends without an answer.
    DropBefore,
    /// Done, and half of the answer arrives.
    Truncate,
    /// Done, and the answer is no JSON.
    Garbage,
    /// No answer for a long time.
    Hang,
}

/// Which requests a fault hits.
#[derive(Clone, Debug)]
pub struct Trouble {
    /// The method, or `*`.
    pub method: &'static str,
    /// How many matching requests go well before.
    pub after: usize,
    /// How many are hit.
    pub times: usize,
    /// How.
    pub fault: Fault,
}

#[derive(Debug, Default)]
pub struct State {
    /// The author of what is written.
    pub login: String,
    /// Whether `/user` answers.
    pub is_user: bool,
    pub comments: Vec<Value>,
    pub check_runs: Vec<Value>,
    pub annotations: Vec<(u64, Value)>,
    pub review_comments: Vec<Value>,
    pub files: Vec<Value>,
    pub pulls: Vec<Value>,
    /// `METHOD /path` of each request, in order.
    pub requests: Vec<String>,
    /// What each of them names, as it was sent.
    pub targets: Vec<String>,
    /// The bodies that were sent with them.
    pub bodies: Vec<Value>,
    pub trouble: Vec<Trouble>,
    /// The address that links to further pages begin with, if not that at which it listens.
    pub calls_itself: Option<String>,
    next_id: u64,
}

#[derive(Clone)]
pub struct Fake {
    state: Arc<Mutex<State>>,
    pub url: String,
}

impl Fake {
    pub fn start() -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state =
            Arc::new(Mutex::new(State { login: "github-actions[bot]".into(), next_id: 100, ..State::default() }));
        let fake = Fake { state, url };
        let server = fake.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream));
            }
        });
        fake
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// How many requests of a method there were.
    pub fn count(&self, method: &str) -> usize {
        self.state().requests.iter().filter(|r| r.starts_with(method)).count()
    }

    fn serve(&self, stream: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        let mut stream = stream;
        let mut first = String::new();
        reader.read_line(&mut first).ok()?;
        let mut length = 0;
        let mut authorized = false;
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let lower = line.to_ascii_lowercase();
            if let Some(n) = lower.strip_prefix("content-length:") {
                length = n.trim().parse().ok()?;
            }
            authorized |= lower.starts_with("authorization: bearer ");
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let mut words = first.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        self.state().targets.push(target.clone());
        let path = match target.strip_prefix("http://") {
            Some(rest) => rest.find('/').map_or("/", |at| &rest[at..]).to_owned(),
            None => target,
        };
        let path = path.strip_prefix("/api/v3").unwrap_or(&path).to_owned();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let fault = self.next_fault(&method, &path, &body);
        match fault {
            Some(Fault::Status(status, headers, message)) => {
                return respond(&mut stream, status, headers, &json!({"message": message}).to_string());
            }
            Some(Fault::DropBefore) => return None,
            Some(Fault::Hang) => {
                std::thread::sleep(std::time::Duration::from_secs(20));
                return None;
            }
            _ => {}
        }
        let (status, headers, answer) = if authorized {
            let mut state = self.state();
            let name = state.calls_itself.clone().unwrap_or_else(|| self.url.clone());
            answer(&mut state, &name, &method, &path, &body)
        } else {
            (401, String::new(), json!({"message": "Requires authentication"}))
        };
        let text = answer.to_string();
        match fault {
            Some(Fault::DropAfter) => None,
            Some(Fault::Truncate) => {
                let half = &text[..text.len() / 2];
                let length = text.len();
                write!(
                    stream,
                    "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{half}"
                )
                .ok()
            }
            Some(Fault::Garbage) => respond(&mut stream, status, "", "<html>"),
            _ => respond(&mut stream, status, &headers, if status == 204 { "" } else { &text }),
        }
    }

    fn next_fault(&self, method: &str, path: &str, body: &Value) -> Option<Fault> {
        let mut state = self.state();
        state.requests.push(format!("{method} {path}"));
        state.bodies.push(body.clone());
        for trouble in &mut state.trouble {
            if trouble.method != "*" && trouble.method != method {
                continue;
            }
            if trouble.after > 0 {
                trouble.after -= 1;
            } else if trouble.times > 0 {
                trouble.times -= 1;
                return Some(trouble.fault.clone());
            }
        }
        None
    }
}

fn respond(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> Option<()> {
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n{body}",
        body.len()
    )
    .ok()
}

/// An author as the API has it.
pub fn user(login: &str) -> Value {
    let kind = if login.ends_with("[bot]") { "Bot" } else { "User" };
    let of = |what: &str| format!("https://api.github.com/users/x{what}");
    json!({"login": login, "id": 1, "node_id": "n", "avatar_url": "https://x.example/a", "gravatar_id": "", "url": of(""),
        "html_url": "https://github.com/x", "followers_url": of("/followers"), "following_url": of("/following"),
        "gists_url": of("/gists"), "starred_url": of("/starred"), "subscriptions_url": of("/subscriptions"),
        "organizations_url": of("/orgs"), "repos_url": of("/repos"), "events_url": of("/events"),
        "received_events_url": of("/received_events"), "type": kind, "site_admin": false})
}

impl State {
    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A comment as the API has it.
    pub fn comment(&mut self, login: &str, body: &str) -> u64 {
        let id = self.id();
        let url = format!("https://api.github.com/repos/o/r/issues/comments/{id}");
        self.comments.push(json!({"id": id, "node_id": "n", "url": url, "html_url": "https://github.com/o/r/pull/3",
            "body": body, "user": user(login), "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
            "issue_url": "https://api.github.com/repos/o/r/issues/3", "author_association": "NONE"}));
        id
    }
}

/// A page of a list, and the header that leads to the next.
fn page(items: &[Value], url: &str, path: &str, query: &str) -> (String, Vec<Value>) {
    let number = |name: &str, otherwise: usize| {
        query.split('&').find_map(|p| p.strip_prefix(name)?.strip_prefix('=')?.parse().ok()).unwrap_or(otherwise)
    };
    let (size, page) = (number("per_page", 30).min(100), number("page", 1));
    let part: Vec<Value> = items.iter().skip((page - 1) * size).take(size).cloned().collect();
    let rest: Vec<&str> = query.split('&').filter(|p| !p.starts_with("page=")).collect();
    let next = if items.len() > page * size {
        format!("link: <{url}{path}?{}&page={}>; rel=\"next\"\r\n", rest.join("&"), page + 1)
    } else {
        String::new()
    };
    (next, part)
}

fn answer(state: &mut State, url: &str, method: &str, target: &str, body: &Value) -> (u16, String, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let ok = |value: Value| (200, String::new(), value);
    let not_found = || (404, String::new(), json!({"message": "Not Found"}));
    let invalid =
        |why: &str| (422, String::new(), json!({"message": "Validation Failed", "errors": [{"message": why}]}));
    let login = state.login.clone();
    match (method, path) {
        ("GET", "/user") if state.is_user => {
            let mut user = user(&login);
            for (key, value) in [("public_repos", 0), ("public_gists", 0), ("followers", 0), ("following", 0)] {
                user[key] = value.into();
            }
            for key in ["name", "company", "blog", "location", "email", "hireable", "bio"] {
                user[key] = Value::Null;
            }
            user["created_at"] = "2026-01-01T00:00:00Z".into();
            user["updated_at"] = "2026-01-01T00:00:00Z".into();
            ok(user)
        }
        ("GET", "/user") => (403, String::new(), json!({"message": "Resource not accessible by integration"})),
        ("GET", "/repos/o/r/issues/3/comments") => {
            let (next, part) = page(&state.comments, url, path, query);
            (200, next, part.into())
        }
        ("POST", "/repos/o/r/issues/3/comments") => {
            let text = body["body"].as_str().unwrap_or_default().to_owned();
            if text.chars().count() > 65_536 {
                return invalid("Body is too long (maximum is 65536 characters)");
            }
            state.comment(&login, &text);
            (201, String::new(), state.comments.last().cloned().unwrap_or_default())
        }
        ("PATCH" | "DELETE", path) if path.starts_with("/repos/o/r/issues/comments/") => {
            let id: u64 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            let Some(at) = state.comments.iter().position(|c| c["id"] == id) else { return not_found() };
            if state.comments[at]["user"]["login"] != login.as_str() {
                return (403, String::new(), json!({"message": "Must have admin rights to Repository."}));
            }
            if method == "DELETE" {
                state.comments.remove(at);
                return (204, String::new(), Value::Null);
            }
            let text = body["body"].as_str().unwrap_or_default();
            if text.chars().count() > 65_536 {
                return invalid("Body is too long (maximum is 65536 characters)");
            }
            state.comments[at]["body"] = text.into();
            ok(state.comments[at].clone())
        }
        ("POST", "/repos/o/r/check-runs") => {
            let id = state.id();
            if body["output"]["annotations"].as_array().is_some_and(|a| a.len() > 50) {
                return invalid("annotations exceeds a maximum quantity of 50");
            }
            let url = format!("https://api.github.com/repos/o/r/check-runs/{id}");
            let run = json!({"id": id, "node_id": "n", "head_sha": body["head_sha"], "external_id": body["external_id"],
                "url": url, "html_url": null, "details_url": null, "status": body["status"], "conclusion": body["conclusion"],
                "started_at": null, "completed_at": null, "name": body["name"], "check_suite": null, "app": null, "pull_requests": [],
                "output": {"title": body["output"]["title"], "summary": body["output"]["summary"], "text": null,
                           "annotations_count": 0, "annotations_url": format!("{url}/annotations")}});
            state.check_runs.push(run);
            annotate(state, id, body);
            (201, String::new(), state.check_runs.last().cloned().unwrap_or_default())
        }
        (_, path) if path.starts_with("/repos/o/r/check-runs/") => {
            let id: u64 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            if state.check_runs.iter().all(|run| run["id"] != id) {
                return not_found();
            }
            if method == "PATCH" {
                if body["output"]["annotations"].as_array().is_some_and(|a| a.len() > 50) {
                    return invalid("annotations exceeds a maximum quantity of 50");
                }
                annotate(state, id, body);
            }
            ok(state.check_runs.iter().find(|run| run["id"] == id).cloned().unwrap_or_default())
        }
        ("GET", path) if path.starts_with("/repos/o/r/commits/") && path.ends_with("/check-runs") => {
            let sha = path.split('/').nth(5).unwrap_or_default();
            let runs: Vec<Value> = state.check_runs.iter().filter(|run| run["head_sha"] == sha).cloned().collect();
            ok(json!({"total_count": runs.len(), "check_runs": runs}))
        }
        ("GET", "/repos/o/r/pulls/3/files") => {
            let (next, part) = page(&state.files, url, path, query);
            (200, next, part.into())
        }
        ("GET", "/repos/o/r/pulls/3/comments") => {
            let (next, part) = page(&state.review_comments, url, path, query);
            (200, next, part.into())
        }
        ("POST", "/repos/o/r/pulls/3/reviews") => {
            let comments = body["comments"].as_array().cloned().unwrap_or_default();
            let in_diff = |comment: &Value| {
                let lines = comment["start_line"].as_u64().or(comment["line"].as_u64()).zip(comment["line"].as_u64());
                let file = state.files.iter().find(|f| f["filename"] == comment["path"]);
                file.zip(lines).is_some_and(|(file, (first, last))| {
                    let shown = new_lines(file["patch"].as_str().unwrap_or_default());
                    (first..=last).all(|line| shown.contains(&line))
                })
            };
            if !comments.iter().all(in_diff) {
                return invalid("Pull request review thread line must be part of the diff");
            }
            for comment in comments {
                let id = state.id();
                let mut comment = comment;
                comment["id"] = id.into();
                comment["user"] = user(&login);
                state.review_comments.push(review_comment(&comment));
            }
            let id = state.id();
            let link = json!({"href": "https://github.com/o/r/pull/3"});
            ok(json!({"id": id, "node_id": "n", "user": user(&login), "body": body["body"], "state": "COMMENTED",
                "html_url": "https://github.com/o/r/pull/3", "pull_request_url": "https://api.github.com/repos/o/r/pulls/3",
                "_links": {"html": link, "pull_request": link}, "commit_id": body["commit_id"], "author_association": "NONE"}))
        }
        ("GET", path)
            if path == "/repos/o/r/pulls" || (path.starts_with("/repos/o/r/commits/") && path.ends_with("/pulls")) =>
        {
            ok(state.pulls.clone().into())
        }
        ("GET", path) if path.starts_with("/repos/o/r/pulls/") => {
            let number: u64 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
            state.pulls.iter().find(|pull| pull["number"] == number).cloned().map_or_else(not_found, ok)
        }
        _ => not_found(),
    }
}

fn review_comment(comment: &Value) -> Value {
    let link = json!({"href": "https://github.com/o/r/pull/3"});
    json!({"id": comment["id"], "node_id": "n", "url": "https://api.github.com/repos/o/r/pulls/comments/1",
        "pull_request_review_id": 1, "diff_hunk": "@@", "path": comment["path"], "line": comment["line"], "side": "RIGHT",
        "start_line": comment["start_line"], "commit_id": "c", "original_commit_id": "c", "user": comment["user"],
        "body": comment["body"], "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        "html_url": "https://github.com/o/r/pull/3", "pull_request_url": "https://api.github.com/repos/o/r/pulls/3",
        "author_association": "NONE", "_links": {"self": link, "html": link, "pull_request": link}})
}

fn annotate(state: &mut State, id: u64, body: &Value) {
    let annotations = body["output"]["annotations"].as_array().cloned().unwrap_or_default();
    state.annotations.extend(annotations.into_iter().map(|a| (id, a)));
    let count = state.annotations.iter().filter(|(run, _)| *run == id).count();
    if let Some(run) = state.check_runs.iter_mut().find(|run| run["id"] == id) {
        run["output"]["annotations_count"] = count.into();
        run["conclusion"] = body["conclusion"].clone();
    }
}

fn new_lines(patch: &str) -> Vec<u64> {
    let (mut lines, mut number) = (Vec::new(), 0);
    for line in patch.lines() {
        if line.starts_with("@@") {
            let new = line.split('+').nth(1).and_then(|n| n.split([',', ' ']).next()).and_then(|n| n.parse().ok());
            number = new.unwrap_or(0);
        } else if !line.starts_with('-') {
            lines.push(number);
            number += 1;
        }
    }
    lines
}
