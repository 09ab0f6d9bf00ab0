//! The forms in which the graph is written, each read by the program that people read it with: JSON by its schema, DOT by
//! Graphviz, Mermaid and the page in Chromium. Hostile names stand in all of them.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::{ACCOUNT, EXAMPLE, edges, graph_of, hold_to_schema, read, role, trust, user};
use crate::binary::{iam_preflight, in_folder, root, run};
use crate::hostile_text::strings;
use crate::tools;

/// Templates with some of the hostile strings each, in every name and value that a graph shows.
fn hostile_templates() -> Vec<String> {
    let one = |i: usize, s: &String| {
        let document = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": s, "Effect": "Allow", "Action": [format!("s3:{s}"), "s3:GetObject"],
             "Resource": [format!("arn:aws:s3:::{s}"), {"Fn::GetAtt": [format!("Queue{i}{s}"), "Arn"]}],
             "Condition": {"StringLike": {format!("aws:RequestTag/{s}"): s}}}]});
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": s, "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::444455556666:role/{s}"), "Service": s, "Federated": s},
             "Action": "sts:AssumeRole"}]});
        [
            (format!("Queue{i}{s}"), json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": s}})),
            (
                format!("Role{i}{s}"),
                json!({"Type": "AWS::IAM::Role", "Condition": format!("C{i}{s}"), "Properties": {"RoleName": format!("r{s}"),
                    "AssumeRolePolicyDocument": trust, "Policies": [{"PolicyName": s, "PolicyDocument": document}]}}),
            ),
            (
                format!("User{i}{s}"),
                json!({"Type": "Custom::Thing", "Properties": {"Of": {"Fn::GetAtt": [format!("Queue{i}{s}"), "Arn"]}}}),
            ),
        ]
    };
    let all = strings();
    all.chunks(40)
        .map(|some| {
            let numbered = some.iter().enumerate();
            let resources: serde_json::Map<String, Value> = numbered.clone().flat_map(|(i, s)| one(i, s)).collect();
            let conditions: serde_json::Map<String, Value> =
                numbered.map(|(i, s)| (format!("C{i}{s}"), json!({"Fn::Equals": [{"Ref": "Flag"}, s]}))).collect();
            json!({"Parameters": {"Flag": {"Type": "String"}}, "Conditions": conditions, "Resources": resources})
                .to_string()
        })
        .collect()
}

fn in_form(folder: &Path, template: &str, format: &str) -> String {
    fs::write(folder.join("t.json"), template).expect("a file");
    let arguments = ["graph", "t.json", "--account-id", ACCOUNT, "--limit", "400", "--format", format];
    let result = run(in_folder(folder).args(arguments));
    assert_eq!(result.code, 0, "{}", result.err);
    result.out
}

#[test]
fn hostile_names_are_names_in_json() {
    let folder = tempfile::tempdir().expect("a folder");
    for template in hostile_templates() {
        let report = read(&in_form(folder.path(), &template, "json"));
        hold_to_schema(&report);
        assert!(report["edges"].as_array().expect("edges").len() > 100);
        // One line a node and edge, so that graphs can be compared by `diff`.
        let text = in_form(folder.path(), &template, "json");
        let lines = text.lines().filter(|l| l.starts_with("    {")).count();
        let count = |of: &str| report[of].as_array().map_or(0, Vec::len);
        assert_eq!(lines, count("nodes") + count("edges"));
    }
}

#[test]
fn graphviz_draws_every_node_and_edge_of_the_dot_form_and_no_other() {
    let Some(dot) = tools::program("IAM_PREFLIGHT_DOT", "dot") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut texts: Vec<String> =
        hostile_templates().iter().map(|template| in_form(folder.path(), template, "dot")).collect();
    texts.push(run(iam_preflight().args(["graph", EXAMPLE, "--format", "dot"])).out);
    for text in texts {
        let svg = tools::filter(&dot.to_string_lossy(), &["-Tsvg"], &text);
        let drawn = |class: &str| svg.matches(&format!("class=\"{class}\"")).count();
        let lines = |what: &dyn Fn(&str) -> bool| text.lines().filter(|l| what(l)).count();
        assert_eq!(drawn("node"), lines(&|l| l.contains("shape=")), "{text}");
        assert_eq!(drawn("edge"), lines(&|l| l.contains(" -> n")), "{text}");
        for element in ["<script", "<a ", "<image", "<foreignObject"] {
            assert!(!svg.contains(element), "nothing but a drawing, no `{element}`: {text}");
        }
    }
}

/// What Mermaid makes of diagrams, in Chromium.
pub fn mermaid(texts: &[String]) -> Option<Vec<Value>> {
    let modules = tools::node_package("mermaid")?;
    tools::node_package("playwright-core")?;
    let chromium = tools::program("IAM_PREFLIGHT_CHROMIUM", "chromium")?;
    let asked = json!({"modules": modules, "chromium": chromium, "texts": texts}).to_string();
    Some(serde_json::from_str(&tools::filter("node", &["tests/data/graph/mermaid.mjs"], &asked)).expect("JSON"))
}

#[test]
fn mermaid_draws_hostile_names_as_text_and_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut texts: Vec<String> =
        hostile_templates().iter().map(|template| in_form(folder.path(), template, "mermaid")).collect();
    texts.push(run(iam_preflight().args(["graph", EXAMPLE])).out);
    let Some(drawn) = mermaid(&texts) else { return };
    assert_eq!(drawn.len(), texts.len(), "nothing is requested: {drawn:?}");
    for (text, drawn) in texts.iter().zip(&drawn) {
        assert_eq!(drawn["error"], Value::Null, "{text}");
        assert_eq!(drawn["foreign"], json!([]), "{text}");
        let count = |of: &str| drawn[of].as_array().map_or(0, Vec::len);
        let lines = |what: &dyn Fn(&str) -> bool| text.lines().filter(|l| what(l)).count();
        assert_eq!(count("nodes"), lines(&|l| l.contains("<br/>") || l.starts_with("  left[")), "{text}");
        assert_eq!(count("edges"), lines(&|l| l.contains("->|")), "{text}");
    }
    let example = drawn.last().expect("the example")["nodes"].to_string();
    assert!(example.contains("ReportsAWS::S3::Bucket") || example.contains("Reports\\nAWS::S3::Bucket"), "{example}");
}

/// What is seen on pages, in Chromium.
fn seen(pages: &[String], of: &Value) -> Option<Vec<Value>> {
    let modules = tools::node_package("playwright-core")?;
    let chromium = tools::program("IAM_PREFLIGHT_CHROMIUM", "chromium")?;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |(i, page): (usize, &String)| {
        let file = folder.path().join(format!("{i}.html"));
        fs::write(&file, page).expect("a file");
        file
    };
    let files: Vec<_> = pages.iter().enumerate().map(write).collect();
    let asked = json!({"modules": modules, "chromium": chromium, "files": files, "of": of}).to_string();
    Some(serde_json::from_str(&tools::filter("node", &["tests/data/graph/page.mjs"], &asked)).expect("JSON"))
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

#[test]
fn the_page_shows_searches_filters_and_explains_by_mouse_and_by_keys() {
    let page = run(iam_preflight().args(["graph", EXAMPLE, "--format", "html"])).out;
    let of = json!({"search": "incoming", "principal": "Ann", "resource": "Incoming", "level": "Write",
        "edge": "can-assume: Ann → AuditRole", "node": "Ann", "leadsTo": "can assume → AuditRole"});
    let Some(seen) = seen(&[page], &of) else { return };
    let seen = &seen[0];
    let report = read(&run(iam_preflight().args(["graph", EXAMPLE, "--format", "json"])).out);
    assert_eq!((&seen["requests"], &seen["errors"]), (&json!([]), &json!([])));
    let named = edges(&report);
    let access = named.iter().filter(|e| !e.contains("depends-on")).count();
    assert_eq!(texts(&seen["start"]["edges"]).len(), access);
    assert_eq!(texts(&seen["dependencies"]["edges"]).len(), named.len());
    assert_eq!(seen["again"], seen["start"], "what is taken back leaves no trace");
    assert!(seen["overview"].as_str().expect("text").contains("nodes"));

    let found = texts(&seen["found"]["nodes"]);
    assert!(found.contains(&"Incoming") && !found.contains(&"AuditRole"), "{found:?}");
    assert_eq!(texts(&seen["nothing"]["edges"]), [""; 0]);
    assert!(seen["nothing"]["text"].as_str().expect("text").contains("Nothing"), "{}", seen["nothing"]);

    let of_ann = texts(&seen["principal"]["nodes"]);
    assert!(
        of_ann.contains(&"AuditRole") && of_ann.contains(&"Reports") && !of_ann.contains(&"Incoming"),
        "{of_ann:?}"
    );
    let to_queue = texts(&seen["resource"]["nodes"]);
    assert!(to_queue.contains(&"WriterRole") && !to_queue.contains(&"Ann"), "{to_queue:?}");
    let writing = texts(&seen["level"]["edges"]);
    assert!(writing.iter().any(|e| e.contains("WriterRole.write → Incoming")), "{writing:?}");
    assert!(!writing.iter().any(|e| e.contains("AuditRole.read")), "{writing:?}");

    let statement = fs::read_to_string(root().join(EXAMPLE)).expect("the example");
    let line = statement.lines().position(|l| l.contains("Sid: Account")).expect("the statement") + 1;
    for by in ["clicked", "edgeByKeys"] {
        let text = seen[by].as_str().expect("text");
        assert!(text.contains("can assume") && text.contains("Account"), "{by}: {text}");
        assert!(text.contains(&format!("{EXAMPLE}:{line}:")), "{by}: {text}");
        assert!(text.contains("aws:MultiFactorAuthPresent"), "{by}: {text}");
    }
    assert_eq!((&seen["keysReachNode"], &seen["keysReachEdge"]), (&json!(true), &json!(true)));
    assert!(seen["nodeByKeys"].as_str().expect("text").contains("AWS::IAM::User"), "{}", seen["nodeByKeys"]);
    assert_eq!(seen["overlaps"], json!([]));
    assert_eq!(seen["narrow"], json!([0, 0, 0]), "no page that scrolls sideways");
}

/// Two thousand nodes: users, roles and queues with policies.
fn large_template() -> String {
    let mut text = "Resources:\n".to_owned();
    let own = trust("{AWS: !Ref AWS::AccountId}");
    for i in 0..500 {
        let queue = format!(
            r#"{{Effect: Allow, Action: "sqs:SendMessage", Resource: "arn:aws:sqs:us-east-1:{ACCOUNT}:q{i}"}}"#
        );
        text.push_str(&role(&format!("Role{i}"), &own, &queue));
        let _ = writeln!(text, "  Q{i}: {{Type: AWS::SQS::Queue, Properties: {{QueueName: q{i}}}}}");
        text.push_str(&user(&format!("User{i}"), "", ""));
    }
    text
}

#[test]
fn a_page_of_two_thousand_nodes_works_as_well() {
    let page = graph_of(&large_template(), &["--format", "html", "--region", "us-east-1"]).out;
    let of = json!({"search": "q417", "principal": "Role499", "resource": "Q498", "level": "Write",
        "edge": "attached: Role7 → Role7.p", "node": "Role7", "leadsTo": "attached → Role7.p"});
    let Some(large) = seen(&[page], &of) else { return };
    let large = &large[0];
    assert_eq!((&large["requests"], &large["errors"]), (&json!([]), &json!([])));
    assert!(large["start"]["count"].as_str().expect("text").contains("of 1500 edges"), "{}", large["start"]["count"]);
    let nodes = |of: &str| texts(&large[of]["nodes"]).into_iter().map(str::to_owned).collect::<Vec<_>>();
    assert!(nodes("found").contains(&"Q417".to_owned()), "{:?}", nodes("found"));
    assert_eq!(nodes("principal"), ["Role499", "Role499.p", "Q499"]);
    assert!(nodes("resource").contains(&"Role498".to_owned()), "{:?}", nodes("resource"));
    assert_eq!((&large["overlaps"], &large["keysReachEdge"]), (&json!([]), &json!(true)));
}

#[test]
fn hostile_names_are_text_on_the_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let pages: Vec<String> =
        hostile_templates().iter().map(|template| in_form(folder.path(), template, "html")).collect();
    let Some(all) = seen(&pages, &Value::Null) else { return };
    assert_eq!(all.len(), pages.len());
    for page in all {
        assert_eq!((&page["requests"], &page["errors"], &page["foreign"]), (&json!([]), &json!([]), &json!([])));
        assert_eq!(page["scripts"], 2, "the data and our own");
        let count = |of: &str| page[of].as_u64().expect("a count");
        assert!(count("g.node") > 40 && count("g.line") > 40, "{page}");
    }
}
