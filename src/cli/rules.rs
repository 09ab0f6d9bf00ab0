//! `rules`: the organisation's own rules. `list` names rules, `show` prints a pack to start from, `view` prints what
//! rules read of inputs, `test` runs unit tests.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Args, Subcommand, ValueEnum};
use serde_json::json;

use super::options::{InputOptions, JudgementOptions, OutputOptions};
use super::{Failure, Outcome, config, output, pipeline};
use crate::analysis::external_access;
use crate::catalog::Catalog;
use crate::finding::Location;
use crate::guard::{Context, Fact, GuardError, RuleFile, packs, read_rules, unit_test, view};
use crate::model::Deployment;
use crate::policy::PolicyPath;
use crate::report::escape::workflow_command::{Medium, inert};
use crate::report::graph::{GraphReport, Selection};
use crate::report::{counted, location_json, policy_ids};
use crate::source::Sources;

/// The organisation's own rules.
#[derive(Debug, Subcommand)]
pub(super) enum Rules {
    /// List rules: those of the packs that come with the program, or of files
    List(List),
    /// Print a pack, to make it one's own
    Show(Show),
    /// Print the JSON view of inputs that rules read
    View(Box<ViewCommand>),
    /// Run the unit tests of rule files
    Test(Test),
}

/// List rules.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Rule files, folders of them, or packs (`pack:NAME`) [default: all packs]
    #[arg(value_name = "RULES")]
    rules: Vec<String>,

    /// The form of the list
    #[arg(long, value_enum, default_value = "text", value_name = "FORMAT")]
    format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ListFormat {
    /// A line a rule
    Text,
    /// A JSON array
    Json,
}

/// Print a pack.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The name that `rules list` gives
    pack: String,
}

/// Print the view of inputs.
#[derive(Debug, Args)]
pub(super) struct ViewCommand {
    #[command(flatten)]
    input: InputOptions,

    /// The rules that are to read it: `covers` speaks of the actions that they name
    #[arg(long, value_name = "FILE|FOLDER|pack:NAME")]
    rules: Vec<String>,
}

/// Run the unit tests of rule files.
#[derive(Debug, Args)]
pub(super) struct Test {
    /// Rule files, or folders of them; their tests are in the folder `tests` beside them
    #[arg(value_name = "FILE|FOLDER", required = true)]
    rules: Vec<PathBuf>,

    /// Fail if a rule has no case for one of PASS, FAIL and SKIP
    #[arg(long, action = ArgAction::SetTrue)]
    complete: bool,
}

impl Rules {
    pub(super) fn run(self) -> Result<Outcome, Failure> {
        match self {
            Rules::List(command) => command.run(),
            Rules::Show(command) => command.run(),
            Rules::View(command) => command.run(),
            Rules::Test(command) => command.run(),
        }
    }
}

fn failure(error: GuardError) -> Failure {
    let help = match &error {
        GuardError::NoPack(_) => Some(format!("packs: {}", packs::names().collect::<Vec<_>>().join(", "))),
        GuardError::Unreadable { path, .. } if packs::names().any(|name| name == path) => {
            Some(format!("the pack of that name is `{}{path}`", packs::PREFIX))
        }
        _ => None,
    };
    let failure = Failure::usage(error.to_string());
    match help {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}

/// Reads what `--rules` names.
pub(super) fn read(rules: &[String]) -> Result<Vec<RuleFile>, Failure> {
    let mut files = Vec::new();
    for given in rules {
        let read = match given.strip_prefix(packs::PREFIX) {
            Some(name) => packs::by_name(name),
            None => read_rules(Path::new(given)),
        };
        files.extend(read.map_err(failure)?);
    }
    Ok(files)
}

/// What the rules may ask about besides the deployment: computed only if one of them does.
pub(super) fn context<'a>(
    deployment: &Deployment,
    rules: &[RuleFile],
    policy_ids: &'a [String],
    options: &InputOptions,
    sources: &Sources,
    catalog: &Catalog,
) -> Context<'a> {
    let mut context = Context { policy_ids, external_access: Vec::new(), edges: Vec::new() };
    if rules.is_empty() || rules.iter().any(|r| r.reads("externalAccess")) {
        let zone = external_access::zone(options.account_id.as_deref(), &[], options.organization_id.as_deref());
        let found = external_access::analyse(deployment, &zone, catalog, |_| true).found;
        let json = external_access::report_json(&found, |access, location| {
            let policy = deployment.policies.get(access.policy.0);
            let input = policy.and_then(|p| deployment.inputs.get(p.input.0)).map_or("", |i| i.path.as_str());
            location_json(location, policy.and_then(|p| p.span), input, sources)
        });
        let facts = found.into_iter().zip(json.as_array().cloned().unwrap_or_default());
        context.external_access = facts
            .map(|(access, json)| Fact { json, policy: Some(access.policy), locations: access.locations })
            .collect();
    }
    if rules.is_empty() || rules.iter().any(|r| r.reads("edges")) {
        let graph = crate::graph::build(deployment, &Default::default(), catalog);
        let report = GraphReport {
            graph: &graph,
            selection: Selection::all(&graph),
            escalations: serde_json::Value::Null,
            deployment,
            sources,
            service_data: catalog.date(),
            notices: Vec::new(),
        };
        context.edges = report
            .edges()
            .into_iter()
            .filter_map(|(index, json)| {
                let edge = graph.graph.edge_weight(index)?;
                let location = Location { span: edge.span, path: PolicyPath::root(), label: None };
                Some(Fact { json, policy: edge.policy, locations: vec![location] })
            })
            .collect();
    }
    context
}

impl List {
    fn run(self) -> Result<Outcome, Failure> {
        let files = if self.rules.is_empty() { packs::all() } else { read(&self.rules)? };
        let rules = || files.iter().flat_map(|f| f.rules().iter().map(move |r| (f, r)));
        let text = match self.format {
            ListFormat::Text => {
                let width = rules().map(|(_, r)| r.name.len()).max().unwrap_or_default();
                let mut text = String::new();
                let mut last = "";
                for (file, rule) in rules() {
                    if file.name != last {
                        last = &file.name;
                        let _ = writeln!(text, "{last}");
                    }
                    let title = rule.title().unwrap_or_default();
                    let _ = writeln!(text, "  {:width$}  {:16}  {title}", rule.name, rule.finding_type.as_str());
                }
                let rules = counted(rules().count(), "rule", "rules");
                let _ = writeln!(text, "{rules} in {}", counted(files.len(), "file", "files"));
                text.lines().map(|line| format!("{}\n", output::printable(line.trim_end()))).collect()
            }
            ListFormat::Json => {
                let list: Vec<_> = rules()
                    .map(|(file, rule)| {
                        json!({
                            "rule": rule.name, "file": file.name, "line": rule.line,
                            "findingType": rule.finding_type.as_str(), "description": rule.comment,
                        })
                    })
                    .collect();
                inert(&format!("{:#}\n", serde_json::Value::Array(list)), Medium::Json)
            }
        };
        output::print(&text)?;
        Ok(Outcome::Passed)
    }
}

impl Show {
    fn run(self) -> Result<Outcome, Failure> {
        let files = packs::by_name(&self.pack).map_err(failure)?;
        for file in files {
            output::print(&file.text)?;
        }
        Ok(Outcome::Passed)
    }
}

impl ViewCommand {
    fn run(mut self) -> Result<Outcome, Failure> {
        let config = config::read(&self.input)?;
        config.complete(&mut self.input, &mut OutputOptions::default(), &mut JudgementOptions::default())?;
        let data = pipeline::ServiceData::of(&self.input)?;
        let catalog = data.catalog();
        let sources = Sources::new();
        let loaded = pipeline::load(&self.input, &sources, catalog)?;
        let files = read(&self.rules)?;
        let ids = policy_ids(&loaded.deployment);
        let context = context(&loaded.deployment, &files, &ids, &self.input, &sources, catalog);
        let rules: Vec<&RuleFile> = files.iter().collect();
        let view = view::View::new(&loaded.deployment, &context).json(&rules);
        output::print(&inert(&format!("{view:#}\n"), Medium::Json))?;
        let mut broken = false;
        for input in &loaded.deployment.inputs {
            if let Some(problem) = &input.error {
                broken = true;
                eprintln!("error: {}", output::printable(&format!("`{}`: {}", input.path, problem.message)));
            }
        }
        Ok(if broken { Outcome::BadInput } else { Outcome::Passed })
    }
}

impl Test {
    fn run(self) -> Result<Outcome, Failure> {
        let (mut held, mut failed, mut untested, mut files) = (0, 0, 0, 0);
        let mut text = String::new();
        for path in &self.rules {
            for run in unit_test::run(path).map_err(failure)? {
                files += 1;
                for outcome in &run.outcomes {
                    if outcome.holds() {
                        held += 1;
                        continue;
                    }
                    failed += 1;
                    let found = outcome.actual.map_or("no rule of that name", |s| s.as_str());
                    let _ = writeln!(
                        text,
                        "{}:{}: {}: rule `{}`: expected {}, found {found}",
                        outcome.file,
                        outcome.line,
                        outcome.case,
                        outcome.rule,
                        outcome.expected.as_str()
                    );
                    for message in &outcome.messages {
                        let _ = writeln!(text, "    {message}");
                    }
                }
                for (rule, missing) in run.untested() {
                    untested += 1;
                    let missing: Vec<&str> = missing.iter().map(|s| s.as_str()).collect();
                    let _ = writeln!(text, "{}: rule `{rule}` has no case for {}", run.rules.name, missing.join(", "));
                }
            }
        }
        let _ = writeln!(
            text,
            "{} of {}: {held} as expected, {failed} not; {} not tested in full",
            counted(held + failed, "expectation", "expectations"),
            counted(files, "rule file", "rule files"),
            counted(untested, "rule", "rules"),
        );
        let text: String = text.lines().map(|line| format!("{}\n", output::printable(line))).collect();
        output::print(&text)?;
        let passed = failed == 0 && (untested == 0 || !self.complete);
        Ok(if passed { Outcome::Passed } else { Outcome::Blocked(1) })
    }
}
