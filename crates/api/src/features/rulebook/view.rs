//! Versions of the rules on the wire.

use chrono::NaiveDate;
use domain::code::Code;
use domain::points::rulebook::{Change, RulebookState};
use domain::time::{Instant, business_day};
use serde::Serialize;
use storage::rulebooks::EditionDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use super::rules::Rules;
use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type RulebookStateCode = Coded<RulebookState>;

/// 积分规则的一个版本（摘要）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RulebookSummaryView {
    /// 规则编号
    id: Uuid,
    /// 适用范围的组织编号：区、街道或社区
    scope_id: Uuid,
    /// 适用范围
    #[schema(example = "水泊寺街道")]
    scope: String,
    /// 版本号，在同一范围内递增
    #[schema(example = 2)]
    version: i32,
    /// 状态
    state: RulebookStateCode,
    /// 状态名称
    #[schema(example = "待批准")]
    state_label: &'static str,
    /// 修改说明
    #[schema(example = "夜间和节假日服务多计两成")]
    note: Option<String>,
    /// 生效日期，自当日零时起
    #[schema(example = "2030-01-01")]
    effective_from: NaiveDate,
    /// 最后一天；没有则由下一版接替
    #[schema(example = "2030-12-31")]
    last_day: Option<NaiveDate>,
    /// 起草人
    #[schema(example = "白永和")]
    drafted_by: Option<String>,
    /// 起草时间
    created_at: BeijingTime,
    /// 批准人
    #[schema(example = "秦敏")]
    approved_by: Option<String>,
    /// 批准时间
    approved_at: Option<BeijingTime>,
}

/// 积分规则的一个版本
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RulebookView {
    /// 摘要
    #[serde(flatten)]
    summary: RulebookSummaryView,
    /// 全部条款
    rules: Rules,
    /// 与哪一版比较：生效前一刻适用于同一范围的那一版；没有则为最早的一版
    compared_with: Option<ComparedRulebookView>,
    /// 与那一版相比的改动
    changes: Vec<RuleChangeView>,
}

/// 用来比较的版本
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ComparedRulebookView {
    /// 规则编号
    pub(super) id: Uuid,
    /// 适用范围
    #[schema(example = "平城区")]
    pub(super) scope: String,
    /// 版本号
    #[schema(example = 1)]
    pub(super) version: i32,
}

/// 一处改动
#[derive(Debug, Serialize, ToSchema)]
struct RuleChangeView {
    /// 字段
    #[schema(example = "earning.day_cap")]
    field: &'static str,
    /// 条款
    #[schema(example = "每日积分上限")]
    label: &'static str,
    /// 原来
    #[schema(example = "60 分")]
    from: String,
    /// 改为
    #[schema(example = "80 分")]
    to: String,
}

impl RulebookSummaryView {
    /// The version as it stands now.
    pub(super) fn new(detail: &EditionDetail, now: Instant) -> Self {
        let edition = &detail.edition;
        let state = edition.state_at(now);
        Self {
            id: edition.id.uuid(),
            scope_id: edition.scope.uuid(),
            scope: detail.scope_name.clone(),
            version: edition.version,
            state: Coded(state),
            state_label: state.label(),
            note: edition.note.clone(),
            effective_from: business_day(edition.effective_from),
            last_day: edition.last_day(),
            drafted_by: detail.drafter_name.clone(),
            created_at: detail.created_at.into(),
            approved_by: detail.approver_name.clone(),
            approved_at: edition.approved_at.map(BeijingTime),
        }
    }
}

impl RulebookView {
    /// The version beside the one it is compared with.
    pub(super) fn new(
        detail: EditionDetail,
        compared_with: Option<ComparedRulebookView>,
        changes: Vec<Change>,
        now: Instant,
    ) -> Self {
        Self {
            summary: RulebookSummaryView::new(&detail, now),
            rules: Rules(detail.edition.rules),
            compared_with,
            changes: changes.into_iter().map(RuleChangeView::from).collect(),
        }
    }
}

impl From<Change> for RuleChangeView {
    fn from(Change { field, label, from, to }: Change) -> Self {
        Self { field, label, from, to }
    }
}
