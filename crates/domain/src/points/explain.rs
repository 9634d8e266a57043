//! Explanations (积分说明): one sentence with the arithmetic behind a credit.

use super::earning::weighed_minutes;
use super::rulebook::factor;
use super::{Cap, CreditDecision, EarnRule, Rulebook, TransferKind};
use crate::code::Code;
use crate::exclusion::UNPAID_NOTICE;
use crate::service::{Evaluation, ServiceKind};

/// A credit as it was decided, under the rules that decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreditExplanation {
    /// The rulebook's version.
    pub version: i32,
    /// Whose rulebook it is, unless it is the district's.
    pub scope: Option<String>,
    /// The rules of that version.
    pub rules: Rulebook,
    /// Every number.
    pub decision: CreditDecision,
    /// What the debt took.
    pub debt_paid: i64,
}

/// Says in one sentence how many points were given and why.
pub fn explain(credit: &CreditExplanation) -> String {
    let CreditExplanation { version, scope, rules, decision, debt_paid } = credit;
    let what = match decision.rule {
        EarnRule::Service { kind, evaluation, off } => service(rules, decision, kind, evaluation, off),
        EarnRule::OwnDuty { .. } => format!(
            "服务 {} 分钟，记入服务时长；属于本职工作、在工作时间内完成，不计积分",
            decision.timed_minutes + decision.made_up_minutes
        ),
        EarnRule::Excluded { .. } => {
            format!("服务 {} 分钟，记入服务时长；{UNPAID_NOTICE}", decision.timed_minutes + decision.made_up_minutes)
        }
        EarnRule::Event(event) => format!("{} {} 分", event.label(), decision.uncapped_points),
    };
    let capped = decision.cap.map(|cap| {
        let most = match (cap, decision.rule) {
            (Cap::Day, _) => format!(" {} 分", rules.earning.day_cap),
            (Cap::Month, _) => format!(" {} 分", rules.earning.month_cap),
            (Cap::Year, _) => format!(" {} 分", rules.earning.year_cap),
            (Cap::Times, EarnRule::Event(event)) => {
                event.per_day(&rules.events).map_or_else(String::new, |times| format!(" {times} 次"))
            }
            (Cap::Times, EarnRule::Service { .. } | EarnRule::OwnDuty { .. } | EarnRule::Excluded { .. }) => {
                String::new()
            }
        };
        format!("，因{}{most}，实得 {} 分", cap.label(), decision.points)
    });
    let debt = (*debt_paid > 0).then(|| format!("，其中 {debt_paid} 分先抵还欠分"));
    let whose = scope.as_deref().unwrap_or_default();
    format!("{what}{}{}（{whose}积分规则第 {version} 版）。", capped.unwrap_or_default(), debt.unwrap_or_default())
}

fn service(
    rules: &Rulebook,
    decision: &CreditDecision,
    kind: ServiceKind,
    evaluation: Evaluation,
    off: bool,
) -> String {
    let (earning, coefficients) = (&rules.earning, &rules.coefficients);
    let made_up = (decision.made_up_minutes > 0).then(|| {
        format!("、补录 {} 分钟（按 {} 计）", decision.made_up_minutes, factor(coefficients.made_up_bp.into()))
    });
    let served = format!("服务 {} 分钟{}", decision.timed_minutes, made_up.unwrap_or_default());
    if decision.counted_minutes == 0 {
        return format!("{served}，不足 {} 分钟，不计积分", earning.unit_minutes);
    }
    let most = earning.max_minutes_per_session;
    let limit = if weighed_minutes(rules, decision.timed_minutes, decision.made_up_minutes) > most {
        format!("单场最多计 {most} 分钟")
    } else {
        format!("每满 {} 分钟计一次", earning.unit_minutes)
    };
    let off = off.then(|| format!(" × 夜间或节假日 {}", factor(coefficients.night_or_holiday_bp.into())));
    format!(
        "{served}，{limit}，计 {} 分钟；每 30 分钟 {} 分，基础分 {} 分；乘以系数 {}（{} {} × 评价{} {}{}），得 {} 分",
        decision.counted_minutes,
        earning.points_per_half_hour,
        decision.base_points,
        factor(decision.coefficient_bp.into()),
        kind.label(),
        factor(coefficients.of_kind(kind).into()),
        evaluation.label(),
        factor(coefficients.of_evaluation(evaluation).into()),
        off.unwrap_or_default(),
        decision.uncapped_points,
    )
}

/// Says in one sentence what a transfer without a rule behind it did: a spending, a refund, an expiry, a correction;
/// `decided` says at which levels, where people decided it.
pub fn describe(kind: TransferKind, reason: &str, points: i64, debt: i64, decided: Option<&str>) -> String {
    let decided = decided.map(|decided| format!("（{decided}）")).unwrap_or_default();
    if debt > 0 && points + debt == 0 {
        return format!("{reason} {debt} 分{decided}。");
    }
    let all = (points + debt).abs();
    let owed = match debt {
        0 => String::new(),
        1.. if points == 0 => "，全部先抵还欠分".into(),
        _ if points == 0 => "，余额不足，全部记为欠分".into(),
        paid @ 1.. => format!("，其中 {paid} 分先抵还欠分"),
        made => format!("，其中 {} 分余额不足，记为欠分", -made),
    };
    // Every other kind goes one way and its name says which.
    let done = match kind {
        TransferKind::Adjust if points + debt < 0 => "扣减",
        TransferKind::Adjust => "增加",
        other => other.label(),
    };
    format!("{reason}，{done} {all} 分{owed}{decided}。")
}

#[cfg(test)]
mod tests {
    use super::super::{Earned, RewardedEvent, Service, credit_for_event, credit_for_service};
    use super::*;
    use crate::time::Instant;

    fn sentence(minutes: i64, made_up: i64, day: i64, debt_paid: i64) -> String {
        let rules = Rulebook::default_rules();
        let decision = credit_for_service(&rules, &served(minutes, made_up), Earned { day, month: day, year: day });
        explain(&CreditExplanation { version: 1, scope: None, rules, decision, debt_paid })
    }

    fn served(minutes: i64, made_up: i64) -> Service {
        Service {
            timed_minutes: minutes,
            made_up_minutes: made_up,
            kind: ServiceKind::Professional,
            evaluation: Evaluation::A,
            starts_at: Instant::UNIX_EPOCH,
            own_duty: false,
            excluded: false,
        }
    }

    #[test]
    fn a_credit_is_explained_with_its_arithmetic() {
        assert_eq!(
            sentence(135, 0, 0, 0),
            "服务 135 分钟，每满 30 分钟计一次，计 120 分钟；每 30 分钟 5 分，基础分 20 分；\
             乘以系数 1.80（专业服务 1.50 × 评价优秀 1.20），得 36 分（积分规则第 1 版）。"
        );
        assert_eq!(
            sentence(300, 30, 50, 4),
            "服务 300 分钟、补录 30 分钟（按 0.00 计），单场最多计 240 分钟，计 240 分钟；每 30 分钟 5 分，基础分 40 分；\
             乘以系数 1.80（专业服务 1.50 × 评价优秀 1.20），得 72 分，因当日上限 60 分，实得 10 分，\
             其中 4 分先抵还欠分（积分规则第 1 版）。"
        );
        assert_eq!(sentence(20, 0, 0, 0), "服务 20 分钟，不足 30 分钟，不计积分（积分规则第 1 版）。");
    }

    #[test]
    fn every_other_movement_is_described() {
        let cases = [
            (TransferKind::Redeem, "兑换：理发券", -20, 0, None, "兑换：理发券，兑换 20 分。"),
            (TransferKind::Clawback, "虚假打卡", -5, -3, None, "虚假打卡，追回 8 分，其中 3 分余额不足，记为欠分。"),
            (TransferKind::Clawback, "积分解冻，先抵还欠分", -6, 6, None, "积分解冻，先抵还欠分 6 分。"),
            (TransferKind::Adjust, "补记", 5, 3, None, "补记，增加 8 分，其中 3 分先抵还欠分。"),
            (TransferKind::Adjust, "补记", 8, 0, Some("社区提出"), "补记，增加 8 分（社区提出）。"),
            (TransferKind::Adjust, "重复入账", -8, 0, Some("社区提出"), "重复入账，扣减 8 分（社区提出）。"),
            (TransferKind::Clawback, "虚假打卡", 0, -8, None, "虚假打卡，追回 8 分，余额不足，全部记为欠分。"),
            (TransferKind::Adjust, "重复入账", -5, -3, None, "重复入账，扣减 8 分，其中 3 分余额不足，记为欠分。"),
        ];
        for (kind, reason, points, debt, decided, sentence) in cases {
            assert_eq!(describe(kind, reason, points, debt, decided), sentence);
        }
    }

    #[test]
    fn a_night_and_the_scope_of_the_rules_are_told() {
        let mut rules = Rulebook::default_rules();
        (rules.calendar.night_from, rules.calendar.night_until) = (8, 9);
        let decision = credit_for_service(&rules, &served(60, 0), Earned::default());
        let scope = Some("文源社区".into());
        assert_eq!(
            explain(&CreditExplanation { version: 3, scope, rules, decision, debt_paid: 0 }),
            "服务 60 分钟，每满 30 分钟计一次，计 60 分钟；每 30 分钟 5 分，基础分 10 分；\
             乘以系数 2.16（专业服务 1.50 × 评价优秀 1.20 × 夜间或节假日 1.20），得 21 分（文源社区积分规则第 3 版）。"
        );
    }

    #[test]
    fn why_own_duty_gives_no_points_is_told() {
        let rules = Rulebook::default_rules();
        let decision = credit_for_service(&rules, &Service { own_duty: true, ..served(100, 20) }, Earned::default());
        assert_eq!(
            explain(&CreditExplanation { version: 1, scope: None, rules, decision, debt_paid: 0 }),
            "服务 120 分钟，记入服务时长；属于本职工作、在工作时间内完成，不计积分（积分规则第 1 版）。"
        );
    }

    #[test]
    fn that_earning_was_stopped_is_told_without_a_reason() {
        let rules = Rulebook::default_rules();
        let decision = credit_for_service(&rules, &Service { excluded: true, ..served(100, 20) }, Earned::default());
        assert_eq!(
            explain(&CreditExplanation { version: 1, scope: None, rules, decision, debt_paid: 0 }),
            "服务 120 分钟，记入服务时长；服务期间暂不计积分，详情请咨询所在单位（积分规则第 1 版）。"
        );
    }

    #[test]
    fn an_event_is_explained() {
        let told = |event, times| {
            let rules = Rulebook::default_rules();
            let decision = credit_for_event(&rules, event, times, Earned::default());
            explain(&CreditExplanation { version: 2, scope: None, rules, decision, debt_paid: 0 })
        };
        assert_eq!(told(RewardedEvent::FirstResidency, 0), "首次报到奖励 20 分（积分规则第 2 版）。");
        let spent = "有效随手拍 3 分，因当日次数上限 3 次，实得 0 分（积分规则第 2 版）。";
        assert_eq!(told(RewardedEvent::IssueValid, 3), spent);
    }
}
