//! Policy variables: `${key}`, with a default value `${key, 'text'}`, and the literal characters `${*}`, `${?}`, `${$}`.
//!
//! Here is how they are written and where they may stand. Which variables an operator takes is judged with conditions.

mod empty_variable;
mod missing_brace_in_variable;
mod missing_quote_in_variable;
mod unsupported_space_in_variable;
mod variable_unsupported_in_element;
mod variable_unsupported_in_version;

use std::ops::Range;

use crate::checks::Check;
use crate::finding::Location;
use crate::policy::{PolicyDocument, PolicyPath};
use crate::source::{Span, Symbol, Text};

/// The checks of this folder.
pub static CHECKS: &[&Check] = &[
    &missing_brace_in_variable::MISSING_BRACE_IN_VARIABLE,
    &missing_quote_in_variable::MISSING_QUOTE_IN_VARIABLE,
    &unsupported_space_in_variable::UNSUPPORTED_SPACE_IN_VARIABLE,
    &empty_variable::EMPTY_VARIABLE,
    &variable_unsupported_in_element::VARIABLE_UNSUPPORTED_IN_ELEMENT,
    &variable_unsupported_in_version::VARIABLE_UNSUPPORTED_IN_VERSION,
];

/// What is written as a variable in a string.
struct Variable<'a> {
    /// Its bytes, braces included.
    range: Range<usize>,
    /// What stands between the braces, or after `${` when there is no closing brace.
    content: &'a str,
    is_closed: bool,
}

impl<'a> Variable<'a> {
    /// The part before the first comma.
    fn name(&self) -> &'a str {
        self.content.split_once(',').map_or(self.content, |(name, _)| name)
    }

    /// The part after the first comma.
    fn default_value(&self) -> Option<&'a str> {
        self.content.split_once(',').map(|(_, default)| default)
    }

    fn shown(&self) -> String {
        let content = Text::from_encoded(self.content);
        format!("${{{content}{}", if self.is_closed { "}" } else { "" })
    }
}

/// The variables of a string, in order. One without closing brace is the last, and is left out when an unknown value
/// after it may hold the brace.
fn variables(text: &str) -> impl Iterator<Item = Variable<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + text.get(at..)?.find("${")?;
        let content = &text[start + 2..];
        match content.find('}') {
            Some(length) => {
                at = start + 2 + length + 1;
                Some(Variable { range: start..at, content: &content[..length], is_closed: true })
            }
            None => {
                at = text.len();
                (!Symbol::occurs_in(content)).then_some(Variable { range: start..at, content, is_closed: false })
            }
        }
    })
}

/// A value that may hold variables.
struct Value<'a> {
    path: PolicyPath,
    span: Span,
    text: &'a Text,
}

impl Value<'_> {
    fn location(&self, variable: &Variable<'_>) -> Location {
        Location::within(self.path.clone(), self.span, self.text, variable.range.clone())
    }
}

/// Calls `found` for the variables in `Resource`, `NotResource` and condition values.
fn for_each_variable(document: &PolicyDocument, mut found: impl FnMut(&Value<'_>, &Variable<'_>)) {
    let mut look = |text: &Text, span: Span, path: &dyn Fn() -> PolicyPath| {
        if !text.as_str().contains("${") {
            return;
        }
        let value = Value { path: path(), span, text };
        variables(text.as_str()).for_each(|variable| found(&value, &variable));
    };
    for statement in &document.statements {
        for list in statement.resource_lists() {
            for item in &list.items {
                look(&item.text, item.span, &|| statement.item_path(list, item));
            }
        }
        for block in &statement.conditions {
            for key in &block.keys {
                for value in &key.values {
                    let path = || key.path(&block.path(&statement.path())).maybe_index(value.index);
                    look(&value.text, value.span, &path);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_told_from_dollars_and_braces() {
        let read = |s| variables(s).map(|v| (v.content.to_owned(), v.is_closed)).collect::<Vec<_>>();
        assert_eq!(read("a$b{c}"), []);
        assert_eq!(read("${a}${b, 'c'}"), [("a".to_owned(), true), ("b, 'c'".to_owned(), true)]);
        assert_eq!(read("${a}/${b"), [("a".to_owned(), true), ("b".to_owned(), false)]);
        assert_eq!(read("${"), [(String::new(), false)]);
    }
}
