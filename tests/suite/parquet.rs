//! Parquet as evidence: in every form that results of queries have it gives the same policy as the logs; files that are broken are
//! named and counted, and none ends the process. The files of `tests/parquet` are made by `scripts/make-parquet-fixtures.py`.

use std::fs;
use std::path::{Path, PathBuf};

use iam_preflight::activity::{Activity, Options, PrincipalSelector, collect};
use iam_preflight::catalog::Catalog;
use serde_json::{Value, json};

use crate::binary::{iam_preflight, json as report, root, run};
use crate::engine::generate::Random;

const ROLE: &str = "arn:aws:iam::111122223333:role/team/app";

fn fixture(name: &str) -> PathBuf {
    root().join("tests/parquet").join(name)
}

/// Bytes under names in a folder.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).expect("written");
    }
    folder
}

fn generated(trail: &Path) -> Value {
    let args = ["generate-policy", "--principal", ROLE, "--data-events", "--trail"];
    let run = run(iam_preflight().args(args).arg(trail));
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{}", trail.display());
    report(&run)
}

#[test]
fn parquet_in_every_form_gives_the_same_policy_as_the_log() {
    let of_log = generated(&fixture("events.json"));
    assert_eq!(of_log["events"]["used"], json!(12), "{of_log}");
    for name in
        ["athena.zstd", "flat.snappy", "lake.delta", "lake.gzip", "lake.int96", "lake.pages-v2", "whole.uncompressed"]
    {
        let of_result = generated(&fixture(&format!("{name}.parquet")));
        for field in ["generatedPolicies", "unmapped", "principal", "actions", "notes"] {
            assert_eq!(of_log[field], of_result[field], "{name}: {field}");
        }
        assert_eq!(of_log["events"]["used"], of_result["events"]["used"], "{name}");
    }
}

#[test]
fn parquet_is_told_by_its_first_bytes_whatever_its_name() {
    let bytes = fs::read(fixture("athena.zstd.parquet")).expect("read");
    let result = folder(&[("20260926_120000_00058_dj97w_42d36b98", &bytes), ("notes", b"no log")]);
    let of_folder = generated(result.path());
    assert_eq!(of_folder["events"]["used"], json!(12));
    assert_eq!(of_folder["events"]["files"]["skipped"], json!({"not a log file by its name": 1}));
    let named = folder(&[("log.json", &bytes)]);
    assert_eq!(generated(&named.path().join("log.json"))["events"]["used"], json!(12));
}

/// The file with two thousand million rows in its row group, as its footer has it.
fn absurd(whole: &[u8]) -> Vec<u8> {
    let (body, tail) = whole.split_at(whole.len() - 8);
    // The size of the row group in bytes, and its ten rows: fields of 64 bits that follow one another.
    let rows = body.windows(2).rposition(|pair| pair == [0x16, 0x14]).expect("ten rows") + 1;
    let many = [0x80, 0xD0, 0xAC, 0xF3, 0x0E];
    let footer = u32::from_le_bytes(tail[..4].try_into().expect("four bytes")) + many.len() as u32 - 1;
    [&body[..rows], &many, &body[rows + 1..], &footer.to_le_bytes(), &tail[4..]].concat()
}

#[test]
fn parquet_that_can_not_be_read_is_named_and_counted() {
    let whole = fs::read(fixture("flat.snappy.parquet")).expect("read");
    let mut magic = whole.clone();
    let end = magic.len() - 1;
    magic[end] = b'2';
    let mut long_footer = whole.clone();
    long_footer[end - 7..end - 3].copy_from_slice(&u32::MAX.to_le_bytes());
    let mut footer_beyond = whole.clone();
    footer_beyond[end - 7..end - 3].copy_from_slice(&10_000_u32.to_le_bytes());
    let of = |name: &str| fs::read(fixture(name)).expect("read");
    let files = folder(&[
        ("good.parquet", &whole),
        ("truncated.parquet", &whole[..whole.len() / 2]),
        ("short.parquet", b"PAR1"),
        ("magic.parquet", &magic),
        ("long-footer.parquet", &long_footer),
        ("footer-beyond.parquet", &footer_beyond),
        ("absurd.parquet", &absurd(&whole)),
        ("text.parquet", b"eventsource,eventname\n"),
        ("encrypted.parquet", &of("encrypted.parquet")),
        ("brotli.parquet", &of("brotli.parquet")),
        ("wrong-type.parquet", &of("wrong-type.parquet")),
        ("other-columns.parquet", &of("other-columns.parquet")),
    ]);
    let args = ["generate-policy", "--principal", ROLE, "--data-events", "--verbose", "--trail"];
    let outcome = run(iam_preflight().args(args).arg(files.path()));
    assert_eq!(outcome.code, 2);
    for part in [
        "truncated.parquet`: the file is truncated",
        "short.parquet`: the file is truncated",
        "magic.parquet`: the file is truncated: it does not end as Parquet does",
        "long-footer.parquet`: the footer is longer than 16 MB",
        "footer-beyond.parquet`: the file is truncated",
        "absurd.parquet`: the file says that it has more rows (2000000000) than fit into",
        "text.parquet`: the file is no Parquet",
        "encrypted.parquet`: the file is encrypted; decrypt it",
        "brotli.parquet`: pages compressed by BROTLI are not read; SNAPPY, GZIP and ZSTD are",
        "wrong-type.parquet`: the column `eventname` is INT32, where text is expected",
        "other-columns.parquet`: there are no columns `eventSource` and `eventName`",
        "error: 11 files and 0 records could not be read",
    ] {
        assert!(outcome.err.contains(part), "{part}\n{}", outcome.err);
    }
    assert_eq!(report(&outcome)["events"]["used"], json!(12), "the good one is used");
}

fn collected(path: &Path) -> Activity {
    let options = Options {
        principal: Some(PrincipalSelector::parse(ROLE).expect("a role")),
        resources: true,
        data_events: true,
        jobs: 1,
        ..Options::default()
    };
    collect(&[path.to_owned()], &options, Catalog::embedded(), &())
}

/// The environment variable `IAM_PREFLIGHT_PAIRS` asks for another number of files, `IAM_PREFLIGHT_SEED` for others.
#[test]
fn no_damage_to_a_file_ends_the_process() {
    let number = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    let random = &mut Random::new(number("IAM_PREFLIGHT_SEED").unwrap_or(1));
    let files = ["athena.zstd", "flat.snappy", "lake.delta", "lake.gzip", "lake.int96", "lake.pages-v2"];
    let whole: Vec<Vec<u8>> =
        files.iter().map(|name| fs::read(fixture(&format!("{name}.parquet"))).expect("read")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("damaged.parquet");
    let (mut broken, mut read) = (0, 0);
    for _ in 0..number("IAM_PREFLIGHT_PAIRS").unwrap_or(600) {
        let mut bytes = whole[random.below(whole.len())].clone();
        for _ in 0..1 + random.below(4) {
            // The footer is what everything hangs on.
            let len = bytes.len();
            let at = if random.one_in(2) { len - 1 - random.below(len / 3) } else { random.below(len) };
            match random.below(4) {
                0 => bytes[at] = random.below(256) as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes[at] = [0, 0x7F, 0x80, 0xFF][random.below(4)],
                _ => drop(bytes.drain(at..(at + 1 + random.below(8)).min(len))),
            }
        }
        fs::write(&path, &bytes).expect("written");
        let coverage = collected(&path).coverage;
        assert_eq!(coverage.files, 1);
        *(if coverage.troubles.is_empty() { &mut read } else { &mut broken }) += 1;
    }
    assert!(broken > read && read > 0, "{broken} broken, {read} read");
}
