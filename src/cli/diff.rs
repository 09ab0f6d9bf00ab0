//! A unified diff of a text and its fixed form. Fixes are few and small, so lines are compared in step: where they
//! part, the next line that both have in common ends the hunk.

/// Lines shown around a change.
const CONTEXT: usize = 2;

/// The hunks of a unified diff, each with its header.
pub(super) fn hunks(before: &str, after: &str) -> Vec<String> {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let operations = similar::capture_diff_slices(similar::Algorithm::Myers, &old, &new);
    let changes = operations.iter().filter(|operation| operation.tag() != similar::DiffTag::Equal).map(|operation| {
        let (old, new) = (operation.old_range(), operation.new_range());
        (old.start, old.end, new.start, new.end)
    });
    let mut hunks: Vec<Vec<(usize, usize, usize, usize)>> = Vec::new();
    for change in changes {
        match hunks.last_mut() {
            Some(hunk) if hunk.last().is_some_and(|last| change.0 <= last.1 + 2 * CONTEXT) => hunk.push(change),
            _ => hunks.push(vec![change]),
        }
    }
    hunks.iter().map(|hunk| written(&old, &new, hunk)).collect()
}

fn written(old: &[&str], new: &[&str], changes: &[(usize, usize, usize, usize)]) -> String {
    let (Some(first), Some(last)) = (changes.first(), changes.last()) else { return String::new() };
    let lead = first.0.min(CONTEXT);
    let tail = (old.len() - last.1).min(CONTEXT);
    let (old_start, new_start) = (first.0 - lead, first.2 - lead);
    let (old_count, new_count) = (last.1 + tail - old_start, last.3 + tail - new_start);
    let mut text = format!("@@ -{},{old_count} +{},{new_count} @@\n", old_start + 1, new_start + 1);
    let mut line = |mark: char, line: &str| {
        text.push(mark);
        let shown: Vec<String> = line.split('\t').map(crate::report::printable_line).collect();
        text.push_str(&shown.join("\t"));
        text.push('\n');
    };
    let mut at = old_start;
    for (a, a_end, b, b_end) in changes {
        old[at..*a].iter().for_each(|l| line(' ', l));
        old[*a..*a_end].iter().for_each(|l| line('-', l));
        new[*b..*b_end].iter().for_each(|l| line('+', l));
        at = *a_end;
    }
    old[at..at + tail].iter().for_each(|l| line(' ', l));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_an_added_and_a_removed_line_are_shown_with_their_surroundings() {
        let before = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\nk\nl";
        let after = "a\nB\nc\nd\ne\nf\ng\nh\ni\nX\nj\nl";
        let shown = hunks(before, after);
        assert_eq!(shown, ["@@ -1,4 +1,4 @@\n a\n-b\n+B\n c\n d\n", "@@ -8,5 +8,5 @@\n h\n i\n+X\n j\n-k\n l\n"]);
        assert!(hunks(before, before).is_empty());
    }

    #[test]
    fn a_block_that_is_like_the_next_is_shown_as_removed_and_not_as_changed() {
        let before = "x {\n  a = 1\n  c = 0\n}\n\ny {\n  a = 2\n  c = 0\n}\n\nz";
        let after = "y {\n  a = 2\n  c = 0\n}\n\nz";
        assert_eq!(hunks(before, after), ["@@ -1,7 +1,2 @@\n-x {\n-  a = 1\n-  c = 0\n-}\n-\n y {\n   a = 2\n"]);
    }
}
