//! `who-can`: who is found, by which path, and by what.

mod deployments;
mod exhaustive;

use serde_json::Value;

use crate::binary::{iam_preflight, in_folder, json, run};

const EXAMPLE: &str = "examples/graph/template.yaml";

fn ask(arguments: &[&str]) -> Value {
    let output = run(iam_preflight().arg("who-can").args(arguments).args(["--format", "json"]));
    assert_eq!(output.code, 0, "{}", output.err);
    json(&output)
}

fn ask_of(template: &str, action: &str, resource: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("template.yaml"), template).expect("a file");
    let output = run(in_folder(folder.path()).args(["who-can", action, resource, "template.yaml", "--format", "json"]));
    assert_eq!(output.code, 0, "{}", output.err);
    json(&output)
}

/// `Ann > AuditRole` for each principal and the roles it assumes.
fn paths(report: &Value) -> Vec<String> {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let of = |principal: &Value| {
        let steps = principal["path"].as_array().expect("a path");
        let roles = steps.iter().filter(|s| s["assumes"].is_object()).map(|s| text(&s["assumes"]["id"]));
        let who = std::iter::once(text(&principal["principal"]["id"]));
        who.chain(roles).collect::<Vec<_>>().join(" > ")
    };
    report["principals"].as_array().expect("principals").iter().map(of).collect()
}

#[test]
fn the_example_is_answered_with_roles_and_strangers() {
    assert_eq!(paths(&ask(&["s3:GetObject", "Reports", EXAMPLE])), ["AuditRole", "444455556666", "Ann > AuditRole"]);
    assert_eq!(paths(&ask(&["S3:putobject", "Reports", EXAMPLE])), ["WriterRole", "lambda.amazonaws.com > WriterRole"]);
}

#[test]
fn a_step_names_its_statements_with_lines_and_conditions() {
    let report = ask(&["s3:GetObject", "Reports", EXAMPLE]);
    let ann = &report["principals"][2]["path"];
    assert_eq!(ann[0]["action"], "sts:AssumeRole");
    assert_eq!(ann[0]["by"][0]["condition"]["Bool"]["aws:MultiFactorAuthPresent"], "true");
    assert_eq!(ann[1]["as"], "AuditRole");
    let denying = &ann[1]["by"][1];
    assert_eq!((&denying["effect"], &denying["statementId"]), (&"Deny".into(), &"OnlyEncrypted".into()));
    assert_eq!(denying["location"]["start"]["line"], 17);
}

fn role(name: &str, trusts: &str, policies: &str) -> String {
    format!(
        r#"  {name}:
    Type: AWS::IAM::Role
    Properties:
      RoleName: {name}
      AssumeRolePolicyDocument: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Principal: {trusts}, Action: "sts:AssumeRole"}}]}}
{policies}"#
    )
}

#[test]
fn cycles_of_trust_end() {
    let assume = |other: &str| {
        format!(
            "      Policies: [{{PolicyName: p, PolicyDocument: {{Version: \"2012-10-17\", Statement: [{{Effect: Allow, Action: \"sts:AssumeRole\", Resource: \"arn:aws:iam::111122223333:role/{other}\"}}]}}}}]\n"
        )
    };
    let trusts = |other: &str| format!("{{AWS: \"arn:aws:iam::111122223333:role/{other}\"}}");
    let mut text = "Resources:\n".to_owned();
    text.push_str(&role("A", &trusts("C"), &assume("B")));
    text.push_str(&role("B", &trusts("A"), &assume("C")));
    text.push_str(&role(
        "C",
        &trusts("B"),
        "      ManagedPolicyArns: [\"arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess\"]\n",
    ));
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t.yaml"), text).expect("a file");
    let arguments = ["who-can", "s3:GetObject", "arn:aws:s3:::b/k", "t.yaml", "--account-id", "111122223333"];
    let output = run(in_folder(folder.path()).args(arguments).args(["--format", "json"]));
    assert_eq!(paths(&json(&output)), ["C", "B > C", "A > B > C"]);
}

#[test]
fn the_key_policy_decides_even_within_the_account() {
    let template = |principal: &str| {
        format!(
            r#"Resources:
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Principal: {{AWS: !Sub "{principal}"}}, Action: "kms:*", Resource: "*"}}]}}
  Ann:
    Type: AWS::IAM::User
    Properties:
      Policies: [{{PolicyName: p, PolicyDocument: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "kms:Decrypt", Resource: "*"}}]}}}}]
  Bob: {{Type: AWS::IAM::User}}
"#
        )
    };
    let delegated = template("arn:aws:iam::${AWS::AccountId}:root");
    assert_eq!(paths(&ask_of(&delegated, "kms:Decrypt", "Key")), ["Ann"]);
    let named = template("${Bob.Arn}");
    assert_eq!(paths(&ask_of(&named, "kms:Decrypt", "Key")), ["Bob"]);
}

#[test]
fn a_boundary_limits_and_a_name_is_no_reason() {
    let text = r#"Resources:
  S3Admin:
    Type: AWS::IAM::User
    Properties:
      PermissionsBoundary: arn:aws:iam::aws:policy/AmazonSQSFullAccess
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonS3FullAccess]
  Plain:
    Type: AWS::IAM::User
    Properties:
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonS3FullAccess]
"#;
    assert_eq!(paths(&ask_of(text, "s3:GetObject", "arn:aws:s3:::b/k")), ["Plain"]);
}

/// A queue with a policy, and a role and a user that may be named in it.
fn queue(statements: &str, more: &str) -> String {
    format!(
        r#"Parameters: {{Flag: {{Type: String}}}}
Conditions: {{On: !Equals [!Ref Flag, "yes"]}}
Resources:
  Jobs: {{Type: AWS::SQS::Queue}}
  JobsPolicy:
    Type: AWS::SQS::QueuePolicy
{more}    Properties:
      Queues: [!Ref Jobs]
      PolicyDocument: {{Version: "2012-10-17", Statement: [{statements}]}}
  Ann:
    Type: AWS::IAM::User
    Properties:
      Policies: [{{PolicyName: p, PolicyDocument: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "sqs:*", Resource: "*"}}]}}}}]
  Worker:
    Type: AWS::IAM::Role
    Properties:
      RoleName: worker
      AssumeRolePolicyDocument: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Principal: {{Service: ec2.amazonaws.com}}, Action: "sts:AssumeRole"}}]}}
"#
    )
}

#[test]
fn whoever_a_policy_spares_is_named_if_not_anybody_gets_in() {
    let anybody = r#"{Effect: Allow, Principal: "*", Action: "sqs:*", Resource: "*"}"#;
    let but =
        |deny: &str| queue(&format!("{anybody}, {{Effect: Deny, Action: \"sqs:*\", Resource: \"*\", {deny}}}"), "");
    let ask = |template: &str| paths(&ask_of(template, "sqs:SendMessage", "Jobs"));
    assert_eq!(ask(&queue(anybody, "")), ["Ann", "Worker", "*", "ec2.amazonaws.com > Worker"]);
    let by_key = r#"Principal: "*", Condition: {StringNotEquals: {"aws:PrincipalAccount": "444455556666"}}"#;
    assert_eq!(ask(&but(by_key)), ["444455556666"]);
    let by_name = r#"NotPrincipal: {AWS: "arn:aws:iam::444455556666:role/partner"}"#;
    assert_eq!(ask(&but(by_name)), ["arn:aws:iam::444455556666:role/partner"]);
    let by_nobody = r#"Principal: "*""#;
    assert!(ask(&but(by_nobody)).is_empty());
}

#[test]
fn a_session_that_is_named_is_one_of_its_role() {
    let template = |role: &str| {
        let session = format!("!Sub \"arn:aws:sts::${{AWS::AccountId}}:assumed-role/{role}/deploy\"");
        queue(&format!("{{Effect: Allow, Principal: {{AWS: {session}}}, Action: \"sqs:*\", Resource: \"*\"}}"), "")
    };
    let report = ask_of(&template("worker"), "sqs:SendMessage", "Jobs");
    assert_eq!(paths(&report), ["Ann", "Worker", "ec2.amazonaws.com > Worker"]);
    let principal = &report["principals"][1]["path"][0]["witness"]["principal"];
    assert!(principal.as_str().is_some_and(|p| p.ends_with("assumed-role/worker/deploy")), "{principal}");
    let other = paths(&ask_of(&template("other"), "sqs:SendMessage", "Jobs"));
    assert!(!other.iter().any(|p| p.contains("Worker")), "{other:?}");
}

#[test]
fn what_holds_under_some_conditions_only_says_so_and_the_rest_is_not_forgotten() {
    let deny = r#"{Effect: Deny, Principal: "*", Action: "sqs:*", Resource: "*"}"#;
    let when = |template: &str| -> Vec<Value> {
        let report = ask_of(template, "sqs:SendMessage", "Jobs");
        report["principals"].as_array().expect("principals").iter().map(|p| p["when"].clone()).collect()
    };
    let only_without = when(&queue(deny, "    Condition: On\n"));
    assert_eq!(only_without, [serde_json::json!({"On": false})]);
    let harmless = r#"{Effect: Deny, Principal: "*", Action: "sqs:DeleteQueue", Resource: "*"}"#;
    assert_eq!(when(&queue(harmless, "    Condition: On\n")), [Value::Null]);
    assert_eq!(when(&queue(deny, "")), [] as [Value; 0]);
}

#[test]
fn whose_a_resource_is_is_known() {
    let owner = |account: &str| {
        let condition = format!("Condition: {{StringEquals: {{\"aws:ResourceAccount\": \"{account}\"}}}}");
        format!(
            r#"Resources:
  Data: {{Type: AWS::S3::Bucket}}
  Ann:
    Type: AWS::IAM::User
    Properties:
      Policies: [{{PolicyName: p, PolicyDocument: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "s3:*", Resource: "*", {condition}}}]}}}}]
"#
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    let ask = |account: &str| {
        std::fs::write(folder.path().join("t.yaml"), owner(account)).expect("a file");
        let arguments = ["who-can", "s3:ListBucket", "Data", "t.yaml", "--account-id", "111122223333"];
        json(&run(in_folder(folder.path()).args(arguments).args(["--format", "json"])))
    };
    let own = ask("111122223333");
    assert_eq!(paths(&own), ["Ann"]);
    let resource = &own["principals"][0]["path"][0]["witness"]["resource"];
    assert!(!resource.as_str().expect("an ARN").contains('/'), "a bucket is listed, not an object: {resource}");
    assert!(paths(&ask("444455556666")).is_empty());
}

#[test]
fn what_is_no_action_or_no_resource_is_an_error() {
    for (action, resource) in [("s3:Get*", "Reports"), ("nonsense", "Reports"), ("s3:GetObject", "Nothing")] {
        let output = run(iam_preflight().args(["who-can", action, resource, EXAMPLE]));
        assert_eq!(output.code, 2, "{action} {resource}");
        assert!(output.err.starts_with("error: "), "{}", output.err);
    }
}

#[test]
fn an_organization_policy_that_cannot_be_reasoned_about_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let variables: String = ('a'..='j').map(|c| format!("${{aws:PrincipalTag/{c}}}")).collect();
    let scp = serde_json::json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/x": variables}}}]});
    std::fs::write(folder.path().join("scp.json"), scp.to_string()).expect("a file");
    let scp = folder.path().join("scp.json");
    let arguments = ["who-can", "s3:GetObject", "Reports", EXAMPLE, "--format", "json", "--scp"];
    let output = run(iam_preflight().args(arguments).arg(&scp));
    assert_eq!(output.code, 0, "{}", output.err);
    let notices = json(&output)["notices"].to_string();
    assert!(notices.contains("not taken into account: a service control policy"), "{notices}");
}
