//! The IAM policy language: documents, statements and their elements, read from a [`crate::source::Node`] without
//! judging them.
//!
//! Reading never fails: what the grammar does not allow is left out of the typed view, and the checks find it in
//! the tree, which stays at hand as [`PolicyDocument::root`].

pub mod arn;
mod condition;
mod document;
pub mod glob;
mod path;
mod principal;

pub use arn::Arn;
pub use condition::{
    BaseOperator, ConditionBlock, ConditionKey, ConditionOperator, ConditionValue, OPERATORS, OperatorFamily,
    SetOperator,
};
pub use document::{Effect, PolicyDocument, PolicyType, Statement, StringItem, StringList, TRUST_POLICY, Version};
pub use path::{PathSegment, PolicyPath};
pub use principal::{PrincipalElement, PrincipalKind, PrincipalList};
