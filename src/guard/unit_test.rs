//! Unit tests of rules in Guard's own form: a list of cases, each with a name, a view (`input`) and what each rule is
//! expected to come to (`expectations.rules`). The tests of `NAME.guard` are the files of the folder `tests` beside it
//! whose names begin with `NAME`; where two rule files could be meant, the longer name is.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::evaluation::{self, Status};
use super::{GuardError, RuleFile, read_rules};
use crate::source::{Limits, Node, Sources, json, yaml};

/// What the tests of a rule file came to.
#[derive(Clone, Debug)]
pub struct TestRun {
    /// The rule file.
    pub rules: RuleFile,
    /// Every expectation, in order.
    pub outcomes: Vec<TestOutcome>,
}

/// One expectation.
#[derive(Clone, Debug)]
pub struct TestOutcome {
    /// The test file.
    pub file: String,
    /// The line of the expectation.
    pub line: usize,
    /// The case.
    pub case: String,
    /// The rule.
    pub rule: String,
    /// What the case says.
    pub expected: Status,
    /// What the rule came to; `None` when there is no such rule.
    pub actual: Option<Status>,
    /// Why it failed, if it did.
    pub messages: Vec<String>,
}

impl TestOutcome {
    /// Whether it is as expected.
    pub fn holds(&self) -> bool {
        self.actual == Some(self.expected)
    }
}

impl TestRun {
    /// The rules that no case expects to come to a status, with those statuses.
    pub fn untested(&self) -> Vec<(&str, Vec<Status>)> {
        let tested = |rule: &str, status: Status| self.outcomes.iter().any(|o| o.rule == rule && o.expected == status);
        let rules = self.rules.rules().iter().filter(|r| !r.has_parameters);
        rules
            .map(|rule| {
                let statuses = [Status::Pass, Status::Fail, Status::Skip];
                (rule.name.as_str(), statuses.into_iter().filter(|s| !tested(&rule.name, *s)).collect::<Vec<_>>())
            })
            .filter(|(_, missing)| !missing.is_empty())
            .collect()
    }
}

/// Runs the tests of a rule file, or of all in a folder.
///
/// # Errors
///
/// When rules or tests can't be read.
pub fn run(path: &Path) -> Result<Vec<TestRun>, GuardError> {
    let mut runs = Vec::new();
    for rules in read_rules(path)? {
        let mut outcomes = Vec::new();
        for file in test_files(Path::new(&rules.name))? {
            outcomes.extend(run_file(&rules, &file)?);
        }
        runs.push(TestRun { rules, outcomes });
    }
    Ok(runs)
}

/// The test files of a rule file, by name.
fn test_files(rules: &Path) -> Result<Vec<PathBuf>, GuardError> {
    let folder = rules.parent().unwrap_or(Path::new("")).to_owned();
    let stem = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let name = stem(rules);
    let tests = folder.join("tests");
    if !tests.is_dir() {
        return Ok(Vec::new());
    }
    let list = |folder: &Path| -> Result<Vec<PathBuf>, GuardError> {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let unreadable = |cause| GuardError::Unreadable { path: folder.display().to_string(), cause };
        let entries = std::fs::read_dir(folder).map_err(unreadable)?;
        let mut files: Vec<PathBuf> = entries.filter_map(Result::ok).map(|e| e.path()).collect();
        files.sort();
        Ok(files)
    };
    let siblings = list(&folder)?;
    let others: Vec<String> =
        siblings.iter().filter(|f| f.extension().is_some_and(|e| e == "guard")).map(|f| stem(f)).collect();
    let is_test = |file: &PathBuf| {
        let test = stem(file);
        let readable = file.extension().is_some_and(|e| e == "yaml" || e == "yml" || e == "json");
        readable
            && test.starts_with(&name)
            && !others.iter().any(|o| o.len() > name.len() && test.starts_with(o.as_str()))
    };
    Ok(list(&tests)?.into_iter().filter(is_test).collect())
}

fn run_file(rules: &RuleFile, path: &Path) -> Result<Vec<TestOutcome>, GuardError> {
    let name = path.display().to_string().replace('\\', "/");
    let text = std::fs::read_to_string(path).map_err(|cause| GuardError::Unreadable { path: name.clone(), cause })?;
    let wrong = |cause: String| GuardError::Tests { file: name.clone(), cause };
    let sources = Sources::new();
    let source = sources.add(name.as_str(), text.as_str());
    let read = if path.extension().is_some_and(|e| e == "json") { json::read } else { yaml::read };
    let root = read(source, &text, &Limits::default()).map_err(|e| wrong(e.message))?;
    let line = |node: &Node| sources.positions(node.span).0.line;
    let cases = root.as_sequence().ok_or_else(|| wrong("expected a list of cases".to_owned()))?;
    let mut outcomes = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let title =
            case.get("name").and_then(Node::as_str).map_or_else(|| format!("case {}", index + 1), str::to_owned);
        let at = |what: &str| wrong(format!("line {}: {what}", line(case)));
        let input = case.get("input").ok_or_else(|| at("the case has no `input`"))?;
        let expectations = case.at(&["expectations", "rules"]).and_then(Node::as_mapping);
        let expectations = expectations.ok_or_else(|| at("the case has no `expectations` with `rules`"))?;
        let results = evaluation::evaluate(&input.to_json().to_string(), rules)?;
        let mut found: BTreeMap<&str, (Status, Vec<String>)> = BTreeMap::new();
        for result in &results {
            let entry = found.entry(&result.name).or_insert((result.status, Vec::new()));
            entry.0 = entry.0.max(result.status);
            entry.1.extend(result.failures.iter().map(|f| {
                let message = f.message.clone().unwrap_or_else(|| f.clause.clone());
                if f.pointer.is_empty() { message } else { format!("{}: {message}", f.pointer) }
            }));
        }
        for entry in expectations.iter() {
            let expected = entry.value.as_str().and_then(|word| {
                [Status::Pass, Status::Fail, Status::Skip].into_iter().find(|s| s.as_str().eq_ignore_ascii_case(word))
            });
            let expected = expected.ok_or_else(|| {
                wrong(format!("line {}: a rule is expected to PASS, FAIL or SKIP", line(&entry.value)))
            })?;
            let result = found.get(entry.key.as_str());
            outcomes.push(TestOutcome {
                file: name.clone(),
                line: line(&entry.value),
                case: title.clone(),
                rule: entry.key.display(),
                expected,
                actual: result.map(|(status, _)| *status),
                messages: result.map(|(_, messages)| messages.clone()).unwrap_or_default(),
            });
        }
    }
    Ok(outcomes)
}
