//! IAM's patterns: `*` stands for any characters, `?` for exactly one.
//!
//! Text may hold [`Symbol`]s (unknown values): a symbol equals itself; `*` covers it; `?` does not, since its length
//! is not known. Answers about symbols are therefore "certainly so", never "possibly".

use std::str::Chars;

use smallvec::SmallVec;

use crate::source::Symbol;

/// True if the pattern certainly matches the text.
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_by(pattern.as_bytes(), text.as_bytes(), |a, b| a == b)
}

/// As [`matches()`], ignoring ASCII case.
pub fn matches_ignore_case(pattern: &str, text: &str) -> bool {
    matches_by(pattern.as_bytes(), text.as_bytes(), |a, b| a.eq_ignore_ascii_case(&b))
}

/// Greedy with one point of return, which is enough for `*`. Works on UTF-8 bytes: `?` and a return take whole
/// characters, and everything else compares byte by byte.
fn matches_by(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                p += 1;
                retry = Some((p, t));
                continue;
            }
            Some(b'?') if !starts_symbol(&text[t..]) => {
                p += 1;
                t += character_length(text[t]);
                continue;
            }
            Some(c) if *c != b'?' && same(*c, text[t]) => {
                p += 1;
                t += 1;
                continue;
            }
            _ => {}
        }
        match &mut retry {
            Some((after, from)) => {
                *from += character_length(text[*from]);
                (p, t) = (*after, *from);
            }
            None => return false,
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// Bytes of the UTF-8 character that begins with this byte.
fn character_length(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        0xF0.. => 4,
    }
}

/// True if a symbol's character begins here; see [`Symbol::occurs_in`].
fn starts_symbol(bytes: &[u8]) -> bool {
    match bytes.first() {
        Some(0xF4) => true,
        Some(0xF3) => bytes.get(1).is_some_and(|b| *b >= 0xB0),
        _ => false,
    }
}

/// True if every text that `inner` matches is matched by `outer`.
///
/// Decided by the simulation of `outer` over `inner`'s letters; a fresh letter stands for the ones that neither
/// names, which is exact because patterns tell letters apart only by naming them.
pub fn covers(outer: &str, inner: &str) -> bool {
    if outer == "*" || outer == inner {
        return true;
    }
    if !has_wildcard(inner) {
        return matches(outer, inner);
    }
    match outer.find(['*', '?']) {
        // A literal is one text, and a pattern matches others too.
        None => return false,
        // A prefix: whatever `inner` matches begins with the prefix only if `inner` itself does.
        Some(at) if at + 1 == outer.len() && outer.ends_with('*') => {
            let fixed = inner.find(['*', '?']).unwrap_or(inner.len());
            return at <= fixed && inner.as_bytes().starts_with(&outer.as_bytes()[..at]);
        }
        Some(_) => {}
    }
    if !outer.contains('?') {
        // `inner`'s wildcards, taken as letters, can only be met by stars, and a star that meets a letter meets any text
        // in its place.
        return matches(outer, inner);
    }
    let outer: Vec<char> = outer.chars().collect();
    let inner: Vec<char> = inner.chars().collect();
    // States of `outer` as a set; `inner`'s star may repeat any letter, also a fresh one that `outer` never names.
    let letters: Vec<Option<char>> = {
        let mut named: Vec<char> = outer.iter().chain(&inner).copied().filter(|c| !matches!(c, '*' | '?')).collect();
        named.sort_unstable();
        named.dedup();
        named.into_iter().map(Some).chain([None]).collect()
    };
    let mut seen = rustc_hash::FxHashSet::default();
    let mut work = vec![(0usize, close(&outer, vec![0]))];
    while let Some((i, states)) = work.pop() {
        if states.is_empty() {
            // The rest of `inner` matches some text, and `outer` has no way left.
            return false;
        }
        if !seen.insert((i, states.clone())) {
            continue;
        }
        match inner.get(i) {
            None => {
                if !states.contains(&outer.len()) {
                    return false;
                }
            }
            Some('*') => {
                work.push((i + 1, states.clone()));
                work.extend(letters.iter().map(|letter| (i, step(&outer, &states, *letter))));
            }
            Some('?') => {
                let known = letters.iter().filter(|l| l.is_none_or(|c| Symbol::of(c).is_none()));
                work.extend(known.map(|letter| (i + 1, step(&outer, &states, *letter))));
            }
            Some(c) => work.push((i + 1, step(&outer, &states, Some(*c)))),
        }
    }
    true
}

fn close(pattern: &[char], mut states: Vec<usize>) -> Vec<usize> {
    let mut i = 0;
    while i < states.len() {
        let s = states[i];
        if pattern.get(s) == Some(&'*') && !states.contains(&(s + 1)) {
            states.push(s + 1);
        }
        i += 1;
    }
    states.sort_unstable();
    states
}

/// The states after one letter; `None` is a letter that the patterns do not name.
fn step(pattern: &[char], states: &[usize], letter: Option<char>) -> Vec<usize> {
    let mut next = Vec::with_capacity(states.len());
    for &s in states {
        let to = match (pattern.get(s), letter) {
            (Some('*'), _) => s,
            (Some('?'), None) => s + 1,
            (Some('?'), Some(l)) if Symbol::of(l).is_none() => s + 1,
            (Some(c), Some(l)) if *c == l && *c != '?' => s + 1,
            _ => continue,
        };
        if !next.contains(&to) {
            next.push(to);
        }
    }
    close(pattern, next)
}

/// True if some text is matched by both patterns. A symbol may be any text of its own, but only the same symbol or a
/// wildcard is taken to meet it; use [`may_meet`] where an unknown may be anything.
pub fn meet(a: &str, b: &str) -> bool {
    intersects(a, b, false)
}

/// True unless it is certain that no text is matched by both, whatever the unknown values turn out to be.
pub fn may_meet(a: &str, b: &str) -> bool {
    intersects(a, b, true)
}

fn intersects(a: &str, b: &str, unknown_is_any: bool) -> bool {
    let letter = |c: char| if unknown_is_any && Symbol::of(c).is_some() { '*' } else { c };
    let is_wild = |c: char| matches!(c, '*' | '?');
    // What both begin and end with has to be the same; most patterns are told apart by that.
    let (mut a, mut b) = (a.chars(), b.chars());
    while let (Some(x), Some(y)) = (a.clone().next().map(letter), b.clone().next().map(letter)) {
        if is_wild(x) || is_wild(y) {
            break;
        }
        if x != y {
            return false;
        }
        a.next();
        b.next();
    }
    while let (Some(x), Some(y)) = (a.clone().next_back().map(letter), b.clone().next_back().map(letter)) {
        if is_wild(x) || is_wild(y) {
            break;
        }
        if x != y {
            return false;
        }
        a.next_back();
        b.next_back();
    }
    let is_star = |c: Option<char>| c.map(letter) == Some('*');
    let is_only_star = |s: &str| !s.is_empty() && s.chars().all(|c| letter(c) == '*');
    if is_only_star(a.as_str()) || is_only_star(b.as_str()) {
        return true;
    }
    // One is open at its start and the other at its end: a text of the latter and one of the former in a row meet both.
    let is_open =
        |start: &Chars<'_>, end: &Chars<'_>| is_star(start.clone().next()) && is_star(end.clone().next_back());
    if is_open(&a, &b) || is_open(&b, &a) {
        return true;
    }
    let letters = |s: Chars<'_>| s.map(letter).collect::<SmallVec<[char; 64]>>();
    intersects_by_states(&letters(a), &letters(b))
}

fn intersects_by_states(a: &[char], b: &[char]) -> bool {
    let width = b.len() + 1;
    let mut seen: SmallVec<[bool; 1024]> = smallvec::smallvec![false; (a.len() + 1) * width];
    let mut work: SmallVec<[(usize, usize); 32]> = smallvec::smallvec![(0, 0)];
    while let Some((i, j)) = work.pop() {
        if std::mem::replace(&mut seen[i * width + j], true) {
            continue;
        }
        let (x, y) = (a.get(i).copied(), b.get(j).copied());
        if x.is_none() && y.is_none() {
            return true;
        }
        if x == Some('*') {
            work.push((i + 1, j));
        }
        if y == Some('*') {
            work.push((i, j + 1));
        }
        let meets = match (x, y) {
            (Some('*'), Some(_)) => Some((i, j + 1)),
            (Some(_), Some('*')) => Some((i + 1, j)),
            (Some('?'), Some(c)) | (Some(c), Some('?')) => Symbol::of(c).is_none().then_some((i + 1, j + 1)),
            (Some(x), Some(y)) => (x == y).then_some((i + 1, j + 1)),
            _ => None,
        };
        work.extend(meets);
    }
    false
}

/// True if the text holds a wildcard.
pub fn has_wildcard(s: &str) -> bool {
    s.bytes().any(|b| b == b'*' || b == b'?')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn stars_match_any_text_and_question_marks_one_character() {
        assert!(matches("s3:*", "s3:GetObject"));
        assert!(matches("*a*b", "xxaxxab"));
        assert!(!matches("a?c", "ac"));
        assert!(matches("a?c", "aéc"));
        assert!(matches("", ""));
        assert!(!matches("", "a"));
        assert!(matches_ignore_case("S3:get*", "s3:GetObject"));
    }

    #[test]
    fn cover_and_meeting_of_patterns() {
        assert!(covers("s3:*", "s3:Get*"));
        assert!(covers("*", "?"));
        assert!(!covers("?", "*"));
        assert!(covers("*?", "?*"));
        assert!(!covers("a*", "*a"));
        assert!(covers("a*b*", "a*c*b"));
        assert!(meet("a*", "*b"));
        assert!(!meet("a*c", "b*"));
        assert!(meet("?", "a"));
        assert!(!meet("?", ""));
    }

    fn pattern() -> impl Strategy<Value = String> {
        "[ab*?]{0,6}"
    }

    proptest! {
        #[test]
        fn cover_and_meeting_agree_with_matching(a in pattern(), b in pattern()) {
            let mut texts = vec![String::new()];
            for _ in 0..5 {
                let longer: Vec<String> = texts.iter().flat_map(|t| ["a", "b", "c"].map(|c| format!("{t}{c}"))).collect();
                texts.extend(longer);
                texts.sort();
                texts.dedup();
            }
            if covers(&a, &b) {
                for t in &texts {
                    prop_assert!(!matches(&b, t) || matches(&a, t), "{a} {b} {t}");
                }
            } else if b.chars().filter(|c| *c != '*').count() + b.chars().filter(|c| *c == '*').count() <= 3 {
                prop_assert!(texts.iter().any(|t| matches(&b, t) && !matches(&a, t)) || a.len() > 4, "{a} {b}");
            }
            if texts.iter().any(|t| matches(&a, t) && matches(&b, t)) {
                prop_assert!(meet(&a, &b));
            }
            let letters = |s: &str| s.chars().collect::<Vec<_>>();
            prop_assert_eq!(meet(&a, &b), intersects_by_states(&letters(&a), &letters(&b)), "{} {}", a, b);
        }
    }
}
