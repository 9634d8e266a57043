//! The true application, on a port and a database of its own.

use std::collections::BTreeMap;
use std::sync::Mutex;

use api::clock::Clock;
use api::config::Config;
use api::state::{App, State};
use domain::consent::{POLICY_VERSION, Purpose};
use domain::id::{AdminId, IdentityId, MemberId, SessionId};
use domain::role::Role;
use domain::session::{Audience, Holder, Session};
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use storage::{admins, consents, identities, sessions};
use tempfile::TempDir;
use uuid::Uuid;

use crate::client::Client;
use crate::database;
use crate::world::{self, World};

/// A running server with a seeded world. Dropped, it stops.
pub struct TestApp {
    /// `http://127.0.0.1:port`
    pub base: String,
    /// The same of the management listener, if it is another one.
    pub management: Option<String>,
    /// The state inside, to look at what no answer shows.
    pub state: App,
    /// The people and places that every test starts with.
    pub world: World,
    /// The database's address.
    pub database_url: String,
    handles: Vec<actix_web::dev::ServerHandle>,
    directory: TempDir,
    members: Mutex<BTreeMap<String, Client>>,
}

impl TestApp {
    /// Starts a server on a fresh database with the small world.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database_url = database::fresh(directory.path()).await;
        let state = open(&directory, &database_url, false).await;
        let world = world::seed(&state).await;
        Self::serve(state, world, database_url, directory)
    }

    /// The same with a management listener beside the public one, as production has it.
    pub async fn start_split() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database_url = database::fresh(directory.path()).await;
        let state = open(&directory, &database_url, true).await;
        let world = world::seed(&state).await;
        Self::serve(state, world, database_url, directory)
    }

    /// Starts a server on a fresh database with what a first start fills it with instead of the small world.
    pub async fn demo() -> Self {
        let app = Self::empty().await;
        api::demo::settle(&app.state).await.expect("the demo loads");
        app
    }

    /// Starts a server on a fresh database with nothing in it.
    pub async fn empty() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database_url = database::fresh(directory.path()).await;
        let state = open(&directory, &database_url, false).await;
        Self::serve(state, World::default(), database_url, directory)
    }

    /// The same as the application's role of a database that another role owns and migrates, with the small world.
    pub async fn start_as_application(database_url: String, migration_url: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let mut config = settings(&directory, &database_url, false);
        config.database.migration_url = Some(migration_url.into());
        let state = State::open(config, Clock::default()).await.expect("the state opens");
        let world = world::seed(&state).await;
        Self::serve(state, world, database_url, directory)
    }

    /// What the settings call the data directory.
    pub fn data_directory(&self) -> &std::path::Path {
        self.directory.path()
    }

    /// A second server on the same database and keys, as another replica would be.
    pub async fn replica(&self) -> Self {
        self.replica_by(&self.database_url).await
    }

    /// The same, which reaches the database by another address.
    pub async fn replica_by(&self, database_url: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let keys = "keys.toml";
        std::fs::copy(self.directory.path().join(keys), directory.path().join(keys)).expect("the keys are copied");
        let state = open(&directory, database_url, false).await;
        Self::serve(state, self.world.clone(), database_url.into(), directory)
    }

    fn serve(state: App, world: World, database_url: String, directory: TempDir) -> Self {
        let running = api::start(state.clone()).expect("a spare port");
        let base = format!("http://{}", running.public);
        let management = running.management.map(|address| format!("http://{address}"));
        let (handles, members) = (running.handles, Mutex::default());
        Self { base, management, state, world, database_url, handles, directory, members }
    }

    /// Runs the jobs at a replica that dies as soon as this number has grown.
    pub async fn run_jobs_until_grown(&self, sql: &str) {
        let (replica, before) = (self.replica().await, self.number(sql).await);
        replica.state.clock.set_ahead_seconds(self.state.clock.ahead_seconds());
        let state = replica.state.clone();
        let jobs = tokio::spawn(async move { api::jobs::run_all(&state).await });
        loop {
            let over = jobs.is_finished();
            if self.number(sql).await > before {
                break;
            }
            assert!(!over, "a round that did nothing of what was left: {sql}");
        }
        jobs.abort();
        drop(jobs.await);
        replica.leave().await;
        self.tamper("DELETE FROM lease").await;
    }

    /// Closes this server's database, so that another process has it to itself.
    pub async fn leave(&self) {
        self.state.database.clone().close().await.expect("the database closes");
    }

    /// Somebody without a token.
    pub fn anonymous(&self) -> Client {
        Client::anonymous(&self.base)
    }

    /// An admin of the world, signed in, by account: `district`, `subdistrict`, `community`, `estate`, `unit`,
    /// `merchant`, `system`, `security`, `auditor`, and `other-community`, `other-unit`, `second-community` beside them.
    pub async fn admin(&self, account: &str) -> Client {
        let id = *self.world.admins.get(account).unwrap_or_else(|| panic!("no admin {account} in the world"));
        self.signed_in(Audience::Admin, Holder::Admin(id)).await
    }

    /// A further admin, having just given the second factor again.
    pub async fn further_admin(&self, account: &str, role: Role, node: &str) -> Client {
        let mut tx = self.state.database.write().await.expect("a transaction");
        let id = world::admin(&self.state, &mut tx, account, role, self.world.node(node)).await;
        tx.commit().await.expect("kept");
        self.stepped_up_as(id).await
    }

    /// Says that an admin of the world and a member of the world are the same person.
    pub async fn link_admin(&self, account: &str, name: &str) {
        let connection = database::connect(&self.database_url).await;
        let link = Query::update()
            .table("admin")
            .value("member_id", self.world.member(name).uuid())
            .and_where(Expr::col("id").eq(self.admin_id(account).uuid()))
            .to_owned();
        connection.execute(&link).await.expect("linked");
        connection.close().await.expect("the connection closes");
    }

    /// A member of the world, signed in, by name in pinyin as `world.rs` spells it. A second sign-in would end the first,
    /// so the same name gives the same phone.
    pub async fn member(&self, name: &str) -> Client {
        let known = self.members.lock().expect("the phones").get(name).cloned();
        if let Some(client) = known {
            return client;
        }
        let member = self.world.member(name);
        let identity = self.identity_of(name, Some(member)).await;
        let client = self.signed_in(Audience::Member, Holder::Identity(identity)).await;
        self.members.lock().expect("the phones").insert(name.into(), client.clone());
        client
    }

    /// A WeChat user, known to nobody, signed in.
    pub async fn stranger(&self, person: &str, audience: Audience) -> Client {
        let identity = self.identity_of(person, None).await;
        self.signed_in(audience, Holder::Identity(identity)).await
    }

    /// The identity that WeChat would give the person; matched to the member, and with consent, if there is one.
    pub async fn identity_of(&self, person: &str, member: Option<MemberId>) -> IdentityId {
        let open_id = wechat_auth::sandbox::openid_of(person);
        let mut tx = self.state.database.write().await.expect("a transaction");
        let now = self.state.clock.wall();
        let app_id = self.state.wechat_app_id.clone();
        let identity = identities::find_or_insert(&mut tx, &app_id, &open_id, None, now).await.expect("an identity");
        if let Some(member) = member.filter(|_| identity.member.is_none()) {
            identities::match_member(&mut tx, identity.id, member).await.expect("a match");
            let policy = Purpose::PrivacyPolicy;
            consents::give(&mut tx, identity.id, policy, POLICY_VERSION, now).await.expect("consent");
        }
        tx.commit().await.expect("kept");
        identity.id
    }

    /// Signs the holder in, as the sign-in pages would.
    pub async fn signed_in(&self, audience: Audience, holder: Holder) -> Client {
        let now = self.state.clock.wall();
        let session = Session::begin(SessionId::new(Uuid::now_v7()), audience, holder, now);
        let mut tx = self.state.database.write().await.expect("a transaction");
        if let Holder::Identity(identity) = holder {
            sessions::revoke_of_identity(&mut tx, identity, audience, "test", now).await.expect("room for a session");
        }
        sessions::insert(&mut tx, &session, session.id.uuid().as_bytes()).await.expect("a session");
        tx.commit().await.expect("kept");
        let tokens = self.state.token_view(&session).await.expect("tokens");
        self.anonymous().with_token(&tokens.access_token)
    }

    /// An admin of the world who has just given the second factor again.
    pub async fn stepped_up(&self, account: &str) -> Client {
        self.stepped_up_as(self.admin_id(account)).await
    }

    /// The same for any admin.
    pub async fn stepped_up_as(&self, admin: AdminId) -> Client {
        let now = self.state.clock.wall();
        let mut session = Session::begin(SessionId::new(Uuid::now_v7()), Audience::Admin, Holder::Admin(admin), now);
        session.stepped_up_until = Some(now + chrono::Duration::minutes(5));
        let mut tx = self.state.database.write().await.expect("a transaction");
        sessions::insert(&mut tx, &session, session.id.uuid().as_bytes()).await.expect("a session");
        tx.commit().await.expect("kept");
        let tokens = self.state.token_view(&session).await.expect("tokens");
        self.anonymous().with_token(&tokens.access_token)
    }

    /// Moves business time and runs what is due, as `POST /dev/clock` does.
    pub async fn advance(&self, by: &str) {
        self.anonymous().post("/dev/clock", &serde_json::json!({ "advance": by })).await.expect(200);
    }

    /// The code that an admin's authenticator shows.
    pub async fn totp(&self, account: &str) -> String {
        let admin = admins::find_by_account(&self.state.database.read(), &self.state.vault, account).await;
        let admin = admin.expect("an answer").expect("the account");
        api::auth::totp::code_at(&admin.totp_secret, self.state.clock.wall()).expect("a code")
    }

    /// The id of an admin of the world.
    pub fn admin_id(&self, account: &str) -> AdminId {
        self.world.admins[account]
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        for handle in &self.handles {
            // The stop is ordered at once; nobody waits for the connections that a test left open.
            drop(handle.stop(false));
        }
    }
}

async fn open(directory: &TempDir, database_url: &str, split: bool) -> App {
    State::open(settings(directory, database_url, split), Clock::default()).await.expect("the state opens")
}

fn settings(directory: &TempDir, database_url: &str, split: bool) -> Config {
    let mut config = Config { data_directory: directory.path().into(), ..Config::default() };
    config.server.listen = ([127, 0, 0, 1], 0).into();
    config.server.management_listen = split.then_some(([127, 0, 0, 1], 0).into());
    config.server.workers = Some(2);
    config.database.url = Some(database_url.into());
    config.redis.url = std::env::var("ZHIXIANG_TEST_REDIS_URL").ok();
    config
}
