//! Single events that the rules reward.

use crate::code::codes;
use crate::points::rulebook::Events;

codes! {
    /// A single event that the rules reward.
    RewardedEvent {
        WishDone = "wish_done", "完成微心愿";
        FirstResidency = "first_residency", "首次报到奖励";
        PostDutyMonth = "post_duty_month", "履行设岗定责";
        IssueValid = "issue_valid", "有效随手拍";
        IssueClosed = "issue_closed", "随手拍办结";
        PatrolPoint = "patrol_point", "巡查点位打卡";
        ProposalAdopted = "proposal_adopted", "议事建议被采纳";
        CoopItemDone = "coop_item_done", "完成共建事项";
        Bravery = "bravery", "见义勇为";
    }
}

impl RewardedEvent {
    pub(super) fn points(self, events: &Events) -> i64 {
        match self {
            Self::FirstResidency => events.first_residency,
            Self::PostDutyMonth => events.post_duty_month,
            Self::WishDone => events.wish_done,
            Self::IssueValid => events.issue_valid,
            Self::IssueClosed => events.issue_closed,
            Self::PatrolPoint => events.patrol_point,
            Self::ProposalAdopted => events.proposal_adopted,
            Self::CoopItemDone => events.coop_item_done,
            Self::Bravery => events.bravery,
        }
    }

    /// How many of a day are rewarded, if not all.
    pub(in crate::points) fn per_day(self, events: &Events) -> Option<u32> {
        match self {
            Self::IssueValid => Some(events.issues_per_day),
            Self::PatrolPoint => Some(events.patrol_points_per_day),
            _ => None,
        }
    }

    /// Whether the cap of a day knows the event. It keeps anybody from filling a day with easy points; bravery is the
    /// district's decision, worth more than a whole day of service, and could never be paid whole. So it is not cut by
    /// the day's cap, and takes no room from the service of its day.
    pub fn is_under_day_cap(self) -> bool {
        self != Self::Bravery
    }
}
