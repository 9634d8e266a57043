//! The fields of the rules as one table: what each is called, what it may be, and how it is read. From it follow what
//! changed between two versions, what is wrong with one (`faults.rs`), and the contract.

use std::ops::RangeInclusive;

use chrono::NaiveDate;

use super::district::is_districts;
use super::{Donation, ExpiryMode, Record, Rulebook};
use crate::code::Code;

/// One field of the rules.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its path in the JSON, such as `earning.day_cap`.
    pub name: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What kind of value it holds.
    pub kind: FieldKind,
}

/// What a field holds, and how it is read.
#[derive(Clone, Debug)]
pub enum FieldKind {
    /// A whole number within a range.
    Number(Unit, RangeInclusive<i64>, fn(&Rulebook) -> i64),
    /// Several whole numbers, each within a range, the greatest first.
    Numbers(Unit, RangeInclusive<i64>, fn(&Rulebook) -> &[u32]),
    /// Yes or no.
    Flag(fn(&Rulebook) -> bool),
    /// One way out of several.
    Expiry(fn(&Rulebook) -> ExpiryMode),
    /// Days, in order.
    Days(fn(&Rulebook) -> &[NaiveDate]),
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Written behind the number.
    Of(&'static str),
    /// The same, and 0 means that there is no limit.
    Cap(&'static str),
    /// Basis points, written as a factor.
    Factor,
    /// Fen, written as yuan; 0 means that there is no limit.
    Fen,
}

/// One field that differs between two versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path.
    pub field: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What it was, as people write it.
    pub from: String,
    /// What it is now.
    pub to: String,
}

const POINTS: Unit = Unit::Of("分");
const MINUTES: Unit = Unit::Of("分钟");
const HOURS: Unit = Unit::Of("小时");
const DAYS: Unit = Unit::Of("天");
const TIMES: Unit = Unit::Of("次");
const FACTOR: RangeInclusive<i64> = 0..=30_000;

/// Every section with what it is called, in the order of the JSON.
pub const SECTIONS: &[(&str, &str)] = &[
    ("earning", "服务积分"),
    ("coefficients", "系数"),
    ("calendar", "夜间和节假日"),
    ("events", "单项奖励"),
    ("record", "登记、公示和补录"),
    ("absence", "缺席"),
    ("deductions", "违规扣分"),
    ("eligibility", "兑换资格"),
    ("expiry", "积分有效期"),
    ("refund", "退回"),
    ("redemption", "兑换限制"),
    ("voucher", "兑换券"),
    ("donation", "捐赠"),
    ("budget", "发放预算"),
];

/// Every field, in the order of the JSON.
pub const FIELDS: &[Field] = &[
    number("earning.points_per_half_hour", "每半小时积分", POINTS, 1..=50, |r| r.earning.points_per_half_hour),
    number("earning.unit_minutes", "计时单位，满一个单位才计", MINUTES, 15..=60, |r| {
        r.earning.unit_minutes
    }),
    number("earning.max_minutes_per_session", "单场最多计时", MINUTES, 60..=480, |r| {
        r.earning.max_minutes_per_session
    }),
    number("earning.day_cap", "每日积分上限", Unit::Cap("分"), 0..=1_000, |r| r.earning.day_cap),
    number("earning.month_cap", "每月积分上限", Unit::Cap("分"), 0..=10_000, |r| r.earning.month_cap),
    number("earning.year_cap", "每年积分上限", Unit::Cap("分"), 0..=100_000, |r| r.earning.year_cap),
    number("earning.sign_pairs_per_activity_day", "同一活动每日签到签退次数", TIMES, 1..=3, |r| {
        r.earning.sign_pairs_per_activity_day.into()
    }),
    number("coefficients.general_bp", "一般服务系数", Unit::Factor, FACTOR, |r| r.coefficients.general_bp.into()),
    number("coefficients.training_bp", "培训学习系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.training_bp.into()
    }),
    number("coefficients.professional_bp", "专业服务系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.professional_bp.into()
    }),
    number("coefficients.emergency_bp", "应急服务系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.emergency_bp.into()
    }),
    number("coefficients.night_or_holiday_bp", "夜间和节假日系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.night_or_holiday_bp.into()
    }),
    number("coefficients.evaluation_a_bp", "评价优秀系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.evaluation_a_bp.into()
    }),
    number("coefficients.evaluation_b_bp", "评价良好系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.evaluation_b_bp.into()
    }),
    number("coefficients.evaluation_c_bp", "评价一般系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.evaluation_c_bp.into()
    }),
    number("coefficients.evaluation_d_bp", "评价不合格系数", Unit::Factor, FACTOR, |r| {
        r.coefficients.evaluation_d_bp.into()
    }),
    number("coefficients.made_up_bp", "补录时长计分系数", Unit::Factor, 0..=5_000, |r| {
        r.coefficients.made_up_bp.into()
    }),
    number("calendar.night_from", "夜间开始，与结束相同即不设夜间", Unit::Of("时"), 0..=23, |r| {
        r.calendar.night_from.into()
    }),
    number("calendar.night_until", "夜间结束", Unit::Of("时"), 0..=23, |r| r.calendar.night_until.into()),
    flag("calendar.weekends", "周六、周日按节假日计", |r| r.calendar.weekends),
    days("calendar.holidays", "节假日", |r| &r.calendar.holidays),
    days("calendar.working_weekends", "调休上班的周六、周日", |r| &r.calendar.working_weekends),
    number("events.first_residency", "首次报到奖励", POINTS, 0..=50, |r| r.events.first_residency),
    number("events.post_duty_month", "履行设岗定责满一个月", POINTS, 0..=50, |r| r.events.post_duty_month),
    number("events.wish_done", "完成微心愿", POINTS, 10..=50, |r| r.events.wish_done),
    number("events.issue_valid", "有效随手拍", POINTS, 0..=20, |r| r.events.issue_valid),
    number("events.issue_closed", "随手拍办结", POINTS, 0..=20, |r| r.events.issue_closed),
    number("events.issues_per_day", "随手拍每日计分次数", TIMES, 1..=20, |r| r.events.issues_per_day.into()),
    number("events.patrol_point", "巡查点位打卡", POINTS, 0..=10, |r| r.events.patrol_point),
    number("events.patrol_points_per_day", "巡查点位每日计分次数", TIMES, 1..=50, |r| {
        r.events.patrol_points_per_day.into()
    }),
    number("events.patrol_gap_minutes", "两次巡查打卡最短间隔", MINUTES, 0..=120, |r| {
        r.events.patrol_gap_minutes.into()
    }),
    number("events.proposal_adopted", "议事建议被采纳", POINTS, 0..=100, |r| r.events.proposal_adopted),
    number("events.coop_item_done", "完成共建事项", POINTS, 0..=100, |r| r.events.coop_item_done),
    number("events.bravery", "见义勇为，由区级决定，不受每日积分上限限制", POINTS, 0..=500, |r| {
        r.events.bravery
    }),
    number(
        "record.register_within_days",
        "活动结束后登记期限，逾期确认的考勤审核时会注明",
        DAYS,
        1..=30,
        |r| r.record.register_within_days.into(),
    ),
    number("record.publicity_days", "入账前公示", DAYS, 0..=7, |r| r.record.publicity_days.into()),
    number("record.made_up_within_days", "补录期限", DAYS, 1..=Record::MADE_UP_WITHIN_DAYS_AT_MOST, |r| {
        r.record.made_up_within_days.into()
    }),
    number("absence.cancel_free_hours", "可以自由取消报名的提前时间", HOURS, 0..=168, |r| {
        r.absence.cancel_free_hours.into()
    }),
    number(
        "absence.late_cancel_party_duty",
        "组织任务临时取消的考核扣分（本期尚未使用，考核上线后生效）",
        POINTS,
        -10..=0,
        |r| r.absence.late_cancel_party_duty,
    ),
    number(
        "absence.no_show_party_duty",
        "组织任务缺席的考核扣分（本期尚未使用，考核上线后生效）",
        POINTS,
        -10..=0,
        |r| r.absence.no_show_party_duty,
    ),
    number("absence.absences_for_pause", "一年内缺席几次暂停报名", TIMES, 1..=50, |r| {
        r.absence.absences_for_pause.into()
    }),
    number("absence.pause_days", "暂停报名", DAYS, 1..=365, |r| r.absence.pause_days.into()),
    number("absence.absences_for_long_pause", "一年内缺席几次长期暂停报名", TIMES, 1..=50, |r| {
        r.absence.absences_for_long_pause.into()
    }),
    number("absence.long_pause_days", "长期暂停报名", DAYS, 1..=365, |r| r.absence.long_pause_days.into()),
    number("deductions.misconduct_points", "违规扣分", POINTS, 0..=100, |r| r.deductions.misconduct_points),
    number("deductions.fraud_freeze_months", "弄虚作假停止兑换", Unit::Of("个月"), 1..=60, |r| {
        r.deductions.fraud_freeze_months.into()
    }),
    number("eligibility.spend_verified_minutes", "兑换所需累计服务时长", MINUTES, 0..=6_000, |r| {
        r.eligibility.spend_verified_minutes
    }),
    Field { name: "expiry.mode", label: "积分有效期", kind: FieldKind::Expiry(|r| r.expiry.mode) },
    Field {
        name: "expiry.notice_days",
        label: "到期提醒的提前天数",
        kind: FieldKind::Numbers(DAYS, 1..=180, |r| &r.expiry.notice_days),
    },
    number("refund.grace_days", "退回的过期积分延期", DAYS, 1..=60, |r| r.refund.grace_days.into()),
    number("redemption.per_item_per_quarter", "每种优惠每季度限兑", Unit::Cap("份"), 0..=10, |r| {
        r.redemption.per_item_per_quarter.into()
    }),
    number("redemption.per_month", "每月兑换次数", Unit::Cap("次"), 0..=60, |r| r.redemption.per_month.into()),
    number("redemption.value_cap_year_fen", "全年兑换面值上限", Unit::Fen, 0..=200_000, |r| {
        r.redemption.value_cap_year_fen
    }),
    number("voucher.valid_days", "兑换券有效期，优惠起草时没有填写的按此", DAYS, 1..=365, |r| {
        r.voucher.valid_days.into()
    }),
    number("voucher.reversal_hours", "核销后可以撤销的时间", HOURS, 0..=72, |r| {
        r.voucher.reversal_hours.into()
    }),
    flag("donation.open", "可以捐赠积分", |r| r.donation.open),
    number("donation.least_points", "每次最少捐赠", POINTS, 1..=Donation::MOST_AT_ONCE, |r| {
        r.donation.least_points
    }),
    number("donation.day_cap", "每日捐赠上限", Unit::Cap("分"), 0..=Donation::MOST_IN_YEAR, |r| {
        r.donation.day_cap
    }),
    number("budget.reference_fen_per_point", "每分积分的参考价值", Unit::Of("人民币分"), 0..=100, |r| {
        r.budget.reference_fen_per_point
    }),
    number("budget.warn_percent", "发放预算预警线", Unit::Of("%"), 1..=100, |r| r.budget.warn_percent.into()),
];

const fn number(
    name: &'static str,
    label: &'static str,
    unit: Unit,
    range: RangeInclusive<i64>,
    read: fn(&Rulebook) -> i64,
) -> Field {
    Field { name, label, kind: FieldKind::Number(unit, range, read) }
}

const fn flag(name: &'static str, label: &'static str, read: fn(&Rulebook) -> bool) -> Field {
    Field { name, label, kind: FieldKind::Flag(read) }
}

const fn days(name: &'static str, label: &'static str, read: fn(&Rulebook) -> &[NaiveDate]) -> Field {
    Field { name, label, kind: FieldKind::Days(read) }
}

impl Rulebook {
    /// What differs from an earlier version, field by field.
    pub fn changes_from(&self, earlier: &Self) -> Vec<Change> {
        let change = |field: &Field| {
            let (from, to) = (field.spoken(earlier), field.spoken(self));
            (from != to).then_some(Change { field: field.name, label: field.label, from, to })
        };
        FIELDS.iter().filter_map(change).collect()
    }
}

impl Field {
    /// What it is called and how it is counted.
    pub fn described(&self) -> String {
        let counted = match &self.kind {
            FieldKind::Number(unit, ..) | FieldKind::Numbers(unit, ..) => match unit {
                Unit::Of(unit) => format!("，单位为{unit}"),
                Unit::Cap(unit) => format!("，单位为{unit}，0 为不限"),
                Unit::Factor => "，以万分之一为单位".into(),
                Unit::Fen => "，单位为人民币分，0 为不限".into(),
            },
            FieldKind::Flag(_) | FieldKind::Expiry(_) | FieldKind::Days(_) => String::new(),
        };
        let whose =
            if is_districts(self.name) { "；由区级规则统一规定，下级规则不能修改" } else { "" };
        format!("{}{counted}{whose}", self.label)
    }

    /// The value as people write it, such as `240 分钟` or `1.20`.
    pub fn spoken(&self, rules: &Rulebook) -> String {
        let listed = |parts: Vec<String>| if parts.is_empty() { "无".into() } else { parts.join("、") };
        match &self.kind {
            FieldKind::Number(unit, _, read) => unit.spoken(read(rules)),
            FieldKind::Numbers(unit, _, read) => {
                listed(read(rules).iter().map(|number| unit.spoken((*number).into())).collect())
            }
            FieldKind::Flag(read) => if read(rules) { "是" } else { "否" }.into(),
            FieldKind::Expiry(read) => read(rules).label().into(),
            FieldKind::Days(read) => listed(read(rules).iter().map(ToString::to_string).collect()),
        }
    }
}

impl Unit {
    fn spoken(self, number: i64) -> String {
        match self {
            Self::Cap(_) | Self::Fen if number == 0 => "不限".into(),
            Self::Of(unit) | Self::Cap(unit) => format!("{number} {unit}"),
            Self::Factor => factor(number),
            Self::Fen => format!("{}.{:02} 元", number / 100, number % 100),
        }
    }
}

/// Basis points as people write a factor, such as 1.20.
pub(in crate::points) fn factor(basis_points: i64) -> String {
    let (ones, rest) = (basis_points / 10_000, basis_points % 10_000);
    if rest % 100 == 0 { format!("{ones}.{:02}", rest / 100) } else { format!("{ones}.{rest:04}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_told_as_people_write_it() {
        let (earlier, mut later) = (Rulebook::default_rules(), Rulebook::default_rules());
        assert_eq!(later.changes_from(&earlier), []);
        later.earning.day_cap = 0;
        later.coefficients.night_or_holiday_bp = 13_550;
        later.calendar.weekends = true;
        later.calendar.holidays = vec![NaiveDate::default()];
        later.expiry.mode = ExpiryMode::Never;
        later.expiry.notice_days = vec![30, 7];
        later.redemption.value_cap_year_fen = 60_050;
        let told: Vec<_> = later.changes_from(&earlier).into_iter().map(|c| (c.label, c.from, c.to)).collect();
        let expected = [
            ("每日积分上限", "60 分", "不限"),
            ("夜间和节假日系数", "1.20", "1.3550"),
            ("周六、周日按节假日计", "否", "是"),
            ("节假日", "无", "1970-01-01"),
            ("积分有效期", "次年 3 月底", "长期有效"),
            ("到期提醒的提前天数", "60 天、30 天、7 天", "30 天、7 天"),
            ("全年兑换面值上限", "500.00 元", "600.50 元"),
        ];
        assert_eq!(told, expected.map(|(label, from, to)| (label, from.to_owned(), to.to_owned())));
    }
}
