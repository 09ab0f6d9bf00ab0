//! Every file of `examples/` is run, and what a person sees of it is a snapshot to be looked at.

use std::collections::BTreeSet;

use serde_json::Value;

use super::report::hold_to_schema;
use crate::binary::{iam_preflight, json, root, run};

/// The examples, with further arguments.
const EXAMPLES: [(&str, &[&str]); 8] = [
    ("examples/cdk/assembly/manifest.json", &[]),
    ("examples/cloudformation/clean.json", &[]),
    ("examples/cloudformation/nested.yaml", &[]),
    ("examples/cloudformation/orders.yaml", &[]),
    ("examples/policies/bucket-policy.json", &[]),
    ("examples/policies/developer.json", &[]),
    ("examples/policies/region-guardrail.scp.json", &["--policy-type", "SERVICE_CONTROL_POLICY"]),
    ("examples/sam/thumbnails.yaml", &[]),
];

const PLAN: &str = "examples/terraform/queue/plan.json";

/// Examples that others name, or that are no inputs.
const OTHERS: [&str; 29] = [
    "examples/cdk/assembly/Alarms.template.json",
    "examples/cdk/assembly/cdk.out",
    "examples/ci/buildspec.yml",
    "examples/ci/github-cdk.yml",
    "examples/ci/github-comment.yml",
    "examples/ci/github-fork-check.yml",
    "examples/ci/github-fork-comment.yml",
    "examples/ci/github-sarif.yml",
    "examples/ci/github-terraform.yml",
    "examples/ci/github-workflow.yml",
    "examples/ci/gitlab-ci.yml",
    "examples/cloudformation/nested/storage.yaml",
    "examples/custom-checks/after.yaml",
    "examples/custom-checks/before.yaml",
    "examples/escalation/template.yaml",
    "examples/external-access/template.yaml",
    "examples/graph/template.yaml",
    "examples/rules/template.yaml",
    "examples/simulate/regions.json",
    "examples/simulate/report-writer.json",
    "examples/simulate/reports-bucket.json",
    "examples/simulate/request.json",
    "examples/simulate/requests.jsonl",
    "examples/terraform/queue/main.tf",
    PLAN,
    "examples/unused-access/authorization-details.json",
    "examples/unused-access/credential-report.csv",
    "examples/unused-access/last-accessed/orders-worker.json",
    "examples/unused-access/template.yaml",
];

fn snapshot(path: &str, args: &[&str]) {
    let name = path.trim_start_matches("examples/").replace(['/', '.'], "-");
    for format in ["terminal", "concise", "json", "github"] {
        let result = run(iam_preflight().args(["validate", path, "--format", format]).args(args));
        assert_eq!(result.err, "", "{path}");
        assert!(result.code < 2, "{path}: {result:?}");
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("snapshots/examples");
        settings.set_prepend_module_to_snapshot(false);
        settings.add_filter(r"iam-preflight-[0-9a-f]{32}", "iam-preflight-[token]");
        settings.add_filter(r#""serviceData": "[^"]*""#, r#""serviceData": "[date]""#);
        settings.bind(|| insta::assert_snapshot!(format!("{name}-{format}"), result.out));
        if format == "json" {
            hold_to_schema(&json(&result));
        }
    }
}

#[test]
fn examples_show_what_they_are_for() {
    for (path, args) in EXAMPLES {
        snapshot(path, args);
    }
}

#[test]
fn the_plan_shows_what_it_is_for() {
    snapshot(PLAN, &[]);
}

#[test]
fn every_example_is_run() {
    let mut files = BTreeSet::new();
    let mut folders = vec![root().join("examples")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let relative = path.strip_prefix(root()).expect("within the project");
                files.insert(relative.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    let known: BTreeSet<String> = EXAMPLES.iter().map(|(p, _)| *p).chain(OTHERS).map(str::to_owned).collect();
    assert_eq!(files, known);
}

#[test]
fn a_folder_search_finds_every_example_that_is_an_input() {
    let report = json(&run(iam_preflight().args(["validate", "examples", "--format", "json"])));
    let inputs = report["inputs"].as_array().expect("inputs");
    let paths: BTreeSet<&str> = inputs.iter().filter_map(|i| i["path"].as_str()).collect();
    // The assembly's template is reached through its manifest, once.
    let through = |path: &&&str| **path == "examples/cdk/assembly/Alarms.template.json";
    assert_eq!(inputs.iter().filter_map(|i| i["path"].as_str()).collect::<Vec<_>>().iter().filter(through).count(), 1);
    for path in EXAMPLES.iter().map(|(p, _)| *p).chain([PLAN]) {
        assert!(paths.contains(path), "{path} is not in {paths:?}");
    }
    assert!(inputs.iter().all(|i| i["error"] == Value::Null), "{inputs:#?}");
}

#[test]
fn a_parameter_that_is_not_echoed_never_appears() {
    let secret = "hunter2-not-to-be-seen";
    let parameter = format!("PartnerSecret={secret}");
    for (command, formats) in
        [("validate", &["terminal", "concise", "json", "github", "aws"][..]), ("parse", &["json"])]
    {
        for format in formats {
            let args =
                [command, "examples/cloudformation/orders.yaml", "-v", "--format", format, "--parameters", &parameter];
            let result = run(iam_preflight().args(args));
            assert!(result.code < 2, "{result:?}");
            assert!(!result.out.contains(secret) && !result.err.contains(secret), "{command} {format}");
        }
    }
}

#[test]
fn the_workflow_names_files_that_pass() {
    let text = std::fs::read_to_string(root().join("examples/ci/github-workflow.yml")).expect("the workflow");
    let files: Vec<&str> = text.lines().map(str::trim).filter(|l| l.starts_with("examples/")).collect();
    assert!(!files.is_empty());
    let result = run(iam_preflight().arg("validate").args(&files));
    assert_eq!(result.code, 0, "{result:?}");
}

#[test]
fn workflows_give_the_action_inputs_and_read_outputs_that_it_has() {
    let action = std::fs::read_to_string(root().join("action.yml")).expect("action.yml");
    let mut uses = 0;
    for entry in std::fs::read_dir(root().join("examples/ci")).expect("examples") {
        let path = entry.expect("an entry").path();
        let text = std::fs::read_to_string(&path).expect("a file");
        // A step of the action goes on as long as its lines are indented further than the dash.
        for step in
            text.split("\n      - ").filter(|s| s.contains("uses: example/iam-preflight") || s.contains("uses: ./"))
        {
            uses += 1;
            let (_, with) = step.split_once("with:\n").expect("inputs");
            let inputs = with.lines().take_while(|l| l.starts_with("          "));
            for line in inputs.filter(|l| !l.starts_with("           ") && !l.trim_start().starts_with('#')) {
                let name = line.trim().split(':').next().expect("a name");
                assert!(action.contains(&format!("\n  {name}:\n")), "{}: {name}", path.display());
            }
        }
        for output in text.split("steps.validate.outputs.").skip(1) {
            let name: String = output.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            assert!(action.contains(&format!("steps.run.outputs.{name} ")), "{}: {name}", path.display());
        }
    }
    assert!(uses >= 7, "{uses}");
}

#[test]
fn the_commands_of_the_buildspec_run() {
    let text = std::fs::read_to_string(root().join("examples/ci/buildspec.yml")).expect("the buildspec");
    let sources = iam_preflight::source::Sources::new();
    let id = sources.add("buildspec.yml", text.as_str());
    let spec = iam_preflight::source::yaml::read(id, &text, &Default::default()).expect("YAML");
    let commands = spec.at(&["phases", "build", "commands"]).and_then(|c| c.as_sequence()).expect("commands");
    let script: Vec<&str> = commands.iter().filter_map(|c| c.as_str()).collect();
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_iam-preflight")).parent().expect("a folder");
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap_or_default());
    let parameters = r#"{"Parameters": {"Stage": "test"}}"#;
    for configuration in ["", "configuration.json"] {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("configuration.json"), parameters).expect("a file");
        let template = std::fs::read_to_string(root().join("examples/cloudformation/clean.json")).expect("a template");
        let template = template.replacen('{', r#"{"Parameters": {"Stage": {"Type": "String"}},"#, 1);
        std::fs::write(folder.path().join("t.json"), template).expect("a file");
        let status = std::process::Command::new("sh")
            .args(["-e", "-c", &script.join("\n")])
            .env("PATH", &path)
            .env("TEMPLATES", "t.json")
            .env("TEMPLATE_CONFIGURATION", configuration)
            .current_dir(folder.path())
            .status()
            .expect("a shell");
        assert!(status.success());
        assert!(folder.path().join("iam-preflight.json").is_file());
        assert!(folder.path().join("reports/iam-preflight.xml").is_file());
    }
}
