//! What questions about access cost on large templates: external access, the access graph with its JSON form, and `who-can`, each
//! with the loading that comes before it. Prints a table; `docs/performance.md` has its numbers.
//!
//! `cargo bench --bench access -- write FOLDER` writes the templates, to measure the program as a whole.

mod generate;

use std::time::{Duration, Instant};

use iam_preflight::access::reach::Guardrails;
use iam_preflight::analysis::escalation;
use iam_preflight::analysis::external_access::{analyse, zone};
use iam_preflight::catalog::Catalog;
use iam_preflight::graph::build;
use iam_preflight::graph::who_can::who_can;
use iam_preflight::model::Deployment;
use iam_preflight::report::graph::{GraphReport, Selection};
use iam_preflight::source::{Limits, Sources};
use iam_preflight::template::detect::Candidate;
use iam_preflight::template::{FoundInput, LoadContext, LoadOptions, load_all};
use serde_json::Value;

const ACCOUNT: &str = "111122223333";

fn load(template: &Value, sources: &Sources) -> (Deployment, Duration) {
    let options =
        LoadOptions { account_id: Some(ACCOUNT.into()), region: Some("us-east-1".into()), ..LoadOptions::default() };
    let limits = Limits::default();
    let context = LoadContext { sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let source = sources.add("generated/template.json", template.to_string());
    let candidate = Candidate { path: "generated/template.json".to_owned(), source, named: true };
    let start = Instant::now();
    let loaded = load_all(&[FoundInput::Text(candidate)], context).deployment;
    (loaded, start.elapsed())
}

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

fn row(name: &str, size: usize, template: &Value, question: (&str, &str)) {
    let (sources, catalog, guardrails) = (Sources::new(), Catalog::embedded(), Guardrails::default());
    let (deployment, loading) = load(template, &sources);
    let (external, outside) = timed(|| analyse(&deployment, &zone(Some(ACCOUNT), &[], None), catalog, |_| true));
    let (graph, building) = timed(|| build(&deployment, &guardrails, catalog));
    let (ways, escalating) = timed(|| escalation::analyse(&deployment, &[], catalog));
    let (json, writing) = timed(|| {
        let report = GraphReport {
            graph: &graph,
            selection: Selection::all(&graph),
            escalations: Value::Null,
            deployment: &deployment,
            sources: &sources,
            service_data: catalog.date(),
            notices: Vec::new(),
        };
        report.json()
    });
    let (answer, asking) = timed(|| who_can(&deployment, &guardrails, catalog, question.0, question.1));
    let able = answer.map_or(0, |a| a.able.len());
    let seconds = |d: Duration| d.as_secs_f64();
    println!(
        "| {name} | {size} | {:.2} | {:.2} ({} findings) | {:.2} ({} nodes, {} edges) | {:.2} ({} ways) | {:.2} ({} MB) | {:.2} ({able} can) |",
        seconds(loading),
        seconds(outside),
        external.found.len(),
        seconds(building),
        graph.graph.node_count(),
        graph.graph.edge_count(),
        seconds(escalating),
        ways.found.len(),
        seconds(writing),
        json.len() / 1_000_000,
        seconds(asking),
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let all = generate::SIZES.map(|size| (format!("realistic-{size}"), size, generate::template(size)));
    let open = (format!("open-{}", 5_000), 5_000, generate::open_roles(5_000));
    if let [command, folder] = arguments.as_slice()
        && command == "write"
    {
        for (name, _, template) in all.iter().chain([&open]) {
            let file = std::path::Path::new(folder).join(format!("{name}.json"));
            std::fs::write(&file, template.to_string()).expect("a file that can be written");
        }
        return;
    }
    println!("| template | IAM resources | load s | external access s | graph s | escalation s | JSON s | who-can s |");
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (_, size, template) in &all {
        row("realistic", *size, template, ("s3:GetObject", "Bucket4"));
    }
    row("open roles", open.1, &open.2, ("s3:GetObject", "arn:aws:s3:::bucket-7/*"));
}
