//! Who can do what on which resource, and through whom.
//!
//! - `decide`: whether somebody may do something to a resource, all policies taken together;
//! - `target`: the resource's side of such a question;
//! - `who_can`: everybody who may, directly or by assuming roles, with the path.

mod decide;
mod target;
pub mod who_can;

pub use decide::{Allowed, Ground, Guardrails, Stranger};
