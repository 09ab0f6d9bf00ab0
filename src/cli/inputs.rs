//! Finding and reading the inputs: files, folders, globs and standard input. Nothing here knows formats; what can't be
//! read is passed on as the input's error, and the others go on.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::Problem;
use crate::source::{Limits, Sources};
use crate::template::FoundInput;
use crate::template::detect::Candidate;

/// The name of standard input in messages.
const STDIN: &str = "<stdin>";

/// Ends of file names that a folder search reads; whatever else the folder holds is passed over unread.
const SEARCHED: [&str; 4] = ["json", "yaml", "yml", "template"];

/// What a search found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The inputs, in the order of the arguments, and within a folder by path.
    pub inputs: Vec<FoundInput>,
    /// Files passed over by their names.
    pub passed_over: usize,
    /// True if one of those is Terraform source, which is only read beside a plan.
    pub terraform_source: bool,
}

/// Finds and reads all inputs.
pub(super) fn find(arguments: &[String], sources: &Sources, limits: &Limits) -> Found {
    let mut search = Search { found: Found::default(), seen: FxHashSet::default(), sources, limits };
    for argument in arguments {
        search.argument(argument);
    }
    search.found
}

struct Search<'a> {
    found: Found,
    /// Files already read, so that overlapping arguments give each file once.
    seen: FxHashSet<PathBuf>,
    sources: &'a Sources,
    limits: &'a Limits,
}

impl Search<'_> {
    fn argument(&mut self, argument: &str) {
        if argument == "-" {
            let text = read_bounded(std::io::stdin().lock(), self.limits.bytes);
            return self.text(STDIN.to_owned(), text, true);
        }
        let path = Path::new(argument);
        match path.metadata() {
            Ok(metadata) if metadata.is_dir() => self.folder(path, None),
            Ok(_) => self.file(path, true),
            Err(_) if is_glob(argument) => self.glob(argument),
            Err(error) => self.unreadable(argument.to_owned(), io_problem(&error)),
        }
    }

    /// All files of a folder and its subfolders whose names may be those of inputs, or that a glob matches.
    fn folder(&mut self, folder: &Path, glob: Option<&globset::GlobMatcher>) {
        let walk = WalkBuilder::new(folder).require_git(false).sort_by_file_path(Ord::cmp).build();
        let mut assemblies = Assemblies::default();
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.unreadable(folder.display().to_string(), Problem::new(error.to_string()));
                    continue;
                }
            };
            if entry.file_type().is_none_or(|t| !t.is_file()) {
                continue;
            }
            let path = entry.path();
            if glob.is_none()
                && let Some(manifest) = assemblies.manifest_over(folder, path)
            {
                // The manifest names the files of the assembly that matter.
                self.file(&manifest, false);
                continue;
            }
            let wanted = match glob {
                Some(glob) => glob.is_match(path.strip_prefix("./").unwrap_or(path)),
                None => has_searched_name(path),
            };
            if wanted {
                self.file(path, false);
            } else if glob.is_none() {
                self.found.passed_over += 1;
                self.found.terraform_source |= path.extension().is_some_and(|e| e == "tf");
            }
        }
    }

    fn glob(&mut self, pattern: &str) {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let matcher = match globset::GlobBuilder::new(pattern).literal_separator(true).build() {
            Ok(glob) => glob.compile_matcher(),
            Err(error) => {
                let problem = Problem::new(format!("not a valid glob: {}", error.kind()));
                return self.unreadable(pattern.to_owned(), problem);
            }
        };
        let before = self.found.inputs.len();
        self.folder(&glob_root(pattern), Some(&matcher));
        if self.found.inputs.len() == before {
            self.unreadable(pattern.to_owned(), Problem::new("no file matches this glob"));
        }
    }

    fn file(&mut self, path: &Path, named: bool) {
        let identity = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if !self.seen.insert(identity) {
            return;
        }
        let name = shown(path);
        // Opening a pipe that nobody writes to would wait for ever in a search.
        let is_file = path.metadata().is_ok_and(|m| m.is_file());
        if !named && !is_file {
            self.found.passed_over += 1;
            return;
        }
        let too_big = path.metadata().ok().filter(|m| m.is_file() && m.len() > self.limits.bytes as u64);
        let text = match too_big {
            Some(metadata) => Err(over_limit(metadata.len(), self.limits.bytes)),
            None => match File::open(path) {
                Ok(file) => read_bounded(file, self.limits.bytes),
                Err(error) => Err(io_problem(&error)),
            },
        };
        self.text(name, text, named);
    }

    fn text(&mut self, path: String, text: Result<String, Problem>, named: bool) {
        match text {
            Ok(text) if text.trim_start_matches('\u{FEFF}').trim().is_empty() && named => {
                self.unreadable(path, Problem::new("the file is empty"));
            }
            Ok(text) => {
                let source = self.sources.add(path.clone(), text);
                self.found.inputs.push(FoundInput::Text(Candidate { path, source, named }));
            }
            // A search finds many files that are no text and none of ours.
            Err(problem) if !named && problem.help.as_deref() == Some(NOT_TEXT) => self.found.passed_over += 1,
            Err(problem) => self.unreadable(path, problem),
        }
    }

    fn unreadable(&mut self, path: String, problem: Problem) {
        self.found.inputs.push(FoundInput::Unreadable { path, problem });
    }
}

/// The folders of CDK cloud assemblies in a search.
#[derive(Default)]
struct Assemblies {
    known: FxHashMap<PathBuf, bool>,
}

impl Assemblies {
    /// The manifest of the outermost assembly, within `root`, that a file belongs to.
    fn manifest_over(&mut self, root: &Path, file: &Path) -> Option<PathBuf> {
        let folders: Vec<&Path> = file.ancestors().skip(1).take_while(|f| f.starts_with(root)).collect();
        let outermost = folders.into_iter().rev().find(|folder| self.is_assembly(folder))?;
        Some(outermost.join(MANIFEST))
    }

    /// The CDK writes a file `cdk.out` beside the manifest; without it, the manifest has to name a stack.
    fn is_assembly(&mut self, folder: &Path) -> bool {
        if let Some(known) = self.known.get(folder) {
            return *known;
        }
        let manifest = folder.join(MANIFEST);
        let names_stack =
            || std::fs::read_to_string(&manifest).is_ok_and(|t| t.contains("\"aws:cloudformation:stack\""));
        let is_one = manifest.is_file() && (folder.join("cdk.out").is_file() || names_stack());
        self.known.insert(folder.to_owned(), is_one);
        is_one
    }
}

/// The file that names the stacks of an assembly.
const MANIFEST: &str = "manifest.json";

fn shown(path: &Path) -> String {
    path.strip_prefix("./").unwrap_or(path).display().to_string()
}

fn has_searched_name(path: &Path) -> bool {
    path.extension().is_some_and(|e| SEARCHED.iter().any(|s| e.eq_ignore_ascii_case(s)))
}

fn is_glob(argument: &str) -> bool {
    argument.contains(['*', '?', '[', '{'])
}

/// The folder that a search for a glob begins in: the parts before the first with a wildcard.
fn glob_root(pattern: &str) -> PathBuf {
    let fixed: PathBuf =
        Path::new(pattern).components().take_while(|part| !is_glob(&part.as_os_str().to_string_lossy())).collect();
    if fixed.as_os_str().is_empty() { PathBuf::from(".") } else { fixed }
}

const NOT_TEXT: &str = "inputs are UTF-8 text";

/// Reads text, at most `limit` bytes of it.
fn read_bounded(reader: impl Read, limit: usize) -> Result<String, Problem> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(|e| io_problem(&e))?;
    if bytes.len() > limit {
        return Err(over_limit(bytes.len() as u64, limit));
    }
    String::from_utf8(bytes).map_err(|error| not_text(error.as_bytes(), error.utf8_error().valid_up_to()))
}

fn not_text(bytes: &[u8], valid_up_to: usize) -> Problem {
    let message = if bytes.starts_with(b"PK\x03\x04") {
        "a zip archive, such as a binary Terraform plan".to_owned()
    } else if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        "text in UTF-16".to_owned()
    } else if bytes.iter().take(8_000).any(|b| *b == 0) {
        "a binary file".to_owned()
    } else {
        let line = bytes.iter().take(valid_up_to).filter(|b| **b == b'\n').count() + 1;
        format!("line {line}: byte {valid_up_to} is not UTF-8")
    };
    let help = if bytes.starts_with(b"PK\x03\x04") {
        "write the plan as JSON: `terraform show -json plan.bin > plan.json`"
    } else {
        NOT_TEXT
    };
    Problem { message, span: None, help: Some(help.to_owned()) }
}

fn over_limit(size: u64, limit: usize) -> Problem {
    Problem {
        message: format!("{} MiB or more is over the limit of {} MiB", size >> 20, limit >> 20),
        span: None,
        help: Some("`--max-input-size` raises the limit".to_owned()),
    }
}

fn io_problem(error: &std::io::Error) -> Problem {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Problem::new(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_none_is_named_for_what_it_is() {
        let problem = |bytes: &[u8]| read_bounded(bytes, 100).expect_err("no text").message;
        assert_eq!(problem(b"a\nb\xFF"), "line 2: byte 3 is not UTF-8");
        assert_eq!(problem(b"a\0\xFF"), "a binary file");
        assert_eq!(problem(&[b'x'; 101]), "0 MiB or more is over the limit of 0 MiB");
        assert!(problem(b"\xFF\xFEa\0").contains("UTF-16"));
    }

    #[test]
    fn a_glob_is_searched_for_from_its_fixed_part() {
        assert_eq!(glob_root("a/b/*.yaml"), Path::new("a/b"));
        assert_eq!(glob_root("*.yaml"), Path::new("."));
        assert_eq!(glob_root("/a/**/x"), Path::new("/a"));
    }
}
