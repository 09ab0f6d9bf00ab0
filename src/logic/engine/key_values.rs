//! Values of one condition key that satisfy several constraints at once. A request carries none, one, or (for keys with
//! several values) a set of them; the set operators ask only whether all or some of its members lie in a set.

use smol_str::SmolStr;

use super::budget::Budget;
use super::compile::{Literal, Test};
use super::language::{Found, Language, Prefer};
use super::pattern::Pattern;
use super::value::{Values, find_value};

/// Whether a literal holds for concrete values.
pub(super) fn holds(literal: &Literal, values: &[SmolStr]) -> bool {
    let test = match &literal.constraint.test {
        Test::In(_) => true,
        Test::Absent => values.is_empty(),
        Test::Value { values: set, negated, or_absent } => match values {
            [] => *or_absent,
            [one] => set.contains(one) != *negated,
            _ => false,
        },
        // A key with an empty text counts as one without values here.
        Test::All { values: set, negated } => values.iter().all(|v| v.is_empty() || set.contains(v) != *negated),
        Test::Any { values: set, negated, or_absent } => {
            (values.is_empty() && *or_absent) || values.iter().any(|v| set.contains(v) != *negated)
        }
    };
    test == literal.holds
}

/// Finds values for which all the literals hold; none at all, if that is allowed and will do.
pub(super) fn find_values(
    literals: &[&Literal],
    multivalued: bool,
    always_present: bool,
    prefer: Prefer<'_>,
    budget: &Budget,
) -> Found<Vec<SmolStr>> {
    let fits = |values: &[SmolStr]| literals.iter().all(|l| holds(l, values));
    if !always_present && fits(&[]) {
        return Found::Some(Vec::new());
    }
    if fits(&[SmolStr::default()]) && literals.iter().any(|l| matches!(l.constraint.test, Test::All { .. })) {
        return Found::Some(vec![SmolStr::default()]);
    }
    // One value: every literal says whether it is to be in a set.
    let mut sets: Vec<(&Values, bool)> = Vec::new();
    let mut possible = true;
    for literal in literals {
        match &literal.constraint.test {
            Test::In(_) => {}
            Test::Absent => possible &= !literal.holds,
            Test::Value { values, negated, .. } | Test::All { values, negated } | Test::Any { values, negated, .. } => {
                sets.push((values, literal.holds != *negated));
            }
        }
    }
    let mut unknown = None;
    if possible {
        match find_value(&sets, prefer, budget) {
            Found::Some(value) => return Found::Some(vec![value]),
            Found::Nothing => {}
            Found::Unknown(why) => unknown = Some(why),
        }
    }
    if multivalued && possible {
        match find_several(literals, prefer, budget) {
            Found::Nothing => {}
            found => return found,
        }
    }
    unknown.map_or(Found::Nothing, Found::Unknown)
}

/// Finds two or more values.
fn find_several(literals: &[&Literal], prefer: Prefer<'_>, budget: &Budget) -> Found<Vec<SmolStr>> {
    // What every value has to fulfil, and what some value has to.
    let mut every: Vec<(&Values, bool)> = Vec::new();
    let mut some: Vec<(&Values, bool)> = Vec::new();
    for literal in literals {
        match (&literal.constraint.test, literal.holds) {
            (Test::In(_) | Test::Absent, _) => {}
            // Never true of several values.
            (Test::Value { .. }, true) => return Found::Nothing,
            (Test::Value { .. }, false) => {}
            (Test::All { values, negated }, true) => every.push((values, !negated)),
            (Test::All { values, negated }, false) => some.push((values, *negated)),
            (Test::Any { values, negated, .. }, true) => some.push((values, !negated)),
            (Test::Any { values, negated, .. }, false) => every.push((values, *negated)),
        }
    }
    let mut members: Vec<SmolStr> = Vec::new();
    let mut add = |value: SmolStr| {
        if !members.contains(&value) {
            members.push(value);
        }
    };
    for wanted in some {
        let mut sets = every.clone();
        sets.push(wanted);
        match find_value(&sets, prefer, budget) {
            Found::Some(value) => add(value),
            Found::Nothing => return Found::Nothing,
            Found::Unknown(why) => return Found::Unknown(why),
        }
    }
    while members.len() < 2 {
        let taken =
            Values::Text(Language::new(members.iter().map(|m| std::sync::Arc::new(Pattern::literal(m.clone())))));
        let mut sets = every.clone();
        sets.push((&taken, false));
        match find_value(&sets, prefer, budget) {
            Found::Some(value) => members.push(value),
            Found::Nothing => return Found::Nothing,
            Found::Unknown(why) => return Found::Unknown(why),
        }
    }
    // An empty text among several values is one of them, and no absence; such sets are not looked for.
    if literals.iter().all(|l| holds(l, &members)) { Found::Some(members) } else { Found::Unknown(EMPTY_TEXT) }
}

const EMPTY_TEXT: &str = "a condition key would have to hold an empty text among others";
