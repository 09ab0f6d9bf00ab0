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
    assert_eq!(summary.matches("### iam-preflight: ❌ 1 blocking finding").count(), 1, "{summary}");
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

/// What the scripts may use: tools that macOS has, with the options that it knows.
const TOOLS: [&str; 18] = [
    "awk", "bash", "cat", "chmod", "cp", "cut", "dirname", "gzip", "head", "mkdir", "mktemp", "mv", "od", "sed", "tar",
    "tee", "tr", "wc",
];

/// A folder with these tools alone, and with the checksum's as macOS has it.
fn tools_of_macos(folder: &Path) -> PathBuf {
    let tools = folder.join("tools");
    fs::create_dir(&tools).expect("a folder");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let find = |name: &str| std::env::split_paths(&path).map(|p| p.join(name)).find(|p| p.is_file()).expect("a tool");
    for name in TOOLS {
        std::os::unix::fs::symlink(find(name), tools.join(name)).expect("a link");
    }
    program(&tools.join("shasum"), &format!("[ \"$1 $2\" = '-a 256' ] && exec {} \"$3\"", find("sha256sum").display()));
    tools
}

/// A program of a few words of shell.
fn program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("executable");
}

#[test]
fn the_scripts_run_with_the_tools_of_macos_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools = tools_of_macos(folder.path());
    let (releases, _) = release(folder.path(), "aarch64-apple-darwin");
    let path = tools.to_string_lossy();
    let further = [("RUNNER_OS", "macOS"), ("RUNNER_ARCH", "ARM64"), ("PATH", path.as_ref())];
    let result = install(folder.path(), &releases, &further);
    assert_eq!(code(&result), Some(0), "{result:?}");
    fs::write(folder.path().join("p.json"), CLEAN.replace("GetObject", "GetObjct")).expect("a file");
    let result = action(folder.path(), &[("PATH", path.as_ref()), ("INPUT_TEMPLATE_PATH", "p.json")]);
    assert_eq!(code(&result), Some(1), "{result:?}");
    assert_eq!(outputs(folder.path())["blocking"], "1");
}

#[test]
fn the_scripts_need_no_newer_bash_than_that_of_macos() {
    // What came after 3.2.
    let newer = [
        "declare -A",
        "local -A",
        "local -n",
        "declare -n",
        "mapfile",
        "readarray",
        "coproc",
        "|&",
        "&>>",
        ",,}",
        "^^}",
        "@Q}",
        "${EPOCH",
        "printf -v",
        "wait -n",
        "[[ -v",
        "shopt -s globstar",
        "inherit_errexit",
        ";;&",
        ";&",
    ];
    for name in ["inputs.sh", "install.sh", "run.sh"] {
        let text = fs::read_to_string(root().join("scripts/action").join(name)).expect("a script");
        let found: Vec<_> = newer.iter().filter(|feature| text.contains(**feature)).collect();
        assert!(found.is_empty(), "{name}: {found:?}");
        // With `set -u`, 3.2 takes an empty array for one that is not set.
        for line in text.lines().filter(|line| line.contains("[@]}\"") && !line.contains("[@]+")) {
            let never_empty = ["arguments[@]", "words[@]", "templates[@]"].iter().any(|array| line.contains(array));
            assert!(never_empty, "{name}: {line}");
        }
    }
}

#[test]
fn on_windows_paths_are_those_of_the_system_and_arguments_are_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let tools = folder.path().join("tools");
    fs::create_dir(&tools).expect("a folder");
    // `-u` for this shell, `-m` for the system; the runner's own paths exist in both forms.
    program(
        &tools.join("cygpath"),
        "case \"$1 $2\" in -m*/bin/*) printf 'D:%s' \"$2\" ;; *) printf '%s' \"$2\" ;; esac",
    );
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap_or_default());
    let (releases, _) = release(folder.path(), "x86_64-unknown-linux-musl");
    let result = install(folder.path(), &releases, &[("PATH", path.as_str())]);
    assert_eq!(code(&result), Some(0), "{result:?}");
    assert!(outputs(folder.path())["binary"].starts_with("D:/"), "{:?}", outputs(folder.path()));
    let shows = folder.path().join("shows");
    program(
        &shows,
        "printf '%s %s\\n' \"$MSYS_NO_PATHCONV\" \"$MSYS2_ARG_CONV_EXCL\"; for a; do printf '<%s>' \"$a\"; done",
    );
    let group = "arn:aws:logs:*:*:log-group:/aws/lambda/*";
    let inputs = [
        ("PATH", path.as_str()),
        ("BINARY", shows.to_str().expect("a path")),
        ("INPUT_TEMPLATE_PATH", "p.json"),
        ("INPUT_COMMAND", "check-access-not-granted"),
        ("INPUT_RESOURCES", group),
    ];
    let result = printed(&action(folder.path(), &inputs));
    assert!(result.starts_with("1 *\n") && result.contains(&format!("<--resources={group}>")), "{result}");
}

#[test]
fn values_of_every_kind_reach_the_program_as_they_are() {
    let folder = tempfile::tempdir().expect("a folder");
    let shows = folder.path().join("shows");
    program(&shows, "for a; do printf '<%s>\\n' \"$a\"; done");
    let odd = "back\\slash $(touch owned) `touch owned` \"q\" 'q' ${HOME} *";
    let inputs = [
        ("BINARY", shows.to_str().expect("a path")),
        ("INPUT_TEMPLATE_PATH", "--leading\nback\\slash.json\n*"),
        ("INPUT_PARAMETERS", "One=a b\nTwo='c' \"d\"\nThree=$(touch owned)"),
        ("INPUT_COMMENT", "true"),
        ("INPUT_COMMENT_KEY", odd),
        ("INPUT_STACK_NAME", "not an input"),
        ("INPUT_ARGUMENTS", "--stack-name\n$(touch owned)\n-"),
        ("INPUT_OUTPUT", "html=a b.html"),
        ("INPUT_RULES", "pack:all\nmy rules"),
    ];
    let shown = printed(&action(folder.path(), &inputs));
    for argument in [
        "--parameters=One=a b",
        "--parameters=Two='c' \"d\"",
        "--parameters=Three=$(touch owned)",
        &format!("--comment-key={odd}"),
        "--output=html=a b.html",
        "--rules=pack:all",
        "--rules=my rules",
        "--stack-name",
        "$(touch owned)",
    ] {
        assert!(shown.lines().any(|line| line == format!("<{argument}>")), "{argument}: {shown}");
    }
    assert!(shown.ends_with("<-->\n<--leading>\n<back\\slash.json>\n<*>\n"), "{shown}");
    assert!(!folder.path().join("owned").exists());
}

#[test]
fn every_input_and_output_of_the_action_is_in_its_page() {
    let action = fs::read_to_string(root().join("action.yml")).expect("the action");
    let page = fs::read_to_string(root().join("docs/action.md")).expect("the page");
    let names = |from: &str, to: &str| -> Vec<String> {
        let (_, rest) = action.split_once(from).expect("a section");
        let (section, _) = rest.split_once(to).expect("its end");
        let lines = section.lines().filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')));
        lines.filter_map(|line| line.strip_suffix(':').map(str::to_owned)).collect()
    };
    let (inputs, outputs) = (names("\ninputs:\n", "\noutputs:\n"), names("\noutputs:\n", "\nruns:\n"));
    assert!(inputs.len() > 30, "{inputs:?}");
    for output in ["result", "findings", "blocking", "report", "sarif"] {
        assert!(outputs.iter().any(|name| name == output), "{output}");
    }
    for name in inputs.iter().chain(&outputs) {
        assert!(page.contains(&format!("`{name}`")), "docs/action.md says nothing of `{name}`");
    }
}

#[test]
fn what_a_release_has_is_what_the_action_asks_for() {
    let workflow = fs::read_to_string(root().join(".github/workflows/release.yml")).expect("the workflow");
    let install = fs::read_to_string(root().join("scripts/action/install.sh")).expect("a script");
    let targets: Vec<&str> =
        workflow.split("target: ").skip(1).filter_map(|rest| rest.split([',', '}', '\n']).next()).collect();
    let runners = [
        ("Linux", "X64"),
        ("Linux", "ARM64"),
        ("macOS", "X64"),
        ("macOS", "ARM64"),
        ("Windows", "X64"),
        ("Windows", "ARM64"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    let (built, packed) = (folder.path().join("built"), folder.path().join("releases/v9.8.7"));
    fs::create_dir(&built).expect("a folder");
    for name in ["iam-preflight", "iam-preflight.exe"] {
        fs::write(built.join(name), "#!/bin/sh\necho released\n").expect("a program");
    }
    for target in targets.iter().filter(|t| t.contains('-')) {
        let pack = Command::new("bash")
            .arg(root().join("scripts/release/pack.sh"))
            .args(["v9.8.7", target])
            .arg(&built)
            .arg(&packed)
            .status();
        assert!(pack.expect("bash").success(), "{target}");
    }
    let sums = Command::new("bash").args(["-c", "sha256sum -- *.tar.gz > SHA256SUMS"]).current_dir(&packed).status();
    assert!(sums.expect("bash").success() && workflow.contains("sha256sum -- *.tar.gz *.json > SHA256SUMS"));
    for (os, arch) in runners {
        let cache = folder.path().join(format!("{os}{arch}"));
        let variables = [
            ("INPUT_RELEASES", folder.path().join("releases").to_string_lossy().into_owned()),
            ("INPUT_VERSION", "9.8.7".to_owned()),
            ("RUNNER_OS", os.to_owned()),
            ("RUNNER_ARCH", arch.to_owned()),
            ("RUNNER_TOOL_CACHE", cache.to_string_lossy().into_owned()),
        ];
        let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let result = script("install.sh", folder.path(), &variables);
        assert_eq!(code(&result), Some(0), "{os} {arch}: {result:?}");
    }
    // Every action of a release is pinned to a commit, and only what publishes may write.
    for line in workflow.lines().filter_map(|line| line.split_once("uses: ")) {
        let commit = line.1.split_once('@').map_or("", |(_, rest)| rest.split(' ').next().unwrap_or_default());
        assert!(commit.len() == 40 && commit.bytes().all(|b| b.is_ascii_hexdigit()), "{}", line.1);
    }
    assert_eq!(workflow.matches("contents: write").count(), 1);
    assert!(install.contains("SHA256SUMS"));
}
