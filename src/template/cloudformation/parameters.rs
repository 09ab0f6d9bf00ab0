//! The `Parameters` section: what `Ref` to a parameter gives.
//!
//! A value comes from the caller (command line, parameter file, or the parent stack), else from `Default`; without
//! either the parameter is a symbol whose shape follows from its type, `AllowedValues` and `AllowedPattern`. A `NoEcho`
//! parameter is always a symbol: its value decides conditions and is never shown. Source: "Parameters" in the
//! CloudFormation user guide.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::problems::Problems;
use super::shapes;
use crate::model::Problem;
use crate::source::{Node, NodeKind, Shape, Span, Symbol, SymbolInfo, SymbolKind, Text};
use crate::template::LoadContext;

/// The parameters of one template.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// What `Ref` gives, by name.
    pub values: FxHashMap<SmolStr, Node>,
    /// The only values that a symbol can have.
    pub allowed: FxHashMap<Symbol, Vec<SmolStr>>,
    /// Values of `NoEcho` parameters, for conditions alone.
    pub secrets: FxHashMap<Symbol, Text>,
}

/// A value given from outside the template.
#[derive(Clone, Debug)]
pub(super) enum Given {
    /// By the caller, as text.
    Text(String),
    /// By the parent stack, resolved.
    Node(Node),
}

impl Parameters {
    /// Reads the section. `given` yields the values from outside.
    pub fn read(
        section: Option<&Node>,
        given: &dyn Fn(&str) -> Option<Given>,
        scope: &SmolStr,
        ctx: LoadContext<'_>,
        problems: &mut Problems,
    ) -> Parameters {
        let mut parameters = Parameters::default();
        let Some(section) = section else { return parameters };
        let Some(map) = section.as_mapping() else {
            if !matches!(section.kind, NodeKind::Null) {
                problems.push(Problem::at("section `Parameters` must be a map", section.span));
            }
            return parameters;
        };
        for entry in map.iter() {
            let name = entry.key.as_smol();
            if entry.value.as_mapping().is_none() {
                problems.push(Problem::at(format!("parameter `{name}` must be a map"), entry.value.span));
                continue;
            }
            let declaration = Declaration::read(name, entry.key_span, &entry.value, problems);
            if declaration.no_echo {
                for secret in ["Default", "AllowedValues"].iter().filter_map(|key| entry.value.get(key)) {
                    ctx.sources.hide(secret.span);
                }
            }
            let value = parameters.value(&declaration, given(name), scope, ctx, problems);
            parameters.values.insert(name.clone(), value);
        }
        parameters
    }

    fn value(
        &mut self,
        declaration: &Declaration<'_>,
        given: Option<Given>,
        scope: &SmolStr,
        ctx: LoadContext<'_>,
        problems: &mut Problems,
    ) -> Node {
        let symbol = declaration.symbol(scope);
        let unknown = Node::text(Text::symbol(symbol), declaration.span);
        let node = match given {
            Some(Given::Text(text)) => Some(Node::string(text, declaration.span)),
            Some(Given::Node(node)) => Some(node),
            None => declaration.default.cloned(),
        };
        if !declaration.allowed.is_empty() {
            self.allowed.insert(symbol, declaration.allowed.clone());
        }
        let Some(node) = node else { return unknown };
        // What is given in an option stands at the declaration's own place.
        if declaration.no_echo && node.span != declaration.span {
            ctx.sources.hide(node.span);
        }
        if let Some(problem) = declaration.violation(&node) {
            problems.push(problem);
            return unknown;
        }
        if declaration.no_echo {
            if let Some(text) = node.scalar_text() {
                self.secrets.insert(symbol, text);
            }
            return unknown;
        }
        match &declaration.ssm {
            None => declaration.converted(&node, unknown),
            Some(_) => {
                let stored = node.as_str().and_then(|name| ctx.options.ssm.get(name));
                match stored {
                    Some(value) => declaration.converted(&Node::string(value, declaration.span), unknown),
                    None => unknown,
                }
            }
        }
    }
}

struct Declaration<'a> {
    name: &'a SmolStr,
    span: Span,
    /// The type of the value; for SSM parameters, of what is stored.
    value_type: SmolStr,
    /// The whole type, when the value is read from the parameter store.
    ssm: Option<()>,
    default: Option<&'a Node>,
    allowed: Vec<SmolStr>,
    pattern: Option<&'a str>,
    no_echo: bool,
}

impl<'a> Declaration<'a> {
    fn read(name: &'a SmolStr, span: Span, node: &'a Node, problems: &mut Problems) -> Self {
        let written = match node.get("Type") {
            Some(t) => t.as_str().unwrap_or_else(|| {
                problems.push(Problem::at(format!("the type of parameter `{name}` must be a string"), t.span));
                "String"
            }),
            None => {
                problems.push(Problem::at(format!("parameter `{name}` has no type"), span));
                "String"
            }
        };
        let stored = written.strip_prefix("AWS::SSM::Parameter::Value<").and_then(|t| t.strip_suffix('>'));
        let value_type = stored.unwrap_or(written);
        if !is_known_type(value_type) {
            problems.push(Problem {
                message: format!("parameter `{name}` has the unknown type `{written}`"),
                span: node.get("Type").map(|t| t.span),
                help: None,
            });
        }
        let allowed = node.get("AllowedValues").and_then(Node::as_sequence).unwrap_or(&[]);
        Declaration {
            name,
            span,
            value_type: value_type.into(),
            ssm: stored.map(|_| ()),
            default: node.get("Default").filter(|d| !matches!(d.kind, NodeKind::Null)),
            allowed: allowed.iter().filter_map(|v| v.scalar_text()).map(|t| t.as_smol().clone()).collect(),
            pattern: node.get("AllowedPattern").and_then(Node::as_str),
            no_echo: node
                .get("NoEcho")
                .and_then(Node::scalar_text)
                .is_some_and(|t| t.as_str().eq_ignore_ascii_case("true")),
        }
    }

    fn is_list(&self) -> bool {
        self.value_type == "CommaDelimitedList" || self.value_type.starts_with("List<")
    }

    fn symbol(&self, scope: &SmolStr) -> Symbol {
        let shape = if self.is_list() || self.ssm.is_some() && self.value_type == "String" {
            Shape::Any
        } else if !self.allowed.is_empty() && self.ssm.is_none() {
            shapes::of_values(self.allowed.iter().map(SmolStr::as_str))
        } else {
            match shapes::of_parameter_type(&self.value_type) {
                Shape::Any => self.pattern.map_or(Shape::Any, shapes::of_pattern),
                shape => shape,
            }
        };
        Symbol::intern(SymbolInfo {
            scope: scope.clone(),
            name: self.name.clone(),
            kind: SymbolKind::Parameter,
            shape,
            sensitive: self.no_echo,
        })
    }

    /// What is wrong with a value, if something certainly is. A secret is not quoted.
    fn violation(&self, node: &Node) -> Option<Problem> {
        let name = self.name;
        let at = |message: String, help: Option<String>| Some(Problem { message, span: Some(node.span), help });
        let Some(text) = node.scalar_text() else {
            if self.is_list() && node.as_sequence().is_some() {
                return None;
            }
            return at(format!("the value of parameter `{name}` must be a string, not an {}", node.type_name()), None);
        };
        // Whether an unknown value fits is not known either.
        let text = text.known()?;
        let shown = if self.no_echo { "its value".to_owned() } else { format!("`{text}`") };
        let items: Vec<&str> = if self.is_list() { text.split(',').map(str::trim).collect() } else { vec![text] };
        if self.ssm.is_none() && matches!(self.value_type.as_str(), "Number" | "List<Number>") {
            let is_number = |s: &str| s.trim().parse::<f64>().is_ok_and(f64::is_finite);
            if !items.iter().copied().all(is_number) {
                return at(format!("parameter `{name}` must be a number, but {shown} is none"), None);
            }
        }
        if !self.allowed.is_empty() && !items.iter().all(|i| self.allowed.iter().any(|a| a == i)) {
            return at(
                format!("{shown} is not among the allowed values of parameter `{name}`"),
                (!self.no_echo).then(|| format!("allowed: {}", self.allowed.join(", "))),
            );
        }
        None
    }

    fn converted(&self, node: &Node, unknown: Node) -> Node {
        let Some(text) = node.scalar_text() else { return node.clone() };
        let with_origin = |t: Text| Node::text(Text::concat([(&t, node.span)]), node.span);
        if !self.is_list() {
            return with_origin(text);
        }
        let certain = text.symbols().all(|s| !shapes::may_hold(s.info().shape, ","));
        if !certain {
            return if text.as_symbol().is_some() { node.clone() } else { unknown };
        }
        if text.is_empty() {
            return Node::new(NodeKind::Sequence(Vec::new()), node.span);
        }
        let mut items = Vec::new();
        let mut start = 0;
        for part in text.as_str().split(',') {
            let lead = part.len() - part.trim_start().len();
            let trimmed = part.trim();
            items.push(with_origin(text.slice(start + lead..start + lead + trimmed.len())));
            start += part.len() + 1;
        }
        Node::new(NodeKind::Sequence(items), node.span)
    }
}

fn is_known_type(name: &str) -> bool {
    let element = name.strip_prefix("List<").and_then(|n| n.strip_suffix('>')).unwrap_or(name);
    matches!(element, "String" | "Number" | "CommaDelimitedList") || element.starts_with("AWS::")
}
