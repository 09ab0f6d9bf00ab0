//! Loaders: from files to a [`Deployment`](crate::model::Deployment). One folder or file each; `detect` tells the
//! formats apart, `load` brings all inputs of a run together.

pub mod cloudformation;
pub mod detect;
pub mod document;
mod load;
pub mod terraform;
mod unread;

use std::collections::BTreeMap;
use std::path::PathBuf;

use smol_str::SmolStr;

use crate::catalog::Catalog;
use crate::policy::PolicyType;
use crate::source::{Limits, Node, SourceId, Sources};

pub use load::{FoundInput, Loaded, load_all, load_before_plans};

/// What the caller knows about the deployment; everything may be left open.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// `AWS::Region`.
    pub region: Option<String>,
    /// `AWS::AccountId`, twelve digits.
    pub account_id: Option<String>,
    /// `AWS::Partition`.
    pub partition: Option<String>,
    /// The organization's id (`o-…`).
    pub organization_id: Option<String>,
    /// `AWS::StackName`.
    pub stack_name: Option<String>,
    /// Values of template parameters and input variables.
    pub parameters: BTreeMap<String, String>,
    /// Values of exports, for `Fn::ImportValue`.
    pub exports: BTreeMap<String, String>,
    /// Values of dynamic references and of parameters of type `AWS::SSM::Parameter::Value<…>`, by parameter name.
    pub ssm: BTreeMap<String, String>,
    /// Folder of the Terraform sources.
    pub source_dir: Option<PathBuf>,
    /// For bare policy documents: their type; told by content when not given.
    pub policy_type: Option<PolicyType>,
    /// For bare resource policies: the CloudFormation type of the resource.
    pub resource_type: Option<SmolStr>,
}

/// What every loader is given.
#[derive(Clone, Copy, Debug)]
pub struct LoadContext<'a> {
    /// Where texts are registered.
    pub sources: &'a Sources,
    /// Facts about AWS.
    pub catalog: &'a Catalog,
    /// What the caller knows.
    pub options: &'a LoadOptions,
    /// Bounds of the readers.
    pub limits: &'a Limits,
}

/// A file that was read.
#[derive(Clone, Debug)]
pub struct ParsedInput {
    /// As given or found.
    pub path: String,
    /// Its text.
    pub source: SourceId,
    /// Its tree.
    pub root: Node,
}
