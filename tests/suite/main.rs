//! Integration tests, one binary: a module a subject.

mod catalog;
mod conformance;
mod sam;
