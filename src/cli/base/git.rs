//! The files of a commit, by running `git`. They are checked out into a temporary folder with an index of their own, so
//! neither the working tree nor the index of the repository is touched.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::cli::Failure;

/// A commit's files in a temporary folder, which is removed in the end.
pub(super) struct Checkout {
    folder: TempDir,
    /// The repository's working tree.
    root: PathBuf,
    reference: String,
}

impl Checkout {
    pub(super) fn of(reference: &str) -> Result<Checkout, Failure> {
        let failed = |what: String| Failure::usage(format!("base `git:{reference}`: {what}"));
        if reference.is_empty() || reference.starts_with('-') {
            return Err(failed("expected the name of a branch, tag or commit".to_owned()));
        }
        let root = git(None, &["rev-parse", "--show-toplevel"]).map_err(&failed)?;
        let root = PathBuf::from(root.trim_end_matches(['\n', '\r']));
        let tree =
            git(None, &["rev-parse", "--verify", "--quiet", &format!("{reference}^{{tree}}")]).map_err(|_| {
                failed("git knows no such commit".to_owned()).with_help(
                "a shallow clone has one commit only: `git fetch origin REF` fetches another (for actions/checkout, \
                 `fetch-depth: 0`)",
            )
            })?;
        let folder = TempDir::new().map_err(|e| failed(format!("no temporary folder: {e}")))?;
        let index = folder.path().join("index");
        git(Some((&index, &root)), &["read-tree", tree.trim()]).map_err(&failed)?;
        // The prefix is no path: git puts it before each name as it is.
        let prefix = format!("--prefix={}/", folder.path().join("tree").display());
        git(Some((&index, &root)), &["checkout-index", "--all", "--quiet", "--force", &prefix]).map_err(&failed)?;
        Ok(Checkout { folder, root, reference: reference.to_owned() })
    }

    /// Where a file of the working tree is in the commit; `None` if the commit doesn't have it.
    pub(super) fn path_of(&self, path: &Path) -> Result<Option<PathBuf>, Failure> {
        let outside = || {
            let (path, reference) = (path.display(), &self.reference);
            Failure::usage(format!(
                "base `git:{reference}`: `{path}` is not in the repository `{}`",
                self.root.display()
            ))
        };
        let canonical = |p: &Path| p.canonicalize().map_err(|_| outside());
        // The file may be a link; its folder tells where it is in the repository.
        let absolute = std::path::absolute(path).map_err(|_| outside())?;
        let folder = canonical(absolute.parent().ok_or_else(outside)?)?;
        let file = folder.join(absolute.file_name().ok_or_else(outside)?);
        let root = canonical(&self.root)?;
        let relative = file.strip_prefix(&root).map_err(|_| outside())?;
        let earlier = self.folder.path().join("tree").join(relative);
        Ok(earlier.is_file().then_some(earlier))
    }
}

/// Runs git to its end and gives its output, or its complaint.
fn git(index: Option<(&Path, &Path)>, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("git");
    if let Some((index, root)) = index {
        // Files that are kept elsewhere (LFS) are not fetched.
        command.env("GIT_INDEX_FILE", index).env("GIT_LFS_SKIP_SMUDGE", "1").current_dir(root);
    }
    let Output { status, stdout, stderr } =
        command.args(arguments).output().map_err(|e| format!("`git` can't be run: {e}"))?;
    if status.success() {
        String::from_utf8(stdout).map_err(|_| "git's output is not UTF-8".to_owned())
    } else {
        let complaint = String::from_utf8_lossy(&stderr);
        Err(complaint.lines().next().unwrap_or("git failed").trim_start_matches("fatal: ").to_owned())
    }
}
