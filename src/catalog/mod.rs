//! Embedded facts about AWS: services with their actions, resource types and condition keys, global condition keys,
//! AWS managed policies, Regions and partitions, and what CloudFormation's resource types give.
//!
//! The data are made by a script from pinned, licensed packages (see `data/README.md`), compressed, and read in
//! place: a service is decoded when it is first asked for. Nothing here knows of templates or of policies.

mod cloudformation;
mod condition_keys;
mod container;
mod decode;
mod embedded;
mod pattern;
mod policies;
mod regions;
mod service;

pub use cloudformation::{CloudFormationType, FormatPart, ValueFormat, ValueShape};
pub use condition_keys::GlobalConditionKey;
pub use embedded::{Catalog, CatalogError};
pub use policies::ManagedPolicy;
pub use regions::Region;
pub(crate) use service::ArnFields;
pub use service::{
    AccessLevel, Action, ActionResource, ConditionKeyDefinition, KeyKind, KeyType, ResourceType, Service,
};
