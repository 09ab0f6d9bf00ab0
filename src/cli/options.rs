//! The options that all analysing commands share, by their names in `--help`. What is not given here may come from
//! the configuration file (`config`).

use std::path::PathBuf;

use clap::{ArgAction, Args, ValueEnum};

use super::Failure;
use crate::finding::FindingType;
use crate::policy::PolicyType;
use crate::report::Format;

/// What to read, and what is known about the deployment.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct InputOptions {
    /// Files, folders, globs, or `-` for standard input
    #[arg(value_name = "INPUT", required = true)]
    pub inputs: Vec<String>,

    /// The type of bare policy documents [default: told by content]
    #[arg(long, value_enum, ignore_case = true, value_name = "TYPE", help_heading = "Policy documents")]
    pub policy_type: Option<PolicyTypeName>,

    /// The CloudFormation type of the resource that bare resource policies protect, such as AWS::S3::Bucket
    #[arg(long, value_name = "TYPE", help_heading = "Policy documents")]
    pub resource_type: Option<String>,

    /// The Region to deploy to
    #[arg(long, value_name = "REGION", help_heading = "Deployment")]
    pub region: Option<String>,

    /// The account to deploy to
    #[arg(long, value_name = "ID", value_parser = account_id, help_heading = "Deployment")]
    pub account_id: Option<String>,

    /// The partition to deploy to: aws, aws-cn, aws-us-gov, …
    #[arg(long, value_name = "PARTITION", help_heading = "Deployment")]
    pub partition: Option<String>,

    /// The organization of the account
    #[arg(long, value_name = "ID", help_heading = "Deployment")]
    pub organization_id: Option<String>,

    /// The stack's name
    #[arg(long, value_name = "NAME", help_heading = "Deployment")]
    pub stack_name: Option<String>,

    /// Values of template parameters and input variables
    #[arg(long, value_name = "KEY=VALUE", num_args = 1.., value_parser = key_value, help_heading = "Deployment")]
    pub parameters: Vec<(String, String)>,

    /// A file with parameter values, in any of the three formats that AWS tools read
    #[arg(long, visible_alias = "parameter-file", value_name = "FILE", help_heading = "Deployment")]
    pub template_configuration_file: Option<PathBuf>,

    /// A JSON map of export names to values, for Fn::ImportValue
    #[arg(long, value_name = "FILE", help_heading = "Deployment")]
    pub exports: Option<PathBuf>,

    /// A JSON map of parameter names to values, for dynamic references and SSM parameter types
    #[arg(long, value_name = "FILE", help_heading = "Deployment")]
    pub ssm: Option<PathBuf>,

    /// The folder of a plan's Terraform sources [default: the plan's folder]
    #[arg(long, value_name = "FOLDER", help_heading = "Deployment")]
    pub source_dir: Option<PathBuf>,

    /// Resource types whose policies are left out, such as AWS::KMS::Key or aws_kms_key
    #[arg(long, value_name = "TYPE,…", value_delimiter = ',')]
    pub exclude_resource_types: Vec<String>,

    /// Newer service data than the embedded
    #[arg(long, value_name = "FILE")]
    pub service_data: Option<PathBuf>,

    /// The largest input that is read, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub max_input_size: u32,

    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N")]
    pub jobs: Option<usize>,

    /// The configuration file [default: .iam-preflight.yaml of this folder or the nearest above it in the repository]
    #[arg(long, value_name = "FILE", conflicts_with = "no_config")]
    pub config: Option<PathBuf>,

    /// Read no configuration file
    #[arg(long, action = ArgAction::SetTrue)]
    pub no_config: bool,
}

/// What to write.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct OutputOptions {
    /// The form of the report on standard output [default: terminal]
    #[arg(long, value_enum, value_name = "FORMAT", help_heading = "Report")]
    pub format: Option<Format>,

    /// A further report in a file (repeatable)
    #[arg(long, value_name = "FORMAT=FILE", value_parser = format_and_file, help_heading = "Report")]
    pub output: Vec<(Format, PathBuf)>,
}

impl OutputOptions {
    /// Whether the forms can be written, once the options are complete.
    pub(super) fn check(&self, input: &InputOptions) -> Result<(), Failure> {
        for (i, (_, file)) in self.output.iter().enumerate() {
            if self.output.iter().take(i).any(|(_, earlier)| earlier == file) {
                return Err(Failure::usage(format!("two reports are to be written to `{}`", file.display())));
            }
        }
        let mut forms = self.output.iter().map(|(format, _)| *format).chain(self.format);
        match forms.find(|format| format.needs_target()) {
            Some(format) if input.account_id.is_none() || input.region.is_none() => {
                let name = format.to_possible_value().map(|v| v.get_name().to_owned()).unwrap_or_default();
                Err(Failure::usage(format!("the account and the Region of the deployment are part of `{name}`"))
                    .with_help("give `--account-id` and `--region`"))
            }
            _ => Ok(()),
        }
    }
}

/// What counts.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct JudgementOptions {
    /// The types of finding that make the run fail [default: ERROR,SECURITY_WARNING]
    #[arg(
        long,
        value_name = "TYPE,…|NONE",
        value_delimiter = ',',
        value_enum,
        ignore_case = true,
        help_heading = "Judgement"
    )]
    pub treat_finding_type_as_blocking: Vec<BlockingType>,

    /// Findings to leave out of account: by code, by resource, or by both
    #[arg(long, value_name = "CODE|RESOURCE|RESOURCE.CODE,…", help_heading = "Judgement")]
    pub ignore_finding: Vec<String>,

    /// Findings that were there before and don't count
    #[arg(long, value_name = "FILE", help_heading = "Judgement")]
    pub baseline: Option<PathBuf>,

    /// Write the findings of this run as a baseline
    #[arg(long, value_name = "FILE", help_heading = "Judgement")]
    pub write_baseline: Option<PathBuf>,

    /// Fail with exit code 3 if no policy was analysed
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Judgement")]
    pub require_policies: bool,

    /// Fail if a policy is analysed in part only or not at all
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Judgement")]
    pub fail_on_unknown: bool,

    /// The exit code for blocking findings [default: 1]
    #[arg(long, value_name = "N", help_heading = "Judgement")]
    pub findings_exit_code: Option<u8>,

    /// Run the checks beyond those of IAM Access Analyzer, too
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Judgement")]
    pub strict: bool,

    /// Say what each step took and, in the terminal's report, each check over all policies
    #[arg(long, action = ArgAction::SetTrue, help_heading = "Report")]
    pub timings: bool,
}

/// [`PolicyType`] by the names of the Access Analyzer API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(clippy::enum_variant_names, reason = "the names are those of the API")]
pub(super) enum PolicyTypeName {
    /// Attached to users, groups and roles
    IdentityPolicy,
    /// Attached to resources; role trust policies, too
    ResourcePolicy,
    /// SCP
    ServiceControlPolicy,
    /// RCP
    ResourceControlPolicy,
}

impl From<PolicyTypeName> for PolicyType {
    fn from(name: PolicyTypeName) -> PolicyType {
        match name {
            PolicyTypeName::IdentityPolicy => PolicyType::IdentityPolicy,
            PolicyTypeName::ResourcePolicy => PolicyType::ResourcePolicy,
            PolicyTypeName::ServiceControlPolicy => PolicyType::ServiceControlPolicy,
            PolicyTypeName::ResourceControlPolicy => PolicyType::ResourceControlPolicy,
        }
    }
}

/// A type of finding that blocks, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum BlockingType {
    /// Errors
    Error,
    /// Security warnings
    SecurityWarning,
    /// Warnings
    Warning,
    /// Suggestions
    Suggestion,
    /// Nothing blocks
    None,
}

impl BlockingType {
    pub(super) fn finding_type(self) -> Option<FindingType> {
        match self {
            BlockingType::Error => Some(FindingType::Error),
            BlockingType::SecurityWarning => Some(FindingType::SecurityWarning),
            BlockingType::Warning => Some(FindingType::Warning),
            BlockingType::Suggestion => Some(FindingType::Suggestion),
            BlockingType::None => None,
        }
    }
}

/// Twelve digits.
pub(super) fn account_id(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an account id has twelve digits".to_owned())
    }
}

/// The id by which S3 knows an account.
pub(super) fn canonical_user_id(text: &str) -> Result<String, String> {
    if text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a canonical user id has 64 hexadecimal digits".to_owned())
    }
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected KEY=VALUE; inputs stand before `--parameters`, or after `--`".to_owned()),
    }
}

fn format_and_file(text: &str) -> Result<(Format, PathBuf), String> {
    match text.split_once('=') {
        Some((format, file)) if !file.is_empty() => Ok((Format::from_str(format, true)?, PathBuf::from(file))),
        _ => Err("expected FORMAT=FILE, such as `json=report.json`".to_owned()),
    }
}
