//! The tools that judge our reports, installed by `.ci/run`: without one, a test says so and is skipped, unless
//! `IAM_PREFLIGHT_REQUIRE_TOOLS=1`.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

fn missing(what: &str) {
    let required = std::env::var("IAM_PREFLIGHT_REQUIRE_TOOLS").is_ok_and(|v| v == "1");
    assert!(!required, "{what} is missing");
    println!("skipped: {what} is missing");
}

/// The Python that has a module, by `IAM_PREFLIGHT_REPORTS_PYTHON`.
pub fn python(module: &str) -> Option<String> {
    let name = std::env::var("IAM_PREFLIGHT_REPORTS_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&name).args(["-c", &format!("import {module}")]).output();
    if found.is_ok_and(|o| o.status.success()) {
        return Some(name);
    }
    missing(&format!("the Python module `{module}` of `{name}`"));
    None
}

/// The folder of Node's packages, by `IAM_PREFLIGHT_NODE_MODULES`, if it has this one.
pub fn node_package(package: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("IAM_PREFLIGHT_NODE_MODULES").map(PathBuf::from);
    let node = Command::new("node").arg("--version").output().is_ok_and(|o| o.status.success());
    let found = folder.filter(|f| node && f.join(package).is_dir());
    if found.is_none() {
        missing(&format!("Node's package `{package}`"));
    }
    found
}

/// A program by its variable, or by its name where that isn't set.
pub fn program(variable: &str, name: &str) -> Option<PathBuf> {
    let program = std::env::var_os(variable).map_or_else(|| PathBuf::from(name), PathBuf::from);
    let answers = |flag: &str| Command::new(&program).arg(flag).output().is_ok_and(|o| o.status.success());
    if answers("--version") || answers("-V") {
        return Some(program);
    }
    missing(&format!("the program `{}`", program.display()));
    None
}

/// Runs a program with a text on its standard input; its standard output.
pub fn filter(program: &str, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap_or_else(|e| panic!("{program}: {e}"));
    let mut stdin = child.stdin.take().expect("a pipe");
    let text = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    let _ = writer.join();
    assert!(output.status.success(), "{program} {arguments:?}: {}", output.status);
    String::from_utf8(output.stdout).expect("UTF-8")
}
