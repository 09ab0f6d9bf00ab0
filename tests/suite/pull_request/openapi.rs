//! Every request that we send, held against GitHub's own description of its API: Prism stands between us and the fake and
//! refuses what the description doesn't allow, in requests and in the fake's answers alike.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use iam_preflight::github::{self, Client};
use serde_json::{Map, Value, json};

use super::{Fake, Fault, Job, TOKEN, Trouble, check_run, comments, pull_request, with_files};
use crate::binary::run;
use crate::tools::node_package;

/// The commit of the pull request.
const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

/// What we use of the API.
const ROUTES: [(&str, &str); 15] = [
    ("get", "/user"),
    ("get", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("post", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
    ("patch", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("delete", "/repos/{owner}/{repo}/issues/comments/{comment_id}"),
    ("post", "/repos/{owner}/{repo}/check-runs"),
    ("patch", "/repos/{owner}/{repo}/check-runs/{check_run_id}"),
    ("get", "/repos/{owner}/{repo}/check-runs/{check_run_id}"),
    ("get", "/repos/{owner}/{repo}/commits/{ref}/check-runs"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/files"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}/comments"),
    ("post", "/repos/{owner}/{repo}/pulls/{pull_number}/reviews"),
    ("get", "/repos/{owner}/{repo}/pulls"),
    ("get", "/repos/{owner}/{repo}/pulls/{pull_number}"),
    ("get", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls"),
];

/// True if a request, `METHOD /path?query`, is one of a route.
fn is_of(request: &str, (method, route): (&str, &str)) -> bool {
    let (sent, target) = request.split_once(' ').expect("a method");
    let path = target.split('?').next().unwrap_or_default();
    let same = |(wanted, part): (&str, &str)| wanted == part || wanted.starts_with('{');
    sent.eq_ignore_ascii_case(method)
        && route.split('/').count() == path.split('/').count()
        && route.split('/').zip(path.split('/')).all(same)
}

/// The part of the description that we need, with all that it refers to.
fn cut(description: &Value) -> Value {
    let mut paths = Map::new();
    for (method, path) in ROUTES {
        let operation = description["paths"][path][method].clone();
        assert!(operation.is_object(), "the description has no {method} {path}");
        paths.entry(path).or_insert_with(|| json!({}))[method] = operation;
    }
    let mut part =
        json!({"openapi": description["openapi"], "info": description["info"], "paths": paths, "components": {}});
    let mut wanted: Vec<String> = references(&part["paths"]);
    while let Some(pointer) = wanted.pop() {
        if part.pointer(&pointer).is_some() {
            continue;
        }
        let value = description.pointer(&pointer).unwrap_or_else(|| panic!("{pointer}")).clone();
        wanted.extend(references(&value));
        // `/components/kind/name`
        let mut names = pointer.split('/').skip(2);
        let (kind, name) = (names.next().expect("a kind"), names.next().expect("a name"));
        part["components"][kind][name] = value;
    }
    part
}

fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Object(map) => {
            let own = map.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix('#')).map(str::to_owned);
            own.into_iter().chain(map.values().flat_map(references)).collect()
        }
        _ => Vec::new(),
    }
}

struct Prism {
    process: Child,
    url: String,
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Prism {
    /// Between a client and the fake; `None` if it is not installed. The fake's pull request is the description's example.
    fn before(fake: &Fake, folder: &Path) -> Option<Prism> {
        let modules: PathBuf =
            node_package("@stoplight/prism-cli").filter(|_| node_package("@octokit/openapi").is_some())?;
        let description =
            fs::read_to_string(modules.join("@octokit/openapi/generated/api.github.com.json")).expect("a description");
        let file = folder.join("api.json");
        let description: Value = serde_json::from_str(&description).expect("JSON");
        fs::write(&file, cut(&description).to_string()).expect("a file");
        let mut pull = description["components"]["examples"]["pull-request"]["value"].clone();
        pull["number"] = 3.into();
        // The teams of the example lack what its schema asks for.
        pull["requested_teams"] = json!([]);
        pull["head"]["sha"] = SHA.into();
        fake.state().pulls = vec![pull];
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let mut process = Command::new("node")
            .arg(modules.join("@stoplight/prism-cli/dist/index.js"))
            .args(["proxy", "--errors", "--port", &port.to_string()])
            .arg(&file)
            .arg(&fake.url)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Prism starts");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let listening = lines.by_ref().map_while(Result::ok).any(|line| line.contains("listening"));
        assert!(listening, "Prism does not listen");
        // Read on, so that it never waits for us.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Some(Prism { process, url: format!("http://127.0.0.1:{port}") })
    }
}

#[test]
fn every_request_is_valid_by_github_s_own_description_of_its_api() {
    let fake = with_files();
    fake.state().is_user = true;
    let folder = tempfile::tempdir().expect("a folder");
    let Some(prism) = Prism::before(&fake, folder.path()) else { return };
    for file in &mut fake.state().files {
        for key in ["blob_url", "raw_url", "contents_url"] {
            file[key] = "https://github.com/o/r".into();
        }
        for key in ["additions", "deletions", "changes"] {
            file[key] = 1.into();
        }
        file["sha"] = "f".into();
        file["status"] = "modified".into();
    }
    let client = Client::new(&prism.url, TOKEN, github::Pace::default()).expect("a client");
    let marker = github::marker("default");
    let login = fake.state().login.clone();
    fake.state().comment(&login, &format!("{marker}\none"));
    fake.state().comment(&login, &format!("{marker}\ntwo"));
    let upsert = |body: &str, marker: &str| github::upsert(&client, &pull_request(), marker, body, false);
    assert_eq!(upsert("three", &marker), Ok(github::Outcome::Updated));
    assert_eq!(upsert("x", &github::marker("other")), Ok(github::Outcome::Created));
    // The answer to the first batch of further annotations is lost, so the run is looked up.
    fake.state().trouble.push(Trouble { method: "PATCH", after: 0, times: 1, fault: Fault::DropAfter });
    assert_eq!(check_run(120).write(&client, &pull_request()), Ok(github::Outcome::Created));
    github::changed_lines(&client, &pull_request()).expect("files");
    let posted = github::post_review(&client, &pull_request(), "0123456789abcdef", &comments());
    assert_eq!(posted, Ok(github::Outcome::Created));
    // The binary, with all that it does.
    let job = Job::new(&fake);
    let lines: String = fs::read_to_string(job.path().join("infra/t.yaml"))
        .expect("a file")
        .lines()
        .map(|l| format!("+{l}\n"))
        .collect();
    let mut file = fake.state().files[0].clone();
    file["filename"] = "infra/t.yaml".into();
    file["patch"] = format!("@@ -0,0 +1,10 @@\n{lines}").into();
    fake.state().files.push(file);
    let mut command =
        job.command(&["validate", "infra", "--comment", "--comment-key", "b", "--check-run", "--review-comments"]);
    let result = run(command.env("GITHUB_API_URL", &prism.url));
    assert_eq!(result.code, 1, "{result:?}");
    assert!(!result.err.contains("::notice"), "{}", result.err);
    assert_eq!(fake.state().comments.len(), 3);
    assert_eq!(fake.state().review_comments.len(), 41);
    // A second workflow, by whatever event: the pull request is asked for.
    let report = job.path().join(".git/report.json").display().to_string();
    run(&mut job.command(&["validate", "infra", "--output", &format!("json={report}")]));
    for event in [
        json!({"issue": {"number": 3, "pull_request": {}}}),
        json!({"after": SHA}),
        json!({"workflow_run": {"head_sha": SHA, "head_branch": "b", "head_repository": {"owner": {"login": "fork"}}, "pull_requests": []}}),
    ] {
        fs::write(job.path().join(".git/event.json"), event.to_string()).expect("a file");
        let result = run(job.command(&["comment", "--report", &report]).env("GITHUB_API_URL", &prism.url));
        assert_eq!(result.code, 0, "{event}: {result:?}");
    }
    // What the description forbids does not get through, so the proof is one.
    let mut many = check_run(51);
    many.annotations[0].level = "fatal";
    many.external_id = "other".into();
    assert!(many.write(&client, &pull_request()).is_err());
    let requests = fake.state().requests.clone();
    for route in ROUTES {
        assert!(requests.iter().any(|request| is_of(request, route)), "{route:?} is not used");
    }
    let unknown = requests.iter().find(|request| !ROUTES.iter().any(|route| is_of(request, *route)));
    assert_eq!(unknown, None);
}
