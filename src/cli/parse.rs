//! `parse`: the resolved policies and principals, nothing judged.

use clap::Args;

use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, config, output, pipeline};
use crate::report::Format;
use crate::source::Sources;

/// Print the resolved policies and principals, judging nothing.
#[derive(Debug, Args)]
pub(super) struct Parse {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    output: OutputOptions,
}

impl Parse {
    pub(super) fn run(mut self, global: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        let mut judgement = JudgementOptions::default();
        let given = self.output.format;
        config.complete(&mut self.input, &mut self.output, &mut judgement)?;
        // The configured format is that of findings; here there are none.
        self.output.format = given;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let sources = Sources::new();
        let loaded = pipeline::load(&self.input, &sources, catalog)?;
        let judgement = JudgementOptions::default();
        let nothing = config::Config::default();
        let mut report = pipeline::report("parse", &loaded, &sources, catalog, Vec::new(), &judgement, &nothing)?;
        let outcome = pipeline::outcome(&report, &judgement);
        report.passes = outcome == Outcome::Passed;
        output::write_reports(&report, &self.output, Format::Json, global)?;
        Ok(outcome)
    }
}
