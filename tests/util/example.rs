//! The examples, run as a person runs them.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The result of a program that has ended.
pub struct Output {
    /// The exit code.
    pub code: i32,
    /// The text on standard output.
    pub out: String,
    /// The text on standard error.
    pub err: String,
}

/// Runs an example in the folder of the package, with this text on standard input.
#[track_caller]
pub fn example(name: &str, args: &[&str], input: &str) -> Output {
    example_into(name, args, input.as_bytes(), Stdio::piped())
}

/// Runs an example with these bytes on standard input.
#[track_caller]
pub fn example_of_bytes(name: &str, args: &[&str], input: &[u8]) -> Output {
    example_into(name, args, input, Stdio::piped())
}

/// Runs an example whose standard output is this.
#[track_caller]
pub fn example_into(name: &str, args: &[&str], input: &[u8], output: Stdio) -> Output {
    let program = program(name);
    let mut child = Command::new(&program)
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(output)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // A program may end before it has read everything. The pipe is then closed, which is not a failure.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Output {
        code: output.status.code().expect("an exit code"),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A file with this text, in a folder of this test run. The test removes it.
pub fn file_with(name: &str, text: &str) -> PathBuf {
    let file = super::oracle::folder("examples").join(format!("{}-{name}", std::process::id()));
    fs::write(&file, text).unwrap();
    file
}

/// The program that Cargo built from an example.
///
/// `cargo test` builds the examples, but `cargo test --test main` does not. A program that is older than one of its sources is
/// therefore an error, so that no test runs an earlier state of an example.
#[track_caller]
fn program(name: &str) -> PathBuf {
    let folder = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("examples");
    let program = folder.join(name);
    let newer = newer_source(&program, &folder.join(format!("{name}.d")));
    if let Some(source) = newer {
        panic!("the example `{name}` is older than {source}: run `cargo test`, which builds the examples");
    }
    program
}

/// A source that is newer than the program, if there is one. Cargo lists the sources in the program's `.d` file; without that
/// file the program has never been built.
fn newer_source(program: &Path, sources: &Path) -> Option<String> {
    let Ok(rule) = fs::read_to_string(sources) else {
        return Some("every source, because it was never built".to_owned());
    };
    let (_, sources) = rule.split_once(": ").expect("a rule of the form `PROGRAM: SOURCE …`");
    let built = fs::metadata(program).and_then(|file| file.modified()).unwrap();
    let sources = sources.trim().replace("\\ ", "\0");
    let sources = sources.split(' ').map(|source| source.replace('\0', " "));
    // A source that is gone is newer too: the program was built with it.
    let newer =
        |source: &String| !fs::metadata(source).and_then(|file| file.modified()).is_ok_and(|time| time <= built);
    sources.into_iter().find(newer)
}

/// The check itself: a source from before the program, one from after it, and one that is gone.
#[test]
fn a_stale_program_is_noticed() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("stale program");
    fs::create_dir_all(&folder).unwrap();
    let [program, old, new, rule] = ["program", "old.rs", "new.rs", "program.d"].map(|name| folder.join(name));
    for file in [&old, &program, &new] {
        fs::write(file, "").unwrap();
    }
    let times = [(&old, 1), (&program, 2), (&new, 3)];
    for (file, seconds) in times {
        let time = fs::metadata(&old).unwrap().modified().unwrap() + std::time::Duration::from_secs(seconds);
        fs::File::options().write(true).open(file).unwrap().set_modified(time).unwrap();
    }
    let newer = |sources: &[&PathBuf]| {
        let escaped = |source: &&PathBuf| source.to_str().unwrap().replace(' ', "\\ ");
        let sources: Vec<String> = sources.iter().map(escaped).collect();
        fs::write(&rule, format!("program: {}\n", sources.join(" "))).unwrap();
        newer_source(&program, &rule)
    };
    assert_eq!(newer(&[&old]), None);
    assert_eq!(newer(&[&old, &new]).as_deref(), new.to_str());
    let gone = folder.join("gone.rs");
    assert_eq!(newer(&[&gone, &old]).as_deref(), gone.to_str());
}
