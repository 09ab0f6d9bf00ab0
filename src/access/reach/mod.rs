//! Whether somebody gets at a resource, with all that bears on it: identity-based policies, the resource's own, boundaries,
//! SCPs and RCPs; with a request that shows it and the statements that decide.
//!
//! - `decide`: the questions;
//! - `strangers`: those of whom the run knows nothing;
//! - `target`: the resource's side of them.

mod decide;
mod strangers;
mod target;

pub use decide::{Allowed, Ground, Guardrails};
pub(crate) use decide::{Estate, Guards, Ways, both, caller, sessions};
pub use strangers::Stranger;
pub(crate) use target::{Protection, Target, fitting, with_parts};
