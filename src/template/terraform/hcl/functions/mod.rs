//! Terraform's built-in functions: one table, one file a subject.
//!
//! Terraform's rules for arguments hold for all of them: an unknown argument makes the result unknown unless the
//! function can do better, `null` is an error unless the function allows it.

mod arn;
mod collection;
mod date;
mod encoding;
mod files;
mod format;
mod hash;
mod network;
mod numeric;
mod string;

use super::evaluate::{Evaluator, Frame};
use super::number::Number;
use super::operators;
use super::value::{Eval, Field, Kind, Value, content_span, fail};
use crate::source::{Span, Text};

/// A call that is being made.
pub(super) struct Call<'c, 'e> {
    pub(super) ev: &'c Evaluator<'e>,
    pub(super) frame: &'c Frame<'c>,
    pub(super) name: &'static str,
    pub(super) span: Span,
    pub(super) args: &'c [Value],
}

/// A function of the table.
pub(super) struct Function {
    name: &'static str,
    /// Fewest and most arguments.
    arity: (usize, usize),
    takes: Takes,
    run: fn(&Call<'_, '_>) -> Eval<Value>,
}

/// Which arguments reach a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Values that are known in every part, and not null.
    Known,
    /// Values whose structure is known; elements and parts of strings may be unknown. Not null.
    Structure,
    /// Everything.
    Anything,
}

/// No upper bound of the number of arguments.
const ANY: usize = usize::MAX;

const fn function(
    name: &'static str,
    arity: (usize, usize),
    takes: Takes,
    run: fn(&Call<'_, '_>) -> Eval<Value>,
) -> Function {
    Function { name, arity, takes, run }
}

const TABLES: [&[Function]; 10] = [
    arn::FUNCTIONS,
    date::FUNCTIONS,
    format::FUNCTIONS,
    network::FUNCTIONS,
    collection::FUNCTIONS,
    encoding::FUNCTIONS,
    files::FUNCTIONS,
    hash::FUNCTIONS,
    numeric::FUNCTIONS,
    string::FUNCTIONS,
];

/// Calls a function by name.
pub(super) fn call(ev: &Evaluator<'_>, name: &str, args: &[Value], frame: &Frame<'_>, span: Span) -> Eval<Value> {
    let bare = name.strip_prefix("core::").unwrap_or(name);
    let Some(function) = TABLES.iter().flat_map(|t| t.iter()).find(|f| f.name == bare) else {
        if name.starts_with("provider::") {
            return Ok(ev.derived(frame, span, args));
        }
        return fail(format!("there is no function `{name}`"), span);
    };
    let (least, most) = function.arity;
    if args.len() < least || args.len() > most {
        let wanted = match (least, most) {
            (a, ANY) => format!("at least {a}"),
            (a, b) if a == b => a.to_string(),
            (a, b) => format!("{a} to {b}"),
        };
        return fail(format!("`{name}` takes {wanted} argument(s), not {}", args.len()), span);
    }
    if function.takes != Takes::Anything {
        if let Some(null) = args.iter().position(Value::is_null) {
            return fail(format!("argument {} of `{name}` is null", null + 1), span);
        }
        let unknown = |v: &Value| match function.takes {
            Takes::Known => v.has_unknown(),
            _ => v.has_unknown_type(),
        };
        if args.iter().any(unknown) {
            return Ok(ev.derived(frame, span, args));
        }
    }
    (function.run)(&Call { ev, frame, name: function.name, span, args })
}

impl Call<'_, '_> {
    fn arg(&self, i: usize) -> Eval<&Value> {
        match self.args.get(i) {
            Some(v) => Ok(v),
            None => fail(format!("`{}` needs argument {}", self.name, i + 1), self.span),
        }
    }

    /// The result can't be told.
    fn unknown(&self) -> Eval<Value> {
        Ok(self.ev.derived(self.frame, self.span, self.args))
    }

    fn error<T>(&self, message: impl AsRef<str>) -> Eval<T> {
        fail(format!("`{}`: {}", self.name, message.as_ref()), self.span)
    }

    /// A list, set or tuple.
    fn list(&self, i: usize) -> Eval<&[Value]> {
        let v = self.arg(i)?;
        match v.elements() {
            Some(items) => Ok(items),
            None => self.error(format!("argument {} must be a list, not {}", i + 1, v.type_name())),
        }
    }

    /// A map or object.
    fn fields(&self, i: usize) -> Eval<&[Field]> {
        let v = self.arg(i)?;
        match v.fields() {
            Some(fields) => Ok(fields),
            None => self.error(format!("argument {} must be a map, not {}", i + 1, v.type_name())),
        }
    }

    /// A string, or a number or bool as one.
    fn text(&self, i: usize) -> Eval<Text> {
        let v = self.arg(i)?;
        match v.scalar_text() {
            Some(t) => Ok(t),
            None => self.error(format!("argument {} must be a string, not {}", i + 1, v.type_name())),
        }
    }

    /// A string of a function that takes known values only.
    fn str(&self, i: usize) -> Eval<String> {
        Ok(self.text(i)?.as_str().to_owned())
    }

    fn number(&self, i: usize) -> Eval<Number> {
        match operators::number(self.arg(i)?, self.span)? {
            Some(n) => Ok(n),
            None => self.error(format!("argument {} is not known", i + 1)),
        }
    }

    fn int(&self, i: usize) -> Eval<i64> {
        match self.number(i)?.to_i64() {
            Some(n) => Ok(n),
            None => self.error(format!("argument {} must be a whole number", i + 1)),
        }
    }
}
