//! Text from the inputs is data in every report: the strings of `tests/data/hostile_text` stand in every place of templates,
//! plans, policies and file names that a report may show, and the reports are read as their readers read them. GitHub's
//! runner reads lines by the rules of its `ActionCommand`; its Markdown is rendered by remark with GitHub's extensions
//! and references, HTML by a parser of HTML 5 (npm), XML by the library that wrote it and by `junitparser` elsewhere.

mod places;

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use iam_preflight::report::escape::{html, markdown, parts, sarif, terminal, workflow_command, xml};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::binary::{in_folder, root, run};
use crate::tools;

/// The forms of the report.
const FORMATS: [&str; 12] =
    ["terminal", "concise", "json", "aws", "github", "sarif", "junit", "gitlab", "asff", "events", "markdown", "html"];

pub fn strings() -> Vec<String> {
    let text = fs::read_to_string(root().join("tests/data/hostile_text/strings.json")).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

/// A template in which the strings stand wherever a string can.
fn template(strings: &[String]) -> String {
    let mut resources = Map::new();
    let mut parameters = Map::new();
    let mut conditions = Map::new();
    for (i, s) in strings.iter().enumerate() {
        parameters.insert(format!("P{s}"), json!({"Type": "String", "Default": s, "AllowedPattern": s}));
        parameters.insert(format!("Open{s}"), json!({"Type": "String"}));
        conditions.insert(format!("C{s}"), json!({"Fn::Equals": [s, {"Ref": format!("Open{s}")}]}));
        let statement = json!([
            {"Sid": s, "Effect": "Allow", "Action": [format!("s3:{s}"), s], "Resource": [s, "*"],
             "Condition": {s: {s: s}, "StringEquals": {s: s}}},
            {"Effect": s, "Action": "iam:PassRole", "Resource": "*"},
        ]);
        let document = json!({"Version": "2012-10-17", "Id": s, "Statement": statement, s: s});
        resources.insert(
            s.clone(),
            json!({"Type": "AWS::IAM::ManagedPolicy", "Condition": format!("C{s}"), "Properties":
                   {"ManagedPolicyName": s, "PolicyDocument": document}}),
        );
        let shared = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": s, "Effect": "Allow", "Principal": {"AWS": [s, "444455556666"], "Service": s, s: s},
             "Action": ["sqs:SendMessage", s], "Resource": {"Ref": s}, "Condition": {"StringLike": {"aws:SourceVpce": s}}}]});
        resources.insert(
            format!("Queue{i}{s}"),
            json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": s}, s], "PolicyDocument": shared}}),
        );
        resources.insert(
            format!("Role{i}{s}"),
            json!({"Type": "AWS::IAM::Role", "Properties": {
                "RoleName": s, "Policies": [{"PolicyName": s, "PolicyDocument": document}],
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
                    {"Effect": "Allow", "Principal": {"AWS": s}, "Action": "sts:AssumeRole"}]}}}),
        );
        resources.insert(format!("{s}{i}"), json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": s}}));
    }
    json!({"AWSTemplateFormatVersion": "2010-09-09", "Description": strings.first(), "Parameters": parameters,
           "Conditions": conditions, "Resources": resources})
    .to_string()
}

/// Templates that are wrong in one place each, which the error names.
fn broken(text: &str) -> Vec<String> {
    let resource = |body: Value| json!({"Resources": {"R": body}}).to_string();
    let policy = |document: Value| {
        resource(json!({"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}))
    };
    vec![
        resource(json!({"Type": "AWS::SQS::Queue", "Condition": text})),
        policy(json!({"Fn::Sub": format!("${{{text}}}")})),
        policy(json!({"Ref": text})),
        policy(json!({"Fn::GetAtt": [text, text]})),
        policy(json!({text: text})),
        json!({"Parameters": {text: {"Type": text}}, "Resources": {text: {"Type": text}}}).to_string(),
    ]
}

/// The string as the name of a file, if a system can have such a file.
fn file_name(text: &str) -> Option<String> {
    let name = format!("{}.json", text.replace(['/', '\0'], "_"));
    (name.len() < 200).then_some(name)
}

/// All reports of a command in a folder; standard output is `stdout`'s form.
fn reports(folder: &Path, command: &[&str], stdout: &str) -> Vec<(String, String)> {
    let mut arguments: Vec<String> = command.iter().map(|argument| (*argument).to_owned()).collect();
    let same = ["--format", stdout, "--account-id", "111122223333", "--region", "eu-central-1", "--verbose"];
    arguments.extend(same.map(str::to_owned));
    let out = tempfile::tempdir().expect("a folder");
    for format in FORMATS {
        arguments.push("--output".to_owned());
        arguments.push(format!("{format}={}", out.path().join(format).display()));
    }
    let run = run(in_folder(folder).args(&arguments));
    assert!(matches!(run.code, 0..=2), "{run:?}");
    assert!(!run.err.contains("internal error"), "{}", run.err);
    let files = FORMATS.iter().filter_map(|f| Some(((*f).to_owned(), fs::read_to_string(out.path().join(f)).ok()?)));
    let mut reports: Vec<(String, String)> = files.collect();
    assert_eq!(reports.len(), FORMATS.len(), "{}", run.err);
    reports.push((format!("{stdout} on standard output"), run.out));
    reports.push(("standard error".to_owned(), run.err));
    reports
}

/// The reports of the strings, some at a time, in a template, in policy documents of their names, and in a plan.
fn all_reports() -> &'static [(String, String)] {
    static REPORTS: OnceLock<Vec<(String, String)>> = OnceLock::new();
    REPORTS.get_or_init(write_all)
}

fn write_all() -> Vec<(String, String)> {
    let strings = strings();
    let mut all = Vec::new();
    for (i, some) in strings.chunks(60).enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("template.json"), template(some)).expect("a file");
        for (n, text) in some.iter().flat_map(|s| broken(s)).enumerate() {
            fs::write(folder.path().join(format!("broken{n}.json")), text).expect("a file");
        }
        for (n, s) in some.iter().enumerate() {
            let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": s, "Effect": "Allow", "Action": s, "Resource": s}]});
            let text = if n % 3 == 0 { format!("{policy}{s}") } else { policy.to_string() };
            if let Some(name) = file_name(s) {
                fs::write(folder.path().join(name), text).expect("a file");
            }
        }
        fs::write(folder.path().join("plan.json"), plan(some)).expect("a file");
        let command = if i % 2 == 0 { "validate" } else { "external-access" };
        all.extend(reports(folder.path(), &[command, "."], FORMATS[i % FORMATS.len()]));
        all.extend(places::reports(some, FORMATS[(i + 6) % FORMATS.len()]));
    }
    all
}

fn plan(strings: &[String]) -> String {
    let changes: Vec<Value> = strings
        .iter()
        .map(|s| {
            let policy = json!({"Version": "2012-10-17", "Statement": [{"Sid": s, "Effect": "Allow", "Action": s, "Resource": "*"}]});
            json!({"address": format!("aws_iam_policy.p[{s:?}]"), "type": "aws_iam_policy", "name": "p", "mode": "managed",
                   "index": s, "provider_name": s, "change": {"actions": ["create"], "after":
                   {"name": s, "policy": policy.to_string()}, "after_unknown": {s.as_str(): true}}})
        })
        .collect();
    json!({"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": changes}).to_string()
}

/// The commands that a runner knows.
const COMMANDS: [&str; 22] = [
    "internal-set-repo-path",
    "set-env",
    "set-output",
    "save-state",
    "add-path",
    "add-mask",
    "add-matcher",
    "remove-matcher",
    "debug",
    "warning",
    "error",
    "notice",
    "group",
    "endgroup",
    "echo",
    "stop-commands",
    "resume",
    "command",
    "section",
    "x",
    "a",
    "vso",
];

/// What a runner takes a line for: the name of a command and its data.
fn command_of<'l>(line: &'l str, known: &[&str]) -> Option<(&'l str, &'l str)> {
    let name_of = |information: &'l str| information.split(' ').next().unwrap_or_default();
    let trimmed = line.trim_start();
    if let Some(rest) = trimmed.strip_prefix("::")
        && let Some((information, data)) = rest.split_once("::")
        && known.contains(&name_of(information))
    {
        return Some((name_of(information), data));
    }
    let (_, rest) = line.split_once("##[")?;
    let (information, data) = rest.split_once(']')?;
    known.contains(&name_of(information)).then(|| (name_of(information), data))
}

/// The commands that a runner obeys in an output.
fn obeyed(output: &str) -> Vec<(String, String)> {
    let mut stopped: Option<String> = None;
    let mut found = Vec::new();
    for line in output.split(['\n', '\r']) {
        match &stopped {
            Some(token) => {
                if command_of(line, &[token.as_str()]).is_some() {
                    stopped = None;
                }
            }
            None => match command_of(line, &COMMANDS) {
                Some(("stop-commands", token)) => stopped = Some(token.to_owned()),
                Some((name, data)) => found.push((name.to_owned(), data.to_owned())),
                None => {}
            },
        }
    }
    assert_eq!(stopped, None, "the token is given back");
    found
}

/// Control codes other than line breaks and tabs, and what reorders or hides text.
fn unseen(output: &str) -> Vec<char> {
    let mut found: Vec<char> =
        output.chars().filter(|c| *c != '\n' && *c != '\t' && terminal::is_unprintable(*c)).collect();
    found.dedup();
    found
}

#[test]
fn there_are_enough_strings_and_all_are_different() {
    let mut strings = strings();
    assert!(strings.len() >= 300, "{}", strings.len());
    let count = strings.len();
    strings.sort();
    strings.dedup();
    assert_eq!(strings.len(), count);
}

#[test]
fn the_strings_get_into_the_reports() {
    let mut validated = 0;
    for (name, output) in all_reports().iter().filter(|(name, _)| name == "json") {
        let report: Value = serde_json::from_str(output).unwrap_or_else(|e| panic!("{name}: {e}"));
        // Those of single inputs are looked at where they are made.
        if report["inputs"].as_array().is_none_or(|inputs| inputs.len() < 60) {
            continue;
        }
        let template = |list: &str, key: &str| {
            let all = report[list].as_array().expect("a list").iter();
            all.filter(|v| {
                v[key].as_str().is_some_and(|f| f.starts_with("./template.json") || f.starts_with("template.json"))
            })
            .count()
        };
        assert!(template("policies", "input") > 200, "{}", template("policies", "input"));
        let broken = report["inputs"].as_array().expect("inputs").iter().filter(|i| !i["error"].is_null()).count();
        assert!(broken > 60, "{broken}");
        if report["command"] == "validate" {
            validated += 1;
            assert!(template("findings", "policy") > 400, "{}", template("findings", "policy"));
        }
    }
    assert!(validated >= 3);
}

#[test]
fn a_runner_takes_no_line_of_a_report_for_a_command_but_the_annotations() {
    for (name, output) in all_reports() {
        let commands = obeyed(output);
        if name.starts_with("github") {
            assert!(!commands.is_empty(), "{name}");
            let levels = ["error", "warning", "notice"];
            assert!(commands.iter().all(|(name, _)| levels.contains(&name.as_str())), "{name}: {commands:?}");
        } else {
            assert!(commands.is_empty(), "{name}: {commands:?}");
        }
    }
}

#[test]
fn no_report_for_people_holds_what_they_would_not_see() {
    for (name, output) in all_reports() {
        let of = name.split(' ').next().unwrap_or_default();
        if matches!(of, "terminal" | "concise" | "github" | "markdown" | "html" | "junit" | "standard") {
            assert!(unseen(output).is_empty(), "{name}: {:?}", unseen(output));
        }
    }
}

#[test]
fn every_report_is_sound_in_its_own_form() {
    for (name, output) in all_reports() {
        let json = |text: &str| -> Value { serde_json::from_str(text).unwrap_or_else(|e| panic!("{name}: {e}")) };
        match name.split(' ').next().unwrap_or_default() {
            "json" => crate::report::hold_to_schema(&json(output)),
            "aws" | "gitlab" => drop(json(output)),
            "sarif" => {
                let log = json(output);
                for result in log["runs"][0]["results"].as_array().expect("results") {
                    let message = result["message"]["text"].as_str().expect("a message");
                    assert!(!links(message), "{message:?}");
                    let uri =
                        result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().expect("a URI");
                    assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
                }
            }
            "asff" | "events" => output.lines().for_each(|line| drop(json(line))),
            "junit" => {
                let report = quick_junit::Report::deserialize_from_str(output);
                let report = report.unwrap_or_else(|e| panic!("{name}: {e}"));
                assert!(!report.test_suites.is_empty(), "{name}");
            }
            "html" => {
                let allowed = [
                    "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p",
                    "ul", "li", "b", "section", "article", "code", "span", "pre", "mark", "details", "summary", "div",
                    "table", "thead", "tbody", "tr", "th", "td", "br", "footer", "svg", "path", "g", "rect", "text",
                    "ol", "wbr",
                ];
                for tag in output.split('<').skip(1) {
                    let element = tag.trim_start_matches('/').split([' ', '>', '\n']).next().unwrap_or_default();
                    assert!(allowed.contains(&element), "<{}", &tag[..tag.len().min(60)]);
                }
            }
            _ => {}
        }
    }
}

/// Whether a message of SARIF has a link in it: brackets and parentheses, none of them escaped.
fn links(message: &str) -> bool {
    let mut previous = ' ';
    let mut open = false;
    let mut closed = false;
    for c in message.chars() {
        let escaped = previous == '\\';
        match c {
            '[' if !escaped => open = true,
            ']' if !escaped => closed = open,
            '(' if closed && previous == ']' => return true,
            _ => {}
        }
        // A backslash that is escaped escapes nothing.
        previous = if escaped && c == '\\' { ' ' } else { c };
    }
    false
}

/// The elements of a text, each with its name and attributes, and what a reader sees.
pub type Rendered = (Vec<Value>, String);

/// Renders Markdown and reads HTML.
pub fn rendered(markdown: &[String], html: &[String]) -> Option<[Vec<Rendered>; 2]> {
    let modules = tools::node_package("remark-github")?;
    let script = root().join("tests/data/hostile_text/render.mjs");
    let input = json!({"modules": modules, "markdown": markdown, "html": html}).to_string();
    let answer: Value =
        serde_json::from_str(&tools::filter("node", &[&script.to_string_lossy()], &input)).expect("JSON");
    let read = |key: &str| -> Vec<Rendered> {
        let all = answer[key].as_array().expect("a list").iter();
        let one = |v: &Value| {
            (v["elements"].as_array().expect("elements").clone(), v["text"].as_str().expect("a text").to_owned())
        };
        all.map(one).collect()
    };
    Some([read("markdown"), read("html")])
}

fn names(elements: &[Value]) -> Vec<&str> {
    elements.iter().map(|e| e[0].as_str().expect("a name")).collect()
}

/// One line as a browser shows it: white space is one space.
fn shown(text: &str) -> String {
    text.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn github_shows_every_string_as_itself_and_makes_nothing_of_it() {
    let strings: Vec<String> = strings().into_iter().filter(|s| !terminal::line(s).trim().is_empty()).collect();
    type Context = (&'static str, fn(&str) -> String, &'static [&'static str]);
    let contexts: [Context; 6] = [
        ("paragraph", |s| markdown::text(s), &["p"]),
        ("item", |s| format!("- {}\n- x\n", markdown::text(s)), &["ul", "li", "li"]),
        ("code", |s| markdown::code(s), &["p", "code"]),
        ("cell", |s| format!("| a | b |\n|---|---|\n| {} | x |\n", markdown::text(s)), &CELL),
        ("code in a cell", |s| format!("| a | b |\n|---|---|\n| {} | x |\n", markdown::code(s)), &CODE_IN_CELL),
        (
            "name in a cell",
            |s| format!("| a | b |\n|---|---|\n| {} | x |\n", markdown::breaking_code(s)),
            &CODE_IN_CELL,
        ),
    ];
    const CELL: [&str; 8] = ["table", "thead", "tr", "th", "th", "tbody", "tr", "td"];
    const CODE_IN_CELL: [&str; 9] = ["table", "thead", "tr", "th", "th", "tbody", "tr", "td", "code"];
    for (context, write, expected) in contexts {
        let texts: Vec<String> = strings.iter().map(|s| write(s)).collect();
        let Some([answers, _]) = rendered(&texts, &[]) else { return };
        for ((s, written), (elements, text)) in strings.iter().zip(&texts).zip(&answers) {
            let mut names = names(elements);
            if expected.len() > 3 {
                assert_eq!(names.pop(), Some("td"), "{context}: {s:?} as {written}");
            }
            assert_eq!(names, expected, "{context}: {s:?} as {written}");
            let around = match expected.len() {
                1 | 2 => "",
                3 => "x",
                _ => "a b x",
            };
            let wanted = shown(&terminal::line(s)).replace(' ', "");
            let text = shown(text).replace(' ', "");
            let got = match expected.len() {
                1 | 2 => text.as_str(),
                3 => text.strip_suffix("x").unwrap_or(&text),
                _ => text.strip_prefix("ab").and_then(|t| t.strip_suffix('x')).unwrap_or(&text),
            };
            assert_eq!(got, wanted, "{context} {around}: {written}");
        }
    }
}

#[test]
fn the_difference_of_access_is_data_too() {
    let mut markdown = Vec::new();
    for some in strings().chunks(60) {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("before.json"), r#"{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}"#)
            .expect("a file");
        fs::write(folder.path().join("after.json"), template(some)).expect("a file");
        for format in ["terminal", "json", "markdown"] {
            let run = run(in_folder(folder.path()).args(["diff", "before.json", "after.json", "--format", format]));
            assert!(run.out.len() > 200, "{run:?}");
            for output in [&run.out, &run.err] {
                assert!(obeyed(output).is_empty(), "{format}: {:?}", obeyed(output));
                assert!(format == "json" || unseen(output).is_empty(), "{format}: {:?}", unseen(output));
            }
            match format {
                "json" => drop(serde_json::from_str::<Value>(&run.out).expect("JSON")),
                "markdown" => markdown.push(run.out),
                _ => {}
            }
        }
    }
    let Some([answers, _]) = rendered(&markdown, &[]) else { return };
    for (elements, _) in answers {
        let ours = [
            "h4", "p", "strong", "table", "thead", "tbody", "tr", "th", "td", "code", "br", "sub", "ul", "li",
            "details", "summary", "pre",
        ];
        let other = elements.iter().find(|e| !ours.contains(&e[0].as_str().expect("a name")));
        assert_eq!(other, None);
    }
}

#[test]
fn one_request_decided_is_data_too() {
    for s in strings() {
        let folder = tempfile::tempdir().expect("a folder");
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Sid": s, "Effect": "Allow", "Action": ["s3:*", s], "Resource": "*", "Condition": {"StringEqualsIfExists": {s.as_str(): s}}}]});
        let request = json!({"principal": s, "action": format!("s3:{s}"), "resource": s, "context": {s.as_str(): s}});
        fs::write(folder.path().join("p.json"), policy.to_string()).expect("a file");
        fs::write(folder.path().join("r.json"), request.to_string()).expect("a file");
        for format in ["terminal", "json"] {
            let arguments = ["simulate", "--request", "r.json", "--identity-policy", "p.json", "--format", format];
            let run = run(in_folder(folder.path()).args(arguments));
            assert!(obeyed(&run.out).is_empty() && obeyed(&run.err).is_empty(), "{s:?}: {run:?}");
            assert!(format == "json" || unseen(&run.out).is_empty(), "{s:?}: {run:?}");
            assert!(unseen(&run.err).is_empty(), "{s:?}: {run:?}");
        }
    }
}

#[test]
fn the_renderer_would_show_what_is_not_escaped() {
    let written = [
        "@octocat",
        "fixes #1",
        "www.evil.example",
        "deadbeef",
        "GH-1",
        "<b>x</b>",
        "![a](https://evil.example/x.png)",
    ];
    let Some([answers, _]) = rendered(&written.map(str::to_owned), &[]) else { return };
    for (written, (elements, _)) in written.iter().zip(answers) {
        assert!(elements.len() > 1, "{written}: {elements:?}");
    }
}

#[test]
fn whole_reports_are_rendered_with_our_own_elements_alone() {
    let reports = all_reports();
    let of = |format: &str| -> Vec<String> {
        reports.iter().filter(|(name, _)| name.starts_with(format)).map(|(_, text)| text.clone()).collect()
    };
    // Every page is looked through by `every_report_is_sound_in_its_own_form`; to read large ones takes long.
    let pages: Vec<String> = of("html").into_iter().take(2).collect();
    let Some([markdown, html]) = rendered(&of("markdown"), &pages) else { return };
    assert!(markdown.len() >= 5 && html.len() == 2);
    let in_markdown = [
        "h3", "h4", "p", "strong", "em", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details",
        "summary", "sub", "ul", "li", "br",
    ];
    for (elements, text) in markdown {
        assert!(elements.len() > 30, "{}: {text}", elements.len());
        for element in &elements {
            let name = element[0].as_str().expect("a name");
            assert!(in_markdown.contains(&name), "{element}");
        }
    }
    let attributes = [
        "viewBox",
        "role",
        "ariaLabel",
        "d",
        "x",
        "y",
        "width",
        "height",
        "rx",
        "className",
        "id",
        "scope",
        "title",
        "lang",
        "charSet",
        "httpEquiv",
        "content",
        "name",
    ];
    for (elements, _) in html {
        assert!(elements.len() > 500, "{}", elements.len());
        for element in &elements {
            let name = element[0].as_str().expect("a name");
            assert!(
                !["script", "a", "img", "iframe", "use", "image", "link", "base", "form", "input"].contains(&name),
                "{element}"
            );
            for attribute in element[1].as_object().expect("attributes").keys() {
                assert!(attributes.contains(&attribute.as_str()), "{element}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_line_for_a_terminal_is_one_line_without_control(text in any_text()) {
        let line = terminal::line(&text);
        prop_assert!(!line.chars().any(terminal::is_unprintable), "{line:?}");
        prop_assert_eq!(terminal::line(&line), line.clone());
    }

    #[test]
    fn a_command_reads_its_own_values(text in any_text(), other in any_text()) {
        let (value, data) = (workflow_command::property(&text), workflow_command::data(&other));
        let line = format!("::error file={value}::{data}");
        prop_assert_eq!(line.lines().count(), 1);
        let unescape = |s: &str| s.replace("%0D", "\r").replace("%0A", "\n").replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
        let (_, rest) = line.split_once(" file=").unwrap();
        let (property, message) = rest.split_once("::").unwrap();
        prop_assert!(!property.contains([':', ',']));
        prop_assert_eq!(unescape(property), terminal::line(&text));
        let shown: Vec<String> = other.lines().map(terminal::line).collect();
        prop_assert_eq!(message.replace("%0A", "\n").replace("%25", "%"), shown.join("\n"));
    }

    #[test]
    fn an_inert_text_has_no_command_in_it(text in any_text(), medium in 0..3usize) {
        use workflow_command::{Medium, inert};
        let medium = [Medium::Text, Medium::Json, Medium::Markup][medium];
        let text = inert(&text, medium);
        for line in text.split(['\n', '\r']) {
            prop_assert!(!line.contains("##["), "{line:?}");
            // No line of JSON begins so.
            prop_assert!(medium == Medium::Json || !line.trim_start().starts_with("::"), "{line:?}");
        }
    }

    #[test]
    fn html_has_no_markup_and_reads_as_the_text(text in any_text()) {
        let written = html::text(&text);
        prop_assert!(!written.contains(['<', '>', '"', '\'']), "{written}");
        let read = written.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&");
        let wanted: Vec<String> = text.replace('\r', "").split(['\n', '\t']).map(terminal::line).collect();
        prop_assert_eq!(read.replace('\t', "\n"), wanted.join("\n"));
    }

    #[test]
    fn markdown_leaves_nothing_that_acts(text in any_text()) {
        let written = markdown::text(&text);
        prop_assert_eq!(written.lines().count().max(1), 1);
        let bare = written.replace("<!-- -->", "\u{1}");
        prop_assert!(!bare.contains(['<', '>', '|']), "{written}");
        let mut previous = ' ';
        for c in bare.chars() {
            if c.is_ascii_punctuation() && !matches!(c, '\\' | '&' | ';') && previous != '\\' {
                // Only what stands in a reference to a character.
                prop_assert!(c == '#' && previous == '&', "{c:?} in {written}");
            }
            prop_assert!(!(matches!(previous, '@' | '#') && c.is_alphanumeric() && !bare.contains("&#")), "{written}");
            previous = if previous == '\\' && c == '\\' { ' ' } else { c };
        }
    }

    #[test]
    fn a_name_that_may_break_holds_our_own_elements_alone(text in any_text()) {
        let written = markdown::breaking_code(&text);
        prop_assert_eq!(written.lines().count().min(1), written.lines().count());
        if let Some(inner) = written.strip_prefix("<code>").and_then(|rest| rest.strip_suffix("</code>")) {
            let bare = inner.replace("<!-- -->", "").replace("<wbr>", "");
            prop_assert!(!bare.contains(['<', '>', '|']), "{written}");
        } else {
            prop_assert!(written.trim_matches('`') == terminal::line(&text) || written.is_empty(), "{written}");
        }
        prop_assert_eq!(parts(&text).collect::<String>(), text);
    }

    #[test]
    fn xml_lines_are_short_and_of_allowed_characters(text in any_text(), limit in 1..50usize) {
        let line = xml::line(&text, limit);
        prop_assert!(line.chars().count() <= limit);
        let allowed = line.chars().all(|c| c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
        prop_assert!(allowed);
    }

    #[test]
    fn sarif_makes_no_link_and_its_address_is_a_path(text in any_text()) {
        prop_assert!(!links(&sarif::message(&text)));
        let uri = sarif::uri(&text);
        let path = uri.strip_prefix("file://").unwrap_or(&uri);
        prop_assert!(path.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
        prop_assert!(!path.starts_with("//"), "{uri}");
    }
}

/// Any text, of any characters, of those that matter, and of the strings above.
fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        any::<char>().prop_map(String::from),
        "[-:#@\\[\\]()<>&|`\\\\*_~!%,.;$'\" \t\r\n0-9a-f]{1,8}",
        Just("::".to_owned()),
        Just("##[".to_owned()),
        Just("\u{1b}[".to_owned()),
        proptest::sample::select(strings()),
    ];
    proptest::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}
