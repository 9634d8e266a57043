//! Exclusions as the unit and the district see them; nobody else lists them.

use domain::exclusion::ExclusionKind;
use serde::Serialize;
use storage::exclusions::ExclusionDetail;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::time::BeijingTime;

pub(super) type ExclusionKindCode = Coded<ExclusionKind>;

/// 不参与名单中的一条
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ExclusionView {
    /// 编号，移出时填写
    id: Uuid,
    /// 党员编号
    member_id: Uuid,
    /// 党员姓名
    #[schema(example = "张建国")]
    member_name: String,
    /// 党员号
    #[schema(example = "PC00000001")]
    member_number: String,
    /// 原单位
    #[schema(example = "平城区教育局")]
    unit: String,
    /// 暂不计积分，还是暂不使用积分
    kind: ExclusionKindCode,
    /// 由哪个组织列入
    #[schema(example = "平城区教育局")]
    set_by: String,
    /// 列入时间，自此生效
    set_at: BeijingTime,
    /// 由哪个组织移出；生效中的为空
    #[schema(example = json!(null))]
    lifted_by: Option<String>,
    /// 移出时间；生效中的为空
    lifted_at: Option<BeijingTime>,
}

impl From<ExclusionDetail> for ExclusionView {
    fn from(detail: ExclusionDetail) -> Self {
        let ExclusionDetail { exclusion, member_name, member_number, unit, set_by, lifted_by } = detail;
        Self {
            id: exclusion.id.uuid(),
            member_id: exclusion.member.uuid(),
            member_name,
            member_number,
            unit,
            kind: Coded(exclusion.kind),
            set_by,
            set_at: exclusion.set.at.into(),
            lifted_by,
            lifted_at: exclusion.lifted.map(|step| step.at.into()),
        }
    }
}
