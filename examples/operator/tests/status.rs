//! The status after an outcome.

use canary_operator::{Obstacle, Outcome, ReleaseStatus};
use canary_policy::error::{Diagnostic, Report};
use k8s_openapi::jiff::Timestamp;

fn report(field: &str) -> Report {
    Obstacle::UnknownField { field: field.to_owned() }.report()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn each_outcome_has_its_conditions() {
    let rows = [
        (Outcome::Begun, ["True Read", "Unknown Writing", "Unknown Writing"]),
        (Outcome::Written(vec![]), ["True Read", "True Written", "True NoLosses"]),
        (Outcome::Written(vec![report("a")]), ["True Read", "True Written", "False UnknownField"]),
        (Outcome::Invalid(vec![report("a")]), ["False UnknownField", "False UnknownField", "Unknown NotWritten"]),
        (Outcome::Blocked(report("a")), ["True Read", "False UnknownField", "Unknown NotWritten"]),
    ];
    for (outcome, expected) in rows {
        let status = ReleaseStatus::default().after(Some(7), &outcome, None, at(1));
        let conditions: Vec<String> =
            status.conditions.iter().map(|one| format!("{} {}", one.status, one.reason)).collect();
        assert_eq!(conditions, expected, "{outcome:?}");
        assert!(status.conditions.iter().all(|one| one.observed_generation == Some(7)));
    }
}

#[test]
fn a_condition_has_a_new_time_only_with_a_new_status() {
    let before = ReleaseStatus::default().after(Some(1), &Outcome::Written(vec![]), None, at(1));
    let after = before.after(Some(2), &Outcome::Written(vec![report("a")]), None, at(2));
    let times: Vec<i64> = after.conditions.iter().map(|one| one.last_transition_time.0.as_second()).collect();
    assert_eq!(times, [1, 1, 2]);
    assert!(before.is_ready_as(&after), "a loss is no event");
    let blocked = after.after(Some(2), &Outcome::Blocked(report("a")), None, at(3));
    assert!(!after.is_ready_as(&blocked));
    assert_eq!(blocked.after(Some(2), &Outcome::Blocked(report("a")), None, at(4)), blocked);
}

#[test]
fn a_message_fits_into_a_condition() {
    let reports: Vec<Report> = (0..1000).map(|index| report(&format!("spec.{index}.{}", "é".repeat(100)))).collect();
    let status = ReleaseStatus::default().after(None, &Outcome::Invalid(reports), None, at(1));
    let message = &status.condition("Ready").unwrap().message;
    assert!(message.chars().count() <= 32_768);
    assert!(message.ends_with(" more"), "{}", &message[message.len() - 20..]);
    assert_eq!(status.reports.len(), 1000);
}

#[test]
fn a_status_of_any_version_is_read() {
    for text in ["{}", r#"{ "conditions": [], "newer": { "a": 1 } }"#] {
        assert_eq!(serde_json::from_str::<ReleaseStatus>(text).unwrap(), ReleaseStatus::default());
    }
}
