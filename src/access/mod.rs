//! Who holds which permissions, and who gets at what by them: what the access graph and the analyses have in common.
//!
//! - `fitness`: which documents can be reasoned about, and as which kind of policy;
//! - `aws_managed`: the policies that AWS manages;
//! - `holders`: users, roles and permission sets with all that is attached to them;
//! - `reach`: whether somebody gets at a resource, with all that bears on it;
//! - `settled`: what is taken for granted before anything is compared.

mod aws_managed;
mod fitness;
pub(crate) mod holders;
pub mod reach;
pub(crate) mod settled;

pub(crate) use aws_managed::{document_of_aws, policy_of_aws};
pub use fitness::{Unfit, compile, kind_of};
