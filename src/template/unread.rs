//! Text that could not be read is shown where it is wrong, and what stands around that place may be a secret: nobody
//! has read which parameters are. So the defaults of all are kept from reports, if any is declared secret.

use crate::source::{SourceId, Sources, Span};

/// The words that declare a secret: CloudFormation's and Terraform's.
const DECLARATIONS: [&str; 2] = ["NoEcho", "sensitive"];
/// The keys whose values may be one, in either language.
const KEYS: [&str; 3] = ["Default", "default", "AllowedValues"];

/// Hides what may be secret in a template or a module's file that could not be read.
pub(super) fn hide_defaults(source: SourceId, sources: &Sources) {
    let file = sources.get(source);
    if DECLARATIONS.iter().any(|word| file.text().contains(word)) {
        hide(source, sources, |line| KEYS.iter().filter_map(|key| value_of(line, key)).min());
    }
}

/// Hides all values of a file of values (`.tfvars`) that could not be read.
pub(super) fn hide_values(source: SourceId, sources: &Sources) {
    hide(source, sources, |line| line.find(['=', ':']).map(|at| at + 1));
}

/// Hides lines from a place in them on, and with them the lines that are further in.
fn hide(source: SourceId, sources: &Sources, place: impl Fn(&str) -> Option<usize>) {
    let file = sources.get(source);
    let mut start = 0;
    let mut key_indent = None;
    for line in file.text().split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let is_within = key_indent.is_some_and(|key| indent > key) || line.trim().is_empty() && key_indent.is_some();
        let from = if is_within { Some(0) } else { place(line) };
        if !is_within {
            key_indent = from.map(|_| indent);
        }
        if let Some(from) = from {
            sources.hide(Span::new(source, start + from, start + line.len()));
        }
        start += line.len();
    }
}

/// Where the value of a key begins in a line: `Default: x`, `"Default": x`, `default = x`.
fn value_of(line: &str, key: &str) -> Option<usize> {
    line.match_indices(key).find_map(|(at, _)| {
        let is_word = !line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        let after = &line[at + key.len()..];
        let rest = after.trim_start_matches(['"', '\'', ' ', '\t']);
        let is_key = rest.starts_with([':', '=']);
        (is_word && is_key).then(|| line.len() - rest.len() + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, hide: fn(SourceId, &Sources)) -> String {
        let sources = Sources::new();
        let id = sources.add("t.yaml", text);
        hide(id, &sources);
        sources.get(id).shown_text().into_owned()
    }

    #[test]
    fn defaults_are_hidden_where_a_secret_is_declared() {
        let text =
            "P:\n  NoEcho: true\n  Default: |\n    one\n    two\n  Type: String\nQ: {Type: String, \"Default\": x}\n";
        let wanted =
            "P:\n  NoEcho: true\n  Default: *\n    ***\n    ***\n  Type: String\nQ: {Type: String, \"Default\": **\n";
        assert_eq!(shown(text, hide_defaults), wanted);
        let text = "variable \"a\" {\n  sensitive = true\n  default   = \"x\"\n  type = string\n";
        assert_eq!(shown(text, hide_defaults), text.replace("\"x\"", "***"));
        assert_eq!(shown("P:\n  Default: x\n", hide_defaults), "P:\n  Default: x\n");
    }

    #[test]
    fn all_values_of_a_file_of_values_are_hidden() {
        assert_eq!(shown("a = \"x\"\nb = {\n  c = 1\n}\nd\n", hide_values), "a = ***\nb = *\n  * * *\n}\nd\n");
    }
}
