//! Rust source as text: the modules of a crate, and the paths that each of them names.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The files below `src`, by their paths, with their text.
pub fn files() -> BTreeMap<String, String> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { collect(&path, files) } else { files.push(path) }
        }
    }
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    collect(&src, &mut paths);
    let sources = paths.iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let file = |path: &PathBuf| {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        (name, fs::read_to_string(path).unwrap())
    };
    sources.map(file).collect()
}

/// The path of a module, or of an item in one, from the root of the crate: `["targets", "gateway"]`.
pub type ModulePath = Vec<String>;

/// The modules of a crate.
pub struct Source {
    modules: BTreeMap<ModulePath, Module>,
}

/// The module of one file.
struct Module {
    /// The paths that its code names with `crate` or `super`, from the root of the crate.
    paths: BTreeSet<ModulePath>,
    /// The names that it re-exports from other modules, each with its path from the root of the crate.
    exports: BTreeMap<String, ModulePath>,
}

impl Source {
    /// The crate with these files: their paths below `src`, and their text.
    pub fn new<'t>(files: impl IntoIterator<Item = (&'t str, &'t str)>) -> Self {
        let module = |(file, text): (&str, &str)| (module_path(file), Module::new(&module_path(file), text));
        Source { modules: files.into_iter().map(module).collect() }
    }

    /// The modules, each with the modules whose items its code names. An item that a module only re-exports belongs to the
    /// module that defines it.
    pub fn uses(&self) -> impl Iterator<Item = (&ModulePath, BTreeSet<ModulePath>)> {
        self.modules.iter().map(|(module, Module { paths, .. })| {
            let owners = paths.iter().map(|path| self.owner(path)).filter(|owner| owner != module);
            (module, owners.collect())
        })
    }

    /// The module that has the item at this path.
    fn owner(&self, path: &[String]) -> ModulePath {
        let depth = (0..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth]));
        let (owner, rest) = path.split_at(depth.unwrap_or(0));
        let exports = self.modules.get(owner).map(|module| &module.exports);
        match rest.first().and_then(|name| exports?.get(name)) {
            Some(exported) => self.owner(&[exported, &rest[1..]].concat()),
            None => owner.to_vec(),
        }
    }
}

/// The path of the module in a file below `src`: `targets/mod.rs` and `targets.rs` are both `["targets"]`.
fn module_path(file: &str) -> ModulePath {
    let names = file.strip_suffix(".rs").unwrap().split('/').map(str::to_owned);
    names.filter(|name| !["lib", "mod"].contains(&name.as_str())).collect()
}

impl Module {
    fn new(module: &[String], text: &str) -> Self {
        let tokens = tokens(&code(text));
        let token = |at: usize| tokens.get(at).map_or("", String::as_str);
        let (mut paths, mut exports) = (BTreeSet::new(), BTreeMap::new());
        // The modules inside the file that the token is in, each with the depth of its braces.
        let (mut inside, mut depth): (Vec<(String, usize)>, usize) = (Vec::new(), 0);
        for at in 0..tokens.len() {
            let before = at.checked_sub(1).map_or("", token);
            match token(at) {
                "{" => {
                    depth += 1;
                    if at >= 2 && token(at - 2) == "mod" {
                        inside.push((before.to_owned(), depth));
                    }
                }
                "}" => {
                    inside.retain(|(_, opened)| *opened < depth);
                    depth -= 1;
                }
                "crate" | "super" if token(at + 1) == "::" && before != "::" && before != "in" => {
                    let current = inside.iter().map(|(name, _)| name.clone());
                    let current: ModulePath = module.iter().cloned().chain(current).collect();
                    paths.extend(tree(&tokens, at).into_iter().map(|path| from_root(&current, &path)));
                }
                "use" if inside.is_empty() && (before == "pub" || before == ")") => {
                    let trees = tree(&tokens, at + 1).into_iter();
                    // A tree of a single name is another crate, which has no path here.
                    exports.extend(
                        trees
                            .filter(|path| path.len() > 1)
                            .map(|path| (path.last().unwrap().clone(), from_root(module, &path))),
                    );
                }
                _ => {}
            }
        }
        Module { paths, exports }
    }
}

/// A path from the root of the crate, from a path in this module that begins with `crate`, `super` or the name of a child.
fn from_root(module: &[String], path: &[String]) -> ModulePath {
    let up = path.iter().take_while(|name| *name == "super").count();
    let base = if path[0] == "crate" { &[] } else { &module[..module.len() - up] };
    let names = path.iter().filter(|name| !["crate", "super", "self"].contains(&name.as_str())).cloned();
    base.iter().cloned().chain(names).collect()
}

/// The paths of a tree such as `a::{b, c::D}` that begins at this token.
fn tree(tokens: &[String], at: usize) -> Vec<Vec<String>> {
    let token = |at: usize| tokens.get(at).map_or("", String::as_str);
    let mut path = Vec::new();
    let mut at = at;
    loop {
        match token(at) {
            "{" => {
                // The branches of the tree are separated by commas at this depth.
                let (mut paths, mut depth, mut start) = (Vec::new(), 0, at + 1);
                for end in at.. {
                    match token(end) {
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        "" => return vec![path],
                        _ => {}
                    }
                    if (token(end) == "," && depth == 1) || depth == 0 {
                        if start < end {
                            paths.extend(tree(&tokens[..end], start));
                        }
                        start = end + 1;
                    }
                    if depth == 0 {
                        return paths.into_iter().map(|rest| [path.clone(), rest].concat()).collect();
                    }
                }
            }
            name if name.starts_with(|first: char| first.is_alphabetic() || first == '_') => {
                path.push(name.to_owned());
                if token(at + 1) != "::" {
                    return vec![path];
                }
                at += 2;
            }
            _ => return vec![path],
        }
    }
}

/// Names, `::`, and every other character on its own.
fn tokens(code: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let length = match first {
            _ if is_name(first) => rest.find(|letter| !is_name(letter)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        tokens.push(rest[..length].to_owned());
        rest = rest[length..].trim_start();
    }
    tokens
}

/// The code of a text: a space stands for each comment, string and character.
pub fn code(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = literal(rest);
        if length > 0 {
            code.push(' ');
            rest = &rest[length..];
        } else {
            code.push(first);
            // The `r` of a name such as `for` does not begin a raw string.
            let name = if first.is_alphanumeric() || first == '_' {
                rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            code.push_str(&rest[first.len_utf8()..name]);
            rest = &rest[name..];
        }
    }
    code
}

/// The length of the comment, string or character that a text begins with; 0 if it begins with none of them.
fn literal(text: &str) -> usize {
    let end = |of: &str, from: usize| text[from..].find(of).map_or(text.len(), |at| from + at + of.len());
    let quoted = |from: usize, quote: char| {
        let mut escaped = false;
        let last = text[from..].char_indices().find(|(_, letter)| {
            let ends = *letter == quote && !escaped;
            escaped = *letter == '\\' && !escaped;
            ends
        });
        last.map_or(text.len(), |(at, _)| from + at + 1)
    };
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return end("*/", 2);
    }
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r'));
    if let Some(rest) = raw {
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest[hashes..].starts_with('"') {
            let from = text.len() - rest.len() + hashes + 1;
            return end(&format!("\"{}", "#".repeat(hashes)), from);
        }
    }
    let bytes = usize::from(text.starts_with("b\"") || text.starts_with("b'"));
    if text[bytes..].starts_with('"') {
        return quoted(bytes + 1, '"');
    }
    // `'a'` and `'\n'` are characters, and `'a` is a lifetime.
    let mut letters = text[bytes..].chars();
    match (letters.next(), letters.next(), letters.next()) {
        (Some('\''), Some('\\'), _) | (Some('\''), Some(_), Some('\'')) => quoted(bytes + 1, '\''),
        _ => 0,
    }
}

/// The parts of a text that are not code, and the paths of a tree.
#[test]
fn paths_are_those_of_code() {
    let text = r##"
        //! crate::comment::A
        use super::{a::{self, B}, c::D as E, F};
        /* crate::comment::A */
        pub(in crate::visible) fn f<'a>(x: &'a crate::g::H<super::i::J>) -> char { "crate::string" ; r#"crate::"raw"#; '\''; '"' }
        mod inner { use super::super::k::L; }
        fn after() { crate::m::n() }
    "##;
    let module = Module::new(&["room".to_owned(), "file".to_owned()], text);
    let paths: Vec<String> = module.paths.iter().map(|path| path.join("::")).collect();
    assert_eq!(paths, ["g::H", "m::n", "room::F", "room::a", "room::a::B", "room::c::D", "room::i::J", "room::k::L"]);
}

/// A path to a re-export leads to the module that has the item.
#[test]
fn reexports_are_followed() {
    let source = Source::new([
        ("targets/mod.rs", "mod loss; pub mod read; pub use loss::{Loss, Part}; pub(crate) use read::Reading;"),
        ("targets/loss.rs", ""),
        ("targets/read/mod.rs", "mod reading; pub use reading::Reading;"),
        ("targets/read/reading.rs", ""),
        ("a.rs", "use crate::targets::{Loss, Reading, Unknown};"),
    ]);
    let (_, uses) = source.uses().find(|(module, _)| *module == &["a"]).unwrap();
    let uses: Vec<String> = uses.iter().map(|module| module.join("::")).collect();
    assert_eq!(uses, ["targets", "targets::loss", "targets::read::reading"]);
}
