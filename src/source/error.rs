//! What can go wrong while reading a document.

use super::files::Span;

/// A document that could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ReadError {
    /// Lower case, without a full stop; offending input in backticks.
    pub message: String,
    /// Where.
    pub span: Span,
    /// What to do about it.
    pub help: Option<String>,
}

impl ReadError {
    /// An error at a place.
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        ReadError { message: message.into(), span, help: None }
    }

    /// Adds advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
