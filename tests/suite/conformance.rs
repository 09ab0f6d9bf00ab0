//! Every conformance case of policy validation, as `tests/conformance/validate-policy/README.md` defines passing.
//!
//! `CASES=INVALID_ACTION,_exact cargo test --test suite conformance` runs some of the files. Cases that are known not
//! to pass stand in `tests/conformance/exceptions.json` with the reason; one that passes there is a failure too.

use std::collections::BTreeMap;
use std::path::Path;

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::finding::Finding;
use iam_preflight::policy::PolicyType;
use iam_preflight::source::SourceId;
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct CaseFile {
    code: Option<String>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    name: String,
    policy_type: String,
    resource_type: Option<String>,
    #[serde(default)]
    exact: bool,
    policy: String,
    expect: Vec<Expected>,
    #[serde(default)]
    absent: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    issue_code: String,
    finding_type: String,
    path: Value,
}

#[derive(Deserialize)]
struct Exception {
    file: String,
    case: String,
    reason: String,
}

pub fn policy_type(name: &str) -> PolicyType {
    let all = [
        PolicyType::IdentityPolicy,
        PolicyType::ResourcePolicy,
        PolicyType::ServiceControlPolicy,
        PolicyType::ResourceControlPolicy,
    ];
    all.into_iter().find(|t| t.as_str() == name).unwrap_or_else(|| panic!("policy type `{name}`"))
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// The expectations that no finding of their own meets.
fn unmet<'e>(expect: &'e [Expected], findings: &[Finding]) -> Vec<&'e Expected> {
    let meets = |e: &Expected, f: &Finding| {
        f.code == e.issue_code
            && f.finding_type.as_str() == e.finding_type
            && f.locations.iter().any(|l| serde_json::to_value(&l.path).is_ok_and(|p| p == e.path))
    };
    // Bipartite matching by augmenting paths: expectations and findings are few.
    fn place(e: usize, edges: &[Vec<usize>], taken: &mut BTreeMap<usize, usize>, seen: &mut Vec<usize>) -> bool {
        for &f in &edges[e] {
            if seen.contains(&f) {
                continue;
            }
            seen.push(f);
            if taken.get(&f).copied().is_none_or(|other| place(other, edges, taken, seen)) {
                taken.insert(f, e);
                return true;
            }
        }
        false
    }
    let edges: Vec<Vec<usize>> =
        expect.iter().map(|e| (0..findings.len()).filter(|f| meets(e, &findings[*f])).collect()).collect();
    let mut taken = BTreeMap::new();
    (0..expect.len()).filter(|e| !place(*e, &edges, &mut taken, &mut Vec::new())).map(|e| &expect[e]).collect()
}

fn complaint(case: &Case, findings: &[Finding]) -> Option<String> {
    let mut out = Vec::new();
    for e in unmet(&case.expect, findings) {
        out.push(format!("missing {} {} at {}", e.finding_type, e.issue_code, e.path));
    }
    for f in findings.iter().filter(|f| case.absent.iter().any(|a| a == f.code)) {
        out.push(format!("must not report {}: {}", f.code, f.message));
    }
    if case.exact && findings.len() != case.expect.len() {
        let listed: Vec<String> =
            findings.iter().map(|f| format!("{} at {}: {}", f.code, f.locations[0].path, f.message)).collect();
        out.push(format!("expected exactly {} findings, got: {}", case.expect.len(), listed.join("; ")));
    }
    (!out.is_empty()).then(|| out.join("\n    "))
}

#[test]
fn every_conformance_case_passes_or_is_excepted_with_a_reason() {
    let exceptions: Vec<Exception> =
        serde_json::from_str(&std::fs::read_to_string(folder().join("exceptions.json")).unwrap()).unwrap();
    assert!(exceptions.iter().all(|e| !e.reason.trim().is_empty()));
    let chosen = std::env::var("CASES").ok();
    let mut paths: Vec<_> =
        std::fs::read_dir(folder().join("validate-policy")).unwrap().map(|e| e.unwrap().path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "json"));
    paths.sort();
    let (mut passed, mut failures) = (0, Vec::new());
    for path in paths {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let file: CaseFile = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        let code = file.code.as_deref().unwrap_or(&stem);
        if chosen.as_ref().is_some_and(|c| !c.split(',').any(|c| c.eq_ignore_ascii_case(code))) {
            continue;
        }
        for case in &file.cases {
            let findings = checks::validate_text(
                SourceId(0),
                &case.policy,
                policy_type(&case.policy_type),
                case.resource_type.as_deref(),
                Catalog::embedded(),
                false,
            );
            let excepted = exceptions.iter().any(|e| e.file == stem && e.case == case.name);
            match (complaint(case, &findings), excepted) {
                (None, false) | (Some(_), true) => passed += 1,
                (Some(c), false) => {
                    failures.push(format!("{stem}: {}\n    {c}\n    policy: {:.600}", case.name, case.policy));
                }
                (None, true) => failures.push(format!("{stem}: {}\n    passes, but is excepted", case.name)),
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} cases fail:\n{}",
        failures.len(),
        passed + failures.len(),
        failures.join("\n")
    );
    assert!(passed > 0);
}
