//! HCL expressions evaluate as `terraform console` evaluates them.
//!
//! `tests/data/hcl/expressions.txt` has an expression a line, `tests/data/hcl/expected.txt` in the same line what
//! Terraform's `jsonencode` of it gives, or `error`. Where `terraform` is installed it is asked again; with
//! `IAM_PREFLIGHT_REGENERATE=1` its answers are written down.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use iam_preflight::catalog::Catalog;
use iam_preflight::source::{Limits, Sources};
use iam_preflight::template::terraform::hcl::{Bindings, Evaluator, ModuleSource, NothingKnown};
use iam_preflight::template::{LoadContext, LoadOptions};

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/hcl").join(name)
}

fn expressions() -> Vec<String> {
    std::fs::read_to_string(data("expressions.txt")).unwrap().lines().map(str::to_owned).collect()
}

/// `jsonencode` of the expression by our evaluator, or why there is none.
fn ours(expression: &str) -> Result<String, String> {
    let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Limits::default());
    let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let text = format!("locals {{\n  value = jsonencode({expression})\n}}\n");
    let module = ModuleSource::read_text("test.tf", &text, ctx);
    if let Some(problem) = module.unreadable.first() {
        return Err(problem.message.clone());
    }
    let evaluator = Evaluator::new(&module, &NothingKnown, "test", ctx);
    let value = evaluator.evaluate(&module.locals["value"].value, &Bindings::none()).map_err(|e| e.message)?;
    value.as_text().map(|t| t.display()).ok_or_else(|| "not a string".to_owned())
}

/// The values of the expressions as `terraform console` gives them, each as JSON; `None` if any of them is an error.
///
/// From a pipe the console prints the last line's value only, so all go into one expression.
fn terraform(expressions: &[&str]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new("terraform")
        .args(["console", "-no-color"])
        .current_dir(folder.path())
        .env("CHECKPOINT_DISABLE", "1")
        .env_remove("TF_CLI_CONFIG_FILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let values: Vec<String> = expressions.iter().map(|e| format!("jsonencode({e})")).collect();
    let input = format!("jsonencode([{}])\n", values.join(", "));
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let printed = text.lines().find(|l| l.starts_with('"')).filter(|_| output.status.success())?;
    // The console writes the string as HCL does.
    let printed = printed.replace("$${", "${").replace("%%{", "%{");
    let list: String = serde_json::from_str(&printed).unwrap_or_else(|e| panic!("{printed}: {e}"));
    let answers: Vec<String> = serde_json::from_str(&list).unwrap_or_else(|e| panic!("{list}: {e}"));
    (answers.len() == expressions.len()).then_some(answers)
}

fn has_terraform() -> bool {
    Command::new("terraform").arg("version").output().is_ok_and(|o| o.status.success())
}

#[test]
fn expressions_have_the_values_that_terraform_gives_them() {
    let expected = std::fs::read_to_string(data("expected.txt")).unwrap_or_default();
    let expected: Vec<&str> = expected.lines().collect();
    let expressions = expressions();
    if std::env::var_os("IAM_PREFLIGHT_REGENERATE").is_some() {
        return;
    }
    assert_eq!(expressions.len(), expected.len(), "regenerate expected.txt");
    assert!(expressions.len() >= 150);
    let mut wrong = Vec::new();
    for (expression, expected) in expressions.iter().zip(expected) {
        match ours(expression) {
            Ok(value) if value == expected => {}
            Err(_) if expected == "error" => {}
            other => wrong.push(format!("{expression}\n   expected {expected}\n   got      {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), expressions.len(), wrong.join("\n"));
}

#[test]
fn expected_values_are_what_the_installed_terraform_says() {
    if !has_terraform() {
        println!("skipped: terraform is not installed");
        return;
    }
    let expressions = expressions();
    if std::env::var_os("IAM_PREFLIGHT_REGENERATE").is_some() {
        let answers: String = expressions
            .iter()
            .map(|e| terraform(&[e]).map_or_else(|| "error\n".to_owned(), |a| format!("{}\n", a[0])))
            .collect();
        std::fs::write(data("expected.txt"), answers).unwrap();
        return;
    }
    let expected = std::fs::read_to_string(data("expected.txt")).unwrap();
    let pairs: Vec<(&str, &str)> = expressions.iter().map(String::as_str).zip(expected.lines()).collect();
    let (errors, values): (Vec<_>, Vec<_>) = pairs.into_iter().partition(|(_, e)| *e == "error");
    let lines: Vec<&str> = values.iter().map(|(l, _)| *l).collect();
    let answers = terraform(&lines).expect("every expression with a value has one");
    for ((line, expected), answer) in values.iter().zip(&answers) {
        assert_eq!(expected, answer, "{line}");
    }
    for (line, _) in errors {
        assert_eq!(terraform(&[line]), None, "{line}");
    }
}
