//! Draws that look random and are the same in every run: everything follows from a purpose and a number.

/// A stream of numbers.
pub(super) struct Draw(u64);

impl Draw {
    /// The stream for the `number`th thing of a kind.
    pub(super) fn of(purpose: &str, number: u64) -> Self {
        let seed = purpose
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// The next number (splitmix64).
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which must not be zero.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number from `first` to `last`.
    pub(super) fn between(&mut self, first: i64, last: i64) -> i64 {
        let width = u64::try_from(last - first).unwrap_or(0) + 1;
        first + i64::try_from(self.below(width)).unwrap_or(0)
    }

    /// One of these, of which there is at least one.
    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }
}

#[cfg(test)]
mod tests {
    use super::Draw;

    #[test]
    fn the_same_draw_gives_the_same_and_another_gives_something_else() {
        let draw = |purpose, number| Draw::of(purpose, number).below(1 << 40);
        assert_eq!(draw("name", 7), draw("name", 7));
        assert_ne!(draw("name", 7), draw("name", 8));
        assert_ne!(draw("name", 7), draw("place", 7));
        assert!((0..100).all(|number| (3..=5).contains(&Draw::of("x", number).between(3, 5))));
    }
}
