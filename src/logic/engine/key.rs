//! What is known of condition keys: whether a request may carry several values, whether it always carries one, and who
//! carries it.
//!
//! Source: IAM User Guide, "AWS global condition context keys", availability of each key.

use std::sync::{Arc, OnceLock, RwLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::catalog::Catalog;

/// A condition key, interned; spellings in different case are one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct KeyId(u32);

#[derive(Debug)]
pub(super) struct KeyInfo {
    /// In lower case.
    pub name: SmolStr,
    /// As AWS spells it, or else as it was first written.
    pub spelling: SmolStr,
    /// `None` for a key that the service data does not know.
    pub multivalued: Option<bool>,
    /// Every request carries it.
    pub always_present: bool,
    pub presence: Presence,
}

/// Which requests can carry a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// Nothing is known that would rule any request out.
    Anyone,
    /// Callers with an account.
    WithAccount,
    /// AWS services that act for a resource.
    Services,
    /// Requests that did not come through a VPC endpoint.
    PublicNetwork,
    /// Requests that came through a VPC endpoint.
    VpcEndpoint,
}

#[derive(Default)]
struct Table {
    infos: Vec<Arc<KeyInfo>>,
    ids: FxHashMap<SmolStr, u32>,
}

fn table() -> &'static RwLock<Table> {
    static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();
    TABLE.get_or_init(RwLock::default)
}

impl KeyId {
    pub(super) fn of(spelling: &str) -> KeyId {
        let name: SmolStr = spelling.to_ascii_lowercase().into();
        if let Some(id) = table().read().unwrap_or_else(|p| p.into_inner()).ids.get(&name) {
            return KeyId(*id);
        }
        let info = Arc::new(KeyInfo {
            multivalued: Catalog::embedded().key_type(spelling).map(|t| t.multivalued),
            always_present: ALWAYS.contains(&name.as_str()),
            presence: presence(&name),
            spelling: usual_spelling(spelling),
            name: name.clone(),
        });
        let mut table = table().write().unwrap_or_else(|p| p.into_inner());
        if let Some(id) = table.ids.get(&name) {
            return KeyId(*id);
        }
        let id = table.infos.len() as u32;
        table.infos.push(info);
        table.ids.insert(name, id);
        KeyId(id)
    }

    pub(super) fn info(self) -> Arc<KeyInfo> {
        let table = table().read().unwrap_or_else(|p| p.into_inner());
        // INVARIANT: ids are made by `of` alone, which adds the info first, and nothing is ever taken out.
        Arc::clone(&table.infos[self.0 as usize])
    }
}

/// The key as AWS spells it, if it is known; tags keep what follows the slash.
fn usual_spelling(key: &str) -> SmolStr {
    let catalog = Catalog::embedded();
    let global = catalog.global_condition_key(key).or_else(|| catalog.cross_service_condition_key(key)).map(|k| k.name);
    let name = match global {
        Some(name) => name,
        None => match catalog.service_condition_key(key) {
            Some((_, known)) if !known.name.contains('$') => return known.name.clone(),
            _ => return key.into(),
        },
    };
    match key.get(name.len()..) {
        Some(tag) if name.ends_with('/') => format!("{name}{tag}").into(),
        _ => name.into(),
    }
}

/// Keys of every request.
const ALWAYS: &[&str] = &["aws:currenttime", "aws:epochtime", "aws:securetransport", "aws:viaawsservice"];

fn presence(name: &str) -> Presence {
    match name {
        "aws:principalorgid" | "aws:principalorgpaths" => Presence::WithAccount,
        "aws:sourcearn" | "aws:sourceaccount" | "aws:sourceorgid" | "aws:sourceorgpaths" => Presence::Services,
        "aws:sourceip" => Presence::PublicNetwork,
        "aws:vpcsourceip" | "aws:sourcevpc" | "aws:sourcevpce" | "aws:vpceaccount" | "aws:vpceorgid"
        | "aws:vpceorgpaths" | "aws:sourcevpcarn" => Presence::VpcEndpoint,
        _ if name.starts_with("aws:principaltag/") => Presence::WithAccount,
        _ => Presence::Anyone,
    }
}
