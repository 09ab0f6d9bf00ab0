//! Questions as SMT-LIB 2 text over the theory of strings, which z3 and cvc5 read: `sat` says that the claim fails.
//!
//! What the engine searches, a solver decides here over again: regions are formulas over a caller, an action, a resource
//! and condition keys. The formula is written from the compiled policies, so what a statement means is the engine's
//! reading; that the reading is IAM's is what the evaluator is for.
//!
//! - Strings are compared by regular expressions. A policy variable stands in them as the key's own value, so that the
//!   solver weighs every value that it may have; the engine takes it for a letter.
//! - A key has a presence and a value. A key with several values has slots, each with a presence and a value, filled from
//!   the first on, and different from each other. Two slots more than there are constraints that some value has to meet
//!   are enough: of a longer list of values keep one for each of those constraints, and two, so that several stay several;
//!   what every value meets, the values kept meet, too.
//! - Numbers, instants and addresses are values of their own beside the text. What one text is both as text and as a
//!   number cannot be said, and neither can the comparison of a variable without regard to case: such questions are not
//!   written.
//! - Symbols lie beyond the characters that SMT-LIB has and are numbered in the private-use area of the first plane.

mod derived;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use bigdecimal::BigDecimal;
use rustc_hash::{FxHashMap, FxHashSet};

use super::caller::{self, Derived};
use super::compile::{CompiledPolicy, Dimension, Literal, Region, Test, Ties, all_resources, every_action};
use super::key::{KeyId, Presence};
use super::language::Language;
use super::pattern::{Class, Element, Pattern, Unit};
use super::public::strangers;
use super::question::{Access, demanded, regions};
use super::range::{Cut, Ranges};
use super::search::Callers;
use super::value::Values;
use super::variable;
use crate::logic::evaluate::PolicyKind;
use crate::source::Symbol;

/// The question of [`super::no_new_access`]: `sat` if some request is allowed by `new` and not by `existing`.
///
/// # Errors
///
/// When the policies hold something that SMT-LIB has no words for.
pub fn no_new_access_smt2(new: &CompiledPolicy, existing: &CompiledPolicy, ties: Ties) -> Result<String, &'static str> {
    let mut writer = Writer::new(&[new, existing], &[], ties, false)?;
    for (name, policy) in [("new", new), ("existing", existing)] {
        for (effect, allows) in [("allow", true), ("deny", false)] {
            writer.any_of(&format!("{name}-{effect}"), regions(policy, allows));
        }
    }
    let claim = ["new-allow", "(not new-deny)", "(or (not existing-allow) existing-deny)"];
    Ok(writer.finish("is there a request that `new` allows and `existing` does not?", &claim))
}

/// The question of [`super::access_not_granted`]: `sat` if some request for the access is allowed.
///
/// # Errors
///
/// When the policy holds something that SMT-LIB has no words for.
pub fn access_not_granted_smt2(policy: &CompiledPolicy, access: &Access, ties: Ties) -> Result<String, &'static str> {
    within(policy, demanded(access), ties, false, "is there a request for the access that the policy allows?")
}

/// The question of [`super::no_public_access`]: `sat` if a stranger's request is allowed.
///
/// # Errors
///
/// When the policy holds something that SMT-LIB has no words for.
pub fn no_public_access_smt2(policy: &CompiledPolicy, resource_type: &str, ties: Ties) -> Result<String, &'static str> {
    let question = "is there a stranger's request that the policy allows?";
    within(policy, strangers(policy, resource_type, ties), ties, true, question)
}

fn within(
    policy: &CompiledPolicy,
    demanded: Vec<Literal>,
    ties: Ties,
    services_act: bool,
    question: &str,
) -> Result<String, &'static str> {
    let region: Region = demanded.into_iter().collect();
    let mut writer = Writer::new(&[policy], &region, ties, services_act)?;
    writer.any_of("allow", regions(policy, true));
    writer.any_of("deny", regions(policy, false));
    writer.any_of("demanded", std::iter::once(&region));
    Ok(writer.finish(question, &["allow", "(not deny)", "demanded"]))
}

const CASELESS_VARIABLE: &str = "a policy variable is compared without regard to case";
const TWO_FAMILIES: &str = "a condition key is compared both as text and as a number, date or address";

/// What is known of a key from all constraints on it.
#[derive(Default)]
struct Use {
    text: bool,
    number: bool,
    instant: bool,
    address: bool,
    several: bool,
    /// Constraints that can demand that some value meets them.
    demands: usize,
}

impl Use {
    /// Families of values that do not know of each other.
    fn families(&self) -> usize {
        [self.text, self.number, self.instant, self.address].iter().filter(|f| **f).count()
    }
}

/// Writes one question.
struct Writer {
    ties: Ties,
    /// Services act for strangers, who may carry their keys, then.
    services_act: bool,
    callers: Callers,
    keys: BTreeMap<KeyId, Use>,
    /// Keys of policy variables that follow from the caller.
    derived: Vec<(Derived, KeyId)>,
    /// Symbols, and characters that SMT-LIB does not have, by number.
    symbols: FxHashMap<char, u32>,
    /// Formulas of constraints that have been defined, by their text.
    defined: FxHashMap<String, usize>,
    body: String,
}

/// The first of the characters that stand for symbols.
const FIRST_SYMBOL: u32 = 0xE000;

impl Writer {
    fn new(
        policies: &[&CompiledPolicy],
        extra: &[Literal],
        ties: Ties,
        services_act: bool,
    ) -> Result<Writer, &'static str> {
        let identities = policies
            .iter()
            .all(|p| matches!(p.kind, PolicyKind::Identity | PolicyKind::Boundary | PolicyKind::Session));
        let mut writer = Writer {
            ties,
            services_act,
            callers: if identities { Callers::Identities } else { Callers::Everyone },
            keys: BTreeMap::new(),
            derived: Vec::new(),
            symbols: FxHashMap::default(),
            defined: FxHashMap::default(),
            body: String::new(),
        };
        let all = policies.iter().flat_map(|p| &p.statements).flat_map(|s| &s.regions).flatten();
        let mut seen = FxHashSet::default();
        for literal in all.chain(extra) {
            if seen.insert(literal.id()) {
                writer.learn(literal)?;
            }
        }
        if writer.keys.values().any(|own| own.families() > 1) {
            return Err(TWO_FAMILIES);
        }
        Ok(writer)
    }

    /// Takes note of what a constraint needs declared.
    fn learn(&mut self, literal: &Literal) -> Result<(), &'static str> {
        let mut named: Vec<char> = Vec::new();
        if let Test::In(language) = &literal.constraint.test {
            named.extend(language.patterns().iter().flat_map(|p| p.named()));
        }
        if let Dimension::Key(key) = literal.dimension() {
            let info = key.info();
            let own = self.keys.entry(key).or_default();
            own.several |= info.multivalued == Some(true);
            let values = match &literal.constraint.test {
                Test::In(_) | Test::Absent => None,
                Test::Value { values, .. } => Some(values),
                Test::All { values, .. } | Test::Any { values, .. } => {
                    own.several |= info.multivalued.is_none();
                    own.demands += 1;
                    Some(values)
                }
            };
            match values {
                Some(Values::Text(language)) => {
                    own.text = true;
                    named.extend(language.patterns().iter().flat_map(|p| p.named()));
                }
                Some(Values::Number(_)) => own.number = true,
                Some(Values::Instant(_)) => own.instant = true,
                Some(Values::Address(_)) => own.address = true,
                None => {}
            }
        }
        for c in named {
            if variable::is_in_other_case(c) {
                return Err(CASELESS_VARIABLE);
            }
            if let Some(key) = variable::key_of(c) {
                let id = KeyId::of(&key);
                match Derived::of(&key).filter(|_| self.ties == Ties::Tied) {
                    Some(derived) if !self.derived.contains(&(derived, id)) => self.derived.push((derived, id)),
                    Some(_) => {}
                    None => self.keys.entry(id).or_default().text = true,
                }
            } else if Symbol::of(c).is_some() || u32::from(c) > 0x2_FFFF {
                let next = self.symbols.len() as u32;
                self.symbols.entry(c).or_insert(next);
            }
        }
        Ok(())
    }

    /// Defines a name for "one of the regions".
    fn any_of<'r>(&mut self, name: &str, regions: impl Iterator<Item = &'r Region>) {
        let mut ways = Vec::new();
        for region in regions {
            let literals: Vec<String> = region.iter().map(|l| self.literal(l)).collect();
            ways.push(and(&literals));
        }
        let _ = writeln!(self.body, "(define-fun {name} () Bool {})", or(&ways));
    }

    fn literal(&mut self, literal: &Literal) -> String {
        let formula = match (literal.dimension(), &literal.constraint.test) {
            (Dimension::Key(key), test) => self.on_key(key, test),
            (dimension, Test::In(language)) => {
                let subject = match dimension {
                    Dimension::Caller => "caller",
                    Dimension::Action => "action",
                    Dimension::Resource | Dimension::Key(_) => "resource",
                };
                self.is_in(subject, language)
            }
            _ => "true".to_owned(),
        };
        let next = self.defined.len();
        let number = match self.defined.get(&formula) {
            Some(number) => *number,
            None => {
                let _ = writeln!(self.body, "(define-fun c{next} () Bool {formula})");
                self.defined.insert(formula, next);
                next
            }
        };
        if literal.holds { format!("c{number}") } else { format!("(not c{number})") }
    }

    fn slots(&self, key: KeyId) -> usize {
        self.keys.get(&key).map_or(1, |own| if own.several { own.demands + 2 } else { 1 })
    }

    fn on_key(&self, key: KeyId, test: &Test) -> String {
        let slots = self.slots(key);
        let within = |values: &Values, slot: usize, negated: bool| {
            let inside = self.value_in(key, slot, values);
            if negated { format!("(not {inside})") } else { inside }
        };
        let absent = format!("(not {})", present(key, 0));
        match test {
            Test::In(_) => "true".to_owned(),
            Test::Absent => absent,
            Test::Value { values, negated, or_absent } => {
                let mut one = vec![present(key, 0)];
                if slots > 1 {
                    one.push(format!("(not {})", present(key, 1)));
                }
                one.push(within(values, 0, *negated));
                let one = and(&one);
                if *or_absent { or(&[absent, one]) } else { one }
            }
            Test::All { values, negated } => {
                let each = |slot| {
                    let own = within(values, slot, *negated);
                    format!("(=> {} (or (= {} \"\") {own}))", present(key, slot), text(key, slot))
                };
                and(&(0..slots).map(each).collect::<Vec<_>>())
            }
            Test::Any { values, negated, or_absent } => {
                let mut ways: Vec<String> = (0..slots)
                    .map(|slot| format!("(and {} {})", present(key, slot), within(values, slot, *negated)))
                    .collect();
                if *or_absent {
                    ways.push(absent);
                }
                or(&ways)
            }
        }
    }

    fn value_in(&self, key: KeyId, slot: usize, values: &Values) -> String {
        let real = |kind: &str, ranges: &Ranges<BigDecimal>| {
            let value = name(key, kind, slot);
            and(&[name(key, &format!("is-{kind}"), slot), in_ranges(&value, ranges, &decimal)])
        };
        match values {
            Values::Text(language) => self.is_in(&text(key, slot), language),
            Values::Number(ranges) => real("number", ranges),
            Values::Instant(ranges) => real("instant", ranges),
            Values::Address(addresses) => {
                let value = name(key, "address", slot);
                let six = name(key, "is-v6", slot);
                let ways = [
                    and(&[format!("(not {six})"), in_ranges(&value, &addresses.v4, &u64::to_string)]),
                    and(&[six, in_ranges(&value, &addresses.v6, &u128::to_string)]),
                ];
                and(&[name(key, "is-address", slot), or(&ways)])
            }
        }
    }

    fn is_in(&self, subject: &str, language: &Language) -> String {
        let mut ways = Vec::new();
        let mut regular = Vec::new();
        for pattern in language.patterns() {
            if pattern.is_everything() {
                return "true".to_owned();
            }
            match pattern.as_literal() {
                Some(_) => ways.push(format!("(= {subject} {})", self.term(pattern))),
                None => regular.push(self.regex(pattern)),
            }
        }
        match &*regular {
            [] => {}
            [one] => ways.push(format!("(str.in_re {subject} {one})")),
            several => ways.push(format!("(str.in_re {subject} (re.union {}))", several.join(" "))),
        }
        or(&ways)
    }

    /// A pattern without repetitions, as a string.
    fn term(&self, pattern: &Pattern) -> String {
        let mut parts = Vec::new();
        let mut plain = String::new();
        for element in pattern.elements() {
            let Element::One(Unit::Char(c)) = element else { continue };
            match variable::key_of(*c) {
                Some(key) => {
                    if !plain.is_empty() {
                        parts.push(format!("\"{}\"", std::mem::take(&mut plain)));
                    }
                    parts.push(self.variable(&key));
                }
                None => self.character(*c, &mut plain),
            }
        }
        if !plain.is_empty() || parts.is_empty() {
            parts.push(format!("\"{plain}\""));
        }
        match &*parts {
            [one] => one.clone(),
            several => format!("(str.++ {})", several.join(" ")),
        }
    }

    fn variable(&self, key: &str) -> String {
        let id = KeyId::of(key);
        match self.derived.iter().find(|(_, of)| *of == id) {
            Some(_) => name(id, "derived", 0),
            None => text(id, 0),
        }
    }

    fn regex(&self, pattern: &Pattern) -> String {
        let mut parts: Vec<String> = Vec::new();
        let mut plain = String::new();
        for element in pattern.elements() {
            if let Element::One(Unit::Char(c)) = element
                && variable::key_of(*c).is_none()
            {
                self.character(*c, &mut plain);
                continue;
            }
            if !plain.is_empty() {
                parts.push(format!("(str.to_re \"{}\")", std::mem::take(&mut plain)));
            }
            parts.push(match element {
                Element::Star(Class::All) => "re.all".to_owned(),
                Element::Star(class) => format!("(re.* {})", self.class(*class, true)),
                Element::One(Unit::Any(class)) => self.class(*class, false),
                Element::One(Unit::Fold(c)) => {
                    format!("(re.union (str.to_re \"{c}\") (str.to_re \"{}\"))", c.to_ascii_uppercase())
                }
                Element::One(Unit::Char(c)) => {
                    format!("(str.to_re {})", self.variable(&variable::key_of(*c).unwrap_or_default()))
                }
            });
        }
        if !plain.is_empty() {
            parts.push(format!("(str.to_re \"{plain}\")"));
        }
        match &*parts {
            [] => "(str.to_re \"\")".to_owned(),
            [one] => one.clone(),
            several => format!("(re.++ {})", several.join(" ")),
        }
    }

    /// One character of a class. A repetition holds symbols, a single wildcard does not.
    fn class(&self, class: Class, with_symbols: bool) -> String {
        let ranges = |of: &[(&str, &str)]| {
            let of: Vec<String> = of.iter().map(|(a, b)| format!("(re.range \"{a}\" \"{b}\")")).collect();
            format!("(re.union {})", of.join(" "))
        };
        const LAST: &str = "\\u{2ffff}";
        let symbols = || {
            let of = self.symbols.iter().filter(|(c, _)| Symbol::of(**c).is_some());
            let mut of: Vec<String> =
                of.map(|(_, n)| format!("(str.to_re \"\\u{{{:x}}}\")", FIRST_SYMBOL + n)).collect();
            of.sort();
            match &*of {
                [] => "re.none".to_owned(),
                [one] => one.clone(),
                several => format!("(re.union {})", several.join(" ")),
            }
        };
        let all = match class {
            Class::All => "re.allchar".to_owned(),
            Class::NoColon => ranges(&[("\\u{0}", "9"), (";", LAST)]),
            Class::Name => ranges(&[("\\u{0}", "\\u{0}"), ("\\u{2}", "."), ("0", "9"), (";", LAST)]),
            Class::Path => ranges(&[("\\u{0}", "\\u{0}"), ("\\u{2}", "9"), (";", LAST)]),
            Class::Digit => return "(re.range \"0\" \"9\")".to_owned(),
            Class::Symbol => return symbols(),
        };
        if with_symbols || self.symbols.is_empty() { all } else { format!("(re.diff {all} {})", symbols()) }
    }

    fn character(&self, c: char, text: &mut String) {
        let code = self.symbols.get(&c).map_or(u32::from(c), |n| FIRST_SYMBOL + n);
        match c {
            '"' => text.push_str("\"\""),
            ' '..='~' if c != '\\' => text.push(c),
            _ => {
                let _ = write!(text, "\\u{{{code:x}}}");
            }
        }
    }

    fn finish(self, question: &str, claim: &[&str]) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "; {question}\n; sat: there is, and the model shows it. unsat: there is none.\n(set-logic ALL)"
        );
        for (symbol, number) in &self.symbols {
            if let Some(symbol) = Symbol::of(*symbol) {
                let shown = symbol.info().name.replace(['\n', '\r'], " ");
                let _ = writeln!(out, "; \\u{{{:x}}} stands for the unknown {shown}", FIRST_SYMBOL + number);
            }
        }
        for subject in ["caller", "action", "resource"] {
            let _ = writeln!(out, "(declare-const {subject} String)");
        }
        let callers = match self.callers {
            Callers::Identities => caller::identities(),
            Callers::Everyone => caller::everyone(),
        };
        for (subject, language) in [("caller", callers), ("action", every_action()), ("resource", all_resources())] {
            let _ = writeln!(out, "(assert {})", self.is_in(subject, language));
        }
        for (key, own) in &self.keys {
            self.declare(&mut out, *key, own);
        }
        self.tie_keys(&mut out);
        for (derived, key) in &self.derived {
            derived::tie(&mut out, *derived, &name(*key, "derived", 0));
        }
        out.push_str(&self.body);
        for part in claim {
            let _ = writeln!(out, "(assert {part})");
        }
        out.push_str("(check-sat)\n");
        out
    }

    fn declare(&self, out: &mut String, key: KeyId, own: &Use) {
        let slots = self.slots(key);
        for slot in 0..slots {
            let _ = writeln!(out, "(declare-const {} Bool)", present(key, slot));
            let _ = writeln!(out, "(declare-const {} String)", text(key, slot));
            for (kind, used) in [("number", own.number), ("instant", own.instant), ("address", own.address)] {
                if used {
                    let is = name(key, &format!("is-{kind}"), slot);
                    let sort = if kind == "address" { "Int" } else { "Real" };
                    let _ =
                        writeln!(out, "(declare-const {is} Bool)\n(declare-const {} {sort})", name(key, kind, slot));
                    // Nothing is no number.
                    let _ = writeln!(out, "(assert (=> {is} (not (= {} \"\"))))", text(key, slot));
                }
            }
            if own.address {
                let (address, six) = (name(key, "address", slot), name(key, "is-v6", slot));
                let _ = writeln!(out, "(declare-const {six} Bool)");
                let _ = writeln!(
                    out,
                    "(assert (and (<= 0 {address}) (< {address} (ite {six} {}{} {}))))",
                    u128::MAX / 10,
                    u128::MAX % 10 + 1,
                    1u64 << 32
                );
                if own.number || own.instant {
                    let other = name(key, if own.number { "is-number" } else { "is-instant" }, slot);
                    let _ = writeln!(out, "(assert (not (and {} {other})))", name(key, "is-address", slot));
                }
            }
            if slot > 0 {
                let _ = writeln!(out, "(assert (=> {} {}))", present(key, slot), present(key, slot - 1));
            }
        }
        // Different from each other where that can be told from the text; several equal numbers are one way to write
        // several different texts.
        for (a, b) in (0..slots).flat_map(|a| (a + 1..slots).map(move |b| (a, b))) {
            let _ = writeln!(out, "(assert (=> {} (not (= {} {}))))", present(key, b), text(key, a), text(key, b));
        }
    }

    /// What the engine knows of requests that carry a key.
    fn tie_keys(&self, out: &mut String) {
        if self.ties != Ties::Tied {
            return;
        }
        let mut networks: [Vec<String>; 2] = [Vec::new(), Vec::new()];
        for key in self.keys.keys() {
            let info = key.info();
            let carried = present(*key, 0);
            if info.always_present {
                let _ = writeln!(out, "(assert {carried})");
            }
            let carriers = match info.presence {
                Presence::WithAccount => caller::with_account(),
                Presence::Services if self.callers == Callers::Everyone && !self.services_act => {
                    caller::of_kinds(&[caller::Kind::Service])
                }
                Presence::PublicNetwork => {
                    networks[0].push(carried);
                    continue;
                }
                Presence::VpcEndpoint => {
                    networks[1].push(carried);
                    continue;
                }
                Presence::Services | Presence::Anyone => continue,
            };
            let _ = writeln!(out, "(assert (=> {carried} {}))", self.is_in("caller", &carriers));
        }
        if networks.iter().all(|n| !n.is_empty()) {
            let _ = writeln!(out, "(assert (not (and {} {})))", or(&networks[0]), or(&networks[1]));
        }
    }
}

/// The name of what belongs to a slot of a key.
fn name(key: KeyId, what: &str, slot: usize) -> String {
    let spelled = spelled(key);
    if slot == 0 { format!("|{spelled} {what}|") } else { format!("|{spelled} {what} {slot}|") }
}

/// The key as a symbol of SMT-LIB can hold it; keys that differ only in what it cannot hold are told apart by a number.
fn spelled(key: KeyId) -> String {
    let info = key.info();
    let is_plain = |c: char| matches!(c, ' '..='~') && c != '|' && c != '\\';
    if info.name.chars().all(is_plain) {
        return info.name.to_string();
    }
    let plain: String = info.name.chars().map(|c| if is_plain(c) { c } else { '?' }).collect();
    format!("{plain} {key:?}")
}

fn present(key: KeyId, slot: usize) -> String {
    name(key, "present", slot)
}

fn text(key: KeyId, slot: usize) -> String {
    name(key, "value", slot)
}

fn in_ranges<T: Ord + Clone>(value: &str, ranges: &Ranges<T>, shown: &dyn Fn(&T) -> String) -> String {
    let of = |(from, to): &(Cut<T>, Cut<T>)| {
        let mut bounds = Vec::new();
        match from {
            Cut::At(v, true) => bounds.push(format!("(> {value} {})", shown(v))),
            Cut::At(v, false) => bounds.push(format!("(>= {value} {})", shown(v))),
            Cut::Start => {}
            Cut::End => bounds.push("false".to_owned()),
        }
        match to {
            Cut::At(v, true) => bounds.push(format!("(<= {value} {})", shown(v))),
            Cut::At(v, false) => bounds.push(format!("(< {value} {})", shown(v))),
            Cut::End => {}
            Cut::Start => bounds.push("false".to_owned()),
        }
        and(&bounds)
    };
    or(&ranges.intervals().iter().map(of).collect::<Vec<_>>())
}

fn decimal(number: &BigDecimal) -> String {
    let plain = number.normalized().to_plain_string();
    let (sign, digits) = plain.strip_prefix('-').map_or(("", &*plain), |d| ("-", d));
    let digits = if digits.contains('.') { digits.to_owned() } else { format!("{digits}.0") };
    if sign.is_empty() { digits } else { format!("(- {digits})") }
}

fn and(parts: &[String]) -> String {
    match parts {
        [] => "true".to_owned(),
        [one] => one.clone(),
        several => format!("(and {})", several.join(" ")),
    }
}

fn or(parts: &[String]) -> String {
    match parts {
        [] => "false".to_owned(),
        [one] => one.clone(),
        several => format!("(or {})", several.join(" ")),
    }
}
