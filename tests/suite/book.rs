//! The documentation: its links lead somewhere, the book has every page, and the commands that it shows run.

use std::fs;
use std::path::{Path, PathBuf};

use crate::binary::{iam_preflight, root, run};

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

/// The commands of the `console` blocks, with the lines on which they stand.
fn commands(page: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(page).expect("a page");
    let mut inside = false;
    let mut commands = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line.trim() == "```console";
        } else if let Some(command) = line.strip_prefix("$ iam-preflight ").filter(|_| inside) {
            commands.push((number + 1, command.to_owned()));
        }
    }
    commands
}

#[test]
fn every_command_of_the_documentation_runs() {
    let mut count = 0;
    for page in pages() {
        for (line, command) in commands(&page) {
            assert!(!command.contains(['\'', '"', '|', '>', '$']), "{}:{line}: a plain command", name(&page));
            let rules = command.starts_with("rules ") || command.contains("--rules");
            if rules && !cfg!(feature = "guard") {
                continue;
            }
            let result = run(iam_preflight().args(command.split_whitespace()));
            // Findings are what examples are for; wrong use and unreadable inputs are not. Two is also what a page may ask for.
            let asked = command.contains("--findings-exit-code 2") && result.err.is_empty();
            assert!(result.code < 2 || asked, "{}:{line}: {command}: {result:?}", name(&page));
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
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
        assert!(file == "index.md" || index.contains(&format!("({file})")), "{file}");
    }
}
