//! The catalog itself: what is embedded, and its look-ups.

use std::path::Path;

use super::service::{Action, KeyType, Service};

/// A set of service data. Cheap to share between threads; services are decoded when first asked for.
#[derive(Debug)]
pub struct Catalog {}

/// Service data that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CatalogError(pub String);

/// A global condition key.
#[derive(Clone, Copy, Debug)]
pub struct GlobalConditionKey {
    /// In AWS's spelling; families end in a slash: `aws:PrincipalTag/`.
    pub name: &'static str,
    /// What values it takes.
    pub key_type: KeyType,
}

/// An AWS managed policy.
#[derive(Clone, Debug)]
pub struct ManagedPolicy<'a> {
    /// `ReadOnlyAccess`
    pub name: &'a str,
    /// With partition `aws`.
    pub arn: &'a str,
    /// The default version's id, `v12`.
    pub version_id: &'a str,
    /// The document as JSON text.
    pub document: &'a str,
    /// True if AWS has withdrawn it.
    pub deprecated: bool,
}

/// A Region.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// `eu-west-1`
    pub name: &'static str,
    /// `aws`
    pub partition: &'static str,
}

impl Catalog {
    /// The data in the binary.
    pub fn embedded() -> &'static Catalog {
        todo!()
    }

    /// Newer data from a file (`--service-data`).
    ///
    /// # Errors
    ///
    /// When the file can't be read or is not in the format that `data/README.md` describes.
    pub fn read(_path: &Path) -> Result<Catalog, CatalogError> {
        todo!()
    }

    /// The day of the service data, `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        todo!()
    }

    /// A service by its prefix; case is ignored.
    pub fn service(&self, _prefix: &str) -> Option<&Service> {
        todo!()
    }

    /// All prefixes, sorted.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// An action by its full name; case is ignored.
    pub fn action(&self, full_name: &str) -> Option<(&Service, &Action)> {
        let (prefix, name) = full_name.split_once(':')?;
        let service = self.service(prefix)?;
        Some((service, service.action(name)?))
    }

    /// A global condition key (`aws:…`), families by any key of theirs; case is ignored.
    pub fn global_condition_key(&self, _key: &str) -> Option<&'static GlobalConditionKey> {
        todo!()
    }

    /// All global condition keys.
    pub fn global_condition_keys(&self) -> &'static [GlobalConditionKey] {
        todo!()
    }

    /// The type of any condition key, global or of a service; case is ignored, parts such as `${TagKey}` match any text.
    pub fn key_type(&self, _key: &str) -> Option<KeyType> {
        todo!()
    }

    /// An AWS managed policy by name or ARN (of any partition).
    pub fn managed_policy(&self, _name_or_arn: &str) -> Option<ManagedPolicy<'_>> {
        todo!()
    }

    /// All AWS managed policies, by name.
    pub fn managed_policies(&self) -> impl Iterator<Item = ManagedPolicy<'_>> {
        std::iter::empty()
    }

    /// All Regions.
    pub fn regions(&self) -> &'static [Region] {
        todo!()
    }

    /// All partitions.
    pub fn partitions(&self) -> &'static [&'static str] {
        &["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"]
    }
}

impl Service {
    /// An action by its name without prefix; case is ignored.
    pub fn action(&self, _name: &str) -> Option<&Action> {
        todo!()
    }

    /// The actions whose names a pattern matches; case is ignored.
    pub fn actions_matching<'a>(&'a self, _pattern: &'a str) -> impl Iterator<Item = &'a Action> {
        std::iter::empty()
    }
}
