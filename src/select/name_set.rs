//! Sets of names, which tell of most names that a request does not have them.

/// A set of names of headers or cookies, in 64 bits.
///
/// Each name has one of the bits, and several names share a bit. So a set sometimes seems to have a name that it
/// does not have, but it never lacks one that it has. Letter case does not count.
///
/// ```
/// use canary_policy::select::NameSet;
///
/// let names: NameSet = ["Host", "x-canary"].into_iter().collect();
/// assert_eq!(names, NameSet::from_iter(["X-Canary", "host"]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameSet(u64);

impl NameSet {
    /// Whether a name with this bit is in the set.
    #[inline]
    pub(super) fn has(self, bit: NameBit) -> bool {
        self.0 >> bit.0 & 1 == 1
    }
}

impl<N: AsRef<[u8]>> FromIterator<N> for NameSet {
    #[inline]
    fn from_iter<I: IntoIterator<Item = N>>(names: I) -> Self {
        NameSet(names.into_iter().fold(0, |bits, name| bits | 1 << NameBit::of(name.as_ref()).0))
    }
}

/// The bit of a name, counted from 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct NameBit(u8);

impl NameBit {
    /// The bit depends on the length and on the bytes at both ends, which tell most names apart.
    #[inline]
    pub(super) fn of(name: &[u8]) -> Self {
        let end = |byte: Option<&u8>| byte.map_or(0, u8::to_ascii_lowercase);
        let [length, ..] = name.len().to_le_bytes();
        NameBit((end(name.first()) ^ end(name.last()).wrapping_mul(5) ^ length.wrapping_mul(11)) % 64)
    }
}
