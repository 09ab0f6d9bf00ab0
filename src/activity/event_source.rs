//! The service prefix of the actions of an event source: `monitoring.amazonaws.com` is `cloudwatch`.
//!
//! The exceptions are the table `tables/event_sources.tsv`, which names its sources. For the rest it is the first name of the
//! event source, if the service data know it, else the last (`x.y.amazonaws.com`); what neither is has no prefix, and nothing is guessed.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::catalog::{Catalog, Service};

static TABLE: &str = include_str!("tables/event_sources.tsv");

/// The rows of a table: what is written between tabs, comments left out.
pub(super) fn rows<const N: usize>(table: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut fields = line.split('\t');
        let mut row = [""; N];
        for field in &mut row {
            *field = fields.next()?;
        }
        fields.next().is_none().then_some(row)
    })
}

fn exceptions() -> &'static FxHashMap<&'static str, &'static str> {
    static EXCEPTIONS: OnceLock<FxHashMap<&'static str, &'static str>> = OnceLock::new();
    EXCEPTIONS.get_or_init(|| rows(TABLE).map(|[source, prefix, _]| (source, prefix)).collect())
}

/// The service that an event source belongs to.
pub fn service<'c>(catalog: &'c Catalog, event_source: &str) -> Option<&'c Service> {
    let lower = event_source.to_ascii_lowercase();
    let host = lower.find(".amazonaws.").and_then(|at| lower.get(..at)).unwrap_or(&lower);
    if let Some(prefix) = exceptions().get(host) {
        return catalog.service(prefix);
    }
    let first = host.split('.').next().and_then(|name| catalog.service(name));
    first.or_else(|| catalog.service(host.rsplit('.').next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exception_is_one_and_leads_to_a_service() {
        let catalog = Catalog::embedded();
        let mut seen = rustc_hash::FxHashSet::default();
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(rows::<3>(TABLE).count(), lines, "a row of another width");
        for [source, prefix, reference] in rows(TABLE) {
            assert!(catalog.service(prefix).is_some(), "{source}: `{prefix}` is no service");
            assert!(seen.insert(source), "{source} is there twice");
            assert!(TABLE.contains(&format!("#   {reference}: ")), "{source}: no source `{reference}`");
            assert!(source != prefix && *source == source.to_ascii_lowercase(), "{source}");
        }
    }

    #[test]
    fn a_source_without_a_row_is_known_by_its_name() {
        let prefix = |source: &str| service(Catalog::embedded(), source).map(|service| service.prefix.to_string());
        for (source, expected) in [
            ("s3.amazonaws.com", Some("s3")),
            ("EC2.amazonaws.com", Some("ec2")),
            ("s3.amazonaws.com.cn", Some("s3")),
            ("monitoring.amazonaws.com", Some("cloudwatch")),
            ("email.amazonaws.com", Some("ses")),
            ("api.ecr-public.amazonaws.com", Some("ecr-public")),
            ("ingest.timestream.amazonaws.com", Some("timestream")),
            ("new.sqs.amazonaws.com", Some("sqs")),
            ("nothing-of-the-kind.amazonaws.com", None),
            ("", None),
        ] {
            assert_eq!(prefix(source).as_deref(), expected, "{source}");
        }
    }
}
