//! `validate --fix` and `--diff`: what is mended, in JSON, in both forms of YAML and in Terraform's sources, with comments
//! and layout kept; and what is left alone because an intrinsic function made it.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::binary::{codes, in_folder, json, run};

/// Fixes a file and returns its text and the codes that are left.
fn fixed_in(folder: &Path, input: &str, changed: &str) -> (String, Vec<String>) {
    let before = fs::read_to_string(folder.join(changed)).expect("a file");
    let diff = run(in_folder(folder).args(["validate", input, "--diff"]));
    assert_eq!(fs::read_to_string(folder.join(changed)).expect("a file"), before, "--diff changes nothing");
    run(in_folder(folder).args(["validate", input, "--fix"]));
    let after = fs::read_to_string(folder.join(changed)).expect("a file");
    assert_eq!(diff.out.is_empty(), before == after, "{}", diff.out);
    for line in after.lines().filter(|line| !before.contains(*line)) {
        assert!(diff.out.contains(&format!("+{line}\n")), "{line} is not in {}", diff.out);
    }
    let left = json(&run(in_folder(folder).args(["validate", input, "--format", "json"])));
    let again = run(in_folder(folder).args(["validate", input, "--diff"]));
    assert_eq!(again.out, "", "a second run has nothing to mend");
    (after, codes(&left))
}

fn fixed(name: &str, text: &str) -> (String, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(name), text).expect("a file");
    fixed_in(folder.path(), name, name)
}

#[test]
fn a_yaml_template_is_mended_and_keeps_its_comments_and_its_layout() {
    let text = r#"Resources:
  Readers:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        # what readers may do
        Statement:
          - Effect: Allow
            Action:
              - s3:Get*   # all reads
              - s3:GetObject
              # tags
              - 's3:GetObjectTagging'  # one by one
              - "s3:ListBucket"
            Resource: [ arn:aws:s3:::b, "arn:aws:s3:::b/*",  arn:aws:s3:::b/x ]  # flow
          - Effect: Allow
            Action: sqs:SendMessage
            Resource:
            - arn:aws:SQS:us-east-1:111122223333:q*   # capitals
            Condition:
              NumericLessThan: {"aws:MultiFactorAuthAge": [100, 3600, 200]}
"#;
    let (after, left) = fixed("t.yaml", text);
    let expected = text
        .replace("        Statement:", "        Version: \"2012-10-17\"\n        Statement:")
        .replace("              - s3:GetObject\n", "")
        .replace("- 's3:GetObjectTagging'  #", "#")
        .replace(",  arn:aws:s3:::b/x ]", " ]")
        .replace(":SQS:", ":sqs:")
        .replace("[100, 3600, 200]", "[3600]");
    assert_eq!(after, expected);
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_json_template_is_mended_line_by_line() {
    let text = "{\"Resources\": {\"P\": {\"Type\": \"AWS::IAM::ManagedPolicy\", \"Properties\": {\"PolicyDocument\": {\r\n\
        \t\"Statement\": [{\"Effect\": \"Allow\",\r\n\
        \t\t\"Action\": [\r\n\t\t\t\"s3:GetObject\",\r\n\t\t\t\"s3:Get*\",\r\n\t\t\t\"s3:GetObjectAcl\"\r\n\t\t],\r\n\
        \t\t\"Resource\": [\"arn:aws:s3:::b/x\",\"arn:aws:s3:::b/*\"]}]}}}}}\r\n";
    let (after, left) = fixed("t.json", text);
    let expected = text
        .replace("\t\"Statement\"", "\t\"Version\": \"2012-10-17\",\r\n\t\"Statement\"")
        .replace("\t\t\t\"s3:GetObject\",\r\n", "")
        .replace("\"s3:Get*\",\r\n\t\t\t\"s3:GetObjectAcl\"", "\"s3:Get*\"")
        .replace("\"arn:aws:s3:::b/x\",", "");
    assert_eq!(after, expected);
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn a_policy_document_is_mended_on_one_line() {
    let text = r#"{"Id": "x", "Statement": {"Effect": "allow", "Principal": "*", "Action": ["s3:GetObject", "s3:getobject"], "Resource": "arn:aws:s3:::b/*"}}"#;
    let (after, left) = fixed("p.json", text);
    let expected = text
        .replace("{\"Id\"", "{\"Version\": \"2012-10-17\", \"Id\"")
        .replace(", \"s3:getobject\"", "")
        .replace("allow", "Allow");
    assert_eq!(after, expected);
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn no_version_is_added_where_text_would_become_a_variable_or_a_key_may_be_a_misspelt_version() {
    let variable =
        r#"{"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:username}"}}"#;
    assert_eq!(fixed("p.json", variable).0, variable);
    let misspelt = "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        version: '2012-10-17'\n        Statement: {Effect: Allow, Action: s3:GetObject, Resource: 'arn:aws:s3:::b/*'}\n";
    assert_eq!(fixed("t.yaml", misspelt), (misspelt.replace("version", "Version"), Vec::new()));
}

#[test]
fn what_an_intrinsic_function_made_is_left_alone() {
    let text = r#"Parameters:
  Actions: {Type: CommaDelimitedList, Default: "s3:GetObject,s3:Get*"}
Mappings:
  Of: {These: {actions: ["s3:Get*", "s3:GetObject"]}}
Conditions:
  Wide: !Equals [!Ref AWS::Region, eu-west-1]
Resources:
  P:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Action: !Ref Actions, Resource: "*"}
          - {Effect: Allow, Action: !FindInMap [Of, These, actions], Resource: "*"}
          - {Effect: Allow, Action: !Split [",", "s3:List*,s3:ListBucket"], Resource: "*"}
          - {Effect: Allow, Action: [!If [Wide, "sqs:*", "sqs:SendMessage"], sqs:ReceiveMessage], Resource: "*"}
          - Effect: Allow
            Action:
              - !If [Wide, "sns:*", "sns:Publish"]
              - sns:Subscribe
            Resource: !Sub "arn:aws:SNS:us-east-1:${AWS::AccountId}:t"
"#;
    let (after, left) = fixed("t.yaml", text);
    assert_eq!(after, text);
    for code in ["REDUNDANT_ACTION", "INVALID_ARN_SERVICE_CASE"] {
        assert!(left.iter().any(|c| c == code), "{left:?}");
    }
}

#[test]
fn the_terraform_source_of_a_plan_is_mended_and_the_plan_is_not() {
    let source = r#"resource "aws_iam_policy" "p" {
  name = "p"
  policy = jsonencode({
    Statement = [{
      Effect = "Allow"
      Action = ["s3:Get*", "s3:GetObject"] # both
      Resource = [
        "arn:aws:s3:::b/*", // all
        "arn:aws:s3:::b/x", // one
        "arn:aws:S3:::c/*",
      ]
      Condition = { NumericGreaterThan = { "aws:MultiFactorAuthAge" = ["20", "10"] } }
    }]
  })
}
"#;
    let policy = json!({"Statement": [{
        "Action": ["s3:Get*", "s3:GetObject"], "Effect": "Allow",
        "Condition": {"NumericGreaterThan": {"aws:MultiFactorAuthAge": ["20", "10"]}},
        "Resource": ["arn:aws:s3:::b/*", "arn:aws:s3:::b/x", "arn:aws:S3:::c/*"]
    }]})
    .to_string();
    let resource = json!({
        "address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p",
        "provider_name": "aws", "schema_version": 0,
        "values": {"name": "p", "path": "/", "policy": policy}, "sensitive_values": {}
    });
    let change = json!({
        "address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p", "provider_name": "aws",
        "change": {"actions": ["create"], "before": null, "after": {"name": "p", "path": "/", "policy": policy},
                   "after_unknown": {"arn": true, "id": true}, "before_sensitive": false, "after_sensitive": {}}
    });
    let configured = json!({
        "address": "aws_iam_policy.p", "mode": "managed", "type": "aws_iam_policy", "name": "p",
        "provider_config_key": "aws", "expressions": {"name": {"constant_value": "p"}, "policy": {}}, "schema_version": 0
    });
    let plan = json!({
        "format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": [change],
        "planned_values": {"root_module": {"resources": [resource]}},
        "configuration": {"root_module": {"resources": [configured]}}
    })
    .to_string();
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("main.tf"), source).expect("a file");
    fs::write(folder.path().join("plan.json"), &plan).expect("a file");
    let shown = run(in_folder(folder.path()).args(["validate", "plan.json", "--diff"])).out;
    assert!(shown.contains("+    Version = \"2012-10-17\"\n") && !shown.contains("plan.json"), "{shown}");
    run(in_folder(folder.path()).args(["validate", "plan.json", "--fix"]));
    let expected = source
        .replace("    Statement", "    Version = \"2012-10-17\"\n    Statement")
        .replace(", \"s3:GetObject\"]", "]")
        .replace("\"arn:aws:s3:::b/x\", // one", "// one")
        .replace("aws:S3", "aws:s3")
        .replace("\"20\", ", "");
    assert_eq!(fs::read_to_string(folder.path().join("main.tf")).expect("a file"), expected);
    assert_eq!(fs::read_to_string(folder.path().join("plan.json")).expect("a file"), plan);
}
