//! Terraform's configuration language: module folders into blocks, and expressions into values.
//!
//! [`ModuleSource::read`] reads a folder of `.tf` and `.tf.json` files with `hcl-edit` (native syntax) and our own JSON
//! reader. [`Evaluator`] evaluates expressions to [`Node`](crate::source::Node) trees whose spans are places in those
//! files and whose unknown parts are symbols. Values of resources, data sources and module outputs come through a
//! [`Scope`], which the plan loader implements; what it doesn't know becomes a symbol named by its address.
//!
//! `hcl-rs` could evaluate too, but it carries neither spans nor unknown values; the language's reference is
//! Terraform's and HCL's documentation, the yardstick `terraform console`.

mod blocks;
mod evaluate;
mod functions;
mod json_syntax;
mod module;
mod native;
mod number;
mod operators;
mod scope;
mod syntax;
mod template;
mod types;
mod value;

pub use blocks::ExpandedBlock;
pub use evaluate::{Evaluator, Inputs, Memo};
pub use module::{ModuleCall, ModuleSource, Output, ProviderBlock, ResourceBlock, Variable};
pub use scope::{Bindings, NothingKnown, Resolved, Scope, Step};
pub use syntax::{Attribute, Block, Body, Expression, Label};
