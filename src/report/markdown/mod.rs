//! A report as Markdown, for a comment on a pull request, a step summary, or a note on a merge request.
//!
//! Reads the JSON form, not the run, so that a second, trusted workflow can post what a first one found. Text of the
//! report is data: [`escaped`] keeps it from mentioning, linking, closing issues, or leaving its place in a table. What
//! lives where: `sections` makes it fit, `findings`, `access` (the table and its graph) and `remarks` write the parts,
//! `links` names lines of a commit.

mod access;
mod findings;
mod links;
mod remarks;
mod sections;

use serde_json::{Value, json};

pub use super::escape::markdown::{code, text as escaped};
pub use links::{LinkStyle, Links};

use sections::{Item, Section, fitted};

/// GitHub refuses longer comments. It counts characters; bytes are counted here, which is never less.
pub const COMMENT_LIMIT: usize = 65_536;

/// GitHub drops step summaries over 1 MiB; other summaries of the step may be there already.
pub const SUMMARY_LIMIT: usize = 1_000_000;

/// Renders a report, at most `limit` bytes long. What does not fit is left out, the least severe first, and counted.
pub fn render(report: &Value, links: &Links, limit: usize) -> String {
    let mut sections = vec![head(report)];
    sections.extend(access::sections(report, links));
    sections.extend(findings::sections(report, links));
    sections.extend(remarks::sections(report, links));
    fitted(sections, &footer(report, links), links, limit)
}

/// Renders the access that changes alone: `access` of the JSON report.
pub fn render_access(access: Value, links: &Links) -> String {
    let report = json!({"access": access});
    let sections = access::sections(&report, links).into_iter().chain(remarks::sections(&report, links));
    let text = fitted(sections.collect(), "", links, SUMMARY_LIMIT);
    text.trim_start().to_owned()
}

/// True if there is nothing to say: no finding, no input in error, no access that changes.
pub fn is_clean(report: &Value) -> bool {
    let empty = |v: &Value| v.as_array().is_none_or(Vec::is_empty);
    report["result"] == "PASS"
        && report["findings"].as_array().is_none_or(|all| all.iter().all(|f| !f["suppressed"].is_null()))
        && empty(&report["access"]["changes"])
        && empty(&report["access"]["notCompared"])
}

fn head(report: &Value) -> Section {
    let summary = &report["summary"];
    let count = |v: &Value| v.as_u64().unwrap_or(0);
    let blocking = count(&summary["blocking"]);
    let unread = list(&report["inputs"]).iter().filter(|input| !input["error"].is_null()).count() as u64;
    let command = match text(&report["command"]) {
        "validate" | "" => String::new(),
        command => format!(" {}", code(command)),
    };
    let verdict = match (report["result"] == "PASS", blocking) {
        (true, _) => "✅ nothing blocks".to_owned(),
        (false, 0) if unread > 0 => format!("❌ {} could not be read", counted(unread, "input", "inputs")),
        (false, 0) => "❌ policies could not be analysed".to_owned(),
        (false, n) => format!("❌ {}", counted(n, "blocking finding", "blocking findings")),
    };
    let kinds = [
        ("ERROR", "error", "errors"),
        ("SECURITY_WARNING", "security warning", "security warnings"),
        ("WARNING", "warning", "warnings"),
        ("SUGGESTION", "suggestion", "suggestions"),
    ];
    let mut counts: Vec<String> = kinds
        .iter()
        .map(|(kind, one, many)| (count(&summary["findings"][*kind]), one, many))
        .filter(|(n, ..)| *n > 0)
        .map(|(n, one, many)| counted(n, one, many))
        .collect();
    if counts.is_empty() {
        counts.push("No findings".to_owned());
    }
    let asides = [("suppressed", "suppressed"), ("baselined", "in the baseline")];
    counts.extend(
        asides
            .iter()
            .map(|(key, words)| (count(&summary[*key]), words))
            .filter(|(n, _)| *n > 0)
            .map(|(n, w)| format!("{n} {w}")),
    );
    let policies = &summary["policies"];
    let (analysed, partly, not) =
        (count(&policies["analysed"]), count(&policies["partly"]), count(&policies["notAnalysable"]));
    let mut checked = format!("{} checked", counted(analysed + partly + not, "policy", "policies"));
    let shares = [(partly, "in part, since they hold unknown values"), (not, "not analysable")];
    let shares: Vec<String> = shares.iter().filter(|(n, _)| *n > 0).map(|(n, words)| format!("{n} {words}")).collect();
    if !shares.is_empty() {
        checked = format!("{checked} ({})", shares.join("; "));
    }
    Section::text(format!("### iam-preflight{command}: {verdict}\n\n{} · {checked}\n", counts.join(" · ")))
}

fn footer(report: &Value, links: &Links) -> String {
    let tool = &report["tool"];
    let mut parts = vec![
        format!("iam-preflight {}", escaped(text(&tool["version"]))),
        format!("service data {}", escaped(text(&tool["serviceData"]))),
    ];
    parts.extend(links.commit.as_deref().and_then(|commit| links.commit(commit)));
    parts.push("`iam-preflight explain CODE` says what a finding means".to_owned());
    format!("\n<sub>{}</sub>\n", parts.join(" · "))
}

/// A fold.
fn fold(title: &str, items: Vec<Item>, before: &str, after: &str) -> Option<Section> {
    if items.is_empty() {
        return None;
    }
    let title = format!("\n<details><summary>{title}</summary>\n\n{before}");
    Some(Section { before: title, items, after: format!("{after}\n</details>\n") })
}

/// A sentence of ours as Markdown: what it has in backticks is code. The sentence may quote an input with backticks in it;
/// whichever part that makes code, each part is escaped.
pub fn prose(sentence: &str) -> String {
    let parts: Vec<&str> = sentence.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escaped(sentence);
    }
    parts.iter().enumerate().map(|(i, part)| if i % 2 == 1 { code(part) } else { escaped(part) }).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
