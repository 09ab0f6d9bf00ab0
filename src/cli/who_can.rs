//! `who-can`: the principals that can do something to a resource, and the path by which each can.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::guardrails::GuardrailOptions;
use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, config, output, pipeline};
use crate::analysis::custom_check;
use crate::graph::who_can::who_can;
use crate::report::escape::workflow_command::{Medium, inert};
use crate::report::who_can::WhoCanReport;
use crate::source::Sources;

/// Find the principals that can do something to a resource, and the path by which each can.
///
/// All policies count: those of the principal and its groups, the resource's own, boundaries, and the organization's as
/// given. Roles that can be assumed, one after the other, are paths, too.
#[derive(Debug, Args)]
pub(super) struct WhoCanCommand {
    /// The action, such as s3:GetObject
    #[arg(value_name = "ACTION")]
    action: String,

    /// The resource: a logical id or address of the input, an ARN, or an ARN pattern
    #[arg(value_name = "RESOURCE")]
    resource: String,

    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    guardrails: GuardrailOptions,

    /// The form of the report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "terminal", help_heading = "Output")]
    format: WhoCanFormat,

    /// Also write the report to a file in a form (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file, help_heading = "Output")]
    output: Vec<(WhoCanFormat, PathBuf)>,
}

/// The forms of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum WhoCanFormat {
    /// For people
    Terminal,
    /// One JSON object
    Json,
}

fn output_file(text: &str) -> Result<(WhoCanFormat, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE")?;
    Ok((WhoCanFormat::from_str(format, true)?, file.into()))
}

impl WhoCanCommand {
    pub(super) fn run(mut self, _: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        let (mut outputs, mut judgement) = (OutputOptions::default(), JudgementOptions::default());
        config.complete(&mut self.input, &mut outputs, &mut judgement)?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        if self.action.contains(['*', '?']) {
            return Err(Failure::usage(format!("`{}` is a pattern: one action is asked for", self.action)));
        }
        custom_check::action(&self.action).map_err(|e| Failure::usage(e.to_string()))?;
        let action = match catalog.action(&self.action) {
            // In the service's own spelling.
            Some((service, action)) => format!("{}:{}", service.prefix, action.name),
            None => self.action.clone(),
        };
        if catalog.action(&action).is_none() {
            eprintln!("warning: `{}` is not in the service data", output::printable(&action));
        }
        let sources = Sources::new();
        let guardrails = self.guardrails.read(&sources)?;
        let loaded = pipeline::load(&self.input, &sources, catalog)?;
        pipeline::start_threads(self.input.jobs)?;
        let answer = who_can(&loaded.deployment, &guardrails, catalog, &action, &self.resource)
            .map_err(|e| Failure::usage(e).with_help("name a logical id, a resource address or an ARN"))?;
        let report = WhoCanReport {
            action: &action,
            asked: &self.resource,
            answer: &answer,
            deployment: &loaded.deployment,
            sources: &sources,
            service_data: catalog.date(),
        };
        let text = |format: WhoCanFormat| match format {
            WhoCanFormat::Terminal => inert(&report.text(), Medium::Text),
            WhoCanFormat::Json => inert(&report.json(), Medium::Json),
        };
        for (format, path) in &self.output {
            output::write_file(path, &text(*format))?;
        }
        output::print(&text(self.format))?;
        Ok(output::broken_inputs(&loaded.deployment))
    }
}
