//! What an expression may refer to outside of its module's own variables and locals: the border to the plan.

use smol_str::SmolStr;

use crate::source::{Node, Span};

/// A step of a reference after its first name: `.logs`, `[0]`, `["eu.west"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Attribute(SmolStr),
    /// `[0]` or `.0`
    Index(i64),
    /// `["key"]`
    Key(SmolStr),
}

/// What a reference was resolved to.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The value.
    pub value: Node,
    /// How many of the steps it answers; the evaluator follows the others into the value.
    pub steps: usize,
}

/// Gives the values of resources, data sources and module outputs.
pub trait Scope {
    /// The value of `root` followed by `steps`: `aws_s3_bucket` `.logs` `[0]` `.arn`, `data` `.aws_region` `.current`
    /// `.name`, `module` `.network` `["eu"]` `.vpc_id`. Steps are given as far as they are known before the value is:
    /// up to a splat or an index whose value is unknown.
    ///
    /// `None` makes the reference a symbol that is named by its address.
    fn resolve(&self, root: &str, steps: &[Step], span: Span) -> Option<Resolved>;
}

/// A scope in which every reference is unknown.
#[derive(Clone, Copy, Debug, Default)]
pub struct NothingKnown;

impl Scope for NothingKnown {
    fn resolve(&self, _: &str, _: &[Step], _: Span) -> Option<Resolved> {
        None
    }
}

/// The values of names that belong to one instance of a block.
#[derive(Clone, Debug, Default)]
pub struct Bindings {
    /// `each.key` and `each.value`.
    pub each: Option<(Node, Node)>,
    /// `count.index`.
    pub count_index: Option<Node>,
    /// `self`.
    pub self_value: Option<Node>,
    /// Iterators of the `dynamic` blocks around: name, `key`, `value`; the innermost last.
    pub iterators: Vec<(SmolStr, Node, Node)>,
}

impl Bindings {
    /// Outside of `count`, `for_each` and `dynamic`.
    pub fn none() -> Bindings {
        Bindings::default()
    }

    /// One instance of a block with `for_each`.
    pub fn each(key: Node, value: Node) -> Bindings {
        Bindings { each: Some((key, value)), ..Bindings::default() }
    }

    /// One instance of a block with `count`.
    pub fn count(index: Node) -> Bindings {
        Bindings { count_index: Some(index), ..Bindings::default() }
    }
}
