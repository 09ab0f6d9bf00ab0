//! A template in the place where it is deployed: the run's inputs, and a stack for each template and nested template.

use std::cell::{Cell, OnceCell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::parameters::Parameters;
use super::problems::Problems;
use super::template::Template;
use crate::model::When;
use crate::source::{Node, Shape, Symbol, SymbolInfo, SymbolKind, Text};
use crate::template::LoadContext;

/// What the stacks of a run share.
pub(super) struct World<'a> {
    pub ctx: LoadContext<'a>,
    /// Export name (encoded) to the stack and output that define it.
    pub exports: RefCell<FxHashMap<SmolStr, (Rc<Stack>, SmolStr)>>,
    /// How deep evaluation has crossed from stack to stack.
    pub crossings: Cell<usize>,
    /// Levels of evaluation that are open, so that the call stack is bounded.
    pub depth: Cell<usize>,
    /// See [`World::arn_prefixes`].
    arn_prefixes: OnceCell<(Text, Text)>,
}

/// One template with its parameters.
pub(super) struct Stack {
    /// Unique in the run: the path of the input and of nested stacks.
    pub scope: SmolStr,
    /// Put before logical ids: empty, or `Nested.`.
    pub prefix: SmolStr,
    /// For paths relative to the template.
    pub folder: PathBuf,
    /// The templates from the input down to this one, against cycles.
    pub path: Vec<PathBuf>,
    /// `AWS::StackName`.
    pub name: Text,
    pub parameters: Parameters,
    pub mappings: FxHashMap<SmolStr, Node>,
    pub template: Template,
    /// Conditions that hold or fail whatever is unknown; `None` inside for the undecided.
    pub decided: RefCell<FxHashMap<SmolStr, Option<bool>>>,
    /// Names, ids and ARNs of resources, by logical id and attribute.
    pub attributes: RefCell<FxHashMap<(SmolStr, SmolStr), Node>>,
    /// Nested stacks, by logical id; `None` while one is being made.
    pub children: RefCell<FxHashMap<SmolStr, Option<Rc<Vec<Child>>>>>,
    /// What was noticed while reading.
    pub problems: RefCell<Problems>,
}

/// A nested stack, under the conditions that it was made with.
pub(super) struct Child {
    pub when: When,
    pub stack: Rc<Stack>,
}

impl<'a> World<'a> {
    /// A run in which no template is read yet.
    pub fn new(ctx: LoadContext<'a>) -> World<'a> {
        World {
            ctx,
            exports: RefCell::default(),
            crossings: Cell::new(0),
            depth: Cell::new(0),
            arn_prefixes: OnceCell::new(),
        }
    }

    /// What the ARNs of Lambda and of event buses in the run's account and Region begin with.
    pub fn arn_prefixes(&self) -> &(Text, Text) {
        self.arn_prefixes.get_or_init(|| {
            let [partition, region, account] =
                ["AWS::Partition", "AWS::Region", "AWS::AccountId"].map(|name| self.pseudo(name));
            let prefix = |service: &str, resource: &str| {
                let parts = ["arn", partition.as_str(), service, region.as_str(), account.as_str(), resource];
                Text::from_encoded(parts.join(":"))
            };
            (prefix("lambda", ""), prefix("events", "event-bus/"))
        })
    }

    /// A pseudo parameter that is the same for the whole run.
    pub fn pseudo(&self, name: &'static str) -> Text {
        let options = self.ctx.options;
        let given = |value: &Option<String>| value.as_deref().map(Text::literal);
        let (known, shape) = match name {
            "AWS::Region" => (given(&options.region), Shape::Region),
            "AWS::AccountId" => (given(&options.account_id), Shape::AccountId),
            "AWS::Partition" => (self.partition().map(Text::literal), Shape::Partition),
            _ => {
                let suffix = self.partition().map(|p| match p.as_str() {
                    "aws-cn" => "amazonaws.com.cn",
                    "aws-iso" => "c2s.ic.gov",
                    "aws-iso-b" => "sc2s.sgov.gov",
                    "aws-iso-e" => "cloud.adc-e.uk",
                    "aws-iso-f" => "csp.hci.ic.gov",
                    "aws-eusc" => "amazonaws.eu",
                    _ => "amazonaws.com",
                });
                (suffix.map(Text::literal), Shape::UrlSuffix)
            }
        };
        known.unwrap_or_else(|| {
            Text::symbol(Symbol::intern(SymbolInfo {
                scope: SmolStr::default(),
                name: SmolStr::new_static(name),
                kind: SymbolKind::PseudoParameter,
                shape,
                sensitive: false,
            }))
        })
    }

    /// The partition as given, else that of the Region.
    fn partition(&self) -> Option<String> {
        let options = self.ctx.options;
        if options.partition.is_some() {
            return options.partition.clone();
        }
        let region = options.region.as_deref()?;
        self.ctx.catalog.regions().iter().find(|r| r.name == region).map(|r| r.partition.to_owned())
    }
}

impl Stack {
    /// An unknown of this stack.
    pub fn symbol(&self, name: impl Into<SmolStr>, kind: SymbolKind, shape: Shape) -> Symbol {
        Symbol::intern(SymbolInfo { scope: self.scope.clone(), name: name.into(), kind, shape, sensitive: false })
    }
}
