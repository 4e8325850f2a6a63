//! The commands of README and of the cookbook run as they stand there.

use std::path::Path;

use crate::util::example::example;

/// The commands that start an example, in the order in which they are written: the example and its arguments.
fn commands(page: &str) -> Vec<(String, Vec<String>)> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap();
    let commands = text.lines().filter_map(|line| line.trim().strip_prefix("$ cargo run --example "));
    let words = commands.map(|command| command.split(' ').map(str::to_owned).collect::<Vec<_>>());
    words.map(|words| (words[0].clone(), words[2..].to_vec())).collect()
}

#[test]
fn documented_commands_do_what_is_said_of_them() {
    // The exit code, and what the answer has.
    let rows = [
        ("README.md", 0, 0, "canary-weight: \"30\""),
        ("README.md", 1, 0, "every request is answered alike"),
        ("COOKBOOK.md", 0, 0, "shop.test"),
        ("COOKBOOK.md", 1, 0, "kind: HTTPRoute"),
        ("COOKBOOK.md", 2, 0, "8 alike, 0 different"),
        ("COOKBOOK.md", 3, 0, "\"$schema\""),
        ("COOKBOOK.md", 4, 2, "27.5 % of clients"),
        ("COOKBOOK.md", 5, 0, "canary-weight: \"30\""),
    ];
    for page in ["README.md", "COOKBOOK.md"] {
        assert_eq!(commands(page).len(), rows.iter().filter(|row| row.0 == page).count(), "{page}");
    }
    for (page, index, code, answer) in rows {
        let (name, arguments) = &commands(page)[index];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let run = example(name, &arguments, "");
        assert_eq!(run.code, code, "{page} {index}: {name} {arguments:?}: {}", run.err);
        assert!(format!("{}{}", run.out, run.err).contains(answer), "{page} {index}: {}{}", run.out, run.err);
    }
}
