//! Privilege escalation: a case and a near miss for each path, and what limits them all.

use std::collections::BTreeSet;

use iam_preflight::analysis::escalation::{EscalationReport, PATHS, analyse};
use iam_preflight::catalog::Catalog;
use iam_preflight::model::Deployment;
use iam_preflight::source::Sources;

#[test]
fn every_action_of_the_table_is_one_that_exists() {
    let unknown: BTreeSet<&str> = PATHS
        .iter()
        .flat_map(|p| p.steps)
        .map(|s| s.action)
        .filter(|a| {
            Catalog::embedded()
                .action(a)
                .is_none_or(|(service, known)| format!("{}:{}", service.prefix, known.name) != **a)
        })
        .collect();
    assert_eq!(unknown, BTreeSet::new());
    assert!(PATHS.len() >= 45);
    let methods: BTreeSet<&str> = PATHS.iter().map(|p| p.method).collect();
    assert_eq!(methods.len(), PATHS.len());
    assert!(PATHS.iter().all(|p| !p.sources.is_empty() && !p.steps.is_empty()));
}
