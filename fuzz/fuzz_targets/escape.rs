//! The escaping functions of the reports: whatever the text, its form in each medium is one that the medium takes for text.
//! `tests/suite/hostile_text.rs` holds the same with random texts, and renders what comes out.
#![no_main]

use iam_preflight::report::escape::workflow_command::{self, Medium, inert};
use iam_preflight::report::escape::{html, markdown, mermaid, parts, sarif, terminal, xml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let line = terminal::line(text);
    assert!(!line.chars().any(terminal::is_unprintable));
    assert_eq!(terminal::line(&line), line);

    assert_eq!(workflow_command::data(text).lines().count().max(1), 1);
    assert!(!workflow_command::property(text).contains([':', ',', '\n', '\r']));
    for medium in [Medium::Text, Medium::Json, Medium::Markup] {
        let text = inert(text, medium);
        assert!(!text.contains("##["));
        let begins = |line: &str| line.trim_start().starts_with("::");
        assert!(medium == Medium::Json || !text.split(['\n', '\r']).any(begins));
    }

    assert!(!html::text(text).contains(['<', '>', '"', '\'']));
    assert!(!markdown::text(text).replace("<!-- -->", "").contains(['<', '>', '|', '\n']));
    assert!(!markdown::code(text).contains(['\n', '|']));
    assert!(!markdown::breaking_code(text).contains(['\n', '|']));
    assert_eq!(parts(text).collect::<String>(), text);
    assert!(!mermaid::label(text).contains(['"', '`', '<', '>', '%', '{', '}', '[', ']', '(', ')', '|', '\\', '\n']));
    assert!(xml::line(text, 100).chars().count() <= 100);
    assert!(!sarif::message(text).chars().any(|c| c != '\n' && terminal::is_unprintable(c)));
    assert!(sarif::uri(text).bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%:".contains(&b)));
});
