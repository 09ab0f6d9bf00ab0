//! CloudFormation templates.

pub mod sam;
