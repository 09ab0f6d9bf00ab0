//! Logical ids with a hash in them: SAM appends ten hexadecimal digits of the SHA-1 of the data that must bring
//! about a new resource when they change, as JSON with sorted keys and no white space.

use std::fmt::Write;

use sha1::{Digest, Sha1};
use smol_str::{SmolStr, format_smolstr};

use crate::source::{Node, NodeKind};

/// `prefix` and the hash of a string; no hash for the empty string.
pub(super) fn with_hash(prefix: &str, data: &str) -> SmolStr {
    if data.is_empty() {
        return prefix.into();
    }
    let digest = Sha1::digest(data.as_bytes());
    let mut id = String::from(prefix);
    for byte in digest.iter().take(5) {
        let _ = write!(id, "{byte:02x}");
    }
    id.into()
}

/// `prefix`, `infix` and `suffix` where the suffix can be part of a logical id, else with its hash in its place.
pub(super) fn with_suffix(prefix: &str, infix: &str, suffix: &str) -> SmolStr {
    if !suffix.is_empty() && suffix.chars().all(char::is_alphanumeric) {
        format_smolstr!("{prefix}{infix}{suffix}")
    } else {
        with_hash(&format!("{prefix}{infix}"), suffix)
    }
}

/// The JSON that is hashed.
pub(super) fn canonical_json(node: &Node) -> String {
    let mut json = String::new();
    write_json(node, &mut json);
    json
}

fn write_json(node: &Node, json: &mut String) {
    match &node.kind {
        NodeKind::Null => json.push_str("null"),
        NodeKind::Bool(value) => json.push_str(if *value { "true" } else { "false" }),
        NodeKind::Number(number) => json.push_str(number),
        NodeKind::String(text) => write_string(text.as_str(), json),
        NodeKind::Sequence(items) => {
            json.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                write_json(item, json);
            }
            json.push(']');
        }
        NodeKind::Mapping(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.key.cmp(&b.key));
            json.push('{');
            for (i, entry) in entries.into_iter().enumerate() {
                if i > 0 {
                    json.push(',');
                }
                write_string(entry.key.as_str(), json);
                json.push(':');
                write_json(&entry.value, json);
            }
            json.push('}');
        }
    }
}

/// A JSON string in ASCII.
fn write_string(s: &str, json: &mut String) {
    json.push('"');
    for c in s.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            ' '..='~' => json.push(c),
            _ => {
                let mut units = [0u16; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(json, "\\u{unit:04x}");
                }
            }
        }
    }
    json.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suffix_that_no_logical_id_can_hold_is_hashed() {
        assert_eq!(with_suffix("Fn", "Permission", "Prod"), "FnPermissionProd");
        assert_eq!(with_suffix("Fn", "Permission", ""), "FnPermission");
        // printf v1-beta | sha1sum
        assert_eq!(with_suffix("Fn", "Permission", "v1-beta"), "FnPermission2817521297");
    }
}
