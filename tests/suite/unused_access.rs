//! Unused access, by random policies and random evidence: each recommended policy allows nothing that the existing one does not,
//! and everything that was used; and nothing of what is called unused is left in it. The engine and the evaluator are asked here
//! again, whatever the analysis itself has proven. `IAM_PREFLIGHT_PAIRS` sets how many cases are made, `IAM_PREFLIGHT_SEED` where
//! they begin.

use std::collections::BTreeSet;

use iam_preflight::activity::authorization_details::Pages;
use iam_preflight::activity::evidence::Evidence;
use iam_preflight::activity::last_accessed::{LastAccessed, ServiceAccess};
use iam_preflight::activity::usage::{ActionUse, Activity, Troubles};
use iam_preflight::activity::{PrincipalKey, Timestamp};
use iam_preflight::analysis::custom_check::compile;
use iam_preflight::analysis::unused_access::{Advice, Detail, Settings, UnusedAccess, UnusedAccessType, analyse};
use iam_preflight::catalog::Catalog;
use iam_preflight::logic::engine::{Access, CompiledPolicy, Permissions, Ties, access_not_granted, added};
use iam_preflight::logic::evaluate::PolicyKind;
use iam_preflight::policy::{PolicyDocument, glob};
use iam_preflight::source::{Limits, Sources, json};
use serde_json::{Value, json};

/// Numbers that look random and are the same in every run (xorshift64*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() >> 33) as usize % n
    }

    fn of<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// As many as take some seconds.
const CASES: u64 = 50;
const SERVICES: [&str; 8] = ["s3", "sqs", "dynamodb", "ec2", "iam", "kms", "sns", "logs"];
const ARN: &str = "arn:aws:iam::111122223333:role/app";
const AS_OF: &str = "2026-09-26T00:00:00Z";

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let first = (number("IAM_PREFLIGHT_SEED", 1) - 1) * 1_000_033 + 1;
    first..first + number("IAM_PREFLIGHT_PAIRS", usual)
}

fn action(random: &mut Random) -> String {
    let prefix = *random.of(&SERVICES);
    let actions = &Catalog::embedded().service(prefix).expect("known").actions;
    let name = random.of(actions).name.to_string();
    match random.below(9) {
        0 => format!("{prefix}:*"),
        1 => "*".to_owned(),
        2 => format!("{prefix}:{}*", &name[..name.len().min(1 + random.below(6))]),
        3 => format!("{prefix}:*{}", &name[name.len() / 2..]),
        4 => format!("{}:{}", prefix.to_uppercase(), name.to_lowercase()),
        5 => format!("{}*:{}*", &prefix[..1], &name[..3.min(name.len())]),
        6 => format!("{prefix}:{}?", &name[..name.len() - 1]),
        _ => format!("{prefix}:{name}"),
    }
}

fn statement(random: &mut Random) -> Value {
    let count = if random.once_in(3) { 1 } else { 1 + random.below(5) };
    let actions: Vec<String> = (0..count).map(|_| action(random)).collect();
    let resources =
        ["*", "arn:aws:s3:::b/*", "arn:aws:sqs:eu-west-1:111122223333:${aws:PrincipalTag/team}-*", "arn:aws:*:*:*:*"];
    let deny = random.once_in(4);
    let mut statement = json!({
        "Effect": if deny { "Deny" } else { "Allow" },
        "Resource": *random.of(&resources),
    });
    let key = if deny && random.once_in(3) { "NotAction" } else { "Action" };
    statement[key] = if actions.len() == 1 && random.once_in(2) { json!(actions[0]) } else { json!(actions) };
    if random.once_in(3) {
        statement["Condition"] = match random.below(3) {
            0 => json!({"Bool": {"aws:SecureTransport": "true"}}),
            1 => json!({"StringLike": {"aws:PrincipalTag/team": ["a*", "b"]}}),
            _ => json!({"NumericLessThan": {"s3:max-keys": "10"}}),
        };
    }
    if random.once_in(5) {
        statement["Sid"] = json!(format!("S{}", random.below(1000)));
    }
    statement
}

fn export(policies: &[Value]) -> Evidence {
    let inline: Vec<Value> =
        policies.iter().enumerate().map(|(i, p)| json!({"PolicyName": format!("p{i}"), "PolicyDocument": p})).collect();
    let text = json!({"RoleDetailList": [{
        "RoleName": "app", "Arn": ARN, "Path": "/", "CreateDate": "2020-01-01T00:00:00Z", "RolePolicyList": inline,
        "RoleLastUsed": {"LastUsedDate": AS_OF}
    }]})
    .to_string();
    let source = Sources::new().add("details.json", text.as_str());
    let root = json::read(source, &text, &Limits::default()).expect("JSON");
    let (mut pages, mut troubles) = (Pages::default(), Troubles::default());
    pages.add("details.json", &root, &mut troubles);
    assert!(troubles.is_empty());
    Evidence { details: Some(pages.finish()), ..Evidence::default() }
}

/// A time within the period, one before it, or none.
fn time(random: &mut Random) -> Option<Timestamp> {
    let as_of = Timestamp::parse(AS_OF).expect("a time");
    match random.below(4) {
        0 => Some(as_of.days_before(random.below(89) as u32)),
        1 => Some(as_of.days_before(90 + random.below(300) as u32)),
        _ => None,
    }
}

/// Last accessed details of some services and some of their actions.
fn last_accessed(random: &mut Random) -> LastAccessed {
    let mut read = LastAccessed { completed: Timestamp::parse(AS_OF), ..LastAccessed::default() };
    for prefix in SERVICES {
        if random.once_in(6) {
            continue;
        }
        let mut service = ServiceAccess { last: time(random), actions: None };
        if random.below(3) > 0 && service.last.is_some() {
            let actions = &Catalog::embedded().service(prefix).expect("known").actions;
            let tracked = actions.iter().filter(|_| random.below(3) > 0).map(|a| a.name.clone()).collect::<Vec<_>>();
            service.actions = Some(tracked.into_iter().map(|name| (name, time(random))).collect());
        }
        read.services.insert(prefix.into(), service);
    }
    read
}

/// A trail that covers the period.
fn trail(random: &mut Random) -> Activity {
    let as_of = Timestamp::parse(AS_OF).expect("a time");
    let mut activity = Activity::default();
    activity.coverage.period = Some((as_of.days_before(400), as_of));
    activity.coverage.accounts.insert("111122223333".into(), 1);
    let used = activity.principals.entry(PrincipalKey::of_arn(ARN).expect("a role")).or_default();
    used.calls.add(1, Some(as_of), Some(as_of));
    for prefix in SERVICES {
        for action in &Catalog::embedded().service(prefix).expect("known").actions {
            if random.once_in(12)
                && let Some(time) = time(random)
            {
                let mut one = ActionUse::default();
                one.succeeded.add(1, Some(time), Some(time));
                used.actions.insert(format!("{prefix}:{}", action.name).into(), one);
            }
        }
    }
    activity
}

/// The actions that were used within the period.
fn used(evidence: &Evidence) -> BTreeSet<String> {
    let cutoff = Timestamp::parse(AS_OF).expect("a time").days_before(90);
    let mut used = BTreeSet::new();
    for (prefix, service) in evidence.last_accessed.iter().flat_map(|(_, l)| &l.services) {
        let recent = service.actions.iter().flatten().filter(|(_, time)| time.is_some_and(|t| t > cutoff));
        used.extend(recent.map(|(name, _)| format!("{prefix}:{name}")));
    }
    let principals = evidence.activity.iter().flat_map(|a| a.principals.values());
    let recent = principals.flat_map(|p| &p.actions).filter(|(_, u)| u.all().last().is_some_and(|t| t > cutoff));
    used.extend(recent.map(|(action, _)| action.to_string()));
    used
}

fn compiled(document: &PolicyDocument) -> CompiledPolicy {
    compile(document.clone(), PolicyKind::Identity, Ties::Tied).expect("a whole policy")
}

fn together<'a>(policies: &'a [CompiledPolicy]) -> Permissions<'a> {
    Permissions { policies: policies.iter().collect(), ..Permissions::default() }
}

/// Holds what is recommended for each policy to the claims; returns how many were replaced, and how many detached.
fn hold(unused: &UnusedAccess, evidence: &Evidence, seed: u64) -> (usize, usize) {
    let used = used(evidence);
    let (mut replaced, mut detached) = (0, 0);
    for policy in &unused.policies {
        let existing = [compiled(&policy.existing)];
        let parts: Vec<CompiledPolicy> = match &policy.advice {
            Advice::Replace(parts) => parts.iter().map(compiled).collect(),
            Advice::Detach => Vec::new(),
            other => panic!("seed {seed}: no recommendation: {other:?}"),
        };
        *(if parts.is_empty() { &mut detached } else { &mut replaced }) += 1;
        let (old, new) = (together(&existing), together(&parts));
        let more = added(&new, &old, Ties::Tied);
        assert!(more.is_empty(), "seed {seed}: the recommendation allows more: {more:?}");
        for action in &used {
            let access = Access { actions: vec![action.as_str().into()], resources: Vec::new() };
            for reason in access_not_granted(&existing[0], &access, Ties::Tied).reasons {
                assert!(
                    new.allow(&reason.witness),
                    "seed {seed}: `{action}` was used and is lost: {:?}",
                    reason.witness
                );
            }
        }
        // What was used is allowed wherever it was: no request for it is lost, by the engine.
        let gone = added(&old, &new, Ties::Tied);
        for loss in gone {
            let request = loss.witness.unwrap_or_else(|why| panic!("seed {seed}: undecided: {why}"));
            assert!(!used.contains(request.action.as_str()), "seed {seed}: `{}` is lost", request.action);
        }
        for part in &parts {
            nothing_unused_is_left(unused, part, &used, seed);
        }
    }
    (replaced, detached)
}

/// No unused action is named by an Allow statement, save for what used actions need along with them.
fn nothing_unused_is_left(unused: &UnusedAccess, part: &CompiledPolicy, used: &BTreeSet<String>, seed: u64) {
    let catalog = Catalog::embedded();
    let needed: BTreeSet<String> = used
        .iter()
        .filter_map(|a| catalog.action(a))
        .flat_map(|(_, a)| a.dependent_actions.iter().map(|d| d.to_lowercase()))
        .collect();
    let allows: Vec<&str> = part
        .document()
        .statements
        .iter()
        .filter(|s| s.is_allow())
        .flat_map(|s| s.action.iter().flat_map(|a| a.items.iter().map(|i| i.text.as_str())))
        .collect();
    for detail in &unused.details {
        let Detail::Service { service_namespace, actions, .. } = detail else { panic!("a service") };
        let all = || catalog.service(service_namespace).expect("known").actions.iter().map(|a| a.name.to_string());
        let names: Vec<String> = match actions {
            Some(actions) => actions.iter().map(|a| a.action.to_string()).collect(),
            None => all().collect(),
        };
        for name in names {
            let full = format!("{service_namespace}:{name}");
            let kept = needed.contains(&full.to_lowercase()) || ["iam:PassRole"].contains(&full.as_str());
            let left = allows.iter().find(|p| glob::matches_ignore_case(p, &full));
            assert!(kept || left.is_none(), "seed {seed}: `{full}` is unused and left by `{}`", left.unwrap());
        }
    }
}

#[test]
fn recommended_policies_narrow_and_keep_what_was_used() {
    let (mut replaced, mut detached) = (0, 0);
    for seed in seeds(CASES) {
        let random = &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let policies: Vec<Value> = (0..1 + random.below(3))
            .map(|_| {
                let statements: Vec<Value> = (0..1 + random.below(4)).map(|_| statement(random)).collect();
                json!({"Version": "2012-10-17", "Statement": statements})
            })
            .collect();
        let mut evidence = export(&policies);
        match random.below(3) {
            0 => evidence.activity = Some(trail(random)),
            1 => evidence.last_accessed.push(("app".to_owned(), last_accessed(random))),
            _ => {
                evidence.activity = Some(trail(random));
                evidence.last_accessed.push(("app".to_owned(), last_accessed(random)));
            }
        }
        let report = analyse(None, &evidence, &Settings::default(), Catalog::embedded());
        assert_eq!(report.judged, 1, "seed {seed}: {:?}", report.notices);
        for unused in &report.found {
            assert_eq!(unused.finding_type, UnusedAccessType::Permission, "seed {seed}");
            let (r, d) = hold(unused, &evidence, seed);
            replaced += r;
            detached += d;
        }
    }
    assert!(replaced > 40 && detached > 0, "{replaced} replaced and {detached} detached are too few to show anything");
}

/// An export of users in one group with these policies.
fn group_export(users: usize, policies: &[Value]) -> Evidence {
    let inline: Vec<Value> =
        policies.iter().enumerate().map(|(i, p)| json!({"PolicyName": format!("p{i}"), "PolicyDocument": p})).collect();
    let created = "2020-01-01T00:00:00Z";
    let user = |number| {
        let name = format!("user-{number}");
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        json!({"UserName": name, "Arn": arn, "Path": "/", "CreateDate": created, "GroupList": ["devs"]})
    };
    let text = json!({
        "UserDetailList": (0..users).map(user).collect::<Vec<_>>(),
        "GroupDetailList": [{
            "GroupName": "devs", "Arn": "arn:aws:iam::111122223333:group/devs", "Path": "/", "CreateDate": created,
            "GroupPolicyList": inline
        }]
    })
    .to_string();
    let source = Sources::new().add("details.json", text.as_str());
    let root = json::read(source, &text, &Limits::default()).expect("JSON");
    let (mut pages, mut troubles) = (Pages::default(), Troubles::default());
    pages.add("details.json", &root, &mut troubles);
    assert!(troubles.is_empty());
    Evidence { details: Some(pages.finish()), ..Evidence::default() }
}

/// True if the details leave open whether an action was used within the period.
fn may_have_used(read: &LastAccessed, action: &str) -> bool {
    let cutoff = Timestamp::parse(AS_OF).expect("a time").days_before(90);
    let (prefix, name) = action.split_once(':').expect("a prefix");
    let of_service = read.services.iter().find(|(p, _)| p.eq_ignore_ascii_case(prefix));
    let Some((_, service)) = of_service else { return true };
    let listed = service.actions.iter().flatten().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, time)| *time);
    let of_actions = service.actions.iter().flatten().filter_map(|(_, time)| *time).max();
    let is_recent = |time: Option<Timestamp>| time.is_some_and(|t| t > cutoff);
    is_recent(service.last.max(of_actions)) && listed.is_none_or(is_recent)
}

#[test]
fn a_groups_policy_narrows_and_keeps_what_any_member_may_have_used() {
    let (mut replaced, mut not) = (0, 0);
    for seed in seeds(CASES / 2) {
        let random = &mut Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5555);
        let policies: Vec<Value> = (0..1 + random.below(2))
            .map(|_| json!({"Version": "2012-10-17", "Statement": [statement(random), statement(random)]}))
            .collect();
        let users = 2 + random.below(3);
        let mut evidence = group_export(users, &policies);
        for number in 0..users {
            evidence.last_accessed.push((format!("user-{number}"), last_accessed(random)));
        }
        let used = used(&evidence);
        let report = analyse(None, &evidence, &Settings::default(), Catalog::embedded());
        // Each member is told the same.
        let mut told = BTreeSet::new();
        for unused in &report.found {
            not += unused.not_recommended.len();
            for policy in unused.policies.iter().filter(|policy| told.insert(policy.id.clone())) {
                assert!(policy.group.is_some(), "seed {seed}");
                let old = [compiled(&policy.existing)];
                let new: Vec<CompiledPolicy> = match &policy.advice {
                    Advice::Replace(parts) => parts.iter().map(compiled).collect(),
                    Advice::Detach => Vec::new(),
                    other => panic!("seed {seed}: no recommendation: {other:?}"),
                };
                replaced += 1;
                let (old, new) = (together(&old), together(&new));
                let more = added(&new, &old, Ties::Tied);
                assert!(more.is_empty(), "seed {seed}: the recommendation allows more: {more:?}");
                for loss in added(&old, &new, Ties::Tied) {
                    let request = loss.witness.unwrap_or_else(|why| panic!("seed {seed}: undecided: {why}"));
                    let action = request.action.as_str();
                    // An action that the service data don't have is nobody's.
                    if Catalog::embedded().action(action).is_none() {
                        continue;
                    }
                    assert!(!used.contains(action), "seed {seed}: `{action}` is lost");
                    let by = evidence.last_accessed.iter().find(|(_, read)| may_have_used(read, action));
                    assert!(by.is_none(), "seed {seed}: `{action}` is lost, which {} may have used", by.unwrap().0);
                }
            }
        }
    }
    assert!(replaced > 15 && not > 10, "{replaced} replaced and {not} not are too few to show anything");
}

#[test]
fn large_policies_of_aws_are_replaced_by_parts_within_the_quota() {
    for (seed, name) in
        ["AdministratorAccess", "SecurityAudit", "AmazonECS_FullAccess", "SystemAdministrator"].iter().enumerate()
    {
        let random = &mut Random(0xA5A5_0001 + seed as u64);
        let policy = Catalog::embedded().managed_policy(name).expect("known");
        let mut evidence = export(&[serde_json::from_str(policy.document).expect("JSON")]);
        evidence.last_accessed.push(("app".to_owned(), last_accessed(random)));
        let report = analyse(None, &evidence, &Settings::default(), Catalog::embedded());
        let [unused] = report.found.as_slice() else { panic!("{name}: one finding") };
        let (replaced, _) = hold(unused, &evidence, seed as u64);
        assert_eq!(replaced, 1, "{name}");
        let Advice::Replace(parts) = &unused.policies[0].advice else { panic!("{name}: parts") };
        for part in parts {
            let size = part.root().to_json().to_string().chars().filter(|c| !c.is_whitespace()).count();
            assert!(size <= 6144, "{name}: {size} characters");
        }
    }
}
