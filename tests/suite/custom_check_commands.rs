//! The commands of the custom policy checks: over documents, templates and plans, against earlier versions, in batches,
//! and what they say of bad input.

use std::fs;
use std::path::Path;
use std::process::Command as Process;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::report::hold_to_schema;
use crate::binary::{Run, codes, iam_preflight, in_folder, json, root, run};

const READ: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
]}"#;
const READ_ALL: &str = r#"{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
]}"#;

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        write(folder.path(), name, text);
    }
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn check(folder: &TempDir, args: &[&str]) -> Run {
    run(in_folder(folder.path()).args(args))
}

/// The JSON report of a run without a word on standard error.
fn report(folder: &TempDir, args: &[&str]) -> Value {
    let result = run(in_folder(folder.path()).args(args).args(["--format", "json"]));
    assert_eq!(result.err, "", "{args:?}");
    let report = json(&result);
    hold_to_schema(&report);
    report
}

/// The result of each check, by the resource of its policy.
fn results(report: &Value) -> Vec<(String, String)> {
    let checks = report["checks"].as_array().expect("checks");
    let text = |v: &Value| v.as_str().expect("text").to_owned();
    checks.iter().map(|c| (text(&c["policy"]), text(&c["result"]))).collect()
}

fn result_of(report: &Value, policy: &str) -> String {
    let found = results(report).into_iter().find(|(id, _)| id.contains(policy));
    found.unwrap_or_else(|| panic!("no check of {policy}: {report:#}")).1
}

fn git(folder: &Path, args: &[&str]) {
    let mut command = Process::new("git");
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(name);
    }
    let identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false"];
    let output = command.current_dir(folder).args(identity).args(args).output().expect("git");
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A template with a queue policy for an account, and a role.
fn template(account: &str, action: &str) -> String {
    format!(
        "Resources:
  Orders:
    Type: AWS::SQS::Queue
  Access:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Orders]
      PolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Sid: Partner
            Effect: Allow
            Principal: {{AWS: '{account}'}}
            Action: sqs:SendMessage
            Resource: !GetAtt Orders.Arn
  Worker:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: {{Service: ec2.amazonaws.com}}, Action: 'sts:AssumeRole'}}
      Policies:
        - PolicyName: work
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Effect: Allow
                Action: {action}
                Resource: !GetAtt Orders.Arn
"
    )
}

const COMPARE: [&str; 4] = ["--reference-policy", "ref.json", "--reference-policy-type", "identity"];

#[test]
fn a_document_is_held_to_a_reference_and_the_request_that_gets_through_is_shown() {
    let folder = folder(&[("new.json", READ_ALL), ("ref.json", READ)]);
    let args: Vec<&str> = ["check-no-new-access", "new.json"].into_iter().chain(COMPARE).collect();
    let report = report(&folder, &args);
    assert_eq!(report["result"], "FAIL");
    assert_eq!(report["command"], "check-no-new-access");
    assert_eq!(codes(&report), ["CHECK_NO_NEW_ACCESS"]);
    let check = &report["checks"][0];
    assert_eq!(check["message"], "The modified permissions grant new access compared to your existing policy.");
    let description = "New access in the statement with index: 0.";
    let reason = json!({"description": description, "statementIndex": 0, "statementId": null});
    assert_eq!(check["reasons"], json!([reason]));
    let finding = &report["findings"][0];
    assert_eq!(finding["evidence"]["witness"], check["witness"]);
    assert_eq!(finding["locations"][0]["path"], json!(["Statement", 0]));
    assert_eq!(finding["locations"][0]["start"]["line"], 2);
    let (action, resource) = (check["witness"]["action"].as_str().expect("text"), &check["witness"]["resource"]);
    assert!(action.starts_with("s3:Get"), "{check}");
    assert!(action != "s3:GetObject" || !resource.as_str().expect("text").starts_with("arn:aws:s3:::b/"), "{check}");
    let message = finding["message"].as_str().expect("text");
    assert!(message.contains(action) && message.contains(resource.as_str().expect("text")), "{message}");
    assert_eq!(check_code(&folder, &args), 1);
}

fn check_code(folder: &TempDir, args: &[&str]) -> i32 {
    check(folder, args).code
}

#[test]
fn every_form_of_the_report_shows_the_failure_at_its_statement() {
    let folder = folder(&[("new.json", READ_ALL), ("ref.json", READ)]);
    for (format, shown) in [
        ("terminal", "CHECK_NO_NEW_ACCESS"),
        ("concise", "new.json:2:3: CHECK_NO_NEW_ACCESS Statement 0 grants access"),
        ("github", "::error file=new.json,"),
        (
            "markdown",
            "<code>CHECK&#95;NO&#95;NEW&#95;ACCESS</code> · <code>new.json</code> · <code>new.json&#58;2</code>",
        ),
        ("aws", "\"code\": \"CHECK_NO_NEW_ACCESS\""),
    ] {
        let args: Vec<&str> =
            ["check-no-new-access", "new.json", "--format", format].into_iter().chain(COMPARE).collect();
        let result = check(&folder, &args);
        assert_eq!(result.code, 1, "{result:?}");
        assert!(result.out.contains(shown), "{format}: {}", result.out);
    }
}

#[test]
fn a_reference_of_one_type_is_for_policies_of_that_type_and_the_others_are_counted() {
    let folder = folder(&[("t.yaml", &template("111122223333", "sqs:ReceiveMessage")), ("ref.json", READ_ALL)]);
    let args: Vec<&str> = ["check-no-new-access", "t.yaml"].into_iter().chain(COMPARE).collect();
    let report = report(&folder, &args);
    assert_eq!(results(&report), [("t.yaml#Worker.work".to_owned(), "FAIL".to_owned())]);
    assert_eq!(report["notices"], json!(["2 policies passed over: the reference is an identity policy"]));
    assert_eq!(
        report["checks"][0]["witness"]["resource"],
        "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:${Orders.QueueName}"
    );
}

#[test]
fn an_earlier_file_folder_or_commit_is_compared_policy_by_policy() {
    let old = template("111122223333", "sqs:ReceiveMessage");
    let new = template("444455556666", "sqs:ReceiveMessage");
    let folder = folder(&[("infra/t.yaml", &old), ("base/t.yaml", &old), ("old.yaml", &old)]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    git(folder.path(), &["commit", "-qm", "old"]);
    git(folder.path(), &["tag", "v1"]);
    for head in [&old, &new] {
        write(folder.path(), "infra/t.yaml", head);
        for (input, base) in [
            ("infra/t.yaml", "old.yaml"),
            ("infra", "base"),
            ("infra/t.yaml", "base"),
            ("infra", "git:v1"),
            ("infra/t.yaml", "git:HEAD"),
        ] {
            let report = report(&folder, &["check-no-new-access", input, "--base", base]);
            let wanted = if *head == new { "FAIL" } else { "PASS" };
            assert_eq!(result_of(&report, "#Access."), wanted, "{input} {base}");
            assert_eq!(result_of(&report, "#Worker.work"), "PASS", "{input} {base}: unknown values meet");
            assert_eq!(result_of(&report, "#Worker.AssumeRolePolicyDocument"), "PASS", "{input} {base}");
            assert_eq!(report["findings"].as_array().map(Vec::len), Some(usize::from(*head == new)));
        }
    }
    let status = Process::new("git").current_dir(folder.path()).args(["status", "--porcelain"]).output().expect("git");
    assert_eq!(String::from_utf8_lossy(&status.stdout), " M infra/t.yaml\n", "the repository is left alone");
}

#[test]
fn what_was_not_there_before_is_compared_with_nothing_and_what_is_gone_is_left_out() {
    let folder = folder(&[("new.json", READ), ("base/other.json", READ_ALL)]);
    let gone = report(&folder, &["check-no-new-access", "new.json", "--base", "base"]);
    assert_eq!(results(&gone), [("new.json#PolicyDocument".to_owned(), "FAIL".to_owned())]);
    write(folder.path(), "base/new.json", READ_ALL);
    let narrowed = report(&folder, &["check-no-new-access", "new.json", "--base", "base"]);
    assert_eq!(results(&narrowed), [("new.json#PolicyDocument".to_owned(), "PASS".to_owned())]);
}

#[test]
fn versions_under_undecided_conditions_are_compared_with_those_that_can_hold_with_them() {
    let template = |wide: &str, narrow: &str| {
        format!(
            "Parameters: {{Stage: {{Type: String}}}}\nConditions: {{IsTest: !Equals [!Ref Stage, test]}}\nResources:\n  \
             P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Statement:\n          \
             - {{Effect: Allow, Action: !If [IsTest, '{wide}', '{narrow}'], Resource: '*'}}\n"
        )
    };
    let folder = folder(&[("t.yaml", &template("s3:*", "s3:GetObject"))]);
    for (wide, narrow, failing) in [
        ("s3:*", "s3:GetObject", &[][..]),
        ("s3:*", "s3:ListBucket", &["not IsTest"]),
        ("s3:Get*", "s3:*", &["IsTest"]),
    ] {
        write(folder.path(), "base/t.yaml", &template(wide, narrow));
        let report = report(&folder, &["check-no-new-access", "t.yaml", "--base", "base"]);
        assert_eq!(report["checks"].as_array().map(Vec::len), Some(2), "{report:#}");
        let findings = report["findings"].as_array().expect("findings");
        let conditions: Vec<&str> = findings.iter().filter_map(|f| f["when"].as_str()).collect();
        assert_eq!(conditions, failing, "{wide} {narrow}");
    }
    // A version without conditions can hold with both.
    write(folder.path(), "base/t.yaml", &template("s3:GetObject", "s3:GetObject"));
    let plain = report(&folder, &["check-no-new-access", "t.yaml", "--base", "base"]);
    assert_eq!(results(&plain).into_iter().map(|(_, r)| r).collect::<Vec<_>>(), ["FAIL", "PASS"]);
}

#[test]
fn an_earlier_version_that_cannot_be_had_is_an_error_that_says_why() {
    let folder = folder(&[("a.json", READ), ("b.json", READ), ("bad/a.json", "{\"Statement\": ["), ("old.json", READ)]);
    let error = |args: &[&str]| {
        let result = run(in_folder(folder.path()).arg("check-no-new-access").args(args));
        assert_eq!(result.code, 2, "{result:?}");
        result.err
    };
    assert!(error(&["a.json", "--base", "none"]).contains("base `none`: no such file or folder"));
    assert!(error(&["a.json", "b.json", "--base", "old.json"]).contains("is one file, and there are 2 inputs"));
    assert!(error(&["a.json", "--base", "bad"]).contains("base `bad`: `a.json`: "));
    assert!(error(&["a.json", "--base", "git:main"]).contains("base `git:main`: "));
    assert!(error(&["a.json"]).contains("there is nothing to compare `a.json` with"));
    git(folder.path(), &["init", "-q"]);
    assert!(error(&["a.json", "--base", "git:nowhere"]).contains("git knows no such commit"));
    assert!(error(&["a.json", "--base", "git:--all"]).contains("expected the name of a branch"));
}

fn plan(before: &str, after: &str) -> String {
    let values = |document: &str| json!({"bucket": "b", "policy": document});
    let change = json!({"actions": ["update"], "before": values(before), "after": values(after), "after_unknown": {}});
    let resource = json!({
        "address": "aws_s3_bucket_policy.b", "mode": "managed", "type": "aws_s3_bucket_policy", "name": "b",
        "provider_name": "registry.terraform.io/hashicorp/aws", "change": change,
    });
    json!({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": [resource]}).to_string()
}

#[test]
fn a_plan_carries_its_own_earlier_version() {
    let for_account =
        |account: &str| READ.replace("\"Effect\"", &format!("\"Principal\": {{\"AWS\": \"{account}\"}}, \"Effect\""));
    let (one, two) = (for_account("111122223333"), for_account("*"));
    let folder = folder(&[("wider.json", &plan(&one, &two)), ("narrower.json", &plan(&two, &one))]);
    let wider = report(&folder, &["check-no-new-access", "wider.json"]);
    assert_eq!(results(&wider), [("wider.json#aws_s3_bucket_policy.b.policy".to_owned(), "FAIL".to_owned())]);
    let narrower = report(&folder, &["check-no-new-access", "narrower.json"]);
    assert_eq!(results(&narrower), [("narrower.json#aws_s3_bucket_policy.b.policy".to_owned(), "PASS".to_owned())]);
    let public = report(&folder, &["check-no-public-access", "wider.json"]);
    assert_eq!(codes(&public), ["CHECK_NO_PUBLIC_ACCESS"]);
}

#[test]
fn access_is_listed_in_two_ways_and_each_list_is_a_question() {
    let folder = folder(&[("t.yaml", &template("111122223333", "sqs:*"))]);
    let one = report(&folder, &["check-access-not-granted", "t.yaml", "--actions", "sqs:DeleteQueue,iam:PassRole"]);
    assert_eq!(result_of(&one, "#Worker.work"), "FAIL");
    assert_eq!(result_of(&one, "#Access."), "PASS");
    assert_eq!(one["checks"].as_array().map(Vec::len), Some(3));
    let lists = ["--access", "actions=iam:PassRole", "--access", "actions=sqs:*;resources=arn:aws:sqs:*:*:nothing"];
    let two = report(&folder, &[&["check-access-not-granted", "t.yaml"][..], &lists].concat());
    assert_eq!(two["checks"].as_array().map(Vec::len), Some(6));
    assert_eq!(two["result"], "PASS", "{two:#}");
}

#[test]
fn a_role_that_anyone_may_assume_is_public_and_an_identity_policy_cannot_be() {
    let open = template("111122223333", "sqs:*").replace("{Service: ec2.amazonaws.com}", "{AWS: '*'}");
    let folder = folder(&[("t.yaml", &open)]);
    let report = report(&folder, &["check-no-public-access", "t.yaml"]);
    assert_eq!(result_of(&report, "#Worker.AssumeRolePolicyDocument"), "FAIL");
    assert_eq!(result_of(&report, "#Access."), "PASS");
    assert_eq!(
        report["notices"],
        json!(["1 policy passed over: only resource-based policies and role trust policies can be public"])
    );
    assert_eq!(report["findings"][0]["locations"][0]["start"]["line"], 22);
}

#[test]
fn the_policy_of_a_vpc_endpoint_limits_and_grants_nothing() {
    let endpoint = "Resources:\n  E:\n    Type: AWS::EC2::VPCEndpoint\n    Properties:\n      VpcId: vpc-1\n      \
                    ServiceName: com.amazonaws.eu-west-1.s3\n      PolicyDocument:\n        Statement:\n          - \
                    {Effect: Allow, Principal: '*', Action: 's3:GetObject', Resource: '*'}\n";
    let folder = folder(&[("t.yaml", endpoint), ("base/t.yaml", &endpoint.replace("GetObject", "PutObject"))]);
    for args in
        [&["check-no-public-access", "t.yaml"][..], &["check-access-not-granted", "t.yaml", "--actions", "s3:*"]]
    {
        let report = report(&folder, args);
        assert_eq!(report["checks"], json!([]));
        assert!(report["notices"][0].as_str().is_some_and(|n| n.starts_with("1 policy passed over: ")), "{report:#}");
    }
    let wider = report(&folder, &["check-no-new-access", "t.yaml", "--base", "base"]);
    assert_eq!(result_of(&wider, "#E."), "FAIL", "what passes is access, too");
}

#[test]
fn what_cannot_be_decided_is_named_and_blocks() {
    let unknown = "Parameters: {Document: {Type: String}}\nResources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    \
                   Properties:\n      PolicyDocument: !Ref Document\n";
    let broken = READ.replace("\"Resource\"", "\"Resourse\"");
    let folder = folder(&[("t.yaml", unknown), ("p.json", &broken)]);
    for input in ["t.yaml", "p.json"] {
        let args = ["check-access-not-granted", input, "--actions", "iam:PassRole"];
        let report = report(&folder, &args);
        assert_eq!(report["checks"][0]["result"], "UNDECIDED", "{report:#}");
        assert_eq!(report["findings"][0]["blocking"], true);
        assert!(report["findings"][0]["message"].as_str().is_some_and(|m| m.starts_with("Undecided: ")));
        assert_eq!(check_code(&folder, &args), 1);
    }
}

#[test]
fn findings_can_be_ignored_and_baselined_like_any_other() {
    let folder = folder(&[("new.json", READ_ALL), ("ref.json", READ)]);
    let base: Vec<&str> = ["check-no-new-access", "new.json"].into_iter().chain(COMPARE).collect();
    let with = |more: &[&str]| check_code(&folder, &[&base[..], more].concat());
    assert_eq!(with(&["--ignore-finding", "CHECK_NO_NEW_ACCESS"]), 0);
    assert_eq!(with(&["--treat-finding-type-as-blocking", "ERROR"]), 0);
    assert_eq!(with(&["--findings-exit-code", "7"]), 7);
    assert_eq!(with(&["--write-baseline", "base.json"]), 1);
    assert_eq!(with(&["--baseline", "base.json"]), 0);
}

#[test]
fn a_reference_that_is_none_is_an_error_that_names_it() {
    let resource = READ.replace("\"Effect\"", "\"Principal\": \"*\", \"Effect\"");
    let folder = folder(&[("new.json", READ), ("broken.json", "{\"Statement\": [}"), ("resource.json", &resource)]);
    let error = |reference: &str, kind: &str| {
        let args = ["new.json", "--reference-policy", reference, "--reference-policy-type", kind];
        let result = run(in_folder(folder.path()).arg("check-no-new-access").args(args));
        assert_eq!((result.code, result.out.as_str()), (2, ""), "{result:?}");
        result.err
    };
    assert!(error("none.json", "identity").contains("reference policy `none.json`: "));
    assert!(error("broken.json", "identity").contains("reference policy `broken.json`, line 1, column 16"));
    let wrong_type = error("resource.json", "identity");
    assert!(wrong_type.contains("statement 0 has `Principal`, which an identity policy can't have"), "{wrong_type}");
    assert!(wrong_type.contains("help: is it of the type `resource`?"), "{wrong_type}");
    assert!(error("new.json", "resource").contains("has neither `Principal` nor `NotPrincipal`"));
}

#[test]
fn malformed_access_is_an_error_that_names_it_and_an_unknown_action_a_warning() {
    let folder = folder(&[("p.json", READ)]);
    let with = |args: &[&str]| check(&folder, &[&["check-access-not-granted", "p.json"], args].concat());
    for (args, said) in [
        (&["--actions", "s3"][..], "`--actions`: `s3` is no action"),
        (&["--resources", "my-bucket"], "`--resources`: `my-bucket` is no ARN"),
        (&["--access", "action=s3:*"], "`--access`: `action` is neither `actions` nor `resources`"),
        (&["--access", "actions=s3:Get Object"], "`--access`: `s3:Get Object` is no action"),
        (&[], "nothing is listed that must not be granted"),
    ] {
        let result = with(args);
        assert_eq!(result.code, 2, "{result:?}");
        assert!(result.err.contains(said), "{}", result.err);
    }
    let unknown = with(&["--actions", "s3:PutObjct"]);
    assert_eq!(unknown.code, 0, "{unknown:?}");
    assert!(unknown.err.starts_with("warning: `s3:PutObjct` is no action in the service data of "), "{}", unknown.err);
    assert!(unknown.err.ends_with("; the nearest name is `s3:PutObject`\n"), "{}", unknown.err);
    assert_eq!(with(&["--actions", "s3:PutObjct", "-q"]).err, "");
    let wrong_type = check(&folder, &["check-no-public-access", "p.json", "--resource-type", "AWS::S3::Buckets"]);
    assert_eq!(wrong_type.code, 2);
    assert!(wrong_type.err.contains("help: did you mean `AWS::S3::Bucket`?"), "{}", wrong_type.err);
}

#[test]
fn a_batch_answers_line_by_line_in_order_and_names_the_lines_that_are_wrong() {
    let document: Value = serde_json::from_str(READ).expect("JSON");
    let wider: Value = serde_json::from_str(READ_ALL).expect("JSON");
    let good = |id: usize, new: &Value| json!({"id": id, "policyType": "identity", "existing": document, "new": new});
    let mut lines: Vec<String> =
        (0..2000).map(|i| good(i, if i % 2 == 0 { &document } else { &wider }).to_string()).collect();
    lines[3] = "{\"id\": 3, \"policyType\": \"identity\", ".to_owned();
    lines[4] = json!({"id": 4, "policyType": "managed", "existing": document, "new": document}).to_string();
    lines[5] = json!({"id": 5, "policyType": "identity", "new": document}).to_string();
    lines[6] = json!({"id": "six", "policyType": "resource", "existing": document, "new": document}).to_string();
    lines[7] = json!({"id": 7, "policyType": "identity", "existing": {"Statement": 1}, "new": document}).to_string();
    let folder = folder(&[("q.jsonl", &(lines.join("\n") + "\n"))]);
    let result = check(&folder, &["check-no-new-access", "--batch", "q.jsonl"]);
    assert_eq!(result.code, 2, "an answer that is missing is more than a failure");
    let answers: Vec<Value> = result.out.lines().map(|l| serde_json::from_str(l).expect("JSON")).collect();
    assert_eq!(answers.len(), 2000);
    for (i, answer) in answers.iter().enumerate().skip(8) {
        assert_eq!(answer["id"], i);
        assert_eq!(answer["result"], if i % 2 == 0 { "PASS" } else { "FAIL" });
    }
    let error = |i: usize| {
        assert_eq!(answers[i]["result"], "ERROR");
        answers[i]["error"].as_str().expect("text").to_owned()
    };
    assert!(error(3).starts_with("line 4: column "), "{}", error(3));
    assert_eq!(error(4), "line 5: `policyType` is `managed`, neither `identity` nor `resource`");
    assert_eq!(error(5), "line 6: `existing` is missing");
    assert_eq!(answers[6]["id"], "six");
    assert!(error(6).starts_with("line 7: `existing`: statement 0 has neither `Principal`"), "{}", error(6));
    assert_eq!(error(7), "line 8: `existing`: `Statement` is a number, not an object or a list of objects");
}

#[test]
fn a_batch_of_passes_ends_with_0_and_bad_lists_are_named() {
    let document: Value = serde_json::from_str(READ).expect("JSON");
    let ask = |more: Value| {
        let mut line = json!({"id": 1, "policyType": "identity", "policy": document});
        line.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let mut command = in_folder(Path::new("."));
        run(command.args(["check-access-not-granted", "--batch", "-"]).write_stdin(line.to_string()))
    };
    assert_eq!(ask(json!({"actions": ["s3:PutObject"]})).code, 0);
    assert_eq!(ask(json!({"actions": ["s3:GetObject"]})).code, 1);
    let wrong = ask(json!({"actions": ["GetObject"]}));
    assert_eq!(wrong.code, 2);
    assert!(wrong.out.contains("line 1: `actions`: `GetObject` is no action"), "{}", wrong.out);
    assert!(ask(json!({"resources": ["b"]})).out.contains("`resources`: `b` is no ARN"));
    assert!(ask(json!({})).out.contains("neither `actions` nor `resources` lists anything"));
    assert!(ask(json!({"actions": ["s3:PutObjct"]})).err.contains("the nearest name is `s3:PutObject`"));
}

#[test]
fn the_codes_of_custom_checks_are_explained() {
    let folder = folder(&[]);
    for code in ["CHECK_NO_NEW_ACCESS", "check-access-not-granted", "CHECK_NO_PUBLIC_ACCESS"] {
        let result = check(&folder, &["explain", code]);
        assert_eq!(result.code, 0, "{result:?}");
        assert!(result.out.contains("## What it does"), "{}", result.out);
    }
}

/// The commands of the README, each with what it says beneath; `UPDATE_DOCS=1` writes that.
#[test]
fn the_readme_shows_what_its_commands_say() {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path).expect("the README");
    let (mut said, mut in_output, mut commands) = (String::new(), false, 0);
    for line in text.lines() {
        let command = line.strip_prefix("$ iam-preflight ");
        match command.filter(|c| c.starts_with("check-") || c.starts_with("diff ")) {
            Some(rest) => {
                let args: Vec<String> = rest.split_whitespace().map(str::to_owned).collect();
                said.push_str(&format!("{line}\n{}", run(iam_preflight().args(args)).out));
                (in_output, commands) = (true, commands + 1);
            }
            None => {
                in_output &= line != "```";
                if !in_output {
                    said.push_str(&format!("{line}\n"));
                }
            }
        }
    }
    assert!(commands >= 4);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &said).expect("the README");
    }
    assert!(said == text, "run `UPDATE_DOCS=1 cargo test --test suite the_readme`:\n{said}");
}

#[test]
fn each_question_is_written_for_solvers_or_named_as_left_out() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let statement = |condition: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{condition}}}}}"#
        )
    };
    let plain = statement(r#"{"StringEquals":{"s3:prefix":"a"}}"#);
    let caseless = statement(r#"{"StringEqualsIgnoreCase":{"s3:prefix":"${aws:username}"}}"#);
    let line =
        |id: &str, new: &str| format!(r#"{{"id":"{id}","policyType":"identity","existing":{plain},"new":{new}}}"#);
    let batch = folder.path().join("questions.jsonl");
    std::fs::write(&batch, format!("{}\n{}\n", line("a/b ../c", &plain), line("caseless", &caseless))).expect("a file");
    let questions = folder.path().join("smt2");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_iam-preflight"))
        .arg("check-no-new-access")
        .arg("--batch")
        .arg(&batch)
        .arg("--smt2")
        .arg(&questions)
        .output()
        .expect("the program runs");
    assert_eq!(output.status.code(), Some(1));
    let names: Vec<String> = std::fs::read_dir(&questions)
        .expect("the folder was made")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    assert_eq!(names, ["00001-a_b_.._c.smt2"]);
    let text = std::fs::read_to_string(questions.join(&names[0])).expect("the file");
    assert!(text.contains("(assert new-allow)") && text.ends_with("(check-sat)\n"), "{text}");
    let notices = String::from_utf8_lossy(&output.stderr);
    assert!(
        notices.contains("no SMT-LIB file for `caseless`: a policy variable is compared without regard"),
        "{notices}"
    );
}
