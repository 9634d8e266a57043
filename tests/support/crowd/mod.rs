//! A crowd: clients who ask for random things at once, each again by the same key until there is an answer, and who
//! write down what they were told.

mod errands;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use api::state::App;
use domain::id::{MemberId, TransferId};
use fastrand::Rng;
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::app::TestApp;
use crate::client::{Client, key};
use crate::history::{Call, Finding, History, Kept, Moment, Outcome, check};

/// How many of the newest vouchers are worth a try: old ones are used up or given back.
const NEWEST: usize = 24;

/// How many there are of each, and what each has at first.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Members; the fewer, the more they meet.
    pub members: u32,
    /// Points of each.
    pub points: i64,
    /// Offers.
    pub offers: usize,
    /// Pieces of each.
    pub stock: i64,
}

/// Members, shop staff, and all that they remember.
pub struct Crowd {
    members: Vec<(MemberId, Phone)>,
    clerks: Vec<Phone>,
    offers: Vec<String>,
    servers: RwLock<Vec<String>>,
    moment: AtomicU64,
    acknowledged: AtomicUsize,
    called_home: AtomicBool,
    memory: Mutex<Memory>,
}

/// What clients remember together.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    /// What they asked for and were told.
    pub history: History,
    /// How many calls got their answer only when they were made again.
    pub rescued: usize,
    /// Answers that nobody should get.
    pub surprises: Vec<String>,
    vouchers: Vec<Voucher>,
}

/// Somebody who may sign in again.
struct Phone {
    person: String,
    audience: &'static str,
    client: RwLock<Client>,
}

#[derive(Clone, Copy, Debug)]
struct Voucher {
    id: Uuid,
    owner: usize,
    paid_by: TransferId,
}

impl Crowd {
    /// Brings members, offers and staff into the application's world, where limits no longer hold.
    pub async fn gather(app: &TestApp, size: Size) -> Arc<Self> {
        app.change_rules(|rules| {
            (rules.redemption.per_month, rules.redemption.per_item_per_quarter) = (0, 0);
            rules.redemption.value_cap_year_fen = 0;
            rules.earning.max_minutes_per_session = i64::from(i32::MAX);
            (rules.earning.day_cap, rules.earning.month_cap, rules.earning.year_cap) = (0, 0, 0);
            rules.donation.day_cap = 0;
        })
        .await;
        let shop = app.shop("wenyuan", "德胜面馆").await;
        let mut offers = Vec::new();
        for (number, price) in (0..size.offers).zip([3, 5, 7].into_iter().cycle()) {
            offers.push(app.listed(&shop, &app.promise(&format!("面{number}"), price, size.stock)).await);
        }
        let phone = |person: String, audience, client| Phone { person, audience, client: RwLock::new(client) };
        let mut clerks = Vec::new();
        for person in ["wang-fang", "liu-na"] {
            clerks.push(phone(person.into(), "merchant", app.clerk(&shop, person, "王芳").await));
        }
        let newcomers = app.newcomers(size.members, 0).await;
        let members = newcomers.into_iter().map(|(person, member, client)| (member, phone(person, "member", client)));
        let crowd = Self {
            members: members.collect(),
            clerks,
            offers,
            servers: RwLock::new(vec![app.base.clone()]),
            moment: AtomicU64::new(0),
            acknowledged: AtomicUsize::new(0),
            called_home: AtomicBool::new(false),
            memory: Mutex::default(),
        };
        for (member, _) in &crowd.members {
            // Only whoever lives somewhere can give.
            app.settle(*member).await;
            // Six minutes of general service are a point.
            crowd.earn(&app.state, *member, size.points * 6).await;
        }
        Arc::new(crowd)
    }

    /// Sends out so many clients. They stay out until [`Self::call_home`], and come home with an answer to everything they
    /// asked for. With banks, through which service is credited, some earn.
    pub fn send_out(self: &Arc<Self>, clients: usize, banks: &[App]) -> JoinSet<()> {
        self.called_home.store(false, Ordering::SeqCst);
        let mut out = JoinSet::new();
        for _ in 0..clients {
            let (crowd, banks) = (Arc::clone(self), banks.to_vec());
            out.spawn(async move {
                let mut rng = Rng::new();
                while !crowd.called_home.load(Ordering::SeqCst) {
                    crowd.do_something(&mut rng, &banks).await;
                }
            });
        }
        out
    }

    /// Asks everybody to finish.
    pub fn call_home(&self) {
        self.called_home.store(true, Ordering::SeqCst);
    }

    /// Where the servers are from now on.
    pub fn move_to(&self, servers: Vec<String>) {
        *self.servers.write().expect("the servers") = servers;
    }

    /// Signs everybody in anew, as a token lives for some minutes only.
    pub async fn sign_in(&self) {
        for phone in self.members.iter().map(|(_, phone)| phone).chain(&self.clerks) {
            let anonymous = Client::anonymous(&self.server(&mut Rng::new()));
            let body = json!({ "code": format!("login:{}:{}", phone.person, key()), "audience": phone.audience });
            let tokens = anonymous.post("/auth/wechat-login", &body).await.expect(200);
            let token = tokens["access_token"].as_str().expect("a token");
            *phone.client.write().expect("the phone") = anonymous.with_token(token);
        }
    }

    /// How many calls were acknowledged so far.
    pub fn acknowledged(&self) -> usize {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// What everybody remembers.
    pub fn memory(&self) -> Memory {
        self.memory.lock().expect("the memory").clone()
    }

    /// Holds what everybody was told against what was kept.
    pub fn check(&self, kept: &Kept) -> Vec<Finding> {
        check(&self.memory.lock().expect("the memory").history, kept)
    }

    fn voucher(&self, rng: &mut Rng) -> Option<Voucher> {
        let memory = self.memory.lock().expect("the memory");
        let newest = &memory.vouchers[memory.vouchers.len().saturating_sub(NEWEST)..];
        (!newest.is_empty()).then(|| newest[rng.usize(..newest.len())])
    }

    fn server(&self, rng: &mut Rng) -> String {
        let servers = self.servers.read().expect("the servers");
        servers[rng.usize(..servers.len())].clone()
    }

    fn tick(&self) -> Moment {
        self.moment.fetch_add(1, Ordering::SeqCst)
    }

    fn remember(&self, call: Call) {
        if matches!(call.outcome, Outcome::Done { .. }) {
            self.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        self.memory.lock().expect("the memory").history.calls.push(call);
    }

    fn surprise(&self, what: String) {
        self.memory.lock().expect("the memory").surprises.push(what);
    }
}

impl Phone {
    fn client(&self, server: &str) -> Client {
        self.client.read().expect("the phone").at(server)
    }
}
