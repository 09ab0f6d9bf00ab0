//! The JSON plan (and state) as a typed view over its tree: which resource instances there will be, with which
//! values, and which of those are unknown or sensitive.
//!
//! What is judged is what the plan makes (`after`), not what it replaces; [`Stage::Before`] reads the other side.
//! Unknown fields are passed over, so newer 1.x formats and OpenTofu's additions are read alike.
//! Source: Terraform documentation, "JSON Output Format" (format versions 0.1 to 1.2, of which 0.x is the same format
//! before it was declared stable).

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::address::{Address, Mode, ModulePath};
use crate::model::{InputKind, Problem};
use crate::source::{Mapping, Node, NodeKind, Span};

/// Which side of a change is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// What the plan makes.
    After,
    /// What is deployed before it.
    Before,
}

/// One instance of a resource or data source.
#[derive(Clone, Debug)]
pub(super) struct Instance<'a> {
    /// Parsed.
    pub address: Address,
    /// As the plan writes it.
    pub text: SmolStr,
    /// The attributes, unknown ones left out or null.
    pub values: Option<&'a Node>,
    /// `after_unknown`: `true` where a value is not known.
    pub unknown: Option<&'a Node>,
    /// `after_sensitive` or `sensitive_values`: `true` where a value must not be printed.
    pub sensitive: Option<&'a Node>,
    /// The plan's entry.
    pub span: Span,
    /// It is deployed already, so values that the configuration doesn't set are read back from it.
    pub existed: bool,
}

/// The instances of a plan or state, by address.
#[derive(Debug, Default)]
pub(super) struct Instances<'a> {
    /// Managed resources and data sources, in the plan's order.
    pub all: Vec<Instance<'a>>,
    by_address: FxHashMap<SmolStr, usize>,
    /// Instances of one block in one module instance, by address without instance key.
    by_block: FxHashMap<SmolStr, Vec<usize>>,
    /// Entries that could not be read.
    pub problems: Vec<Problem>,
}

/// Which resources of a module tree are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    All,
    /// A managed resource of the prior state that the changes don't name is not part of what the plan makes.
    DataOnly,
}

/// Tells a plan from a state from anything else.
pub fn looks_like(root: &Node) -> Option<InputKind> {
    let map = root.as_mapping()?;
    let has = |key: &str| map.get(key).is_some();
    if has("format_version") {
        if ["planned_values", "resource_changes", "configuration", "output_changes"].into_iter().any(has) {
            return Some(InputKind::TerraformPlan);
        }
        // An empty state has its versions and nothing else.
        if has("values") || has("terraform_version") {
            return Some(InputKind::TerraformState);
        }
        return None;
    }
    // A raw state file; `load` says what to give instead.
    (has("terraform_version") && has("lineage") && has("serial")).then_some(InputKind::TerraformState)
}

/// Fails for formats that can't be read.
pub(super) fn check_format(root: &Node) -> Result<(), Problem> {
    let Some(version) = root.get("format_version") else {
        // Cut-down plans, as other tools keep them, are read as far as they go.
        if root.get("planned_values").is_some() || root.get("resource_changes").is_some() {
            return Ok(());
        }
        let message = match root.get("lineage") {
            Some(_) => "this is a raw state file, whose format is private to Terraform",
            None => "`format_version` is missing: this is neither a plan nor a state in JSON",
        };
        let mut problem = Problem::at(message, root.span);
        problem.help = Some("write it with `terraform show -json`".to_owned());
        return Err(problem);
    };
    let text = version.scalar_text().and_then(|t| t.known().map(str::to_owned)).unwrap_or_default();
    let major = text.split('.').next().and_then(|m| m.parse::<u32>().ok());
    match major {
        Some(0 | 1) => Ok(()),
        _ => {
            let mut problem = Problem::at(format!("format version `{text}` is not supported"), version.span);
            problem.help = Some("versions 0.1 to 1.x are read".to_owned());
            Err(problem)
        }
    }
}

impl<'a> Instances<'a> {
    /// Reads all instances of one side of a plan, or those of a state.
    pub fn read(root: &'a Node, stage: Stage) -> Instances<'a> {
        let mut found = Instances::default();
        if let Some(values) = root.get("values") {
            found.add_module(values.get("root_module"), Taken::All, 0);
            return found;
        }
        let changes = sequence(root.get("resource_changes"));
        for change in changes {
            found.add_change(change, stage);
        }
        for deferred in sequence(root.get("deferred_changes")) {
            if let Some(change) = deferred.get("resource_change") {
                found.add_change(change, stage);
            }
        }
        // Plans in which nothing changes, or that other tools wrote, may have values alone.
        if stage == Stage::After && changes.is_empty() {
            found.add_module(root.at(&["planned_values", "root_module"]), Taken::All, 0);
        }
        // Data sources that were read while planning are in the prior state, and so is all that was there before.
        let taken = if stage == Stage::Before { Taken::All } else { Taken::DataOnly };
        found.add_module(root.at(&["prior_state", "values", "root_module"]), taken, 0);
        found
    }

    /// The instance at an address.
    pub fn at(&self, address: &str) -> Option<usize> {
        self.by_address.get(address).copied()
    }

    /// The instances of a block: those of `address` whatever its instance key.
    pub fn of_block(&self, address: &Address) -> &[usize] {
        self.by_block.get(block_text(address).as_str()).map_or(&[], Vec::as_slice)
    }

    /// One instance by its position.
    pub fn get(&self, id: usize) -> Option<&Instance<'a>> {
        self.all.get(id)
    }

    fn add(&mut self, instance: Instance<'a>) {
        if self.by_address.contains_key(&instance.text) {
            return;
        }
        self.by_address.insert(instance.text.clone(), self.all.len());
        self.by_block.entry(block_text(&instance.address)).or_default().push(self.all.len());
        self.all.push(instance);
    }

    fn unreadable(&mut self, node: &Node) {
        let message = match node.get("address").and_then(Node::as_str) {
            Some(address) => format!("resource address `{address}` can't be read; the resource is left out"),
            None => "a resource without address is left out".to_owned(),
        };
        self.problems.push(Problem::at(message, node.get("address").map_or(node.span, |a| a.span)));
    }

    fn add_change(&mut self, node: &'a Node, stage: Stage) {
        let Some((address, text)) = address_of(node, None) else { return self.unreadable(node) };
        let change = node.get("change");
        let part = |name: &str| change.and_then(|c| c.get(name)).filter(|n| !matches!(n.kind, NodeKind::Null));
        // Deposed objects are on their way out; so is what is deleted or forgotten.
        let deposed = node.get("deposed").is_some_and(|d| !matches!(d.kind, NodeKind::Null));
        if deposed {
            return;
        }
        let (values, unknown, sensitive) = match stage {
            Stage::After => (part("after"), part("after_unknown"), part("after_sensitive")),
            Stage::Before => (part("before"), None, part("before_sensitive")),
        };
        let actions = sequence(change.and_then(|c| c.get("actions")));
        let does = |action: &str| actions.iter().any(|a| a.as_str() == Some(action));
        let stays = match stage {
            Stage::After => values.is_some() || (does("create") || does("read") || does("update")),
            Stage::Before => values.is_some(),
        };
        if stays {
            let existed = part("before").is_some();
            self.add(Instance { address, text, values, unknown, sensitive, span: node.span, existed });
        }
    }

    fn add_module(&mut self, module: Option<&'a Node>, taken: Taken, depth: usize) {
        // The reader bounds nesting; this is a second fence.
        let Some(module) = module.filter(|_| depth < 100) else { return };
        let path = module.get("address").and_then(Node::as_str);
        for node in sequence(module.get("resources")) {
            let Some((address, text)) = address_of(node, path) else {
                self.unreadable(node);
                continue;
            };
            if node.get("deposed_key").is_some_and(|d| !matches!(d.kind, NodeKind::Null)) {
                continue;
            }
            let values = node.get("values").filter(|n| !matches!(n.kind, NodeKind::Null));
            if taken == Taken::DataOnly && address.mode == Mode::Managed {
                continue;
            }
            let sensitive = node.get("sensitive_values");
            let span = node.span;
            self.add(Instance { address, text, values, unknown: None, sensitive, span, existed: true });
        }
        for child in sequence(module.get("child_modules")) {
            self.add_module(Some(child), taken, depth + 1);
        }
    }
}

fn block_text(address: &Address) -> SmolStr {
    Address { key: None, ..address.clone() }.to_string().into()
}

/// The address of an entry. Old formats leave out the module or the instance key in `address`; the fields beside it
/// tell.
fn address_of(node: &Node, module: Option<&str>) -> Option<(Address, SmolStr)> {
    let text = node.get("address").and_then(Node::as_str)?;
    let mut address = Address::parse(text)?;
    let module = node.get("module_address").and_then(Node::as_str).or(module);
    if let Some(path) = module.filter(|_| address.module.0.is_empty()) {
        address.module = ModulePath::parse(path)?;
        return Some((address.clone(), address.to_string().into()));
    }
    Some((address, text.into()))
}

/// The items of a list; none for anything else.
pub(super) fn sequence(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::as_sequence).unwrap_or(&[])
}

/// The entries of a map; none for anything else.
pub(super) fn mapping(node: Option<&Node>) -> Option<&Mapping> {
    node.and_then(Node::as_mapping)
}
