//! An admin of every role, each with a random password and a random TOTP seed.

use domain::id::{AdminId, NodeId};
use domain::role::Role;
use domain::time::Instant;
use storage::admins::Admin;
use storage::{Vault, WriteTx, admins, role_grants};

use super::ids;
use crate::auth::{password, totp};
use crate::failure::Failure;

/// Account, name, role, node.
const ACCOUNTS: [(&str, &str, Role, NodeId); 10] = [
    ("district", "秦敏", Role::District, ids::DISTRICT),
    ("subdistrict", "白永和", Role::Subdistrict, ids::SUBDISTRICT),
    ("community", "段秀梅", Role::Community, ids::COMMUNITY),
    ("estate", "武志刚", Role::Estate, ids::ESTATE),
    ("unit", "温晓红", Role::Unit, ids::UNIT),
    ("merchant", "常文斌", Role::MerchantRelations, ids::DISTRICT),
    ("system", "侯立新", Role::SystemAdmin, ids::DISTRICT),
    ("security", "孟丽娜", Role::SecurityAdmin, ids::DISTRICT),
    ("auditor", "乔国强", Role::Auditor, ids::DISTRICT),
    ("unit-health", "尹慧芳", Role::Unit, ids::unit(1)),
];

/// The accounts by what they are used for in the demo's past.
pub(super) const DISTRICT: AdminId = ids::admin(0);
pub(super) const SUBDISTRICT: AdminId = ids::admin(1);
pub(super) const COMMUNITY: AdminId = ids::admin(2);
pub(super) const ESTATE: AdminId = ids::admin(3);
pub(super) const UNIT: AdminId = ids::admin(4);
pub(super) const MERCHANT: AdminId = ids::admin(5);

/// An account that is ready to be kept, and its password.
pub(super) struct Account {
    admin: Admin,
    role: Role,
    node: NodeId,
    /// The password, told once.
    pub(super) password: String,
}

impl Account {
    pub(super) fn account(&self) -> &str {
        &self.admin.account
    }

    pub(super) fn role(&self) -> Role {
        self.role
    }
}

/// Makes the accounts; their passwords are hashed side by side, because each hash takes its time.
pub(super) async fn prepare() -> Result<Vec<Account>, Failure> {
    let hashing: Vec<_> = ACCOUNTS
        .iter()
        .map(|_| {
            tokio::task::spawn_blocking(|| {
                let password = random_password();
                password::hash(&password).map(|hash| (password, hash))
            })
        })
        .collect();
    let mut accounts = Vec::new();
    for ((hashed, (account, name, role, node)), number) in hashing.into_iter().zip(ACCOUNTS).zip(0..) {
        let (password, password_hash) = hashed.await.map_err(|panic| Failure::Found(panic.to_string()))??;
        let admin = Admin {
            id: ids::admin(number),
            account: account.into(),
            name: name.into(),
            password_hash,
            totp_secret: totp::new_secret(),
            totp_last_step: 0,
            totp_confirmed: true,
            must_change_password: false,
            password_expires_at: None,
            member: None,
            failures: 0,
            locked_until: None,
            active: true,
            demo: true,
        };
        accounts.push(Account { admin, role, node, password });
    }
    Ok(accounts)
}

/// Keeps the accounts with their roles.
pub(super) async fn keep(tx: &mut WriteTx, vault: &Vault, accounts: &[Account], now: Instant) -> Result<(), Failure> {
    for (account, number) in accounts.iter().zip(0..) {
        admins::insert(tx, vault, &account.admin, now).await?;
        let grant = ids::role_grant(number);
        role_grants::insert(tx, grant, account.admin.id, account.role, account.node, None, now).await?;
    }
    Ok(())
}

/// 100 random bits in groups that can be typed.
fn random_password() -> String {
    let letters = data_encoding::BASE32_NOPAD.encode(&crate::keys::random()[..15]).to_lowercase();
    let groups: Vec<&str> = [&letters[..5], &letters[5..10], &letters[10..15], &letters[15..20]].into();
    groups.join("-")
}
