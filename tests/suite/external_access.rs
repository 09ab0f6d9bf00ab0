//! External access: a table of cases for each resource type, and random policies against the plain evaluator.
//! `IAM_PREFLIGHT_PAIRS` sets how many policies are made, `IAM_PREFLIGHT_SEED` where they begin.

use std::net::IpAddr;
use std::path::Path;

use iam_preflight::analysis::external_access::{ExternalAccess, ExternalAccessReport, allow, analyse, compare, zone};
use iam_preflight::catalog::Catalog;
use iam_preflight::logic::engine::{CompiledPolicy, Ties, Zone, no_outside_access};
use iam_preflight::logic::evaluate::{PolicyKind, Verdict, verdict};
use iam_preflight::logic::{Caller, Request};
use iam_preflight::model::{Deployment, Input, InputId, InputKind, Policy, PolicyForm, ResourceRef};
use iam_preflight::policy::{PolicyDocument, PolicyType, glob};
use iam_preflight::source::{Limits, SourceId, json};
use iam_preflight::template::cloudformation::{Holds, POLICY_LOCATIONS};
use ipnet::IpNet;
use serde_json::{Value, json as value};
use smol_str::SmolStr;

use crate::engine::generate::{Random, policy, request, shown};

const OWN: &str = "111122223333";

pub fn document(policy: &Value) -> PolicyDocument {
    PolicyDocument::new(json::read(SourceId(0), &policy.to_string(), &Limits::default()).expect("JSON"))
}

/// A policy of the resource called so.
pub fn policy_of(id: &str, resource_type: &str, policy: &Value) -> Policy {
    Policy {
        input: InputId(0),
        resource: ResourceRef { id: id.into(), resource_type: resource_type.into() },
        attached_to: Vec::new(),
        name: "PolicyDocument".into(),
        policy_type: PolicyType::ResourcePolicy,
        resource_type: Some(resource_type.into()),
        form: PolicyForm::Resource,
        document: Some(document(policy)),
        gaps: Vec::new(),
        syntax_error: None,
        span: None,
        when: None,
        is_own: true,
    }
}

pub fn deployment(policies: Vec<Policy>) -> Deployment {
    let path = "policy.json".into();
    let input = Input { path, kind: InputKind::PolicyDocument, error: None, notices: Vec::new() };
    Deployment { inputs: vec![input], policies, ..Deployment::default() }
}

fn found(resource_type: &str, policy: &Value, zone: &Zone) -> ExternalAccessReport {
    let deployment = deployment(vec![policy_of("Example", resource_type, policy)]);
    analyse(&deployment, zone, Catalog::embedded(), |_| true)
}

fn seen(access: &ExternalAccess) -> Value {
    let condition: serde_json::Map<String, Value> =
        access.condition.iter().map(|(k, v)| (k.to_string(), Value::from(v.as_str()))).collect();
    value!({
        "principal": {(access.principal.0.as_str()): access.principal.1},
        "condition": condition,
        "isPublic": access.is_public,
        "action": access.actions,
    })
}

pub fn allows(document: &PolicyDocument, kind: PolicyKind, request: &Request) -> bool {
    matches!(verdict(document, kind, request), Verdict::Allow { .. })
}

#[test]
fn every_case_of_the_table_has_the_findings_that_it_expects() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/external-access.jsonl");
    let table = std::fs::read_to_string(path).expect("the table");
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in table.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let zone = zone(Some(OWN), &[], case["organization"].as_str());
        let resource_type = case["resourceType"].as_str().expect("a type");
        let report = found(resource_type, &case["policy"], &zone);
        let is_trust = resource_type == "AWS::IAM::AssumeRolePolicyDocument";
        let kind = if is_trust { PolicyKind::Trust } else { PolicyKind::Resource };
        for access in &report.found {
            let witness = access.witness.as_ref().expect("decided");
            assert!(allows(&document(&case["policy"]), kind, witness), "{}: {}", case["name"], shown(witness));
        }
        let mut actual: Vec<String> = report.found.iter().map(|a| seen(a).to_string()).collect();
        let mut expected: Vec<String> =
            case["expected"].as_array().expect("a list").iter().map(Value::to_string).collect();
        actual.sort();
        expected.sort();
        if actual != expected {
            wrong.push(format!("{}\n  expected {expected:?}\n  actual   {actual:?}", case["name"]));
        }
        cases += 1;
    }
    assert!(cases >= 150, "{cases} cases");
    assert!(wrong.is_empty(), "{} of {cases}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether a request is one from outside the account, by the words of the documentation.
pub fn from_outside(request: &Request) -> bool {
    let is = |key: &str, test: &dyn Fn(&str) -> bool| request.values(key).iter().any(|v| test(v));
    !matches!(request.caller, Caller::Service { .. })
        && request.caller.account() != Some(OWN)
        && !is("aws:SourceAccount", &|v| v == OWN)
        && !is("aws:SourceOwner", &|v| v == OWN)
        && !is("aws:SourceArn", &|v| v.split(':').nth(4) == Some(OWN))
}

/// Whether a request takes the way in that a finding tells of.
pub fn takes(request: &Request, access: &ExternalAccess) -> bool {
    let who = access.principal.1.as_str();
    let is_principal = match (access.principal.0.as_str(), &request.caller) {
        ("AWS", _) if who == "*" => true,
        ("AWS", caller) => caller.account() == Some(who) || caller.arn() == Some(who),
        ("Federated", Caller::Federated { provider }) => provider == who,
        ("CanonicalUser", Caller::Canonical { id }) => id == who,
        _ => false,
    };
    let meets = |value: &str, pattern: &str| match (value.parse::<IpAddr>(), pattern.parse::<IpNet>()) {
        (Ok(address), Ok(net)) => net.contains(&address),
        _ => glob::matches(pattern, value) || pattern.contains("${"),
    };
    let holds = |(key, value): (&SmolStr, &String)| {
        request.values(key).iter().any(|given| value.split(", ").any(|pattern| meets(given, pattern)))
    };
    let does = access.witness.is_err() || access.actions.iter().any(|a| a.eq_ignore_ascii_case(&request.action));
    is_principal && does && access.condition.iter().all(holds)
}

/// Whether what is asked for is an action of S3 on something that it works on; what else a policy of a bucket allows opens nothing.
pub fn is_of_s3(request: &Request) -> bool {
    let object = request.resource.starts_with("arn:aws:s3:::") && request.resource.contains('/');
    let bucket = request.resource.starts_with("arn:aws:s3:::") && !request.resource.contains('/');
    let is = |action: &str| request.action.eq_ignore_ascii_case(action);
    object && (is("s3:GetObject") || is("s3:PutObject")) || bucket && is("s3:ListBucket")
}

#[test]
fn nobody_from_outside_gets_in_without_a_finding() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let (policies, seed) = (number("IAM_PREFLIGHT_PAIRS", 2_000), number("IAM_PREFLIGHT_SEED", 1));
    let zone = zone(Some(OWN), &[], None);
    let (mut closed, mut open, mut let_in, mut undecided) = (0u64, 0u64, 0u64, 0u64);
    for number in 0..policies {
        let random = &mut Random::new(seed * 1_000_033 + number);
        let text = policy(random, true);
        let read = document(&text);
        let Ok(compiled) = CompiledPolicy::new(read.clone(), PolicyKind::Resource, Ties::Tied) else { continue };
        let answer = no_outside_access(&compiled, &zone, Ties::Tied);
        for reason in &answer.reasons {
            assert!(allows(&read, PolicyKind::Resource, &reason.witness), "{text}\n{}", shown(&reason.witness));
            assert!(from_outside(&reason.witness), "{text}\n{}", shown(&reason.witness));
        }
        let found = found("AWS::S3::Bucket", &text, &zone).found;
        for access in &found {
            if let Ok(witness) = &access.witness {
                assert!(allows(&read, PolicyKind::Resource, witness), "{text}\n{}", shown(witness));
                assert!(answer.fails(), "{text}\na finding that the whole policy does not make");
            }
        }
        undecided += u64::from(!answer.holds() && !answer.fails());
        closed += u64::from(answer.holds());
        open += u64::from(answer.fails());
        for _ in 0..100 {
            let request = request(random, true);
            if from_outside(&request) && allows(&read, PolicyKind::Resource, &request) {
                let_in += 1;
                assert!(!answer.holds(), "{text}\nlets in {}", shown(&request));
                let told = !is_of_s3(&request) || found.iter().any(|access| takes(&request, access));
                assert!(told, "{text}\nlets in {}\nby none of {found:#?}", shown(&request));
            }
        }
    }
    println!("{closed} closed, {open} open, {undecided} undecided, {let_in} requests let in");
    assert!(closed > 0 && open > 0 && let_in > 0);
}

#[test]
fn against_an_earlier_version_access_is_new_stays_or_goes() {
    let zone = zone(Some(OWN), &[], None);
    let policy = |accounts: &[&str]| {
        value!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": accounts},
            "Action": "sqs:SendMessage", "Resource": "*"}]})
    };
    let earlier = found("AWS::SQS::Queue", &policy(&["444455556666", "777788889999"]), &zone);
    let mut now = found("AWS::SQS::Queue", &policy(&["444455556666", "123456789012"]), &zone);
    compare(&mut now, earlier);
    allow(&mut now, &["arn:aws:iam::123456789012:root".to_owned()]);
    let mut states: Vec<_> =
        now.found.iter().map(|a| (a.principal.1.as_str(), a.change.expect("compared").as_str(), a.archived)).collect();
    states.sort_unstable();
    assert_eq!(
        states,
        [("123456789012", "NEW", true), ("444455556666", "UNCHANGED", false), ("777788889999", "RESOLVED", false)]
    );
}

#[test]
fn a_policy_that_allows_everything_to_everybody_is_found_on_every_type_that_can_have_one() {
    let everything = value!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]});
    let zone = zone(Some(OWN), &[], None);
    let mut types: Vec<&str> = POLICY_LOCATIONS
        .iter()
        .filter_map(|location| match location.holds {
            Holds::Resource { protects, .. } => Some(protects),
            _ => None,
        })
        .collect();
    types.sort_unstable();
    types.dedup();
    let missing: Vec<&&str> = types.iter().filter(|t| found(t, &everything, &zone).found.is_empty()).collect();
    assert!(types.len() > 50, "{}", types.len());
    // Public access to these is always blocked; a policy of an endpoint grants nothing.
    let expected = ["AWS::EC2::VPCEndpoint", "AWS::S3Express::AccessPoint", "AWS::S3Express::DirectoryBucket"];
    assert_eq!(missing, expected.iter().collect::<Vec<_>>());
}

#[test]
fn what_deny_statements_spare_makes_no_more_ways_than_can_be_told_and_hides_none_that_cannot_be_decided() {
    let zone = zone(Some(OWN), &[], None);
    let deny = |key: &str, prefix: &str| {
        let values: Vec<String> = (0..50).map(|i| format!("{prefix}-{i}")).collect();
        value!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
            "Condition": {"StringNotEquals": {key: values}}})
    };
    let allow = value!({"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"});
    let many = value!({"Version": "2012-10-17", "Statement": [allow, deny("aws:SourceVpce", "vpce"),
        deny("aws:PrincipalOrgID", "o"), deny("aws:SourceVpc", "vpc")]});
    let ways = found("AWS::S3::Bucket", &many, &zone).found;
    assert!((1..=50).contains(&ways.len()) && ways.iter().all(|w| !w.is_public), "{}", ways.len());

    // Together the variables of the two statements are too many for the engine.
    let variables =
        |from: char, to: char| -> String { (from..=to).map(|c| format!("${{aws:PrincipalTag/{c}}}")).collect() };
    let resource = format!("arn:aws:s3:::a/{}*", variables('a', 'e'));
    let open = value!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": resource},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:SourceVpce": variables('f', 'j')}}}]});
    let ways = found("AWS::S3::Bucket", &open, &zone).found;
    assert!(ways.iter().any(|w| w.condition.is_empty()), "{ways:#?}");
}
