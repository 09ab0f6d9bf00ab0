//! `who-can` against an answer by hand: every request that there can be in a small deployment is put to the plain evaluator,
//! and roles are followed one assumption after the other. Both have to find the same principals.
//! `IAM_PREFLIGHT_PAIRS` sets how many questions are asked, `IAM_PREFLIGHT_SEED` where they begin.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use iam_preflight::access::reach::{Guardrails, Stranger};
use iam_preflight::catalog::Catalog;
use iam_preflight::graph::who_can::{Able, Who, WhoCan, who_can};
use iam_preflight::logic::evaluate::combine::{PolicySet, Ruling, decide};
use iam_preflight::logic::{Caller, Context, Request};
use iam_preflight::model::Deployment;
use iam_preflight::policy::{PolicyDocument, glob};
use iam_preflight::source::{Limits, Sources, json as text};
use iam_preflight::template::{LoadContext, LoadOptions, ParsedInput, cloudformation};
use serde_json::{Value, json};
use smol_str::SmolStr;

use super::deployments::{CONDITION, Generated, OBJECTS, OWN, PARTNER, PROVIDER, Protected, SECOND, THIRD, generate};
use crate::engine::generate::{Random, shown};
use crate::escalation::document;

const ASSUME: &str = "sts:AssumeRole";
const ASSUMPTIONS: [&str; 2] = [ASSUME, "sts:AssumeRoleWithSAML"];

fn load(generated: &Generated) -> Deployment {
    let (sources, limits) = (Sources::new(), Limits::default());
    let mut all = Deployment::default();
    for (account, template) in &generated.templates {
        let options = LoadOptions {
            account_id: Some((*account).into()),
            region: Some("us-east-1".into()),
            partition: Some("aws".into()),
            ..LoadOptions::default()
        };
        let (path, written) = (format!("{account}.json"), template.to_string());
        let source = sources.add(&path, written.as_str());
        let root = text::read(source, &written, &limits).expect("JSON");
        let context =
            LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        let loaded = cloudformation::load(vec![ParsedInput { path, source, root }], context);
        all.append(loaded.into_iter().next().expect("a deployment"));
    }
    all
}

fn guardrails(generated: &Generated) -> Guardrails {
    let levels = |all: &[Vec<Value>]| all.iter().map(|level| level.iter().map(document).collect()).collect();
    Guardrails { scps: levels(&generated.scps), rcps: levels(&generated.rcps) }
}

/// What is asked about.
struct Target {
    /// ARNs that policies tell apart.
    arns: Vec<String>,
    /// What the resource of an answer has to match.
    pattern: String,
    owner: &'static str,
    policy: Option<Arc<PolicyDocument>>,
}

/// Somebody who asks, with the policies that bear on it.
struct Asker {
    callers: Vec<Caller>,
    set: PolicySet,
}

/// The deployment, taken literally, with one value of its condition.
struct Literal<'g> {
    generated: &'g Generated,
    askers: Vec<Asker>,
    outside: Vec<Asker>,
    trusts: Vec<Option<Arc<PolicyDocument>>>,
    policies: Vec<Option<Arc<PolicyDocument>>>,
    contexts: Vec<(Context, bool)>,
    /// Of each principal and outsider, the roles that it can assume.
    assumes: Vec<Vec<usize>>,
}

impl<'g> Literal<'g> {
    fn new(generated: &'g Generated, world: bool) -> Literal<'g> {
        let shared = |v: &Value| Arc::new(document(v));
        let levels = |all: &[Vec<Value>]| -> Vec<Vec<Arc<PolicyDocument>>> {
            all.iter().map(|level| level.iter().map(shared).collect()).collect()
        };
        let base = PolicySet { scp: levels(&generated.scps), rcp: levels(&generated.rcps), ..PolicySet::default() };
        let exists = |only_if: Option<bool>| only_if.is_none_or(|value| value == world);
        let mut askers = Vec::new();
        for principal in &generated.principals {
            let held = principal.policies.iter().filter(|h| exists(h.only_if));
            let set = PolicySet {
                identity: held.map(|h| shared(&h.document)).collect(),
                boundary: principal.boundary.as_ref().map(shared),
                ..base.clone()
            };
            let callers = match &principal.caller {
                Caller::Role { arn, session } => vec![
                    Caller::Role { arn: arn.clone(), session: session.clone() },
                    Caller::Role { arn: arn.clone(), session: "deploy".into() },
                ],
                other => vec![other.clone()],
            };
            askers.push(Asker { callers, set });
        }
        let everything = shared(&json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": "*"}]}));
        let outsider = |caller: Caller| {
            // The organization's SCPs are those of the run's accounts.
            let set =
                PolicySet { identity: vec![Arc::clone(&everything)], rcp: base.rcp.clone(), ..PolicySet::default() };
            Asker { callers: vec![caller], set }
        };
        let of = |account: &str| {
            let arn = |what: &str| SmolStr::from(format!("arn:aws:iam::{account}:{what}"));
            [
                Caller::Role { arn: arn("role/somebody"), session: "example".into() },
                Caller::User { arn: arn("user/somebody") },
                Caller::Root { arn: arn("root") },
            ]
        };
        let mut outside: Vec<Caller> = of(THIRD).into();
        // In an account of the run, nobody is asked about but the run's principals.
        if generated.templates.len() == 1 {
            outside.extend(of(SECOND));
            outside.push(Caller::Role { arn: PARTNER.into(), session: "example".into() });
        }
        outside.extend([
            Caller::Anonymous,
            Caller::Service { name: "lambda.amazonaws.com".into() },
            Caller::Service { name: "sns.amazonaws.com".into() },
            Caller::Federated { provider: PROVIDER.into() },
        ]);
        let mut literal = Literal {
            generated,
            askers,
            outside: outside.into_iter().map(outsider).collect(),
            trusts: generated.principals.iter().map(|p| p.trust.as_ref().map(shared)).collect(),
            policies: generated
                .resources
                .iter()
                .map(|r| r.policy.as_ref().filter(|p| exists(p.only_if)).map(|p| shared(&p.document)))
                .collect(),
            contexts: contexts(generated),
            assumes: Vec::new(),
        };
        let all = literal.askers.iter().chain(&literal.outside);
        literal.assumes = all
            .map(|asker| {
                let can = |role: &usize| {
                    let target = literal.role(*role);
                    literal.trusts[*role].is_some()
                        && ASSUMPTIONS.iter().any(|action| {
                            // With an assertion of an identity provider, nobody of the run comes.
                            let fits = *action == ASSUME || matches!(asker.callers[0], Caller::Federated { .. });
                            fits && literal.allowed(asker, action, &target)
                        })
                };
                (0..literal.trusts.len()).filter(can).collect()
            })
            .collect();
        literal
    }

    fn role(&self, number: usize) -> Target {
        let arn = self.generated.principals[number].caller.arn().expect("an ARN").to_owned();
        let owner = if arn.contains(OWN) { OWN } else { SECOND };
        Target { pattern: arn.clone(), arns: vec![arn], owner, policy: self.trusts[number].clone() }
    }

    /// Whether any request of the asker is allowed.
    fn allowed(&self, asker: &Asker, action: &str, target: &Target) -> bool {
        let set = PolicySet { resource: target.policy.clone(), ..asker.set.clone() };
        target.arns.iter().any(|arn| {
            asker.callers.iter().any(|caller| {
                let has_account = caller.account().is_some();
                self.contexts.iter().filter(|(_, of_accounts)| has_account || !of_accounts).any(|(context, _)| {
                    let request = request(caller.clone(), action, arn, target.owner, context);
                    decide(&set, &request, Catalog::embedded()).ruling == Ruling::Allowed
                })
            })
        })
    }

    /// How many requests each principal and outsider needs; those who can't are not in it.
    fn distances(&self, action: &str, target: &Target) -> BTreeMap<usize, usize> {
        let all: Vec<&Asker> = self.askers.iter().chain(&self.outside).collect();
        let direct = (0..all.len()).filter(|i| self.allowed(all[*i], action, target));
        let mut found: BTreeMap<usize, usize> = direct.map(|i| (i, 1)).collect();
        let mut queue: VecDeque<usize> = found.keys().copied().collect();
        while let Some(role) = queue.pop_front() {
            for who in (0..all.len()).filter(|i| self.assumes[*i].contains(&role)) {
                let next = found[&role] + 1;
                if let Entry::Vacant(vacant) = found.entry(who) {
                    vacant.insert(next);
                    queue.push_back(who);
                }
            }
        }
        found
    }

    /// Whether one request of an answer is allowed indeed.
    fn confirms(&self, asker: &Asker, request: &Request, target: &Target) -> bool {
        let set = PolicySet { resource: target.policy.clone(), ..asker.set.clone() };
        let Request { caller, action, resource, context, .. } = request;
        let owned = self::request(caller.clone(), action, resource, target.owner, context);
        // Names that nobody has chosen yet are symbols, which only a wildcard matches.
        glob::matches(&target.pattern, resource) && decide(&set, &owned, Catalog::embedded()).ruling == Ruling::Allowed
    }
}

fn request(caller: Caller, action: &str, resource: &str, owner: &str, context: &Context) -> Request {
    let mut context = context.clone();
    context.set("aws:ResourceAccount", vec![owner.into()]);
    Request { caller, action: action.into(), resource: resource.into(), resource_account: Some(owner.into()), context }
}

/// Every combination of the keys' values, each key left out, too; and whether only callers of an account carry it.
fn contexts(generated: &Generated) -> Vec<(Context, bool)> {
    let mut all = vec![(Context::default(), false)];
    for key in &generated.keys {
        let mut more = Vec::new();
        for (context, of_accounts) in &all {
            let taken = |other: &str| context.get(other).is_some();
            let network = ["aws:SourceIp", "aws:SourceVpce"];
            if network.contains(&key.name) && network.iter().any(|other| taken(other)) {
                continue;
            }
            for values in key.requests {
                let mut context = context.clone();
                context.set(key.name, values.iter().map(|v| SmolStr::from(*v)).collect());
                more.push((context, *of_accounts || key.of_accounts));
            }
        }
        // The time is in every request.
        if key.name == "aws:CurrentTime" { all = more } else { all.extend(more) }
    }
    all
}

/// A question as a person asks it.
struct Question {
    action: &'static str,
    resource: String,
    of: Of,
}

enum Of {
    /// A resource by its number, the ARNs that policies tell apart, and what an answer has to match.
    Resource(usize, Vec<String>, String),
    Role(usize),
}

fn questions(generated: &Generated, random: &mut Random) -> Vec<Question> {
    let mut all = Vec::new();
    for (number, Protected { id, service, account, arn, .. }) in generated.resources.iter().enumerate() {
        let mut ask = |action: &'static str, resource: String, arns: Vec<String>, pattern: String| {
            all.push(Question { action, resource, of: Of::Resource(number, arns, pattern) });
        };
        let either = if random.one_in(2) { id.clone() } else { arn.clone() };
        match *service {
            "s3" => {
                for action in ["s3:GetObject", "s3:PutObject"] {
                    let (resource, end) = match random.below(4) {
                        0 => (format!("{arn}/a*"), "a*"),
                        1 => (format!("{arn}/ann/x"), "ann/x"),
                        _ => (id.clone(), "*"),
                    };
                    let objects = OBJECTS.iter().filter(|o| glob::matches(end, o)).map(|o| format!("{arn}/{o}"));
                    ask(action, resource, objects.collect(), format!("{arn}/{end}"));
                }
                ask("s3:ListBucket", either, vec![arn.clone()], arn.clone());
            }
            "sqs" => ask("sqs:SendMessage", either, vec![arn.clone()], arn.clone()),
            "kms" => {
                let arn = |name: &str| format!("arn:aws:kms:us-east-1:{account}:key/{name}");
                ask("kms:Decrypt", id.clone(), vec![arn("1234")], arn("*"));
            }
            _ => {
                let arn = |name: &str| format!("arn:aws:secretsmanager:us-east-1:{account}:secret:{name}");
                ask("secretsmanager:GetSecretValue", id.clone(), vec![arn("secret-abcdef")], arn("*"));
            }
        }
    }
    for (number, principal) in generated.principals.iter().enumerate().filter(|(_, p)| p.trust.is_some()) {
        all.push(Question { action: ASSUME, resource: principal.id.clone(), of: Of::Role(number) });
    }
    all
}

fn target(literal: &Literal<'_>, question: &Question) -> Target {
    match &question.of {
        Of::Role(number) => literal.role(*number),
        Of::Resource(number, arns, pattern) => Target {
            arns: arns.clone(),
            pattern: pattern.clone(),
            owner: literal.generated.resources[*number].account,
            policy: literal.policies[*number].clone(),
        },
    }
}

fn covers(stranger: &Stranger, caller: &Caller) -> bool {
    match (stranger, caller) {
        (Stranger::Anyone, _) => true,
        (Stranger::Account(id), _) => caller.account() == Some(id),
        (Stranger::Principal(arn), Caller::Role { arn: role, session }) if arn.contains(":assumed-role/") => {
            arn.ends_with(&format!("/{}/{session}", role.rsplit('/').next().unwrap_or_default()))
        }
        (Stranger::Principal(arn), _) => caller.arn() == Some(arn.as_str()),
        (Stranger::Service(name), Caller::Service { name: own }) => name == own,
        (Stranger::IdentityProvider(arn), Caller::Federated { provider }) => arn == provider,
        _ => false,
    }
}

/// What is wrong with the answer; nothing, if it is right.
fn faults(generated: &Generated, worlds: &[(bool, Literal<'_>)], question: &Question, answer: &WhoCan) -> Vec<String> {
    let mut wrong = Vec::new();
    let real = |able: &&Able| matches!(&able.who, Who::Principal { is_real: true, .. } | Who::Stranger(_));
    let in_world = |able: &Able, world: bool| {
        able.when.as_ref().and_then(|w| w.0.get(CONDITION)).is_none_or(|value| *value == world)
    };
    let number = |id: &str| generated.principals.iter().position(|p| p.id == id).expect("a principal of the run");
    for (world, literal) in worlds {
        let asked = target(literal, question);
        let expected = literal.distances(question.action, &asked);
        let answered: Vec<&Able> = answer.able.iter().filter(real).filter(|a| in_world(a, *world)).collect();
        for able in &answered {
            let steps: Vec<&Request> = able.path.iter().map(|s| &s.allowed.request).collect();
            let mut acting: &Asker = match &able.who {
                Who::Principal { id, .. } => &literal.askers[number(&id.id)],
                Who::Stranger(stranger) => {
                    if !covers(stranger, &steps[0].caller) {
                        wrong.push(format!("{stranger:?} is not {}", shown(steps[0])));
                    }
                    &literal.outside[0]
                }
            };
            for step in &able.path {
                let role = step.assumes.as_ref().map(|r| number(&r.id));
                let confirmed = match role {
                    Some(role) => literal.confirms(acting, &step.allowed.request, &literal.role(role)),
                    None => literal.confirms(acting, &step.allowed.request, &asked),
                };
                if !confirmed {
                    wrong.push(format!("world {world}: {:?}: not allowed: {}", able.who, shown(&step.allowed.request)));
                }
                acting = role.map_or(acting, |r| &literal.askers[r]);
            }
            if let Who::Principal { id, .. } = &able.who {
                let shortest = expected.get(&number(&id.id));
                if worlds.len() == 1 && shortest != Some(&able.path.len()) {
                    let steps: Vec<String> = steps.iter().map(|s| shown(s)).collect();
                    wrong.push(format!("{}: {shortest:?} steps are enough for {}", id.id, steps.join(", then ")));
                }
            }
        }
        for who in expected.keys() {
            let known = answered.iter().any(|able| match (&able.who, generated.principals.get(*who)) {
                (Who::Principal { id, .. }, Some(principal)) => id.id == principal.id,
                (Who::Stranger(stranger), None) => {
                    covers(stranger, &literal.outside[*who - literal.askers.len()].callers[0])
                }
                _ => false,
            });
            if !known {
                let name = match generated.principals.get(*who) {
                    Some(principal) => principal.id.clone(),
                    None => format!("{:?}", literal.outside[*who - literal.askers.len()].callers[0]),
                };
                wrong.push(format!("world {world}: {name} can, and is not named"));
            }
        }
    }
    wrong
}

#[test]
fn who_can_names_exactly_those_whom_the_evaluator_lets_do_it() {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(usual);
    let (most, seed) = (number("IAM_PREFLIGHT_PAIRS", 3_000), number("IAM_PREFLIGHT_SEED", 1));
    let (mut asked, mut yes, mut chains, mut undecided, mut deployments) = (0u64, 0u64, 0u64, 0u64, 0u64);
    let (mut kinds, mut wrong): (BTreeSet<&str>, Vec<String>) = Default::default();
    while asked < most {
        let random = &mut Random::new(seed * 1_000_033 + deployments);
        deployments += 1;
        let generated = generate(random);
        let deployment = load(&generated);
        let worlds: Vec<(bool, Literal<'_>)> =
            generated.worlds().into_iter().map(|w| (w, Literal::new(&generated, w))).collect();
        let guardrails = guardrails(&generated);
        for question in questions(&generated, random) {
            let answer = who_can(&deployment, &guardrails, Catalog::embedded(), question.action, &question.resource)
                .expect("a question that can be asked");
            // Each of the principals and outsiders may or may not.
            let each = (worlds[0].1.askers.len() + worlds[0].1.outside.len()) as u64;
            asked += each;
            yes += answer.able.len() as u64;
            chains += answer.able.iter().filter(|a| a.path.len() > 2).count() as u64;
            kinds.extend(answer.able.iter().map(|a| match &a.who {
                Who::Principal { .. } => "principal",
                Who::Stranger(stranger) => stranger.kind(),
            }));
            if answer.notices.iter().any(|n| n.contains("could not be decided")) {
                undecided += each;
                continue;
            }
            let faults = faults(&generated, &worlds, &question, &answer);
            if !faults.is_empty() && wrong.is_empty() {
                wrong.push(format!("{:#}", json!([generated.templates, generated.scps, generated.rcps])));
            }
            let question = format!("{} on {}", question.action, question.resource);
            wrong.extend(faults.into_iter().map(|f| format!("deployment {deployments}, {question}: {f}")));
        }
        if wrong.len() > 20 {
            break;
        }
    }
    assert!(wrong.is_empty(), "seed {seed}:\n{}", wrong.join("\n"));
    println!(
        "{asked} questions in {deployments} deployments: {yes} can, {chains} by two roles or more, {undecided} undecided"
    );
    assert!(chains > 0 && kinds.len() >= 5, "{kinds:?}");
    assert!(undecided * 100 <= asked, "{undecided} of {asked}");
}
