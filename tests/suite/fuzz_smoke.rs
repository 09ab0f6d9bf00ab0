//! Nothing panics and nothing overflows the stack, whatever the text: examples and test data with bytes flipped, slices
//! removed, repeated and mixed, and tokens put in, through the readers, the loaders, the HCL evaluator and the checks.
//!
//! A case is told by its number alone. It runs for about three seconds; `IAM_PREFLIGHT_FUZZ_SECONDS` makes that
//! longer, `IAM_PREFLIGHT_FUZZ_FIRST` starts at another number. In a longer run the text of the case at work is in
//! `target/tmp/fuzz_smoke.txt`, for the case that ends the process.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::policy::PolicyType;
use iam_preflight::source::{Limits, Sources, json, yaml};
use iam_preflight::template::detect::Candidate;
use iam_preflight::template::terraform::hcl::{Bindings, Body, Evaluator, ModuleSource, NothingKnown};
use iam_preflight::template::{FoundInput, LoadContext, LoadOptions, load_all};

/// The stack that a main thread has on most systems.
const STACK: usize = 8 << 20;

const TYPES: [PolicyType; 4] = [
    PolicyType::IdentityPolicy,
    PolicyType::ResourcePolicy,
    PolicyType::ServiceControlPolicy,
    PolicyType::ResourceControlPolicy,
];

/// What some reader, function or check takes with care.
const TOKENS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    ":",
    ": ",
    ",",
    "\n",
    "\n  ",
    "- ",
    "? ",
    "# ",
    "&a ",
    "*a",
    "<<: ",
    "|\n",
    ">-\n",
    "---\n",
    "...\n",
    "%YAML 1.2\n",
    "!Ref ",
    "!Sub ",
    "!GetAtt ",
    "!If [",
    "!Join ['', ",
    "!Select [99999999999999999999, ",
    "!Split ['', ",
    "!FindInMap [",
    "!Cidr [\"10.0.0.0/8\", 300, 99]",
    "!Base64 ",
    "!Transform ",
    "{\"Ref\": ",
    "{\"Fn::Sub\": ",
    "{\"Fn::Sub\": [\"${A}${B}\", {\"A\": ",
    "{\"Fn::If\": [",
    "{\"Fn::GetAtt\": [",
    "{\"Fn::Select\": [-1, ",
    "\"Fn::ForEach::Loop\": [\"X\", [\"a\", \"b\"], {",
    "{\"Fn::ToJsonString\": ",
    "{\"Fn::Length\": ",
    "{\"Condition\": ",
    "\"DependsOn\": ",
    "\"Transform\": \"AWS::Serverless-2016-10-31\", ",
    "AWS::NoValue",
    "AWS::AccountId",
    "${AWS::Region}",
    "${",
    "${!",
    "%{ if ",
    "%{ for x in ",
    "%{~",
    "$${",
    "&{",
    "<<EOT\n",
    "<<-EOT\n  ",
    "EOT\n",
    "for x in ",
    " => ",
    "...",
    "[*]",
    ".0",
    " ? ",
    "1e999999999",
    "-",
    "0.1",
    "99999999999999999999999999",
    "jsonencode(",
    "jsondecode(",
    "format(\"%99999d\", ",
    "cidrsubnet(",
    "range(99999999999)",
    "regex(\"(((\", ",
    "regexall(\"\", ",
    "substr(\"é\", -1, ",
    "formatdate(\"'\", ",
    "templatefile(\"main.tf\", ",
    "dynamic \"statement\" {\n",
    "each.value",
    "count.index",
    "null",
    "true",
    "\u{0}",
    "\u{FEFF}",
    "é",
    "\u{F0000}",
    "\u{1F468}\u{200D}\u{1F469}",
];

struct Random(u64);

impl Random {
    fn of_case(number: u64) -> Random {
        // Neighbours must not look alike from their first step on.
        let mut random = Random(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        (0..4).for_each(|_| _ = random.below(2));
        random
    }

    /// Less than `n`, by xorshift.
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % n.max(1)
    }
}

/// A text to start from.
struct Seed {
    extension: String,
    text: String,
}

fn collect(folder: &Path, out: &mut Vec<Seed>) {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_owned();
        if path.is_dir() {
            collect(&path, out);
        } else if matches!(extension.as_str(), "json" | "yaml" | "yml" | "tf" | "txt")
            && let Ok(text) = std::fs::read_to_string(&path)
            && text.len() < 64 << 10
        {
            out.push(Seed { extension, text });
        }
    }
}

fn seeds() -> Vec<Seed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seeds = Vec::new();
    collect(&root.join("examples"), &mut seeds);
    collect(&root.join("tests/data"), &mut seeds);
    // The expressions are one text too large to mutate well: a few of them at a time.
    let expressions = seeds.iter().position(|s| s.extension == "txt" && s.text.contains("jsonencode("));
    let expressions = seeds.swap_remove(expressions.unwrap()).text;
    seeds.retain(|s| s.extension != "txt");
    for some in expressions.lines().collect::<Vec<_>>().chunks(8) {
        let locals: String = some.iter().enumerate().map(|(i, e)| format!("  v{i} = {e}\n")).collect();
        seeds.push(Seed { extension: "tf".into(), text: format!("locals {{\n{locals}}}\n") });
    }
    // Policies of the conformance cases, the more interesting the longer.
    let cases = std::fs::read_dir(root.join("tests/conformance/validate-policy")).unwrap();
    let mut cases: Vec<PathBuf> = cases.map(|e| e.unwrap().path()).collect();
    cases.sort();
    for path in cases.iter().filter(|p| p.extension().is_some_and(|e| e == "json")) {
        let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let policies = file["cases"].as_array().unwrap().iter().map(|c| c["policy"].as_str().unwrap());
        let longest = policies.filter(|p| p.len() < 4000).max_by_key(|p| p.len());
        seeds.extend(longest.map(|text| Seed { extension: "json".into(), text: text.to_owned() }));
    }
    seeds
}

fn slice(text: &[u8], longest: usize, random: &mut Random) -> std::ops::Range<usize> {
    let start = random.below(text.len() + 1);
    start..(start + random.below(longest)).min(text.len())
}

fn mutated(seed: &Seed, seeds: &[Seed], random: &mut Random) -> String {
    let mut text = seed.text.clone().into_bytes();
    for _ in 0..=random.below(6) {
        let at = random.below(text.len() + 1);
        match random.below(9) {
            0 if !text.is_empty() => {
                let at = at.min(text.len() - 1);
                text[at] ^= 1 << random.below(8);
            }
            1 => drop(text.drain(slice(&text, 40, random))),
            2 => drop(text.drain(slice(&text, 2000, random))),
            3 => {
                let copied = text[slice(&text, 300, random)].to_vec();
                drop(text.splice(at..at, copied));
            }
            4 => {
                let other = &seeds[random.below(seeds.len())].text.as_bytes();
                drop(text.splice(at..at, other[slice(other, 200, random)].to_vec()));
            }
            5 => {
                // Deep nesting: over the readers' limit as often as not.
                let times = random.below(400);
                drop(text.splice(at..at, TOKENS[random.below(TOKENS.len())].repeat(times).into_bytes()));
            }
            6 if random.below(4) == 0 => text.truncate(at),
            _ => drop(text.splice(at..at, TOKENS[random.below(TOKENS.len())].bytes())),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

fn evaluate_body(evaluator: &Evaluator<'_>, body: &Body, depth: usize) {
    let bindings = Bindings::none();
    for attribute in &body.attributes {
        let _ = evaluator.evaluate(&attribute.value, &bindings);
    }
    for block in &body.blocks {
        let kind = block.labels.first().filter(|_| block.kind == "dynamic").map_or(&block.kind, |l| &l.text);
        let _ = evaluator.expand_blocks(body, kind, &bindings);
        if depth < 10 {
            evaluate_body(evaluator, &block.body, depth + 1);
        }
    }
}

/// The module reader and the evaluator on everything that it read.
fn evaluate(text: &str, name: &str, ctx: LoadContext<'_>) {
    let module = ModuleSource::read_text(name, text, ctx);
    let evaluator = Evaluator::new(&module, &NothingKnown, "fuzz", ctx);
    for local in module.locals.values() {
        let _ = evaluator.evaluate(&local.value, &Bindings::none());
    }
    let values = module.outputs.values().filter_map(|o| o.value.as_ref());
    for value in values.chain(module.variables.values().filter_map(|v| v.default.as_ref())) {
        let _ = evaluator.evaluate(value, &Bindings::none());
    }
    for block in module.resources.iter().chain(&module.data) {
        evaluate_body(&evaluator, &block.body, 0);
    }
    for call in module.module_calls.values() {
        let _ = evaluator.call_inputs(call, &Bindings::none());
    }
}

/// Loads the text as a file of that name and checks every policy.
fn load_and_check(text: &str, name: &str, options: &LoadOptions, random: &mut Random) {
    let (sources, limits) = (Sources::new(), Limits::default());
    let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options, limits: &limits };
    let source = sources.add(name, text);
    let candidate = Candidate { path: name.to_owned(), source, named: random.below(4) > 0 };
    let loaded = load_all(&[FoundInput::Text(candidate)], ctx);
    for policy in &loaded.deployment.policies {
        for finding in checks::check_policy(policy, ctx.catalog, true) {
            assert!(!finding.locations.is_empty() && !finding.message.is_empty(), "{}", finding.code);
            for span in finding.locations.iter().filter_map(|l| l.span) {
                let file = sources.get(span.source);
                assert!(span.start <= span.end && span.end as usize <= file.text().len(), "{}: {span:?}", finding.code);
                let _ = sources.positions(span);
            }
        }
    }
}

/// Plans whose `.tf` files are mutated, in a folder that the plan is loaded with.
fn load_plan_with_sources(text: &str, plan: &str, random: &mut Random) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("main.tf"), text).unwrap();
    let options = LoadOptions { source_dir: Some(folder.path().to_path_buf()), ..LoadOptions::default() };
    load_and_check(plan, "plan.json", &options, random);
}

fn run_text(text: &str, seed: &Seed, plans: &[&str], random: &mut Random) {
    if seed.extension == "tf" {
        let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Limits::default());
        let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        evaluate(text, "main.tf", ctx);
        if random.below(3) == 0 {
            load_plan_with_sources(text, plans[random.below(plans.len())], random);
        }
        return;
    }
    let policy_type = (random.below(6) == 0).then(|| TYPES[random.below(TYPES.len())]);
    let options = LoadOptions { policy_type, ..LoadOptions::default() };
    load_and_check(text, &format!("fuzz.{}", seed.extension), &options, random);
    let (sources, limits) = (Sources::new(), Limits::default());
    let source = sources.add("fuzz", text);
    let _ = yaml::read(source, text, &limits);
    if json::read(source, text, &limits).is_ok() && random.below(8) == 0 {
        let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        evaluate(text, "main.tf.json", ctx);
    }
    if seed.extension == "json" && text.len() < 16 << 10 {
        let policy_type = TYPES[random.below(TYPES.len())];
        let is_resource = policy_type == PolicyType::ResourcePolicy;
        let resource_type = [None, Some(checks::TRUST_POLICY), Some("AWS::S3::Bucket")][random.below(3)];
        let resource_type = resource_type.filter(|_| is_resource);
        let found = checks::validate_text(source, text, policy_type, resource_type, Catalog::embedded(), true);
        assert!(found.iter().all(|f| !f.locations.is_empty()));
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn run_cases() {
    let seeds = seeds();
    assert!(seeds.len() > 100, "{} seeds", seeds.len());
    let is_plan = |s: &&Seed| s.text.contains("\"planned_values\"");
    let plans: Vec<&str> = seeds.iter().filter(is_plan).map(|s| s.text.as_str()).collect();
    let seconds = setting("IAM_PREFLIGHT_FUZZ_SECONDS");
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(3));
    let current = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz_smoke.txt");
    let first = setting("IAM_PREFLIGHT_FUZZ_FIRST").unwrap_or(0);
    let (mut number, mut slowest, mut failed) = (first, (Duration::ZERO, 0), Vec::new());
    while Instant::now() < until {
        let mut random = Random::of_case(number);
        let seed = &seeds[random.below(seeds.len())];
        let text = mutated(seed, &seeds, &mut random);
        if seconds.is_some() {
            std::fs::write(&current, format!("{number} {}\n{text}", seed.extension)).unwrap();
        }
        let start = Instant::now();
        let run = AssertUnwindSafe(|| run_text(&text, seed, &plans, &mut random));
        if std::panic::catch_unwind(run).is_err() {
            println!("case {number}, .{}:\n{text}\n", seed.extension);
            failed.push(number);
        }
        slowest = slowest.max((start.elapsed(), number));
        number += 1;
    }
    println!("{} cases; the slowest is {} with {:?}", number - first, slowest.1, slowest.0);
    assert!(failed.is_empty(), "cases that panic: {failed:?}");
    assert!(number > first, "no case was run");
}

#[test]
fn no_text_makes_anything_panic_or_overflow_the_stack() {
    std::thread::Builder::new().stack_size(STACK).spawn(run_cases).unwrap().join().unwrap();
}
