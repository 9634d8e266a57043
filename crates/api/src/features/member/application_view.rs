//! An application for membership on the wire.

use chrono::NaiveDate;
use domain::application::ApplicationState;
use serde::Serialize;
use storage::membership_applications::ShownApplication;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ApplicationStateCode = Coded<ApplicationState>;

/// 入册申请
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MembershipApplicationView {
    /// 编号
    id: Uuid,
    /// 状态
    state: ApplicationStateCode,
    /// 姓名
    #[schema(example = "孙晓明")]
    name: String,
    /// 手机号后四位，手机号已由微信验证
    #[schema(example = "1234")]
    phone_tail: String,
    /// 单位编号
    unit_id: Uuid,
    /// 单位
    #[schema(example = "平城区教育局")]
    unit: String,
    /// 所在党组织；只在待确认时给出，供本人和有权确认的管理员核对，处理后不再显示
    #[schema(example = "机关第一党支部")]
    party_organisation: Option<String>,
    /// 入党日期；只在待确认时给出，供本人和有权确认的管理员核对，处理后不再显示
    #[schema(example = "2012-07-01")]
    joined_on: Option<NaiveDate>,
    /// 提交时间
    submitted_at: BeijingTime,
    /// 处理时间
    decided_at: Option<BeijingTime>,
    /// 退回的原因
    #[schema(example = "本单位没有这位同志")]
    refusal_reason: Option<String>,
    /// 入册后的党员编号
    member_id: Option<Uuid>,
}

impl From<ShownApplication> for MembershipApplicationView {
    fn from(shown: ShownApplication) -> Self {
        let ShownApplication { application, unit, record } = shown;
        let (party_organisation, joined_on) = record.map(|record| (record.organisation, record.joined_on)).unzip();
        Self {
            id: application.id.uuid(),
            state: Coded(application.state),
            name: application.name,
            phone_tail: application.phone_tail,
            unit_id: application.unit.uuid(),
            unit,
            party_organisation,
            joined_on,
            submitted_at: application.submitted_at.into(),
            decided_at: application.decided_at.map(BeijingTime),
            refusal_reason: application.refusal_reason,
            member_id: application.member.map(Into::into),
        }
    }
}
