//! External access of whole templates and plans: cases in `tests/data/external-access`, each a template that says in its
//! leading comments what has to be found (`# finding:`) and what has to be remarked (`# notice:`).

use serde_json::{Value, json};

use crate::binary::{in_folder, json, root, run};

/// What a report says of external access, as the cases write it.
fn found(report: &Value) -> Vec<String> {
    let of = |access: &Value| {
        let source = &access["sources"][0];
        let mut seen = json!({
            "resource": access["resource"]["id"],
            "principal": access["principal"],
            "condition": access["condition"],
            "isPublic": access["isPublic"],
            "source": source["type"],
            "action": access["action"],
        });
        // The alias of a multi-Region access point isn't known, nor is its ARN.
        let detail = source["detail"].as_object().and_then(|d| d.values().next());
        if let Some(detail) = detail.and_then(Value::as_str).filter(|d| !d.contains("${")) {
            seen["detail"] = detail.into();
        }
        sorted(&seen)
    };
    let mut all: Vec<String> = report["externalAccess"].as_array().expect("a list").iter().map(of).collect();
    all.sort();
    all
}

fn sorted(value: &Value) -> String {
    let keys: std::collections::BTreeMap<_, _> = value.as_object().expect("an object").iter().collect();
    serde_json::to_string(&keys).expect("JSON")
}

/// What a case says after such a word: in its leading comment, or in the list `comments` of a plan.
fn said(text: &str, what: &str) -> Vec<String> {
    let comments: Vec<String> = match serde_json::from_str::<Value>(text) {
        Ok(plan) => plan["comments"]
            .as_array()
            .expect("comments")
            .iter()
            .map(|c| c.as_str().expect("text").to_owned())
            .collect(),
        Err(_) => text.lines().map_while(|line| line.strip_prefix("# ")).map(str::to_owned).collect(),
    };
    comments.iter().filter_map(|line| line.strip_prefix(what)).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn every_template_has_the_external_access_that_it_says() {
    let folder = root().join("tests/data/external-access");
    let mut cases = 0;
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(&folder).expect("the cases") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a case");
        let arguments = ["external-access", &name, "--account-id", "111122223333", "--region", "eu-west-1"];
        let output = run(in_folder(&folder).args(arguments).args(["--partition", "aws", "--format", "json"]));
        assert!(output.code < 2, "{name}: {output:?}");
        let report = json(&output);
        let mut expected: Vec<String> = said(&text, "finding:")
            .iter()
            .map(|line| sorted(&serde_json::from_str(line).unwrap_or_else(|e| panic!("{name}: {e}"))))
            .collect();
        expected.sort();
        let actual = found(&report);
        if actual != expected {
            wrong.push(format!("{name}\n  expected {expected:#?}\n  found {actual:#?}\n  {}", report["notices"]));
        }
        for notice in said(&text, "notice:") {
            if !report["notices"].to_string().contains(&notice) {
                wrong.push(format!("{name}: no notice `{notice}` in {:#}", report["notices"]));
            }
        }
        cases += 1;
    }
    assert!(cases >= 18, "{cases}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
