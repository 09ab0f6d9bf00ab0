//! The access graph: who can do what on which resource, and through whom.
//!
//! - `who_can`: everybody who may do one thing, directly or by assuming roles, with the path.

pub mod who_can;
