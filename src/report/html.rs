//! One page of HTML that needs nothing else: the verdict, what was found with the lines that cause it, who gets what
//! access, and what could not be analysed. Without scripts; its policy of contents lets nothing run and nothing load.

use std::fmt::Write as _;
use std::io::{self, Write};

use base64::Engine as _;
use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::access_picture::picture;
use super::escape::html::text;
use super::escape::parts;
use super::place::RepositoryPaths;
use super::rule::Rule;
use super::source_lines::{Change, SourceLine, SourceTexts};
use super::{Place, Report, ReportedFinding, WriteOptions, counted, policy_ids};
use crate::analysis::access_diff::{self, AccessChange};
use crate::analysis::counterpart::Earlier;
use crate::analysis::witness;
use crate::finding::{Finding, FindingType};
use crate::model::{Deployment, PolicyStatus, Problem};

const STYLE: &str = include_str!("html.css");

/// Lines before and after what is marked.
const CONTEXT: usize = 2;
/// Findings that are shown with their lines; the others, the least severe, are listed.
const WITH_LINES: usize = 1_000;
/// Rows of a table.
const ROWS: usize = 2_000;
/// Policies of which the access is worked out.
const POLICIES: usize = 2_000;

pub(super) fn write(report: &Report<'_>, options: &WriteOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page {
        report,
        paths: RepositoryPaths::new(options.workspace.as_deref()),
        lines: SourceTexts::of_report(report),
        rules: FxHashMap::default(),
        policy_ids: policy_ids(report.deployment),
        out: String::new(),
    };
    page.head();
    page.summary();
    page.findings();
    page.verdicts();
    page.escalations();
    page.external_access();
    page.internal_access();
    page.unused_access();
    page.access();
    page.suppressed();
    page.not_analysed();
    page.foot();
    out.write_all(page.out.as_bytes())
}

struct Page<'a> {
    report: &'a Report<'a>,
    paths: RepositoryPaths,
    lines: SourceTexts<'a>,
    rules: FxHashMap<&'static str, Rule>,
    policy_ids: Vec<String>,
    out: String,
}

/// Writing to a string does not fail.
macro_rules! put {
    ($page:expr, $($arg:tt)*) => {{
        let _ = writeln!($page.out, $($arg)*);
    }};
}

impl Page<'_> {
    fn head(&mut self) {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let verdict = if self.report.passes { "nothing blocks" } else { "blocked" };
        put!(self, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">");
        put!(
            self,
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{hash}'; \
             base-uri 'none'; form-action 'none'\">"
        );
        put!(self, "<meta name=\"referrer\" content=\"no-referrer\">");
        put!(self, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        put!(self, "<title>iam-preflight {}: {verdict}</title>", self.report.command);
        put!(self, "<style>{STYLE}</style>\n</head>\n<body>\n<main>");
    }

    fn summary(&mut self) {
        let report = self.report;
        let summary = report.summary();
        let (class, verdict) = match (report.passes, report.deployment.inputs.iter().any(|i| i.error.is_some())) {
            (true, _) => ("pass", "Passed: nothing blocks."),
            (false, true) => ("fail", "Failed: an input could not be read, so nobody knows what is in it."),
            (false, false) if summary.blocking > 0 => ("fail", "Failed: there are blocking findings."),
            (false, false) => ("fail", "Failed: a policy is not, or not wholly, analysed."),
        };
        put!(self, "<h1>iam-preflight {}</h1>", report.command);
        put!(self, "<p class=\"verdict {class}\">{verdict}</p>");
        put!(self, "<ul class=\"tiles\">");
        put!(self, "<li><b>{}</b> blocking</li>", summary.blocking);
        for (kind, count) in FindingType::ALL.iter().zip(summary.by_type) {
            put!(self, "<li><b>{count}</b> {}</li>", name(*kind, count));
        }
        if summary.suppressed > 0 {
            put!(self, "<li><b>{}</b> suppressed</li>", summary.suppressed);
        }
        if summary.baselined > 0 {
            put!(self, "<li><b>{}</b> in the baseline</li>", summary.baselined);
        }
        put!(self, "</ul>");
        put!(
            self,
            "<p>{} in {}: {} analysed, {} partly (they hold unknown values), {} not analysable.</p>",
            counted(summary.policies(), "policy", "policies"),
            counted(report.deployment.inputs.len(), "input", "inputs"),
            summary.analysed,
            summary.partly,
            summary.not_analysable
        );
    }

    /// By input, in the order of the report; of an input the most severe first.
    fn findings(&mut self) {
        let report = self.report;
        let mut counting: Vec<&ReportedFinding> = report.counting().collect();
        if counting.is_empty() {
            put!(self, "<h2>Findings</h2>\n<p>No findings.</p>");
            return;
        }
        let file = |found: &ReportedFinding| self.paths.of(&report.primary_place(&found.finding).file);
        let mut by_file: IndexMap<String, Vec<(bool, &ReportedFinding)>> =
            counting.iter().map(|found| (file(found), Vec::new())).collect();
        counting.sort_by_key(|found| (!found.blocking, found.finding.finding_type));
        for (rank, found) in counting.into_iter().enumerate() {
            by_file.entry(file(found)).or_default().push((rank < WITH_LINES, found));
        }
        put!(self, "<h2>Findings</h2>");
        for (file, found) in by_file {
            put!(self, "<section>\n<h3>{}</h3>", text(if file.is_empty() { "(no file)" } else { &file }));
            for (with_lines, found) in found {
                self.finding(found, with_lines);
            }
            put!(self, "</section>");
        }
    }

    fn finding(&mut self, found: &ReportedFinding, with_lines: bool) {
        let finding = &found.finding;
        let kind = finding.finding_type.as_str();
        let blocking = if found.blocking { " · blocking" } else { "" };
        put!(self, "<article class=\"{kind}\" id=\"f-{}\">", text(&found.fingerprint));
        put!(
            self,
            "<h4>{} <code>{}</code> <span class=\"kind\">{}{blocking}</span></h4>",
            text(&finding.title),
            text(finding.code),
            name(finding.finding_type, 1)
        );
        put!(self, "<p>{}</p>", inline(&finding.message));
        put!(self, "<p class=\"faint\">{}</p>", self.belongs_to(finding));
        if with_lines {
            self.locations(finding);
            self.fix(finding);
            self.reasons(finding);
        }
        put!(self, "</article>");
    }

    /// The resource, the policy, the place and the conditions.
    fn belongs_to(&self, finding: &Finding) -> String {
        let mut parts = Vec::new();
        // A bare document is its own resource, and the place names it.
        let own = |id: &str| self.report.input_of(finding) == Some(id);
        if let Some(resource) = finding.resource.as_ref().filter(|r| !own(&r.id)) {
            let kind = match resource.resource_type.as_str() {
                "" => String::new(),
                kind => format!(" ({})", text(kind)),
            };
            parts.push(format!("<code>{}</code>{kind}", text(&resource.id)));
        }
        if let Some(policy) = self.report.policy_of(finding) {
            parts.push(format!("policy <code>{}</code>", text(&policy.name)));
        }
        parts.push(text(&self.place(&self.report.primary_place(finding))));
        if let Some(when) = &finding.when {
            parts.push(format!("when <code>{}</code>", text(&when.to_string())));
        }
        parts.join(" · ")
    }

    fn place(&self, place: &Place) -> String {
        let file = self.paths.of(&place.file);
        match &place.range {
            Some((start, _)) => format!("{file}:{}:{}", start.line, start.column),
            None => file,
        }
    }

    fn locations(&mut self, finding: &Finding) {
        let policy_span = self.report.policy_of(finding).and_then(|p| p.span);
        for (i, location) in finding.locations.iter().enumerate().take(10) {
            let Some(span) = location.span.or(policy_span) else { continue };
            let lines = self.lines.around(span, if i == 0 { CONTEXT } else { 0 });
            if i > 0 {
                let label = location.label.clone().unwrap_or_else(|| location.path.to_string());
                let place = self.place(&self.report.place(finding, location));
                put!(self, "<p class=\"faint\">{} {}</p>", text(&place), inline(&label));
            }
            self.source(&lines);
        }
    }

    fn source(&mut self, lines: &[SourceLine]) {
        if lines.is_empty() {
            return;
        }
        self.out.push_str("<pre>");
        for line in lines {
            let mark =
                if line.marked.is_empty() { String::new() } else { format!("<mark>{}</mark>", text(&line.marked)) };
            let _ = write!(
                self.out,
                "<span class=\"line\"><span class=\"number\">{}</span>{}{mark}{}</span>",
                line.number,
                text(&line.before),
                text(&line.after)
            );
        }
        self.out.push_str("</pre>\n");
    }

    fn fix(&mut self, finding: &Finding) {
        let Some(fix) = &finding.fix else { return };
        put!(self, "<p><b>Fix:</b> {}</p>", inline(&fix.description));
        for change in self.lines.changes(&fix.edits) {
            self.change(&change);
        }
    }

    fn change(&mut self, change: &Change) {
        self.out.push_str("<pre>");
        for (sign, class, lines) in [("-", "removed", &change.before), ("+", "added", &change.after)] {
            for line in lines {
                let _ = write!(
                    self.out,
                    "<span class=\"line {class}\"><span class=\"number\">{sign}</span>{}</span>",
                    text(line)
                );
            }
        }
        self.out.push_str("</pre>\n");
    }

    /// Why it is reported, and the request that shows it.
    fn reasons(&mut self, finding: &Finding) {
        let rule = self.rules.entry(finding.code).or_insert_with(|| Rule::of(finding));
        let description = inline(&rule.description);
        let page = text(&rule.page);
        let witness = finding.evidence.as_ref().map(|e| &e["witness"]).filter(|w| w.is_object());
        put!(self, "<details><summary>Why</summary>\n<p>{description}</p>");
        put!(self, "<p class=\"faint\">More: <code>iam-preflight explain {}</code>, {page}</p>", text(finding.code));
        if let Some(witness) = witness {
            let shown = serde_json::to_string_pretty(witness).unwrap_or_default();
            put!(self, "<p>A request that shows it:</p>\n<pre>");
            for line in shown.lines() {
                let _ = write!(self.out, "<span class=\"line\">{}</span>", text(line));
            }
            put!(self, "</pre>");
        }
        put!(self, "</details>");
    }

    /// The answers of a custom policy check.
    fn verdicts(&mut self) {
        let report = self.report;
        if report.checks.is_empty() {
            return;
        }
        put!(self, "<h2>Answers</h2>");
        self.table(&["Policy", "Result", "Why"]);
        for result in report.checks.iter().take(ROWS) {
            let policy = result.policy.and_then(|p| self.policy_ids.get(p.0)).map_or("", String::as_str);
            let (policy, message) = (text(policy), inline(&result.message()));
            put!(self, "<tr><td>{policy}</td><td>{}</td><td>{message}</td></tr>", result.verdict.as_str());
        }
        self.end_table(report.checks.len(), "answers");
    }

    fn escalations(&mut self) {
        let report = self.report;
        let Some(entries) = report.escalations.as_ref().and_then(Value::as_array) else { return };
        put!(self, "<h2>Privilege escalation</h2>");
        if entries.is_empty() {
            put!(self, "<p>Nobody gets at more permissions by a known way.</p>");
            return;
        }
        self.table(&["Who", "Gains", "By", "Steps"]);
        for entry in entries.iter().take(ROWS) {
            let named = |key: &str| match entry[key]["id"].as_str() {
                Some(id) => format!(
                    "<code>{}</code><br><span class=\"faint\">{}</span>",
                    text(id),
                    text(string(&entry[key]["type"]))
                ),
                None => String::new(),
            };
            let all = if entry["administrator"] == true { "<br><b>all permissions</b>" } else { "" };
            let steps: Vec<String> =
                strings(&entry["steps"]).map(|step| format!("<li>{}</li>", inline(step))).collect();
            let uncertain = match listed(&entry["uncertain"]) {
                why if why.is_empty() => String::new(),
                why => format!("<p>not certain: {}</p>", text(&why)),
            };
            put!(
                self,
                "<tr><td>{}</td><td>{}{all}</td><td><code>{}</code><br>{}</td><td><ol>{}</ol>{uncertain}</td></tr>",
                named("principal"),
                named("gains"),
                text(string(&entry["method"])),
                inline(string(&entry["does"])),
                steps.concat()
            );
        }
        self.end_table(entries.len(), "ways to more permissions");
    }

    fn external_access(&mut self) {
        let report = self.report;
        let Some(entries) = report.external_access.as_ref().and_then(Value::as_array) else { return };
        put!(self, "<h2>External access</h2>");
        if entries.is_empty() {
            put!(self, "<p>Nobody outside the zone of trust gets in.</p>");
            return;
        }
        self.table(&["Resource", "Principal", "Actions", "If", "Status"]);
        for entry in entries.iter().take(ROWS) {
            let (resource, kind) = (string(&entry["resource"]["id"]), string(&entry["resourceType"]));
            let public = if entry["isPublic"] == true { " <b>public</b>" } else { "" };
            let principals = entry["principal"].as_object().into_iter().flatten();
            let principals: Vec<String> =
                principals.map(|(kind, who)| format!("{} {}", text(kind), codes([string(who)].into_iter()))).collect();
            let levels = listed(&entry["accessLevels"]);
            let change = match entry["changeType"].as_str() {
                Some(change) => format!(" · {}", text(change)),
                None => String::new(),
            };
            put!(
                self,
                "<tr><td><code>{}</code><br><span class=\"faint\">{}</span></td><td>{}{public}</td><td>{}<br><span \
                 class=\"faint\">{}</span></td><td>{}</td><td>{}{change}</td></tr>",
                text(resource),
                text(kind),
                principals.join("<br>"),
                codes(strings(&entry["action"])),
                text(&levels),
                conditions(&entry["condition"]),
                text(string(&entry["status"]))
            );
        }
        self.end_table(entries.len(), "instances of external access");
    }

    fn internal_access(&mut self) {
        let report = self.report;
        let Some(entries) = report.internal_access.as_ref().and_then(Value::as_array) else { return };
        put!(self, "<h2>Internal access</h2>");
        if entries.is_empty() {
            put!(self, "<p>No user or role of the inputs gets at the chosen resources.</p>");
            return;
        }
        self.table(&["Resource", "Who", "Actions", "Steps", "If"]);
        for entry in entries.iter().take(ROWS) {
            let steps =
                entry["path"].as_array().into_iter().flatten().map(|step| match step["assumes"]["id"].as_str() {
                    Some(role) => format!("<li>assumes <code>{}</code></li>", text(role)),
                    None => format!("<li>calls <code>{}</code></li>", text(string(&step["action"]))),
                });
            let steps: Vec<String> = steps.collect();
            put!(
                self,
                "<tr><td>{}<br><span class=\"faint\">{}</span></td><td>{}<br><span class=\"faint\">{}</span></td><td>{}<br><span \
                 class=\"faint\">{}</span></td><td><ol>{}</ol></td><td>{}</td></tr>",
                codes([string(&entry["resource"]["id"])].into_iter()),
                text(string(&entry["resourceType"])),
                codes([string(&entry["principalId"]["id"])].into_iter()),
                text(string(&entry["principalType"])),
                codes(strings(&entry["action"])),
                text(&listed(&entry["accessLevels"])),
                steps.concat(),
                conditions(&entry["condition"])
            );
        }
        self.end_table(entries.len(), "instances of internal access");
    }

    fn unused_access(&mut self) {
        let report = self.report;
        let Some(entries) = report.unused_access.as_ref().and_then(Value::as_array) else { return };
        put!(self, "<h2>Unused access</h2>");
        if entries.is_empty() {
            put!(self, "<p>Nothing is unused, as far as the evidence shows.</p>");
            return;
        }
        self.table(&["User or role", "What", "Details"]);
        for entry in entries.iter().take(ROWS) {
            let details = entry["details"].as_array().into_iter().flatten().map(|detail| {
                let last = match detail["lastAccessed"].as_str() {
                    Some(time) => format!("last used {}", text(time)),
                    None => "no use known".to_owned(),
                };
                let service = string(&detail["serviceNamespace"]);
                let actions = detail["actions"].as_array().into_iter().flatten();
                let actions: Vec<String> = actions.map(|a| format!("{service}:{}", string(&a["action"]))).collect();
                match (service, actions.is_empty()) {
                    ("", _) => format!("{} {last}", text(string(&detail["accessKeyId"]))),
                    (service, true) => format!("<code>{}</code> as a whole, {last}", text(service)),
                    (_, false) => codes(actions.iter().map(String::as_str)),
                }
            });
            let details: Vec<String> = details.collect();
            put!(
                self,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                text(string(&entry["resource"])),
                text(string(&entry["findingType"])),
                details.join("<br>")
            );
        }
        self.end_table(entries.len(), "instances of unused access");
    }

    /// Everything that the deployment grants: all that it has over an empty one.
    fn access(&mut self) {
        let report = self.report;
        if report.own_policies().next().is_none() {
            return;
        }
        put!(self, "<h2>Access</h2>");
        if report.own_policies().count() > POLICIES {
            put!(self, "<p>The access of more than {POLICIES} policies is not worked out for this page.</p>");
            return;
        }
        let granted =
            access_diff::compare(&Earlier::new(Deployment::default(), &[]), report.deployment, report.catalog);
        if granted.changes.is_empty() {
            put!(self, "<p>No principal or resource of the inputs is granted any access.</p>");
        } else {
            if let Some((picture, left_out)) = picture(&granted.changes, report.deployment) {
                put!(self, "<div class=\"table\">{picture}</div>");
                if left_out > 0 {
                    let pairs = counted(left_out, "pair is", "pairs are");
                    put!(self, "<p class=\"faint\">{pairs} in the table only.</p>");
                }
            }
            // A column that has nothing to say is left out.
            let for_whom = granted.changes.iter().any(|c| !c.principals.is_empty());
            let conditions = granted.changes.iter().any(|c| c.condition.is_some() || c.undecided.is_some());
            let columns = [
                (true, "Who or what"),
                (true, "Actions"),
                (true, "On"),
                (for_whom, "For whom"),
                (conditions, "If"),
                (true, "By"),
            ];
            let columns: Vec<&str> = columns.iter().filter(|(shown, _)| *shown).map(|(_, name)| *name).collect();
            self.table(&columns);
            for change in granted.changes.iter().take(ROWS) {
                self.granted(change, for_whom, conditions);
            }
            self.end_table(granted.changes.len(), "statements");
        }
        for missing in granted.not_compared.iter().take(ROWS) {
            put!(self, "<p class=\"faint\">Not shown: {}</p>", inline(missing));
        }
    }

    fn granted(&mut self, change: &AccessChange, for_whom: bool, conditions: bool) {
        let levels = super::access::levels(change).join(", ");
        let public = if change.public { " <b>public</b>" } else { "" };
        let condition = change.condition.as_deref().map(operators).unwrap_or_default();
        let uncertain = change.undecided.map(|why| format!("<br>not certain: {}", text(why))).unwrap_or_default();
        let example = change.witness.as_ref().map(|request| text(&witness::sentence(request))).unwrap_or_default();
        let cell = |shown: bool, content: String| if shown { format!("<td>{content}</td>") } else { String::new() };
        let statement = match &change.sid {
            Some(sid) => format!("<code>{}</code>", text(&crate::source::display_encoded(sid))),
            None => format!("statement {}", change.statement),
        };
        put!(
            self,
            "<tr title=\"{example}\"><td><code>{}</code>{public}<br><span class=\"faint\">{}</span></td><td>{}<br><span \
             class=\"faint\">{}</span></td><td>{}</td>{}{}<td>{statement} of {}</td></tr>",
            text(&change.subject.id),
            text(&change.subject.resource_type),
            codes(change.actions.iter().map(|a| a.shown.as_str())),
            text(&levels),
            codes(change.resources.iter().map(String::as_str)),
            cell(for_whom, codes(change.principals.iter().map(String::as_str))),
            cell(conditions, format!("{condition}{uncertain}")),
            text(&change.policy_name)
        );
    }

    fn suppressed(&mut self) {
        let report = self.report;
        let suppressed: Vec<&ReportedFinding> = report.findings.iter().filter(|f| f.suppressed.is_some()).collect();
        if suppressed.is_empty() {
            return;
        }
        put!(self, "<h2>Suppressed</h2>");
        self.table(&["Code", "Resource", "Message", "Reason"]);
        for found in suppressed.iter().take(ROWS) {
            let finding = &found.finding;
            let reason = found.suppressed.as_ref().and_then(|s| s.reason.as_deref()).unwrap_or("none given");
            let resource = finding.resource.as_ref().map_or("", |r| r.id.as_str());
            put!(
                self,
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
                text(finding.code),
                text(resource),
                inline(&finding.message),
                text(reason)
            );
        }
        self.end_table(suppressed.len(), "suppressed findings");
    }

    /// Inputs and policies of which not everything is known, and remarks about the run.
    fn not_analysed(&mut self) {
        let report = self.report;
        let mut rows: Vec<String> = Vec::new();
        let row = |what: &str, name: &str, problem: &Problem, place: String| {
            let help = problem.help.as_deref().map(|h| format!("<br>{}", inline(h))).unwrap_or_default();
            format!(
                "<tr><td>{what}</td><td>{}</td><td>{}{help}</td><td>{}</td></tr>",
                text(name),
                inline(&problem.message),
                text(&place)
            )
        };
        for input in &report.deployment.inputs {
            let place = |p: &Problem| self.place(&report.problem_place(&input.path, p));
            let path = self.paths.of(&input.path);
            rows.extend(input.error.iter().map(|p| row("<b>input with an error</b>", &path, p, place(p))));
            rows.extend(input.notices.iter().map(|p| row("about an input", &path, p, place(p))));
        }
        for (index, policy) in report.own_policies() {
            let status = match policy.status() {
                PolicyStatus::Analysed => continue,
                PolicyStatus::Partly => "partly analysed",
                PolicyStatus::NotAnalysable => "<b>not analysable</b>",
            };
            let input = report.deployment.inputs.get(policy.input.0).map_or("", |i| i.path.as_str());
            let id = self.policy_ids.get(index).map_or("", String::as_str);
            for reason in policy.reasons() {
                rows.push(row(status, id, &reason, self.place(&report.problem_place(input, &reason))));
            }
        }
        if !rows.is_empty() {
            put!(self, "<h2>Not or partly analysed</h2>");
            self.table(&["What", "Name", "Why", "Place"]);
            for row in rows.iter().take(ROWS) {
                put!(self, "{row}");
            }
            self.end_table(rows.len(), "remarks");
        }
        if !report.notices.is_empty() {
            put!(self, "<h2>Notices</h2>\n<ul>");
            for notice in &report.notices {
                put!(self, "<li>{}</li>", inline(notice));
            }
            put!(self, "</ul>");
        }
    }

    fn foot(&mut self) {
        let passed_over = match self.report.passed_over {
            0 => String::new(),
            count => format!(" · {} passed over", counted(count, "file", "files")),
        };
        put!(
            self,
            "<footer>iam-preflight {} · service data of {} · {}{passed_over}</footer>\n</main>\n</body>\n</html>",
            env!("CARGO_PKG_VERSION"),
            text(self.report.service_data),
            self.report.target.time
        );
    }

    fn table(&mut self, columns: &[&str]) {
        let columns: Vec<String> = columns.iter().map(|c| format!("<th scope=\"col\">{c}</th>")).collect();
        put!(self, "<div class=\"table\"><table>\n<thead><tr>{}</tr></thead>\n<tbody>", columns.concat());
    }

    fn end_table(&mut self, rows: usize, what: &str) {
        put!(self, "</tbody>\n</table></div>");
        if rows > ROWS {
            put!(self, "<p class=\"faint\">{} more {what} are in the JSON report.</p>", rows - ROWS);
        }
    }
}

/// Text in which our messages set values apart by backticks.
fn inline(message: &str) -> String {
    let mut out = String::new();
    let mut parts = message.split('`').peekable();
    let mut is_code = false;
    while let Some(part) = parts.next() {
        match (is_code, parts.peek().is_some()) {
            (true, true) => out.push_str(&format!("<code>{}</code>", text(part))),
            // A backtick that nothing closes.
            (true, false) => out.push_str(&format!("`{}", text(part))),
            (false, _) => out.push_str(&text(part)),
        }
        is_code = !is_code;
    }
    out
}

fn codes<'t>(names: impl Iterator<Item = &'t str>) -> String {
    const MOST: usize = 40;
    let mut shown: Vec<String> = Vec::new();
    let mut more = 0;
    for name in names {
        if shown.len() < MOST {
            shown.push(format!("<code>{}</code>", breaking(name)));
        } else {
            more += 1;
        }
    }
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(" "))
}

/// Keys of conditions with their values.
fn conditions(map: &Value) -> String {
    let conditions = map.as_object().into_iter().flatten();
    let conditions: Vec<String> = conditions
        .map(|(key, value)| format!("{} {}", codes([key.as_str()].into_iter()), breaking(string(value))))
        .collect();
    conditions.join("<br>")
}

/// A `Condition` as JSON: its keys, each with the operator and the values.
fn operators(condition: &str) -> String {
    let parsed: Value = serde_json::from_str(condition).unwrap_or_default();
    let tests = parsed.as_object().into_iter().flatten();
    let tests =
        tests.flat_map(|(operator, keys)| keys.as_object().into_iter().flatten().map(move |test| (operator, test)));
    let lines: Vec<String> = tests
        .map(|(operator, (key, values))| {
            let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
            let values: Vec<String> =
                values.iter().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).collect();
            let (key, operator) = (codes([key.as_str()].into_iter()), text(operator));
            format!("{key} {operator} {}", codes(values.iter().map(String::as_str)))
        })
        .collect();
    if lines.is_empty() { codes([condition].into_iter()) } else { lines.join("<br>") }
}

/// Text that may break in a narrow cell.
fn breaking(name: &str) -> String {
    parts(name).map(text).collect::<Vec<_>>().join("<wbr>")
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn listed(value: &Value) -> String {
    strings(value).collect::<Vec<_>>().join(", ")
}

fn name(finding_type: FindingType, count: usize) -> &'static str {
    match (finding_type, count == 1) {
        (FindingType::Error, true) => "error",
        (FindingType::Error, false) => "errors",
        (FindingType::SecurityWarning, true) => "security warning",
        (FindingType::SecurityWarning, false) => "security warnings",
        (FindingType::Warning, true) => "warning",
        (FindingType::Warning, false) => "warnings",
        (FindingType::Suggestion, true) => "suggestion",
        (FindingType::Suggestion, false) => "suggestions",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_between_backticks_are_code_and_a_lone_backtick_is_one() {
        assert_eq!(inline("a `<b>` c"), "a <code>&lt;b&gt;</code> c");
        assert_eq!(inline("a `b` ` <c>"), "a <code>b</code> ` &lt;c&gt;");
    }
}
