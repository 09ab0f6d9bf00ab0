//! What keeps findings from counting, in every command and form: comments, metadata, the configuration, the command line
//! and the baseline; and the configuration file itself.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::binary::{Run, in_folder, json, run};
use crate::report::hold_to_schema;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
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

fn validate(folder: &Path, args: &[&str]) -> Run {
    run(in_folder(folder).args(["validate", "--format", "json"]).args(args))
}

/// What suppresses each finding: resource, by what, and why.
fn suppressed(report: &Value) -> Vec<(String, String, Option<String>)> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    let findings = report["findings"].as_array().expect("findings").iter();
    findings
        .map(|f| {
            let by = text(&f["suppressed"]["by"]).unwrap_or_default();
            (text(&f["resource"]["id"]).unwrap_or_default(), by, text(&f["suppressed"]["reason"]))
        })
        .collect()
}

fn notices(report: &Value) -> Vec<String> {
    let notices = report["notices"].as_array().expect("notices").iter();
    notices.map(|n| n.as_str().expect("text").to_owned()).collect()
}

fn row(resource: &str, by: &str, reason: Option<&str>) -> (String, String, Option<String>) {
    (resource.to_owned(), by.to_owned(), reason.map(str::to_owned))
}

const TEMPLATE: &str = r#"Resources:
  Commented:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        # iam-preflight: ignore[INVALID_ACTION] until 2999-01-31: known to the team
        Statement: [{Effect: Allow, Action: "s3:GetObjct", Resource: "*"}]
  Described:
    Type: AWS::IAM::ManagedPolicy
    Metadata:
      iam-preflight:
        ignore:
          - {code: INVALID_ACTION, reason: from the metadata}
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:GetObjct", Resource: "*"}]
  Open:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Action: "s3:GetObjct", Resource: "*"}]
"#;

#[test]
fn comments_and_metadata_of_a_template_hold_for_their_resource() {
    let folder = folder(&[("t.yaml", TEMPLATE)]);
    let result = validate(folder.path(), &["t.yaml"]);
    assert_eq!(result.code, 1, "{result:?}");
    let report = json(&result);
    hold_to_schema(&report);
    assert_eq!(
        suppressed(&report),
        [
            row("Commented", "comment", Some("known to the team")),
            row("Described", "metadata", Some("from the metadata")),
            row("Open", "", None),
        ]
    );
    let comment = &report["findings"][0]["suppressed"];
    assert_eq!(comment["expires"], "2999-01-31");
    assert_eq!(comment["place"], "t.yaml:7:11");
    assert_eq!(report["summary"]["suppressed"], 2);
    assert_eq!(notices(&report), [""; 0]);
}

#[test]
fn metadata_in_json_holds_for_a_resource_or_for_the_template() {
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObjct", "Resource": "*"}]});
    let resource = |metadata: Value| {
        json!({
            "Type": "AWS::IAM::ManagedPolicy", "Metadata": metadata, "Properties": {"PolicyDocument": policy}
        })
    };
    let ignore = |entry: Value| json!({"iam-preflight": {"ignore": [entry]}});
    let template = json!({
        "Metadata": ignore(json!({"resource": "Team*", "reason": "theirs"})),
        "Resources": {
            "One": resource(ignore(json!({"finding": "INVALID_ACTION", "reason": "one"}))),
            "Two": resource(json!({"aws:cdk:path": "Stack/Two"})),
            "TeamA": resource(json!({})),
        }
    });
    let folder = folder(&[("t.json", &template.to_string())]);
    let report = json(&validate(folder.path(), &["t.json"]));
    let expected =
        [row("One", "metadata", Some("one")), row("Two", "", None), row("TeamA", "metadata", Some("theirs"))];
    assert_eq!(suppressed(&report), expected);
    let by_path = json(&validate(folder.path(), &["t.json", "--ignore-finding", "Stack/*"]));
    assert_eq!(suppressed(&by_path)[1], row("Two", "ignore-finding", None));
}

const MAIN_TF: &str = r##"
# iam-preflight: ignore[INVALID_ACTION] read by an old client
resource "aws_iam_policy" "above" {
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObjct", Resource = "*" }] })
}
data "aws_iam_policy_document" "d" {
  statement {
    actions   = ["s3:GetObjct"] # iam-preflight: ignore[INVALID_*] in the document
    resources = ["*"]
  }
}
resource "aws_iam_policy" "document" {
  policy = data.aws_iam_policy_document.d.json
}
resource "aws_iam_policy" "open" {
  description = "# iam-preflight: ignore[INVALID_ACTION] is how it is written"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "s3:GetObjct", Resource = "*" }] })
}
"##;

fn plan() -> String {
    let document = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObjct","Resource":"*"}]}"#;
    let change = |name: &str| {
        json!({"address": format!("aws_iam_policy.{name}"), "mode": "managed", "type": "aws_iam_policy", "name": name,
               "provider_name": "registry.terraform.io/hashicorp/aws",
               "change": {"actions": ["create"], "before": null, "after": {"name": name, "policy": document}, "after_unknown": {}}})
    };
    let configured = |name: &str, references: Value| {
        json!({"address": format!("aws_iam_policy.{name}"), "mode": "managed", "type": "aws_iam_policy", "name": name,
               "provider_config_key": "aws", "expressions": {"policy": references}, "schema_version": 0})
    };
    let none = || json!({});
    let data = json!({"references": ["data.aws_iam_policy_document.d.json", "data.aws_iam_policy_document.d"]});
    json!({
        "format_version": "1.2",
        "resource_changes": [change("above"), change("document"), change("open")],
        "configuration": {"root_module": {"resources": [
            configured("above", none()), configured("document", data), configured("open", none()),
            {"address": "data.aws_iam_policy_document.d", "mode": "data", "type": "aws_iam_policy_document", "name": "d",
             "provider_config_key": "aws", "expressions": {"statement": [{"actions": {"constant_value": ["s3:GetObjct"]}, "resources": {"constant_value": ["*"]}}]}, "schema_version": 0}
        ]}}
    })
    .to_string()
}

#[test]
fn comments_of_terraform_sources_hold_for_the_resources_of_a_plan() {
    let folder = folder(&[("main.tf", MAIN_TF), ("plan.json", &plan())]);
    let report = json(&validate(folder.path(), &["plan.json"]));
    assert_eq!(
        suppressed(&report),
        [
            row("aws_iam_policy.above", "comment", Some("read by an old client")),
            row("aws_iam_policy.document", "comment", Some("in the document")),
            row("aws_iam_policy.open", "", None),
        ],
        "{report:#}"
    );
}

#[test]
fn what_is_expired_unused_misspelt_or_out_of_place_is_said() {
    let text = TEMPLATE
        .replace("2999-01-31", "2001-01-31")
        .replace(
            "  Open:\n",
            "  Open:\n    # iam-preflight: ignore[INVALID_ACTON] a slip\n    # iam-preflight: skip this\n",
        )
        .replace("from the metadata}", "from the metadata}\n          - {cod: X}");
    let text = format!("# iam-preflight: ignore[INVALID_ACTION]\n\n{text}");
    let folder = folder(&[("t.yaml", &text)]);
    let result = validate(folder.path(), &["t.yaml", "--ignore-finding", "Nobody.INVALID_ACTION"]);
    assert_eq!(result.code, 1);
    let report = json(&result);
    let expected = [
        "t.yaml:1:3: the comment stands in no resource's block, nor directly above one, and ignores nothing",
        "t.yaml:24:7: the comment does not say `ignore`; a comment that ignores a finding is `# iam-preflight: ignore[CODE] reason`",
        "t.yaml:17:14: unknown key `cod` (did you mean `code`?); the entry is passed over",
        "t.yaml:9:11: the comment that ignores `INVALID_ACTION` expired on 2001-01-31",
        "t.yaml:23:7: the comment that ignores `INVALID_ACTON` matches no finding; did you mean `INVALID_ACTION`?",
        "the rule `Nobody.INVALID_ACTION` of ignore-finding matches no finding",
    ];
    assert_eq!(notices(&report), expected);
    assert_eq!(suppressed(&report)[0], row("Commented", "", None));
    let shown = run(in_folder(folder.path()).args(["validate", "t.yaml"]));
    assert!(shown.out.contains("note: t.yaml:9:11: the comment that ignores"), "{}", shown.out);
}

#[test]
fn a_rule_for_another_command_is_not_called_unused() {
    let text = TEMPLATE.replace("ignore[INVALID_ACTION]", "ignore[CHECK_ACCESS_NOT_GRANTED, INVALID_ACTION]");
    let folder = folder(&[("t.yaml", &text)]);
    assert_eq!(notices(&json(&validate(folder.path(), &["t.yaml"]))), [""; 0]);
    let args = ["check-access-not-granted", "t.yaml", "--actions", "s3:*", "--resources", "*", "--format", "json"];
    let report = json(&run(in_folder(folder.path()).args(args)));
    let told: Vec<String> = notices(&report).into_iter().filter(|n| n.contains("ignore")).collect();
    assert_eq!(told, [""; 0]);
}

#[test]
fn every_command_and_every_form_leaves_suppressed_findings_out_of_account() {
    let bucket = r#"Resources:
  B:
    Type: AWS::S3::BucketPolicy
    # iam-preflight: ignore[*] a public website
    Properties:
      Bucket: example
      PolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: "*", Action: "s3:GetObjct*", Resource: "arn:aws:s3:::example/*"}]
"#;
    let folder = folder(&[("t.yaml", bucket), ("t2.yaml", &bucket.replace("GetObjct", "GetObject"))]);
    let commands: [(&[&str], &str); 4] = [
        (&["validate", "t.yaml"], "INVALID_ACTION"),
        (&["check-no-public-access", "t2.yaml"], "CHECK_NO_PUBLIC_ACCESS"),
        (&["check-access-not-granted", "t2.yaml", "--actions", "s3:GetObject"], "CHECK_ACCESS_NOT_GRANTED"),
        (&["external-access", "t2.yaml"], "EXTERNAL_PRINCIPAL"),
    ];
    for (command, code) in commands {
        let report = json(&run(in_folder(folder.path()).args(command).args(["--format", "json"])));
        let found = report["findings"].as_array().expect("findings").iter().find(|f| f["issueCode"] == code);
        assert_eq!(found.expect(code)["suppressed"]["reason"], "a public website", "{code}");
        for format in ["terminal", "concise", "json", "aws", "github", "sarif", "junit", "gitlab", "markdown"] {
            let result = run(in_folder(folder.path()).args(command).args(["--format", format]));
            assert_eq!(result.code, 0, "{command:?} {format}: {result:?}");
            match format {
                "aws" => assert_eq!(json(&result)["BlockingFindings"], json!([])),
                "github" => assert!(!result.out.contains("::error"), "{}", result.out),
                "gitlab" => assert_eq!(json(&result), json!([])),
                "junit" => assert!(!result.out.contains("<failure"), "{}", result.out),
                "sarif" => {
                    let results = &json(&result)["runs"][0]["results"];
                    let all = results.as_array().expect("results");
                    assert!(
                        all.iter().all(|r| r["suppressions"].as_array().is_some_and(|s| s.len() == 1)),
                        "{results}"
                    );
                }
                _ => {}
            }
        }
    }
}

#[test]
fn entries_of_the_configuration_name_code_resource_path_and_policy_by_patterns() {
    let config = "ignore-finding:\n  - code: INVALID_*\n    resource: [Comm*, Desc*]\n    path: infra/**/t.yaml\n    policy: PolicyDoc*\n    reason: all of it\n";
    let template = TEMPLATE.replace("iam-preflight", "other");
    let folder = folder(&[("infra/prod/t.yaml", &template), (".github/.iam-preflight.yaml", config)]);
    fs::create_dir(folder.path().join(".git")).expect("a folder");
    let expected = [
        row("Commented", "ignore-finding", Some("all of it")),
        row("Described", "ignore-finding", Some("all of it")),
        row("Open", "", None),
    ];
    // Paths are from the configuration's folder, wherever the run is.
    for (from, input) in
        [("", "infra/prod/t.yaml"), ("", "./infra"), ("infra", "prod/t.yaml"), ("infra/prod", "../prod/t.yaml")]
    {
        let report = json(&validate(&folder.path().join(from), &[input]));
        assert_eq!(suppressed(&report), expected, "{from} {input}");
        assert_eq!(report["findings"][0]["suppressed"]["place"], ".github/.iam-preflight.yaml:2:5");
    }
    write(folder.path(), ".github/.iam-preflight.yaml", &config.replace("infra/**", "other/**"));
    let report = json(&validate(folder.path(), &["infra"]));
    assert!(suppressed(&report).iter().all(|(_, by, _)| by.is_empty()));
    // The repository's own file goes first.
    write(folder.path(), ".iam-preflight.yaml", "ignore-finding: [INVALID_ACTION]\n");
    let report = json(&validate(folder.path(), &["infra"]));
    assert!(suppressed(&report).iter().all(|(_, by, _)| by == "ignore-finding"));
}

#[test]
fn a_faulty_configuration_is_an_error_with_its_place_and_the_schema_refuses_it_too() {
    let folder = folder(&[("t.yaml", TEMPLATE)]);
    let schema: Value = serde_json::from_str(include_str!("../../docs/config.schema.json")).expect("a schema");
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let cases: [(Value, &str); 17] = [
        (json!({"ignore-findings": []}), "1:2: unknown key `ignore-findings`\n  help: did you mean `ignore-finding`?"),
        (
            json!({"zzzzzzzzzzzzzzzzzzzzzzz": 1}),
            "unknown key `zzzzzzzzzzzzzzzzzzzzzzz`\n  help: the keys are account-id",
        ),
        (json!({"ignore-finding": "INVALID_ACTION"}), "`ignore-finding` is a list"),
        (
            json!({"ignore-finding": [["A"]]}),
            "`ignore-finding`: an entry is the finding's code, or a map of what it names",
        ),
        (
            json!({"ignore-finding": [{"reason": "because"}]}),
            "an entry names a `finding`, `code`, `resource`, `policy` or `path`",
        ),
        (
            json!({"ignore-finding": [{"code": "A", "reasn": "x"}]}),
            "unknown key `reasn`\n  help: did you mean `reason`?",
        ),
        (json!({"ignore-finding": [{"code": "A", "expires": "tomorrow"}]}), "`expires` is a day, YYYY-MM-DD"),
        (json!({"ignore-finding": [{"code": {"a": 1}}]}), "`code` takes text"),
        (json!({"ignore-finding": [{"code": []}]}), "`code` is an empty list"),
        (json!({"ignore-finding": [null]}), "an entry is the finding's code"),
        (json!({"strict": "maybe"}), "`strict` is `true` or `false`"),
        (json!({"parameters": ["A=b"]}), "`parameters` is a map of names to values"),
        (json!({"parameters": {"A": ["b"]}}), "the value of a parameter is a scalar"),
        (json!({"baseline": ["a"]}), "`baseline` takes one value"),
        (json!({"findings-exit-code": 256}), "`findings-exit-code`: expected a number from 0 to 255"),
        (json!({"account-id": "12"}), "`account-id`: an account id has twelve digits"),
        (json!(["region"]), "the configuration is a map of options"),
    ];
    for (config, message) in cases {
        write(folder.path(), ".iam-preflight.yaml", &config.to_string());
        let result = validate(folder.path(), &["t.yaml"]);
        assert_eq!(result.code, 2, "{config}");
        assert!(result.err.contains(message), "{config}: {}", result.err);
        assert!(result.err.starts_with("error: "), "{}", result.err);
        assert!(!schema.is_valid(&config), "{config}");
    }
    let good = json!({
        "region": "eu-west-1", "account-id": "123456789012", "treat-finding-type-as-blocking": ["ERROR"], "strict": true,
    "exclude-resource-types": "AWS::KMS::Key",
        "ignore-finding": ["INVALID_ACTION", {"code": ["A", "B"], "path": "infra/**", "expires": "2999-01-01", "reason": "r"}],
        "archive-rules": [{"name": "partner", "filter": {"isPublic": {"eq": "false"}}}],
    });
    write(folder.path(), ".iam-preflight.yaml", &good.to_string());
    let result = validate(folder.path(), &["t.yaml"]);
    assert_eq!(result.code, 0, "{result:?}");
    assert!(schema.is_valid(&good));
}

fn git(folder: &Path, args: &[&str]) -> bool {
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let output = Command::new("git").current_dir(folder).args(who).args(args).output().expect("git");
    output.status.success()
}

#[test]
fn baselines_of_two_branches_merge() {
    let policy = |name: &str, action: &str| {
        format!(
            "  {name}:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Version: \"2012-10-17\"\n        Statement: [{{Effect: Allow, Action: \"s3:{action}\", Resource: \"*\"}}]\n"
        )
    };
    let template = |names: &[&str]| {
        let policies: String = names.iter().map(|name| policy(name, "GetObjct")).collect();
        format!("Resources:\n{policies}")
    };
    let folder = folder(&[("a.yaml", &template(&["B", "C", "D"])), ("z.yaml", &template(&["M", "N"]))]);
    let here = folder.path();
    let baseline = || assert_eq!(validate(here, &[".", "--write-baseline", "baseline.json"]).code, 1);
    let commit = || {
        baseline();
        assert!(git(here, &["add", "-A"]) && git(here, &["commit", "-qm", "x"]));
    };
    assert!(git(here, &["init", "-q"]));
    commit();
    assert!(git(here, &["checkout", "-qb", "one"]));
    write(here, "a.yaml", &template(&["A", "B", "C", "D"]));
    commit();
    assert!(git(here, &["checkout", "-q", "main"]));
    write(here, "z.yaml", &template(&["M", "N", "Z"]));
    commit();
    assert!(git(here, &["merge", "-q", "-m", "x", "one"]), "the merge has a conflict");
    let merged = validate(here, &[".", "--baseline", "baseline.json"]);
    assert_eq!(merged.code, 0, "{merged:?}");
    assert_eq!(json(&merged)["summary"]["baselined"], 7);
    // From another folder of the repository, findings are the same.
    fs::create_dir(here.join("inner")).expect("a folder");
    let inner = validate(&here.join("inner"), &["../a.yaml", "../z.yaml", "--baseline", "../baseline.json"]);
    assert_eq!(inner.code, 0, "{inner:?}");
    // What is mended is said.
    write(here, "z.yaml", &template(&["M"]));
    let fewer = json(&validate(here, &[".", "--baseline", "baseline.json"]));
    assert_eq!(
        notices(&fewer),
        ["2 entries of the baseline match no finding of this run; `--write-baseline` writes it anew"]
    );
    write(here, "baseline.json", "{\n<<<<<<< HEAD\n");
    let conflict = validate(here, &[".", "--baseline", "baseline.json"]);
    assert_eq!(conflict.code, 2);
    assert!(conflict.err.contains("a merge conflict in line 2"), "{}", conflict.err);
}

#[test]
fn a_thousand_comments_and_rules_take_no_time() {
    let resources: String = (0..1_000)
        .map(|i| {
            TEMPLATE
                .lines()
                .skip(1)
                .take(7)
                .map(|line| format!("{}\n", line.replace("Commented", &format!("P{i}"))))
                .collect::<String>()
        })
        .collect();
    let folder = folder(&[("t.yaml", &format!("Resources:\n{resources}"))]);
    let rules: Vec<String> = (0..100).map(|i| format!("Q{i}.INVALID_*")).collect();
    let start = std::time::Instant::now();
    let result = validate(folder.path(), &["t.yaml", "--ignore-finding", &rules.join(",")]);
    assert_eq!(result.code, 0);
    assert_eq!(json(&result)["summary"]["suppressed"], 1_000);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
}

#[test]
fn a_comment_holds_for_findings_about_a_resource_that_are_about_no_policy() {
    let example = |name: &str| crate::binary::root().join("examples/unused-access").join(name);
    let text = fs::read_to_string(example("template.yaml")).expect("the example");
    let comment = "  # iam-preflight: ignore[UNUSED_*] kept for the audit\n  OldImport:\n";
    let text = text.replace("  OldImport:\n", comment);
    assert!(text.contains("kept for the audit"), "the example has the role `OldImport`");
    let folder = folder(&[("t.yaml", &text)]);
    let mut command = in_folder(folder.path());
    command.args(["unused", "t.yaml", "--format", "json", "--last-accessed"]).arg(example("last-accessed"));
    command.arg("--authorization-details").arg(example("authorization-details.json"));
    let report = json(&run(&mut command));
    assert_eq!(
        suppressed(&report),
        [row("OrdersWorker", "", None), row("OldImport", "comment", Some("kept for the audit"))],
    );
}

#[test]
fn a_rule_without_a_reason_holds_and_is_said() {
    let text = TEMPLATE.replace(" until 2999-01-31: known to the team", "");
    let folder = folder(&[("t.yaml", &text)]);
    let report = json(&validate(folder.path(), &["t.yaml", "--ignore-finding", "Open"]));
    assert_eq!(report["summary"]["suppressed"], 3);
    assert_eq!(notices(&report), ["t.yaml:7:11: the comment that ignores `INVALID_ACTION` gives no reason"]);
}

#[test]
fn the_configuration_names_trusted_accounts_and_principals_that_may_come_in() {
    let queue = r#"Resources:
  Q:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [https://sqs.eu-west-1.amazonaws.com/111122223333/q]
      PolicyDocument:
        Version: "2012-10-17"
        Statement:
          - {Effect: Allow, Principal: {AWS: "444455556666"}, Action: "sqs:SendMessage", Resource: "*"}
          - {Effect: Allow, Principal: {AWS: "555566667777"}, Action: "sqs:SendMessage", Resource: "*"}
"#;
    let folder = folder(&[("t.yaml", queue)]);
    let principals = || {
        let args = ["external-access", "t.yaml", "--account-id", "111122223333", "--format", "json"];
        let report = json(&run(in_folder(folder.path()).args(args)));
        let active = report["externalAccess"].as_array().expect("a list").iter().filter(|a| a["status"] == "ACTIVE");
        active.map(|a| a["principal"]["AWS"].as_str().expect("an account").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(principals().len(), 2);
    write(folder.path(), ".iam-preflight.yaml", "trusted-accounts: [\"444455556666\"]\n");
    assert_eq!(principals().len(), 1);
    write(
        folder.path(),
        ".iam-preflight.yaml",
        "trusted-accounts: [\"444455556666\"]\nallow-external-principals: [\"555566667777\"]\n",
    );
    assert_eq!(principals().len(), 0);
    write(folder.path(), ".iam-preflight.yaml", "trusted-accounts: [12]\n");
    let result = run(in_folder(folder.path()).args(["external-access", "t.yaml"]));
    assert!(
        result.code == 2 && result.err.contains("`trusted-accounts`: an account id has twelve digits"),
        "{result:?}"
    );
}
