//! What could not be analysed and what was taken for granted, what does not count and why, and remarks about the run.

use serde_json::Value;

use super::findings::place;
use super::sections::{Item, Section};
use super::{Links, code, counted, escaped, fold, list, prose, text};
use crate::report::escape::cut;

/// Characters of a remark.
const REMARK: usize = 600;

pub(super) fn sections(report: &Value, links: &Links) -> Vec<Section> {
    [not_analysed(report), suppressed(report, links), notices(report)].into_iter().flatten().collect()
}

fn not_analysed(report: &Value) -> Option<Section> {
    let mut items = Vec::new();
    let mut add = |of: &str, what: &str, rank: u8| {
        items.push(Item::new(format!("- {}: {}\n", code(&cut(of, REMARK)), prose(&cut(what, REMARK))), rank));
    };
    for input in list(&report["inputs"]) {
        if let Some(message) = input["error"]["message"].as_str() {
            add(text(&input["path"]), message, 1);
        }
    }
    let policies = list(&report["policies"]);
    let reason =
        |policy: &Value, otherwise: &str| policy["gaps"][0]["message"].as_str().unwrap_or(otherwise).to_owned();
    for policy in policies.iter().filter(|p| p["status"] == "notAnalysable") {
        add(text(&policy["id"]), &reason(policy, "its document is not known"), 3);
    }
    for policy in policies.iter().filter(|p| p["status"] == "partly") {
        add(text(&policy["id"]), &format!("in part: {}", reason(policy, "it holds unknown values")), 8);
    }
    for input in list(&report["inputs"]) {
        for notice in list(&input["notices"]) {
            add(text(&input["path"]), text(&notice["message"]), 8);
        }
    }
    for missing in list(&report["access"]["notCompared"]) {
        items.push(Item::new(format!("- not compared with the base: {}\n", prose(&cut(text(missing), REMARK))), 6));
    }
    let title = format!("Not analysed, or under assumptions ({})", items.len());
    fold(&title, items, "", "")
}

fn suppressed(report: &Value, links: &Links) -> Option<Section> {
    let suppressed = list(&report["findings"]).iter().filter(|f| !f["suppressed"].is_null());
    let items = suppressed.map(|finding| {
        let why = &finding["suppressed"];
        let mut line = format!("- {}", code(text(&finding["issueCode"])));
        let resource = text(&finding["resource"]["id"]);
        if !resource.is_empty() {
            line.push_str(&format!(" of {}", code(&cut(resource, 120))));
        }
        if let Some(place) = place(finding, links) {
            line.push_str(&format!(" in {place}"));
        }
        line.push_str(match text(&why["by"]) {
            "baseline" => ": in the baseline",
            "comment" => ": by a comment",
            "metadata" => ": by metadata",
            _ => ": by a rule",
        });
        if let Some(day) = why["expires"].as_str() {
            line.push_str(&format!(" until {}", escaped(day)));
        }
        match why["reason"].as_str() {
            Some(reason) => line.push_str(&format!(": {}", escaped(&cut(reason, REMARK)))),
            None if why["by"] != "baseline" => line.push_str(", without a reason"),
            None => {}
        }
        line.push('\n');
        Item::new(line, 10)
    });
    let items: Vec<Item> = items.collect();
    let title = counted(items.len() as u64, "finding does not count", "findings do not count");
    fold(&title, items, "", "")
}

fn notices(report: &Value) -> Option<Section> {
    let items: Vec<Item> = list(&report["notices"])
        .iter()
        .map(|notice| Item::new(format!("- {}\n", prose(&cut(text(notice), REMARK))), 9))
        .collect();
    fold("About the run", items, "", "")
}
