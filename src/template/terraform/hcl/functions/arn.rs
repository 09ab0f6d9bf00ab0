//! The functions of the AWS provider, which know ARNs.

use super::super::value::Field;
use super::*;
use Takes::*;

pub(super) const FUNCTIONS: &[Function] = &[
    function("provider::aws::arn_build", (5, 5), Structure, |c| {
        let colon = Text::from_encoded(":");
        let mut parts = vec![(Text::from_encoded("arn"), c.span)];
        for i in 0..5 {
            parts.push((colon.clone(), c.span));
            let (t, v) = (c.text(i)?, c.arg(i)?);
            let origin = content_span(&t, v.span);
            parts.push((t, origin));
        }
        Ok(Value::text(Text::concat(parts.iter().map(|(t, s)| (t, *s))), c.span))
    }),
    function("provider::aws::arn_parse", (1, 1), Structure, |c| {
        let t = c.text(0)?;
        let fields: Vec<&str> = t.as_str().splitn(6, ':').collect();
        let [_, partition, service, region, account_id, resource] = fields.as_slice() else {
            return if t.has_unknown() { c.unknown() } else { c.error(format!("`{t}` is not an ARN")) };
        };
        let named = [
            ("partition", partition),
            ("service", service),
            ("region", region),
            ("account_id", account_id),
            ("resource", resource),
        ];
        let field = |(name, s): (&str, &&str)| Field {
            key: Text::from_encoded(name),
            key_span: c.span,
            value: Value::text(Text::from_encoded(*s), c.span),
        };
        Ok(Value::object(named.into_iter().map(field).collect(), c.span))
    }),
    function("provider::aws::trim_iam_role_path", (1, 1), Known, |c| {
        let s = c.str(0)?;
        match (s.find(":role/"), s.rsplit_once('/')) {
            (Some(i), Some((_, name))) => {
                let head = s.get(..i + ":role/".len()).unwrap_or("");
                Ok(Value::string(format!("{head}{name}"), c.span))
            }
            _ => c.error(format!("`{s}` is not the ARN of a role")),
        }
    }),
];
