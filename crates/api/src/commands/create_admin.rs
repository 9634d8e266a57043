//! Creates an admin with a one-time password, as the first of them must be.

use chrono::Duration;
use clap::Args;
use domain::code::Code;
use domain::id::{AdminId, RoleGrantId};
use domain::organisation::{Node, NodeKind};
use domain::role::Role;
use storage::admins::{self, Admin};
use storage::{organisations, role_grants};
use uuid::Uuid;

use crate::auth::{password, totp};
use crate::clock::Clock;
use crate::config::Config;
use crate::error::ApiResult;
use crate::failure::Failure;
use crate::http::input;
use crate::state::State;
use crate::use_case::{UseCase, Work};

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
    let account = line("account", &arguments.account, 40)?;
    let name = line("--name", &arguments.name, 30)?;
    let district = line("--district", &arguments.district, 60)?;
    let state = State::open(config, Clock::default()).await?;
    let reader = state.database.read();
    if admins::find_by_account(&reader, &state.vault, &account).await?.is_some() {
        return Err(Failure::Usage(format!("the account {account} exists already")));
    }
    let node = match arguments.node {
        Some(node) => {
            let found = organisations::find(&reader, node.into()).await?;
            Some(found.ok_or_else(|| Failure::Usage("--node names no node of the organisation tree".into()))?)
        }
        None => None,
    };
    let kind = node.as_ref().map_or(NodeKind::District, |node| node.kind);
    if !role.fits(kind) {
        let (role, kind) = (role.code(), kind.label());
        return Err(Failure::Usage(format!("{role} is not held at a {kind}: name another node by --node")));
    }

    let secret = data_encoding::BASE32_NOPAD.encode(&crate::keys::random()[..15]);
    let admin = Admin {
        id: AdminId::new(Uuid::now_v7()),
        account,
        name,
        password_hash: password::hash_aside(&state, secret.clone()).await?,
        totp_secret: totp::new_secret(),
        totp_last_step: 0,
        totp_confirmed: false,
        must_change_password: true,
        password_expires_at: Some(state.clock.wall() + Duration::hours(24)),
        member: None,
        failures: 0,
        locked_until: None,
        active: true,
        demo: false,
    };
    let kept = admin.clone();
    let story = UseCase::at_command_line(state).write("create_admin", move |work| {
        Box::pin(async move {
            work.about("admin", kept.id);
            work.because(format!("命令行新建，授予{}", role.label()));
            keep(work, &kept, role, node, &district).await
        })
    });
    let node = story.await?;

    println!("account            {}", admin.account);
    println!("one-time password  {secret}   (24 hours; sign in and change it)");
    println!("authenticator      {}", totp::enrolment_address(&admin.totp_secret, &admin.account)?);
    println!("role               {} ({}) at {}", role.code(), role.label(), node.name);
    Ok(())
}

/// Keeps the account and its role at the node; at the root if none is named, which is made if there is none.
async fn keep(work: &mut Work, admin: &Admin, role: Role, node: Option<Node>, district: &str) -> ApiResult<Node> {
    let (tx, now) = (&mut work.tx, work.wall);
    let node = match node {
        Some(node) => node,
        None => match organisations::root(tx).await? {
            Some(root) => root,
            None => organisations::insert_root(tx, Uuid::now_v7().into(), district, now).await?,
        },
    };
    admins::insert(tx, &work.app.vault, admin, now).await?;
    role_grants::insert(tx, RoleGrantId::new(Uuid::now_v7()), admin.id, role, node.id, None, now).await?;
    Ok(node)
}

/// A line of text as the API would take it.
fn line(name: &str, text: &str, most: usize) -> Result<String, Failure> {
    input::line(name, text, most).map_err(|error| Failure::Usage(format!("{name}: {}", error.errors[0].message)))
}
