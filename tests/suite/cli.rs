//! The command line: inputs of all kinds, bad ones above all; options; exit codes.

use std::fs;

use serde_json::json;

use crate::binary::{codes, iam_preflight, in_folder, json, run};

const MISSPELT: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObjct", "Resource": "*"}
]}"#;
const CLEAN: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}
]}"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn a_policy_document_is_validated_from_a_file_and_from_standard_input_alike() {
    let folder = folder(&[("p.json", MISSPELT)]);
    let args = ["--policy-type", "IDENTITY_POLICY", "--format", "json"];
    let file = run(in_folder(folder.path()).args(["validate", "p.json"]).args(args));
    let stdin = run(in_folder(folder.path()).args(["validate", "-"]).args(args).write_stdin(MISSPELT));
    for result in [file, stdin] {
        assert_eq!(result.code, 1, "{result:?}");
        let report = json(&result);
        assert_eq!(codes(&report), ["INVALID_ACTION"]);
        assert_eq!(report["findings"][0]["locations"][0]["path"], json!(["Statement", 0, "Action"]));
        assert_eq!(report["findings"][0]["locations"][0]["start"], json!({"line": 2, "column": 48, "offset": 88}));
    }
}

#[test]
fn a_clean_document_ends_with_0_and_a_tally() {
    let folder = folder(&[("p.json", CLEAN)]);
    let result = run(in_folder(folder.path()).args(["validate", "p.json"]));
    assert_eq!(result.code, 0, "{result:?}");
    assert!(result.out.contains("no findings\nchecked 1 policy in 1 input"), "{}", result.out);
}

#[test]
fn bad_inputs_are_named_with_their_cause_and_the_others_are_analysed() {
    let folder =
        folder(&[("good.json", MISSPELT), ("empty.json", " \n"), ("text.txt", "hello: [1"), ("other.json", "[1]")]);
    fs::write(folder.path().join("latin.yaml"), b"a: 1\nb: \xE9\n").expect("a file");
    fs::write(folder.path().join("zeros.json"), [0u8; 64]).expect("a file");
    let deep = format!("{{\"Resources\": {}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    fs::write(folder.path().join("deep.json"), deep).expect("a file");
    let names =
        ["good.json", "empty.json", "text.txt", "other.json", "latin.yaml", "zeros.json", "deep.json", "none.json"];
    let result = run(in_folder(folder.path()).arg("validate").args(names).args(["--format", "json"]));
    assert_eq!(result.code, 2, "{result:?}");
    let report = json(&result);
    assert_eq!(codes(&report), ["INVALID_ACTION"]);
    let inputs = report["inputs"].as_array().expect("inputs");
    assert_eq!(inputs.len(), names.len());
    let error = |name: &str| {
        let input = inputs.iter().find(|i| i["path"] == name).expect("listed");
        input["error"]["message"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(error("good.json"), "");
    assert_eq!(error("empty.json"), "the file is empty");
    assert!(error("other.json").starts_with("neither a CloudFormation template"), "{}", error("other.json"));
    assert_eq!(error("latin.yaml"), "line 2: byte 8 is not UTF-8");
    assert!(!error("zeros.json").is_empty() && !error("text.txt").is_empty());
    assert!(error("deep.json").contains("200 levels"), "{}", error("deep.json"));
    assert_eq!(error("none.json"), "no such file or folder");
}

#[test]
fn sources_that_are_no_hcl_are_an_error_at_their_line_and_the_plan_is_analysed() {
    let plan = json!({
        "format_version": "1.2",
        "resource_changes": [{
            "address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p",
            "change": {"actions": ["create"], "before": null, "after": {"policy": MISSPELT}, "after_unknown": {}},
        }],
    });
    let folder =
        folder(&[("plan.json", &plan.to_string()), ("main.tf", "resource \"aws_iam_policy\" \"p\" {\n  policy = (\n")]);
    let result = run(in_folder(folder.path()).args(["validate", "plan.json", "--format", "json"]));
    assert_eq!(result.code, 2, "{result:?}");
    let report = json(&result);
    assert_eq!(codes(&report), ["INVALID_ACTION"]);
    let error = &report["inputs"][0]["error"];
    assert!(error["location"]["file"].as_str().is_some_and(|f| f.ends_with("main.tf")), "{error}");
    assert!(error["location"]["start"]["line"].as_u64() >= Some(2), "{error}");
}

#[test]
fn an_input_over_the_limit_is_not_read() {
    let folder = folder(&[]);
    let file = fs::File::create(folder.path().join("big.json")).expect("a file");
    file.set_len(3 << 20).expect("a sparse file");
    let result = run(in_folder(folder.path()).args(["validate", "big.json", "--max-input-size", "1"]));
    assert_eq!(result.code, 2);
    assert!(result.out.contains("big.json: 3 MiB or more is over the limit of 1 MiB"), "{}", result.out);
}

#[test]
fn a_folder_is_searched_and_what_is_none_of_ours_is_counted() {
    let folder = folder(&[
        ("a/p.json", MISSPELT),
        ("a/package.json", r#"{"name": "x"}"#),
        ("a/readme.md", "text"),
        ("a/broken.yaml", "a: [1"),
        (".gitignore", "ignored/"),
        ("ignored/p.json", MISSPELT),
    ]);
    let result = run(in_folder(folder.path()).args(["validate", ".", "--format", "json"]));
    assert_eq!(result.code, 1, "{result:?}");
    let report = json(&result);
    assert_eq!(report["inputs"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["inputs"][0]["path"], "a/p.json");
    assert_eq!(report["summary"]["passedOver"], 3);
}

#[test]
fn a_glob_finds_files_and_one_that_finds_none_is_an_error() {
    let folder = folder(&[("a/p.json", MISSPELT), ("b/q.json", CLEAN), ("b/r.txt", MISSPELT)]);
    let result = run(in_folder(folder.path()).args(["validate", "**/*.json", "a/p.json", "--format", "json"]));
    let report = json(&result);
    let paths: Vec<_> = report["inputs"].as_array().expect("inputs").iter().map(|i| i["path"].clone()).collect();
    assert_eq!(paths, ["a/p.json", "b/q.json"]);
    assert_eq!(run(in_folder(folder.path()).args(["validate", "*.yaml"])).code, 2);
}

#[test]
fn what_blocks_decides_the_exit_code() {
    let folder = folder(&[("p.json", MISSPELT), ("none.txt", "x"), ("d/x.md", "x")]);
    let code = |args: &[&str]| run(in_folder(folder.path()).arg("validate").args(args)).code;
    assert_eq!(code(&["p.json"]), 1);
    assert_eq!(code(&["p.json", "--findings-exit-code", "7"]), 7);
    assert_eq!(code(&["p.json", "--treat-finding-type-as-blocking", "none"]), 0);
    assert_eq!(code(&["p.json", "--treat-finding-type-as-blocking", "WARNING,SUGGESTION"]), 0);
    assert_eq!(code(&["p.json", "none.txt"]), 2);
    assert_eq!(code(&["d"]), 0);
    assert_eq!(code(&["d", "--require-policies"]), 3);
    assert_eq!(code(&["p.json", "--no-such-option"]), 2);
}

#[test]
fn ignored_findings_are_counted_and_do_not_block() {
    let folder = folder(&[("p.json", MISSPELT)]);
    for rule in ["invalid_action", "p.json", "p.json.INVALID_ACTION"] {
        let result =
            run(in_folder(folder.path()).args(["validate", "p.json", "--format", "json", "--ignore-finding", rule]));
        assert_eq!(result.code, 0, "{result:?}");
        let report = json(&result);
        assert_eq!(report["summary"]["suppressed"], 1);
        assert_eq!(report["findings"][0]["suppressed"]["rule"], rule);
    }
    let unused = run(in_folder(folder.path()).args(["validate", "p.json", "--ignore-finding", "OTHER"]));
    assert!(unused.out.contains("note: the rule `OTHER` of ignore-finding matches no finding"), "{}", unused.out);
}

#[test]
fn a_baseline_holds_when_lines_move_and_not_for_new_findings() {
    let folder = folder(&[("p.json", MISSPELT)]);
    let validate =
        |args: &[&str]| run(in_folder(folder.path()).args(["validate", "p.json", "--format", "json"]).args(args));
    assert_eq!(validate(&["--write-baseline", "b.json"]).code, 1);
    let first = json(&validate(&[]))["findings"][0]["fingerprint"].clone();
    let moved = MISSPELT.replace("\"Statement\": [", "\"Statement\": [\n\n  {\"Sid\": \"New\", \"Effect\": \"Deny\", \"Action\": \"s3:PutObject\", \"Resource\": \"arn:aws:s3:::example/*\"},\n");
    fs::write(folder.path().join("p.json"), moved).expect("a file");
    let again = validate(&["--baseline", "b.json"]);
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(json(&again)["findings"][0]["fingerprint"], first);
    assert_eq!(json(&again)["summary"]["baselined"], 1);
    fs::write(folder.path().join("p.json"), MISSPELT.replace("GetObjct", "PutObjct")).expect("a file");
    assert_eq!(validate(&["--baseline", "b.json"]).code, 1);
    fs::write(folder.path().join("b.json"), "{}").expect("a file");
    assert_eq!(validate(&["--baseline", "b.json"]).code, 2);
}

#[test]
fn the_configuration_gives_options_and_reasons_and_unknown_keys_are_named() {
    let folder = folder(&[
        ("p.json", MISSPELT),
        (
            ".iam-preflight.yaml",
            "ignore-finding:\n  - finding: INVALID_ACTION\n    reason: on purpose\n    expires: 2999-01-01\n",
        ),
    ]);
    let validate =
        |args: &[&str]| run(in_folder(folder.path()).args(["validate", "p.json", "--format", "json"]).args(args));
    let result = validate(&[]);
    assert_eq!(json(&result)["findings"][0]["suppressed"]["reason"], "on purpose");
    assert_eq!(validate(&["--no-config"]).code, 1);
    let config = |text: &str| fs::write(folder.path().join(".iam-preflight.yaml"), text).expect("a file");
    config("ignore-finding:\n  - finding: INVALID_ACTION\n    expires: 2001-01-01\n");
    let expired = validate(&[]);
    assert_eq!(expired.code, 1);
    assert!(expired.out.contains("expired on 2001-01-01"), "{}", expired.out);
    config("regoin: eu-west-1\n");
    let unknown = validate(&[]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.contains(":1:1: unknown key `regoin`") && unknown.err.contains("did you mean `region`?"),
        "{}",
        unknown.err
    );
    config("strict: maybe\n");
    assert!(validate(&[]).err.contains("`strict` is `true` or `false`"));
    config("treat-finding-type-as-blocking: [NONE]\n");
    assert_eq!(validate(&[]).code, 0);
    assert_eq!(validate(&["--treat-finding-type-as-blocking", "ERROR"]).code, 1);
}

#[test]
fn fixes_are_shown_and_made() {
    let folder = folder(&[("p.json", MISSPELT)]);
    let diff = run(in_folder(folder.path()).args(["validate", "p.json", "--diff"]));
    assert!(
        diff.out.contains("-  {\"Sid\": \"Read\", \"Effect\": \"Allow\", \"Action\": \"s3:GetObjct\""),
        "{}",
        diff.out
    );
    assert_eq!(fs::read_to_string(folder.path().join("p.json")).expect("a file"), MISSPELT);
    assert_eq!(run(in_folder(folder.path()).args(["validate", "p.json", "--fix"])).code, 1);
    let fixed = fs::read_to_string(folder.path().join("p.json")).expect("a file");
    assert_eq!(fixed, MISSPELT.replace("GetObjct", "GetObject"));
    assert_eq!(run(in_folder(folder.path()).args(["validate", "p.json"])).code, 0);
}

#[test]
fn timings_name_each_check_with_its_findings_on_the_terminal_alone() {
    let folder = folder(&[("a.json", MISSPELT), ("b.json", MISSPELT)]);
    let terminal = run(in_folder(folder.path()).args(["validate", ".", "--timings"])).out;
    let by_check = terminal.split_once("by check, added up over the threads:\n").expect("times by check").1;
    let times: Vec<f64> =
        by_check.lines().map(|l| l.trim().split_once(" ms").expect("ms").0.parse().expect("a number")).collect();
    assert!(times.len() > 50 && times.is_sorted_by(|a, b| a >= b), "{by_check}");
    assert!(by_check.contains(" ms  INVALID_ACTION: 2 findings\n"), "{by_check}");
    assert!(by_check.contains(" ms  MISSING_VERSION: 0 findings\n"), "{by_check}");
    assert!(!run(in_folder(folder.path()).args(["validate", "."])).out.contains("by check"));
    let report = json(&run(in_folder(folder.path()).args(["validate", ".", "--timings", "--format", "json"])));
    assert_eq!(report["timings"].as_array().expect("steps").len(), 2);
}

#[test]
fn version_tells_the_date_of_the_service_data() {
    let result = run(iam_preflight().arg("--version"));
    let date =
        result.out.trim().strip_prefix("iam-preflight 0.1.0 (service data of ").and_then(|r| r.strip_suffix(')'));
    assert!(date.is_some_and(|d| d.len() == 10 && d.starts_with("20")), "{result:?}");
}

#[test]
fn checks_lists_every_check_and_explain_explains_it() {
    let list: serde_json::Value =
        serde_json::from_str(&run(iam_preflight().args(["checks", "--format", "json"])).out).expect("JSON");
    let checks = list.as_array().expect("an array");
    assert_eq!(checks.len(), iam_preflight::checks::registry().count());
    let explained = run(iam_preflight().args(["explain", "missing-version"]));
    assert_eq!(explained.code, 0);
    assert!(
        explained.out.starts_with("# MISSING_VERSION: ") && explained.out.contains("## Why it matters"),
        "{}",
        explained.out
    );
    let unknown = run(iam_preflight().args(["explain", "MISING_VERSION"]));
    assert_eq!(unknown.code, 2);
    assert!(unknown.err.contains("did you mean `MISSING_VERSION`?"), "{}", unknown.err);
}

#[test]
fn completions_are_printed_for_each_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let result = run(iam_preflight().args(["completions", shell]));
        assert!(result.code == 0 && result.out.contains("validate"), "{shell}");
    }
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let mut child = Command::new(env!("CARGO_BIN_EXE_iam-preflight"))
        .args(["checks", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().expect("standard error").read_to_string(&mut err).expect("UTF-8");
    assert_eq!((child.wait().expect("an end").code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_policy_string_that_is_not_json_is_a_finding_at_its_place_and_the_other_policies_go_on() {
    let template = concat!(
        "Resources:\n  D:\n    Type: AWS::Logs::ResourcePolicy\n    Properties:\n      PolicyName: x\n",
        "      PolicyDocument: '{\"Statement\": [}'\n",
        "  M:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Version: 2012-10-17\n",
        "        Statement: [{Effect: Allow, Action: 's3:GetObjct', Resource: '*'}]\n",
    );
    let folder = folder(&[("t.yaml", template)]);
    let result = run(in_folder(folder.path()).args(["validate", "t.yaml", "--format", "json"]));
    let report = json(&result);
    assert_eq!(codes(&report), ["JSON_SYNTAX_ERROR", "INVALID_ACTION"], "{result:?}");
    assert_eq!(report["findings"][0]["locations"][0]["start"]["line"], 6);
    assert_eq!(report["summary"]["policies"]["notAnalysable"], 1);
}

#[test]
fn a_condition_that_depends_on_itself_is_an_error_even_when_nothing_uses_it() {
    let template = "Conditions:\n  a: !Condition b\n  b: !Condition a\nResources:\n  B: {Type: 'AWS::S3::Bucket'}\n";
    let folder = folder(&[("t.yaml", template)]);
    let result = run(in_folder(folder.path()).args(["validate", "t.yaml", "--format", "concise"]));
    assert_eq!(result.code, 2, "{result:?}");
    assert!(result.out.contains("t.yaml:3:6: error: condition `a` depends on itself"), "{}", result.out);
}

#[cfg(feature = "guard")]
#[test]
fn the_organisation_s_rules_are_findings_at_the_place_they_are_about() {
    let rules =
        "rule no_star when policies !empty {\n  policies[*].statements[*].resources[*] != \"*\" <<name them>>\n}\n";
    let folder = folder(&[("p.json", MISSPELT), ("rules/r.guard", rules), ("bad.guard", "rule {")]);
    let result = run(in_folder(folder.path()).args(["validate", "p.json", "--rules", "rules", "--format", "json"]));
    let report = json(&result);
    assert_eq!(codes(&report), ["INVALID_ACTION", "no_star"], "{result:?}");
    assert_eq!(report["findings"][1]["locations"][0]["path"], json!(["Statement", 0, "Resource"]));
    let result = run(in_folder(folder.path()).args(["validate", "p.json", "--rules", "bad.guard"]));
    assert_eq!(result.code, 2);
    assert!(result.err.contains("bad.guard"), "{}", result.err);
}

#[cfg(feature = "github")]
#[test]
fn a_saved_report_becomes_a_comment_s_text() {
    let folder = folder(&[("p.json", MISSPELT)]);
    run(in_folder(folder.path()).args(["validate", "p.json", "--output", "json=r.json"]));
    let result = run(in_folder(folder.path()).args(["comment", "--report", "r.json", "--key", "k", "--dry-run"]));
    assert_eq!(result.code, 0, "{result:?}");
    assert!(
        result.out.starts_with("<!-- iam-preflight:k -->\n### iam-preflight: ❌ 1 blocking finding\n"),
        "{}",
        result.out
    );
    assert!(result.out.contains("<code>p.json&#58;2</code>"), "{}", result.out);
}
