//! Files that a template names: nested templates, includes, assets. Only relative paths are followed.

use std::path::Path;

use crate::model::Problem;
use crate::source::{Span, json, yaml};
use crate::template::{LoadContext, ParsedInput};

/// True for a path relative to the template, as opposed to a URL or a path of the machine.
pub(super) fn is_local(location: &str) -> bool {
    !location.is_empty() && !location.contains("://") && !location.contains("{{") && Path::new(location).is_relative()
}

/// Reads a YAML or JSON file. `named_at` is the place that names it.
pub(super) fn read(ctx: LoadContext<'_>, path: &Path, named_at: Span) -> Result<ParsedInput, Problem> {
    let shown = path.display().to_string();
    let failed = |what: String| Problem::at(format!("`{shown}` {what}"), named_at);
    let length = std::fs::metadata(path).map_err(|e| failed(format!("can't be read: {e}")))?;
    if !length.is_file() {
        return Err(failed("is no file".to_owned()));
    }
    if length.len() > ctx.limits.bytes as u64 {
        return Err(failed(format!("has {} bytes, over the limit of {}", length.len(), ctx.limits.bytes)));
    }
    let bytes = std::fs::read(path).map_err(|e| failed(format!("can't be read: {e}")))?;
    let text = String::from_utf8(bytes).map_err(|_| failed("is not UTF-8 text".to_owned()))?;
    let is_json = text.trim_start_matches('\u{FEFF}').trim_start().starts_with(['{', '[']);
    let source = ctx.sources.add(shown.clone(), text.as_str());
    let root = if is_json {
        // YAML's flow style begins like JSON.
        json::read(source, &text, ctx.limits).or_else(|e| yaml::read(source, &text, ctx.limits).map_err(|_| e))
    } else {
        yaml::read(source, &text, ctx.limits)
    };
    Ok(ParsedInput { path: shown, source, root: root.map_err(Problem::from)? })
}
