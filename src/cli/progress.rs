//! The progress bar of long reading.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressStyle};

use super::Global;
use crate::activity::Progress;

/// Shows how the reading goes, on a terminal.
pub(super) struct Bar(ProgressBar);

impl Bar {
    /// Shown on a terminal only, and not with `--quiet`.
    pub(super) fn new(global: &Global) -> Bar {
        let shown = io::stderr().is_terminal() && !global.quiet;
        let bar = if shown { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = ProgressStyle::with_template("reading logs {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
        Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
    }

    /// Takes it off the screen.
    pub(super) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Progress for Bar {
    fn start(&self, bytes: u64) {
        self.0.set_length(bytes);
    }

    fn advance(&self, bytes: u64) {
        self.0.inc(bytes);
    }
}
