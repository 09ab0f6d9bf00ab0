//! The `Conditions` section: what holds, what fails, and what depends on values that are not known.
//!
//! A condition comes down to comparisons (`Fn::Equals`). A comparison of unknown values is decided by choice, and a
//! choice has consequences: where `Env` equals `prod`, every `Ref` to `Env` is `prod`, and no other comparison of `Env`
//! holds; with `AllowedValues`, the last value that is left is the value. Source: "Condition functions" in the
//! CloudFormation user guide.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::resolver::Resolver;
use super::shapes;
use crate::source::{Node, Piece, Shape, Span, Symbol, Text, json};

/// What was chosen for unknown values.
#[derive(Clone, Debug, Default)]
pub(super) struct Assignment {
    symbols: FxHashMap<Symbol, Domain>,
    comparisons: FxHashMap<(SmolStr, SmolStr), bool>,
}

#[derive(Clone, Debug)]
enum Domain {
    Is(SmolStr),
    Not(Vec<SmolStr>),
}

/// A decision of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice {
    pub value: bool,
    /// True when the other value was tried already or is impossible.
    pub exhausted: bool,
}

impl Assignment {
    /// The value chosen for a symbol.
    pub fn value_of(&self, symbol: Symbol) -> Option<Text> {
        match self.symbols.get(&symbol)? {
            Domain::Is(value) => Some(Text::from_encoded(value.clone())),
            Domain::Not(_) => None,
        }
    }

    /// True if nothing was chosen.
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty() && self.comparisons.is_empty()
    }

    /// The text with chosen values in place of their symbols.
    pub fn applied(&self, text: &Text, span: Span) -> Text {
        if self.symbols.is_empty() || !text.symbols().any(|s| self.value_of(s).is_some()) {
            return text.clone();
        }
        let mut parts = Vec::new();
        let mut at = 0;
        for piece in text.pieces() {
            let (length, part) = match piece {
                Piece::Literal(s) => (s.len(), None),
                Piece::Symbol(s) => (s.as_char().len_utf8(), self.value_of(s)),
            };
            let origin = text.origins(at..at + length).first().copied().unwrap_or(span);
            parts.push((part.unwrap_or_else(|| text.slice(at..at + length)), origin));
            at += length;
        }
        Text::concat(parts.iter().map(|(t, s)| (t, *s)))
    }
}

impl Resolver<'_, '_> {
    /// Whether a named condition holds. `None` only while probing.
    pub fn condition(&mut self, name: &str, span: Span) -> Option<bool> {
        match self.decided(name) {
            Some(Some(decided)) => return Some(decided),
            _ if self.probing => return None,
            _ => {}
        }
        if let Some(value) = self.settled.get(name).copied() {
            if self.open_conditions.is_empty() {
                self.touched.insert(name.into(), value);
            }
            return Some(value);
        }
        let key = SmolStr::new(name);
        let stack = self.stack;
        let value = match stack.template.conditions.get(name) {
            None => {
                let known = stack.template.conditions.keys();
                let help = super::references::nearest(name, known.map(SmolStr::as_str));
                self.problems.push(crate::model::Problem {
                    message: format!("condition `{}` is not declared", crate::source::Text::from_encoded(name)),
                    span: Some(span),
                    help,
                });
                self.choose_comparison((key.clone(), "condition".into()))
            }
            Some(expression) => {
                if self.open_conditions.contains(&key) {
                    self.problem(format!("condition `{name}` depends on itself"), span);
                    return self.choose_comparison((key, "condition".into()));
                }
                self.open_conditions.push(key.clone());
                let value = self.boolean(expression);
                self.open_conditions.pop();
                value
            }
        };
        if let Some(value) = value {
            if self.open_conditions.is_empty() {
                self.touched.insert(key.clone(), value);
            }
            self.settled.insert(key, value);
        }
        value
    }

    /// Whether a condition holds whatever is unknown; the inner `None` means that it is not decided, the outer that it
    /// is not declared or depends on itself.
    pub fn decided(&mut self, name: &str) -> Option<Option<bool>> {
        if let Some(decided) = self.stack.decided.borrow().get(name) {
            return Some(*decided);
        }
        let expression = self.stack.template.conditions.get(name)?;
        let decided = if self.probing {
            if self.open_conditions.iter().any(|c| c == name) {
                return None;
            }
            self.open_conditions.push(name.into());
            let decided = self.boolean(expression);
            self.open_conditions.pop();
            decided
        } else {
            let mut probe = Resolver::new(self.world, self.stack);
            probe.probing = true;
            probe.open_conditions.push(name.into());
            let decided = probe.boolean(expression);
            self.problems.append(&mut probe.problems);
            decided
        };
        self.stack.decided.borrow_mut().insert(name.into(), decided);
        Some(decided)
    }

    /// Whether a condition expression holds. `None` only while probing.
    pub fn boolean(&mut self, node: &Node) -> Option<bool> {
        if !self.enter(node.span) {
            return self.choose_comparison(("too deep".into(), "condition".into()));
        }
        let value = self.condition_function(node);
        self.leave();
        value
    }

    fn condition_function(&mut self, node: &Node) -> Option<bool> {
        let function = node.as_mapping().filter(|m| m.len() == 1).and_then(|m| m.entries.first());
        let Some(function) = function else {
            return match node.scalar_text().as_ref().and_then(Text::known) {
                Some("true") => Some(true),
                Some("false") => Some(false),
                _ => {
                    self.problem("a condition must be a condition function", node.span);
                    self.choose_comparison((SmolStr::new(node.to_json().to_string()), "condition".into()))
                }
            };
        };
        let arguments = function.value.as_sequence().unwrap_or(&[]);
        match (function.key.as_str(), arguments) {
            ("Condition", _) if function.value.as_text().is_some() => {
                let name = function.value.as_text().map(|t| t.as_smol().clone()).unwrap_or_default();
                self.condition(&name, function.value.span)
            }
            ("Fn::Equals", [a, b]) => {
                let (a, b) = (self.compared(a), self.compared(b));
                self.equal(a, b)
            }
            ("Fn::Not", [one]) => self.boolean(one).map(|v| !v),
            (name @ ("Fn::And" | "Fn::Or"), parts) if !parts.is_empty() => {
                let decisive = name == "Fn::Or";
                let mut all_known = true;
                for part in parts {
                    match self.boolean(part) {
                        Some(value) if value == decisive => return Some(decisive),
                        Some(_) => {}
                        None => all_known = false,
                    }
                }
                all_known.then_some(!decisive)
            }
            (name, _) => {
                if matches!(name, "Fn::Equals" | "Fn::Not" | "Fn::And" | "Fn::Or") {
                    self.problem(format!("`{name}` has the wrong number of arguments"), node.span);
                } else {
                    self.problem(format!("`{name}` is no condition function"), function.key_span);
                }
                self.choose_comparison((SmolStr::new(node.to_json().to_string()), "condition".into()))
            }
        }
    }

    fn compared(&mut self, node: &Node) -> Text {
        match self.resolve(node) {
            None => Text::default(),
            Some(value) => {
                let text = value.scalar_text().unwrap_or_else(|| Text::from_encoded(json::write_encoded(&value)));
                let text = self.assignment.applied(&text, node.span);
                // A secret decides conditions, though it is shown nowhere.
                match text.as_symbol().and_then(|s| self.stack.parameters.secrets.get(&s)) {
                    Some(secret) => secret.clone(),
                    None => text,
                }
            }
        }
    }

    fn equal(&mut self, a: Text, b: Text) -> Option<bool> {
        if a == b {
            return Some(true);
        }
        if !a.has_unknown() && !b.has_unknown() || certainly_differ(&a, &b) {
            return Some(false);
        }
        let single = match (a.as_symbol(), b.as_symbol()) {
            (Some(symbol), None) if !b.has_unknown() => Some((symbol, b.as_smol().clone())),
            (None, Some(symbol)) if !a.has_unknown() => Some((symbol, a.as_smol().clone())),
            _ => None,
        };
        match single {
            Some((symbol, value)) => self.choose_value(symbol, value),
            None => {
                let (a, b) = (a.as_smol().clone(), b.as_smol().clone());
                self.choose_comparison(if a <= b { (a, b) } else { (b, a) })
            }
        }
    }

    /// Whether an unknown has a value.
    fn choose_value(&mut self, symbol: Symbol, value: SmolStr) -> Option<bool> {
        let allowed = self.stack.parameters.allowed.get(&symbol);
        if allowed.is_some_and(|a| !a.contains(&value)) || !shapes::may_be(symbol.info().shape, &value) {
            return Some(false);
        }
        let mut excluded: Vec<SmolStr> = match self.assignment.symbols.get(&symbol) {
            Some(Domain::Is(is)) => return Some(*is == value),
            Some(Domain::Not(values)) => values.clone(),
            None => Vec::new(),
        };
        if excluded.contains(&value) {
            return Some(false);
        }
        let left: Option<Vec<SmolStr>> = allowed.map(|a| a.iter().filter(|v| !excluded.contains(v)).cloned().collect());
        if left.as_ref().is_some_and(|l| l.len() == 1) {
            self.assignment.symbols.insert(symbol, Domain::Is(value));
            return Some(true);
        }
        let chosen = self.choose()?;
        let domain = if chosen {
            Domain::Is(value)
        } else {
            match left.as_deref() {
                Some([a, b]) => Domain::Is(if *a == value { b.clone() } else { a.clone() }),
                _ => {
                    excluded.push(value);
                    Domain::Not(excluded)
                }
            }
        };
        self.assignment.symbols.insert(symbol, domain);
        Some(chosen)
    }

    fn choose_comparison(&mut self, key: (SmolStr, SmolStr)) -> Option<bool> {
        if let Some(value) = self.assignment.comparisons.get(&key) {
            return Some(*value);
        }
        let chosen = self.choose()?;
        self.assignment.comparisons.insert(key, chosen);
        Some(chosen)
    }

    /// The next choice of this run: the one that [`super::resolver::explore`] asks for, else true.
    fn choose(&mut self) -> Option<bool> {
        if self.probing {
            return None;
        }
        if self.cursor == self.choices.len() {
            self.choices.push(Choice { value: true, exhausted: false });
        }
        let choice = self.choices.get(self.cursor)?;
        self.cursor += 1;
        Some(choice.value)
    }
}

/// True if no values of the symbols make the texts equal: their literal beginnings or ends differ.
fn certainly_differ(a: &Text, b: &Text) -> bool {
    let literal_start = |t: &Text| match t.pieces().next() {
        Some(Piece::Literal(s)) => s.len(),
        _ => 0,
    };
    let (start_a, start_b) = (&a.as_str()[..literal_start(a)], &b.as_str()[..literal_start(b)]);
    let differ = |x: &str, y: &str| x.bytes().zip(y.bytes()).any(|(x, y)| x != y);
    if differ(start_a, start_b) {
        return true;
    }
    let literal_end = |t: &Text| match t.pieces().last() {
        Some(Piece::Literal(s)) => s.len(),
        _ => 0,
    };
    let end_a = &a.as_str()[a.as_str().len() - literal_end(a)..];
    let end_b = &b.as_str()[b.as_str().len() - literal_end(b)..];
    if end_a.bytes().rev().zip(end_b.bytes().rev()).any(|(x, y)| x != y) {
        return true;
    }
    // A value that is never empty makes the text longer than what is known of it.
    let longer = |known: &Text, other: &Text| {
        !known.has_unknown()
            && other.pieces().any(|p| matches!(p, Piece::Symbol(s) if s.info().shape != Shape::Any))
            && other.pieces().map(|p| if let Piece::Literal(s) = p { s.len() } else { 0 }).sum::<usize>()
                >= known.as_str().len()
    };
    longer(a, b) || longer(b, a)
}
