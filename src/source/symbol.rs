//! Symbols: named unknown values that stand inside strings.
//!
//! A symbol is interned once for each unknown, so two mentions of one unknown are equal, and is written into a
//! string as one character of Unicode's supplementary private use planes. Such characters in the input itself
//! are interned too (as [`SymbolKind::PrivateUseCharacter`]), so no literal text can be taken for a symbol.
//! String algorithms that know nothing of symbols therefore still work: a symbol is a letter that equals only
//! itself. Those that read `?` or lengths have to ask [`Symbol::of`].

use std::sync::{Arc, OnceLock, RwLock};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

const FIRST_PLANE: u32 = 0xF_0000;
const SECOND_PLANE: u32 = 0x10_0000;
const PER_PLANE: u32 = 0xFFFE;

/// An unknown value. Equal symbols are the same unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

/// What is known about an unknown value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SymbolInfo {
    /// Where the name is unique: the template or plan (and nested stack or module) that it belongs to; empty for
    /// what is the same everywhere in a run, such as the account being deployed to.
    pub scope: SmolStr,
    /// The name shown to people, without `${}`: `Orders.QueueName`, `AWS::Region`, `aws_s3_bucket.logs.id`.
    pub name: SmolStr,
    /// Why the value is unknown.
    pub kind: SymbolKind,
    /// What any value of it looks like.
    pub shape: Shape,
    /// A secret: no value given for it may ever be printed.
    pub sensitive: bool,
}

/// Why a value is unknown before deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SymbolKind {
    /// A CloudFormation pseudo parameter, or the Terraform data source that says the same, without a value given.
    PseudoParameter,
    /// A template parameter or input variable without a value.
    Parameter,
    /// A name, id or attribute that is made when the resource is created.
    ResourceAttribute,
    /// A CloudFormation dynamic reference (`{{resolve:…}}`) without a value given.
    DynamicReference,
    /// A CloudFormation export that no input of the run defines.
    ImportValue,
    /// A value that is read from elsewhere at deployment (data source, custom resource, macro).
    External,
    /// An expression of which not every part is known and which can't be written as text with symbols.
    Expression,
    /// A private use character of the input itself; it is known, and stands for itself.
    PrivateUseCharacter,
}

/// What every possible value of a symbol looks like, as far as checks need to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// Anything, even several ARN fields or an empty string.
    Any,
    /// A name or id: not empty, no colon, no slash, no wildcard, no policy variable.
    Name,
    /// A path-like string: not empty, no wildcard.
    Literal,
    /// A whole ARN without wildcards.
    Arn,
    /// A partition (`aws`, `aws-cn`, …).
    Partition,
    /// A Region name.
    Region,
    /// Twelve digits.
    AccountId,
    /// `amazonaws.com` or a partition's own suffix.
    UrlSuffix,
}

#[derive(Default)]
struct Table {
    infos: Vec<Arc<SymbolInfo>>,
    ids: FxHashMap<Arc<SymbolInfo>, u32>,
}

fn table() -> &'static RwLock<Table> {
    static TABLE: OnceLock<RwLock<Table>> = OnceLock::new();
    TABLE.get_or_init(RwLock::default)
}

impl Symbol {
    /// How many symbols a process can hold. Past it [`Symbol::intern`] returns `None`.
    pub const LIMIT: usize = 2 * PER_PLANE as usize;

    /// The symbol of an unknown, the same for equal infos; `None` when [`Symbol::LIMIT`] is reached.
    pub fn try_intern(info: SymbolInfo) -> Option<Symbol> {
        if let Some(id) = table().read().unwrap_or_else(|p| p.into_inner()).ids.get(&info) {
            return Some(Symbol(*id));
        }
        let mut table = table().write().unwrap_or_else(|p| p.into_inner());
        if let Some(id) = table.ids.get(&info) {
            return Some(Symbol(*id));
        }
        let id = table.infos.len() as u32;
        if id as usize >= Self::LIMIT - 1 {
            return None;
        }
        let info = Arc::new(info);
        table.infos.push(Arc::clone(&info));
        table.ids.insert(info, id);
        Some(Symbol(id))
    }

    /// As [`Symbol::try_intern`]; past the limit every unknown is the one symbol named `too many unknown values`,
    /// of shape [`Shape::Any`].
    pub fn intern(info: SymbolInfo) -> Symbol {
        Self::try_intern(info).unwrap_or(Symbol(Self::LIMIT as u32 - 1))
    }

    /// What is known about it.
    pub fn info(self) -> Arc<SymbolInfo> {
        let table = table().read().unwrap_or_else(|p| p.into_inner());
        match table.infos.get(self.0 as usize) {
            Some(info) => Arc::clone(info),
            None => Arc::new(SymbolInfo {
                scope: SmolStr::default(),
                name: SmolStr::new_static("too many unknown values"),
                kind: SymbolKind::Expression,
                shape: Shape::Any,
                sensitive: false,
            }),
        }
    }

    /// The character that stands for it in a string.
    pub fn as_char(self) -> char {
        let code = if self.0 < PER_PLANE { FIRST_PLANE + self.0 } else { SECOND_PLANE + self.0 - PER_PLANE };
        // INVARIANT: both planes' private use areas are scalar values, and ids stay below LIMIT.
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// The symbol that a character stands for.
    pub fn of(c: char) -> Option<Symbol> {
        let code = c as u32;
        match code {
            FIRST_PLANE..SECOND_PLANE => (code - FIRST_PLANE < PER_PLANE).then(|| Symbol(code - FIRST_PLANE)),
            SECOND_PLANE.. => (code - SECOND_PLANE < PER_PLANE).then(|| Symbol(code - SECOND_PLANE + PER_PLANE)),
            _ => None,
        }
    }

    /// True if a string may hold symbols; false positives are impossible, the cost is one pass over bytes.
    pub fn occurs_in(s: &str) -> bool {
        // Planes 15 and 16 are the only scalar values whose UTF-8 form begins with F3 B0..BF or F4.
        let bytes = s.as_bytes();
        bytes
            .iter()
            .enumerate()
            .any(|(i, b)| *b == 0xF4 || (*b == 0xF3 && bytes.get(i + 1).is_some_and(|n| *n >= 0xB0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str) -> SymbolInfo {
        SymbolInfo {
            scope: "t".into(),
            name: name.into(),
            kind: SymbolKind::Parameter,
            shape: Shape::Any,
            sensitive: false,
        }
    }

    #[test]
    fn two_mentions_of_one_unknown_are_one_symbol() {
        let a = Symbol::intern(info("a"));
        assert_eq!(a, Symbol::intern(info("a")));
        assert_ne!(a, Symbol::intern(info("b")));
        assert_eq!(Symbol::of(a.as_char()), Some(a));
        assert_eq!(a.info().name, "a");
        assert!(Symbol::occurs_in(&format!("x{}", a.as_char())));
        assert!(!Symbol::occurs_in("plain é 😀"));
    }
}
