//! Patterns over strings: what a glob of the policy language, an ARN pattern or the shape of a caller's identity comes
//! down to. A pattern is a chain of single characters and repetitions; every question about patterns (does one cover
//! another, do they meet) is decided by simulating their positions, without approximation.
//!
//! Characters are compared exactly. Symbols (unknown values) are letters that only a repetition or the same symbol
//! stands for: `?` does not, since the length of an unknown value is unknown.

use std::hash::{Hash, Hasher};
use std::sync::OnceLock;

use rustc_hash::{FxHashSet, FxHasher};
use smallvec::SmallVec;
use smol_str::SmolStr;

use crate::source::Symbol;

/// The characters that a wildcard stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Class {
    /// Any.
    All,
    /// Any but `:`; a wildcard in one of the first five parts of an ARN, or in the name of an action.
    NoColon,
    /// Any but `:`, `/` and the mark between the parts of a caller's identity.
    Name,
    /// Any but `:` and the mark between the parts of a caller's identity.
    Path,
    /// `0` to `9`.
    Digit,
    /// A symbol.
    Symbol,
}

/// Separates the parts of a caller's identity; see `caller`. No ARN, name or service principal holds it.
pub(super) const MARK: char = '\u{1}';

/// A symbol that no pattern names: the last one that there could be.
const OTHER_SYMBOL: char = '\u{10fffd}';

/// Something that one character can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Unit {
    /// This character.
    Char(char),
    /// This ASCII letter, given in lower case, in either case.
    Fold(char),
    /// A character of the class.
    Any(Class),
}

/// One link of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Element {
    /// Exactly one character.
    One(Unit),
    /// Any number of characters of the class, also none.
    Star(Class),
}

/// A pattern; see the module.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// The characters that every string of the pattern begins with.
    beginning: SmolStr,
    /// How many characters these are.
    fixed: usize,
    is_literal: bool,
    /// The symbols and marks that it names.
    special: SmallVec<[char; 2]>,
    /// All of it; that of a string is made once somebody asks, since few do.
    elements: OnceLock<Box<[Element]>>,
    hash: u64,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.hash == other.hash
            && self.beginning == other.beginning
            && self.is_literal == other.is_literal
            && (self.is_literal || self.elements() == other.elements())
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Class {
    /// True if every character of `other` is one of this class.
    fn includes(self, other: Class) -> bool {
        let rank = |class| match class {
            Class::All => 4,
            Class::NoColon => 3,
            Class::Path => 2,
            Class::Name => 1,
            Class::Digit | Class::Symbol => 0,
        };
        self == other || rank(self) > rank(other)
    }

    pub(super) fn contains(self, c: char) -> bool {
        match self {
            Class::All => true,
            Class::NoColon => c != ':',
            Class::Name => !matches!(c, ':' | '/' | MARK),
            Class::Path => !matches!(c, ':' | MARK),
            Class::Digit => c.is_ascii_digit(),
            Class::Symbol => Symbol::of(c).is_some(),
        }
    }
}

impl Unit {
    fn contains(self, c: char) -> bool {
        match self {
            Unit::Char(own) => own == c,
            Unit::Fold(own) => own == c.to_ascii_lowercase(),
            Unit::Any(Class::Symbol) => Symbol::of(c).is_some(),
            Unit::Any(class) => class.contains(c) && Symbol::of(c).is_none(),
        }
    }
}

fn is_special(c: char) -> bool {
    c == MARK || Symbol::of(c).is_some()
}

fn hash(beginning: &str, rest: &[Element]) -> u64 {
    let mut hasher = FxHasher::default();
    beginning.hash(&mut hasher);
    rest.hash(&mut hasher);
    hasher.finish()
}

/// Positions of a pattern that have been reached, as bits.
type Positions = SmallVec<[u64; 3]>;

impl Pattern {
    pub(super) fn new(elements: impl IntoIterator<Item = Element>) -> Pattern {
        let mut kept: Vec<Element> = Vec::new();
        for element in elements {
            // Two repetitions of one class in a row are one.
            if !(matches!(element, Element::Star(_)) && kept.last() == Some(&element)) {
                kept.push(element);
            }
        }
        let fixed = kept.iter().take_while(|e| matches!(e, Element::One(Unit::Char(_)))).count();
        let beginning: SmolStr = kept[..fixed].iter().filter_map(Element::as_char).collect();
        let hash = hash(&beginning, &kept[fixed..]);
        let is_literal = fixed == kept.len();
        let named = kept.iter().filter_map(Element::as_char);
        let special = named.filter(|c| is_special(*c)).collect();
        Pattern { beginning, fixed, is_literal, special, elements: OnceLock::from(kept.into_boxed_slice()), hash }
    }

    /// The pattern of one string.
    pub(super) fn literal(text: impl Into<SmolStr>) -> Pattern {
        let beginning = text.into();
        let (fixed, hash) = (beginning.chars().count(), hash(&beginning, &[]));
        let special = beginning.chars().filter(|c| is_special(*c)).collect();
        Pattern { beginning, fixed, is_literal: true, special, elements: OnceLock::new(), hash }
    }

    /// The string, if there is only one.
    pub(super) fn as_literal(&self) -> Option<&SmolStr> {
        self.is_literal().then_some(&self.beginning)
    }

    pub(super) fn is_literal(&self) -> bool {
        self.is_literal
    }

    /// What follows the characters that every string begins with.
    fn rest(&self) -> &[Element] {
        if self.is_literal { &[] } else { self.elements().get(self.fixed..).unwrap_or_default() }
    }

    pub(super) fn elements(&self) -> &[Element] {
        self.elements.get_or_init(|| literal(&self.beginning).collect())
    }

    /// The characters that every string of the pattern begins with.
    pub(super) fn fixed_text(&self) -> &str {
        &self.beginning
    }

    /// True for the pattern of all strings.
    pub(super) fn is_everything(&self) -> bool {
        self.fixed == 0 && matches!(*self.rest(), [Element::Star(Class::All)])
    }

    /// The characters that the pattern names, of either case where it ignores case.
    pub(super) fn named(&self) -> impl Iterator<Item = char> + '_ {
        self.elements()
            .iter()
            .flat_map(|e| match e {
                Element::One(Unit::Char(c)) => [Some(*c), None],
                Element::One(Unit::Fold(c)) => [Some(*c), Some(c.to_ascii_uppercase())],
                Element::One(Unit::Any(_)) | Element::Star(_) => [None, None],
            })
            .flatten()
    }

    /// The symbols and marks that the pattern names.
    pub(super) fn special(&self) -> &[char] {
        &self.special
    }

    /// A number that is the same for equal patterns.
    pub(super) fn content_hash(&self) -> u64 {
        self.hash
    }

    /// True if the pattern matches the text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(tail) = text.strip_prefix(&*self.beginning) else { return false };
        let mut chars = tail.chars();
        match self.rest() {
            [] => chars.next().is_none(),
            [Element::Star(class)] => *class == Class::All || chars.all(|c| class.contains(c)),
            _ => {
                let mut positions = self.start_at(self.fixed);
                for c in chars {
                    positions = self.step(&positions, c);
                    if is_empty(&positions) {
                        return false;
                    }
                }
                self.accepts(&positions)
            }
        }
    }

    /// True if the fixed beginnings or ends of the two say that no string is matched by both.
    fn is_seen_apart(&self, other: &Pattern) -> bool {
        let (a, b) = (self.beginning.as_bytes(), other.beginning.as_bytes());
        let shared = a.len().min(b.len());
        if a[..shared] != b[..shared] {
            return true;
        }
        if self.is_literal || other.is_literal {
            return false;
        }
        let ends = self.rest().iter().rev().zip(other.rest().iter().rev());
        ends.map_while(|(a, b)| Some((a.as_char()?, b.as_char()?))).any(|(a, b)| a != b)
    }

    /// True if every string that `inner` matches is matched by this pattern.
    pub(super) fn covers(&self, inner: &Pattern) -> bool {
        if self.is_everything() || self == inner {
            return true;
        }
        if self.is_seen_apart(inner) {
            return false;
        }
        if let Some(text) = inner.as_literal() {
            return self.matches(text);
        }
        if self.is_literal() {
            // A class that holds one string only is no wildcard that the language has.
            return false;
        }
        if let ([Element::Star(Class::All)], true) = (self.rest(), self.fixed <= inner.fixed) {
            return true;
        }
        if self.fixed > inner.fixed {
            // Where this pattern names a character, `inner` has a choice: every class holds several.
            return false;
        }
        // Where both begin with the same characters there is nothing to decide.
        let from = self.fixed.min(inner.fixed);
        self.covers_by_repetitions(inner, from).unwrap_or_else(|| self.covers_by_positions(inner, from))
    }

    /// Follows every character that `inner` may have next through the positions of this pattern.
    fn covers_by_positions(&self, inner: &Pattern, from: usize) -> bool {
        let mut seen: FxHashSet<(usize, Positions)> = FxHashSet::default();
        let mut work = vec![(from, self.start_at(from))];
        while let Some((at, positions)) = work.pop() {
            if is_empty(&positions) {
                // What is left of `inner` matches something (every class does), and this pattern nothing more.
                return false;
            }
            if !seen.insert((at, positions.clone())) {
                continue;
            }
            let (class, next) = match inner.elements().get(at) {
                None => {
                    if !self.accepts(&positions) {
                        return false;
                    }
                    continue;
                }
                Some(Element::Star(class)) => {
                    work.push((at + 1, positions.clone()));
                    (Unit::Any(*class), at)
                }
                Some(Element::One(Unit::Char(c))) => {
                    work.push((at + 1, self.step(&positions, *c)));
                    continue;
                }
                Some(Element::One(Unit::Fold(c))) => {
                    work.push((at + 1, self.step(&positions, *c)));
                    work.push((at + 1, self.step(&positions, c.to_ascii_uppercase())));
                    continue;
                }
                Some(Element::One(unit)) => (*unit, at + 1),
            };
            let special = self.special.iter().chain(&inner.special).copied();
            let mut letters = Letters::new(special.chain([OTHER_SYMBOL]));
            self.names_next(&positions, &mut letters);
            // Repetitions stand for symbols, too.
            let within = |c: char| match class {
                Unit::Any(class) if next == at => class.contains(c),
                unit => unit.contains(c),
            };
            for c in letters.all().filter(|c| within(*c)) {
                work.push((next, self.step(&positions, c)));
            }
        }
        true
    }

    /// Whether every repetition of `inner` lies within a repetition of this pattern, read as one character that nothing
    /// else stands for. If so, this pattern covers `inner`. If not, it does not, for then the string with a character that
    /// this pattern does not name in the place of each repetition is one of `inner` alone; unless classes overlap in part
    /// or `?` stands for that character, which is left open here.
    fn covers_by_repetitions(&self, inner: &Pattern, from: usize) -> Option<bool> {
        let elements = self.elements();
        let mut exact = !self.rest().iter().any(|e| matches!(e, Element::One(Unit::Any(_))));
        let mut positions = self.start_at(from);
        let mut next: Positions = SmallVec::from_elem(0, positions.len());
        for element in inner.elements().get(from..)? {
            next.iter_mut().for_each(|word| *word = 0);
            for at in reached(&positions) {
                match (elements.get(at), element) {
                    (None, _) => {}
                    (Some(Element::Star(own)), Element::Star(class) | Element::One(Unit::Any(class))) => {
                        if own.includes(*class) {
                            self.reach(&mut next, at);
                        } else {
                            exact = false;
                        }
                    }
                    (Some(Element::Star(own)), Element::One(Unit::Char(c) | Unit::Fold(c))) => {
                        // No class tells the cases of a letter apart.
                        if own.contains(*c) {
                            self.reach(&mut next, at);
                        }
                    }
                    (Some(Element::One(_)), Element::Star(_)) => {}
                    (Some(Element::One(own)), Element::One(unit)) => {
                        let covered = match (own, unit) {
                            (own, Unit::Char(c)) => own.contains(*c),
                            (own, Unit::Fold(c)) => own.contains(*c) && own.contains(c.to_ascii_uppercase()),
                            (Unit::Any(own), Unit::Any(class)) => {
                                (*own == Class::Symbol) == (*class == Class::Symbol) && own.includes(*class)
                            }
                            (_, Unit::Any(_)) => false,
                        };
                        if covered {
                            self.reach(&mut next, at + 1);
                        }
                    }
                }
            }
            if is_empty(&next) {
                return exact.then_some(false);
            }
            std::mem::swap(&mut positions, &mut next);
        }
        if self.accepts(&positions) { Some(true) } else { exact.then_some(false) }
    }

    /// True if some string is matched by both.
    pub(super) fn meets(&self, other: &Pattern) -> bool {
        if self.is_everything() || other.is_everything() {
            return true;
        }
        if self.is_seen_apart(other) {
            return false;
        }
        if let Some(text) = other.as_literal() {
            return self.matches(text);
        }
        if let Some(text) = self.as_literal() {
            return other.matches(text);
        }
        let from = self.fixed.min(other.fixed);
        let (own, others) = (self.elements(), other.elements());
        meet_by_ends(&own[from..], &others[from..]).unwrap_or_else(|| self.meets_by_positions(other, from))
    }

    /// Follows both patterns at once.
    fn meets_by_positions(&self, other: &Pattern, from: usize) -> bool {
        let (own, others) = (self.elements(), other.elements());
        let width = others.len() + 1 - from;
        let mut seen: SmallVec<[u64; 32]> = SmallVec::from_elem(0, ((own.len() + 1 - from) * width).div_ceil(64));
        let mut work: SmallVec<[(usize, usize); 32]> = SmallVec::new();
        work.push((from, from));
        while let Some((i, j)) = work.pop() {
            let at = (i - from) * width + (j - from);
            if seen[at / 64] >> (at % 64) & 1 == 1 {
                continue;
            }
            seen[at / 64] |= 1 << (at % 64);
            match (own.get(i), others.get(j)) {
                (None, None) => return true,
                (Some(Element::One(a)), Some(Element::One(b))) if unit_meets(*a, *b) => work.push((i + 1, j + 1)),
                (Some(Element::Star(class)), b) => {
                    work.push((i + 1, j));
                    match b {
                        Some(Element::One(unit)) if class_meets(*class, *unit) => work.push((i, j + 1)),
                        // Both may stay where they are; each may end.
                        Some(Element::Star(_)) => work.push((i, j + 1)),
                        _ => {}
                    }
                }
                (Some(Element::One(unit)), Some(Element::Star(class))) => {
                    work.push((i, j + 1));
                    if class_meets(*class, *unit) {
                        work.push((i + 1, j));
                    }
                }
                (None, Some(Element::Star(_))) => work.push((i, j + 1)),
                _ => {}
            }
        }
        false
    }

    /// How many positions there are, the end included.
    pub(super) fn width(&self) -> usize {
        self.elements().len() + 1
    }

    fn start_at(&self, at: usize) -> Positions {
        let mut positions: Positions = SmallVec::from_elem(0, self.width().div_ceil(64));
        self.reach(&mut positions, at);
        positions
    }

    /// Adds a position, and those that an empty repetition leads to.
    fn reach(&self, positions: &mut [u64], mut at: usize) {
        loop {
            positions[at / 64] |= 1 << (at % 64);
            match self.elements().get(at) {
                Some(Element::Star(_)) => at += 1,
                _ => return,
            }
        }
    }

    /// The positions after one more character.
    fn step(&self, positions: &[u64], c: char) -> Positions {
        let mut next: Positions = SmallVec::from_elem(0, positions.len());
        self.step_into(positions, c, &mut next);
        next
    }

    /// Adds the positions after one more character.
    pub(super) fn step_into(&self, positions: &[u64], c: char, next: &mut [u64]) {
        let elements = self.elements();
        for at in reached(positions) {
            match elements.get(at) {
                Some(Element::Star(class)) if class.contains(c) => self.reach(next, at),
                Some(Element::One(unit)) if unit.contains(c) => self.reach(next, at + 1),
                _ => {}
            }
        }
    }

    /// Adds the characters that the pattern names at these positions; true if others may follow, too.
    pub(super) fn names_next(&self, positions: &[u64], letters: &mut Letters) -> bool {
        let elements = self.elements();
        let mut others = false;
        for at in reached(positions) {
            match elements.get(at) {
                Some(Element::One(Unit::Char(c))) => letters.named.push(*c),
                Some(Element::One(Unit::Fold(c))) => letters.named.extend([*c, c.to_ascii_uppercase()]),
                Some(_) => others = true,
                None => {}
            }
        }
        others
    }

    /// The positions reached by a text; `None` if no string that begins with it matches.
    pub(super) fn after(&self, text: &str) -> Option<Positions> {
        if self.beginning.starts_with(text) {
            return Some(self.start_at(text.chars().count()));
        }
        let mut positions = self.start_at(self.fixed);
        for c in text.strip_prefix(&*self.beginning)?.chars() {
            positions = self.step(&positions, c);
            if is_empty(&positions) {
                return None;
            }
        }
        Some(positions)
    }

    /// True if the end is among the positions.
    pub(super) fn accepts(&self, positions: &[u64]) -> bool {
        let end = self.elements().len();
        positions[end / 64] >> (end % 64) & 1 == 1
    }

    /// A string of the pattern, each repetition filled by what `fill` gives for the text so far, as far as its class
    /// allows.
    pub(super) fn filled(&self, mut fill: impl FnMut(&str, bool) -> &'static str) -> String {
        let mut text = String::new();
        for element in self.elements() {
            match element {
                Element::One(Unit::Char(c) | Unit::Fold(c)) => text.push(*c),
                Element::One(Unit::Any(Class::Digit)) => text.push('1'),
                Element::One(Unit::Any(_)) => text.push('x'),
                Element::Star(class) => {
                    let filling = fill(&text, *class == Class::All);
                    text.extend(filling.chars().filter(|c| class.contains(*c)));
                }
            }
        }
        text
    }
}

impl Element {
    fn as_char(&self) -> Option<char> {
        match self {
            Element::One(Unit::Char(c)) => Some(*c),
            _ => None,
        }
    }
}

pub(super) fn is_empty(positions: &[u64]) -> bool {
    positions.iter().all(|w| *w == 0)
}

fn reached(positions: &[u64]) -> impl Iterator<Item = usize> + '_ {
    positions.iter().enumerate().flat_map(|(word, bits)| {
        let mut bits = *bits;
        std::iter::from_fn(move || {
            (bits != 0).then(|| {
                let at = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                word * 64 + at
            })
        })
    })
}

/// Whether two patterns that both repeat any characters have a string in common: they do if their beginnings and ends
/// agree, since each can take in the middle of the other. `None` if one of them begins or ends with another repetition.
fn meet_by_ends(a: &[Element], b: &[Element]) -> Option<bool> {
    let agree = |pairs: &mut dyn Iterator<Item = (&Element, &Element)>| {
        let units = |(a, b): (&Element, &Element)| match (a, b) {
            (Element::One(a), Element::One(b)) => Some((*a, *b)),
            _ => None,
        };
        pairs.map_while(units).all(|(a, b)| unit_meets(a, b))
    };
    if !agree(&mut a.iter().zip(b)) || !agree(&mut a.iter().rev().zip(b.iter().rev())) {
        return Some(false);
    }
    let open = |elements: &[Element]| {
        let star = |e: &&Element| matches!(e, Element::Star(_));
        let ends = [elements.iter().find(star), elements.iter().rev().find(star)];
        ends.iter().all(|e| matches!(e, Some(Element::Star(Class::All))))
    };
    (open(a) && open(b)).then_some(true)
}

fn class_meets(class: Class, unit: Unit) -> bool {
    match unit {
        Unit::Char(c) => class.contains(c),
        Unit::Fold(c) => class.contains(c) || class.contains(c.to_ascii_uppercase()),
        // Every class but that of symbols holds the digits.
        Unit::Any(other) => {
            (class == Class::Symbol) == (other == Class::Symbol) || (other == Class::Symbol && class != Class::Digit)
        }
    }
}

fn unit_meets(a: Unit, b: Unit) -> bool {
    match (a, b) {
        (Unit::Any(x), Unit::Any(y)) => (x == Class::Symbol) == (y == Class::Symbol),
        (Unit::Any(_), Unit::Char(c)) => a.contains(c),
        (Unit::Any(_), Unit::Fold(c)) => a.contains(c),
        (Unit::Char(c), _) => b.contains(c),
        (Unit::Fold(c), Unit::Fold(d)) => c == d,
        (Unit::Fold(_), _) => unit_meets(b, a),
    }
}

/// Characters that tell patterns apart at the positions that they have reached: those that they name there, and one of
/// each kind that none of them names.
#[derive(Debug)]
pub(super) struct Letters {
    named: SmallVec<[char; 16]>,
    special: SmallVec<[char; 4]>,
}

impl Letters {
    /// `special`: the symbols and marks that any of the patterns names.
    pub(super) fn new(special: impl IntoIterator<Item = char>) -> Letters {
        let mut special: SmallVec<[char; 4]> = special.into_iter().collect();
        special.sort_unstable();
        special.dedup();
        Letters { named: SmallVec::new(), special }
    }

    pub(super) fn clear(&mut self) {
        self.named.clear();
    }

    /// The characters.
    pub(super) fn all(&mut self) -> impl Iterator<Item = char> + '_ {
        self.named.sort_unstable();
        self.named.dedup();
        let named = &self.named;
        let is_new = |c: &char| named.binary_search(c).is_err();
        let letter = ('a'..='z').chain('A'..='Z').chain('\u{370}'..='\u{3ff}').find(is_new);
        let digit = ('0'..='9').find(is_new);
        let special = self.special.iter().copied().chain([':', '/']).filter(is_new);
        named.iter().copied().chain(letter).chain(digit).chain(special)
    }
}

/// The characters of a text, as elements.
pub(super) fn literal(text: &str) -> impl Iterator<Item = Element> + '_ {
    text.chars().map(|c| Element::One(Unit::Char(c)))
}

/// A glob of the policy language: `*` and `?` stand for characters of the class.
pub(super) fn glob(text: &str, class: Class) -> impl Iterator<Item = Element> + '_ {
    text.chars().map(move |c| match c {
        '*' => Element::Star(class),
        '?' => Element::One(Unit::Any(class)),
        c => Element::One(Unit::Char(c)),
    })
}

/// The characters of a text, ASCII letters in either case.
pub(super) fn folded(text: &str) -> impl Iterator<Item = Element> + '_ {
    text.chars()
        .map(|c| Element::One(if c.is_ascii_alphabetic() { Unit::Fold(c.to_ascii_lowercase()) } else { Unit::Char(c) }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern() -> impl Strategy<Value = Pattern> {
        let elements = prop_oneof![
            4 => prop_oneof![Just('a'), Just('b'), Just(':'), Just('/')].prop_map(|c| Element::One(Unit::Char(c))),
            1 => Just(Element::One(Unit::Fold('a'))),
            1 => Just(Element::One(Unit::Any(Class::All))),
            1 => Just(Element::One(Unit::Any(Class::NoColon))),
            3 => Just(Element::Star(Class::All)),
            2 => Just(Element::Star(Class::NoColon)),
            1 => Just(Element::Star(Class::Name)),
        ];
        proptest::collection::vec(elements, 0..7).prop_map(Pattern::new)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn quick_answers_are_those_of_the_thorough_ways(a in pattern(), b in pattern()) {
            if let Some(answer) = a.covers_by_repetitions(&b, 0) {
                prop_assert_eq!(answer, a.covers_by_positions(&b, 0), "{:?} covers {:?}", a.elements(), b.elements());
            }
            if let Some(answer) = meet_by_ends(a.elements(), b.elements()) {
                prop_assert_eq!(answer, a.meets_by_positions(&b, 0), "{:?} meets {:?}", a.elements(), b.elements());
            }
        }
    }
}
