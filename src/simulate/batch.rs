//! Many requests, one JSON object a line:
//! `{"id": …, "request": {…}, "policies": {"identity": […], "resource": …, "boundary": …, "session": …, "scp": [[…]…],
//! "rcp": [[…]…], "endpoint": …}}`. A line without `policies` is decided under those of the run. The decisions come one a
//! line, in the order of the requests. Lines are decided in blocks, in parallel; a policy text that many lines hold is read once.

use std::io::{self, BufRead, Read, Write};
use std::sync::{Arc, PoisonError, RwLock};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::policy::{PolicyRole, accept};
use super::request::{cause, parse_request};
use super::write_decision;
use crate::catalog::Catalog;
use crate::logic::evaluate::PolicyKind;
use crate::logic::evaluate::combine::{PolicySet, decide};
use crate::policy::PolicyDocument;
use crate::source::{Limits, SourceId, json};

/// Bytes of lines that are decided together.
const BLOCK: usize = 4 << 20;

/// Bytes of policy texts that are kept with what they say.
const KEPT: usize = 64 << 20;

/// How a batch went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Requests that were decided.
    pub decided: usize,
    /// Lines that are no request, or whose policies are none.
    pub wrong: usize,
}

/// Decides requests line by line.
#[derive(Debug)]
pub struct Batch<'a> {
    /// For lines that name no policies.
    pub policies: PolicySet,
    /// Of each policy text.
    pub limits: Limits,
    /// Which services RCPs bear on.
    pub catalog: &'a Catalog,
    known: RwLock<Known>,
}

/// What has been read before, by its text. Most lines of a batch have the policies of others as a whole; those that
/// don't often have some of them.
#[derive(Debug, Default)]
struct Known {
    sets: FxHashMap<Box<str>, Reading<PolicySet>>,
    documents: FxHashMap<(PolicyRole, Box<str>), Reading<PolicyDocument>>,
    bytes: usize,
}

type Reading<T> = Result<Arc<T>, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `request` and `policies`")]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    request: &'a RawValue,
    #[serde(borrow)]
    policies: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Identified<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "an object of policies")]
#[derive(Default)]
struct Policies<'a> {
    #[serde(borrow)]
    identity: Vec<&'a RawValue>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    boundary: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    scp: Vec<Vec<&'a RawValue>>,
    #[serde(borrow)]
    rcp: Vec<Vec<&'a RawValue>>,
    #[serde(borrow)]
    endpoint: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Wrong<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    error: String,
}

impl<'a> Batch<'a> {
    /// A batch that has read nothing yet.
    pub fn new(policies: PolicySet, limits: Limits, catalog: &'a Catalog) -> Batch<'a> {
        Batch { policies, limits, catalog, known: RwLock::default() }
    }

    /// Decides every line that is not blank.
    ///
    /// # Errors
    ///
    /// When lines can't be read or decisions can't be written. A line that is no request is none: it gets an answer that
    /// says so.
    pub fn run(&self, reader: &mut dyn BufRead, out: &mut dyn Write) -> io::Result<Tally> {
        let mut tally = Tally::default();
        let mut number = 0;
        loop {
            let block = read_block(reader, &mut number, self.limits.bytes)?;
            if block.is_empty() {
                return Ok(tally);
            }
            let answers: Vec<(bool, Vec<u8>)> = block.par_iter().map(|(n, line)| self.answer(*n, line)).collect();
            for (decided, answer) in answers {
                *(if decided { &mut tally.decided } else { &mut tally.wrong }) += 1;
                out.write_all(&answer)?;
            }
        }
    }

    /// The answer to a line, with a line break, and whether it is a decision.
    fn answer(&self, number: usize, line: &[u8]) -> (bool, Vec<u8>) {
        let text = std::str::from_utf8(line).map_err(|e| format!("byte {} is not UTF-8", e.valid_up_to()));
        let text = text.map(|t| t.trim_start_matches('\u{FEFF}').trim());
        let mut out = Vec::with_capacity(256);
        if let Err(error) = text.clone().and_then(|text| self.decide(text, &mut out)) {
            let id = text.ok().and_then(|t| serde_json::from_str::<Identified<'_>>(t).ok()).and_then(|i| i.id);
            out.clear();
            // Writing text to memory does not fail.
            let _ = serde_json::to_writer(&mut out, &Wrong { id, error: format!("line {number}: {error}") });
            out.push(b'\n');
            return (false, out);
        }
        out.push(b'\n');
        (true, out)
    }

    fn decide(&self, line: &str, out: &mut Vec<u8>) -> Result<(), String> {
        let line: Line<'_> = serde_json::from_str(line).map_err(|e| cause(&e))?;
        let request = parse_request(line.request.get()).map_err(|e| format!("`request`: {e}"))?;
        let decision = match line.policies {
            Some(policies) => decide(&*self.set(policies.get())?, &request, self.catalog),
            None => decide(&self.policies, &request, self.catalog),
        };
        write_decision(&decision, line.id, out);
        Ok(())
    }

    /// The policies of a line.
    fn set(&self, text: &str) -> Reading<PolicySet> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).sets.get(text) {
            return known.clone();
        }
        let set = self.read_set(text).map(Arc::new).map_err(|e| format!("`policies`: {e}"));
        self.keep(text.len(), |known| {
            known.sets.insert(text.into(), set.clone());
        });
        set
    }

    fn read_set(&self, text: &str) -> Result<PolicySet, String> {
        let written: Policies<'_> = serde_json::from_str(text).map_err(|e| cause(&e))?;
        let one = |kind, name: &str, raw: Option<&RawValue>| raw.map(|raw| self.document(kind, name, raw)).transpose();
        let list = |kind, name: &str, list: &[&RawValue]| -> Result<Vec<Arc<PolicyDocument>>, String> {
            let each = list.iter().enumerate();
            each.map(|(i, raw)| self.document(kind, &format!("{name}[{i}]"), raw)).collect()
        };
        let levels = |kind, name: &str, levels: &[Vec<&RawValue>]| -> Result<Vec<_>, String> {
            let each = levels.iter().enumerate();
            each.map(|(i, level)| list(kind, &format!("{name}[{i}]"), level)).collect()
        };
        Ok(PolicySet {
            identity: list(PolicyKind::Identity, "identity", &written.identity)?,
            resource: one(PolicyKind::Resource, "resource", written.resource)?,
            boundary: one(PolicyKind::Boundary, "boundary", written.boundary)?,
            session: one(PolicyKind::Session, "session", written.session)?,
            scp: levels(PolicyKind::ServiceControl, "scp", &written.scp)?,
            rcp: levels(PolicyKind::ResourceControl, "rcp", &written.rcp)?,
            endpoint: one(PolicyKind::Endpoint, "endpoint", written.endpoint)?,
        })
    }

    fn document(&self, kind: PolicyKind, name: &str, raw: &RawValue) -> Reading<PolicyDocument> {
        let (text, role) = (raw.get(), PolicyRole::from(kind));
        let key = (role, Box::from(text));
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).documents.get(&key) {
            return known.clone().map_err(|e| format!("`{name}`, {e}"));
        }
        let read = json::read(SourceId(0), text, &self.limits).and_then(|root| accept(root, role));
        // The line is known; what helps is the place in the policy.
        let read = read.map(Arc::new).map_err(|e| format!("column {}: {}", e.span.start + 1, e.message));
        self.keep(text.len(), |known| {
            known.documents.insert(key, read.clone());
        });
        read.map_err(|e| format!("`{name}`, {e}"))
    }

    fn keep(&self, bytes: usize, insert: impl FnOnce(&mut Known)) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes + bytes > KEPT {
            *known = Known::default();
        }
        known.bytes += bytes;
        insert(&mut known);
    }
}

/// Lines with their numbers from 1, blank ones left out.
fn read_block(reader: &mut dyn BufRead, number: &mut usize, limit: usize) -> io::Result<Vec<(usize, Vec<u8>)>> {
    let (mut block, mut bytes) = (Vec::new(), 0);
    while bytes < BLOCK {
        let mut line = Vec::new();
        let read = (&mut *reader).take(limit as u64 + 1).read_until(b'\n', &mut line)?;
        if read == 0 {
            break;
        }
        *number += 1;
        if read > limit {
            return Err(io::Error::other(format!("line {number} is over the limit of {} MiB", limit >> 20)));
        }
        bytes += read;
        if !line.trim_ascii().is_empty() {
            block.push((*number, line));
        }
    }
    Ok(block)
}
