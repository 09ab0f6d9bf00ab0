//! From actions and their resources to statements.

use std::collections::{BTreeMap, BTreeSet};

use smol_str::{SmolStr, format_smolstr};

use super::{GeneratedStatement, Generation, ResourceMode, UnknownResources};
use crate::activity::resource::FoundResource;
use crate::activity::usage::{ActionUse, PrincipalUse};
use crate::catalog::{AccessLevel, Action, Catalog, Service};
use crate::policy::Arn;

/// From this many resources of a kind on, the beginning that they share stands for them.
const MANY: usize = 3;

/// The statements for what a principal did, by service and resources.
pub(super) fn statements(catalog: &Catalog, used: &PrincipalUse, generation: Generation) -> Vec<GeneratedStatement> {
    // Service, whether it reads only, resources.
    let mut groups: BTreeMap<(SmolStr, bool, Vec<SmolStr>), BTreeSet<SmolStr>> = BTreeMap::new();
    let partition = Arn::split(&used.arn).map_or("aws", |arn| arn.partition);
    for (name, action_use) in &used.actions {
        let Some((service, action)) = catalog.action(name) else { continue };
        let resources = resources(service, action, action_use, generation, partition);
        let reads = generation.split_access && reads(action.access_level);
        groups.entry((service.prefix.clone(), reads, resources)).or_default().insert(name.clone());
    }
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let mut statements = Vec::with_capacity(groups.len());
    for ((prefix, reads, resources), actions) in groups {
        let access = match (generation.split_access, reads) {
            (true, true) => "Read",
            (true, false) => "Write",
            (false, _) => "",
        };
        let name = format!("{}{access}", sid_word(&prefix));
        let number = numbers.entry(name.clone()).or_default();
        *number += 1;
        let sid = if *number == 1 { name } else { format!("{name}Statement{number}") };
        let actions: Vec<SmolStr> = actions.into_iter().collect();
        let actions = match catalog.service(&prefix) {
            Some(service) if generation.wildcard_actions => with_wildcards(service, actions),
            _ => actions,
        };
        statements.push(GeneratedStatement { sid, actions, resources });
    }
    statements
}

fn reads(level: AccessLevel) -> bool {
    matches!(level, AccessLevel::List | AccessLevel::Read)
}

/// `AccessAnalyzer` for `access-analyzer`: a `Sid` has letters and digits only.
fn sid_word(prefix: &str) -> String {
    let words = prefix.split(|c: char| !c.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    words.map(capital).collect()
}

/// What stands in `Resource` for an action.
fn resources(
    service: &Service,
    action: &Action,
    used: &ActionUse,
    generation: Generation,
    partition: &str,
) -> Vec<SmolStr> {
    let found: Vec<&FoundResource> = used.resources.iter().collect();
    let placeholders = |wanted: &dyn Fn(&str) -> bool| -> Vec<SmolStr> {
        let types = action.resources.iter().filter(|used| wanted(&used.name));
        let formats = types.filter_map(|used| service.resource_type(&used.name)).flat_map(|of| of.arns.iter());
        formats.map(|format| format.replace("${Partition}", partition).into()).collect()
    };
    let mut patterns: BTreeSet<SmolStr> = match generation.resources {
        ResourceMode::Placeholders => {
            let seen = |name: &str| found.iter().any(|one| one.resource_type.as_deref() == Some(name));
            let of_seen = placeholders(&seen);
            let all = if of_seen.is_empty() { placeholders(&|_| true) } else { of_seen };
            all.into_iter().collect()
        }
        ResourceMode::Exact | ResourceMode::Generalised => {
            let (known, unknown): (Vec<&FoundResource>, Vec<&FoundResource>) = found.iter().partition(|one| one.known);
            let mut patterns: BTreeSet<SmolStr> = known.iter().map(|one| one.pattern.clone()).collect();
            if generation.resources == ResourceMode::Generalised {
                patterns = generalised(service, &known);
            }
            match generation.unknown {
                UnknownResources::Wildcard => patterns.extend(unknown.iter().map(|one| one.pattern.clone())),
                UnknownResources::Placeholder if !unknown.is_empty() => {
                    let is_unknown = |name: &str| unknown.iter().any(|one| one.resource_type.as_deref() == Some(name));
                    let of_unknown = placeholders(&is_unknown);
                    let all = if of_unknown.is_empty() { placeholders(&|_| true) } else { of_unknown };
                    patterns.extend(all);
                }
                UnknownResources::Placeholder => {}
            }
            patterns
        }
    };
    if patterns.is_empty() || patterns.contains("*") {
        return vec!["*".into()];
    }
    drop_covered(&mut patterns);
    patterns.into_iter().collect()
}

/// Leaves out what a pattern that ends in `*` covers by its beginning.
fn drop_covered(patterns: &mut BTreeSet<SmolStr>) {
    // In sorted order a beginning comes before what begins with it.
    let mut beginning: Option<SmolStr> = None;
    let mut covering: Vec<SmolStr> = patterns.iter().filter_map(|p| p.strip_suffix('*').map(SmolStr::from)).collect();
    covering.sort();
    covering.retain(|one| match &beginning {
        Some(before) if one.starts_with(before.as_str()) => false,
        _ => {
            beginning = Some(one.clone());
            true
        }
    });
    patterns.retain(|pattern| {
        let at = covering.partition_point(|one| one.as_str() <= pattern.as_str());
        let before = at.checked_sub(1).and_then(|at| covering.get(at));
        match before {
            Some(before) if pattern.starts_with(before.as_str()) => {
                // The pattern that covers stays.
                pattern.len() == before.len() + 1 && pattern.ends_with('*')
            }
            _ => true,
        }
    });
}

/// Patterns for the resources of the events: where there are many of a kind, the beginning that they share.
fn generalised(service: &Service, known: &[&FoundResource]) -> BTreeSet<SmolStr> {
    // All of one type in one place; of objects, all of one bucket.
    let mut kinds: BTreeMap<(String, Option<&str>), Vec<&str>> = BTreeMap::new();
    let mut patterns = BTreeSet::new();
    for one in known {
        let Some(arn) = Arn::split(&one.pattern) else {
            patterns.insert(one.pattern.clone());
            continue;
        };
        let place = one.pattern.len() - arn.resource.len();
        let mut fixed = one.pattern.get(..place).unwrap_or_default().to_owned();
        fixed.push_str(&fixed_part(service, one, arn.resource));
        kinds.entry((fixed, one.resource_type.as_deref())).or_default().push(&one.pattern);
    }
    for ((fixed, _), all) in kinds {
        match shared_beginning(&fixed, &all).filter(|_| all.len() >= MANY) {
            Some(beginning) => {
                patterns.insert(format_smolstr!("{beginning}*"));
            }
            None => patterns.extend(all.into_iter().map(SmolStr::from)),
        }
    }
    patterns
}

/// The part of a resource's name that is the same for all of its type: `function:`, `instance/`; of an object its bucket, too.
fn fixed_part(service: &Service, one: &FoundResource, name: &str) -> String {
    if service.prefix == "s3" && one.resource_type.as_deref() == Some("object") {
        return name.split_inclusive('/').next().unwrap_or_default().to_owned();
    }
    let of_type = one.resource_type.as_deref().and_then(|name| service.resource_type(name));
    let formats = of_type.into_iter().flat_map(|of| &of.arns).filter_map(|format| Arn::split(format));
    let literals = formats.map(|format| format.resource.split("${").next().unwrap_or_default());
    literals
        .filter(|literal| name.starts_with(literal))
        .max_by_key(|literal| literal.len())
        .unwrap_or_default()
        .to_owned()
}

/// The beginning that all share, up to the end of a word. `None` if they share nothing but what they have to, unless they are
/// named by the service and not by people, so that a name says nothing.
fn shared_beginning(fixed: &str, all: &[&str]) -> Option<String> {
    let first = all.first()?;
    let mut length = first.len();
    for other in all {
        length = first.bytes().zip(other.bytes()).take(length).take_while(|(a, b)| a == b).count();
    }
    // A wildcard or an escape is not cut in two, nor is anything behind it kept.
    let shared = first.as_bytes().get(..length)?;
    let shared = shared.utf8_chunks().next().map_or("", |chunk| chunk.valid());
    let plain = shared.find(['*', '?', '$']).map_or(shared, |at| shared.get(..at).unwrap_or(shared));
    let word = plain.rfind(['/', ':', '-', '_', '.']).and_then(|at| plain.get(..=at))?;
    if word.len() > fixed.len() {
        return Some(word.to_owned());
    }
    let names = all.iter().map(|pattern| pattern.get(fixed.len()..).unwrap_or_default());
    let is_bucket = fixed.starts_with("arn:") && fixed.contains(":s3:::");
    (names.clone().all(is_generated) || (is_bucket && fixed.ends_with('/'))).then(|| fixed.to_owned())
}

/// `i-0123456789abcdef0`, a UUID: a name that a service made.
fn is_generated(name: &str) -> bool {
    let digits = name.rsplit_once('-').map_or(name, |(_, digits)| digits);
    digits.len() >= 8 && digits.bytes().all(|b| b.is_ascii_hexdigit()) && digits.bytes().any(|b| b.is_ascii_digit())
}

/// Actions that read and begin with the same word as one, if it matches nothing that doesn't read.
fn with_wildcards(service: &Service, actions: Vec<SmolStr>) -> Vec<SmolStr> {
    let mut words: BTreeMap<String, Vec<SmolStr>> = BTreeMap::new();
    for action in actions {
        words.entry(first_word(&action)).or_default().push(action);
    }
    let mut out = Vec::new();
    for (word, actions) in words {
        let name = word.split_once(':').map_or("", |(_, name)| name);
        let pattern = format!("{name}*");
        let all_read = service.actions_matching(&pattern).all(|action| reads(action.access_level));
        if actions.len() >= MANY && !name.is_empty() && all_read {
            out.push(format_smolstr!("{word}*"));
        } else {
            out.extend(actions);
        }
    }
    out.sort();
    out
}

/// `s3:Get` of `s3:GetObject`.
fn first_word(action: &str) -> String {
    let name = action.find(':').map_or(0, |at| at + 1);
    let rest = action.get(name..).unwrap_or_default();
    let end = rest.char_indices().skip(1).find(|(_, c)| !c.is_ascii_lowercase()).map_or(rest.len(), |(at, _)| at);
    action.get(..name + end).unwrap_or(action).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(patterns: &[&str]) -> BTreeSet<SmolStr> {
        patterns.iter().map(|p| SmolStr::from(*p)).collect()
    }

    #[test]
    fn what_a_pattern_covers_is_left_out() {
        let mut patterns = set(&["arn:a*", "arn:ab", "arn:ab*", "arn:b", "arn:b/*", "arn:b/c", "arn:c"]);
        drop_covered(&mut patterns);
        assert_eq!(patterns, set(&["arn:a*", "arn:b", "arn:b/*", "arn:c"]));
    }

    #[test]
    fn many_of_a_kind_are_their_shared_beginning() {
        let general = |prefix: &str, kind: &str, patterns: &[&str]| {
            let found: Vec<FoundResource> = patterns
                .iter()
                .map(|p| FoundResource { pattern: (*p).into(), resource_type: Some(kind.into()), known: true })
                .collect();
            let service = Catalog::embedded().service(prefix).unwrap();
            let all: Vec<SmolStr> = generalised(service, &found.iter().collect::<Vec<_>>()).into_iter().collect();
            all.iter().map(SmolStr::to_string).collect::<Vec<_>>()
        };
        let s3 = |names: &[&str]| {
            let arns: Vec<String> = names.iter().map(|n| format!("arn:aws:s3:::{n}")).collect();
            general("s3", "object", &arns.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(s3(&["b/x/1", "b/x/2", "b/x/3"]), ["arn:aws:s3:::b/x/*"]);
        assert_eq!(s3(&["b/1", "b/x/2", "b/y"]), ["arn:aws:s3:::b/*"]);
        assert_eq!(s3(&["b/1", "b/2"]), ["arn:aws:s3:::b/1", "arn:aws:s3:::b/2"]);
        assert_eq!(s3(&["a/1", "b/1", "c/1"]).len(), 3, "buckets are not brought together");
        let sqs = |names: &[&str]| {
            let arns: Vec<String> = names.iter().map(|n| format!("arn:aws:sqs:eu-west-1:111122223333:{n}")).collect();
            general("sqs", "queue", &arns.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(sqs(&["app-a", "app-b", "app-c"]), ["arn:aws:sqs:eu-west-1:111122223333:app-*"]);
        assert_eq!(sqs(&["orders", "billing", "mail"]).len(), 3, "names that share nothing stay");
        let ec2 = "arn:aws:ec2:eu-west-1:111122223333:instance/";
        let ids = [
            format!("{ec2}i-0123456789abcdef0"),
            format!("{ec2}i-1123456789abcdef0"),
            format!("{ec2}i-2123456789abcdef0"),
        ];
        assert_eq!(
            general("ec2", "instance", &ids.iter().map(String::as_str).collect::<Vec<_>>()),
            [format!("{ec2}i-*")]
        );
    }

    #[test]
    fn wildcards_stand_for_actions_that_read_and_for_no_others() {
        let s3 = Catalog::embedded().service("s3").unwrap();
        let with = |actions: &[&str]| {
            let all = with_wildcards(s3, actions.iter().map(|a| SmolStr::from(*a)).collect());
            all.iter().map(SmolStr::to_string).collect::<Vec<_>>()
        };
        assert_eq!(with(&["s3:PutObject", "s3:PutObjectAcl", "s3:PutObjectTagging"]).len(), 3);
        let logs = Catalog::embedded().service("logs").unwrap();
        let describe: Vec<SmolStr> =
            ["logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:DescribeQueries"].map(SmolStr::from).to_vec();
        assert_eq!(with_wildcards(logs, describe), ["logs:Describe*"]);
        assert_eq!(first_word("s3:GetObject"), "s3:Get");
        assert_eq!(first_word("apigateway:GET"), "apigateway:G");
    }
}
