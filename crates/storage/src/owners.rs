//! Whose each account is (账户归属): an account's id follows from its kind and its member, so neither can be put in another's place.

use domain::code::Code;
use domain::id::{AccountId, MemberId};
use domain::points::SystemAccount;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::accounts::row;
use crate::database::ReadTx;
use crate::error::Result;
use crate::invariants::Violations;

/// Accounts that are looked at at once.
const AT_ONCE: u64 = 5_000;

/// What the ids prove, as [`crate::invariants`] say theirs.
pub const RULE: (&str, &str) =
    ("account_owner", "an account's id is the one of its member and kind, or of the books' own");

/// Goes through all accounts.
pub async fn check(tx: &ReadTx) -> Result<Violations> {
    check_some(tx, Condition::all()).await
}

/// Looks at the books' own accounts only.
pub async fn check_books(tx: &ReadTx) -> Result<Violations> {
    check_some(tx, Condition::all().add(row::Column::MemberId.is_null())).await
}

/// Looks at the accounts of these members only.
pub(crate) async fn check_members(tx: &ReadTx, members: &[MemberId]) -> Result<Violations> {
    let theirs = row::Column::MemberId.is_in(members.iter().map(|member| member.uuid()));
    check_some(tx, Condition::all().add(theirs)).await
}

async fn check_some(tx: &ReadTx, which: Condition) -> Result<Violations> {
    let (mut broken, mut after) = (Violations::default(), None);
    loop {
        let mut query = row::Entity::find().filter(which.clone()).order_by_asc(row::Column::Id).limit(AT_ONCE);
        if let Some(after) = after {
            query = query.filter(row::Column::Id.gt(after));
        }
        let rows = query.all(&tx.on()).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.id);
        for row in rows.iter().filter(|row| !is_own(row)) {
            broken.add(row.id);
        }
    }
    Ok(broken)
}

/// Whether the account has the id that follows from what it is.
fn is_own(row: &row::Model) -> bool {
    let own = match (row.kind.as_str(), row.member_id.map(MemberId::new)) {
        ("points", Some(member)) => Some(AccountId::points_of(member)),
        ("debt", Some(member)) => Some(AccountId::debt_of(member)),
        (kind, None) => SystemAccount::from_code(kind).map(AccountId::of_system),
        _ => None,
    };
    own.map(AccountId::uuid) == Some(row.id)
}
