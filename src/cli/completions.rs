//! `completions SHELL`.

use clap::Args;

use super::{Failure, Outcome, output};

/// Print the completions of a shell.
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Completions {
    pub(super) fn run(self, command: &mut clap::Command) -> Result<Outcome, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "iam-preflight", &mut script);
        output::print(&String::from_utf8_lossy(&script))?;
        Ok(Outcome::Passed)
    }
}
