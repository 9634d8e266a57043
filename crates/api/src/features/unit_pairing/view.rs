//! A pairing on the wire.

use serde::Serialize;
use storage::unit_pairings::Pairing;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::time::BeijingTime;

/// 结队
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UnitPairingView {
    /// 结队编号
    id: Uuid,
    /// 原单位编号
    unit_id: Uuid,
    /// 原单位
    #[schema(example = "平城区教育局")]
    unit: String,
    /// 社区编号
    community_id: Uuid,
    /// 社区
    #[schema(example = "文源社区")]
    community: String,
    /// 结队时间
    paired_at: BeijingTime,
}

impl From<Pairing> for UnitPairingView {
    fn from(pairing: Pairing) -> Self {
        let (unit_id, community_id) = (pairing.unit_id().uuid(), pairing.community_id().uuid());
        let Pairing { id, unit, community, paired_at, .. } = pairing;
        Self { id, unit_id, unit, community_id, community, paired_at: paired_at.into() }
    }
}
