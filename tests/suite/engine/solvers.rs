//! The engine against z3 and cvc5: 200 pairs out of the history of AWS's managed policies and mutations of them
//! (`tests/data/policy-pairs.jsonl`, made by `scripts/policy-history`; more by `IAM_PREFLIGHT_SOLVER_PAIRS=FILE`), and
//! random policies. No verdict may differ where a solver answers.
//!
//! `IAM_PREFLIGHT_SOLVERS_PYTHON` names a Python that has the packages `z3-solver` and `cvc5`.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use iam_preflight::logic::engine::{Answer, CompiledPolicy, Ties, no_new_access, no_new_access_smt2};
use iam_preflight::logic::evaluate::PolicyKind;
use serde_json::Value;

use super::generate::{Random, mutated, policy};
use super::{compiled, number};

/// A Python that has both solvers; without one the test is skipped, unless tools are required.
fn python_or_skip() -> Option<String> {
    let name = std::env::var("IAM_PREFLIGHT_SOLVERS_PYTHON").unwrap_or_else(|_| "python3".into());
    let found = Command::new(&name).args(["-c", "import z3, cvc5"]).output();
    if found.is_ok_and(|output| output.status.success()) {
        return Some(name);
    }
    let required = std::env::var("IAM_PREFLIGHT_REQUIRE_TOOLS").is_ok_and(|v| v == "1");
    assert!(!required, "`{name}` has not both z3-solver and cvc5");
    println!("skipped: `{name}` has not both z3-solver and cvc5");
    None
}

/// A question in the engine's words and the solvers'.
struct Question {
    name: String,
    answer: Answer,
    text: Result<String, &'static str>,
}

fn question(name: String, new: &CompiledPolicy, existing: &CompiledPolicy) -> Question {
    let (answer, text) = (no_new_access(new, existing, Ties::Tied), no_new_access_smt2(new, existing, Ties::Tied));
    Question { name, answer, text }
}

/// What the solvers say: by question, the verdicts that they reached.
fn solved(python: &str, questions: &[Question], seconds: [&str; 2]) -> BTreeMap<usize, Vec<(String, String)>> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut halves: [Vec<_>; 2] = Default::default();
    for (number, question) in questions.iter().enumerate() {
        if let Ok(text) = &question.text {
            let file = folder.path().join(format!("{number}.smt2"));
            std::fs::write(&file, text).expect("a file in the temporary folder");
            halves[number % 2].push(file);
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/solve-smt2.py");
    let run = |files: &[std::path::PathBuf]| {
        let mut command = Command::new(python);
        command.arg(&script).args(["--z3-seconds", seconds[0], "--cvc5-seconds", seconds[1]]).args(files);
        command.output().expect("the solvers run")
    };
    let outputs = std::thread::scope(|scope| {
        let runs: Vec<_> = halves.iter().filter(|h| !h.is_empty()).map(|half| scope.spawn(|| run(half))).collect();
        runs.into_iter().map(|r| r.join().expect("the solvers end")).collect::<Vec<_>>()
    });
    let mut verdicts: BTreeMap<usize, Vec<(String, String)>> = BTreeMap::new();
    for output in outputs {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            let number = Path::new(&text("file")).file_stem().and_then(|s| s.to_str()?.parse().ok()).expect("a number");
            verdicts.entry(number).or_default().push((text("solver"), text("verdict")));
        }
    }
    verdicts
}

/// Holds the engine's answers against the solvers'; gives the share of questions that each of them answered.
fn compare(python: &str, questions: &[Question], seconds: [&str; 2]) -> BTreeMap<String, f64> {
    let mut answered: BTreeMap<String, f64> = BTreeMap::new();
    for (number, verdicts) in solved(python, questions, seconds) {
        let question = &questions[number];
        for (solver, verdict) in verdicts {
            let agrees = match verdict.as_str() {
                "sat" => !question.answer.holds(),
                "unsat" => !question.answer.fails(),
                "unknown" => continue,
                other => panic!("{solver} can't read {}: {other}", question.name),
            };
            assert!(agrees, "{solver} says {verdict} to {}, the engine {:?}", question.name, question.answer);
            *answered.entry(solver).or_default() += 1.0 / questions.len() as f64;
        }
    }
    answered
}

#[test]
fn solvers_agree_on_pairs_of_managed_policies() {
    let Some(python) = python_or_skip() else { return };
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/policy-pairs.jsonl");
    let file = std::env::var_os("IAM_PREFLIGHT_SOLVER_PAIRS").map_or(own, Into::into);
    let lines = std::fs::read_to_string(file).expect("a file of questions");
    let questions: Vec<Question> = lines
        .lines()
        .map(|line| {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let of = |name: &str| compiled(&line[name], PolicyKind::Identity);
            question(line["id"].to_string(), &of("new"), &of("existing"))
        })
        .collect();
    for question in &questions {
        assert!(question.answer.holds() || question.answer.fails(), "undecided: {}", question.name);
    }
    let answered = compare(&python, &questions, ["2", "10"]);
    println!("{} pairs, answered by {answered:?}", questions.len());
    assert!(answered.len() == 2 && answered.values().all(|share| *share > 0.7), "{answered:?}");
}

#[test]
fn solvers_agree_on_random_policies() {
    let Some(python) = python_or_skip() else { return };
    let questions: Vec<Question> = (0..number("IAM_PREFLIGHT_SOLVER_RANDOM", 100))
        .map(|case| {
            let random = &mut Random::new(9_000_017 + case);
            let on_resource = random.one_in(3);
            let kind = if on_resource { PolicyKind::Resource } else { PolicyKind::Identity };
            let existing = policy(random, on_resource);
            let new =
                if random.one_in(2) { mutated(random, &existing, on_resource) } else { policy(random, on_resource) };
            question(format!("{new}\nagainst {existing}"), &compiled(&new, kind), &compiled(&existing, kind))
        })
        .collect();
    let answered = compare(&python, &questions, ["1", "2"]);
    println!("{} random pairs, answered by {answered:?}", questions.len());
    assert!(answered.values().any(|share| *share > 0.3), "{answered:?}");
}
