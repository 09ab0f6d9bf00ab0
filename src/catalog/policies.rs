//! The policies that AWS manages, current and withdrawn: found by name or ARN, their documents decoded in blocks.

use std::ops::Range;
use std::sync::OnceLock;

use smol_str::SmolStr;

use super::container::{Container, ContainerError};
use super::decode;

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

/// A policy in the index: all but its document.
#[derive(Debug)]
pub(super) struct PolicyEntry {
    /// Ends with the name.
    pub(super) arn: String,
    pub(super) name_length: usize,
    pub(super) version_id: SmolStr,
    pub(super) deprecated: bool,
    pub(super) block: usize,
    pub(super) document: Range<usize>,
}

impl PolicyEntry {
    fn name(&self) -> &str {
        self.arn.get(self.arn.len().saturating_sub(self.name_length)..).unwrap_or_default()
    }
}

const INDEX: &str = "managed-policies";

/// The index, once decoded, and the blocks of documents that were asked for so far.
#[derive(Debug, Default)]
pub(super) struct Policies {
    index: OnceLock<Option<Index>>,
}

#[derive(Debug)]
struct Index {
    /// Sorted by name.
    entries: Vec<PolicyEntry>,
    blocks: Vec<OnceLock<Option<String>>>,
}

impl Policies {
    fn index(&self, container: &Container) -> Option<&Index> {
        self.index.get_or_init(|| read_index(container).ok()).as_ref()
    }

    /// By name, or by ARN with whatever partition.
    pub(super) fn find<'a>(&'a self, container: &Container, name_or_arn: &str) -> Option<ManagedPolicy<'a>> {
        let index = self.index(container)?;
        // The name alone is unique; a written path must be right.
        let name = name_or_arn.rsplit('/').next().unwrap_or(name_or_arn);
        let at = index.entries.binary_search_by(|entry| entry.name().cmp(name)).ok()?;
        let entry = index.entries.get(at)?;
        if name_or_arn != name && after_partition(name_or_arn)? != after_partition(&entry.arn)? {
            return None;
        }
        index.policy(container, entry)
    }

    /// All, by name.
    pub(super) fn all<'a>(&'a self, container: &'a Container) -> impl Iterator<Item = ManagedPolicy<'a>> {
        let index = self.index(container);
        index.into_iter().flat_map(|index| index.entries.iter().filter_map(|entry| index.policy(container, entry)))
    }

    /// Decodes everything.
    pub(super) fn check(container: &Container) -> Result<(), ContainerError> {
        let index = read_index(container)?;
        for (number, block) in index.blocks.iter().enumerate() {
            let text = read_block(container, number)?;
            let fits = |entry: &PolicyEntry| entry.block != number || text.get(entry.document.clone()).is_some();
            if !index.entries.iter().all(fits) {
                return Err(ContainerError::Entry { name: block_name(number) });
            }
            let _ = block.set(Some(text));
        }
        Ok(())
    }
}

impl Index {
    fn policy<'a>(&'a self, container: &Container, entry: &'a PolicyEntry) -> Option<ManagedPolicy<'a>> {
        let block = self.blocks.get(entry.block)?;
        let block = block.get_or_init(|| read_block(container, entry.block).ok()).as_ref()?;
        Some(ManagedPolicy {
            name: entry.name(),
            arn: &entry.arn,
            version_id: &entry.version_id,
            document: block.get(entry.document.clone())?,
            deprecated: entry.deprecated,
        })
    }
}

fn read_index(container: &Container) -> Result<Index, ContainerError> {
    let invalid = || ContainerError::Entry { name: INDEX.to_owned() };
    let entries = decode::policies(&container.read(INDEX)?).ok_or_else(invalid)?;
    let blocks = entries.last().map_or(0, |last| last.block + 1);
    let sorted = entries.is_sorted_by(|a, b| a.name() < b.name() && a.block <= b.block);
    if !sorted || blocks > entries.len() {
        return Err(invalid());
    }
    Ok(Index { entries, blocks: std::iter::repeat_with(OnceLock::new).take(blocks).collect() })
}

fn block_name(number: usize) -> String {
    format!("{INDEX}/{number:03}")
}

fn read_block(container: &Container, number: usize) -> Result<String, ContainerError> {
    let name = block_name(number);
    let bytes = container.read(&name)?;
    String::from_utf8(bytes).map_err(|_| ContainerError::Entry { name })
}

/// `:iam::aws:policy/…` of an ARN.
fn after_partition(arn: &str) -> Option<&str> {
    let rest = arn.strip_prefix("arn:")?;
    rest.find(':').and_then(|colon| rest.get(colon..))
}
