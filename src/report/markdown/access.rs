//! The access that a pull request adds and removes: a table, and a graph of what it touches.

use std::fmt::Write;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::sections::{Item, Section};
use super::{Links, code, counted, escaped, fold, list, text};
use crate::report::escape::{cut, mermaid};

/// Entries of a list in a cell.
const LISTED: usize = 8;
/// Characters of an entry.
const ENTRY: usize = 200;
/// Arrows of the graph; GitHub draws no more than some hundred, and nobody reads more than these.
const ARROWS: usize = 30;
/// Characters of a label in the graph.
const LABEL: usize = 48;

pub(super) fn sections(report: &Value, links: &Links) -> Vec<Section> {
    let access = &report["access"];
    if access.is_null() {
        return Vec::new();
    }
    let changes = list(&access["changes"]);
    let base = match text(&access["base"]) {
        "" => String::new(),
        base => format!(" against {}", code(base)),
    };
    if changes.is_empty() {
        let said = if list(&access["notCompared"]).is_empty() {
            "Access does not change"
        } else {
            "No change of access was found"
        };
        return vec![Section::text(format!("\n#### Access\n\n{said}{base}.\n"))];
    }
    let mut sorted: Vec<&Value> = changes.iter().collect();
    sorted.sort_by_key(|change| (change["change"] != "GRANTED", reach(change)));
    let granted = changes.iter().filter(|c| c["change"] == "GRANTED").count() as u64;
    let revoked = changes.len() as u64 - granted;
    let mut tally: Vec<String> = Vec::new();
    if granted > 0 {
        tally.push(counted(granted, "grant of access is new", "grants of access are new"));
    }
    if revoked > 0 {
        tally.push(counted(revoked, "is revoked", "are revoked"));
    }
    let tally = format!("{}{base}", tally.join(", "));
    let conditions = changes.iter().any(|change| !change["condition"].is_null());
    let rows = sorted.iter().map(|change| Item::new(row(change, links, conditions), rank(change)));
    let head = match conditions {
        true => "| | Who | Actions | Level | Resources | Condition | By |\n|---|---|---|---|---|---|---|\n",
        false => "| | Who | Actions | Level | Resources | By |\n|---|---|---|---|---|---|\n",
    };
    let table = Section {
        before: format!("\n#### Access that changes\n\n{tally}.\n\n{head}"),
        items: rows.collect(),
        after: String::new(),
    };
    let graph = graph(&sorted).map(|graph| Item::new(graph, 7));
    let mut sections = vec![table];
    sections.extend(fold("Graph of what changes", graph.into_iter().collect(), "", ""));
    sections
}

/// Public before external before the rest.
fn reach(change: &Value) -> u8 {
    match (change["isPublic"] == true, change["isExternal"] == true) {
        (true, _) => 0,
        (_, true) => 1,
        _ => 2,
    }
}

fn rank(change: &Value) -> u8 {
    match (change["change"] == "GRANTED", reach(change)) {
        (true, 0 | 1) => 1,
        (true, _) => 2,
        (false, _) => 4,
    }
}

fn texts(value: &Value) -> Vec<String> {
    list(value).iter().map(|v| text(v).to_owned()).collect()
}

/// As code, the first of many.
fn listed(entries: &[String]) -> String {
    let mut shown: Vec<String> = entries.iter().take(LISTED).map(|e| code(&cut(e, ENTRY))).collect();
    if entries.len() > LISTED {
        shown.push(format!("{} more", entries.len() - LISTED));
    }
    shown.join(", ")
}

fn actions(change: &Value) -> Vec<String> {
    let actions = list(&change["actions"]).iter();
    actions
        .map(|action| match action["realActions"].as_u64() {
            Some(count) if count > 1 => format!("{} ({count} actions)", text(&action["action"])),
            _ => text(&action["action"]).to_owned(),
        })
        .collect()
}

fn levels(change: &Value) -> Vec<String> {
    let mut levels: Vec<String> =
        list(&change["actions"]).iter().flat_map(|action| texts(&action["accessLevels"])).collect();
    let mut seen = rustc_hash::FxHashSet::default();
    levels.retain(|level| seen.insert(level.clone()));
    levels
}

fn row(change: &Value, links: &Links, conditions: bool) -> String {
    let granted = change["change"] == "GRANTED";
    let mark = match (granted, reach(change)) {
        (true, 0) => "➕ 🌐 **public**",
        (true, 1) => "➕ ↗️ **external**",
        (true, _) => "➕",
        (false, 0) => "➖ 🌐 public",
        (false, 1) => "➖ ↗️ external",
        (false, _) => "➖",
    };
    let subject = code(text(&change["subject"]["id"]));
    let principals = texts(&change["principals"]);
    let who = if principals.is_empty() { subject } else { format!("{} ({subject})", listed(&principals)) };
    let condition = match &change["condition"] {
        _ if !conditions => String::new(),
        Value::Null => " |".to_owned(),
        condition => format!(" {} |", code(&cut(&condition.to_string(), 2 * ENTRY))),
    };
    let location = &change["location"];
    let line = location["line"].as_u64().map(|line| (line, line));
    let by = match (text(&change["policy"]), text(&location["repositoryPath"])) {
        (policy, "") => code(policy),
        (policy, path) => match links.lines(path, line).filter(|_| granted) {
            Some(address) => format!("[{}]({address})", code(policy)),
            None => code(policy),
        },
    };
    let certain = change["undecided"].as_str().map(|why| format!(" (not certain: {})", escaped(why)));
    format!(
        "| {mark} | {who} | {} | {} | {} |{condition} {by}{} |\n",
        listed(&actions(change)),
        escaped(&levels(change).join(", ")),
        listed(&texts(&change["resources"])),
        certain.unwrap_or_default(),
    )
}

/// From whoever gains or loses access to the resources, as Mermaid; the first changes, if they are many.
fn graph(changes: &[&Value]) -> Option<String> {
    let mut nodes: FxHashMap<String, usize> = FxHashMap::default();
    let (mut body, mut arrows, mut styles) = (String::new(), 0, String::new());
    let mut more = 0;
    for change in changes {
        let principals = texts(&change["principals"]);
        let subject = text(&change["subject"]["id"]).to_owned();
        let (from, to) = if principals.is_empty() {
            (vec![subject], texts(&change["resources"]))
        } else {
            (principals, vec![subject])
        };
        let granted = change["change"] == "GRANTED";
        let what = format!("{} {}", if granted { "+" } else { "-" }, actions(change).join(", "));
        for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (from, to))) {
            if arrows == ARROWS {
                more += 1;
                continue;
            }
            let mut node = |name: &String, body: &mut String| {
                let next = nodes.len();
                let id = *nodes.entry(name.clone()).or_insert(next);
                if id == next {
                    let _ = writeln!(body, "  n{id}[\"{}\"]", mermaid::label(&middle_cut(name)));
                }
                id
            };
            let (from, to) = (node(from, &mut body), node(to, &mut body));
            let arrow = if granted { "-->" } else { "-.->" };
            let _ = writeln!(body, "  n{from} {arrow}|\"{}\"| n{to}", mermaid::label(&cut(&what, LABEL)));
            let color = match (granted, reach(change)) {
                (true, 0) => "#cf222e",
                (true, 1) => "#bc4c00",
                (true, _) => "#1a7f37",
                (false, _) => "#8c959f",
            };
            let _ = writeln!(styles, "  linkStyle {arrows} stroke:{color}");
            arrows += 1;
        }
    }
    if arrows == 0 {
        return None;
    }
    let more = match more {
        0 => String::new(),
        more => format!("\n{} not drawn.\n", counted(more, "further arrow is", "further arrows are")),
    };
    Some(format!("```mermaid\nflowchart LR\n{body}{styles}```\n{more}"))
}

/// Long names differ at their beginning and at their end.
fn middle_cut(name: &str) -> String {
    let count = name.chars().count();
    if count <= LABEL {
        return name.to_owned();
    }
    let half = LABEL / 2;
    let start: String = name.chars().take(half).collect();
    let end: String = name.chars().skip(count - half + 1).collect();
    format!("{start}…{end}")
}
