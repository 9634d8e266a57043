//! Creates an admin with a one-time password, as the first of them must be.

use chrono::Duration;
use clap::Args;
use domain::code::Code;
use domain::id::{AdminId, RoleGrantId};
use domain::role::Role;
use storage::{admins, organisations, role_grants};
use uuid::Uuid;

use super::Failure;
use crate::auth::{password, totp};
use crate::clock::Clock;
use crate::config::Config;
use crate::state::State;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name typed to sign in.
    account: String,
    /// The person's name.
    #[arg(long)]
    name: String,
    /// One of: system_admin, security_admin, auditor, district, subdistrict, community, estate, unit, merchant_relations.
    #[arg(long)]
    role: String,
    /// The node where the role is held, by id; the district if absent.
    #[arg(long)]
    node: Option<Uuid>,
    /// The district's name, if the database has none yet.
    #[arg(long, default_value = "平城区")]
    district: String,
}

pub(super) async fn run(config: Config, arguments: Arguments) -> Result<(), Failure> {
    let role = Role::from_code(&arguments.role).ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.code()).collect();
        Failure::Usage(format!("--role must be one of {}", known.join(", ")))
    })?;
    let account = crate::http::input::line("account", &arguments.account, 40)
        .map_err(|error| Failure::Usage(error.errors[0].message.clone()))?;
    let state = State::open(config, Clock::default()).await?;
    let now = state.clock.wall();

    let secret = data_encoding::BASE32_NOPAD.encode(&crate::keys::random()[..15]);
    let admin = admins::Admin {
        id: AdminId::new(Uuid::now_v7()),
        account,
        name: arguments.name,
        password_hash: password::hash(&secret)?,
        totp_secret: totp::new_secret(),
        totp_last_step: 0,
        totp_confirmed: false,
        must_change_password: true,
        password_expires_at: Some(now + Duration::hours(24)),
        member: None,
        failures: 0,
        locked_until: None,
        active: true,
        demo: false,
    };
    let mut tx = state.database.write().await?;
    let node = match arguments.node {
        Some(node) => organisations::find(&tx, node.into()).await?,
        None => match organisations::root(&tx).await? {
            Some(root) => Some(root),
            None => Some(organisations::insert_root(&mut tx, Uuid::now_v7().into(), &arguments.district, now).await?),
        },
    };
    let node = node.ok_or_else(|| Failure::Usage("--node names no node of the organisation tree".into()))?;
    let taken = admins::find_by_account(&tx, &state.vault, &admin.account).await?.is_some();
    if taken {
        return Err(Failure::Usage(format!("the account {} exists already", admin.account)));
    }
    admins::insert(&mut tx, &state.vault, &admin, now).await?;
    role_grants::insert(&mut tx, RoleGrantId::new(Uuid::now_v7()), admin.id, role, node.id, None, now).await?;
    tx.commit().await?;

    println!("account            {}", admin.account);
    println!("one-time password  {secret}   (24 hours; sign in and change it)");
    println!("authenticator      {}", totp::enrolment_address(&admin.totp_secret, &admin.account)?);
    println!("role               {} ({}) at {}", role.code(), role.label(), node.name);
    Ok(())
}
