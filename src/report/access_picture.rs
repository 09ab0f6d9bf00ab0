//! A picture of who gets at what, for the HTML page: principals on the left, resources on the right, a line for each
//! pair. SVG that needs no script; what it shows stands in the page's table, too.

use std::fmt::Write;

use indexmap::IndexMap;
use rustc_hash::FxHashMap;

use super::escape::{html, terminal};
use crate::analysis::access_diff::AccessChange;
use crate::catalog::AccessLevel;
use crate::model::Deployment;

/// Names on either side.
const NODES: usize = 60;
/// Lines.
const EDGES: usize = 300;
/// Characters of a name.
const NAME: usize = 44;
/// Actions that a line names.
const ACTIONS: usize = 8;

const WIDTH: usize = 1_000;
const COLUMN: usize = 340;
const ROW: usize = 34;
const BOX: usize = 26;

/// The worst that a principal may do to a resource, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    Read,
    Write,
    Permissions,
    Public,
}

impl Reach {
    const ALL: [Reach; 4] = [Reach::Public, Reach::Permissions, Reach::Write, Reach::Read];

    fn of(change: &AccessChange) -> Reach {
        let levels = || change.actions.iter().flat_map(|a| &a.levels);
        if change.public {
            Reach::Public
        } else if levels().any(|l| *l == AccessLevel::PermissionsManagement) {
            Reach::Permissions
        } else if levels().any(|l| matches!(l, AccessLevel::Write | AccessLevel::Tagging)) {
            Reach::Write
        } else {
            Reach::Read
        }
    }

    fn class(self) -> &'static str {
        match self {
            Reach::Public => "public",
            Reach::Permissions => "permissions",
            Reach::Write => "write",
            Reach::Read => "read",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Reach::Public => "public",
            Reach::Permissions => "permissions management",
            Reach::Write => "write",
            Reach::Read => "read, list",
        }
    }
}

/// What is drawn of a pair.
struct Edge {
    reach: Reach,
    actions: Vec<String>,
}

/// The picture, and how many pairs are not in it; nothing if nobody gets at anything.
pub(super) fn picture(changes: &[AccessChange], deployment: &Deployment) -> Option<(String, usize)> {
    let names = names_by_arn(deployment);
    let mut edges: IndexMap<(String, String), Edge> = IndexMap::new();
    for change in changes {
        for pair in pairs(change, &names) {
            let reach = Reach::of(change);
            let edge = edges.entry(pair).or_insert(Edge { reach, actions: Vec::new() });
            edge.reach = edge.reach.max(reach);
            for action in &change.actions {
                if !edge.actions.contains(&action.shown) {
                    edge.actions.push(action.shown.clone());
                }
            }
        }
    }
    let all = edges.len();
    // The widest access is drawn first, as long as there is room; the order of those that stay is that of the inputs.
    let mut order: Vec<usize> = (0..all).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(edges.get_index(*i).map(|(_, e)| e.reach)), *i));
    let (mut left, mut right) = (IndexMap::<&str, ()>::new(), IndexMap::<&str, ()>::new());
    let mut drawn: Vec<usize> = Vec::new();
    for i in order {
        let Some(((who, what), _)) = edges.get_index(i) else { continue };
        let fits = |column: &IndexMap<&str, ()>, name: &str| column.contains_key(name) || column.len() < NODES;
        if drawn.len() < EDGES && fits(&left, who) && fits(&right, what) {
            left.insert(who, ());
            right.insert(what, ());
            drawn.push(i);
        }
    }
    if drawn.is_empty() {
        return None;
    }
    drawn.sort_unstable();
    let drawn: Vec<(&str, &str, &Edge)> =
        drawn.iter().filter_map(|i| edges.get_index(*i)).map(|((a, b), e)| (a.as_str(), b.as_str(), e)).collect();
    Some((svg(&drawn), all - drawn.len()))
}

/// Who and what: a principal with its own policies and the statement's resources, or those that a resource's policy
/// names and the resource.
fn pairs(change: &AccessChange, names: &FxHashMap<String, &str>) -> Vec<(String, String)> {
    let subject = change.subject.id.to_string();
    match change.principals.is_empty() {
        true => change.resources.iter().map(|r| (subject.clone(), named(r, names))).collect(),
        false => change.principals.iter().map(|p| (named(p, names), subject.clone())).collect(),
    }
}

/// The resource that an ARN, or a pattern of what is in it, stands for.
fn named(arn: &str, names: &FxHashMap<String, &str>) -> String {
    let whole = arn.strip_suffix("/*").or_else(|| arn.strip_suffix(":*")).unwrap_or(arn);
    names.get(whole).map_or_else(|| arn.to_owned(), |name| (*name).to_owned())
}

fn names_by_arn(deployment: &Deployment) -> FxHashMap<String, &str> {
    let resources = deployment.resources.iter().filter_map(|r| Some((r.arn.as_ref()?.display(), r.id.id.as_str())));
    let principals = deployment.principals.iter().map(|p| (p.arn.display(), p.id.id.as_str()));
    resources.chain(principals).collect()
}

fn svg(edges: &[(&str, &str, &Edge)]) -> String {
    let mut left: IndexMap<&str, ()> = IndexMap::new();
    let mut right: IndexMap<&str, Vec<usize>> = IndexMap::new();
    for (who, what, _) in edges {
        let row = left.entry(who).index();
        left.insert(who, ());
        right.entry(what).or_default().push(row);
    }
    // Resources stand where those stand that get at them.
    right.sort_by(|_, a, _, b| mean(a).cmp(&mean(b)));
    let rows = left.len().max(right.len());
    let height = rows * ROW + 8;
    let middle = |row: usize| 4 + row * ROW + BOX / 2;
    let mut out = format!(
        "<svg class=\"access\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"Who gets at what; the table below \
         says the same\">\n"
    );
    let (start, end) = (COLUMN, WIDTH - COLUMN);
    let bend = (start + end) / 2;
    for (who, what, edge) in edges {
        let (Some(from), Some(to)) = (left.get_index_of(who), right.get_index_of(what)) else { continue };
        let (y1, y2) = (middle(from), middle(to));
        let _ = writeln!(
            out,
            "<path class=\"{}\" d=\"M{start} {y1}C{bend} {y1} {bend} {y2} {end} {y2}\"><title>{}</title></path>",
            edge.reach.class(),
            html::text(&terminal::line(&title(who, what, edge)))
        );
    }
    let columns = [(left.keys().copied().collect::<Vec<_>>(), 0), (right.keys().copied().collect(), end)];
    for (names, x) in columns {
        for (row, name) in names.into_iter().enumerate() {
            let line = terminal::line(name);
            let _ = writeln!(
                out,
                "<g><title>{}</title><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{BOX}\" rx=\"5\"/><text x=\"{}\" \
                 y=\"{}\">{}</text></g>",
                html::text(&line),
                x + 1,
                4 + row * ROW,
                COLUMN - 2,
                x + 10,
                4 + row * ROW + 17,
                html::text(&shortened(&line))
            );
        }
    }
    out.push_str("</svg>\n<p class=\"faint\">");
    let legend = Reach::ALL.iter().filter(|r| edges.iter().any(|(_, _, e)| e.reach == **r));
    let legend: Vec<String> = legend
        .map(|reach| {
            let class = reach.class();
            format!(
                "<svg class=\"access key\" viewBox=\"0 0 40 10\" role=\"img\" aria-label=\"a line\"><path class=\"{class}\" \
                 d=\"M0 5L40 5\"/></svg> {}",
                reach.name()
            )
        })
        .collect();
    let _ = writeln!(out, "{}</p>", legend.join(" · "));
    out
}

fn title(who: &str, what: &str, edge: &Edge) -> String {
    let few: Vec<&str> = edge.actions.iter().take(ACTIONS).map(String::as_str).collect();
    let more = match edge.actions.len() - few.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{who} → {what}: {}{more}", few.join(", "))
}

/// Without its middle if it is long: the ends of an ARN tell more.
fn shortened(name: &str) -> String {
    let count = name.chars().count();
    if count <= NAME {
        return name.to_owned();
    }
    let end = NAME * 2 / 3;
    let begin = NAME - end - 1;
    name.chars().take(begin).chain(['…']).chain(name.chars().skip(count - end)).collect()
}

/// The mean of rows, times a thousand.
fn mean(rows: &[usize]) -> usize {
    rows.iter().sum::<usize>() * 1_000 / rows.len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_its_ends() {
        assert_eq!(shortened("Orders"), "Orders");
        let name = shortened("arn:aws:iam::${AWS::AccountId}:oidc-provider/token.actions.githubusercontent.com");
        assert_eq!(name.chars().count(), NAME);
        assert!(name.starts_with("arn:aws:iam::") && name.ends_with("actions.githubusercontent.com"), "{name}");
    }
}
