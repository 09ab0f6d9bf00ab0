//! Entries of the data file as the types of this module: what `data/services.py`, `data/managed_policies.py` and
//! `data/regions.py` write. Every function gives `None` for bytes that those scripts would not write.

use smol_str::SmolStr;

use super::container::Reader;
use super::policies::PolicyEntry;
use super::regions::{PARTITIONS, Region};
use super::service::{
    AccessLevel, Action, ActionResource, ConditionKeyDefinition, KeyKind, KeyType, ResourceType, Service,
};

const LEVELS: [AccessLevel; 5] = [
    AccessLevel::List,
    AccessLevel::Read,
    AccessLevel::Write,
    AccessLevel::PermissionsManagement,
    AccessLevel::Tagging,
];

const KINDS: [KeyKind; 7] = [
    KeyKind::String,
    KeyKind::Arn,
    KeyKind::Numeric,
    KeyKind::Date,
    KeyKind::Bool,
    KeyKind::IpAddress,
    KeyKind::Binary,
];

/// The strings of an entry and the lists of them; the rest of the entry refers by number.
pub(super) struct Strings {
    strings: Vec<SmolStr>,
    lists: Vec<Vec<SmolStr>>,
}

impl Strings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Strings> {
        let count = reader.count()?;
        let mut strings = Vec::with_capacity(count);
        for _ in 0..count {
            strings.push(SmolStr::new(reader.text()?));
        }
        let count = reader.count()?;
        let mut lists = Vec::with_capacity(count);
        for _ in 0..count {
            let length = reader.count()?;
            let mut list = Vec::with_capacity(length);
            for _ in 0..length {
                list.push(strings.get(reader.number()?)?.clone());
            }
            lists.push(list);
        }
        Some(Strings { strings, lists })
    }

    pub(super) fn string(&self, reader: &mut Reader<'_>) -> Option<SmolStr> {
        self.strings.get(reader.number()?).cloned()
    }

    fn list(&self, reader: &mut Reader<'_>) -> Option<Vec<SmolStr>> {
        self.lists.get(reader.number()?).cloned()
    }
}

/// An entry `service/PREFIX`.
pub(super) fn service(prefix: &str, bytes: &[u8]) -> Option<Service> {
    let reader = &mut Reader::new(bytes);
    let strings = Strings::read(reader)?;
    let name = strings.string(reader)?;
    let count = reader.count()?;
    let mut resource_types = Vec::with_capacity(count);
    for _ in 0..count {
        resource_types.push(ResourceType {
            name: strings.string(reader)?,
            arns: strings.list(reader)?,
            condition_keys: strings.list(reader)?,
        });
    }
    let count = reader.count()?;
    let mut condition_keys = Vec::with_capacity(count);
    for _ in 0..count {
        let name = strings.string(reader)?;
        let code = reader.number()?;
        let key_type = KeyType { kind: *KINDS.get(code / 2)?, multivalued: code % 2 == 1 };
        condition_keys.push(ConditionKeyDefinition { name, key_type });
    }
    let count = reader.count()?;
    let mut actions = Vec::with_capacity(count);
    for _ in 0..count {
        let name = strings.string(reader)?;
        let access_level = *LEVELS.get(reader.number()?)?;
        let keys = strings.list(reader)?;
        let dependent_actions = strings.list(reader)?;
        let count = reader.count()?;
        let mut resources = Vec::with_capacity(count);
        for _ in 0..count {
            let code = reader.number()?;
            resources.push(ActionResource {
                name: resource_types.get(code / 2)?.name.clone(),
                required: code % 2 == 1,
                condition_keys: strings.list(reader)?,
            });
        }
        actions.push(Action { name, access_level, resources, condition_keys: keys, dependent_actions });
    }
    let prefix = SmolStr::new(prefix);
    reader.is_at_end().then_some(Service {
        prefix,
        name,
        actions,
        resource_types,
        condition_keys,
        arn_fields: Default::default(),
    })
}

/// The entry `condition-key-homes`: the prefix of keys, and the services whose lists have them.
pub(super) fn key_homes(bytes: &[u8]) -> Option<Vec<(SmolStr, Vec<SmolStr>)>> {
    let reader = &mut Reader::new(bytes);
    let count = reader.count()?;
    let mut homes = Vec::with_capacity(count);
    for _ in 0..count {
        let prefix = SmolStr::new(reader.text()?);
        homes.push((prefix, texts(reader)?));
    }
    reader.is_at_end().then_some(homes)
}

/// An entry that is a list of texts.
pub(super) fn list(bytes: &[u8]) -> Option<Vec<SmolStr>> {
    let reader = &mut Reader::new(bytes);
    let list = texts(reader)?;
    reader.is_at_end().then_some(list)
}

fn texts(reader: &mut Reader<'_>) -> Option<Vec<SmolStr>> {
    let count = reader.count()?;
    let mut list = Vec::with_capacity(count);
    for _ in 0..count {
        list.push(SmolStr::new(reader.text()?));
    }
    Some(list)
}

/// The entry `regions`, sorted by name.
pub(super) fn regions(bytes: &[u8]) -> Option<Vec<Region>> {
    let reader = &mut Reader::new(bytes);
    let count = reader.count()?;
    let mut regions = Vec::with_capacity(count);
    for _ in 0..count {
        let name = SmolStr::new(reader.text()?);
        let partition = reader.text()?;
        let partition = PARTITIONS.iter().find(|known| **known == partition)?;
        regions.push(Region { name, partition });
    }
    reader.is_at_end().then_some(regions)
}

/// The entry `managed-policies`, sorted by name.
pub(super) fn policies(bytes: &[u8]) -> Option<Vec<PolicyEntry>> {
    let reader = &mut Reader::new(bytes);
    let count = reader.count()?;
    let mut policies: Vec<PolicyEntry> = Vec::with_capacity(count);
    for _ in 0..count {
        let name = reader.text()?;
        let path = reader.text()?;
        let version = reader.number()?;
        let block = reader.number()?;
        let start = reader.number()?;
        let length = reader.number()?;
        policies.push(PolicyEntry {
            arn: format!("arn:aws:iam::aws:policy/{path}{name}"),
            name_length: name.len(),
            version_id: smol_str::format_smolstr!("v{}", version / 2),
            deprecated: version % 2 == 1,
            block,
            document: start..start.checked_add(length)?,
        });
    }
    reader.is_at_end().then_some(policies)
}
