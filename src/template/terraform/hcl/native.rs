//! Terraform's native syntax, read with `hcl-edit`: its tree becomes our blocks and attributes, expressions are
//! taken over as they are.
//!
//! `hcl-edit` bounds the nesting itself and stops at the first error; a file with one is lost as a whole.

use smol_str::SmolStr;

use hcl_edit::Span as _;
use hcl_edit::structure::{BlockLabel, Structure};

use super::syntax::{Attribute, Block, Body, Expression, Label};
use crate::source::{Limits, ReadError, SourceId, Span};

/// Reads a file of blocks and attributes (`.tf`, `.tfvars`).
pub(super) fn read_body(source: SourceId, text: &str, limits: &Limits) -> Result<Body, ReadError> {
    if text.len() > limits.bytes {
        let message = format!("document of {} bytes is over the limit of {} bytes", text.len(), limits.bytes);
        return Err(ReadError::new(message, Span::new(source, 0, 0)));
    }
    // A byte order mark would be an unexpected character; blank it out so that offsets stay those of the file.
    let without_mark;
    let text = match text.strip_prefix('\u{FEFF}') {
        Some(rest) => {
            without_mark = format!("   {rest}");
            &without_mark
        }
        None => text,
    };
    let body = hcl_edit::parser::parse_body(text).map_err(|e| syntax_error(source, &e))?;
    Ok(take_body(source, body))
}

/// Reads one expression that stands alone, such as a value from the command line.
pub(super) fn read_expression(source: SourceId, text: &str) -> Result<Expression, ReadError> {
    let expression = hcl_edit::parser::parse_expr(text).map_err(|e| syntax_error(source, &e))?;
    Ok(Expression::native(expression, Span::new(source, 0, text.len())))
}

pub(super) fn syntax_error(source: SourceId, e: &hcl_edit::parser::Error) -> ReadError {
    let at = e.location().offset();
    let message = e.message().trim().replace('\n', ", ");
    ReadError::new(format!("HCL syntax error: {message}"), Span::new(source, at, at + 1))
}

fn take_body(source: SourceId, body: hcl_edit::structure::Body) -> Body {
    let place = |range: Option<std::ops::Range<usize>>| {
        let range = range.unwrap_or(0..0);
        Span::new(source, range.start, range.end)
    };
    let mut taken = Body::default();
    for structure in body {
        match structure {
            Structure::Attribute(a) => {
                let span = place(a.span());
                let name_span = place(a.key.span());
                let value_span = place(a.value.span());
                taken.attributes.push(Attribute {
                    name: SmolStr::new(a.key.as_str()),
                    name_span,
                    span: if span.end > span.start { span } else { name_span.join(value_span) },
                    value: Expression::native(a.value, value_span),
                });
            }
            Structure::Block(b) => {
                let span = place(b.span());
                let mut header = place(b.ident.span());
                let mut labels = Vec::with_capacity(b.labels.len());
                for label in &b.labels {
                    let span = match label {
                        BlockLabel::Ident(i) => place(i.span()),
                        BlockLabel::String(s) => place(s.span()),
                    };
                    header = header.join(span);
                    labels.push(Label { text: SmolStr::new(label.as_str()), span });
                }
                let kind = SmolStr::new(b.ident.as_str());
                taken.blocks.push(Block { kind, labels, header, span, body: take_body(source, b.body) });
            }
        }
    }
    taken
}
