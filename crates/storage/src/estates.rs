//! Estates (小区) as members look for theirs.

use domain::id::NodeId;
use domain::organisation::NodeKind;
use domain::page::{Page, PageRequest};
use sea_orm::{ColumnTrait, Condition, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::error::Result;
use crate::mapping::code;
use crate::organisations::row;
use crate::{join, search};

/// An estate with what it lies in, so that two of the same name can be told apart.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Estate {
    id: Uuid,
    path: String,
    /// Its name.
    pub name: String,
    /// The name of its community.
    pub community: String,
    /// The name of its subdistrict.
    pub subdistrict: String,
}

impl Estate {
    /// The estate.
    pub fn id(&self) -> NodeId {
        self.id.into()
    }
}

/// Lists estates in the order of the tree; `text` is part of the estate's or the community's name.
pub async fn list(
    tx: &ReadTx,
    text: Option<&str>,
    community: Option<NodeId>,
    page: &PageRequest<String>,
) -> Result<Page<Estate, String>> {
    let estates = row::Entity::find().filter(row::Column::Kind.eq(code::write(NodeKind::Estate)));
    let query = join::by_id(estates, row::Entity, "community", row::Column::ParentId.into_expr());
    let query = join::by_id(query, row::Entity, "subdistrict", join::of("community", "parent_id"));
    let named = text.map(|text| {
        let community = search::contains(("community", "name"), text);
        Condition::any().add(search::contains((row::Entity, row::Column::Name), text)).add(community)
    });
    let there = community.map(|community| row::Column::ParentId.eq(community.uuid()));
    let after = page.after.as_ref().map(|after| row::Column::Path.gt(after));
    let found = query
        .select_only()
        .columns([row::Column::Id, row::Column::Path, row::Column::Name])
        .expr_as(join::of("community", "name"), "community")
        .expr_as(join::of("subdistrict", "name"), "subdistrict")
        .filter(Condition::all().add_option(named).add_option(there).add_option(after))
        .order_by_asc(row::Column::Path)
        .limit(page.limit + 1)
        .into_model::<Estate>()
        .all(&tx.on())
        .await?;
    Ok(Page::from_one_more(found, page.limit, |estate| estate.path.clone()))
}
