use super::*;
use serde_json::json;

fn report(findings: Value) -> Value {
    json!({
        "tool": {"version": "0.1.0", "serviceData": "2026-01-02"}, "command": "validate", "result": "FAIL",
        "inputs": [{"path": "bad.yaml", "error": {"message": "document is empty"}, "notices": []}],
        "policies": [], "findings": findings,
        "summary": {"policies": {"analysed": 2, "partly": 0, "notAnalysable": 1}, "blocking": 1,
                    "findings": {"ERROR": 1, "SECURITY_WARNING": 0, "WARNING": 0, "SUGGESTION": 1}},
    })
}

fn finding(kind: &str, message: &str) -> Value {
    json!({"findingType": kind, "issueCode": "X", "message": message, "title": "T", "blocking": kind == "ERROR",
           "suppressed": null, "repositoryPath": "t.yaml", "locations": [{"file": "t.yaml", "start": {"line": 3}}]})
}

fn links() -> Links {
    Links {
        repository: Some("https://github.com/o/r".to_owned()),
        commit: Some("0123456789abcdef".to_owned()),
        run: Some("https://github.com/o/r/actions/runs/1".to_owned()),
        ..Links::default()
    }
}

#[test]
fn the_most_severe_come_first_and_the_unread_input_is_named() {
    let text =
        render(&report(json!([finding("SUGGESTION", "later"), finding("ERROR", "first")])), &links(), COMMENT_LIMIT);
    assert!(text.starts_with("### iam-preflight: ❌ 1 blocking finding\n"), "{text}");
    assert!(text.find("first").unwrap() < text.find("later").unwrap(), "{text}");
    assert!(text.contains("`bad.yaml`: document is empty"), "{text}");
    assert!(text.contains("https://github.com/o/r/blob/0123456789abcdef/t.yaml#L3"), "{text}");
    let alone = render(&report(json!([finding("ERROR", "first")])), &Links::default(), COMMENT_LIMIT);
    assert!(!alone.contains("href") && alone.contains("t.yaml&#58;3"), "{alone}");
}

#[test]
fn what_does_not_fit_goes_from_the_least_severe_on_and_is_counted() {
    let mut all: Vec<Value> =
        (0..1_000).map(|i| finding("WARNING", &format!("warning number {i} {}", "é".repeat(40)))).collect();
    all.extend((0..100).map(|i| finding("SUGGESTION", &format!("suggestion number {i}"))));
    all.push(finding("ERROR", "the error"));
    let text = render(&report(Value::Array(all)), &links(), COMMENT_LIMIT);
    assert!(text.len() <= COMMENT_LIMIT && text.len() > COMMENT_LIMIT / 2, "{}", text.len());
    assert!(text.contains("the error") && text.contains("warning number 0 ") && !text.contains("warning number 999"));
    assert!(!text.contains("suggestion number"));
    assert!(
        text.contains("entries left out")
            && text.contains("[summary of the run](https://github.com/o/r/actions/runs/1)")
    );
    assert!(text.trim_end().ends_with("</sub>"), "the footer stays");
}

#[test]
fn many_blocking_findings_become_a_list_before_any_goes() {
    let all: Vec<Value> =
        (0..300).map(|i| finding("ERROR", &format!("error number {i} is {}", "x".repeat(400)))).collect();
    let text = render(&report(Value::Array(all)), &links(), COMMENT_LIMIT);
    assert!(text.len() <= COMMENT_LIMIT);
    assert!(text.contains("error number 0 is") && !text.contains("error number 299 is"));
    let shown = text.matches("❌ <code>X</code>").count() + text.matches("❌ `X`").count();
    assert_eq!(shown, 300, "each is still there");
    assert!(text.matches("<details").count() == text.matches("</details>").count());
}

#[test]
fn access_that_changes_is_a_table_and_a_graph() {
    let change = |kind: &str, public: bool, resource: &str| {
        json!({"change": kind, "subject": {"id": "Worker", "type": "AWS::IAM::Role"}, "principals": [], "isPublic": public,
               "isExternal": false, "actions": [{"action": "s3:Get*", "accessLevels": ["Read", "List"], "realActions": 40}],
               "resources": [resource], "condition": null, "policy": "Inline", "undecided": null,
               "location": {"file": "t.yaml", "repositoryPath": "t.yaml", "line": 4, "column": 1}})
    };
    let mut report = report(json!([]));
    report["access"] = json!({"base": "git:origin/main", "notCompared": [],
        "changes": [change("REVOKED", false, "a"), change("GRANTED", false, "b\"]; click"), change("GRANTED", true, "c")]});
    let text = render(&report, &links(), COMMENT_LIMIT);
    assert!(text.contains("2 grants of access are new, 1 is revoked against `git:origin/main`."), "{text}");
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("| ➕") || l.starts_with("| ➖")).collect();
    assert!(
        rows[0].contains("**public**") && rows[0].contains("`s3:Get*` (40 actions)<br><sub>Read\\, List</sub> | `c`"),
        "{rows:?}"
    );
    assert!(rows[2].starts_with("| ➖"), "{rows:?}");
    assert!(text.contains("```mermaid\nflowchart LR\n  n0[\"Worker\"]\n"), "{text}");
    assert!(text.contains("[\"b#34;#93;#59; click\"]"), "{text}");
    assert!(!is_clean(&report));
    let keys: serde_json::Map<String, Value> =
        (0..40).map(|i| (format!("aws:PrincipalTag/k{i}"), json!(["a", "b"]))).collect();
    report["access"]["changes"][0]["condition"] = json!({"StringEquals": keys});
    let text = render(&report, &links(), COMMENT_LIMIT);
    assert!(
        text.contains("`aws:PrincipalTag/k0` StringEquals `a`, `b`<br>") && text.contains("<br>32 more keys |"),
        "{text}"
    );
    report["access"]["changes"] = json!([]);
    assert!(render(&report, &links(), COMMENT_LIMIT).contains("Access does not change against `git:origin/main`."));
}

#[test]
fn a_finding_shows_its_lines_and_its_fix() {
    let mut finding = finding("ERROR", "wrong");
    finding["excerpt"] = json!({"firstLine": 2, "lines": ["a: ```", "b: \t1", "c"]});
    finding["fix"] = json!({"description": "change it", "edits": [],
        "changes": [{"repositoryPath": "t.yaml", "firstLine": 3, "before": ["b: 1"], "after": ["b: 2", "</details>"]}]});
    let text = render(&report(json!([finding])), &links(), COMMENT_LIMIT);
    assert!(text.contains("\n````\n     2 │ a: ```\n>    3 │ b:     1\n     4 │ c\n````\n"), "{text}");
    assert!(text.contains("\n```diff\n@@ -3,1 +3,2 @@\n-b: 1\n+b: 2\n+</details>\n```\n"), "{text}");
}

#[test]
fn a_report_of_another_shape_is_rendered_all_the_same() {
    for report in [
        json!({}),
        json!({"findings": 3, "inputs": [1, null], "policies": {"a": 1}, "access": {"changes": [null, 7]}}),
        json!(null),
    ] {
        let text = render(&report, &links(), COMMENT_LIMIT);
        assert!(text.starts_with("### iam-preflight"), "{text}");
    }
    assert!(render(&json!({}), &links(), 40).len() <= 40);
}
