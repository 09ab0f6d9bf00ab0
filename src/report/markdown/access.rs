//! The access that a pull request adds and removes: a table, and a graph of what it touches.

use std::fmt::Write;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::Value;

use super::findings::shown_place;
use super::sections::{Item, Section};
use super::{Links, code, counted, escaped, fold, list, text};
use crate::report::escape::markdown::breaking_code;
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
        base => match base.strip_prefix("git:").and_then(|commit| links.commit(commit)) {
            Some(commit) => format!(" against {commit}"),
            None => format!(" against {}", code(base)),
        },
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
        true => "| | Who | Actions, level | Resources | Condition | By |\n|---|---|---|---|---|---|\n",
        false => "| | Who | Actions, level | Resources | By |\n|---|---|---|---|---|\n",
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

/// The first of many.
fn listed(entries: Vec<String>) -> String {
    let more = entries.len().saturating_sub(LISTED);
    let mut shown: Vec<String> = entries.into_iter().take(LISTED).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown.join(", ")
}

/// Names as code.
fn names(value: &Value) -> Vec<String> {
    list(value).iter().map(|name| breaking_code(&cut(text(name), ENTRY))).collect()
}

/// The actions of a change, and how many each stands for if they are several.
fn actions(change: &Value) -> impl Iterator<Item = (&str, Option<u64>)> {
    let actions = list(&change["actions"]).iter();
    actions.map(|action| (text(&action["action"]), action["realActions"].as_u64().filter(|count| *count > 1)))
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
    let principals = names(&change["principals"]);
    let who = if principals.is_empty() { subject.clone() } else { listed(principals) };
    // A policy of a resource is about that resource.
    let mut resources = names(&change["resources"]);
    if !list(&change["principals"]).is_empty() && !resources.contains(&subject) {
        resources.insert(0, subject);
    }
    let actions = actions(change).map(|(action, count)| {
        let count = count.map(|count| format!(" ({count} actions)")).unwrap_or_default();
        format!("{}{count}", breaking_code(&cut(action, ENTRY)))
    });
    let levels = match levels(change).join(", ") {
        levels if levels.is_empty() => levels,
        levels => format!("<br><sub>{}</sub>", escaped(&levels)),
    };
    let condition = match &change["condition"] {
        _ if !conditions => String::new(),
        Value::Null => " |".to_owned(),
        condition => format!(" {} |", self::condition(condition)),
    };
    let location = &change["location"];
    let line = location["line"].as_u64().map(|line| (line, line));
    let policy = code(text(&change["policy"]));
    let by = match text(&location["repositoryPath"]) {
        "" => policy,
        path => match links.lines(path, line).filter(|_| granted) {
            Some(address) => format!("[{policy}]({address})"),
            // Where an earlier commit was checked out is nobody's concern.
            None if Path::new(path).has_root() => policy,
            None => format!("{policy} in {}", breaking_code(&shown_place(path, line))),
        },
    };
    let certain = change["undecided"].as_str().map(|why| format!(" (not certain: {})", escaped(why)));
    format!(
        "| {mark} | {who} | {}{levels} | {} |{condition} {by}{} |\n",
        listed(actions.collect()),
        listed(resources),
        certain.unwrap_or_default(),
    )
}

/// The keys that a request has to have, each with the operator and the values.
fn condition(condition: &Value) -> String {
    let tests = condition.as_object().into_iter().flatten();
    let tests =
        tests.flat_map(|(operator, keys)| keys.as_object().into_iter().flatten().map(move |test| (operator, test)));
    let lines = tests.map(|(operator, (key, values))| {
        let values = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
        let values = values.iter().map(|value| match value.as_str() {
            Some(value) => breaking_code(&cut(value, ENTRY)),
            None => breaking_code(&cut(&value.to_string(), ENTRY)),
        });
        format!("{} {} {}", breaking_code(&cut(key, ENTRY)), escaped(&cut(operator, ENTRY)), listed(values.collect()))
    });
    let mut lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        return breaking_code(&cut(&condition.to_string(), 2 * ENTRY));
    }
    let more = lines.len().saturating_sub(LISTED);
    lines.truncate(LISTED);
    if more > 0 {
        lines.push(counted(more as u64, "more key", "more keys"));
    }
    lines.join("<br>")
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
        let what: Vec<String> = actions(change)
            .map(|(action, count)| count.map_or(action.to_owned(), |count| format!("{action} ({count} actions)")))
            .collect();
        let what = format!("{} {}", if granted { "+" } else { "-" }, what.join(", "));
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
