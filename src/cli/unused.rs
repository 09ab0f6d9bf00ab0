//! `unused`: access that the evidence shows no use of.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::evidence::{EvidenceFiles, troubles};
use super::guardrails::levels;
use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Global, Outcome, config, output, pipeline};
use crate::activity::Timestamp;
use crate::activity::evidence::Evidence;
use crate::analysis::unused_access::{self, Detached, Settings, UnusedAccessReport};
use crate::catalog::Catalog;
use crate::finding::{Finding, fix};
use crate::logic::evaluate::PolicyKind;
use crate::model::Deployment;
use crate::policy::PolicyDocument;
use crate::report::{Format, counted, policy_ids};
use crate::source::{Sources, display_encoded};

/// Find roles, passwords, access keys and permissions that nobody uses, and the policies that would do.
///
/// With INPUT, its users and roles are judged by the evidence; without, those of the authorization details, or the users of
/// the credential report.
#[derive(Debug, Args)]
pub(super) struct UnusedCommand {
    #[command(flatten)]
    input: InputOptions,

    /// The output of `aws iam get-account-authorization-details`; several pages make one
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Evidence")]
    authorization_details: Vec<PathBuf>,

    /// The output of `aws iam get-credential-report`, or the CSV in it; that of `aws iam list-access-keys` for the ids of keys
    #[arg(long, value_name = "FILE", num_args = 1.., help_heading = "Evidence")]
    credential_report: Vec<PathBuf>,

    /// The outputs of `aws iam get-service-last-accessed-details`: files named after their users and roles, a folder of
    /// them, or ENTITY=FILE
    #[arg(
        long,
        value_name = "FILE|FOLDER",
        num_args = 1..,
        value_parser = super::evidence::last_accessed,
        help_heading = "Evidence"
    )]
    last_accessed: Vec<(Option<String>, PathBuf)>,

    /// CloudTrail's log files, or folders of them
    #[arg(long, value_name = "FOLDER", num_args = 1.., help_heading = "Evidence")]
    trail: Vec<PathBuf>,

    #[command(flatten)]
    settings: TrackingOptions,

    /// The organization's service control policies, one flag a level, from the root down: what they forbid does not count as
    /// granted
    #[arg(long, value_name = "FILE,…", help_heading = "Unused access")]
    scp: Vec<String>,

    /// Show the recommended policies as changes of the inputs
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Report")]
    diff: bool,

    #[command(flatten)]
    judgement: JudgementOptions,
    #[command(flatten)]
    output: OutputOptions,
}

/// What counts as unused.
#[derive(Clone, Debug, Args)]
pub(super) struct TrackingOptions {
    /// What was not used for this many days is unused
    #[arg(
        long,
        value_name = "DAYS",
        default_value_t = 90,
        value_parser = clap::value_parser!(u32).range(1..=365),
        help_heading = "Unused access"
    )]
    tracking_period: u32,

    /// Judge as of this time [default: the newest evidence]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Unused access")]
    as_of: Option<Timestamp>,

    /// Leave out users and roles with this tag; without a value, with any value of it
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag, help_heading = "Unused access")]
    exclude_tag: Vec<(String, String)>,

    /// Leave out users and roles by name, ARN or id; `*` and `?` are wildcards
    #[arg(long, value_name = "NAME", num_args = 1.., help_heading = "Unused access")]
    exclude: Vec<String>,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "expected a time such as 2026-09-26T12:00:00Z".to_owned())
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    if key.is_empty() || key.starts_with("aws:") || key.chars().count() > 128 || value.chars().count() > 256 {
        return Err("a key has 1 to 128 characters and does not begin with `aws:`, a value has up to 256".to_owned());
    }
    Ok((key.to_owned(), value.to_owned()))
}

impl TrackingOptions {
    pub(super) fn days(&self) -> u32 {
        self.tracking_period
    }

    fn settings(&self, service_control_policies: Vec<Vec<PolicyDocument>>) -> Settings {
        Settings {
            service_control_policies,
            tracking_period: self.tracking_period,
            as_of: self.as_of,
            exclude_tags: self.exclude_tag.clone(),
            exclude: self.exclude.clone(),
        }
    }
}

/// Judges a deployment by evidence: what was found, the same as findings, and remarks.
pub(super) fn judge(
    deployment: Option<&Deployment>,
    evidence: &Evidence,
    options: &TrackingOptions,
    service_control_policies: Vec<Vec<PolicyDocument>>,
    sources: &Sources,
    catalog: &Catalog,
) -> (UnusedAccessReport, Vec<Finding>) {
    let mut report = unused_access::analyse(deployment, evidence, &options.settings(service_control_policies), catalog);
    let own = deployment.or(evidence.details.as_ref().map(|d| &d.deployment));
    let (mut findings, detached) =
        own.map(|own| unused_access::findings(&report.found, own, options.tracking_period)).unwrap_or_default();
    if deployment.is_none() {
        // An export is no text for people to change.
        findings.iter_mut().for_each(|finding| finding.fix = None);
    } else {
        report.by_hand = by_hand(&detached, sources);
        report.notices.extend(report.by_hand.clone());
    }
    fix::settle_each(&mut findings, sources);
    (report, findings)
}

/// Policies that are to be detached, and that no certain change of the inputs detaches.
fn by_hand(detached: &[Detached], sources: &Sources) -> Option<String> {
    let left = detached.iter().filter(|d| d.edit.as_ref().is_none_or(|edit| !fix::is_certain(edit, sources)));
    let mut names: Vec<String> =
        left.map(|d| format!("`{}` of `{}`", d.policy, display_encoded(&d.holder.id))).collect();
    names.dedup();
    let count = counted(names.len(), "policy", "policies");
    let more = if names.len() > NAMED { ", …" } else { "" };
    names.truncate(NAMED);
    (!names.is_empty())
        .then(|| format!("nothing of {count} is used, to be detached by hand: {}{more}", names.join(", ")))
}

/// Policies that are named in a notice.
const NAMED: usize = 5;

impl UnusedCommand {
    pub(super) fn run(mut self, global: &Global) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        config.complete(&mut self.input, &mut self.output, &mut self.judgement)?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let files = EvidenceFiles {
            authorization_details: self.authorization_details,
            credential_reports: self.credential_report,
            last_accessed: self.last_accessed,
            trails: self.trail,
            passed_over: 0,
        };
        let sources = Sources::new();
        let scps = levels(&self.scp, PolicyKind::ServiceControl, &sources)?;
        let has_inputs = !self.input.inputs.is_empty();
        let mut loaded = match has_inputs {
            true => pipeline::load(&self.input, &sources, catalog)?,
            false => {
                pipeline::start_threads(self.input.jobs)?;
                pipeline::Loaded {
                    found: Vec::new(),
                    deployment: Deployment::default(),
                    passed_over: 0,
                    notices: Vec::new(),
                    took: Duration::ZERO,
                    target: pipeline::target(&self.input),
                }
            }
        };
        let mut evidence = files.read(&sources, catalog, self.input.jobs, global);
        let (troubles, broken) = troubles(&evidence);
        if evidence.is_empty() && broken == 0 {
            return Err(Failure::usage("there is no evidence of use")
                .with_help("give `--authorization-details`, `--credential-report`, `--last-accessed` or `--trail`"));
        }
        if !has_inputs && evidence.details.is_none() {
            loaded.deployment = unused_access::users_of(&evidence);
            if loaded.deployment.principals.is_empty() && broken == 0 {
                return Err(Failure::usage("there are no users or roles to judge")
                    .with_help("give INPUT, `--authorization-details` or `--credential-report`"));
            }
        }
        let own = (has_inputs || evidence.details.is_none()).then_some(&loaded.deployment);
        let (found, findings) = judge(own, &evidence, &self.settings, scps, &sources, catalog);
        if own.is_none()
            && let Some(details) = &mut evidence.details
        {
            loaded.deployment = std::mem::take(&mut details.deployment);
        }
        loaded.notices.extend(troubles);
        loaded.notices.extend(found.notices.iter().cloned());
        loaded.notices.push(summary(&found, self.settings.tracking_period));
        let mut report = pipeline::report("unused", &loaded, &sources, catalog, findings, &self.judgement, &config)?;
        report.unused_access = Some(unused_access::report_json(&found.found, &policy_ids(&loaded.deployment)));
        let mut outcome = pipeline::outcome(&report, &self.judgement);
        if broken > 0 {
            outcome = Outcome::BadInput;
        }
        report.passes = outcome == Outcome::Passed;
        if let Some(path) = &self.judgement.write_baseline {
            output::write_file(path, &pipeline::baseline_of(&report).to_text())?;
        }
        if self.diff {
            super::validate::show_fixes(&report)?;
            if let Some(note) = found.by_hand.filter(|_| !global.quiet) {
                eprintln!("note: {}", output::printable(&note));
            }
            return Ok(outcome);
        }
        output::write_reports(&report, &self.output, Format::Terminal, global)?;
        Ok(outcome)
    }
}

/// What was judged, in a sentence.
pub(super) fn summary(found: &UnusedAccessReport, days: u32) -> String {
    let judged = counted(found.judged, "user or role", "users and roles");
    let excluded = match found.excluded {
        0 => String::new(),
        excluded => format!(", {excluded} excluded"),
    };
    match found.as_of {
        Some(as_of) => format!("{judged} judged{excluded}, for {days} days before {as_of}"),
        None => format!("{judged} judged{excluded}"),
    }
}
