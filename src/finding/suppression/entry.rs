//! A rule written as a map, in the configuration and in template metadata alike.

use super::rule::{IgnoreRule, Origin};
use crate::source::{Node, NodeKind, Span};

/// The keys of an entry.
pub const KEYS: [&str; 7] = ["code", "expires", "finding", "path", "policy", "reason", "resource"];

/// What is wrong with an entry, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryError {
    /// The place.
    pub span: Span,
    /// Lower case, without a full stop.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

fn wrong(span: Span, message: impl Into<String>) -> EntryError {
    EntryError { span, message: message.into(), help: None }
}

/// The name of the list that is most like another; `None` if none is like it.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    let distance = |k: &str| strsim::damerau_levenshtein(&k.to_ascii_lowercase(), &name);
    let nearest = known.into_iter().map(|k| (distance(k), k)).min_by_key(|(d, _)| *d);
    nearest.filter(|(d, k)| *d <= k.chars().count().max(name.chars().count()) / 2 + 1).map(|(_, k)| k)
}

/// Reads an entry: a string, which is `CODE`, `RESOURCE` or `RESOURCE.CODE`, or a map of [`KEYS`].
///
/// # Errors
///
/// When a key is not known, a value has another type than it should, or nothing is named.
pub fn read_entry(node: &Node, origin: Origin) -> Result<IgnoreRule, EntryError> {
    if node.as_sequence().is_some() || (node.as_mapping().is_none() && node.scalar_text().is_none()) {
        return Err(wrong(node.span, "an entry is the finding's code, or a map of what it names"));
    }
    let Some(map) = node.as_mapping() else {
        return Ok(IgnoreRule::new(text(node, "finding")?, origin));
    };
    let mut rule = IgnoreRule::empty(origin);
    for (i, entry) in map.iter().enumerate() {
        let key = entry.key.as_str();
        if map.iter().take(i).any(|earlier| earlier.key.as_str() == key) {
            return Err(wrong(entry.key_span, format!("`{key}` is given twice")));
        }
        let value = &entry.value;
        match key {
            "finding" => rule.finding = Some(text(value, key)?),
            "code" => rule.codes = texts(value, key)?,
            "resource" => rule.resources = texts(value, key)?,
            "path" => rule.paths = paths(value)?,
            "policy" => rule.policies = texts(value, key)?,
            "reason" => rule.reason = Some(text(value, key)?).filter(|reason| !reason.trim().is_empty()),
            "expires" => {
                let day = text(value, key)?;
                if !is_date(&day) {
                    return Err(wrong(value.span, "`expires` is a day, YYYY-MM-DD"));
                }
                rule.expires = Some(day);
            }
            unknown => {
                let help = nearest(unknown, KEYS).map(|nearest| format!("did you mean `{nearest}`?"));
                let message = format!("unknown key `{}`", entry.key.display());
                return Err(EntryError { span: entry.key_span, message, help });
            }
        }
    }
    let names = rule.finding.is_some()
        || [&rule.codes, &rule.resources, &rule.paths, &rule.policies].iter().any(|l| !l.is_empty());
    // In a resource's metadata the place says enough.
    if !names && origin != Origin::Metadata {
        return Err(wrong(node.span, "an entry names a `finding`, `code`, `resource`, `policy` or `path`"));
    }
    Ok(rule)
}

fn text(node: &Node, key: &str) -> Result<String, EntryError> {
    let text = node.scalar_text().filter(|t| !t.has_unknown() && node.tag.is_none());
    let text = text.ok_or_else(|| wrong(node.span, format!("`{key}` takes text")))?;
    if matches!(node.kind, NodeKind::Null) || (text.as_str().trim().is_empty() && key != "reason") {
        return Err(wrong(node.span, format!("`{key}` is empty")));
    }
    Ok(text.as_str().to_owned())
}

fn texts(node: &Node, key: &str) -> Result<Vec<String>, EntryError> {
    match node.as_sequence() {
        Some([]) => Err(wrong(node.span, format!("`{key}` is an empty list"))),
        Some(items) => items.iter().map(|item| text(item, key)).collect(),
        None => Ok(vec![text(node, key)?]),
    }
}

fn paths(node: &Node) -> Result<Vec<String>, EntryError> {
    let paths = texts(node, "path")?;
    for path in &paths {
        if let Err(e) = globset::Glob::new(path) {
            return Err(wrong(node.span, format!("`path`: `{path}` is no pattern: {}", e.kind())));
        }
    }
    Ok(paths)
}

/// True for `YYYY-MM-DD` with a month and a day of it that exist.
pub(super) fn is_date(text: &str) -> bool {
    let number = |s: &str, n: usize| {
        (s.len() == n && s.bytes().all(|b| b.is_ascii_digit())).then(|| s.parse::<u32>().ok()).flatten()
    };
    let parts: Vec<&str> = text.split('-').collect();
    let [y, m, d] = parts.as_slice() else { return false };
    let (Some(year), Some(month), Some(day)) = (number(y, 4), number(m, 2), number(d, 2)) else { return false };
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Limits, Sources, yaml};

    fn entry(text: &str) -> Result<IgnoreRule, EntryError> {
        let source = Sources::new().add("t", text);
        read_entry(&yaml::read(source, text, &Limits::default()).unwrap(), Origin::Configuration)
    }

    #[test]
    fn an_entry_is_a_code_or_a_map() {
        assert_eq!(entry("INVALID_ACTION").unwrap().finding.as_deref(), Some("INVALID_ACTION"));
        let rule = entry("code: [A, B]\nresource: Orders\nexpires: 2027-02-28\nreason: by design").unwrap();
        assert_eq!(rule.codes, ["A", "B"]);
        assert_eq!(rule.expires.as_deref(), Some("2027-02-28"));
        assert_eq!(rule.pattern(), "code: A, B; resource: Orders");
    }

    #[test]
    fn what_is_wrong_is_said() {
        let message = |text: &str| entry(text).unwrap_err();
        assert_eq!(message("ressource: A").help.as_deref(), Some("did you mean `resource`?"));
        assert_eq!(message("code: A\nexpires: 2027-02-29").message, "`expires` is a day, YYYY-MM-DD");
        assert_eq!(message("code: {a: b}").message, "`code` takes text");
        assert!(message("reason: because").message.starts_with("an entry names a"));
        assert!(message("[A]").message.starts_with("an entry is"));
        assert!(message("path: 'a[b'").message.contains("is no pattern"));
        assert!(message("code: A\ncode: B").message.contains("twice"));
    }
}
