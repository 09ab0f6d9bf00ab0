//! The action's scripts, run as a runner runs them: inputs in the environment, odd ones above all; outputs read by the
//! runner's own rules. A folder stands in for the releases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use sha2::{Digest, Sha256};

use crate::binary::root;

const CLEAN: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}]}"#;

fn script(name: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new("bash");
    command.arg(root().join("scripts/action").join(name)).current_dir(folder);
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", folder);
    command.env("GITHUB_OUTPUT", folder.join("output")).env("RUNNER_TEMP", folder);
    command.env("GITHUB_STEP_SUMMARY", folder.join("summary"));
    command.envs(variables.iter().copied());
    command.output().expect("bash runs")
}

fn action(folder: &Path, inputs: &[(&str, &str)]) -> Output {
    let variables: Vec<_> =
        [("BINARY", env!("CARGO_BIN_EXE_iam-preflight"))].into_iter().chain(inputs.iter().copied()).collect();
    script("run.sh", folder, &variables)
}

/// The outputs of a step, as the runner reads them.
fn outputs(folder: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(folder.join("output")).expect("outputs");
    let mut lines = text.lines();
    let mut outputs = BTreeMap::new();
    while let Some(line) = lines.next() {
        let (name, delimiter) = line.split_once("<<").expect("a name and a delimiter");
        let value: Vec<&str> = lines.by_ref().take_while(|l| *l != delimiter).collect();
        outputs.insert(name.to_owned(), value.join("\n"));
    }
    outputs
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn paths_with_spaces_quotes_and_shell_syntax_are_paths() {
    let folder = tempfile::tempdir().expect("a folder");
    let names =
        ["a b.json", "it's \"quoted\".json", "$(touch owned).json", "`touch owned`;touch owned.json", "-v.json"];
    for name in names {
        fs::write(folder.path().join(name), CLEAN).expect("a file");
    }
    let result = action(folder.path(), &[("INPUT_TEMPLATE_PATH", &format!("\n  {}  \r\n\n", names.join("\n")))]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    assert!(!folder.path().join("owned").exists());
    assert!(printed(&result).contains("5 policies of 5 inputs"), "{result:?}");
    let outputs = outputs(folder.path());
    assert_eq!((outputs["exit-code"].as_str(), outputs["findings"].as_str()), ("0", "0"));
    assert!(outputs["result"].contains("\"BlockingFindings\": []"), "{outputs:?}");
}

#[test]
fn a_value_with_shell_syntax_or_commands_of_the_runner_is_a_value() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN.replace("GetObject", "GetObjct")).expect("a file");
    let inputs = [
        ("INPUT_TEMPLATE_PATH", "p.json"),
        ("INPUT_IGNORE_FINDING", "$(touch owned),a b,INVALID_ACTION"),
        ("INPUT_PARAMETERS", "A=1 B=2"),
        ("INPUT_REGION", "eu-west-1; touch owned"),
    ];
    let result = action(folder.path(), &inputs);
    assert_eq!(code(&result), Some(0), "{result:?}");
    assert!(!folder.path().join("owned").exists());
    let bad =
        action(folder.path(), &[("INPUT_TEMPLATE_PATH", "p.json"), ("INPUT_REQUIRE_POLICIES", "yes\n::error::owned")]);
    assert_eq!(code(&bad), Some(2));
    assert_eq!(printed(&bad).lines().count(), 1, "{bad:?}");
    let bad = action(folder.path(), &[("INPUT_TEMPLATE_PATH", "p.json"), ("INPUT_COMMAND", "validate; touch owned")]);
    assert_eq!(code(&bad), Some(2));
    assert!(!folder.path().join("owned").exists());
}

#[test]
fn the_exit_code_is_that_of_the_tool() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN.replace("GetObject", "GetObjct")).expect("a file");
    let with = |inputs: &[(&str, &str)]| {
        let inputs: Vec<_> = [("INPUT_TEMPLATE_PATH", "p.json")].iter().chain(inputs).copied().collect();
        code(&action(folder.path(), &inputs))
    };
    assert_eq!(with(&[]), Some(1));
    assert_eq!(with(&[("INPUT_TREAT_FINDINGS_AS_NON_BLOCKING", "True")]), Some(0));
    assert_eq!(with(&[("INPUT_TEMPLATE_PATH", "none.json")]), Some(2));
    assert_eq!(with(&[("INPUT_POLICY_CHECK_TYPE", "CHECK_EVERYTHING")]), Some(2));
    assert_eq!(with(&[("INPUT_POLICY_CHECK_TYPE", "CHECK_NO_PUBLIC_ACCESS"), ("INPUT_COMMAND", "validate")]), Some(2));
}

#[test]
fn outputs_count_the_findings_and_name_the_reports() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN.replace("GetObject", "GetObjct")).expect("a file");
    assert_eq!(code(&action(folder.path(), &[("INPUT_TEMPLATE_PATH", "p.json")])), Some(1));
    let outputs = outputs(folder.path());
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(&outputs["report"]).expect("the report")).expect("JSON");
    assert_eq!(outputs["blocking"], report["summary"]["blocking"].to_string());
    let all: i64 = report["summary"]["findings"].as_object().expect("counts").values().filter_map(|v| v.as_i64()).sum();
    assert_eq!(outputs["findings"], all.to_string());
    assert!(fs::read_to_string(&outputs["sarif"]).expect("the SARIF report").contains("INVALID_ACTION"));
    let summary = fs::read_to_string(folder.path().join("summary")).expect("a summary");
    assert!(summary.contains("1 blocking finding"), "{summary}");
}

#[test]
fn the_names_of_the_aws_action_choose_the_command() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN).expect("a file");
    let of_type = |check: &str, further: &[(&str, &str)]| {
        let inputs: Vec<_> = [("INPUT_TEMPLATE_PATH", "p.json"), ("INPUT_POLICY_CHECK_TYPE", check)]
            .iter()
            .chain(further)
            .copied()
            .collect();
        code(&action(folder.path(), &inputs))
    };
    assert_eq!(of_type("CHECK_ACCESS_NOT_GRANTED", &[("INPUT_ACTIONS", "s3:GetObject")]), Some(1));
    assert_eq!(of_type("CHECK_ACCESS_NOT_GRANTED", &[("INPUT_ACTIONS", "s3:PutObject")]), Some(0));
    let reference = [("INPUT_REFERENCE_POLICY", "p.json"), ("INPUT_REFERENCE_POLICY_TYPE", "IDENTITY")];
    assert_eq!(of_type("CHECK_NO_NEW_ACCESS", &reference), Some(0));
    assert_eq!(of_type("CHECK_NO_PUBLIC_ACCESS", &[]), Some(0));
}

#[test]
fn other_commands_print_between_stop_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("p.json"), CLEAN).expect("a file");
    let result = action(folder.path(), &[("INPUT_COMMAND", "parse"), ("INPUT_TEMPLATE_PATH", "p.json")]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    let out = printed(&result);
    let token = out.lines().next().and_then(|l| l.strip_prefix("::stop-commands::")).expect("a token");
    assert!(out.trim_end().ends_with(&format!("::{token}::")), "{out}");
    let report = fs::read_to_string(&outputs(folder.path())["report"]).expect("the output");
    assert!(report.contains("s3:GetObject") && !report.contains(token), "{report}");
}

#[test]
fn a_working_directory_is_the_folder_of_the_run() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("service a")).expect("a folder");
    fs::write(folder.path().join("service a/p.json"), CLEAN).expect("a file");
    let inputs = [("INPUT_TEMPLATE_PATH", "p.json"), ("INPUT_WORKING_DIRECTORY", "service a")];
    assert_eq!(code(&action(folder.path(), &inputs)), Some(0));
}

/// A release in a folder: a program that says what it is, packed as releases are.
fn release(folder: &Path, target: &str) -> (PathBuf, PathBuf) {
    let releases = folder.join("releases $(touch owned)");
    let version = releases.join("v9.8.7");
    fs::create_dir_all(&version).expect("a folder");
    fs::write(folder.join("iam-preflight"), "#!/bin/sh\necho released\n").expect("a file");
    let archive = version.join(format!("iam-preflight-v9.8.7-{target}.tar.gz"));
    let packed = Command::new("tar").arg("-czf").arg(&archive).args(["-C"]).arg(folder).arg("iam-preflight").status();
    assert!(packed.expect("tar").success());
    let sum: String =
        Sha256::digest(fs::read(&archive).expect("the archive")).iter().map(|b| format!("{b:02x}")).collect();
    let name = archive.file_name().expect("a name").to_string_lossy().into_owned();
    fs::write(version.join("SHA256SUMS"), format!("{}  other.tar.gz\n{sum}  {name}\n", "0".repeat(64))).expect("sums");
    (releases, archive)
}

const TARGET: &str = "x86_64-unknown-linux-musl";

fn install(folder: &Path, releases: &Path, further: &[(&str, &str)]) -> Output {
    let (releases, cache) = (releases.to_string_lossy(), folder.join("tool cache"));
    let cache = cache.to_string_lossy();
    let variables: Vec<_> = [
        ("INPUT_RELEASES", releases.as_ref()),
        ("INPUT_VERSION", "v9.8.7"),
        ("RUNNER_OS", "Linux"),
        ("RUNNER_ARCH", "X64"),
        ("RUNNER_TOOL_CACHE", cache.as_ref()),
    ]
    .iter()
    .chain(further)
    .copied()
    .collect();
    script("install.sh", folder, &variables)
}

#[test]
fn a_release_is_installed_by_version_and_kept_in_the_tool_cache() {
    let folder = tempfile::tempdir().expect("a folder");
    let (releases, _) = release(folder.path(), TARGET);
    let result = install(folder.path(), &releases, &[]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    let binary = outputs(folder.path())["binary"].clone();
    let run = Command::new(&binary).output().expect("the program");
    assert_eq!(printed(&run), "released\n");
    // From now on the cache will do.
    fs::remove_dir_all(&releases).expect("no release");
    let again = install(folder.path(), &releases, &[]);
    assert_eq!(code(&again), Some(0), "{again:?}");
    assert!(printed(&again).contains("in the tool cache"), "{again:?}");
    assert!(!folder.path().join("owned").exists());
}

#[test]
fn a_release_with_another_checksum_is_not_installed() {
    let folder = tempfile::tempdir().expect("a folder");
    let (releases, archive) = release(folder.path(), TARGET);
    let mut bytes = fs::read(&archive).expect("the archive");
    bytes.push(0);
    fs::write(&archive, bytes).expect("the archive");
    let result = install(folder.path(), &releases, &[]);
    assert_eq!(code(&result), Some(2), "{result:?}");
    assert!(printed(&result).contains("checksum"), "{result:?}");
    assert!(!folder.path().join("tool cache/iam-preflight/9.8.7").exists());
}

#[test]
fn an_attestation_that_does_not_hold_stops_the_run() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (releases, _) = release(folder.path(), TARGET);
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).expect("a folder");
    let gh = tools.join("gh");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    for (exit, expected) in [("1", Some(2)), ("0", Some(0))] {
        fs::write(&gh, format!("#!/bin/sh\necho \"$@\" >>asked\nexit {exit}\n")).expect("a tool");
        fs::set_permissions(&gh, fs::Permissions::from_mode(0o755)).expect("a tool");
        let further = [("PATH", path.as_str()), ("GH_TOKEN", "t"), ("ACTION_REPOSITORY", "example/iam-preflight")];
        let result = install(folder.path(), &releases, &further);
        assert_eq!(code(&result), expected, "{result:?}");
    }
    let asked = fs::read_to_string(folder.path().join("asked")).expect("questions");
    assert!(asked.starts_with("attestation verify ") && asked.contains("--repo example/iam-preflight"), "{asked}");
}

#[test]
fn without_an_asset_the_source_is_built_with_its_lock_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let (releases, _) = release(folder.path(), "aarch64-apple-darwin");
    let cargo = folder.path().join("tools/cargo");
    fs::create_dir(folder.path().join("tools")).expect("a folder");
    fs::write(&cargo, "#!/bin/sh\necho \"$@\" >asked\n").expect("a tool");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("a tool");
    let path = format!("{}:{}", folder.path().join("tools").display(), std::env::var("PATH").unwrap_or_default());
    let result = install(folder.path(), &releases, &[("PATH", &path), ("INPUT_VERSION", "")]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    let asked = fs::read_to_string(folder.path().join("asked")).expect("the call");
    assert!(asked.starts_with("install --locked --path "), "{asked}");
    // A version that is neither released for this runner nor the action's own can't be had.
    let result = install(folder.path(), &releases, &[("PATH", &path)]);
    assert_eq!(code(&result), Some(2), "{result:?}");
}

#[test]
fn a_version_that_is_none_and_a_program_that_is_none_are_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    for version in ["../../x", "1;touch owned", "$(touch owned)", "latest"] {
        let result = install(folder.path(), folder.path(), &[("INPUT_VERSION", version)]);
        assert_eq!(code(&result), Some(2), "{version}: {result:?}");
    }
    let result = install(folder.path(), folder.path(), &[("INPUT_BINARY", "/")]);
    assert_eq!(code(&result), Some(2), "{result:?}");
    let result = install(folder.path(), folder.path(), &[("INPUT_BINARY", env!("CARGO_BIN_EXE_iam-preflight"))]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    assert!(!folder.path().join("owned").exists());
}

#[test]
fn no_input_is_part_of_a_script() {
    let text = fs::read_to_string(root().join("action.yml")).expect("action.yml");
    let (_, runs) = text.split_once("\nruns:").expect("runs");
    for line in runs.lines().filter(|l| l.contains("${{")) {
        let name = line.trim_start().split(':').next().unwrap_or_default();
        let known = ["ACTION_REPOSITORY", "BINARY", "GH_TOKEN", "GITHUB_TOKEN"].contains(&name);
        assert!(known || name.starts_with("INPUT_"), "{line}");
    }
    // Each input reaches a script that reads it.
    let (inputs, _) = text.split_once("\noutputs:").expect("outputs");
    let (_, inputs) = inputs.split_once("\ninputs:").expect("inputs");
    let names = inputs.lines().filter_map(|l| l.strip_prefix("  ").and_then(|l| l.strip_suffix(':')));
    let scripts: String = ["install.sh", "run.sh"]
        .iter()
        .map(|s| fs::read_to_string(root().join("scripts/action").join(s)).expect("a script"))
        .collect();
    for name in names.filter(|n| !n.starts_with(' ')) {
        assert!(runs.contains(&format!("${{{{ inputs.{name} }}}}")), "{name}");
        let variable = name.to_uppercase().replace('-', "_");
        assert!(scripts.contains(&format!("INPUT_{variable}")) || name == "github-token", "{name}");
    }
    // Each output is one that a script sets.
    let (_, outputs) = text.split_once("\noutputs:").expect("outputs");
    for line in outputs.lines().filter(|l| l.contains(".outputs.") && l.trim_start().starts_with("value:")) {
        let name = line.rsplit('.').next().unwrap_or_default().trim_end_matches(" }}");
        assert!(scripts.contains(&format!("output {name} ")), "{line}");
    }
}
