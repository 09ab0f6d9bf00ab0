//! `--base`: finding the earlier version of each input, in a file, in a folder, or in git.

mod git;

use std::path::{Path, PathBuf};

use super::options::InputOptions;
use super::{Failure, pipeline};
use crate::analysis::counterpart::Earlier;
use crate::catalog::Catalog;
use crate::model::Input;
use crate::source::Sources;

/// Where earlier versions are.
enum Base {
    File(PathBuf),
    Folder(PathBuf),
    Git(git::Checkout),
}

/// Loads the earlier version of the inputs.
pub(super) fn load(
    given: &str,
    options: &InputOptions,
    now: &pipeline::Loaded,
    sources: &Sources,
    catalog: &Catalog,
) -> Result<Earlier, Failure> {
    let base = match given.strip_prefix("git:") {
        Some(reference) => Base::Git(git::Checkout::of(reference)?),
        None => {
            let path = Path::new(given);
            let metadata = path.metadata().map_err(|e| {
                let why = if e.kind() == std::io::ErrorKind::NotFound {
                    "no such file or folder".to_owned()
                } else {
                    e.to_string()
                };
                Failure::usage(format!("base `{given}`: {why}"))
            })?;
            if metadata.is_dir() { Base::Folder(path.to_owned()) } else { Base::File(path.to_owned()) }
        }
    };
    let inputs: Vec<&Input> = now.deployment.inputs.iter().filter(|i| i.error.is_none()).collect();
    let mut paths = Vec::new();
    for input in &inputs {
        if let Some(earlier) = base.path_of(&input.path, inputs.len(), &options.inputs, given)? {
            let shown = earlier.strip_prefix("./").unwrap_or(&earlier).display().to_string();
            paths.push((shown, input.path.clone()));
        }
    }
    if paths.is_empty() {
        return Ok(Earlier::new(Default::default(), &[]));
    }
    let earlier = InputOptions { inputs: paths.iter().map(|(from, _)| from.clone()).collect(), ..options.clone() };
    let loaded = pipeline::load(&earlier, sources, catalog)?;
    for input in &loaded.deployment.inputs {
        if let Some(problem) = &input.error {
            let now = paths.iter().find(|(from, _)| *from == input.path).map_or(&input.path, |(_, to)| to);
            return Err(Failure::usage(format!("base `{given}`: `{now}`: {}", problem.message)));
        }
    }
    Ok(Earlier::new(loaded.deployment, &paths))
}

impl Base {
    /// The earlier version of an input; `None` if there was none.
    fn path_of(&self, path: &str, count: usize, arguments: &[String], given: &str) -> Result<Option<PathBuf>, Failure> {
        let from_stdin = path.starts_with('<');
        let nameless =
            || Failure::usage(format!("standard input has no name to look for in `{given}`")).with_help("give a file");
        match self {
            Base::File(file) if count == 1 => Ok(Some(file.clone())),
            Base::File(_) => Err(Failure::usage(format!("base `{given}` is one file, and there are {count} inputs"))
                .with_help("give a folder or `git:REF`")),
            _ if from_stdin => Err(nameless()),
            Base::Folder(folder) => {
                // A folder that was given stands for the base; other files are there by their names.
                let within = arguments.iter().find_map(|a| {
                    let argument = Path::new(a).components().as_path();
                    let argument = argument.strip_prefix("./").unwrap_or(argument);
                    let rest =
                        if a == "." { Some(Path::new(path)) } else { Path::new(path).strip_prefix(argument).ok() };
                    rest.filter(|rest| Path::new(a).is_dir() && !rest.as_os_str().is_empty())
                });
                let name = || Path::new(path).file_name().map(Path::new);
                let whole = Some(Path::new(path)).filter(|p| p.is_relative());
                let candidates = [within, whole, name()].into_iter().flatten().map(|rest| folder.join(rest));
                Ok(candidates.into_iter().find(|c| c.is_file()))
            }
            Base::Git(checkout) => checkout.path_of(Path::new(path)),
        }
    }
}
