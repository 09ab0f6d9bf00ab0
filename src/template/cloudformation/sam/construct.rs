//! Construction of CloudFormation nodes that stand in no template: every node made here takes the span of the SAM
//! property that caused it.

use smol_str::SmolStr;

use crate::source::{Entry, Mapping, Node, NodeKind, Span, Text};

/// Makes nodes that all come from one place of the template.
#[derive(Clone, Copy, Debug)]
pub(super) struct At(pub Span);

impl At {
    pub fn string(self, s: impl AsRef<str>) -> Node {
        Node::string(s, self.0)
    }

    pub fn bool(self, value: bool) -> Node {
        Node::new(NodeKind::Bool(value), self.0)
    }

    pub fn list(self, items: impl IntoIterator<Item = Node>) -> Node {
        Node::new(NodeKind::Sequence(items.into_iter().collect()), self.0)
    }

    pub fn strings(self, items: impl IntoIterator<Item = impl AsRef<str>>) -> Node {
        self.list(items.into_iter().map(|s| self.string(s)))
    }

    pub fn entry(self, key: impl AsRef<str>, value: Node) -> Entry {
        Entry { key: Text::literal(key), key_span: self.0, value }
    }

    pub fn map(self, entries: impl IntoIterator<Item = (impl AsRef<str>, Node)>) -> Node {
        self.mapping(entries.into_iter().map(|(k, v)| self.entry(k, v)).collect())
    }

    pub fn mapping(self, entries: Vec<Entry>) -> Node {
        Node::new(NodeKind::Mapping(Mapping { entries }), self.0)
    }

    pub fn reference(self, id: impl AsRef<str>) -> Node {
        self.map([("Ref", self.string(id))])
    }

    pub fn get_att(self, id: impl AsRef<str>, attribute: &str) -> Node {
        self.map([("Fn::GetAtt", self.list([self.string(id), self.string(attribute)]))])
    }

    pub fn sub(self, text: impl AsRef<str>) -> Node {
        self.map([("Fn::Sub", self.string(text))])
    }

    pub fn sub_with(self, text: impl AsRef<str>, variables: impl IntoIterator<Item = (impl AsRef<str>, Node)>) -> Node {
        self.map([("Fn::Sub", self.list([self.string(text), self.map(variables)]))])
    }

    pub fn join(self, delimiter: &str, items: impl IntoIterator<Item = Node>) -> Node {
        self.map([("Fn::Join", self.list([self.string(delimiter), self.list(items)]))])
    }

    pub fn no_value(self) -> Node {
        self.reference("AWS::NoValue")
    }

    pub fn choose(self, condition: Node, when_true: Node, when_false: Node) -> Node {
        self.map([("Fn::If", self.list([condition, when_true, when_false]))])
    }

    /// `Fn::Or` and the like over named conditions.
    pub fn combine_conditions(self, function: &str, names: impl IntoIterator<Item = impl AsRef<str>>) -> Node {
        self.map([(function, self.list(names.into_iter().map(|n| self.map([("Condition", self.string(n))]))))])
    }

    /// The ARN of an AWS managed policy in whatever partition is deployed to; `path` is what follows `policy/`.
    pub fn managed_policy_arn(self, path: &str) -> Node {
        self.sub(format!("arn:${{AWS::Partition}}:iam::aws:policy/{path}"))
    }

    /// A statement that allows `actions`, written as a list.
    pub fn allow(self, actions: &[&str], resource: Node) -> Node {
        self.map([("Effect", self.string("Allow")), ("Action", self.strings(actions)), ("Resource", resource)])
    }

    /// A document without `Version`, as SAM writes most inline policies of the roles it makes.
    pub fn unversioned_document(self, statements: impl IntoIterator<Item = Node>) -> Node {
        self.map([("Statement", self.list(statements))])
    }

    pub fn document(self, statements: impl IntoIterator<Item = Node>) -> Node {
        self.map([("Version", self.string("2012-10-17")), ("Statement", self.list(statements))])
    }

    /// An item of a role's `Policies`.
    pub fn inline_policy(self, name: impl AsRef<str>, document: Node) -> Node {
        self.map([("PolicyName", self.string(name)), ("PolicyDocument", document)])
    }

    /// A trust policy for one AWS service.
    pub fn trust_service(self, service: &str) -> Node {
        self.document([self.map([
            ("Effect", self.string("Allow")),
            ("Action", self.strings(["sts:AssumeRole"])),
            ("Principal", self.map([("Service", self.strings([service]))])),
        ])])
    }

    /// `Tags` as CloudFormation wants them, from SAM's map; `first` comes before. An intrinsic function in place of
    /// the map can't be turned into a list and is left out.
    pub fn tags(self, first: Option<(&str, &str)>, tags: Option<&Node>) -> Node {
        let own = first.map(|(k, v)| self.map([("Key", self.string(k)), ("Value", self.string(v))]));
        let given = tags.and_then(Node::as_mapping).into_iter().flat_map(Mapping::iter).map(|e| {
            let value = if matches!(e.value.kind, NodeKind::Null) { self.string("") } else { e.value.clone() };
            self.map([("Key", Node::text(e.key.clone(), e.key_span)), ("Value", value)])
        });
        self.list(own.into_iter().chain(given))
    }
}

/// A resource of the expanded template.
#[derive(Clone, Debug)]
pub(super) struct Generated {
    pub id: SmolStr,
    pub at: At,
    pub resource_type: &'static str,
    pub properties: Vec<Entry>,
    /// `Condition`, `DependsOn` and the other entries beside `Type` and `Properties`.
    pub attributes: Vec<Entry>,
}

impl Generated {
    pub fn new(id: impl Into<SmolStr>, resource_type: &'static str, at: At, attributes: Vec<Entry>) -> Generated {
        Generated { id: id.into(), at, resource_type, properties: Vec::new(), attributes }
    }

    /// Sets a property, in the place of one that is there.
    pub fn set(&mut self, name: &str, value: Node) {
        let entry = self.at.entry(name, value);
        match self.properties.iter_mut().find(|e| e.key == name) {
            Some(there) => *there = entry,
            None => self.properties.push(entry),
        }
    }

    /// Sets a property when there is a value for it.
    pub fn set_some(&mut self, name: &str, value: Option<Node>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// Takes over properties under their own names.
    pub fn copy(&mut self, from: &Mapping, names: &[&str]) {
        let wanted = from.iter().filter(|e| names.iter().any(|n| e.key == *n));
        self.properties.extend(wanted.filter(|e| !matches!(e.value.kind, NodeKind::Null)).cloned());
    }

    /// Sets an attribute, in the place of one that is there.
    pub fn set_attribute(&mut self, name: &str, value: Node) {
        self.attributes.retain(|e| e.key != name);
        self.attributes.push(self.at.entry(name, value));
    }

    pub fn into_node(self) -> Node {
        let mut entries = vec![self.at.entry("Type", self.at.string(self.resource_type))];
        entries.extend(self.attributes);
        entries.push(self.at.entry("Properties", self.at.mapping(self.properties)));
        self.at.mapping(entries)
    }
}
