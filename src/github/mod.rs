//! GitHub: which pull request a run belongs to, and what is left there: its one comment, a check run with annotations,
//! and comments on changed lines.
//!
//! The texts come from [`crate::report`]; here they are only placed. `client` sends requests and tries again where that
//! can do no harm; whoever creates something looks first, and looks again when an answer was lost, so that a run which is
//! repeated or cut off at any point leaves nothing behind twice. The token is read from the environment by the caller and
//! never printed.

mod check_run;
mod client;
mod comment;
mod context;
mod review;

pub use check_run::{Annotation, CheckRun};
pub use client::{Client, Pace};
pub use comment::{marker, upsert};
pub use context::{Event, PullRequest, Variables};
pub use review::{DiffLines, ReviewComment, changed_lines, post as post_review};

/// What happened to something that is to be on the pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was written.
    Created,
    /// It was there and has the new content.
    Updated,
    /// It was there with this content already.
    Unchanged,
    /// There was nothing to say and nothing to change.
    NotNeeded,
}

/// What can go wrong on the way to a pull request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GithubError {
    /// A variable or field of the event is missing or of another shape.
    #[error("{0}")]
    Context(String),
    /// The token may not write (forks and Dependabot get read-only tokens).
    #[error("the token may not do this: {0}")]
    Forbidden(String),
    /// The API understood and would not do it.
    #[error("GitHub's API refused: {0}")]
    Refused(String),
    /// The API is out of reach, out of order, or asks for more patience than there is.
    #[error("GitHub's API: {0}")]
    Unavailable(String),
    /// Whether something was created is not known: the answer to the request was lost.
    #[error("GitHub's API: the answer was lost: {0}")]
    Lost(String),
}
