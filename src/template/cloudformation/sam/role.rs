//! The execution roles that SAM makes, and what `Policies` of a function or state machine puts into them: documents,
//! ARNs and names of managed policies, and SAM policy templates.

use super::Expansion;
use super::construct::{At, Generated};
use super::intrinsic::{branches, function, is_function, is_no_value};
use super::policy_templates;
use crate::model::Problem;
use crate::source::{Entry, Node};

/// A role in the making: event sources still add to it.
#[derive(Debug)]
pub(super) struct Role {
    pub resource: Generated,
    pub managed: Vec<Node>,
    pub policies: Vec<Node>,
}

impl Role {
    pub fn new(id: impl Into<smol_str::SmolStr>, at: At, attributes: Vec<Entry>, trust: Node) -> Role {
        let mut resource = Generated::new(id, "AWS::IAM::Role", at, attributes);
        resource.set("AssumeRolePolicyDocument", trust);
        Role { resource, managed: Vec::new(), policies: Vec::new() }
    }

    /// Attaches a managed policy once.
    pub fn attach(&mut self, arn: Node) {
        if !self.managed.iter().any(|m| same_policy(m, &arn)) {
            self.managed.push(arn);
        }
    }

    /// Adds an inline policy unless one with the same document is there.
    pub fn add_once(&mut self, policy: Node) {
        let same = |p: &Node| match (p.get("PolicyDocument"), policy.get("PolicyDocument")) {
            (Some(a), Some(b)) => a.same_value(b),
            _ => false,
        };
        if !self.policies.iter().any(same) {
            self.policies.push(policy);
        }
    }

    pub fn into_resource(self) -> Generated {
        let Role { mut resource, managed, policies } = self;
        let at = resource.at;
        if !managed.is_empty() {
            resource.set("ManagedPolicyArns", at.list(managed));
        }
        if !policies.is_empty() {
            resource.set("Policies", at.list(policies));
        }
        resource
    }
}

/// The same managed policy, be its partition written out or referred to.
fn same_policy(a: &Node, b: &Node) -> bool {
    fn aws_policy(node: &Node) -> Option<&str> {
        let text = match function(node) {
            Some(("Fn::Sub", argument)) => argument.as_str()?.strip_prefix("arn:${AWS::Partition}")?,
            _ => node.as_str()?.strip_prefix("arn:aws")?,
        };
        text.strip_prefix(":iam::aws:policy/")
    }
    match (aws_policy(a), aws_policy(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.same_value(b),
    }
}

/// What an item of `Policies` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Document,
    Managed,
    Template,
    Unknown,
}

fn kind(policy: &Node) -> Kind {
    if policy.as_text().is_some() {
        return Kind::Managed;
    }
    if let Some((_, a, b)) = branches(policy) {
        return match (is_no_value(a), is_no_value(b), kind(a), kind(b)) {
            (true, _, _, k) | (_, true, k, _) => k,
            (_, _, a, b) if a == b => a,
            _ => Kind::Unknown,
        };
    }
    if is_function(policy) {
        return Kind::Managed;
    }
    if policy.get("Statement").is_some() {
        Kind::Document
    } else if policy_templates::used(policy).is_some() {
        Kind::Template
    } else {
        Kind::Unknown
    }
}

impl Expansion<'_> {
    /// Puts the items of a `Policies` property into a role.
    pub fn add_policies(&mut self, role: &mut Role, policies: &Node) {
        let items = policies.as_sequence().unwrap_or(std::slice::from_ref(policies));
        for (index, policy) in items.iter().enumerate() {
            let name = format!("{}Policy{index}", role.resource.id);
            match kind(policy) {
                Kind::Document | Kind::Template => {
                    if let Some(policy) = self.inline(&name, policy) {
                        role.policies.push(policy);
                    }
                }
                Kind::Managed => {
                    let policy = self.managed(policy);
                    role.attach(policy);
                }
                Kind::Unknown => {
                    let named = policy.as_mapping().and_then(|m| m.entries.first()).filter(|_| !is_function(policy));
                    let message = match named {
                        Some(entry) => format!("`{}` is not a SAM policy template", entry.key.display()),
                        None => {
                            "this is neither a policy document nor a managed policy nor a SAM policy template".into()
                        }
                    };
                    self.notices.push(Problem {
                        message,
                        span: Some(policy.span),
                        help: Some("a policy document needs `Statement`".into()),
                    });
                }
            }
        }
    }

    /// A document or policy template as an item of a role's `Policies`; inside `Fn::If`, each branch.
    fn inline(&mut self, name: &str, policy: &Node) -> Option<Node> {
        if is_no_value(policy) {
            return Some(policy.clone());
        }
        let at = At(policy.span);
        if let Some((condition, a, b)) = branches(policy) {
            let (a, b) = (self.inline(name, a), self.inline(name, b));
            return Some(at.choose(
                condition.clone(),
                a.unwrap_or_else(|| at.no_value()),
                b.unwrap_or_else(|| at.no_value()),
            ));
        }
        match policy_templates::used(policy) {
            None => Some(at.inline_policy(name, policy.clone())),
            Some(entry) => match policy_templates::document(entry) {
                Ok(document) => Some(at.inline_policy(name, document)),
                Err(message) => {
                    self.notices.push(Problem::at(message, policy.span));
                    None
                }
            },
        }
    }

    /// A managed policy's ARN for its name; ARNs and functions stay as they are.
    fn managed(&mut self, policy: &Node) -> Node {
        if let Some((condition, a, b)) = branches(policy) {
            let (a, b) = (self.managed(a), self.managed(b));
            return At(policy.span).choose(condition.clone(), a, b);
        }
        let Some(name) = policy.as_str() else { return policy.clone() };
        if name.contains(':') {
            return policy.clone();
        }
        match (self.managed_policy_path)(name) {
            Some(path) => At(policy.span).managed_policy_arn(&path),
            None => {
                self.notices.push(Problem {
                    message: format!("`{name}` is not the name of an AWS managed policy"),
                    span: Some(policy.span),
                    help: Some("give the ARN of a policy of your own".into()),
                });
                policy.clone()
            }
        }
    }
}
