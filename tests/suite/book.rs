//! The documentation: its links lead somewhere, the book has every page, and the commands that it shows run: in a
//! repository of examples, with a trail of CloudTrail, and with a pull request on a GitHub of our own.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::binary::{iam_preflight, root, run};
use crate::tools;

/// The Markdown that people read first: the README and the pages of the book.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).expect("docs");
    let mut pages: Vec<PathBuf> = docs.map(|e| e.expect("an entry").path()).collect();
    pages.retain(|p| p.extension().is_some_and(|e| e == "md"));
    pages.push(root().join("README.md"));
    pages.sort();
    pages
}

fn name(page: &Path) -> String {
    page.strip_prefix(root()).unwrap_or(page).to_string_lossy().replace('\\', "/")
}

/// A line of a page, and whether it is code: of a block between fences, or of one that is set in.
struct Line<'t> {
    number: usize,
    text: &'t str,
    /// The language of its block, empty if none is given; nothing for prose.
    code: Option<&'t str>,
}

fn lines(page: &str) -> Vec<Line<'_>> {
    let mut fence: Option<&str> = None;
    let mut lines = Vec::new();
    let mut was_code = true;
    for (i, text) in page.lines().enumerate() {
        let set_in = text.starts_with("    ") && was_code;
        let code = match (fence, text.trim_start().strip_prefix("```")) {
            (None, Some(language)) => {
                fence = Some(language.trim());
                None
            }
            (Some(_), Some(_)) => {
                fence = None;
                None
            }
            (Some(language), None) => Some(language),
            (None, None) => set_in.then_some(""),
        };
        // A block that is set in comes after an empty line.
        was_code = text.trim().is_empty() || code.is_some();
        lines.push(Line { number: i + 1, text, code });
    }
    lines
}

/// What may stand before a command: the prompt, keys of pipelines, and a clock.
const BEFORE: [&str; 7] = ["$ ", "- ", "run: ", "script: ", "time ", "sudo ", "cargo run --release -- "];

/// The command lines that run us, with the lines on which they stand.
fn commands(page: &str) -> Vec<(usize, String)> {
    let lines = lines(page);
    let mut commands = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let Some(language) = line.code else { continue };
        let mut rest = line.text.trim();
        // Between commands, a console block has what they print.
        if language == "console" && !rest.starts_with("$ ") {
            continue;
        }
        let is_cargo = rest.contains("cargo run ");
        while let Some(after) = BEFORE.iter().find_map(|before| rest.strip_prefix(before)) {
            rest = after;
        }
        let Some(arguments) = rest.strip_prefix("iam-preflight ").or(is_cargo.then_some(rest)) else { continue };
        let mut command = format!("iam-preflight {arguments}");
        let mut following = lines.iter().skip(i + 1);
        while let Some(before) = command.strip_suffix('\\') {
            command = format!("{before} {}", following.next().expect("a further line").text.trim());
        }
        commands.push((line.number, command));
    }
    commands
}

/// A copy of a folder.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("a copy")),
        }
    }
}

/// Where the commands of the pages run: what they name is there.
struct Stage {
    folder: tempfile::TempDir,
    path: std::ffi::OsString,
    #[cfg(feature = "github")]
    github: crate::pull_request::Fake,
}

/// The days that pages name are days of the trail.
fn trail() -> String {
    let record = |day: &str, event: &str| {
        json!({"eventVersion": "1.11", "eventTime": format!("{day}T12:00:00Z"), "eventSource": "sqs.amazonaws.com", "eventName": event,
               "awsRegion": "eu-west-1", "eventID": format!("{day}-{event}"), "eventType": "AwsApiCall", "recipientAccountId": "111122223333",
               "requestParameters": {"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"},
               "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/app/session", "accountId": "111122223333",
                                "sessionContext": {"sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/app"}}}})
    };
    json!({"Records": [record("2026-07-02", "ReceiveMessage"), record("2026-09-26", "SendMessage")]}).to_string()
}

impl Stage {
    fn new() -> Stage {
        let folder = tempfile::tempdir().expect("a folder");
        let here = folder.path();
        copy(&root().join("examples"), &here.join("examples"));
        copy(&root().join("rules"), &here.join("rules"));
        copy(&root().join("examples/policies"), &here.join("FOLDER"));
        for part in ["infra", "logs", "reports"] {
            fs::create_dir(here.join(part)).expect("a folder");
        }
        for (from, to) in [
            ("examples/cloudformation/orders.yaml", "infra/orders.yaml"),
            ("examples/external-access/template.yaml", "template.yaml"),
            ("examples/terraform/queue/plan.json", "plan.json"),
            ("examples/simulate/requests.jsonl", "requests.jsonl"),
            ("examples/cloudformation/clean.json", "realistic-10000.json"),
        ] {
            fs::copy(root().join(from), here.join(to)).expect("a copy");
        }
        let pairs = fs::read_to_string(root().join("tests/data/policy-pairs.jsonl")).expect("questions");
        let few: Vec<&str> = pairs.lines().filter(|line| line.len() < 2_000).take(3).collect();
        fs::write(here.join("history.jsonl"), few.join("\n")).expect("a file");
        fs::write(here.join("logs/111122223333_CloudTrail_eu-west-1_20260926T1205Z_aB3.json"), trail())
            .expect("a file");
        let git = |arguments: &[&str]| {
            let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
            let output = Command::new("git").current_dir(here).args(who).args(arguments).output().expect("git");
            assert!(output.status.success(), "{arguments:?}");
        };
        git(&["init", "-q"]);
        git(&["add", "-A"]);
        git(&["commit", "-qm", "all"]);
        git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
        let binary = Path::new(env!("CARGO_BIN_EXE_iam-preflight")).parent().expect("a folder").to_owned();
        let mut paths = vec![binary];
        paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        let event = r#"{"pull_request": {"number": 3, "head": {"sha": "0123456789abcdef0123456789abcdef01234567"}}}"#;
        fs::write(here.join(".git/event.json"), event).expect("a file");
        Stage {
            path: std::env::join_paths(paths).expect("a path"),
            #[cfg(feature = "github")]
            github: crate::pull_request::Fake::start(),
            folder,
        }
    }

    /// Runs a command as a shell reads it.
    fn run(&self, command: &str) -> std::process::Output {
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).current_dir(self.folder.path()).env_clear();
        shell.env("PATH", &self.path).env("HOME", self.folder.path()).env("LANG", "C.UTF-8");
        shell.env("CI_MERGE_REQUEST_DIFF_BASE_SHA", "HEAD");
        #[cfg(feature = "github")]
        if command.contains("comment") {
            shell.env("GITHUB_ACTIONS", "true").env("GITHUB_REPOSITORY", "o/r").env("GITHUB_TOKEN", "secret");
            shell.env("GITHUB_API_URL", &self.github.url);
            shell.env("GITHUB_EVENT_PATH", self.folder.path().join(".git/event.json"));
        }
        shell.output().expect("bash runs")
    }
}

#[test]
fn every_command_of_the_documentation_runs() {
    let stage = Stage::new();
    let mut count = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for (line, command) in commands(&text) {
            let guard = command.contains("iam-preflight rules ") || command.contains("--rules");
            if (guard && !cfg!(feature = "guard")) || (command.contains("comment") && !cfg!(feature = "github")) {
                continue;
            }
            let output = stage.run(&command);
            let errors = String::from_utf8_lossy(&output.stderr);
            // Findings are what examples are for; wrong use and unreadable inputs are not. Two is also what a page may ask for.
            let asked = command.contains("--findings-exit-code 2") && errors.is_empty();
            let code = output.status.code();
            assert!(matches!(code, Some(0 | 1)) || asked, "{}:{line}: {command}: {output:?}", name(&page));
            // What was left on the pull request, too.
            let failed = ["error: ", "::notice", "notice: "].iter().any(|sign| errors.contains(sign));
            assert!(!failed, "{}:{line}: {command}: {errors}", name(&page));
            count += 1;
        }
    }
    assert!(count >= 55, "{count}");
}

#[test]
fn commands_are_seen_in_blocks_of_every_kind() {
    let page = "Prose: iam-preflight no.\n\n    iam-preflight a\n    time iam-preflight b > c\n\nText\n    iam-preflight no\n\n```console\n$ iam-preflight d\n\
                iam-preflight prints\n```\n\n```yaml\n- run: iam-preflight e \\\n    --f\n  script: iam-preflight g\n```\n\n```console\n$ cargo run --release -- h\n```\n";
    let found: Vec<String> = commands(page).into_iter().map(|(_, command)| command).collect();
    let expected = ["a", "b > c", "d", "e  --f", "g", "h"].map(|rest| format!("iam-preflight {rest}"));
    assert_eq!(found, expected);
}

/// Options of other programs that pages name.
const OPTIONS_OF_OTHERS: [&str; 15] = [
    "--bench",
    "--event",
    "--event-pattern",
    "--findings",
    "--granularity",
    "--lines",
    "--locked",
    "--message",
    "--no-default-features",
    "--pairs",
    "--path",
    "--release",
    "--seed",
    "--template-path",
    "--test",
];

#[test]
fn every_option_and_subcommand_that_the_documentation_names_is_there() {
    let completions = run(iam_preflight().args(["completions", "bash"])).out;
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let known: BTreeSet<&str> = completions.split(|c| !is_part(c)).filter(|word| word.starts_with("--")).collect();
    let help = run(iam_preflight().arg("--help")).out;
    let (_, list) = help.split_once("\nCommands:\n").expect("the subcommands");
    let (list, _) = list.split_once("\nOptions:").expect("their end");
    let subcommands: BTreeSet<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' '))?.split(' ').next())
        .collect();
    assert!(known.contains("--format") && subcommands.contains("validate"), "{known:?} {subcommands:?}");
    let mut of_others = BTreeSet::new();
    let mut named = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        for line in lines(&text) {
            let at = || format!("{}:{}: {}", name(&page), line.number, line.text);
            for option in
                line.text.split(|c| !is_part(c)).filter(|w| w.len() > 3 && w.starts_with("--") && !w.ends_with('-'))
            {
                named += 1;
                if let Some(other) = OPTIONS_OF_OTHERS.iter().find(|other| **other == option) {
                    of_others.insert(*other);
                } else {
                    assert!(known.contains(option), "{}", at());
                }
            }
            for command in line.text.split("`iam-preflight ").skip(1) {
                let word = command.split([' ', '`']).next().unwrap_or_default();
                assert!(subcommands.contains(word), "{}", at());
            }
        }
    }
    assert!(named > 100, "{named}");
    assert_eq!(of_others, BTreeSet::from(OPTIONS_OF_OTHERS), "no page names them any more");
}

#[test]
fn links_between_pages_lead_to_files_that_exist() {
    for page in pages() {
        let text = fs::read_to_string(&page).expect("a page");
        let folder = page.parent().expect("a folder");
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.contains(char::is_whitespace) {
                continue;
            }
            assert!(folder.join(file).exists(), "{}: {link}", name(&page));
            // The book has what is in its folder.
            assert!(
                !name(&page).starts_with("docs/") || !file.starts_with("../"),
                "{}: {link} leaves the book",
                name(&page)
            );
        }
    }
}

#[test]
fn the_book_has_every_page() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).expect("the summary");
    for page in pages() {
        let name = name(&page);
        let Some(page) = name.strip_prefix("docs/").filter(|p| *p != "SUMMARY.md") else { continue };
        assert!(summary.contains(&format!("]({page})")), "{page}");
    }
    let index = fs::read_to_string(root().join("docs/checks/index.md")).expect("the list of checks");
    for entry in fs::read_dir(root().join("docs/checks")).expect("checks") {
        let file = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(summary.contains(&format!("](checks/{file})")), "{file}");
        assert!(file == "index.md" || index.contains(&format!("({file})")), "{file}");
    }
}

/// The files of a folder and of those in it, with their paths from it.
fn files(folder: &Path, from: &str, all: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = format!("{from}{}", entry.file_name().to_string_lossy());
        match entry.path().is_dir() {
            true => files(&entry.path(), &format!("{name}/"), all),
            false => all.push((name, entry.path())),
        }
    }
}

#[test]
fn mdbook_builds_the_book_without_a_warning_and_with_no_link_to_nowhere() {
    let Some(mdbook) = tools::program("IAM_PREFLIGHT_MDBOOK", "mdbook") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let built = Command::new(mdbook).current_dir(root()).arg("build").arg("--dest-dir").arg(folder.path()).output();
    let built = built.expect("mdbook runs");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success() && !said.contains("WARN") && !said.contains("ERROR"), "{said}");
    let mut all = Vec::new();
    files(folder.path(), "", &mut all);
    let (mut links, mut anchors) = (0, 0);
    // The page for what is not found has addresses from the server's root; the others are made by mdBook alone.
    let own = |name: &str| name.ends_with(".html") && !["404.html", "print.html", "toc.html"].contains(&name);
    for (page, path) in all.iter().filter(|(name, _)| own(name)) {
        let text = fs::read_to_string(path).expect("a page");
        let addresses = ["href=\"", "src=\""].iter().flat_map(|start| text.split(start).skip(1));
        for address in addresses.filter_map(|rest| rest.split('"').next()) {
            if address.contains(':') || address.is_empty() {
                continue;
            }
            links += 1;
            let (file, anchor) = address.split_once('#').unwrap_or((address, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(target.is_file(), "{page}: {address}");
            if !anchor.is_empty() {
                anchors += 1;
                let target = fs::read_to_string(target).expect("a page");
                assert!(target.contains(&format!("id=\"{anchor}\"")), "{page}: {address}");
            }
        }
    }
    assert!(all.len() > 200 && links > 4_000 && anchors > 100, "{} {links} {anchors}", all.len());
}
