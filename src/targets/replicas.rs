//! Pods behind one Service: a share of the pods for a share of the requests. There is no object to write, only how many
//! replicas each variant's Deployment has
//! (<https://kubernetes.io/docs/reference/networking/virtual-ips/>, as of Kubernetes 1.33).
//!
//! The Deployments' pods carry the label that the Service selects. What a reader would get wrong:
//!
//! * **Who chooses is `kube-proxy`, a connection at a time.** Clients that keep a connection, as browsers, HTTP/2 and gRPC do,
//!   stay on its pod, and a few of them with many requests are far from any share.
//! * What counts is pods that are ready. A canary that does not start gets nothing, and while pods start or end the share is
//!   another one. An autoscaler on one of the Deployments changes it for good.
//! * Zones and `trafficDistribution`, and `internalTrafficPolicy: Local`, choose among some of the pods only.
//! * Nobody looks at a request: there are no rules. `sessionAffinity: ClientIP` of the Service keeps an address on a pod, and
//!   thereby on a variant, for 3 hours or what it is set to; it is no affinity by cookie or key.
//! * `N` pods say nothing finer than `1 / N`: 1 of 100 takes 100 pods.

use super::loss::{affinity_text, rule_text};
use super::{Conversion, Loss, Part, Proportion};
use crate::error::{Excerpt, Invalid, PodsError};
use crate::policy::{Canary, CookieRule, HeaderRule, Policy};

/// How many pods there are for all variants together: 1 to 1,000,000.
///
/// ```
/// use canary_policy::targets::replicas::Params;
///
/// assert!(Params::new(10).is_ok());
/// assert_eq!(Params::new(0).unwrap_err().to_string(), "0 is not a number of pods: 1 to 1000000");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Params {
    pods: u32,
    one_of_each: bool,
}

impl Params {
    /// The most pods.
    pub const MAX: u32 = 1_000_000;

    /// So many pods, the nearest split of them.
    ///
    /// # Errors
    ///
    /// There is none, or more than [`MAX`](Self::MAX).
    pub fn new(pods: u32) -> Result<Self, Invalid> {
        if (1..=Self::MAX).contains(&pods) { Ok(Params { pods, one_of_each: false }) } else { Err(Invalid::Pods(pods)) }
    }

    /// The same with at least one pod of each variant that has a share, stable too.
    #[must_use]
    pub fn with_one_of_each(self) -> Self {
        Params { one_of_each: true, ..self }
    }
}

/// How far a variant's share of the pods may be from its share of the policy: a fraction of everything, 0 to 1.
///
/// ```
/// use canary_policy::targets::replicas::Tolerance;
///
/// let two_points = Tolerance::new(2, 100)?;
/// assert_eq!(two_points, Tolerance::new(20_000, 1_000_000)?);
/// assert_eq!(Tolerance::new(2, 1).unwrap_err().to_string(), "2/1 is not a tolerance: 0 to 1");
/// # Ok::<(), canary_policy::Invalid>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Tolerance(Proportion);

impl Tolerance {
    /// `parts` of `total`: 2 of 100 are two percentage points.
    ///
    /// # Errors
    ///
    /// `total` is 0, or `parts` are more than it.
    pub fn new(parts: u32, total: u32) -> Result<Self, Invalid> {
        if total > 0 && parts <= total {
            Ok(Tolerance(Proportion { parts, total }))
        } else {
            Err(Invalid::Tolerance { parts, total })
        }
    }
}

/// By their value: 1 of 2 is 50 of 100.
impl PartialEq for Tolerance {
    fn eq(&self, other: &Self) -> bool {
        self.0.equals(other.0)
    }
}

impl Eq for Tolerance {}

/// How many pods each variant has.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Replicas {
    /// Stable's.
    pub stable: u32,
    /// The canaries', in the order of the policy's canaries.
    pub canaries: Vec<u32>,
}

impl Replicas {
    /// All of them together.
    #[must_use]
    pub fn pods(&self) -> u32 {
        self.canaries.iter().fold(self.stable, |pods, more| pods.saturating_add(*more))
    }
}

/// Splits pods so that the variant whose share is farthest from its weight is as near as it can be.
///
/// A variant without a share has no pod. Of variants that are equally far from their share the earlier one gets the pod,
/// stable first: of 5 pods at 30 percent 4 are stable's.
///
/// # Errors
///
/// There is to be one of each, and there are more variants with a share than pods.
///
/// ```
/// use canary_policy::targets::replicas::{Params, split};
/// use canary_policy::{Loss, Policy};
///
/// let exact = split(&Policy::percent(30)?, &Params::new(10)?)?.exact()?;
/// assert_eq!((exact.stable, exact.canaries.as_slice()), (7, [3].as_slice()));
///
/// let nearest = split(&Policy::percent(5)?, &Params::new(4)?)?;
/// assert_eq!(nearest.output.canaries, [0]);
/// assert_eq!(nearest.losses[0].to_string(), "canaries[0].weight: 5/100 is rounded to 0/4");
///
/// let one_of_each = split(&Policy::percent(5)?, &Params::new(4)?.with_one_of_each())?;
/// assert_eq!(one_of_each.output.canaries, [1]);
/// assert!(split(&Policy::percent(5)?, &Params::new(1)?.with_one_of_each()).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn split(policy: &Policy, params: &Params) -> Result<Conversion<Replicas>, PodsError> {
    let Params { pods, one_of_each } = *params;
    let wanted = Wanted::of(policy, one_of_each);
    let counts = wanted.nearest(pods).ok_or(PodsError::TooFew { pods, variants: wanted.with_share() })?;
    Ok(said(policy, &counts))
}

/// The fewest pods, and no more than `params` has, whose split is within the tolerance for every variant, and that split.
///
/// More pods are not always nearer: 10 say 30 percent exactly, and 11 do not.
///
/// # Errors
///
/// No number of pods up to that of `params` comes so near.
///
/// ```
/// use canary_policy::Policy;
/// use canary_policy::targets::replicas::{Params, Tolerance, fewest};
///
/// let most = Params::new(50)?.with_one_of_each();
/// let two_points = fewest(&Policy::percent(5)?, Tolerance::new(2, 100)?, &most)?.output;
/// assert_eq!((two_points.stable, two_points.canaries.as_slice()), (14, [1].as_slice()));
/// assert_eq!(
///     fewest(&Policy::percent(1)?, Tolerance::new(0, 1)?, &most).unwrap_err().to_string(),
///     "pods: none of 1 to 50 comes within 0/1: 100 are exact",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn fewest(policy: &Policy, tolerance: Tolerance, params: &Params) -> Result<Conversion<Replicas>, PodsError> {
    let Params { pods: most, one_of_each } = *params;
    let Tolerance(tolerance) = tolerance;
    let wanted = Wanted::of(policy, one_of_each);
    let exact = policy.reduced().total().get();
    let near = (1..=most.min(exact))
        .find_map(|pods| wanted.nearest(pods).filter(|counts| wanted.is_within(tolerance, counts, pods)));
    match near {
        Some(counts) => Ok(said(policy, &counts)),
        None => Err(PodsError::TooFar { most, tolerance, exact }),
    }
}

/// What the variants are to have, stable first.
struct Wanted {
    weights: Vec<u32>,
    total: u32,
    one_of_each: bool,
}

impl Wanted {
    fn of(policy: &Policy, one_of_each: bool) -> Self {
        let Policy { canaries, total, affinity: _ } = policy;
        let taken = canaries.iter().fold(0_u32, |taken, canary| taken.saturating_add(canary.weight()));
        let stable = total.get().saturating_sub(taken);
        let weights = std::iter::once(stable).chain(canaries.iter().map(Canary::weight)).collect();
        Wanted { weights, total: total.get(), one_of_each }
    }

    fn with_share(&self) -> usize {
        self.weights.iter().filter(|weight| **weight > 0).count()
    }

    /// How far so many of the pods are above a weight's share, in `1 / (pods * total)`.
    fn above(&self, weight: u32, count: u32, pods: u32) -> i128 {
        i128::from(count) * i128::from(self.total) - i128::from(weight) * i128::from(pods)
    }

    /// The split with the least worst error.
    ///
    /// A pod is always given to the variant that is farthest below its share, or taken from the one farthest above. The cost
    /// of an error grows with it and is the same for all, so that this is the least sum for every such cost, as large a
    /// power of the error as one likes, and hence the least maximum.
    fn nearest(&self, pods: u32) -> Option<Vec<u32>> {
        let least = |weight: u32| u32::from(self.one_of_each && weight > 0);
        let whole = |weight: u32| {
            let share = u64::from(weight) * u64::from(pods) / u64::from(self.total);
            // A weight is no more than the total.
            u32::try_from(share).unwrap_or(pods).max(least(weight))
        };
        let mut counts: Vec<u32> = self.weights.iter().map(|weight| whole(*weight)).collect();
        loop {
            let sum: u64 = counts.iter().copied().map(u64::from).sum();
            let mut each = counts.iter_mut().zip(&self.weights);
            match sum.cmp(&u64::from(pods)) {
                std::cmp::Ordering::Equal => return Some(counts),
                // The first of equals.
                std::cmp::Ordering::Less => {
                    let (count, _) = each.min_by_key(|(count, weight)| self.above(**weight, **count, pods))?;
                    *count += 1;
                }
                // The last of equals.
                std::cmp::Ordering::Greater => {
                    let each = each.by_ref().filter(|(count, weight)| **count > least(**weight));
                    let (count, _) = each.max_by_key(|(count, weight)| self.above(**weight, **count, pods))?;
                    *count -= 1;
                }
            }
        }
    }

    fn is_within(&self, tolerance: Proportion, counts: &[u32], pods: u32) -> bool {
        let most = i128::from(tolerance.parts) * i128::from(pods) * i128::from(self.total);
        counts
            .iter()
            .zip(&self.weights)
            .all(|(count, weight)| self.above(*weight, *count, pods).abs() * i128::from(tolerance.total) <= most)
    }
}

/// The split, and what of the policy it does not say.
fn said(policy: &Policy, counts: &[u32]) -> Conversion<Replicas> {
    let Policy { canaries, total, affinity } = policy;
    let (stable, counts) = counts.split_first().map_or((0, &[][..]), |(stable, counts)| (*stable, counts));
    let output = Replicas { stable, canaries: counts.to_vec() };
    let pods = output.pods();
    let mut losses = Vec::new();
    for (index, (canary, got)) in canaries.iter().zip(counts).enumerate() {
        let Canary { name: _, weight, header, cookie } = canary;
        let wanted = Proportion { parts: *weight, total: total.get() };
        let got = Proportion { parts: *got, total: pods };
        if !wanted.equals(got) {
            losses.push(Loss::Rounded { part: Part::Weight(index), wanted, got });
        }
        if let Some(HeaderRule { name, matches }) = header {
            losses.push(left_out(Part::Header(index), rule_text(name.as_str(), matches)));
        }
        if let Some(CookieRule { name, matches }) = cookie {
            losses.push(left_out(Part::Cookie(index), rule_text(name.as_str(), matches)));
        }
    }
    losses.extend(affinity_text(affinity).map(|text| left_out(Part::Affinity, text)));
    Conversion { output, losses }
}

fn left_out(part: Part, value: Excerpt) -> Loss {
    Loss::LeftOut { part, value, why: "a pod is chosen for a connection, before there is a request to look at" }
}
