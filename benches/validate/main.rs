//! What a validation costs beside the plainest reading of the same text: JSON beside `serde_json` building a `Value`,
//! YAML beside draining the parser's events. `IAM_PREFLIGHT_RATIOS=1` prints a table of phases and ratios instead of
//! Criterion's measurements; `docs/performance.md` has its numbers.

mod generate;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::model::{Deployment, Policy};
use iam_preflight::source::{Limits, Sources, json, yaml};
use iam_preflight::template::detect::Candidate;
use iam_preflight::template::{FoundInput, LoadContext, LoadOptions, load_all};
use rayon::prelude::*;
use saphyr_parser::Parser;

/// A generated text.
struct Case {
    name: &'static str,
    size: usize,
    path: &'static str,
    text: String,
}

impl Case {
    fn all(size: usize) -> Vec<Case> {
        let template = generate::template(size);
        let json = |value: &serde_json::Value| serde_json::to_string_pretty(value).expect("a value has a text");
        // Terraform writes plans in one line.
        let plan = generate::plan(size).to_string();
        let yaml = generate::yaml(&template);
        vec![
            Case { name: "template, JSON", size, path: "generated/template.json", text: json(&template) },
            Case { name: "template, YAML", size, path: "generated/template.yaml", text: yaml },
            Case { name: "plan, JSON", size, path: "generated/plan.json", text: plan },
        ]
    }

    fn is_yaml(&self) -> bool {
        self.path.ends_with(".yaml")
    }

    /// The plainest reading of the text: the value, for JSON.
    fn baseline(&self) -> Option<serde_json::Value> {
        if self.is_yaml() {
            let mut parser = Parser::new_from_str(&self.text);
            while let Some(event) = parser.next_event() {
                black_box(event.expect("the generated text is YAML"));
            }
            return None;
        }
        Some(serde_json::from_str(&self.text).expect("the generated text is JSON"))
    }

    /// The tree with spans alone.
    fn read(&self) -> Duration {
        let (sources, limits) = (Sources::new(), Limits::default());
        let source = sources.add(self.path, self.text.as_str());
        let start = Instant::now();
        let root = if self.is_yaml() {
            yaml::read(source, &self.text, &limits)
        } else {
            json::read(source, &self.text, &limits)
        };
        let took = start.elapsed();
        black_box(root.expect("the generated text can be read"));
        took
    }

    fn load(&self, sources: &Sources) -> Deployment {
        let (options, limits) = (LoadOptions::default(), Limits::default());
        let ctx = LoadContext { sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        let source = sources.add(self.path, self.text.as_str());
        let candidate = Candidate { path: self.path.to_owned(), source, named: true };
        load_all(&[FoundInput::Text(candidate)], ctx).deployment
    }

    /// Reading, loading and checking, as the command does it: policies are checked on all cores.
    fn validate(&self) -> (Deployment, usize) {
        let deployment = self.load(&Sources::new());
        let found = findings_on_all_cores(&deployment);
        (deployment, found)
    }

    /// The same on one thread.
    fn validate_on_one_thread(&self) -> (Deployment, usize) {
        let deployment = self.load(&Sources::new());
        let found = findings(&deployment);
        (deployment, found)
    }
}

fn count(policy: &Policy) -> usize {
    checks::check_policy(policy, Catalog::embedded(), false).len()
}

fn findings(deployment: &Deployment) -> usize {
    deployment.policies.iter().map(count).sum()
}

fn findings_on_all_cores(deployment: &Deployment) -> usize {
    deployment.policies.par_iter().map(count).sum()
}

fn measure(criterion: &mut Criterion) {
    for size in generate::SIZES {
        for case in Case::all(size) {
            let mut group = criterion.benchmark_group(case.name);
            group.throughput(Throughput::Bytes(case.text.len() as u64));
            group.sample_size(10);
            group.bench_function(BenchmarkId::new("validate", size), |b| {
                b.iter_with_large_drop(|| case.validate());
            });
            group.bench_function(BenchmarkId::new("validate, one thread", size), |b| {
                b.iter_with_large_drop(|| case.validate_on_one_thread());
            });
            group.bench_function(BenchmarkId::new("baseline", size), |b| {
                b.iter_with_large_drop(|| case.baseline());
            });
            group.finish();
        }
    }
}

/// The least of five, which other work on the machine disturbs the least.
fn least(mut run: impl FnMut() -> Duration) -> Duration {
    (0..5).map(|_| run()).min().unwrap_or_default()
}

/// How long it takes until there is a value. Freeing it doesn't count: the command ends without.
fn timed<T>(run: impl FnOnce() -> T) -> Duration {
    let start = Instant::now();
    let value = black_box(run());
    let took = start.elapsed();
    drop(value);
    took
}

fn print_ratios() {
    println!(
        "| input | IAM resources | MB | policies | findings | baseline ms | read | load | check | one thread | ratio | all cores | ratio |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for size in generate::SIZES {
        for case in Case::all(size) {
            let baseline = least(|| timed(|| case.baseline()));
            let read = least(|| case.read());
            let read_and_load = least(|| {
                let sources = Sources::new();
                timed(|| case.load(&sources))
            });
            let sources = Sources::new();
            let deployment = case.load(&sources);
            let found = findings(&deployment);
            let check = least(|| timed(|| findings(&deployment)));
            let one_thread = least(|| timed(|| case.validate_on_one_thread()));
            let all_cores = least(|| timed(|| case.validate()));
            let ratio = |d: Duration| d.as_secs_f64() / baseline.as_secs_f64();
            let ms = |d: Duration| format!("{:.2}", d.as_secs_f64() * 1e3);
            println!(
                "| {} | {} | {:.2} | {} | {found} | {} | {} | {} | {} | {} | {:.1} | {} | {:.1} |",
                case.name,
                case.size,
                case.text.len() as f64 / 1e6,
                deployment.policies.len(),
                ms(baseline),
                ms(read),
                ms(read_and_load.saturating_sub(read)),
                ms(check),
                ms(one_thread),
                ratio(one_thread),
                ms(all_cores),
                ratio(all_cores),
            );
            if let Some(error) = deployment.inputs.iter().find_map(|i| i.error.as_ref()) {
                println!("not loaded: {}", error.message);
            }
        }
    }
}

fn main() {
    // The embedded service data is unpacked once a process, whatever the input.
    black_box(findings(&Deployment::default()));
    let warm_up = Case::all(10);
    black_box(warm_up.iter().map(|case| case.validate().1).sum::<usize>());
    if std::env::var_os("IAM_PREFLIGHT_RATIOS").is_some() {
        print_ratios();
        return;
    }
    let mut criterion = Criterion::default().configure_from_args();
    measure(&mut criterion);
    criterion.final_summary();
}
