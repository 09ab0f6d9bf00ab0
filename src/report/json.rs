//! The JSON report: one object, whose schema is `docs/report.schema.json`. Policies are written straight from their
//! trees, so a large report costs no second copy of them.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::place::{RepositoryPaths, policy_ids};
use super::source_lines::SourceTexts;
use super::{Place, Report, ReportedFinding, WriteOptions};
use crate::analysis::custom_check::CheckResult;
use crate::finding::suppression::Suppression;
use crate::finding::{FindingType, Fix, Location};
use crate::model::{
    Input, InputKind, ManagedPolicyRef, PolicyStatus, Principal, PrincipalEntityKind, Problem, ResourceRef,
};
use crate::policy::{PolicyPath, PolicyType};
use crate::source::{Node, NodeKind, Position, Sources, Span};

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let ids = policy_ids(report.deployment);
    let paths = RepositoryPaths::new(options.workspace.as_deref());
    let mut texts = SourceTexts::of_report(report);
    let with_principals = report.command == "parse";
    let view = ReportView {
        schema_version: "1",
        tool: Tool {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            service_data: report.service_data,
        },
        command: report.command,
        result: if report.passes { "PASS" } else { "FAIL" },
        inputs: report.deployment.inputs.iter().enumerate().map(|(i, input)| input_view(report, i, input)).collect(),
        policies: policies(report, &ids),
        principals: with_principals
            .then(|| report.deployment.principals.iter().map(|p| principal_view(report, &ids, p)).collect()),
        findings: report.findings.iter().map(|f| finding_view(report, &ids, &paths, &mut texts, f)).collect(),
        checks: report.checks.iter().map(|c| check_view(&ids, c)).collect(),
        external_access: report.external_access.as_ref(),
        internal_access: report.internal_access.as_ref(),
        escalations: report.escalations.as_ref(),
        risks: report.risks.as_ref(),
        unused_access: report.unused_access.as_ref(),
        access: report.access.as_ref(),
        summary: summary(report),
        notices: &report.notices,
        timings: report
            .timings
            .iter()
            .map(|(step, took)| TimingView { step, microseconds: took.as_micros() as u64 })
            .collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &view)?;
    writeln!(out)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReportView<'a> {
    schema_version: &'static str,
    tool: Tool<'a>,
    command: &'a str,
    result: &'static str,
    inputs: Vec<InputView<'a>>,
    policies: Vec<PolicyView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principals: Option<Vec<PrincipalView<'a>>>,
    findings: Vec<FindingView<'a>>,
    checks: Vec<CheckView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_access: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    internal_access: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    escalations: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risks: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unused_access: Option<&'a serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<&'a serde_json::Value>,
    summary: SummaryView,
    notices: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    timings: Vec<TimingView<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tool<'a> {
    name: &'static str,
    version: &'static str,
    service_data: &'a str,
}

#[derive(Serialize)]
struct InputView<'a> {
    path: &'a str,
    kind: InputKind,
    /// `analysed`, `partly` (an error, and policies all the same) or `failed`.
    status: &'static str,
    error: Option<ProblemView<'a>>,
    notices: Vec<ProblemView<'a>>,
}

#[derive(Serialize)]
struct ProblemView<'a> {
    message: Cow<'a, str>,
    location: Option<PlaceView>,
    help: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyView<'a> {
    id: &'a str,
    input: &'a str,
    resource: &'a ResourceRef,
    attached_to: &'a [ResourceRef],
    name: &'a str,
    policy_type: PolicyType,
    resource_type: Option<&'a str>,
    status: PolicyStatus,
    gaps: Vec<ProblemView<'a>>,
    when: Option<String>,
    location: Option<PlaceView>,
    document: Option<Document<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PrincipalView<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    resource_type: &'a str,
    input: Option<&'a str>,
    kind: PrincipalEntityKind,
    name: String,
    arn: String,
    policies: Vec<&'a str>,
    managed_policies: Vec<ManagedPolicyView<'a>>,
    trust_policy: Option<&'a str>,
    permissions_boundary: Option<ManagedPolicyView<'a>>,
    groups: &'a [ResourceRef],
    when: Option<String>,
}

#[derive(Serialize)]
struct ManagedPolicyView<'a> {
    arn: String,
    /// The policy of this report, when an input defines it.
    policy: Option<&'a str>,
    /// The document of an AWS managed policy.
    document: Option<serde_json::Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindingView<'a> {
    issue_code: &'a str,
    finding_type: FindingType,
    title: &'a str,
    message: &'a str,
    blocking: bool,
    suppressed: Option<&'a Suppression>,
    policy: Option<&'a str>,
    resource: Option<&'a ResourceRef>,
    when: Option<String>,
    /// The file of the primary location, from the repository's root.
    repository_path: String,
    locations: Vec<LocationView<'a>>,
    excerpt: Option<ExcerptView>,
    evidence: Evidence<'a>,
    fix: Option<FixView<'a>>,
    fingerprint: &'a str,
    learn_more: String,
}

#[derive(Serialize)]
struct CheckView<'a> {
    check: &'static str,
    policy: Option<&'a str>,
    result: &'static str,
    message: String,
    reasons: serde_json::Value,
    witness: serde_json::Value,
}

#[derive(Serialize)]
struct LocationView<'a> {
    #[serde(flatten)]
    place: PlaceView,
    path: &'a PolicyPath,
    label: Option<&'a str>,
}

#[derive(Serialize)]
struct PlaceView {
    file: String,
    start: Option<PositionView>,
    end: Option<PositionView>,
}

#[derive(Serialize)]
struct PositionView {
    line: usize,
    column: usize,
    offset: usize,
}

/// The evidence as the analysis gives it; a finding that has none has no witness.
#[derive(Serialize)]
#[serde(untagged)]
enum Evidence<'a> {
    Given(&'a serde_json::Value),
    None { witness: () },
}

#[derive(Serialize)]
struct FixView<'a> {
    description: &'a str,
    edits: Vec<EditView<'a>>,
    changes: Vec<ChangeView>,
}

/// The lines that a fix changes, in one file.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeView {
    repository_path: String,
    first_line: usize,
    before: Vec<String>,
    after: Vec<String>,
}

/// The lines of the primary location and those around it, secrets hidden.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExcerptView {
    first_line: usize,
    lines: Vec<String>,
}

#[derive(Serialize)]
struct EditView<'a> {
    #[serde(flatten)]
    place: PlaceView,
    replacement: &'a str,
}

#[derive(Serialize)]
struct SummaryView {
    policies: PolicySummary,
    findings: serde_json::Map<String, serde_json::Value>,
    blocking: usize,
    suppressed: usize,
    baselined: usize,
    #[serde(rename = "passedOver")]
    passed_over: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicySummary {
    analysed: usize,
    partly: usize,
    not_analysable: usize,
}

#[derive(Serialize)]
struct TimingView<'a> {
    step: &'a str,
    microseconds: u64,
}

/// A location of a deployment as reports write it.
pub fn location_json(location: &Location, otherwise: Option<Span>, file: &str, sources: &Sources) -> serde_json::Value {
    let place = match location.span.or(otherwise) {
        Some(span) => Place::of(span, sources),
        None => Place { file: file.to_owned(), range: None },
    };
    let label = location.label.as_deref();
    serde_json::to_value(LocationView { place: place.into(), path: &location.path, label }).unwrap_or_default()
}

/// A place as reports write it.
pub(super) fn place_json(place: Place) -> serde_json::Value {
    serde_json::to_value(PlaceView::from(place)).unwrap_or_default()
}

/// The inputs of a run for reports that judge nothing: what each is, and what is wrong with it.
pub(super) fn plain_inputs(deployment: &crate::model::Deployment, sources: &Sources) -> serde_json::Value {
    let problem = |p: &Problem| {
        let place = p.span.map(|span| place_json(Place::of(span, sources)));
        serde_json::json!({"message": p.message, "location": place})
    };
    let one = |input: &Input| {
        serde_json::json!({
            "path": input.path,
            "kind": input.kind,
            "error": input.error.as_ref().map(problem),
            "notices": input.notices.iter().map(problem).collect::<Vec<_>>(),
        })
    };
    deployment.inputs.iter().map(one).collect()
}

impl From<Place> for PlaceView {
    fn from(place: Place) -> PlaceView {
        let position = |p: Position| PositionView { line: p.line, column: p.column, offset: p.offset };
        let (start, end) = place.range.unzip();
        PlaceView { file: place.file, start: start.map(position), end: end.map(position) }
    }
}

fn input_view<'a>(report: &Report<'a>, index: usize, input: &'a Input) -> InputView<'a> {
    let has_policies = || report.deployment.policies.iter().any(|p| p.input.0 == index);
    let status = match &input.error {
        None => "analysed",
        Some(_) if has_policies() => "partly",
        Some(_) => "failed",
    };
    let problem = |p| problem_view(report, &input.path, p);
    InputView {
        path: &input.path,
        kind: input.kind,
        status,
        error: input.error.as_ref().map(problem),
        notices: input.notices.iter().map(problem).collect(),
    }
}

fn problem_view<'a>(report: &Report<'a>, input: &str, problem: &'a Problem) -> ProblemView<'a> {
    let place = problem.span.map(|_| report.problem_place(input, problem).into());
    ProblemView {
        message: Cow::Borrowed(&problem.message),
        location: place,
        help: problem.help.as_deref().map(Cow::Borrowed),
    }
}

fn reason_view<'a>(report: &Report<'a>, input: &str, reason: Problem) -> ProblemView<'a> {
    let place = reason.span.map(|_| report.problem_place(input, &reason).into());
    ProblemView { message: reason.message.into(), location: place, help: reason.help.map(Cow::Owned) }
}

fn policies<'a>(report: &Report<'a>, ids: &'a [String]) -> Vec<PolicyView<'a>> {
    let deployment = report.deployment;
    let own = deployment.policies.iter().enumerate().filter(|(_, p)| p.is_own);
    own.map(|(index, policy)| {
        let input = deployment.inputs.get(policy.input.0).map_or("", |i| i.path.as_str());
        PolicyView {
            id: id_at(ids, index).unwrap_or_default(),
            input,
            resource: &policy.resource,
            attached_to: &policy.attached_to,
            name: &policy.name,
            policy_type: policy.policy_type,
            resource_type: policy.resource_type.as_deref(),
            status: policy.status(),
            gaps: policy.reasons().into_iter().map(|reason| reason_view(report, input, reason)).collect(),
            when: policy.when.as_ref().map(ToString::to_string),
            location: policy.span.map(|span| Place::of(span, report.sources).into()),
            document: policy.document.as_ref().map(|d| Document(d.root())),
        }
    })
    .collect()
}

fn principal_view<'a>(report: &Report<'a>, ids: &'a [String], principal: &'a Principal) -> PrincipalView<'a> {
    let id = |p: crate::model::PolicyId| id_at(ids, p.0);
    let managed = |m: &'a ManagedPolicyRef| ManagedPolicyView {
        arn: m.arn.display(),
        policy: m.policy.and_then(id),
        document: m
            .arn
            .as_str()
            .contains(":iam::aws:policy/")
            .then(|| crate::catalog::Catalog::embedded().managed_policy(m.arn.as_str()))
            .flatten()
            .and_then(|p| serde_json::from_str(p.document).ok()),
    };
    PrincipalView {
        id: &principal.id.id,
        resource_type: &principal.id.resource_type,
        input: report.deployment.inputs.get(principal.input.0).map(|i| i.path.as_str()),
        kind: principal.kind,
        name: principal.name.display(),
        arn: principal.arn.display(),
        policies: principal.policies.iter().filter_map(|p| id(*p)).collect(),
        managed_policies: principal.managed_policies.iter().map(managed).collect(),
        trust_policy: principal.trust_policy.and_then(id),
        permissions_boundary: principal.permissions_boundary.as_ref().map(managed),
        groups: &principal.groups,
        when: principal.when.as_ref().map(ToString::to_string),
    }
}

/// Lines before and after the place in an excerpt.
const CONTEXT: usize = 2;

fn finding_view<'a>(
    report: &Report<'a>,
    ids: &'a [String],
    paths: &RepositoryPaths,
    texts: &mut SourceTexts<'_>,
    found: &'a ReportedFinding,
) -> FindingView<'a> {
    let finding = &found.finding;
    let location = |l: &'a Location| LocationView {
        place: report.place(finding, l).into(),
        path: &l.path,
        label: l.label.as_deref(),
    };
    let policy_span = report.policy_of(finding).and_then(|p| p.span);
    let span = finding.locations.first().and_then(|l| l.span).or(policy_span);
    let lines = span.map(|span| texts.around(span, CONTEXT)).unwrap_or_default();
    let excerpt = lines.first().map(|first| first.number).map(|first_line| ExcerptView {
        first_line,
        lines: lines.into_iter().map(|l| format!("{}{}{}", l.before, l.marked, l.after)).collect(),
    });
    FindingView {
        issue_code: finding.code,
        finding_type: finding.finding_type,
        title: &finding.title,
        message: &finding.message,
        blocking: found.blocking,
        suppressed: found.suppressed.as_ref(),
        policy: finding.policy.and_then(|p| id_at(ids, p.0)),
        resource: finding.resource.as_ref(),
        when: finding.when.as_ref().map(ToString::to_string),
        repository_path: paths.of(&report.primary_place(finding).file),
        locations: finding.locations.iter().map(location).collect(),
        excerpt,
        evidence: finding.evidence.as_ref().map_or(Evidence::None { witness: () }, Evidence::Given),
        fix: finding.fix.as_ref().map(|f| fix_view(report, paths, texts, f)),
        fingerprint: &found.fingerprint,
        learn_more: Report::learn_more(finding),
    }
}

fn check_view<'a>(ids: &'a [String], result: &CheckResult) -> CheckView<'a> {
    CheckView {
        check: result.check.command(),
        policy: result.policy.and_then(|p| id_at(ids, p.0)),
        result: result.verdict.as_str(),
        message: result.message(),
        reasons: result.reasons_json(),
        witness: result.witness_json(),
    }
}

fn fix_view<'a>(
    report: &Report<'a>,
    paths: &RepositoryPaths,
    texts: &mut SourceTexts<'_>,
    fix: &'a Fix,
) -> FixView<'a> {
    let edits = fix.edits.iter();
    let edits = edits
        .map(|e| EditView { place: Place::of(e.span, report.sources).into(), replacement: &e.replacement })
        .collect();
    let changes = texts.changes(&fix.edits).into_iter();
    let changes = changes.map(|change| ChangeView {
        repository_path: paths.of(&change.file),
        first_line: change.first_line,
        before: change.before,
        after: change.after,
    });
    FixView { description: &fix.description, edits, changes: changes.collect() }
}

fn summary(report: &Report<'_>) -> SummaryView {
    let summary = report.summary();
    let types = FindingType::ALL.iter().zip(summary.by_type);
    SummaryView {
        policies: PolicySummary {
            analysed: summary.analysed,
            partly: summary.partly,
            not_analysable: summary.not_analysable,
        },
        findings: types.map(|(t, n)| (t.as_str().to_owned(), n.into())).collect(),
        blocking: summary.blocking,
        suppressed: summary.suppressed,
        baselined: summary.baselined,
        passed_over: report.passed_over,
    }
}

fn id_at(ids: &[String], index: usize) -> Option<&str> {
    ids.get(index).map(String::as_str)
}

/// A resolved document, written from its tree: unknown parts as `${name}`.
struct Document<'a>(&'a Node);

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0.kind {
            NodeKind::Null => serializer.serialize_unit(),
            NodeKind::Bool(b) => serializer.serialize_bool(*b),
            NodeKind::Number(n) => match serde_json::from_str::<serde_json::Number>(n) {
                Ok(number) => number.serialize(serializer),
                Err(_) => serializer.serialize_str(n),
            },
            NodeKind::String(text) => serializer.collect_str(text),
            NodeKind::Sequence(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                items.iter().try_for_each(|item| list.serialize_element(&Document(item)))?;
                list.end()
            }
            NodeKind::Mapping(map) => {
                let mut object = serializer.serialize_map(Some(map.len()))?;
                map.iter().try_for_each(|e| object.serialize_entry(&e.key.display(), &Document(&e.value)))?;
                object.end()
            }
        }
    }
}
