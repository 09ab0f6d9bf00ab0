//! The modules of the library against the table in `docs/architecture.md`: each uses only what stands above it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::binary::root;

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The modules of the library that a line of code names.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let code = line.split("//").next().unwrap_or_default();
    code.split("crate::")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next())
}

#[test]
fn a_module_uses_only_modules_above_it_in_the_table() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).expect("the page");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let order: Vec<&str> = rows.collect();
    assert_eq!(order.first(), Some(&"source"), "{order:?}");
    let source = root().join("src");
    let mut uses = 0;
    for path in files(&source).iter().filter(|p| p.extension().is_some_and(|e| e == "rs")) {
        let inner = path.strip_prefix(&source).expect("below it");
        let module = inner.components().next().expect("a name").as_os_str().to_string_lossy();
        if module.ends_with(".rs") {
            continue;
        }
        let own = order.iter().position(|m| *m == module).unwrap_or_else(|| panic!("`{module}` is not in the table"));
        let text = fs::read_to_string(path).expect("a file");
        // Tests may use what they like.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for other in code.lines().flat_map(named) {
            let Some(at) = order.iter().position(|m| *m == other) else { continue };
            assert!(at <= own, "{}: `{module}` uses `{other}`, which stands below it", inner.display());
            uses += usize::from(at < own);
        }
    }
    assert!(uses > 500, "{uses}");
}
