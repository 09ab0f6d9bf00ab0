//! The AWS managed policies as a test of false positives: AWS accepted each of them, so the errors that are reported
//! are few and explained one by one.

use std::collections::BTreeMap;
use std::fmt::Write;

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::finding::{Finding, FindingType};
use iam_preflight::policy::PolicyType;
use iam_preflight::source::SourceId;

/// Why an error stands: the code, a part of its message, and the reason. Every error in a managed policy has a row.
const REASONS: &[(&str, &str, &str)] = &[
    ("INVALID_ARN_RESOURCE", "`/aws-glue/*`", "`log-group:` is missing before the name"),
    ("INVALID_ARN_RESOURCE", "`/aws/lambda/AmazonSecurityLake*`", "`log-group:` is missing before the name"),
    ("INVALID_ARN_RESOURCE", "`/createSimulationApplication`", "a path of the API, not an ARN of the service"),
    ("INVALID_ARN_RESOURCE", "`/domains/amazon-connect-*`", "`domains/` is written without a slash before it"),
    ("INVALID_ARN_RESOURCE", "`/templates*`", "not a resource of Customer Profiles"),
    ("INVALID_ARN_RESOURCE", "`/v2/apis", "paths of API Gateway ARNs have no version: `/apis/…`"),
    ("INVALID_ARN_RESOURCE", "`:*` matches no resource type of the service `kms`", "a colon too many"),
    ("INVALID_ARN_RESOURCE", "`:config-rule/*`", "a colon too many"),
    ("INVALID_ARN_RESOURCE", "`` matches", "nothing after the last colon"),
    ("INVALID_ARN_RESOURCE", "anvas*`", "a name without the type that SageMaker's ARNs have before it"),
    ("INVALID_ARN_RESOURCE", "`endpointconfig/*`", "the type is written `endpoint-config`"),
    ("INVALID_ARN_RESOURCE", "`agent-instance*`", "the reference has no such type"),
    ("INVALID_ARN_RESOURCE", "`credential-provider/*`", "the reference has no such type"),
    ("INVALID_ARN_RESOURCE", "`connector-profile/*`", "the type is written `connectorprofile`"),
    ("INVALID_ARN_RESOURCE", "`iotfleethub*`", "a name without the type that CloudWatch's ARNs have before it"),
    ("INVALID_ARN_RESOURCE", "`listener/", "listeners have `app/`, `net/` or `gwy/` before the name"),
    ("INVALID_ARN_RESOURCE", "`opsworks-cm!", "`secret:` is missing before the name"),
    (
        "INVALID_ARN_RESOURCE",
        "`sqlworkbench!*`",
        "`secret:` is missing before the name; the right ARN stands beside it",
    ),
    ("INVALID_ARN_RESOURCE", "`snapshotcopyconfiguration/*`", "the reference has no such type"),
    ("INVALID_ARN_RESOURCE", "`stack/ams-", "stacks have an id after the name, so a pattern needs `/*`"),
    ("INVALID_ARN_RESOURCE", "`statemachine:", "the type is written `stateMachine`"),
    ("INVALID_ARN_RESOURCE", "`subscription:*`", "the reference writes the type with a slash"),
    ("INVALID_ARN_RESOURCE", "`vpc-endpoint:*`", "the type has a slash after it"),
    ("INVALID_ARN_RESOURCE", "`vpcconnection/*`", "the type is written `vpcConnection`"),
    ("INVALID_GLOBAL_CONDITION_KEY", "aws:PrincipalOrgMasterAccountId", "internal to AWS, not documented"),
    ("INVALID_SERVICE_CONDITION_KEY", "lakeformation:GlueARN", "the reference does not list it"),
    ("MISSING_ARN_ACCOUNT", "`alias`", "aliases have an account, also those of AWS managed keys"),
    ("MISSING_QUALIFIER", "events:detail-type", "the reference gives it the type ArrayOfString"),
    (
        "UNSUPPORTED_ACTION_FOR_CONDITION_KEY",
        "",
        "as the check says by the reference: the condition keeps this action from being allowed",
    ),
    (
        "VARIABLE_USAGE_TOO_PERMISSIVE",
        "aws:ResourceAccount",
        "a variable with a Like operator on a sensitive key, which AWS's own text gives as the example",
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
            let reason = REASONS.iter().find(|(code, part, _)| f.code == *code && f.message.contains(part));
            let (_, _, reason) = reason.unwrap_or_else(|| panic!("{name}: {}: {}: no reason given", f.code, f.message));
            writeln!(errors, "{name}: {} at {}: {} ({reason})", f.code, f.locations[0].path, f.message).unwrap();
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
