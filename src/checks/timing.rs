//! How long each check took over all policies of a run, and how much it found.
//!
//! What several checks share (the uses of condition keys, the fields of resource ARNs) is worked out when the first of
//! them asks for it, and counts as that check's time.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use super::{Check, registry};
use crate::finding::Finding;

/// Sums by check, filled from several threads.
#[derive(Debug)]
pub struct CheckTimings {
    sums: Vec<Sum>,
}

#[derive(Debug)]
struct Sum {
    check: &'static Check,
    nanoseconds: AtomicU64,
    findings: AtomicU64,
}

/// One check's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CheckTiming {
    /// The issue code.
    pub code: &'static str,
    /// The time over all policies, added up over the threads.
    pub took: Duration,
    /// How many findings it made.
    pub findings: u64,
}

impl Default for CheckTimings {
    fn default() -> CheckTimings {
        let sum = |check| Sum { check, nanoseconds: AtomicU64::new(0), findings: AtomicU64::new(0) };
        CheckTimings { sums: registry().map(sum).collect() }
    }
}

impl CheckTimings {
    /// Runs a check, which adds to `out`, and sums up what it took. `position` is the check's in the registry.
    pub(super) fn measure(&self, position: usize, out: &mut Vec<Finding>, run: impl FnOnce(&mut Vec<Finding>)) {
        let (before, start) = (out.len(), Instant::now());
        run(out);
        let Some(sum) = self.sums.get(position) else { return };
        sum.nanoseconds.fetch_add(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX), Relaxed);
        sum.findings.fetch_add(out.len().saturating_sub(before) as u64, Relaxed);
    }

    /// The checks, the slowest first.
    pub fn slowest_first(&self) -> Vec<CheckTiming> {
        let timing = |sum: &Sum| CheckTiming {
            code: sum.check.code,
            took: Duration::from_nanos(sum.nanoseconds.load(Relaxed)),
            findings: sum.findings.load(Relaxed),
        };
        let mut timings: Vec<CheckTiming> = self.sums.iter().map(timing).collect();
        timings.sort_by(|a, b| b.took.cmp(&a.took).then_with(|| a.code.cmp(b.code)));
        timings
    }
}
