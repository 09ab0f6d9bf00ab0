//! The catalog itself: what is embedded, and its look-ups.

use std::borrow::Cow;
use std::path::Path;
use std::sync::OnceLock;

use rustc_hash::FxHashMap;
use smol_str::{SmolStr, StrExt};

use super::cloudformation::{self, CloudFormationType};
use super::condition_keys::{self, GlobalConditionKey};
use super::container::{Container, ContainerError};
use super::decode;
use super::pattern;
use super::policies::{ManagedPolicy, Policies};
use super::regions::{PARTITIONS, Region};
use super::service::{Action, ConditionKeyDefinition, KeyType, ResourceType, Service};

/// The data file in the binary; `data/update.py` makes it.
pub(super) const DATA: &[u8] = include_bytes!("../../data/service-data.bin");

const SERVICE_ENTRY: &str = "service/";
const CLOUDFORMATION_ENTRY: &str = "cloudformation/";

/// A set of service data. Cheap to share between threads; services are decoded when first asked for.
#[derive(Debug)]
pub struct Catalog {
    container: Container,
    services: FxHashMap<SmolStr, OnceLock<Option<Service>>>,
    key_homes: OnceLock<Vec<(SmolStr, Vec<SmolStr>)>>,
    with_rcp: OnceLock<Vec<SmolStr>>,
    regions: OnceLock<Vec<Region>>,
    /// By namespace: `AWS::SQS`.
    cloudformation: FxHashMap<SmolStr, OnceLock<Option<Vec<CloudFormationType>>>>,
    policies: Policies,
}

/// Service data that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CatalogError(pub String);

impl Catalog {
    /// The data in the binary.
    pub fn embedded() -> &'static Catalog {
        static EMBEDDED: OnceLock<Catalog> = OnceLock::new();
        // INVARIANT: the file is part of the build, and the tests read every entry of it.
        EMBEDDED.get_or_init(|| Catalog::open(Cow::Borrowed(DATA)).expect("the embedded service data are valid"))
    }

    /// Newer data from a file (`--service-data`). Unlike the embedded data they are decoded and checked at once, so
    /// that a fault is an error here and no look-up fails later.
    ///
    /// # Errors
    ///
    /// When the file can't be read or is not in the format that `data/README.md` describes.
    pub fn read(path: &Path) -> Result<Catalog, CatalogError> {
        let error = |cause: &dyn std::fmt::Display| CatalogError(format!("`{}`: {cause}", path.display()));
        let bytes = std::fs::read(path).map_err(|e| error(&e))?;
        let catalog = Catalog::open(Cow::Owned(bytes)).map_err(|e| error(&e))?;
        catalog.check().map_err(|e| error(&e))?;
        Ok(catalog)
    }

    fn open(bytes: Cow<'static, [u8]>) -> Result<Catalog, ContainerError> {
        let container = Container::open(bytes)?;
        let prefixes = container.names().filter_map(|name| name.strip_prefix(SERVICE_ENTRY));
        let services = prefixes.map(|prefix| (SmolStr::new(prefix), OnceLock::new())).collect();
        let namespaces = container.names().filter_map(|name| name.strip_prefix(CLOUDFORMATION_ENTRY));
        let cloudformation = namespaces.map(|namespace| (SmolStr::new(namespace), OnceLock::new())).collect();
        Ok(Catalog {
            container,
            services,
            key_homes: OnceLock::new(),
            with_rcp: OnceLock::new(),
            regions: OnceLock::new(),
            cloudformation,
            policies: Policies::default(),
        })
    }

    /// Decodes everything once.
    fn check(&self) -> Result<(), ContainerError> {
        self.container.verify()?;
        let prefixes: Vec<_> = self.prefixes().collect();
        for prefix in prefixes {
            read_service(&self.container, prefix)?;
        }
        read_entry(&self.container, "condition-key-homes", decode::key_homes)?;
        read_entry(&self.container, "services-with-rcp", decode::list)?;
        read_entry(&self.container, "regions", decode::regions)?;
        for namespace in self.cloudformation.keys() {
            read_entry(&self.container, &format!("{CLOUDFORMATION_ENTRY}{namespace}"), cloudformation::decode)?;
        }
        Policies::check(&self.container)
    }

    /// The day of the service data, `YYYY-MM-DD`.
    pub fn date(&self) -> &str {
        self.container.date()
    }

    /// A service by its prefix; case is ignored.
    pub fn service(&self, prefix: &str) -> Option<&Service> {
        let known = self.services.get_key_value(prefix);
        let known = known.or_else(|| self.services.get_key_value(prefix.to_ascii_lowercase_smolstr().as_str()));
        let (prefix, slot) = known?;
        slot.get_or_init(|| read_service(&self.container, prefix).ok()).as_ref()
    }

    /// All prefixes, sorted.
    pub fn prefixes(&self) -> impl Iterator<Item = &str> {
        self.container.names().filter_map(|name| name.strip_prefix(SERVICE_ENTRY))
    }

    /// An action by its full name; case is ignored.
    pub fn action(&self, full_name: &str) -> Option<(&Service, &Action)> {
        let (prefix, name) = full_name.split_once(':')?;
        let service = self.service(prefix)?;
        Some((service, service.action(name)?))
    }

    /// A global condition key (`aws:…`), families by any key of theirs; case is ignored.
    pub fn global_condition_key(&self, key: &str) -> Option<&'static GlobalConditionKey> {
        condition_keys::find(condition_keys::GLOBAL, key)
    }

    /// All global condition keys.
    pub fn global_condition_keys(&self) -> &'static [GlobalConditionKey] {
        condition_keys::GLOBAL
    }

    /// A key that is named after one service and is carried by requests to others (`lambda:SourceFunctionArn`); case
    /// is ignored.
    pub fn cross_service_condition_key(&self, key: &str) -> Option<&'static GlobalConditionKey> {
        condition_keys::find(condition_keys::CROSS_SERVICE, key)
    }

    /// All keys of that kind.
    pub fn cross_service_condition_keys(&self) -> &'static [GlobalConditionKey] {
        condition_keys::CROSS_SERVICE
    }

    /// The definition of a condition key in the list of the service it is named after, or of the service that has the
    /// keys of its prefix (`saml:aud` is in the list of `sts`); case is ignored.
    pub fn service_condition_key(&self, key: &str) -> Option<(&Service, &ConditionKeyDefinition)> {
        let in_list = |prefix: &str| {
            let service = self.service(prefix)?;
            Some((service, service.condition_key(key)?))
        };
        let (prefix, _) = key.split_once(':')?;
        in_list(prefix).or_else(|| {
            let fits = |home: &&(SmolStr, Vec<SmolStr>)| pattern::matches_key(&home.0, prefix);
            self.key_homes().iter().filter(fits).flat_map(|(_, services)| services).find_map(|s| in_list(s))
        })
    }

    /// The type of any condition key, global or of a service; case is ignored, parts such as `${TagKey}` match any text.
    pub fn key_type(&self, key: &str) -> Option<KeyType> {
        let known = self.global_condition_key(key).or_else(|| self.cross_service_condition_key(key));
        known.map(|k| k.key_type).or_else(|| self.service_condition_key(key).map(|(_, k)| k.key_type))
    }

    /// Prefixes of condition keys that are no service prefixes (`saml`, `token.actions.githubusercontent.com`), with the
    /// services whose lists have them; parts such as `${OrgId}` stand for any text.
    pub fn key_homes(&self) -> &[(SmolStr, Vec<SmolStr>)] {
        self.key_homes
            .get_or_init(|| read_entry(&self.container, "condition-key-homes", decode::key_homes).unwrap_or_default())
    }

    /// Whether requests for an action carry a global key that only some services supply: `aws:VpceAccount`,
    /// `aws:VpceOrgID`, `aws:VpceOrgPaths`, `aws:SourceVpcArn`. `None` for other keys. Case is ignored.
    pub fn supplies_network_key(&self, key: &str, prefix: &str, action: &str) -> Option<bool> {
        condition_keys::supplies_network_key(key, prefix, action)
    }

    /// True if resource control policies apply to a service; case is ignored.
    pub fn supports_rcp(&self, prefix: &str) -> bool {
        let prefix = prefix.to_ascii_lowercase_smolstr();
        self.services_with_rcp().binary_search(&prefix).is_ok()
    }

    /// The prefixes of the services to which resource control policies apply, sorted.
    pub fn services_with_rcp(&self) -> &[SmolStr] {
        self.with_rcp.get_or_init(|| read_entry(&self.container, "services-with-rcp", decode::list).unwrap_or_default())
    }

    /// An AWS managed policy by name or ARN (of any partition).
    pub fn managed_policy(&self, name_or_arn: &str) -> Option<ManagedPolicy<'_>> {
        self.policies.find(&self.container, name_or_arn)
    }

    /// All AWS managed policies, by name; those that AWS has withdrawn are marked.
    pub fn managed_policies(&self) -> impl Iterator<Item = ManagedPolicy<'_>> {
        self.policies.all(&self.container)
    }

    /// A CloudFormation resource type, as written.
    pub fn cloudformation_type(&self, name: &str) -> Option<&CloudFormationType> {
        let (namespace, _) = name.rsplit_once("::")?;
        let types = self.cloudformation_namespace(namespace)?;
        types.binary_search_by(|known| known.name.as_str().cmp(name)).ok().and_then(|at| types.get(at))
    }

    /// All CloudFormation resource types, by name within their namespaces.
    pub fn cloudformation_types(&self) -> impl Iterator<Item = &CloudFormationType> {
        let namespaces = self.container.names().filter_map(|name| name.strip_prefix(CLOUDFORMATION_ENTRY));
        namespaces.filter_map(|namespace| self.cloudformation_namespace(namespace)).flatten()
    }

    fn cloudformation_namespace(&self, namespace: &str) -> Option<&[CloudFormationType]> {
        let slot = self.cloudformation.get(namespace)?;
        let types = slot.get_or_init(|| {
            let name = format!("{CLOUDFORMATION_ENTRY}{namespace}");
            read_entry(&self.container, &name, cloudformation::decode).ok()
        });
        types.as_deref()
    }

    /// All Regions, sorted by name.
    pub fn regions(&self) -> &[Region] {
        self.regions.get_or_init(|| read_entry(&self.container, "regions", decode::regions).unwrap_or_default())
    }

    /// A Region by its name, as written.
    pub fn region(&self, name: &str) -> Option<&Region> {
        let regions = self.regions();
        regions.binary_search_by(|region| region.name.as_str().cmp(name)).ok().and_then(|at| regions.get(at))
    }

    /// All partitions.
    pub fn partitions(&self) -> &'static [&'static str] {
        PARTITIONS
    }
}

fn read_service(container: &Container, prefix: &str) -> Result<Service, ContainerError> {
    read_entry(container, &format!("{SERVICE_ENTRY}{prefix}"), |bytes| decode::service(prefix, bytes))
}

fn read_entry<T>(
    container: &Container,
    name: &str,
    decode: impl FnOnce(&[u8]) -> Option<T>,
) -> Result<T, ContainerError> {
    decode(&container.read(name)?).ok_or_else(|| ContainerError::Entry { name: name.to_owned() })
}

impl Service {
    /// An action by its name without prefix; case is ignored.
    pub fn action(&self, name: &str) -> Option<&Action> {
        let lower = |text: &str| text.bytes().map(|b| b.to_ascii_lowercase()).collect::<smallvec::SmallVec<[u8; 48]>>();
        let name = lower(name);
        let at = self
            .actions
            .binary_search_by(|action| action.name.bytes().map(|b| b.to_ascii_lowercase()).cmp(name.iter().copied()));
        at.ok().and_then(|at| self.actions.get(at))
    }

    /// The actions whose names a pattern matches; case is ignored.
    pub fn actions_matching<'a>(&'a self, pattern: &'a str) -> impl Iterator<Item = &'a Action> {
        // Names are sorted: only those that begin as the pattern does, up to its first wildcard, need a look.
        let fixed = pattern.find(['*', '?']).unwrap_or(pattern.len());
        let fixed = pattern.as_bytes().get(..fixed).unwrap_or_default();
        let order = |action: &Action| {
            let start = action.name.bytes().take(fixed.len()).map(|b| b.to_ascii_lowercase());
            start.cmp(fixed.iter().map(|b| b.to_ascii_lowercase()))
        };
        let from = self.actions.partition_point(|action| order(action).is_lt());
        let candidates = self.actions.get(from..).unwrap_or_default();
        let count = candidates.partition_point(|action| order(action).is_eq());
        let candidates = candidates.get(..count).unwrap_or_default();
        candidates.iter().filter(|action| pattern::matches_glob(pattern.as_bytes(), action.name.as_bytes()))
    }

    /// A resource type by its name; case is ignored.
    pub fn resource_type(&self, name: &str) -> Option<&ResourceType> {
        self.resource_types.iter().find(|known| known.name.eq_ignore_ascii_case(name))
    }

    /// A condition key in this service's list, given with its prefix; case is ignored, parts such as `${TagKey}` match
    /// any text.
    pub fn condition_key(&self, name: &str) -> Option<&ConditionKeyDefinition> {
        self.condition_keys.iter().find(|known| pattern::matches_key(&known.name, name))
    }
}
