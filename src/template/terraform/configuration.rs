//! The plan's `configuration`: what each block sets, as constants and as the names that an expression mentions.
//!
//! The plan keeps no expressions, only constants and references: `"${aws_s3_bucket.b.arn}/*"` and `aws_s3_bucket.b.arn`
//! look alike in it. So a reference is followed only where nothing but the referenced value makes sense (a policy
//! document, the name of what a policy attaches to), and only if it is the one reference of its expression.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::address::{Address, Mode};
use super::plan::{mapping, sequence};
use crate::source::Node;

/// The modules of the configuration.
#[derive(Debug, Default)]
pub(super) struct Configuration<'a> {
    modules: FxHashMap<Vec<SmolStr>, Module<'a>>,
    /// `provider_config`.
    pub providers: Option<&'a Node>,
}

/// One module: what its blocks are.
#[derive(Debug, Default)]
pub(super) struct Module<'a> {
    /// By `aws_s3_bucket.b` or `data.aws_region.r`.
    blocks: FxHashMap<SmolStr, &'a Node>,
    calls: FxHashMap<SmolStr, &'a Node>,
    outputs: FxHashMap<SmolStr, &'a Node>,
}

/// What an expression of the configuration is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConfiguredExpression<'a> {
    /// No expression.
    Absent,
    /// A constant.
    Constant,
    /// It mentions exactly one name (`aws_s3_bucket.b.arn`).
    Reference(&'a str),
    /// It mentions several names, or none.
    Other,
}

impl<'a> Configuration<'a> {
    pub fn read(root: &'a Node) -> Configuration<'a> {
        let mut found = Configuration::default();
        if let Some(configuration) = root.get("configuration") {
            found.providers = configuration.get("provider_config");
            if let Some(module) = configuration.get("root_module") {
                found.add(module, Vec::new());
            }
        }
        found
    }

    fn add(&mut self, node: &'a Node, path: Vec<SmolStr>) {
        if path.len() > 100 {
            return;
        }
        let mut module = Module::default();
        for block in sequence(node.get("resources")) {
            if let Some(address) = block.get("address").and_then(Node::as_str) {
                module.blocks.insert(address.into(), block);
            }
        }
        for entry in mapping(node.get("outputs")).into_iter().flat_map(|m| m.iter()) {
            module.outputs.insert(entry.key.as_smol().clone(), &entry.value);
        }
        for entry in mapping(node.get("module_calls")).into_iter().flat_map(|m| m.iter()) {
            let name = entry.key.as_smol().clone();
            module.calls.insert(name.clone(), &entry.value);
            if let Some(child) = entry.value.get("module") {
                let mut path = path.clone();
                path.push(name);
                self.add(child, path);
            }
        }
        self.modules.insert(path, module);
    }

    /// True without a `configuration` at all, as in a state.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }

    /// The block of a resource or data source.
    pub fn block(&self, address: &Address) -> Option<&'a Node> {
        let data = if address.mode == Mode::Data { "data." } else { "" };
        let key = SmolStr::from(format!("{data}{}.{}", address.resource_type, address.name));
        self.modules.get(&address.module.call_names())?.blocks.get(&key).copied()
    }

    /// The call of a module, by the call names of the module that calls and its own.
    pub fn call(&self, parent: &[SmolStr], name: &str) -> Option<&'a Node> {
        self.modules.get(parent)?.calls.get(name).copied()
    }

    /// An output of a module.
    pub fn output(&self, module: &[SmolStr], name: &str) -> Option<&'a Node> {
        self.modules.get(module)?.outputs.get(name).copied()
    }
}

/// The expression of an attribute of a block.
pub(super) fn attribute<'a>(block: &'a Node, name: &str) -> Option<&'a Node> {
    block.at(&["expressions", name])
}

/// What an expression is.
pub(super) fn classify(expression: Option<&Node>) -> ConfiguredExpression<'_> {
    let Some(expression) = expression else { return ConfiguredExpression::Absent };
    if expression.get("constant_value").is_some() {
        return ConfiguredExpression::Constant;
    }
    match references(expression).as_slice() {
        [one] => ConfiguredExpression::Reference(one),
        _ => ConfiguredExpression::Other,
    }
}

/// The names that an expression mentions, each once, at full length: newer plans list `aws_s3_bucket.b.arn` and again
/// `aws_s3_bucket.b`.
pub(super) fn references(expression: &Node) -> Vec<&str> {
    let all: Vec<&str> = sequence(expression.get("references")).iter().filter_map(Node::as_str).collect();
    let extends = |longer: &str, shorter: &str| {
        longer.len() > shorter.len()
            && longer.starts_with(shorter)
            && matches!(longer.as_bytes().get(shorter.len()), Some(b'.' | b'['))
    };
    let mut found: Vec<&str> = Vec::new();
    for name in &all {
        if !found.contains(name) && !all.iter().any(|other| extends(other, name)) {
            found.push(name);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, json};

    #[test]
    fn shorter_forms_of_a_reference_are_not_counted() {
        let sources = Sources::new();
        let text = r#"{"references": ["a.b.arn", "a.b", "module.m.x", "module.m", "a.bc"]}"#;
        let node = json::read(sources.add("c", text), text, &Limits::default()).unwrap();
        assert_eq!(references(&node), ["a.b.arn", "module.m.x", "a.bc"]);
    }
}
