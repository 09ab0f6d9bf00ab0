//! The exact engine against the plain evaluator on random policies and requests, and the laws that hold between
//! questions. `IAM_PREFLIGHT_PAIRS` sets how many pairs of policies are made, `IAM_PREFLIGHT_SEED` where they begin.

pub mod generate;
mod solvers;

use std::slice::from_ref;

use generate::{Random, mutated, policy, request, shown};
use iam_preflight::logic::Request;
use iam_preflight::logic::engine::{
    Access, CompiledPolicy, Permissions, Ties, access_not_granted, added, no_new_access, no_public_access,
};
use iam_preflight::logic::evaluate::{PolicyKind, Verdict, verdict};
use iam_preflight::policy::PolicyDocument;
use iam_preflight::source::{Limits, SourceId, json};
use serde_json::{Value, json};

fn document(policy: &Value) -> PolicyDocument {
    PolicyDocument::new(
        json::read(SourceId(0), &policy.to_string(), &Limits::default()).expect("JSON that was written as JSON"),
    )
}

fn compiled(policy: &Value, kind: PolicyKind) -> CompiledPolicy {
    CompiledPolicy::new(document(policy), kind, Ties::Tied).unwrap_or_else(|e| panic!("{e}: {policy}"))
}

fn allows(policy: &CompiledPolicy, kind: PolicyKind, request: &Request) -> bool {
    matches!(verdict(policy.document(), kind, request), Verdict::Allow { .. })
}

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

/// Requests asked for each pair of policies.
const REQUESTS: usize = 100;

#[test]
fn the_engine_and_the_evaluator_never_disagree() {
    let pairs = number("IAM_PREFLIGHT_PAIRS", 2_000);
    let seed = number("IAM_PREFLIGHT_SEED", 1);
    let (mut held, mut failed, mut undecided) = (0u64, 0u64, 0u64);
    let mut reasons = std::collections::BTreeMap::<&str, u64>::new();
    for pair in 0..pairs {
        let random = &mut Random::new(seed * 1_000_003 + pair);
        let on_resource = random.one_in(2);
        let kind = if on_resource { PolicyKind::Resource } else { PolicyKind::Identity };
        let existing = policy(random, on_resource);
        let new = if random.one_in(2) { mutated(random, &existing, on_resource) } else { policy(random, on_resource) };
        let (a, b) = (compiled(&new, kind), compiled(&existing, kind));
        let answer = no_new_access(&a, &b, Ties::Tied);
        for reason in &answer.reasons {
            assert!(
                allows(&a, kind, &reason.witness) && !allows(&b, kind, &reason.witness),
                "no witness: {}\nnew {new}\nexisting {existing}",
                shown(&reason.witness)
            );
        }
        if answer.fails() {
            failed += 1;
        } else if answer.holds() {
            held += 1;
        } else {
            undecided += 1;
            for (_, why) in &answer.undecided {
                *reasons.entry(why).or_default() += 1;
                if std::env::var_os("IAM_PREFLIGHT_SHOW_UNDECIDED").is_some() {
                    println!("{why}\nnew {new}\nexisting {existing}");
                }
            }
        }
        let nothing = Access::default();
        let granted = access_not_granted(&a, &nothing, Ties::Tied);
        for _ in 0..REQUESTS {
            let request = request(random, on_resource);
            let by_new = allows(&a, kind, &request);
            assert!(
                !(answer.holds() && by_new && !allows(&b, kind, &request)),
                "the engine says that nothing is new, but: {}\nnew {new}\nexisting {existing}",
                shown(&request)
            );
            assert!(
                !(granted.holds() && by_new),
                "the engine says that nothing is granted, but: {}\npolicy {new}",
                shown(&request)
            );
        }
    }
    println!("{pairs} pairs from seed {seed}: {held} hold, {failed} fail, {undecided} undecided {reasons:?}");
    assert!(undecided * 50 <= pairs, "{undecided} of {pairs} pairs are undecided: {reasons:?}");
}

#[test]
fn the_laws_of_containment_hold() {
    let nothing_new = |a: &Value, b: &Value| {
        no_new_access(&compiled(a, PolicyKind::Identity), &compiled(b, PolicyKind::Identity), Ties::Tied)
    };
    let with = |a: &Value, more: &Value| {
        let mut both = a.clone();
        let statements = both["Statement"].as_array_mut().expect("a list");
        statements.extend(more["Statement"].as_array().into_iter().flatten().cloned());
        both
    };
    for case in 0..number("IAM_PREFLIGHT_PAIRS", 2_000) / 4 {
        let random = &mut Random::new(77 + case);
        let mut p = policy(random, false);
        let mut q = policy(random, false);
        q["Version"] = p["Version"].clone();
        let mut r = mutated(random, &q, false);
        r["Version"] = p["Version"].clone();
        assert!(!nothing_new(&p, &p).fails(), "a policy contains itself: {p}");
        let deny = json!({"Statement": [{"Effect": "Deny", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"}]});
        assert!(!nothing_new(&with(&p, &deny), &p).fails(), "a Deny adds nothing: {p}");
        let mut allows_only = q.clone();
        if let Some(statements) = allows_only["Statement"].as_array_mut() {
            statements.retain(|s| s["Effect"] == "Allow");
        }
        assert!(!nothing_new(&p, &with(&p, &allows_only)).fails(), "an Allow takes nothing away: {p} {allows_only}");
        if let Some(statements) = p["Statement"].as_array_mut()
            && statements.iter().any(|s| s["Effect"] == "Deny")
        {
            let all = json!({"Version": q["Version"], "Statement": statements.clone()});
            statements.retain(|s| s["Effect"] == "Allow");
            let without = json!({"Version": q["Version"], "Statement": statements.clone()});
            assert!(!nothing_new(&all, &without).fails(), "without a Deny nothing is lost: {all}");
        }
        if nothing_new(&p, &q).holds() && nothing_new(&q, &r).holds() {
            assert!(!nothing_new(&p, &r).fails(), "containment is transitive: {p} {q} {r}");
        }
    }
}

#[test]
fn what_a_principal_gains_by_all_its_policies_agrees_with_the_evaluator() {
    let mut nothing = 0;
    for case in 0..number("IAM_PREFLIGHT_PAIRS", 2_000) / 20 {
        let random = &mut Random::new(4_242 + case);
        let some = |random: &mut Random, n: usize| -> Vec<Value> { (0..n).map(|_| policy(random, false)).collect() };
        let before = some(random, 2);
        let mut after = before.clone();
        after[0] = mutated(random, &before[0], false);
        let boundaries = some(random, 2);
        let compile =
            |all: &[Value]| -> Vec<CompiledPolicy> { all.iter().map(|p| compiled(p, PolicyKind::Identity)).collect() };
        let (before, after, boundaries) = (compile(&before), compile(&after), compile(&boundaries));
        let bounded = random.below(3);
        let existing = Permissions {
            policies: before.iter().collect(),
            boundary: (bounded > 0).then(|| &boundaries[0]),
            ..Permissions::default()
        };
        let new = Permissions {
            policies: after.iter().collect(),
            boundary: (bounded > 0).then(|| &boundaries[bounded - 1]),
            ..Permissions::default()
        };
        let gained = added(&new, &existing, Ties::Tied);
        for witness in gained.iter().filter_map(|g| g.witness.as_ref().ok()) {
            assert!(new.allow(witness) && !existing.allow(witness), "case {case}: {}", shown(witness));
        }
        if gained.is_empty() {
            nothing += 1;
            for _ in 0..REQUESTS {
                let request = request(random, false);
                assert!(!new.allow(&request) || existing.allow(&request), "case {case}: {}", shown(&request));
            }
        }
    }
    assert!(nothing > 0, "some changes add nothing");
}

/// Resource policies that let a stranger in, and those that don't: principal and condition, and whether it is public.
const PUBLIC: &[(&str, &str, &str, bool)] = &[
    ("AWS::S3::Bucket", r#""Principal": {"AWS": "*"}"#, "", true),
    ("AWS::S3::Bucket", r#""Principal": {"AWS": "123456789012"}"#, "", false),
    ("AWS::S3::Bucket", r#""Principal": {"Service": "s3.amazonaws.com"}"#, "", false),
    ("AWS::S3::Bucket", r#""NotPrincipal": {"AWS": "123456789012"}"#, "", true),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"StringLike": {"aws:SourceVpc": "vpc-*"}}"#, true),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"StringEquals": {"aws:SourceVpc": "vpc-91237329"}}"#, false),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/1"}}"#, true),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"IpAddress": {"aws:SourceIp": "54.0.0.0/8"}}"#, false),
    (
        "AWS::S3::Bucket",
        r#""Principal": "*""#,
        r#"{"IpAddress": {"aws:SourceIp": ["54.0.0.0/8", "55.0.0.0/8"]}}"#,
        true,
    ),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"IpAddress": {"aws:SourceIp": "2001:db8::/31"}}"#, true),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"IpAddress": {"aws:SourceIp": "2001:db8::/32"}}"#, false),
    ("AWS::S3::Bucket", r#""Principal": "*""#, r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, false),
    (
        "AWS::S3::Bucket",
        r#""Principal": "*""#,
        r#"{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}"#,
        false,
    ),
    (
        "AWS::S3::AccessPoint",
        r#""Principal": "*""#,
        r#"{"ArnLike": {"s3:DataAccessPointArn": "arn:aws:s3:us-west-2:123456789012:accesspoint/*"}}"#,
        true,
    ),
    (
        "AWS::DynamoDB::Table",
        r#""Principal": "*""#,
        r#"{"StringEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/John"}}"#,
        false,
    ),
    (
        "AWS::DynamoDB::Table",
        r#""Principal": "*""#,
        r#"{"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/John"}}"#,
        true,
    ),
    (
        "AWS::EFS::FileSystem",
        r#""Principal": "*""#,
        r#"{"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}"#,
        false,
    ),
    (
        "AWS::KMS::Key",
        r#""Principal": "*""#,
        r#"{"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}"#,
        true,
    ),
    ("AWS::KMS::Key", r#""Principal": "*""#, r#"{"StringEquals": {"kms:CallerAccount": "111122223333"}}"#, false),
    ("AWS::SNS::Topic", r#""Principal": "*""#, r#"{"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}"#, true),
    (
        "AWS::SNS::Topic",
        r#""Principal": "*""#,
        r#"{"ForAllValues:StringEquals": {"aws:PrincipalOrgPaths": "o-a/r-b/ou-c/"}}"#,
        true,
    ),
    (
        "AWS::SNS::Topic",
        r#""Principal": "*""#,
        r#"{"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a/r-b/*"}}"#,
        false,
    ),
    (
        "AWS::SNS::Topic",
        r#""Principal": "*""#,
        r#"{"StringEquals": {"aws:SourceAccount": ["111122223333", "444455556666"]}}"#,
        false,
    ),
    ("AWS::SNS::Topic", r#""Principal": "*""#, r#"{"StringLike": {"aws:SourceAccount": "*"}}"#, true),
    ("AWS::SNS::Topic", r#""Principal": "*""#, r#"{"StringEquals": {"aws:PrincipalTag/team": "x"}}"#, true),
    (
        "AWS::IAM::AssumeRolePolicyDocument",
        r#""Principal": {"AWS": "*"}"#,
        r#"{"StringEquals": {"sts:ExternalId": "abc"}}"#,
        true,
    ),
    (
        "AWS::Lambda::Function",
        r#""Principal": "*""#,
        r#"{"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}"#,
        true,
    ),
    ("AWS::SQS::Queue", r#""Principal": "*""#, r#"{"ArnEquals": {"aws:SourceArn": "arn:aws:s3:::bucket"}}"#, false),
    (
        "AWS::SQS::Queue",
        r#""Principal": "*""#,
        r#"{"StringEquals": {"aws:SourceVpce": "${aws:PrincipalTag/vpce}"}}"#,
        true,
    ),
];

#[test]
fn the_public_is_whoever_no_fixed_value_pins_down() {
    for (resource_type, principal, condition, expected) in PUBLIC {
        let condition = if condition.is_empty() { String::new() } else { format!(r#", "Condition": {condition}"#) };
        let text = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {principal}, "Action": "s3:GetObject", "Resource": "*"{condition}}}]}}"#
        );
        let policy: Value = serde_json::from_str(&text).expect("JSON");
        for ties in [Ties::Tied, Ties::Untied] {
            let compiled = CompiledPolicy::new(document(&policy), PolicyKind::Resource, ties).expect("a policy");
            let answer = no_public_access(&compiled, resource_type, ties);
            assert!(answer.undecided.is_empty(), "{:?} {policy}", answer.undecided);
            assert_eq!(answer.fails(), *expected, "{ties:?} {resource_type} {policy} {:?}", answer.reasons);
        }
    }
    let denied = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
        {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-abc"}}}]});
    let compiled = compiled(&denied, PolicyKind::Resource);
    assert!(no_public_access(&compiled, "AWS::SQS::Queue", Ties::Tied).holds(), "strangers are denied");
}

#[test]
fn variables_neither_hide_callers_nor_fix_the_case_of_their_values() {
    let answer = |existing: &Value, new: &Value| {
        no_new_access(&compiled(new, PolicyKind::Identity), &compiled(existing, PolicyKind::Identity), Ties::Tied)
    };
    let policy = |conditions: &[Value]| {
        let statement =
            |c: &Value| json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": c});
        json!({"Version": "2012-10-17", "Statement": conditions.iter().map(statement).collect::<Vec<_>>()})
    };
    // Of the account only a name is known.
    let own = json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}", "s3:prefix": "a"}});
    let other = json!({"StringEquals": {"aws:PrincipalAccount": "${aws:ResourceAccount}", "s3:prefix": "b"}});
    assert!(answer(&policy(from_ref(&own)), &policy(&[own.clone(), other])).fails());
    assert!(answer(&policy(from_ref(&own)), &policy(from_ref(&own))).holds());
    // A value in another case is another value.
    let exact = policy(&[json!({"StringEquals": {"s3:prefix": "${aws:username}"}})]);
    let caseless = policy(&[json!({"StringEqualsIgnoreCase": {"s3:prefix": "${aws:username}"}})]);
    assert!(answer(&exact, &caseless).fails());
    assert!(answer(&caseless, &exact).holds());
    assert!(answer(&caseless, &caseless).holds());
}
