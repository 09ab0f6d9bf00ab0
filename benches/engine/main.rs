//! What a question to the exact engine costs.
//!
//!     cargo bench --no-default-features --bench engine                        # pairs of the embedded managed policies
//!     cargo bench --no-default-features --bench engine -- pairs FILE          # pairs of a file of scripts/policy-history
//!     cargo bench --no-default-features --bench engine -- all-pairs           # which managed policy contains which other
//!     cargo bench --no-default-features --bench engine -- adversarial         # 200 statements against 200

mod adversarial;

use std::time::{Duration, Instant};

use adversarial::{Random, Relation, question};
use iam_preflight::catalog::Catalog;
use iam_preflight::logic::Request;
use iam_preflight::logic::engine::{Answer, CompiledPolicy, Ties, no_new_access};
use iam_preflight::logic::evaluate::{self, PolicyKind, Verdict};
use iam_preflight::policy::PolicyDocument;
use iam_preflight::source::{Limits, Node, SourceId, json};
use rayon::prelude::*;

fn main() {
    // The service data is unpacked before anything is measured.
    let _ = Catalog::embedded().action("s3:GetObject");
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["pairs", file] => pairs(&std::fs::read_to_string(file).expect("a file of questions"), true),
        ["all-pairs"] => all_pairs(),
        ["adversarial"] => adversarial(),
        _ => pairs(&managed(), false),
    }
}

fn compile(node: &Node) -> Option<CompiledPolicy> {
    CompiledPolicy::new(PolicyDocument::new(node.clone()), PolicyKind::Identity, Ties::Tied).ok()
}

/// Neighbours in the list of managed policies, as lines of a batch.
fn managed() -> String {
    let all: Vec<_> = Catalog::embedded().managed_policies().filter(|p| !p.deprecated).collect();
    let mut lines = String::new();
    for two in all.windows(2) {
        for (a, b) in [(&two[0], &two[1]), (&two[1], &two[0]), (&two[0], &two[0])] {
            let one_line = |text: &str| text.replace(['\n', '\r'], " ");
            lines += &format!(
                "{{\"id\":\"{}/{}\",\"existing\":{},\"new\":{}}}\n",
                a.name,
                b.name,
                one_line(a.document),
                one_line(b.document)
            );
        }
    }
    lines
}

#[derive(Default, Clone)]
struct Timed {
    id: String,
    read: Duration,
    compile: Duration,
    decide: Duration,
    verdict: &'static str,
    why: Option<&'static str>,
}

fn ask(line: &str) -> Timed {
    let start = Instant::now();
    let node = json::read(SourceId(0), line, &Limits::default()).expect("a line of JSON");
    let read = start.elapsed();
    let id = node.get("id").and_then(|n| n.as_str()).unwrap_or_default().to_owned();
    let policies = (node.get("new").and_then(compile), node.get("existing").and_then(compile));
    let compiled = start.elapsed();
    let (Some(new), Some(existing)) = policies else {
        return Timed { id, read, compile: compiled - read, verdict: "ERROR", ..Timed::default() };
    };
    let answer = no_new_access(&new, &existing, Ties::Tied);
    let decide = start.elapsed() - compiled;
    Timed {
        id,
        read,
        compile: compiled - read,
        decide,
        verdict: verdict(&answer),
        why: answer.undecided.first().map(|u| u.1),
    }
}

fn verdict(answer: &Answer) -> &'static str {
    if answer.fails() {
        "FAIL"
    } else if answer.holds() {
        "PASS"
    } else {
        "UNDECIDED"
    }
}

fn pairs(text: &str, list: bool) {
    let start = Instant::now();
    let mut all: Vec<Timed> = text.lines().map(ask).collect();
    let one = start.elapsed();
    let start = Instant::now();
    let again: Vec<Timed> = text.par_lines().map(ask).collect();
    let several = start.elapsed();
    assert!(
        all.iter().zip(&again).all(|(a, b)| a.verdict == b.verdict),
        "the order of the questions makes a difference"
    );
    println!(
        "{} questions, reading included: {one:.2?} on one thread, {several:.2?} on {}",
        all.len(),
        rayon::current_num_threads()
    );
    for name in ["PASS", "FAIL", "UNDECIDED", "ERROR"] {
        println!("{name}: {}", all.iter().filter(|t| t.verdict == name).count());
    }
    for (what, part) in [
        ("read", (|t| t.read) as fn(&Timed) -> Duration),
        ("compile", |t| t.compile),
        ("decide", |t| t.decide),
        ("compile and decide", |t| t.compile + t.decide),
    ] {
        all.sort_by_key(part);
        let at = |share: f64| part(&all[((all.len() - 1) as f64 * share) as usize]);
        let sum: Duration = all.iter().map(part).sum();
        println!("{what}: median {:.1?}, p99 {:.1?}, max {:.1?}, sum {sum:.1?}", at(0.5), at(0.99), at(1.0));
    }
    if list {
        for t in all.iter().rev().take(10) {
            println!("slowest: {:.1?} {} {}", t.compile + t.decide, t.verdict, t.id);
        }
        for t in all.iter().filter(|t| !matches!(t.verdict, "PASS" | "FAIL")).take(40) {
            println!("{} {} {}", t.verdict, t.id, t.why.unwrap_or_default());
        }
    }
}

/// Decides for every ordered pair of current managed policies whether one grants nothing that the other does not. A
/// policy's own requests, one for each statement, settle most pairs: one that the other policy does not allow is enough.
fn all_pairs() {
    let start = Instant::now();
    let limits = Limits::default();
    let read = |text: &str| compile(&json::read(SourceId(0), text, &limits).expect("a policy"));
    let nothing = read(r#"{"Version":"2012-10-17","Statement":[]}"#).expect("the policy that grants nothing");
    let texts: Vec<_> = Catalog::embedded().managed_policies().filter(|p| !p.deprecated).map(|p| p.document).collect();
    let policies: Vec<CompiledPolicy> = texts.par_iter().filter_map(|text| read(text)).collect();
    let samples: Vec<Vec<Request>> = policies
        .par_iter()
        .map(|p| no_new_access(p, &nothing, Ties::Tied).reasons.into_iter().map(|r| r.witness).collect())
        .collect();
    let prepared = start.elapsed();
    let allows = |policy: &CompiledPolicy, request: &Request| {
        matches!(evaluate::verdict(policy.document(), PolicyKind::Identity, request), Verdict::Allow { .. })
    };
    let decided: Vec<[usize; 3]> = policies
        .par_iter()
        .enumerate()
        .map(|(n, new)| {
            let mut counts = [0; 3];
            for (e, existing) in policies.iter().enumerate() {
                if n == e || samples[n].iter().any(|request| !allows(existing, request)) {
                    continue;
                }
                counts[0] += 1;
                let answer = no_new_access(new, existing, Ties::Tied);
                counts[1] += usize::from(answer.holds());
                counts[2] += usize::from(!answer.holds() && !answer.fails());
            }
            counts
        })
        .collect();
    let sum = |i: usize| decided.iter().map(|c| c[i]).sum::<usize>();
    println!(
        "{} ordered pairs of {} policies in {:.2?} ({prepared:.2?} of it reading and sampling) on {} threads; \
         {} decided by the engine, {} contained, {} undecided",
        policies.len() * (policies.len() - 1),
        policies.len(),
        start.elapsed(),
        rayon::current_num_threads(),
        sum(0),
        sum(1),
        sum(2)
    );
}

fn adversarial() {
    for relation in [Relation::Unrelated, Relation::Widened, Relation::Denied] {
        for seed in 0..4 {
            let (new, existing) = question(&mut Random::new(seed + 1), 200, relation);
            let line = serde_json::json!({"id": format!("{relation:?} {seed}"), "existing": existing, "new": new});
            let start = Instant::now();
            let timed = ask(&line.to_string());
            println!("{}: {} {:.2?} {}", timed.id, timed.verdict, start.elapsed(), timed.why.unwrap_or_default());
        }
    }
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        println!("{}", status.lines().find(|l| l.starts_with("VmHWM")).unwrap_or_default());
    }
}
