//! What is wrong with a template, apart from what is merely not known.

use crate::model::Problem;

/// Errors and notices, each in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// CloudFormation would not deploy the template.
    pub errors: Vec<Problem>,
    /// The template may be right; not all of it can be analysed.
    pub notices: Vec<Problem>,
}

impl Problems {
    /// Adds an error.
    pub fn push(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Adds a notice.
    pub fn notice(&mut self, problem: Problem) {
        self.notices.push(problem);
    }

    /// Takes over another's.
    pub fn append(&mut self, other: &mut Problems) {
        self.errors.append(&mut other.errors);
        self.notices.append(&mut other.notices);
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.errors.clear();
        self.notices.clear();
    }

    /// Errors, then notices.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.errors.iter().chain(&self.notices)
    }
}
