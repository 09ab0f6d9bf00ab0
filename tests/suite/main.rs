//! Integration tests, one binary: a module a subject.

mod access_diff;
mod access_points;
mod action;
mod architecture;
mod binary;
mod book;
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
mod effective;
mod engine;
mod escalation;
mod escalation_command;
mod evaluator;
mod examples;
mod external_access;
mod external_access_command;
mod external_access_templates;
mod fixes;
mod fuzz_smoke;
mod generate_policy;
mod graph;
mod hcl_expressions;
mod hostile_text;
mod internal_access;
mod managed_policies;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "github")]
mod pull_request;
mod report;
mod report_formats;
mod risk;
#[cfg(feature = "guard")]
mod rules;
mod sam;
mod simulate;
mod suppressions;
mod terraform;
mod tools;
mod unused_access;
mod unused_command;
mod who_can;
