//! The proof: every way in which a request can be decided differently, tried on both selectors.

use std::collections::BTreeMap;

use http::{HeaderName, header};

use super::bound::Bound;
use super::crossing::{self, Candidate};
use super::difference::Difference;
use super::draw;
use super::group::{Groups, RequestPart};
use super::request::{Line, Request, start_size};
use super::rows::Subject;
use super::side::{Side, smallest_sample};
use super::values::Firsts;
use crate::policy::Policy;
use crate::select::{Reason, Sample};

/// What was found: differences, smallest first, and the bounds that were passed. If there are neither, the policies are the same.
#[derive(Debug)]
pub(super) struct Proof {
    pub(super) differences: Vec<Difference>,
    pub(super) bounds: Vec<Bound>,
}

/// Which differences are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Smallest,
    All,
}

/// Parts of a request that are probably decided differently if the request consists of them alone.
struct Suspect {
    /// The places of the parts in the list of all parts; there are one or two.
    parts: Vec<usize>,
    size: usize,
    /// Whether the weights decide in both policies, with different samples.
    is_draw: bool,
}

/// What became of a suspect.
enum Verdict {
    Different(Difference),
    Unknown(Bound),
    /// Groups influence each other and are to be searched together.
    Merge(Vec<usize>),
}

impl Proof {
    pub(super) fn new(a: &Policy, b: &Policy, wanted: Wanted) -> Self {
        let sides = Sides { a: Side::new(a), b: Side::new(b) };
        let by_sample = smallest_sample(&sides.a, &sides.b)
            .and_then(|sample| sides.difference(Request { lines: Vec::new(), sample }, true));
        if let (Wanted::Smallest, Some(difference)) = (wanted, &by_sample) {
            return Proof { differences: vec![difference.clone()], bounds: Vec::new() };
        }
        let mut groups = Groups::new(&sides.a.rows, &sides.b.rows);
        loop {
            groups.search();
            match sides.judge(&groups, wanted) {
                Ok(Proof { mut differences, bounds }) => {
                    differences.extend(by_sample);
                    differences.sort_by_key(|difference| difference.request.size());
                    return Proof { differences, bounds };
                }
                // The loop ends, because each merge leaves fewer groups.
                Err(together) => groups.merge(&together),
            }
        }
    }
}

/// The two policies.
struct Sides {
    a: Side,
    b: Side,
}

impl Sides {
    /// Tries all suspects, smallest first. The error is the groups to search together.
    fn judge(&self, groups: &Groups, wanted: Wanted) -> Result<Proof, Vec<usize>> {
        let parts = groups.parts();
        let mut bounds = Vec::new();
        let mut searched = usize::MAX;
        for (bound, size) in groups.unknown() {
            bounds.push(bound);
            searched = searched.min(size);
        }
        let mut differences: Vec<Difference> = Vec::new();
        for suspect in self.suspects(groups, &parts) {
            let smallest = differences.iter().map(|difference| difference.request.size()).min();
            if wanted == Wanted::Smallest && smallest.is_some_and(|smallest| smallest <= suspect.size) {
                break;
            }
            match self.verdict(groups, &parts, &suspect, searched) {
                Verdict::Different(difference) => differences.push(difference),
                Verdict::Merge(together) => return Err(together),
                Verdict::Unknown(bound) => {
                    searched = searched.min(suspect.size);
                    if !bounds.contains(&bound) {
                        bounds.push(bound);
                    }
                }
            }
        }
        Ok(Proof { differences, bounds })
    }

    /// All suspects, smallest first.
    fn suspects(&self, groups: &Groups, parts: &[RequestPart<'_>]) -> Vec<Suspect> {
        let (mut suspects, mut others) = (Vec::new(), Vec::new());
        let mut decisions = BTreeMap::new();
        for (place, part) in parts.iter().enumerate() {
            let RequestPart { group, firsts, lines: _, size } = *part;
            if self.differ(firsts) {
                let is_draw = self.is_drawn(firsts);
                suspects.push(Suspect { parts: vec![place], size, is_draw });
                continue;
            }
            let decided = self.a.decided(firsts.a);
            let decision = decided.map(|decided| (decided.name, decided.decision.reason, decided.decision.set_cookie));
            let new = decisions.len();
            let decision = *decisions.entry(decision).or_insert(new);
            let is_cookie = groups.header(group) == header::COOKIE;
            others.push(Candidate { part: place, firsts, size, decision, group, is_cookie });
        }
        let crossing = crossing::smallest(others);
        suspects.extend(crossing.map(|crossing| Suspect {
            parts: vec![crossing.a, crossing.b],
            size: crossing.size,
            is_draw: false,
        }));
        suspects.sort_by_key(|suspect| suspect.size);
        suspects
    }

    /// Whether the decisions differ if these rows are the first that match.
    fn differ(&self, firsts: Firsts) -> bool {
        match (self.a.decided(firsts.a), self.b.decided(firsts.b)) {
            (Some(before), Some(after)) => !before.is_same(&after),
            (None, None) => self.a.source(firsts.a) != self.b.source(firsts.b) && !self.are_constant(),
            // The reasons differ.
            (Some(_), None) | (None, Some(_)) => true,
        }
    }

    fn are_constant(&self) -> bool {
        self.a.is_constant() && self.b.is_constant()
    }

    fn is_drawn(&self, firsts: Firsts) -> bool {
        self.a.decided(firsts.a).is_none() && self.b.decided(firsts.b).is_none()
    }

    /// Whether the weights of both policies decide a request.
    fn is_by_weights(&self, request: &Request) -> bool {
        let decided = [self.a.decide(request), self.b.decide(request)];
        decided.iter().all(|decided| decided.decision.reason == Reason::Weight)
    }

    /// Tries a suspect.
    fn verdict(&self, groups: &Groups, parts: &[RequestPart<'_>], suspect: &Suspect, searched: usize) -> Verdict {
        let parts: Vec<&RequestPart<'_>> = suspect.parts.iter().filter_map(|place| parts.get(*place)).collect();
        let places: Vec<usize> = parts.iter().map(|part| part.group).collect();
        let unsearched = parts.iter().find(|part| part.lines.is_none());
        if let Some(bound) = unsearched.and_then(|part| groups.bound(part.group)) {
            return Verdict::Unknown(bound);
        }
        let requests = requests(groups, &parts);
        let is_smallest = suspect.size <= searched;
        if suspect.is_draw {
            let verdict = self.drawn(&parts, &requests, is_smallest);
            // If something else decides the request, such as a rule on the whole Cookie line, the keys may never draw.
            if matches!(verdict, Verdict::Different(_)) || requests.iter().any(|request| self.is_by_weights(request)) {
                return verdict;
            }
        }
        if let Some(difference) = requests.iter().find_map(|request| self.difference(request.clone(), is_smallest)) {
            return Verdict::Different(difference);
        }
        let deciding =
            requests.iter().flat_map(|request| [self.a.deciding(request), self.b.deciding(request)]).flatten();
        let deciding = deciding.filter(Subject::is_in_cookies).filter_map(|subject| groups.of(&subject));
        let mut together: Vec<usize> = places.iter().copied().chain(deciding).collect();
        together.retain(|group| groups.header(*group) == header::COOKIE);
        together.sort_unstable();
        together.dedup();
        if together.len() > 1 {
            Verdict::Merge(together)
        } else {
            Verdict::Unknown(Bound::Cookies { names: groups.names(&places) })
        }
    }

    /// Tries keys until one is decided differently.
    fn drawn(&self, parts: &[&RequestPart<'_>], requests: &[Request], is_smallest: bool) -> Verdict {
        let row = parts.iter().find_map(|part| {
            let Firsts { a, b } = part.firsts;
            self.a.rows.get(a).or(self.b.rows.get(b))
        });
        let key = row.map(|row| &row.subject);
        let before = key.map_or(0, |key| match key {
            Subject::Header(name) => start_size(name),
            Subject::Cookie(name) | Subject::Affinity(name) => start_size(&header::COOKIE) + name.len() + "=".len(),
        });
        let length = requests.first().map_or(1, |request| request.size().saturating_sub(before));
        let request = key.and_then(|key| draw::request(&self.a, &self.b, key, length));
        if let Some(difference) = request.and_then(|request| self.difference(request, is_smallest)) {
            return Verdict::Different(difference);
        }
        // Smaller requests may differ from these lines in more than one byte.
        let mut drawn = requests.iter().filter(|request| self.is_by_weights(request));
        let like = drawn.find_map(|request| draw::like(&self.a, &self.b, request));
        if let Some(difference) = like.and_then(|request| self.difference(request, false)) {
            return Verdict::Different(difference);
        }
        let name = key.map_or("", Subject::name).to_owned();
        Verdict::Unknown(Bound::Keys { name, tried: draw::MAX_TRIES })
    }

    /// The difference of a request, if both selectors decide it differently.
    fn difference(&self, request: Request, is_smallest: bool) -> Option<Difference> {
        let (before, after) = (self.a.decide(&request), self.b.decide(&request));
        (!before.is_same(&after)).then_some(Difference { request, before, after, is_smallest })
    }
}

/// The requests that consist of these parts, in both orders, because the order of two cookies can matter.
fn requests(groups: &Groups, parts: &[&RequestPart<'_>]) -> Vec<Request> {
    let forward = request(groups, parts.iter().copied());
    let backward = request(groups, parts.iter().rev().copied());
    if parts.len() > 1 { vec![forward, backward] } else { vec![forward] }
}

fn request<'p>(groups: &Groups, parts: impl Iterator<Item = &'p RequestPart<'p>>) -> Request {
    let mut lines: Vec<Line> = Vec::new();
    for part in parts {
        let name = groups.header(part.group);
        append(&mut lines, &name, part.lines.unwrap_or_default());
    }
    Request { lines, sample: Sample::MIN }
}

/// Appends the lines of a header. Cookies go on in the last Cookie line.
fn append(lines: &mut Vec<Line>, name: &HeaderName, values: &[Vec<u8>]) {
    let mut values = values.iter().cloned();
    let last = lines.last_mut().filter(|last| last.name == header::COOKIE && *name == header::COOKIE);
    if let Some((last, first)) = last.and_then(|last| Some((last, values.next()?))) {
        last.value.extend_from_slice(b"; ");
        last.value.extend(first);
    }
    lines.extend(values.map(|value| Line { name: name.clone(), value }));
}
