//! The action's script, run as a workflow runs it: inputs in the environment, odd ones above all.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::binary::root;

const CLEAN: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}]}"#;

fn action(folder: &Path, inputs: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command.arg(root().join("scripts/action/validate.sh")).current_dir(folder);
    command.env("INPUT_BINARY", env!("CARGO_BIN_EXE_iam-preflight"));
    command.env("INPUT_POLICY_CHECK_TYPE", "VALIDATE_POLICY");
    command.env("GITHUB_OUTPUT", folder.join("output")).env("RUNNER_TEMP", folder).env_remove("GITHUB_WORKSPACE");
    command.envs(inputs.iter().copied());
    command.output().expect("bash runs")
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn paths_with_spaces_quotes_and_shell_syntax_are_paths() {
    let folder = tempfile::tempdir().expect("a folder");
    let names =
        ["a b.json", "it's \"quoted\".json", "$(touch owned).json", "`touch owned`;touch owned.json", "-v.json"];
    for name in names {
        fs::write(folder.path().join(name), CLEAN).expect("a file");
    }
    let result = action(folder.path(), &[("INPUT_TEMPLATE_PATH", &format!("\n  {}  \r\n\n", names.join("\n")))]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    assert!(!folder.path().join("owned").exists());
    let out = String::from_utf8_lossy(&result.stdout).into_owned();
    assert!(out.contains("5 policies of 5 inputs"), "{out}");
    let outputs = fs::read_to_string(folder.path().join("output")).expect("outputs");
    assert!(outputs.starts_with("exit-code=0\nreport=") && outputs.contains("\"BlockingFindings\": []"), "{outputs}");
}

#[test]
fn a_value_with_shell_syntax_or_commands_of_the_runner_is_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN.replace("GetObject", "GetObjct")).expect("a file");
    let inputs = [
        ("INPUT_TEMPLATE_PATH", "p.json"),
        ("INPUT_IGNORE_FINDING", "$(touch owned),a b,INVALID_ACTION"),
        ("INPUT_PARAMETERS", "A=1 B=2"),
        ("INPUT_REGION", "eu-west-1; touch owned"),
    ];
    let result = action(folder.path(), &inputs);
    assert_eq!(code(&result), Some(0), "{result:?}");
    assert!(!folder.path().join("owned").exists());
    let bad =
        action(folder.path(), &[("INPUT_TEMPLATE_PATH", "p.json"), ("INPUT_REQUIRE_POLICIES", "yes\n::error::owned")]);
    assert_eq!(code(&bad), Some(2));
    let out = String::from_utf8_lossy(&bad.stdout).into_owned();
    assert_eq!(out.lines().count(), 1, "{out}");
}

#[test]
fn the_exit_code_is_that_of_the_tool() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN.replace("GetObject", "GetObjct")).expect("a file");
    let with = |inputs: &[(&str, &str)]| {
        let inputs: Vec<_> = [("INPUT_TEMPLATE_PATH", "p.json")].iter().chain(inputs).copied().collect();
        code(&action(folder.path(), &inputs))
    };
    assert_eq!(with(&[]), Some(1));
    assert_eq!(with(&[("INPUT_TREAT_FINDINGS_AS_NON_BLOCKING", "True")]), Some(0));
    assert_eq!(with(&[("INPUT_TEMPLATE_PATH", "none.json")]), Some(2));
    assert_eq!(with(&[("INPUT_POLICY_CHECK_TYPE", "CHECK_NO_PUBLIC_ACCESS")]), Some(2));
}

#[test]
fn no_input_is_part_of_a_script() {
    let text = fs::read_to_string(root().join("action.yml")).expect("action.yml");
    let (_, runs) = text.split_once("\nruns:").expect("runs");
    for line in runs.lines().filter(|l| l.contains("${{")) {
        assert!(line.trim_start().starts_with("INPUT_"), "{line}");
    }
    // Each input reaches the script.
    let (inputs, _) = text.split_once("\noutputs:").expect("outputs");
    let names = inputs.lines().filter_map(|l| l.strip_prefix("  ").and_then(|l| l.strip_suffix(':')));
    for name in names.filter(|n| !n.starts_with(' ')) {
        assert!(runs.contains(&format!("${{{{ inputs.{name} }}}}")), "{name}");
    }
}
