//! Runs the real binary as a person would, with an environment that tells it nothing.

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The binary, in the project's folder.
pub fn iam_preflight() -> Command {
    in_folder(&root())
}

/// The binary, in a folder.
pub fn in_folder(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_iam-preflight"));
    for name in [
        "GITHUB_WORKSPACE",
        "CI_PROJECT_DIR",
        "CODEBUILD_SRC_DIR",
        "NO_COLOR",
        "FORCE_COLOR",
        "CLICOLOR_FORCE",
        "LC_ALL",
        "LC_CTYPE",
    ] {
        command.env_remove(name);
    }
    command.env("LANG", "C.UTF-8").env("COLUMNS", "100").current_dir(folder);
    command
}

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Run {
    /// Exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Run {
    let output = command.output().expect("the binary runs");
    Run {
        code: output.status.code().expect("no signal"),
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// The JSON report of a run.
pub fn json(run: &Run) -> serde_json::Value {
    serde_json::from_str(&run.out).unwrap_or_else(|e| panic!("{e}: {run:?}"))
}

/// The issue codes of a JSON report, in order.
pub fn codes(report: &serde_json::Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    findings.iter().map(|f| f["issueCode"].as_str().expect("a code").to_owned()).collect()
}
