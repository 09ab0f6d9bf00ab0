//! Integration tests, one binary: a module a subject.

mod conformance;
mod sam;
