//! Sequences: samples that give exact shares, evenly spread.

use canary_policy::{Sequence, Total};
use proptest::prelude::*;

use crate::util::cases;

/// The points of the samples of two windows.
fn points(total: u32, start: u64) -> Vec<u32> {
    let sequence = Sequence::new(Total::new(total).unwrap());
    (start..start + 2 * u64::from(total)).map(|n| sequence.sample(n).point(total)).collect()
}

#[test]
fn every_window_has_every_point_once() {
    for total in (1..=300).chain([997, 1000, 1024, 10_000]) {
        let points = points(total, 0);
        let total = usize::try_from(total).unwrap();
        for start in [0, 1, total / 2, total] {
            let mut window = points[start..start + total].to_vec();
            window.sort_unstable();
            assert!(
                window.iter().enumerate().all(|(index, &point)| index == usize::try_from(point).unwrap()),
                "{total}"
            );
        }
    }
}

/// The largest difference between the number of points from `from` to `to` in a run of consecutive samples and its share. It is
/// the spread of `count - share` over all beginnings and ends of runs.
fn worst(points: &[u32], total: u32, from: u32, to: u32) -> f64 {
    let share = f64::from(to - from) / f64::from(total);
    let (mut sum, mut low, mut high) = (0.0_f64, 0.0_f64, 0.0_f64);
    for point in points {
        sum += f64::from(u8::from((from..to).contains(point))) - share;
        (low, high) = (low.min(sum), high.max(sum));
    }
    high - low
}

#[test]
fn any_run_is_close_to_its_share() {
    for total in (2..=128).chain([250, 500, 720, 997, 1000, 1024]) {
        let points = points(total, 0);
        let bound = 1.0 + f64::from(total).log2();
        // The intervals of canaries begin at the bottom, end at the top, or lie in between.
        for weight in (1..total).step_by(usize::try_from(total / 64 + 1).unwrap()) {
            for (from, to) in [(0, weight), (total - weight, total), (weight / 2, weight)] {
                let worst = worst(&points, total, from, to);
                assert!(worst <= bound, "{from}..{to} of {total}: {worst} > {bound}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(256))]

    /// Every sample falls on a point of the total, and no two samples in a row fall on the same point.
    #[test]
    fn any_total_and_number_has_a_point(total in 1..=u32::MAX, n: u64) {
        let sequence = Sequence::new(Total::new(total).unwrap());
        prop_assert!(sequence.sample(n).point(total) < total);
        let next = sequence.sample(n.wrapping_add(1)).point(total);
        prop_assert!(total == 1 || n == u64::MAX || next != sequence.sample(n).point(total));
    }
}

/// The points of the first ten samples, which no release changes.
#[test]
fn the_first_points_are_pinned() {
    let first: Vec<u32> = points(100, 0).into_iter().take(10).collect();
    assert_eq!(first, [0, 61, 22, 83, 44, 5, 66, 27, 88, 49]);
}
