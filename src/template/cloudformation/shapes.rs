//! What the values of an unknown can look like: shapes from parameter types, patterns and candidate values.
//!
//! Every answer errs to the side of [`Shape::Any`]. The pattern analysis reads `AllowedPattern`, which has to match the
//! whole value (CloudFormation user guide, "Parameters").

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::source::Shape;

/// Characters that no name, and characters that no literal of a policy may hold.
const NOT_IN_NAME: &[char] = &[':', '/', '*', '?', '$', '{', '}'];
const NOT_IN_LITERAL: &[char] = &['*', '?', '$'];

/// The shape of a value of a parameter type other than lists.
pub(super) fn of_parameter_type(name: &str) -> Shape {
    match name {
        "Number" | "AWS::EC2::AvailabilityZone::Name" => Shape::Name,
        "AWS::SSM::Parameter::Name" => Shape::Literal,
        _ if name.starts_with("AWS::") && name.ends_with("::Id") => Shape::Name,
        _ => Shape::Any,
    }
}

/// The shape that all of some known values have.
pub(super) fn of_values<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Shape {
    let all = |f: &dyn Fn(&str) -> bool| values.clone().next().is_some() && values.clone().all(f);
    if all(&|v| v.len() == 12 && v.bytes().all(|b| b.is_ascii_digit())) {
        Shape::AccountId
    } else if all(&|v| !v.is_empty() && !v.contains(NOT_IN_NAME)) {
        Shape::Name
    } else if all(&|v| v.starts_with("arn:") && !v.contains(NOT_IN_LITERAL) && v.matches(':').count() >= 5) {
        Shape::Arn
    } else if all(&|v| !v.is_empty() && !v.contains(NOT_IN_LITERAL)) {
        Shape::Literal
    } else {
        Shape::Any
    }
}

/// The shape of the strings that a regular expression matches whole.
pub(super) fn of_pattern(pattern: &str) -> Shape {
    let mut parser = regex_syntax::ParserBuilder::new();
    // Bounded, and ASCII classes: Java's `\w` and `\d` are ASCII.
    let parser = parser.nest_limit(50).unicode(false).utf8(false);
    let Ok(hir) = parser.build().parse(pattern) else { return Shape::Any };
    let length = (hir.properties().minimum_len(), hir.properties().maximum_len());
    if length.0.is_none_or(|l| l == 0) {
        return Shape::Any;
    }
    let never = |chars: &[char]| chars.iter().all(|c| !holds(&hir, *c as u8));
    if length == (Some(12), Some(12)) && (0..=255u8).all(|b| b.is_ascii_digit() || !holds(&hir, b)) {
        Shape::AccountId
    } else if never(NOT_IN_NAME) {
        Shape::Name
    } else if never(NOT_IN_LITERAL) {
        if begins_with_arn(&hir) { Shape::Arn } else { Shape::Literal }
    } else {
        Shape::Any
    }
}

fn holds(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => literal.0.contains(&byte),
        HirKind::Class(Class::Bytes(class)) => class.iter().any(|r| r.start() <= byte && byte <= r.end()),
        HirKind::Class(Class::Unicode(class)) => {
            class.iter().any(|r| r.start() <= byte as char && byte as char <= r.end())
        }
        HirKind::Repetition(repetition) => holds(&repetition.sub, byte),
        HirKind::Capture(capture) => holds(&capture.sub, byte),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(|p| holds(p, byte)),
    }
}

fn begins_with_arn(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => literal.0.starts_with(b"arn:"),
        HirKind::Capture(capture) => begins_with_arn(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().find(|p| !matches!(p.kind(), HirKind::Look(_))).is_some_and(begins_with_arn)
        }
        HirKind::Alternation(parts) => parts.iter().all(begins_with_arn),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) | HirKind::Repetition(_) => false,
    }
}

/// False if no value of the shape has `text` in it.
pub(super) fn may_hold(shape: Shape, text: &str) -> bool {
    let only = |f: &dyn Fn(char) -> bool| text.chars().all(f);
    match shape {
        Shape::Any => true,
        Shape::Name => !text.contains(NOT_IN_NAME),
        Shape::Literal | Shape::Arn => !text.contains(NOT_IN_LITERAL),
        Shape::Partition | Shape::Region => only(&|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
        Shape::AccountId => only(&|c| c.is_ascii_digit()),
        Shape::UrlSuffix => only(&|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-'),
    }
}

/// False if the shape has certainly not this value.
pub(super) fn may_be(shape: Shape, value: &str) -> bool {
    match shape {
        Shape::Any => true,
        Shape::Name | Shape::Literal => !value.is_empty() && may_hold(shape, value),
        Shape::Arn => value.starts_with("arn:") && may_hold(shape, value),
        Shape::Partition => value.starts_with("aws"),
        Shape::Region => value.contains('-') && may_hold(shape, value),
        Shape::AccountId => value.len() == 12 && may_hold(shape, value),
        Shape::UrlSuffix => value.contains('.') && may_hold(shape, value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_allow_only_names_give_names() {
        for pattern in ["[a-z0-9-]+", "^[A-Za-z][A-Za-z0-9_-]{1,62}$", r"\w+", "(dev|prod)", "[a-z](x|y)*"] {
            assert_eq!(of_pattern(pattern), Shape::Name, "{pattern}");
        }
        for pattern in [".*", ".+", "[a-z]*", "^$|[a-z]+", r"\S+", "(?=x)y", "[^a]+", "a*"] {
            assert_eq!(of_pattern(pattern), Shape::Any, "{pattern}");
        }
        assert_eq!(of_pattern(r"^\d{12}$"), Shape::AccountId);
        assert_eq!(of_pattern("[0-9]{12}"), Shape::AccountId);
        assert_eq!(of_pattern("arn:aws:iam::[0-9]{12}:role/[a-z]+"), Shape::Arn);
        assert_eq!(of_pattern("/[a-z/]+"), Shape::Literal);
    }

    #[test]
    fn values_share_the_narrowest_shape() {
        assert_eq!(of_values(["dev", "prod"].into_iter()), Shape::Name);
        assert_eq!(of_values(["dev", ""].into_iter()), Shape::Any);
        assert_eq!(of_values(["a/b", "c"].into_iter()), Shape::Literal);
        assert_eq!(of_values(["111122223333"].into_iter()), Shape::AccountId);
    }
}
