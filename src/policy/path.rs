//! Places within a policy document, as Access Analyzer's `Location.path` gives them.

use std::fmt;

use serde::Serialize;
use smallvec::SmallVec;
use smol_str::SmolStr;

/// A key or a position in a list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum PathSegment {
    /// A key of an object, in the spelling of the document.
    Key(SmolStr),
    /// A position in an array, from 0.
    Index(usize),
}

/// Keys and positions from the root of a document; empty for the document itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct PolicyPath(pub SmallVec<[PathSegment; 5]>);

impl PolicyPath {
    /// The document itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// This path and then a key.
    #[must_use]
    pub fn key(&self, key: impl Into<SmolStr>) -> Self {
        let mut path = self.clone();
        path.0.push(PathSegment::Key(key.into()));
        path
    }

    /// This path and then a position.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.0.push(PathSegment::Index(index));
        path
    }

    /// This path and then a position, if there is one.
    #[must_use]
    pub fn maybe_index(&self, index: Option<usize>) -> Self {
        index.map_or_else(|| self.clone(), |i| self.index(i))
    }
}

impl fmt::Display for PolicyPath {
    /// `Statement[0].Condition.StringEquals`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Key(key) => {
                    write!(f, "{}{}", if i > 0 { "." } else { "" }, crate::source::Text::from_encoded(key.clone()))?
                }
                PathSegment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
