//! Condition keys that follow from the caller, as values that policy variables stand for.

use std::fmt::Write as _;

use super::or;
use crate::logic::engine::caller::Derived;
use crate::logic::engine::pattern::MARK;

/// Ties the value of a key to the caller that it follows from. Each part that is taken out of the caller's text stands
/// between marks or colons that it cannot hold itself, so there is one way only to take it out.
pub(super) fn tie(out: &mut String, derived: Derived, value: &str) {
    let mark = format!("\\u{{{:x}}}", u32::from(MARK));
    let _ = writeln!(out, "(declare-const {value} String)");
    let part = |n: &str| format!("|{}-{n}|", value.trim_matches('|'));
    let declare = |out: &mut String, n: &str| {
        let _ = writeln!(out, "(declare-const {} String)", part(n));
        part(n)
    };
    let without = |chars: &[(&str, &str)]| {
        let ranges: Vec<String> = chars.iter().map(|(a, b)| format!("(re.range \"{a}\" \"{b}\")")).collect();
        format!("(re.* (re.union {}))", ranges.join(" "))
    };
    let unmarked = without(&[("\\u{0}", "\\u{0}"), ("\\u{2}", "\\u{2ffff}")]);
    let field = without(&[("\\u{0}", "\\u{0}"), ("\\u{2}", "9"), (";", "\\u{2ffff}")]);
    let segment = without(&[("\\u{0}", "\\u{0}"), ("\\u{2}", "."), ("0", "9"), (";", "\\u{2ffff}")]);
    let of_kind = |letter: char| format!("(str.prefixof \"{letter}{mark}\" caller)");
    let kinds = |letters: &str| or(&letters.chars().map(of_kind).collect::<Vec<_>>());
    match derived {
        Derived::Arn => {
            let rest = declare(out, "rest");
            let _ = writeln!(
                out,
                "(assert (=> {} (and (= caller (str.++ (str.at caller 0) \"{mark}\" {value} {rest})) (str.in_re {value} {unmarked}) (or (= {rest} \"\") (str.prefixof \"{mark}\" {rest})))))",
                kinds("RUTF")
            );
        }
        Derived::Account => {
            let (partition, rest) = (declare(out, "partition"), declare(out, "rest"));
            let sts = format!("(ite {} \"sts\" \"iam\")", of_kind('F'));
            let _ = writeln!(
                out,
                "(assert (=> (str.in_re caller (re.++ re.allchar (str.to_re \"{mark}arn:\") re.all)) (and (= caller (str.++ (str.at caller 0) \"{mark}arn:\" {partition} \":\" {sts} \"::\" {value} \":\" {rest})) (str.in_re {partition} {field}) (str.in_re {value} {field}))))"
            );
        }
        Derived::Username => {
            let before = declare(out, "before");
            let _ = writeln!(
                out,
                "(assert (=> {} (and (= caller (str.++ {before} \"/\" {value})) (str.in_re {value} {segment}))))",
                of_kind('U')
            );
        }
        Derived::ServiceName => {
            let _ = writeln!(out, "(assert (=> {} (= caller (str.++ \"S{mark}\" {value}))))", of_kind('S'));
        }
        Derived::IsService => {
            let _ = writeln!(out, "(assert (= {value} (ite {} \"true\" \"false\")))", of_kind('S'));
        }
        Derived::Type => {
            for (letter, name) in
                [('R', "AssumedRole"), ('U', "User"), ('T', "Account"), ('F', "FederatedUser"), ('A', "Anonymous")]
            {
                let _ = writeln!(out, "(assert (=> {} (= {value} \"{name}\")))", of_kind(letter));
            }
        }
    }
}
