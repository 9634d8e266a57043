//! Reconciliation (对账): rounds in which the books are checked piece by piece, each kept so that it can go on anywhere.

use chrono::Duration;

use crate::code::codes;
use crate::id::MemberId;
use crate::time::Instant;

codes! {
    /// What a round goes through.
    RoundKind {
        Touched = "touched", "有变动的账户";
        Full = "full", "全部账户";
    }
}

codes! {
    /// Where a round stands.
    Stage {
        Members = "members", "逐人核对";
        Whole = "whole", "总账核对";
        Seals = "seals", "封存核对";
        Idle = "idle", "未在核对";
    }
}

impl RoundKind {
    /// How long after the last round began the next one is due.
    pub fn every(self) -> Duration {
        match self {
            Self::Touched => Duration::minutes(10),
            Self::Full => Duration::days(1),
        }
    }
}

/// A kind of round: how far the running one has come, and when the last one ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// What it goes through.
    pub kind: RoundKind,
    /// Where it stands.
    pub stage: Stage,
    /// When it began.
    pub began_at: Instant,
    /// The last member who was checked.
    pub after_member: Option<MemberId>,
    /// The last seal that was checked.
    pub after_seal: i64,
    /// How many members were checked.
    pub members: u64,
    /// The round before, once there was one.
    pub last: Option<Ended>,
}

/// A round that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When it began.
    pub began_at: Instant,
    /// When it ended.
    pub ended_at: Instant,
    /// How many members were checked.
    pub members: u64,
}

impl Round {
    /// A kind of round that never ran.
    pub fn never(kind: RoundKind, now: Instant) -> Self {
        Self { kind, stage: Stage::Idle, began_at: now, after_member: None, after_seal: 0, members: 0, last: None }
    }

    /// Whether a round is under way, or it is time for one.
    pub fn is_due(&self, now: Instant) -> bool {
        self.stage != Stage::Idle || self.last.is_none_or(|last| last.began_at + self.kind.every() <= now)
    }

    /// Begins, unless a round is under way.
    pub fn begin(&mut self, now: Instant) {
        if self.stage == Stage::Idle {
            let last = self.last;
            *self = Self { stage: Stage::Members, last, ..Self::never(self.kind, now) };
        }
    }

    /// From when on what was posted is looked at; `late` is how long a posting may take to be seen.
    pub fn since(&self, late: Duration) -> Instant {
        self.last.map_or(self.began_at, |last| last.began_at) - late
    }

    /// Takes note of the members who were checked.
    pub fn checked(&mut self, members: &[MemberId]) {
        self.after_member = members.last().copied().or(self.after_member);
        self.members += members.len() as u64;
    }

    /// Goes on to the next stage; what touches no account by itself is left to the full round.
    pub fn go_on(&mut self, now: Instant) {
        self.stage = match (self.stage, self.kind) {
            (Stage::Members, RoundKind::Full) => Stage::Whole,
            (Stage::Whole, _) => Stage::Seals,
            _ => {
                self.last = Some(Ended { began_at: self.began_at, ended_at: now, members: self.members });
                Stage::Idle
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(minutes: i64) -> Instant {
        chrono::DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    #[test]
    fn a_round_begins_when_it_is_time_and_goes_on_until_it_ends() {
        let mut round = Round::never(RoundKind::Touched, at(0));
        assert!(round.is_due(at(0)));
        round.begin(at(0));
        assert_eq!(round.since(Duration::minutes(5)), at(-5), "the first looks at what is new");
        round.checked(&[MemberId::new(Uuid::nil())]);
        round.begin(at(3));
        assert_eq!((round.began_at, round.members), (at(0), 1), "it goes on where it was");
        round.go_on(at(4));
        assert_eq!((round.stage, round.is_due(at(9)), round.is_due(at(10))), (Stage::Idle, false, true));
        round.begin(at(12));
        assert_eq!((round.after_member, round.members), (None, 0));
        assert_eq!(round.since(Duration::minutes(5)), at(-5), "from where the last began, not where it ended");
    }

    #[test]
    fn a_full_round_looks_at_the_whole_too() {
        let mut round = Round::never(RoundKind::Full, at(0));
        round.begin(at(0));
        let stages = (0..3).map(|_| {
            round.go_on(at(1));
            round.stage
        });
        let stages: Vec<_> = stages.collect();
        assert_eq!(stages, [Stage::Whole, Stage::Seals, Stage::Idle]);
        assert_eq!((round.is_due(at(1439)), round.is_due(at(1440))), (false, true));
    }
}
