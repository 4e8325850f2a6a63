//! The CRD, exactly as it is printed. `GOLDEN=write cargo test` writes it anew.

#[test]
fn the_crd_is_the_one_in_the_repository() {
    let printed = canary_crd::crd().unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/crd.yaml");
    if std::env::var_os("GOLDEN").is_some_and(|value| value == "write") {
        std::fs::write(path, &printed).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap();
    let differs = expected.lines().zip(printed.lines()).find(|(expected, printed)| expected != printed);
    assert!(expected == printed, "crd.yaml differs from what is printed: {differs:?}");
}
