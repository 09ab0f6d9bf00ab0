//! Reading evidence of use for `unused` and for `validate --activity`: which files there are, and what each is.

use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::progress::Bar;
use super::{Failure, Global, output};
use crate::activity::collect::{Options, collect};
use crate::activity::evidence::{Evidence, EvidenceKind, EvidenceReader};
use crate::activity::log_file;
use crate::catalog::Catalog;
use crate::source::Sources;

/// Enough of a file to tell a log of CloudTrail from other JSON.
const BEGINNING: usize = 4 << 10;

/// The files that options name.
#[derive(Debug, Default)]
pub(super) struct EvidenceFiles {
    /// Pages of authorization details.
    pub authorization_details: Vec<PathBuf>,
    /// Credential reports, and lists of access keys, which have their ids.
    pub credential_reports: Vec<PathBuf>,
    /// Files and folders of last accessed details; those that are about a known entity with its name or ARN.
    pub last_accessed: Vec<(Option<String>, PathBuf)>,
    /// Files and folders of CloudTrail's logs.
    pub trails: Vec<PathBuf>,
    /// Files of folders that are no evidence.
    pub passed_over: usize,
}

impl EvidenceFiles {
    /// Tells the files under paths by their content.
    pub(super) fn under(paths: &[PathBuf]) -> Result<EvidenceFiles, Failure> {
        let mut files = EvidenceFiles::default();
        for path in paths {
            if path.is_dir() {
                for file in files_under(path) {
                    files.tell(&file, Some(path));
                }
            } else if path.is_file() {
                files.tell(path, None);
            } else {
                return Err(Failure::usage(format!(
                    "`--activity`: `{}` is neither a file nor a folder",
                    path.display()
                )));
            }
        }
        Ok(files)
    }

    fn tell(&mut self, path: &Path, folder: Option<&Path>) {
        let mut beginning = Vec::new();
        let read = std::fs::File::open(path).and_then(|f| f.take(BEGINNING as u64).read_to_end(&mut beginning));
        let text = String::from_utf8_lossy(&beginning);
        let words = text.to_ascii_lowercase();
        let is_log = read.is_err()
            || beginning.starts_with(&[0x1f, 0x8b])
            || log_file::begins_as_parquet(path)
            || ["\"records\"", "eventsource", "event_source", "cloudtrailevent"]
                .iter()
                .any(|word| words.contains(word));
        let kind = if is_log { None } else { EvidenceKind::of(&text) };
        match kind.or_else(|| (!is_log).then(|| EvidenceKind::of(&std::fs::read_to_string(path).ok()?)).flatten()) {
            Some(EvidenceKind::AuthorizationDetails) => self.authorization_details.push(path.to_owned()),
            Some(EvidenceKind::CredentialReport | EvidenceKind::AccessKeys) => {
                self.credential_reports.push(path.to_owned())
            }
            Some(EvidenceKind::LastAccessed) => {
                let label = label_of(folder.and_then(|f| path.strip_prefix(f).ok()).unwrap_or(path));
                self.last_accessed.push((Some(label), path.to_owned()));
            }
            None if is_log || folder.is_none() => self.trails.push(path.to_owned()),
            None => self.passed_over += 1,
        }
    }

    /// Reads all of it.
    pub(super) fn read(&self, sources: &Sources, catalog: &Catalog, jobs: Option<usize>, global: &Global) -> Evidence {
        let mut reader = EvidenceReader::default();
        let read = |kind: EvidenceKind, path: &Path, label: &str, reader: &mut EvidenceReader| {
            let name = path.display().to_string();
            match std::fs::read(path).map(String::from_utf8) {
                Ok(Ok(text)) => reader.add(kind, &name, label, &text, sources),
                Ok(Err(_)) => reader.unreadable(&name, "its text is not UTF-8".to_owned()),
                Err(error) => reader.unreadable(&name, error.to_string()),
            }
        };
        for path in &self.authorization_details {
            read(EvidenceKind::AuthorizationDetails, path, "", &mut reader);
        }
        for path in &self.credential_reports {
            let is_keys =
                std::fs::read_to_string(path).is_ok_and(|t| EvidenceKind::of(&t) == Some(EvidenceKind::AccessKeys));
            let kind = if is_keys { EvidenceKind::AccessKeys } else { EvidenceKind::CredentialReport };
            read(kind, path, "", &mut reader);
        }
        for (entity, path) in &self.last_accessed {
            match entity {
                Some(entity) => read(EvidenceKind::LastAccessed, path, entity, &mut reader),
                None if path.is_dir() => {
                    for file in files_under(path).into_iter().filter(|f| f.extension().is_some_and(|e| e == "json")) {
                        let label = label_of(file.strip_prefix(path).unwrap_or(&file));
                        read(EvidenceKind::LastAccessed, &file, &label, &mut reader);
                    }
                }
                None => read(EvidenceKind::LastAccessed, path, &label_of(path), &mut reader),
            }
        }
        let mut evidence = reader.finish();
        if !self.trails.is_empty() {
            // Whatever was called is used, denied or not; resources don't matter.
            let options = Options { data_events: true, jobs: jobs.unwrap_or(0), ..Options::default() };
            let bar = Bar::new(global);
            evidence.activity = Some(collect(&self.trails, &options, catalog, &bar));
            bar.finish();
        }
        evidence
    }
}

/// A file or folder of last accessed details, or `ENTITY=FILE`. Names of users and of files may have a `=`, too: what is there
/// decides.
pub(super) fn last_accessed(given: &str) -> Result<(Option<String>, PathBuf), std::convert::Infallible> {
    let whole = PathBuf::from(given);
    let mut cuts = given.match_indices('=').map(|(at, _)| at).filter(|_| !whole.exists());
    let named = cuts.find_map(|at| {
        let (entity, file) = (given.get(..at)?, Path::new(given.get(at + 1..)?));
        (!entity.is_empty() && file.is_file()).then(|| (Some(entity.to_owned()), file.to_owned()))
    });
    Ok(named.unwrap_or((None, whole)))
}

/// The files of a folder, sorted.
fn files_under(folder: &Path) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(folder).standard_filters(false).sort_by_file_path(Path::cmp).build();
    walk.filter_map(Result::ok).filter(|e| e.file_type().is_some_and(|t| t.is_file())).map(|e| e.into_path()).collect()
}

/// A path without `.json`, with `/` between folders.
fn label_of(path: &Path) -> String {
    let path = if path.extension().is_some_and(|e| e == "json") { path.with_extension("") } else { path.to_owned() };
    path.display().to_string().replace('\\', "/")
}

/// What could not be read, for the report, and how much of it there is.
pub(super) fn troubles(evidence: &Evidence) -> (Vec<String>, u64) {
    let mut all = evidence.troubles.clone();
    if let Some(activity) = &evidence.activity {
        all.files += activity.coverage.troubles.files;
        all.records += activity.coverage.troubles.records;
        all.described.extend(activity.coverage.troubles.described.iter().cloned());
    }
    let mut notices: Vec<String> = all
        .described
        .iter()
        .map(|t| {
            let record = t.record.map_or_else(String::new, |number| format!(", record {number}"));
            format!("`{}`{record}: {}", output::printable(&t.file), output::printable(&t.message))
        })
        .collect();
    if !all.is_empty() {
        let files = crate::report::counted(all.files as usize, "file", "files");
        let records = crate::report::counted(all.records as usize, "record", "records");
        notices.push(format!("of the evidence, {files} and {records} could not be read"));
    }
    (notices, all.files + all.records)
}
