//! The HCL module reader and the evaluator, on every local value, output and resource argument.
#![no_main]

use iam_preflight::catalog::Catalog;
use iam_preflight::source::{Limits, Sources};
use iam_preflight::template::terraform::hcl::{Bindings, Evaluator, ModuleSource, NothingKnown};
use iam_preflight::template::{LoadContext, LoadOptions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (sources, options, limits) = (Sources::new(), LoadOptions::default(), Limits::default());
    let ctx = LoadContext { sources: &sources, catalog: Catalog::embedded(), options: &options, limits: &limits };
    let module = ModuleSource::read_text("main.tf", text, ctx);
    let evaluator = Evaluator::new(&module, &NothingKnown, "fuzz", ctx);
    let locals = module.locals.values().map(|l| &l.value);
    let outputs = module.outputs.values().filter_map(|o| o.value.as_ref());
    let resources = module.resources.iter().chain(&module.data);
    let arguments = resources.clone().flat_map(|r| &r.body.attributes).map(|a| &a.value);
    for expression in locals.chain(outputs).chain(arguments) {
        let _ = evaluator.evaluate(expression, &Bindings::none());
    }
    for block in resources {
        for nested in &block.body.blocks {
            let kind = nested.labels.first().filter(|_| nested.kind == "dynamic").map_or(&nested.kind, |l| &l.text);
            let _ = evaluator.expand_blocks(&block.body, kind, &Bindings::none());
        }
    }
});
