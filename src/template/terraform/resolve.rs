//! Values of attributes, known or not: from the plan, from what the provider will compute, from the configuration's
//! references, and from the sources where they are at hand.

use std::cell::{Cell, RefCell};

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::address::{Address, InstanceKey, Mode, ModulePath};
use super::arns;
use super::configuration::{self, Configuration, ConfiguredExpression};
use super::document::Rebuilt;
use super::expressions::{EachValues, ModuleValues};
use super::plan::{Instance, Instances};
use super::sources::ModuleTree;
use super::values::{Masked, attribute_symbol, overlay, pseudo_parameter};
use crate::model::Problem;
use crate::source::{Entry, Mapping, Node, NodeKind, Shape, Span, Text};
use crate::template::LoadContext;

/// How many values may depend on each other in a row. Terraform has no such limit, but the stack has.
const DEPTH: usize = 60;

/// Finds the values of one plan.
#[derive(Debug)]
pub(super) struct Resolver<'a> {
    pub ctx: LoadContext<'a>,
    /// The plan's path: the scope of its symbols.
    pub scope: SmolStr,
    pub root: &'a Node,
    pub instances: Instances<'a>,
    pub configuration: Configuration<'a>,
    /// The `.tf` sources, if they are at hand.
    pub tree: Option<&'a ModuleTree>,
    /// By module instance.
    pub(super) module_values: RefCell<FxHashMap<SmolStr, ModuleValues>>,
    /// The keys of each module's instances, by the address without the last key.
    pub(super) module_keys: FxHashMap<SmolStr, Vec<InstanceKey>>,
    pub(super) each_values: RefCell<FxHashMap<SmolStr, EachValues>>,
    computed: RefCell<FxHashMap<(usize, SmolStr), Option<Node>>>,
    pub(super) documents: RefCell<FxHashMap<SmolStr, Option<Rebuilt>>>,
    /// What was noticed while the current policy was put together.
    pub(super) gaps: RefCell<Vec<Problem>>,
    depth: Cell<usize>,
    places: Places,
}

/// Region and account of each provider configuration, so far as the plan tells.
#[derive(Debug, Default)]
struct Places {
    regions: FxHashMap<SmolStr, Text>,
    accounts: FxHashMap<SmolStr, Text>,
    partition: Option<Text>,
}

impl<'a> Resolver<'a> {
    pub fn new(
        root: &'a Node,
        scope: SmolStr,
        instances: Instances<'a>,
        tree: Option<&'a ModuleTree>,
        ctx: LoadContext<'a>,
    ) -> Resolver<'a> {
        let module_keys = module_keys(&instances);
        let mut resolver = Resolver {
            ctx,
            scope,
            root,
            instances,
            configuration: Configuration::read(root),
            tree,
            module_values: RefCell::default(),
            module_keys,
            each_values: RefCell::default(),
            computed: RefCell::default(),
            documents: RefCell::default(),
            gaps: RefCell::default(),
            depth: Cell::new(0),
            places: Places::default(),
        };
        resolver.places = resolver.find_places();
        resolver
    }

    /// Runs `f` one level deeper, or gives `None` when that is too deep.
    pub(super) fn deeper<T>(&self, f: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.depth.get() >= DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let result = f();
        self.depth.set(self.depth.get() - 1);
        result
    }

    /// The value of an attribute; `None` where it is not set and the provider computes none.
    pub fn attribute(&self, id: usize, name: &str) -> Option<Node> {
        let instance = self.instances.get(id)?;
        let masked = instance.masked().key(name);
        if masked.is_sensitive() {
            return Some(overlay(masked, &self.scope, &format!("{}.{name}", instance.text), instance.span));
        }
        if masked.is_unknown() {
            return self.computed(id, name);
        }
        // A document whose source is at hand knows where its parts are written.
        let is_document = instance.address.mode == Mode::Data
            && instance.address.resource_type == "aws_iam_policy_document"
            && name.ends_with("json");
        if is_document
            && self.source_block(&instance.address).is_some()
            && let Some(node) = self.computed(id, name)
        {
            return Some(node);
        }
        if let Some(value) = masked.value {
            if !matches!(value.kind, NodeKind::Null) {
                let path = || format!("{}.{name}", instance.text);
                if masked.is_plain() {
                    return Some(value.clone());
                }
                let sourced = (!masked.has_secret()).then(|| self.sourced(&instance.address, name)).flatten();
                return match sourced {
                    Some(node) => Some(node),
                    None => Some(overlay(masked, &self.scope, &path(), instance.span)),
                };
            }
            return None;
        }
        // Neither known nor marked unknown: what other tools leave out, the provider computes all the same.
        if arns::format_of(&instance.address.resource_type, name).is_some()
            || self.special(&instance.address, name, instance.span).is_some()
        {
            return self.computed(id, name);
        }
        masked.is_set().then(|| overlay(masked, &self.scope, &format!("{}.{name}", instance.text), instance.span))
    }

    /// The text of an attribute, empty values left out.
    pub fn text(&self, id: usize, name: &str) -> Option<Text> {
        self.attribute(id, name)?.scalar_text().filter(|t| !t.is_empty())
    }

    /// An attribute that is not known before apply.
    fn computed(&self, id: usize, name: &str) -> Option<Node> {
        let key = (id, SmolStr::new(name));
        if let Some(found) = self.computed.borrow().get(&key) {
            return found.clone();
        }
        let instance = self.instances.get(id)?;
        // What stands here while the value is being found is what a cycle gets to see.
        let path = format!("{}.{name}", instance.text);
        let symbol = || Node::text(Text::symbol(attribute_symbol(&self.scope, &path, false)), instance.span);
        let found = self.deeper(|| {
            self.computed.borrow_mut().insert(key.clone(), None);
            self.special(&instance.address, name, instance.span)
                .or_else(|| self.sourced(&instance.address, name))
                .or_else(|| self.configured(id, name))
                .or_else(|| self.formatted(id, instance, name))
        });
        let node = found.unwrap_or_else(symbol);
        self.computed.borrow_mut().insert(key, Some(node.clone()));
        Some(node)
    }

    /// Data sources and attributes that have a meaning of their own.
    pub(super) fn special(&self, address: &Address, name: &str, span: Span) -> Option<Node> {
        let pseudo = |n, shape| Some(Node::text(Text::symbol(pseudo_parameter(n, shape)), span));
        let place = |text: Text| Some(Node::text(text, span));
        match (address.mode, address.resource_type.as_str(), name) {
            (Mode::Data, "aws_caller_identity", "account_id" | "id") => place(self.account(address)),
            (Mode::Data, "aws_region", "name" | "id" | "region") => place(self.region(address)),
            (Mode::Data, "aws_partition", "partition" | "id") => place(self.partition()),
            (Mode::Data, "aws_partition", "dns_suffix") => pseudo("AWS::URLSuffix", Shape::UrlSuffix),
            (Mode::Data, "aws_iam_policy_document", "json" | "minified_json") => {
                let rebuilt = self.policy_document(address)?;
                self.gaps.borrow_mut().extend(rebuilt.gaps);
                Some(Node::text(rebuilt.text, span))
            }
            (Mode::Managed, _, "region") => place(self.region(address)),
            _ => None,
        }
    }

    /// An attribute that the configuration sets by a single reference. Only for attributes that are names, ARNs, ids or
    /// policies, where an expression around the reference would make no sense.
    fn configured(&self, id: usize, name: &str) -> Option<Node> {
        let instance = self.instances.get(id)?;
        let block = self.configuration.block(&instance.address)?;
        if !is_plain_reference(&instance.address.resource_type, name) {
            return None;
        }
        self.expression(configuration::attribute(block, name)?, &instance.address.module, name)
    }

    /// An attribute of the table of computed attributes.
    fn formatted(&self, id: usize, instance: &Instance<'_>, name: &str) -> Option<Node> {
        if self.is_configured(&instance.address, name) {
            return None;
        }
        let format = arns::format_of(&instance.address.resource_type, name)?;
        let mut parts: Vec<Text> = Vec::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('{') {
            let (attribute, after) = after.split_once('}')?;
            parts.push(Text::from_encoded(before));
            parts.push(match attribute {
                "partition" => self.partition(),
                "region" => self.region(&instance.address),
                "account" => self.account(&instance.address),
                "url_suffix" => Text::symbol(pseudo_parameter("AWS::URLSuffix", Shape::UrlSuffix)),
                // IAM's paths are `/` when not given.
                "path" => self.text(id, "path").unwrap_or_else(|| Text::from_encoded("/")),
                _ => self.text(id, attribute).unwrap_or_else(|| {
                    Text::symbol(attribute_symbol(&self.scope, &format!("{}.{attribute}", instance.text), false))
                }),
            });
            rest = after;
        }
        parts.push(Text::from_encoded(rest));
        let joined: String = parts.iter().map(Text::as_str).collect();
        Some(Node::text(Text::from_encoded(joined), instance.span))
    }

    /// True if the configuration sets the attribute.
    pub fn is_configured(&self, address: &Address, name: &str) -> bool {
        self.configuration.block(address).is_some_and(|b| configuration::attribute(b, name).is_some())
    }

    /// The value of a configuration's expression that is a constant or one reference. `wanted` is the attribute that is
    /// meant where an old plan names the resource alone.
    pub fn expression(&self, expression: &'a Node, module: &ModulePath, wanted: &str) -> Option<Node> {
        if let Some(constant) = expression.get("constant_value") {
            return Some(constant.clone());
        }
        match configuration::classify(Some(expression)) {
            ConfiguredExpression::Reference(name) => {
                self.deeper(|| self.reference(name, module, wanted, expression.span))
            }
            _ => None,
        }
    }

    /// The value of a reference such as `aws_iam_role.r.arn`, `var.x`, `module.m["k"].out`.
    fn reference(&self, name: &str, module: &ModulePath, wanted: &str, span: Span) -> Option<Node> {
        if let Some(variable) = name.strip_prefix("var.") {
            return self.variable(variable, module, wanted);
        }
        if name.starts_with("module.") {
            return self.module_output(name, module, wanted);
        }
        if ["local.", "each.", "count.", "path.", "self.", "terraform."].iter().any(|p| name.starts_with(p)) {
            return None;
        }
        let (mut address, rest) = Address::parse_prefix(name)?;
        address.module = module.clone();
        let attribute = rest.strip_prefix('.').map(|r| r.split(['.', '[']).next().unwrap_or(r));
        if rest.matches(['.', '[']).count() > 1 {
            return None;
        }
        let is_document = address.mode == Mode::Data && address.resource_type == "aws_iam_policy_document";
        if is_document {
            let rebuilt = self.policy_document(&address)?;
            self.gaps.borrow_mut().extend(rebuilt.gaps);
            return Some(Node::text(rebuilt.text, span));
        }
        let id = self.instances.at(&address.to_string())?;
        let attribute = attribute.unwrap_or_else(|| meant_attribute(&address.resource_type, wanted));
        self.attribute(id, attribute)
    }

    fn variable(&self, name: &str, module: &ModulePath, wanted: &str) -> Option<Node> {
        if name.contains(['.', '[']) {
            return None;
        }
        match module.parent() {
            None => {
                let declared = self.root.at(&["configuration", "root_module", "variables", name, "sensitive"]);
                let is_secret = matches!(declared.map(|n| &n.kind), Some(NodeKind::Bool(true)));
                self.root.at(&["variables", name, "value"]).filter(|_| !is_secret).cloned()
            }
            Some((parent, step)) => {
                let call = self.configuration.call(&parent.call_names(), &step.name)?;
                match configuration::attribute(call, name) {
                    Some(argument) => self.expression(argument, &parent, wanted),
                    None => call.at(&["module", "variables", name, "default"]).cloned(),
                }
            }
        }
    }

    fn module_output(&self, name: &str, module: &ModulePath, wanted: &str) -> Option<Node> {
        let (path, output) = name.rsplit_once('.')?;
        let step = ModulePath::parse(path)?;
        let [step] = step.0.as_slice() else { return None };
        let mut child = module.clone();
        child.0.push(step.clone());
        let expression = self.configuration.output(&child.call_names(), output)?.get("expression")?;
        self.expression(expression, &child, wanted)
    }

    /// The account that a block deploys to or reads from.
    pub fn account(&self, address: &Address) -> Text {
        if let Some(given) = &self.ctx.options.account_id {
            return Text::literal(given);
        }
        let found = self.of_provider(&self.places.accounts, address);
        found.unwrap_or_else(|| Text::symbol(pseudo_parameter("AWS::AccountId", Shape::AccountId)))
    }

    /// The Region that a block deploys to or reads from.
    pub fn region(&self, address: &Address) -> Text {
        let own = self.instances.at(&address.to_string()).and_then(|id| self.instances.get(id));
        if let Some(region) = own.and_then(|i| i.values?.get("region")).and_then(Node::as_str) {
            return Text::literal(region);
        }
        let found = self.of_provider(&self.places.regions, address);
        let given = || self.ctx.options.region.as_ref().map(Text::literal);
        found.or_else(given).unwrap_or_else(|| Text::symbol(pseudo_parameter("AWS::Region", Shape::Region)))
    }

    /// The partition of the run.
    pub fn partition(&self) -> Text {
        let given = self.ctx.options.partition.as_ref().map(Text::literal);
        given
            .or_else(|| self.places.partition.clone())
            .unwrap_or_else(|| Text::symbol(pseudo_parameter("AWS::Partition", Shape::Partition)))
    }

    fn of_provider(&self, places: &FxHashMap<SmolStr, Text>, address: &Address) -> Option<Text> {
        match self.provider_key(address) {
            Some(key) => places.get(&key).cloned(),
            None if places.len() == 1 => places.values().next().cloned(),
            None => None,
        }
    }

    fn provider_key(&self, address: &Address) -> Option<SmolStr> {
        let block = self.configuration.block(address)?;
        block.get("provider_config_key").and_then(Node::as_str).map(SmolStr::new)
    }

    fn find_places(&self) -> Places {
        let mut places = Places::default();
        let root = ModulePath::default();
        for entry in self.configuration.providers.and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter) {
            let region = entry.value.at(&["expressions", "region"]);
            let region = region.and_then(|e| self.expression(e, &root, "region"));
            if let Some(region) = region.and_then(|n| n.as_text().cloned()).filter(|t| t.known().is_some()) {
                places.regions.insert(entry.key.as_smol().clone(), region);
            }
        }
        for instance in &self.instances.all {
            if instance.address.mode != Mode::Data {
                continue;
            }
            let known = |name: &str| {
                let value = instance.masked().key(name);
                value.value.and_then(Node::as_text).filter(|_| value.is_plain()).cloned()
            };
            let key = self.provider_key(&instance.address).unwrap_or_else(|| "aws".into());
            match instance.address.resource_type.as_str() {
                "aws_caller_identity" => {
                    known("account_id").and_then(|account| places.accounts.insert(key, account));
                }
                "aws_region" => {
                    known("name").or_else(|| known("region")).and_then(|region| places.regions.insert(key, region));
                }
                "aws_partition" => places.partition = known("partition").or(places.partition),
                _ => {}
            }
        }
        places
    }

    /// The attributes of an instance as the model holds them: what is known, and of the rest what the configuration
    /// sets or the provider computes in a known form. (A symbol for each and every computed attribute would make
    /// large plans many times larger.)
    pub fn properties(&self, id: usize) -> Option<Node> {
        let instance = self.instances.get(id)?;
        let masked = instance.masked();
        let mut entries = Vec::new();
        for e in masked.value.and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter) {
            let name = e.key.as_str();
            let value = match masked.key(name) {
                part if part.is_plain() => e.value.clone(),
                part if part.is_unknown() => continue,
                part => overlay(part, &self.scope, &format!("{}.{name}", instance.text), e.value.span),
            };
            entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
        }
        for e in masked.unknown.and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter) {
            let name = e.key.as_str();
            let computes = arns::format_of(&instance.address.resource_type, name).is_some();
            let is_wanted = masked.key(name).is_unknown() && (computes || self.is_configured(&instance.address, name));
            if let Some(value) = is_wanted.then(|| self.computed(id, name)).flatten() {
                entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
            }
        }
        Some(Node::new(NodeKind::Mapping(Mapping { entries }), instance.span))
    }

    /// All attributes of an instance, for an expression that takes the object whole.
    pub fn object(&self, id: usize) -> Option<Node> {
        let instance = self.instances.get(id)?;
        let mut entries = match self.properties(id)?.kind {
            NodeKind::Mapping(m) => m.entries,
            _ => Vec::new(),
        };
        let unknown = instance.unknown.and_then(Node::as_mapping);
        for e in unknown.into_iter().flat_map(Mapping::iter) {
            if entries.iter().all(|own| own.key != e.key)
                && instance.masked().key(e.key.as_str()).is_unknown()
                && let Some(value) = self.attribute(id, e.key.as_str())
            {
                entries.push(Entry { key: e.key.clone(), key_span: e.key_span, value });
            }
        }
        Some(Node::new(NodeKind::Mapping(Mapping { entries }), instance.span))
    }

    /// All instances of a block with `count` or `for_each`, as the list or map that expressions see.
    pub fn collection(&self, block: &Address, of: impl Fn(usize) -> Option<Node>) -> Option<Node> {
        let ids = self.instances.of_block(block);
        let span = self.instances.get(*ids.first()?)?.span;
        let mut numbered: Vec<(u64, Node)> = Vec::new();
        let mut entries: Vec<Entry> = Vec::new();
        for id in ids {
            match &self.instances.get(*id)?.address.key {
                None => return of(*id),
                Some(InstanceKey::Number(n)) => numbered.push((*n, of(*id)?)),
                Some(InstanceKey::Text(key)) => {
                    entries.push(Entry { key: Text::literal(key), key_span: span, value: of(*id)? });
                }
            }
        }
        if entries.is_empty() {
            numbered.sort_by_key(|(n, _)| *n);
            let items = numbered.into_iter().map(|(_, node)| node).collect();
            return Some(Node::new(NodeKind::Sequence(items), span));
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Some(Node::new(NodeKind::Mapping(Mapping { entries }), span))
    }
}

impl<'a> Instance<'a> {
    pub fn masked(&self) -> Masked<'a> {
        Masked { value: self.values, unknown: self.unknown, sensitive: self.sensitive }
    }
}

fn module_keys(instances: &Instances<'_>) -> FxHashMap<SmolStr, Vec<InstanceKey>> {
    let mut found: FxHashMap<SmolStr, Vec<InstanceKey>> = FxHashMap::default();
    let mut seen = rustc_hash::FxHashSet::default();
    for instance in &instances.all {
        let steps = &instance.address.module.0;
        if steps.is_empty() || !seen.insert(&instance.address.module) {
            continue;
        }
        for n in 1..=steps.len() {
            let mut path = steps.get(..n).unwrap_or(&[]).to_vec();
            let Some(key) = path.last_mut().and_then(|last| last.key.take()) else { continue };
            let keys = found.entry(ModulePath(path).to_string().into()).or_default();
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
    }
    found
}

/// Attributes that are set to another's value, not to an expression around it.
fn is_plain_reference(resource_type: &str, name: &str) -> bool {
    let attaches = super::locations::attachments_of(resource_type);
    let policies = super::locations::policies_of(resource_type);
    let grants = super::locations::grants_of(resource_type);
    attaches.iter().any(|a| a.names == name || a.principals.iter().any(|(p, _)| *p == name))
        || policies.iter().any(|p| p.attribute == name || p.protects == name)
        || grants.iter().any(|g| g.protects == name)
}

/// The attribute that a reference means when it names the resource alone.
fn meant_attribute<'n>(resource_type: &str, wanted: &'n str) -> &'n str {
    match (resource_type, wanted) {
        ("aws_iam_role" | "aws_iam_user" | "aws_iam_group", w) if !w.contains("arn") => "name",
        ("aws_s3_bucket", "bucket") => "bucket",
        (_, w) if w.contains("arn") || w == "permissions_boundary" => "arn",
        _ => "id",
    }
}
