//! The baseline: a file of the findings that were there before, which don't count.
//!
//! It is written to be kept in version control: a line for each finding, in the order of paths and resources, without
//! anything that changes when other findings come or go. An empty entry ends the list, so that every finding's line
//! ends with a comma: branches that add lines in different places merge, and so does `merge=union`.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// Fingerprints of findings that were there before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The findings, sorted, each once.
    pub findings: BTreeSet<BaselineEntry>,
}

/// One finding of a baseline. The fields are in the order of sorting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BaselineEntry {
    /// For people: the file.
    pub path: Option<String>,
    /// For people: the resource.
    pub resource: Option<String>,
    /// For people: the issue code.
    pub code: String,
    /// What tells the finding.
    pub fingerprint: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct File {
    baseline_version: String,
    findings: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Entry(BaselineEntry),
    End(End),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {}

impl Baseline {
    /// The baseline of these findings.
    pub fn of(entries: impl IntoIterator<Item = BaselineEntry>) -> Baseline {
        Baseline { findings: entries.into_iter().collect() }
    }

    /// Reads a baseline file. Entries may stand in any order and more than once, as a merge leaves them.
    ///
    /// # Errors
    ///
    /// When the text is not a baseline of a known version.
    pub fn read(text: &str) -> Result<Baseline, String> {
        let conflict = |line: &str| ["<<<<<<< ", ">>>>>>> "].iter().any(|mark| line.starts_with(mark));
        if let Some(line) = text.lines().position(conflict) {
            return Err(format!("a merge conflict in line {}: keep the lines of both sides", line + 1));
        }
        let file: File = serde_json::from_str(text).map_err(|e| format!("not a baseline file: {e}"))?;
        if file.baseline_version != "1" {
            let version = file.baseline_version.escape_debug();
            return Err(format!("baseline version `{version}` is not known; this version reads `1`"));
        }
        let entries = file.findings.into_iter().filter_map(|line| match line {
            Line::Entry(entry) => Some(entry),
            Line::End(End {}) => None,
        });
        Ok(Baseline::of(entries))
    }

    /// The file's text: a finding a line.
    pub fn to_text(&self) -> String {
        let lines = self.findings.iter().map(|entry| serde_json::to_string(entry).unwrap_or_default());
        let lines: String = lines.map(|line| format!("    {line},\n")).collect();
        format!("{{\n  \"baselineVersion\": \"1\",\n  \"findings\": [\n{lines}    {{}}\n  ]\n}}\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, fingerprint: &str) -> BaselineEntry {
        BaselineEntry { path: Some(path.into()), resource: None, code: "C".into(), fingerprint: fingerprint.into() }
    }

    #[test]
    fn a_baseline_reads_what_it_wrote() {
        for baseline in [Baseline::of([]), Baseline::of([entry("b", "1"), entry("a", "2"), entry("b", "1")])] {
            assert_eq!(Baseline::read(&baseline.to_text()), Ok(baseline));
        }
        assert!(Baseline::read(r#"{"baselineVersion": "9", "findings": []}"#).is_err());
        assert!(Baseline::read(r#"{"baselineVersion": "1", "findings": [{"fingerprint": 1}]}"#).is_err());
        assert!(Baseline::read("{\n<<<<<<< HEAD\n").is_err_and(|e| e.contains("merge conflict in line 2")));
    }

    #[test]
    fn a_finding_more_is_a_line_more_and_changes_no_other() {
        let few = Baseline::of([entry("a", "1"), entry("c", "3")]).to_text();
        let more = Baseline::of([entry("a", "1"), entry("b", "2"), entry("c", "3"), entry("d", "4")]).to_text();
        let kept: Vec<&str> = more.lines().filter(|line| few.lines().any(|known| known == *line)).collect();
        assert_eq!(kept, few.lines().collect::<Vec<_>>());
    }
}
