//! A module folder: its variables, locals, resources, data sources, module calls, outputs and providers.
//!
//! Which files make up a module, in which order, and how override files and `.tfvars` apply, is described in
//! Terraform's "Files and Directories" and "Input Variables" pages. A file with a syntax error is left out and
//! reported; the rest of the module is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::syntax::{Attribute, Block, Body, Expression};
use super::{json_syntax, native};
use crate::model::Problem;
use crate::source::{ReadError, SourceFile, SourceId, Span};
use crate::template::{LoadContext, unread};

/// How many files of one folder are read.
const FILES: usize = 10_000;

/// A module folder, read.
#[derive(Clone, Debug, Default)]
pub struct ModuleSource {
    /// The folder as it was given.
    pub folder: PathBuf,
    /// `variable` blocks by name.
    pub variables: IndexMap<SmolStr, Variable>,
    /// The attributes of all `locals` blocks.
    pub locals: IndexMap<SmolStr, Attribute>,
    /// `resource` blocks.
    pub resources: Vec<ResourceBlock>,
    /// `data` blocks.
    pub data: Vec<ResourceBlock>,
    /// `module` blocks by name.
    pub module_calls: IndexMap<SmolStr, ModuleCall>,
    /// `output` blocks by name.
    pub outputs: IndexMap<SmolStr, Output>,
    /// `provider` blocks.
    pub providers: Vec<ProviderBlock>,
    /// What `terraform.tfvars` and `*.auto.tfvars` set; they count in the root module only.
    pub tfvars: IndexMap<SmolStr, Attribute>,
    /// The files that were read, those with errors included.
    pub files: Vec<SourceId>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// Files that could not be read, or are no HCL: what they declare is not known.
    pub unreadable: Vec<Problem>,
    resource_index: FxHashMap<(SmolStr, SmolStr), usize>,
    data_index: FxHashMap<(SmolStr, SmolStr), usize>,
    texts: FxHashMap<SourceId, Arc<SourceFile>>,
}

/// A `variable` block.
#[derive(Clone, Debug)]
pub struct Variable {
    /// Its name.
    pub name: SmolStr,
    /// `default`.
    pub default: Option<Expression>,
    /// `type`.
    pub constraint: Option<Expression>,
    /// Its value must not be printed.
    pub sensitive: bool,
    /// `null` is a value of it (the default is that it is).
    pub nullable: bool,
    /// Its header.
    pub span: Span,
}

/// A `resource` or `data` block.
#[derive(Clone, Debug)]
pub struct ResourceBlock {
    /// `aws_iam_role`.
    pub resource_type: SmolStr,
    /// Its local name.
    pub name: SmolStr,
    /// Keyword and labels.
    pub header: Span,
    /// The whole block.
    pub span: Span,
    /// Attributes and nested blocks, `count` and `for_each` among them.
    pub body: Body,
}

/// A `module` block.
#[derive(Clone, Debug)]
pub struct ModuleCall {
    /// Its name.
    pub name: SmolStr,
    /// `source` as written.
    pub source: Option<SmolStr>,
    /// Keyword and label.
    pub header: Span,
    /// The whole block.
    pub span: Span,
    /// The arguments, and `source`, `version`, `count`, `for_each`, `providers`, `depends_on`.
    pub body: Body,
}

/// An `output` block.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub name: SmolStr,
    /// `value`.
    pub value: Option<Expression>,
    /// Its value must not be printed.
    pub sensitive: bool,
    /// Its header.
    pub span: Span,
}

/// A `provider` block.
#[derive(Clone, Debug)]
pub struct ProviderBlock {
    /// `aws`.
    pub name: SmolStr,
    /// `alias`.
    pub alias: Option<SmolStr>,
    /// The whole block.
    pub span: Span,
    /// Its attributes, `region` among them.
    pub body: Body,
}

impl ModuleSource {
    /// Reads the files of a folder. It never fails: what can't be read is in [`ModuleSource::problems`].
    pub fn read(folder: &Path, ctx: LoadContext<'_>) -> ModuleSource {
        let mut module = ModuleSource { folder: folder.to_path_buf(), ..ModuleSource::default() };
        let mut names = Vec::new();
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries.flatten() {
                    let name = entry.file_name().to_string_lossy().into_owned();
                    // Editors' backups and hidden files are not configuration.
                    if !(name.starts_with('.') || name.ends_with('~') || name.starts_with('#')) {
                        names.push(name);
                    }
                }
            }
            Err(e) => {
                module.problems.push(Problem::new(format!("cannot read the folder `{}`: {e}", folder.display())));
            }
        }
        names.sort();
        if names.len() > FILES {
            module.problems.push(Problem::new(format!(
                "`{}` has {} files; only the first {FILES} are read",
                folder.display(),
                names.len()
            )));
            names.truncate(FILES);
        }
        let is_configuration = |name: &str| name.ends_with(".tf") || name.ends_with(".tf.json");
        let is_override = |name: &str| {
            let stem = name.trim_end_matches(".json").trim_end_matches(".tf");
            stem == "override" || stem.ends_with("_override")
        };
        for name in names.iter().filter(|n| is_configuration(n) && !is_override(n)) {
            for block in module.blocks_of(name, ctx) {
                module.add(block);
            }
        }
        for name in names.iter().filter(|n| is_configuration(n) && is_override(n)) {
            for block in module.blocks_of(name, ctx) {
                module.override_with(block);
            }
        }
        let is_auto = |n: &&String| n.ends_with(".auto.tfvars") || n.ends_with(".auto.tfvars.json");
        let first = ["terraform.tfvars", "terraform.tfvars.json"];
        let fixed = first.into_iter().filter(|n| names.iter().any(|name| name == n)).map(str::to_owned);
        let variables: Vec<String> = fixed.chain(names.iter().filter(is_auto).cloned()).collect();
        for name in variables {
            if let Some(body) = module.body_of(&name, ctx) {
                module.tfvars.extend(body.attributes.into_iter().map(|a| (a.name.clone(), a)));
            }
        }
        for variable in module.variables.values().filter(|v| v.sensitive) {
            let given = module.tfvars.get(&variable.name).map(|attribute| attribute.value.span);
            variable.default.iter().map(|d| d.span).chain(given).for_each(|span| ctx.sources.hide(span));
        }
        module
    }

    /// Reads one text as a module of its own, for texts that are in no folder.
    pub fn read_text(name: &str, text: &str, ctx: LoadContext<'_>) -> ModuleSource {
        let mut module = ModuleSource { folder: PathBuf::from("."), ..ModuleSource::default() };
        for block in module.parse_blocks(name, text, ctx) {
            module.add(block);
        }
        module
    }

    /// The `resource` block of a type and name.
    pub fn resource(&self, resource_type: &str, name: &str) -> Option<&ResourceBlock> {
        let i = self.resource_index.get(&(SmolStr::new(resource_type), SmolStr::new(name)))?;
        self.resources.get(*i)
    }

    /// The `data` block of a type and name.
    pub fn data(&self, resource_type: &str, name: &str) -> Option<&ResourceBlock> {
        let i = self.data_index.get(&(SmolStr::new(resource_type), SmolStr::new(name)))?;
        self.data.get(*i)
    }

    /// The text of one of its files.
    pub(super) fn text(&self, id: SourceId) -> Option<&Arc<SourceFile>> {
        self.texts.get(&id)
    }

    fn load(&mut self, name: &str, ctx: LoadContext<'_>) -> Option<String> {
        let path = self.folder.join(name);
        let shown = path.display();
        // A folder, device or pipe of that name is not a configuration file.
        let size = match std::fs::metadata(&path) {
            Ok(m) if m.is_file() => m.len(),
            Ok(_) => return None,
            Err(e) => {
                self.unreadable.push(Problem::new(format!("cannot read `{shown}`: {e}")));
                return None;
            }
        };
        if size > ctx.limits.bytes as u64 {
            let limit = ctx.limits.bytes;
            self.unreadable.push(Problem::new(format!("`{shown}` has {size} bytes, over the limit of {limit} bytes")));
            return None;
        }
        match std::fs::read(&path).map(String::from_utf8) {
            Ok(Ok(text)) => Some(text),
            Ok(Err(e)) => {
                let at = e.utf8_error().valid_up_to();
                self.unreadable.push(Problem::new(format!("`{shown}` is not UTF-8: invalid byte at offset {at}")));
                None
            }
            Err(e) => {
                self.unreadable.push(Problem::new(format!("cannot read `{shown}`: {e}")));
                None
            }
        }
    }

    fn blocks_of(&mut self, name: &str, ctx: LoadContext<'_>) -> Vec<Block> {
        let Some(text) = self.load(name, ctx) else { return Vec::new() };
        let shown = self.folder.join(name).to_string_lossy().into_owned();
        self.parse_blocks(&shown, &text, ctx)
    }

    fn register(&mut self, name: &str, text: &str, ctx: LoadContext<'_>) -> SourceId {
        let id = ctx.sources.add(name, text);
        self.files.push(id);
        self.texts.insert(id, ctx.sources.get(id));
        id
    }

    fn parse_blocks(&mut self, name: &str, text: &str, ctx: LoadContext<'_>) -> Vec<Block> {
        let id = self.register(name, text, ctx);
        let read = if name.ends_with(".json") {
            json_syntax::read_blocks(id, text, ctx.limits, &mut self.problems)
        } else {
            native::read_body(id, text, ctx.limits).map(|body| {
                for a in &body.attributes {
                    self.problems.push(Problem::at(
                        format!("attribute `{}` stands outside of any block and is ignored", a.name),
                        a.span,
                    ));
                }
                body.blocks
            })
        };
        read.unwrap_or_else(|e| {
            unread::hide_defaults(id, ctx.sources);
            self.unreadable.push(e.into());
            Vec::new()
        })
    }

    fn body_of(&mut self, name: &str, ctx: LoadContext<'_>) -> Option<Body> {
        let text = self.load(name, ctx)?;
        let shown = self.folder.join(name).to_string_lossy().into_owned();
        let id = self.register(&shown, &text, ctx);
        let read = if name.ends_with(".json") {
            json_syntax::read_values(id, &text, ctx.limits)
        } else {
            native::read_body(id, &text, ctx.limits)
        };
        let unreadable = |e: ReadError| {
            unread::hide_values(id, ctx.sources);
            self.unreadable.push(e.into());
        };
        read.map_err(unreadable).ok()
    }

    fn labels<const N: usize>(&mut self, block: &Block) -> Option<[SmolStr; N]> {
        let labels: Vec<SmolStr> = block.labels.iter().map(|l| l.text.clone()).collect();
        let found = labels.len();
        let labels = <[SmolStr; N]>::try_from(labels).ok();
        if labels.is_none() {
            let message = format!("`{}` block needs {N} label(s) but has {found}; it is ignored", block.kind);
            self.problems.push(Problem::at(message, block.header));
        }
        labels
    }

    fn duplicate(&mut self, what: &str, span: Span) {
        self.problems.push(Problem::at(format!("{what} is declared twice; the later one is ignored"), span));
    }

    fn add(&mut self, block: Block) {
        match block.kind.as_str() {
            "variable" => {
                let Some([name]) = self.labels(&block) else { return };
                if self.variables.contains_key(&name) {
                    return self.duplicate(&format!("variable `{name}`"), block.header);
                }
                self.variables.insert(name.clone(), Variable::of(name, &block));
            }
            "locals" => {
                for attribute in block.body.attributes {
                    if self.locals.contains_key(&attribute.name) {
                        self.duplicate(&format!("local value `{}`", attribute.name), attribute.span);
                    } else {
                        self.locals.insert(attribute.name.clone(), attribute);
                    }
                }
            }
            "resource" | "data" => {
                let Some([resource_type, name]) = self.labels(&block) else { return };
                let managed = block.kind == "resource";
                let (list, index) = match managed {
                    true => (&mut self.resources, &mut self.resource_index),
                    false => (&mut self.data, &mut self.data_index),
                };
                let key = (resource_type.clone(), name.clone());
                if index.contains_key(&key) {
                    return self.duplicate(&format!("`{resource_type}.{name}`"), block.header);
                }
                index.insert(key, list.len());
                let Block { header, span, body, .. } = block;
                list.push(ResourceBlock { resource_type, name, header, span, body });
            }
            "module" => {
                let Some([name]) = self.labels(&block) else { return };
                if self.module_calls.contains_key(&name) {
                    return self.duplicate(&format!("module `{name}`"), block.header);
                }
                let source = block.body.attribute("source").and_then(|a| a.value.as_plain_str()).map(SmolStr::new);
                let Block { header, span, body, .. } = block;
                self.module_calls.insert(name.clone(), ModuleCall { name, source, header, span, body });
            }
            "output" => {
                let Some([name]) = self.labels(&block) else { return };
                if self.outputs.contains_key(&name) {
                    return self.duplicate(&format!("output `{name}`"), block.header);
                }
                let value = block.body.attribute("value").map(|a| a.value.clone());
                let sensitive = flag(&block.body, "sensitive", false);
                self.outputs.insert(name.clone(), Output { name, value, sensitive, span: block.header });
            }
            "provider" => {
                let Some([name]) = self.labels(&block) else { return };
                let alias = block.body.attribute("alias").and_then(|a| a.value.as_plain_str()).map(SmolStr::new);
                self.providers.push(ProviderBlock { name, alias, span: block.span, body: block.body });
            }
            // They say nothing about the values of policies.
            "terraform" | "moved" | "import" | "removed" | "check" | "ephemeral" | "action" | "list" => {}
            other => {
                let message = format!("block of unknown type `{other}` is ignored");
                self.problems.push(Problem::at(message, block.header));
            }
        }
    }

    fn override_with(&mut self, block: Block) {
        let label = |i: usize| block.labels.get(i).map(|l| l.text.clone()).unwrap_or_default();
        let key = (label(0), label(1));
        match block.kind.as_str() {
            "locals" => self.locals.extend(block.body.attributes.into_iter().map(|a| (a.name.clone(), a))),
            "variable" if self.variables.contains_key(&key.0) => {
                let new = Variable::of(key.0.clone(), &block);
                if let Some(old) = self.variables.get_mut(&key.0) {
                    old.default = new.default.or(old.default.take());
                    old.constraint = new.constraint.or(old.constraint.take());
                    old.sensitive = flag(&block.body, "sensitive", old.sensitive);
                    old.nullable = flag(&block.body, "nullable", old.nullable);
                }
            }
            "resource" if self.resource_index.contains_key(&key) => {
                let found = self.resource_index.get(&key).and_then(|i| self.resources.get_mut(*i));
                found.into_iter().for_each(|r| r.body.override_with(block.body.clone()));
            }
            "data" if self.data_index.contains_key(&key) => {
                let found = self.data_index.get(&key).and_then(|i| self.data.get_mut(*i));
                found.into_iter().for_each(|r| r.body.override_with(block.body.clone()));
            }
            "module" if self.module_calls.contains_key(&key.0) => {
                if let Some(call) = self.module_calls.get_mut(&key.0) {
                    call.body.override_with(block.body);
                    let source = call.body.attribute("source").and_then(|a| a.value.as_plain_str());
                    call.source = source.map(SmolStr::new);
                }
            }
            "output" if self.outputs.contains_key(&key.0) => {
                if let Some(output) = self.outputs.get_mut(&key.0) {
                    if let Some(value) = block.body.attribute("value") {
                        output.value = Some(value.value.clone());
                    }
                    output.sensitive = flag(&block.body, "sensitive", output.sensitive);
                }
            }
            "provider" => {
                let alias = block.body.attribute("alias").and_then(|a| a.value.as_plain_str()).map(SmolStr::new);
                match self.providers.iter_mut().find(|p| p.name == key.0 && p.alias == alias) {
                    Some(provider) => provider.body.override_with(block.body),
                    None => self.add(block),
                }
            }
            _ => self.add(block),
        }
    }
}

impl Variable {
    fn of(name: SmolStr, block: &Block) -> Variable {
        Variable {
            name,
            default: block.body.attribute("default").map(|a| a.value.clone()),
            constraint: block.body.attribute("type").map(|a| a.value.clone()),
            sensitive: flag(&block.body, "sensitive", false),
            nullable: flag(&block.body, "nullable", true),
            span: block.header,
        }
    }
}

fn flag(body: &Body, name: &str, default: bool) -> bool {
    body.attribute(name).and_then(|a| a.value.as_plain_bool()).unwrap_or(default)
}
