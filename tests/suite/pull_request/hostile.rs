//! Hostile text in every field of a saved report, as a second workflow would get it from a first one that nobody trusts:
//! rendered by a real renderer, the comment has our own elements and links and no others.

use iam_preflight::github;
use iam_preflight::report::markdown::{COMMENT_LIMIT, Links, is_clean, render};
use serde_json::{Value, json};

use crate::graph::mermaid;
use crate::hostile_text::{rendered, strings};

fn links() -> Links {
    Links {
        repository: Some("https://github.com/o/r".into()),
        commit: Some("0123456789abcdef0123456789abcdef01234567".into()),
        run: Some("https://github.com/o/r/actions/runs/7".into()),
        ..Links::default()
    }
}

/// A report that has the text in all its fields.
fn report(s: &str) -> Value {
    let location =
        json!({"file": s, "start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 9}, "path": [s], "label": s});
    let finding = |blocking: bool, suppressed: Value| {
        json!({"issueCode": s, "findingType": "ERROR", "title": s, "message": s, "blocking": blocking, "suppressed": suppressed,
            "policy": s, "resource": {"id": s, "type": s}, "when": s, "repositoryPath": s, "locations": [location],
            "excerpt": {"firstLine": 2, "lines": [s, s, s]}, "fingerprint": s, "learnMore": s, "evidence": {},
            "fix": {"description": s, "edits": [], "changes": [{"repositoryPath": s, "firstLine": 3, "before": [s], "after": [s]}]}})
    };
    let change = |kind: &str, principals: Value| {
        json!({"change": kind, "subject": {"id": s, "type": s}, "principals": principals, "isPublic": true, "isExternal": true,
            "actions": [{"action": s, "accessLevels": [s], "realActions": 3}], "resources": [s, "r"], "condition": {s: {s: s}},
            "policy": s, "undecided": s, "location": {"file": s, "repositoryPath": s, "line": 3, "column": 1}})
    };
    json!({
        "tool": {"name": "iam-preflight", "version": s, "serviceData": s}, "command": s, "result": "FAIL",
        "inputs": [{"path": s, "error": {"message": s}, "notices": [{"message": s}]}],
        "policies": [{"id": s, "status": "notAnalysable", "gaps": [{"message": s}]}, {"id": s, "status": "partly", "gaps": []}],
        "findings": [
            finding(true, Value::Null), finding(false, Value::Null),
            finding(false, json!({"by": "comment", "reason": s, "expires": s, "rule": s})),
        ],
        "access": {"base": s, "notCompared": [s], "changes": [change("GRANTED", json!([])), change("REVOKED", json!([s]))]},
        "summary": {"policies": {}, "findings": {"ERROR": 2}, "blocking": 1, "suppressed": 1, "baselined": 0},
        "notices": [s],
    })
}

/// The diagram of a comment.
fn diagram(text: &str) -> &str {
    let (_, diagram) = text.split_once("```mermaid\n").expect("a diagram");
    diagram.split_once("```").expect("its end").0
}

#[test]
fn mermaid_draws_the_diagram_of_every_comment_and_obeys_nothing_in_it() {
    let texts: Vec<String> =
        strings().iter().map(|s| diagram(&render(&report(s), &links(), COMMENT_LIMIT)).to_owned()).collect();
    let Some(drawn) = mermaid(&texts) else { return };
    assert_eq!(drawn.len(), texts.len(), "nothing is requested: {drawn:?}");
    for (text, drawn) in texts.iter().zip(&drawn) {
        assert_eq!((&drawn["error"], &drawn["foreign"]), (&Value::Null, &json!([])), "{text}");
        let count = |of: &str| drawn[of].as_array().map_or(0, Vec::len);
        let nodes = text.lines().filter(|line| line.starts_with("  n") && line.contains("[\"")).count();
        let edges = text.lines().filter(|line| line.contains("|\"")).count();
        assert_eq!(count("nodes"), nodes, "{text}");
        // An arrow from a node to itself is drawn in parts.
        assert!(count("edges") >= edges, "{text}");
    }
}

#[test]
fn a_comment_holds_no_element_link_or_mention_that_is_not_ours() {
    let all = strings();
    let texts: Vec<String> = all.iter().map(|s| render(&report(s), &links(), COMMENT_LIMIT)).collect();
    for (text, s) in texts.iter().zip(&all) {
        assert!(text.len() <= COMMENT_LIMIT);
        assert!(!is_clean(&report(s)));
        // The diagram: each line of it is one of ours.
        for line in diagram(text).lines() {
            let label = |l: &str| !l.contains(['"', '`', '<', '>', '%', '{', '}', '[', ']', '(', ')', '|', '\\', '@']);
            let fits = match line.trim().split_once('"') {
                None => line == "flowchart LR" || line.starts_with("  linkStyle "),
                Some((start, rest)) => {
                    let start_fits = start.starts_with('n') && start.ends_with(['[', '|']) && start.len() < 20;
                    start_fits
                        && rest
                            .rsplit_once('"')
                            .is_some_and(|(l, end)| label(l) && (end == "]" || end.starts_with("| n")))
                }
            };
            assert!(fits, "{line:?} of {s:?}");
        }
    }
    let Some([answers, _]) = rendered(&texts, &[]) else { return };
    let ours = [
        "h3",
        "h4",
        "p",
        "strong",
        "em",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "pre",
        "details",
        "summary",
        "sub",
        "ul",
        "li",
        "blockquote",
        "a",
        "br",
    ];
    for ((elements, _), s) in answers.iter().zip(&all) {
        assert!(elements.len() > 50, "{s:?}: {}", elements.len());
        let details = elements.iter().filter(|e| e[0] == "details").count();
        // One finding, and six folds: graph, others, not analysed, suppressed, about the run.
        assert_eq!(details, 6, "{s:?}");
        for element in elements {
            let name = element[0].as_str().expect("a name");
            assert!(ours.contains(&name), "{element} of {s:?}");
            if name == "a" {
                let address = element[1]["href"].as_str().expect("an address");
                let own = ["blob/0123456789abcdef", "commit/0123456789abcdef", "actions/runs/7"];
                let own = own.iter().any(|o| address.starts_with(&format!("https://github.com/o/r/{o}")));
                assert!(own && !address.contains([' ', '"', '<']), "{element} of {s:?}");
            }
        }
    }
}

#[test]
fn a_comment_has_one_marker_in_its_first_line() {
    for s in strings() {
        let key = github::marker(&s);
        assert!(
            key.starts_with("<!-- iam-preflight:") && key.matches("-->").count() == 1 && key.lines().count() == 1,
            "{s:?}: {key}"
        );
        let text = render(&report(&s), &links(), COMMENT_LIMIT);
        assert!(!text.lines().any(|line| line.trim_start().starts_with("<!-- iam-preflight")), "{s:?}");
    }
}
