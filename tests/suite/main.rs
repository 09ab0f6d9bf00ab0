//! Integration tests, one binary: a module a subject.

mod access_diff;
mod action;
mod binary;
mod catalog;
mod catalog_cloudformation;
mod check_documentation;
mod check_robustness;
mod cli;
mod cloudformation;
mod cloudformation_locations;
mod conditions;
mod conformance;
mod custom_check_commands;
mod custom_checks;
mod engine;
mod evaluator;
mod examples;
mod fixes;
mod fuzz_smoke;
mod hcl_expressions;
mod managed_policies;
mod report;
mod sam;
mod simulate;
mod terraform;
mod unused_access;
