//! The nearest real name for a misspelt one.
//!
//! Near is an optimal string alignment distance (insertions, deletions, substitutions and swaps of neighbours, case
//! ignored) of at most a third of the name, and never more than three.

/// The nearest of the candidates, the first of equals; none if none is near.
pub fn name<'a>(wrong: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase();
    let length = wrong.chars().count();
    let limit = (length / 3).clamp(1, 3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len().abs_diff(wrong.len()) > 4 * limit {
            continue;
        }
        let distance = strsim::osa_distance(&wrong, &candidate.to_ascii_lowercase());
        if distance <= limit && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `; did you mean …?` for the end of a message, or nothing.
pub fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |s| format!("; the nearest name is `{s}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_has_a_nearest_name_and_another_word_has_none() {
        let actions = ["GetObject", "GetObjectAcl", "PutObject", "ListBucket"];
        assert_eq!(name("GetObjekt", actions.into_iter()), Some("GetObject"));
        assert_eq!(name("getobejct", actions.into_iter()), Some("GetObject"));
        assert_eq!(name("ListBuckets", actions.into_iter()), Some("ListBucket"));
        assert_eq!(name("DeleteEverything", actions.into_iter()), None);
        assert_eq!(name("", actions.into_iter()), None);
    }
}
