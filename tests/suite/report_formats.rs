//! The reports for other tools: each as it is written for `tests/data/reports`, and each as the tool, or its maker's
//! validator, reads it (`tests/suite/tools.rs`).

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::binary::{iam_preflight, in_folder, json, root, run};
use crate::tools;

/// A report of the inputs of `tests/data/reports`, the same run after run.
fn report(format: &str) -> String {
    let run = run(iam_preflight().env("SOURCE_DATE_EPOCH", "1790000000").args([
        "validate",
        "tests/data/reports/template.yaml",
        "tests/data/reports/broken.json",
        "--config",
        "tests/data/reports/config.yaml",
        "--account-id",
        "111122223333",
        "--region",
        "eu-central-1",
        "--format",
        format,
    ]));
    assert_eq!(run.code, 2, "one of the inputs is broken: {}", run.err);
    run.out
}

/// Reports of several commands and many findings, in a form: the file of each.
fn many(format: &str, folder: &Path) -> Vec<std::path::PathBuf> {
    let runs: [(&str, &[&str]); 7] = [
        ("examples", &["validate", "examples", "--strict"]),
        (
            "broken",
            &[
                "validate",
                "tests/data/reports/template.yaml",
                "tests/data/reports/broken.json",
                "--config",
                "tests/data/reports/config.yaml",
            ],
        ),
        ("clean", &["validate", "examples/policies/region-guardrail.scp.json"]),
        ("external", &["external-access", "examples/external-access"]),
        (
            "unused",
            &[
                "unused",
                "--authorization-details",
                "examples/unused-access/authorization-details.json",
                "--credential-report",
                "examples/unused-access/credential-report.csv",
                "--last-accessed",
                "examples/unused-access/last-accessed",
            ],
        ),
        ("activity", &["validate", "examples/unused-access/template.yaml", "--activity", "examples/unused-access"]),
        ("granted", &["check-access-not-granted", "examples/policies", "--actions", "iam:PassRole,s3:PutObject"]),
    ];
    let mut files: Vec<_> = runs
        .iter()
        .map(|(name, arguments)| {
            let file = folder.join(format!("{name}.{format}"));
            let output = format!("{format}={}", file.display());
            let run = run(iam_preflight().env("SOURCE_DATE_EPOCH", "1790000000").args(*arguments).args([
                "--account-id",
                "111122223333",
                "--region",
                "eu-central-1",
                "--output",
                &output,
            ]));
            assert!(file.is_file(), "{arguments:?}: {}", run.err);
            file
        })
        .collect();
    // More findings than one call of Security Hub takes, and than a JUnit report of CodeBuild shows.
    let inputs = tempfile::tempdir().expect("a folder");
    let statements: Vec<Value> =
        (0..250).map(|i| json!({"Effect": "Allow", "Action": format!("s3:Nope{i}"), "Resource": "*"})).collect();
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    fs::write(inputs.path().join("p.json"), policy.to_string()).expect("a file");
    let file = folder.join(format!("many.{format}"));
    let output = format!("{format}={}", file.display());
    let arguments =
        ["validate", "p.json", "--account-id", "111122223333", "--region", "eu-central-1", "--output", &output];
    run(in_folder(inputs.path()).args(arguments));
    files.push(file);
    files
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("a file")
}

#[test]
fn sarif_looks_so() {
    let mut log: Value = serde_json::from_str(&report("sarif")).expect("JSON");
    for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array_mut().expect("rules") {
        // The pages of the checks have tests of their own.
        assert!(rule["help"]["markdown"].as_str().is_some_and(|t| t.contains("## ")), "{rule}");
        rule["help"] = json!("…");
    }
    insta::assert_snapshot!(format!("{log:#}"));
}

#[test]
fn junit_looks_so() {
    insta::assert_snapshot!(report("junit"));
}

#[test]
fn gitlab_looks_so() {
    insta::assert_snapshot!(report("gitlab"));
}

#[test]
fn asff_looks_so() {
    let text = report("asff");
    assert_eq!(text.lines().count(), 1);
    let findings: Value = serde_json::from_str(&text).expect("JSON");
    insta::assert_snapshot!(format!("{findings:#}"));
}

#[test]
fn events_look_so() {
    let lines = report("events");
    let events: Vec<String> =
        lines.lines().map(|l| format!("{:#}", serde_json::from_str::<Value>(l).expect("JSON"))).collect();
    insta::assert_snapshot!(events.join("\n"));
}

#[test]
fn html_looks_so() {
    let page = report("html");
    // The style is a file of its own; its hash guards it.
    let (head, rest) = page.split_once("<style>").expect("a style");
    let (_, body) = rest.split_once("</style>").expect("its end");
    let hash = head.split("sha256-").nth(1).and_then(|r| r.split('\'').next()).expect("a hash");
    insta::assert_snapshot!(format!("{}<style>…</style>{body}", head.replace(hash, "…")));
}

#[test]
fn code_scanning_takes_the_sarif() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = many("sarif", folder.path());
    for file in &files {
        let log: Value = serde_json::from_str(&read(file)).expect("JSON");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().expect("rules");
        for result in log["runs"][0]["results"].as_array().expect("results") {
            let rule = &rules[result["ruleIndex"].as_u64().expect("an index") as usize];
            assert_eq!(result["ruleId"], rule["id"]);
            assert!(result["locations"][0]["physicalLocation"]["region"]["startLine"].as_u64() >= Some(1));
        }
    }
    let Some(modules) = tools::node_package("@microsoft/sarif-multitool-linux") else { return };
    let tool = modules.join("@microsoft/sarif-multitool-linux/Sarif.Multitool");
    for file in &files {
        let results = multitool(&tool, file);
        let errors: Vec<&Value> =
            results.iter().filter(|r| r["level"] != "note" && r["ruleId"] != "SARIF2005").collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
    }
    // The validator's exit code says nothing; what it finds has to be looked for.
    let mut log: Value = serde_json::from_str(&read(&files[0])).expect("JSON");
    let rule = &mut log["runs"][0]["tool"]["driver"]["rules"][0];
    rule.as_object_mut().expect("an object").remove("fullDescription");
    let broken = folder.path().join("without-description.sarif");
    fs::write(&broken, log.to_string()).expect("a file");
    assert!(multitool(&tool, &broken).iter().any(|r| r["level"] == "error"), "the validator finds what is missing");
}

#[test]
fn results_over_the_limit_of_code_scanning_are_the_least_severe_and_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    // 26 errors for each statement, and a warning of the size of it all.
    let statement = |i: usize| {
        let actions: Vec<String> = (0..26).map(|j| format!("s3:Nope{i}x{j}")).collect();
        json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
    };
    let policy = json!({"Version": "2012-10-17", "Statement": (0..980).map(statement).collect::<Vec<_>>()});
    fs::write(folder.path().join("p.json"), policy.to_string()).expect("a file");
    let log = json(&run(in_folder(folder.path()).args(["validate", "p.json", "--format", "sarif"])));
    let run = &log["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 25_000);
    assert!(results.iter().all(|r| r["ruleId"] == "INVALID_ACTION"));
    let said = run["invocations"][0]["toolExecutionNotifications"].to_string();
    assert!(said.contains("the least severe, are over the limit of results"), "{said}");
}

#[test]
fn the_sarif_meets_its_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = many("sarif", folder.path());
    // The package that has the schema (the errata changed nothing in it but its name).
    let Some(modules) = tools::node_package("@microsoft/jest-sarif") else { return };
    let schema = read(&modules.join("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"));
    let mut schema: Value = serde_json::from_str(&schema).expect("JSON");
    // Its pattern for languages, which we don't write, is no regular expression: it closes a bracket that it never opened.
    for owner in ["run", "toolComponent"] {
        let language = schema.pointer_mut(&format!("/definitions/{owner}/properties/language"));
        language.expect("a property")["pattern"] = json!("");
    }
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for file in &files {
        let mut log: Value = serde_json::from_str(&read(file)).expect("JSON");
        let errors: Vec<String> = validator.iter_errors(&log).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        // What `sarif-multitool` lets through.
        if let Some(line) = log.pointer_mut("/runs/0/results/0/locations/0/physicalLocation/region/startLine") {
            *line = json!("3");
            assert!(!validator.is_valid(&log));
        }
    }
}

/// What the validator says of a file, with its rules for GitHub's code scanning.
fn multitool(tool: &Path, file: &Path) -> Vec<Value> {
    let said = file.with_extension("validated");
    let output = std::process::Command::new(tool)
        .args(["validate", &file.to_string_lossy(), "--rule-kind", "Sarif;Ghas", "--log", "ForceOverwrite", "--output"])
        .arg(&said)
        .output()
        .expect("the validator runs");
    let text = fs::read_to_string(&said);
    let text = text.unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stdout)));
    let log: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).expect("JSON");
    log["runs"]
        .as_array()
        .expect("runs")
        .iter()
        .flat_map(|r| r["results"].as_array().cloned().unwrap_or_default())
        .collect()
}

#[test]
fn results_of_sarif_keep_their_places_in_characters_and_their_fixes() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": ["s3:😀GetObjekt", "s3:GetObjekt"], "Resource": "*"}]}"#;
    fs::write(folder.path().join("p é.json"), text).expect("a file");
    let log = json(&run(in_folder(folder.path()).args(["validate", "p é.json", "--format", "sarif"])));
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let results = log["runs"][0]["results"].as_array().expect("results");
    let fixes: Vec<&Value> = results.iter().filter_map(|r| r["fixes"].get(0)).collect();
    assert!(!fixes.is_empty());
    for fix in fixes {
        let change = &fix["artifactChanges"][0];
        assert_eq!(change["artifactLocation"]["uri"], "p%20%C3%A9.json");
        let region = &change["replacements"][0]["deletedRegion"];
        let part = |key: &str| region[key].as_u64().expect("a number") as usize - 1;
        let (start, end) = (part("startColumn"), part("endColumn"));
        let deleted: String = text.chars().skip(start).take(end - start).collect();
        assert!(["s3:😀GetObjekt", "s3:GetObjekt"].contains(&deleted.as_str()), "{deleted}");
        assert_eq!(change["replacements"][0]["insertedContent"]["text"], "s3:GetObject");
    }
}

#[test]
fn suppressed_results_are_in_the_sarif_only_if_asked_for() {
    let suppressed = |further: &[&str]| -> Vec<bool> {
        let arguments = ["validate", "examples/policies/developer.json", "--ignore-finding", "REDUNDANT_ACTION"];
        let log = json(&run(iam_preflight().args(arguments).args(["--format", "sarif"]).args(further)));
        let results = log["runs"][0]["results"].as_array().expect("results").clone();
        results.iter().map(|r| r["suppressions"].is_array()).collect()
    };
    assert_eq!(suppressed(&[]), [false]);
    assert_eq!(suppressed(&["--verbose"]), [true, false]);
}

#[test]
fn junitparser_counts_what_the_report_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = many("junit", folder.path());
    let Some(python) = tools::python("junitparser") else { return };
    let script = "
import json, sys
from junitparser import JUnitXml
out = []
for path in json.load(sys.stdin):
    xml = JUnitXml.fromfile(path)
    cases = [case for suite in xml for case in suite]
    kinds = [type(result).__name__ for case in cases for result in case.result]
    assert xml.tests == len(cases) and xml.failures == kinds.count('Failure'), path
    assert xml.errors == kinds.count('Error') and xml.skipped == kinds.count('Skipped'), path
    longest = max([len(c.name) for c in cases], default=0), max([len(r.message or '') for c in cases for r in c.result], default=0)
    out.append({'cases': len(cases), 'failures': xml.failures, 'errors': xml.errors, 'skipped': xml.skipped, 'longest': longest})
print(json.dumps(out))
";
    let paths: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
    let counts: Value =
        serde_json::from_str(&tools::filter(&python, &["-c", script], &json!(paths).to_string())).expect("JSON");
    for (file, count) in files.iter().zip(counts.as_array().expect("a list")) {
        assert!(count["cases"].as_u64() > Some(0), "{}", file.display());
        assert!(count["longest"][0].as_u64() <= Some(1_000) && count["longest"][1].as_u64() <= Some(5_000));
    }
    assert_eq!(counts[1]["errors"], 1, "the broken input");
    assert_eq!(counts[1]["skipped"], 1, "the suppressed finding");
    assert_eq!(counts[2]["failures"], 0);
}

/// GitLab's documentation, "Code Quality report format".
fn gitlab_schema() -> Value {
    json!({
        "type": "array",
        "items": {
            "type": "object",
            "required": ["description", "check_name", "fingerprint", "location", "severity"],
            "properties": {
                "description": {"type": "string", "minLength": 1},
                "check_name": {"type": "string", "minLength": 1},
                "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
                "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
                "location": {
                    "type": "object",
                    "required": ["path", "lines"],
                    "properties": {
                        "path": {"type": "string", "pattern": "^[^/.]"},
                        "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}},
                    },
                },
            },
        },
    })
}

#[test]
fn the_gitlab_report_meets_its_format_and_no_two_fingerprints_are_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let validator = jsonschema::validator_for(&gitlab_schema()).expect("a schema");
    let files = many("gitlab", folder.path());
    for file in &files {
        let text = read(file);
        assert!(text.starts_with('['), "an array, without a byte order mark");
        let report: Value = serde_json::from_str(&text).expect("JSON");
        let errors: Vec<String> =
            validator.iter_errors(&report).map(|e| format!("{}: {e}", e.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", file.display());
        let mut fingerprints: Vec<&str> =
            report.as_array().expect("an array").iter().filter_map(|f| f["fingerprint"].as_str()).collect();
        let count = fingerprints.len();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), count, "{}: equal ones are merged", file.display());
    }
    let Some(python) = tools::python("check_jsonschema") else { return };
    let schema = folder.path().join("schema.json");
    fs::write(&schema, gitlab_schema().to_string()).expect("a file");
    let mut arguments = vec!["-m".to_owned(), "check_jsonschema".to_owned(), "--schemafile".to_owned()];
    arguments.push(schema.display().to_string());
    arguments.extend(files.iter().map(|f| f.display().to_string()));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    tools::filter(&python, &arguments, "");
}

#[test]
fn security_hub_takes_the_asff() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = many("asff", folder.path());
    let calls: Vec<Vec<Value>> = files
        .iter()
        .flat_map(|f| read(f).lines().map(|l| serde_json::from_str(l).expect("an array")).collect::<Vec<Vec<Value>>>())
        .collect();
    assert!(calls.iter().all(|call| (1..=100).contains(&call.len())));
    assert!(files.iter().all(|file| read(file).lines().all(|call| call.len() <= 6_000_000)));
    let many: Vec<&Value> = calls.iter().filter(|c| c.len() == 100).flatten().collect();
    assert!(many.len() >= 200, "250 findings are two full calls and a rest");
    for file in &files {
        let mut ids: Vec<String> = read(file)
            .lines()
            .flat_map(|l| serde_json::from_str::<Vec<Value>>(l).expect("an array"))
            .map(|f| f["Id"].as_str().expect("an id").to_owned())
            .collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}: one finding would replace another", file.display());
    }
    for finding in calls.iter().flatten() {
        let length = |key: &str| finding[key].as_str().map_or(0, |t| t.chars().count());
        assert!(length("Title") <= 256 && length("Description") <= 1024 && length("Id") <= 512, "{finding:#}");
        assert!(finding.to_string().len() < 240_000);
        assert!(finding["ProductFields"].as_object().is_some_and(|f| f.len() <= 50));
    }
    let Some(python) = tools::python("botocore") else { return };
    let script = "
import json, sys
import botocore.session
from botocore.validate import ParamValidator
shape = botocore.session.get_session().get_service_model('securityhub').operation_model('BatchImportFindings').input_shape
def kinds(shape):
    return set(shape.members)
known = kinds(shape.members['Findings'].member.members['Resources'].member.members['Details'])
pattern_of = lambda s: s.metadata.get('enum')
def enums(shape, value, where):
    if shape.type_name == 'structure':
        for key, part in value.items(): enums(shape.members[key], part, where + '.' + key)
    elif shape.type_name == 'list':
        for part in value: enums(shape.member, part, where)
    elif shape.type_name == 'string':
        assert not shape.enum or value in shape.enum, (where, value)
        assert value.strip(), where
for call in json.load(sys.stdin):
    parameters = {'Findings': call}
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    enums(shape, parameters, '')
    for finding in call:
        for resource in finding['Resources']:
            assert resource['Type'] in known | {'Other', 'AwsAccount'}, resource
print('valid')
";
    assert_eq!(tools::filter(&python, &["-c", script], &json!(calls).to_string()).trim(), "valid");
}

#[test]
fn ids_in_security_hub_stay_when_lines_move_and_what_is_suppressed_is_archived() {
    let findings = |policy: &str, further: &[&str]| -> Vec<Value> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("p.json"), policy).expect("a file");
        let arguments =
            ["validate", "p.json", "--account-id", "111122223333", "--region", "eu-central-1", "--format", "asff"];
        let out = run(in_folder(folder.path()).args(arguments).args(further)).out;
        serde_json::from_str(&out).expect("an array")
    };
    let policy =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Nope", "Resource": "*"}]}"#;
    let first = findings(policy, &[]);
    let moved = findings(&format!("\n\n  {policy}"), &[]);
    assert_eq!(first[0]["Id"], moved[0]["Id"]);
    assert_eq!(first[0]["RecordState"], "ACTIVE");
    let suppressed = findings(policy, &["--ignore-finding", "INVALID_ACTION"]);
    assert_eq!((&suppressed[0]["Id"], &suppressed[0]["RecordState"]), (&first[0]["Id"], &json!("ARCHIVED")));
    let other_stack = findings(policy, &["--stack-name", "other"]);
    assert_ne!(other_stack[0]["Id"], first[0]["Id"]);
}

#[test]
fn access_that_goes_is_archived_in_security_hub_under_the_same_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let template = |principal: &str| {
        json!({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}, "P": {"Type": "AWS::SQS::QueuePolicy", "Properties": {
            "Queues": [{"Ref": "Q"}], "PolicyDocument": {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sqs:SendMessage", "Resource": "*"}]}}}}})
        .to_string()
    };
    let at = |name: &str, principal: &str, further: &[&str]| -> Value {
        fs::write(folder.path().join(name), template(principal)).expect("a file");
        let arguments = [
            "external-access",
            "t.json",
            "--account-id",
            "111122223333",
            "--region",
            "eu-central-1",
            "--format",
            "asff",
        ];
        let out = run(in_folder(folder.path()).args(arguments).args(further)).out;
        serde_json::from_str(&out).expect("an array")
    };
    let active = at("t.json", "444455556666", &[]);
    assert_eq!(active[0]["RecordState"], "ACTIVE", "{active:#}");
    fs::create_dir(folder.path().join("before")).expect("a folder");
    fs::copy(folder.path().join("t.json"), folder.path().join("before/t.json")).expect("a copy");
    let resolved = at("t.json", "111122223333", &["--base", "before/t.json"]);
    assert_eq!(resolved[0]["RecordState"], "ARCHIVED", "{resolved:#}");
    assert_eq!(resolved[0]["GeneratorId"], "iam-preflight/EXTERNAL_PRINCIPAL");
    assert_eq!(resolved[0]["Title"], active[0]["Title"]);
}

#[test]
fn events_have_the_shape_of_access_analyzers_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut kinds = std::collections::BTreeSet::new();
    for file in many("events", folder.path()) {
        for line in read(&file).lines() {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let keys: Vec<&String> = event.as_object().expect("an object").keys().collect();
            assert_eq!(
                keys,
                ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
            );
            let kind = event["detail-type"].as_str().expect("a kind").to_owned();
            let wanted: &[&str] = match kind.as_str() {
                "Access Analyzer Finding" => &[
                    "version",
                    "id",
                    "status",
                    "resourceType",
                    "resource",
                    "createdAt",
                    "analyzedAt",
                    "updatedAt",
                    "accountId",
                    "region",
                    "principal",
                    "action",
                    "condition",
                    "isDeleted",
                    "isPublic",
                ],
                "Unused Access Finding for IAM entities" => &[
                    "findingId",
                    "resource",
                    "resourceType",
                    "accountId",
                    "createdAt",
                    "updatedAt",
                    "analyzedAt",
                    "previousStatus",
                    "status",
                    "version",
                    "isDeleted",
                    "findingType",
                ],
                "Policy Validation Finding" => &["id", "status", "issueCode", "findingType", "message", "file", "line"],
                "Input Not Analysed" => &["file", "message"],
                other => panic!("{other}"),
            };
            for key in wanted {
                assert!(event["detail"].get(key).is_some(), "{key}: {event:#}");
            }
            kinds.insert(kind);
        }
    }
    assert_eq!(kinds.len(), 4, "{kinds:?}");
}

#[test]
fn paths_are_from_the_root_of_the_repository() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("stacks/one")).expect("a folder");
    fs::copy(root().join("examples/policies/developer.json"), folder.path().join("stacks/one/p.json")).expect("a file");
    let path = |name: Option<&str>| -> String {
        let mut command = in_folder(&folder.path().join("stacks"));
        if let Some(name) = name {
            command.env(name, folder.path());
        }
        let report = json(&run(command.args(["validate", "./one/p.json", "--format", "gitlab"])));
        report[0]["location"]["path"].as_str().expect("a path").to_owned()
    };
    assert_eq!(path(None), "one/p.json");
    for name in ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "CODEBUILD_SRC_DIR"] {
        assert_eq!(path(Some(name)), "stacks/one/p.json");
    }
    fs::create_dir(folder.path().join(".git")).expect("a folder");
    assert_eq!(path(None), "stacks/one/p.json");
}

#[test]
fn a_file_that_cannot_be_written_keeps_no_other_from_being_written() {
    let folder = tempfile::tempdir().expect("a folder");
    let nowhere = format!("json={}", folder.path().join("no/such/folder/r.json").display());
    let written = folder.path().join("r.sarif");
    let sarif = format!("sarif={}", written.display());
    let arguments = ["validate", "examples/policies", "--format", "concise", "--output"];
    let both = run(iam_preflight().args(arguments).args([&nowhere, "--output", &sarif]));
    assert_eq!(both.code, 2);
    assert!(both.err.contains("could not write `") && both.out.contains("findings"), "{both:?}");
    assert!(serde_json::from_str::<Value>(&read(&written)).is_ok());
    let twice = run(iam_preflight().args(arguments).args([&sarif, "--output", &sarif.replace("sarif=", "junit=")]));
    assert_eq!(twice.code, 2);
    assert!(twice.err.contains("two reports are to be written to"), "{twice:?}");
}

#[test]
fn every_command_of_the_page_about_reports_runs_and_writes_its_files() {
    let page = read(&root().join("docs/reports.md"));
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(root().join("examples/external-access/template.yaml"), folder.path().join("template.yaml"))
        .expect("a file");
    let mut commands = 0;
    for line in page.lines().filter(|l| !l.contains('`')) {
        if let Some((_, name)) = line.split_once("mkdir -p ") {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        let Some((before, arguments)) = line.split_once("iam-preflight ") else { continue };
        if !matches!(before.trim(), "" | "-" | "- run:" | "script:") {
            continue;
        }
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let run = run(in_folder(folder.path()).args(&arguments));
        assert!(matches!(run.code, 0 | 1), "{line}: {run:?}");
        for file in arguments.iter().filter_map(|a| a.split_once('=')).map(|(_, file)| file) {
            assert!(folder.path().join(file).is_file(), "{line}");
        }
        commands += 1;
    }
    assert_eq!(commands, 6);
}

#[test]
fn reports_that_need_the_account_say_so() {
    for format in ["asff", "events"] {
        let run = run(iam_preflight().args(["validate", "examples/policies", "--format", format]));
        assert_eq!(run.code, 2);
        assert!(run.err.contains("`--account-id` and `--region`"), "{}", run.err);
    }
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for file in many("html", folder.path()) {
        let page = read(&file);
        assert!(page.contains("default-src 'none'"));
        let (head, body) = page.split_once("</style>").expect("a body");
        let style = head.split_once("<style>").expect("a style").1;
        assert!(!style.contains("@import") && !style.contains("url("), "{style}");
        for tag in body.split('<').skip(1).map(|t| t.split('>').next().unwrap_or_default()) {
            let mut words = tag.split(' ');
            let name = words.next().unwrap_or_default();
            assert!(
                !["script", "link", "img", "a", "iframe", "object", "embed", "form", "base", "use"].contains(&name),
                "<{tag}>"
            );
            // Values are quoted and hold no quotes: what stands before `="` is the name of an attribute.
            for attribute in tag.split("=\"").map(|part| part.rsplit([' ', '"']).next().unwrap_or_default()) {
                let acts = attribute.starts_with("on") || ["src", "href", "style", "action"].contains(&attribute);
                assert!(!acts, "<{tag}>");
            }
        }
    }
}

#[test]
fn secrets_are_in_no_report() {
    const SECRET: &str = "hunter2-correct-horse";
    let folder = tempfile::tempdir().expect("a folder");
    // The parameter stands among the policy's lines, so that excerpts of it would show its value.
    let template = format!(
        "Resources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    Properties:\n      PolicyDocument:\n        Version: \"2012-10-17\"\n        \
         Statement:\n          - {{Effect: Allow, Action: s3:Nope, Resource: !Sub \"arn:aws:s3:::${{Password}}\"}}\n\
         Parameters:\n  Password: {{Type: String, NoEcho: true, Default: {SECRET}, AllowedValues: [{SECRET}, x]}}\n  \
         Pin: {{Type: Number, NoEcho: true, Default: {SECRET}}}\n  Given: {{Type: Number, NoEcho: \"true\"}}\n"
    );
    fs::write(folder.path().join("t.yaml"), template).expect("a file");
    let plan = json!({"format_version": "1.2", "resource_changes": [{
        "address": "aws_iam_policy.p", "type": "aws_iam_policy", "name": "p", "mode": "managed",
        "change": {"actions": ["create"],
                   "after": {"name": SECRET, "policy": json!({"Version": "2012-10-17", "Statement": [
                       {"Effect": "Allow", "Action": "s3:Nope", "Resource": format!("arn:aws:s3:::{SECRET}")}]}).to_string()},
                   "after_unknown": {}, "after_sensitive": {"name": true, "policy": true}}}]});
    fs::write(folder.path().join("plan.json"), plan.to_string()).expect("a file");
    fs::create_dir(folder.path().join("tf")).expect("a folder");
    let source = format!(
        "variable \"token\" {{\n  sensitive = true\n  default   = \"{SECRET}\"\n}}\nresource \"aws_iam_policy\" \"q\" {{\n  name   = \
         \"q\"\n  policy = jsonencode({{ Version = \"2012-10-17\", Statement = [{{ Effect = \"Allow\", Action = \"s3:Nope\", Resource = \
         \"arn:aws:s3:::${{var.token}}\" }}] }})\n}}\n"
    );
    fs::write(folder.path().join("tf/main.tf"), source).expect("a file");
    let plan = json!({"format_version": "1.2",
        "configuration": {"root_module": {"variables": {"token": {"sensitive": true}}, "resources": [
            {"address": "aws_iam_policy.q", "mode": "managed", "type": "aws_iam_policy", "name": "q",
             "expressions": {"policy": {"references": ["var.token"]}}}]}},
        "variables": {"token": {"value": SECRET}},
        "resource_changes": [{"address": "aws_iam_policy.q", "type": "aws_iam_policy", "name": "q", "mode": "managed",
            "change": {"actions": ["create"], "after": {"name": "q"}, "after_unknown": {"policy": true},
                       "after_sensitive": {"policy": true}}}]});
    fs::write(folder.path().join("tf/plan.json"), plan.to_string()).expect("a file");
    let parameter = format!("Given={SECRET}");
    for command in ["validate", "parse", "external-access", "check-no-public-access"] {
        for format in [
            "terminal", "concise", "json", "aws", "github", "sarif", "junit", "gitlab", "asff", "events", "markdown",
            "html",
        ] {
            let run = run(in_folder(folder.path())
                .env("GITHUB_TOKEN", SECRET)
                .args([
                    command,
                    "t.yaml",
                    "plan.json",
                    "tf/plan.json",
                    "--account-id",
                    "111122223333",
                    "--region",
                    "eu-central-1",
                ])
                .args(["-v", "--format", format, "--parameters", &parameter]));
            assert!(
                !run.out.contains(SECRET) && !run.err.contains(SECRET),
                "{command} {format}: {}{}",
                run.out,
                run.err
            );
            if command == "validate" && matches!(format, "terminal" | "html") {
                assert!(run.out.contains("s3:Nope"), "{}", run.out);
            }
        }
    }
    secrets_are_in_nothing_else(folder.path(), SECRET);
    // Nobody has read what is secret in a template that can't be read.
    let unreadable = format!(
        "Resources: {{}}\nParameters:\n  P:\n    Type: AWS::X\n    NoEcho: true\n    Default: {SECRET}\n    : [\n"
    );
    fs::write(folder.path().join("unreadable.yaml"), unreadable).expect("a file");
    for format in ["terminal", "json", "markdown", "html"] {
        let run = run(in_folder(folder.path()).args(["validate", "unreadable.yaml", "--format", format]));
        assert_eq!(run.code, 2);
        assert!(!run.out.contains(SECRET) && !run.err.contains(SECRET), "{}{}", run.out, run.err);
    }
    let diff = run(in_folder(folder.path()).args(["validate", "t.yaml", "--diff"]));
    assert!(!diff.out.contains(SECRET), "{}", diff.out);
}

/// What the other commands print and write: of principals, queues and trust that a secret value names.
fn secrets_are_in_nothing_else(folder: &Path, secret: &str) {
    let template = format!(
        "Parameters:\n  Password: {{Type: String, NoEcho: true, Default: {secret}}}\nResources:\n  P:\n    Type: AWS::IAM::ManagedPolicy\n    \
         Properties:\n      PolicyDocument:\n        Version: \"2012-10-17\"\n        Statement:\n          - {{Effect: Allow, Action: s3:GetObject, \
         Resource: !Sub \"arn:aws:s3:::${{Password}}/*\", Condition: {{StringEquals: {{\"aws:PrincipalTag/x\": !Ref Password}}}}}}\n  R:\n    Type: \
         AWS::IAM::Role\n    Properties:\n      RoleName: !Ref Password\n      ManagedPolicyArns: [!Ref P]\n      Tags: [{{Key: a, Value: !Ref \
         Password}}]\n      AssumeRolePolicyDocument:\n        Version: \"2012-10-17\"\n        Statement: [{{Effect: Allow, Principal: {{AWS: \
         \"444455556666\"}}, Action: sts:AssumeRole, Condition: {{StringEquals: {{\"sts:ExternalId\": !Ref Password}}}}}}]\n  Q:\n    Type: \
         AWS::SQS::Queue\n    Properties: {{QueueName: !Ref Password}}\n"
    );
    fs::create_dir(folder.join("all")).expect("a folder");
    fs::write(folder.join("all/t.yaml"), template).expect("a file");
    let document = |action: &str| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": format!("arn:aws:s3:::{secret}")}]}).to_string()
    };
    let change = |address: &str, before: Value, after: Value, sensitive: Value| {
        let (kind, name) = address.split_once('.').expect("an address");
        json!({"address": address, "type": kind, "name": name, "mode": "managed", "change": {"actions": ["update"], "before": before,
               "after": after, "after_unknown": {}, "before_sensitive": sensitive, "after_sensitive": sensitive}})
    };
    let plan = json!({"format_version": "1.2", "resource_changes": [
        change("aws_iam_policy.p", json!({"name": secret, "policy": document("s3:GetObject")}), json!({"name": secret, "policy": document("s3:*")}),
               json!({"name": true, "policy": true})),
        change("aws_iam_user.u", Value::Null, json!({"name": "u", "tags": {"a": secret}}), json!({"tags": {"a": true}})),
        change("aws_sqs_queue.q", Value::Null, json!({"name": secret}), json!({"name": true})),
    ]});
    fs::write(folder.join("all/plan.json"), plan.to_string()).expect("a file");
    fs::create_dir(folder.join("none")).expect("a folder");
    fs::write(folder.join("ref.json"), r#"{"Version": "2012-10-17", "Statement": []}"#).expect("a file");
    let no_new = [
        "check-no-new-access",
        "all",
        "--reference-policy",
        "ref.json",
        "--reference-policy-type",
        "identity",
        "--smt2",
        "written/smt",
    ];
    let mut commands: Vec<Vec<&str>> = vec![
        vec![
            "graph",
            "all",
            "--format",
            "dot",
            "--output",
            "html=written/graph.html",
            "--output",
            "json=written/graph.json",
            "--output",
            "mermaid=written/graph.md",
        ],
        vec!["diff", "none", "all", "--output", "json=written/diff.json", "--output", "markdown=written/diff.md"],
        vec!["who-can", "s3:GetObject", "arn:aws:s3:::b/x", "all", "--output", "json=written/who.json"],
        vec![
            "external-access",
            "all",
            "--resources",
            "Q",
            "--output",
            "html=written/internal.html",
            "--output",
            "json=written/internal.json",
        ],
        vec![
            "validate",
            "all",
            "--escalation",
            "--risks",
            "--output",
            "html=written/risks.html",
            "--output",
            "json=written/risks.json",
        ],
        vec!["validate", "all", "--write-baseline", "written/baseline.json"],
        no_new.to_vec(),
    ];
    if cfg!(feature = "guard") {
        commands.push(vec!["rules", "view", "all"]);
        commands.push(vec!["validate", "all", "--rules", "pack:all", "--format", "json"]);
    }
    fs::create_dir(folder.join("written")).expect("a folder");
    for command in &commands {
        let run = run(in_folder(folder).args(command).args(["--account-id", "111122223333"]));
        assert!(matches!(run.code, 0 | 1), "{command:?}: {run:?}");
        assert!(!run.out.contains(secret) && !run.err.contains(secret), "{command:?}: {}{}", run.out, run.err);
    }
    let mut written = 0;
    let folders = [folder.join("written"), folder.join("written/smt")];
    for file in folders.iter().flat_map(|f| fs::read_dir(f).expect("a folder")).map(|e| e.expect("an entry").path()) {
        if file.is_file() {
            written += 1;
            assert!(!read(&file).contains(secret), "{}", file.display());
        }
    }
    assert!(written >= 12, "{written}");
}

#[test]
fn the_example_files_of_pipelines_meet_their_schemas() {
    let Some(python) = tools::python("check_jsonschema") else { return };
    let check = |kind: &str, files: &[&str]| {
        let mut arguments = vec!["-m", "check_jsonschema", "--builtin-schema", kind];
        let paths: Vec<String> = files.iter().map(|f| root().join(f).display().to_string()).collect();
        arguments.extend(paths.iter().map(String::as_str));
        tools::filter(&python, &arguments, "");
    };
    check("vendor.github-actions", &["action.yml"]);
    let folder = fs::read_dir(root().join("examples/ci")).expect("a folder");
    let names = folder.map(|f| f.expect("a file").path());
    let workflows: Vec<String> = names
        .filter(|p| p.extension().is_some_and(|e| e == "yml" || e == "yaml") && read(p).contains("\njobs:"))
        .map(|p| p.display().to_string())
        .collect();
    assert!(!workflows.is_empty());
    check("vendor.github-workflows", &workflows.iter().map(String::as_str).collect::<Vec<_>>());
}
