//! Policy variables as letters: `${aws:username}` in a pattern is a character of its own that stands for the value of
//! the key, whatever it is. The sampled value takes its place once a request has been found.

use smol_str::SmolStr;

use crate::source::{Shape, Symbol, SymbolInfo, SymbolKind};

/// Where the names of variables are unique; no template has these scopes.
const SCOPE: &str = "policy variable";
const OTHER_CASE: &str = "policy variable in another case";

/// The letter that stands for the value of a key; the same for all spellings of the key.
pub(super) fn letter(key: &str) -> char {
    intern(SCOPE, key)
}

/// The letter that stands for the value of a key with its letters in another case, which is another text.
pub(super) fn letter_in_other_case(key: &str) -> char {
    intern(OTHER_CASE, key)
}

fn intern(scope: &'static str, key: &str) -> char {
    let info = SymbolInfo {
        scope: SmolStr::new_static(scope),
        name: key.to_ascii_lowercase().into(),
        kind: SymbolKind::Expression,
        shape: Shape::Any,
        sensitive: false,
    };
    Symbol::intern(info).as_char()
}

/// The key whose value the character stands for, in lower case.
pub(super) fn key_of(c: char) -> Option<SmolStr> {
    let info = Symbol::of(c)?.info();
    (info.scope == SCOPE || info.scope == OTHER_CASE).then(|| info.name.clone())
}

/// True if the character stands for a variable's value in another case.
pub(super) fn is_in_other_case(c: char) -> bool {
    Symbol::of(c).is_some_and(|symbol| symbol.info().scope == OTHER_CASE)
}

/// True if the character stands for a variable.
pub(super) fn is_letter(c: char) -> bool {
    key_of(c).is_some()
}

/// A piece of text that may hold policy variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text in which `*` and `?` keep their meaning.
    Text(&'a str),
    /// `${*}`, `${?}` or `${$}`: this character itself.
    Character(char),
    /// `${key}` or `${key, 'default'}`.
    Variable { key: &'a str, default: Option<&'a str> },
}

/// Takes text apart at its variables. What is no variable (`${` without an end, or with nothing in it) is text.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut plain = 0;
    while let Some(at) = rest[plain..].find("${").map(|i| i + plain) {
        let Some(length) = rest[at + 2..].find('}') else { break };
        let inner = &rest[at + 2..at + 2 + length];
        let piece = match inner {
            "*" => Piece::Character('*'),
            "?" => Piece::Character('?'),
            "$" => Piece::Character('$'),
            _ => match inner.split_once(',') {
                None if inner.contains(':') => Piece::Variable { key: inner.trim(), default: None },
                Some((key, default)) if key.contains(':') => {
                    let default = default.trim();
                    let quoted = default.strip_prefix('\'').and_then(|d| d.strip_suffix('\''));
                    Piece::Variable { key: key.trim(), default: Some(quoted.unwrap_or(default)) }
                }
                _ => {
                    plain = at + 2;
                    continue;
                }
            },
        };
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        pieces.push(piece);
        rest = &rest[at + 2 + length + 1..];
        plain = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}
