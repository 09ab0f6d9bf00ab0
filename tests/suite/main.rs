//! Integration tests, one binary: a module a subject.

mod catalog;
mod catalog_cloudformation;
mod check_documentation;
mod cloudformation;
mod conformance;
mod managed_policies;
mod sam;
