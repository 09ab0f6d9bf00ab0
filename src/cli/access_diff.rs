//! `diff`: what access changes between two versions of the inputs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, base, config, output, pipeline};
use crate::analysis::access_diff::{AccessDiff, compare, mark_external};
use crate::analysis::counterpart::Earlier;
use crate::analysis::external_access;
use crate::catalog::Catalog;
use crate::report::access;
use crate::report::escape::workflow_command::{Medium, inert};
use crate::source::Sources;

/// Show what access changes between two versions: granted, revoked, newly public.
///
/// Principals are compared with all their policies, groups and boundaries taken together, so that access which only
/// moves from one policy to another is no change.
#[derive(Debug, Args)]
pub(super) struct Diff {
    /// The earlier version: a file, a folder, or `git:REF`
    #[arg(value_name = "BASE")]
    base: String,

    #[command(flatten)]
    input: InputOptions,

    /// The form of the report
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "terminal", help_heading = "Output")]
    format: DiffFormat,

    /// Also write the report to a file in a form (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = output_file, help_heading = "Output")]
    output: Vec<(DiffFormat, PathBuf)>,
}

/// The forms of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DiffFormat {
    /// For people
    Terminal,
    /// One JSON object
    Json,
    /// A table and a graph for a pull-request comment
    Markdown,
}

fn output_file(text: &str) -> Result<(DiffFormat, PathBuf), String> {
    let (format, file) = text.split_once('=').ok_or("expected FORMAT=FILE")?;
    Ok((DiffFormat::from_str(format, true)?, file.into()))
}

impl Diff {
    pub(super) fn run(mut self, _: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        let (mut outputs, mut judgement) = (OutputOptions::default(), JudgementOptions::default());
        config.complete(&mut self.input, &mut outputs, &mut judgement)?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let sources = Sources::new();
        let loaded = pipeline::load(&self.input, &sources, catalog)?;
        let (earlier, diff) = compared(Some(&self.base), &self.input, &loaded, &sources, catalog)?;
        let root = pipeline::workspace();
        let report = access::AccessReport {
            diff: &diff,
            earlier: earlier.deployment(),
            later: &loaded.deployment,
            sources: &sources,
            service_data: catalog.date(),
            workspace: Some(&root),
        };
        let text = |format: DiffFormat| match format {
            DiffFormat::Terminal => inert(&report.text(), Medium::Text),
            DiffFormat::Json => inert(&report.json(), Medium::Json),
            DiffFormat::Markdown => inert(&report.markdown(&self.base, &output::links()), Medium::Markup),
        };
        for (format, path) in &self.output {
            output::write_file(path, &text(*format))?;
        }
        output::print(&text(self.format))?;
        let broken = loaded.deployment.inputs.iter().any(|i| i.error.is_some());
        for input in loaded.deployment.inputs.iter().filter(|i| i.error.is_some()) {
            if let Some(error) = &input.error {
                eprintln!("error: `{}`: {}", output::printable(&input.path), output::printable(&error.message));
            }
        }
        Ok(if broken { Outcome::BadInput } else { Outcome::Passed })
    }
}

/// The earlier version, and what access changes against it. Without a base, it is what plans say was there before.
fn compared(
    base: Option<&str>,
    options: &InputOptions,
    loaded: &pipeline::Loaded,
    sources: &Sources,
    catalog: &Catalog,
) -> Result<(Earlier, AccessDiff), Failure> {
    let earlier = match base {
        Some(base) => base::load(base, options, loaded, sources, catalog)?,
        None => Earlier::new(pipeline::load_before(options, &loaded.found, sources, catalog)?, &[]),
    };
    let mut diff = compare(&earlier, &loaded.deployment, catalog);
    let zone = external_access::zone(options.account_id.as_deref(), &[], options.organization_id.as_deref());
    let mut external = external_access::analyse(&loaded.deployment, &zone, catalog, |_| true);
    external_access::compare(&mut external, external_access::analyse(earlier.deployment(), &zone, catalog, |_| true));
    mark_external(&mut diff, &external, earlier.deployment(), &loaded.deployment);
    Ok((earlier, diff))
}

/// What access changes against an earlier version, for the report of another command.
pub(super) fn changes(
    base: Option<&str>,
    options: &InputOptions,
    loaded: &pipeline::Loaded,
    sources: &Sources,
    catalog: &Catalog,
) -> Result<serde_json::Value, Failure> {
    let (earlier, diff) = compared(base, options, loaded, sources, catalog)?;
    let root = pipeline::workspace();
    let report = access::AccessReport {
        diff: &diff,
        earlier: earlier.deployment(),
        later: &loaded.deployment,
        sources,
        service_data: catalog.date(),
        workspace: Some(&root),
    };
    let mut value = report.value();
    value["base"] = base.into();
    Ok(value)
}
