//! The `.tf` sources of a plan: the root module's folder and those of the modules that it calls, as far as they are
//! at hand.
//!
//! A call with a local path is found beside its caller, any other in `.terraform/modules`, where `terraform init` keeps
//! a list of what it fetched (`modules.json`).

use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::hcl::ModuleSource;
use super::plan::sequence;
use crate::model::Problem;
use crate::source::{Limits, Node, json};
use crate::template::LoadContext;

/// How many module calls may be inside one another.
const DEPTH: usize = 24;
/// How many module calls are followed.
const CALLS: usize = 5_000;

/// The modules of a configuration by the call names that lead to them.
#[derive(Debug, Default)]
pub(super) struct ModuleTree {
    modules: FxHashMap<Vec<SmolStr>, Rc<ModuleSource>>,
    /// What is wrong with the sources.
    pub problems: Vec<Problem>,
    /// Files that could not be read.
    pub unreadable: Vec<Problem>,
}

impl ModuleTree {
    /// Reads the sources for the plan at `plan_path`: the given folder, else the plan's own. `None` when there are none
    /// or `declares` says that they are another configuration's.
    pub fn read(
        plan_path: &str,
        ctx: LoadContext<'_>,
        declares: impl Fn(&ModuleSource) -> bool,
    ) -> Option<(ModuleTree, Option<Problem>)> {
        let plan = Path::new(plan_path);
        let given = ctx.options.source_dir.as_deref();
        let beside = plan.parent().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
        let folder = given.or(beside)?;
        if given.is_none() && !has_sources(folder) {
            return None;
        }
        let mut root = ModuleSource::read(folder, ctx);
        // Several plans with one source file each may share a folder, which then is no module.
        if root.problems.iter().any(|p| p.message.contains("declared twice")) {
            let own = plan.with_extension("tf");
            if let Some(text) = own.to_str().and_then(|_| std::fs::read_to_string(&own).ok()) {
                root = ModuleSource::read_text(&own.to_string_lossy(), &text, ctx);
            }
        }
        if !declares(&root) {
            if !root.unreadable.is_empty() {
                // The plan's resources may be in what could not be read.
                return Some((ModuleTree { unreadable: root.unreadable, ..ModuleTree::default() }, None));
            }
            let unrelated = given.map(|g| {
                let folder = g.display();
                Problem::new(format!(
                    "the sources in `{folder}` declare none of the plan's resources; they are not used"
                ))
            });
            return unrelated.map(|problem| (ModuleTree::default(), Some(problem)));
        }
        let fetched = fetched_modules(folder, ctx.limits);
        let mut tree = ModuleTree::default();
        let mut folders = FxHashMap::default();
        tree.problems.append(&mut root.problems);
        tree.unreadable.append(&mut root.unreadable);
        tree.add(Vec::new(), Rc::new(root), folder, &Found { root: folder, fetched: &fetched, ctx }, &mut folders);
        Some((tree, None))
    }

    /// The module that these calls lead to.
    pub fn module(&self, path: &[SmolStr]) -> Option<&Rc<ModuleSource>> {
        self.modules.get(path)
    }

    fn add(
        &mut self,
        path: Vec<SmolStr>,
        module: Rc<ModuleSource>,
        folder: &Path,
        found: &Found<'_>,
        folders: &mut FxHashMap<PathBuf, Rc<ModuleSource>>,
    ) {
        if path.len() < DEPTH {
            for (name, call) in &module.module_calls {
                if self.modules.len() + path.len() >= CALLS {
                    break;
                }
                let mut inner = path.clone();
                inner.push(name.clone());
                let Some(source) = &call.source else { continue };
                let child = match source.starts_with("./") || source.starts_with("../") {
                    true => Some(folder.join(source.as_str())),
                    false => found.fetched.get(inner.join(".").as_str()).map(|dir| found.root.join(dir.as_str())),
                };
                let Some(child) = child.filter(|c| c.is_dir()) else { continue };
                let known = folders.get(&child).cloned();
                let source = known.unwrap_or_else(|| {
                    let mut source = ModuleSource::read(&child, found.ctx);
                    self.problems.append(&mut source.problems);
                    self.unreadable.append(&mut source.unreadable);
                    let source = Rc::new(source);
                    folders.insert(child.clone(), Rc::clone(&source));
                    source
                });
                self.add(inner, source, &child, found, folders);
            }
        }
        self.modules.insert(path, module);
    }
}

struct Found<'f> {
    root: &'f Path,
    fetched: &'f FxHashMap<SmolStr, SmolStr>,
    ctx: LoadContext<'f>,
}

fn has_sources(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|e| e.file_name()).any(|n| {
        let name = n.to_string_lossy();
        name.ends_with(".tf") || name.ends_with(".tf.json")
    })
}

/// `modules.json`: the key of each call (`network.subnets`) and its folder, relative to the root module.
fn fetched_modules(root: &Path, limits: &Limits) -> FxHashMap<SmolStr, SmolStr> {
    let mut found = FxHashMap::default();
    let path = root.join(".terraform").join("modules").join("modules.json");
    let Ok(text) = std::fs::read_to_string(&path) else { return found };
    // The list only leads to files; nothing ever points into it, so it is in no registry of sources.
    let nowhere = crate::source::SourceId(u32::MAX);
    let Ok(list) = json::read(nowhere, &text, limits) else { return found };
    for module in sequence(list.get("Modules")) {
        let part = |name: &str| module.get(name).and_then(Node::as_str).map(SmolStr::new);
        if let (Some(key), Some(dir)) = (part("Key"), part("Dir")) {
            found.insert(key, dir);
        }
    }
    found
}
