//! The findings that count: those that block with their lines and their fix, the others in a table, in a fold.

use serde_json::Value;

use super::sections::{Item, Section};
use super::{Links, code, counted, escaped, fold, list, prose, text};
use crate::report::escape::{cut, html, terminal};

/// Findings that are unfolded.
const OPEN: usize = 3;
/// Characters of a message.
const MESSAGE: usize = 1_500;

/// The types, most severe first, each with the rank of its rows.
const TYPES: [(&str, &str, u8); 4] = [
    ("ERROR", "error", 5),
    ("SECURITY_WARNING", "security warning", 5),
    ("WARNING", "warning", 8),
    ("SUGGESTION", "suggestion", 9),
];

pub(super) fn sections(report: &Value, links: &Links) -> Vec<Section> {
    let counting = list(&report["findings"]).iter().filter(|f| f["suppressed"].is_null());
    let (mut blocking, mut others): (Vec<&Value>, Vec<&Value>) = counting.partition(|f| f["blocking"] == true);
    blocking.sort_by_key(|f| severity(f));
    others.sort_by_key(|f| severity(f));
    let mut sections = Vec::new();
    if !blocking.is_empty() {
        let items = blocking.iter().enumerate().map(|(i, finding)| Item {
            text: detail(finding, links, i < OPEN),
            brief: Some((
                format!("- {} — {}\n", parts(finding, code, place(finding, links)), escaped(text(&finding["title"]))),
                6,
            )),
            rank: 1,
        });
        sections.push(Section {
            before: "\n#### Blocking\n\n".to_owned(),
            items: items.collect(),
            after: String::new(),
        });
    }
    let rows = others.iter().map(|finding| {
        let (_, name, rank) = TYPES.get(severity(finding)).copied().unwrap_or(("", "finding", 9));
        let place = place(finding, links).map(|place| format!("<br>{place}")).unwrap_or_default();
        let message = prose(&cut(text(&finding["message"]), MESSAGE));
        Item::new(format!("| {name} | {}{place} | {message} |\n", code(text(&finding["issueCode"]))), rank)
    });
    let rows: Vec<Item> = rows.collect();
    let title = counted(rows.len() as u64, "finding that does not block", "findings that do not block");
    sections.extend(fold(&title, rows, "| | Finding | Message |\n|---|---|---|\n", ""));
    sections
}

fn severity(finding: &Value) -> usize {
    TYPES.iter().position(|(kind, ..)| finding["findingType"] == *kind).unwrap_or(TYPES.len())
}

/// The code, the resource and the place, each as code.
fn parts(finding: &Value, code: fn(&str) -> String, place: Option<String>) -> String {
    let mut parts = vec![format!("❌ {}", code(text(&finding["issueCode"])))];
    let resource = text(&finding["resource"]["id"]);
    if !resource.is_empty() {
        parts.push(code(&cut(resource, 120)));
    }
    parts.extend(place);
    parts.join(" · ")
}

/// For the title of a fold, where nothing but HTML is read.
fn title(finding: &Value, links: &Links) -> String {
    let place = place_of(finding).map(|(path, lines)| {
        let shown = html_code(&shown_place(path, lines));
        match links.lines(path, lines) {
            Some(address) => format!("<a href=\"{}\">{shown}</a>", html::text(&address)),
            None => shown,
        }
    });
    parts(finding, html_code, place)
}

/// `file:line` as Markdown, a link where there is an address.
pub(super) fn place(finding: &Value, links: &Links) -> Option<String> {
    let (path, lines) = place_of(finding)?;
    let shown = code(&shown_place(path, lines));
    Some(match links.lines(path, lines) {
        Some(address) => format!("[{shown}]({address})"),
        None => shown,
    })
}

type Lines = Option<(u64, u64)>;

/// `file:line`
pub(super) fn shown_place(path: &str, lines: Lines) -> String {
    lines.map_or_else(|| path.to_owned(), |(first, _)| format!("{path}:{first}"))
}

fn place_of(finding: &Value) -> Option<(&str, Lines)> {
    let location = &finding["locations"][0];
    let path = match text(&finding["repositoryPath"]) {
        "" => text(&location["file"]),
        path => path,
    };
    if path.trim().is_empty() {
        return None;
    }
    let line = |which: &str| location[which]["line"].as_u64();
    // The end of a block is the start of the line after it.
    let last = match (line("end"), location["end"]["column"].as_u64()) {
        (Some(end), Some(1)) => Some(end.saturating_sub(1)),
        (end, _) => end,
    };
    Some((path, line("start").map(|start| (start, last.unwrap_or(start).max(start)))))
}

/// As code in HTML: GitHub acts on nothing in it.
fn html_code(text: &str) -> String {
    let line = terminal::line(text);
    let mut out = String::from("<code>");
    for c in html::text(&line).chars() {
        match c {
            // What Markdown or an autolink would begin with, as entities.
            '|' | '`' | '*' | '_' | '~' | '[' | ']' | '\\' | '$' | '@' | '!' | ':' | '^' => {
                out.push_str(&format!("&#{};", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push_str("</code>");
    out
}

fn detail(finding: &Value, links: &Links, open: bool) -> String {
    let open = if open { " open" } else { "" };
    let mut out = format!("<details{open}><summary>{}</summary>\n\n", title(finding, links));
    out.push_str(&format!("{}\n", prose(&cut(text(&finding["message"]), MESSAGE))));
    if let Some(when) = finding["when"].as_str() {
        out.push_str(&format!("\nWhen {}.\n", code(when)));
    }
    let excerpt = &finding["excerpt"];
    if let Some(first) = excerpt["firstLine"].as_u64() {
        let marked = finding["locations"][0]["start"]["line"].as_u64();
        let end = finding["locations"][0]["end"]["line"].as_u64();
        let lines: Vec<String> = list(&excerpt["lines"])
            .iter()
            .zip(first..)
            .map(|(line, number)| {
                let is_marked = marked.is_some_and(|from| (from..=end.unwrap_or(from).max(from)).contains(&number));
                let mark = if is_marked { '>' } else { ' ' };
                format!("{mark}{number:>5} │ {}", line_of_code(text(line)))
            })
            .collect();
        out.push_str(&fenced(&lines, ""));
    }
    let fix = &finding["fix"];
    if !fix.is_null() {
        out.push_str(&format!("\n**Fix:** {}\n", prose(&cut(text(&fix["description"]), MESSAGE))));
        for change in list(&fix["changes"]) {
            let lines = |key: &str, sign: char| -> Vec<String> {
                list(&change[key]).iter().map(|line| format!("{sign}{}", line_of_code(text(line)))).collect()
            };
            let (before, after) = (lines("before", '-'), lines("after", '+'));
            let start = change["firstLine"].as_u64().unwrap_or(1);
            let head = format!("@@ -{start},{} +{start},{} @@", before.len(), after.len());
            let all: Vec<String> = std::iter::once(head).chain(before).chain(after).collect();
            out.push_str(&fenced(&all, "diff"));
        }
    }
    out.push_str("\n</details>\n");
    out
}

/// A line of a source: tabs stay apart from one another.
fn line_of_code(text: &str) -> String {
    terminal::line(&text.replace('\t', "    "))
}

/// Lines as a block of code that nothing in them can end.
pub(super) fn fenced(lines: &[String], language: &str) -> String {
    let longest = lines.iter().flat_map(|l| l.split(|c| c != '`').map(str::len)).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("\n{fence}{language}\n{}\n{fence}\n", lines.join("\n"))
}
