//! `external-access --resources`: who inside the zone of trust gets at chosen resources.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::binary::{iam_preflight, json, run};
use crate::report::hold_to_schema;

const TEMPLATE: &str = "tests/data/internal-access/template.yaml";

fn found(args: &[&str]) -> Vec<Value> {
    let result = run(iam_preflight().args(["external-access", TEMPLATE, "--format", "json"]).args(args));
    let report = json(&result);
    hold_to_schema(&report);
    report["internalAccess"].as_array().expect("internal access").clone()
}

fn line(access: &Value) -> (String, String, Vec<String>, Vec<String>, String) {
    let texts = |values: &Value| -> Vec<String> {
        values.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let roles = access["path"].as_array().into_iter().flatten().filter_map(|s| s["assumes"]["id"].as_str());
    (
        access["principalId"]["id"].as_str().unwrap_or_default().to_owned(),
        access["resource"]["id"].as_str().unwrap_or_default().to_owned(),
        roles.map(str::to_owned).collect(),
        texts(&access["action"]),
        access["condition"].to_string(),
    )
}

#[test]
fn each_way_to_a_table_is_named_with_its_conditions_and_roles() {
    let lines: BTreeSet<_> = found(&["--resources", "Orders"]).iter().map(line).collect();
    let expected = |who: &str, roles: &[&str], actions: &[&str], condition: &str| {
        let owned = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        (who.to_owned(), "Orders".to_owned(), owned(roles), owned(actions), condition.to_owned())
    };
    let read = ["dynamodb:GetItem", "dynamodb:Query"];
    let within = r#"{"aws:SourceIp":"10.0.0.0/8"}"#;
    let all = [
        expected("Worker", &[], &read, "{}"),
        expected("Worker", &[], &["dynamodb:PutItem"], within),
        expected("Operator", &["Worker"], &read, "{}"),
        expected("Operator", &["Worker"], &["dynamodb:PutItem"], within),
    ];
    assert_eq!(lines, all.into_iter().collect());
}

#[test]
fn resources_are_named_by_id_arn_pattern_or_type_and_a_name_of_nothing_is_an_error() {
    let by = |selector: &str| found(&["--resources", selector]).iter().map(line).collect::<Vec<_>>();
    let by_id = by("Documents");
    assert!(by_id.iter().any(|(who, .., actions, _)| who == "Reader" && actions == &["s3:GetObject"]), "{by_id:?}");
    for selector in ["AWS::S3::Bucket", "aws::s3::bucket", "arn:aws:s3:::documents", "arn:aws:s3:::doc*"] {
        assert_eq!(by(selector), by_id, "{selector}");
    }
    let result = run(iam_preflight().args(["external-access", TEMPLATE, "--resources", "Documnts"]));
    assert_eq!(result.code, 2);
    assert!(result.err.contains("`Documnts` names no resource of the input"), "{}", result.err);
}

#[test]
fn what_is_denied_by_the_resource_an_scp_or_an_rcp_is_not_there() {
    let worker = |extra: &[&str]| -> BTreeSet<String> {
        let all = found(&[&["--resources", "Documents"], extra].concat());
        let of = all.iter().map(line).filter(|(who, _, roles, ..)| who == "Worker" && roles.is_empty());
        of.flat_map(|(.., actions, _)| actions).collect()
    };
    let free = worker(&[]);
    assert!(free.contains("s3:GetObject") && free.contains("s3:DeleteBucket"));
    assert!(!free.contains("s3:PutObject") && free.contains("s3:PutBucketPolicy"), "{free:?}");
    assert!(!free.contains("s3:ListAllMyBuckets"), "not about a bucket");

    let folder = tempfile::tempdir().expect("a folder");
    let deny = |name: &str, statement: &str| {
        let path = folder.path().join(name);
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
        std::fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    };
    let allow = r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#;
    let scp = deny("scp.json", &format!(r#"{allow}, {{"Effect": "Deny", "Action": "s3:Get*", "Resource": "*"}}"#));
    let rcp = deny("rcp.json", r#"{"Effect": "Deny", "Principal": "*", "Action": "s3:Delete*", "Resource": "*"}"#);
    let under_scp = worker(&["--scp", &scp]);
    assert_eq!(under_scp, free.iter().filter(|a| !a.starts_with("s3:Get")).cloned().collect());
    let under_rcp = worker(&["--rcp", &rcp]);
    assert_eq!(under_rcp, free.iter().filter(|a| !a.starts_with("s3:Delete")).cloned().collect());
    let applied = &found(&["--resources", "Documents", "--scp", &scp])[0];
    assert_eq!(applied["serviceControlPolicyRestriction"], "APPLIED");
    assert_eq!(applied["resourceControlPolicyRestriction"], "NOT_APPLICABLE");
}

#[test]
fn actions_asked_for_together_have_the_answer_that_each_has_by_itself() {
    let listed: BTreeSet<(String, String)> = found(&["--resources", "Documents"])
        .iter()
        .map(line)
        .flat_map(|(who, .., actions, _)| actions.into_iter().map(move |a| (who.clone(), a)))
        .collect();
    let mut actions: BTreeSet<String> = listed.iter().map(|(_, a)| a.clone()).collect();
    actions.extend(["s3:PutObject", "s3:PutObjectAcl", "s3:GetObjectAcl"].map(str::to_owned));
    for action in &actions {
        let answer = run(iam_preflight().args(["who-can", action, "Documents", TEMPLATE, "--format", "json"]));
        let answer = json(&answer);
        let able = answer["principals"].as_array().into_iter().flatten();
        let able = able.filter(|p| p["principal"]["kind"] == "principal");
        let able: BTreeSet<String> = able.filter_map(|p| p["principal"]["id"].as_str().map(str::to_owned)).collect();
        let here = listed.iter().filter(|(_, a)| a == action).map(|(who, _)| who.clone());
        assert_eq!(here.collect::<BTreeSet<_>>(), able, "{action}");
    }
}
