//! Reports: one writer a file, all of the same [`Report`]. What lives here: the report itself, its tally, and the
//! places of findings as people read them. Text that comes from an input is data: [`escape`] has one function for each
//! medium.

pub mod access;
mod access_picture;
mod analyzer;
mod asff;
mod aws;
mod concise;
pub mod escape;
mod events;
mod excerpt;
mod github;
mod gitlab;
pub mod graph;
mod html;
mod json;
mod junit;
pub mod markdown;
mod place;
mod rule;
mod sarif;
mod source_lines;
mod target;
mod terminal;
pub mod who_can;

use std::io::{self, Write};
use std::time::Duration;

use escape::workflow_command::{Inert, Medium};
pub use json::location_json;
pub use place::{Place, policy_ids};
pub use target::Target;
pub use terminal::TerminalStyle;

use crate::analysis::custom_check::CheckResult;
use crate::catalog::Catalog;
use crate::checks::timing::CheckTiming;
pub(crate) use crate::finding::counted;
pub use crate::finding::printable_line;
use crate::finding::suppression::{SuppressedBy, Suppression};
use crate::finding::{Finding, FindingType};
use crate::model::{Deployment, Policy, PolicyStatus};
use crate::source::Sources;

/// The forms a report can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// Findings with source excerpts, for people
    Terminal,
    /// One line a finding: `path:line:col: CODE message`
    Concise,
    /// One JSON object, with the schema of docs/report.schema.json
    Json,
    /// The shape of the AWS validators' own report
    Aws,
    /// GitHub workflow commands: annotations of the changed files
    Github,
    /// SARIF 2.1.0, for GitHub code scanning
    Sarif,
    /// JUnit XML, for the test reports of CodeBuild and other pipelines
    Junit,
    /// GitLab's Code Quality report
    Gitlab,
    /// Findings for AWS Security Hub, a line for each call of BatchImportFindings; needs the account and the Region
    Asff,
    /// Events in the shape that Access Analyzer sends to Amazon EventBridge, one a line; needs the account and the Region
    Events,
    /// A summary for a pull-request comment or a step summary
    Markdown,
    /// One page for a browser: findings with their lines, and who gets what access
    Html,
}

impl Format {
    /// Whether it can't be written without the account and the Region of the deployment.
    pub fn needs_target(self) -> bool {
        matches!(self, Format::Asff | Format::Events)
    }

    /// What it is made of; nothing for the workflow commands themselves.
    fn medium(self) -> Option<Medium> {
        match self {
            Format::Terminal | Format::Concise | Format::Junit => Some(Medium::Text),
            Format::Json | Format::Aws | Format::Sarif | Format::Gitlab | Format::Asff | Format::Events => {
                Some(Medium::Json)
            }
            Format::Markdown | Format::Html => Some(Medium::Markup),
            Format::Github => None,
        }
    }
}

/// What a run found.
#[derive(Debug)]
pub struct Report<'a> {
    /// The command that made it.
    pub command: &'static str,
    /// The day of the service data.
    pub service_data: &'a str,
    /// The service data.
    pub catalog: &'a Catalog,
    /// What was analysed.
    pub deployment: &'a Deployment,
    /// The texts of the inputs.
    pub sources: &'a Sources,
    /// The findings, suppressed ones included, in the order of the inputs and of the places in them.
    pub findings: Vec<ReportedFinding>,
    /// The results of custom policy checks, in the order of the policies.
    pub checks: Vec<CheckResult>,
    /// Unused access in the shape of the Access Analyzer API, if it was looked for.
    pub unused_access: Option<serde_json::Value>,
    /// External access in the shape of the Access Analyzer API, if it was looked for.
    pub external_access: Option<serde_json::Value>,
    /// `internalAccess` of the JSON report.
    pub internal_access: Option<serde_json::Value>,
    /// Privilege escalation, if it was looked for.
    pub escalations: Option<serde_json::Value>,
    /// What principals can do to resources that nobody has named, if it was looked for.
    pub risks: Option<serde_json::Value>,
    /// The access that changes against an earlier version, if one was given.
    pub access: Option<serde_json::Value>,
    /// Where the deployment goes, and when.
    pub target: Target,
    /// How many files a search passed over because they are no input of ours.
    pub passed_over: usize,
    /// Remarks about the run itself, such as a rule that suppressed nothing.
    pub notices: Vec<String>,
    /// Whether the run ends well.
    pub passes: bool,
    /// What each step took, if that was asked for.
    pub timings: Vec<(String, Duration)>,
    /// What each check took over all policies, the slowest first; for the terminal alone.
    pub check_timings: Vec<CheckTiming>,
}

/// A finding and what becomes of it.
#[derive(Debug)]
pub struct ReportedFinding {
    /// The finding.
    pub finding: Finding,
    /// True if it makes the run fail.
    pub blocking: bool,
    /// Why it does not count, if so.
    pub suppressed: Option<Suppression>,
    /// What tells it from others, run after run.
    pub fingerprint: String,
}

/// How many of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Policies whose documents are known.
    pub analysed: usize,
    /// Policies that hold unknown values.
    pub partly: usize,
    /// Policies whose documents are not known.
    pub not_analysable: usize,
    /// Findings that count, in the order of [`FindingType::ALL`].
    pub by_type: [usize; 4],
    /// Those of them that block.
    pub blocking: usize,
    /// Findings that a rule names: of `--ignore-finding`, the configuration, comments, metadata.
    pub suppressed: usize,
    /// Findings of the baseline.
    pub baselined: usize,
}

impl Summary {
    /// All policies.
    pub fn policies(&self) -> usize {
        self.analysed + self.partly + self.not_analysable
    }

    /// All findings that count.
    pub fn findings(&self) -> usize {
        self.by_type.iter().sum()
    }
}

/// What a writer needs to know beyond the report.
#[derive(Clone, Debug)]
pub struct WriteOptions {
    /// How the terminal form looks.
    pub style: TerminalStyle,
    /// Findings and errors only.
    pub quiet: bool,
    /// Suppressed findings and notices too.
    pub verbose: bool,
    /// For paths relative to it in GitHub's annotations: the repository's root.
    pub workspace: Option<std::path::PathBuf>,
    /// Where the files can be read, for Markdown.
    pub links: markdown::Links,
}

impl Report<'_> {
    /// Writes the report in a form.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write(&self, format: Format, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
        // A step of a workflow may print any of them, and its runner obeys lines that look like commands.
        let Some(medium) = format.medium() else { return self.write_as(format, options, out) };
        let mut inert = Inert::new(out, medium);
        self.write_as(format, options, &mut inert)?;
        inert.finish()
    }

    fn write_as(&self, format: Format, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Terminal => terminal::write(self, options, out),
            Format::Concise => concise::write(self, options, out),
            Format::Json => json::write(self, options, out),
            Format::Aws => aws::write(self, out),
            Format::Github => github::write(self, options, out),
            Format::Sarif => sarif::write(self, options, out),
            Format::Junit => junit::write(self, options, out),
            Format::Gitlab => gitlab::write(self, options, out),
            Format::Html => html::write(self, options, out),
            Format::Asff => asff::write(self, options, out),
            Format::Events => events::write(self, options, out),
            Format::Markdown => {
                let mut text = Vec::new();
                json::write(self, options, &mut text)?;
                let report: serde_json::Value = serde_json::from_slice(&text)?;
                out.write_all(markdown::render(&report, &options.links, markdown::SUMMARY_LIMIT).as_bytes())
            }
        }
    }

    /// The policies that the inputs define.
    pub fn own_policies(&self) -> impl Iterator<Item = (usize, &Policy)> {
        self.deployment.policies.iter().enumerate().filter(|(_, p)| p.is_own)
    }

    /// The findings that count.
    pub fn counting(&self) -> impl Iterator<Item = &ReportedFinding> {
        self.findings.iter().filter(|f| f.suppressed.is_none())
    }

    /// The tally.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for (_, policy) in self.own_policies() {
            match policy.status() {
                PolicyStatus::Analysed => summary.analysed += 1,
                PolicyStatus::Partly => summary.partly += 1,
                PolicyStatus::NotAnalysable => summary.not_analysable += 1,
            }
        }
        for found in &self.findings {
            match found.suppressed.as_ref().map(|s| s.by) {
                Some(SuppressedBy::Baseline) => summary.baselined += 1,
                Some(_) => summary.suppressed += 1,
                None => {
                    summary.blocking += usize::from(found.blocking);
                    if let Some(i) = FindingType::ALL.iter().position(|t| *t == found.finding.finding_type) {
                        summary.by_type[i] += 1;
                    }
                }
            }
        }
        summary
    }

    /// The policy of a finding.
    pub fn policy_of(&self, finding: &Finding) -> Option<&Policy> {
        finding.policy.and_then(|id| self.deployment.policies.get(id.0))
    }

    /// The path of the input that a finding belongs to.
    pub fn input_of(&self, finding: &Finding) -> Option<&str> {
        let policy = self.policy_of(finding)?;
        self.deployment.inputs.get(policy.input.0).map(|i| i.path.as_str())
    }

    /// The page about a finding's code in this project's documentation.
    pub fn learn_more(finding: &Finding) -> String {
        format!("docs/checks/{}.md", finding.code.to_ascii_lowercase().replace('_', "-"))
    }
}
