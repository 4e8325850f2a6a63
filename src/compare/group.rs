//! Groups of header lines that are searched together, because they are read from the same lines.

use std::collections::BTreeMap;

use http::{HeaderName, header};

use super::bound::Bound;
use super::readers::Reader;
use super::request::start_size;
use super::rows::{Row, Subject, Test};
use super::search::{Found, MAX_READINGS, MAX_STEPS, Search, Searched};
use super::values::{Firsts, Full, Values};

/// The rows of both policies on one header, or on cookies that may influence each other.
#[derive(Debug)]
pub(super) struct Group {
    subjects: Vec<Subject>,
    a: Vec<IndexedRow>,
    b: Vec<IndexedRow>,
    searched: Option<Searched>,
}

/// A row and its place in the policy.
#[derive(Clone, Debug)]
struct IndexedRow {
    index: usize,
    subject: Subject,
    test: Test,
}

/// All groups of two policies.
#[derive(Debug)]
pub(super) struct Groups {
    groups: Vec<Group>,
    /// The number of each policy's rows, which stands for the weights.
    none: Firsts,
}

/// Lines of a group, which are a part of a request, and the rows that are the first to match them.
#[derive(Debug)]
pub(super) struct RequestPart<'g> {
    /// The place of the group.
    pub(super) group: usize,
    pub(super) firsts: Firsts,
    /// The smallest lines. `None` if the search was given up before it found any, so that there may be none.
    pub(super) lines: Option<&'g [Vec<u8>]>,
    /// The size of the lines; a lower bound of it if no lines were found.
    pub(super) size: usize,
}

impl Groups {
    pub(super) fn new(a: &[Row], b: &[Row]) -> Self {
        let mut groups: BTreeMap<String, Group> = BTreeMap::new();
        let new = || Group { subjects: Vec::new(), a: Vec::new(), b: Vec::new(), searched: None };
        for (index, row) in a.iter().enumerate() {
            groups.entry(row.subject.family()).or_insert_with(new).a.push(IndexedRow::new(index, row));
        }
        for (index, row) in b.iter().enumerate() {
            groups.entry(row.subject.family()).or_insert_with(new).b.push(IndexedRow::new(index, row));
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.iter_mut().for_each(Group::collect_subjects);
        Groups { groups, none: Firsts { a: a.len(), b: b.len() } }
    }

    /// Searches the groups that were not searched yet.
    pub(super) fn search(&mut self) {
        let none = self.none;
        for group in &mut self.groups {
            group.searched.get_or_insert_with(|| search(&group.subjects, &group.a, &group.b, none));
        }
    }

    /// The parts of requests: the smallest lines of each group for each pair of rows that can be the first to match. The smallest
    /// lines of a group come first. Lines that no row matches are left out.
    pub(super) fn parts(&self) -> Vec<RequestPart<'_>> {
        let mut all = Vec::new();
        for (place, group) in self.groups.iter().enumerate() {
            let Some(Searched { found, unsearched }) = &group.searched else { continue };
            let found = found.iter().map(|Found { firsts, lines, size }| RequestPart {
                group: place,
                firsts: *firsts,
                lines: Some(lines.as_slice()),
                size: *size,
            });
            let mut found: Vec<RequestPart<'_>> = found.collect();
            if let Some(size) = *unsearched {
                let possible = group.pairs_in_step();
                let new = possible.filter(|firsts| !group.has_found(*firsts));
                let new = new.map(|firsts| RequestPart { group: place, firsts, lines: None, size });
                found.extend(new.collect::<Vec<_>>());
            }
            all.extend(found.into_iter().filter(|part| part.firsts != self.none));
        }
        all
    }

    /// For each group in which some pairs of rows may be unknown: the bound that ended its search, and the smallest size of lines
    /// that was not searched.
    pub(super) fn unknown(&self) -> impl Iterator<Item = (Bound, usize)> {
        self.groups.iter().filter(|group| !group.is_in_step()).filter_map(|group| {
            let size = group.searched.as_ref()?.unsearched?;
            Some((group.bound(), size))
        })
    }

    /// The bound that the search of a group has passed, if it has passed one.
    pub(super) fn bound(&self, group: usize) -> Option<Bound> {
        self.groups.get(group).map(Group::bound)
    }

    /// The name of the header that the group reads.
    pub(super) fn header(&self, group: usize) -> HeaderName {
        let subject = self.groups.get(group).and_then(|group| group.subjects.first());
        subject.map_or(header::COOKIE, Subject::header)
    }

    /// The names of the headers and cookies of these groups.
    pub(super) fn names(&self, groups: &[usize]) -> Vec<String> {
        groups.iter().filter_map(|group| self.groups.get(*group)).flat_map(Group::names).collect()
    }

    /// The group of a subject.
    pub(super) fn of(&self, subject: &Subject) -> Option<usize> {
        let is_of = |other: &Subject| other.family() == subject.family();
        self.groups.iter().position(|group| group.subjects.iter().any(is_of))
    }

    /// Makes one group of these groups.
    pub(super) fn merge(&mut self, places: &[usize]) {
        let mut merged = Group { subjects: Vec::new(), a: Vec::new(), b: Vec::new(), searched: None };
        let mut places: Vec<usize> = places.to_vec();
        places.sort_unstable();
        places.dedup();
        for place in places.into_iter().rev().filter(|place| *place < self.groups.len()).collect::<Vec<_>>() {
            let Group { subjects: _, a, b, searched: _ } = self.groups.remove(place);
            merged.a.extend(a);
            merged.b.extend(b);
        }
        merged.a.sort_by_key(|row| row.index);
        merged.b.sort_by_key(|row| row.index);
        merged.collect_subjects();
        self.groups.push(merged);
    }
}

impl IndexedRow {
    fn new(index: usize, row: &Row) -> Self {
        let Row { subject, test, effect: _ } = row;
        IndexedRow { index, subject: subject.clone(), test: test.clone() }
    }
}

impl Group {
    fn collect_subjects(&mut self) {
        for row in self.a.iter().chain(&self.b) {
            if !self.subjects.contains(&row.subject) {
                self.subjects.push(row.subject.clone());
            }
        }
    }

    /// Whether both policies have the same conditions in the same order, so that the same conditions are first in both, whatever
    /// the values are.
    fn is_in_step(&self) -> bool {
        let condition = |row: &IndexedRow| (row.subject.clone(), row.test.clone());
        self.a.iter().map(condition).eq(self.b.iter().map(condition))
    }

    /// The pairs of rows that can be first if the group is in step.
    fn pairs_in_step(&self) -> impl Iterator<Item = Firsts> {
        let rows = if self.is_in_step() { self.a.as_slice() } else { &[] };
        rows.iter().zip(&self.b).map(|(a, b)| Firsts { a: a.index, b: b.index })
    }

    fn has_found(&self, firsts: Firsts) -> bool {
        self.searched.as_ref().is_some_and(|searched| searched.found.iter().any(|found| found.firsts == firsts))
    }

    fn names(&self) -> Vec<String> {
        let name = |subject: &Subject| match subject {
            Subject::Header(name) => format!("header {name}"),
            Subject::Cookie(name) | Subject::Affinity(name) => format!("cookie {name}"),
        };
        self.subjects.iter().map(name).collect()
    }

    fn bound(&self) -> Bound {
        Bound::Values { names: self.names(), beginnings: MAX_READINGS, steps: MAX_STEPS }
    }
}

fn search(subjects: &[Subject], a: &[IndexedRow], b: &[IndexedRow], none: Firsts) -> Searched {
    let exact = match subjects {
        [subject] => exact_values(subject, a, b, none),
        _ => None,
    };
    if let Some(found) = exact {
        return Searched { found, unsearched: None };
    }
    let start = start_size(&subjects.first().map_or(header::COOKIE, Subject::header));
    let readers: Result<Vec<Reader>, Full> = subjects.iter().map(|subject| reader(subject, a, b, none)).collect();
    match readers {
        Ok(mut readers) => Search::new(&mut readers, start).run(),
        Err(Full) => Searched { found: Vec::new(), unsearched: Some(0) },
    }
}

/// The smallest lines for each pair of rows, if there are only exact values: each value makes other rows the first to match, so the
/// value itself is the smallest.
fn exact_values(subject: &Subject, a: &[IndexedRow], b: &[IndexedRow], none: Firsts) -> Option<Vec<Found>> {
    let mut values: BTreeMap<&str, Firsts> = BTreeMap::new();
    for (test, row) in tests(subject, a, b, none) {
        let Test::Exact(value) = test else { return None };
        let firsts = values.entry(value).or_insert(none);
        *firsts = firsts.and(row);
    }
    let line = |value: &str| match subject {
        Subject::Header(_) => value.to_owned(),
        Subject::Cookie(name) | Subject::Affinity(name) => format!("{name}={value}"),
    };
    let start = start_size(&subject.header());
    let found = values.into_iter().map(|(value, firsts)| {
        let line = line(value).into_bytes();
        Found { firsts, size: start + line.len(), lines: vec![line] }
    });
    let mut found: Vec<Found> = found.collect();
    found.sort_by_key(|found| found.firsts);
    Some(found)
}

fn reader(subject: &Subject, a: &[IndexedRow], b: &[IndexedRow], none: Firsts) -> Result<Reader, Full> {
    Ok(Reader::new(subject, Values::new(tests(subject, a, b, none), none)?, none))
}

/// The conditions on a subject, each with its row in one of the policies.
fn tests<'r>(
    subject: &'r Subject,
    a: &'r [IndexedRow],
    b: &'r [IndexedRow],
    none: Firsts,
) -> impl Iterator<Item = (&'r Test, Firsts)> {
    let a = a.iter().map(move |row| (row, Firsts { a: row.index, ..none }));
    let b = b.iter().map(move |row| (row, Firsts { b: row.index, ..none }));
    a.chain(b).filter(move |(row, _)| row.subject == *subject).map(|(row, firsts)| (&row.test, firsts))
}
