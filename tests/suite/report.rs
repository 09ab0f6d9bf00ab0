//! The forms of the report: the JSON schema, what each form does with hostile text, and what people see.

use std::fs;

use serde_json::Value;

use crate::binary::{iam_preflight, in_folder, json, root, run};

const EXAMPLE: &str = "examples/policies/developer.json";

/// Fails with every departure from the schema.
pub fn hold_to_schema(report: &Value) {
    let schema: Value =
        serde_json::from_str(&fs::read_to_string(root().join("docs/report.schema.json")).expect("the schema"))
            .expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let errors: Vec<String> = validator.iter_errors(report).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// A document whose names would be obeyed by a terminal, a workflow runner or a reader's eyes.
const HOSTILE: &str = concat!(
    r#"{"Version": "2012-10-17", "Statement": [{"Sid": "x\u001b[31m\n::error::owned\u202e", "Effect": "Allow", "#,
    "\"Action\": \"s3:Get\\u001b]0;title\\u0007\\r\\n::set-output name=a::b\u{202e}\u{9b}31m\", \"Resource\": \"*\"}]}"
);

fn hostile(format: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), HOSTILE).expect("a file");
    run(in_folder(folder.path()).args(["validate", "p.json", "--format", format])).out
}

#[test]
fn reports_meet_their_schema_with_findings_errors_and_suppressions() {
    for args in [
        &["validate", EXAMPLE][..],
        &["validate", EXAMPLE, "--ignore-finding", "INVALID_ACTION", "--timings", "--strict"],
        &["validate", EXAMPLE, "no-such-file.yaml", "Cargo.toml"],
        &["parse", EXAMPLE],
        &["validate", "examples/policies", "--policy-type", "SERVICE_CONTROL_POLICY"],
    ] {
        hold_to_schema(&json(&run(iam_preflight().args(args).args(["--format", "json"]))));
    }
}

#[test]
fn hostile_text_reaches_no_terminal() {
    for format in ["terminal", "concise", "github"] {
        let out = hostile(format);
        assert!(!out.is_empty());
        let bad: Vec<char> =
            out.chars().filter(|c| (c.is_control() && *c != '\n') || matches!(c, '\u{202e}' | '\u{9b}')).collect();
        assert!(bad.is_empty(), "{format}: {bad:?}\n{out}");
    }
}

#[test]
fn hostile_text_is_no_workflow_command() {
    let out = hostile("github");
    let mut stopped = None;
    for line in out.lines() {
        match (&stopped, line.strip_prefix("::")) {
            (None, Some(rest)) => match rest.strip_prefix("stop-commands::") {
                Some(token) => stopped = Some(format!("{token}::")),
                None => assert!(rest.starts_with("error file=p.json,"), "{line}"),
            },
            (Some(token), Some(rest)) if rest == token => stopped = None,
            _ => {}
        }
    }
    assert_eq!(stopped, None, "the token is given back");
}

#[test]
fn annotations_are_capped_for_each_level_and_name_files_from_the_workspace() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("sub")).expect("a folder");
    let statements: Vec<String> = (0..25)
        .map(|i| format!(r#"{{"Sid": "S{i}", "Effect": "Allow", "Action": "s3:Nope{i}", "Resource": "*"}}"#))
        .collect();
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(",\n"));
    fs::write(folder.path().join("sub/p.json"), text).expect("a file");
    let mut command = in_folder(&folder.path().join("sub"));
    let out =
        run(command.env("GITHUB_WORKSPACE", folder.path()).args(["validate", "p.json", "--format", "github"])).out;
    let errors: Vec<&str> = out.lines().filter(|l| l.starts_with("::error ")).collect();
    assert_eq!(errors.len(), 10, "{out}");
    assert!(errors[0].starts_with("::error file=sub/p.json,"), "{}", errors[0]);
    assert!(errors[9].contains("+16 more annotations"), "{}", errors[9]);
}

#[test]
fn without_a_utf8_locale_the_terminal_form_is_ascii() {
    let mut command = iam_preflight();
    let out = run(command.env("LANG", "C").args(["validate", EXAMPLE])).out;
    assert!(out.is_ascii(), "{out}");
    let colored = run(iam_preflight().args(["validate", EXAMPLE, "--color", "always"])).out;
    assert!(colored.contains("\u{1b}["));
    let plain = run(iam_preflight().env("NO_COLOR", "1").args(["validate", EXAMPLE])).out;
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn several_reports_are_written_in_one_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let (json_file, aws_file) = (folder.path().join("r.json"), folder.path().join("a.json"));
    let outputs = [format!("json={}", json_file.display()), format!("aws={}", aws_file.display())];
    let result = run(iam_preflight().args([
        "validate",
        EXAMPLE,
        "--format",
        "concise",
        "--output",
        &outputs[0],
        "--output",
        &outputs[1],
    ]));
    assert!(result.out.starts_with("examples/policies/developer.json:"), "{}", result.out);
    let report: Value = serde_json::from_str(&fs::read_to_string(json_file).expect("a file")).expect("JSON");
    hold_to_schema(&report);
    let aws: Value = serde_json::from_str(&fs::read_to_string(aws_file).expect("a file")).expect("JSON");
    let count = |key: &str| aws[key].as_array().map(Vec::len).expect("a list");
    assert_eq!(count("BlockingFindings") as u64, report["summary"]["blocking"].as_u64().expect("a number"));
    assert_eq!(
        count("BlockingFindings") + count("NonBlockingFindings"),
        report["findings"].as_array().expect("findings").len()
    );
}
