//! `--batch`: many questions of one kind, one JSON object a line, answered in their order. Lines are read and decided in
//! blocks, in parallel; a policy that many lines name is read once. A line that is no question gets an answer that says
//! why, and the others go on.

use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::custom_check::CustomCheckOptions;
use super::options::BlockingType;
use super::{Failure, Global, Outcome, config, output, pipeline, smt2};
use crate::analysis::custom_check::{self, CheckResult, CustomCheck, Verdict, compile};
use crate::catalog::Catalog;
use crate::logic::engine::{self, Access, Answer, CompiledPolicy, PUBLIC_RESOURCE_TYPES, Ties};
use crate::logic::evaluate::PolicyKind;
use crate::policy::PolicyDocument;
use crate::policy::TRUST_POLICY;
use crate::source::{Limits, SourceId, json};

/// Bytes of questions that are decided together.
const BLOCK: usize = 8 << 20;

/// Bytes of policy texts that are kept in compiled form.
const KEPT: usize = 128 << 20;

/// Asks the question of one line.
pub(super) type Ask = dyn Fn(&str, &Batch<'_>) -> Result<Decided, String> + Sync;

/// What a line's question came to.
pub(super) struct Decided {
    check: CustomCheck,
    answer: Answer,
    micros: f64,
    smt2: Option<smt2::Written>,
}

/// What the lines of a batch share.
pub(super) struct Batch<'a> {
    ties: Ties,
    limits: Limits,
    policies: Mutex<Policies>,
    warned: Mutex<FxHashSet<String>>,
    catalog: &'a Catalog,
    quiet: bool,
    smt2: Option<smt2::Folder>,
}

type Compiled = Result<Arc<CompiledPolicy>, String>;

/// Policies by kind and text.
#[derive(Default)]
struct Policies {
    known: FxHashMap<(u8, Box<str>), Compiled>,
    bytes: usize,
}

#[derive(Serialize)]
struct Line<'a> {
    id: Option<&'a RawValue>,
    result: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    witness: Option<serde_json::Value>,
    /// What stood in the way of a decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    micros: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// Answers every line of a file.
pub(super) fn run(file: &Path, options: &CustomCheckOptions, global: &Global, ask: &Ask) -> Result<Outcome, Failure> {
    let (mut input, mut output, mut judgement) =
        (options.input.clone(), options.output.clone(), options.judgement.clone());
    config::read(&input)?.complete(&mut input, &mut output, &mut judgement)?;
    let data = pipeline::ServiceData::of(&input)?;
    pipeline::start_threads(input.jobs)?;
    let batch = Batch {
        ties: options.ties(),
        limits: pipeline::limits(&input),
        policies: Mutex::default(),
        warned: Mutex::default(),
        catalog: data.catalog(),
        quiet: global.quiet,
        smt2: smt2::Folder::of(options.smt2.as_deref())?,
    };
    let unreadable = |e: io::Error| Failure::usage(format!("batch `{}`: {e}", file.display()));
    let mut reader: Box<dyn BufRead> = if file.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(BufReader::with_capacity(1 << 20, File::open(file).map_err(unreadable)?))
    };
    let written = |cause| Failure::Output { what: "the answers".to_owned(), cause };
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let blocks = judgement.treat_finding_type_as_blocking.is_empty()
        || judgement.treat_finding_type_as_blocking.contains(&BlockingType::SecurityWarning);
    let (mut number, mut failed, mut wrong) = (0, false, false);
    loop {
        let block = read_block(reader.as_mut(), &mut number).map_err(unreadable)?;
        if block.is_empty() {
            break;
        }
        let answers: Vec<(Ending, String)> =
            block.par_iter().map(|(number, line)| answer(*number, line, &batch, ask)).collect();
        for (verdict, line) in answers {
            failed |= verdict == Ending::Fails;
            wrong |= verdict == Ending::Error;
            out.write_all(line.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(written)?;
        }
    }
    out.flush().map_err(written)?;
    if let Some(folder) = &batch.smt2 {
        folder.finish()?.iter().for_each(|line| eprintln!("notice: {}", output::printable(line)));
    }
    Ok(if wrong {
        Outcome::BadInput
    } else if failed && blocks {
        Outcome::Blocked(judgement.findings_exit_code.unwrap_or(1))
    } else {
        Outcome::Passed
    })
}

/// What an answer means for the run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Passes,
    Fails,
    Error,
}

/// Lines with their numbers from 1, blank ones left out.
fn read_block(reader: &mut dyn BufRead, number: &mut usize) -> io::Result<Vec<(usize, Vec<u8>)>> {
    let (mut block, mut bytes) = (Vec::new(), 0);
    while bytes < BLOCK {
        let mut line = Vec::new();
        let read = reader.read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        *number += 1;
        bytes += read;
        if !line.trim_ascii().is_empty() {
            block.push((*number, line));
        }
    }
    Ok(block)
}

fn answer(number: usize, line: &[u8], batch: &Batch<'_>, ask: &Ask) -> (Ending, String) {
    let text = std::str::from_utf8(line).map_err(|e| format!("byte {} is not UTF-8", e.valid_up_to()));
    let text = text.map(|t| t.trim_start_matches('\u{FEFF}').trim());
    let decided = text.clone().and_then(|text| ask(text, batch));
    let id = text.ok().and_then(|t| serde_json::from_str::<Identified<'_>>(t).ok()).and_then(|i| i.id);
    let (verdict, line) = match decided {
        Ok(mut decided) => {
            if let (Some(folder), Some(text)) = (&batch.smt2, decided.smt2.take()) {
                let name = id.map_or("", RawValue::get).trim_matches('"');
                folder.write(&format!("{number:05}"), name, text);
            }
            let result = CheckResult::new(decided.check, decided.answer, &[], batch.catalog);
            let verdict = if result.verdict == Verdict::Pass { Ending::Passes } else { Ending::Fails };
            let line = Line {
                id,
                result: result.verdict.as_str(),
                reasons: Some(result.reasons_json()),
                witness: Some(result.witness_json()),
                message: (result.verdict == Verdict::Undecided).then(|| result.message()),
                micros: Some(decided.micros),
                error: None,
            };
            (verdict, serde_json::to_string(&line))
        }
        Err(error) => {
            let error = Some(format!("line {number}: {error}"));
            let line = Line { id, result: "ERROR", reasons: None, witness: None, message: None, micros: None, error };
            (Ending::Error, serde_json::to_string(&line))
        }
    };
    // Maps with text keys can always be written.
    (verdict, line.unwrap_or_default())
}

impl Batch<'_> {
    /// A policy of a line: an object, or its text as a string.
    fn policy(&self, name: &str, text: Option<&RawValue>, kind: PolicyKind) -> Compiled {
        let raw = text.ok_or_else(|| format!("`{name}` is missing"))?.get();
        let key = (kind as u8, raw.into());
        if let Some(known) = self.policies.lock().unwrap_or_else(PoisonError::into_inner).known.get(&key) {
            return known.clone();
        }
        let compiled = self.compile(raw, kind).map(Arc::new).map_err(|e| format!("`{name}`: {e}"));
        let mut policies = self.policies.lock().unwrap_or_else(PoisonError::into_inner);
        if policies.bytes > KEPT {
            *policies = Policies::default();
        }
        policies.bytes += raw.len();
        policies.known.insert(key, compiled.clone());
        compiled
    }

    fn compile(&self, raw: &str, kind: PolicyKind) -> Result<CompiledPolicy, String> {
        let embedded: Option<String> = raw.starts_with('"').then(|| serde_json::from_str(raw).ok()).flatten();
        let text = embedded.as_deref().unwrap_or(raw);
        let root =
            json::read(SourceId(0), text, &self.limits).map_err(|e| format!("no JSON document: {}", e.message))?;
        compile(PolicyDocument::new(root), kind, self.ties).map_err(|e| e.to_string())
    }

    fn warn(&self, message: String) {
        if !self.quiet && self.warned.lock().unwrap_or_else(PoisonError::into_inner).insert(message.clone()) {
            eprintln!("warning: {}", output::printable(&message));
        }
    }
}

fn question<'a, T: Deserialize<'a>>(line: &'a str) -> Result<T, String> {
    serde_json::from_str(line).map_err(|e| {
        // There is one line, whose number is known.
        let text = e.to_string();
        let cause = text.split(" at line ").next().unwrap_or(&text);
        format!("column {}: {cause}", e.column())
    })
}

fn kind(policy_type: Option<&str>) -> Result<PolicyKind, String> {
    match policy_type {
        Some(t) if t.eq_ignore_ascii_case("identity") || t == "IDENTITY_POLICY" => Ok(PolicyKind::Identity),
        Some(t) if t.eq_ignore_ascii_case("resource") || t == "RESOURCE_POLICY" => Ok(PolicyKind::Resource),
        Some(other) => Err(format!("`policyType` is `{other}`, neither `identity` nor `resource`")),
        None => Err("`policyType` is missing".to_owned()),
    }
}

fn timed(
    check: CustomCheck,
    batch: &Batch<'_>,
    decide: impl FnOnce() -> Answer,
    text: impl FnOnce() -> smt2::Written,
) -> Decided {
    let start = Instant::now();
    let answer = decide();
    let micros = start.elapsed().as_nanos() as f64 / 1_000.0;
    Decided { check, answer, micros, smt2: batch.smt2.is_some().then(text) }
}

/// `{"id", "policyType", "existing", "new"}`
pub(super) fn no_new_access(line: &str, batch: &Batch<'_>) -> Result<Decided, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Question<'a> {
        policy_type: Option<String>,
        #[serde(borrow)]
        existing: Option<&'a RawValue>,
        #[serde(borrow)]
        new: Option<&'a RawValue>,
    }
    let question: Question<'_> = question(line)?;
    let kind = kind(question.policy_type.as_deref())?;
    let existing = batch.policy("existing", question.existing, kind)?;
    let new = batch.policy("new", question.new, kind)?;
    let decide = || engine::no_new_access(&new, &existing, batch.ties);
    let text = || engine::no_new_access_smt2(&new, &existing, batch.ties);
    Ok(timed(CustomCheck::NoNewAccess, batch, decide, text))
}

/// `{"id", "policyType", "policy", "actions", "resources"}`
pub(super) fn access_not_granted(line: &str, batch: &Batch<'_>) -> Result<Decided, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Question<'a> {
        policy_type: Option<String>,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
        #[serde(default)]
        actions: Vec<String>,
        #[serde(default)]
        resources: Vec<String>,
    }
    let question: Question<'_> = question(line)?;
    let policy = batch.policy("policy", question.policy, kind(question.policy_type.as_deref())?)?;
    question.actions.iter().try_for_each(|a| custom_check::action(a)).map_err(|e| format!("`actions`: {e}"))?;
    question.resources.iter().try_for_each(|r| custom_check::resource(r)).map_err(|e| format!("`resources`: {e}"))?;
    if question.actions.is_empty() && question.resources.is_empty() {
        return Err("neither `actions` nor `resources` lists anything".to_owned());
    }
    for action in &question.actions {
        custom_check::unknown_action(action, batch.catalog).into_iter().for_each(|w| batch.warn(w));
    }
    let texts = |list: Vec<String>| list.into_iter().map(Into::into).collect();
    let access = Access { actions: texts(question.actions), resources: texts(question.resources) };
    let decide = || engine::access_not_granted(&policy, &access, batch.ties);
    let text = || engine::access_not_granted_smt2(&policy, &access, batch.ties);
    Ok(timed(CustomCheck::AccessNotGranted, batch, decide, text))
}

/// `{"id", "policy", "resourceType"}`
pub(super) fn no_public_access(line: &str, batch: &Batch<'_>) -> Result<Decided, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Question<'a> {
        resource_type: Option<String>,
        #[serde(borrow)]
        policy: Option<&'a RawValue>,
    }
    let question: Question<'_> = question(line)?;
    let resource_type = question.resource_type.ok_or_else(|| "`resourceType` is missing".to_owned())?;
    if !PUBLIC_RESOURCE_TYPES.contains(&resource_type.as_str()) {
        let nearest = crate::checks::nearest::name(&resource_type, PUBLIC_RESOURCE_TYPES.iter().copied());
        let nearest = crate::checks::nearest::did_you_mean(nearest);
        return Err(format!("`resourceType`: `{resource_type}` is not a type that the check knows{nearest}"));
    }
    let kind = if resource_type == TRUST_POLICY { PolicyKind::Trust } else { PolicyKind::Resource };
    let policy = batch.policy("policy", question.policy, kind)?;
    let decide = || engine::no_public_access(&policy, &resource_type, batch.ties);
    let text = || engine::no_public_access_smt2(&policy, &resource_type, batch.ties);
    Ok(timed(CustomCheck::NoPublicAccess, batch, decide, text))
}
