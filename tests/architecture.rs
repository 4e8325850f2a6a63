//! The architecture: which room of `src` may use which other room, and what a file looks like.
//!
//! A room is a folder of `src` with one subject. DESIGN.md has the picture of the rooms.

use std::collections::{BTreeMap, BTreeSet};

use crate::util::source::{ModulePath, Source, code, files};

/// The rooms, each with the rooms that it may use. A room may use only rooms above it in this list, so that no room uses
/// another one in a circle.
const ROOMS: [(&str, &[&str]); 19] = [
    ("schema", &[]),
    ("error", &["schema"]),
    ("names", &["error"]),
    ("policy", &["error", "names", "schema"]),
    ("route", &["error", "names", "schema", "policy"]),
    ("select", &["error", "names", "policy"]),
    ("compare", &["error", "names", "policy", "select"]),
    ("simulate", &["error", "names", "policy", "select"]),
    ("targets", SHARED),
    ("targets/table", OF_TABLES),
    ("targets/read", OF_READERS),
    ("targets/edit", OF_READERS),
    ("targets/nginx", OF_TARGETS),
    ("targets/gateway", OF_TARGETS),
    ("targets/istio", OF_TARGETS),
    ("targets/gloo", OF_TARGETS),
    ("targets/envoy", OF_TARGETS),
    ("targets/replicas", OF_TARGETS),
    (
        "migrate",
        &["error", "names", "policy", "route", "select", "compare", "targets", "targets/read", "targets/nginx"],
    ),
];

const SHARED: &[&str] = &["error", "names", "policy", "route"];
const OF_TABLES: &[&str] = &["error", "names", "policy", "route", "targets"];
const OF_READERS: &[&str] = &["error", "names", "policy", "route", "targets", "targets/table"];
/// A target uses no other target, with the exception of [`OF_LINKERD`].
const OF_TARGETS: &[&str] =
    &["error", "names", "policy", "route", "targets", "targets/table", "targets/read", "targets/edit"];
/// Linkerd edits the output of the Gateway API, as the first lines of its documentation say.
const OF_LINKERD: (&str, &[&str]) = (
    "targets/linkerd",
    &["error", "names", "policy", "route", "targets", "targets/table", "targets/read", "targets/gateway"],
);

/// The rooms, each with the rooms that it may use.
fn rooms() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    ROOMS.into_iter().chain([OF_LINKERD])
}

/// The room of a module. The root of the crate is the room `lib`, which may use every room.
fn room(module: &[String]) -> String {
    match module {
        [] => "lib".to_owned(),
        [first, second, ..] if rooms().any(|(room, _)| room == format!("{first}/{second}")) => {
            format!("{first}/{second}")
        }
        [first, ..] => first.clone(),
    }
}

/// The uses that the list of rooms does not allow, and the circles between files of one room of shared files.
fn violations(source: &Source) -> Vec<String> {
    let mut violations = Vec::new();
    let mut files: BTreeMap<&ModulePath, BTreeSet<ModulePath>> = BTreeMap::new();
    for (module, uses) in source.uses() {
        let from = room(module);
        let allowed = rooms().find(|(room, _)| *room == from).map(|(_, allowed)| allowed);
        for used in &uses {
            let to = room(used);
            if from != "lib" && from != to && !allowed.is_some_and(|allowed| allowed.contains(&to.as_str())) {
                violations.push(format!("{from} may not use {to}: {} uses {}", module.join("::"), used.join("::")));
            }
        }
        if from == "targets" && module.len() == 2 {
            files.insert(module, uses);
        }
    }
    violations.extend(circle(&files));
    violations
}

/// A circle of files that use each other, if there is one: files that use none of the others are taken away until no file is
/// left.
fn circle(files: &BTreeMap<&ModulePath, BTreeSet<ModulePath>>) -> Option<String> {
    let mut left: BTreeSet<&ModulePath> = files.keys().copied().collect();
    loop {
        let uses_another = |file: &&ModulePath| files[*file].iter().any(|used| left.contains(used));
        let next: BTreeSet<&ModulePath> = left.iter().copied().filter(uses_another).collect();
        if next.len() == left.len() {
            let names: Vec<String> = left.iter().map(|file| file.join("::")).collect();
            return (!names.is_empty()).then(|| format!("a circle: {}", names.join(", ")));
        }
        left = next;
    }
}

/// The modules of these files.
fn source(files: &BTreeMap<String, String>) -> Source {
    Source::new(files.iter().map(|(file, text)| (file.as_str(), text.as_str())))
}

#[test]
fn rooms_use_only_the_rooms_above_them() {
    let files = files();
    assert_eq!(violations(&source(&files)), Vec::<String>::new());

    // A room may only be allowed what is above it, and the list has every folder and no other.
    let names: Vec<&str> = rooms().map(|(room, _)| room).collect();
    for (place, (room, allowed)) in rooms().enumerate() {
        assert!(
            allowed.iter().all(|used| names[..place].contains(used)),
            "{room} is allowed a room that is not above it"
        );
    }
    let source = source(&files);
    let found: BTreeSet<String> = source.uses().map(|(module, _)| room(module)).filter(|room| room != "lib").collect();
    assert_eq!(found, names.iter().map(ToString::to_string).collect());

    let linkerd = files.get("targets/linkerd/mod.rs").or(files.get("targets/linkerd.rs")).unwrap();
    assert!(linkerd.lines().next().unwrap().contains("gateway"), "the first line names the target that is used");
}

/// Each row is a file with a mistake, and the violation. The other files are those of a crate without a mistake.
#[test]
fn every_wrong_use_is_a_violation() {
    let right = BTreeMap::from(
        [
            ("lib.rs", "pub mod policy; pub mod targets; use policy::Policy; use targets::Loss;"),
            (
                "error/mod.rs",
                "//! For `crate::policy`. [`Policy`](crate::policy::Policy)\nmod read; pub use read::ReadError;",
            ),
            ("error/read.rs", "const TEXT: &str = \"crate::policy::Policy\";"),
            ("names.rs", "use crate::error::ReadError;"),
            ("policy/mod.rs", "mod canary; pub use canary::Canary; use crate::error::ReadError;"),
            ("policy/canary.rs", "use super::Policy; use crate::{error::{self, ReadError}, names};"),
            ("route/mod.rs", "use crate::policy::Canary;"),
            ("select/mod.rs", "use crate::policy::Canary;"),
            ("compare/mod.rs", "use crate::select::Selector;"),
            ("simulate/mod.rs", "use crate::select::Selector;"),
            ("targets/mod.rs", "mod loss; mod finding; pub use loss::Loss; pub use finding::Finding;"),
            ("targets/loss.rs", "use super::Finding; use crate::policy::Canary;"),
            ("targets/finding.rs", "use crate::error;"),
            ("targets/table/mod.rs", "use super::Loss; use crate::route::Route;"),
            ("targets/read/mod.rs", "use super::table::Table;"),
            ("targets/edit/mod.rs", "use super::table::Table;"),
            ("targets/gateway/mod.rs", "mod write;"),
            ("targets/gateway/write.rs", "use super::super::{Loss, table::Table}; use crate::targets::read;"),
            ("targets/linkerd.rs", "use super::gateway;"),
            ("targets/nginx/mod.rs", "mod annotations;"),
            ("targets/nginx/annotations/mod.rs", "use super::Prefix; pub(in crate::targets) struct Annotations;"),
        ]
        .map(|(file, text)| (file.to_owned(), text.to_owned())),
    );
    assert_eq!(violations(&source(&right)), Vec::<String>::new());
    for (file, text, violation) in [
        ("error/read.rs", "use crate::policy::Canary;", "error may not use policy: error::read uses policy::canary"),
        ("names.rs", "use super::route::Route;", "names may not use route: names uses route"),
        (
            "policy/canary.rs",
            "use crate::{error, targets::Loss};",
            "policy may not use targets: policy::canary uses targets::loss",
        ),
        ("policy/canary.rs", "fn f(_: crate::route::Route) {}", "policy may not use route: policy::canary uses route"),
        ("route/mod.rs", "use crate::select::Selector;", "route may not use select: route uses select"),
        ("select/mod.rs", "use crate::targets::nginx;", "select may not use targets/nginx: select uses targets::nginx"),
        ("select/mod.rs", "use crate::simulate;", "select may not use simulate: select uses simulate"),
        ("targets/loss.rs", "use crate::select::Selector;", "targets may not use select: targets::loss uses select"),
        (
            "targets/loss.rs",
            "use super::table::Table;",
            "targets may not use targets/table: targets::loss uses targets::table",
        ),
        (
            "targets/table/mod.rs",
            "use super::read;",
            "targets/table may not use targets/read: targets::table uses targets::read",
        ),
        (
            "targets/gateway/write.rs",
            "use super::super::{Loss, nginx::annotations::Annotations};",
            "targets/gateway may not use targets/nginx: targets::gateway::write uses targets::nginx::annotations",
        ),
        (
            "targets/nginx/mod.rs",
            "mod inner { use super::super::linkerd; }",
            "targets/nginx may not use targets/linkerd: targets::nginx uses targets::linkerd",
        ),
        ("targets/finding.rs", "use super::Loss;", "a circle: targets::finding, targets::loss"),
        ("compare/mod.rs", "use crate::simulate;", "compare may not use simulate: compare uses simulate"),
        ("select/mod.rs", "use crate::compare;", "select may not use compare: select uses compare"),
        ("planner/mod.rs", "use crate::policy::Canary;", "planner may not use policy: planner uses policy::canary"),
    ] {
        let mut wrong = right.clone();
        wrong.insert(file.to_owned(), text.to_owned());
        assert_eq!(violations(&source(&wrong)), [violation], "{file}: {text}");
    }
}

/// A `mod.rs` lists the modules of its folder. If it has items, one of them is the folder's own noun, such as `Policy` in
/// `policy/mod.rs`.
#[test]
fn a_mod_rs_is_a_table_of_contents() {
    let definition =
        regex::Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|union|type|fn|const|static) (\w+)")
            .unwrap();
    for (file, text) in files() {
        let Some(folder) = file.strip_suffix("/mod.rs") else { continue };
        let code = code(&text);
        let names: Vec<&str> = definition.captures_iter(&code).map(|found| found.extract::<1>().1[0]).collect();
        let noun = folder.rsplit('/').next().unwrap().replace('_', "");
        let has_noun = names.iter().any(|name| name.eq_ignore_ascii_case(&noun));
        assert!(names.is_empty() || has_noun, "{file} has {names:?}, and no `{noun}`");
    }
}

/// The first line of a file says what the file is for.
#[test]
fn every_file_begins_with_its_purpose() {
    for (file, text) in files() {
        assert!(text.starts_with("//! "), "{file}");
    }
}
