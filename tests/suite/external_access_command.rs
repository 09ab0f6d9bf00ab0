//! `external-access` as a command: base, allowed principals, archive rules, what is wrong with a rule.

use std::path::Path;

use serde_json::Value;

use crate::binary::{iam_preflight, in_folder, json, run};
use crate::report::hold_to_schema;

const EXAMPLE: &str = "examples/external-access/template.yaml";

fn states(report: &Value) -> Vec<(String, String)> {
    let found = report["externalAccess"].as_array().expect("external access");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    found.iter().map(|a| (text(&a["resource"]["id"]), text(&a["status"]))).collect()
}

#[test]
fn the_example_has_the_external_access_that_its_page_names() {
    let report =
        run(iam_preflight().args(["external-access", EXAMPLE, "--account-id", "111122223333", "--format", "json"]));
    assert_eq!(report.code, 1, "{}", report.err);
    let report = json(&report);
    hold_to_schema(&report);
    let found = report["externalAccess"].as_array().expect("external access");
    let of = |id: &str| found.iter().filter(|a| a["resource"]["id"] == id).collect::<Vec<_>>();
    assert_eq!(of("Orders").len(), 1);
    assert_eq!(of("Orders")[0]["principal"]["AWS"], "444455556666");
    assert_eq!(of("Orders")[0]["action"], serde_json::json!(["sqs:SendMessage"]));
    assert_eq!(of("Documents").len(), 2);
    assert_eq!(of("Deployer")[0]["resourceType"], "AWS::IAM::Role");
    assert!(found.iter().all(|a| a["isPublic"] == false && a["changeType"].is_null() && a["witness"].is_object()));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(4));
}

#[test]
fn with_a_base_only_what_is_new_is_a_finding() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(EXAMPLE)).expect("the example");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("before.yaml", &text.replace("vpce-5e6f7a8b", "vpce-99999999"));
    write("template.yaml", &text);
    let command = ["external-access", "template.yaml", "--base", "before.yaml", "--format", "json"];
    let report = json(&run(in_folder(folder.path()).args(command)));
    hold_to_schema(&report);
    let found = report["externalAccess"].as_array().expect("external access");
    let count = |change: &str, status: &str| {
        found.iter().filter(|a| a["changeType"] == change && a["status"] == status).count()
    };
    assert_eq!((count("NEW", "ACTIVE"), count("UNCHANGED", "ACTIVE"), count("CHANGED", "RESOLVED")), (1, 3, 1));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    let gone = found.iter().find(|a| a["status"] == "RESOLVED").expect("one");
    assert!(gone["locations"][0]["file"].as_str().is_some_and(|f| f.ends_with("before.yaml")), "{gone}");
}

#[test]
fn a_resource_control_policy_that_bears_on_a_finding_is_named_by_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let rcp = folder.path().join("rcp.json");
    let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":["s3:Get*","ec2:*"],"Resource":"*",
        "Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-example123"}}}]}"#;
    std::fs::write(&rcp, text).expect("written");
    let command = ["external-access", EXAMPLE, "--format", "json", "--rcp"];
    let report = json(&run(iam_preflight().args(command).arg(&rcp)));
    hold_to_schema(&report);
    for access in report["externalAccess"].as_array().expect("external access") {
        let expected = if access["resource"]["id"] == "Documents" { "APPLICABLE" } else { "NOT_APPLICABLE" };
        assert_eq!(access["resourceControlPolicyRestriction"], expected, "{access}");
        // The organization's own principals come through the endpoints, too.
        assert_eq!(access["forbiddenByResourceControlPolicies"], false, "{access}");
    }
    std::fs::write(&rcp, text.replace("o-example123", "o-other").replace("aws:PrincipalOrgID", "aws:SourceVpce"))
        .expect("written");
    let report = json(&run(iam_preflight().args(command).arg(&rcp)));
    for access in report["externalAccess"].as_array().expect("external access") {
        let expected = access["resource"]["id"] == "Documents";
        assert_eq!(access["forbiddenByResourceControlPolicies"], expected, "{access}");
    }
    std::fs::write(&rcp, "{").expect("written");
    let outcome = run(iam_preflight().args(command).arg(&rcp));
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("rcp.json") && outcome.err.contains("line 1"), "{}", outcome.err);
}

#[test]
fn archive_rules_and_allowed_principals_make_no_findings() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::copy(root.join(EXAMPLE), folder.path().join("template.yaml")).expect("copied");
    let rules = "archive-rules:\n  - name: endpoints\n    filter:\n      condition.aws:SourceVpce: {contains: vpce-}\n      \
                 isPublic: {eq: [false]}\n  - name: nothing\n    filter: {resourceType: {eq: [AWS::KMS::Key]}}\n";
    let write = |text: &str| std::fs::write(folder.path().join(".iam-preflight.yaml"), text).expect("written");
    write(rules);
    let command =
        ["external-access", "template.yaml", "--allow-external-principals", "444455556666", "--format", "json"];
    let report = json(&run(in_folder(folder.path()).args(command)));
    hold_to_schema(&report);
    let mut states = states(&report);
    states.sort();
    let expected =
        [("Deployer", "ACTIVE"), ("Documents", "ARCHIVED"), ("Documents", "ARCHIVED"), ("Orders", "ARCHIVED")];
    assert_eq!(states, expected.map(|(id, status)| (id.to_owned(), status.to_owned())));
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(1));
    let notices = report["notices"].to_string();
    assert!(notices.contains("`endpoints` archives 2") && notices.contains("`nothing` matches nothing"), "{notices}");

    for (wrong, said) in [
        ("archive-rules: 1\n", "1:16: `archive-rules` is a list"),
        ("archive-rules:\n  - name: a\n    filter: {isPublik: {eq: [true]}}\n", "did you mean `isPublic`?"),
        ("archive-rules:\n  - name: a\n    filter: {isPublic: {equals: [true]}}\n", "unknown key `equals`"),
        ("archive-rules:\n  - name: a\n    filter: {resource: {exists: 3}}\n", "`exists` is `true` or `false`"),
        ("archive-rules:\n  - name: a\n", "a map with `name` and `filter`"),
    ] {
        write(wrong);
        let outcome = run(in_folder(folder.path()).args(["external-access", "template.yaml"]));
        assert_eq!(outcome.code, 2, "{wrong}: {}", outcome.err);
        assert!(outcome.err.contains(said), "{wrong}: {}", outcome.err);
    }
}

fn external_codes(report: &Value) -> usize {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().filter(|f| f["issueCode"] == "EXTERNAL_PRINCIPAL").count()
}

#[test]
fn validate_finds_new_external_access_of_what_is_deployed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join(EXAMPLE)).expect("the example");
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("written");
    write("before.yaml", &text.replace("vpce-5e6f7a8b", "vpce-99999999"));
    write("template.yaml", &text);
    let validate = |args: &[&str]| {
        let report = run(in_folder(folder.path()).arg("validate").args(args).args(["--format", "json"]));
        let report = json(&report);
        hold_to_schema(&report);
        report
    };
    assert_eq!(external_codes(&validate(&["template.yaml"])), 4);
    assert_eq!(external_codes(&validate(&["template.yaml", "--base", "before.yaml"])), 1);
    let allowed = validate(&["template.yaml", "--allow-external-principals", "444455556666"]);
    assert!(external_codes(&allowed) < 4, "{allowed}");
    let without = validate(&["template.yaml", "--no-external-access"]);
    assert_eq!((external_codes(&without), without.get("externalAccess")), (0, None));

    let document = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"},
        "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:eu-central-1:111122223333:orders"}]}"#;
    write("policy.json", document);
    let bare = validate(&["policy.json", "--policy-type", "RESOURCE_POLICY"]);
    assert_eq!((external_codes(&bare), bare.get("externalAccess")), (0, None));

    let plan = |actions: &str, before: Value| {
        let after = serde_json::json!({"queue_url": "https://q", "policy": document});
        let resource = serde_json::json!({"address": "aws_sqs_queue_policy.orders", "mode": "managed",
            "type": "aws_sqs_queue_policy", "name": "orders", "provider_name": "hashicorp/aws"});
        let mut planned = resource.clone();
        planned["values"] = after.clone();
        let mut change = resource;
        change["change"] =
            serde_json::json!({"actions": [actions], "before": before, "after": after, "after_unknown": {}});
        serde_json::json!({"format_version": "1.2", "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": [planned]}}, "resource_changes": [change]})
    };
    write("plan.json", &plan("create", Value::Null).to_string());
    assert_eq!(external_codes(&validate(&["plan.json"])), 1);
    let before = serde_json::json!({"queue_url": "https://q", "policy": document});
    write("plan.json", &plan("no-op", before).to_string());
    let unchanged = validate(&["plan.json"]);
    assert_eq!(external_codes(&unchanged), 0);
    assert_eq!(unchanged["externalAccess"][0]["changeType"], "UNCHANGED");
}

#[test]
fn the_zone_has_canonical_user_ids_and_a_rule_may_name_a_resource_by_its_arn() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().expect("a folder");
    let plan = root.join("tests/data/external-access/plan-of-every-type.json");
    std::fs::copy(plan, folder.path().join("plan.json")).expect("copied");
    let command = ["external-access", "plan.json", "--account-id", "111122223333", "--format", "json", "--verbose"];
    let granted = |args: &[&str]| {
        let report = run(in_folder(folder.path()).args(command).args(args));
        assert!(report.code < 2, "{}", report.err);
        let report = json(&report);
        hold_to_schema(&report);
        let states = states(&report).into_iter().filter(|(id, _)| id == "aws_s3_bucket.granted").map(|(_, s)| s);
        (states.collect::<Vec<_>>(), report["notices"].to_string())
    };
    let (states, _) = granted(&[]);
    assert_eq!(states, ["ACTIVE"]);
    assert_eq!(granted(&["--canonical-user-ids", &"C".repeat(64)]).0, Vec::<String>::new(), "an id of the own account");
    let wrong = run(in_folder(folder.path()).args(command).args(["--canonical-user-ids", "abc"]));
    assert!(wrong.code == 2 && wrong.err.contains("64 hexadecimal digits"), "{}", wrong.err);

    let rules = "archive-rules:\n  - name: meant\n    filter: {resource: {eq: [\"arn:aws:s3:::granted\"]}}\n";
    std::fs::write(folder.path().join(".iam-preflight.yaml"), rules).expect("written");
    let (states, notices) = granted(&[]);
    assert_eq!(states, ["ARCHIVED"]);
    assert!(notices.contains("archived: `aws_s3_bucket.granted` can be reached from outside"), "{notices}");
}
