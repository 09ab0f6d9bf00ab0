//! A file of Guard rules as text: which rules stand where, what their comments say, which actions they name and what
//! of the view they read. What the rules mean is the engine's business.
//!
//! The grammar that matters here: `#` begins a comment; strings stand in single or double quotes, regular expressions
//! between slashes, messages between `<<` and `>>`; `rule NAME … { … }` at the top level. Source: the language
//! reference of AWS CloudFormation Guard.

use std::ops::Range;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use super::GuardError;
use crate::finding::FindingType;

/// A file of Guard rules.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// As messages name it.
    pub name: String,
    /// Its text.
    pub text: String,
    rules: Vec<Rule>,
    actions: Vec<String>,
    collections: Vec<&'static str>,
    /// What its queries name; `None` if a query may take fields that it does not name.
    words: Option<FxHashSet<String>>,
}

/// One rule of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The comment above it, without the setting of its finding type.
    pub comment: String,
    /// `# finding-type: …` in the comment; an error without.
    pub finding_type: FindingType,
    /// True for `rule name(…)`, which is evaluated where others call it.
    pub has_parameters: bool,
    /// The bytes of the rule.
    pub range: Range<usize>,
}

impl Rule {
    /// The comment's first sentence.
    pub fn title(&self) -> Option<&str> {
        let comment = self.comment.trim();
        let end = comment.find(". ").or_else(|| comment.strip_suffix('.').map(str::len)).unwrap_or(comment.len());
        comment.get(..end).filter(|t| !t.is_empty())
    }
}

impl RuleFile {
    /// Reads the outline of rules.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> RuleFile {
        let text = text.into();
        let outline = Outline::of(&text);
        RuleFile {
            name: name.into(),
            text,
            rules: outline.rules,
            actions: outline.actions,
            collections: outline.collections,
            words: (!outline.takes_all).then_some(outline.words),
        }
    }

    /// Its rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule of that name.
    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|r| r.name == name)
    }

    /// The actions that it names in full: strings such as `iam:PassRole`.
    pub fn actions(&self) -> impl Iterator<Item = &str> {
        self.actions.iter().map(String::as_str)
    }

    /// Whether a rule can read this collection of the view.
    pub fn reads(&self, collection: &str) -> bool {
        self.collections.contains(&collection)
    }

    /// Whether a rule can read a field of this name.
    pub fn names(&self, field: &str) -> bool {
        self.words.as_ref().is_none_or(|words| words.contains(field))
    }
}

/// Reads rule files: a file, or all `*.guard` files of a folder and its subfolders, in the order of their names.
///
/// # Errors
///
/// When a file can't be read, or a folder holds none.
pub fn read_rules(path: &Path) -> Result<Vec<RuleFile>, GuardError> {
    let unreadable = |path: &Path, cause| GuardError::Unreadable { path: path.display().to_string(), cause };
    let files: Vec<PathBuf> = if path.is_dir() {
        let walk = ignore::WalkBuilder::new(path).sort_by_file_path(Ord::cmp).build();
        let files = walk.filter_map(Result::ok).map(ignore::DirEntry::into_path);
        files.filter(|f| f.is_file() && f.extension().is_some_and(|e| e == "guard")).collect()
    } else {
        vec![path.to_owned()]
    };
    if files.is_empty() {
        return Err(GuardError::NoRules(path.display().to_string()));
    }
    let read = |file: &PathBuf| {
        let text = std::fs::read_to_string(file).map_err(|cause| unreadable(file, cause))?;
        Ok(RuleFile::new(file.display().to_string().replace('\\', "/"), text))
    };
    files.iter().map(read).collect()
}

#[derive(Default)]
struct Outline {
    rules: Vec<Rule>,
    actions: Vec<String>,
    collections: Vec<&'static str>,
    words: FxHashSet<String>,
    /// True with `.*`, `keys` or `this`, which reach fields without their names.
    takes_all: bool,
}

/// What the text is made of, as far as it matters here.
enum Token<'t> {
    Word(&'t str),
    /// A string in quotes, without them.
    Quoted(&'t str),
    Comment(&'t str),
    /// A regular expression or a message.
    Opaque,
    Sign(u8),
}

impl Outline {
    fn of(text: &str) -> Outline {
        let mut outline = Outline::default();
        let mut comment: Vec<&str> = Vec::new();
        let mut open: Option<Rule> = None;
        let (mut depth, mut last, mut last_end, mut rule_word) = (0_usize, b' ', 0, None);
        let (mut line, mut counted) = (1, 0);
        for (range, token) in tokens(text) {
            let gap = text.get(last_end..range.start).unwrap_or_default();
            // A comment belongs to a rule that follows it without an empty line.
            if gap.matches('\n').count() > 1 {
                comment.clear();
            }
            let mut sign = b' ';
            match token {
                Token::Comment(c) => {
                    if gap.contains('\n') || last_end == 0 {
                        comment.push(c.trim());
                    }
                    last_end = range.end;
                    continue;
                }
                Token::Quoted(s) => {
                    outline.words.insert(s.to_owned());
                    if is_action(s) && !outline.actions.iter().any(|a| a == s) {
                        outline.actions.push(s.to_owned());
                    }
                }
                Token::Opaque => {}
                Token::Sign(s) => {
                    sign = s;
                    match s {
                        b'{' => depth += 1,
                        b'}' => {
                            depth = depth.saturating_sub(1);
                            if depth == 0
                                && let Some(mut rule) = open.take()
                            {
                                rule.range.end = range.end;
                                outline.rules.push(rule);
                            }
                        }
                        b'(' => {
                            if let Some(rule) = &mut open
                                && rule.range.end == range.start
                            {
                                rule.has_parameters = true;
                            }
                        }
                        // All of the view, whatever it is called.
                        b'*' if last != b'.' && last != b'[' => {
                            outline.collections = super::view::COLLECTIONS.to_vec();
                            outline.takes_all = true;
                        }
                        b'*' if last == b'.' => outline.takes_all = true,
                        _ => {}
                    }
                }
                Token::Word("this") => {
                    outline.collections = super::view::COLLECTIONS.to_vec();
                    outline.takes_all = true;
                }
                Token::Word(word) => {
                    outline.takes_all |= word.eq_ignore_ascii_case("keys");
                    outline.words.insert(word.to_owned());
                    if let Some(start) = rule_word.take() {
                        line += text.get(counted..start).unwrap_or_default().matches('\n').count();
                        counted = start;
                        open = Some(rule(word, line, &comment, start..range.end));
                    } else if depth == 0 && open.is_none() && word == "rule" {
                        rule_word = Some(range.start);
                        last_end = range.end;
                        continue;
                    }
                    if let Some(name) = super::view::COLLECTIONS.into_iter().find(|c| *c == word)
                        && !outline.collections.contains(&name)
                    {
                        outline.collections.push(name);
                    }
                }
            }
            comment.clear();
            last = sign;
            last_end = range.end;
        }
        outline
    }
}

fn rule(name: &str, line: usize, comment: &[&str], range: Range<usize>) -> Rule {
    fn setting(line: &str) -> Option<&str> {
        line.strip_prefix("finding-type:").map(str::trim)
    }
    let finding_type = comment
        .iter()
        .find_map(|l| setting(l))
        .and_then(|name| FindingType::ALL.into_iter().find(|t| t.as_str().eq_ignore_ascii_case(name)));
    let words: Vec<&str> = comment.iter().copied().filter(|l| setting(l).is_none()).collect();
    Rule {
        name: name.to_owned(),
        line,
        comment: words.join(" ").trim().to_owned(),
        finding_type: finding_type.unwrap_or(FindingType::Error),
        has_parameters: false,
        range,
    }
}

/// `service:Action`, both written out.
fn is_action(s: &str) -> bool {
    s.split_once(':').is_some_and(|(service, name)| {
        let prefix = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !service.is_empty()
            && service.bytes().all(prefix)
            && name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
            && service != "repo"
    })
}

fn tokens(text: &str) -> impl Iterator<Item = (Range<usize>, Token<'_>)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while bytes.get(at).is_some_and(u8::is_ascii_whitespace) {
            at += 1;
        }
        let start = at;
        let rest = text.get(start..)?;
        let first = *bytes.get(start)?;
        // The end of what `open` begins: after the next `close`, or where the text ends.
        let until = |skip: usize, close: &str| {
            let after = rest.get(skip..).unwrap_or_default();
            after.find(close).map_or(text.len(), |i| start + skip + i + close.len())
        };
        let token = match first {
            b'#' => {
                at = start + rest.find('\n').unwrap_or(rest.len());
                Token::Comment(text.get(start + 1..at).unwrap_or_default())
            }
            b'"' | b'\'' | b'/' => {
                at = start + closing(rest.as_bytes(), first);
                match first {
                    b'/' => Token::Opaque,
                    _ => Token::Quoted(text.get(start + 1..at.saturating_sub(1)).unwrap_or_default()),
                }
            }
            b'<' if rest.starts_with("<<") => {
                at = until(2, ">>");
                Token::Opaque
            }
            _ if first.is_ascii_alphanumeric() || first == b'_' => {
                let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_';
                at = start + rest.bytes().position(|b| !is_word(&b)).unwrap_or(rest.len());
                Token::Word(text.get(start..at).unwrap_or_default())
            }
            _ => {
                at = start + rest.chars().next().map_or(1, char::len_utf8);
                Token::Sign(first)
            }
        };
        Some((start..at, token))
    })
}

/// Where what a quote or a slash begins ends, after its closing one; a backslash takes the next character along.
fn closing(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(b) = bytes.get(at) {
        match *b {
            b'\\' => at += 2,
            b if b == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"# About the file.

# Roles have names. Of the organisation's kind.
# finding-type: WARNING
rule names when principals !empty { # not this
    principals[*].name == /^a{2}#\/}$/ << a } brace
    in a message >>
    "iam:PassRole" in principals[*].x[ y == 'lambda:*' ]
}

rule other(x) {
    %x exists
}
"##;

    #[test]
    fn the_outline_has_rules_with_their_comments_and_lines() {
        let file = RuleFile::new("f", TEXT);
        let [names, other] = file.rules() else { panic!("{:?}", file.rules()) };
        assert_eq!((names.name.as_str(), names.line, names.finding_type), ("names", 5, FindingType::Warning));
        assert_eq!(names.title(), Some("Roles have names"));
        assert_eq!(names.comment, "Roles have names. Of the organisation's kind.");
        assert!(TEXT[names.range.clone()].starts_with("rule names") && TEXT[names.range.clone()].ends_with("]\n}"));
        assert!(!names.has_parameters && other.has_parameters, "{other:?}");
        assert_eq!((other.line, other.title(), other.finding_type), (11, None, FindingType::Error));
    }

    #[test]
    fn actions_and_collections_are_those_that_are_written() {
        let file = RuleFile::new("f", TEXT);
        assert_eq!(file.actions().collect::<Vec<_>>(), ["iam:PassRole"]);
        assert!(file.reads("principals") && !file.reads("policies"));
        let all = RuleFile::new("g", "rule r {\n  *.id exists\n}\n");
        assert!(all.reads("resources") && all.reads("policies"));
        assert!(!RuleFile::new("h", "rule r {\n policies[*].*.x exists \n}\n").reads("resources"));
        assert!(file.names("name") && file.names("x") && !file.names("statements"));
        assert!(all.names("statements") && RuleFile::new("h", "rule r {\n a.* exists \n}\n").names("statements"));
    }

    #[test]
    fn text_that_is_no_rule_file_has_an_outline_all_the_same() {
        for text in ["", "rule", "rule r", "rule r {", "}}}}", "\"", "/", "<<", "#", "rule é {\\", "'\\"] {
            let _ = RuleFile::new("f", text);
        }
    }
}
