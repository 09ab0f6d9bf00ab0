//! Where a finding is, as people read it: file, line and column from spans; and the names of policies.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use super::Report;
use crate::finding::{Finding, Location};
use crate::model::{Deployment, Problem};
use crate::source::{Position, Sources, Span};

/// A place in a file. Without positions when the source is not at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file's path, as given or found.
    pub file: String,
    /// The first character and the one past the last.
    pub range: Option<(Position, Position)>,
}

impl Place {
    /// The place of a span.
    pub fn of(span: Span, sources: &Sources) -> Place {
        Place { file: sources.get(span.source).name().to_owned(), range: Some(sources.positions(span)) }
    }

    /// `file:line:column`, or the file alone.
    pub fn short(&self) -> String {
        match &self.range {
            Some((start, _)) => format!("{}:{}:{}", self.file, start.line, start.column),
            None => self.file.clone(),
        }
    }
}

impl Report<'_> {
    /// The place of a location: its own span, else that of the policy, else the input as a whole.
    pub fn place(&self, finding: &Finding, location: &Location) -> Place {
        let policy = self.policy_of(finding);
        match location.span.or_else(|| policy.and_then(|p| p.span)) {
            Some(span) => Place::of(span, self.sources),
            None => Place { file: self.input_of(finding).unwrap_or_default().to_owned(), range: None },
        }
    }

    /// The place of the primary location.
    pub fn primary_place(&self, finding: &Finding) -> Place {
        match finding.locations.first() {
            Some(location) => self.place(finding, location),
            None => Place { file: self.input_of(finding).unwrap_or_default().to_owned(), range: None },
        }
    }

    /// The place of a problem of an input.
    pub fn problem_place(&self, input: &str, problem: &Problem) -> Place {
        match problem.span {
            Some(span) => Place::of(span, self.sources),
            None => Place { file: input.to_owned(), range: None },
        }
    }
}

/// Files by their paths from the repository's root, wherever the tool is run: what pipelines show next to the code.
#[derive(Debug)]
pub(super) struct RepositoryPaths {
    root: Option<PathBuf>,
    /// Every file is looked up on disk once.
    known: RefCell<FxHashMap<String, String>>,
}

impl RepositoryPaths {
    /// Paths from this root; without one, as they were given.
    pub(super) fn new(root: Option<&Path>) -> RepositoryPaths {
        RepositoryPaths { root: root.and_then(|r| r.canonicalize().ok()), known: RefCell::default() }
    }

    /// The path of a file, with slashes, without `./`.
    pub(super) fn of(&self, file: &str) -> String {
        if let Some(known) = self.known.borrow().get(file) {
            return known.clone();
        }
        let relative = self.root.as_ref().and_then(|root| {
            let absolute = std::path::absolute(file).ok()?;
            let absolute = absolute.canonicalize().unwrap_or(absolute);
            Some(absolute.strip_prefix(root).ok()?.to_string_lossy().into_owned())
        });
        let path = relative.unwrap_or_else(|| file.to_owned());
        // A backslash is a separator on Windows alone.
        let path = if cfg!(windows) { path.replace('\\', "/") } else { path };
        let path = path.strip_prefix("./").unwrap_or(&path).to_owned();
        self.known.borrow_mut().insert(file.to_owned(), path.clone());
        path
    }
}

/// The ids of all policies of a deployment: `template.yaml#Logical.PolicyDocument`. Several of one name, such as the
/// versions of a policy under different conditions, are numbered from the second on.
pub fn policy_ids(deployment: &Deployment) -> Vec<String> {
    let mut seen: FxHashMap<String, usize> = FxHashMap::default();
    let policies = deployment.policies.iter();
    policies
        .map(|policy| {
            let input = deployment.inputs.get(policy.input.0).map_or("", |i| i.path.as_str());
            let id = if policy.resource.id == input {
                format!("{input}#{}", policy.name)
            } else {
                format!("{input}#{}.{}", policy.resource.id, policy.name)
            };
            let count = seen.entry(id.clone()).or_default();
            *count += 1;
            if *count > 1 { format!("{id}~{count}") } else { id }
        })
        .collect()
}
