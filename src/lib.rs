//! Validates the IAM policies of CloudFormation templates and Terraform plans before deployment.
//!
//! The modules form a pipeline, and each uses only those before it:
//! [`source`] → [`policy`] → [`catalog`] → [`model`] → [`template`] → [`finding`] → [`logic`] → [`checks`] → [`access`] → [`graph`] → [`analysis`] → [`report`] → [`cli`].
//! `docs/architecture.md` says more.

pub mod access;
pub mod activity;
pub mod analysis;
pub mod catalog;
pub mod checks;
pub mod cli;
pub mod finding;
#[cfg(feature = "github")]
pub mod github;
pub mod graph;
#[cfg(feature = "guard")]
pub mod guard;
pub mod logic;
pub mod model;
pub mod policy;
pub mod report;
pub mod simulate;
pub mod source;
pub mod template;
