//! The AWS managed policies as a test of false positives: AWS accepted each of them, so the errors that are reported
//! are few and explained one by one.

use std::collections::BTreeMap;
use std::fmt::Write;

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::finding::{Finding, FindingType};
use iam_preflight::policy::PolicyType;
use iam_preflight::source::SourceId;

/// Why an error stands: every error in a managed policy has a row of its own in `tests/data/managed-policy-errors.json`.
#[derive(serde::Deserialize)]
struct Reviewed {
    policy: String,
    code: String,
    path: String,
    reason: String,
}

/// Managed policies that Access Analyzer's check reference names for a code, as far as their current version is the one
/// that it speaks of.
const NAMED_BY_AWS: &[(&str, &[&str])] = &[
    ("CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE", &["AdministratorAccess", "IAMFullAccess"]),
    (
        "CREATE_SLR_WITH_STAR_IN_RESOURCE",
        &["PowerUserAccess", "AlexaForBusinessFullAccess", "AWSOrganizationsServiceTrustPolicy"],
    ),
    ("PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE", &["AdministratorAccess", "IAMFullAccess"]),
    (
        "PASS_ROLE_WITH_STAR_IN_RESOURCE",
        &[
            "AdministratorAccess-Amplify",
            "AWSElasticBeanstalkService",
            "AmazonDynamoDBFullAccesswithDataPipeline",
            "AmazonElasticMapReduceFullAccess",
        ],
    ),
    ("POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", &["ReadOnlyAccess", "AWSSupportServiceRolePolicy"]),
    (
        "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS",
        &[
            "AmazonSecurityLakeAdministrator",
            "AWSCodePipeline_FullAccess",
            "AWSCodePipeline_ReadOnlyAccess",
            "S3UnlockBucketPolicy",
            "SQSUnlockQueuePolicy",
        ],
    ),
];

/// What the reference names in policies that AWS has changed since: code, action, condition.
const NAMED_IN_FORMER_VERSIONS: &[(&str, &str, &str)] = &[
    // AmazonEMRFullAccessPolicy_v2
    ("INVALID_ACTION", "s3:ListBuckets", "{}"),
    // CloudWatchSyntheticsFullAccess
    ("INVALID_ACTION", "s3:PutBucketEncryption", "{}"),
    ("INVALID_ACTION", "lambda:GetLayerVersionByArn", "{}"),
    // AWSGlueConsoleSageMakerNotebookFullAccess
    (
        "WILDCARD_WITHOUT_LIKE_OPERATOR",
        "ec2:TerminateInstances",
        r#"{"StringEquals": {"ec2:ResourceTag/aws:cloudformation:stack-name": "aws-glue-*"}}"#,
    ),
];

/// The findings of current policies, strict checks included.
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
    let reviewed: Vec<Reviewed> =
        serde_json::from_str(include_str!("../data/managed-policy-errors.json")).expect("rows with reasons");
    assert!(reviewed.iter().all(|r| r.reason.len() > 15), "a reason says why");
    let mut used = vec![0; reviewed.len()];
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
            let path = f.locations[0].path.to_string();
            let row = reviewed.iter().position(|r| r.policy == *name && r.code == f.code && r.path == path);
            let row = row.unwrap_or_else(|| panic!("{name}: {} at {path}: {}: no reason given", f.code, f.message));
            used[row] += 1;
            let reason = &reviewed[row].reason;
            writeln!(errors, "{name}: {} at {}: {} ({reason})", f.code, f.locations[0].path, f.message).unwrap();
        }
    }
    let unused: Vec<_> =
        reviewed.iter().zip(&used).filter(|(_, n)| **n == 0).map(|(r, _)| (&r.policy, &r.path)).collect();
    assert!(unused.is_empty(), "reasons without an error: {unused:?}");
    let mut out = format!("{} policies\n\nfindings  policies  code\n", policies.len());
    for ((kind, code), (found, concerned)) in counts {
        writeln!(out, "{found:8}  {concerned:8}  {} {code}", kind.as_str()).unwrap();
    }
    insta::assert_snapshot!("managed_policies", format!("{out}\nerrors\n{errors}"));
}

#[test]
fn managed_policies_that_the_check_reference_names_are_found() {
    let policies = all();
    for (code, names) in NAMED_BY_AWS {
        for name in *names {
            let (_, findings) = policies.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name} is current"));
            assert!(findings.iter().any(|f| f.code == *code), "{name}: {code}");
        }
    }
    for (code, action, condition) in NAMED_IN_FORMER_VERSIONS {
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Action": "{action}", "Resource": "*", "Condition": {condition}}}]}}"#
        );
        let catalog = Catalog::embedded();
        let found = checks::validate_text(SourceId(0), &text, PolicyType::IdentityPolicy, None, catalog, false);
        assert!(found.iter().any(|f| f.code == *code), "{action}: {code}");
    }
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
