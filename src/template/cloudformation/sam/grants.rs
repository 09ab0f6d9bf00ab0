//! Reads the two tables of grants in this folder, `policy_templates.txt` and `connectors.txt`, whose form their
//! first lines describe.

use smallvec::SmallVec;

use super::construct::At;
use crate::source::Node;

/// A block of a table: a line at the first column and what is under it.
#[derive(Debug)]
pub(super) struct Block {
    pub header: &'static str,
    pub sections: Vec<Section>,
}

/// The statements under a name such as `Read`, or without one.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub name: &'static str,
    pub statements: Vec<Grant>,
}

/// One statement of a table.
#[derive(Debug, Default)]
pub(super) struct Grant {
    pub actions: Vec<&'static str>,
    pub resources: Vec<&'static str>,
    pub service: Option<&'static str>,
    pub condition: Option<(&'static str, &'static str, &'static str)>,
    pub source_arn: Option<&'static str>,
    pub source_account: Option<&'static str>,
}

/// The blocks of a table.
///
/// # Panics
///
/// When the table, which is part of this program, is not in its form; the tests read both.
pub(super) fn read(table: &'static str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut continued: Option<&str> = None;
    for line in table.lines().filter(|l| !l.is_empty() && !l.starts_with('#')) {
        if !line.starts_with(' ') {
            blocks.push(Block { header: line, sections: Vec::new() });
            continue;
        }
        let Some(block) = blocks.last_mut() else { panic!("`{line}` stands before the first block") };
        let line = line.trim();
        let goes_on = continued.is_some();
        let (keyword, rest) = match continued {
            Some(keyword) => (keyword, line),
            None => line.split_once(' ').unwrap_or((line, "")),
        };
        continued = line.ends_with(',').then_some(keyword);
        if rest.is_empty() {
            block.sections.push(Section { name: keyword, statements: Vec::new() });
            continue;
        }
        if block.sections.is_empty() {
            block.sections.push(Section::default());
        }
        let Some(section) = block.sections.last_mut() else { continue };
        if keyword == "allow" && !goes_on {
            section.statements.push(Grant::default());
        }
        let Some(grant) = section.statements.last_mut() else { panic!("`{line}` stands before the first `allow`") };
        let items = || rest.split(',').map(str::trim).filter(|s| !s.is_empty());
        match keyword {
            "allow" => grant.actions.extend(items()),
            "on" => grant.resources.extend(items()),
            "to" => grant.service = Some(rest),
            "from" => grant.source_arn = Some(rest),
            "account" => grant.source_account = Some(rest),
            "if" => {
                let mut words = rest.split(' ').filter(|w| *w != "=");
                let (Some(operator), Some(key), Some(value)) = (words.next(), words.next(), words.next()) else {
                    panic!("`{line}` is not a condition")
                };
                grant.condition = Some((operator, key, value));
            }
            _ => panic!("`{line}` begins with none of the table's words"),
        }
    }
    blocks
}

/// What stands for the variables `${…}` of a table's text.
pub(super) struct Variables<'v> {
    /// The name in the table, and the value.
    pub values: SmallVec<[(&'v str, Option<&'v Node>); 4]>,
    /// Whether text that is nothing but one variable becomes its value instead of a `Fn::Sub` of it.
    pub whole: bool,
}

impl Variables<'_> {
    /// The text as a node, or the name of a variable without value.
    pub fn fill(&self, text: &str, at: At) -> Result<Node, String> {
        if !text.contains("${") {
            return Ok(at.string(text));
        }
        let mut used: Vec<(String, Node)> = Vec::new();
        let mut written = text.to_owned();
        for (name, value) in &self.values {
            let variable = format!("${{{name}}}");
            if !written.contains(&variable) {
                continue;
            }
            let Some(value) = value else { return Err((*name).to_owned()) };
            if self.whole && written == variable {
                return Ok((*value).clone());
            }
            // Variables of `Fn::Sub` have alphanumeric names.
            let plain: String = name.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
            written = written.replace(&variable, &format!("${{{plain}}}"));
            used.push((plain, (*value).clone()));
        }
        Ok(if used.is_empty() { at.sub(written) } else { at.sub_with(written, used) })
    }

    /// The statement that a grant becomes.
    pub fn statement(&self, grant: &Grant, at: At) -> Result<Node, String> {
        let resources: Result<Vec<Node>, String> = grant.resources.iter().map(|r| self.fill(r, at)).collect();
        let mut entries = vec![("Effect", at.string("Allow")), ("Action", at.strings(&grant.actions))];
        entries.push(("Resource", at.list(resources?)));
        if let Some(service) = grant.service {
            entries.push(("Principal", at.map([("Service", at.string(service))])));
        }
        if let Some((operator, key, value)) = grant.condition {
            entries.push(("Condition", at.map([(operator, at.map([(key, self.fill(value, at)?)]))])));
        }
        Ok(at.map(entries))
    }
}
