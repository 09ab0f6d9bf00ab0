//! What one principal may do and what another may do beyond it, by the engine, against the plain evaluator on random policies,
//! boundaries, guardrails and requests. `IAM_PREFLIGHT_PAIRS` sets how many cases are made, `IAM_PREFLIGHT_SEED` where they begin.

use iam_preflight::logic::Request;
use iam_preflight::logic::engine::{CompiledPolicy, Permissions, Ties, Wanted, exceeds, permitted};
use iam_preflight::logic::evaluate::PolicyKind;
use iam_preflight::policy::glob::matches;
use serde_json::Value;

use crate::engine::generate::{Random, policy, request, shown};
use crate::escalation::document;

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual)
}

fn compiled(policy: &Value, kind: PolicyKind) -> CompiledPolicy {
    CompiledPolicy::new(document(policy), kind, Ties::Tied).expect("a policy")
}

/// Policies of which all have a say, in turn: two that grant, a boundary, two of a guardrail, one whose Denies count.
struct Policies(Vec<CompiledPolicy>);

impl Policies {
    fn new(random: &mut Random) -> Policies {
        use PolicyKind as K;
        let kinds = [K::Identity, K::Identity, K::Boundary, K::ServiceControl, K::ServiceControl, K::Identity];
        Policies(kinds.iter().map(|kind| compiled(&policy(random, false), *kind)).collect())
    }

    fn some(&self, random: &mut Random) -> Permissions<'_> {
        Permissions {
            policies: self.0[..1 + random.below(2)].iter().collect(),
            boundary: random.one_in(3).then(|| &self.0[2]),
            limits: if random.one_in(3) { vec![self.0[3..4 + random.below(2)].iter().collect()] } else { Vec::new() },
            denying: if random.one_in(4) { vec![&self.0[5]] } else { Vec::new() },
        }
    }
}

/// What a request is like: its caller, action and resource, and some of its keys.
fn like(random: &mut Random, request: &Request) -> Wanted {
    let single = request.context.iter().filter(|(_, values)| values.len() == 1);
    let keys = single.filter(|_| random.one_in(2)).map(|(key, values)| (key.clone(), values.to_vec()));
    Wanted {
        caller: Some(request.caller.clone()),
        action: request.action.clone(),
        resources: vec![request.resource.clone()],
        keys: keys.collect(),
    }
}

#[test]
fn a_request_that_is_allowed_is_permitted_and_what_is_permitted_is_allowed() {
    let seed = number("IAM_PREFLIGHT_SEED", 1);
    let (mut allowed, mut refused, mut undecided) = (0u64, 0u64, 0u64);
    for case in 0..number("IAM_PREFLIGHT_PAIRS", 2_000) / 10 {
        let random = &mut Random::new(seed * 77_003 + case);
        let policies = Policies::new(random);
        let permissions = policies.some(random);
        for _ in 0..20 {
            let request = request(random, false);
            let wanted = like(random, &request);
            match permitted(&permissions, &wanted, Ties::Tied, &|_| true) {
                Ok(Some(found)) => {
                    assert!(permissions.allow(&found.request), "case {case}: {}", shown(&found.request));
                    assert_eq!(found.request.caller.arn(), request.caller.arn(), "case {case}");
                    assert!(found.request.action.eq_ignore_ascii_case(&request.action), "case {case}");
                    // What is given is a pattern.
                    let (asked, got) = (shown(&request), shown(&found.request));
                    assert!(matches(&request.resource, &found.request.resource), "case {case}: {asked}\n{got}");
                    for (key, patterns) in &wanted.keys {
                        let values = found.request.values(key);
                        assert!(values.len() == 1 && matches(&patterns[0], &values[0]), "case {case}: {key}");
                    }
                    allowed += 1;
                }
                Ok(None) => {
                    assert!(!permissions.allow(&request), "case {case}: {}", shown(&request));
                    refused += 1;
                }
                Err(_) => undecided += 1,
            }
        }
    }
    println!("{allowed} permitted, {refused} not, {undecided} undecided");
    assert!(allowed > 100 && refused > 100 && undecided * 20 < allowed + refused);
}

#[test]
fn what_exceeds_nothing_allows_no_request_that_the_other_does_not() {
    let seed = number("IAM_PREFLIGHT_SEED", 1);
    let (mut more, mut nothing, mut undecided) = (0u64, 0u64, 0u64);
    for case in 0..number("IAM_PREFLIGHT_PAIRS", 2_000) / 10 {
        let random = &mut Random::new(seed * 91_009 + case);
        let policies = Policies::new(random);
        let (new, existing) = (policies.some(random), policies.some(random));
        match exceeds(&new, &existing, Ties::Tied) {
            Some(Ok(request)) => {
                assert!(new.allow(&request) && !existing.allow(&request), "case {case}: {}", shown(&request));
                more += 1;
            }
            Some(Err(_)) => undecided += 1,
            None => {
                for _ in 0..300 {
                    let request = request(random, false);
                    assert!(!new.allow(&request) || existing.allow(&request), "case {case}: {}", shown(&request));
                }
                nothing += 1;
            }
        }
    }
    println!("{more} more, {nothing} nothing more, {undecided} undecided");
    assert!(more > 10 && nothing > 10 && undecided * 20 < more + nothing);
}
