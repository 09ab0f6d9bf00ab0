//! The configuration file, `.iam-preflight.yaml`: the options of the command line by their long names, for what is
//! the same in every run. What the command line gives wins. Paths in it are relative to its folder; of a file in
//! `.github/`, to the folder above. Its schema is `docs/config.schema.json`.

use std::path::{Path, PathBuf};

use super::options::{BlockingType, InputOptions, JudgementOptions, OutputOptions, account_id, canonical_user_id};
use super::{Failure, output};
use crate::analysis::external_access::{ArchiveRule, Criterion, OPERATORS, filter_keys, is_filter_key};
use crate::finding::suppression::{self, IgnoreRule, Origin};
use crate::report::Format;
use crate::source::{Limits, Node, NodeKind, Sources, Span, yaml};
use clap::ValueEnum;

/// The name of the file that is read without being named.
const FILE_NAME: &str = ".iam-preflight.yaml";

/// The keys, each the long name of an option.
const KEYS: [&str; 24] = [
    "account-id",
    "allow-external-principals",
    "archive-rules",
    "baseline",
    "canonical-user-ids",
    "exclude-resource-types",
    "exports",
    "fail-on-unknown",
    "findings-exit-code",
    "format",
    "ignore-finding",
    "organization-id",
    "parameters",
    "partition",
    "region",
    "require-policies",
    "rules",
    "source-dir",
    "ssm",
    "stack-name",
    "strict",
    "template-configuration-file",
    "treat-finding-type-as-blocking",
    "trusted-accounts",
];

/// The folder of a repository that may hold the file, too.
const GITHUB: &str = ".github";

/// What the configuration says.
#[derive(Debug, Default)]
pub(super) struct Config {
    /// What paths in it are relative to.
    folder: PathBuf,
    is_read: bool,
    entries: Vec<(String, Node)>,
    sources: Sources,
    /// Findings to leave out of account.
    pub ignore: Vec<IgnoreRule>,
    /// External access that is meant.
    pub archive_rules: Vec<ArchiveRule>,
}

/// Reads the configuration that holds for a run.
pub(super) fn read(options: &InputOptions) -> Result<Config, Failure> {
    if options.no_config {
        return Ok(Config::default());
    }
    match options.config.clone().or_else(discover) {
        Some(path) => Config::read(&path),
        None => Ok(Config::default()),
    }
}

/// The file of this folder or of the nearest above it, up to the repository's root; without a repository, of this
/// folder alone. Each folder's own file goes before that in its `.github`.
fn discover() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let root = here.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(&here).to_owned();
    let folders = here.ancestors().take_while(|folder| folder.starts_with(&root));
    folders.flat_map(|f| [f.join(FILE_NAME), f.join(GITHUB).join(FILE_NAME)]).find(|f| f.is_file())
}

impl Config {
    fn read(path: &Path) -> Result<Config, Failure> {
        let unreadable = |e: std::io::Error| Failure::usage(format!("configuration `{}`: {e}", path.display()));
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        let text = text.trim_start_matches('\u{FEFF}').to_owned();
        let sources = Sources::new();
        let source = sources.add(path.display().to_string(), text.as_str());
        let folder = path.parent().unwrap_or(Path::new(""));
        let is_github = folder.file_name().is_some_and(|name| name == GITHUB);
        let folder = if is_github { folder.parent().unwrap_or(folder) } else { folder }.to_owned();
        let mut config = Config { folder, is_read: true, sources, ..Config::default() };
        if text.lines().all(|l| l.trim().is_empty() || l.trim_start().starts_with('#')) {
            return Ok(config);
        }
        let root = yaml::read(source, &text, &Limits::default()).map_err(|e| config.wrong(e.span, &e.message))?;
        let NodeKind::Mapping(map) = root.kind else {
            return Err(config.wrong(root.span, "the configuration is a map of options"));
        };
        for entry in map.entries {
            let key = entry.key.as_str().to_owned();
            config.known(&key, entry.key_span, &KEYS)?;
            if config.entries.iter().any(|(k, _)| *k == key) {
                return Err(config.wrong(entry.key_span, &format!("`{key}` is given twice")));
            }
            if key == "ignore-finding" {
                config.ignore = config.ignore_rules(&entry.value)?;
            }
            if key == "archive-rules" {
                config.archive_rules = config.archive_rules_of(&entry.value)?;
            }
            config.entries.push((key, entry.value));
        }
        Ok(config)
    }

    /// Fills in what the command line leaves open.
    pub(super) fn complete(
        &self,
        input: &mut InputOptions,
        output: &mut OutputOptions,
        judgement: &mut JudgementOptions,
    ) -> Result<(), Failure> {
        fill(&mut input.region, self.string("region")?);
        fill(&mut input.partition, self.string("partition")?);
        fill(&mut input.organization_id, self.string("organization-id")?);
        fill(&mut input.stack_name, self.string("stack-name")?);
        fill(&mut input.account_id, self.parsed("account-id", account_id)?);
        fill(&mut input.exports, self.path("exports")?);
        fill(&mut input.ssm, self.path("ssm")?);
        fill(&mut input.template_configuration_file, self.path("template-configuration-file")?);
        fill(&mut input.source_dir, self.path("source-dir")?);
        if input.exclude_resource_types.is_empty() {
            input.exclude_resource_types = self.list("exclude-resource-types", |s| Ok(s.to_owned()))?;
        }
        if let Some(node) = self.get("parameters") {
            let NodeKind::Mapping(map) = &node.kind else {
                return Err(self.wrong(node.span, "`parameters` is a map of names to values"));
            };
            for entry in map.iter() {
                let (name, value) = (entry.key.display(), entry.value.scalar_text());
                let value =
                    value.ok_or_else(|| self.wrong(entry.value.span, "the value of a parameter is a scalar"))?;
                if !input.parameters.iter().any(|(given, _)| *given == name) {
                    input.parameters.push((name, value.display()));
                }
            }
        }
        fill(&mut output.format, self.parsed("format", one_of::<Format>)?);
        fill(&mut judgement.baseline, self.path("baseline")?);
        fill(
            &mut judgement.findings_exit_code,
            self.parsed("findings-exit-code", |s| s.parse().map_err(|_| "expected a number from 0 to 255".to_owned()))?,
        );
        if judgement.treat_finding_type_as_blocking.is_empty() {
            judgement.treat_finding_type_as_blocking =
                self.list("treat-finding-type-as-blocking", one_of::<BlockingType>)?;
        }
        judgement.strict |= self.flag("strict")?;
        judgement.require_policies |= self.flag("require-policies")?;
        judgement.fail_on_unknown |= self.flag("fail-on-unknown")?;
        output.check(input)
    }

    /// The accounts of the zone of trust, unless the command line gives them.
    pub(super) fn trusted_accounts(&self, given: &[String]) -> Result<Vec<String>, Failure> {
        if given.is_empty() { self.list("trusted-accounts", account_id) } else { Ok(given.to_vec()) }
    }

    /// The canonical user ids of the zone's accounts, unless the command line gives them.
    pub(super) fn canonical_user_ids(&self, given: &[String]) -> Result<Vec<String>, Failure> {
        if given.is_empty() { self.list("canonical-user-ids", canonical_user_id) } else { Ok(given.to_vec()) }
    }

    /// The principals that may come in, unless the command line gives them.
    pub(super) fn allowed_principals(&self, given: &[String]) -> Result<Vec<String>, Failure> {
        if given.is_empty() { self.list("allow-external-principals", |s| Ok(s.to_owned())) } else { Ok(given.to_vec()) }
    }

    /// The organisation's rules, unless the command line gives them: packs by name, files and folders.
    #[cfg(feature = "guard")]
    pub(super) fn rules(&self, given: &[String]) -> Result<Vec<String>, Failure> {
        if !given.is_empty() {
            return Ok(given.to_vec());
        }
        let of = |rule: &str| match rule.starts_with("pack:") {
            true => Ok(rule.to_owned()),
            false => Ok(self.folder.join(rule).display().to_string()),
        };
        self.list("rules", of)
    }

    /// The folder that paths of rules are relative to, if a configuration was read.
    pub(super) fn path_base(&self) -> Option<PathBuf> {
        self.is_read.then(|| std::path::absolute(self.folder.join(".")).ok()).flatten().map(|folder| {
            // `a/./b` is compared by its names.
            folder.components().filter(|c| !matches!(c, std::path::Component::CurDir)).collect()
        })
    }

    fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|(k, _)| k == key).map(|(_, node)| node)
    }

    fn string(&self, key: &str) -> Result<Option<String>, Failure> {
        self.parsed(key, |s| Ok(s.to_owned()))
    }

    fn path(&self, key: &str) -> Result<Option<PathBuf>, Failure> {
        Ok(self.string(key)?.map(|p| self.folder.join(p)))
    }

    fn parsed<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Option<T>, Failure> {
        self.get(key).map(|node| self.scalar(node, key, &parse)).transpose()
    }

    fn scalar<T>(&self, node: &Node, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
        let text = node.scalar_text().ok_or_else(|| self.wrong(node.span, &format!("`{key}` takes one value")))?;
        parse(&text.display()).map_err(|message| self.wrong(node.span, &format!("`{key}`: {message}")))
    }

    fn flag(&self, key: &str) -> Result<bool, Failure> {
        match self.get(key).map(|n| (&n.kind, n.span)) {
            None => Ok(false),
            Some((NodeKind::Bool(value), _)) => Ok(*value),
            Some((_, span)) => Err(self.wrong(span, &format!("`{key}` is `true` or `false`"))),
        }
    }

    fn list<T>(&self, key: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, Failure> {
        match self.get(key) {
            None => Ok(Vec::new()),
            Some(node) => match node.as_sequence() {
                Some(items) => items.iter().map(|item| self.scalar(item, key, &parse)).collect(),
                None => Ok(vec![self.scalar(node, key, &parse)?]),
            },
        }
    }

    fn ignore_rules(&self, node: &Node) -> Result<Vec<IgnoreRule>, Failure> {
        let items = node.as_sequence().ok_or_else(|| self.wrong(node.span, "`ignore-finding` is a list"))?;
        items.iter().map(|item| self.ignore_rule(item)).collect()
    }

    fn ignore_rule(&self, node: &Node) -> Result<IgnoreRule, Failure> {
        let rule = suppression::read_entry(node, Origin::Configuration).map_err(|error| {
            let failure = self.wrong(error.span, &format!("`ignore-finding`: {}", error.message));
            match error.help {
                Some(help) => failure.with_help(help),
                None => failure,
            }
        })?;
        // As the repository has it, not this machine.
        let at = self.place(node.span);
        let folder = format!("{}{}", self.folder.display(), std::path::MAIN_SEPARATOR);
        Ok(IgnoreRule { place: Some(at.strip_prefix(&folder).unwrap_or(&at).to_owned()), ..rule })
    }

    fn archive_rules_of(&self, node: &Node) -> Result<Vec<ArchiveRule>, Failure> {
        let items = node.as_sequence().ok_or_else(|| self.wrong(node.span, "`archive-rules` is a list"))?;
        items.iter().map(|item| self.archive_rule(item)).collect()
    }

    fn archive_rule(&self, node: &Node) -> Result<ArchiveRule, Failure> {
        let shape = || self.wrong(node.span, "an archive rule is a map with `name` and `filter`");
        let map = node.as_mapping().ok_or_else(shape)?;
        for entry in map.iter() {
            self.known(entry.key.as_str(), entry.key_span, &["filter", "name"])?;
        }
        let name = self.scalar(map.get("name").ok_or_else(shape)?, "name", |s| Ok(s.to_owned()))?;
        let filter = map.get("filter").ok_or_else(shape)?;
        let keys = filter.as_mapping().filter(|keys| !keys.is_empty());
        let keys = keys.ok_or_else(|| self.wrong(filter.span, "`filter` is a map of at least one key"))?;
        let mut rule = ArchiveRule { name, filter: Vec::new() };
        for entry in keys.iter() {
            let key = entry.key.as_str();
            if !is_filter_key(key) {
                self.known(key, entry.key_span, &filter_keys())?;
            }
            rule.filter.push((key.to_owned(), self.criterion(&entry.value)?));
        }
        Ok(rule)
    }

    fn criterion(&self, node: &Node) -> Result<Criterion, Failure> {
        let map = node.as_mapping().filter(|map| !map.is_empty());
        let map =
            map.ok_or_else(|| self.wrong(node.span, "a criterion is a map of `eq`, `neq`, `contains` or `exists`"))?;
        let mut criterion = Criterion::default();
        for entry in map.iter() {
            let operator = entry.key.as_str();
            self.known(operator, entry.key_span, OPERATORS)?;
            if operator == "exists" {
                let NodeKind::Bool(exists) = entry.value.kind else {
                    return Err(self.wrong(entry.value.span, "`exists` is `true` or `false`"));
                };
                criterion.exists = Some(exists);
                continue;
            }
            let items = entry.value.as_sequence().unwrap_or(std::slice::from_ref(&entry.value));
            let values = items.iter().map(|item| self.scalar(item, operator, |s| Ok(s.to_owned())));
            let values = values.collect::<Result<Vec<String>, Failure>>()?;
            match operator {
                "eq" => criterion.eq = values,
                "neq" => criterion.neq = values,
                _ => criterion.contains = values,
            }
        }
        Ok(criterion)
    }

    fn known(&self, key: &str, at: Span, known: &[&str]) -> Result<(), Failure> {
        if known.contains(&key) {
            return Ok(());
        }
        let wrong = self.wrong(at, &format!("unknown key `{key}`"));
        Err(match suppression::nearest(key, known.iter().copied()) {
            Some(nearest) => wrong.with_help(format!("did you mean `{nearest}`?")),
            None => wrong.with_help(format!("the keys are {}", known.join(", "))),
        })
    }

    fn wrong(&self, span: Span, message: &str) -> Failure {
        Failure::usage(format!("{}: {}", self.place(span), output::printable(message)))
    }

    /// `file:line:column`.
    fn place(&self, span: Span) -> String {
        let file = self.sources.get(span.source);
        let at = file.position(span.start as usize);
        format!("{}:{}:{}", file.name(), at.line, at.column)
    }
}

/// A value of an option that takes one of several.
fn one_of<T: ValueEnum>(text: &str) -> Result<T, String> {
    T::from_str(text, true).map_err(|_| {
        let values = T::value_variants().iter().filter_map(|v| Some(v.to_possible_value()?.get_name().to_owned()));
        format!("`{text}` is none of {}", values.collect::<Vec<_>>().join(", "))
    })
}

fn fill<T>(option: &mut Option<T>, value: Option<T>) {
    if option.is_none() {
        *option = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::suppression::ENTRY_KEYS;

    #[test]
    fn the_published_schema_has_the_keys_that_are_read() {
        let schema: serde_json::Value =
            serde_json::from_str(include_str!("../../docs/config.schema.json")).expect("JSON");
        let keys = |of: &serde_json::Value| {
            let mut keys: Vec<String> = of["properties"].as_object().expect("properties").keys().cloned().collect();
            keys.sort();
            keys
        };
        assert_eq!(keys(&schema), KEYS);
        assert_eq!(keys(&schema["$defs"]["ignoreEntry"]["anyOf"][1]), ENTRY_KEYS);
    }
}
