//! `validate --escalation` and `--risks` as options: what the report gains, and that nothing else changes.

use serde_json::Value;

use crate::binary::{iam_preflight, in_folder, json, run};
use crate::report::hold_to_schema;

const EXAMPLE: &str = "examples/escalation/template.yaml";

fn report(args: &[&str]) -> Value {
    let report = json(&run(iam_preflight().arg("validate").args(args).args(["--format", "json"])));
    hold_to_schema(&report);
    report
}

#[test]
fn the_example_has_the_escalation_that_its_page_shows() {
    let report = report(&[EXAMPLE, "--escalation"]);
    assert_eq!(report["result"], "FAIL");
    let found = report["escalations"].as_array().expect("escalations");
    assert_eq!(found.len(), 1, "{found:?}");
    let one = &found[0];
    assert_eq!((&one["principal"]["id"], &one["gains"]["id"]), (&"Pipeline".into(), &"Reports".into()));
    assert_eq!((&one["method"], &one["administrator"]), (&"passrole-lambda-create-function".into(), &false.into()));
    assert_eq!(one["steps"].as_array().map(Vec::len), Some(3));
    assert_eq!(one["witness"]["action"], "s3:GetObject");
    assert_eq!(one["witness"]["principal"], "arn:aws:iam::${AWS::AccountId}:role/app-reports");
    let lines: Vec<i64> =
        (one["locations"].as_array().expect("places").iter()).filter_map(|l| l["start"]["line"].as_i64()).collect();
    let text = std::fs::read_to_string(crate::binary::root().join(EXAMPLE)).expect("the example");
    let line_of = |n: i64| text.lines().nth(usize::try_from(n - 1).expect("a line")).expect("a line").trim();
    assert_eq!(line_of(lines[0]), "Action: iam:PassRole");
    assert_eq!(line_of(lines[1]), "Action: [lambda:CreateFunction, lambda:InvokeFunction]");
    let finding =
        report["findings"].as_array().expect("findings").iter().find(|f| f["issueCode"] == "PRIVILEGE_ESCALATION");
    let finding = finding.expect("a finding");
    assert_eq!((&finding["findingType"], &finding["blocking"]), (&"SECURITY_WARNING".into(), &true.into()));
}

#[test]
fn each_step_of_the_example_is_allowed_by_simulate() {
    let folder = tempfile::tempdir().expect("a folder");
    let own = serde_json::json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["lambda:CreateFunction", "lambda:InvokeFunction"],
         "Resource": "arn:aws:lambda:*:111122223333:function:app-*"},
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/app-*",
         "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}}]});
    std::fs::write(folder.path().join("own.json"), own.to_string()).expect("written");
    let report = report(&[EXAMPLE, "--escalation", "--account-id", "111122223333"]);
    for request in report["escalations"][0]["requests"].as_array().expect("requests") {
        std::fs::write(folder.path().join("request.json"), request.to_string()).expect("written");
        let args = ["simulate", "--request", "request.json", "--identity-policy", "own.json"];
        let simulated = run(in_folder(folder.path()).args(args));
        assert!(simulated.out.contains("ALLOWED"), "{request}\n{}", simulated.out);
    }
}

#[test]
fn without_the_options_nothing_is_looked_for_and_nothing_changes() {
    let report = report(&[EXAMPLE]);
    assert_eq!(
        (&report["result"], &report["escalations"], &report["risks"]),
        (&"PASS".into(), &Value::Null, &Value::Null)
    );
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn risks_are_warnings_of_four_kinds() {
    let report = report(&[EXAMPLE, "--risks"]);
    assert_eq!(report["result"], "PASS");
    let risks = report["risks"].as_array().expect("risks");
    let of = |id: &str| -> Vec<&str> {
        risks.iter().filter(|r| r["principal"]["id"] == id).filter_map(|r| r["category"].as_str()).collect()
    };
    assert_eq!(of("Reports"), ["DATA_EXFILTRATION"]);
    assert_eq!(of("Administrator").len(), 4);
    // Limited to the application's functions and roles; limited by a boundary to a queue.
    assert_eq!(of("Pipeline"), Vec::<&str>::new());
    assert_eq!(of("PeopleBoundary"), Vec::<&str>::new());
}

#[test]
fn an_scp_is_read_level_by_level_and_has_no_meaning_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, statement: &str| {
        let path = folder.path().join(name);
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
        std::fs::write(&path, text).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let all = write("all.json", r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    let deny = write("deny.json", r#"{"Effect": "Deny", "Action": "lambda:CreateFunction", "Resource": "*"}"#);
    let count = |scps: &[&str]| {
        let mut args = vec![EXAMPLE, "--escalation"];
        scps.iter().for_each(|level| args.extend(["--scp", level]));
        report(&args)["escalations"].as_array().map(Vec::len)
    };
    assert_eq!(count(&[&all]), Some(1));
    assert_eq!(count(&[&all, &format!("{all},{deny}")]), Some(0));
    let alone = run(iam_preflight().args(["validate", EXAMPLE, "--scp", &all]));
    assert_eq!(alone.code, 2);
    assert!(alone.err.contains("`--scp` has no meaning without"), "{}", alone.err);
}

#[test]
fn several_ways_that_begin_at_one_place_have_fingerprints_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let statement = r#"{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}"#;
    let policy = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    std::fs::write(folder.path().join("policy.json"), policy).expect("written");
    let run_in = |args: &[&str]| {
        json(&run(in_folder(folder.path()).args(["validate", "policy.json", "--format", "json"]).args(args)))
    };
    let report = run_in(&["--escalation"]);
    let findings = report["findings"].as_array().expect("findings");
    let of: Vec<&Value> = findings.iter().filter(|f| f["issueCode"] == "PRIVILEGE_ESCALATION").collect();
    let prints: std::collections::BTreeSet<&str> = of.iter().filter_map(|f| f["fingerprint"].as_str()).collect();
    assert!(of.len() > 5 && prints.len() == of.len(), "{}", of.len());
}
