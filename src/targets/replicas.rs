//! Pods behind one Service: a variant with a third of the pods gets about a third of the requests.
//!
//! No object is written, only the number of replicas of each variant's Deployment
//! (<https://kubernetes.io/docs/reference/networking/virtual-ips/>, as of Kubernetes 1.33). The pods of all Deployments carry
//! the label that the Service selects.
//!
//! * **`kube-proxy` chooses a pod for each connection, not for each request.** A client that keeps its connection, as browsers,
//!   HTTP/2 and gRPC do, stays on one pod, so a few clients with many requests can be far from any share.
//! * Only ready pods count. A canary that does not start gets no request; while pods start or stop, the share differs. An
//!   autoscaler on one of the Deployments changes the share permanently.
//! * Zones, `trafficDistribution` and `internalTrafficPolicy: Local` leave only some of the pods to choose from.
//! * Nothing reads the request, so rules are lost. `sessionAffinity: ClientIP` of the Service keeps the clients of one address on
//!   a pod, and so on a variant, for 3 hours by default; it is not an affinity by cookie or key.
//! * `N` pods express no share finer than `1 / N`: 1 of 100 takes 100 pods.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Conversion, Loss, Part};
use crate::error::{Excerpt, InvalidParams, ReplicasError};
use crate::policy::{Affinity, Canary, Parts, Policy, Ratio};

/// The number of pods of all variants together, 1 to 1,000,000.
///
/// ```
/// use canary_policy::targets::replicas::Pods;
///
/// assert!(Pods::new(10).is_ok());
/// assert_eq!(Pods::new(0).unwrap_err().to_string(), "0 is not a number of pods: expected 1 to 1000000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pods {
    pods: u32,
    one_of_each: bool,
}

impl Pods {
    /// The largest number of pods.
    pub const MAX: u32 = 1_000_000;

    /// This number of pods.
    ///
    /// # Errors
    ///
    /// The number is 0 or above [`MAX`](Self::MAX).
    pub fn new(pods: u32) -> Result<Self, InvalidParams> {
        if (1..=Self::MAX).contains(&pods) {
            Ok(Pods { pods, one_of_each: false })
        } else {
            Err(InvalidParams::Pods(pods))
        }
    }

    /// The same number of pods, of which each variant with a share, stable included, gets at least one.
    #[must_use]
    pub const fn with_one_of_each(self) -> Self {
        Pods { one_of_each: true, ..self }
    }
}

/// The largest difference between a variant's share of the pods and its share in the policy: a fraction of all requests, 0 to 1.
///
/// Two tolerances are equal if their values are: 1 of 2 equals 50 of 100.
///
/// ```
/// use canary_policy::targets::replicas::Tolerance;
///
/// let two_percent = Tolerance::new(2, 100)?;
/// assert_eq!(two_percent, Tolerance::new(20_000, 1_000_000)?);
/// assert_eq!(
///     Tolerance::new(2, 1).unwrap_err().to_string(),
///     "2/1 is not a tolerance: expected a fraction from 0 to 1",
/// );
/// # Ok::<(), canary_policy::error::InvalidParams>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    parts: u32,
    total: u32,
}

impl Tolerance {
    /// The fraction `parts` of `total`: 2 of 100 are two percentage points.
    ///
    /// # Errors
    ///
    /// `total` is 0, or `parts` is more than `total`.
    pub const fn new(parts: u32, total: u32) -> Result<Self, InvalidParams> {
        if total > 0 && parts <= total {
            Ok(Tolerance { parts, total })
        } else {
            Err(InvalidParams::Tolerance { parts, total })
        }
    }

    fn ratio(self) -> Ratio {
        Ratio::new(self.parts.into(), self.total.into())
    }
}

impl PartialEq for Tolerance {
    fn eq(&self, other: &Self) -> bool {
        self.ratio().reduced() == other.ratio().reduced()
    }
}

impl Eq for Tolerance {}

/// The number of pods of each variant; [`split`] has an example.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Replicas {
    /// The pods of stable.
    pub stable: u32,
    /// The pods of each canary, in the order of the policy's canaries.
    pub canaries: Vec<u32>,
}

impl Replicas {
    /// The pods of all variants together.
    #[must_use]
    pub fn pods(&self) -> u32 {
        self.canaries.iter().fold(self.stable, |pods, more| pods.saturating_add(*more))
    }
}

/// Splits pods so that the largest difference between a variant's share of the pods and its share in the policy is as small as
/// possible.
///
/// A variant without a share gets no pod. If several splits are equally good, earlier variants get more pods, stable first: of
/// 5 pods with a canary of 30 percent, stable gets 4.
///
/// # Errors
///
/// [`Pods::with_one_of_each`] is set, and there are fewer pods than variants with a share.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::replicas::{Pods, split};
///
/// let exact = split(&Policy::percent(30)?, &Pods::new(10)?)?.exact()?;
/// assert_eq!((exact.stable, exact.canaries.as_slice()), (7, [3].as_slice()));
///
/// let nearest = split(&Policy::percent(5)?, &Pods::new(4)?)?;
/// assert_eq!(nearest.output.canaries, [0]);
/// assert_eq!(nearest.losses[0].to_string(), "canaries[0].weight: 5/100 is rounded to 0/4");
///
/// let one_of_each = split(&Policy::percent(5)?, &Pods::new(4)?.with_one_of_each())?;
/// assert_eq!(one_of_each.output.canaries, [1]);
/// assert!(split(&Policy::percent(5)?, &Pods::new(1)?.with_one_of_each()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split(policy: &Policy, pods: &Pods) -> Result<Conversion<Replicas>, ReplicasError> {
    let Pods { pods, one_of_each } = *pods;
    let shares = Shares::of(policy, one_of_each);
    let counts = shares.nearest(pods).ok_or(ReplicasError::TooFew { pods, variants: shares.positive() })?;
    Ok(conversion(policy, &counts))
}

/// Finds the smallest number of pods, at most `pods`, for which every variant is within the tolerance, and returns its split.
///
/// A larger number of pods is not always nearer: 10 pods express 30 percent exactly, and 11 pods do not.
///
/// # Errors
///
/// No number of pods up to `pods` is within the tolerance.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::replicas::{Pods, Tolerance, fewest};
///
/// let at_most = Pods::new(50)?.with_one_of_each();
/// let within_two_percent = fewest(&Policy::percent(5)?, Tolerance::new(2, 100)?, &at_most)?.output;
/// assert_eq!((within_two_percent.stable, within_two_percent.canaries.as_slice()), (14, [1].as_slice()));
/// assert_eq!(
///     fewest(&Policy::percent(1)?, Tolerance::new(0, 1)?, &at_most).unwrap_err().to_string(),
///     "pods: no number from 1 to 50 comes within 0/1: 100 pods are exact",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fewest(policy: &Policy, tolerance: Tolerance, pods: &Pods) -> Result<Conversion<Replicas>, ReplicasError> {
    let Pods { pods: bound, one_of_each } = *pods;
    let shares = Shares::of(policy, one_of_each);
    // With this number of pods, the shares are exact. So no larger number is tried.
    let exact = policy.reduced().total().get();
    let within = |pods: u32| shares.nearest(pods).filter(|counts| shares.are_within(tolerance, counts, pods));
    match (1..=bound.min(exact)).find_map(within) {
        Some(counts) => Ok(conversion(policy, &counts)),
        None => Err(ReplicasError::TooFar { bound, tolerance: tolerance.ratio().to_string(), exact }),
    }
}

/// The shares that the variants have in a policy, stable first.
struct Shares {
    weights: Vec<u32>,
    total: u32,
    one_of_each: bool,
}

impl Shares {
    fn of(policy: &Policy, one_of_each: bool) -> Self {
        let weights = policy.variants().map(|variant| policy.weight(variant)).collect();
        Shares { weights, total: policy.total().get(), one_of_each }
    }

    /// The number of variants with a share.
    fn positive(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0).count()
    }

    /// The smallest number of pods of a variant with this weight.
    fn least(&self, weight: u32) -> u32 {
        u32::from(self.one_of_each && weight > 0)
    }

    /// The difference `count / pods - weight / total`, multiplied by `pods * total` so that it is a whole number. It is negative if
    /// the variant is below its share.
    fn excess(&self, weight: u32, count: u32, pods: u32) -> i128 {
        i128::from(count) * i128::from(self.total) - i128::from(weight) * i128::from(pods)
    }

    /// The split whose largest difference is as small as possible; `None` if there are fewer pods than variants that need one.
    ///
    /// Every variant begins with its share rounded down, or with the one pod that it needs. A missing pod then goes to the variant
    /// that is farthest below its share, and a surplus pod is taken from the variant that is farthest above its share. After each
    /// step the split is the best one for its number of pods: it minimises the sum of `f(difference)` for every convex function
    /// `f`, such as a high power, and so also the largest difference. For example, 5 pods are split by the weights 70 and 30:
    ///
    /// ```text
    /// shares 3.5 and 1.5   rounded down 3 and 1   both are 0.5 below   the first one gets the pod: 4 and 1
    /// ```
    fn nearest(&self, pods: u32) -> Option<Vec<u32>> {
        let rounded_down = |weight: u32| {
            let share = u64::from(weight) * u64::from(pods) / u64::from(self.total);
            // The share is no more than the pods, because a weight is no more than the total.
            u32::try_from(share).unwrap_or(pods).max(self.least(weight))
        };
        let mut counts: Vec<u32> = self.weights.iter().map(|weight| rounded_down(*weight)).collect();
        let sum: u64 = counts.iter().copied().map(u64::from).sum();
        let (missing, surplus) = (u64::from(pods).saturating_sub(sum), sum.saturating_sub(pods.into()));

        // The variants by their excess and then by their index, so that earlier ones gain first and lose last. A pod changes the
        // excess of its variant by the total.
        let variants = counts.iter().zip(&self.weights).enumerate();
        let by_excess = variants.map(|(index, (count, weight))| (self.excess(*weight, *count, pods), index));
        if missing > 0 {
            let mut lowest_first: BinaryHeap<Reverse<(i128, usize)>> = by_excess.map(Reverse).collect();
            for _ in 0..missing {
                let Reverse((excess, index)) = lowest_first.pop()?;
                *counts.get_mut(index)? += 1;
                lowest_first.push(Reverse((excess + i128::from(self.total), index)));
            }
        } else {
            let mut highest_first: BinaryHeap<(i128, usize)> = by_excess.collect();
            for _ in 0..surplus {
                // A variant that has no pod to spare does not return to the heap.
                let (count, excess, index) = loop {
                    let (excess, index) = highest_first.pop()?;
                    let (count, weight) = (counts.get_mut(index)?, self.weights.get(index)?);
                    if *count > self.least(*weight) {
                        break (count, excess, index);
                    }
                };
                *count -= 1;
                highest_first.push((excess - i128::from(self.total), index));
            }
        }
        Some(counts)
    }

    fn are_within(&self, tolerance: Tolerance, counts: &[u32], pods: u32) -> bool {
        let Tolerance { parts, total } = tolerance;
        let bound = i128::from(parts) * i128::from(pods) * i128::from(self.total);
        let within =
            |(count, weight): (&u32, &u32)| self.excess(*weight, *count, pods).abs() * i128::from(total) <= bound;
        counts.iter().zip(&self.weights).all(within)
    }
}

/// The split, and the parts of the policy that it does not express.
fn conversion(policy: &Policy, counts: &[u32]) -> Conversion<Replicas> {
    let Parts { canaries, total, affinity } = policy.parts();
    let (stable, counts) = counts.split_first().map_or((0, &[][..]), |(stable, counts)| (*stable, counts));
    let output = Replicas { stable, canaries: counts.to_vec() };
    let pods = output.pods();

    let mut losses = Vec::new();
    for (index, (canary, count)) in canaries.iter().zip(counts).enumerate() {
        // Chance decides between pods, so a position has no effect.
        let Canary { name: _, weight, position: _, header, cookie } = canary;
        let requested = Ratio::new((*weight).into(), total.get().into());
        let written = Ratio::new((*count).into(), pods.into());
        if requested.reduced() != written.reduced() {
            losses.push(Loss::Rounded { part: Part::Weight(index), requested, written });
        }
        losses.extend(header.as_ref().map(|rule| left_out(Part::Header(index), &rule.to_string())));
        losses.extend(cookie.as_ref().map(|rule| left_out(Part::Cookie(index), &rule.to_string())));
    }
    if *affinity != Affinity::None {
        losses.push(left_out(Part::Affinity, &affinity.to_string()));
    }
    Conversion { output, losses }
}

fn left_out(part: Part, value: &str) -> Loss {
    let why = "a pod is chosen for a connection, before there is a request to match";
    Loss::LeftOut { part, value: Excerpt::of(value), why }
}
