//! Resource addresses, by their grammar.
//!
//! `module.a["x.y"].data.aws_iam_policy_document.d[0]`: steps into modules, each with an instance key where the call
//! has `count` or `for_each`, then the mode (`data.`, nothing for managed resources), type, name and instance key.
//! Keys are whole numbers or quoted strings, and strings hold anything: dots, brackets, quotes, ARNs.
//! Source: Terraform documentation, "Resource Addressing"; quoting as HCL's string literals.

use std::fmt;

use smol_str::SmolStr;

/// The key of one instance of a resource or module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum InstanceKey {
    /// Of `count`.
    Number(u64),
    /// Of `for_each`.
    Text(SmolStr),
}

/// A step into a module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ModuleStep {
    /// The name of the call.
    pub name: SmolStr,
    /// Which instance of it.
    pub key: Option<InstanceKey>,
}

/// An instance of a module; empty for the root module.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct ModulePath(pub Vec<ModuleStep>);

/// Whether a block creates something or reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// A `resource` block.
    Managed,
    /// A `data` block.
    Data,
}

/// Names one instance of a resource or data source.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    /// The module instance.
    pub module: ModulePath,
    /// `resource` or `data`.
    pub mode: Mode,
    /// `aws_s3_bucket`
    pub resource_type: SmolStr,
    /// The block's name.
    pub name: SmolStr,
    /// Which instance of it.
    pub key: Option<InstanceKey>,
}

impl Address {
    /// Reads a whole address; `None` if it is none.
    ///
    /// ```
    /// use iam_preflight::template::terraform::address::Address;
    /// let address = Address::parse(r#"module.m["a.b"].aws_iam_policy.p["arn:aws:iam::1:role/x[0]"]"#).unwrap();
    /// assert_eq!(address.resource_type, "aws_iam_policy");
    /// assert_eq!(address.module.to_string(), r#"module.m["a.b"]"#);
    /// ```
    pub fn parse(text: &str) -> Option<Address> {
        let (address, rest) = Address::parse_prefix(text)?;
        rest.is_empty().then_some(address)
    }

    /// Reads an address at the start of a reference such as `aws_s3_bucket.b[0].arn`; gives what follows it (`.arn`).
    pub fn parse_prefix(text: &str) -> Option<(Address, &str)> {
        let mut reader = Reader { rest: text };
        let module = reader.module_path()?;
        reader.address_in(module)
    }
}

impl ModulePath {
    /// Reads a module address (`module.a.module.b[0]`); the empty string is the root module.
    pub fn parse(text: &str) -> Option<ModulePath> {
        let mut reader = Reader { rest: text };
        let mut steps = Vec::new();
        while !reader.rest.is_empty() {
            steps.push(reader.module_step()?);
            if !reader.rest.is_empty() {
                reader.eat('.')?;
            }
        }
        Some(ModulePath(steps))
    }

    /// The same place in the configuration, which knows no instances: call names.
    pub fn call_names(&self) -> Vec<SmolStr> {
        self.0.iter().map(|s| s.name.clone()).collect()
    }

    /// The module instance that calls this one; `None` for the root module.
    pub fn parent(&self) -> Option<(ModulePath, &ModuleStep)> {
        let (last, init) = self.0.split_last()?;
        Some((ModulePath(init.to_vec()), last))
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn eat(&mut self, c: char) -> Option<()> {
        self.rest = self.rest.strip_prefix(c)?;
        Some(())
    }

    fn name(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c: char| matches!(c, '.' | '[' | ']' | '"') || c.is_whitespace());
        let (name, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        (!name.is_empty()).then_some(name)
    }

    fn module_path(&mut self) -> Option<ModulePath> {
        let mut steps = Vec::new();
        while self.rest.starts_with("module.") {
            steps.push(self.module_step()?);
            self.eat('.')?;
        }
        Some(ModulePath(steps))
    }

    fn module_step(&mut self) -> Option<ModuleStep> {
        self.rest = self.rest.strip_prefix("module.")?;
        Some(ModuleStep { name: self.name()?.into(), key: self.key()? })
    }

    fn address_in(mut self, module: ModulePath) -> Option<(Address, &'a str)> {
        let mode = match self.rest.strip_prefix("data.") {
            Some(rest) => {
                self.rest = rest;
                Mode::Data
            }
            None => Mode::Managed,
        };
        let resource_type = self.name()?.into();
        self.eat('.')?;
        let name = self.name()?.into();
        let key = self.key()?;
        Some((Address { module, mode, resource_type, name, key }, self.rest))
    }

    /// An instance key, if one follows; the outer `None` is an error.
    #[allow(clippy::option_option)] // absent and malformed are different
    fn key(&mut self) -> Option<Option<InstanceKey>> {
        let Some(inner) = self.rest.strip_prefix('[') else { return Some(None) };
        if let Some(quoted) = inner.strip_prefix('"') {
            let (text, rest) = unquote(quoted)?;
            self.rest = rest.strip_prefix(']')?;
            return Some(Some(InstanceKey::Text(text)));
        }
        let (digits, rest) = inner.split_once(']')?;
        self.rest = rest;
        Some(Some(InstanceKey::Number(digits.parse().ok()?)))
    }
}

/// The text up to the closing quote, unescaped, and what follows the quote.
fn unquote(quoted: &str) -> Option<(SmolStr, &str)> {
    let mut out = String::new();
    let mut rest = quoted;
    loop {
        let c = rest.chars().next()?;
        let tail = &rest[c.len_utf8()..];
        match c {
            '"' => return Some((out.into(), tail)),
            '\\' => {
                let escape = tail.chars().next()?;
                rest = &tail[escape.len_utf8()..];
                let digits = match escape {
                    'n' => '\n'.into(),
                    'r' => '\r'.into(),
                    't' => '\t'.into(),
                    '"' | '\\' => escape.into(),
                    'u' | 'U' => None,
                    _ => return None,
                };
                match digits {
                    Some(c) => out.push(c),
                    None => {
                        let hex = rest.get(..if escape == 'u' { 4 } else { 8 })?;
                        out.push(char::from_u32(u32::from_str_radix(hex, 16).ok()?)?);
                        rest = &rest[hex.len()..];
                    }
                }
            }
            // A doubled `$` or `%` before a brace is one.
            '$' | '%' if tail.starts_with(c) && tail[1..].starts_with('{') => {
                out.push(c);
                rest = &tail[1..];
            }
            _ => {
                out.push(c);
                rest = tail;
            }
        }
    }
}

impl fmt::Display for InstanceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            InstanceKey::Number(n) => write!(f, "[{n}]"),
            InstanceKey::Text(text) => {
                f.write_str("[\"")?;
                let mut chars = text.chars().peekable();
                while let Some(c) = chars.next() {
                    match c {
                        '"' => f.write_str("\\\"")?,
                        '\\' => f.write_str("\\\\")?,
                        '\n' => f.write_str("\\n")?,
                        '\r' => f.write_str("\\r")?,
                        '\t' => f.write_str("\\t")?,
                        '$' | '%' if chars.peek() == Some(&'{') => write!(f, "{c}{c}")?,
                        _ => write!(f, "{c}")?,
                    }
                }
                f.write_str("\"]")
            }
        }
    }
}

impl fmt::Display for ModulePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            write!(f, "{}module.{}", if i > 0 { "." } else { "" }, step.name)?;
            if let Some(key) = &step.key {
                write!(f, "{key}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.module.0.is_empty() {
            write!(f, "{}.", self.module)?;
        }
        if self.mode == Mode::Data {
            f.write_str("data.")?;
        }
        write!(f, "{}.{}", self.resource_type, self.name)?;
        self.key.as_ref().map_or(Ok(()), |key| write!(f, "{key}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_written_back_is_the_same() {
        for text in [
            "aws_iam_policy.p",
            "data.aws_iam_policy_document.d[3]",
            r#"module.a.module.b["k"].aws_iam_policy.p["a.b"]"#,
            r#"module.a[0].data.x.y["arn:aws:s3:::b/*[\"]\\"]"#,
            r#"x.y["$${v} %%{if} $x ${"]"#,
        ] {
            let text = text.replace("${\"]", "\"]");
            assert_eq!(Address::parse(&text).map(|a| a.to_string()).as_deref(), Some(text.as_str()));
        }
    }

    #[test]
    fn keys_may_hold_what_separates_elsewhere() {
        let a = Address::parse(r#"module.m["x]y.z"].aws_iam_role.r["a\"].b\n\u00e9"]"#).unwrap();
        assert_eq!(a.module.0[0].key, Some(InstanceKey::Text("x]y.z".into())));
        assert_eq!(a.key, Some(InstanceKey::Text("a\"].b\né".into())));
        assert_eq!((a.resource_type.as_str(), a.name.as_str()), ("aws_iam_role", "r"));
    }

    #[test]
    fn what_follows_an_address_is_given_back() {
        let (a, rest) = Address::parse_prefix("aws_s3_bucket.b[\"k\"].arn").unwrap();
        assert_eq!((a.to_string().as_str(), rest), ("aws_s3_bucket.b[\"k\"]", ".arn"));
    }

    #[test]
    fn what_is_no_address_is_none() {
        for text in ["", "x", "x.", ".y", "x.y[", "x.y[a]", "x.y[\"a]", "module.a", "x.y z", "x.y[\"\\q\"]", "module.é"]
        {
            assert_eq!(Address::parse(text), None, "{text}");
        }
    }
}
