//! The AWS managed policies as a test of false positives: AWS accepted each of them, so the errors that are reported
//! are few and explained one by one.

use std::collections::BTreeMap;
use std::fmt::Write;

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::finding::{Finding, FindingType};
use iam_preflight::policy::PolicyType;
use iam_preflight::source::SourceId;

fn all() -> Vec<(String, Vec<Finding>)> {
    let catalog = Catalog::embedded();
    let current = catalog.managed_policies().filter(|p| !p.deprecated);
    current
        .map(|p| {
            let findings =
                checks::validate_text(SourceId(0), p.document, PolicyType::IdentityPolicy, None, catalog, true);
            (p.name.to_owned(), findings)
        })
        .collect()
}

#[test]
fn the_findings_in_managed_policies_are_those_reviewed() {
    let mut counts: BTreeMap<(FindingType, &str), (usize, usize)> = BTreeMap::new();
    let mut errors = String::new();
    let policies = all();
    for (name, findings) in &policies {
        let mut codes: Vec<_> = findings.iter().map(|f| (f.finding_type, f.code)).collect();
        for code in &codes {
            counts.entry(*code).or_default().0 += 1;
        }
        codes.sort();
        codes.dedup();
        for code in codes {
            counts.entry(code).or_default().1 += 1;
        }
        for f in findings.iter().filter(|f| f.finding_type == FindingType::Error) {
            writeln!(errors, "{name}: {} at {}: {}", f.code, f.locations[0].path, f.message).unwrap();
        }
    }
    let mut out = format!("{} policies\n\nfindings  policies  code\n", policies.len());
    for ((kind, code), (found, concerned)) in counts {
        writeln!(out, "{found:8}  {concerned:8}  {} {code}", kind.as_str()).unwrap();
    }
    insta::assert_snapshot!("managed_policies", format!("{out}\nerrors\n{errors}"));
}

/// `cargo test --release --test suite per_check -- --ignored --nocapture` shows where the time goes.
#[test]
#[ignore = "a measurement"]
fn time_per_check() {
    use iam_preflight::checks::CheckContext;
    use iam_preflight::policy::PolicyDocument;
    use iam_preflight::source::{Limits, json};
    let catalog = Catalog::embedded();
    let start = std::time::Instant::now();
    let policies: Vec<_> = catalog.managed_policies().filter(|p| !p.deprecated).collect();
    println!("read: {:?}", start.elapsed());
    let start = std::time::Instant::now();
    let parsed = policies.iter().filter_map(|p| json::read(SourceId(0), p.document, &Limits::default()).ok());
    let documents: Vec<_> = parsed.map(PolicyDocument::new).collect();
    println!("parsed: {:?}", start.elapsed());
    let contexts: Vec<_> =
        documents.iter().map(|d| CheckContext::new(d, PolicyType::IdentityPolicy, catalog)).collect();
    let mut times: Vec<_> = checks::registry()
        .map(|check| {
            let start = std::time::Instant::now();
            let found: usize = contexts.iter().map(|c| checks::run_check(check, c).len()).sum();
            (start.elapsed(), check.code, found)
        })
        .collect();
    println!("checked: {:?}", times.iter().map(|t| t.0).sum::<std::time::Duration>());
    times.sort();
    for (time, code, found) in times.iter().rev().take(15) {
        println!("{time:?} {code} {found}");
    }
}
