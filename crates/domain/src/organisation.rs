//! The organisation tree (组织): district, subdistrict, community, estate and below, with the home units beside them.

use thiserror::Error;

use crate::code::{Code, codes};
use crate::id::NodeId;
use crate::text::{self, TextError};

codes! {
    /// What a node is.
    NodeKind {
        District = "district", "区";
        Subdistrict = "subdistrict", "街道党工委";
        Community = "community", "社区党委";
        Estate = "estate", "小区党支部";
        BuildingGroup = "building_group", "楼栋党小组";
        HubHousehold = "hub_household", "党员中心户";
        Unit = "unit", "原单位";
    }
}

impl NodeKind {
    /// Whether a node of this kind may hang directly below one of the other kind.
    pub fn may_hang_below(self, parent: Self) -> bool {
        matches!(
            (parent, self),
            (Self::District, Self::Subdistrict | Self::Unit)
                | (Self::Subdistrict, Self::Community)
                | (Self::Community, Self::Estate)
                | (Self::Estate, Self::BuildingGroup)
                | (Self::BuildingGroup, Self::HubHousehold)
        )
    }
}

/// A node's place in the tree: the sequence numbers from the root, each closed by a slash, as in `1/4/2/`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NodePath(String);

impl NodePath {
    /// The path of the root.
    pub fn root() -> Self {
        Self("1/".into())
    }

    /// Reads a path as storage keeps it.
    pub fn from_stored(path: String) -> Self {
        Self(path)
    }

    /// The path of this node's `number`th child.
    #[must_use]
    pub fn child(&self, number: u32) -> Self {
        Self(format!("{}{number}/", self.0))
    }

    /// Whether the other node is this one or lies below it; `1/1/` does not cover `1/10/`.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// This node's path and those of all above it, the lowest first.
    pub fn upwards(&self) -> impl Iterator<Item = Self> {
        let ends = self.0.match_indices('/').map(|(at, _)| at + 1);
        ends.rev().map(|end| Self(self.0[..end].into()))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A node of the tree.
#[derive(Clone, Debug)]
pub struct Node {
    /// Its id.
    pub id: NodeId,
    /// The node above; none for the district.
    pub parent: Option<NodeId>,
    /// What it is.
    pub kind: NodeKind,
    /// Its name, such as 水泊寺街道.
    pub name: String,
    /// The party organisation it carries, such as 水泊寺街道党工委.
    pub party_organisation: Option<String>,
    /// Its place in the tree.
    pub path: NodePath,
}

/// Why the tree is not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlaceError {
    /// A node of this kind cannot hang there.
    #[error("{}下不能设{}", .0.label(), .1.label())]
    WrongPlace(NodeKind, NodeKind),
    /// Only a unit is paired, and only with a community.
    #[error("只能由原单位与社区结队")]
    WrongPair,
    /// They are paired already.
    #[error("该单位与该社区已经结队")]
    AlreadyPaired,
}

/// Decides whether a new node of a kind may hang below another.
pub fn hang(parent: NodeKind, kind: NodeKind) -> Result<(), PlaceError> {
    if kind.may_hang_below(parent) { Ok(()) } else { Err(PlaceError::WrongPlace(parent, kind)) }
}

/// Decides whether a unit may enter a community as a block (结队).
pub fn pair(unit: NodeKind, community: NodeKind, paired: bool) -> Result<(), PlaceError> {
    match (unit, community) {
        (NodeKind::Unit, NodeKind::Community) if paired => Err(PlaceError::AlreadyPaired),
        (NodeKind::Unit, NodeKind::Community) => Ok(()),
        _ => Err(PlaceError::WrongPair),
    }
}

/// The name of an organisation.
pub fn name(text: &str) -> Result<String, TextError> {
    text::clean(text, 60, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_covers_its_subtree_exactly() {
        let first = NodePath::root().child(1);
        let tenth = NodePath::root().child(10);
        assert!(NodePath::root().covers(&tenth));
        assert!(first.covers(&first));
        assert!(!first.covers(&tenth));
        assert!(!first.covers(&NodePath::root()));
    }
    #[test]
    fn each_level_hangs_below_the_one_above() {
        assert_eq!(hang(NodeKind::District, NodeKind::Unit), Ok(()));
        assert_eq!(hang(NodeKind::Community, NodeKind::Estate), Ok(()));
        let refusal = hang(NodeKind::Community, NodeKind::Unit);
        assert_eq!(refusal.map_err(|e| e.to_string()), Err("社区党委下不能设原单位".into()));
        assert!(hang(NodeKind::Unit, NodeKind::District).is_err());
    }

    #[test]
    fn a_unit_is_paired_with_a_community_once() {
        assert_eq!(pair(NodeKind::Unit, NodeKind::Community, false), Ok(()));
        assert_eq!(pair(NodeKind::Unit, NodeKind::Community, true), Err(PlaceError::AlreadyPaired));
        assert_eq!(pair(NodeKind::Community, NodeKind::Unit, false), Err(PlaceError::WrongPair));
    }
}
