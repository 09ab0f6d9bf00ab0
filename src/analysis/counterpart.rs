//! Which policy of an earlier version of a deployment is the same policy as one of the later version: same input, same
//! resource, same property or policy name. Unknown values of the two versions are made to meet: the queue's name in one
//! is the queue's name in the other, whatever the files are called.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::model::{Deployment, Policy, PolicyId, When};
use crate::policy::PolicyDocument;
use crate::source::{Mapping, Node, NodeKind, Symbol, SymbolInfo, Text};

/// What names a policy: input, resource, name, and which of several of that name under the same conditions it is.
type Key = (SmolStr, SmolStr, SmolStr, usize);

/// The policies of an earlier version.
#[derive(Debug)]
pub struct Earlier {
    deployment: Deployment,
    by_key: FxHashMap<Key, Vec<usize>>,
}

impl Earlier {
    /// Takes the earlier version. `paths` gives, for the path of each of its inputs, the path in the later version.
    pub fn new(mut deployment: Deployment, paths: &[(String, String)]) -> Earlier {
        let mut renamed = FxHashMap::default();
        let moved = paths.iter().filter(|(from, to)| from != to);
        let moved: Vec<(&str, &str)> = moved.map(|(from, to)| (from.as_str(), to.as_str())).collect();
        if !moved.is_empty() {
            for document in deployment.policies.iter_mut().filter_map(|p| p.document.as_mut()) {
                if document.root().has_unknown() {
                    *document = PolicyDocument::new(rename(document.root(), &moved, &mut renamed));
                }
            }
        }
        let later: FxHashMap<&str, &str> = paths.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        let keys = keys(&deployment, |path| later.get(path).copied().unwrap_or(path).into());
        let mut by_key: FxHashMap<Key, Vec<usize>> = FxHashMap::default();
        for (index, key) in keys.into_iter().enumerate() {
            by_key.entry(key).or_default().push(index);
        }
        Earlier { deployment, by_key }
    }

    /// For each policy of the later version, the same policy in the earlier one: none if it is new, several if it is
    /// not decided yet which of them holds.
    pub fn counterparts(&self, later: &Deployment) -> Vec<Vec<PolicyId>> {
        let keys = keys(later, |path| path.into());
        let of = |(policy, key): (&Policy, Key)| -> Vec<PolicyId> {
            let found = self.by_key.get(&key).into_iter().flatten().copied();
            let meets = |i: &usize| {
                self.deployment.policies.get(*i).is_some_and(|p| compatible(p.when.as_ref(), policy.when.as_ref()))
            };
            found.filter(meets).map(PolicyId).collect()
        };
        later.policies.iter().zip(keys).map(of).collect()
    }

    /// The earlier version.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }
}

fn keys(deployment: &Deployment, path_of: impl Fn(&str) -> SmolStr) -> Vec<Key> {
    let mut seen: FxHashMap<(SmolStr, SmolStr, SmolStr, Option<When>), usize> = FxHashMap::default();
    let key = |policy: &Policy| {
        let path = deployment.inputs.get(policy.input.0).map_or("", |i| i.path.as_str());
        // The resource of a bare document is its file.
        let resource = if policy.resource.id == path { SmolStr::default() } else { policy.resource.id.clone() };
        let (path, name) = (path_of(path), policy.name.clone());
        let count = seen.entry((path.clone(), resource.clone(), name.clone(), policy.when.clone())).or_default();
        *count += 1;
        (path, resource, name, *count)
    };
    deployment.policies.iter().map(key).collect()
}

/// True if the conditions under which two versions exist can hold together.
fn compatible(a: Option<&When>, b: Option<&When>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return true };
    a.0.iter().all(|(name, value)| b.0.get(name).is_none_or(|other| other == value))
}

type Renamed = FxHashMap<char, char>;

fn rename(node: &Node, paths: &[(&str, &str)], renamed: &mut Renamed) -> Node {
    let kind = match &node.kind {
        NodeKind::String(text) => NodeKind::String(rename_text(text, paths, renamed)),
        NodeKind::Sequence(items) => NodeKind::Sequence(items.iter().map(|i| rename(i, paths, renamed)).collect()),
        NodeKind::Mapping(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for entry in map.iter() {
                let mut entry = entry.clone();
                entry.key = rename_text(&entry.key, paths, renamed);
                entry.value = rename(&entry.value, paths, renamed);
                entries.push(entry);
            }
            NodeKind::Mapping(Mapping { entries })
        }
        other => other.clone(),
    };
    Node::new(kind, node.span)
}

fn rename_text(text: &Text, paths: &[(&str, &str)], renamed: &mut Renamed) -> Text {
    if !text.has_unknown() {
        return text.clone();
    }
    let mut letter = |c: char| match Symbol::of(c) {
        Some(symbol) => *renamed.entry(c).or_insert_with(|| renamed_symbol(symbol, paths).as_char()),
        None => c,
    };
    Text::from_encoded(text.as_str().chars().map(&mut letter).collect::<SmolStr>())
}

/// The same unknown in the other version. A scope is the path of an input, what is nested in it after `#`; where a
/// value depends on several stacks, the scopes of the others follow after blanks.
fn renamed_symbol(symbol: Symbol, paths: &[(&str, &str)]) -> Symbol {
    let info = symbol.info();
    let within = |from: &str| info.scope.strip_prefix(from).filter(|r| r.is_empty() || r.starts_with(['#', ' ']));
    let Some((to, rest)) = paths.iter().find_map(|(from, to)| Some((to, within(from)?))) else { return symbol };
    let others = paths.iter().fold(rest.to_owned(), |rest, (from, to)| {
        if rest.contains(' ') { rest.replace(&format!(" {from}"), &format!(" {to}")) } else { rest }
    });
    Symbol::intern(SymbolInfo { scope: format!("{to}{others}").into(), ..SymbolInfo::clone(&info) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::source::{Limits, Sources};
    use crate::template::detect::Candidate;
    use crate::template::{FoundInput, LoadContext, LoadOptions, load_all};

    fn load(path: &str, text: &str) -> Deployment {
        let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Limits::default());
        let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
        let source = sources.add(path, text);
        load_all(&[FoundInput::Text(Candidate { path: path.to_owned(), source, named: true })], ctx).deployment
    }

    fn template(resource: &str) -> String {
        format!(
            "Resources:\n  Orders:\n    Type: AWS::SQS::Queue\n  Access:\n    Type: AWS::SQS::QueuePolicy\n    \
             Properties:\n      Queues: [!Ref Orders]\n      PolicyDocument:\n        Statement:\n          - {{Effect: \
             Allow, Principal: '*', Action: 'sqs:*', Resource: {resource}}}\n"
        )
    }

    #[test]
    fn unknown_values_of_two_versions_meet() {
        let head = load("a/t.yaml", &template("!GetAtt Orders.Arn"));
        let base = load("b/old.yaml", &template("!GetAtt Orders.Arn"));
        let earlier = Earlier::new(base, &[("b/old.yaml".to_owned(), "a/t.yaml".to_owned())]);
        let counterparts = earlier.counterparts(&head);
        assert_eq!(counterparts, [[PolicyId(0)]]);
        let root = |d: &Deployment| d.policies[0].document.as_ref().expect("a document").root().clone();
        assert!(root(&head).has_unknown());
        assert!(root(&head).same_value(&root(earlier.deployment())));
    }

    #[test]
    fn a_policy_that_was_not_there_has_no_counterpart() {
        let head = load("t.yaml", &template("'*'"));
        let base = load("t.yaml", &template("'*'").replace("Access:", "Other:"));
        assert_eq!(Earlier::new(base, &[]).counterparts(&head), [Vec::new()]);
    }
}
