//! Text and where it came from.
//!
//! Lives here: the registry of source files, byte spans, the string type that may hold unknown values, the
//! span-carrying [`Node`] tree, and its readers for YAML and JSON. What does not: any knowledge of
//! CloudFormation, Terraform or IAM; HCL is read with `hcl-edit` where Terraform is understood.

mod error;
mod files;
pub mod json;
mod limits;
mod node;
pub mod printable;
mod symbol;
mod text;
pub mod yaml;

pub use error::ReadError;
pub use files::{Position, SourceFile, SourceId, Sources, Span};
pub use limits::Limits;
pub use node::{Entry, Mapping, Node, NodeKind};
pub use symbol::{Shape, Symbol, SymbolInfo, SymbolKind};
pub use text::{Piece, Segment, Text, display_encoded};
