//! One page of HTML to explore the graph, which needs nothing else: its style and script are in it, its policy of contents
//! lets nothing else run and nothing load, and the script puts text from templates into the page as text only.

use base64::Engine as _;
use sha2::{Digest, Sha256};

use super::GraphReport;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

impl GraphReport<'_> {
    /// The page.
    pub fn html(&self) -> String {
        let hash = |text: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(text.as_bytes()));
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
             script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>Access graph</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
             <noscript>The graph is drawn by a script.</noscript>\n\
             <script id=\"data\" type=\"application/json\">{}</script>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
            hash(STYLE),
            hash(SCRIPT),
            in_script(&self.value().to_string()),
        )
    }
}

/// JSON that ends no element: what could is written by its code, which means the same to whoever reads the JSON.
fn in_script(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}
