//! Donations (捐赠). A community's pool is the sum of what was given to it, and stands nowhere.

use domain::donation::Donation;
use domain::id::{DonationId, MemberId, NodeId, TransferId};
use domain::organisation::NodePath;
use domain::page::{Page, PageRequest};
use domain::time::{Instant, business_day, start_of_day, start_of_year};
use sea_orm::sea_query::{Expr, Func, SimpleExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, ExprTrait, FromQueryResult, Order, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use uuid::Uuid;

use crate::database::{ReadTx, WriteTx};
use crate::error::Result;
use crate::{join, members, organisations};

/// A donation with the names around it.
#[derive(Clone, Debug)]
pub struct DonationDetail {
    /// The donation.
    pub donation: Donation,
    /// The member's name.
    pub member_name: String,
    /// The community's name.
    pub community: String,
}

/// What a community was given.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Pool {
    /// The community.
    pub node_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its place in the tree, after which lists go on.
    pub path: String,
    /// How much.
    pub points: i64,
    /// How often.
    pub donations: i64,
    /// By how many members.
    pub donors: i64,
}

/// Keeps a new donation. Conflicts if its transfer gave before.
pub async fn insert(tx: &mut WriteTx, donation: &Donation) -> Result<()> {
    row::Entity::insert(row::ActiveModel {
        id: Set(donation.id.uuid()),
        member_id: Set(donation.member.uuid()),
        node_id: Set(donation.node.uuid()),
        points: Set(donation.points),
        transfer_id: Set(donation.transfer.uuid()),
        donated_at: Set(donation.donated_at),
    })
    .exec_without_returning(&tx.on())
    .await?;
    Ok(())
}

/// What a member gave in the year and on the day that hold `now`. Ask while the member's purse is locked, or two donations
/// count past each other.
pub async fn given_this_year_and_today(tx: &WriteTx, member: MemberId, now: Instant) -> Result<(i64, i64)> {
    let year = given_since(tx, member, start_of_year(now)).await?;
    Ok((year, given_since(tx, member, start_of_day(business_day(now))).await?))
}

async fn given_since(tx: &WriteTx, member: MemberId, since: Instant) -> Result<i64> {
    let given: Option<Option<i64>> = row::Entity::find()
        .select_only()
        .column_as(as_number(row::Column::Points.into_expr().sum()), "points")
        .filter(row::Column::MemberId.eq(member.uuid()))
        .filter(row::Column::DonatedAt.gte(since))
        .into_tuple()
        .one(&tx.on())
        .await?;
    Ok(given.flatten().unwrap_or(0))
}

/// Lists what a member gave, the newest first.
pub async fn list_own(
    tx: &ReadTx,
    member: MemberId,
    page: &PageRequest<DonationId>,
) -> Result<Page<DonationDetail, DonationId>> {
    list(tx, detailed().filter(row::Column::MemberId.eq(member.uuid())), page).await
}

/// Lists what communities within these subtrees were given, the newest first.
pub async fn list_within(
    tx: &ReadTx,
    paths: &[NodePath],
    community: Option<NodeId>,
    page: &PageRequest<DonationId>,
) -> Result<Page<DonationDetail, DonationId>> {
    let of_one = community.map(|community| row::Column::NodeId.eq(community.uuid()));
    let query =
        detailed().filter(organisations::inside_as("community", paths)).filter(Condition::all().add_option(of_one));
    list(tx, query, page).await
}

/// Sums up the pools of communities within these subtrees that were given anything, in the order of the tree.
pub async fn list_pools(tx: &ReadTx, paths: &[NodePath], page: &PageRequest<String>) -> Result<Page<Pool, String>> {
    let query = row::Entity::find().select_only();
    let mut query = join::by_id(query, organisations::row::Entity, "community", row::Column::NodeId.into_expr())
        .column(row::Column::NodeId)
        .expr_as(join::of("community", "name"), "name")
        .expr_as(join::of("community", "path"), "path")
        .expr_as(as_number(row::Column::Points.into_expr().sum()), "points")
        .expr_as(row::Column::Id.into_expr().count(), "donations")
        .expr_as(Expr::expr(row::Column::MemberId.into_expr()).count_distinct(), "donors")
        .filter(organisations::inside_as("community", paths))
        .group_by(row::Column::NodeId)
        .group_by(join::of("community", "name"))
        .group_by(join::of("community", "path"));
    if let Some(after) = &page.after {
        query = query.filter(join::of("community", "path").gt(after));
    }
    let query = query.order_by(join::of("community", "path"), Order::Asc);
    let pools = query.limit(page.limit + 1).into_model::<Pool>().all(&tx.on()).await?;
    Ok(Page::from_one_more(pools, page.limit, |pool| pool.path.clone()))
}

fn as_number(sum: SimpleExpr) -> SimpleExpr {
    Func::cast_as(sum, "BIGINT").into()
}

async fn list(
    tx: &ReadTx,
    mut query: Select<row::Entity>,
    page: &PageRequest<DonationId>,
) -> Result<Page<DonationDetail, DonationId>> {
    if let Some(after) = page.after {
        query = query.filter(row::Column::Id.lt(after.uuid()));
    }
    let query = query.order_by_desc(row::Column::Id).limit(page.limit + 1);
    let rows = query.into_model::<row::Detailed>().all(&tx.on()).await?;
    let found = rows.into_iter().map(DonationDetail::from).collect();
    Ok(Page::from_one_more(found, page.limit, |detail: &DonationDetail| detail.donation.id))
}

fn detailed() -> Select<row::Entity> {
    let query = join::by_id(row::Entity::find(), members::row::Entity, "member", row::Column::MemberId.into_expr());
    join::by_id(query, organisations::row::Entity, "community", row::Column::NodeId.into_expr())
        .expr_as(join::of("member", "name"), "member_name")
        .expr_as(join::of("community", "name"), "community_name")
}

impl From<row::Detailed> for DonationDetail {
    fn from(row: row::Detailed) -> Self {
        let row::Detailed { donation, member_name, community_name } = row;
        Self {
            donation: Donation {
                id: donation.id.into(),
                member: donation.member_id.into(),
                node: donation.node_id.into(),
                points: donation.points,
                transfer: TransferId::new(donation.transfer_id),
                donated_at: donation.donated_at,
            },
            member_name,
            community: community_name,
        }
    }
}

mod row {
    use sea_orm::FromQueryResult;
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "donation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub member_id: Uuid,
        pub node_id: Uuid,
        pub points: i64,
        pub transfer_id: Uuid,
        pub donated_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}

    #[derive(FromQueryResult)]
    pub struct Detailed {
        #[sea_orm(nested)]
        pub donation: Model,
        pub member_name: String,
        pub community_name: String,
    }
}
