//! Letters (告知函): what a home unit is told of a fraud of one of its members.

use chrono::Duration;

use super::{MisconductCase, MisconductState};
use crate::time::{Instant, business_day};

/// What a letter names beside the case.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The case; a fraud that was confirmed.
    pub case: &'a MisconductCase,
    /// The member's name.
    pub member: &'a str,
    /// The activity's headline.
    pub activity: &'a str,
    /// The organisation that confirmed it.
    pub decided_by: &'a str,
    /// The organisation that ruled on the appeal.
    pub ruled_by: Option<&'a str>,
}

impl Letter<'_> {
    /// What the unit reads. It says what was decided and where an appeal stands, not what the evidence was.
    pub fn text(&self) -> String {
        let Self { case, member, activity, decided_by, ruled_by } = self;
        let day = case.decided.map(|step| business_day(step.at).to_string()).unwrap_or_default();
        let found = format!(
            "你单位党员{member}在“{activity}”中弄虚作假，{decided_by}已于 {day} 认定，该次服务不计，所得积分追回"
        );
        let ruled = case.ruling.as_ref().map(|ruling| business_day(ruling.step.at).to_string()).unwrap_or_default();
        let ruled_by = ruled_by.unwrap_or("上级组织");
        match case.state {
            MisconductState::Appealed => format!("{found}。本人已提出申诉，正在裁定。"),
            MisconductState::Upheld => format!("{found}。本人申诉后，{ruled_by}于 {ruled} 裁定维持。"),
            MisconductState::Revoked => {
                format!(
                    "{decided_by}原认定你单位党员{member}在“{activity}”中弄虚作假，{ruled_by}已于 {ruled} 撤销，原告知作废。"
                )
            }
            _ => format!("{found}。本人可申诉至 {}。", case.appeal_until.map(last_day).unwrap_or_default()),
        }
    }
}

/// The last day before an instant.
fn last_day(until: Instant) -> String {
    business_day(until - Duration::microseconds(1)).to_string()
}
