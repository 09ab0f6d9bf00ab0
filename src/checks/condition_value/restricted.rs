//! Condition keys whose values must not be left open, and what leaves them open.
//!
//! Source: IAM Access Analyzer's policy check reference. It doesn't list the keys of the first class; what is known of
//! it are the subjects of OIDC tokens.

use std::ops::Range;

use crate::checks::condition::{KeyUse, value};
use crate::source::Symbol;

/// Keys that name an account, an organization, a VPC or an endpoint.
const SENSITIVE: &[&str] = &[
    "aws:PrincipalAccount",
    "aws:PrincipalOrgID",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:VpceAccount",
    "aws:VpceOrgID",
];

/// So many characters have to stand before what leaves a subject open.
const ENOUGH: usize = 6;

/// Why a key is restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Restricted {
    /// The subject of an OIDC token.
    Subject,
    /// One of [`SENSITIVE`].
    Sensitive,
    /// `aws:userid`: an id, and for roles a colon and the session's name.
    UserId,
}

impl Restricted {
    /// The class of a key, if it is restricted.
    pub(super) fn of(used: &KeyUse<'_>) -> Option<Restricted> {
        if used.facts.claim().is_some_and(|c| c.is_oidc_subject()) {
            return Some(Restricted::Subject);
        }
        if used.is("aws:userid") {
            return Some(Restricted::UserId);
        }
        used.is_any(SENSITIVE).then_some(Restricted::Sensitive)
    }

    /// What to do instead, for the end of a message.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Restricted::Subject => ": name at least six characters before it",
            Restricted::Sensitive => ": list the values one by one",
            Restricted::UserId => {
                ": write the id in full, or leave all of it open before a colon and the session's name"
            }
        }
    }

    /// True if the gaps, wildcards or variables, certainly leave the value too open.
    pub(super) fn is_opened_by(self, text: &str, gaps: &[Range<usize>]) -> bool {
        match self {
            Restricted::Sensitive => !gaps.is_empty(),
            Restricted::Subject => {
                let mut from = 0;
                gaps.iter().any(|gap| {
                    let before = text.get(from..gap.start).unwrap_or_default();
                    from = gap.end;
                    !Symbol::occurs_in(before) && literal_length(before) < ENOUGH
                })
            }
            Restricted::UserId => is_user_id_open(text, gaps),
        }
    }
}

/// Characters that stand for themselves right before a gap: variables and `?` don't, and a star starts anew.
fn literal_length(before: &str) -> usize {
    let references: Vec<Range<usize>> = value::references(before).collect();
    let plain = before.char_indices().filter(|(i, _)| !references.iter().any(|r| r.contains(i))).map(|(_, c)| c);
    plain.fold(0, |length, c| match c {
        '*' => 0,
        '?' => length,
        _ => length + 1,
    })
}

fn is_user_id_open(text: &str, gaps: &[Range<usize>]) -> bool {
    if gaps.is_empty() || Symbol::occurs_in(text) && !text.contains(':') {
        return false;
    }
    let references: Vec<Range<usize>> = value::references(text).collect();
    let colon = text.char_indices().find(|(i, c)| *c == ':' && !references.iter().any(|r| r.contains(i)));
    let Some((colon, _)) = colon else { return true };
    let id = &text[..colon];
    // An unknown part may hold a colon of its own.
    !Symbol::occurs_in(id) && gaps.iter().any(|g| g.start < colon && (g.start > 0 || g.end < colon))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stars(class: Restricted, text: &str) -> bool {
        let gaps: Vec<_> = value::wildcards(text, &['*']).map(|i| i..i + 1).collect();
        class.is_opened_by(text, &gaps)
    }

    fn variables(class: Restricted, text: &str) -> bool {
        let gaps: Vec<_> = value::variables(text).collect();
        class.is_opened_by(text, &gaps)
    }

    #[test]
    fn a_subject_needs_six_characters_before_each_gap() {
        assert!(stars(Restricted::Subject, "repo:*"));
        assert!(stars(Restricted::Subject, "*"));
        assert!(!stars(Restricted::Subject, "repo:o*"));
        assert!(stars(Restricted::Subject, "repo:octo-org/*/abc@*"));
        assert!(!stars(Restricted::Subject, "repo:octo-org/*:ref:refs/heads/*"));
        assert!(!stars(Restricted::Subject, "repo:octo-org/octo-repo"));
        assert!(variables(Restricted::Subject, "repo:${aws:PrincipalTag/repo}"));
        assert!(!variables(Restricted::Subject, "repo:octo-org/${aws:PrincipalTag/repo}"));
    }

    #[test]
    fn a_user_id_is_whole_or_left_open_whole() {
        assert!(stars(Restricted::UserId, "AROACKCEVSQ6C2EXAMPLE*"));
        assert!(stars(Restricted::UserId, "AROA*:session"));
        assert!(!stars(Restricted::UserId, "*:session"));
        assert!(!stars(Restricted::UserId, "AROACKCEVSQ6C2EXAMPLE:*"));
        assert!(variables(Restricted::UserId, "${aws:PrincipalTag/id}"));
        assert!(!variables(Restricted::UserId, "${aws:PrincipalTag/id}:name"));
        assert!(!variables(Restricted::UserId, "AROACKCEVSQ6C2EXAMPLE:${aws:SourceIdentity}"));
    }
}
