//! JUnit XML, as CodeBuild's report groups and other pipelines read it: a suite for each input, a test case for each
//! policy and issue code found in it, and one for each policy in which nothing was found. What blocks is a failure, what
//! is suppressed was skipped, and an input that could not be read is an error.
//!
//! The limits are CodeBuild's ("Test reports" in its user guide). It keeps 500 cases of a report, failed ones first;
//! other readers keep all, so all are written.

use std::io::{self, Write};

use indexmap::IndexMap;
use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::escape::xml::line as clean;
use super::escape::{cut, terminal};
use super::{Report, ReportedFinding, WriteOptions, policy_ids};

/// Characters of the name of a test case.
const NAME: usize = 1_000;
/// Characters of a message.
const MESSAGE: usize = 5_000;

pub(super) fn write(report: &Report<'_>, _: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let ids = policy_ids(report.deployment);
    let deployment = report.deployment;
    let mut by_policy: IndexMap<Option<usize>, IndexMap<&str, Vec<&ReportedFinding>>> = IndexMap::new();
    for (index, _) in report.own_policies() {
        by_policy.entry(Some(index)).or_default();
    }
    for found in &report.findings {
        let cases = by_policy.entry(found.finding.policy.map(|p| p.0)).or_default();
        cases.entry(found.finding.code).or_default().push(found);
    }
    let mut suites: Vec<TestSuite> =
        deployment.inputs.iter().map(|input| TestSuite::new(clean(&input.path, NAME))).collect();
    for (input, suite) in deployment.inputs.iter().zip(&mut suites) {
        if let Some(problem) = &input.error {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            let place = report.problem_place(&input.path, problem).short();
            status.set_message(clean(&problem.message, MESSAGE)).set_type("INPUT_NOT_ANALYSED");
            status.set_description(clean(&format!("{place}: {}", problem.message), MESSAGE));
            suite.add_test_case(case("the input can be read".to_owned(), &input.path, status));
        }
    }
    // Findings that belong to no policy have a suite of their own.
    let mut others = TestSuite::new(report.command);
    for (policy, cases) in &by_policy {
        let of = policy.and_then(|index| deployment.policies.get(index));
        let suite = of.and_then(|p| suites.get_mut(p.input.0)).unwrap_or(&mut others);
        let id = policy.and_then(|index| ids.get(index)).map_or(report.command, String::as_str);
        if cases.is_empty() {
            suite.add_test_case(case("no findings".to_owned(), id, TestCaseStatus::success()));
        }
        for (code, found) in cases {
            let (status, text) = status(report, code, found);
            let mut case = case((*code).to_owned(), id, status);
            // A case that passes all the same says what was found.
            if let Some(text) = text {
                case.set_system_out(text);
            }
            suite.add_test_case(case);
        }
    }
    let mut whole = quick_junit::Report::new(env!("CARGO_PKG_NAME"));
    whole.add_test_suites(suites.into_iter().chain([others]).filter(|s| s.tests > 0));
    whole.serialize(&mut *out).map_err(io::Error::other)
}

fn case(name: String, class: &str, status: TestCaseStatus) -> TestCase {
    let class = clean(class, NAME);
    // Names alone are what CodeBuild shows and compares between runs.
    let mut case = TestCase::new(cut(&format!("{name} {class}"), NAME), status);
    case.set_classname(class);
    case
}

fn status(report: &Report<'_>, code: &str, found: &[&ReportedFinding]) -> (TestCaseStatus, Option<String>) {
    let line = |f: &&ReportedFinding| {
        let place = report.primary_place(&f.finding).short();
        let when = f.finding.when.as_ref().map(|w| format!(" (when {w})")).unwrap_or_default();
        terminal::line(&format!("{place}: {}{when}", f.finding.message))
    };
    let lines = |which: &dyn Fn(&ReportedFinding) -> bool| -> Vec<String> {
        found.iter().filter(|f| which(f)).map(line).collect()
    };
    let blocking = lines(&|f| f.blocking);
    let counting = lines(&|f| f.suppressed.is_none());
    let title = found.first().map_or("", |f| &*f.finding.title);
    if let Some(first) = blocking.first() {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        let message = if blocking.len() == 1 { first.clone() } else { format!("{title}: {} places", blocking.len()) };
        status.set_type(code).set_message(clean(&message, MESSAGE));
        status.set_description(cut(&blocking.join("\n"), MESSAGE));
        (status, None)
    } else if counting.is_empty() {
        let reason = found.iter().find_map(|f| f.suppressed.as_ref()?.reason.as_deref());
        let mut status = TestCaseStatus::skipped();
        status.set_message(clean(reason.unwrap_or("suppressed"), MESSAGE));
        (status, None)
    } else {
        (TestCaseStatus::success(), Some(cut(&counting.join("\n"), MESSAGE)))
    }
}
