//! The organisation's own rules by the command line: the packs, their unit tests, and findings at their places.

use serde_json::{Value, json};

use super::report::hold_to_schema;
use crate::binary::{iam_preflight, in_folder, json, run};

const EXAMPLE: &str = "examples/rules/template.yaml";

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    folder
}

fn findings(report: &Value) -> Vec<(String, i64)> {
    let findings = report["findings"].as_array().expect("findings");
    findings
        .iter()
        .filter(|f| f["evidence"]["rule"].is_string())
        .map(|f| {
            let code = f["issueCode"].as_str().expect("a code").to_owned();
            (code, f["locations"][0]["start"]["line"].as_i64().expect("a line"))
        })
        .collect()
}

#[test]
fn every_shipped_rule_passes_fails_and_skips_in_its_unit_tests() {
    let result = run(iam_preflight().args(["rules", "test", "rules", "--complete"]));
    assert_eq!(result.code, 0, "{result:?}");
    assert!(result.out.contains("10 rule files") && result.out.contains("0 not; 0 rules not tested"), "{}", result.out);
}

#[test]
fn the_packs_of_the_program_are_the_files_of_the_project() {
    let files = std::fs::read_dir(crate::binary::root().join("rules")).expect("rules");
    let mut names: Vec<String> = files
        .filter_map(|f| f.expect("an entry").file_name().to_string_lossy().strip_suffix(".guard").map(str::to_owned))
        .collect();
    names.sort();
    let list = json(&run(iam_preflight().args(["rules", "list", "--format", "json"])));
    let mut packs: Vec<&str> =
        list.as_array().expect("a list").iter().filter_map(|r| r["file"].as_str()?.strip_prefix("pack:")).collect();
    packs.dedup();
    assert_eq!(packs, names);
    assert!(list.as_array().expect("a list").iter().all(|r| r["description"] != ""), "{list:#}");
}

#[test]
fn the_packs_find_what_the_example_has_at_the_lines_to_blame() {
    let args = ["validate", EXAMPLE, "--rules", "pack:all", "--format", "json"];
    let result = run(iam_preflight().args(args));
    let report = json(&result);
    hold_to_schema(&report);
    let found = findings(&report);
    for expected in [
        ("no_access_keys", 35),
        ("no_wildcard_administrators", 23),
        ("github_trust_pinned_to_repository", 17),
        ("service_principals_name_their_source", 50),
        ("key_administration_apart_from_use", 62),
        ("permissions_boundary_required", 3),
    ] {
        assert!(found.contains(&(expected.0.to_owned(), expected.1)), "{expected:?} is not in {found:?}");
    }
    let finding = report["findings"].as_array().expect("findings").iter().find(|f| f["issueCode"] == "no_access_keys");
    let finding = finding.expect("the finding");
    assert_eq!(finding["resource"]["id"], "PipelineKey");
    assert!(finding["evidence"]["ruleText"].as_str().expect("text").starts_with("rule no_access_keys"), "{finding}");
    assert!(finding["message"].as_str().expect("a message").contains("an access key never expires"), "{finding}");
}

#[test]
fn a_rule_is_ignored_by_its_name() {
    let args = ["validate", EXAMPLE, "--rules", "pack:access-keys", "--format", "json"];
    let report = json(&run(iam_preflight().args(args).args(["--ignore-finding", "no_access_keys,Pipeline.no_users"])));
    let suppressed: Vec<&Value> =
        report["findings"].as_array().expect("findings").iter().filter(|f| !f["suppressed"].is_null()).collect();
    assert_eq!(suppressed.len(), 2, "{suppressed:#?}");
}

#[test]
fn covers_reads_wildcards_as_iam_does_and_leaves_out_what_is_denied() {
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["IAM:pass*", "kms:Decrypt"], "Resource": "*"},
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]}"#;
    let rules = concat!(
        "rule r when policies !empty {\n  policies[*].statements[*] {\n",
        "    some covers[*] in [\"iam:PassRole\", \"kms:Decrypt\", \"s3:GetObject\"]\n  }\n}\n"
    );
    let folder = folder(&[("p.json", policy), ("r.guard", rules)]);
    let view = json(&run(in_folder(folder.path()).args(["rules", "view", "p.json", "--rules", "r.guard"])));
    let covers: Vec<&Value> =
        view["policies"][0]["statements"].as_array().expect("statements").iter().map(|s| &s["covers"]).collect();
    assert_eq!(covers, [&json!(["iam:PassRole"]), &json!(["s3:GetObject"]), &json!(["kms:Decrypt"])]);
    // Collections that no rule reads are left out; without rules all are there.
    assert_eq!(view.as_object().expect("a view").len(), 1);
    let whole = json(&run(in_folder(folder.path()).args(["rules", "view", "p.json"])));
    assert_eq!(whole.as_object().expect("a view").len(), 5);
}

#[test]
fn external_access_is_in_the_view() {
    let queue = r#"{"Resources": {
        "Q": {"Type": "AWS::SQS::Queue"},
        "P": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Q"}], "PolicyDocument": {
            "Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": "*"}]}}}}}"#;
    let folder = folder(&[("t.json", queue)]);
    let args = ["validate", "t.json", "--rules", "pack:external-access", "--format", "json"];
    let report = json(&run(in_folder(folder.path()).args(args)));
    assert_eq!(findings(&report), [("nothing_is_public".to_owned(), 5)]);
}

#[test]
fn edges_of_the_access_graph_are_in_the_view() {
    let rules = concat!(
        "rule no_way_to_the_queue when edges !empty {\n",
        "  edges[ kind == \"grants\" to == \"resource:Q\" ] {\n    actions[*] != \"sqs:SendMessage\" <<not from there>>\n  }\n}\n"
    );
    let template = r#"{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "Worker": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Q", "Arn"]}}]}}]}}}}"#;
    let folder = folder(&[("t.json", template), ("r.guard", rules)]);
    let view = json(&run(in_folder(folder.path()).args(["rules", "view", "t.json", "--rules", "r.guard"])));
    let edges = view["edges"].as_array().expect("edges").iter();
    let ends: Vec<_> = edges.filter_map(|e| Some((e["from"].as_str()?, e["to"].as_str()?))).collect();
    assert!(ends.contains(&("policy:Worker.p", "resource:Q")), "{view:#}");
    assert!(ends.contains(&("role:Worker", "policy:Worker.p")), "{view:#}");
    let args = ["validate", "t.json", "--rules", "r.guard", "--format", "json"];
    let report = json(&run(in_folder(folder.path()).args(args)));
    assert_eq!(findings(&report), [("no_way_to_the_queue".to_owned(), 5)], "{view:#}");
}

#[test]
fn a_failed_expectation_names_its_line_and_fails_the_run() {
    let rules = "rule r when policies !empty {\n  policies[*].id == \"a\" <<not a>>\n}\n";
    let tests =
        "- name: one\n  input: {policies: [{id: b}]}\n  expectations:\n    rules:\n      r: PASS\n      s: FAIL\n";
    let folder =
        folder(&[("x.guard", rules), ("x-y.guard", "rule q {\n  a exists\n}\n"), ("tests/x_tests.yaml", tests)]);
    let result = run(in_folder(folder.path()).args(["rules", "test", "x.guard"]));
    assert_eq!(result.code, 1, "{result:?}");
    assert!(result.out.contains("tests/x_tests.yaml:5: one: rule `r`: expected PASS, found FAIL"), "{}", result.out);
    assert!(result.out.contains("/policies/0/id: not a"), "{}", result.out);
    assert!(result.out.contains("rule `s`: expected FAIL, found no rule of that name"), "{}", result.out);
    for bad in ["- 1\n", "a: b\n", "- {input: {}, expectations: {rules: {r: MAYBE}}}\n", "- [\n"] {
        std::fs::write(folder.path().join("tests/x_tests.yaml"), bad).expect("a file");
        let result = run(in_folder(folder.path()).args(["rules", "test", "x.guard"]));
        assert_eq!(result.code, 2, "{bad}: {result:?}");
        assert!(result.err.contains("x_tests.yaml"), "{}", result.err);
    }
}

#[test]
fn a_rule_that_no_case_passes_fails_or_skips_is_named_and_fails_a_complete_run() {
    let rules = "rule r when policies !empty {\n  policies[*].id == \"a\" <<not a>>\n}\n";
    let case = |id: &str, expected: &str| {
        let policies = if id.is_empty() { String::new() } else { format!("{{id: {id}}}") };
        format!(
            "- name: {expected}\n  input: {{policies: [{policies}]}}\n  expectations:\n    rules: {{r: {expected}}}\n"
        )
    };
    let all = [case("a", "PASS"), case("b", "FAIL"), case("", "SKIP")];
    let folder = folder(&[("x.guard", rules), ("tests/x_tests.yaml", &all.concat())]);
    let test = || run(in_folder(folder.path()).args(["rules", "test", "x.guard", "--complete"]));
    assert_eq!(test().code, 0, "{:?}", test());
    for (missing, expected) in [(0, "PASS"), (1, "FAIL"), (2, "SKIP")] {
        let others: Vec<&str> =
            all.iter().enumerate().filter(|(i, _)| *i != missing).map(|(_, c)| c.as_str()).collect();
        std::fs::write(folder.path().join("tests/x_tests.yaml"), others.concat()).expect("a file");
        let result = test();
        assert_eq!(result.code, 1, "{expected}: {result:?}");
        assert!(result.out.contains(&format!("rule `r` has no case for {expected}")), "{}", result.out);
    }
}

#[test]
fn a_pack_that_is_not_there_is_an_error_that_names_those_that_are() {
    let result = run(iam_preflight().args(["validate", EXAMPLE, "--rules", "pack:nothing"]));
    assert_eq!(result.code, 2);
    assert!(result.err.contains("`nothing`") && result.err.contains("oidc-trust"), "{}", result.err);
    let result = run(iam_preflight().args(["validate", EXAMPLE, "--rules", "kms"]));
    assert!(result.err.contains("pack:kms"), "{}", result.err);
}

#[test]
fn properties_nested_deeper_than_the_engine_reads_don_t_stop_the_rules() {
    let deep = format!("{}1{}", "[".repeat(110), "]".repeat(110));
    let template =
        format!(r#"{{"Resources": {{"K": {{"Type": "AWS::IAM::AccessKey", "Properties": {{"X": {deep}}}}}}}}}"#);
    let folder = folder(&[("t.json", template.as_str())]);
    let args = ["validate", "t.json", "--rules", "pack:access-keys", "--format", "json"];
    let report = json(&run(in_folder(folder.path()).args(args)));
    assert_eq!(findings(&report).len(), 1);
}
