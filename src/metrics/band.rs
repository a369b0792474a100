//! The bands of durations that NHS England publishes.

/// A band of durations. The edge belongs to the lower band: 60 s lies in the first, 120 s in the second, 300 s in the third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DurationBand {
    /// 0 to 60 s.
    UpTo60,
    /// 61 to 120 s.
    From61To120,
    /// 121 to 300 s.
    From121To300,
    /// Over 300 s.
    Over300,
}

impl DurationBand {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::UpTo60, Self::From61To120, Self::From121To300, Self::Over300];

    /// The last second of each band but the last.
    pub const EDGES: [u32; 3] = [60, 120, 300];

    /// The band that a duration in seconds lies in.
    pub const fn of(secs: u32) -> Self {
        match secs {
            0..=60 => Self::UpTo60,
            61..=120 => Self::From61To120,
            121..=300 => Self::From121To300,
            _ => Self::Over300,
        }
    }

    /// Whether a band ends with this second, so that bands alone tell what lies at or under it.
    pub fn ends_at(secs: u32) -> bool {
        Self::EDGES.contains(&secs)
    }

    /// Its name in files and on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::UpTo60 => "up_to_60",
            Self::From61To120 => "61_to_120",
            Self::From121To300 => "121_to_300",
            Self::Over300 => "over_300",
        }
    }

    /// Its position in [`DurationBand::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }
}

#[cfg(test)]
mod tests {
    use super::DurationBand::{self, From61To120, From121To300, Over300, UpTo60};

    #[test]
    fn an_edge_falls_into_the_lower_band() {
        let cases = [
            (0, UpTo60),
            (59, UpTo60),
            (60, UpTo60),
            (61, From61To120),
            (120, From61To120),
            (121, From121To300),
            (300, From121To300),
            (301, Over300),
            (86_400, Over300),
        ];
        for (secs, band) in cases {
            assert_eq!(DurationBand::of(secs), band, "{secs} s");
        }
    }

    #[test]
    fn a_band_ends_where_the_next_second_lies_in_another() {
        for secs in 0..1_000 {
            let ends = DurationBand::of(secs) != DurationBand::of(secs + 1);
            assert_eq!(DurationBand::ends_at(secs), ends, "{secs} s");
        }
    }
}
