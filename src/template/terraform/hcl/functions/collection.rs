//! Functions on lists, sets and maps.

use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[function("length", (1, 1), Anything, length)];

fn length(c: &Call<'_, '_>) -> Eval<Value> {
    let v = c.arg(0)?;
    let n = match &v.kind {
        Kind::Unknown(_) => return c.unknown(),
        _ => match (v.elements(), v.fields()) {
            (Some(items), _) => items.len(),
            (_, Some(fields)) => fields.len(),
            _ => return c.error(format!("{} has no length", v.type_name())),
        },
    };
    Ok(Value::number(n as i64, c.span))
}
