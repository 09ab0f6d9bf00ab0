//! Whether somebody gets at a resource, with all that bears on it: identity-based policies, the resource's own, boundaries,
//! SCPs and RCPs; with a request that shows it and the statements that decide.
//!
//! - `decide`: the questions;
//! - `target`: the resource's side of them.

mod decide;
mod target;

pub use decide::{Allowed, Ground, Guardrails, Stranger};
pub(crate) use decide::{Estate, Guards, both, caller};
pub(crate) use target::{Protection, Target, fitting, with_parts};
