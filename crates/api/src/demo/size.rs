//! How much is loaded.

/// How many of each there are.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Members, the demo's people among them.
    pub members: u64,
    /// Estates, the named ones among them.
    pub estates: usize,
    /// Units, each paired with a community.
    pub units: usize,
    /// Offers, the demo's among them.
    pub offers: usize,
    /// Activities, the demo's among them.
    pub activities: usize,
    /// How many of the members beside the demo's people have served and may redeem.
    pub credited: u64,
}

impl Size {
    /// Dozens of members, at every stage of the journey.
    pub const DEMO: Self = Self { members: 0, estates: 8, units: 26, offers: 0, activities: 0, credited: 0 };
    /// The district as it is.
    pub const DISTRICT: Self =
        Self { members: 134_000, estates: 724, units: 26, offers: 580, activities: 212, credited: 20_000 };
}
