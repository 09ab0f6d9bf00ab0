//! Terraform and OpenTofu: JSON plans and states (`terraform show -json`).
//!
//! Lives here: the view over a plan ([`address`], `plan`, `configuration`, `values`), finding values that are not known
//! before apply (`resolve`, `document`, `arns`), the `.tf` sources beside the plan ([`hcl`], `sources`, `expressions`),
//! where policies live ([`locations`], [`grants`]) and what they attach to (`attachments`), put together by `load`.

pub mod address;
mod arns;
mod attachments;
mod configuration;
mod document;
mod expressions;
pub mod grants;
pub mod hcl;
mod load;
pub mod locations;
mod plan;
mod resolve;
mod sources;
mod values;

pub use load::{load, load_before};
pub use plan::looks_like;
