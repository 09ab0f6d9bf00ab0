//! The two kinds of pattern in the data and in questions about them: action names with `*` and `?`, and condition
//! key names with parts such as `${TagKey}`. ASCII case is ignored in both.
//!
//! The patterns of policies, which may hold unknown values, are another matter and live in `policy::glob`.

/// True if the pattern, with `*` for any characters and `?` for one, matches the name.
pub(super) fn matches_glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // Where to go on when a letter doesn't fit: behind the last star, one letter later.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(letter) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, n));
                p += 1;
            }
            Some(c) if *c == b'?' || c.eq_ignore_ascii_case(letter) => (p, n) = (p + 1, n + 1),
            _ => match &mut retry {
                Some((after, from)) => {
                    *from += 1;
                    (p, n) = (*after, *from);
                }
                None => return false,
            },
        }
    }
    pattern.get(p..).is_none_or(|rest| rest.iter().all(|c| *c == b'*'))
}

/// True if the name of a condition key is the defined one, each `${…}` of which stands for one or more characters.
pub(super) fn matches_key(defined: &str, name: &str) -> bool {
    let Some((before, rest)) = defined.split_once("${") else {
        return defined.eq_ignore_ascii_case(name);
    };
    let Some((_, after)) = rest.split_once('}') else {
        return defined.eq_ignore_ascii_case(name);
    };
    let Some((start, end)) = name.split_at_checked(before.len()) else { return false };
    if !start.eq_ignore_ascii_case(before) {
        return false;
    }
    if after.is_empty() {
        return !end.is_empty();
    }
    // The part that stands for text may end at any later place where the rest fits.
    end.char_indices().skip(1).any(|(at, _)| end.get(at..).is_some_and(|tail| matches_key(after, tail)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_without_regard_to_case() {
        for (pattern, name, expected) in [
            ("get*", "GetObject", true),
            ("*Object", "GetObject", true),
            ("G?t*j*t", "GetObject", true),
            ("*", "", true),
            ("", "", true),
            ("?", "", false),
            ("Get", "GetObject", false),
            ("Get*Tag", "GetObjectTagging", false),
        ] {
            assert_eq!(matches_glob(pattern.as_bytes(), name.as_bytes()), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_part_of_a_key_stands_for_any_text_but_not_for_none() {
        for (defined, name, expected) in [
            ("aws:ResourceTag/${TagKey}", "aws:resourcetag/Team", true),
            ("aws:ResourceTag/${TagKey}", "aws:ResourceTag/", false),
            ("aws:ResourceTag/${TagKey}", "aws:ResourceTag", false),
            ("codebuild:secondarySources/${id}.location", "codebuild:secondarysources/a.location.location", true),
            ("codebuild:secondarySources/${id}.location", "codebuild:secondarySources/.location", false),
            ("kms:EncryptionContext:${Key}", "kms:EncryptionContext:ünit", true),
            ("s3:prefix", "S3:Prefix", true),
            ("s3:prefix", "s3:prefixes", false),
        ] {
            assert_eq!(matches_key(defined, name), expected, "{defined} {name}");
        }
    }
}
