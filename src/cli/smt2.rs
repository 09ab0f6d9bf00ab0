//! `--smt2 DIR`: every question of a run as a file of SMT-LIB 2, for any solver to decide again.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Failure, output};

/// A question as text, or why it can't be written.
pub(super) type Written = Result<String, &'static str>;

/// The folder that the files go to.
pub(super) struct Folder {
    path: PathBuf,
    /// What could not be written: the first failure, and the questions that SMT-LIB has no words for.
    failure: Mutex<Option<Failure>>,
    left_out: Mutex<Vec<String>>,
}

/// The most characters of a policy's name in a file's name.
const NAME: usize = 100;

impl Folder {
    /// Makes the folder, if it was asked for.
    pub(super) fn of(path: Option<&Path>) -> Result<Option<Folder>, Failure> {
        let Some(path) = path else { return Ok(None) };
        std::fs::create_dir_all(path)
            .map_err(|cause| Failure::Output { what: format!("folder `{}`", path.display()), cause })?;
        Ok(Some(Folder { path: path.to_owned(), failure: Mutex::default(), left_out: Mutex::default() }))
    }

    /// Writes a question: `number` tells it from all others of the run, `name` says what it is about.
    pub(super) fn write(&self, number: &str, name: &str, text: Written) {
        match text {
            Ok(text) => {
                let file = self.path.join(format!("{number}-{}.smt2", file_name(name)));
                if let Err(failure) = output::write_file(&file, &text) {
                    self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                }
            }
            Err(why) => {
                let line = format!("no SMT-LIB file for `{name}`: {why}");
                self.left_out.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }
    }

    /// The questions that were not written, one line each, in order.
    pub(super) fn finish(&self) -> Result<Vec<String>, Failure> {
        if let Some(failure) = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Err(failure);
        }
        let mut left_out = std::mem::take(&mut *self.left_out.lock().unwrap_or_else(PoisonError::into_inner));
        left_out.sort();
        Ok(left_out)
    }
}

/// Characters that every file system takes.
fn file_name(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    name.chars().take(NAME).map(plain).collect()
}
