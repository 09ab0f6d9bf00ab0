//! The access graph: who can do what on which resource, and through whom.
//!
//! - `model`: nodes and edges;
//! - `build`: from the deployment and the engine to the graph, with `resources` for the patterns of policies and
//!   `role_patterns` for those of roles;
//! - `who_can`: everybody who may do one thing, directly or by assuming roles, with the path.

mod build;
mod model;
mod resources;
mod role_patterns;
pub mod who_can;

pub use build::build;
pub use model::{AccessGraph, Edge, EdgeKind, Node, NodeKind};
