//! `simulate` prints a table of shares, or draws a canary that grows.

use crate::util::example::example;
use crate::util::golden::golden;
use crate::util::path;

/// The arguments of a small simulation.
const SIMULATE: [&str; 8] = [
    "--policy",
    "examples/manifests/policy.yaml",
    "--mix",
    "examples/manifests/mix.jsonl",
    "--requests",
    "20",
    "--clients",
    "2000",
];

#[test]
fn simulate_prints_a_table() {
    let run = example("simulate", &SIMULATE, "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    golden("simulate.txt", &run.out);
    assert_eq!(example("simulate", &SIMULATE, "").out, run.out, "the same seed gives the same output");
    let other = example("simulate", &[&SIMULATE[..], &["--seed", "2"]].concat(), "");
    assert_ne!(other.out, run.out);

    let mix = std::fs::read_to_string(path("../examples/manifests/mix.jsonl")).unwrap();
    let piped = SIMULATE.map(|arg| if arg.ends_with("mix.jsonl") { "-" } else { arg });
    assert_eq!(example("simulate", &piped, &mix).out, run.out);
}

/// The elements of an SVG file in order, each with its tag and its text. Every element has to be closed.
fn elements(xml: &str) -> Vec<(&str, &str)> {
    let (mut open, mut elements) = (Vec::new(), Vec::new());
    for part in xml.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("the end of a tag");
        assert!(!text.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").contains(['&', '>']), "{text}");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None => {
                assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
                elements.push((tag, text.trim()));
                if !tag.ends_with('/') {
                    open.push(tag.split(' ').next().unwrap());
                }
            }
        }
    }
    assert!(open.is_empty() && xml.trim_end().ends_with("</svg>"), "{open:?}");
    elements
}

/// The picture has a title, axes, a legend, two areas, 60 rows that change colour once, and a bar for each step.
#[test]
fn simulate_draws_a_ramp() {
    let file = std::env::temp_dir().join(format!("canary-policy-{}.svg", std::process::id()));
    let plot = file.to_str().unwrap();
    let run = example("simulate", &["--weight", "5", "--clients", "10", "--plot", plot], "");
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let picture = std::fs::read_to_string(&file).unwrap();
    std::fs::remove_file(&file).unwrap();

    let elements = elements(&picture);
    let texts: Vec<&str> = elements.iter().filter(|(tag, _)| tag.starts_with("text")).map(|(_, text)| *text).collect();
    let words = [
        "canary grows from 1 % to 100 %",
        "10000 clients, each with its own sample: canary gains one after the other and loses none",
        "canary",
        "stable",
        "share of clients",
        "60 of the clients: the colour changes where the client moves",
        "one row for each client",
        "clients that move",
        "Clients that move to canary at each step",
        "away from canary: 0 clients in all steps together",
        "weight of canary, in percent of the total of 100 parts",
    ];
    for word in words {
        assert!(texts.contains(&word), "{word}: {texts:?}");
    }
    assert!(elements[0].0.contains("viewBox=\"0 0 960 "), "{}", elements[0].0);
    let count = |shape: &str, color: &str| {
        let fill = format!("fill=\"{color}\"");
        elements.iter().filter(|(tag, _)| tag.starts_with(shape) && tag.contains(&fill)).count()
    };
    let (canary, stable) = ("#e69f00", "#a6d5f0");
    assert_eq!((count("polygon", canary), count("polygon", stable)), (1, 1));
    // The legend, a bar for each of 100 steps, and the end of every row, because every client moves at last.
    assert_eq!(count("rect", canary), 1 + 100 + 60);
    // The legend, and the beginning of each row whose client does not move at the first step.
    assert!((1 + 50..=1 + 60).contains(&count("rect", stable)), "{}", count("rect", stable));
}

#[test]
fn simulate_names_the_mistake() {
    let rows: [(&[&str], &str, &str); 9] = [
        (&["--mix", "-"], "", "-: the mix has no client: expected at least one"),
        (&["--mix", "-"], "{\"parts\": 0}", "-: the parts of the mix add up to 0: expected 1 to 4294967295"),
        (
            &["--mix", "-"],
            "{}\n{\"part\": 1}",
            "-: line 2: part: unknown field `part`, expected one of `parts`, `headers`, `cookies`",
        ),
        (&["--mix", "-"], "\n{", "-: line 2: not JSON: EOF while parsing an object at column 1"),
        (&["--mix", "-"], "{\"headers\": [[\"a b\", \"c\"]]}", "-: line 1: headers[0]: `a b` is not a header name"),
        (&["--mix", "-"], "{\"headers\": [[\"a\", \"b\\n\"]]}", "-: line 1: headers[0]: `b\\n` is not a header value"),
        (&["--requests", "0"], "", "--requests: each client sends 0 requests: expected 1 to 4294967295"),
        (&["--weight", "101"], "", "canaries[0].weight: 101 is more than the total 100"),
        (&["--plot", "nowhere/ramp.svg"], "", "nowhere/ramp.svg: No such file or directory (os error 2)"),
    ];
    for (args, input, message) in rows {
        let run = example("simulate", args, input);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{args:?}");
        assert_eq!(run.err, format!("error: {message}\n"), "{args:?}");
    }
    let run = example("simulate", &["--clients", "0"], "");
    assert!(run.code == 1 && run.err.contains("0 is not in 1.."), "{}", run.err);

    let others = "canaries: [{ name: a }, { name: b, weight: 100 }]";
    let run = example("simulate", &["--policy", "-", "--plot", "ramp.svg"], others);
    assert_eq!(
        (run.code, run.err.as_str()),
        (1, "error: --plot: the other canaries leave the first one no room to grow\n")
    );
}
