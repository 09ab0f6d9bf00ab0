//! `diff`: what access changes between two versions of a template.

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

const BASE: &str = r#"Resources:
  Bucket:
    Type: AWS::S3::Bucket
  Team:
    Type: AWS::IAM::Group
    Properties:
      Policies:
        - PolicyName: list
          PolicyDocument:
            Version: "2012-10-17"
            Statement: [{Effect: Allow, Action: "s3:ListAllMyBuckets", Resource: "*"}]
  Ann:
    Type: AWS::IAM::User
    Properties:
      Groups: [!Ref Team]
  App:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]
      ManagedPolicyArns: [arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess]
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: s3:GetObject
                Resource: !Sub "${Bucket.Arn}/*"
"#;

fn diff(base: &str, head: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("a file");
    write("base.yaml", base);
    write("head.yaml", head);
    let output = run(folder.path(), &["diff", "base.yaml", "head.yaml", "--format", "json"]);
    serde_json::from_str(&output).expect("JSON")
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_iam-preflight"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// `+App s3:PutObject` for each action that changes.
fn lines(report: &Value) -> Vec<String> {
    let changes = report["changes"].as_array().expect("changes");
    let line = |c: &Value| {
        let sign = if c["change"] == "GRANTED" { '+' } else { '-' };
        let actions: Vec<&str> =
            c["actions"].as_array().into_iter().flatten().filter_map(|a| a["action"].as_str()).collect();
        let public = if c["isPublic"] == true { " public" } else { "" };
        format!("{sign}{} {}{public}", c["subject"]["id"].as_str().unwrap_or_default(), actions.join(" "))
    };
    changes.iter().map(line).collect()
}

#[test]
fn nothing_changes_when_only_names_and_places_do() {
    assert!(lines(&diff(BASE, BASE)).is_empty());
    assert!(lines(&diff(BASE, &BASE.replace("  App:", "  Renamed:"))).is_empty(), "a logical id is but a name");
    let moved = BASE
        .replace("s3:GetObject\n", "[\"s3:getobject\", \"s3:GetObject\"]\n")
        .replace("PolicyName: read", "PolicyName: other");
    assert!(lines(&diff(BASE, &moved)).is_empty(), "the same access by another policy");
    let covered = BASE.replace("Action: s3:GetObject", "Action: [s3:GetObject, sqs:SendMessage]").replace(
        "                Resource: !Sub \"${Bucket.Arn}/*\"",
        "                Resource: !Sub \"${Bucket.Arn}/*\"\n              - {Effect: Allow, Action: \"sqs:ListQueues\", Resource: \"*\"}",
    );
    let report = diff(BASE, &covered);
    assert_eq!(lines(&report), ["+App sqs:SendMessage"], "what a managed policy allows already is not new: {report}");
}

#[test]
fn granted_and_revoked_access_is_named_with_a_request_that_shows_it() {
    let wider = BASE.replace("Action: s3:GetObject", "Action: [\"s3:Get*\", \"s3:PutObject\"]");
    let report = diff(BASE, &wider);
    assert_eq!(lines(&report), ["+App s3:Get* s3:PutObject"]);
    assert_eq!(lines(&diff(&wider, BASE)), ["-App s3:Get* s3:PutObject"]);
    let change = &report["changes"][0];
    assert_eq!(change["location"]["line"], 28, "{change}");
    assert!(change["witness"]["principal"].as_str().is_some_and(|p| p.contains("App")), "{change}");
    assert!(change["witness"]["resource"].as_str().is_some_and(|r| r.contains("${Bucket.")), "{change}");
}

#[test]
fn users_gain_by_their_groups_and_boundaries_take_away() {
    let group = BASE.replace("Action: \"s3:ListAllMyBuckets\"", "Action: \"iam:*\"");
    assert_eq!(lines(&diff(BASE, &group)), ["+Ann iam:*", "-Ann s3:ListAllMyBuckets"]);
    let bounded = BASE.replace(
        "      ManagedPolicyArns: [",
        "      PermissionsBoundary: arn:aws:iam::aws:policy/AmazonSQSFullAccess\n      ManagedPolicyArns: [",
    );
    assert_eq!(lines(&diff(BASE, &bounded)), ["-App s3:GetObject"]);
    assert_eq!(lines(&diff(&bounded, BASE)), ["+App s3:GetObject"]);
}

#[test]
fn resource_policies_say_who_gets_in() {
    let open = format!(
        "{BASE}{}",
        r#"  BucketPolicy:
    Type: AWS::S3::BucketPolicy
    Properties:
      Bucket: !Ref Bucket
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: "*", Action: "s3:GetObject", Resource: !Sub "${Bucket.Arn}/*"}]
"#
    );
    assert_eq!(lines(&diff(BASE, &open)), ["+Bucket s3:GetObject public"]);
    assert_eq!(lines(&diff(&open, BASE)), ["-Bucket s3:GetObject public"]);
}

#[test]
fn the_forms_for_people() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("base.yaml"), BASE).expect("a file");
    let wider = BASE.replace("Action: s3:GetObject", "Action: [\"s3:GetObject\", \"s3:PutObject\"]");
    std::fs::write(folder.path().join("head.yaml"), wider).expect("a file");
    insta::assert_snapshot!("access_diff_terminal", run(folder.path(), &["diff", "base.yaml", "head.yaml"]));
    insta::assert_snapshot!(
        "access_diff_markdown",
        run(folder.path(), &["diff", "base.yaml", "head.yaml", "--format", "markdown"])
    );
}

#[test]
fn a_policy_that_no_principal_of_the_run_has_is_compared_by_itself() {
    let document = |actions: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": {actions}, "Resource": "*"}}]}}"#
        )
    };
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [
        ("a.json", document("[\"s3:GetObject\", \"s3:PutObject\"]")),
        ("b.json", document("[\"s3:GetObject\", \"s3:DeleteObject\"]")),
        (
            "t.json",
            format!(
                r#"{{"Resources": {{"P": {{"Type": "AWS::IAM::ManagedPolicy", "Properties": {{"PolicyDocument": {}}}}}}}}}"#,
                document("\"s3:GetObject\"")
            ),
        ),
        ("u.json", r#"{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}"#.to_owned()),
    ] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let diff = |base: &str, head: &str| {
        let args = ["diff", base, head, "--format", "json"];
        lines(&crate::binary::json(&crate::binary::run(crate::binary::in_folder(folder.path()).args(args))))
    };
    assert_eq!(diff("a.json", "b.json"), ["+b.json s3:DeleteObject", "-a.json s3:PutObject"]);
    assert_eq!(diff("a.json", "a.json"), [""; 0]);
    assert_eq!(diff("u.json", "t.json"), ["+P s3:GetObject"]);
    assert_eq!(diff("t.json", "u.json"), ["-P s3:GetObject"]);
}
