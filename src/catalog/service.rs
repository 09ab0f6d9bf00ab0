//! One service of the service authorization reference.

use std::sync::OnceLock;

use smol_str::SmolStr;

/// A service prefix with all that the service authorization reference says of it.
#[derive(Clone, Debug, Default)]
pub struct Service {
    /// The prefix of its actions, lower case: `s3`.
    pub prefix: SmolStr,
    /// The product's name: `Amazon S3`.
    pub name: SmolStr,
    /// Sorted by name, case ignored.
    pub actions: Vec<Action>,
    /// In the order of the data.
    pub resource_types: Vec<ResourceType>,
    /// In the order of the data.
    pub condition_keys: Vec<ConditionKeyDefinition>,
    /// The fields of the ARN formats of all resource types, found when they are first asked for.
    pub(crate) arn_fields: OnceLock<Vec<ArnFields>>,
}

/// Where the fields of one ARN format end.
#[derive(Clone, Debug)]
pub(crate) struct ArnFields {
    /// Position in [`Service::resource_types`].
    pub of_type: usize,
    /// Position in [`ResourceType::arns`].
    pub arn: usize,
    /// The colons after the first five fields.
    pub ends: [usize; 5],
}

/// An action of a service.
#[derive(Clone, Debug)]
pub struct Action {
    /// In the service's spelling, without prefix: `GetObject`.
    pub name: SmolStr,
    /// What it does, broadly.
    pub access_level: AccessLevel,
    /// The resource types it can be limited to; empty when only `*` is possible.
    pub resources: Vec<ActionResource>,
    /// The condition keys it supports itself; parts such as `${TagKey}` as the data write them.
    pub condition_keys: Vec<SmolStr>,
    /// Other actions it needs, with prefix.
    pub dependent_actions: Vec<SmolStr>,
}

/// A resource type as an action uses it.
#[derive(Clone, Debug)]
pub struct ActionResource {
    /// Its [`ResourceType::name`].
    pub name: SmolStr,
    /// True if the action always needs one.
    pub required: bool,
    /// The condition keys that the action supports for it.
    pub condition_keys: Vec<SmolStr>,
}

/// The reference's five access levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AccessLevel {
    /// Names of resources.
    List,
    /// Contents.
    Read,
    /// Creates, changes or deletes.
    Write,
    /// Grants or changes permissions.
    PermissionsManagement,
    /// Changes tags alone.
    Tagging,
}

/// A kind of resource that a service has.
#[derive(Clone, Debug)]
pub struct ResourceType {
    /// The reference's name: `bucket`.
    pub name: SmolStr,
    /// ARN formats with `${…}` parts: `arn:${Partition}:s3:::${BucketName}`.
    pub arns: Vec<SmolStr>,
    /// The condition keys of the type.
    pub condition_keys: Vec<SmolStr>,
}

/// A condition key that a service defines.
#[derive(Clone, Debug)]
pub struct ConditionKeyDefinition {
    /// With prefix, parts such as `${TagKey}` as the data write them.
    pub name: SmolStr,
    /// What values it takes.
    pub key_type: KeyType,
}

/// The type of a condition key's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyType {
    /// The type of one value.
    pub kind: KeyKind,
    /// True for multivalued keys (`ArrayOf…`).
    pub multivalued: bool,
}

/// The type of one value of a condition key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// An integer or decimal.
    Numeric,
    /// An instant.
    Date,
    /// `true` or `false`.
    Bool,
    /// An address or range.
    IpAddress,
    /// Base64.
    Binary,
}
