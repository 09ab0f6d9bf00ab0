//! GitHub: which pull request a run belongs to, and its one comment there.
//!
//! The comment's text comes from [`crate::report`]; here it is only placed. The token is read from the environment by
//! the caller and never printed.

mod comment;
mod context;

pub use comment::{Outcome, marker, upsert};
pub use context::PullRequest;

/// What can go wrong on the way to a comment.
#[derive(Debug, thiserror::Error)]
pub enum GithubError {
    /// A variable or field of the event is missing or of another shape.
    #[error("{0}")]
    Context(String),
    /// The token may not write (forks and Dependabot get read-only tokens).
    #[error("the token may not comment on this pull request: {0}")]
    Forbidden(String),
    /// Any other failure of the API or the way to it.
    #[error("GitHub's API: {0}")]
    Api(String),
}
