//! A saved JSON report as Markdown, for a pull-request comment or a step summary.
//!
//! Reads the JSON form, not the run, so that a second, trusted workflow can post what a first one found. Text of the
//! report is data: [`escaped`] keeps it from mentioning, linking, closing issues, or leaving its place in a table.

use std::fmt::Write;

use serde_json::Value;

pub use super::escape::markdown::{code, text as escaped};

/// GitHub refuses longer comments (characters).
pub const COMMENT_LIMIT: usize = 65_536;

/// GitHub drops step summaries over 1 MiB; characters take up to four bytes.
pub const SUMMARY_LIMIT: usize = (1 << 20) / 4;

/// Renders a report, at most `limit` characters long; what does not fit is counted in its last lines. Findings come
/// most severe first.
pub fn render(report: &Value, limit: usize) -> String {
    let summary = &report["summary"];
    let count = |v: &Value| v.as_u64().unwrap_or(0);
    let mut out = String::new();
    let passes = report["result"] == "PASS";
    let blocking = count(&summary["blocking"]);
    let _ = writeln!(out, "### iam-preflight: {}\n", if passes { "nothing blocking" } else { "blocking findings" });
    let policies = &summary["policies"];
    let _ = writeln!(
        out,
        "**{blocking} blocking** · {} errors · {} security warnings · {} warnings · {} suggestions\n\n\
         Policies: {} analysed, {} partly (they hold unknown values), {} not analysable.",
        count(&summary["findings"]["ERROR"]),
        count(&summary["findings"]["SECURITY_WARNING"]),
        count(&summary["findings"]["WARNING"]),
        count(&summary["findings"]["SUGGESTION"]),
        count(&policies["analysed"]),
        count(&policies["partly"]),
        count(&policies["notAnalysable"]),
    );
    let footer = footer(report);
    let mut rest: Vec<String> = not_analysed(report);
    rest.push(footer);
    let reserved: usize = rest.iter().map(|r| r.chars().count()).sum::<usize>() + 200;
    let mut findings: Vec<&Value> =
        report["findings"].as_array().into_iter().flatten().filter(|f| f["suppressed"].is_null()).collect();
    findings.sort_by_key(|f| severity(&f["findingType"]));
    if !findings.is_empty() {
        out.push_str("\n| | Code | Place | Message |\n|---|---|---|---|\n");
    }
    let mut length = out.chars().count() + reserved;
    let mut shown = 0;
    for finding in &findings {
        let row = row(finding);
        let row_length = row.chars().count();
        if length + row_length > limit {
            break;
        }
        length += row_length;
        out.push_str(&row);
        shown += 1;
    }
    if shown < findings.len() {
        let _ = writeln!(
            out,
            "\n{} more findings, the least severe, did not fit here; the report has them all.",
            findings.len() - shown
        );
    }
    for part in rest {
        out.push_str(&part);
    }
    if out.chars().count() > limit {
        out = out.chars().take(limit).collect();
    }
    out
}

fn severity(finding_type: &Value) -> usize {
    ["ERROR", "SECURITY_WARNING", "WARNING", "SUGGESTION"].iter().position(|t| finding_type == *t).unwrap_or(4)
}

fn row(finding: &Value) -> String {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let place = &finding["locations"][0];
    let file = text(&place["file"]);
    let place = match place["start"]["line"].as_u64() {
        Some(line) if !file.is_empty() => code(&format!("{file}:{line}")),
        _ => code(&text(&finding["resource"]["id"])),
    };
    let mark = if finding["blocking"] == true { "❌" } else { "⚠️" };
    format!(
        "| {mark} {} | {} | {place} | {} |\n",
        escaped(&text(&finding["findingType"])),
        code(&text(&finding["issueCode"])),
        escaped(&text(&finding["message"])),
    )
}

/// The inputs and policies that could not be analysed, in a fold; nothing when all were.
fn not_analysed(report: &Value) -> Vec<String> {
    const MOST: usize = 50;
    let mut lines = Vec::new();
    for input in report["inputs"].as_array().into_iter().flatten() {
        if let Some(message) = input["error"]["message"].as_str() {
            lines.push(format!("- {}: {}\n", code(input["path"].as_str().unwrap_or_default()), escaped(message)));
        }
    }
    for policy in report["policies"].as_array().into_iter().flatten().filter(|p| p["status"] == "notAnalysable") {
        let reason = policy["gaps"][0]["message"].as_str().unwrap_or("its document is not known");
        lines.push(format!("- {}: {}\n", code(policy["id"].as_str().unwrap_or_default()), escaped(reason)));
    }
    if lines.is_empty() {
        return Vec::new();
    }
    let more = lines.len().saturating_sub(MOST);
    lines.truncate(MOST);
    if more > 0 {
        lines.push(format!("- and {more} more\n"));
    }
    lines.insert(0, "\n<details><summary>Not analysed</summary>\n\n".to_owned());
    lines.push("\n</details>\n".to_owned());
    lines
}

fn footer(report: &Value) -> String {
    let word = |v: &Value| escaped(v.as_str().unwrap_or_default());
    format!(
        "\n<sub>iam-preflight {} · service data {}</sub>\n",
        word(&report["tool"]["version"]),
        word(&report["tool"]["serviceData"])
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn report(findings: Value) -> Value {
        json!({
            "tool": {"version": "0.1.0", "serviceData": "2026-01-02"}, "result": "FAIL",
            "inputs": [{"path": "bad.yaml", "error": {"message": "document is empty"}}],
            "policies": [], "findings": findings,
            "summary": {"policies": {"analysed": 2, "partly": 0, "notAnalysable": 1}, "blocking": 1,
                        "findings": {"ERROR": 1, "SECURITY_WARNING": 0, "WARNING": 0, "SUGGESTION": 1}},
        })
    }

    fn finding(kind: &str, message: &str) -> Value {
        json!({"findingType": kind, "issueCode": "X", "message": message, "blocking": kind == "ERROR", "suppressed": null,
               "locations": [{"file": "t.yaml", "start": {"line": 3}}]})
    }

    #[test]
    fn the_most_severe_come_first_and_the_unread_input_is_named() {
        let text = render(&report(json!([finding("SUGGESTION", "later"), finding("ERROR", "first")])), COMMENT_LIMIT);
        assert!(text.find("first").unwrap() < text.find("later").unwrap(), "{text}");
        assert!(text.contains("`bad.yaml`: document is empty"), "{text}");
        assert!(text.contains("`t.yaml:3`"), "{text}");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let many: Vec<Value> = (0..2_000).map(|i| finding("WARNING", &format!("number {i}"))).collect();
        let text = render(&report(Value::Array(many)), COMMENT_LIMIT);
        assert!(text.chars().count() <= COMMENT_LIMIT);
        assert!(text.contains("more findings"));
        assert!(text.contains("service data"));
    }
}
