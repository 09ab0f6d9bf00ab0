//! What the checks of `Condition` stand on: every condition key of a document with its place and with what is known
//! about it, which keys an action supports, and how values are read. No check lives here.

pub mod action_keys;
pub mod claim;
pub mod key;
pub mod presence;
pub mod value;

use crate::catalog::Catalog;
use crate::finding::Location;
use crate::policy::{
    BaseOperator, ConditionBlock, ConditionKey, ConditionOperator, ConditionValue, OperatorFamily, PolicyDocument,
    PolicyPath, Statement,
};

use key::KeyFacts;

/// One condition key under one operator of one statement.
#[derive(Clone, Debug)]
pub struct KeyUse<'a> {
    /// The statement.
    pub statement: &'a Statement,
    /// The operator with all its keys.
    pub block: &'a ConditionBlock,
    /// The key with its values.
    pub key: &'a ConditionKey,
    /// What is known about the key.
    pub facts: KeyFacts<'a>,
}

/// Every use of a condition key in a document, in order.
pub fn key_uses<'a>(document: &'a PolicyDocument, catalog: &'a Catalog) -> Vec<KeyUse<'a>> {
    let mut uses = Vec::new();
    for statement in &document.statements {
        for block in &statement.conditions {
            uses.extend(block.keys.iter().map(|key| KeyUse {
                statement,
                block,
                key,
                facts: KeyFacts::new(&key.name, catalog),
            }));
        }
    }
    uses
}

impl<'a> KeyUse<'a> {
    /// The operator, if it is one.
    pub fn operator(&self) -> Option<ConditionOperator> {
        self.block.operator
    }

    /// The operator without prefix and suffix, if it is one.
    pub fn base(&self) -> Option<BaseOperator> {
        self.block.operator.map(|o| o.base)
    }

    /// What the operator compares, if it is one.
    pub fn family(&self) -> Option<OperatorFamily> {
        self.base().map(BaseOperator::family)
    }

    /// True if the key certainly has this name; case is ignored.
    pub fn is(&self, name: &str) -> bool {
        self.key.name.as_str().eq_ignore_ascii_case(name)
    }

    /// True if the key certainly has one of these names; case is ignored.
    pub fn is_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.is(name))
    }

    /// The operator's place.
    pub fn operator_path(&self) -> PolicyPath {
        self.block.path(&self.statement.path())
    }

    /// The key's place.
    pub fn location(&self) -> Location {
        Location::new(self.key.path(&self.operator_path()), self.key.name_span)
    }

    /// The place of one of its values.
    pub fn value_location(&self, value: &ConditionValue) -> Location {
        Location::new(self.key.path(&self.operator_path()).maybe_index(value.index), value.span)
    }

    /// The values of which every character is known.
    pub fn known_values(&self) -> impl Iterator<Item = (&'a ConditionValue, &'a str)> {
        self.key.values.iter().filter_map(|v| v.text.known().map(|s| (v, s)))
    }

    /// The key as people read it.
    pub fn shown(&self) -> String {
        self.key.name.display()
    }

    /// The operator as written.
    pub fn shown_operator(&self) -> &'a str {
        &self.block.operator_text
    }
}
