//! The packs of rules that are part of the program: the files of `rules/`, as they are.

use super::{GuardError, RuleFile};

/// What `--rules` begins with for a pack: `pack:kms`.
pub const PREFIX: &str = "pack:";

macro_rules! packs {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_str!(concat!("../../rules/", $name, ".guard")))),+]
    };
}

/// Names and texts, in the order of the names.
const PACKS: &[(&str, &str)] = packs![
    "access-keys",
    "administrators",
    "cis-aws-foundations",
    "confused-deputy",
    "external-access",
    "kms",
    "naming",
    "oidc-trust",
    "permissions-boundary",
    "tags",
];

/// The names of all packs.
pub fn names() -> impl Iterator<Item = &'static str> {
    PACKS.iter().map(|(name, _)| *name)
}

/// All packs.
pub fn all() -> Vec<RuleFile> {
    PACKS.iter().map(|(name, text)| RuleFile::new(format!("{PREFIX}{name}"), *text)).collect()
}

/// A pack by its name, with or without `pack:`; `all` for every one.
///
/// # Errors
///
/// When there is none of that name.
pub fn by_name(name: &str) -> Result<Vec<RuleFile>, GuardError> {
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    if name == "all" {
        return Ok(all());
    }
    match PACKS.iter().find(|(n, _)| *n == name) {
        Some((name, text)) => Ok(vec![RuleFile::new(format!("{PREFIX}{name}"), *text)]),
        None => Err(GuardError::NoPack(name.to_owned())),
    }
}
