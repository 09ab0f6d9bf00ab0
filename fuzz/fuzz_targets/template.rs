//! Whatever the loaders make of a text (a template, a plan, a state, a policy document), its policies can be checked.
#![no_main]

use iam_preflight::catalog::Catalog;
use iam_preflight::checks;
use iam_preflight::source::{Limits, Sources};
use iam_preflight::template::detect::Candidate;
use iam_preflight::template::{FoundInput, LoadContext, LoadOptions, load_all};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Limits::default());
    let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let path = "fuzz.template".to_owned();
    let candidate = Candidate { source: sources.add(path.as_str(), text), path, named: true };
    let loaded = load_all(&[FoundInput::Text(candidate)], ctx);
    for policy in &loaded.deployment.policies {
        for finding in checks::check_policy(policy, ctx.catalog, true) {
            assert!(!finding.locations.is_empty(), "{}", finding.code);
        }
    }
});
