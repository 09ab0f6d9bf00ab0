//! `generate-policy`: a policy from what a principal did.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::options::InputOptions;
use super::progress::Bar;
use super::{Failure, Global, Outcome, output, pipeline};
use crate::activity::generate::{
    Generated, Generation, ResourceMode, UnknownResources, as_cloudformation, as_terraform, document, generate,
};
use crate::activity::query::{Dialect, Query};
use crate::activity::usage::Troubles;
use crate::activity::{Activity, Options, PrincipalKey, PrincipalSelector, Timestamp, collect, log_file};
use crate::catalog::Catalog;
use crate::report::escape::terminal::is_unprintable;
use crate::report::escape::workflow_command::{Medium, inert};
use crate::source::Sources;

/// Make a policy from the events of a user or role in CloudTrail's logs
///
/// Log files are read from files and folders, as CloudTrail lays them out or not, compressed or not: JSON, and results of
/// queries (`--print-sql`) as CSV or Parquet. What can't be read or mapped is counted and listed; if any file or record could not be read,
/// the exit code is 2, after the policy has been printed.
#[derive(Debug, Args)]
pub(super) struct GeneratePolicy {
    /// The inputs are only looked at for the principal's logical id or address
    #[command(flatten)]
    input: InputOptions,

    /// The user or role: its ARN, the ARN of a session of the role, its name, or, with INPUT, its logical id or address there
    #[arg(long, value_name = "ARN|NAME|ADDRESS")]
    principal: String,

    /// Log files of CloudTrail, result files of queries, and folders of them
    #[arg(long, value_name = "PATH", num_args = 1.., required_unless_present = "print_sql", help_heading = "Evidence")]
    trail: Vec<PathBuf>,

    /// Events from this time on: `2026-09-26` or `2026-09-26T12:00:00Z`
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Evidence")]
    from: Option<Timestamp>,

    /// Events up to this time; a day counts as a whole
    #[arg(long, value_name = "TIME", value_parser = end, conflicts_with = "days", help_heading = "Evidence")]
    to: Option<Timestamp>,

    /// Events of this many days: from `--from` on, or the last before the newest log file
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=3650), help_heading = "Evidence")]
    days: Option<u32>,

    /// Leave out calls that were denied
    #[arg(long, help_heading = "Evidence")]
    skip_denied: bool,

    /// Use data events, too
    #[arg(long, help_heading = "Evidence")]
    data_events: bool,

    /// Resources of the events, their shared beginnings where there are many, or ARN formats to be filled in
    #[arg(long, value_enum, default_value = "exact", value_name = "MODE", help_heading = "Policy")]
    resources: Resources,

    /// What stands for resources that events don't name
    #[arg(long, value_enum, default_value = "wildcard", value_name = "MODE", help_heading = "Policy")]
    unknown_resources: Unknown,

    /// Separate statements for actions that read and actions that change
    #[arg(long, help_heading = "Policy")]
    split_access: bool,

    /// Write actions that read with wildcards where there are many (`s3:Get*`)
    #[arg(long, help_heading = "Policy")]
    wildcard_actions: bool,

    /// Print the policy alone, in this form, instead of the JSON report
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<PolicyFormat>,

    /// Read nothing: print a query for Amazon Athena or CloudTrail Lake, whose result, as CSV or Parquet, is an input of `--trail`
    #[arg(long, value_enum, value_name = "ENGINE", conflicts_with_all = ["trail", "format"])]
    print_sql: Option<Engine>,

    /// The table of `--print-sql`: Athena's table of the logs, or the id of the event data store
    #[arg(long, value_name = "NAME", requires = "print_sql")]
    table: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Resources {
    /// The resources of the events
    Exact,
    /// Shared beginnings
    Generalised,
    /// ARN formats
    Placeholders,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Unknown {
    /// The ARN format with `*`
    Wildcard,
    /// The ARN format with `${…}`, to be filled in
    Placeholder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PolicyFormat {
    /// The report, with the policies in it
    Json,
    /// The policy document; an array of them if there are several
    Policy,
    /// A template with a managed policy
    Cloudformation,
    /// Configuration with a managed policy
    Terraform,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Engine {
    /// Amazon Athena
    Athena,
    /// AWS CloudTrail Lake
    CloudtrailLake,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).ok_or_else(|| "expected a time such as `2026-09-26` or `2026-09-26T12:00:00Z`".to_owned())
}

fn end(text: &str) -> Result<Timestamp, String> {
    let end = time(text)?;
    let is_day = text.len() == "2026-09-26".len();
    Ok(if is_day { Timestamp(end.days_after(1).0 - 1) } else { end })
}

impl GeneratePolicy {
    pub(super) fn run(self, global: &Global) -> Result<Outcome, Failure> {
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let selector = self.selector(catalog)?;
        if let Some(engine) = self.print_sql {
            return self.print_query(engine, selector);
        }
        let (from, to) = self.period();
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            return Err(Failure::usage("the period ends before it begins"));
        }
        let options = Options {
            principal: Some(selector.clone()),
            from,
            to,
            skip_denied: self.skip_denied,
            data_events: self.data_events,
            resources: true,
            jobs: self.input.jobs.unwrap_or(0),
        };
        let bar = Bar::new(global);
        let activity = collect(&self.trail, &options, catalog, &bar);
        bar.finish();
        report_troubles(&activity.coverage.troubles, global);
        let (key, used) = one_principal(&activity, &selector, &self.principal)?;
        let generation = self.generation();
        let generated = generate(catalog, key, used, &activity.coverage, generation);
        self.print(&generated, &activity, key, global)?;
        Ok(if activity.coverage.troubles.is_empty() { Outcome::Passed } else { Outcome::BadInput })
    }

    /// The principal that is meant; with inputs, one of theirs by its logical id or address, if there is one.
    fn selector(&self, catalog: &Catalog) -> Result<PrincipalSelector, Failure> {
        if !self.input.inputs.is_empty() {
            let sources = Sources::new();
            let loaded = pipeline::load(&self.input, &sources, catalog)?;
            if let Some(principal) = loaded.deployment.principals.iter().find(|p| p.id.id == self.principal.as_str()) {
                let key = principal.arn.known().and_then(PrincipalKey::of_arn);
                return match (key, principal.name.known()) {
                    (Some(key), _) => Ok(PrincipalSelector::Key(key)),
                    (None, Some(name)) => Ok(PrincipalSelector::Name(name.into())),
                    (None, None) => {
                        let message = format!("the name of `{}` is made at deployment", self.principal);
                        Err(Failure::usage(message).with_help("give the ARN or the name that it was given then"))
                    }
                };
            }
        }
        PrincipalSelector::parse(&self.principal).map_err(|message| {
            let help = "give the ARN or the name of an IAM user or role, or the ARN of a role's session";
            Failure::usage(message).with_help(help)
        })
    }

    fn generation(&self) -> Generation {
        Generation {
            resources: match self.resources {
                Resources::Exact => ResourceMode::Exact,
                Resources::Generalised => ResourceMode::Generalised,
                Resources::Placeholders => ResourceMode::Placeholders,
            },
            unknown: match self.unknown_resources {
                Unknown::Wildcard => UnknownResources::Wildcard,
                Unknown::Placeholder => UnknownResources::Placeholder,
            },
            split_access: self.split_access,
            wildcard_actions: self.wildcard_actions,
        }
    }

    fn period(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match (self.days, self.from) {
            (Some(days), Some(from)) => (Some(from), Some(Timestamp(from.days_after(days).0 - 1))),
            (Some(days), None) => {
                let newest = log_file::newest(&self.trail).unwrap_or_else(Timestamp::now);
                (Some(newest.days_before(days)), None)
            }
            (None, from) => (from, self.to),
        }
    }

    fn print_query(&self, engine: Engine, selector: PrincipalSelector) -> Result<Outcome, Failure> {
        let (from, to) = self.period();
        let dialect = match engine {
            Engine::Athena => Dialect::Athena,
            Engine::CloudtrailLake => Dialect::CloudTrailLake,
        };
        let query = Query { dialect, table: self.table.clone(), principal: Some(selector), from, to };
        output::print(&query.to_string())?;
        Ok(Outcome::Passed)
    }

    fn print(
        &self,
        generated: &Generated,
        activity: &Activity,
        key: &PrincipalKey,
        global: &Global,
    ) -> Result<(), Failure> {
        let Some(used) = activity.principals.get(key) else { return Ok(()) };
        let text = match self.format.unwrap_or(PolicyFormat::Json) {
            PolicyFormat::Json => pretty(&generated.to_json(used, &activity.coverage)),
            PolicyFormat::Policy => match generated.policies.as_slice() {
                [one] => pretty(&document(one)),
                all => pretty(&all.iter().map(|policy| document(policy)).collect::<Vec<_>>().into()),
            },
            PolicyFormat::Cloudformation => by_number(&as_cloudformation(&generated.policies, key)),
            PolicyFormat::Terraform => by_number(&as_terraform(&generated.policies, key)),
        };
        if self.format.is_some_and(|format| format != PolicyFormat::Json) && !global.quiet {
            for note in &generated.notes {
                eprintln!("note: {}", output::printable(note));
            }
        }
        // YAML and HCL read the numbers of characters between quotes as JSON does.
        output::print(&inert(&text, Medium::Json))
    }
}

/// YAML or HCL in which characters that a reader would not see are written by their numbers. Text of events stands between
/// quotes in both.
fn by_number(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match u32::from(c) {
            _ if c == '\n' || !is_unprintable(c) => out.push(c),
            number @ ..=0xFFFF => out.push_str(&format!("\\u{number:04x}")),
            number => out.push_str(&format!("\\U{number:08x}")),
        }
        out
    })
}

fn pretty(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}

/// The one principal that is meant and did something.
fn one_principal<'a>(
    activity: &'a Activity,
    selector: &PrincipalSelector,
    given: &str,
) -> Result<(&'a PrincipalKey, &'a crate::activity::PrincipalUse), Failure> {
    let mut found: Vec<_> = activity.principals.iter().filter(|(key, _)| selector.means(key)).collect();
    found.sort_by_key(|(key, _)| *key);
    let coverage = &activity.coverage;
    match found.as_slice() {
        [one] => Ok(*one),
        [] if coverage.files == 0 => {
            let skipped: Vec<String> =
                coverage.files_skipped.iter().map(|(why, count)| format!("{why}: {count}")).collect();
            let passed_over =
                if skipped.is_empty() { String::new() } else { format!(" (passed over: {})", skipped.join(", ")) };
            Err(Failure::usage(format!("there is no log file in what `--trail` names{passed_over}")))
        }
        [] => Err(Failure::usage(format!(
            "no event of `{given}` is among the {} events of {} files",
            coverage.events, coverage.files
        ))
        .with_help("the principal may be named otherwise, or the events be of another period or account")),
        several => {
            let arns: Vec<String> = several.iter().map(|(_, used)| format!("`{}`", used.arn)).collect();
            Err(Failure::usage(format!("several principals have the name `{given}`: {}", arns.join(", ")))
                .with_help("give the ARN of one"))
        }
    }
}

/// What could not be read, on standard error.
pub(super) fn report_troubles(troubles: &Troubles, global: &Global) {
    if troubles.is_empty() {
        return;
    }
    let shown = if global.verbose { usize::MAX } else { 10 };
    for trouble in troubles.described.iter().take(shown) {
        let place = match trouble.record {
            Some(record) => format!("`{}`, record {record}", trouble.file),
            None => format!("`{}`", trouble.file),
        };
        eprintln!("error: {}: {}", output::printable(&place), output::printable(&trouble.message));
    }
    eprintln!("error: {} files and {} records could not be read", troubles.files, troubles.records);
}
