//! Policy variables: `${key}` and `${key, 'default'}` become the value of the key, `${*}`, `${?}` and `${$}` the character.
//!
//! Source: IAM User Guide, "IAM policy elements: Variables and tags".

use super::super::request::Request;
use crate::catalog::Catalog;
use crate::policy::Version;
use crate::source::Symbol;

/// A pattern once its variables have been put in: values of variables, and escaped wildcards, are plain characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Char(char),
    /// `?`
    One,
    /// `*`
    Any,
}

/// Puts values in the place of variables. `None` if one has no value and no default: the text then matches nothing.
/// With `wildcards`, `*` and `?` outside of variables keep their meaning.
pub(super) fn expand(text: &str, wildcards: bool, version: Version, request: &Request) -> Option<Vec<Part>> {
    let mut parts = Vec::with_capacity(text.len());
    let mut rest = text;
    while version == Version::V2012
        && let Some((before, after)) = rest.split_once("${")
        && let Some((name, tail)) = after.split_once('}')
    {
        let Some(value) = variable(name, request) else {
            // No variable at all: text that happens to hold `${`.
            parts.extend(plain(before, wildcards));
            parts.extend("${".chars().map(Part::Char));
            rest = after;
            continue;
        };
        parts.extend(plain(before, wildcards));
        parts.extend(value?.chars().map(Part::Char));
        rest = tail;
    }
    parts.extend(plain(rest, wildcards));
    Some(parts)
}

/// The value of what stands between `${` and `}`: `None` if it is no variable, `Some(None)` if it has no value.
fn variable(name: &str, request: &Request) -> Option<Option<String>> {
    if matches!(name, "*" | "?" | "$") {
        return Some(Some(name.to_owned()));
    }
    let (key, default) = match name.split_once(',') {
        Some((key, default)) => (key.trim(), Some(default.trim())),
        None => (name.trim(), None),
    };
    if !key.contains(':') {
        return None;
    }
    // Only keys with a single value can be used.
    let many = Catalog::embedded().key_type(key).is_some_and(|t| t.multivalued);
    let value = match &*request.values(key) {
        [one] if !many => Some(one.to_string()),
        _ => None,
    };
    let unquoted = |d: &str| d.strip_prefix('\'').and_then(|d| d.strip_suffix('\'')).unwrap_or(d).to_owned();
    Some(value.or_else(|| default.map(unquoted)))
}

/// The characters of a text.
pub(super) fn plain(text: &str, wildcards: bool) -> impl Iterator<Item = Part> + '_ {
    text.chars().map(move |c| match c {
        '*' if wildcards => Part::Any,
        '?' if wildcards => Part::One,
        c => Part::Char(c),
    })
}

/// True if the pattern matches the whole text.
pub(super) fn matches(pattern: &[Part], text: &str, ignore_case: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    // Where to go on when the rest does not match: after the last `*`, one character further.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(c) = text.get(t) {
        let same = match pattern.get(p) {
            Some(Part::Any) => {
                p += 1;
                retry = Some((p, t));
                continue;
            }
            // The length of an unknown value is unknown.
            Some(Part::One) => Symbol::of(*c).is_none(),
            Some(Part::Char(own)) => own == c || (ignore_case && own.eq_ignore_ascii_case(c)),
            None => false,
        };
        if same {
            (p, t) = (p + 1, t + 1);
        } else if let Some((after, from)) = &mut retry {
            *from += 1;
            (p, t) = (*after, *from);
        } else {
            return false;
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|part| *part == Part::Any)
}

#[cfg(test)]
mod tests {
    use smol_str::SmolStr;

    use super::super::super::request::{Caller, Context};
    use super::*;

    #[test]
    fn variables_take_the_values_of_the_request_literally() {
        let mut context = Context::default();
        context.set("aws:PrincipalTag/team", vec![SmolStr::new("a*")]);
        context.set("aws:TagKeys", vec![SmolStr::new("k")]);
        let request = Request {
            caller: Caller::User { arn: "arn:aws:iam::111122223333:user/x/bob".into() },
            action: "s3:GetObject".into(),
            resource: "*".into(),
            resource_account: None,
            context,
        };
        let matching = |pattern: &str, text: &str| {
            expand(pattern, true, Version::V2012, &request).is_some_and(|p| matches(&p, text, false))
        };
        assert!(matching("home/${aws:username}/*", "home/bob/x"));
        assert!(matching("home/${AWS:UserName}", "home/bob"));
        assert!(matching("${aws:PrincipalTag/TEAM}", "a*"));
        assert!(!matching("${aws:PrincipalTag/team}", "ab"));
        assert!(matching("${aws:PrincipalTag/none, 'd'}", "d"));
        assert!(!matching("${aws:PrincipalTag/none}*", "d"));
        assert!(!matching("${aws:TagKeys}", "k"), "a key with several values has none to give");
        assert!(matching("${*}${?}${$}", "*?$"));
        assert!(!matching("${*}", "x"));
        assert!(matching("${x}*", "${x}y"), "without a key it is text");
        let old = expand("${aws:username}", true, Version::V2008, &request).unwrap_or_default();
        assert!(matches(&old, "${aws:username}", false) && !matches(&old, "bob", false));
    }
}
