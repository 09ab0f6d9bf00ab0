//! `validate`: what is wrong with the policies.

use std::time::Instant;

use clap::{ArgAction, Args};

use super::escalation::EscalationOptions;
use super::evidence::{EvidenceFiles, troubles};
use super::external_access::{self, Read, Scope, ZoneOptions};
use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, access_diff, config, output, pipeline};
use crate::analysis::unused_access::report_json;
use crate::catalog::Catalog;
use crate::checks::timing::CheckTimings;
use crate::finding::fix;
use crate::model::InputKind;
use crate::report::escape::workflow_command::{Medium, inert};
use crate::report::{Format, Report, counted, policy_ids};
use crate::source::{SourceId, Sources};

/// Find what is wrong with the policies of the inputs.
#[derive(Debug, Args)]
pub(super) struct Validate {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    judgement: JudgementOptions,
    #[command(flatten)]
    output: OutputOptions,

    /// The organisation's own rules for AWS CloudFormation Guard: a file, a folder of `*.guard` files, or one of the packs
    /// that `rules list` names, as `pack:NAME`
    #[cfg(feature = "guard")]
    #[arg(long, value_name = "FILE|FOLDER|pack:NAME", help_heading = "Rules")]
    rules: Vec<String>,

    /// Evidence of use: authorization details, a credential report, last accessed details, CloudTrail's logs, or folders of
    /// them; what the inputs' users and roles don't use is found, too
    #[arg(long, value_name = "PATH", num_args = 1.., help_heading = "Evidence")]
    activity: Vec<std::path::PathBuf>,

    #[command(flatten)]
    zone: ZoneOptions,

    /// Don't look for external access
    #[arg(long, action = ArgAction::SetTrue, help_heading = "External access")]
    no_external_access: bool,

    #[command(flatten)]
    escalation: EscalationOptions,

    #[command(flatten)]
    tracking: super::unused::TrackingOptions,

    /// An earlier version (a file, a folder, or git:REF): the reports show what access changes against it; a Terraform plan
    /// carries its own
    #[arg(long, value_name = "BASE", help_heading = "Pull request")]
    base: Option<String>,

    #[cfg(feature = "github")]
    #[command(flatten)]
    comment: CommentOptions,

    /// Make the changes that are certain, in the files
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Fixes")]
    fix: bool,

    /// Show the changes that `--fix` would make, and change nothing
    #[arg(long, action = ArgAction::SetTrue, conflicts_with = "fix", help_heading = "Fixes")]
    diff: bool,
}

/// What to leave on the pull request of the run.
#[cfg(feature = "github")]
#[derive(Debug, Args)]
struct CommentOptions {
    /// Leave the report in a comment on the pull request of this run, with the access that it adds and removes; the token
    /// is read from GITHUB_TOKEN
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Pull request")]
    comment: bool,

    /// Tells apart the comments of several jobs on one pull request
    #[arg(long, value_name = "KEY", default_value = super::pull_request::DEFAULT_KEY, help_heading = "Pull request")]
    comment_key: String,

    #[command(flatten)]
    further: super::pull_request::FurtherOptions,
}

impl Validate {
    pub(super) fn run(mut self, global: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        config.complete(&mut self.input, &mut self.output, &mut self.judgement)?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let sources = Sources::new();
        let mut loaded = pipeline::load(&self.input, &sources, catalog)?;
        let start = Instant::now();
        let timings = self.judgement.timings.then(CheckTimings::default);
        let mut findings =
            pipeline::check(&loaded.deployment, &sources, catalog, self.judgement.strict, timings.as_ref());
        #[cfg(feature = "guard")]
        findings.extend(pipeline::check_rules(&loaded, &config.rules(&self.rules)?, &self.input, &sources, catalog)?);
        let mut external = None;
        let has_resources = loaded.deployment.inputs.iter().any(|i| i.kind != InputKind::PolicyDocument);
        if has_resources && !self.no_external_access {
            let read = Read { input: &self.input, loaded: &loaded, config: &config, sources: &sources, catalog };
            let (mut found, earlier) = self.zone.find(&read, self.base.as_deref(), Scope::Deployed)?;
            findings.extend(crate::analysis::external_access::findings(&found.found, &loaded.deployment));
            loaded.notices.append(&mut found.notices);
            external = Some((found, earlier));
        }
        let scps = self.escalation.levels(!self.activity.is_empty(), &sources)?;
        let escalations = self.escalation.find(&loaded.deployment, &scps, catalog);
        findings.extend(escalations.findings(&loaded.deployment));
        loaded.notices.extend(escalations.notices());
        let mut unused = None;
        if !self.activity.is_empty() {
            let files = EvidenceFiles::under(&self.activity)?;
            if files.passed_over > 0 {
                let count = counted(files.passed_over, "file is", "files are");
                loaded.notices.push(format!("of the paths of `--activity`, {count} no evidence of use"));
            }
            let evidence = files.read(&sources, catalog, self.input.jobs, global);
            let (troubles, broken) = troubles(&evidence);
            let (found, further) =
                super::unused::judge(Some(&loaded.deployment), &evidence, &self.tracking, scps, &sources, catalog);
            findings.extend(further);
            loaded.notices.extend(troubles);
            loaded.notices.extend(found.notices.iter().cloned());
            loaded.notices.push(super::unused::summary(&found, self.tracking.days()));
            unused = Some((found, broken));
        }
        let checked = start.elapsed();
        let mut report = pipeline::report("validate", &loaded, &sources, catalog, findings, &self.judgement, &config)?;
        let mut outcome = pipeline::outcome(&report, &self.judgement);
        report.external_access = external.map(|(found, earlier)| {
            let before = earlier.as_ref().map(|e| e.deployment());
            external_access::in_json(&found, &loaded.deployment, before, &sources)
        });
        escalations.add_to(&mut report, &loaded.deployment, &sources);
        if let Some((found, broken)) = &unused {
            report.unused_access = Some(report_json(&found.found, &policy_ids(&loaded.deployment)));
            if *broken > 0 {
                outcome = Outcome::BadInput;
            }
        }
        report.passes = outcome == Outcome::Passed;
        if let Some(timings) = timings {
            report.check_timings = timings.slowest_first();
            report.timings = vec![("read and load".to_owned(), loaded.took), ("checks".to_owned(), checked)];
        }
        let (access, remark) = self.access(&loaded, &sources, catalog)?;
        report.access = access;
        report.notices.extend(remark);
        if let Some(path) = &self.judgement.write_baseline {
            output::write_file(path, &pipeline::baseline_of(&report).to_text())?;
        }
        if self.diff {
            show_fixes(&report)?;
            return Ok(outcome);
        }
        if self.fix {
            let fixed = make_fixes(&report)?;
            report.notices.push(fixed);
        }
        output::write_reports(&report, &self.output, Format::Terminal, global)?;
        #[cfg(feature = "github")]
        self.leave_comment(&report, global);
        // The process ends next: freeing the trees of a large input piece by piece would only delay it.
        std::mem::forget(report);
        std::mem::forget(loaded);
        Ok(outcome)
    }
}

impl Validate {
    /// The access that changes: against the base that was given; for a comment, against that of the pull request, and why
    /// not, if it can't be compared.
    fn access(
        &self,
        loaded: &pipeline::Loaded,
        sources: &Sources,
        catalog: &Catalog,
    ) -> Result<(Option<serde_json::Value>, Option<String>), Failure> {
        if let Some(base) = &self.base {
            return Ok((Some(access_diff::changes(Some(base), &self.input, loaded, sources, catalog)?), None));
        }
        #[cfg(feature = "github")]
        if self.comment.comment {
            let mut inputs = loaded.deployment.inputs.iter().filter(|i| i.error.is_none());
            let base = if inputs.all(|i| i.kind == InputKind::TerraformPlan) {
                None
            } else if let Some(base) = super::pull_request::base() {
                Some(base)
            } else {
                let remark = "access is not compared: the event names no base; give `--base`".to_owned();
                return Ok((None, Some(remark)));
            };
            return Ok(match access_diff::changes(base.as_deref(), &self.input, loaded, sources, catalog) {
                Ok(access) => (Some(access), None),
                Err(failure) => {
                    let help = match &failure {
                        Failure::Usage { help: Some(help), .. } => format!("; {help}"),
                        _ => String::new(),
                    };
                    (None, Some(format!("access is not compared: {failure}{help}")))
                }
            });
        }
        Ok((None, None))
    }

    /// Whatever happens here, the report is written and the verdict stands.
    #[cfg(feature = "github")]
    fn leave_comment(&self, report: &Report<'_>, global: &Global) {
        if !self.comment.comment {
            return;
        }
        if self.output.format != Some(Format::Github) {
            output::step_summary(report, global);
        }
        let report = match output::json(report, global) {
            Ok(report) => report,
            Err(failure) => return output::notice(&format!("no comment: {failure}")),
        };
        let published = super::pull_request::publish(&report, &self.comment.comment_key, None, &self.comment.further);
        match published {
            Err(failure) => output::notice(&format!("no comment: {failure}")),
            Ok(published) => {
                for line in published.done.iter().filter(|_| !global.quiet) {
                    eprintln!("{line}");
                }
                if let Some(why) = published.forbidden {
                    let saved = self.output.output.iter().find(|(format, _)| *format == Format::Json);
                    let then = match saved {
                        Some((_, path)) => format!("`iam-preflight comment --report {}`", path.display()),
                        None => "`--output json=FILE` saves the report, and `iam-preflight comment --report FILE`"
                            .to_owned(),
                    };
                    output::notice(&format!(
                        "{why}. The report is in the log and the summary; {then} posts it from a trusted workflow"
                    ));
                }
                published.failed.iter().for_each(|failure| output::notice(failure));
            }
        }
    }
}

/// The files that fixes change: name, text before, text after, and how many fixes. What a tool has written (a plan, a
/// state, an assembly) is not for mending: its source is.
fn fixed_files(report: &Report<'_>) -> Vec<(String, String, String, usize)> {
    let counting = || report.counting().map(|f| &f.finding);
    let edits = counting().filter_map(|f| f.fix.as_ref()).flat_map(|fix| &fix.edits);
    let mut files: Vec<SourceId> = edits.map(|edit| edit.span.source).collect();
    files.sort_unstable();
    files.dedup();
    let generated = |name: &str| {
        let mut inputs = report.deployment.inputs.iter();
        inputs.any(|i| {
            use InputKind as K;
            i.path == name
                && matches!(i.kind, K::TerraformPlan | K::TerraformState | K::CdkAssembly | K::AuthorizationDetails)
        })
    };
    let files = files.into_iter().filter_map(|id| {
        let file = report.sources.get(id);
        if generated(file.name()) {
            return None;
        }
        let (after, count) = fix::apply(file.text(), id, counting());
        (count > 0).then(|| (file.name().to_owned(), file.text().to_owned(), after, count))
    });
    files.collect()
}

fn make_fixes(report: &Report<'_>) -> Result<String, Failure> {
    let mut made = 0;
    for (name, _, after, count) in fixed_files(report) {
        if !std::path::Path::new(&name).is_file() {
            continue;
        }
        output::write_file(std::path::Path::new(&name), &after)?;
        made += count;
    }
    let made = if made == 1 { "1 fix".to_owned() } else { format!("{made} fixes") };
    Ok(format!("{made} made; run again to see what is left"))
}

/// Both versions of a file with the lines that hold secrets as reports show them. Fixes change no such line.
fn without_secrets(report: &Report<'_>, name: &str, before: String, after: String) -> (String, String) {
    let edits = report.counting().filter_map(|f| f.finding.fix.as_ref()).flat_map(|fix| &fix.edits);
    let mut files = edits.map(|edit| report.sources.get(edit.span.source));
    let Some(file) = files.find(|file| file.name() == name) else { return (before, after) };
    let shown = file.shown_text();
    let lines = before.lines().zip(shown.lines()).filter(|(written, shown)| written != shown);
    let secret: std::collections::HashMap<&str, &str> = lines.collect();
    if secret.is_empty() {
        return (before, after);
    }
    let mask = |text: &str| -> String {
        text.split_inclusive('\n')
            .map(|line| {
                let bare = line.trim_end_matches(['\n', '\r']);
                secret.get(bare).map_or(line.to_owned(), |shown| format!("{shown}{}", &line[bare.len()..]))
            })
            .collect()
    };
    (mask(&before), mask(&after))
}

/// The changed lines of each file, with the lines that they replace.
pub(super) fn show_fixes(report: &Report<'_>) -> Result<(), Failure> {
    let mut text = String::new();
    for (name, before, after, _) in fixed_files(report) {
        let (before, after) = without_secrets(report, &name, before, after);
        text.push_str(&format!("--- {name}\n+++ {name}\n"));
        for hunk in super::diff::hunks(&before, &after) {
            text.push_str(&hunk);
        }
    }
    output::print(&inert(&text, Medium::Text))
}
