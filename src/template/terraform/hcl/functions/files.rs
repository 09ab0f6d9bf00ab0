//! Functions that read files of the module.
//!
//! Paths are relative to the module's folder, as `${path.module}/…` gives them. Nothing outside of the folder of the
//! root module's sources is protected or needs to be: what is read is shown to the person who runs the tool. Sizes
//! are bounded.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::evaluate::{Name, Place};
use super::super::template;
use super::*;
use crate::source::Text;
use Takes::*;

/// Largest file that is read, in bytes.
const BYTES: u64 = 8 << 20;

pub(super) const FUNCTIONS: &[Function] = &[
    function("file", (1, 1), Known, |c| {
        let (id, content) = content(c)?;
        Ok(Value::text(Text::literal(&content), Span::new(id, 0, content.len())))
    }),
    function("fileexists", (1, 1), Known, |c| Ok(Value::bool(path(c)?.is_file(), c.span))),
    function("filebase64", (1, 1), Known, |c| Ok(Value::string(STANDARD.encode(bytes(c)?), c.span))),
    function("fileset", (2, 2), Known, fileset),
    function("templatefile", (2, 2), Structure, templatefile),
    function("templatestring", (2, 2), Structure, templatestring),
    function("abspath", (1, 1), Known, |c| c.unknown()),
    function("pathexpand", (1, 1), Known, |c| match c.str(0)? {
        p if p.starts_with('~') => c.unknown(),
        p => Ok(Value::string(p, c.span)),
    }),
    function("basename", (1, 1), Known, |c| {
        let p = c.str(0)?;
        let trimmed = p.trim_end_matches('/');
        let name = match (p.is_empty(), trimmed.is_empty()) {
            (true, _) => ".",
            (_, true) => "/",
            _ => trimmed.rsplit('/').next().unwrap_or("."),
        };
        Ok(Value::string(name, c.span))
    }),
    function("dirname", (1, 1), Known, |c| {
        let p = c.str(0)?;
        let folder = match p.rsplit_once('/') {
            Some(("", _)) => "/".to_owned(),
            Some((folder, _)) => cleaned(folder),
            None => ".".to_owned(),
        };
        Ok(Value::string(folder, c.span))
    }),
];

/// A path without `.` and empty parts, `..` resolved where it can be.
fn cleaned(p: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in p.split('/').filter(|s| !s.is_empty() && *s != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => {
                parts.pop();
            }
            ("..", None) if p.starts_with('/') => {}
            _ => parts.push(part),
        }
    }
    match (p.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

fn path(c: &Call<'_, '_>) -> Eval<PathBuf> {
    Ok(c.ev.module.folder.join(c.str(0)?))
}

pub(super) fn bytes(c: &Call<'_, '_>) -> Eval<Vec<u8>> {
    let path = path(c)?;
    let shown = path.display();
    match std::fs::metadata(&path) {
        Ok(m) if !m.is_file() => c.error(format!("`{shown}` is not a file")),
        Ok(m) if m.len() > BYTES => c.error(format!("`{shown}` is over the limit of {BYTES} bytes")),
        Ok(_) => match std::fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(e) => c.error(format!("cannot read `{shown}`: {e}")),
        },
        Err(e) => c.error(format!("cannot read `{shown}`: {e}")),
    }
}

fn content(c: &Call<'_, '_>) -> Eval<(crate::source::SourceId, String)> {
    let path = path(c)?;
    match String::from_utf8(bytes(c)?) {
        Ok(text) => Ok((c.ev.ctx.sources.add(path.to_string_lossy(), text.as_str()), text)),
        Err(_) => c.error(format!("`{}` is not UTF-8", path.display())),
    }
}

fn templatefile(c: &Call<'_, '_>) -> Eval<Value> {
    if c.arg(0)?.has_unknown() {
        return c.unknown();
    }
    let (id, text) = content(c)?;
    evaluate(c, Place::At(id, 0), &text)
}

fn templatestring(c: &Call<'_, '_>) -> Eval<Value> {
    let template = c.text(0)?;
    match template.known() {
        Some(text) => {
            let id = c.ev.ctx.sources.add("<templatestring>", text);
            evaluate(c, Place::At(id, 0), text)
        }
        None => c.unknown(),
    }
}

fn evaluate(c: &Call<'_, '_>, place: Place, text: &str) -> Eval<Value> {
    let Some(fields) = c.arg(1)?.fields() else {
        return c.error("the variables of a template must be an object");
    };
    // As a chain of names, the way `for` expressions bind theirs.
    fn bind(
        c: &Call<'_, '_>,
        fields: &[super::super::value::Field],
        outer: Option<&Name<'_>>,
        run: &mut dyn FnMut(Option<&Name<'_>>) -> Eval<Value>,
    ) -> Eval<Value> {
        match fields.split_first() {
            None => run(outer),
            Some((first, rest)) => {
                let name = Name { name: first.key.as_str(), value: first.value.clone(), outer };
                c.ev.nested(c.span, || bind(c, rest, Some(&name), run))
            }
        }
    }
    bind(c, fields, None, &mut |names| {
        let frame = Frame { place, text, names, bindings: c.frame.bindings, closed: true };
        template::file(c.ev, text, &frame, c.span)
    })
}

fn fileset(c: &Call<'_, '_>) -> Eval<Value> {
    let base = path(c)?;
    let glob = c.str(1)?;
    let matcher = match globset::GlobBuilder::new(&glob).literal_separator(true).build() {
        Ok(glob) => glob.compile_matcher(),
        Err(e) => return c.error(format!("`{glob}` is not a pattern: {e}")),
    };
    let mut found = Vec::new();
    let walk = ignore::WalkBuilder::new(&base).standard_filters(false).max_depth(Some(32)).build();
    for entry in walk.flatten().take(100_000) {
        let Ok(relative) = entry.path().strip_prefix(&base) else { continue };
        if entry.file_type().is_some_and(|t| t.is_file()) && matcher.is_match(relative) {
            found.push(Value::string(relative.to_string_lossy(), c.span));
        }
    }
    Ok(Value::set(found, c.span))
}
