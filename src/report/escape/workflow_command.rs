//! GitHub's workflow commands: the values of our own, and a writer of lines that are none.
//!
//! A runner reads every line that a step prints. One that begins with `::`, after white space, is a command; so is one
//! that has `##[name]` anywhere, the older form. Values of a command are escaped as the Actions toolkit does.
//!
//! Source: GitHub's documentation, "Workflow commands for GitHub Actions"; the toolkit's package `@actions/core`; the
//! runner's `ActionCommand`.

use std::io::{self, Write};

use super::terminal;

/// The data of a command: line breaks stay, as `%0A`; other control codes are made visible.
pub fn data(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(terminal::line).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

/// The value of a command's property.
pub fn property(text: &str) -> String {
    terminal::line(text).replace('%', "%25").replace(':', "%3A").replace(',', "%2C")
}

/// What a report is made of, as far as a character of it can be written in another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Lines for people.
    Text,
    /// JSON, where a character of a string can be written by its number.
    Json,
    /// HTML and Markdown, which name characters by number. (So does XML, but not all readers of JUnit do.)
    Markup,
}

impl Medium {
    /// The second `#` of `##[`, or for people, the bracket.
    fn older_form(self) -> &'static str {
        match self {
            Medium::Text => "##\\u{5b}",
            Medium::Json => "#\\u0023[",
            Medium::Markup => "#&#35;[",
        }
    }

    /// The first colon of a line that begins with two.
    fn colon(self) -> &'static str {
        match self {
            Medium::Text => "\\u{3a}",
            // No line of JSON begins with a colon.
            Medium::Json => ":",
            Medium::Markup => "&#58;",
        }
    }
}

/// Writes lines none of which is a workflow command, whatever they say.
#[derive(Debug)]
pub struct Inert<W: Write> {
    out: W,
    medium: Medium,
    line: Vec<u8>,
}

impl<W: Write> Inert<W> {
    /// A writer of lines of the medium.
    pub fn new(out: W, medium: Medium) -> Inert<W> {
        Inert { out, medium, line: Vec::new() }
    }

    /// Writes what is left of the last line.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn finish(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        self.write_line(&line)?;
        self.out.flush()
    }

    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        let mut rest = line;
        let start = leading_space(line);
        if rest.get(start..).is_some_and(|l| l.starts_with(b"::")) {
            self.out.write_all(&rest[..start])?;
            self.out.write_all(self.medium.colon().as_bytes())?;
            rest = &rest[start + 1..];
        }
        while let Some(at) = rest.windows(3).position(|w| w == b"##[") {
            self.out.write_all(&rest[..at])?;
            self.out.write_all(self.medium.older_form().as_bytes())?;
            rest = &rest[at + 3..];
        }
        self.out.write_all(rest)
    }
}

/// The bytes of white space, Unicode's too, that a line begins with.
fn leading_space(line: &[u8]) -> usize {
    let start = match std::str::from_utf8(line) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&line[..error.valid_up_to()]).unwrap_or_default(),
    };
    start.len() - start.trim_start().len()
}

impl<W: Write> Write for Inert<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut rest = bytes;
        // A runner takes either for the end of a line.
        while let Some(end) = rest.iter().position(|b| matches!(b, b'\n' | b'\r')) {
            let (line, after) = rest.split_at(end + 1);
            if self.line.is_empty() {
                self.write_line(line)?;
            } else {
                self.line.extend_from_slice(line);
                let line = std::mem::take(&mut self.line);
                self.write_line(&line)?;
            }
            rest = after;
        }
        self.line.extend_from_slice(rest);
        Ok(bytes.len())
    }

    /// Leaves the line that is not ended: what follows decides whether it is a command.
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The text with no line of it a workflow command.
pub fn inert(text: &str, medium: Medium) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut writer = Inert::new(&mut out, medium);
    // Writing to memory does not fail.
    let _ = writer.write_all(text.as_bytes()).and_then(|()| writer.finish());
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_would_be_a_command_is_none() {
        let text = " \u{a0}::add-mask::x\nAWS::S3::Bucket ##[add-mask]y\n::";
        assert_eq!(
            inert(text, Medium::Text),
            " \u{a0}\\u{3a}:add-mask::x\nAWS::S3::Bucket ##\\u{5b}add-mask]y\n\\u{3a}:"
        );
        assert_eq!(inert("{\"a\": \"###[x]\"}", Medium::Json), "{\"a\": \"##\\u0023[x]\"}");
        assert_eq!(inert("<a>##[x]</a>", Medium::Markup), "<a>#&#35;[x]</a>");
    }

    #[test]
    fn a_command_in_pieces_is_none_either() {
        let mut out = Vec::new();
        let mut writer = Inert::new(&mut out, Medium::Text);
        for piece in [" ", ":", ":x::", "y #", "#", "[z]\n"] {
            writer.write_all(piece.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), " \\u{3a}:x::y ##\\u{5b}z]\n");
    }
}
