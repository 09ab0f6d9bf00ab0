//! Whether one statement's actions and resources cover another's, or have nothing in common with them.
//!
//! Both answers are "certainly so": unknown values and policy variables count as whatever speaks against it.

use crate::checks::arn::with_stars;
use crate::policy::{PrincipalElement, PrincipalKind, Statement, StringList, glob};

/// An element or its negation.
enum Side<'a> {
    These(&'a StringList),
    AllBut(&'a StringList),
}

fn side<'a>(positive: Option<&'a StringList>, negative: Option<&'a StringList>) -> Option<Side<'a>> {
    match (positive, negative) {
        (Some(list), None) if !list.items.is_empty() => Some(Side::These(list)),
        (None, Some(list)) if !list.items.is_empty() => Some(Side::AllBut(list)),
        _ => None,
    }
}

/// True if every request that `inner` is about is one that `outer` is about, conditions aside.
pub(super) fn covers(outer: &Statement, inner: &Statement) -> bool {
    let actions = |s| action_side(s).map(|side| (side, true));
    principals_cover(outer, inner)
        && sides_cover(actions(outer), actions(inner))
        && (both_without_resource(outer, inner)
            || sides_cover(resource_side(outer).map(|s| (s, false)), resource_side(inner).map(|s| (s, false))))
}

/// True if no request is one that both statements are about.
pub(super) fn are_disjoint(a: &Statement, b: &Statement) -> bool {
    sides_disjoint(action_side(a), action_side(b), true) || sides_disjoint(resource_side(a), resource_side(b), false)
}

fn action_side(statement: &Statement) -> Option<Side<'_>> {
    side(statement.action.as_ref(), statement.not_action.as_ref())
}

fn resource_side(statement: &Statement) -> Option<Side<'_>> {
    side(statement.resource.as_ref(), statement.not_resource.as_ref())
}

/// Role trust policies have no resources.
fn both_without_resource(a: &Statement, b: &Statement) -> bool {
    [a, b].iter().all(|s| s.resource.is_none() && s.not_resource.is_none())
}

/// The texts to compare: actions without case.
fn texts(list: &StringList, fold: bool) -> Vec<String> {
    list.items
        .iter()
        .map(|i| if fold { i.text.as_str().to_ascii_lowercase() } else { i.text.as_str().to_owned() })
        .collect()
}

fn sides_cover(outer: Option<(Side<'_>, bool)>, inner: Option<(Side<'_>, bool)>) -> bool {
    let (Some((outer, fold)), Some((inner, _))) = (outer, inner) else { return false };
    match (outer, inner) {
        (Side::These(outer), Side::These(inner)) => {
            let outer = texts(outer, fold);
            texts(inner, fold).iter().all(|i| outer.iter().any(|o| glob::covers(o, i)))
        }
        (Side::AllBut(outer), Side::These(inner)) => nothing_in_common(&texts(outer, fold), &texts(inner, fold)),
        (Side::These(outer), Side::AllBut(_)) => outer.items.iter().any(|i| i.text == "*"),
        (Side::AllBut(outer), Side::AllBut(inner)) => {
            let inner = texts(inner, fold);
            texts(outer, fold).iter().all(|o| inner.iter().any(|i| glob::covers(i, o)))
        }
    }
}

fn sides_disjoint(a: Option<Side<'_>>, b: Option<Side<'_>>, fold: bool) -> bool {
    match (a, b) {
        (Some(Side::These(a)), Some(Side::These(b))) => nothing_in_common(&texts(a, fold), &texts(b, fold)),
        (Some(Side::AllBut(not)), Some(Side::These(these))) | (Some(Side::These(these)), Some(Side::AllBut(not))) => {
            let not = texts(not, fold);
            texts(these, fold).iter().all(|t| not.iter().any(|n| glob::covers(n, t)))
        }
        _ => false,
    }
}

fn nothing_in_common(a: &[String], b: &[String]) -> bool {
    let (a, b) = (stars(a), stars(b));
    a.iter().all(|x| b.iter().all(|y| !glob::may_meet(x, y)))
}

/// Policy variables as stars.
fn stars(texts: &[String]) -> Vec<std::borrow::Cow<'_, str>> {
    texts.iter().map(|t| with_stars(t)).collect()
}

fn principals_cover(outer: &Statement, inner: &Statement) -> bool {
    if outer.not_principal.is_some() || inner.not_principal.is_some() {
        return false;
    }
    let everyone = |p: &PrincipalElement| match &p.kind {
        PrincipalKind::Text(text) => text == "*",
        PrincipalKind::Map(_) => p.of_type("AWS").any(|l| l.items.iter().any(|i| i.text == "*")),
        PrincipalKind::Other => false,
    };
    match (&outer.principal, &inner.principal) {
        (None, None) => true,
        (Some(outer), Some(_)) if everyone(outer) => true,
        (Some(outer), Some(inner)) => {
            inner.lists().iter().all(|list| {
                list.items
                    .iter()
                    .all(|i| outer.of_type(&list.element).any(|o| o.items.iter().any(|other| other.text == i.text)))
            }) && !inner.lists().is_empty()
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicyDocument;
    use crate::source::{Limits, SourceId, json};

    fn statements(first: &str, second: &str) -> Vec<Statement> {
        let text = format!("{{\"Statement\": [{{{first}}}, {{{second}}}]}}");
        let node = json::read(SourceId(0), &text, &Limits::default()).unwrap();
        PolicyDocument::new(node).statements
    }

    #[test]
    fn reach_is_compared_by_action_and_resource() {
        for (a, b, cover, disjoint) in [
            (r#""Action":"S3:*","Resource":"*""#, r#""Action":"s3:GetObject","Resource":"x""#, true, false),
            (r#""Action":"s3:Get*","Resource":"*""#, r#""Action":"s3:*","Resource":"x""#, false, false),
            (r#""NotAction":"iam:*","Resource":"*""#, r#""Action":"s3:*","Resource":"x""#, true, false),
            (r#""NotAction":"s3:*","Resource":"*""#, r#""Action":"s3:Get*","Resource":"x""#, false, true),
            (r#""Action":"*","NotResource":"x/*""#, r#""Action":"s3:Get*","Resource":"x/a""#, false, true),
            (r#""Action":"sqs:*","Resource":"*""#, r#""Action":"s3:Get*","Resource":"x""#, false, true),
            (r#""Action":"*","Resource":"a/${aws:username}""#, r#""Action":"*","Resource":"a/b""#, false, false),
            (r#""Principal":"*","Action":"*","Resource":"*""#, r#""Action":"*","Resource":"a""#, false, false),
        ] {
            let s = statements(a, b);
            assert_eq!((covers(&s[0], &s[1]), are_disjoint(&s[0], &s[1])), (cover, disjoint), "{a} {b}");
        }
    }
}
