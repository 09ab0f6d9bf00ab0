//! Every event that starts a workflow: which pull request a run of it belongs to, and what is asked of GitHub to know. The
//! payloads of the last test are GitHub's own examples (npm `@octokit/webhooks-examples`).

use std::fs;

use iam_preflight::github::{Client, Event, GithubError};
use serde_json::{Value, json};

use super::{Fake, TOKEN, quick};
use crate::tools::node_package;

const HEAD: &str = "0123456789abcdef0123456789abcdef01234567";
const BASE: &str = "89abcdef0123456789abcdef0123456789abcdef";

fn event(name: &str, payload: &Value, reference: &str, number: Option<u64>) -> Result<Event, GithubError> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("event.json");
    fs::write(&file, payload.to_string()).expect("a file");
    let variable = |wanted: &str| match wanted {
        "GITHUB_REPOSITORY" => Some("o/r".to_owned()),
        "GITHUB_EVENT_NAME" => Some(name.to_owned()),
        "GITHUB_EVENT_PATH" => Some(file.display().to_string()),
        "GITHUB_REF" => Some(reference.to_owned()),
        "GITHUB_SHA" => Some(HEAD.to_owned()),
        _ => None,
    };
    Event::from_environment(&variable, number)
}

/// What is known of the pull request of a run.
#[derive(Debug, PartialEq)]
enum Of {
    /// Its number.
    Number(u64),
    /// A commit, by which it can be looked up.
    Commit,
    /// There is none.
    None,
}

fn of(event: Result<Event, GithubError>) -> Of {
    match event {
        Ok(Event::PullRequest(pull_request)) => Of::Number(pull_request.number),
        Ok(Event::Unnumbered { pull_request, .. }) => {
            assert!(pull_request.head_sha.is_some(), "{pull_request:?}");
            Of::Commit
        }
        Err(GithubError::Context(why)) => {
            assert!(why.contains("the event belongs to no pull request"), "{why}");
            Of::None
        }
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn every_trigger_is_of_a_number_a_commit_or_no_pull_request() {
    let pull = json!({"number": 3, "head": {"sha": HEAD}, "base": {"sha": BASE}});
    let listed = json!([{"number": 3, "base": {"repo": {"id": 7}}}]);
    let main = "refs/heads/main";
    let merge = "refs/pull/3/merge";
    let table: [(&str, Value, &str, Of); 36] = [
        ("branch_protection_rule", json!({"rule": {}}), main, Of::None),
        ("check_run", json!({"check_run": {"head_sha": HEAD, "pull_requests": listed}}), main, Of::Number(3)),
        ("check_run", json!({"check_run": {"head_sha": HEAD, "pull_requests": []}}), main, Of::Commit),
        ("check_suite", json!({"check_suite": {"head_sha": HEAD, "pull_requests": listed}}), main, Of::Number(3)),
        ("create", json!({"ref": "x", "ref_type": "branch"}), "refs/heads/x", Of::None),
        ("delete", json!({"ref": "x", "ref_type": "branch"}), main, Of::None),
        ("deployment", json!({"deployment": {"sha": HEAD}}), main, Of::None),
        ("deployment_status", json!({"deployment": {"sha": HEAD}, "deployment_status": {}}), main, Of::None),
        ("discussion", json!({"discussion": {"number": 3}}), main, Of::None),
        ("discussion_comment", json!({"discussion": {"number": 3}, "comment": {}}), main, Of::None),
        ("fork", json!({"forkee": {}}), main, Of::None),
        ("gollum", json!({"pages": []}), main, Of::None),
        ("issue_comment", json!({"issue": {"number": 3, "pull_request": {}}, "comment": {}}), main, Of::Number(3)),
        ("issue_comment", json!({"issue": {"number": 3}, "comment": {}}), main, Of::None),
        ("issues", json!({"issue": {"number": 3}}), main, Of::None),
        ("label", json!({"label": {}}), main, Of::None),
        (
            "merge_group",
            json!({"merge_group": {"head_sha": HEAD, "head_ref": "refs/heads/gh-readonly-queue/main/pr-3-x", "base_sha": BASE}}),
            "refs/heads/gh-readonly-queue/main/pr-3-x",
            Of::None,
        ),
        ("milestone", json!({"milestone": {"number": 3}}), main, Of::None),
        ("page_build", json!({"build": {}}), main, Of::None),
        ("public", json!({}), main, Of::None),
        ("pull_request", json!({"number": 3, "pull_request": pull}), merge, Of::Number(3)),
        ("pull_request_review", json!({"pull_request": pull, "review": {}}), merge, Of::Number(3)),
        ("pull_request_review_comment", json!({"pull_request": pull, "comment": {}}), merge, Of::Number(3)),
        ("pull_request_target", json!({"number": 3, "pull_request": pull}), main, Of::Number(3)),
        ("push", json!({"after": HEAD, "ref": main}), main, Of::Commit),
        ("push", json!({"after": "0".repeat(40), "deleted": true}), main, Of::None),
        ("registry_package", json!({"registry_package": {}}), main, Of::None),
        ("release", json!({"release": {"tag_name": "v1"}}), "refs/tags/v1", Of::None),
        ("repository_dispatch", json!({"client_payload": {"pull_request": {"number": 9}}}), main, Of::None),
        ("schedule", json!({"schedule": "0 0 * * *"}), main, Of::None),
        ("status", json!({"sha": HEAD, "state": "success"}), main, Of::None),
        ("watch", json!({"action": "started"}), main, Of::None),
        ("workflow_dispatch", json!({"inputs": {}, "ref": "refs/heads/x"}), "refs/heads/x", Of::Commit),
        ("workflow_run", json!({"workflow_run": {"head_sha": HEAD, "pull_requests": listed}}), main, Of::Number(3)),
        // The pull request of a fork into itself is not ours.
        (
            "workflow_run",
            json!({"repository": {"id": 1}, "workflow_run": {"head_sha": HEAD, "pull_requests": listed}}),
            main,
            Of::Commit,
        ),
        ("workflow_run", json!({"workflow_run": {"head_sha": HEAD, "pull_requests": []}}), main, Of::Commit),
    ];
    for (name, payload, reference, expected) in table {
        assert_eq!(of(event(name, &payload, reference, None)), expected, "{name}: {payload}");
        // A number given by hand goes before all.
        assert_eq!(of(event(name, &payload, reference, Some(5))), Of::Number(5), "{name}");
    }
}

#[test]
fn the_commit_of_a_comment_on_a_pull_request_is_asked_for() {
    let fake = Fake::start();
    fake.state().pulls = vec![json!({"number": 3, "state": "open", "head": {"sha": HEAD}, "base": {"sha": BASE}})];
    let client = Client::new(&fake.url, TOKEN, quick()).expect("a client");
    let comment = json!({"issue": {"number": 3, "pull_request": {}}});
    let of_number = |payload: &Value, number| {
        let event = event("issue_comment", payload, "refs/heads/main", number).expect("an event");
        event.resolve(&client)
    };
    let found = of_number(&comment, None).expect("a pull request");
    assert_eq!((found.number, found.head_sha.as_deref(), found.base.as_deref()), (3, Some(HEAD), Some(BASE)));
    // A token that may not read leaves it open; so does a number that nobody knows, and the comment will say so.
    let unknown = of_number(&json!({}), Some(4)).expect("a pull request");
    assert_eq!((unknown.number, unknown.head_sha), (4, None));
    let run_by_hand = event("workflow_dispatch", &json!({"inputs": null}), "refs/heads/x", None).expect("an event");
    assert_eq!(run_by_hand.resolve(&client).map(|found| found.number), Ok(3));
    assert!(fake.state().requests.iter().any(|r| r.ends_with(&format!("/commits/{HEAD}/pulls?per_page=100"))));
}

#[test]
fn of_github_s_own_examples_those_of_pull_requests_have_their_number() {
    let Some(modules) = node_package("@octokit/webhooks-examples") else { return };
    let file = modules.join("@octokit/webhooks-examples/api.github.com/index.json");
    let all: Value = serde_json::from_str(&fs::read_to_string(file).expect("the examples")).expect("JSON");
    let (mut examples, mut numbered) = (0, 0);
    for kind in all.as_array().expect("a list") {
        let name = kind["name"].as_str().expect("a name");
        for payload in kind["examples"].as_array().expect("examples") {
            examples += 1;
            let runs = ["workflow_run", "check_run", "check_suite"].map(|of| &payload[of]);
            let run = runs.into_iter().find(|run| run.is_object());
            let (issue, pull) = (&payload["issue"], &payload["pull_request"]);
            let expected = match () {
                () if issue["pull_request"].is_object() => &issue["number"],
                () if pull.is_object() => &pull["number"],
                // One of the examples lists a pull request of another repository.
                () => run
                    .map(|run| &run["pull_requests"][0])
                    .filter(|pull| pull["base"]["repo"]["id"] == payload["repository"]["id"])
                    .map_or(&Value::Null, |pull| &pull["number"]),
            };
            match of(event(name, payload, "refs/heads/main", None)) {
                Of::Number(number) => {
                    assert_eq!(*expected, number, "{name}");
                    numbered += 1;
                }
                found => {
                    assert_eq!(*expected, Value::Null, "{name}");
                    let has_commit = run.is_some() || ["push", "workflow_dispatch"].contains(&name);
                    assert!(has_commit || found == Of::None, "{name}");
                }
            }
        }
    }
    assert!(examples > 250 && numbered > 45, "{examples} {numbered}");
}
