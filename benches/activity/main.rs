//! What reading CloudTrail's logs costs, beside the least that it can cost: decompressing the same files and parsing them with
//! `serde_json` into the same fields, keeping nothing else. Prints a table; `docs/performance.md` has its numbers.
//!
//! `IAM_PREFLIGHT_ACTIVITY_MB` is how much JSON is generated, 500 without; `IAM_PREFLIGHT_ACTIVITY_DIR` keeps the logs there
//! from one run to the next.

mod generate;

use std::fs;
use std::hint::black_box;
use std::io::Read;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use flate2::read::MultiGzDecoder;
use iam_preflight::activity::generate::{Generation, generate as generate_policy};
use iam_preflight::activity::record::Record;
use iam_preflight::activity::{Activity, Options, PrincipalSelector, collect};
use iam_preflight::catalog::Catalog;

/// A log file as a whole, as the baseline reads it.
#[derive(serde::Deserialize)]
struct Log<'a> {
    #[serde(rename = "Records", borrow)]
    records: Vec<Record<'a>>,
}

fn main() {
    // `cargo test --benches` only wants to know that it builds.
    if std::env::args().any(|arg| arg == "--test") {
        return;
    }
    let megabytes = std::env::var("IAM_PREFLIGHT_ACTIVITY_MB").ok().and_then(|v| v.parse().ok()).unwrap_or(500);
    let kept = std::env::var_os("IAM_PREFLIGHT_ACTIVITY_DIR").map(PathBuf::from);
    let temporary = tempfile::tempdir().expect("a folder");
    let folder = kept.unwrap_or_else(|| temporary.path().to_owned());
    let made = generate::logs(&folder, megabytes);
    println!(
        "{} files, {} events, {:.0} MB of JSON, {:.0} MB compressed",
        made.files,
        made.events,
        mb(made.bytes),
        mb(made.compressed)
    );
    println!("| what | threads | seconds | MB/s of JSON | events | peak MB |\n|---|--:|--:|--:|--:|--:|");

    let catalog = Catalog::embedded();
    let one = PrincipalSelector::parse(generate::ROLE).expect("a role");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut ours = Vec::new();
    // Ours first: what the process has used at most by then is what ours has used.
    for jobs in [1, cores] {
        let all = Options { jobs, data_events: true, ..Options::default() };
        let policy = Options { principal: Some(one.clone()), resources: true, ..all.clone() };
        for (name, options) in [("all principals, actions", all), ("one principal, with resources", policy)] {
            let start = Instant::now();
            let activity = collect(std::slice::from_ref(&folder), &options, catalog, &());
            let seconds = start.elapsed().as_secs_f64();
            assert_eq!(activity.coverage.events, made.events, "nothing is lost");
            assert_eq!(activity.coverage.bytes, made.bytes, "nothing is lost");
            assert!(activity.coverage.troubles.is_empty());
            check_counts(&activity, &options, &made);
            print(name, jobs, seconds, made.bytes, activity.coverage.events);
            ours.push((jobs, name, seconds));
        }
    }
    for jobs in [1, cores] {
        let start = Instant::now();
        let events = baseline(&folder, jobs, true);
        let seconds = start.elapsed().as_secs_f64();
        assert_eq!(events, made.events);
        print("baseline: gzip and serde_json", jobs, seconds, made.bytes, events);
        for (_, name, took) in ours.iter().filter(|(of, _, _)| *of == jobs) {
            println!("  {name}, {jobs} threads: {:.0} % of the baseline", 100.0 * seconds / took);
        }
        let start = Instant::now();
        baseline(&folder, jobs, false);
        print("gzip alone", jobs, start.elapsed().as_secs_f64(), made.bytes, 0);
    }
}

/// What was counted is what was written.
fn check_counts(activity: &Activity, options: &Options, made: &generate::Made) {
    let of_role = activity.of(generate::ROLE).expect("the role did something");
    assert_eq!(of_role.calls.count, made.of_role);
    if options.resources {
        let (key, used) = activity.principals.iter().next().expect("the role");
        let generated = generate_policy(Catalog::embedded(), key, used, &activity.coverage, Generation::default());
        assert!(!generated.policies.is_empty());
    } else {
        let all: u64 = activity.principals.values().map(|used| used.calls.count).sum();
        assert_eq!(all, made.events);
    }
}

/// Decompresses each file, and parses it; the number of records.
fn baseline(folder: &std::path::Path, jobs: usize, parse: bool) -> u64 {
    let files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect();
    let (next, events) = (AtomicUsize::new(0), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                let mut text = Vec::new();
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    text.clear();
                    let file = fs::File::open(path).expect("a file");
                    MultiGzDecoder::new(std::io::BufReader::with_capacity(256 << 10, file))
                        .read_to_end(&mut text)
                        .expect("gzip");
                    if parse {
                        let log: Log<'_> = serde_json::from_slice(&text).expect("a log");
                        events.fetch_add(log.records.len() as u64, Ordering::Relaxed);
                        black_box(&log.records);
                    }
                }
            });
        }
    });
    events.into_inner()
}

fn print(name: &str, jobs: usize, seconds: f64, bytes: u64, events: u64) {
    println!("| {name} | {jobs} | {seconds:.2} | {:.0} | {events} | {} |", mb(bytes) / seconds, peak());
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The most memory that the process has had, in MB; Linux alone tells.
fn peak() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes: Option<u64> = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
    kilobytes.map_or("?".to_owned(), |kb| (kb / 1000).to_string())
}
