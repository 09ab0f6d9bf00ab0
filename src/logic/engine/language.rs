//! Sets of strings: unions of patterns, and whether a string lies in some of them and outside of others.

use std::sync::Arc;

use rustc_hash::FxHashSet;
use smallvec::SmallVec;
use smol_str::SmolStr;

use super::budget::{Budget, TOO_MANY_STEPS};
use super::pattern::{Class, Element, Pattern, Unit};
use super::{product, variable};

/// An answer about a set: something of it, nothing there, or not found out (and why).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<T> {
    Some(T),
    Nothing,
    Unknown(&'static str),
}

impl<T> Found<T> {
    pub(super) fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Found::Some(t) => Found::Some(f(t)),
            Found::Nothing => Found::Nothing,
            Found::Unknown(why) => Found::Unknown(why),
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        matches!(self, Found::Nothing)
    }
}

/// A union of patterns; without any it is empty.
#[derive(Debug, Default)]
pub(super) struct Language {
    /// The strings among the patterns.
    literals: FxHashSet<SmolStr>,
    /// The strings, as patterns, and the patterns that stand for several strings.
    patterns: Vec<Arc<Pattern>>,
    globs: Vec<Arc<Pattern>>,
    has_variables: bool,
    /// The same for languages of the same patterns.
    hash: u64,
}

impl PartialEq for Language {
    fn eq(&self, other: &Language) -> bool {
        self.hash == other.hash
            && self.literals == other.literals
            && self.globs.len() == other.globs.len()
            && self.globs.iter().all(|p| other.globs.contains(p))
    }
}

pub(super) const VARIABLE_MEETS_TEXT: &str = "a policy variable would have to equal a part of another pattern";

impl Language {
    pub(super) fn new(patterns: impl IntoIterator<Item = Arc<Pattern>>) -> Language {
        let mut language = Language::default();
        for pattern in patterns {
            language.has_variables |= pattern.special().iter().copied().any(variable::is_letter);
            let is_new = match pattern.as_literal() {
                Some(text) => language.literals.insert(text.clone()),
                None => !language.globs.contains(&pattern),
            };
            if is_new {
                if !pattern.is_literal() {
                    language.globs.push(Arc::clone(&pattern));
                }
                language.hash = language.hash.wrapping_add(pattern.content_hash());
                language.patterns.push(pattern);
            }
        }
        language
    }

    pub(super) fn of(pattern: Pattern) -> Language {
        Language::new([Arc::new(pattern)])
    }

    /// A number that is the same for equal languages.
    pub(super) fn content_hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn patterns(&self) -> &[Arc<Pattern>] {
        &self.patterns
    }

    /// Steps that it takes to see whether a string is in the language, roughly.
    pub(super) fn cost_of_text(&self) -> usize {
        2 + 8 * self.globs.len()
    }

    /// The patterns that stand for several strings.
    pub(super) fn globs(&self) -> &[Arc<Pattern>] {
        &self.globs
    }

    /// The strings among the patterns.
    pub(super) fn literals(&self) -> impl Iterator<Item = &SmolStr> {
        self.literals.iter()
    }

    /// True if some pattern holds a policy variable.
    pub(super) fn has_variables(&self) -> bool {
        self.has_variables
    }

    /// The strings, if there are finitely many.
    pub(super) fn finite(&self) -> Option<impl Iterator<Item = &SmolStr>> {
        self.globs.is_empty().then(|| self.literals.iter())
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.literals.contains(text) || self.globs.iter().any(|p| p.matches(text))
    }

    /// True if one of the patterns covers the given one; the union may cover it without that.
    pub(super) fn covers_simply(&self, pattern: &Pattern) -> bool {
        match pattern.as_literal() {
            Some(text) => self.contains(text),
            None => self.globs.iter().any(|p| p.covers(pattern)),
        }
    }

    /// Steps that it takes to compare the pattern with this language, roughly.
    pub(super) fn cost(&self, pattern: &Pattern) -> usize {
        // Strings are told apart by their beginnings; two patterns cost the product of their lengths.
        let each = if pattern.is_literal() { 4 } else { 4 + pattern.width() };
        1 + self.globs.len() * each + if pattern.is_literal() { 0 } else { self.literals.len() }
    }

    /// What every string of the pattern, or none, or some, is in this language.
    pub(super) fn relation(&self, pattern: &Pattern) -> Relation {
        if self.covers_simply(pattern) {
            Relation::Covers
        } else if pattern.is_literal() || !self.patterns.iter().any(|p| p.meets(pattern)) {
            Relation::Apart
        } else {
            Relation::Partly
        }
    }
}

/// How a language lies to a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Relation {
    /// One of its patterns covers the whole of it.
    Covers,
    /// They have no string in common.
    Apart,
    /// Neither is known.
    Partly,
}

/// Offers strings to try first for a pattern, until one is taken; see [`find`].
pub(super) type Prefer<'a> = &'a mut dyn FnMut(&Pattern, Fits<'_>);

/// Says whether a string will do.
pub(super) type Fits<'a> = &'a mut dyn FnMut(&str) -> bool;

/// Finds a string that is in every one of `inside` and in none of `outside`. `prefer` offers strings to try first, given
/// a pattern that they should match; they need not.
pub(super) fn find(inside: &[&Language], outside: &[&Language], prefer: Prefer<'_>, budget: &Budget) -> Found<SmolStr> {
    let everything;
    let narrowest = match inside.iter().min_by_key(|l| l.patterns.len()) {
        Some(language) => *language,
        None => {
            everything = Language::of(Pattern::new([Element::Star(Class::All)]));
            &everything
        }
    };
    let mut unknown = None;
    for pattern in &narrowest.patterns {
        match find_in(pattern, inside, narrowest, outside, prefer, budget) {
            Found::Nothing => {}
            Found::Some(text) => return Found::Some(text),
            Found::Unknown(why) => unknown = Some(why),
        }
    }
    match unknown {
        Some(why) => Found::Unknown(why),
        None => Found::Nothing,
    }
}

fn find_in(
    pattern: &Arc<Pattern>,
    inside: &[&Language],
    own: &Language,
    outside: &[&Language],
    prefer: Prefer<'_>,
    budget: &Budget,
) -> Found<SmolStr> {
    if budget.is_spent() {
        return Found::Unknown(TOO_MANY_STEPS);
    }
    let fits = |text: &str| inside.iter().all(|l| l.contains(text)) && !outside.iter().any(|l| l.contains(text));
    let variables = inside.iter().any(|l| l.has_variables);
    if !variables && let Some(text) = pattern.as_literal() {
        return if fits(text) { Found::Some(text.clone()) } else { Found::Nothing };
    }
    // Narrow the pattern down to the smallest that is known to hold every string sought.
    let mut current = Arc::clone(pattern);
    let mut open: SmallVec<[product::Group<'_>; 4]> = SmallVec::new();
    let others = inside.iter().filter(|l| !std::ptr::eq(**l, own));
    for language in others {
        budget.spend(language.cost(&current));
        if language.covers_simply(&current) {
            continue;
        }
        let meeting: product::Group<'_> = language.patterns.iter().filter(|p| p.meets(&current)).collect();
        match &*meeting {
            [] if variables => return entangled(&current, inside, outside, budget),
            [] => return Found::Nothing,
            [one] if current.covers(one) => current = Arc::clone(one),
            _ => open.push(meeting),
        }
    }
    let mut against: SmallVec<[&Arc<Pattern>; 8]> = SmallVec::new();
    for language in outside {
        budget.spend(language.cost(&current));
        if language.covers_simply(&current) {
            return Found::Nothing;
        }
        against.extend(language.patterns.iter().filter(|p| p.meets(&current)));
    }
    let mut found = None;
    let mut try_text = |text: &str| {
        let good = found.is_none() && fits(text);
        if good {
            found = Some(SmolStr::new(text));
        }
        good
    };
    prefer(&current, &mut try_text);
    if let Some(text) = found {
        return Found::Some(text);
    }
    if open.is_empty() && against.is_empty() {
        let text = current.filled(|_, _| "example");
        return if fits(&text) { Found::Some(text.into()) } else { product::search(&current, &open, &against, budget) };
    }
    match product::search(&current, &open, &against, budget) {
        Found::Nothing if variables && !open.is_empty() => entangled(&current, inside, outside, budget),
        answer => answer,
    }
}

/// No string was found with policy variables taken as letters of their own. That is the answer, unless the variable's
/// value might coincide with what another pattern demands.
fn entangled(pattern: &Arc<Pattern>, inside: &[&Language], outside: &[&Language], budget: &Budget) -> Found<SmolStr> {
    let loosen = |p: &Pattern| {
        let loose = p.elements().iter().map(|e| match e {
            Element::One(Unit::Char(c)) if variable::is_letter(*c) => Element::Star(Class::All),
            e => *e,
        });
        Arc::new(Pattern::new(loose))
    };
    let pattern = loosen(pattern);
    let languages: Vec<Vec<Arc<Pattern>>> =
        inside.iter().map(|l| l.patterns.iter().map(|p| loosen(p)).collect()).collect();
    let open: Vec<product::Group<'_>> = languages.iter().map(|l| l.iter().collect()).collect();
    let without_variables = |p: &&Arc<Pattern>| !p.special().iter().copied().any(variable::is_letter);
    let against: SmallVec<[&Arc<Pattern>; 8]> =
        outside.iter().flat_map(|l| &l.patterns).filter(without_variables).collect();
    match product::search(&pattern, &open, &against, budget) {
        Found::Nothing => Found::Nothing,
        _ => Found::Unknown(VARIABLE_MEETS_TEXT),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pattern::{folded, glob};
    use super::*;

    fn language(globs: &[String]) -> Language {
        Language::new(globs.iter().map(|g| Arc::new(Pattern::new(glob(g, Class::All)))))
    }

    fn none(_: &Pattern, _: Fits<'_>) {}

    #[test]
    fn letters_in_either_case_meet_and_cover() {
        let a = Pattern::new(folded("True"));
        assert!(a.matches("tRUE"));
        assert!(a.meets(&Pattern::new(folded("TRUE"))));
        assert!(a.covers(&Pattern::literal("TRUE")));
        assert!(Pattern::new(glob("*", Class::All)).covers(&a));
        assert!(Pattern::new(glob("????", Class::All)).covers(&a));
        assert!(!Pattern::new(glob("T*", Class::All)).covers(&a));
    }

    #[test]
    fn a_wildcard_stays_within_its_class() {
        let part = Pattern::new(glob("a*:b", Class::NoColon));
        assert!(part.matches("axx:b"));
        assert!(!part.matches("a:x:b"));
        assert!(!part.covers(&Pattern::new(glob("a*:b", Class::All))));
        assert!(Pattern::new(glob("a*:b", Class::All)).covers(&part));
    }

    fn patterns() -> impl Strategy<Value = Vec<String>> {
        proptest::collection::vec("[ab*?]{0,4}", 1..3)
    }

    proptest! {
        #[test]
        fn what_is_found_fits_and_nothing_that_fits_is_missed(a in patterns(), b in patterns(), c in patterns()) {
            let (x, y, z) = (language(&a), language(&b), language(&c));
            let fits = |t: &str| x.contains(t) && y.contains(t) && !z.contains(t);
            match find(&[&x, &y], &[&z], &mut none, &Budget::default()) {
                Found::Some(text) => prop_assert!(fits(&text), "{text}"),
                Found::Nothing => {
                    let mut texts = vec![String::new()];
                    for _ in 0..6 {
                        let longer: Vec<String> =
                            texts.iter().flat_map(|t| ["a", "b", "c"].map(|l| format!("{t}{l}"))).collect();
                        texts.extend(longer);
                        texts.sort();
                        texts.dedup();
                    }
                    for t in &texts {
                        prop_assert!(!fits(t), "{t}");
                    }
                }
                Found::Unknown(why) => prop_assert!(false, "{why}"),
            }
        }
    }
}
