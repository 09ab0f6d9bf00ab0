//! Every check's documentation is true: its example yields the code, what to use instead does not, and the pages in
//! `docs/checks/` are what the tool says. `UPDATE_DOCS=1 cargo test --test suite documentation` writes the pages.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use iam_preflight::analysis::custom_check::CustomCheck;
use iam_preflight::analysis::issue_code::IssueCode;
use iam_preflight::analysis::unused_access::UnusedAccessCode;
use iam_preflight::catalog::Catalog;
use iam_preflight::checks::documentation::{Documentation, Example};
use iam_preflight::checks::{self, AppliesTo, Check, CheckOrigin};
use iam_preflight::finding::Finding;
use iam_preflight::source::{SourceId, Sources};

fn findings(example: &Example, text: &str, source: SourceId) -> Vec<Finding> {
    checks::validate_text(
        source,
        text,
        example.policy_type,
        example.resource_type.as_deref(),
        Catalog::embedded(),
        true,
    )
}

#[test]
fn every_example_yields_its_code_and_what_to_use_instead_does_not() {
    let mut wrong = Vec::new();
    for check in checks::registry() {
        let documentation = Documentation::of(check);
        let sections = [&documentation.what_it_does, &documentation.why_it_matters, &documentation.use_instead];
        if sections.iter().any(|s| s.is_empty()) {
            wrong.push(format!("{}: a section is missing", check.code));
        }
        let Some(example) = &documentation.example else {
            wrong.push(format!("{}: no example", check.code));
            continue;
        };
        let found = findings(example, &example.policy(), SourceId(0));
        if !found.iter().any(|f| f.code == check.code) {
            let codes: Vec<_> = found.iter().map(|f| f.code).collect();
            wrong.push(format!("{}: not found in its example: {codes:?}", check.code));
        }
        if let Some(instead) = &documentation.instead {
            let found = findings(instead, &instead.policy(), SourceId(0));
            if let Some(f) = found.iter().find(|f| f.code == check.code || f.code == "JSON_SYNTAX_ERROR") {
                wrong.push(format!("{}: found in what to use instead: {}: {}", check.code, f.code, f.message));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn codes_are_unique_and_complete() {
    let codes: Vec<_> = checks::registry().map(|c| c.code).collect();
    let unique: BTreeSet<_> = codes.iter().collect();
    assert_eq!(codes.len(), unique.len());
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/validate-policy");
    let mut missing = Vec::new();
    for entry in std::fs::read_dir(conformance).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(stem) = name.strip_suffix(".json").filter(|s| *s != "_exact") else { continue };
        let code = stem.to_uppercase().replace('-', "_");
        if checks::by_code(&code).is_none() {
            missing.push(code);
        }
    }
    assert!(missing.is_empty(), "no check for {missing:?}");
    let access_analyzer = checks::registry().filter(|c| c.origin == CheckOrigin::AccessAnalyzer);
    assert_eq!(access_analyzer.count(), 153);
}

fn policies(applies_to: AppliesTo) -> &'static str {
    match applies_to {
        AppliesTo::All => "all",
        AppliesTo::Identity => "identity-based policies",
        AppliesTo::Resource => "resource-based policies, role trust policies included",
        AppliesTo::ResourceNotTrust => "resource-based policies except role trust policies",
        AppliesTo::Trust => "role trust policies",
        AppliesTo::AllButTrust => "all except role trust policies",
        AppliesTo::ServiceControl => "service control policies",
        AppliesTo::ResourceControl => "resource control policies",
        AppliesTo::IdentityAndServiceControl => "identity-based and service control policies",
    }
}

fn file_name(check: &Check) -> String {
    format!("{}.md", check.code.to_lowercase().replace('_', "-"))
}

fn page(check: &Check) -> String {
    let documentation = Documentation::of(check);
    let mut out = format!("# {}\n\n{}. ", check.code, check.title);
    let origin = match check.origin {
        CheckOrigin::AccessAnalyzer => "on by default",
        CheckOrigin::Strict => "on with `--strict`",
    };
    let kind = check.finding_type.as_str();
    writeln!(out, "Type: {kind}. Policies: {}. {}.\n", policies(check.applies_to), capital(origin)).unwrap();
    writeln!(out, "## What it does\n\n{}\n", documentation.what_it_does).unwrap();
    writeln!(out, "## Why it matters\n\n{}\n", documentation.why_it_matters).unwrap();
    if let Some(example) = &documentation.example {
        writeln!(out, "## Example\n\n```json\n{}```\n", example.text).unwrap();
        if example.statements > 1 {
            writeln!(out, "with the statement repeated {} times.\n", example.statements).unwrap();
        }
        let mut options = format!("--policy-type {}", example.policy_type.as_str());
        if let Some(t) = &example.resource_type {
            write!(options, " --resource-type {t}").unwrap();
        }
        if check.origin == CheckOrigin::Strict {
            options.push_str(" --strict");
        }
        let sources = Sources::new();
        let text = example.policy();
        let source = sources.add("policy.json", text.clone());
        writeln!(out, "`iam-preflight validate policy.json {options} --format concise` says of it:\n\n```text")
            .unwrap();
        for f in findings(example, &text, source).iter().filter(|f| f.code == check.code) {
            let span = f.locations[0].span.unwrap();
            let (start, _) = sources.positions(span);
            writeln!(out, "policy.json:{}:{}: {} {}", start.line, start.column, f.code, f.message).unwrap();
        }
        out.push_str("```\n\n");
    }
    let instead: Vec<String> = documentation
        .use_instead
        .lines()
        .map(|l| if l.starts_with("```json") { "```json".to_owned() } else { l.to_owned() })
        .collect();
    writeln!(out, "## Use instead\n\n{}", instead.join("\n")).unwrap();
    out
}

fn custom_page(check: CustomCheck) -> String {
    let (code, title, command) = (check.code(), check.title(), check.command());
    format!(
        "# {code}\n\n{title}. Type: SECURITY_WARNING. Found by `iam-preflight {command}`.\n\n{}",
        check.documentation()
    )
}

fn custom_file_name(check: CustomCheck) -> String {
    format!("{}.md", check.code().to_lowercase().replace('_', "-"))
}

fn unused_page(unused: &UnusedAccessCode) -> String {
    format!(
        "# {}\n\n{}. Type: WARNING. Found by `iam-preflight unused`, and by `validate` with `--activity`.\n\n{}",
        unused.code, unused.title, unused.documentation
    )
}

fn unused_file_name(unused: &UnusedAccessCode) -> String {
    format!("{}.md", unused.code.to_lowercase().replace('_', "-"))
}

/// The codes of `external-access`.
fn of_access() -> Vec<IssueCode> {
    IssueCode::all().filter(|c| c.with == Some("external-access")).collect()
}

fn access_page(code: &IssueCode) -> String {
    let (title, kind) = (code.title, code.finding_type.as_str());
    format!(
        "# {}\n\n{title}. Type: {kind}. Found by `iam-preflight external-access`.\n\n{}",
        code.code, code.documentation
    )
}

/// The codes that `validate` looks for with an option.
fn with_option() -> Vec<IssueCode> {
    IssueCode::all().filter(|c| matches!(c.with, Some("--escalation" | "--risks"))).collect()
}

fn option_page(code: &IssueCode) -> String {
    let (title, kind, option) = (code.title, code.finding_type.as_str(), code.with.unwrap_or_default());
    format!("# {}\n\n{title}. Type: {kind}. Found by `validate` with `{option}`.\n\n{}", code.code, code.documentation)
}

fn option_file_name(code: &IssueCode) -> String {
    format!("{}.md", code.code.to_lowercase().replace('_', "-"))
}

fn capital(s: &str) -> String {
    s[..1].to_uppercase() + &s[1..]
}

fn index() -> String {
    let mut out = String::from(
        "# Checks\n\nEvery check of policy documents. `iam-preflight explain CODE` prints the same text.\n\n| Code | Type | Policies |\n|---|---|---|\n",
    );
    let mut all: Vec<_> = checks::registry().collect();
    all.sort_by_key(|c| (c.origin == CheckOrigin::Strict, c.finding_type, c.code));
    for check in all {
        let strict = if check.origin == CheckOrigin::Strict { " (with `--strict`)" } else { "" };
        let (kind, policies) = (check.finding_type.as_str(), policies(check.applies_to));
        writeln!(out, "| [{}]({}) | {kind}{strict} | {policies} |", check.code, file_name(check)).unwrap();
    }
    for check in CustomCheck::ALL {
        let (code, file, command) = (check.code(), custom_file_name(check), check.command());
        writeln!(out, "| [{code}]({file}) | SECURITY_WARNING (with `{command}`) | see there |").unwrap();
    }
    for code in of_access() {
        let (file, kind) = (option_file_name(&code), code.finding_type.as_str());
        writeln!(out, "| [{}]({file}) | {kind} (with `external-access`) | see there |", code.code).unwrap();
    }
    for code in with_option() {
        let (file, kind, option) = (option_file_name(&code), code.finding_type.as_str(), code.with.unwrap_or_default());
        writeln!(out, "| [{}]({file}) | {kind} (with `{option}`) | see there |", code.code).unwrap();
    }
    for unused in UnusedAccessCode::ALL {
        writeln!(out, "| [{}]({}) | WARNING (with `unused`) | see there |", unused.code, unused_file_name(unused))
            .unwrap();
    }
    out
}

/// The entry of the book's summary that has all of these pages below it.
const LIST_OF_CHECKS: &str = "- [Every check](checks/index.md)\n";

/// The book's summary: mdBook makes a page of what it lists and of nothing else.
fn summary(old: &str, pages: &[(String, String)]) -> String {
    let (before, _) = old.split_once(LIST_OF_CHECKS).expect("the list of checks in docs/SUMMARY.md");
    let mut out = format!("{before}{LIST_OF_CHECKS}");
    let mut listed: Vec<(&str, &str)> = pages
        .iter()
        .filter_map(|(file, text)| Some((text.lines().next()?.strip_prefix("# ")?, file.as_str())))
        .filter(|(_, file)| *file != "index.md")
        .collect();
    listed.sort_unstable();
    for (title, file) in listed {
        writeln!(out, "  - [{title}](checks/{file})").unwrap();
    }
    out
}

#[test]
fn the_pages_of_the_documentation_are_up_to_date() {
    let folder: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/checks");
    let mut pages = vec![("index.md".to_owned(), index())];
    pages.extend(checks::registry().map(|c| (file_name(c), page(c))));
    pages.extend(CustomCheck::ALL.map(|c| (custom_file_name(c), custom_page(c))));
    pages.extend(UnusedAccessCode::ALL.iter().map(|u| (unused_file_name(u), unused_page(u))));
    pages.extend(of_access().iter().map(|c| (option_file_name(c), access_page(c))));
    pages.extend(with_option().iter().map(|c| (option_file_name(c), option_page(c))));
    let summary_file = folder.with_file_name("SUMMARY.md");
    let old_summary = std::fs::read_to_string(&summary_file).unwrap();
    let new_summary = summary(&old_summary, &pages);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        for (name, text) in &pages {
            std::fs::write(folder.join(name), text).unwrap();
        }
        std::fs::write(&summary_file, &new_summary).unwrap();
    } else {
        assert!(
            old_summary == new_summary,
            "docs/SUMMARY.md lists other checks than there are; run with `UPDATE_DOCS=1`"
        );
    }
    let stale: Vec<_> =
        pages.iter().filter(|(n, t)| std::fs::read_to_string(folder.join(n)).ok().as_ref() != Some(t)).collect();
    let names: Vec<_> = stale.iter().map(|(n, _)| n).collect();
    assert!(stale.is_empty(), "run `UPDATE_DOCS=1 cargo test --test suite documentation` for {names:?}");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(pages.iter().any(|(n, _)| *n == name), "no check has the page `{name}`");
    }
}
