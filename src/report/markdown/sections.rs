//! Making a text fit: sections of items, each with its rank. What is least worth goes first, until the rest fits; each
//! section says how many of its items went, and the end where they can be found.

use super::{Links, counted};

/// Bytes that are kept free for what is said about items that went, for each section.
const REMARK: usize = 120;

/// A part of the text.
#[derive(Debug, Default)]
pub(super) struct Section {
    pub before: String,
    pub items: Vec<Item>,
    pub after: String,
}

/// What stays or goes as a whole.
#[derive(Debug)]
pub(super) struct Item {
    pub text: String,
    /// What can stand in its place, and at which rank that happens.
    pub brief: Option<(String, u8)>,
    /// The higher, the earlier it goes.
    pub rank: u8,
}

impl Item {
    pub(super) fn new(text: String, rank: u8) -> Item {
        Item { text, brief: None, rank }
    }
}

impl Section {
    /// What always stays.
    pub(super) fn text(text: String) -> Section {
        Section { before: text, ..Section::default() }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Whole,
    Brief,
    Gone,
}

/// The text of the sections and the footer, at most `limit` bytes.
pub(super) fn fitted(sections: Vec<Section>, footer: &str, links: &Links, limit: usize) -> String {
    let whole: usize = sections
        .iter()
        .map(|s| s.before.len() + s.after.len() + s.items.iter().map(|item| item.text.len()).sum::<usize>())
        .sum::<usize>()
        + footer.len();
    let mut shown: Vec<Vec<Shown>> = sections.iter().map(|s| vec![Shown::Whole; s.items.len()]).collect();
    let is_cut = whole > limit;
    if is_cut {
        // Rank, and place from the end: the last of equals goes first.
        let mut savings: Vec<(u8, usize, usize, Shown, usize)> = Vec::new();
        for (s, section) in sections.iter().enumerate() {
            for (i, item) in section.items.iter().enumerate() {
                let mut left = item.text.len();
                if let Some((brief, rank)) = &item.brief {
                    savings.push((*rank, s, i, Shown::Brief, left.saturating_sub(brief.len())));
                    left = brief.len();
                }
                savings.push((item.rank, s, i, Shown::Gone, left));
            }
        }
        savings
            .sort_by_key(|(rank, s, i, ..)| (std::cmp::Reverse(*rank), std::cmp::Reverse(*s), std::cmp::Reverse(*i)));
        let mut length = whole + (sections.len() + 2) * REMARK + links.run.as_ref().map_or(0, String::len);
        for (_, s, i, to, saved) in savings {
            if length <= limit {
                break;
            }
            if let Some(state) = shown.get_mut(s).and_then(|items| items.get_mut(i)) {
                *state = to;
                length = length.saturating_sub(saved);
            }
        }
    }
    let mut out = String::with_capacity(whole.min(limit));
    for (section, shown) in sections.iter().zip(&shown) {
        let gone = shown.iter().filter(|s| **s == Shown::Gone).count();
        if gone > 0 && gone == section.items.len() && section.items.len() == 1 {
            // A graph: nothing is left to frame.
            continue;
        }
        out.push_str(&section.before);
        for (item, shown) in section.items.iter().zip(shown) {
            match shown {
                Shown::Whole => out.push_str(&item.text),
                Shown::Brief => out.push_str(item.brief.as_ref().map_or("", |(brief, _)| brief)),
                Shown::Gone => {}
            }
        }
        if gone > 0 {
            out.push_str(&format!(
                "\n_{} left out: too long for this page._\n",
                counted(gone as u64, "entry", "entries")
            ));
        }
        out.push_str(&section.after);
    }
    if is_cut {
        let place = match &links.run {
            Some(run) => format!("the [summary of the run]({run}) and its report"),
            None => "the report of the run".to_owned(),
        };
        out.push_str(&format!("\n> Shortened, the least severe first. All of it is in {place}.\n"));
    }
    out.push_str(footer);
    if out.len() > limit {
        let mut end = limit;
        while !out.is_char_boundary(end) {
            end -= 1;
        }
        out.truncate(end);
    }
    out
}
