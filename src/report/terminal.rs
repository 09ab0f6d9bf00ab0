//! Findings for people at a terminal: the code, the message, the source lines with labels, the resource, and a way to
//! learn more; then a tally that says what was checked, also when nothing was found.

use std::fmt;
use std::io::{self, Write};
use std::rc::Rc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, Severity, SourceCode};
use rustc_hash::FxHashMap;

use super::excerpt::{Excerpt, one_line};
use super::{Report, ReportedFinding, Summary, WriteOptions, counted};
use crate::analysis::custom_check::Verdict;
use crate::analysis::issue_code::IssueCode;
use crate::finding::{Finding, FindingType, Location};
use crate::model::{InputId, InputKind, PolicyStatus, Problem};
use crate::policy::PolicyType;
use crate::source::{SourceId, Span};

/// How the terminal form looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalStyle {
    /// Colours.
    pub color: bool,
    /// Characters beyond ASCII for lines and marks.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let resources = report.deployment.resources.iter();
    let construct_paths =
        resources.filter_map(|r| Some(((r.input, r.id.id.as_str()), r.construct_path.as_deref()?))).collect();
    let handler = handler(options.style);
    let mut writer = Writer { report, options, handler, excerpts: FxHashMap::default(), construct_paths };
    writer.inputs(out)?;
    for found in &report.findings {
        if found.suppressed.is_none() || options.verbose {
            writer.finding(found, out)?;
        }
    }
    if !options.quiet {
        writer.tally(out)?;
    }
    Ok(())
}

fn handler(style: TerminalStyle) -> GraphicalReportHandler {
    let theme = match (style.color, style.unicode) {
        (true, true) => GraphicalTheme::unicode(),
        (true, false) => GraphicalTheme::ascii(),
        (false, true) => GraphicalTheme::unicode_nocolor(),
        (false, false) => GraphicalTheme::none(),
    };
    GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_context_lines(1)
        .with_links(false)
        .without_syntax_highlighting()
        // ARNs are to be copied: they are not cut.
        .with_break_words(false)
        .with_word_separator(textwrap::WordSeparator::AsciiSpace)
        .with_word_splitter(textwrap::WordSplitter::NoHyphenation)
}

struct Writer<'a> {
    report: &'a Report<'a>,
    options: &'a WriteOptions,
    handler: GraphicalReportHandler,
    excerpts: FxHashMap<SourceId, Rc<Excerpt>>,
    /// Where the CDK's source has a resource, by input and logical id.
    construct_paths: FxHashMap<(InputId, &'a str), &'a str>,
}

/// What is shown, in the form that [`miette`] reads.
struct Shown {
    code: Option<String>,
    severity: Severity,
    message: String,
    help: String,
    excerpt: Option<Rc<Excerpt>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Shown>,
}

impl Writer<'_> {
    fn finding(&mut self, found: &ReportedFinding, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown(found);
        self.render(&shown, out)
    }

    fn render(&self, shown: &Shown, out: &mut dyn Write) -> io::Result<()> {
        let mut text = String::new();
        self.handler.render_report(&mut text, shown).map_err(io::Error::other)?;
        writeln!(out, "{}", text.trim_end())?;
        writeln!(out)
    }

    fn shown(&mut self, found: &ReportedFinding) -> Shown {
        let finding = &found.finding;
        let mut files: Vec<(SourceId, Vec<&Location>)> = Vec::new();
        let policy_span = self.report.policy_of(finding).and_then(|p| p.span);
        for location in &finding.locations {
            let Some(span) = location.span.or(policy_span) else { continue };
            match files.iter_mut().find(|(source, _)| *source == span.source) {
                Some((_, locations)) => locations.push(location),
                None => files.push((span.source, vec![location])),
            }
        }
        let mut files = files.into_iter();
        let (excerpt, labels) = match files.next() {
            Some((source, locations)) => self.labels(source, &locations, policy_span, true),
            None => (None, Vec::new()),
        };
        let related = files.filter_map(|(source, locations)| {
            let (excerpt, labels) = self.labels(source, &locations, policy_span, false);
            (!labels.is_empty()).then(|| Shown {
                code: None,
                severity: Severity::Advice,
                message: "see also".to_owned(),
                help: String::new(),
                excerpt,
                labels,
                related: Vec::new(),
            })
        });
        let related = related.collect();
        Shown {
            code: Some(heading(found)),
            severity: severity(found),
            message: one_line(&finding.message).into_owned(),
            help: self.help(found),
            excerpt,
            labels,
            related,
        }
    }

    /// The labels of the locations in one file. The file is a plan's own text where no source is at hand: it is not for
    /// reading, and may hold what the plan marks as sensitive, so it is named and not shown.
    fn labels(
        &mut self,
        source: SourceId,
        locations: &[&Location],
        policy_span: Option<Span>,
        primary: bool,
    ) -> (Option<Rc<Excerpt>>, Vec<LabeledSpan>) {
        if self.is_plan(source) {
            return (None, Vec::new());
        }
        let sources = self.report.sources;
        let excerpt = self.excerpts.entry(source).or_insert_with(|| Rc::new(Excerpt::new(sources.get(source))));
        let mut labels: Vec<LabeledSpan> = Vec::new();
        for (i, location) in locations.iter().enumerate() {
            let Some(span) = location.span.or(policy_span) else { continue };
            if i > 0 && excerpt.is_on_long_line(span) {
                continue;
            }
            let text = match &location.label {
                Some(label) => one_line(label).into_owned(),
                None => one_line(&location.path.to_string()).into_owned(),
            };
            let text = (!text.is_empty()).then_some(text);
            let at = excerpt.label(span);
            // Two places of one document can be one place of the source.
            if labels.iter().any(|l| *l.inner() == at) {
                continue;
            }
            labels.push(if primary && i == 0 {
                LabeledSpan::new_primary_with_span(text, at)
            } else {
                LabeledSpan::new_with_span(text, at)
            });
        }
        (Some(Rc::clone(excerpt)), labels)
    }

    fn is_plan(&self, source: SourceId) -> bool {
        let name = self.report.sources.get(source);
        let mut plans = self
            .report
            .deployment
            .inputs
            .iter()
            .filter(|i| matches!(i.kind, InputKind::TerraformPlan | InputKind::TerraformState));
        plans.any(|i| i.path == name.name())
    }

    fn help(&self, found: &ReportedFinding) -> String {
        let finding = &found.finding;
        let mut lines = Vec::new();
        lines.extend(self.resource_line(finding));
        if let Some(when) = &finding.when {
            lines.push(format!("when {}", one_line(&when.to_string())));
        }
        let shown = finding.locations.first().and_then(|l| l.span).is_some_and(|s| !self.is_plan(s.source));
        if !shown && let Some(location) = finding.locations.first() {
            let place = self.report.place(finding, location);
            let path = location.path.to_string();
            let at = if path.is_empty() { String::new() } else { format!(", {path}") };
            lines.push(format!("at {}{}", one_line(&place.short()), one_line(&at)));
        }
        if let Some(fix) = &finding.fix {
            lines.push(format!("fix: {}", one_line(&fix.description)));
        }
        if let Some(suppression) = &found.suppressed {
            lines.push(match &suppression.reason {
                Some(reason) => format!("suppressed: {}", one_line(reason)),
                None => "suppressed".to_owned(),
            });
        }
        if IssueCode::by_code(finding.code).is_some() {
            lines.push(format!("`{} explain {}` says more", env!("CARGO_PKG_NAME"), finding.code));
        }
        lines.join("\n")
    }

    /// `in OrdersQueuePolicy (AWS::SQS::QueuePolicy), PolicyDocument, attached to Orders`
    fn resource_line(&self, finding: &Finding) -> Option<String> {
        let resource = finding.resource.as_ref()?;
        let policy = self.report.policy_of(finding);
        if self.report.input_of(finding) == Some(resource.id.as_str()) {
            let policy = policy?;
            let of = policy.resource_type.as_deref().map_or(String::new(), |t| format!(" of {t}"));
            let kind = match policy.policy_type {
                PolicyType::IdentityPolicy => "an identity-based policy",
                PolicyType::ResourcePolicy => "a resource-based policy",
                PolicyType::ServiceControlPolicy => "a service control policy",
                PolicyType::ResourceControlPolicy => "a resource control policy",
            };
            return Some(format!("in {kind}{}", one_line(&of)));
        }
        let mut line = format!("in {} ({})", resource.id, resource.resource_type);
        if let Some(policy) = policy {
            line.push_str(", ");
            line.push_str(&policy.name);
            let attached: Vec<&str> =
                policy.attached_to.iter().filter(|r| **r != *resource).map(|r| r.id.as_str()).collect();
            match attached.as_slice() {
                [] => {}
                few @ ([_] | [_, _] | [_, _, _]) => line.push_str(&format!(", attached to {}", few.join(", "))),
                [first, rest @ ..] => line.push_str(&format!(", attached to {first} and {} more", rest.len())),
            }
        }
        let input = policy.map(|p| p.input);
        if let Some(path) = input.and_then(|input| self.construct_paths.get(&(input, resource.id.as_str()))) {
            line.push_str(&format!(", construct {path}"));
        }
        Some(one_line(&line).into_owned())
    }

    fn inputs(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let inputs = &self.report.deployment.inputs;
        for input in inputs {
            if let Some(problem) = &input.error {
                let shown = self.problem(problem, &input.path, Severity::Error);
                self.render(&shown, out)?;
            }
            for notice in input.notices.iter().filter(|_| !self.options.quiet) {
                let shown = self.problem(notice, &input.path, Severity::Advice);
                self.render(&shown, out)?;
            }
        }
        Ok(())
    }

    fn problem(&mut self, problem: &Problem, input: &str, severity: Severity) -> Shown {
        let (excerpt, labels) = match problem.span {
            Some(span) => {
                let location = Location { span: Some(span), path: Default::default(), label: Some("here".to_owned()) };
                self.labels(span.source, &[&location], None, true)
            }
            None => (None, Vec::new()),
        };
        let message = one_line(&problem.message).into_owned();
        let place = self.report.problem_place(input, problem).short();
        Shown {
            code: None,
            severity,
            message: if labels.is_empty() { format!("{}: {message}", one_line(&place)) } else { message },
            help: problem.help.as_deref().map(one_line).unwrap_or_default().into_owned(),
            excerpt,
            labels,
            related: Vec::new(),
        }
    }

    fn tally(&self, out: &mut dyn Write) -> io::Result<()> {
        let summary = self.report.summary();
        self.findings_line(&summary, out)?;
        self.verdicts_line(out)?;
        self.checked_line(&summary, out)?;
        self.gaps(&summary, out)?;
        for notice in &self.report.notices {
            writeln!(out, "note: {}", one_line(notice))?;
        }
        for (step, took) in &self.report.timings {
            writeln!(out, "{:>10.3} ms  {step}", took.as_secs_f64() * 1e3)?;
        }
        if self.report.check_timings.iter().any(|t| !t.took.is_zero()) {
            writeln!(out, "by check, added up over the threads:")?;
        }
        for timing in self.report.check_timings.iter().filter(|t| !t.took.is_zero()) {
            let (took, found) =
                (timing.took.as_secs_f64() * 1e3, counted(timing.findings as usize, "finding", "findings"));
            writeln!(out, "{took:>10.3} ms  {}: {found}", timing.code)?;
        }
        Ok(())
    }

    /// `3 findings: 1 error, 2 security warnings (3 blocking; 1 suppressed, 4 in the baseline)`
    fn findings_line(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let names = [
            ("error", "errors"),
            ("security warning", "security warnings"),
            ("warning", "warnings"),
            ("suggestion", "suggestions"),
        ];
        let by_type: Vec<String> = names
            .iter()
            .zip(summary.by_type)
            .filter(|(_, n)| *n > 0)
            .map(|((one, many), n)| counted(n, one, many))
            .collect();
        let mut line = match summary.findings() {
            0 => "no findings".to_owned(),
            n => format!("{}: {}", counted(n, "finding", "findings"), by_type.join(", ")),
        };
        let mut asides = Vec::new();
        if summary.findings() > 0 {
            asides.push(format!("{} blocking", summary.blocking));
        }
        if summary.suppressed > 0 {
            asides.push(format!("{} suppressed", summary.suppressed));
        }
        if summary.baselined > 0 {
            asides.push(format!("{} in the baseline", summary.baselined));
        }
        if !asides.is_empty() {
            line.push_str(&format!(" ({})", asides.join(", ")));
        }
        writeln!(out, "{line}")
    }

    /// `check-no-new-access: 5 pass, 1 fails, 0 undecided`
    fn verdicts_line(&self, out: &mut dyn Write) -> io::Result<()> {
        let checks = &self.report.checks;
        if checks.is_empty() {
            return Ok(());
        }
        let count = |verdict| checks.iter().filter(|c| c.verdict == verdict).count();
        let verb = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let passes = verb(count(Verdict::Pass), "passes", "pass");
        let fails = verb(count(Verdict::Fail), "fails", "fail");
        writeln!(out, "{}: {passes}, {fails}, {} undecided", self.report.command, count(Verdict::Undecided))
    }

    /// `checked 14 policies in 3 inputs: 12 analysed, 1 partly, 1 not analysable; 5 files passed over`
    fn checked_line(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        let inputs = &self.report.deployment.inputs;
        let failed = inputs.iter().filter(|i| i.error.is_some()).count();
        let mut line = format!(
            "checked {} in {}: {} analysed, {} partly, {} not analysable",
            counted(summary.policies(), "policy", "policies"),
            counted(inputs.len(), "input", "inputs"),
            summary.analysed,
            summary.partly,
            summary.not_analysable
        );
        if failed > 0 {
            line.push_str(&format!("; {} with errors", counted(failed, "input", "inputs")));
        }
        if self.report.passed_over > 0 {
            line.push_str(&format!("; {} passed over", counted(self.report.passed_over, "file", "files")));
        }
        writeln!(out, "{line}")
    }

    /// What could not be analysed, and why.
    fn gaps(&self, summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
        if summary.not_analysable == 0 && !(self.options.verbose && summary.partly > 0) {
            return Ok(());
        }
        for (_, policy) in self.report.own_policies() {
            let status = match policy.status() {
                PolicyStatus::NotAnalysable => "not analysable",
                PolicyStatus::Partly if self.options.verbose => "partly analysed",
                PolicyStatus::Partly | PolicyStatus::Analysed => continue,
            };
            let input = self.report.deployment.inputs.get(policy.input.0).map_or("", |i| i.path.as_str());
            let why = policy.reasons();
            let reasons: Vec<&str> = why.iter().map(|g| g.message.as_str()).collect();
            let reasons = reasons.join("; ");
            let place = why.first().map(|g| self.report.problem_place(input, g).short());
            let place = place.unwrap_or_else(|| input.to_owned());
            let line = format!("{status}: {} {}, {place}: {reasons}", policy.resource.id, policy.name);
            writeln!(out, "  {}", one_line(&line))?;
        }
        Ok(())
    }
}

fn heading(found: &ReportedFinding) -> String {
    let finding = &found.finding;
    format!("{} {}: {}", finding.finding_type.as_str(), finding.code, one_line(&finding.title))
}

fn severity(found: &ReportedFinding) -> Severity {
    match found.finding.finding_type {
        FindingType::Error | FindingType::SecurityWarning => Severity::Error,
        FindingType::Warning => Severity::Warning,
        FindingType::Suggestion => Severity::Advice,
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Shown {}

impl Diagnostic for Shown {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.help.is_empty()).then(|| Box::new(&self.help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_deref().map(|e| e as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        (!self.labels.is_empty()).then(|| Box::new(self.labels.iter().cloned()) as Box<_>)
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        (!self.related.is_empty()).then(|| Box::new(self.related.iter().map(|r| r as &dyn Diagnostic)) as Box<_>)
    }
}
