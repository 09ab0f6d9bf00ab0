//! The exact engine against the plain evaluator on random policies and requests, and the laws that hold between
//! questions. `IAM_PREFLIGHT_PAIRS` sets how many pairs of policies are made, `IAM_PREFLIGHT_SEED` where they begin.

mod generate;

use generate::{Random, mutated, policy, request, shown};
use iam_preflight::logic::Request;
use iam_preflight::logic::engine::{Access, CompiledPolicy, Ties, access_not_granted, no_new_access};
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
