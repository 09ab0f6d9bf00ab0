//! From inputs to a report: read and load, check in parallel, suppress, order.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rayon::prelude::*;

use super::config::Config;
use super::inputs;
use super::options::{BlockingType, InputOptions, JudgementOptions};
use super::{Failure, Outcome};
use crate::activity::Timestamp;
use crate::analysis::custom_check::CustomCheck;
use crate::analysis::risk::Category;
use crate::analysis::{escalation, external_access, internal_access, unused_access};
use crate::catalog::Catalog;
use crate::checks::timing::CheckTimings;
use crate::checks::{self, CheckOrigin};
use crate::finding::suppression::{self, Baseline, BaselineEntry, IgnoreRule, SuppressedBy, Suppressions};
use crate::finding::{Finding, FindingType, fingerprint, fix};
use crate::model::{Deployment, InputKind, Policy, PolicyId, PolicyStatus};
use crate::report::{Report, ReportedFinding, Target, policy_ids};
use crate::source::{Limits, SourceId, Sources};
use crate::template::{FoundInput, LoadContext, LoadOptions, load_all, load_before_plans};

/// From this many policies on, checking is shared between threads.
const WORTH_THREADS: usize = 32;

/// Bytes of a single input up to which no threads are started. It holds fewer policies than [`WORTH_THREADS`].
const SMALL_INPUT: usize = 4 << 10;

/// The inputs of a run, loaded.
#[derive(Debug)]
pub(super) struct Loaded {
    /// The texts, as they were found.
    pub found: Vec<FoundInput>,
    /// Everything in them.
    pub deployment: Deployment,
    /// Files of a search that are none of ours.
    pub passed_over: usize,
    /// Remarks about the search.
    pub notices: Vec<String>,
    /// How long reading and loading took.
    pub took: Duration,
    /// Where it is deployed to, as far as the options say.
    pub target: Target,
}

/// The service data of a run.
#[derive(Debug)]
pub(super) enum ServiceData {
    /// That of the binary.
    Embedded,
    /// That of `--service-data`.
    File(Box<Catalog>),
}

impl ServiceData {
    pub(super) fn of(options: &InputOptions) -> Result<ServiceData, Failure> {
        match &options.service_data {
            None => Ok(ServiceData::Embedded),
            Some(path) => match Catalog::read(path) {
                Ok(catalog) => Ok(ServiceData::File(Box::new(catalog))),
                Err(error) => Err(Failure::usage(format!("service data `{}`: {error}", path.display()))),
            },
        }
    }

    pub(super) fn catalog(&self) -> &Catalog {
        match self {
            ServiceData::Embedded => Catalog::embedded(),
            ServiceData::File(catalog) => catalog,
        }
    }
}

/// Starts the threads of this process, if they aren't, each with room for the recursion that the readers' limit of
/// nesting allows.
pub(super) fn start_threads(jobs: Option<usize>) -> Result<(), Failure> {
    static STARTED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    if STARTED.swap(true, std::sync::atomic::Ordering::Relaxed) {
        return Ok(());
    }
    match jobs {
        Some(0) => Err(Failure::usage("`--jobs` is at least 1")),
        // Zero lets rayon count the cores.
        jobs => rayon::ThreadPoolBuilder::new()
            .num_threads(jobs.unwrap_or(0))
            .stack_size(super::STACK)
            .build_global()
            .map_err(|e| Failure::usage(format!("could not start threads: {e}"))),
    }
}

/// True if the inputs are enough to start threads for: starting them costs more than a small file does.
fn worth_threads(found: &[FoundInput], sources: &Sources) -> bool {
    let size = |input: &FoundInput| match input {
        FoundInput::Text(candidate) => sources.get(candidate.source).text().len(),
        FoundInput::Unreadable { .. } => 0,
    };
    found.len() > 1 || found.iter().map(size).sum::<usize>() > SMALL_INPUT
}

/// Reads and loads all inputs.
pub(super) fn load(options: &InputOptions, sources: &Sources, catalog: &Catalog) -> Result<Loaded, Failure> {
    let start = Instant::now();
    let limits = limits(options);
    let found = inputs::find(&options.inputs, sources, &limits);
    if options.jobs.is_some() || worth_threads(&found.inputs, sources) {
        start_threads(options.jobs)?;
    }
    let load_options = load_options(options)?;
    let ctx = LoadContext { sources, catalog, options: &load_options, limits: &limits };
    let mut loaded = load_all(&found.inputs, ctx);
    exclude(&mut loaded.deployment, &options.exclude_resource_types);
    let plans = loaded.deployment.inputs.iter().any(|i| i.kind == InputKind::TerraformPlan);
    let mut notices = Vec::new();
    if found.terraform_source && !plans {
        notices.push(
            "Terraform sources are read beside a plan: `terraform show -json plan.bin > plan.json`, and give plan.json"
                .to_owned(),
        );
    }
    let passed_over = loaded.passed_over + found.passed_over;
    let took = start.elapsed();
    let target = target(options);
    Ok(Loaded { found: found.inputs, deployment: loaded.deployment, passed_over, notices, took, target })
}

/// Where the deployment goes, as far as the options say. The time is the clock's, unless `SOURCE_DATE_EPOCH` is set, by
/// which reports become the same run after run.
pub(super) fn target(options: &InputOptions) -> Target {
    let fixed = std::env::var("SOURCE_DATE_EPOCH").ok().and_then(|seconds| seconds.parse().ok());
    Target {
        account_id: options.account_id.clone(),
        region: options.region.clone(),
        partition: options.partition.clone(),
        stack_name: options.stack_name.clone(),
        time: fixed.map_or_else(Timestamp::now, Timestamp),
    }
}

/// What was deployed before the plans among the inputs, by their own account of it.
pub(super) fn load_before(
    options: &InputOptions,
    found: &[FoundInput],
    sources: &Sources,
    catalog: &Catalog,
) -> Result<Deployment, Failure> {
    let limits = limits(options);
    let load_options = load_options(options)?;
    Ok(load_before_plans(found, LoadContext { sources, catalog, options: &load_options, limits: &limits }))
}

/// The bounds of what is read.
pub(super) fn limits(options: &InputOptions) -> Limits {
    Limits { bytes: (options.max_input_size as usize) << 20, ..Limits::default() }
}

fn load_options(options: &InputOptions) -> Result<LoadOptions, Failure> {
    let mut parameters = BTreeMap::new();
    if let Some(path) = &options.template_configuration_file {
        let file = crate::template::cloudformation::read_parameter_file(&read_file(path)?)
            .map_err(|problem| Failure::usage(format!("`{}`: {}", path.display(), problem.message)))?;
        parameters.extend(file);
    }
    parameters.extend(options.parameters.iter().cloned());
    let map = |path: &Option<std::path::PathBuf>| path.as_deref().map(string_map).transpose();
    Ok(LoadOptions {
        region: options.region.clone(),
        account_id: options.account_id.clone(),
        partition: options.partition.clone(),
        organization_id: options.organization_id.clone(),
        stack_name: options.stack_name.clone(),
        parameters,
        exports: map(&options.exports)?.unwrap_or_default(),
        ssm: map(&options.ssm)?.unwrap_or_default(),
        source_dir: options.source_dir.clone(),
        policy_type: options.policy_type.map(Into::into),
        resource_type: options.resource_type.as_deref().map(Into::into),
    })
}

pub(super) fn read_file(path: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(path).map_err(|e| Failure::usage(format!("`{}`: {e}", path.display())))
}

/// A JSON object of strings; other scalars count as they are written.
fn string_map(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let wrong = |what: String| Failure::usage(format!("`{}`: {what}", path.display()));
    let text = read_file(path)?;
    let map: BTreeMap<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|e| wrong(format!("expected a JSON object of names and values: {e}")))?;
    map.into_iter()
        .map(|(name, value)| match value {
            serde_json::Value::String(value) => Ok((name, value)),
            serde_json::Value::Number(_) | serde_json::Value::Bool(_) => Ok((name, value.to_string())),
            _ => Err(wrong(format!("the value of `{}` is not a string", name.escape_debug()))),
        })
        .collect()
}

/// Policies of excluded resource types stay in their places, since principals refer to them by position, but are
/// neither checked nor reported.
fn exclude(deployment: &mut Deployment, types: &[String]) {
    if types.is_empty() {
        return;
    }
    let excluded = |policy: &Policy| {
        let of = std::iter::once(&policy.resource.resource_type);
        let mut of = of.chain(policy.resource_type.as_ref());
        of.any(|t| types.iter().any(|e| e.trim().eq_ignore_ascii_case(t)))
    };
    deployment.policies.iter_mut().filter(|p| excluded(p)).for_each(|p| p.is_own = false);
}

/// Checks every policy that the inputs define. The order is that of the policies, and within one of the places.
pub(super) fn check(
    deployment: &Deployment,
    sources: &Sources,
    catalog: &Catalog,
    strict: bool,
    timings: Option<&CheckTimings>,
) -> Vec<Finding> {
    let one = |(index, policy): (usize, &Policy)| -> Vec<Finding> {
        let mut findings = check_policy(deployment, policy, sources, catalog, strict, timings);
        for finding in &mut findings {
            finding.policy = Some(PolicyId(index));
            finding.resource = Some(policy.resource.clone());
            finding.when = policy.when.clone();
        }
        findings.sort_by_cached_key(|f| {
            let first = f.locations.first();
            (first.and_then(|l| l.span), first.map(|l| l.path.clone()), f.code)
        });
        fix::settle(&mut findings, sources);
        findings
    };
    let own: Vec<(usize, &Policy)> = deployment.policies.iter().enumerate().filter(|(_, p)| p.is_own).collect();
    if own.len() >= WORTH_THREADS {
        own.into_par_iter().map(one).collect::<Vec<_>>().into_iter().flatten().collect()
    } else {
        own.into_iter().flat_map(one).collect()
    }
}

fn check_policy(
    deployment: &Deployment,
    policy: &Policy,
    sources: &Sources,
    catalog: &Catalog,
    strict: bool,
    timings: Option<&CheckTimings>,
) -> Vec<Finding> {
    // The text of a bare document counts, for its syntax and its size.
    let file = bare_document(deployment, policy).map(|source| (source, sources.get(source)));
    match &file {
        Some((source, file)) if policy.document.is_none() => {
            let resource_type = policy.resource_type.as_deref();
            let text = file.text();
            checks::validate_text_timed(*source, text, policy.policy_type, resource_type, catalog, strict, timings)
        }
        _ => checks::check_policy_timed(policy, file.as_ref().map(|(_, f)| f.text()), catalog, strict, timings),
    }
}

/// Holds the deployment to the organisation's own rules.
#[cfg(feature = "guard")]
pub(super) fn check_rules(
    loaded: &Loaded,
    rules: &[String],
    options: &InputOptions,
    sources: &Sources,
    catalog: &Catalog,
) -> Result<Vec<Finding>, Failure> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let files = super::rules::read(rules)?;
    let ids = crate::report::policy_ids(&loaded.deployment);
    let context = super::rules::context(&loaded.deployment, &files, &ids, options, sources, catalog);
    crate::guard::check(&loaded.deployment, &files, &context).map_err(|e| Failure::usage(e.to_string()))
}

/// The source of a policy that is a file of its own, in JSON.
fn bare_document(deployment: &Deployment, policy: &Policy) -> Option<SourceId> {
    let input = deployment.inputs.get(policy.input.0)?;
    let is_yaml = [".yaml", ".yml"].iter().any(|end| input.path.ends_with(end));
    let is_bare = input.kind == InputKind::PolicyDocument && !is_yaml;
    policy.span.filter(|_| is_bare).map(|span| span.source)
}

/// Makes the report of findings: which count, which block.
pub(super) fn report<'a>(
    command: &'static str,
    loaded: &'a Loaded,
    sources: &'a Sources,
    catalog: &'a Catalog,
    findings: Vec<Finding>,
    judgement: &JudgementOptions,
    config: &Config,
) -> Result<Report<'a>, Failure> {
    let deployment = &loaded.deployment;
    let mut notices = loaded.notices.clone();
    let reported = if command == "parse" {
        Vec::new()
    } else {
        judge(command, loaded, sources, findings, judgement, config, &mut notices)?
    };
    let report = Report {
        command,
        service_data: catalog.date(),
        catalog,
        deployment,
        sources,
        findings: reported,
        checks: Vec::new(),
        external_access: None,
        internal_access: None,
        escalations: None,
        risks: None,
        access: None,
        unused_access: None,
        target: loaded.target.clone(),
        passed_over: loaded.passed_over,
        notices,
        passes: true,
        timings: Vec::new(),
        check_timings: Vec::new(),
    };
    Ok(report)
}

/// Tells what becomes of each finding.
fn judge(
    command: &str,
    loaded: &Loaded,
    sources: &Sources,
    findings: Vec<Finding>,
    judgement: &JudgementOptions,
    config: &Config,
    notices: &mut Vec<String>,
) -> Result<Vec<ReportedFinding>, Failure> {
    let deployment = &loaded.deployment;
    let folder = repository_or_current_folder();
    let fingerprints = fingerprint::fingerprints(&findings, deployment, |path| relative_path(path, &folder));
    let baseline = match &judgement.baseline {
        Some(path) => Some(
            Baseline::read(&read_file(path)?)
                .map_err(|e| Failure::usage(format!("baseline `{}`: {e}", path.display())))?,
        ),
        None => None,
    };
    let inline = suppression::collect(deployment, sources);
    notices.extend(inline.notices);
    let given = judgement.ignore_finding.iter().flat_map(|list| IgnoreRule::list(list));
    let rules = inline.rules.into_iter().chain(given).chain(config.ignore.iter().cloned()).collect();
    let ids = policy_ids(deployment);
    let base = config.path_base();
    let run = suppression::Run {
        deployment,
        sources,
        policy_ids: &ids,
        path: &|path| relative_path(path, base.as_deref().unwrap_or(&folder)),
        codes: &codes(command, judgement.strict),
        today: &today(),
    };
    let judged = Suppressions { rules, baseline }.judge(&findings, &fingerprints, run);
    notices.extend(judged.notices);
    let blocking = blocking_types(&judgement.treat_finding_type_as_blocking);
    let reported = findings.into_iter().zip(fingerprints).zip(judged.suppressed);
    let reported = reported.map(|((finding, fingerprint), suppressed)| {
        let blocking = suppressed.is_none() && blocking.contains(&finding.finding_type);
        ReportedFinding { finding, blocking, suppressed, fingerprint }
    });
    Ok(reported.collect())
}

/// All issue codes, each with whether a command looks for it.
fn codes(command: &str, strict: bool) -> Vec<(&'static str, bool)> {
    let validates = command == "validate";
    let checks = checks::registry().map(|c| (c.code, validates && (strict || c.origin == CheckOrigin::AccessAnalyzer)));
    let custom = CustomCheck::ALL.iter().map(|c| (c.code(), command == c.command()));
    let unused = unused_access::UnusedAccessCode::ALL.iter().map(|k| (k.code, command == "unused"));
    let others = [
        (external_access::CODE, validates || command == "external-access"),
        (escalation::CODE, false),
        (internal_access::CODE, false),
        ("GUARD_RULE", false),
    ];
    let risks = Category::ALL.iter().map(|c| (c.code(), false));
    checks.chain(custom).chain(unused).chain(others).chain(risks).collect()
}

/// What the run ends with. An input that could not be read is more than a finding: nobody knows what is in it.
pub(super) fn outcome(report: &Report<'_>, judgement: &JudgementOptions) -> Outcome {
    let summary = report.summary();
    let unknown = report.own_policies().any(|(_, p)| p.status() != PolicyStatus::Analysed);
    if report.deployment.inputs.iter().any(|i| i.error.is_some()) {
        Outcome::BadInput
    } else if summary.blocking > 0 || (judgement.fail_on_unknown && unknown) {
        Outcome::Blocked(judgement.findings_exit_code.unwrap_or(1))
    } else if judgement.require_policies && summary.analysed + summary.partly == 0 {
        Outcome::NothingAnalysed
    } else {
        Outcome::Passed
    }
}

/// The findings of a report as a baseline; those that a rule ignores are not in it.
pub(super) fn baseline_of(report: &Report<'_>) -> Baseline {
    let folder = repository_or_current_folder();
    let in_it = |f: &&ReportedFinding| f.suppressed.as_ref().is_none_or(|s| s.by == SuppressedBy::Baseline);
    Baseline::of(report.findings.iter().filter(in_it).map(|found| BaselineEntry {
        path: Some(relative_path(&report.primary_place(&found.finding).file, &folder)).filter(|p| !p.is_empty()),
        resource: found.finding.resource.as_ref().map(|r| r.id.to_string()),
        code: found.finding.code.to_owned(),
        fingerprint: found.fingerprint.clone(),
    }))
}

fn blocking_types(given: &[BlockingType]) -> Vec<FindingType> {
    if given.is_empty() {
        return vec![FindingType::Error, FindingType::SecurityWarning];
    }
    given.iter().filter_map(|t| t.finding_type()).collect()
}

/// The repository's root; outside a repository, the current folder. Paths from there are the same wherever in the
/// repository a run is started.
pub(super) fn repository_or_current_folder() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&here).to_owned()
}

/// The root that paths in reports are relative to: the folder that the pipeline (GitHub, GitLab, CodeBuild) names, else
/// the repository.
pub(super) fn workspace() -> PathBuf {
    let named = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR", "CODEBUILD_SRC_DIR"].iter().filter_map(std::env::var_os);
    let given = named.map(PathBuf::from).find(|folder| !folder.as_os_str().is_empty());
    given.unwrap_or_else(repository_or_current_folder)
}

/// A path from a folder, however it was given, with `/` between its names.
pub(super) fn relative_path(path: &str, folder: &Path) -> String {
    let mut names: Vec<std::ffi::OsString> = Vec::new();
    let absolute = std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(path));
    for component in absolute.components() {
        match component {
            Component::ParentDir => drop(names.pop()),
            other => names.push(other.as_os_str().to_owned()),
        }
    }
    let absolute: PathBuf = names.iter().collect();
    let relative = absolute.strip_prefix(folder).unwrap_or(Path::new(path));
    relative.strip_prefix("./").unwrap_or(relative).display().to_string().replace('\\', "/")
}

/// Today's date in UTC, `YYYY-MM-DD`, by the proleptic Gregorian calendar's cycle of 400 years.
fn today() -> String {
    let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
    date_of_day((seconds / 86_400) as i64)
}

/// The date of a day counted from 1970-01-01.
fn date_of_day(day: i64) -> String {
    // Days from 0000-03-01, so that a leap day is the last of its year.
    let days = day + 719_468;
    let (era, in_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_in_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_in_era + year_in_era / 4 - year_in_era / 100);
    let shifted_month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_in_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(date_of_day(0), "1970-01-01");
        assert_eq!(date_of_day(11_016), "2000-02-29");
        assert_eq!(date_of_day(20_780), "2026-11-23");
    }
}
