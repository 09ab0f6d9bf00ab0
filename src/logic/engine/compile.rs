//! Statements as regions: each region is a conjunction of constraints, each constraint about one dimension of a request
//! (the caller, the action, the resource, or one condition key). A statement applies to the requests of all its regions.
//!
//! A statement without policy variables is one region. A variable splits it by whether requests carry its key, since
//! text with a variable that has no value matches nothing.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use rustc_hash::FxHasher;
use smallvec::{SmallVec, smallvec};
use smol_str::{SmolStr, StrExt};

use super::caller::{self, Derived};
use super::key::KeyId;
use super::language::Language;
use super::pattern::{Class, Element, Pattern, Unit, glob, literal};
use super::range::{Cut, Ranges};
use super::value::{Addresses, Values};
use super::variable::{self, Piece};
use crate::logic::evaluate::PolicyKind;
use crate::logic::scalar::{parse_instant, parse_network, parse_number};
use crate::policy::{
    BaseOperator, ConditionKey, ConditionOperator, OperatorFamily, PolicyDocument, SetOperator, Statement, StringList,
    Version,
};

/// What of a request a constraint is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Dimension {
    Caller,
    Action,
    Resource,
    Key(KeyId),
}

/// What a constraint asks of its dimension.
#[derive(Debug, PartialEq)]
pub(super) enum Test {
    /// The caller, action or resource is in the language.
    In(Language),
    /// The request does not carry the key.
    Absent,
    /// The only value is among these (or, negated, is not); without a value, `or_absent`. Never true of several values.
    Value { values: Values, negated: bool, or_absent: bool },
    /// Every value is among these (or is not).
    All { values: Values, negated: bool },
    /// Some value is among these (or is not); without a value, `or_absent`.
    Any { values: Values, negated: bool, or_absent: bool },
}

#[derive(Debug)]
pub(super) struct Constraint {
    pub dimension: Dimension,
    pub test: Test,
    /// No other constraint of this process has it.
    id: u64,
    /// The same for constraints that say the same.
    hash: u64,
}

impl Constraint {
    fn new(dimension: Dimension, test: Test) -> Constraint {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let mut hasher = FxHasher::default();
        dimension.hash(&mut hasher);
        test.content_hash().hash(&mut hasher);
        Constraint { dimension, test, id: NEXT.fetch_add(1, Ordering::Relaxed), hash: hasher.finish() }
    }
}

impl Constraint {
    /// Steps that it takes to see whether a value meets the constraint, roughly.
    pub(super) fn cost(&self) -> usize {
        match &self.test {
            Test::In(language) => language.cost_of_text(),
            Test::Absent => 1,
            Test::Value { values, .. } | Test::All { values, .. } | Test::Any { values, .. } => match values {
                Values::Text(language) => language.cost_of_text(),
                _ => 8,
            },
        }
    }
}

impl Test {
    /// A number that is the same for equal tests.
    fn content_hash(&self) -> (u8, u64) {
        let flags = |negated: bool, or_absent: bool| u8::from(negated) + 2 * u8::from(or_absent);
        match self {
            Test::In(language) => (0, language.content_hash()),
            Test::Absent => (4, 0),
            Test::Value { values, negated, or_absent } => (8 + flags(*negated, *or_absent), values.content_hash()),
            Test::All { values, negated } => (16 + flags(*negated, false), values.content_hash()),
            Test::Any { values, negated, or_absent } => (24 + flags(*negated, *or_absent), values.content_hash()),
        }
    }
}

/// A constraint that has to hold, or not to hold.
#[derive(Clone, Debug)]
pub(super) struct Literal {
    pub constraint: Arc<Constraint>,
    pub holds: bool,
}

impl Literal {
    pub(super) fn new(dimension: Dimension, test: Test, holds: bool) -> Literal {
        Literal { constraint: Arc::new(Constraint::new(dimension, test)), holds }
    }

    pub(super) fn negated(&self) -> Literal {
        Literal { constraint: Arc::clone(&self.constraint), holds: !self.holds }
    }

    pub(super) fn dimension(&self) -> Dimension {
        self.constraint.dimension
    }

    /// True if it can be seen without thought that both say the same of the request, polarity left aside.
    pub(super) fn same_constraint(&self, other: &Literal) -> bool {
        Arc::ptr_eq(&self.constraint, &other.constraint)
            || (self.constraint.hash == other.constraint.hash
                && self.dimension() == other.dimension()
                && self.constraint.test == other.constraint.test)
    }

    pub(super) fn has_variables(&self) -> bool {
        match &self.constraint.test {
            Test::In(language) => language.has_variables(),
            Test::Absent => false,
            Test::Value { values, .. } | Test::All { values, .. } | Test::Any { values, .. } => {
                matches!(values, Values::Text(language) if language.has_variables())
            }
        }
    }

    /// Tells the constraint and whether it holds.
    pub(super) fn id(&self) -> u64 {
        2 * self.constraint.id + u64::from(self.holds)
    }
}

impl Hash for Literal {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

/// A conjunction.
pub(super) type Region = SmallVec<[Literal; 4]>;

/// A statement, compiled.
#[derive(Debug)]
pub(super) struct CompiledStatement {
    /// Position among the statements, from 0.
    pub index: usize,
    pub sid: Option<SmolStr>,
    pub allows: bool,
    pub regions: Vec<Region>,
}

/// A policy in the form in which the engine reasons about it.
#[derive(Debug)]
pub struct CompiledPolicy {
    pub(super) statements: Vec<CompiledStatement>,
    pub(super) kind: PolicyKind,
    pub(super) document: PolicyDocument,
}

/// Why a policy can't be reasoned about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// Neither `Allow` nor `Deny`.
    #[error("statement {0} has no valid `Effect`")]
    Effect(usize),
    /// No actions.
    #[error("statement {0} has neither `Action` nor `NotAction`")]
    Action(usize),
    /// An unknown condition operator.
    #[error("statement {0} has the unknown condition operator `{1}`")]
    Operator(usize, SmolStr),
    /// Too many variables in one statement.
    #[error("statement {0} holds too many policy variables to be decided")]
    Variables(usize),
    /// There are no statements.
    #[error("the document has no `Statement`")]
    NoStatement,
}

/// How keys that follow from others are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ties {
    /// As they are in real requests: `aws:PrincipalArn` is the ARN of the caller, and so on.
    Tied,
    /// Every key on its own, as AWS's service reads them.
    Untied,
}

/// Regions that one statement may fall into.
const REGIONS: usize = 256;

impl CompiledPolicy {
    /// Compiles a document.
    ///
    /// # Errors
    ///
    /// When an element is missing or has no meaning, since the policy would not be accepted by IAM.
    pub fn new(document: PolicyDocument, kind: PolicyKind, ties: Ties) -> Result<CompiledPolicy, CompileError> {
        if document.root().get("Statement").is_none() {
            return Err(CompileError::NoStatement);
        }
        let compile = |(index, statement): (usize, &Statement)| {
            let allows = statement.effect.ok_or(CompileError::Effect(index))? == crate::policy::Effect::Allow;
            let compiler = Compiler { version: document.version, kind, ties, index };
            Ok(CompiledStatement {
                index: statement.index.unwrap_or(index),
                sid: statement.sid.as_ref().map(|s| s.text.as_smol().clone()).filter(|s| !s.is_empty()),
                allows,
                regions: compiler.statement(statement)?,
            })
        };
        let statements = document.statements.iter().enumerate().map(compile).collect::<Result<_, _>>()?;
        Ok(CompiledPolicy { statements, kind, document })
    }

    /// The document.
    pub fn document(&self) -> &PolicyDocument {
        &self.document
    }

    /// What kind of policy it is.
    pub fn kind(&self) -> PolicyKind {
        self.kind
    }
}

struct Compiler {
    version: Version,
    kind: PolicyKind,
    ties: Ties,
    index: usize,
}

/// The ways in which an element can be met: any one of them, each a conjunction.
type Ways = Vec<Region>;

fn always() -> Ways {
    vec![Region::new()]
}

/// Text with variables, not yet decided whether they have values.
struct Template<'a> {
    pieces: Vec<Piece<'a>>,
}

impl<'a> Template<'a> {
    fn keys(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.pieces.iter().filter_map(|p| match p {
            Piece::Variable { key, .. } => Some(*key),
            _ => None,
        })
    }

    /// The elements when exactly the keys of `present` have values; `None` if a variable has none and no default.
    fn elements(&self, present: &dyn Fn(&str) -> bool, text: impl FnMut(&str) -> Vec<Element>) -> Option<Vec<Element>> {
        self.elements_with(present, text, &mut |key| variable::letter(key))
    }

    /// The same with a letter of choice for each variable that has a value.
    fn elements_with(
        &self,
        present: &dyn Fn(&str) -> bool,
        mut text: impl FnMut(&str) -> Vec<Element>,
        letter: &mut dyn FnMut(&str) -> char,
    ) -> Option<Vec<Element>> {
        let mut elements = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(t) => elements.extend(text(t)),
                Piece::Character(c) => elements.push(Element::One(Unit::Char(*c))),
                Piece::Variable { key, .. } if present(key) => {
                    elements.push(Element::One(Unit::Char(letter(key))));
                }
                Piece::Variable { default: Some(default), .. } => elements.extend(literal(default)),
                Piece::Variable { default: None, .. } => return None,
            }
        }
        Some(elements)
    }
}

impl Compiler {
    fn statement(&self, statement: &Statement) -> Result<Vec<Region>, CompileError> {
        let mut ways = always();
        if self.has_principal() {
            match (&statement.principal, &statement.not_principal) {
                (Some(element), _) => {
                    if let Some(language) = caller::of_element(element) {
                        self.join(&mut ways, vec![self.caller(language, true)])?;
                    }
                }
                (None, Some(element)) => {
                    let language = caller::of_element(element).unwrap_or_else(everything);
                    self.join(&mut ways, vec![self.caller(language, false)])?;
                }
                (None, None) => {}
            }
        }
        let (list, holds) = match (&statement.action, &statement.not_action) {
            (Some(list), _) => (list, true),
            (None, Some(list)) => (list, false),
            (None, None) => return Err(CompileError::Action(self.index)),
        };
        let language = Language::new(list.items.iter().flat_map(|i| action_patterns(i.text.as_str())).map(Arc::new));
        let is_all = language.covers_simply(all_actions());
        if !(holds && is_all) {
            self.join(&mut ways, vec![smallvec![Literal::new(Dimension::Action, Test::In(language), holds)]])?;
        }
        match (&statement.resource, &statement.not_resource) {
            (Some(list), _) => {
                if !list.items.iter().any(|i| i.text.as_str() == "*") {
                    self.resources(&mut ways, list, true)?;
                }
            }
            (None, Some(list)) => self.resources(&mut ways, list, false)?,
            (None, None) => {}
        }
        for block in &statement.conditions {
            let Some(operator) = block.operator else {
                return Err(CompileError::Operator(self.index, block.operator_text.clone()));
            };
            for key in &block.keys {
                self.condition(&mut ways, operator, key)?;
            }
        }
        Ok(ways)
    }

    fn has_principal(&self) -> bool {
        matches!(
            self.kind,
            PolicyKind::Resource | PolicyKind::Trust | PolicyKind::ResourceControl | PolicyKind::Endpoint
        )
    }

    /// Every way so far with every one of the new ways.
    fn join(&self, ways: &mut Ways, new: Ways) -> Result<(), CompileError> {
        if ways.len() * new.len() > REGIONS {
            return Err(CompileError::Variables(self.index));
        }
        if let [one] = &*new {
            for way in ways.iter_mut() {
                way.extend(one.iter().cloned());
            }
            return Ok(());
        }
        let both = |way: &Region| new.iter().map(|n| way.iter().chain(n).cloned().collect()).collect::<Vec<Region>>();
        *ways = ways.iter().flat_map(both).collect();
        Ok(())
    }

    fn caller(&self, language: Language, holds: bool) -> Region {
        smallvec![Literal::new(Dimension::Caller, Test::In(language), holds)]
    }

    fn resources(&self, ways: &mut Ways, list: &StringList, holds: bool) -> Result<(), CompileError> {
        let templates: Vec<(Template<'_>, ResourceShape<'_>)> =
            list.items.iter().filter_map(|i| self.resource(i.text.as_str())).collect();
        let build = |(template, shape): &(Template<'_>, ResourceShape<'_>), present: &dyn Fn(&str) -> bool| {
            let last = template.elements(present, |t| glob(t, Class::All).collect())?;
            Some(shape.patterns(last))
        };
        let test = |patterns: Vec<Pattern>| {
            Literal::new(Dimension::Resource, Test::In(Language::new(patterns.into_iter().map(Arc::new))), holds)
        };
        let new = self.split(&templates, |t| &t.0, build, holds, |p| smallvec![test(p)])?;
        self.join(ways, new)
    }

    /// Splits patterns by which of their variables have values. `apart`, where it is enough that one pattern matches:
    /// a way for the patterns without variables, and some for each set of variables that others hold. Otherwise: a way
    /// for each set of variables that may have values, with all the patterns.
    fn split<'t, T>(
        &self,
        templates: &'t [T],
        template: impl Fn(&'t T) -> &'t Template<'t>,
        build: impl Fn(&'t T, &dyn Fn(&str) -> bool) -> Option<Vec<Pattern>>,
        apart: bool,
        region: impl Fn(Vec<Pattern>) -> Region,
    ) -> Result<Ways, CompileError> {
        let mut sets: Vec<Vec<SmolStr>> = Vec::new();
        let keys_of = |t: &'t T| {
            let mut keys: Vec<SmolStr> = template(t).keys().map(|k| k.to_ascii_lowercase().into()).collect();
            keys.sort();
            keys.dedup();
            keys
        };
        if apart {
            for t in templates {
                let keys = keys_of(t);
                if !sets.contains(&keys) {
                    sets.push(keys);
                }
            }
        } else {
            let mut all: Vec<SmolStr> = templates.iter().flat_map(keys_of).collect();
            all.sort();
            all.dedup();
            sets.push(all);
        }
        let mut ways = Ways::new();
        for keys in sets {
            if keys.len() > 6 {
                return Err(CompileError::Variables(self.index));
            }
            for bits in 0..1u32 << keys.len() {
                let is_present = |key: &str| {
                    keys.iter().position(|k| k.eq_ignore_ascii_case(key)).is_some_and(|i| bits >> i & 1 == 1)
                };
                let own = templates.iter().filter(|t| !apart || keys_of(t) == keys);
                let patterns: Vec<Pattern> = own.filter_map(|t| build(t, &is_present)).flatten().collect();
                if apart && patterns.is_empty() && !keys.is_empty() {
                    continue;
                }
                let mut way = region(patterns);
                let mut possible = true;
                for (i, key) in keys.iter().enumerate() {
                    match self.presence(key, bits >> i & 1 == 1) {
                        Some(literal) => way.push(literal),
                        None if bits >> i & 1 == 1 => possible = false,
                        None => {}
                    }
                }
                if possible {
                    ways.push(way);
                }
            }
        }
        if ways.is_empty() {
            // Nothing is listed: the positive form matches nothing.
            ways.push(region(Vec::new()));
        }
        Ok(ways)
    }

    /// That requests carry a variable's key, or don't. `None` for keys with several values, which variables can't have.
    fn presence(&self, key: &str, present: bool) -> Option<Literal> {
        if self.ties == Ties::Tied
            && let Some(derived) = Derived::of(key)
        {
            return Some(Literal::new(Dimension::Caller, Test::In(derived.carriers()), present));
        }
        let id = KeyId::of(key);
        (id.info().multivalued != Some(true)).then(|| Literal::new(Dimension::Key(id), Test::Absent, !present))
    }

    /// A resource pattern, cut into its fixed fields and the last one, in which variables count.
    fn resource<'a>(&self, text: &'a str) -> Option<(Template<'a>, ResourceShape<'a>)> {
        let variables = self.version == Version::V2012;
        let template = |last: &'a str| Template {
            pieces: if variables { variable::pieces(last) } else { vec![Piece::Text(last)] },
        };
        if text == "*" {
            return Some((Template { pieces: Vec::new() }, ResourceShape::Everything));
        }
        let mut fields: SmallVec<[&str; 6]> = text.splitn(6, ':').collect();
        if fields.len() < 6 {
            let padded = match self.kind {
                PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session => true,
                PolicyKind::Resource | PolicyKind::Trust | PolicyKind::Endpoint => text.contains(['*', '?']),
                PolicyKind::ServiceControl => text.ends_with('*'),
                PolicyKind::ResourceControl => false,
            };
            if !padded {
                return None;
            }
            fields.resize(6, "*");
        }
        let last = fields.pop()?;
        Some((template(last), ResourceShape::Fields(fields)))
    }

    fn condition(&self, ways: &mut Ways, operator: ConditionOperator, key: &ConditionKey) -> Result<(), CompileError> {
        let name = key.name.as_str();
        let lower = name.to_ascii_lowercase();
        let derived = if self.ties == Ties::Tied { Derived::of(&lower) } else { None };
        let dimension = Dimension::Key(KeyId::of(name));
        let family = operator.base.family();
        if family == OperatorFamily::Null {
            let says = |wanted: &str| key.values.iter().any(|v| v.text.as_str().eq_ignore_ascii_case(wanted));
            let literal = |absent: bool| match derived {
                Some(derived) => Literal::new(Dimension::Caller, Test::In(derived.carriers()), !absent),
                None => Literal::new(dimension, Test::Absent, absent),
            };
            return match (says("true"), says("false")) {
                (true, true) => Ok(()),
                (true, false) => self.join(ways, vec![smallvec![literal(true)]]),
                (false, true) => self.join(ways, vec![smallvec![literal(false)]]),
                (false, false) => self.join(ways, vec![smallvec![literal(true), literal(false)]]),
            };
        }
        let negated = operator.base.is_negated();
        let or_absent = operator.if_exists || (operator.set.is_none() && negated);
        let test = |values: Values| match operator.set {
            None => Test::Value { values, negated, or_absent },
            Some(SetOperator::ForAllValues) => Test::All { values, negated },
            Some(SetOperator::ForAnyValue) => Test::Any { values, negated, or_absent },
        };
        let region = |values: Values| -> Region {
            match (derived, values) {
                (Some(derived), Values::Text(language)) => self.derived(derived, &language, operator),
                (_, values) => smallvec![Literal::new(dimension, test(values), true)],
            }
        };
        let is_text = matches!(
            family,
            OperatorFamily::String | OperatorFamily::Arn | OperatorFamily::Bool | OperatorFamily::Binary
        );
        if !is_text {
            return self.join(ways, vec![region(ordered_values(operator.base, key))]);
        }
        let with_variables = self.version == Version::V2012 && family != OperatorFamily::Binary;
        let templates: Vec<Template<'_>> = key
            .values
            .iter()
            .map(|v| Template {
                pieces: if with_variables {
                    variable::pieces(v.text.as_str())
                } else {
                    vec![Piece::Text(v.text.as_str())]
                },
            })
            .collect();
        let has_case =
            |key: &str| self.ties == Ties::Untied || Derived::of(&key.to_ascii_lowercase()) != Some(Derived::Account);
        let build =
            |t: &Template<'_>, present: &dyn Fn(&str) -> bool| text_pattern(operator.base, t, present, &has_case);
        // One of several values is enough for these, so that each value may be a way of its own.
        let apart = !negated && !or_absent && operator.set != Some(SetOperator::ForAllValues);
        let new = self.split(
            &templates,
            |t| t,
            build,
            apart,
            |patterns| region(Values::Text(Language::new(patterns.into_iter().map(Arc::new)))),
        )?;
        self.join(ways, new)
    }

    /// A condition on a key that follows from the caller, as a constraint on the caller.
    fn derived(&self, derived: Derived, values: &Language, operator: ConditionOperator) -> Region {
        let negated = operator.base.is_negated();
        let callers = derived.callers(values);
        // A key with one value: the set operators differ in what they say of its absence only.
        let or_absent = match operator.set {
            None => operator.if_exists || negated,
            Some(SetOperator::ForAllValues) => true,
            Some(SetOperator::ForAnyValue) => operator.if_exists,
        };
        match (negated, or_absent) {
            (false, false) => self.caller(callers, true),
            (true, true) => self.caller(callers, false),
            (true, false) => {
                let mut region = self.caller(callers, false);
                region.extend(self.caller(derived.carriers(), true));
                region
            }
            (false, true) => {
                // Everyone but the carriers whose value is another one.
                let others = derived.others();
                let union = callers.patterns().iter().chain(others.patterns()).cloned();
                self.caller(Language::new(union), true)
            }
        }
    }
}

fn everything() -> Language {
    Language::of(Pattern::new([Element::Star(Class::All)]))
}

/// All names of actions.
pub(super) fn all_actions() -> &'static Pattern {
    static ALL: std::sync::OnceLock<Pattern> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        Pattern::new([Element::Star(Class::NoColon), Element::One(Unit::Char(':')), Element::Star(Class::NoColon)])
    })
}

/// All names of actions, as a language.
pub(super) fn every_action() -> &'static Language {
    static EVERY: std::sync::OnceLock<Language> = std::sync::OnceLock::new();
    EVERY.get_or_init(|| Language::of(all_actions().clone()))
}

/// The patterns of an `Action` string over names of actions in lower case, which hold exactly one colon.
pub(super) fn action_patterns(text: &str) -> SmallVec<[Pattern; 1]> {
    let text = text.to_ascii_lowercase_smolstr();
    if text.contains(':') && !text.contains(['*', '?']) {
        return smallvec![Pattern::literal(text)];
    }
    if text.contains(':') {
        return smallvec![Pattern::new(glob(&text, Class::NoColon))];
    }
    // The colon is within one of the wildcards.
    let stars = text.char_indices().filter(|(_, c)| matches!(c, '*' | '?'));
    let split = |(at, c): (usize, char)| {
        let star = (c == '*').then_some(Element::Star(Class::NoColon));
        let middle = star.into_iter().chain([Element::One(Unit::Char(':'))]).chain(star);
        Pattern::new(glob(&text[..at], Class::NoColon).chain(middle).chain(glob(&text[at + 1..], Class::NoColon)))
    };
    stars.map(split).collect()
}

/// The patterns of an entry of `Resource` or `NotResource`, each policy variable with a value.
pub(super) fn entry_patterns(text: &str, kind: PolicyKind, version: Version) -> Vec<Pattern> {
    let compiler = Compiler { version, kind, ties: Ties::Tied, index: 0 };
    let Some((template, shape)) = compiler.resource(text) else { return Vec::new() };
    shape.patterns(template.elements(&|_| true, |t| glob(t, Class::All).collect()).unwrap_or_default())
}

/// The patterns of a resource as a question names it: an ARN or ARN pattern, or `*`.
pub(super) fn resource_patterns(text: &str) -> Vec<Pattern> {
    if text == "*" {
        return ResourceShape::Everything.patterns(Vec::new());
    }
    let mut fields: SmallVec<[&str; 6]> = text.splitn(6, ':').collect();
    fields.resize(6, "*");
    let last = fields.pop().unwrap_or("*");
    ResourceShape::Fields(fields).patterns(glob(last, Class::All).collect())
}

/// All resources of requests: ARNs, and `*` for actions without a resource type.
pub(super) fn all_resources() -> &'static Language {
    static ALL: std::sync::OnceLock<Language> = std::sync::OnceLock::new();
    ALL.get_or_init(|| Language::new(ResourceShape::Everything.patterns(Vec::new()).into_iter().map(Arc::new)))
}

enum ResourceShape<'a> {
    Everything,
    /// The first five fields.
    Fields(SmallVec<[&'a str; 6]>),
}

impl ResourceShape<'_> {
    fn patterns(&self, last: Vec<Element>) -> Vec<Pattern> {
        match self {
            ResourceShape::Everything => {
                let field = [Element::Star(Class::NoColon), Element::One(Unit::Char(':'))];
                let arn = literal("arn:").chain(field.repeat(4)).chain([Element::Star(Class::All)]);
                vec![Pattern::literal("*"), Pattern::new(arn)]
            }
            ResourceShape::Fields(fields) => {
                // Requests name resources by ARNs, which all begin alike.
                let prefix = match fields.first() {
                    Some(first) if Pattern::new(glob(first, Class::NoColon)).matches("arn") => "arn",
                    _ => return Vec::new(),
                };
                let mut elements: Vec<Element> = literal(prefix).collect();
                for field in fields.iter().skip(1) {
                    elements.push(Element::One(Unit::Char(':')));
                    elements.extend(glob(field, Class::NoColon));
                }
                elements.push(Element::One(Unit::Char(':')));
                elements.extend(last);
                vec![Pattern::new(elements)]
            }
        }
    }
}

/// The patterns of one value of an operator that compares text. `has_case`: whether a key's values have letters.
fn text_pattern(
    base: BaseOperator,
    template: &Template<'_>,
    present: &dyn Fn(&str) -> bool,
    has_case: &dyn Fn(&str) -> bool,
) -> Option<Vec<Pattern>> {
    use BaseOperator as B;
    let one = |elements: Vec<Element>| vec![Pattern::new(elements)];
    match base {
        B::StringEquals | B::StringNotEquals => match &*template.pieces {
            [Piece::Text(text)] => Some(vec![Pattern::literal(*text)]),
            _ => template.elements(present, |t| literal(t).collect()).map(one),
        },
        B::StringEqualsIgnoreCase | B::StringNotEqualsIgnoreCase | B::Bool => {
            // The value of a variable may differ in case, too: each as it is, or in another case.
            let variables = template.keys().filter(|key| present(key) && has_case(key)).count().min(4);
            let pattern = |choice: u32| {
                let mut number = 0;
                let elements = template.elements_with(present, |t| literal(t).collect(), &mut |key| {
                    if !has_case(key) {
                        return variable::letter(key);
                    }
                    number += 1;
                    match choice >> (number - 1) & 1 {
                        1 => variable::letter_in_other_case(key),
                        _ => variable::letter(key),
                    }
                });
                let elements = elements?.into_iter().map(|element| match element {
                    Element::One(Unit::Char(c)) if c.is_ascii_alphabetic() => {
                        Element::One(Unit::Fold(c.to_ascii_lowercase()))
                    }
                    element => element,
                });
                Some(Pattern::new(elements))
            };
            (0..1u32 << variables).map(pattern).collect()
        }
        B::StringLike | B::StringNotLike => template.elements(present, |t| glob(t, Class::All).collect()).map(one),
        B::BinaryEquals => {
            // Strict Base64 has one form for each sequence of bytes.
            let text = template.elements(present, |t| literal(t).collect())?;
            let pattern = Pattern::new(text);
            let valid =
                pattern.as_literal().is_some_and(|t| base64::engine::general_purpose::STANDARD.decode(t).is_ok());
            valid.then(|| vec![pattern])
        }
        _ => {
            // ARNs: wildcards stay within their field, and the sixth field is all the rest.
            let mut colons = 0;
            let elements = template.elements(present, |t| {
                let element = |c: char| {
                    colons += usize::from(c == ':' && colons < 5);
                    let class = if colons < 5 { Class::NoColon } else { Class::All };
                    match c {
                        '*' => Element::Star(class),
                        '?' => Element::One(Unit::Any(class)),
                        c => Element::One(Unit::Char(c)),
                    }
                };
                t.chars().map(element).collect()
            })?;
            // Fewer fields: no ARN matches.
            Some(if colons < 5 { Vec::new() } else { one(elements) })
        }
    }
}

/// The values of an operator that compares numbers, dates or addresses.
fn ordered_values(base: BaseOperator, key: &ConditionKey) -> Values {
    use BaseOperator as B;
    let texts = || key.values.iter().map(|v| v.text.as_str());
    let interval = |v: bigdecimal::BigDecimal| match base {
        B::NumericLessThan | B::DateLessThan => (Cut::Start, Cut::At(v, false)),
        B::NumericLessThanEquals | B::DateLessThanEquals => (Cut::Start, Cut::At(v, true)),
        B::NumericGreaterThan | B::DateGreaterThan => (Cut::At(v, true), Cut::End),
        B::NumericGreaterThanEquals | B::DateGreaterThanEquals => (Cut::At(v, false), Cut::End),
        _ => (Cut::At(v.clone(), false), Cut::At(v, true)),
    };
    match base.family() {
        OperatorFamily::IpAddress => Values::Address(Addresses::union(texts().filter_map(parse_network))),
        OperatorFamily::Date => Values::Instant(Ranges::union(texts().filter_map(parse_instant).map(interval))),
        _ => Values::Number(Ranges::union(texts().filter_map(parse_number).map(interval))),
    }
}
