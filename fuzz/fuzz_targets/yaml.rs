//! The YAML reader takes any text, and its spans lie in it.
#![no_main]

use iam_preflight::source::{Limits, SourceId, yaml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match yaml::read(SourceId(0), text, &Limits::default()) {
        Ok(root) => assert!(root.span.end as usize <= text.len()),
        Err(error) => assert!(error.span.start <= error.span.end && error.span.end as usize <= text.len().max(1)),
    }
});
