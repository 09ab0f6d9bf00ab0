//! Patterns over strings: what a glob of the policy language, an ARN pattern or the shape of a caller's identity comes
//! down to. A pattern is a chain of single characters and repetitions; every question about patterns (does one cover
//! another, do they meet) is decided by simulating their positions, without approximation.
//!
//! Characters are compared exactly. Symbols (unknown values) are letters that only a repetition or the same symbol
//! stands for: `?` does not, since the length of an unknown value is unknown.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashSet, FxHasher};
use smallvec::SmallVec;

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
    elements: Box<[Element]>,
    /// How many of the first elements are plain characters.
    fixed: usize,
    hash: u64,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.hash == other.hash && self.elements == other.elements
    }
}

impl Eq for Pattern {}

impl Hash for Pattern {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash.hash(state);
    }
}

impl Class {
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
        let mut hasher = FxHasher::default();
        kept.hash(&mut hasher);
        Pattern { elements: kept.into_boxed_slice(), fixed, hash: hasher.finish() }
    }

    /// The pattern of one string.
    pub(super) fn literal(text: &str) -> Pattern {
        Pattern::new(literal(text))
    }

    /// The string, if there is only one.
    pub(super) fn as_literal(&self) -> Option<String> {
        self.is_literal().then(|| self.elements.iter().filter_map(Element::as_char).collect())
    }

    pub(super) fn is_literal(&self) -> bool {
        self.fixed == self.elements.len()
    }

    pub(super) fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The characters that every string of the pattern begins with.
    pub(super) fn fixed_text(&self) -> String {
        self.elements[..self.fixed].iter().filter_map(Element::as_char).collect()
    }

    /// True for the pattern of all strings.
    pub(super) fn is_everything(&self) -> bool {
        matches!(*self.elements, [Element::Star(Class::All)])
    }

    /// The characters that the pattern names, of either case where it ignores case.
    pub(super) fn named(&self) -> impl Iterator<Item = char> + '_ {
        self.elements
            .iter()
            .flat_map(|e| match e {
                Element::One(Unit::Char(c)) => [Some(*c), None],
                Element::One(Unit::Fold(c)) => [Some(*c), Some(c.to_ascii_uppercase())],
                Element::One(Unit::Any(_)) | Element::Star(_) => [None, None],
            })
            .flatten()
    }

    /// True if the pattern matches the text.
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut chars = text.chars();
        for element in &self.elements[..self.fixed] {
            if chars.next() != element.as_char() {
                return false;
            }
        }
        let rest = &self.elements[self.fixed..];
        match rest {
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

    /// True if the fixed beginnings of the two say that no string is matched by both.
    fn begins_apart(&self, other: &Pattern) -> bool {
        let shared = self.fixed.min(other.fixed);
        self.elements[..shared] != other.elements[..shared]
    }

    /// True if every string that `inner` matches is matched by this pattern.
    pub(super) fn covers(&self, inner: &Pattern) -> bool {
        if self.is_everything() || self == inner {
            return true;
        }
        if self.begins_apart(inner) {
            return false;
        }
        if let Some(text) = inner.as_literal() {
            return self.matches(&text);
        }
        if self.is_literal() {
            // A class that holds one string only is no wildcard that the language has.
            return false;
        }
        if let ([Element::Star(Class::All)], true) = (&self.elements[self.fixed..], self.fixed <= inner.fixed) {
            return true;
        }
        if self.fixed > inner.fixed {
            // Where this pattern names a character, `inner` has a choice: every class holds several.
            return false;
        }
        let letters = letters([self, inner].into_iter());
        let mut seen: FxHashSet<(usize, Positions)> = FxHashSet::default();
        // Where both begin with the same characters there is nothing to decide.
        let from = self.fixed.min(inner.fixed);
        let mut work = vec![(from, self.start_at(from))];
        while let Some((at, positions)) = work.pop() {
            if is_empty(&positions) {
                // What is left of `inner` matches something (every class does), and this pattern nothing more.
                return false;
            }
            if !seen.insert((at, positions.clone())) {
                continue;
            }
            match inner.elements.get(at) {
                None => {
                    if !self.accepts(&positions) {
                        return false;
                    }
                }
                Some(Element::Star(class)) => {
                    for c in letters.iter().filter(|c| class.contains(**c)) {
                        work.push((at, self.step(&positions, *c)));
                    }
                    work.push((at + 1, positions));
                }
                Some(Element::One(unit)) => {
                    for c in letters.iter().filter(|c| unit.contains(**c)) {
                        work.push((at + 1, self.step(&positions, *c)));
                    }
                }
            }
        }
        true
    }

    /// True if some string is matched by both.
    pub(super) fn meets(&self, other: &Pattern) -> bool {
        if self.is_everything() || other.is_everything() {
            return true;
        }
        if self.begins_apart(other) {
            return false;
        }
        if let Some(text) = other.as_literal() {
            return self.matches(&text);
        }
        if let Some(text) = self.as_literal() {
            return other.matches(&text);
        }
        let from = self.fixed.min(other.fixed);
        let width = other.elements.len() + 1;
        let mut seen = vec![false; (self.elements.len() + 1) * width];
        let mut work = vec![(from, from)];
        while let Some((i, j)) = work.pop() {
            if std::mem::replace(&mut seen[i * width + j], true) {
                continue;
            }
            match (self.elements.get(i), other.elements.get(j)) {
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
        self.elements.len() + 1
    }

    pub(super) fn start(&self) -> Positions {
        self.start_at(0)
    }

    fn start_at(&self, at: usize) -> Positions {
        let mut positions: Positions = SmallVec::from_elem(0, self.width().div_ceil(64));
        self.reach(&mut positions, at);
        positions
    }

    /// Adds a position, and those that an empty repetition leads to.
    fn reach(&self, positions: &mut Positions, mut at: usize) {
        loop {
            positions[at / 64] |= 1 << (at % 64);
            match self.elements.get(at) {
                Some(Element::Star(_)) => at += 1,
                _ => return,
            }
        }
    }

    /// The positions after one more character.
    pub(super) fn step(&self, positions: &[u64], c: char) -> Positions {
        let mut next: Positions = SmallVec::from_elem(0, positions.len());
        for at in reached(positions) {
            match self.elements.get(at) {
                Some(Element::Star(class)) if class.contains(c) => self.reach(&mut next, at),
                Some(Element::One(unit)) if unit.contains(c) => self.reach(&mut next, at + 1),
                _ => {}
            }
        }
        next
    }

    /// True if the end is among the positions.
    pub(super) fn accepts(&self, positions: &[u64]) -> bool {
        let end = self.elements.len();
        positions[end / 64] >> (end % 64) & 1 == 1
    }

    /// What may come next at these positions.
    pub(super) fn next_elements<'a>(&'a self, positions: &'a [u64]) -> impl Iterator<Item = Element> + 'a {
        reached(positions).filter_map(|at| self.elements.get(at).copied())
    }

    /// A string of the pattern, each repetition filled by what `fill` gives for the text so far, as far as its class
    /// allows.
    pub(super) fn filled(&self, mut fill: impl FnMut(&str, bool) -> &'static str) -> String {
        let mut text = String::new();
        for element in &self.elements {
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

/// Characters that tell the patterns apart: those that they name, and one of each kind that none of them names.
pub(super) fn letters<'a>(patterns: impl Iterator<Item = &'a Pattern>) -> Vec<char> {
    let mut letters: Vec<char> = patterns.flat_map(Pattern::named).collect();
    letters.sort_unstable();
    letters.dedup();
    let mut others: SmallVec<[char; 6]> = SmallVec::new();
    let unnamed =
        |mut candidates: std::ops::RangeInclusive<char>| candidates.find(|c| letters.binary_search(c).is_err());
    others.extend(unnamed('a'..='z').or_else(|| unnamed('A'..='Z')).or_else(|| unnamed('\u{370}'..='\u{3ff}')));
    others.extend(unnamed('0'..='9'));
    others.extend([':', '/'].into_iter().filter(|c| letters.binary_search(c).is_err()));
    letters.extend(others);
    letters
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
