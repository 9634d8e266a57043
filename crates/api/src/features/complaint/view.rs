//! A complaint on the wire.

use domain::complaint::{Complaint, ComplaintCategory, ComplaintState};
use serde::Serialize;
use storage::complaints::ReceivedComplaint;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::{AudienceCode, Coded};
use crate::http::time::BeijingTime;

pub(super) type ComplaintCategoryCode = Coded<ComplaintCategory>;
pub(super) type ComplaintStateCode = Coded<ComplaintState>;

/// 投诉建议
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ComplaintView {
    /// 编号
    id: Uuid,
    /// 受理号，电话查询时使用
    #[schema(example = "TS20261124-7K3M9QX2")]
    number: String,
    /// 类别
    category: ComplaintCategoryCode,
    /// 内容
    #[schema(example = "上周六的活动少记了一小时")]
    content: String,
    /// 状态
    state: ComplaintStateCode,
    /// 答复
    #[schema(example = "已核实并补记，感谢您的反馈")]
    answer: Option<String>,
    /// 答复时间
    answered_at: Option<BeijingTime>,
    /// 提交时间
    created_at: BeijingTime,
}

/// 投诉建议（办理用）
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ReceivedComplaintView {
    /// 投诉建议
    #[serde(flatten)]
    complaint: ComplaintView,
    /// 从哪一端提出
    audience: AudienceCode,
    /// 提出人姓名；尚未绑定的用户没有
    #[schema(example = "张建国")]
    name: Option<String>,
}

impl From<Complaint> for ComplaintView {
    fn from(complaint: Complaint) -> Self {
        Self {
            id: complaint.id.uuid(),
            number: complaint.number,
            category: Coded(complaint.category),
            content: complaint.content,
            state: Coded(complaint.state),
            answer: complaint.answer,
            answered_at: complaint.answered_at.map(BeijingTime),
            created_at: complaint.created_at.into(),
        }
    }
}

impl From<ReceivedComplaint> for ReceivedComplaintView {
    fn from(received: ReceivedComplaint) -> Self {
        let ReceivedComplaint { complaint, audience, name } = received;
        Self { complaint: complaint.into(), audience: Coded(audience), name }
    }
}
