//! Times as Kubernetes writes them.

use canary_policy::targets::Timestamp;
use proptest::prelude::*;

use crate::util::cases;

/// Each row is a time, the seconds since 1970 (Python's `datetime` has the same), and the time as it is written.
#[test]
fn times_of_rfc_3339() {
    for (text, seconds, written) in [
        ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
        ("1969-12-31T23:59:59Z", -1, "1969-12-31T23:59:59Z"),
        ("2026-03-01T09:00:00Z", 1_772_355_600, "2026-03-01T09:00:00Z"),
        ("2026-03-01t09:00:00z", 1_772_355_600, "2026-03-01T09:00:00Z"),
        // Kubernetes has whole seconds.
        ("2026-03-01T09:00:00.999999999Z", 1_772_355_600, "2026-03-01T09:00:00Z"),
        ("2026-03-01T09:00:00.5+05:30", 1_772_335_800, "2026-03-01T03:30:00Z"),
        ("2026-03-01T09:00:00-00:00", 1_772_355_600, "2026-03-01T09:00:00Z"),
        ("2026-12-31T23:30:00-01:00", 1_798_763_400, "2027-01-01T00:30:00Z"),
        // A year is a leap year every four years, except in three of four hundreds.
        ("2024-02-29T00:00:00Z", 1_709_164_800, "2024-02-29T00:00:00Z"),
        ("2000-02-29T12:00:00Z", 951_825_600, "2000-02-29T12:00:00Z"),
        ("2100-03-01T00:00:00Z", 4_107_542_400, "2100-03-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", -62_135_596_800, "0001-01-01T00:00:00Z"),
        ("0000-01-01T00:00:00Z", -62_167_219_200, "0000-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59Z", 253_402_300_799, "9999-12-31T23:59:59Z"),
    ] {
        let time: Timestamp = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((time.seconds(), time.to_string().as_str()), (seconds, written), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "today",
        "2026-03-01",
        "2026-03-01T09:00:00",
        "2026-03-01 09:00:00Z",
        "2026-3-01T09:00:00Z",
        "2026-00-01T09:00:00Z",
        "2026-13-01T09:00:00Z",
        "2026-03-00T09:00:00Z",
        "2026-04-31T09:00:00Z",
        "2026-02-29T09:00:00Z",
        "2100-02-29T09:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T09:60:00Z",
        "2026-03-01T09:00:60Z",
        "2026-03-01T09:00:00.Z",
        "2026-03-01T09:00:00+1:00",
        "2026-03-01T09:00:00+24:00",
        "2026-03-01T09:00:00+01:60",
        "2026-03-01T09:00:00Z ",
        // In UTC, their years are -1 and 10000.
        "0000-01-01T00:30:00+01:00",
        "9999-12-31T23:30:00-01:00",
        "٢٠٢٦-03-01T09:00:00Z",
    ] {
        let error = text.parse::<Timestamp>().unwrap_err();
        let expected = format!("`{text}` is not a time: expected one such as 2026-03-01T09:00:00Z");
        assert_eq!(error.to_string(), expected);
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    /// A time is read as it is written, and times are ordered as their texts are.
    #[test]
    fn times_are_read_back_and_ordered(one in time(), other in time()) {
        let (first, second): (Timestamp, Timestamp) = (one.parse().unwrap(), other.parse().unwrap());
        prop_assert_eq!(first.to_string(), one.clone());
        prop_assert_eq!(first.cmp(&second), one.cmp(&other));
    }
}

/// A time in UTC, of a day that every month has.
fn time() -> impl Strategy<Value = String> {
    (0..10_000, 1..13, 1..29, 0..24, 0..60, 0..60).prop_map(|(year, month, day, hour, minute, second)| {
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    })
}
