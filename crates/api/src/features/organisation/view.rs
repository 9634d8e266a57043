//! A node of the tree on the wire.

use domain::organisation::{Node, NodeKind};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;

pub(super) type NodeKindCode = Coded<NodeKind>;

/// 组织
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OrganisationView {
    /// 编号
    id: Uuid,
    /// 上级组织编号；区没有上级
    parent_id: Option<Uuid>,
    /// 类型
    kind: NodeKindCode,
    /// 名称
    #[schema(example = "文源社区")]
    name: String,
    /// 党组织
    #[schema(example = "文源社区党委")]
    party_organisation: Option<String>,
}

impl From<Node> for OrganisationView {
    fn from(node: Node) -> Self {
        Self {
            id: node.id.uuid(),
            parent_id: node.parent.map(Into::into),
            kind: Coded(node.kind),
            name: node.name,
            party_organisation: node.party_organisation,
        }
    }
}
