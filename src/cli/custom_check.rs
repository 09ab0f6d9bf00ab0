//! What the three custom policy checks have in common as commands: their options, asking the question of each policy
//! that it applies to, and the report. The questions themselves are in the files of the commands; many questions at once
//! are in `batch`.

use std::path::PathBuf;
use std::time::Instant;

use clap::{ArgAction, Args};
use rayon::prelude::*;

use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, config, output, pipeline, smt2};
use crate::analysis::custom_check::{CheckResult, CustomCheck, compile, kind_of};
use crate::catalog::Catalog;
use crate::logic::engine::{CompiledPolicy, Ties};
use crate::model::{Policy, PolicyId};
use crate::report::{Format, counted, policy_ids};
use crate::source::Sources;

/// From this many questions on, they are shared between threads.
const WORTH_THREADS: usize = 32;

/// The options of each custom check.
#[derive(Debug, Args)]
pub(super) struct CustomCheckOptions {
    #[command(flatten)]
    pub input: InputOptions,
    #[command(flatten)]
    pub judgement: JudgementOptions,
    #[command(flatten)]
    pub output: OutputOptions,

    /// Read each condition key on its own, as AWS's service does, even where one follows from another (such as
    /// aws:PrincipalArn from the principal)
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Question")]
    pub aws_compat: bool,

    /// Many questions, one JSON object a line (`-` for standard input); the answers are one JSON object a line
    #[arg(long, value_name = "FILE", conflicts_with = "inputs", help_heading = "Question")]
    pub batch: Option<PathBuf>,

    /// Write each question as a file of SMT-LIB 2 into this folder, for a solver to decide again: `sat` means FAIL
    #[arg(long, value_name = "DIR", help_heading = "Question")]
    pub smt2: Option<PathBuf>,
}

impl CustomCheckOptions {
    pub(super) fn ties(&self) -> Ties {
        if self.aws_compat { Ties::Untied } else { Ties::Tied }
    }
}

/// What a question can build on.
pub(super) struct Setting<'a> {
    pub options: &'a CustomCheckOptions,
    pub loaded: &'a pipeline::Loaded,
    pub sources: &'a Sources,
    pub catalog: &'a Catalog,
    pub smt2: Option<&'a smt2::Folder>,
    ids: &'a [String],
}

impl<'a> Setting<'a> {
    /// Where the questions go as SMT-LIB, if anywhere.
    pub(super) fn copies(&self) -> Copies<'a> {
        Copies { folder: self.smt2, ids: self.ids }
    }
}

/// Where the questions go as SMT-LIB, if anywhere.
#[derive(Clone, Copy)]
pub(super) struct Copies<'a> {
    folder: Option<&'a smt2::Folder>,
    ids: &'a [String],
}

impl Copies<'_> {
    /// Writes the question about a policy; `part` tells several questions about it apart.
    pub(super) fn write(&self, policy: PolicyId, part: Option<usize>, text: impl FnOnce() -> smt2::Written) {
        let Some(folder) = self.folder else { return };
        let part = part.map_or_else(String::new, |part| format!("-{}", part + 1));
        let name = self.ids.get(policy.0).map_or("", String::as_str);
        folder.write(&format!("{:05}{part}", policy.0 + 1), name, text());
    }
}

type Applies<'a> = dyn Fn(&Policy) -> bool + Sync + 'a;
type Ask<'a> = dyn Fn(PolicyId, &CompiledPolicy) -> Vec<CheckResult> + Sync + 'a;

/// The questions of a run.
pub(super) struct Questions<'a> {
    /// Whether the question makes sense for a policy.
    pub applies: Box<Applies<'a>>,
    /// The answers for one policy.
    pub ask: Box<Ask<'a>>,
    /// Why policies are passed over to which it doesn't apply.
    pub otherwise: &'static str,
}

/// Runs a custom check over the inputs. `prepare` makes the questions once the inputs are loaded.
pub(super) fn run(
    check: CustomCheck,
    mut options: CustomCheckOptions,
    global: &Global,
    prepare: impl for<'a> FnOnce(&Setting<'a>) -> Result<Questions<'a>, Failure>,
) -> Result<Outcome, Failure> {
    let config = config::read(&options.input)?;
    config.complete(&mut options.input, &mut options.output, &mut options.judgement)?;
    let data = pipeline::ServiceData::of(&options.input)?;
    let catalog = data.catalog();
    let sources = Sources::new();
    let loaded = pipeline::load(&options.input, &sources, catalog)?;
    let folder = smt2::Folder::of(options.smt2.as_deref())?;
    let ids = if folder.is_some() { policy_ids(&loaded.deployment) } else { Vec::new() };
    let smt2 = folder.as_ref();
    let setting = Setting { options: &options, loaded: &loaded, sources: &sources, catalog, smt2, ids: &ids };
    let questions = prepare(&setting)?;
    let start = Instant::now();
    let policies = &loaded.deployment.policies;
    let own: Vec<(usize, &Policy)> = policies.iter().enumerate().filter(|(_, p)| p.is_own).collect();
    let (asked, passed_over): (Vec<_>, Vec<_>) = own.into_iter().partition(|(_, p)| (questions.applies)(p));
    let one = |(index, policy): &(usize, &Policy)| -> Vec<CheckResult> {
        let id = PolicyId(*index);
        let results = match compiled(policy, setting.options.ties()) {
            Ok(compiled) => (questions.ask)(id, &compiled),
            Err(why) => vec![CheckResult::undecided(check, why)],
        };
        results.into_iter().map(|r| r.of(id, policy)).collect()
    };
    let results: Vec<CheckResult> = if asked.len() >= WORTH_THREADS {
        asked.par_iter().map(one).collect::<Vec<_>>().into_iter().flatten().collect()
    } else {
        asked.iter().flat_map(one).collect()
    };
    let decided = start.elapsed();
    let policy_of = |r: &CheckResult| r.policy.and_then(|id| policies.get(id.0));
    let findings = results.iter().filter_map(|r| Some(r.findings(policy_of(r)?))).flatten().collect();
    let mut report =
        pipeline::report(check.command(), &loaded, &sources, catalog, findings, &options.judgement, &config)?;
    report.checks = results;
    if let Some(folder) = &folder {
        report.notices.extend(folder.finish()?);
    }
    if !passed_over.is_empty() {
        let count = counted(passed_over.len(), "policy", "policies");
        report.notices.push(format!("{count} passed over: {}", questions.otherwise));
    }
    let outcome = pipeline::outcome(&report, &options.judgement);
    report.passes = outcome == Outcome::Passed;
    if options.judgement.timings {
        report.timings = vec![("read and load".to_owned(), loaded.took), ("decisions".to_owned(), decided)];
    }
    if let Some(path) = &options.judgement.write_baseline {
        output::write_file(path, &pipeline::baseline_of(&report).to_text())?;
    }
    output::write_reports(&report, &options.output, Format::Terminal, global)?;
    Ok(outcome)
}

/// The policy in the engine's form, or why there is none.
pub(super) fn compiled(policy: &Policy, ties: Ties) -> Result<CompiledPolicy, String> {
    match &policy.document {
        Some(document) => compile(document.clone(), kind_of(policy), ties).map_err(|unfit| unfit.to_string()),
        None => Err(match policy.gaps.first() {
            Some(gap) => format!("the policy's document is not known: {}", gap.message),
            None => "the policy's document is not known".to_owned(),
        }),
    }
}
