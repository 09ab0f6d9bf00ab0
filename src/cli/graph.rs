//! `graph`: who can do what on which resource, and through whom.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::guardrails::GuardrailOptions;
use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, config, output, pipeline};
use crate::analysis::escalation::{self, EscalationReport};
use crate::graph::build;
use crate::report::escape::workflow_command::{Medium, inert};
use crate::report::graph::{GraphReport, Selection};
use crate::report::location_json;
use crate::source::Sources;

/// Edges of a Mermaid diagram: more are no picture, and GitHub draws at most 500.
const MERMAID_EDGES: usize = 60;

/// Show who can do what on which resource, and through whom.
#[derive(Debug, Args)]
pub(super) struct GraphCommand {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    guardrails: GuardrailOptions,

    /// Only what leads to these resources or principals, and what they lead to: logical ids, addresses or ARNs
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', help_heading = "Graph")]
    focus: Vec<String>,

    /// The most edges of a Mermaid diagram
    #[arg(long, value_name = "N", default_value_t = MERMAID_EDGES, help_heading = "Graph")]
    limit: usize,

    /// The form of the graph
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "mermaid", help_heading = "Output")]
    format: GraphFormat,

    /// Also write the graph to a file in a form (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file, help_heading = "Output")]
    output: Vec<(GraphFormat, PathBuf)>,
}

/// The forms of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum GraphFormat {
    /// For Graphviz
    Dot,
    /// For a pull-request comment: the edges that matter most
    Mermaid,
    /// One JSON object, with the ways of privilege escalation
    Json,
    /// A page to explore, which needs nothing else
    Html,
}

fn output_file(text: &str) -> Result<(GraphFormat, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE")?;
    Ok((GraphFormat::from_str(format, true)?, file.into()))
}

impl GraphCommand {
    pub(super) fn run(mut self, _: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        let (mut outputs, mut judgement) = (OutputOptions::default(), JudgementOptions::default());
        config.complete(&mut self.input, &mut outputs, &mut judgement)?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let sources = Sources::new();
        let guardrails = self.guardrails.read(&sources)?;
        let loaded = pipeline::load(&self.input, &sources, catalog)?;
        pipeline::start_threads(self.input.jobs)?;
        let deployment = &loaded.deployment;
        let graph = build(deployment, &guardrails, catalog);
        let selected = Selection::around(&graph, &self.focus).map_err(|name| {
            Failure::usage(format!("`{name}` is neither a principal nor a resource of the graph"))
                .with_help("name a logical id, a resource address or an ARN")
        })?;
        let formats: Vec<GraphFormat> = self.output.iter().map(|(f, _)| *f).chain([self.format]).collect();
        let wanted = formats.iter().any(|f| matches!(f, GraphFormat::Json | GraphFormat::Html));
        let escalations = match wanted {
            true => escalation::analyse(deployment, &guardrails.scps, catalog),
            false => EscalationReport::default(),
        };
        let place = |policy: Option<&crate::model::Policy>, location: &crate::finding::Location| {
            let input = policy.and_then(|p| deployment.inputs.get(p.input.0)).map_or("", |i| i.path.as_str());
            location_json(location, policy.and_then(|p| p.span), input, &sources)
        };
        let report = |selection: Selection| GraphReport {
            graph: &graph,
            selection,
            escalations: escalation::report_json(&escalations.found, deployment, place),
            deployment,
            sources: &sources,
            service_data: catalog.date(),
            notices: escalations.notices.clone(),
        };
        let text = |format: GraphFormat| match format {
            GraphFormat::Dot => inert(&report(selected.clone()).dot(), Medium::Text),
            GraphFormat::Json => inert(&report(selected.clone()).json(), Medium::Json),
            // What the page has of the inputs is JSON in it.
            GraphFormat::Html => inert(&report(selected.clone()).html(), Medium::Json),
            GraphFormat::Mermaid => {
                let selection = selected.clone().limited(&graph, self.limit, !self.focus.is_empty());
                inert(&report(selection).mermaid(), Medium::Text)
            }
        };
        for (format, path) in &self.output {
            output::write_file(path, &text(*format))?;
        }
        output::print(&text(self.format))?;
        if !matches!(self.format, GraphFormat::Json | GraphFormat::Html) {
            for notice in &graph.notices {
                eprintln!("note: {}", output::printable(notice));
            }
        }
        Ok(output::broken_inputs(deployment))
    }
}
